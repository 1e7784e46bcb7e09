//! How far Wine's drivers are from ffmpeg's decoders: the table in `docs/exactness.md`, which cannot go stale.

use std::fs;

use opendriver::Width;
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::media::{self, Film, Sound, Tone, Video};

use crate::pictures;
use crate::sound;

/// What may be between the two: a driver that is not exact is not broken, one that is was proved.
const SOUNDS: [(Sound, &str, u32); 6] = [
    (Sound::MsAdpcm, "Microsoft ADPCM", 0),
    (Sound::ImaAdpcm, "IMA ADPCM", 64),
    (Sound::ALaw, "A-law", 0),
    (Sound::MuLaw, "mu-law", 0),
    (Sound::Gsm, "GSM 6.10", 0),
    (Sound::Mp3, "MP3", 3),
];

const VIDEOS: [(Video, &str, Pixel, u32); 6] = [
    (Video::Cinepak, "Cinepak", Pixel::Rgb24, 1),
    (Video::GreyCinepak, "Cinepak, grey", Pixel::Rgb24, 0),
    (
        Video::Video1,
        "Microsoft Video 1, 16 bits",
        Pixel::Rgb555,
        0,
    ),
    (
        Video::PaletteVideo1,
        "Microsoft Video 1, 8 bits",
        Pixel::Rgb8,
        0,
    ),
    (Video::Rle8, "Microsoft RLE, 8 bits", Pixel::Rgb24, 0),
    (Video::Rle4, "Microsoft RLE, 4 bits", Pixel::Rgb24, 0),
];

#[test]
fn the_differences_to_ffmpeg_are_those_of_the_document() {
    let mut table = String::from(
        "| codec | driver | decoded to | largest difference | share that differs |\n| --- | --- | --- | ---: | ---: |\n",
    );
    for (codec, name, most) in SOUNDS {
        let mut drivers = sound::CODECS.into_iter();
        let driver = drivers.find_map(|(of, driver)| (of == codec).then_some(driver));
        let driver = driver.expect("a driver for each codec");
        for width in Width::ALL {
            // Where both widths give the same bytes, which other tests hold, one row is for both.
            let name = match (width, sound::computes_the_same(driver)) {
                (Width::W64, _) => name.to_owned(),
                (Width::W32, false) => format!("{name}, 32 bits"),
                (Width::W32, true) => continue,
            };
            let found = sound_difference(codec, driver, width);
            assert!(found.largest <= most, "{name}: {found:?}");
            table += &row(&name, driver, "16 bits", &found);
        }
    }
    for (codec, name, pixel, most) in VIDEOS {
        let (driver, found) = picture_difference(codec, pixel);
        assert!(found.largest <= most, "{codec:?}: {found:?}");
        table += &row(name, driver, &pixel.to_string(), &found);
    }
    println!("{table}");
    let document = fs::read_to_string(opendriver_tests::root().join("docs/exactness.md"));
    let document = document.expect("docs/exactness.md is there");
    assert!(
        document.contains(&table),
        "docs/exactness.md has another table than was measured:\n{table}"
    );
}

/// How far two decoders are from each other.
#[derive(Debug, Default)]
struct Difference {
    /// Of one sample, or of one colour of a pixel.
    largest: u32,
    differ: usize,
    all: usize,
}

impl Difference {
    fn between(ours: impl Iterator<Item = i32>, theirs: impl Iterator<Item = i32>) -> Self {
        ours.zip(theirs)
            .fold(Self::default(), |found, (ours, theirs)| Self {
                largest: found.largest.max(ours.abs_diff(theirs)),
                differ: found.differ + usize::from(ours != theirs),
                all: found.all + 1,
            })
    }
}

fn row(codec: &str, driver: &str, to: &str, found: &Difference) -> String {
    let Difference {
        largest,
        differ,
        all,
    } = found;
    let share = *differ as f64 * 100.0 / *all as f64;
    match largest {
        0 => format!("| {codec} | `{driver}` | {to} | none | |\n"),
        _ => format!("| {codec} | `{driver}` | {to} | {largest} | {share:.0} % |\n"),
    }
}

fn sound_difference(codec: Sound, driver: &str, width: Width) -> Difference {
    let file = media::sound(
        codec,
        Tone {
            channels: if codec == Sound::Gsm { 1 } else { 2 },
            rate: if codec == Sound::Gsm { 8000 } else { 44_100 },
            samples: 300_001,
        },
    );
    let samples = |bytes: &[u8]| -> Vec<i32> {
        let (pairs, _) = bytes.as_chunks();
        pairs
            .iter()
            .map(|pair| i16::from_le_bytes(*pair).into())
            .collect()
    };
    let ours = samples(&sound::convert(driver, width, &file, None).1);
    let theirs = samples(&media::ffmpeg_samples(&file));
    // Of MP3, ffmpeg leaves out what the header says is padding; the driver gives all that is there.
    let start = match codec {
        Sound::Mp3 => alignment(&ours, &theirs),
        _ => 0,
    };
    assert!(theirs.len() > 250_000 && ours.len() >= start + theirs.len() / 2);
    Difference::between(ours[start..].iter().copied(), theirs.iter().copied())
}

/// Where in `long` the sound of `short` begins.
fn alignment(long: &[i32], short: &[i32]) -> usize {
    let piece = &short[50_000..54_000];
    let distance = |start: &usize| -> u64 {
        let there = &long[start + 50_000..];
        piece
            .iter()
            .zip(there)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum()
    };
    (0..8000)
        .step_by(2)
        .min_by_key(distance)
        .expect("there are starts")
}

fn picture_difference(codec: Video, pixel: Pixel) -> (&'static str, Difference) {
    let film = Film {
        width: 64,
        height: 48,
        frames: 60,
    };
    let file = media::video(codec, film);
    let case = pictures::CASES.iter().find(|case| case.video == codec);
    let case = case.expect("a case for each codec");
    let depth = (pixel != Pixel::Rgb8).then_some(pixel);
    let (format, ours) = pictures::decode(case, Width::W64, &file, depth);
    let (pixels, behind) = match pixel {
        Pixel::Rgb555 => ("rgb555le", 0),
        // The palette comes behind each picture.
        Pixel::Rgb8 => ("pal8", 1024),
        _ => ("bgr24", 0),
    };
    let theirs = media::ffmpeg_pictures(&file, pixels);
    let size = format.image_size();
    assert_eq!(ours.len() / size, film.frames as usize, "{codec:?}");
    assert_eq!(
        theirs.len(),
        (size + behind) * film.frames as usize,
        "{codec:?}"
    );
    let ours = ours
        .chunks(size)
        .flat_map(|picture| top_first(&format, picture));
    let theirs = theirs
        .chunks(size + behind)
        .flat_map(|picture| &picture[..size]);
    let channels = |bytes: Vec<u8>| channels(&bytes, pixel);
    let (ours, theirs) = (
        channels(ours.collect()),
        channels(theirs.copied().collect()),
    );
    (
        case.driver,
        Difference::between(ours.into_iter(), theirs.into_iter()),
    )
}

/// The bytes of a picture whose lowest line came first. Its lines have no padding here.
pub(crate) fn top_first(format: &BitmapFormat, picture: &[u8]) -> Vec<u8> {
    let line = picture.len() / format.height() as usize;
    picture.chunks(line).rev().flatten().copied().collect()
}

/// Red, green and blue, or indices.
fn channels(bytes: &[u8], pixel: Pixel) -> Vec<i32> {
    match pixel {
        Pixel::Rgb555 => {
            let (pixels, _) = bytes.as_chunks();
            let pixels = pixels
                .iter()
                .map(|pair| i32::from(u16::from_le_bytes(*pair)));
            pixels
                .flat_map(|pixel| [pixel >> 10 & 31, pixel >> 5 & 31, pixel & 31])
                .collect()
        }
        _ => bytes.iter().map(|byte| i32::from(*byte)).collect(),
    }
}
