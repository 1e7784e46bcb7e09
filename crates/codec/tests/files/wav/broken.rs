//! Every byte of a header flipped or cut: an error with its place, or what can be had, and never more work than the file is long.

use opendriver_abi::structures::FourCc;
use opendriver_codec::WaveFormat;
use opendriver_codec::file::wav::{Length, Options, Reader, Writer};

use crate::place::{Place, input, sound};

const SOUND: usize = 200;

fn whole(length: Length) -> Vec<u8> {
    let place = Place::default();
    let options = Options {
        length,
        samples: Some(50),
    };
    let mut writer = Writer::new(
        place.output(false),
        &WaveFormat::float(1, 8000, 32),
        options,
    );
    writer.chunk(FourCc::new(*b"bext"), &[1; 33]).unwrap();
    writer.write(&[9; SOUND]).unwrap();
    writer
        .chunk(FourCc::new(*b"LIST"), b"INFOICMT\x03\0\0\0abc\0")
        .unwrap();
    writer.finish(None).unwrap();
    place.bytes()
}

/// Reads all there is; answers how much sound, or the error, which must say where.
fn read(bytes: &[u8], is_pipe: bool) -> Result<(usize, u64), String> {
    let mut reader = Reader::open(input(bytes.to_vec(), is_pipe)).map_err(|error| {
        let text = error.to_string();
        assert!(text.contains("at offset "), "{text}");
        text
    })?;
    let found = sound(&mut reader, 64);
    assert!(found.len() <= bytes.len());
    for warning in reader.warnings().kept() {
        assert!(warning.offset <= bytes.len() as u64, "{warning}");
    }
    let kept: usize = reader.chunks().iter().map(|chunk| chunk.data.len()).sum();
    assert!(kept + found.len() <= bytes.len());
    Ok((found.len(), reader.warnings().count()))
}

#[test]
fn every_bit_of_every_header_can_be_flipped() {
    for length in [Length::Unknown, Length::AtMost(1000)] {
        let whole = whole(length);
        let start = whole.windows(4).position(|four| four == b"data").unwrap() + 8;
        let headers = (0..start).chain(start + SOUND..whole.len());
        for at in headers {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                let file = read(&bytes, false);
                let _ = read(&bytes, true);
                if let Ok((found, _)) = file
                    && !(start - 4..start).contains(&at)
                {
                    // The sound is where it was, unless a size led elsewhere.
                    assert!(
                        found == SOUND || (12..start).contains(&at),
                        "{at} {bit} {found}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_file_may_end_anywhere() {
    let whole = whole(Length::Unknown);
    let start = whole.windows(4).position(|four| four == b"data").unwrap() + 8;
    for end in 0..whole.len() {
        for is_pipe in [false, true] {
            match read(&whole[..end], is_pipe) {
                Err(_) => assert!(end < start, "{end}"),
                Ok((found, warnings)) => {
                    assert_eq!(found, (end - start).min(SOUND), "{end}");
                    // Where only padding or a whole chunk is lost from a pipe, nothing is seen to be missing.
                    assert!(warnings > 0 || end >= start + SOUND, "{end}");
                }
            }
        }
    }
}

#[test]
fn errors_say_what_was_expected_and_what_was_found() {
    let whole = whole(Length::AtMost(1000));
    let changed = |at: usize, to: &[u8]| {
        let mut bytes = whole.clone();
        bytes.splice(at..at + to.len(), to.iter().copied());
        read(&bytes, false).unwrap_err()
    };
    let said = |offset: u64, expected: &str, found: &str| {
        format!("not a good WAV file: expected {expected} at offset {offset}, found {found}")
    };
    assert_eq!(changed(0, b"RIFX"), said(0, "\"RIFF\"", "\"RIFX\""));
    assert_eq!(changed(8, b"AVI "), said(8, "\"WAVE\"", "\"AVI \""));
    assert_eq!(
        changed(12, b"fnt "),
        said(42, "\"fmt \"", "\"data\"").replace("42", &{
            let data = whole.windows(4).position(|four| four == b"data").unwrap();
            data.to_string()
        })
    );
    assert_eq!(
        read(b"", false).unwrap_err(),
        said(0, "\"RIFF\"", "the end of the file")
    );
    assert_eq!(
        read(b"RIFF\0\0\0\0WAVE", false).unwrap_err(),
        said(12, "\"fmt \"", "the end of the file")
    );
    let pieces = b"RIFF\0\0\0\0WAVELIST\x04\0\0\0wavl";
    assert_eq!(
        read(pieces, false).unwrap_err(),
        said(12, "\"data\"", "sound in pieces (\"wavl\")")
    );
}

#[test]
fn a_chunk_that_is_too_large_is_passed_over_with_a_warning() {
    let place = Place::default();
    let mut writer = Writer::new(
        place.output(false),
        &WaveFormat::pcm(1, 8000, 8),
        Options::default(),
    );
    writer
        .chunk(FourCc::new(*b"huge"), &vec![1; 17 << 20])
        .unwrap();
    writer.chunk(FourCc::new(*b"tiny"), &[1]).unwrap();
    writer.write(&[1, 2]).unwrap();
    writer.finish(None).unwrap();
    for is_pipe in [false, true] {
        let mut reader = Reader::open(input(place.bytes(), is_pipe)).unwrap();
        assert_eq!(sound(&mut reader, 9), [1, 2]);
        assert_eq!(reader.chunks().len(), 1);
        assert_eq!(
            reader.warnings().kept()[0].to_string(),
            "at offset 72: \"huge\" of 17825792 bytes is left out, being too large"
        );
    }
}

#[test]
fn padding_that_a_writer_left_out_is_not_missed() {
    let mut bytes = whole(Length::AtMost(1000));
    let bext = bytes.windows(4).position(|four| four == b"bext").unwrap();
    bytes.remove(bext + 8 + 33);
    for is_pipe in [false, true] {
        let mut reader = Reader::open(input(bytes.clone(), is_pipe)).unwrap();
        assert_eq!(sound(&mut reader, 64).len(), SOUND);
        assert_eq!(reader.chunks().len(), 2);
        let first = reader.warnings().kept()[0].to_string();
        assert!(
            first.contains("\"data\" follows an odd size without padding"),
            "{first}"
        );
    }
}

#[test]
fn an_extensible_format_that_counts_nothing_is_completed() {
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x28\0\0\0\xfe\xff".to_vec();
    bytes.extend(&WaveFormat::pcm(2, 8000, 16).as_bytes()[2..]);
    bytes.extend([
        16, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71,
    ]);
    bytes.extend(b"data\0\0\0\0abcd");
    let mut reader = Reader::open(input(bytes, false)).unwrap();
    assert_eq!(reader.format().inner_tag(), WaveFormat::PCM);
    assert_eq!(reader.format().extra().len(), 22);
    assert_eq!(sound(&mut reader, 64), b"abcd");
    assert_eq!(reader.warnings().count(), 2);
}
