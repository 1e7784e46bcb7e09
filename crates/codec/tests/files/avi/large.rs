//! Beyond 2 and 4 GiB, in files that are mostly holes.

use std::fs::File;
use std::path::Path;

use opendriver_abi::structures::FourCc;
use opendriver_codec::file::avi::{Options, Reader, Stream, Writer};
use opendriver_codec::file::{Input, Output};
use opendriver_codec::{BitmapFormat, Pixel, WaveFormat};

use super::packets::{Packet, of_ffprobe};
use super::round::compressed;
use crate::place::Place;
use crate::sparse::Sparse;

/// 4096x4096 pixels of 32 bits.
const PICTURE: usize = 64 << 20;

/// Writes black pictures and sound. Every third picture repeats the last.
fn write(path: &Path, pictures: u64, options: Options) -> u64 {
    let format = BitmapFormat::uncompressed(Pixel::Rgb32, 4096, 4096);
    let video = Stream::video(format, FourCc::new(*b"DIB "), 1, 25);
    let streams = [video, Stream::audio(WaveFormat::pcm(2, 44_100, 16))];
    let output = Output::file(Sparse(File::create(path).unwrap()));
    let mut writer = Writer::new(output, &streams, options).unwrap();
    let black = vec![0; PICTURE];
    for number in 0..pictures {
        let picture = if number % 3 == 2 { &[][..] } else { &black };
        writer.write(0, picture, true).unwrap();
        writer.write(1, &[number as u8; 4096], true).unwrap();
    }
    writer.finish().unwrap().position()
}

fn open(path: &Path) -> Reader {
    Reader::open(Input::file(File::open(path).unwrap()).unwrap()).unwrap()
}

/// Goes to some pictures, and compares what comes there with what was written.
fn check(path: &Path, pictures: u64, frames: [u64; 4]) -> Vec<Packet> {
    let mut reader = open(path);
    assert_eq!(
        (reader.count(0), reader.count(1)),
        (Some(pictures), Some(pictures))
    );
    let mut packets = Vec::new();
    for frame in frames {
        assert_eq!(reader.seek_to_key(0, frame).unwrap(), frame);
        let mut data = Vec::new();
        for stream in [0, 1] {
            let chunk = reader.next(&mut data).unwrap().unwrap();
            let start = if stream == 0 { frame } else { 1024 * frame };
            assert_eq!(
                (chunk.stream, chunk.number, chunk.start),
                (stream, frame, start)
            );
            packets.push(Packet {
                place: chunk.offset + 8,
                stream,
                start,
                size: data.len(),
                key: chunk.key,
            });
        }
        assert_eq!(data, [frame as u8; 4096]);
    }
    assert_eq!(reader.warnings().count(), 0, "{:?}", reader.warnings());
    packets
}

#[test]
fn a_file_beyond_4_gib_has_parts_that_are_read_and_sought_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.avi");
    let length = write(&path, 104, Options::default());
    assert!(length > 4 << 30);
    let ours = check(&path, 104, [103, 3, 70, 24]);
    let reader = open(&path);
    assert_eq!(reader.main().all_frames, Some(104));
    assert!(
        reader.main().frames < 30,
        "only the first part's pictures are counted there"
    );
    assert_eq!(reader.streams()[0].length, 104);
    let theirs = of_ffprobe(path.to_str().unwrap());
    // Pictures that repeat the last have no packet there.
    assert_eq!(theirs.len(), 104 - 34 + 104);
    for packet in ours {
        assert!(theirs.contains(&packet), "{packet:?}");
    }
}

#[test]
fn parts_whose_indexes_are_lost_are_found_by_reading_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.avi");
    let length = write(&path, 80, Options::default());
    // Cut off in the last part, and never finished: neither the sizes nor the last index are there.
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(length - 2_000).unwrap();
    let mut reader = open(&path);
    assert_eq!(reader.count(0), None);
    assert_eq!(reader.seek_to_key(0, 1000).unwrap(), 79);
    assert_eq!(reader.count(0), Some(80));
}

#[test]
fn a_file_of_one_part_may_have_more_than_2_gib() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.avi");
    let options = Options {
        open_dml: false,
        ..Options::default()
    };
    assert!(write(&path, 60, options) > 2 << 30);
    check(&path, 60, [58, 57, 0, 33]);
}

#[test]
fn a_file_without_parts_is_full_at_4_gib_and_stays_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.avi");
    let options = Options {
        open_dml: false,
        ..Options::default()
    };
    let format = BitmapFormat::uncompressed(Pixel::Rgb32, 4096, 4096);
    let video = Stream::video(format, FourCc::new(*b"DIB "), 1, 25);
    let output = Output::file(Sparse(File::create(&path).unwrap()));
    let mut writer = Writer::new(output, &[video], options).unwrap();
    let black = vec![0; PICTURE];
    let error = (0..64)
        .find_map(|_| writer.write(0, &black, true).err())
        .unwrap();
    assert!(
        error
            .to_string()
            .starts_with("AVI files cannot hold more than "),
        "{error}"
    );
    writer.finish().unwrap();
    let reader = open(&path);
    assert_eq!((reader.count(0), reader.warnings().count()), (Some(63), 0));
}

#[test]
fn a_recording_in_one_chunk_comes_in_pieces() {
    let place = Place::default();
    let streams = [Stream::audio(WaveFormat::pcm(2, 44_100, 24))];
    let mut writer = Writer::new(place.output(false), &streams, Options::default()).unwrap();
    writer.write(0, &vec![0; 42_000_000], true).unwrap();
    writer.write(0, &[1; 6], true).unwrap();
    writer.finish().unwrap();
    let bytes = place.bytes();
    for is_pipe in [false, true] {
        let mut reader = Reader::open(crate::place::input(bytes.clone(), is_pipe)).unwrap();
        let (mut data, mut found, mut sum) = (Vec::new(), Vec::new(), 0);
        while let Some(chunk) = reader.next(&mut data).unwrap() {
            assert_eq!(chunk.start * 6, sum);
            assert!(data.len() <= 16 << 20 && data.len() % 6 == 0 || data.len() < 16 << 20);
            sum += data.len() as u64;
            found.push((chunk.number, data.len()));
        }
        assert_eq!(
            found.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
            [0, 0, 0, 1]
        );
        assert_eq!(sum, 42_000_006);
    }
}

#[test]
fn a_chunk_that_claims_gigabytes_costs_none() {
    let place = Place::default();
    let streams = [Stream::video(
        compressed(*b"cvid"),
        FourCc::new(*b"cvid"),
        1,
        25,
    )];
    let mut writer = Writer::new(place.output(true), &streams, Options::default()).unwrap();
    for picture in [[1; 20], [2; 20], [3; 20]] {
        writer.write(0, &picture, true).unwrap();
    }
    writer.finish().unwrap();
    let mut bytes = place.bytes();
    let second = bytes.windows(4).position(|four| four == [2; 4]).unwrap();
    bytes[second - 4..second].copy_from_slice(&0xf000_0000_u32.to_le_bytes());
    for is_pipe in [false, true] {
        let mut reader = Reader::open(crate::place::input(bytes.clone(), is_pipe)).unwrap();
        let (mut data, mut found) = (Vec::new(), Vec::new());
        while let Some(chunk) = reader.next(&mut data).unwrap() {
            found.push((data.len(), chunk.is_whole));
        }
        assert!(data.capacity() < 1 << 20);
        // From a file the end of the second picture is found; from a pipe it is left out, and repeats the first.
        let second = if is_pipe { 0 } else { 20 };
        assert_eq!(found, [(20, true), (second, false), (20, true)]);
        let expected = if is_pipe { 1 } else { 2 };
        assert_eq!(
            reader.warnings().count(),
            expected,
            "{:?}",
            reader.warnings()
        );
    }
}
