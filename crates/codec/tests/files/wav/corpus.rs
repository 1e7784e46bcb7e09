//! The fuzzer's corpus: what it starts from is built here, and all of it is replayed on the stable compiler.

use std::path::{Path, PathBuf};
use std::{env, fs};

use opendriver_abi::structures::{FourCc, WaveFormatEx};
use opendriver_codec::WaveFormat;
use opendriver_codec::file::wav::{Length, Options, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::place::Place;
use crate::wav_reader::exercise;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/wav_reader")
}

fn file(format: &WaveFormat, length: Length, is_pipe: bool, sound: &[u8]) -> Vec<u8> {
    let place = Place::default();
    let options = Options {
        length,
        samples: Some(3),
    };
    let mut writer = Writer::new(place.output(is_pipe), format, options);
    writer.chunk(FourCc::new(*b"bext"), b"odd").unwrap();
    writer.write(sound).unwrap();
    if !is_pipe {
        let info = b"INFOINAM\x02\0\0\0x\0";
        writer.chunk(FourCc::new(*b"LIST"), info).unwrap();
    }
    // A pipe that was promised more than it got says so, and has got the promise.
    assert!(writer.finish(None).is_ok() || is_pipe);
    place.bytes()
}

/// Files that together have every kind of chunk and of size.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let pcm = WaveFormat::pcm(2, 8000, 16);
    let ima = WaveFormatEx {
        tag: 0x11,
        block_align: 8,
        bits_per_sample: 4,
        ..WaveFormat::pcm(1, 8000, 8).header()
    };
    let ima = WaveFormat::new(ima, &[9, 0]);
    let small = Length::AtMost(100);
    let mut long = file(&pcm, Length::Exactly(1 << 33), true, b"");
    if let Some(seed) = long.get_mut(28..36) {
        // The size that `ds64` gives, as small as the file.
        seed.copy_from_slice(&4_u64.to_le_bytes());
    }
    long.extend(b"four");
    let unfinished = {
        let mut bytes = file(&pcm, small, false, b"");
        bytes[4..8].fill(0);
        bytes.truncate(bytes.len() - 24);
        bytes.extend(b"sound of no length");
        bytes
    };
    vec![
        ("seed-plain", file(&pcm, small, false, b"two blocks of 16")),
        ("seed-room", file(&pcm, Length::Unknown, false, b"12345678")),
        ("seed-codec", file(&ima, small, false, b"one block and ..")),
        (
            "seed-pipe",
            file(&pcm, Length::Unknown, true, b"until the end .."),
        ),
        ("seed-long", long),
        ("seed-unfinished", unfinished),
    ]
}

#[test]
fn the_seeds_are_those_that_the_writer_makes() {
    for (name, bytes) in seeds() {
        let path = corpus().join(name);
        if env::var_os("UPDATE_CORPUS").is_some() {
            fs::create_dir_all(corpus()).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        let committed = fs::read(&path).unwrap_or_default();
        assert!(
            committed == bytes,
            "{name} is stale: run this test with UPDATE_CORPUS=1"
        );
    }
}

#[test]
fn every_file_of_the_corpus_is_read_or_refused() {
    for entry in fs::read_dir(corpus()).unwrap() {
        exercise(&fs::read(entry.unwrap().path()).unwrap());
    }
}

#[test]
fn seeds_are_read_whatever_bit_of_them_is_flipped_and_wherever_they_are_cut() {
    for (_, bytes) in seeds() {
        for at in 0..bytes.len() {
            exercise(&bytes[..at]);
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                exercise(&flipped);
            }
        }
    }
}

/// What a fuzzer does to a file: a piece goes, others come in its place.
#[derive(Clone, Debug)]
struct Edit {
    at: prop::sample::Index,
    removed: usize,
    put: Vec<u8>,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let names = prop::sample::select(vec![
        *b"RIFF", *b"RF64", *b"WAVE", *b"fmt ", *b"fact", *b"ds64", *b"data", *b"LIST", *b"JUNK",
    ]);
    let sizes = prop_oneof![
        0..300_u32,
        0x7fff_f000_u32..=0x8000_0000,
        u32::MAX - 8..=u32::MAX
    ];
    let put = prop_oneof![
        vec(any::<u8>(), 0..5),
        names.prop_map(|name| name.to_vec()),
        sizes.prop_map(|size| size.to_le_bytes().to_vec()),
    ];
    let edit = (any::<prop::sample::Index>(), 0..9_usize, put);
    vec(
        edit.prop_map(|(at, removed, put)| Edit { at, removed, put }),
        1..6,
    )
}

proptest! {
    #[test]
    fn seeds_are_read_whatever_is_done_to_them(
        seed in any::<prop::sample::Index>(),
        edits in edits(),
    ) {
        let seeds = seeds();
        let (_, mut bytes) = seeds[seed.index(seeds.len())].clone();
        for edit in edits {
            let at = edit.at.index(bytes.len() + 1);
            let end = (at + edit.removed).min(bytes.len());
            bytes.splice(at..end, edit.put);
        }
        exercise(&bytes);
    }
}
