//! Audio codecs: whole WAV files, driver by driver and shape by shape.

use std::fs::File;
use std::path::{Path, PathBuf};

use opendriver::{Manager, Width};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Flags, Stream, Wish};
use opendriver_codec::file::{Input, wav};
use opendriver_tests::media::{self, Sound, Tone};
use opendriver_tests::real;

use crate::stage::Stage;

/// Codecs, and the driver that each is for.
pub(crate) const CODECS: [(Sound, &str); 6] = [
    (Sound::MsAdpcm, "msadp32.acm"),
    (Sound::ImaAdpcm, "imaadp32.acm"),
    (Sound::ALaw, "msg711.acm"),
    (Sound::MuLaw, "msg711.acm"),
    (Sound::Gsm, "msgsm32.acm"),
    (Sound::Mp3, "l3codeca.acm"),
];

/// One sample, a few blocks that end within one, more than a buffer; one channel and two, of several rates.
pub(crate) fn tones(sound: Sound) -> Vec<Tone> {
    let tone = |channels, rate, samples| Tone {
        channels,
        rate,
        samples,
    };
    match sound {
        Sound::Gsm => vec![
            tone(1, 8000, 1),
            tone(1, 8000, 3333),
            tone(1, 8000, 400_001),
        ],
        // Shorter than its first frames, MP3 is no sound.
        Sound::Mp3 => vec![
            tone(1, 22_050, 5000),
            tone(2, 44_100, 50_001),
            tone(1, 44_100, 300_001),
        ],
        _ => vec![
            tone(1, 8000, 1),
            tone(2, 8000, 1),
            tone(1, 11_025, 3333),
            tone(2, 22_050, 5001),
            tone(2, 44_100, 300_001),
        ],
    }
}

#[test]
fn sounds_are_decoded_as_under_wine() {
    for (sound, driver) in CODECS {
        for tone in tones(sound) {
            let file = media::sound(sound, tone);
            let decoded = Width::ALL.map(|width| {
                let what = format!("{sound:?} {tone:?} with {width:?}");
                let theirs = Stage::shared().sound(driver, width, &file, None);
                let (format, ours) = convert(driver, width, &file, None);
                assert_eq!(format.as_bytes()[..16], theirs.format, "{what}");
                assert_same(&ours, &theirs.bytes, &what);
                ours
            });
            if computes_the_same(driver) {
                let [wide, narrow] = decoded;
                assert_same(&narrow, &wide, &format!("{sound:?} {tone:?}"));
            }
        }
    }
}

#[test]
fn sounds_are_encoded_as_under_wine() {
    for (sound, driver, tag) in [
        (Sound::ImaAdpcm, "imaadp32.acm", 0x11),
        (Sound::ALaw, "msg711.acm", 6),
        (Sound::MuLaw, "msg711.acm", 7),
        (Sound::Gsm, "msgsm32.acm", 0x31),
    ] {
        for tone in tones(sound) {
            let file = media::sound(Sound::Pcm, tone);
            let [wide, narrow] = Width::ALL.map(|width| {
                let to = standard_format(driver, width, tag, tone);
                let mut theirs = Stage::shared().sound(driver, width, &file, Some(&to));
                let (format, mut ours) = convert(driver, width, &file, Some(to));
                if sound == Sound::ImaAdpcm {
                    clear_reserved(&format, &mut ours);
                    clear_reserved(&format, &mut theirs.bytes);
                }
                let what = format!("{sound:?} {tone:?} with {width:?}");
                assert_same(&ours, &theirs.bytes, &what);
                ours
            });
            assert_same(&narrow, &wide, &format!("{sound:?} {tone:?}"));
        }
    }
}

/// Clears the byte that the header of each block of IMA ADPCM has for nothing, one a channel: the driver fills it from memory that it
/// never set, and Wine's heap has other leftovers than ours.
fn clear_reserved(format: &WaveFormat, blocks: &mut [u8]) {
    for block in blocks.chunks_mut(format.block_align().into()) {
        for header in block.chunks_mut(4).take(format.channels().into()) {
            header[3] = 0;
        }
    }
}

/// Whether both widths of a driver give the same bytes. They are built from the same code; but that for MP3 counts in floating point,
/// where the 32-bit compiler rounds at other places.
pub(crate) fn computes_the_same(driver: &str) -> bool {
    driver != "l3codeca.acm"
}

/// The format that a driver lists for a tag, and for channels and a rate.
fn standard_format(driver: &str, width: Width, tag: u16, tone: Tone) -> WaveFormat {
    let (_manager, driver) = open(driver, width);
    let formats = driver.formats(tag, None).unwrap();
    let format = formats
        .into_iter()
        .map(|listed| listed.format)
        .find(|format| (format.channels(), format.rate()) == (tone.channels, tone.rate));
    format.unwrap_or_else(|| panic!("{} lists no format {tag:#x} for {tone:?}", driver.name()))
}

/// Converts a whole WAV with a driver of ours, in pieces as a program would, to a format or to samples of 16 bits.
pub(crate) fn convert(
    driver: &str,
    width: Width,
    file: &Path,
    to: Option<WaveFormat>,
) -> (WaveFormat, Vec<u8>) {
    let (_manager, driver) = open(driver, width);
    let file = File::open(file).unwrap();
    let mut reader = wav::Reader::open(Input::file(file).unwrap()).unwrap();
    let samples = Wish {
        bits: Some(16),
        ..Wish::pcm()
    };
    let to = to.unwrap_or_else(|| driver.suggest(reader.format(), &samples).unwrap());
    let mut stream = Stream::open(&driver, reader.format(), &to, None).unwrap();
    let (mut source, mut output) = (Vec::new(), Vec::new());
    let mut flags = Flags {
        block_align: true,
        start: true,
        end: false,
    };
    while !flags.end {
        if reader.read_blocks(10_000, &mut source).unwrap() == 0 {
            flags.end = true;
            flags.block_align = false;
        }
        let used = stream.convert(&source, flags, &mut output).unwrap();
        source.drain(..used);
        flags.start = false;
    }
    stream.close().unwrap();
    assert!(driver.take_overruns().is_empty());
    (to, output)
}

/// A driver, open as long as its manager is there.
fn open(driver: &str, width: Width) -> (Manager, Driver) {
    let manager = Manager::builder()
        .trust_foreign_code()
        .guarded_blocks(true)
        .build();
    let path = driver_path(driver, width);
    let driver = Driver::open(&manager, path.to_str().expect("target/ is UTF-8")).unwrap();
    (manager, driver)
}

/// Where the driver of a name is.
pub(crate) fn driver_path(name: &str, width: Width) -> PathBuf {
    real::folder(width).join(name)
}

/// Compares, and says where the first difference is: the bytes themselves would fill the screen.
pub(crate) fn assert_same(ours: &[u8], theirs: &[u8], what: &str) {
    let first = ours.iter().zip(theirs).position(|(a, b)| a != b);
    assert!(
        ours == theirs,
        "{what}: {} bytes, expected {}; first difference: {first:?}",
        ours.len(),
        theirs.len()
    );
}
