//! A codec that tells what it was told: structures arrive in its own layout, and what it writes comes back.

use opendriver_abi::Message;
use opendriver_abi::structures::{
    BitmapInfoHeader, IcCompressFrames, IcDecompress, IcDecompressEx, Structure,
};
use opendriver_codec::{BitmapFormat, Pixel};

use crate::house::*;

/// What came back: the numbers that the codec was told, and bytes behind them that are as they were.
fn numbers(told: &[u8], count: usize) -> Vec<u32> {
    assert!(
        told[4 * count..].iter().all(|&byte| byte == 0xEE),
        "{told:?}"
    );
    let numbers = told
        .as_chunks()
        .0
        .iter()
        .map(|&number| u32::from_le_bytes(number));
    numbers.take(count).collect()
}

fn opened(mode: u32) -> usize {
    let hic = call!(ICOpen(VIDC, code(b"tell"), mode));
    assert_ne!(hic, 0, "{}", reason());
    hic
}

fn send(hic: usize, message: Message, structure: &impl Structure) -> isize {
    let mut asked = bytes(structure);
    let size = asked.len();
    call!(ICSendMessage(hic, message.0, at(&mut asked), size))
}

both_widths! {
    fn frames_to_decompress_arrive_whole(_width) {
        let hic = opened(DECOMPRESS);
        let output = BitmapFormat::uncompressed(Pixel::Rgb32, 16, 16);
        let (mut input, mut output) = (sized(&output, 7), sized(&output, 0));
        let mut frame = *b"\x11\x22\x33\x44567";
        let mut picture = vec![0xEE; 16 * 16 * 4];
        let asked = IcDecompress::<u64> {
            flags: 0x2000_0000,
            input_format: at(&mut input) as u64,
            input: at(&mut frame) as u64,
            output_format: at(&mut output) as u64,
            output: at(&mut picture) as u64,
            chunk: 99,
        };
        assert_eq!(send(hic, Message::ICM_DECOMPRESS, &asked), 0, "{}", reason());
        assert_eq!(numbers(&picture, 8), [1, 1, 0x2000_0000, 7, 0x4433_2211, 32, 99, 0]);

        picture.fill(0xEE);
        let asked = IcDecompressEx::<u64> {
            flags: 5,
            source_format: at(&mut input) as u64,
            source: at(&mut frame) as u64,
            destination_format: at(&mut output) as u64,
            destination: at(&mut picture) as u64,
            destination_x: 1,
            destination_y: 2,
            destination_width: 3,
            destination_height: -4,
            source_x: 5,
            source_y: 6,
            source_width: 7,
            source_height: 8,
        };
        assert_eq!(send(hic, Message::ICM_DECOMPRESSEX, &asked), 0, "{}", reason());
        let told = [2, 1, 5, 0x4433_2211, 7, 32, 1, 2, 3, -4_i32 as u32, 5, 6, 7, 8];
        assert_eq!(numbers(&picture, 14), told);
        // What is only asked names no frames, and where they would be is not looked at.
        let asked = IcDecompressEx { source: 8, destination: 8, ..asked };
        assert_eq!(send(hic, Message::ICM_DECOMPRESSEX_QUERY, &asked), 0, "{}", reason());
        assert_eq!(call!(ICClose(hic)), 0);
    }

    fn palettes_come_back_and_go_in(_width) {
        let hic = opened(DECOMPRESS);
        let mut input = BitmapFormat::uncompressed(Pixel::Rgb24, 8, 8).as_bytes().to_vec();
        let mut output = vec![0xEE; 40 + 1024 + 8];
        output[..40].copy_from_slice(&BitmapFormat::uncompressed(Pixel::Rgb8, 8, 8).as_bytes()[..40]);
        let message = Message::ICM_DECOMPRESS_GET_PALETTE.0;
        assert_eq!(call!(ICSendMessage(hic, message, at(&mut input), at(&mut output))), 0);
        assert_eq!({ BitmapInfoHeader::read(&output).unwrap().colours_used }, 2);
        assert_eq!(output[40..48], [1, 2, 3, 0, 4, 5, 6, 0]);
        assert!(output[48..].iter().all(|&byte| byte == 0xEE));
        let message = Message::ICM_DECOMPRESS_SET_PALETTE.0;
        assert_eq!(call!(ICSendMessage(hic, message, at(&mut output), 0)), 0);
        let mut picture = vec![0xEE; 8 * 8 * 3];
        let mut frame = [0_u8; 4];
        let mut input = sized(&BitmapFormat::parse(&input).unwrap(), 4);
        let target = at(&mut input);
        let answer = call!(ICDecompress(
            hic, 0, at(&mut input), at(&mut frame), target, at(&mut picture),
        ));
        assert_eq!(answer, 0, "{}", reason());
        assert_eq!(numbers(&picture, 8)[7], 0x0003_0201);
        assert_eq!(call!(ICClose(hic)), 0);
    }

    fn pictures_to_compress_arrive_whole(_width) {
        let hic = opened(COMPRESS);
        let format = BitmapFormat::uncompressed(Pixel::Rgb24, 16, 16);
        let (mut input, mut output) = (format.as_bytes().to_vec(), vec![0; 40]);
        let message = Message::ICM_COMPRESS_GET_FORMAT.0;
        assert_eq!(call!(ICSendMessage(hic, message, at(&mut input), at(&mut output))), 0);
        let frames = IcCompressFrames::<u64> {
            input_format: at(&mut input) as u64,
            output_format: at(&mut output) as u64,
            // Only the application knows what these are.
            input: u64::MAX / 3,
            output: u64::MAX / 5,
            quality: 1,
            data_rate: 2,
            key_rate: 3,
            rate: 4,
            scale: 5,
            ..IcCompressFrames::zeroed()
        };
        let told = send(hic, Message::ICM_COMPRESS_FRAMES_INFO, &frames);
        assert_eq!(told, 0, "{}", reason());
        let mut pixels = vec![0x5A_u8; 16 * 16 * 3];
        let mut previous = vec![0xA5_u8; 16 * 16 * 3];
        let mut frame = vec![0xEE; 4096];
        let mut told = [0_u32; 2];
        let [chunk, flags] = [at(&mut told), at(&mut told[1..])];
        let answer = call!(ICCompress(
            hic, 1, at(&mut output), at(&mut frame), at(&mut input), at(&mut pixels),
            chunk, flags, 41, 42, 43, at(&mut input), at(&mut previous),
        ));
        assert_eq!(answer, 0, "{}", reason());
        assert_eq!({ BitmapInfoHeader::read(&output).unwrap().image_size }, 60);
        assert_eq!(told, [code(b"00dc"), 0x10]);
        let expected = [3, 1, 1, 41, 42, 43, 0x5A5A_5A5A, 24, 24, 0xA5A5_A5A5, 1, 2, 3, 4, 5];
        assert_eq!(numbers(&frame, 15), expected);
        // Neither a previous picture nor what the codec tells needs to be wanted.
        let answer = call!(ICCompress(
            hic, 0, at(&mut output), at(&mut frame), at(&mut input), at(&mut pixels),
            chunk, flags, 0, 0, 0, 0, 0,
        ));
        assert_eq!(answer, 0, "{}", reason());
        assert_eq!(numbers(&frame, 15)[8..10], [0, 0]);
        assert_eq!(call!(ICClose(hic)), 0);
    }

    fn settings_come_back_and_go_in(_width) {
        let hic = opened(COMPRESS);
        let (get, set) = (Message::ICM_GETSTATE.0, Message::ICM_SETSTATE.0);
        assert_eq!(call!(ICSendMessage(hic, get, 0, 0)), 8);
        let mut state = *b"settings";
        assert_eq!(call!(ICSendMessage(hic, set, at(&mut state), 8)), 8);
        let mut told = *b"................";
        assert_eq!(call!(ICSendMessage(hic, get, at(&mut told), 8)), 0);
        assert_eq!(told, *b"settings........");
        assert_eq!(call!(ICClose(hic)), 0);
    }
}
