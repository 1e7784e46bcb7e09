//! What a conversion costs beside the codec's own work: with a codec that does none. `cargo bench -p opendriver-codec --bench acm`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use opendriver::{Manager, Message};
use opendriver_abi::answer::{ACMERR_NOTPOSSIBLE, MMSYSERR_NOERROR};
use opendriver_abi::structures::{AcmDriverDetails, AcmFormatTagDetails, FourCc, Structure as _};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Drivers, Flags, Stream};
use opendriver_sdk::{BadClaim, BuiltIn, Call};

/// How much sound is given at once: a tenth of a second of a telephone call, of a disc, and what a file is read in.
const PIECES: [usize; 3] = [1600, 17_640, 65_536];

/// Where a codec finds in an `ACMDRVSTREAMHEADER` of 64 bits how much it is given, and says how much it used and wrote.
const GIVEN: usize = 24;
const USED: usize = 28;
const WRITTEN: usize = 52;

/// A codec that does nothing: all of the source is used, and as much comes out as was there before.
fn idle(call: &Call<'_>) -> Result<isize, BadClaim> {
    match call.message {
        Message::ACMDM_DRIVER_DETAILS => {
            let details = AcmDriverDetails::<u64> {
                kind: FourCc::AUDC,
                ..AcmDriverDetails::zeroed()
            };
            call.claim(call.param1).set_structure(&details)?;
        }
        Message::ACMDM_FORMATTAG_DETAILS => {
            let claim = call.claim(call.param1);
            let details: AcmFormatTagDetails = claim.structure()?;
            if details.tag != 1 {
                return Ok(ACMERR_NOTPOSSIBLE);
            }
            claim.set_structure(&details)?;
        }
        Message::ACMDM_STREAM_SIZE => {
            let size = call.claim(call.param2);
            let (source, destination) = (size.at(8).read_u32()?, size.at(12).read_u32()?);
            size.at(8).write_u32(source.max(destination))?;
            size.at(12).write_u32(source.max(destination))?;
        }
        Message::ACMDM_STREAM_CONVERT => {
            let header = call.claim(call.param2);
            let given = header.at(GIVEN).read_u32()?;
            header.at(USED).write_u32(given)?;
            header.at(WRITTEN).write_u32(given)?;
        }
        message if message < Message::DRV_USER => return Ok(1),
        _ => {}
    }
    Ok(MMSYSERR_NOERROR)
}

fn manager(guarded: bool) -> Manager {
    let driver = BuiltIn::procedure("idle", |_| {
        Box::new(|call: &Call<'_>| idle(call).unwrap_or(ACMERR_NOTPOSSIBLE))
    });
    Manager::builder()
        .builtin(driver)
        .guarded_blocks(guarded)
        .build()
}

fn formats() -> (WaveFormat, WaveFormat) {
    (
        WaveFormat::pcm(2, 44_100, 16),
        WaveFormat::pcm(2, 22_050, 16),
    )
}

fn convert(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("convert");
    for (guarded, name) in [(false, "plain"), (true, "guarded")] {
        let manager = manager(guarded);
        let drivers = Drivers::named(&manager, &["idle"]);
        let (from, to) = formats();
        let mut stream = drivers.stream(&from, &to, None).expect("it takes all");
        for length in PIECES {
            let (source, mut out) = (vec![7; length], Vec::new());
            group.throughput(Throughput::Bytes(length as u64));
            group.bench_function(BenchmarkId::new(name, length), |bencher| {
                bencher.iter(|| {
                    out.clear();
                    stream.convert(black_box(&source), Flags::default(), &mut out)
                });
            });
        }
    }
    group.finish();
}

/// The same bytes in and out of buffers without a driver, and a message to the driver without a conversion: what cannot be saved.
fn floor(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("floor");
    for length in PIECES {
        let (source, mut buffer, mut out) = (vec![7_u8; length], vec![0; length], Vec::new());
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(BenchmarkId::new("copies", length), |bencher| {
            bencher.iter(|| {
                buffer.copy_from_slice(black_box(&source));
                out.clear();
                out.extend_from_slice(black_box(&buffer));
            });
        });
    }
    group.finish();
    let manager = manager(false);
    let drivers = Drivers::named(&manager, &["idle"]);
    let driver = drivers.driver("idle").expect("it is linked in");
    criterion.bench_function("floor/message", |bencher| {
        bencher.iter(|| driver.instance().send(Message::DRV_QUERYCONFIGURE, 0, 0));
    });
}

/// Opening and closing a stream.
fn open(criterion: &mut Criterion) {
    let manager = manager(false);
    let drivers = Drivers::named(&manager, &["idle"]);
    let driver = drivers.driver("idle").expect("it is linked in");
    let (from, to) = formats();
    criterion.bench_function("open and close", |bencher| {
        bencher.iter(|| Stream::open(driver, &from, &to, None).map(Stream::close));
    });
}

criterion_group!(benches, convert, floor, open);
criterion_main!(benches);
