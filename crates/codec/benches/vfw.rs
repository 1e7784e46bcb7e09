//! What a frame costs beside the codec's own work: with one that does none. `cargo bench -p opendriver-codec --bench vfw`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use opendriver::{Manager, Message};
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, IcInfo, Structure as _};
use opendriver_codec::vfw::{Codec, FrameFlags, Mode, Settings};
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_sdk::{BadClaim, BuiltIn, Call};

/// Pictures, and how long their compressed frames are.
const SIZES: [(u32, u32, usize); 2] = [(640, 480, 20_000), (1920, 1080, 100_000)];

/// A codec that does nothing: its frames are 100 bytes, whatever is in them.
fn idle(call: &Call<'_>) -> Result<isize, BadClaim> {
    match call.message {
        Message::ICM_GETINFO => {
            let mut info = IcInfo::zeroed();
            info.kind = FourCc::VIDC;
            call.claim(call.param1).set_structure(&info)?;
            Ok(568)
        }
        Message::ICM_COMPRESS => {
            let mut format = [0; 8];
            call.claim(call.param1).at(8).read(&mut format)?;
            let format = call.claim(isize::from_ne_bytes(format));
            format.at(20).write_u32(100).map(|()| 0)
        }
        Message::ICM_COMPRESS_GET_SIZE => Ok(1000),
        message => Ok((message < Message::DRV_USER).into()),
    }
}

fn manager(guarded: bool) -> Manager {
    let driver = BuiltIn::procedure("idle", |_| {
        Box::new(|call: &Call<'_>| idle(call).unwrap_or(-1))
    });
    Manager::builder()
        .builtin(driver)
        .guarded_blocks(guarded)
        .build()
}

fn formats(width: u32, height: u32) -> (BitmapFormat, BitmapFormat) {
    let pictures = BitmapFormat::uncompressed(Pixel::Rgb24, width, height);
    let header = BitmapInfoHeader {
        compression: FourCc::new(*b"idle"),
        ..pictures.header()
    };
    (BitmapFormat::new(header, &[]), pictures)
}

fn decompress(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decompress");
    for (width, height, length) in SIZES {
        let (frames, pictures) = formats(width, height);
        let data = vec![7; length];
        group.throughput(Throughput::Elements(1));
        for (guarded, name) in [(false, "plain"), (true, "guarded")] {
            let codec = Codec::open(&manager(guarded), "idle", FourCc(0), Mode::Decompress);
            let mut decompressor = codec
                .and_then(|codec| codec.into_decompressor(&frames, &pictures))
                .expect("it takes everything");
            let id = BenchmarkId::new(name, format!("{width}x{height}"));
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    let picture = decompressor.frame(black_box(&data), FrameFlags::default());
                    picture.expect("it does nothing").bytes.len()
                });
            });
        }
    }
    group.finish();
}

fn compress(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compress");
    for (width, height, _) in SIZES {
        let (frames, pictures) = formats(width, height);
        let pixels = vec![7; pictures.image_size()];
        group.throughput(Throughput::Elements(1));
        for (guarded, name) in [(false, "plain"), (true, "guarded")] {
            let codec = Codec::open(&manager(guarded), "idle", FourCc(0), Mode::Compress);
            let mut compressor = codec
                .and_then(|codec| codec.into_compressor(&pictures, &frames, Settings::default()))
                .expect("it takes everything");
            let id = BenchmarkId::new(name, format!("{width}x{height}"));
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    let packet = compressor.frame(black_box(&pixels), false);
                    packet.expect("it does nothing").data.len()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, decompress, compress);
criterion_main!(benches);
