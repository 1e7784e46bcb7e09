//! What two readers make of a file, in one form that can be compared.

use std::path::Path;

use opendriver_codec::file::Input;
use opendriver_codec::file::avi::{ChunkKind, Reader};

use crate::ffmpeg;

/// A chunk of a stream, as any reader sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Packet {
    /// Where its bytes start.
    pub(crate) place: u64,
    pub(crate) stream: usize,
    pub(crate) start: u64,
    pub(crate) size: usize,
    pub(crate) key: Option<bool>,
}

/// What `ffprobe` finds, in the order of the file.
pub(crate) fn of_ffprobe(file: &str) -> Vec<Packet> {
    let entries = "packet=stream_index,dts,size,pos,flags";
    let lines = ffmpeg::run(
        "ffprobe",
        &["-show_entries", entries, "-of", "csv=p=0", file],
    );
    let mut packets: Vec<_> = lines
        .lines()
        .filter(|line| !line.is_empty())
        .map(packet)
        .collect();
    packets.sort();
    packets
}

fn packet(line: &str) -> Packet {
    let words: Vec<&str> = line.split(',').collect();
    let [stream, start, size, place, flags, ..] = words[..] else {
        panic!("expected five words, found {line}");
    };
    let number = |word: &str| {
        word.parse()
            .unwrap_or_else(|_| panic!("expected a number, found {word} in {line}"))
    };
    Packet {
        place: number(place),
        stream: number(stream) as usize,
        start: number(start),
        size: number(size) as usize,
        key: Some(flags.starts_with('K')),
    }
}

/// What our reader finds. Nothing may be wrong with the file.
pub(crate) fn of_ours(input: Input) -> Vec<Packet> {
    let mut reader = Reader::open(input).expect("the file is sound");
    let packets = all(&mut reader);
    assert_eq!(reader.warnings().count(), 0, "{:?}", reader.warnings());
    packets
}

/// What our reader finds from where it is.
pub(crate) fn all(reader: &mut Reader) -> Vec<Packet> {
    let (mut packets, mut data) = (Vec::new(), Vec::new());
    while let Some(chunk) = reader.next(&mut data).expect("the file can be read") {
        if chunk.kind != ChunkKind::Palette {
            packets.push(Packet {
                place: chunk.offset + 8,
                stream: chunk.stream,
                start: chunk.start,
                size: data.len(),
                key: chunk.key,
            });
        }
    }
    packets
}

/// What our reader finds in a file on the disk.
pub(crate) fn of_file(path: &Path) -> Vec<Packet> {
    let file = std::fs::File::open(path).expect("the file is there");
    of_ours(Input::file(file).expect("a file can be sought in"))
}

/// What our reader finds in a pipe.
pub(crate) fn of_pipe(path: &Path) -> Vec<Packet> {
    of_ours(Input::pipe(
        std::fs::File::open(path).expect("the file is there"),
    ))
}
