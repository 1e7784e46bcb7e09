//! A second of sound through the converter, in one message: `cargo bench -p opendriver-pcm`.
//!
//! The first row copies, which is the least that a conversion can do.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use opendriver_sdk::structures::{
    AcmDrvStreamHeader, AcmDrvStreamInstance, Structure, WaveFormatEx,
};
use opendriver_sdk::{Bench, LParam, Message};

/// Tag, channels, rate and bits.
type Plain = (u16, u16, u32, u16);

const MUSIC: Plain = (1, 2, 44_100, 16);

const PAIRS: [(Plain, Plain); 14] = [
    (MUSIC, MUSIC),
    (MUSIC, (1, 2, 44_100, 8)),
    (MUSIC, (3, 2, 44_100, 32)),
    ((3, 2, 44_100, 32), MUSIC),
    ((1, 2, 44_100, 24), MUSIC),
    (MUSIC, (1, 2, 44_100, 24)),
    ((1, 1, 44_100, 16), MUSIC),
    (MUSIC, (1, 1, 44_100, 16)),
    ((1, 6, 44_100, 16), MUSIC),
    ((1, 1, 8000, 16), MUSIC),
    (MUSIC, (1, 1, 8000, 16)),
    (MUSIC, (1, 2, 48_000, 16)),
    ((1, 2, 48_000, 24), (1, 2, 44_100, 24)),
    ((1, 1, 8000, 16), (1, 1, 11_127, 16)),
];

fn conversions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a second");
    for (from, to) in PAIRS {
        let bench = Bench::new(opendriver_pcm::driver());
        let instance = bench.open("", 0).expect("it opens");
        let stream = lend(
            &bench,
            &AcmDrvStreamInstance::<u64> {
                size: AcmDrvStreamInstance::<u64>::SIZE as u32,
                source: lend(&bench, &format(from)) as u64,
                destination: lend(&bench, &format(to)) as u64,
                ..AcmDrvStreamInstance::zeroed()
            },
        );
        let opened = instance.send(Message::ACMDM_STREAM_OPEN, stream, 0);
        assert_eq!(opened, 0);
        let sound: Vec<u8> = (0..format(from).bytes_per_second)
            .map(|n| (n.wrapping_mul(n) >> 7) as u8 & 0x3f)
            .collect();
        let room = format(to).bytes_per_second + (1 << 16);
        let header = lend(
            &bench,
            &AcmDrvStreamHeader::<u64> {
                size: AcmDrvStreamHeader::<u64>::SIZE as u32,
                source: bench.lend(&sound) as u64,
                source_length: sound.len() as u32,
                destination: bench.lend(&vec![0; room as usize]) as u64,
                destination_length: room,
                ..AcmDrvStreamHeader::zeroed()
            },
        );
        group.throughput(Throughput::Elements(1));
        let name = format!("{from:?} to {to:?}");
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| {
                let done = instance.send(Message::ACMDM_STREAM_CONVERT, stream, black_box(header));
                assert_eq!(done, 0);
            });
        });
    }
    group.finish();
}

fn lend<S: Structure>(bench: &Bench, value: &S) -> LParam {
    let mut bytes = vec![0; S::SIZE];
    value.write(&mut bytes).expect("there is room");
    bench.lend(&bytes)
}

fn format((tag, channels, rate, bits): Plain) -> WaveFormatEx {
    let block_align = channels * bits / 8;
    WaveFormatEx {
        tag,
        channels,
        samples_per_second: rate,
        bytes_per_second: rate * u32::from(block_align),
        block_align,
        bits_per_sample: bits,
        extra: 0,
    }
}

criterion_group!(benches, conversions);
criterion_main!(benches);
