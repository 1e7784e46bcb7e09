//! What reading and writing AVI files costs beside moving the same bytes: `cargo bench -p opendriver-codec --bench avi`

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read, Seek, Write};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use opendriver_abi::structures::FourCc;
use opendriver_codec::file::avi::{Options, Reader, Stream, Writer};
use opendriver_codec::file::{Input, Output};
use opendriver_codec::{BitmapFormat, Pixel};

/// Pictures of 1920x1080 pixels, as they come out of a codec.
const PICTURE: usize = 1920 * 1080 * 3;
const PICTURES: usize = 16;

/// Frames as codecs make them.
const FRAME: usize = 20_000;
const FRAMES: usize = 4000;

fn write(file: File, data: &[u8], count: usize) -> File {
    let format = BitmapFormat::uncompressed(Pixel::Rgb24, 1920, 1080);
    let video = Stream::video(format, FourCc::new(*b"DIB "), 1, 25);
    let output = Output::file(file.try_clone().expect("a file has many handles"));
    let mut writer = Writer::new(output, &[video], Options::default()).expect("there is room");
    for _ in 0..count {
        writer.write(0, data, true).expect("there is room");
    }
    writer.finish().expect("there is room");
    file
}

fn file() -> File {
    tempfile::tempfile().expect("there is room")
}

/// A file that starts over.
fn again(file: &File) -> File {
    let mut file = file.try_clone().expect("a file has many handles");
    file.rewind().expect("a file can be sought in");
    file
}

fn avi(criterion: &mut Criterion) {
    for (name, size, count) in [("pictures", PICTURE, PICTURES), ("frames", FRAME, FRAMES)] {
        let data = vec![7; size];
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        group.throughput(Throughput::Bytes((size * count) as u64));

        let target = file();
        group.bench_function("write", |bencher| {
            bencher.iter(|| write(again(&target), &data, count));
        });
        group.bench_function("write plain", |bencher| {
            bencher.iter(|| {
                let mut target = again(&target);
                (0..count).for_each(|_| target.write_all(&data).expect("there is room"));
            });
        });

        let source = write(file(), &data, count);
        let mut buffer = Vec::new();
        group.bench_function("read", |bencher| {
            bencher.iter(|| {
                let input = Input::file(again(&source)).expect("a file can be sought in");
                let mut reader = Reader::open(input).expect("it was just written");
                while reader.next(&mut buffer).expect("it can be read").is_some() {
                    black_box(&buffer);
                }
            });
        });
        let mut buffer = vec![0; size];
        group.bench_function("read plain", |bencher| {
            bencher.iter(|| {
                let mut source = again(&source);
                for _ in 0..count {
                    source.read_exact(&mut buffer).expect("it is long enough");
                    black_box(&buffer);
                }
            });
        });
        group.bench_function("copy plain", |bencher| {
            bencher.iter(|| {
                let mut source = again(&source).take((size * count) as u64);
                io::copy(&mut source, &mut io::sink()).expect("it can be read")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, avi);
criterion_main!(benches);
