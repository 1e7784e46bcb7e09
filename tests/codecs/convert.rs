//! `drv convert`: what comes out of the pipe is what an application gets, bit for bit.

use std::path::Path;

use opendriver::Width;
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::command::drv;
use opendriver_tests::media::{self, Film};

use crate::difference::top_first;
use crate::pictures::{self, Case};
use crate::sound::{self, assert_same, driver_path};
use crate::stage::Stage;

#[test]
fn drv_decodes_sounds_as_under_wine() {
    for (codec, driver) in sound::CODECS {
        for tone in sound::tones(codec) {
            let file = media::sound(codec, tone);
            for width in Width::ALL {
                let theirs = Stage::shared().sound(driver, width, &file, None);
                let ours = converted(&file, "pcm", &driver_path(driver, width), &[]);
                let what = format!("{codec:?} {tone:?} with {width:?}");
                // The file says how many samples there are; what the last block has beyond that is left out.
                let block = usize::from(tone.channels) * 2;
                let samples = ours.len() / block;
                assert!(samples >= tone.samples as usize, "{what}: {samples}");
                assert_same(&ours, &theirs.bytes[..ours.len()], &what);
            }
        }
    }
}

#[test]
fn drv_decodes_pictures_as_under_wine() {
    for case in pictures::CASES {
        let film = Film {
            width: 64,
            height: 48,
            frames: 100,
        };
        let file = media::video(case.video, film);
        for width in Width::ALL {
            assert_pictures(&case, width, &file);
        }
    }
}

fn assert_pictures(case: &Case, width: Width, file: &Path) {
    let depth = case.depths[0];
    let bits = depth.map(Pixel::bits);
    let theirs = Stage::shared().pictures(case.driver, width, case.handler, file, bits);
    let name = depth.map(|pixel| pixel.to_string());
    let words: Vec<&str> = name.iter().flat_map(|name| ["--pixel", name]).collect();
    let ours = converted(file, "raw", &driver_path(case.driver, width), &words);
    // Bare frames have the top line first, and colours instead of a palette; no line of 64 pixels is padded.
    let format = BitmapFormat::parse(&theirs.format).expect("a format");
    let pictures = theirs.bytes.chunks(format.image_size());
    let theirs = pictures.flat_map(|picture| top_first(&format, picture));
    let colour = |index: u8| format.palette()[usize::from(index)][..3].to_vec();
    let theirs: Vec<u8> = match format.bits() {
        8 => theirs.flat_map(colour).collect(),
        _ => theirs.collect(),
    };
    assert_same(&ours, &theirs, &format!("{:?} with {width:?}", case.video));
}

/// What `drv convert` writes to its standard output.
fn converted(file: &Path, to: &str, driver: &Path, words: &[&str]) -> Vec<u8> {
    let file = file.to_str().expect("target/ is UTF-8");
    let driver = driver.to_str().expect("target/ is UTF-8");
    let output = drv([
        &["convert", file, "-", "--to", to, "--driver", driver],
        words,
    ]
    .concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{file}: {}: {said}", output.status);
    assert!(!said.contains("warning"), "{file}: {said}");
    output.stdout
}
