//! One film through one 32-bit codec: run by opendriver, and by the emulator `ud-emulator`.
//!
//! ```sh
//! cargo run --release --manifest-path benches/emulator/Cargo.toml
//! ```
//!
//! Both give the codec the same messages with the same frames, and must get the same pictures. Only `ICM_DECOMPRESS` is timed.

mod emulated;

use std::fs::File;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use opendriver::{Manager, Width};
use opendriver_abi::structures::FourCc;
use opendriver_codec::BitmapFormat;
use opendriver_codec::file::Input;
use opendriver_codec::file::avi::{Reader, StreamKind};
use opendriver_codec::vfw::{Codec, FrameFlags, Mode};
use opendriver_tests::media::{self, Film, Video};
use opendriver_tests::real;

use crate::emulated::Emulated;

/// Codecs of video: what their films are encoded by, their files, and the handlers that they are opened for.
const CODECS: [(Video, &str, [u8; 4]); 3] = [
    (Video::Cinepak, "iccvid.dll", *b"cvid"),
    (Video::Video1, "msvidc32.dll", *b"CRAM"),
    (Video::Rle8, "msrle32.dll", *b"mrle"),
];

const FILM: Film = Film {
    width: 320,
    height: 240,
    frames: 60,
};

/// How often each decodes the film; the fastest counts.
const ROUNDS: u32 = 3;

fn main() -> Result<()> {
    println!(
        "{} pictures of {}x{}, one after the other, fastest of {ROUNDS}, alternating\n",
        FILM.frames, FILM.width, FILM.height
    );
    println!("| codec | opendriver | ud-emulator | ratio |\n| --- | ---: | ---: | ---: |");
    for (video, driver, handler) in CODECS {
        let film = Frames::read(video, handler)?;
        let driver = real::folder(Width::W32).join(driver);
        let driver = driver.to_str().expect("target/ is UTF-8");
        let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            let (time, pictures) = decode(driver, &film)?;
            ours = ours.min(time);
            let (time, emulated) = Emulated::open(driver, &film)?.decode(&film)?;
            theirs = theirs.min(time);
            ensure!(pictures == emulated, "{driver}: the pictures differ");
        }
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(FILM.frames);
        println!(
            "| {video:?} | {:.3} ms | {:.1} ms | {:.0} |",
            milliseconds(ours),
            milliseconds(theirs),
            theirs.as_secs_f64() / ours.as_secs_f64()
        );
    }
    Ok(())
}

/// A film in memory.
struct Frames {
    handler: FourCc,
    input: BitmapFormat,
    frames: Vec<(Vec<u8>, Option<bool>)>,
}

impl Frames {
    fn read(video: Video, handler: [u8; 4]) -> Result<Self> {
        let file = File::open(media::video(video, FILM))?;
        let mut reader = Reader::open(Input::file(file)?)?;
        let StreamKind::Video(input) = &reader.streams()[0].kind else {
            anyhow::bail!("the first stream is no pictures");
        };
        let input = input.clone();
        let mut frames = Vec::new();
        let mut data = Vec::new();
        while let Some(chunk) = reader.next(&mut data)? {
            frames.push((data.clone(), chunk.key));
        }
        Ok(Self {
            handler: FourCc::new(handler),
            input,
            frames,
        })
    }
}

/// Decodes a film as the codec prefers; answers how long the codec took, and the pictures.
fn decode(driver: &str, film: &Frames) -> Result<(Duration, Vec<Vec<u8>>)> {
    let manager = Manager::builder().trust_foreign_code().build();
    let codec = Codec::open(&manager, driver, film.handler, Mode::Decompress)?;
    let output = codec.decompress_format(&film.input)?;
    let mut decompressor = codec.into_decompressor(&film.input, &output)?;
    let mut taken = Duration::ZERO;
    let mut pictures = Vec::new();
    for (frame, key) in &film.frames {
        let flags = FrameFlags {
            key: *key,
            ..FrameFlags::default()
        };
        let start = Instant::now();
        let picture = decompressor.frame(frame, flags)?;
        taken += start.elapsed();
        pictures.push(picture.bytes.to_vec());
    }
    Ok((taken, pictures))
}
