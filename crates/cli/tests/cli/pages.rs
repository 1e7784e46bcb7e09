//! The documentation of `drv`, executed: every command with its output, and the corners that it leaves out.
//!
//! `SNAPSHOTS=overwrite cargo test -p opendriver-cli pages` writes today's output into the pages; `[..]` stands for what differs
//! from run to run.

use std::path::Path;

use opendriver::Width;
use opendriver_tests::media::{self, Film, Sound, Tone, Video};
use opendriver_tests::page::{Reader, replay, said};
use opendriver_tests::real;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

use crate::station::Station;

#[test]
fn the_reference_says_what_drv_does() {
    let station = Station::new();
    for driver in std::fs::read_dir(real::folder(Width::W64)).expect("the drivers") {
        let driver = driver.expect("a driver").path();
        let name = driver
            .file_name()
            .and_then(|name| name.to_str())
            .expect("UTF-8");
        std::os::unix::fs::symlink(&driver, station.path(name)).expect("the folder is ours");
    }
    std::os::unix::fs::symlink(real::folder(Width::W32), station.path("old"))
        .expect("the folder is ours");
    station.file(
        "system.ini",
        "[drivers]\nwave=mmdrv.dll\nmidi=mmdrv.dll port1\n[386Enh]\ndevice=vtd.386\n",
    );
    let sound = |codec, channels, rate| {
        let samples = rate;
        media::sound(
            codec,
            Tone {
                channels,
                rate,
                samples,
            },
        )
    };
    let film = Film {
        width: 32,
        height: 24,
        frames: 12,
    };
    let film = media::video(Video::Cinepak, film);
    let clip = media::together(&film, &sound(Sound::MsAdpcm, 2, 22_050));
    std::fs::create_dir(station.path("calls")).expect("the folder is ours");
    for (file, name) in [
        (&clip, "clip.avi"),
        (&sound(Sound::Gsm, 1, 8000), "call.wav"),
        (&sound(Sound::Gsm, 1, 8000), "calls/a.wav"),
        (&sound(Sound::Gsm, 1, 8000), "calls/b.wav"),
    ] {
        std::fs::copy(file, station.path(name)).expect("the folder is ours");
    }
    station.file("calls/torn.wav", b"RIFF\x04\0\0\0WAVE");
    check("../../docs/drv.md", &station);
}

#[test]
fn the_walk_for_archivists_comes_to_its_end() {
    let station = Station::new();
    for folder in ["drawer", "codecs"] {
        std::fs::create_dir(station.path(folder)).expect("the folder is ours");
    }
    let sound = |codec, channels, rate, seconds| {
        let samples = rate * seconds;
        media::sound(
            codec,
            Tone {
                channels,
                rate,
                samples,
            },
        )
    };
    let film = |codec, frames| {
        let (width, height) = (160, 120);
        media::video(
            codec,
            Film {
                width,
                height,
                frames,
            },
        )
    };
    let holiday = media::together(
        &film(Video::Cinepak, 30),
        &sound(Sound::MsAdpcm, 2, 22_050, 2),
    );
    for (file, name) in [
        (holiday, "holiday.avi"),
        (film(Video::Video1, 30), "garden.avi"),
        (sound(Sound::MsAdpcm, 2, 22_050, 3), "interview.wav"),
        (sound(Sound::Gsm, 1, 8000, 3), "machine.wav"),
    ] {
        std::fs::copy(file, station.path("drawer").join(name)).expect("the folder is ours");
    }
    station.file(
        "drawer/scratched.avi",
        b"RIFF\0\0\x10\0AVI LIST\xff\xff\0\0",
    );
    for (codec, width) in [
        ("iccvid.dll", Width::W32),
        ("msvidc32.dll", Width::W32),
        ("msadp32.acm", Width::W64),
        ("msgsm32.acm", Width::W32),
    ] {
        let to = station.path("codecs").join(codec);
        std::fs::copy(real::folder(width).join(codec), to).expect("the folder is ours");
    }
    check("../../docs/codecs.md", &station);
}

#[test]
fn the_guide_for_drivers_in_c_comes_to_its_end() {
    let station = Station::new();
    let film = Film {
        width: 32,
        height: 24,
        frames: 12,
    };
    let tone = Tone {
        channels: 1,
        rate: 8000,
        samples: 8000,
    };
    for (file, name) in [
        (media::video(Video::Cinepak, film), "clip.avi"),
        (media::sound(Sound::Gsm, tone), "call.wav"),
        (real::folder(Width::W64).join("iccvid.dll"), "iccvid.dll"),
        (real::folder(Width::W64).join("msgsm32.acm"), "msgsm32.acm"),
    ] {
        std::fs::copy(file, station.path(name)).expect("the folder is ours");
    }
    check("../../docs/c-drivers.md", &station);
}

#[test]
fn the_drivers_of_ours_do_what_their_page_says() {
    check("../../docs/our-drivers.md", &Station::new());
}

#[test]
fn usage_is_explained() {
    check("tests/pages/usage.md", &Station::new());
}

#[test]
fn the_registry_is_kept() {
    check("tests/pages/registry.md", &Station::new());
}

/// Runs the commands of a page in order, in one place, and compares what comes with what is written.
fn check(page: &str, station: &Station) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let written = std::fs::read_to_string(&page).expect("the page");
    let actual = replay(&written, &mut &*station);
    Assert::new()
        .normalize_paths(false)
        .action_env("SNAPSHOTS")
        .eq(actual, Data::read_from(&page, Some(DataFormat::Text)));
}

impl Reader for &Station {
    fn run(&mut self, line: &str) -> String {
        said(self.shell(line).output().expect("a shell"), &self.path(""))
    }

    fn keep(&mut self, name: &str, contents: &str) {
        self.file(name, contents);
    }
}
