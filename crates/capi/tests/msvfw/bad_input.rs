//! What no program should do: each has an answer, and the codec works on.

use std::sync::Arc;

use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, CompVars, FourCc, IcDecompress, Structure};
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::media::Video;

use crate::films::{Reel, output_of, reel};
use crate::house::*;

const BAD_PARAM: isize = -6;
const BAD_HANDLE: isize = -8;

/// Where nothing is.
const WILD: [usize; 4] = [1, 0xffff, 0xdead_0000_0000, usize::MAX - 64];

/// What is there and cannot be written.
static FIXED: [u8; 4096] = [0x55; 4096];

/// A codec with a film, and the parts of a call that works.
struct Scene {
    hic: usize,
    reel: Reel,
    input: Vec<u8>,
    frame: Vec<u8>,
    target: Vec<u8>,
    picture: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let reel = reel(Video::Rle8);
        let hic = call!(ICOpen(VIDC, code(b"mrle"), DECOMPRESS));
        assert_ne!(hic, 0, "{}", reason());
        let mut input = reel.format.as_bytes().to_vec();
        let output = output_of(hic, &mut input);
        let size = BitmapFormat::pixels_size(&output.header()) as usize;
        let frame = reel.frames[0].clone();
        Self {
            hic,
            input: sized(&reel.format, frame.len()),
            target: sized(&output, size),
            picture: vec![0; size],
            frame,
            reel,
        }
    }

    fn request(&mut self) -> IcDecompress<u64> {
        IcDecompress {
            flags: 0,
            input_format: at(&mut self.input) as u64,
            input: at(&mut self.frame) as u64,
            output_format: at(&mut self.target) as u64,
            output: at(&mut self.picture) as u64,
            chunk: 0,
        }
    }

    fn decompress(&mut self, request: &IcDecompress<u64>) -> isize {
        let mut asked = bytes(request);
        let (message, size) = (Message::ICM_DECOMPRESS.0, asked.len());
        call!(ICSendMessage(self.hic, message, at(&mut asked), size))
    }

    /// The codec does what it did.
    fn works(&mut self) {
        let request = self.request();
        self.picture.fill(0);
        assert_eq!(self.decompress(&request), 0, "{}", reason());
        assert!(self.picture.iter().any(|&byte| byte != 0));
    }

    /// The header of a format, changed.
    fn lie(format: &[u8], change: impl FnOnce(&mut BitmapInfoHeader)) -> Vec<u8> {
        let mut header = BitmapInfoHeader::read(format).unwrap();
        change(&mut header);
        let mut bytes = format.to_vec();
        header.write(&mut bytes).unwrap();
        bytes
    }
}

both_widths! {
    fn pointers_that_lead_nowhere_are_bad_parameters(_width) {
        let mut scene = Scene::new();
        scene.works();
        let good = scene.request();
        for wild in WILD.into_iter().chain([0]) {
            let wild = wild as u64;
            for bad in [
                IcDecompress { input_format: wild, ..good },
                IcDecompress { input: wild, ..good },
                IcDecompress { output_format: wild, ..good },
                IcDecompress { output: wild, ..good },
            ] {
                assert_eq!(scene.decompress(&bad), BAD_PARAM, "{wild:#x}");
                assert!(reason().starts_with("ICSendMessage: "), "{}", reason());
            }
            let (hic, wild) = (scene.hic, wild as usize);
            for message in [
                Message::ICM_DECOMPRESS,
                Message::ICM_DECOMPRESSEX,
                Message::ICM_DECOMPRESS_QUERY,
                Message::ICM_DECOMPRESS_BEGIN,
                Message::ICM_DECOMPRESS_GET_FORMAT,
                Message::ICM_DECOMPRESS_GET_PALETTE,
                Message::ICM_COMPRESS,
                Message::ICM_COMPRESS_QUERY,
                Message::ICM_COMPRESS_GET_SIZE,
                Message::ICM_GETDEFAULTQUALITY,
                Message::ICM_DRAW_WINDOW,
            ] {
                let answer = call!(ICSendMessage(hic, message.0, wild, 24));
                assert_eq!(answer, BAD_PARAM, "{message:?} {wild:#x}");
            }
            if wild != 0 {
                for message in [Message::ICM_GETINFO, Message::ICM_GETSTATE, Message::ICM_SETSTATE] {
                    let answer = call!(ICSendMessage(hic, message.0, wild, 568));
                    assert_eq!(answer, BAD_PARAM, "{message:?} {wild:#x}");
                }
            }
            assert_eq!(call!(ICGetInfo(hic, wild, 568)), 0);
            assert_eq!(call!(ICInfo(VIDC, 0, wild)), 0);
            assert_eq!(call!(ICLocate(VIDC, 0, wild, 0, DECOMPRESS as u16)), 0);
            assert_eq!(call!(ICGetDisplayFormat(hic, wild, wild, 24, 0, 0)), 0);
            assert_eq!(call!(ICImageDecompress(0, 0, wild, wild, 0)), 0);
            assert_eq!(call!(ICImageCompress(hic, 0, wild, wild, 0, 0, 0)), 0);
            assert_eq!(call!(ICSeqCompressFrameStart(wild, wild)), 0);
            assert_eq!(call!(ICSeqCompressFrame(wild, 0, wild, wild, wild)), 0);
            assert_eq!(call!(ICCompressorChoose(0, 0, wild, wild, wild, wild)), 0);
            call!(ICSeqCompressFrameEnd(wild));
            call!(ICCompressorFree(wild));
        }
        scene.works();
    }

    fn what_cannot_be_written_is_a_bad_parameter(_width) {
        let mut scene = Scene::new();
        let fixed = FIXED.as_ptr().expose_provenance();
        let bad = IcDecompress { output: fixed as u64, ..scene.request() };
        assert_eq!(scene.decompress(&bad), BAD_PARAM);
        let (hic, input) = (scene.hic, at(&mut scene.input));
        for message in [Message::ICM_DECOMPRESS_GET_FORMAT, Message::ICM_DECOMPRESS_GET_PALETTE] {
            assert_eq!(call!(ICSendMessage(hic, message.0, input, fixed)), BAD_PARAM);
        }
        let message = Message::ICM_GETINFO.0;
        assert_eq!(call!(ICSendMessage(hic, message, fixed, 568)), BAD_PARAM);
        assert_eq!(call!(ICGetInfo(hic, fixed, 568)), 0);
        assert_eq!(FIXED, [0x55; 4096]);
        scene.works();
    }

    fn formats_may_lie(_width) {
        let mut scene = Scene::new();
        let good = scene.request();
        type Lie = fn(&mut BitmapInfoHeader);
        let lies: [Lie; 9] = [
            |header| header.size = 0,
            |header| header.size = 12,
            |header| header.size = u32::MAX,
            |header| header.width = i32::MAX,
            |header| header.height = i32::MIN,
            |header| (header.width, header.height) = (i32::MIN, i32::MAX),
            |header| header.image_size = u32::MAX,
            |header| header.bit_count = 0,
            |header| header.colours_used = u32::MAX,
        ];
        for (number, lie) in lies.into_iter().enumerate() {
            let mut input = Scene::lie(&scene.input, lie);
            let mut target = Scene::lie(&scene.target, lie);
            // The buffer is what it is: a codec may refuse, or decompress, but nothing else happens.
            let answer = scene.decompress(&IcDecompress {
                output_format: at(&mut target) as u64,
                ..good
            });
            assert!(answer <= 3, "{number}: {answer}");
            let (hic, input) = (scene.hic, at(&mut input));
            for message in [Message::ICM_DECOMPRESS_QUERY, Message::ICM_DECOMPRESS_GET_FORMAT] {
                let answer = call!(ICSendMessage(hic, message.0, input, 0));
                assert!(answer <= 1 << 20, "{number}: {answer}");
            }
            scene.works();
        }
        // A frame that is said to be longer than what is there.
        let mut input = Scene::lie(&scene.input, |header| header.image_size = 1 << 29);
        let bad = IcDecompress { input_format: at(&mut input) as u64, ..good };
        assert_eq!(scene.decompress(&bad), BAD_PARAM);
        // One of which nothing is said is read as far as its picture could go.
        let mut input = Scene::lie(&scene.input, |header| header.image_size = 0);
        let bad = IcDecompress { input_format: at(&mut input) as u64, ..good };
        assert!(scene.decompress(&bad) <= 0);
        scene.works();
    }

    fn handles_of_others_closed_ones_and_none_are_bad_handles(_width) {
        let mut scene = Scene::new();
        let own = Arc::new("no codec".to_owned());
        let other = opendriver_capi::process::process().handles.insert(own);
        let closed = call!(ICOpen(VIDC, code(b"cvid"), DECOMPRESS));
        assert_eq!(call!(ICClose(closed)), 0);
        let mut info = [0_u8; 568];
        for hic in [0, 1, other, closed, usize::MAX, 0x1234_5678_9abc] {
            assert_eq!(call!(ICSendMessage(hic, Message::ICM_ABOUT.0, usize::MAX, 1)), BAD_HANDLE);
            assert_eq!(call!(ICGetInfo(hic, at(&mut info), 568)), BAD_HANDLE);
            assert_eq!(call!(ICDecompress(hic, 0, 0, 0, 0, 0)) as i32 as isize, BAD_HANDLE);
            assert_eq!(call!(ICDraw(hic, 0, 0, 0, 0, 0)) as i32 as isize, BAD_HANDLE);
            assert_eq!(call!(ICClose(hic)), BAD_HANDLE);
            assert!(reason().contains("handle"), "{}", reason());
            if hic != 0 {
                let input = at(&mut scene.input);
                assert_eq!(call!(ICImageDecompress(hic, 0, input, input, 0)), 0);
                assert_eq!(call!(ICGetDisplayFormat(hic, input, at(&mut info), 24, 0, 0)), 0);
            }
            let mut vars = bytes(&CompVars::<u64> {
                size: CompVars::<u64>::SIZE as i32,
                flags: 1,
                codec: hic as u64,
                ..CompVars::zeroed()
            });
            assert_eq!(call!(ICSeqCompressFrameStart(at(&mut vars), at(&mut scene.input))), 0);
            call!(ICSeqCompressFrameEnd(at(&mut vars)));
            call!(ICCompressorFree(at(&mut vars)));
        }
        assert!(opendriver_capi::process::process().handles.get::<String>(other).is_ok());
        scene.works();
    }

    fn a_compvars_that_is_too_short_is_none(_width) {
        let mut scene = Scene::new();
        for size in [0, 4, 95] {
            let mut vars = bytes(&CompVars::<u64> {
                size,
                flags: 1,
                codec: scene.hic as u64,
                handler: FourCc::new(*b"mrle"),
                ..CompVars::zeroed()
            });
            let before = vars.clone();
            assert_eq!(call!(ICCompressorChoose(0, 0, 0, 0, at(&mut vars), 0)), 0);
            assert!(reason().contains("COMPVARS"), "{}", reason());
            assert_eq!(call!(ICSeqCompressFrameStart(at(&mut vars), at(&mut scene.input))), 0);
            call!(ICCompressorFree(at(&mut vars)));
            assert_eq!(vars, before);
        }
        scene.works();
    }

    fn numbers_that_a_32_bit_codec_has_no_room_for_are_told(width) {
        let scene = Scene::new();
        let answer = call!(ICSendMessage(scene.hic, 0x4FF0, 1 << 40, 0));
        if width == opendriver::Width::W32 {
            assert_eq!(answer, BAD_PARAM);
            assert!(reason().contains("32-bit"), "{}", reason());
        } else {
            assert_eq!(answer, -1, "it does not know the message");
        }
        // Messages of the life cycle are the system's.
        assert_eq!(call!(ICSendMessage(scene.hic, Message::DRV_CLOSE.0, 0, 0)), BAD_PARAM);
        assert_eq!(call!(ICSendMessage(scene.hic, u32::MAX, 0, 0)), -1);
        let function = FIXED.as_ptr().addr();
        let mut status = [0_u64, 0, function as u64];
        let message = Message::ICM_SET_STATUS_PROC.0;
        assert_eq!(call!(ICSendMessage(scene.hic, message, at(&mut status), 24)), -1);
        assert!(reason().contains("cannot call"), "{}", reason());
    }

    fn images_of_huge_pictures_are_refused(_width) {
        let scene = Scene::new();
        let huge = Scene::lie(scene.reel.format.as_bytes(), |header| {
            (header.width, header.height, header.image_size) = (30_000, 30_000, 100);
        });
        let mut input = huge;
        let mut deep = BitmapFormat::uncompressed(Pixel::Rgb24, 60_000, 60_000).as_bytes().to_vec();
        let (input, output) = (at(&mut input), at(&mut deep));
        let mut frame = [0_u8; 100];
        assert_eq!(call!(ICImageDecompress(0, 0, input, at(&mut frame), output)), 0);
        assert_eq!(call!(ICImageCompress(scene.hic, 0, output, at(&mut frame), 0, 0, 0)), 0);
    }
}
