//! Pictures from one form into another, at 1920x1080, beside a copy of the same bytes. `cargo bench -p opendriver-codec --bench pictures`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use opendriver_codec::file::picture::{Chroma, Converter, Form};
use opendriver_codec::{BitmapFormat, Pixel};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;

/// What drivers give, and what is made of it.
const WAYS: [(Pixel, Form, &str); 10] = [
    (Pixel::Rgb24, Form::Bare(Pixel::Rgb24), "raw"),
    (Pixel::Rgb24, Form::Rgb, "png"),
    (Pixel::Rgb32, Form::Rgb, "png"),
    (Pixel::Rgb555, Form::Rgb, "png"),
    (Pixel::Rgb8, Form::Rgb, "rgb"),
    (Pixel::Yuy2, Form::Rgb, "png"),
    (Pixel::Rgb24, Form::Planes(Chroma::Full), "y4m 4:4:4"),
    (Pixel::Rgb24, Form::Planes(Chroma::Quarter), "y4m 4:2:0"),
    (Pixel::Yuy2, Form::Planes(Chroma::Half), "y4m 4:2:2"),
    (Pixel::Yv12, Form::Planes(Chroma::Quarter), "y4m 4:2:0"),
];

/// What encoders are given of Y4M.
const BACK: [(Form, Pixel, &str); 3] = [
    (Form::Planes(Chroma::Quarter), Pixel::Rgb24, "y4m 4:2:0"),
    (Form::Planes(Chroma::Full), Pixel::Rgb24, "y4m 4:4:4"),
    (Form::Planes(Chroma::Half), Pixel::Yuy2, "y4m 4:2:2"),
];

fn pictures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pictures");
    group.throughput(Throughput::Elements(1));
    let mut way = |converter: &mut Converter, name: BenchmarkId| {
        let picture: Vec<u8> = (0..converter.source_size()).map(|at| at as u8).collect();
        let mut to = Vec::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let made = converter.convert(black_box(&picture), &mut to);
                made.expect("it is as long as its format takes");
                to.len()
            });
        });
    };
    for (pixel, form, name) in WAYS {
        let format = BitmapFormat::uncompressed(pixel, WIDTH, HEIGHT);
        let mut converter = Converter::new(&format, form).expect("it can be made");
        way(&mut converter, BenchmarkId::new(pixel.to_string(), name));
    }
    for (form, pixel, name) in BACK {
        let format = BitmapFormat::uncompressed(pixel, WIDTH, HEIGHT);
        let mut converter = Converter::to_driver(form, &format).expect("it can be made");
        way(&mut converter, BenchmarkId::new(name, pixel));
    }
    let format = BitmapFormat::uncompressed(Pixel::Rgb24, WIDTH, HEIGHT);
    let picture = vec![7; format.image_size()];
    let mut to = vec![0; picture.len()];
    group.bench_function("copy/RGB24", |bencher| {
        bencher.iter(|| to.copy_from_slice(black_box(&picture)));
    });
    group.finish();
}

criterion_group!(benches, pictures);
criterion_main!(benches);
