//! A filter in C, for both widths: listed, asked and put to work.

use opendriver::Manager;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Error, Flags, Stream, Support, WaveFilter};
use opendriver_tests::fixtures::{Target, compiled};

fn driver(target: Target) -> Driver {
    let file = compiled("volume-filter", target);
    let manager = Manager::builder()
        .trust_foreign_code()
        .guarded_blocks(true)
        .build();
    Driver::open(&manager, file.to_str().expect("target/ is UTF-8")).unwrap()
}

#[test]
fn a_filter_of_either_width_is_listed_and_makes_sound_softer() {
    for target in [Target::Windows64Crt, Target::Windows32Crt] {
        let driver = driver(target);
        assert_eq!(driver.details().support, Support::FILTER, "{target:?}");
        let tags = driver.filter_tags().unwrap();
        let tag = (tags[0].tag, tags[0].name.as_str(), tags[0].filter_size);
        assert_eq!((tags.len(), tag), (1, (1, "volume", 36)), "{target:?}");
        let filters = driver.filters(WaveFilter::VOLUME).unwrap();
        let named = filters
            .iter()
            .map(|filter| (filter.name.as_str(), filter.filter.clone()));
        let expected = [
            ("half", WaveFilter::volume(0x8000)),
            ("whole", WaveFilter::volume(0x1_0000)),
        ];
        assert_eq!(named.collect::<Vec<_>>(), expected, "{target:?}");

        let plain = WaveFormat::pcm(1, 8000, 16);
        let quarter = WaveFilter::volume(0x4000);
        let mut stream = Stream::open(&driver, &plain, &plain, Some(&quarter)).unwrap();
        let sound = [400_i16, -800, 32_000, -32_000]
            .map(i16::to_le_bytes)
            .concat();
        let mut softer = Vec::new();
        let used = stream.convert(&sound, Flags::default(), &mut softer);
        assert_eq!(used.unwrap(), sound.len(), "{target:?}");
        let expected = [100_i16, -200, 8000, -8000].map(i16::to_le_bytes);
        assert_eq!(softer, expected.concat(), "{target:?}");
        assert_eq!(stream.take_overruns(), []);
        stream.close().unwrap();

        let echo = WaveFilter::echo(0x8000, 100);
        let refused = Stream::open(&driver, &plain, &plain, Some(&echo));
        assert!(matches!(refused, Err(Error::Refused { .. })), "{target:?}");
        assert_eq!(driver.take_overruns(), []);
    }
}
