//! Which codecs there are, and what they say of themselves.

use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, IcInfo, Structure};
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::media::Video;

use crate::films::reel;
use crate::house::*;

fn info(kind: u32, handler: u32) -> Option<IcInfo> {
    let mut info = bytes(&IcInfo {
        size: IcInfo::SIZE as u32,
        ..IcInfo::zeroed()
    });
    (call!(ICInfo(kind, handler, at(&mut info))) == 1).then(|| IcInfo::read(&info).unwrap())
}

both_widths! {
    fn codecs_are_found_by_code_and_by_number(_width) {
        let mut found: Vec<FourCc> = (0..9).map_while(|number| Some(info(VIDC, number)?.handler)).collect();
        found.sort_by_key(ToString::to_string);
        assert_eq!(found.pop(), Some(FourCc::new(*b"tell")));
        assert_eq!(found.len(), CODECS.len());
        for ((name, file), found) in CODECS.into_iter().zip(found) {
            assert_eq!(found.to_string(), name);
            for kind in [VIDC, code(b"VIDC"), 0] {
                let info = info(kind, code(name.to_uppercase().as_bytes().try_into().unwrap()));
                let info = info.unwrap();
                assert_eq!((info.kind, info.handler), (FourCc::VIDC, found));
                assert_eq!({ info.manager_version }, 0x104);
                assert!(info.driver.to_string().ends_with(file), "{}", info.driver);
            }
        }
        for (kind, handler) in [
            (code(b"audc"), code(b"cvid")),
            (VIDC, code(b"none")),
            (VIDC, CODECS.len() as u32 + 1),
            (VIDC, u32::MAX),
        ] {
            assert!(info(kind, handler).is_none());
            assert!(reason().starts_with("ICInfo: "), "{}", reason());
        }
        assert_eq!(call!(VideoForWindowsVersion()) >> 16, 0x400);
    }

    fn a_shorter_structure_is_filled_as_far_as_it_goes(_width) {
        let mut info = vec![0xEE; IcInfo::SIZE];
        info[..4].copy_from_slice(&24_u32.to_ne_bytes());
        assert_eq!(call!(ICInfo(VIDC, code(b"cvid"), at(&mut info))), 1);
        assert_eq!(info[8..12], *b"cvid");
        assert!(info[24..].iter().all(|&byte| byte == 0xEE));

        let hic = call!(ICOpen(VIDC, code(b"cvid"), DECOMPRESS));
        let mut info = vec![0xEE; IcInfo::SIZE];
        assert_eq!(call!(ICGetInfo(hic, at(&mut info), 20)), 20);
        assert!(info[..8] == [&(IcInfo::SIZE as u32).to_ne_bytes()[..], b"vidc"].concat());
        assert!(info[20..].iter().all(|&byte| byte == 0xEE));
        assert_eq!(call!(ICGetInfo(hic, 0, 0)), 0);
        assert_eq!(call!(ICClose(hic)), 0);
    }

    fn an_open_codec_says_what_it_is_and_the_manager_in_which_file(_width) {
        for (name, file) in CODECS {
            let hic = call!(ICOpen(code(b"VIDC"), code(name.as_bytes().try_into().unwrap()), 4));
            assert_ne!(hic, 0, "{}", reason());
            // More room than there is to be filled.
            let mut info = vec![0xEE; IcInfo::SIZE + 8];
            let room = info.len() as u32;
            assert_eq!(call!(ICGetInfo(hic, at(&mut info), room)), IcInfo::SIZE as isize);
            assert_eq!(info[IcInfo::SIZE..], [0xEE; 8]);
            let info = IcInfo::read(&info).unwrap();
            assert_eq!((info.kind, info.size as usize), (FourCc::VIDC, IcInfo::SIZE));
            assert_eq!(info.driver.to_string(), file);
            assert!(!info.description.to_string().is_empty());
            let unknown = Message::ICM_DRAW_IDLE.0;
            assert_eq!(call!(ICSendMessage(hic, unknown, usize::MAX, 1)), -1);
            assert_eq!(call!(ICClose(hic)), 0);
        }
    }

    fn a_codec_is_located_by_formats_whatever_code_is_preferred(_width) {
        let reel = reel(Video::Cinepak);
        let mut input = reel.format.as_bytes().to_vec();
        let mut fits = BitmapFormat::uncompressed(Pixel::Rgb24, 64, 48).as_bytes().to_vec();
        let strange = BitmapInfoHeader {
            width: 1064,
            compression: FourCc::new(*b"IV50"),
            ..reel.format.header()
        };
        let mut strange = reel.format.with_header(strange).as_bytes().to_vec();
        let mut other = BitmapFormat::uncompressed(Pixel::Rgb24, 999, 48).as_bytes().to_vec();
        let mode = DECOMPRESS as u16;
        for (output, handler) in [(0, 0), (0, code(b"none")), (at(&mut fits), code(b"CVID"))] {
            let hic = call!(ICLocate(VIDC, handler, at(&mut input), output, mode));
            assert_ne!(hic, 0, "{}", reason());
            let mut info = vec![0; IcInfo::SIZE];
            call!(ICGetInfo(hic, at(&mut info), IcInfo::SIZE as u32));
            assert_eq!(IcInfo::read(&info).unwrap().driver.to_string(), "iccvid.dll");
            assert_eq!(call!(ICClose(hic)), 0);
        }
        assert_ne!(call!(ICLocate(0, 0, at(&mut input), at(&mut fits), 3)), 0, "{}", reason());
        // Another gives what that one does not.
        let hic = call!(ICLocate(VIDC, code(b"cvid"), at(&mut input), at(&mut other), mode));
        let mut info = vec![0; IcInfo::SIZE];
        assert_ne!(call!(ICGetInfo(hic, at(&mut info), IcInfo::SIZE as u32)), 0);
        assert_ne!(IcInfo::read(&info).unwrap().driver.to_string(), "iccvid.dll");
        assert_eq!(call!(ICLocate(VIDC, 0, at(&mut strange), 0, mode)), 0);
        assert!(reason().contains("iccvid.dll") || reason().contains("vidc.cvid"), "{}", reason());
        assert_eq!(call!(ICLocate(VIDC, 0, at(&mut input), 0, 8)), 0, "none of them draws");
        assert_eq!(call!(ICLocate(VIDC, 0, at(&mut input), 0, 99)), 0);
    }

    fn a_screen_s_format_is_the_nearest_that_the_codec_gives(_width) {
        let reel = reel(Video::Rle8);
        let mut input = reel.format.as_bytes().to_vec();
        let hic = call!(ICOpen(VIDC, code(b"mrle"), DECOMPRESS));
        let mut told = |hic, bits, width, height| {
            let mut output = vec![0xEE; 40 + 1024];
            let (input, output_at) = (at(&mut input), at(&mut output));
            let found = call!(ICGetDisplayFormat(hic, input, output_at, bits, width, height));
            assert_ne!(found, 0, "{}", reason());
            let header = BitmapInfoHeader::read(&output).unwrap();
            (found, header.bit_count, header.width, header.height, output)
        };
        let (found, bits, width, height, output) = told(hic, 8, 0, 0);
        assert_eq!((found, bits, width, height), (hic, 8, 64, 48));
        assert_eq!(output[40..], reel.format.as_bytes()[40..], "with its palette");
        let (_, bits, .., output) = told(hic, 24, 0, 0);
        assert_eq!(bits, 24);
        assert!(output[40..].iter().all(|&byte| byte == 0xEE));
        // It does not scale.
        let (_, _, width, height, _) = told(hic, 24, 32, 24);
        assert_eq!((width, height), (64, 48));
        let (own, bits, ..) = told(0, 0, 0, 0);
        assert!(own != hic && bits >= 24);
        assert_eq!((call!(ICClose(own)), call!(ICClose(hic))), (0, 0));
    }

    fn a_mode_that_nobody_knows_is_the_codec_s_business(_width) {
        for mode in [0, 77] {
            let hic = call!(ICOpen(VIDC, code(b"cvid"), mode));
            assert_ne!(hic, 0, "{}", reason());
            assert_eq!(call!(ICClose(hic)), 0);
        }
    }

    fn there_is_nothing_to_draw_on(_width) {
        let hic = call!(ICOpen(VIDC, code(b"mrle"), DECOMPRESS));
        let mut input = reel(Video::Rle8).format.as_bytes().to_vec();
        let mut data = [0_u8; 16];
        let begin = call!(ICDrawBegin(
            hic, 1, 0, 0, 0, 0, 0, 64, 48, at(&mut input), 0, 0, 64, 48, 15, 1,
        ));
        assert_eq!(begin as i32, -1);
        let drawn = call!(ICDraw(hic, 0, at(&mut input), at(&mut data), 16, 0));
        assert_eq!(drawn as i32, -1);
        assert_eq!(call!(ICClose(hic)), 0);
    }
}
