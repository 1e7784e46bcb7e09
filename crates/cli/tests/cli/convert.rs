//! `drv convert`: whole files through codecs, and what is left when that does not come to its end.

use std::fs;
use std::path::Path;

use opendriver_tests::media::{self, Sound, Tone};

use crate::station::{Ran, Station, windows_drivers};

/// Half a second, and no whole number of blocks.
const TONE: Tone = Tone {
    channels: 2,
    rate: 22_050,
    samples: 11_111,
};

/// A driver of Wine's, by its file.
fn driver(name: &str) -> String {
    text(&windows_drivers().join(name))
}

fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// Runs `drv convert`, which has to come to its end without a word on standard error.
fn convert(station: &Station, words: &[&str]) -> Ran {
    let ran = station.run(&[&["convert"], words].concat());
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    ran
}

#[test]
fn sound_is_decoded_as_ffmpeg_decodes_it() {
    let station = Station::new();
    let source = text(&media::sound(Sound::MsAdpcm, TONE));
    let ran = convert(
        &station,
        &[&source, "out.wav", "--driver", &driver("msadp32.acm")],
    );
    assert_eq!(
        ran.out,
        "out.wav: PCM, 22050 Hz, stereo, 16 bits, from MS ADPCM, 22050 Hz, stereo, 4 bits, by msadp32.acm\n"
    );
    let samples = |file: &Path| media::ffmpeg_samples(file);
    assert_eq!(
        samples(&station.path("out.wav")),
        samples(Path::new(&source))
    );
    let files = fs::read_dir(station.path("")).expect("the folder is ours");
    assert_eq!(files.count(), 1, "nothing else is left");
}
