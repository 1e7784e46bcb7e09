//! What is written is read again, whatever the format, the pieces and the kind of place.

use opendriver_abi::structures::{FourCc, WaveFormatEx};
use opendriver_codec::WaveFormat;
use opendriver_codec::file::wav::{Chunk, Length, Options, Reader, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::place::{Place, input, sound};

fn formats() -> impl Strategy<Value = WaveFormat> {
    (
        any::<[u16; 4]>(),
        any::<[u32; 2]>(),
        vec(any::<u8>(), 0..80),
    )
        .prop_map(
            |([tag, channels, block_align, bits], [rate, bytes], extra)| {
                // An extensible format has 22 bytes more.
                let tag = if extra.len() < 22 { tag & 0x7fff } else { tag };
                let header = WaveFormatEx {
                    tag,
                    channels: channels.max(1),
                    samples_per_second: rate.max(1),
                    bytes_per_second: bytes,
                    block_align: block_align.max(1),
                    bits_per_sample: bits,
                    extra: 0,
                };
                WaveFormat::new(header, &extra)
            },
        )
}

fn chunks() -> impl Strategy<Value = Vec<(FourCc, Vec<u8>)>> {
    let ids = prop::sample::select(vec![*b"LIST", *b"bext", *b"cue ", *b"smpl", *b"id3 "]);
    vec((ids.prop_map(FourCc::new), vec(1..=255_u8, 0..40)), 0..4)
}

fn lengths(length: u64) -> impl Strategy<Value = Length> {
    prop_oneof![
        Just(Length::Unknown),
        Just(Length::AtMost(length + 7)),
        Just(Length::AtMost(u64::MAX)),
        Just(Length::Exactly(length)),
    ]
}

proptest! {
    #[test]
    fn all_comes_back(
        format in formats(),
        (before, behind) in (chunks(), chunks()),
        (pieces, length) in vec(vec(any::<u8>(), 0..3000), 0..5)
            .prop_flat_map(|pieces| {
                let length = pieces.concat().len() as u64;
                (Just(pieces), lengths(length))
            }),
        (to_pipe, from_pipe) in any::<(bool, bool)>(),
        most in 0..5000_usize,
        samples in proptest::option::of(1..u64::from(u32::MAX)),
    ) {
        let place = Place::default();
        let options = Options { length, samples };
        let mut writer = Writer::new(place.output(to_pipe), &format, options);
        for (id, data) in &before {
            writer.chunk(*id, data).unwrap();
        }
        writer.write(&[]).unwrap();
        for piece in &pieces {
            writer.write(piece).unwrap();
        }
        let mut expected: Vec<Chunk> = Vec::new();
        let kept = |id, data, behind| Chunk { id, data, behind };
        expected.extend(before.into_iter().map(|(id, data)| kept(id, data, false)));
        for (id, data) in behind {
            prop_assert_eq!(writer.chunk(id, &data).is_err(), to_pipe);
            if !to_pipe {
                expected.push(kept(id, data, true));
            }
        }
        let written = pieces.concat();
        prop_assert_eq!(writer.position(), written.len() as u64);
        writer.finish(samples).unwrap();

        let mut reader = Reader::open(input(place.bytes(), from_pipe)).unwrap();
        prop_assert_eq!(reader.format(), &format);
        if format.inner_tag() != WaveFormat::PCM {
            prop_assert_eq!(reader.samples(), samples.or(reader.samples()));
        }
        // No size may also mean that nobody came back to say it.
        let knows = !from_pipe || !written.is_empty() && (!to_pipe || matches!(length, Length::Exactly(_)));
        if knows {
            prop_assert_eq!(reader.length(), Some(written.len() as u64));
        }
        let read = sound(&mut reader, most);
        prop_assert_eq!(reader.length(), Some(written.len() as u64));
        prop_assert!(read == written);
        prop_assert_eq!(reader.chunks(), &expected[..]);
        let is_framed = [0x50, 0x55, 0xff, 0x2000, 0x2001].contains(&format.inner_tag());
        let is_whole = read.len().is_multiple_of(format.block_align().into());
        prop_assert_eq!(reader.warnings().count(), u64::from(!is_whole && !is_framed), "{:?}", reader.warnings());
    }
}

#[test]
fn a_pipe_that_was_promised_another_length_says_so() {
    let format = WaveFormat::pcm(1, 8000, 8);
    let options = Options {
        length: Length::Exactly(4),
        samples: None,
    };
    let write = |is_pipe| {
        let mut writer = Writer::new(Place::default().output(is_pipe), &format, options);
        writer.write(&[1, 2, 3]).unwrap();
        writer.finish(None)
    };
    write(false).unwrap();
    assert_eq!(
        write(true).unwrap_err().to_string(),
        "a pipe cannot be told that the sound has another length, only a file can"
    );
}

#[test]
fn blocks_are_skipped_as_they_are_read() {
    let format = WaveFormat::pcm(2, 8000, 16);
    let place = Place::default();
    let mut writer = Writer::new(place.output(false), &format, Options::default());
    writer.write(&(0..100).collect::<Vec<u8>>()).unwrap();
    writer.chunk(FourCc::new(*b"cue "), &[0; 4]).unwrap();
    writer.finish(None).unwrap();
    for is_pipe in [false, true] {
        let mut reader = Reader::open(input(place.bytes(), is_pipe)).unwrap();
        let mut block = Vec::new();
        assert_eq!(reader.skip_blocks(3).unwrap(), 12);
        assert_eq!(reader.read_blocks(1, &mut block).unwrap(), 4);
        assert_eq!((block, reader.position()), (vec![12, 13, 14, 15], 16));
        assert_eq!(reader.skip_blocks(u64::MAX).unwrap(), 84);
        assert_eq!((reader.chunks().len(), reader.warnings().count()), (1, 0));
    }
}
