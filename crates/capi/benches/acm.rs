//! What `acmStreamConvert` costs beside the same conversion in Rust: `cargo bench -p opendriver-capi --bench acm`
//!
//! Both give the same codec of Wine's the same bytes in the same pieces; the last lines say how the two compare.
#![expect(unsafe_code, reason = "calls C functions")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use opendriver::Width;
use opendriver_capi::{msacm, process};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Drivers, Flags, Stream, Wish};
use opendriver_tests::real;

/// How much sound is given at once: a tenth of a second of a telephone call, of a disc, and what a file is read in.
const PIECES: [usize; 3] = [1600, 17_640, 65_536];

/// How often both are measured in turn, for the comparison.
const ROUNDS: usize = 200;

/// Calls an exported function with addresses and numbers of this bench's own.
macro_rules! call {
    ($name:ident($($argument:expr),* $(,)?)) => {
        // SAFETY: what is to be written lies in memory of the caller.
        unsafe { msacm::$name($($argument),*) }
    };
}

/// The name of the codec in the registry, by its width.
fn alias(width: Width) -> String {
    format!("msacm.bench{}", width.bits())
}

fn prepare() {
    let manager = &process::process().manager;
    for width in Width::ALL {
        let file = real::folder(width).join("msg711.acm");
        let entry = (
            alias(width),
            file.to_str().expect("a path in UTF-8").to_owned(),
        );
        let registry = manager.registry();
        registry
            .set_value("Drivers32", &entry.0, entry.1.as_str())
            .expect("the registry of the bench can be written");
    }
}

/// A stream through the C functions, with one header.
struct Own {
    has: usize,
    header: Box<[u8; 128]>,
    _source: Vec<u8>,
    _destination: Vec<u8>,
}

impl Own {
    fn new(width: Width, from: &WaveFormat, to: &WaveFormat, piece: usize) -> Self {
        let (mut id, mut had, mut has) = (0_usize, 0_usize, 0_usize);
        let name = format!("{}\0", alias(width));
        let address = |number: &mut usize| std::ptr::from_mut(number).expose_provenance();
        let param = name.as_ptr().expose_provenance().cast_signed();
        assert_eq!(call!(acmDriverAddA(address(&mut id), 0, param, 0, 1)), 0);
        assert_eq!(call!(acmDriverOpen(address(&mut had), id, 0)), 0);
        let at = |format: &WaveFormat| format.as_bytes().as_ptr().expose_provenance();
        let opened = call!(acmStreamOpen(
            address(&mut has),
            had,
            at(from),
            at(to),
            0,
            0,
            0,
            4
        ));
        assert_eq!(opened, 0);
        let (source, mut destination) = (vec![7; piece], vec![0; piece]);
        let mut header = Box::new([0; 128]);
        header[..4].copy_from_slice(&124_u32.to_ne_bytes());
        header[16..24].copy_from_slice(&source.as_ptr().expose_provenance().to_ne_bytes());
        header[24..28].copy_from_slice(&(piece as u32).to_ne_bytes());
        let to = destination.as_mut_ptr().expose_provenance();
        header[40..48].copy_from_slice(&to.to_ne_bytes());
        header[48..52].copy_from_slice(&(piece as u32).to_ne_bytes());
        let mut own = Self {
            has,
            header,
            _source: source,
            _destination: destination,
        };
        assert_eq!(call!(acmStreamPrepareHeader(has, own.pash(), 0)), 0);
        own
    }

    fn pash(&mut self) -> usize {
        self.header.as_mut_ptr().expose_provenance()
    }

    fn convert(&mut self) {
        let pash = self.pash();
        assert_eq!(black_box(call!(acmStreamConvert(self.has, pash, 0))), 0);
    }
}

/// The same in Rust.
struct Theirs {
    stream: Stream,
    source: Vec<u8>,
    out: Vec<u8>,
}

impl Theirs {
    fn new(drivers: &Drivers, from: &WaveFormat, to: &WaveFormat, piece: usize) -> Self {
        Self {
            stream: drivers.stream(from, to, None).expect("the codec takes it"),
            source: vec![7; piece],
            out: Vec::new(),
        }
    }

    fn convert(&mut self) {
        self.out.clear();
        let source = black_box(&self.source);
        let converted = self.stream.convert(source, Flags::default(), &mut self.out);
        converted.expect("the codec converts");
    }
}

fn drivers(width: Width) -> (Drivers, WaveFormat, WaveFormat) {
    let drivers = Drivers::named(&process::process().manager, &[&alias(width)]);
    let plain = WaveFormat::pcm(1, 8000, 16);
    let law = drivers
        .suggest(&plain, &Wish::tag(7))
        .expect("the codec has it");
    (drivers, plain, law)
}

fn convert(criterion: &mut Criterion) {
    prepare();
    for width in Width::ALL {
        let mut group = criterion.benchmark_group(format!("convert{}", width.bits()));
        let (list, plain, law) = drivers(width);
        for piece in PIECES {
            group.throughput(Throughput::Bytes(piece as u64));
            let mut own = Own::new(width, &plain, &law, piece);
            group.bench_function(BenchmarkId::new("acmStreamConvert", piece), |bencher| {
                bencher.iter(|| own.convert());
            });
            let mut theirs = Theirs::new(&list, &plain, &law, piece);
            group.bench_function(BenchmarkId::new("opendriver-codec", piece), |bencher| {
                bencher.iter(|| theirs.convert());
            });
        }
        group.finish();
    }
}

/// The best of many rounds of each, in turn, so that a busy machine troubles both.
fn compare() {
    for width in Width::ALL {
        let (list, plain, law) = drivers(width);
        for piece in PIECES {
            let mut own = Own::new(width, &plain, &law, piece);
            let mut theirs = Theirs::new(&list, &plain, &law, piece);
            let (mut best, mut other) = (Duration::MAX, Duration::MAX);
            for _ in 0..ROUNDS {
                best = best.min(time(|| own.convert()));
                other = other.min(time(|| theirs.convert()));
            }
            let ratio = best.as_secs_f64() / other.as_secs_f64();
            println!(
                "{} bits, {piece} bytes: acmStreamConvert {best:?}, opendriver-codec {other:?}, ratio {ratio:.4}",
                width.bits()
            );
        }
    }
}

/// How long a few conversions take.
fn time(mut convert: impl FnMut()) -> Duration {
    let begun = Instant::now();
    (0..20).for_each(|_| convert());
    begun.elapsed()
}

criterion_group!(benches, convert);

fn main() {
    // Where benches are run as tests, nothing is measured.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let registry = folder.join("bench-acm.toml");
    let wished = process::wish("the registry", |wishes| wishes.registry = Some(registry));
    wished.expect("nothing was used before");
    benches();
    compare();
}
