//! Whatever is written is read back, from files and from pipes.

use opendriver_abi::structures::{BitmapInfoHeader, FourCc};
use opendriver_codec::file::avi::{ChunkKind, Options, Reader, Stream, Writer};
use opendriver_codec::{BitmapFormat, Pixel, WaveFormat};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::place::{Place, input};

/// A chunk to be written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) stream: Index,
    pub(crate) data: Vec<u8>,
    pub(crate) key: bool,
    pub(crate) is_palette: bool,
}

/// Pictures of two colours.
pub(crate) fn compressed(codec: [u8; 4]) -> BitmapFormat {
    let header = BitmapInfoHeader {
        compression: FourCc::new(codec),
        colours_used: 2,
        ..BitmapFormat::uncompressed(Pixel::Rgb8, 8, 8).header()
    };
    BitmapFormat::new(header, &[0, 0, 0, 0, 255, 255, 255, 0])
}

fn stream() -> impl Strategy<Value = Stream> {
    let kinds = prop_oneof![
        (1..=1001_u32, 1..=60_000_u32).prop_map(|(scale, rate)| {
            Stream::video(compressed(*b"CRAM"), FourCc::new(*b"msvc"), scale, rate)
        }),
        Just(Stream::video(
            BitmapFormat::uncompressed(Pixel::Rgb24, 5, 3),
            FourCc::new(*b"DIB "),
            1,
            25
        )),
        (1..=2_u16, 8000..48_000_u32)
            .prop_map(|(channels, rate)| Stream::audio(WaveFormat::pcm(channels, rate, 16))),
        Just({
            let mut stream = Stream::audio(WaveFormat::pcm(1, 8000, 8));
            (stream.sample_size, stream.scale, stream.rate) = (0, 1152, 44_100);
            stream
        }),
    ];
    (kinds, vec(any::<u8>(), 0..20), vec(any::<u8>(), 0..20)).prop_map(
        |(mut stream, name, data)| {
            (stream.name, stream.data) = (name, data);
            stream
        },
    )
}

fn chunk() -> impl Strategy<Value = Written> {
    let data = prop_oneof![
        Just(Vec::new()),
        vec(any::<u8>(), 0..300),
        vec(any::<u8>(), 0..9)
    ];
    (
        any::<Index>(),
        data,
        any::<bool>(),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(stream, data, key, is_palette)| Written {
            stream,
            data,
            key,
            is_palette,
        })
}

fn options() -> impl Strategy<Value = Options> {
    let segment = prop_oneof![Just(1_u32 << 30), 0..4000_u32, 10_000..30_000_u32];
    let alignment = prop::option::of(prop_oneof![Just(2_u32), Just(512), Just(6)]);
    let info = vec((Just(FourCc::new(*b"INAM")), vec(any::<u8>(), 0..30)), 0..3);
    (any::<bool>(), segment, alignment, info).prop_map(|(open_dml, segment, alignment, info)| {
        Options {
            open_dml,
            segment,
            alignment,
            info,
        }
    })
}

/// What comes back of what is written.
type Read = (usize, bool, u64, Vec<u8>, Option<bool>);

/// Writes chunks. Answers the bytes and what a reader should find.
pub(crate) fn write(
    streams: &[Stream],
    chunks: &[Written],
    options: Options,
    is_pipe: bool,
    finish: bool,
) -> (Vec<u8>, Vec<Read>) {
    let place = Place::default();
    let mut writer = Writer::new(place.output(is_pipe), streams, options).unwrap();
    let mut counts = vec![0; streams.len()];
    let mut expected = Vec::new();
    for chunk in chunks {
        let stream = chunk.stream.index(streams.len());
        let is_video = streams[stream].kind.code() == FourCc::new(*b"vids");
        if chunk.is_palette && is_video {
            writer.write_palette(stream, &chunk.data).unwrap();
            expected.push((stream, true, counts[stream], chunk.data.clone(), None));
        } else {
            writer.write(stream, &chunk.data, chunk.key).unwrap();
            let always = !is_video || streams[stream].handler == FourCc::new(*b"DIB ");
            expected.push((
                stream,
                false,
                counts[stream],
                chunk.data.clone(),
                Some(always || chunk.key),
            ));
            counts[stream] += 1;
        }
    }
    if finish {
        writer.finish().unwrap();
    } else {
        // Dropped like this, what is buffered goes out and nothing more.
        drop(writer);
    }
    (place.bytes(), expected)
}

fn read(reader: &mut Reader) -> Vec<Read> {
    let (mut found, mut data) = (Vec::new(), vec![9; 7]);
    while let Some(chunk) = reader.next(&mut data).unwrap() {
        assert!(chunk.is_whole);
        let is_palette = chunk.kind == ChunkKind::Palette;
        found.push((
            chunk.stream,
            is_palette,
            chunk.number,
            data.clone(),
            chunk.key,
        ));
    }
    found
}

/// The same, as one knows it without an index.
fn without_keys(chunks: &[Read], streams: &[Stream]) -> Vec<Read> {
    let mut chunks = chunks.to_vec();
    for chunk in &mut chunks {
        if streams[chunk.0].handler == FourCc::new(*b"msvc") {
            chunk.4 = None;
        }
    }
    chunks
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(
        streams in vec(stream(), 1..5),
        chunks in vec(chunk(), 0..60),
        options in options(),
    ) {
        let (bytes, expected) = write(&streams, &chunks, options.clone(), false, true);
        let mut reader = Reader::open(input(bytes.clone(), false)).unwrap();
        let found = read(&mut reader);
        let keys = |chunks: &[Read]| chunks.iter().filter(|chunk| !chunk.1).count();
        // Where a stream has no key at all, its writer is taken not to have said.
        for (found, expected) in found.iter().zip(&expected) {
            prop_assert_eq!((found.0, found.1, found.2, &found.3), (expected.0, expected.1, expected.2, &expected.3));
            let has_keys = expected.4.is_none() || expected_has_key(&streams, &chunks, found.0);
            prop_assert!(found.4 == expected.4 || !has_keys && found.4.is_none());
        }
        prop_assert_eq!(found.len(), expected.len());
        let is_empty = keys(&expected) == 0;
        prop_assert!(reader.warnings().count() == 0 || is_empty, "{:?}", reader.warnings());
        for (stream, written) in reader.streams().iter().zip(&streams) {
            prop_assert_eq!(&stream.kind, &written.kind);
            prop_assert_eq!((&stream.name, &stream.data), (&written.name, &written.data));
            prop_assert_eq!((stream.scale, stream.rate), (written.scale, written.rate));
            let counted = expected.iter().filter(|chunk| !chunk.1 && &reader.streams()[chunk.0] == stream);
            let largest = counted.map(|chunk| chunk.3.len()).max().unwrap_or(0);
            prop_assert!(stream.suggested as usize >= largest);
        }
        let texts: Vec<_> = reader.info().to_vec();
        prop_assert_eq!(texts, options.info.clone());
        for number in 0..streams.len() {
            if let Some(count) = reader.count(number) {
                let written = expected.iter().filter(|chunk| chunk.0 == number && !chunk.1).count();
                prop_assert_eq!(count, written as u64);
            }
        }

        // Read as a pipe, the same file has no keys.
        let mut piped = Reader::open(input(bytes, true)).unwrap();
        prop_assert_eq!(read(&mut piped), without_keys(&expected, &streams));
        prop_assert_eq!(piped.info().to_vec(), options.info.clone());

        // Written to a pipe or never finished, it has the same chunks.
        for (is_pipe, finish) in [(true, true), (true, false), (false, false)] {
            let (bytes, _) = write(&streams, &chunks, options.clone(), is_pipe, finish);
            for read_as_pipe in [true, false] {
                let mut reader = Reader::open(input(bytes.clone(), read_as_pipe)).unwrap();
                let found = read(&mut reader);
                prop_assert_eq!(without_keys(&found, &streams), without_keys(&expected, &streams));
            }
        }
    }

    #[test]
    fn a_seek_comes_back_to_the_same_chunks(
        streams in vec(stream(), 1..4),
        chunks in vec(chunk(), 1..60),
        options in options(),
        stops in vec((any::<Index>(), 0..70_u64), 1..6),
        finish in any::<bool>(),
    ) {
        let (bytes, _) = write(&streams, &chunks, options, false, finish);
        let mut reader = Reader::open(input(bytes, false)).unwrap();
        reader.make_index().unwrap();
        let all = read(&mut reader);
        for (stream, frame) in stops {
            let stream = stream.index(streams.len());
            let key = reader.seek_to_key(stream, frame).unwrap();
            let keys = all.iter().filter(|chunk| chunk.0 == stream && !chunk.1 && chunk.2 <= frame);
            let expected = keys.filter(|chunk| chunk.4 == Some(true)).map(|chunk| chunk.2).max().unwrap_or(0);
            prop_assert_eq!(key, expected);
            let found = read(&mut reader);
            let Some(from) = all.iter().position(|chunk| chunk.0 == stream && !chunk.1 && chunk.2 == key) else {
                prop_assert!(!all.iter().any(|chunk| chunk.0 == stream && !chunk.1));
                continue;
            };
            // Changes of the palette before it come once more.
            let replayed = all[..from].iter().filter(|chunk| chunk.0 == stream && chunk.1);
            let replayed: Vec<_> = replayed.map(|chunk| &chunk.3).collect();
            let (again, rest) = found.split_at(replayed.len());
            prop_assert_eq!(again.iter().map(|chunk| &chunk.3).collect::<Vec<_>>(), replayed);
            prop_assert_eq!(rest, &all[from..]);
        }
    }
}

fn expected_has_key(streams: &[Stream], chunks: &[Written], stream: usize) -> bool {
    chunks
        .iter()
        .any(|chunk| chunk.key && !chunk.is_palette && chunk.stream.index(streams.len()) == stream)
}
