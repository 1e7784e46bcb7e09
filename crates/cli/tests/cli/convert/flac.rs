//! FLAC in WAV, both ways, with ffmpeg at the other end.

use std::fs;
use std::path::Path;

use opendriver_tests::media::ffmpeg;

use super::{convert, names, text};
use crate::station::Station;

/// Something like music, as FLAC in a WAV that ffmpeg makes: rate, channels, bits.
fn music(file: &Path, [rate, channels, bits]: [u32; 3]) {
    let tones = "0.5*sin(440*2*PI*t)*sin(3*t)+0.01*random(0)|0.3*sin(999*2*PI*t)+0.001*random(1)";
    let source = format!("aevalsrc={tones}:s={rate}:d=1.37");
    let [channels, depth] = [channels, bits].map(|number| number.to_string());
    let format = if bits == 16 { "s16" } else { "s32" };
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        &source,
        "-ac",
        &channels,
        "-sample_fmt",
        format,
        "-bits_per_raw_sample",
        &depth,
        "-c:a",
        "flac",
        &text(file),
    ]);
}

/// The samples that ffmpeg finds in a WAV.
fn samples(file: &Path, bits: u32) -> Vec<u8> {
    let [format, codec] = [format!("s{bits}le"), format!("pcm_s{bits}le")];
    ffmpeg(&["-i", &text(file), "-f", &format, "-c:a", &codec, "-"])
}

#[test]
fn flac_of_ffmpeg_and_ours_have_the_same_samples() {
    for kind in [
        [44_100, 2, 16],
        [8000, 1, 16],
        [48_000, 1, 24],
        // ffmpeg writes this one as an extensible format.
        [96_000, 2, 24],
    ] {
        let station = Station::new();
        let [theirs, plain, ours] =
            ["theirs.wav", "plain.wav", "ours.wav"].map(|it| station.path(it));
        music(&theirs, kind);
        let wanted = samples(&theirs, kind[2]);
        let depth = format!("{}bit", kind[2]);
        convert(&station, &["theirs.wav", "plain.wav", "--format", &depth]);
        assert!(samples(&plain, kind[2]) == wanted, "{kind:?}");

        let ran = convert(&station, &["plain.wav", "ours.wav", "--audio", "flac"]);
        assert!(ran.out.contains("ours.wav: FLAC, "), "{ran:?}");
        assert!(samples(&ours, kind[2]) == wanted, "{kind:?}");
        let sizes = [&plain, &ours].map(|file| fs::metadata(file).unwrap().len());
        assert!(sizes[1] < sizes[0], "{kind:?}: {sizes:?}");
    }
}

#[test]
fn sound_is_made_as_deep_as_is_wished_on_its_way_to_flac() {
    let station = Station::new();
    music(&station.path("theirs.wav"), [22_050, 1, 16]);
    convert(
        &station,
        &["theirs.wav", "plain.wav", "--format", "44100Hz,stereo"],
    );
    let wishes = "44100Hz,stereo,24bit";
    let ran = convert(
        &station,
        &[
            "theirs.wav",
            "deep.wav",
            "--audio",
            "flac",
            "--format",
            wishes,
        ],
    );
    assert!(ran.out.contains("by flac, pcm, flac"), "{ran:?}");
    let [plain, deep] = ["plain.wav", "deep.wav"].map(|name| samples(&station.path(name), 16));
    assert_eq!(deep.len(), plain.len());
}

#[test]
fn a_file_that_ends_early_has_what_is_there_and_an_error() {
    let station = Station::new();
    let whole = station.path("whole.wav");
    music(&whole, [44_100, 2, 16]);
    let wanted = samples(&whole, 16);
    let bytes = fs::read(&whole).unwrap();
    station.file("cut.wav", &bytes[..bytes.len() / 2]);
    let ran = station.run(&["convert", "cut.wav", "out.wav"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(
        ran.err.contains("\"flac\" answers ACMDM_STREAM_CONVERT"),
        "{ran:?}"
    );
    assert_eq!(names(&station), ["cut.wav", "out.partial.wav", "whole.wav"]);
    let there = samples(&station.path("out.partial.wav"), 16);
    assert!(there.len() > wanted.len() / 4 && wanted.starts_with(&there));
}

#[test]
fn a_file_with_a_wrong_byte_is_an_error() {
    let station = Station::new();
    let whole = station.path("whole.wav");
    music(&whole, [44_100, 2, 16]);
    let mut bytes = fs::read(&whole).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 0x10;
    station.file("wrong.wav", &bytes);
    let ran = station.run(&["convert", "wrong.wav", "out.wav"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.err.contains("MMSYSERR_ERROR"), "{ran:?}");
}
