//! `--frames`: a part of a file, to the frame and to the sample.

use std::fs;

use opendriver_tests::media::{self, Sound, Tone, Video};

use super::{FILM, TONE, both, convert, driver, stream, text};
use crate::station::Station;

#[test]
fn frames_are_those_of_the_whole_file_and_the_sound_is_of_their_time() {
    let station = Station::new();
    let source = text(&both());
    let (video, adpcm) = (driver("msvidc32.dll"), driver("msadp32.acm"));
    let drivers = ["--driver", &video, "--driver", &adpcm];
    convert(&station, &[&[&source, "whole.avi"], &drivers[..]].concat());
    let whole = station.path("whole.avi");
    let pictures = stream(&whole, 0);
    let sound = stream(&whole, 1);
    let picture = pictures.len() / 30;
    // 15 frames and 22050 samples of 4 bytes a second.
    let second = |frame: usize| frame * 22_050 / 15 * 4;
    for (range, start, end) in [
        ("7..19", 7, 19),
        ("20..", 20, 30),
        ("..1", 0, 1),
        ("29..90", 29, 30),
    ] {
        let words = [&[&source, "part.avi", "--frames", range], &drivers[..]].concat();
        let ran = convert(&station, &words);
        let part = station.path("part.avi");
        assert!(
            stream(&part, 0) == pictures[start * picture..end * picture],
            "{range}: {ran:?}"
        );
        let until = match range {
            "20.." | "29..90" => sound.len(),
            _ => second(end),
        };
        assert!(
            stream(&part, 1) == sound[second(start)..until],
            "{range}: {ran:?}"
        );
    }
}

#[test]
fn frames_before_the_first_key_are_decoded_from_the_start() {
    let station = Station::new();
    let source = text(&media::video(Video::Cinepak, FILM));
    let cinepak = driver("iccvid.dll");
    let drivers = ["--driver", cinepak.as_str()];
    convert(&station, &[&[&source, "whole.avi"], &drivers[..]].concat());
    convert(
        &station,
        &[&[&source, "part.avi", "--frames", "5..6"], &drivers[..]].concat(),
    );
    let whole = stream(&station.path("whole.avi"), 0);
    let picture = whole.len() / 30;
    assert!(stream(&station.path("part.avi"), 0) == whole[5 * picture..6 * picture]);
}

#[test]
fn in_sound_alone_samples_are_counted() {
    let station = Station::new();
    let source = text(&media::sound(Sound::ALaw, TONE));
    let g711 = driver("msg711.acm");
    convert(&station, &[&source, "whole.pcm", "--driver", &g711]);
    convert(
        &station,
        &[
            &source,
            "part.pcm",
            "--driver",
            &g711,
            "--frames",
            "1001..7777",
        ],
    );
    let read = |name: &str| fs::read(station.path(name)).expect("it was written");
    assert!(read("part.pcm") == read("whole.pcm")[1001 * 4..7777 * 4]);
    let copied = text(&media::sound(
        Sound::Pcm,
        Tone {
            channels: 1,
            ..TONE
        },
    ));
    convert(
        &station,
        &[&copied, "copy.pcm", "--copy-audio", "--frames", "3..5"],
    );
    assert_eq!(read("copy.pcm").len(), 4);
}

#[test]
fn a_copy_that_begins_between_key_frames_is_warned_of() {
    let station = Station::new();
    let source = text(&media::video(Video::Cinepak, FILM));
    for (range, is_warned) in [("5..6", true), ("0..6", false)] {
        let words = [
            "convert",
            &source,
            "part.avi",
            "--copy-video",
            "--frames",
            range,
        ];
        let ran = station.run(&words);
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert_eq!(ran.err.contains("between key frames"), is_warned, "{ran:?}");
    }
}
