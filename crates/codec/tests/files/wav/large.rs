//! Beyond 4 GiB, in files that are mostly holes.

use std::io::{Read, Seek, SeekFrom, Write};

use opendriver_abi::structures::FourCc;
use opendriver_codec::WaveFormat;
use opendriver_codec::file::wav::{Length, Options, Reader, Writer};
use opendriver_codec::file::{Input, Output};

use crate::place::{Place, input};
use crate::sparse::{Sparse, ZEROES};

const SILENCE: u64 = (4 << 30) + (1 << 20);

#[test]
fn sound_beyond_4_gib_is_written_and_read_as_rf64() {
    let file = tempfile::tempfile().unwrap();
    let format = WaveFormat::float(2, 96_000, 32);
    let output = Output::file(Sparse(file.try_clone().unwrap()));
    let mut writer = Writer::new(output, &format, Options::default());
    for _ in 0..SILENCE >> 20 {
        writer.write(&ZEROES).unwrap();
    }
    writer.write(&[1; 8]).unwrap();
    writer.chunk(FourCc::new(*b"LIST"), b"INFOIART").unwrap();
    writer.finish(None).unwrap();

    let mut first = [0; 16];
    let mut start = &file;
    start.seek(SeekFrom::Start(0)).unwrap();
    start.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"RF64\xff\xff\xff\xffWAVEds64");
    let mut reader = Reader::open(Input::file(file).unwrap()).unwrap();
    assert_eq!(
        (reader.format(), reader.length()),
        (&format, Some(SILENCE + 8))
    );
    assert_eq!(reader.samples(), Some(SILENCE / 8 + 1));
    assert_eq!(reader.skip_blocks(SILENCE / 8).unwrap(), SILENCE);
    let mut last = Vec::new();
    assert_eq!(reader.read_blocks(1 << 20, &mut last).unwrap(), 8);
    assert_eq!((last, reader.chunks().len()), (vec![1; 8], 1));
    assert_eq!(reader.warnings().count(), 0, "{:?}", reader.warnings());
}

#[test]
fn a_pipe_that_knows_its_length_says_it_in_64_bits() {
    let place = Place::default();
    let options = Options {
        length: Length::Exactly(SILENCE),
        samples: Some(SILENCE / 2),
    };
    let mut writer = Writer::new(place.output(true), &WaveFormat::pcm(1, 8000, 16), options);
    writer.write(&[7, 7]).unwrap();
    writer.finish(None).unwrap_err();
    let reader = Reader::open(input(place.bytes(), true)).unwrap();
    assert_eq!(
        (reader.length(), reader.samples()),
        (Some(SILENCE), Some(SILENCE / 2))
    );
}

#[test]
fn a_file_that_was_to_stay_small_refuses_to_grow() {
    let file = tempfile::tempfile().unwrap();
    let options = Options {
        length: Length::AtMost(100),
        samples: None,
    };
    let output = Output::file(Sparse(file.try_clone().unwrap()));
    let mut writer = Writer::new(output, &WaveFormat::pcm(1, 8000, 16), options);
    let error = (0..4096).find_map(|_| writer.write(&ZEROES).err()).unwrap();
    assert_eq!(
        error.to_string(),
        "WAV files cannot hold more than 4 GiB of sound where less was to come"
    );
    // What was written is a sound file all the same.
    writer.finish(None).unwrap();
    let reader = Reader::open(Input::file(file).unwrap()).unwrap();
    assert_eq!(reader.length(), Some(4095 << 20));
    assert_eq!(reader.warnings().count(), 0);
}

#[test]
fn sizes_that_overflowed_in_32_bits_are_made_whole() {
    let mut file = tempfile::tempfile().unwrap();
    let place = Place::default();
    let writer = Writer::new(
        place.output(false),
        &WaveFormat::pcm(1, 8000, 16),
        Options {
            length: Length::AtMost(0),
            samples: None,
        },
    );
    writer.finish(None).unwrap();
    let mut head = place.bytes();
    let cut = |size: u64| (size as u32).to_le_bytes();
    head.splice(4..8, cut(SILENCE + 36));
    head.splice(40..44, cut(SILENCE));
    file.write_all(&head).unwrap();
    file.set_len(SILENCE + 44).unwrap();
    let mut reader = Reader::open(Input::file(file).unwrap()).unwrap();
    assert_eq!(reader.length(), Some(SILENCE));
    assert_eq!(reader.skip_blocks(u64::MAX).unwrap(), SILENCE);
    assert_eq!(reader.warnings().count(), 1);
}
