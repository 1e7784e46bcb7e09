//! Long files through `drv convert`: ten thousand pictures and an hour of sound, in memory that stays flat.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use opendriver::Width;
use opendriver_tests::command::drv_command;
use opendriver_tests::media::{self, Film, Sound, Tone, Video};

use crate::sound::driver_path;

/// What may be added while a file is read: the index of an AVI grows with it, and the allocator has its slack.
const SLACK: usize = 1 << 20;

#[test]
fn ten_thousand_pictures_take_no_more_memory_than_a_thousand() {
    let film = Film {
        width: 64,
        height: 48,
        frames: 10_000,
    };
    for (video, driver, picture, lost) in [
        // The driver itself loses some 500 bytes at each frame, under Wine too.
        (Video::Cinepak, "iccvid.dll", 64 * 48 * 3, 700 * 10_000),
        (Video::Video1, "msvidc32.dll", 64 * 48 * 2, 0),
        (Video::Rle8, "msrle32.dll", 64 * 48, 0),
    ] {
        let file = media::video(video, film);
        for width in Width::ALL {
            let driver = driver_path(driver, width);
            let more = watch(file.to_str().unwrap(), "raw", &driver, picture * 10_000);
            assert!(
                more <= SLACK + lost,
                "{video:?} with {width:?}: {more} bytes more"
            );
        }
    }
}

#[test]
fn an_hour_of_sound_takes_no_more_memory_than_six_minutes() {
    for (sound, driver, channels, rate) in [
        (Sound::MsAdpcm, "msadp32.acm", 2, 22_050),
        (Sound::Gsm, "msgsm32.acm", 1, 8000),
    ] {
        let tone = Tone {
            channels,
            rate,
            samples: rate * 3600,
        };
        let file = media::sound(sound, tone);
        let bytes = tone.samples as usize * usize::from(channels) * 2;
        for width in Width::ALL {
            let driver = driver_path(driver, width);
            let more = watch(file.to_str().unwrap(), "pcm", &driver, bytes);
            assert!(more <= SLACK, "{sound:?} with {width:?}: {more} bytes more");
        }
    }
}

/// Converts a file to a pipe that has at least `bytes`, and answers how much more the process takes before the end than after a
/// tenth of them: the pipe holds it up at both points.
fn watch(file: &str, to: &str, driver: &Path, bytes: usize) -> usize {
    let words = ["convert", file, "-", "--to", to, "--driver"];
    let mut child = drv_command(words.into_iter().chain([driver.to_str().unwrap()]))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("drv starts");
    let mut output = child.stdout.take().expect("a pipe");
    take(&mut output, bytes / 10);
    let early = resident(&child);
    take(&mut output, bytes - bytes / 10 - (256 << 10));
    let late = resident(&child);
    let rest = std::io::copy(&mut output, &mut std::io::sink()).expect("it ends");
    assert!(rest >= 256 << 10, "{file}: {rest} bytes are left");
    assert!(child.wait().expect("it ends").success(), "{file}");
    late.saturating_sub(early)
}

fn take(output: &mut ChildStdout, bytes: usize) {
    let taken = std::io::copy(&mut output.take(bytes as u64), &mut std::io::sink());
    assert_eq!(taken.expect("it writes"), bytes as u64);
}

/// Bytes of a process in memory.
fn resident(child: &Child) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
    let status = status.expect("Linux says how a process is");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.expect("it says VmRSS").trim_end_matches("kB").trim();
    kilobytes.parse::<usize>().expect("a number") * 1024
}
