//! The fuzzer's corpus: what it starts from is written here, and all of it is replayed on the stable compiler.

use std::path::{Path, PathBuf};
use std::{env, fs};

use opendriver_abi::structures::FourCc;
use opendriver_codec::WaveFormat;
use opendriver_codec::file::avi::{Options, Stream, Writer};

use super::round::compressed;
use crate::avi_reader::exercise;
use crate::place::Place;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/avi_reader")
}

/// A small file: pictures whose palette changes once, and sound.
pub(crate) fn small(options: Options, is_pipe: bool) -> Vec<u8> {
    let place = Place::default();
    let mut video = Stream::video(compressed(*b"CRAM"), FourCc::new(*b"msvc"), 1, 25);
    video.name = b"pictures\0".to_vec();
    video.data = vec![1, 2, 3];
    let streams = [video, Stream::audio(WaveFormat::pcm(1, 8000, 8))];
    let mut writer = Writer::new(place.output(is_pipe), &streams, options).unwrap();
    for number in 0..6_u8 {
        if number == 3 {
            writer.write_palette(0, &[0, 1, 0, 0, 9, 9, 9, 0]).unwrap();
        }
        let picture = vec![0x40 + number; 10 + usize::from(number)];
        writer
            .write(0, if number == 4 { &[] } else { &picture }, number % 3 == 0)
            .unwrap();
        writer.write(1, &[0x80; 31], true).unwrap();
    }
    writer.finish().unwrap();
    place.bytes()
}

/// Plain, so that nothing but one index is in it.
pub(crate) fn plain() -> Options {
    Options {
        open_dml: false,
        ..Options::default()
    }
}

/// Cuts the file into parts of a few chunks each.
pub(crate) fn parts() -> Options {
    Options {
        segment: 8900,
        ..Options::default()
    }
}

/// The chunks of a file in lists, with an index that counts from the start of the file.
pub(crate) fn in_lists() -> Vec<u8> {
    let mut bytes = small(plain(), false);
    let movi = place_of(&bytes, b"movi");
    let index = place_of(&bytes, b"idx1");
    let chunks = bytes[movi + 4..index].to_vec();
    let mut list = b"LIST".to_vec();
    list.extend((chunks.len() as u32 + 4).to_le_bytes());
    list.extend(b"rec ");
    list.extend(chunks);
    let mut entries = bytes[index..].to_vec();
    for entry in entries[8..].chunks_exact_mut(16) {
        let offset = u32::from_le_bytes(entry[8..12].try_into().unwrap());
        entry[8..12].copy_from_slice(&(offset + movi as u32 + 12).to_le_bytes());
    }
    bytes.truncate(movi + 4);
    bytes.extend(list);
    bytes.extend(entries);
    let riff = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&riff.to_le_bytes());
    let length = (index - movi + 12) as u32;
    bytes[movi - 4..movi].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// Where four characters stand for the first time.
pub(crate) fn place_of(bytes: &[u8], name: &[u8; 4]) -> usize {
    bytes.windows(4).position(|four| four == name).unwrap()
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let texts = Options {
        info: vec![(FourCc::new(*b"INAM"), b"name\0".to_vec())],
        alignment: Some(64),
        ..plain()
    };
    let mut cut = small(plain(), false);
    cut.truncate(cut.len() - 280);
    vec![
        ("seed-plain", small(plain(), false)),
        ("seed-texts", small(texts, false)),
        ("seed-parts", small(parts(), false)),
        ("seed-piped", small(plain(), true)),
        ("seed-lists", in_lists()),
        ("seed-cut", cut),
    ]
}

#[test]
fn the_seeds_are_those_that_the_writer_makes() {
    for (name, bytes) in seeds() {
        let path = corpus().join(name);
        if env::var_os("UPDATE_CORPUS").is_some() {
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
