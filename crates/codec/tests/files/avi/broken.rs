//! Every byte of every header flipped, and the file cut anywhere: an error with its place, or what can be had with a warning.

use opendriver_codec::file::avi::Reader;

use super::corpus::{in_lists, parts, place_of, plain, small};
use super::packets::all;
use crate::avi_reader::exercise;
use crate::place::input;

/// What is read, as stream and size, and how many warnings there are.
fn read(bytes: &[u8], is_pipe: bool) -> Option<(Vec<(usize, usize)>, u64)> {
    let mut reader = Reader::open(input(bytes.to_vec(), is_pipe)).ok()?;
    let chunks = all(&mut reader)
        .iter()
        .map(|packet| (packet.stream, packet.size))
        .collect();
    Some((chunks, reader.warnings().count()))
}

#[test]
fn every_byte_of_a_small_file_can_be_flipped() {
    for whole in [small(plain(), false), small(plain(), true), in_lists()] {
        for at in 0..whole.len() {
            for mask in [0x01, 0x08, 0x40, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= mask;
                exercise(&bytes);
            }
        }
    }
}

#[test]
fn every_byte_of_the_headers_of_parts_can_be_flipped() {
    let whole = small(parts(), false);
    for at in (0..whole.len()).filter(|at| whole[*at] != 0) {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= mask;
            exercise(&bytes);
        }
    }
}

#[test]
fn a_flipped_bit_in_a_chunk_loses_no_more_than_that_chunk_and_the_next() {
    let whole = small(plain(), false);
    let (movi, index) = (place_of(&whole, b"movi"), place_of(&whole, b"idx1"));
    let (chunks, _) = read(&whole, false).unwrap();
    for at in movi + 4..index {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            let (found, _) = read(&bytes, false).unwrap();
            let front = found
                .iter()
                .zip(&chunks)
                .take_while(|(a, b)| a == b)
                .count();
            let back = found
                .iter()
                .rev()
                .zip(chunks.iter().rev())
                .take_while(|(a, b)| a == b)
                .count();
            assert!(
                front + back + 3 >= chunks.len(),
                "{at} {bit}: {found:?} of {chunks:?}"
            );
        }
    }
}

#[test]
fn a_file_may_end_anywhere() {
    for whole in [small(plain(), false), small(parts(), false), in_lists()] {
        let movi = place_of(&whole, b"movi") + 4;
        let (chunks, _) = read(&whole, false).unwrap();
        // Within room that is kept free, one place is as good as another.
        for end in (0..whole.len()).filter(|end| whole[*end] != 0 || end % 16 == 0) {
            exercise(&whole[..end]);
            for is_pipe in [false, true] {
                let Some((found, warnings)) = read(&whole[..end], is_pipe) else {
                    assert!(end < movi, "{end}");
                    continue;
                };
                // All chunks that are there come, and the last as far as it goes.
                let last = found.len().saturating_sub(1);
                assert_eq!(found[..last], chunks[..last], "{end}");
                assert!(last == found.len() || found[last].1 <= chunks[last].1);
                assert!(is_pipe || warnings > 0, "{end}");
            }
        }
    }
}
