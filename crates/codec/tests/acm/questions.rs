//! What the codecs say of themselves.

use opendriver::{Blame, Manager};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Drivers, Error, Support, Wish};

use crate::real;

/// The tags of each driver beside PCM, with how many formats it lists of each, PCM first.
const TAGS: [(&str, &[(u16, usize)]); 5] = [
    ("imaadp32.acm", &[(1, 16), (0x11, 8)]),
    ("l3codeca.acm", &[(1, 36), (0x55, 0), (0x50, 0)]),
    ("msadp32.acm", &[(1, 16), (2, 8)]),
    ("msg711.acm", &[(1, 8), (6, 8), (7, 8)]),
    ("msgsm32.acm", &[(1, 6), (0x31, 6)]),
];

#[test]
fn each_driver_lists_its_tags_and_formats() {
    for manager in real::managers() {
        for (name, tags) in TAGS {
            let driver = Driver::open(&manager, name).unwrap();
            assert!(driver.details().support.contains(Support::CODEC), "{name}");
            let found: Vec<(u16, usize)> = driver
                .format_tags()
                .unwrap()
                .iter()
                .map(|tag| {
                    let formats = driver.formats(tag.tag, None).unwrap();
                    assert!(formats.iter().all(|format| format.format.tag() == tag.tag));
                    assert_eq!(formats.len(), tag.standard_formats as usize);
                    (tag.tag, formats.len())
                })
                .collect();
            assert_eq!(found, tags, "{name}");
            assert_eq!(driver.filter_tags().unwrap(), []);
            assert_eq!(driver.take_overruns(), []);
        }
    }
}

#[test]
fn a_template_leaves_what_it_can_be_converted_to() {
    for manager in real::managers() {
        let gsm = Driver::open(&manager, "msgsm32.acm").unwrap();
        let formats = gsm
            .formats(0x31, Some(&WaveFormat::pcm(1, 11_025, 16)))
            .unwrap();
        let rates: Vec<u32> = formats.iter().map(|format| format.format.rate()).collect();
        assert_eq!(rates, [11_025]);
        assert_eq!(formats[0].name, "11.025 kHz, Mono");
        assert_eq!(formats[0].format.block_align(), 65);
    }
}

#[test]
fn a_driver_says_which_tags_it_does_not_know() {
    for manager in real::managers() {
        let gsm = Driver::open(&manager, "msgsm32.acm").unwrap();
        let error = gsm.formats(0x55, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"msgsm32.acm\" does not know format 0x0055"
        );
    }
}

#[test]
fn formats_are_suggested_as_wished() {
    for manager in real::managers() {
        let ima = Driver::open(&manager, "imaadp32.acm").unwrap();
        let pcm = WaveFormat::pcm(2, 22_050, 16);
        let format = ima.suggest(&pcm, &Wish::tag(0x11)).unwrap();
        assert_eq!(
            (
                format.tag(),
                format.channels(),
                format.rate(),
                format.bits()
            ),
            (0x11, 2, 22_050, 4)
        );
        assert_eq!(format.extra().len(), 2);
        assert_eq!(ima.suggest(&format, &Wish::pcm()).unwrap(), pcm);

        let wish = Wish {
            rate: Some(96_000),
            ..Wish::tag(0x11)
        };
        let error = ima.suggest(&pcm, &wish).unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"imaadp32.acm\" answers ACMDM_FORMAT_SUGGEST with ACMERR_NOTPOSSIBLE"
        );
    }
}

#[test]
fn what_is_no_audio_codec_is_not_taken_for_one() {
    for manager in real::managers() {
        let error = Driver::open(&manager, "msvidc32.dll").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot open \"msvidc32.dll\" as an audio codec"
        );
        assert_eq!(error.blame(), Blame::Refused);
        let error = Driver::open(&Manager::builder().build(), "msacm.none").unwrap_err();
        assert_eq!(error.blame(), Blame::Caller);
    }
}

#[test]
fn metrics_count_the_drivers_and_what_they_do() {
    for manager in real::managers() {
        let mut drivers = Drivers::named(&manager, &real::DRIVERS);
        drivers.set_enabled("msadp32.acm", false).unwrap();
        let metrics = drivers.metrics();
        let counted = (
            metrics.drivers,
            metrics.disabled,
            metrics.broken,
            metrics.codecs,
            metrics.filters,
        );
        assert_eq!(counted, (4, 1, 0, 4, 0));
        assert!(metrics.format_size >= 30, "{metrics:?}");
        assert!(matches!(
            drivers.set_priority("msacm.none", 0),
            Err(Error::NotInstalled { .. })
        ));
    }
}
