//! Indexes of all kinds, missing ones and those that lie; and headers that say what cannot be.

use opendriver_codec::file::avi::{ChunkKind, Reader};

use super::corpus::{in_lists, parts, place_of, plain, small};
use super::packets::{Packet, all};
use crate::place::input;

fn open(bytes: &[u8]) -> Reader {
    Reader::open(input(bytes.to_vec(), false)).unwrap()
}

/// What is read, and what was wrong.
fn read(bytes: &[u8]) -> (Vec<Packet>, Vec<String>) {
    let mut reader = open(bytes);
    let packets = all(&mut reader);
    let warnings = reader.warnings().kept().iter().map(ToString::to_string);
    (packets, warnings.collect())
}

/// Stream, size and key of each chunk.
fn content(packets: &[Packet]) -> Vec<(usize, usize, Option<bool>)> {
    packets
        .iter()
        .map(|packet| (packet.stream, packet.size, packet.key))
        .collect()
}

/// Which pictures are keys.
fn keys(packets: &[Packet]) -> Vec<Option<bool>> {
    packets
        .iter()
        .filter(|packet| packet.stream == 0)
        .map(|packet| packet.key)
        .collect()
}

/// Makes a file that was cut or patched together say how long it is.
fn mended(mut bytes: Vec<u8>) -> Vec<u8> {
    let size = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&size.to_le_bytes());
    bytes
}

const KEYS: [Option<bool>; 6] = [
    Some(true),
    Some(false),
    Some(false),
    Some(true),
    Some(false),
    Some(false),
];

#[test]
fn an_index_may_count_from_the_list_of_chunks_or_from_the_file() {
    let (plain, warnings) = read(&small(plain(), false));
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(keys(&plain), KEYS);
    let (listed, warnings) = read(&in_lists());
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(content(&listed), content(&plain));
}

#[test]
fn a_missing_index_is_made_by_reading_through() {
    let whole = small(plain(), false);
    let bytes = mended(whole[..place_of(&whole, b"idx1")].to_vec());
    let (packets, warnings) = read(&bytes);
    assert_eq!(keys(&packets), [None; 6]);
    assert_eq!(
        warnings,
        ["at offset 360: there is no index that leads to chunks"]
    );
    let mut reader = open(&bytes);
    assert_eq!(reader.count(1), None);
    // No key is known, so the first picture is the only one to start from.
    assert_eq!(reader.seek_to_key(0, 4).unwrap(), 0);
    assert_eq!((reader.count(0), reader.count(1)), (Some(6), Some(6)));
    // Sound can start anywhere.
    assert_eq!(reader.seek_to_key(1, 4).unwrap(), 4);
    let chunk = reader.next(&mut Vec::new()).unwrap().unwrap();
    assert_eq!((chunk.stream, chunk.number, chunk.start), (1, 4, 4 * 31));
}

#[test]
fn an_index_that_leads_nowhere_is_made_anew() {
    let mut bytes = small(plain(), false);
    let index = place_of(&bytes, b"idx1") + 8;
    for entry in bytes[index..].chunks_exact_mut(16) {
        entry[9] ^= entry[8];
    }
    let (packets, warnings) = read(&bytes);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].ends_with("the index leads to no chunk"));
    assert_eq!(keys(&packets), [None; 6]);
    let mut reader = open(&bytes);
    reader.make_index().unwrap();
    assert_eq!(reader.count(0), Some(6));
}

#[test]
fn an_index_that_leaves_out_a_chunk_is_found_out_and_its_keys_are_kept() {
    let mut bytes = small(plain(), false);
    let index = place_of(&bytes, b"idx1") + 8;
    // The third entry is the second picture.
    bytes.drain(index + 32..index + 48);
    let size = (bytes.len() - index) as u32;
    bytes[index - 4..index].copy_from_slice(&size.to_le_bytes());
    let bytes = mended(bytes);
    let (packets, warnings) = read(&bytes);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].ends_with("the index has the chunk 1 of stream 0 elsewhere"),
        "{warnings:?}"
    );
    let mut known = KEYS;
    known[1] = None;
    assert_eq!(keys(&packets), known);
    let mut reader = open(&bytes);
    while reader.next(&mut Vec::new()).unwrap().is_some() {}
    assert_eq!(reader.seek_to_key(0, 5).unwrap(), 3);
    assert_eq!(reader.count(0), Some(6));
    assert_eq!(
        reader.next(&mut Vec::new()).unwrap().unwrap().kind,
        ChunkKind::Palette
    );
    let chunk = reader.next(&mut Vec::new()).unwrap().unwrap();
    assert_eq!((chunk.number, chunk.key), (3, Some(true)));
}

#[test]
fn an_index_without_any_key_says_nothing_about_keys() {
    let mut bytes = small(plain(), false);
    let index = place_of(&bytes, b"idx1") + 8;
    for entry in bytes[index..].chunks_exact_mut(16) {
        entry[4] &= !0x10;
    }
    let (packets, warnings) = read(&bytes);
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(keys(&packets), [None; 6]);
    assert!(
        packets
            .iter()
            .filter(|packet| packet.stream == 1)
            .all(|packet| packet.key == Some(true))
    );
}

#[test]
fn parts_without_an_index_of_indexes_are_learnt_from_their_own() {
    let whole = small(parts(), false);
    let (expected, warnings) = read(&whole);
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(keys(&expected), KEYS);
    let mut bytes = whole;
    for _ in 0..2 {
        let index = place_of(&bytes, b"indx");
        bytes[index..index + 4].copy_from_slice(b"JUNK");
    }
    let mut reader = open(&bytes);
    reader.make_index().unwrap();
    assert_eq!(all(&mut reader), expected);
}

#[test]
fn wrong_sizes_of_lists_lose_nothing() {
    for whole in [small(plain(), false), in_lists(), small(parts(), false)] {
        let (expected, _) = read(&whole);
        let movi = place_of(&whole, b"movi") - 4;
        for size in [0_u32, 1, 77, 0x7fff_ffff, 0xffff_ffff] {
            for places in [&[4][..], &[movi], &[4, movi]] {
                let mut bytes = whole.clone();
                for place in places {
                    bytes[*place..place + 4].copy_from_slice(&size.to_le_bytes());
                }
                let (packets, _) = read(&bytes);
                let strip = |packets: &[Packet]| -> Vec<_> {
                    packets
                        .iter()
                        .map(|p| (p.place, p.stream, p.size))
                        .collect()
                };
                assert_eq!(strip(&packets), strip(&expected), "{size} at {places:?}");
                // The keys are known again once the file was read through.
                let mut reader = open(&bytes);
                reader.make_index().unwrap();
                assert_eq!(keys(&all(&mut reader)), KEYS, "{size} at {places:?}");
            }
        }
    }
}

#[test]
fn odd_chunks_need_no_padding() {
    let whole = small(plain(), false);
    let (expected, _) = read(&whole);
    let (mut bytes, mut last) = (Vec::new(), 0);
    let movi = place_of(&whole, b"movi") + 4;
    let index = place_of(&whole, b"idx1");
    let mut at = movi;
    while at < index {
        let size = u32::from_le_bytes(whole[at + 4..at + 8].try_into().unwrap()) as usize;
        at += 8 + size;
        bytes.extend(&whole[last..at]);
        at = at.next_multiple_of(2);
        last = at;
    }
    // The index is left out, for its offsets no longer hold.
    let (packets, warnings) = read(&mended(bytes));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let sizes = |packets: &[Packet]| -> Vec<_> {
        packets
            .iter()
            .map(|packet| (packet.stream, packet.size))
            .collect()
    };
    assert_eq!(sizes(&packets), sizes(&expected));
}

#[test]
fn a_stream_without_speed_goes_as_fast_as_the_file() {
    let mut bytes = small(plain(), false);
    let headers: Vec<_> = (0..bytes.len() - 4)
        .filter(|at| bytes[*at..].starts_with(b"strh"))
        .collect();
    for header in headers {
        bytes[header + 8 + 20..header + 8 + 28].fill(0);
    }
    let reader = open(&bytes);
    let speeds: Vec<_> = reader
        .streams()
        .iter()
        .map(|stream| (stream.rate, stream.scale))
        .collect();
    assert_eq!(speeds, [(1_000_000, 40_000), (8000, 1)]);
    let warnings: Vec<_> = reader
        .warnings()
        .kept()
        .iter()
        .map(|warning| warning.text.as_str())
        .collect();
    assert_eq!(
        warnings,
        [
            "the stream's speed is 0/0, 1000000/40000 is taken",
            "the stream's speed is 0/0, 8000/1 is taken"
        ]
    );
}

#[test]
fn what_is_no_avi_file_is_refused_with_the_place() {
    let whole = small(plain(), false);
    let mut other = whole.clone();
    other[8..12].copy_from_slice(b"WAVE");
    let mut no_streams = whole.clone();
    no_streams.drain(12 + 12 + 64..place_of(&whole, b"movi") - 8);
    let cases = [
        (
            b"MZ".to_vec(),
            "not a good AVI file: expected 12 bytes at least at offset 0, found 2",
        ),
        (
            b"\x7fELF........".to_vec(),
            "not a good AVI file: expected \"RIFF\" at offset 0, found 7f 45 4c 46",
        ),
        (
            other,
            "not a good AVI file: expected \"AVI \" at offset 8, found \"WAVE\"",
        ),
        (
            no_streams,
            "not a good AVI file: expected a stream (\"strl\") at offset 12, found none",
        ),
        (
            whole[..300].to_vec(),
            "not a good AVI file: expected a list of chunks (\"movi\") at offset 300, found the end of the file",
        ),
    ];
    for (bytes, text) in cases {
        for is_pipe in [false, true] {
            let error = Reader::open(input(bytes.clone(), is_pipe)).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }
}

#[test]
fn texts_behind_the_chunks_are_kept() {
    let mut bytes = small(plain(), false);
    bytes.extend(b"LIST\x14\0\0\0INFOICRD\x08\0\0\x001996-07\0");
    let bytes = mended(bytes);
    for is_pipe in [false, true] {
        let mut reader = Reader::open(input(bytes.clone(), is_pipe)).unwrap();
        // A pipe has not come there yet.
        assert_eq!(reader.info().is_empty(), is_pipe);
        assert_eq!(all(&mut reader).len(), 12);
        let texts: Vec<_> = reader
            .info()
            .iter()
            .map(|(id, text)| (id.to_string(), text.as_slice()))
            .collect();
        assert_eq!(texts, [("ICRD".to_owned(), &b"1996-07\0"[..])]);
        assert_eq!(reader.warnings().count(), 0, "{:?}", reader.warnings());
    }
}

#[test]
fn the_callers_buffer_is_reused() {
    let whole = small(plain(), false);
    let mut reader = open(&whole);
    let mut data = Vec::with_capacity(100);
    let place = data.as_ptr();
    while reader.next(&mut data).unwrap().is_some() {
        assert_eq!((data.as_ptr(), data.capacity()), (place, 100));
    }
}
