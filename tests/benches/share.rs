//! Our own share of the time that pictures take: all but what passes inside the driver.
//!
//! A film is read from its file, decoded, and written to where it costs nothing. Then the same frames go to the same driver and
//! nothing else is done; only the messages are timed. What is between the two is ours: reading, calling, writing.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use opendriver::{Manager, Message, Width};
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, IcDecompress, Structure};
use opendriver_codec::BitmapFormat;
use opendriver_codec::file::avi::{Reader, StreamKind};
use opendriver_codec::file::{Input, Output};
use opendriver_codec::vfw::{Codec, FrameFlags, Mode};
use opendriver_tests::media::{self, Film, Video};
use opendriver_tests::real::DRIVERS;

const ROUNDS: usize = 5;

fn main() {
    // `cargo test` builds benchmarks and starts them, too; what it would measure says nothing.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    println!("| 1920x1080 | a picture | of it in the driver | our share |");
    println!("| --- | ---: | ---: | ---: |");
    for (video, name, driver, handler) in [
        (Video::Cinepak, "Cinepak", "iccvid.dll", *b"cvid"),
        (Video::Video1, "Video 1", "msvidc32.dll", *b"cram"),
        (Video::Rle8, "RLE", "msrle32.dll", *b"mrle"),
    ] {
        let film = Film {
            width: 1920,
            height: 1080,
            frames: 60,
        };
        let file = media::video(video, film);
        let driver = DRIVERS.iter().find(|known| known.file == driver);
        let driver = driver.expect("the name of a driver").path(Width::W64);
        let open = |manager: &Manager| {
            let name = driver.to_str().expect("target/ is UTF-8");
            Codec::open(manager, name, FourCc::new(handler), Mode::Decompress).expect("it opens")
        };
        let (mut whole, mut inside) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            let manager = Manager::builder()
                .trust_foreign_code()
                .guarded_blocks(true)
                .build();
            whole = whole.min(convert(open(&manager), &file));
            inside = inside.min(send(&open(&manager), &file));
        }
        let share = 1.0 - inside.as_secs_f64() / whole.as_secs_f64();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(film.frames);
        println!(
            "| {name} | {:.2} ms | {:.2} ms | {:.1} % |",
            milliseconds(whole),
            milliseconds(inside),
            share * 100.0
        );
    }
}

fn open(file: &Path) -> (Reader, BitmapFormat) {
    let file = File::open(file).expect("it was made");
    let reader = Reader::open(Input::file(file).expect("a file")).expect("an AVI");
    let StreamKind::Video(format) = &reader.streams()[0].kind else {
        panic!("the first stream is no pictures");
    };
    let format = format.clone();
    (reader, format)
}

/// How long it takes to read, decode and write all frames.
fn convert(codec: Codec, file: &Path) -> Duration {
    let nowhere = File::options().write(true).open("/dev/null");
    let mut output = Output::pipe(nowhere.expect("there is a way to nowhere"));
    let start = Instant::now();
    let (mut reader, input) = open(file);
    let format = codec.decompress_format(&input).expect("it decodes");
    let mut decompressor = codec
        .into_decompressor(&input, &format)
        .expect("it decodes");
    let mut data = Vec::new();
    while let Some(chunk) = reader.next(&mut data).expect("a frame") {
        let flags = FrameFlags {
            key: chunk.key,
            ..FrameFlags::default()
        };
        let picture = decompressor.frame(&data, flags).expect("a picture");
        output.write_all(picture.bytes).expect("it goes nowhere");
    }
    output.flush().expect("it goes nowhere");
    start.elapsed()
}

/// How long the driver takes for all frames.
fn send(codec: &Codec, file: &Path) -> Duration {
    let (mut reader, input) = open(file);
    let output = codec.decompress_format(&input).expect("it decodes");
    let memory = codec.instance().memory().expect("it is open");
    let block = |bytes: &[u8], room: usize| {
        let mut block = memory.allocate(room).expect("memory");
        block[..bytes.len()].copy_from_slice(bytes);
        block
    };
    let mut from = block(input.as_bytes(), 2048);
    let to = block(output.as_bytes(), 2048);
    let picture = block(&[], output.image_size());
    let mut frame = block(&[], 4 << 20);
    let mut request = block(&[], IcDecompress::<u64>::SIZE);
    let tell = |message, first, second| {
        let answer = codec
            .instance()
            .send(message, first, second)
            .expect("it works");
        assert_eq!(answer, 0, "{message:?}");
    };
    tell(Message::ICM_DECOMPRESS_BEGIN, from.address(), to.address());
    let (mut data, mut taken) = (Vec::new(), Duration::ZERO);
    while let Some(chunk) = reader.next(&mut data).expect("a frame") {
        frame[..data.len()].copy_from_slice(&data);
        let header = BitmapInfoHeader {
            image_size: data.len() as u32,
            ..input.header()
        };
        header.write(&mut from).expect("there is room");
        let parts = IcDecompress::<u64> {
            flags: if chunk.key == Some(false) {
                0x0800_0000
            } else {
                0
            },
            input_format: from.address() as u64,
            input: frame.address() as u64,
            output_format: to.address() as u64,
            output: picture.address() as u64,
            chunk: 0,
        };
        parts.write(&mut request).expect("there is room");
        let start = Instant::now();
        let size = IcDecompress::<u64>::SIZE as isize;
        tell(Message::ICM_DECOMPRESS, request.address(), size);
        taken += start.elapsed();
    }
    tell(Message::ICM_DECOMPRESS_END, 0, 0);
    taken
}
