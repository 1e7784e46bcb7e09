//! Films, frame by frame: the same pictures as by the codecs' typed calls.

use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};

use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, Structure};
use opendriver_codec::file::Input;
use opendriver_codec::file::avi::{ChunkKind, Reader, StreamKind};
use opendriver_codec::vfw::FrameFlags;
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::media::{self, Film, Video};

use crate::house::*;

/// The pictures of a file, as they are in it.
pub(crate) struct Reel {
    pub(crate) format: BitmapFormat,
    pub(crate) handler: FourCc,
    pub(crate) frames: Vec<Vec<u8>>,
}

pub(crate) fn reel(codec: Video) -> Reel {
    let film = Film {
        width: 64,
        height: 48,
        frames: 12,
    };
    let file = File::open(media::video(codec, film)).unwrap();
    let mut reader = Reader::open(Input::file(file).unwrap()).unwrap();
    let stream = &reader.streams()[0];
    let (StreamKind::Video(format), handler) = (&stream.kind, stream.handler) else {
        panic!("{:?}", stream.kind)
    };
    let format = format.clone();
    let (mut data, mut frames) = (Vec::new(), Vec::new());
    while let Some(chunk) = reader.next(&mut data).unwrap() {
        if chunk.kind == ChunkKind::Frame {
            frames.push(data.clone());
        }
    }
    assert_eq!(frames.len(), 12);
    Reel {
        format,
        handler,
        frames,
    }
}

/// The format that an opened codec gives, its palette included, by its messages.
pub(crate) fn output_of(hic: usize, input: &mut [u8]) -> BitmapFormat {
    let get = Message::ICM_DECOMPRESS_GET_FORMAT.0;
    let size = call!(ICSendMessage(hic, get, at(input), 0));
    assert!(size >= 40, "{size}: {}", reason());
    let mut output = vec![0xEE; size as usize + 1024];
    assert_eq!(
        call!(ICSendMessage(hic, get, at(input), at(&mut output))),
        0
    );
    assert!(output[size as usize..].iter().all(|&byte| byte == 0xEE));
    let header = BitmapInfoHeader::read(&output).unwrap();
    if header.bit_count < 8 {
        // Wine's codec of 64 bits divides by zero when it decompresses to 4 bits.
        let (width, height) = (header.width.unsigned_abs(), header.height.unsigned_abs());
        return BitmapFormat::uncompressed(Pixel::Rgb24, width, height);
    }
    if header.bit_count == 8 {
        let palette = Message::ICM_DECOMPRESS_GET_PALETTE.0;
        call!(ICSendMessage(hic, palette, at(input), at(&mut output)));
    } else {
        output.truncate(size as usize);
    }
    BitmapFormat::parse(&output).unwrap()
}

const ALL: [Video; 6] = [
    Video::Cinepak,
    Video::GreyCinepak,
    Video::Video1,
    Video::PaletteVideo1,
    Video::Rle8,
    Video::Rle4,
];

both_widths! {
    fn pictures_are_those_of_the_typed_calls(_width) {
        let (_manager, codecs) = typed();
        for video in ALL {
            let reel = reel(video);
            let mut input = reel.format.as_bytes().to_vec();
            let hic = call!(ICLocate(VIDC, reel.handler.0, at(&mut input), 0, DECOMPRESS as u16));
            assert_ne!(hic, 0, "{video:?}: {}", reason());
            let output = output_of(hic, &mut input);
            let size = BitmapFormat::pixels_size(&output.header()) as usize;
            let mut target = sized(&output, size);

            let codec = codecs.for_decompressing(&reel.format, reel.handler).unwrap();
            let mut typed = codec.into_decompressor(&reel.format, &output).unwrap();

            let begin = Message::ICM_DECOMPRESS_BEGIN.0;
            assert_eq!(call!(ICSendMessage(hic, begin, at(&mut input), at(&mut target))), 0);
            let mut picture = vec![0; size];
            for (number, frame) in reel.frames.iter().enumerate() {
                let expected = typed.frame(frame, FrameFlags::default()).unwrap();
                if frame.is_empty() {
                    continue;
                }
                let mut input = sized(&reel.format, frame.len());
                let mut frame = frame.clone();
                let answer = call!(ICDecompress(
                    hic, 0, at(&mut input), at(&mut frame), at(&mut target), at(&mut picture),
                ));
                assert!(answer as i32 >= 0, "{video:?} {number}: {answer}: {}", reason());
                assert!(picture == expected.bytes, "{video:?}: picture {number} differs");
            }
            assert!(picture.iter().any(|&byte| byte != picture[0]), "{video:?}");
            let end = Message::ICM_DECOMPRESS_END.0;
            assert_eq!(call!(ICSendMessage(hic, end, 0, 0)), 0);
            assert_eq!(call!(ICClose(hic)), 0);
        }
    }

    fn many_threads_use_one_codec_and_their_own(_width) {
        let reel = reel(Video::Rle8);
        let mut input = reel.format.as_bytes().to_vec();
        let shared = call!(ICOpen(VIDC, code(b"mrle"), DECOMPRESS));
        let output = output_of(shared, &mut input);
        let first = decoded(shared, &reel, &output);
        let done = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (reel, output, first, done) = (&reel, &output, &first, &done);
                scope.spawn(move || {
                    for _ in 0..20 {
                        let own = call!(ICOpen(VIDC, code(b"mrle"), DECOMPRESS));
                        assert_ne!(own, 0, "{}", reason());
                        assert!(decoded(own, reel, output) == *first);
                        if thread % 2 == 0 {
                            // RLE keeps nothing from frame to frame: each picture is the caller's own.
                            assert!(decoded(shared, reel, output) == *first);
                        }
                        assert_eq!(call!(ICClose(own)), 0);
                        assert_eq!(call!(ICClose(own)), -8);
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(done.into_inner(), 160);
        assert_eq!(call!(ICClose(shared)), 0);
    }
}

/// The first picture of a reel.
fn decoded(hic: usize, reel: &Reel, output: &BitmapFormat) -> Vec<u8> {
    let size = BitmapFormat::pixels_size(&output.header()) as usize;
    let mut frame = reel.frames[0].clone();
    let mut input = sized(&reel.format, frame.len());
    let mut target = sized(output, size);
    let mut picture = vec![0; size];
    let answer = call!(ICDecompress(
        hic,
        0,
        at(&mut input),
        at(&mut frame),
        at(&mut target),
        at(&mut picture),
    ));
    assert_eq!(answer, 0, "{}", reason());
    picture
}
