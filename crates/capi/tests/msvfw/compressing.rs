//! Compressing: single images, and sequences by a COMPVARS.

use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, CompVars, FourCc, Structure};
use opendriver_capi::own::{opendriver_free, opendriver_size};
use opendriver_codec::vfw::{FrameFlags, Mode, Settings};
use opendriver_codec::{BitmapFormat, Pixel};

use crate::house::*;

/// A picture with a moving edge, and noise that does not move.
fn picture(format: &BitmapFormat, number: usize) -> Vec<u8> {
    let line = Pixel::Rgb8.stride(format.width());
    let pixel = |at: usize| match at % line {
        x if x >= format.width() as usize => 0,
        x if x < 2 * number => 200,
        x => ((at / line * 7) ^ (x * 13)) as u8,
    };
    (0..format.image_size()).map(pixel).collect()
}

fn grey() -> BitmapFormat {
    BitmapFormat::uncompressed(Pixel::Rgb8, 64, 35)
}

/// What the library gave, and then took back.
#[expect(
    unsafe_code,
    reason = "reads memory that the library gave, and frees it"
)]
fn taken(handle: usize) -> Vec<u8> {
    assert_ne!(handle, 0, "{}", reason());
    // SAFETY: a number.
    let size = unsafe { opendriver_size(handle) };
    let image = opendriver_capi::claim::bytes(handle, size).unwrap();
    // SAFETY: the memory is not used any more.
    let freed = unsafe { opendriver_free(handle) };
    assert_eq!(freed, 0);
    // SAFETY: the library knows that it is none any more.
    let again = unsafe { opendriver_free(handle) };
    assert_ne!(again, 0);
    image
}

fn vars(hic: usize, key_every: i32) -> CompVars<u64> {
    CompVars {
        size: CompVars::<u64>::SIZE as i32,
        flags: 1,
        codec: hic as u64,
        kind: FourCc::VIDC,
        handler: FourCc::new(*b"mrle"),
        key_every,
        quality: 10_000,
        ..CompVars::zeroed()
    }
}

both_widths! {
    fn an_image_goes_there_and_back(_width) {
        let format = grey();
        let mut input = format.as_bytes().to_vec();
        let mut pixels = picture(&format, 3);
        let hic = call!(ICOpen(VIDC, code(b"mrle"), COMPRESS));
        let mut size = [0_u32];
        let image = call!(ICImageCompress(
            hic, 0, at(&mut input), at(&mut pixels), 0, 8000, at(&mut size),
        ));
        let mut image = taken(image);
        let header = BitmapInfoHeader::read(&image).unwrap();
        let behind = 40 + 4 * 256;
        assert_eq!((header.compression.0, header.image_size), (1, size[0]));
        assert_eq!(image.len(), behind + size[0] as usize);

        let (_manager, codecs) = typed();
        let codec = codecs.open(FourCc::new(*b"mrle"), Mode::Compress).unwrap();
        let output = codec.compress_format(&format).unwrap();
        let settings = Settings { quality: Some(8000), ..Settings::default() };
        let mut compressor = codec.into_compressor(&format, &output, settings).unwrap();
        assert!(image[behind..] == *compressor.frame(&pixels, true).unwrap().data);

        // No codec is named: one is found by the format.
        let (head, frame) = image.split_at_mut(behind);
        let back = taken(call!(ICImageDecompress(0, 0, at(head), at(frame), 0)));
        let header = BitmapInfoHeader::read(&back).unwrap();
        assert_eq!((header.compression.0, header.bit_count), (0, 8));
        assert!(back[behind..] == pixels[..]);
        assert_eq!(call!(ICClose(hic)), 0);
    }

    fn a_sequence_is_what_the_typed_calls_make(_width) {
        let format = grey();
        let mut input = format.as_bytes().to_vec();
        let hic = call!(ICOpen(VIDC, code(b"mrle"), COMPRESS));
        let mut vars = bytes(&vars(hic, 4));
        assert_eq!(call!(ICSeqCompressFrameStart(at(&mut vars), at(&mut input))), 1, "{}", reason());
        let started = CompVars::<u64>::read(&vars).unwrap();
        assert!(started.output != 0 && started.output_format != 0);

        let (_manager, codecs) = typed();
        let codec = codecs.open(FourCc::new(*b"mrle"), Mode::Compress).unwrap();
        let output = codec.compress_format(&format).unwrap();
        let settings = Settings {
            quality: Some(10_000),
            key_every: Some(4),
            ..Settings::default()
        };
        let mut compressor = codec.into_compressor(&format, &output, settings).unwrap();
        let decoder = codecs.open(FourCc::new(*b"mrle"), Mode::Decompress).unwrap();
        let mut decoder = decoder.into_decompressor(&output, &format).unwrap();
        let mut keys = Vec::new();
        for number in 0..10 {
            let mut pixels = picture(&format, number);
            let (mut key, mut size) = ([7_u32], [0_u32]);
            let frame = call!(ICSeqCompressFrame(
                at(&mut vars), 0, at(&mut pixels), at(&mut key), at(&mut size),
            ));
            assert_eq!(frame, started.output as usize, "{}", reason());
            let frame = opendriver_capi::claim::bytes(frame, size[0] as usize).unwrap();
            let expected = compressor.frame(&pixels, false).unwrap();
            assert_eq!((key[0] == 1, &*frame), (expected.key, expected.data), "frame {number}");
            if key[0] == 1 {
                keys.push(number);
            }
            let decoded = decoder.frame(&frame, FrameFlags::default()).unwrap();
            assert!(decoded.bytes == pixels, "picture {number}");
            assert_eq!({ CompVars::<u64>::read(&vars).unwrap().frame }, number as i32 + 1);
        }
        assert_eq!(keys, [0, 4, 8]);
        call!(ICSeqCompressFrameEnd(at(&mut vars)));
        let ended = CompVars::<u64>::read(&vars).unwrap();
        assert_eq!((ended.output, ended.output_format, ended.previous), (0, 0, 0));
        assert_eq!(ended.codec, hic as u64);
        let mut pixels = picture(&format, 0);
        assert_eq!(call!(ICSeqCompressFrame(at(&mut vars), 0, at(&mut pixels), 0, 0)), 0);
        assert!(reason().contains("not started"), "{}", reason());
        call!(ICCompressorFree(at(&mut vars)));
        assert_eq!({ CompVars::<u64>::read(&vars).unwrap().codec }, 0);
        assert_eq!(call!(ICClose(hic)), -8, "it was closed with the rest");
    }

    fn nobody_chooses_but_what_is_chosen_is_opened(_width) {
        let mut input = grey().as_bytes().to_vec();
        let mut chosen = bytes(&CompVars { flags: 0, ..vars(0, 1) });
        assert_eq!(call!(ICCompressorChoose(0, 0, at(&mut input), 0, at(&mut chosen), 0)), 0);
        assert!(reason().contains("no screen"), "{}", reason());

        let mut chosen = bytes(&vars(0, 1));
        assert_eq!(call!(ICCompressorChoose(0, 0, at(&mut input), 0, at(&mut chosen), 0)), 1);
        assert_ne!({ CompVars::<u64>::read(&chosen).unwrap().codec }, 0);
        assert_eq!(call!(ICSeqCompressFrameStart(at(&mut chosen), at(&mut input))), 1);
        // All of it goes, also what was not ended.
        call!(ICCompressorFree(at(&mut chosen)));
        assert!(chosen[4..].iter().all(|&byte| byte == 0));

        // One that does not take the input is closed again.
        let mut deep = BitmapFormat::uncompressed(Pixel::Rgb24, 64, 35).as_bytes().to_vec();
        let mut chosen = bytes(&CompVars { handler: FourCc::new(*b"cvid"), ..vars(0, 1) });
        assert_eq!(call!(ICCompressorChoose(0, 0, at(&mut deep), 0, at(&mut chosen), 0)), 0);
        assert_eq!({ CompVars::<u64>::read(&chosen).unwrap().codec }, 0);
    }

    fn a_picture_is_compressed_by_the_plain_calls(_width) {
        let format = grey();
        let hic = call!(ICOpen(VIDC, code(b"mrle"), COMPRESS));
        let mut input = format.as_bytes().to_vec();
        let get = Message::ICM_COMPRESS_GET_FORMAT.0;
        let size = call!(ICSendMessage(hic, get, at(&mut input), 0));
        let mut output = vec![0; size as usize];
        assert_eq!(call!(ICSendMessage(hic, get, at(&mut input), at(&mut output))), 0);
        let message = Message::ICM_COMPRESS_GET_SIZE.0;
        let room = call!(ICSendMessage(hic, message, at(&mut input), at(&mut output)));
        let mut frame = vec![0xEE; room as usize + 64];
        let begin = Message::ICM_COMPRESS_BEGIN.0;
        assert_eq!(call!(ICSendMessage(hic, begin, at(&mut input), at(&mut output))), 0);
        let mut pixels = picture(&format, 5);
        let mut told = [0_u32; 2];
        let [chunk, flags] = [at(&mut told), at(&mut told[1..])];
        let answer = call!(ICCompress(
            hic, 1, at(&mut output), at(&mut frame), at(&mut input), at(&mut pixels),
            chunk, flags, 0, 0, 10_000, 0, 0,
        ));
        assert_eq!(answer, 0, "{}", reason());
        let size = BitmapInfoHeader::read(&output).unwrap().image_size as usize;
        assert!(size > 0 && size <= room as usize && told[1] & 0x10 != 0);
        assert_eq!(frame[room as usize..], [0xEE; 64]);
        let (head, frame) = (at(&mut output), at(&mut frame));
        let back = taken(call!(ICImageDecompress(0, 0, head, frame, 0)));
        assert!(back[40 + 1024..] == pixels[..]);
        assert_eq!(call!(ICClose(hic)), 0);
    }
}
