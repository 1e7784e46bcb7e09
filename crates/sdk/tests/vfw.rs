//! A video codec that is written as a type, as applications of both widths hear it.
#![forbid(unsafe_code)]

use std::sync::Arc;

use opendriver_sdk::answer::{
    ICERR_BADFORMAT, ICERR_BADPARAM, ICERR_BADSIZE, ICERR_DONTDRAW, ICERR_ERROR, ICERR_INTERNAL,
    ICERR_OK, ICERR_UNSUPPORTED,
};
use opendriver_sdk::structures::{FourCc, IcDecompress, IcDecompressEx, IcInfo, IcOpen, Structure};
use opendriver_sdk::vfw::{
    Application, BitmapFormat, Codec, Decoder, Encoder, Frame, FrameKind, FrameWish, Info, Refusal,
    Settings, Vfw,
};
use opendriver_sdk::{Bench, Call, Host, LParam, LResult, Message, Refused, builtin};

const CODE: [u8; 4] = *b"DIFF";

/// Pictures as the difference to the one before. Its state is a byte that each byte is turned by.
struct Differences;

struct Working {
    last: Vec<u8>,
    turn: u8,
}

fn is_coded(format: &BitmapFormat) -> bool {
    format.compression == FourCc::new(CODE)
}

fn plain(width: u32, height: u32) -> BitmapFormat {
    BitmapFormat::rgb(24, width, height)
}

fn coded(width: u32, height: u32) -> BitmapFormat {
    BitmapFormat::coded(CODE, 24, width, height)
}

impl Codec for Differences {
    type Decoder = Working;
    type Encoder = Working;

    fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn info(&self) -> Info {
        Info {
            default_quality: Some(7500),
            key_every: Some(20),
            ..Info::new(CODE, "Differences", "Differences of pictures")
        }
    }

    fn decompresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
        let grey = BitmapFormat::rgb(8, input.width, input.height);
        let plain = plain(input.width, input.height);
        match is_coded(input) {
            true => vec![plain, grey],
            false => vec![],
        }
    }

    fn decoder(&self, input: &BitmapFormat, output: &BitmapFormat) -> Result<Working, Refusal> {
        let last = Vec::new();
        match is_coded(input) && output.is_like(&plain(input.width, input.height)) {
            true => Ok(Working { last, turn: 0 }),
            false => Err(Refusal::BadFormat),
        }
    }

    fn compresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
        match input.is_like(&plain(input.width, input.height)) {
            true => vec![coded(input.width, input.height)],
            false => vec![],
        }
    }

    fn encoder(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
        settings: &Settings,
    ) -> Result<Working, Refusal> {
        self.decoder(output, input)?;
        Ok(Working {
            last: vec![0; input.picture_size()],
            turn: settings.state[0],
        })
    }

    fn largest_frame(&self, input: &BitmapFormat, _output: &BitmapFormat) -> usize {
        input.picture_size() + 4
    }

    fn default_state(&self) -> Vec<u8> {
        vec![0]
    }

    fn message(&self, call: &Call<'_>) -> LResult {
        match call.message {
            Message::ICM_ABOUT if call.param1 == -1 => ICERR_OK,
            Message::DRV_QUERYCONFIGURE => 1,
            _ => ICERR_UNSUPPORTED,
        }
    }
}

impl Encoder for Working {
    fn frame(
        &mut self,
        picture: &[u8],
        wish: &FrameWish,
        frame: &mut Vec<u8>,
    ) -> Result<FrameKind, Refusal> {
        assert_ne!(picture[0], 0xee, "a picture that this encoder cannot bear");
        if wish.key {
            self.last.fill(0);
        }
        let pairs = picture.iter().zip(&self.last);
        frame.extend(pairs.map(|(new, old)| (new ^ old).wrapping_add(self.turn)));
        frame.extend(wish.quality.to_le_bytes());
        if picture[0] == 0xdd {
            frame.push(0);
        }
        self.last.copy_from_slice(picture);
        Ok(match wish.key {
            true => FrameKind::Key,
            false => FrameKind::Delta,
        })
    }
}

impl Decoder for Working {
    fn frame(&mut self, frame: &Frame<'_>, picture: &mut [u8]) -> Result<(), Refusal> {
        assert!(self.last.is_empty());
        if frame.key {
            picture.fill(0);
        }
        let differences = frame.data.iter().zip(picture.iter_mut());
        differences.for_each(|(difference, pixel)| *pixel ^= difference);
        match frame.data.len() < picture.len() {
            true => Err(Refusal::Failed),
            false => Ok(()),
        }
    }
}

fn bench() -> Bench {
    Bench::new(builtin::<Vfw<Differences>>("differences"))
}

fn both_widths(test: fn(Bench, Application)) {
    let benches = [bench(), bench()];
    let applications = [
        benches[0].vfw().unwrap(),
        benches[1].vfw_of_32_bits().unwrap(),
    ];
    for (bench, application) in benches.into_iter().zip(applications) {
        test(bench, application);
    }
}

#[test]
fn pictures_become_frames_and_pictures_again() {
    both_widths(|_, application| {
        let (plain, coded) = (plain(2, 2), coded(2, 2));
        assert_eq!(application.compress_format(&plain), Ok(coded.clone()));
        assert_eq!(application.decompress_format(&coded), Ok(plain.clone()));
        let pictures: [&[u8]; 3] = [&[1; 16], &[3; 16], &[3; 16]];
        let packets = application.compress(&plain, &coded, &pictures).unwrap();
        let kinds: Vec<bool> = packets.iter().map(|packet| packet.key).collect();
        assert_eq!(kinds, [true, false, false]);
        let quality = 7500_u32.to_le_bytes();
        assert_eq!(packets[1].data, [&[2; 16][..], &quality].concat());
        // Decoded as the file has it: the second is no key frame, so the picture before counts.
        let decoded = application.decompress(&coded, &plain, &[&packets[0].data]);
        assert_eq!(decoded, Ok(vec![vec![1; 16]]));
    });
}

#[test]
fn what_a_codec_is_and_takes_can_be_asked() {
    both_widths(|bench, application| {
        let (name, handler, flags) = application.info().unwrap();
        assert_eq!((&*name, handler), ("Differences", FourCc::new(CODE)));
        // Quality, temporal, and fast both ways.
        assert_eq!(flags, 0x01 | 0x04 | 0x20 | 0x80);
        let (plain, coded) = (plain(2, 2), coded(2, 2));
        let deep = BitmapFormat::rgb(32, 2, 2);
        assert_eq!(application.decompress_query(&coded, None), Ok(()));
        assert_eq!(application.decompress_query(&coded, Some(&plain)), Ok(()));
        let refused = Err(ICERR_BADFORMAT);
        assert_eq!(application.decompress_query(&coded, Some(&deep)), refused);
        assert_eq!(application.decompress_query(&plain, None), refused);
        assert_eq!(application.decompress_format(&plain), Err(ICERR_BADFORMAT));
        assert_eq!(application.compress_query(&plain, Some(&coded)), Ok(()));
        assert_eq!(application.compress_query(&deep, None), refused);

        let send = |message, one, two| application.instance().send(message, one, two);
        let input = bench.lend(&coded.to_bytes());
        let palette = bench.lend(&[0; 40 + 1024]);
        let answer = send(Message::ICM_DECOMPRESS_GET_PALETTE, input, palette);
        assert_eq!(answer, ICERR_OK);
        let told = BitmapFormat::parse(&bench.lent(palette)).unwrap();
        assert_eq!(told.palette[255], [255, 255, 255, 0]);

        assert_eq!(send(Message::ICM_GETINFO, 0, 0), IcInfo::SIZE as LResult);
        assert_eq!(send(Message::ICM_GETINFO, palette, 100), 0);
        let number = bench.lend(&[0; 4]);
        assert_eq!(send(Message::ICM_GETDEFAULTKEYFRAMERATE, number, 4), 0);
        assert_eq!(bench.lent(number), 20_u32.to_le_bytes());
    });
}

#[test]
fn settings_are_the_instance_s() {
    both_widths(|bench, application| {
        let other = bench.vfw().unwrap();
        assert_eq!(application.quality(), Ok(7500));
        application.set_quality(300).unwrap();
        assert_eq!(
            (application.quality(), other.quality()),
            (Ok(300), Ok(7500))
        );
        application.set_quality(20_000).unwrap();
        assert_eq!(application.quality(), Ok(10_000));
        application.set_quality(u32::MAX).unwrap();
        assert_eq!(application.quality(), Ok(7500));

        assert_eq!(application.set_state(&[5]), Ok(1));
        assert_eq!(application.set_state(&[5, 6]), Ok(0), "no such state");
        assert_eq!(
            (application.state(), other.state()),
            (Ok(vec![5]), Ok(vec![0]))
        );
        let (plain, coded) = (plain(1, 1), coded(1, 1));
        let packets = application
            .compress(&plain, &coded, &[&[1, 1, 1, 0]])
            .unwrap();
        assert_eq!(packets[0].data[..4], [6, 6, 6, 5]);
        let send = |message, one, two| application.instance().send(message, one, two);
        assert_eq!(send(Message::ICM_SETSTATE, 0, 0), ICERR_OK);
        assert_eq!(application.state(), Ok(vec![0]));
        let room = bench.lend(&[]);
        assert_eq!(send(Message::ICM_GETSTATE, room, 0), ICERR_BADSIZE);
    });
}

#[test]
fn what_the_author_s_codec_does_not_know_is_unsupported() {
    both_widths(|_, application| {
        let send = |message, one| application.instance().send(message, one, 0);
        assert_eq!(send(Message::ICM_ABOUT, -1), ICERR_OK);
        assert_eq!(send(Message::DRV_QUERYCONFIGURE, 0), 1);
        for message in [
            Message::ICM_DRAW_BEGIN,
            Message::ICM_DRAW,
            Message::ICM_CONFIGURE,
            Message::ICM_COMPRESS_FRAMES,
            Message::ICM_DECOMPRESS_SET_PALETTE,
            Message::ICM_SET_STATUS_PROC,
        ] {
            assert_eq!(send(message, 0), ICERR_UNSUPPORTED, "{message}");
        }
    });
}

#[test]
fn a_broken_frame_a_panic_and_an_overlong_frame_are_errors_and_the_codec_goes_on() {
    both_widths(|bench, application| {
        let (plain, coded) = (plain(1, 1), coded(1, 1));
        let decompress = |frames: &[&[u8]]| application.decompress(&coded, &plain, frames);
        assert_eq!(decompress(&[&[1, 2]]), Err(ICERR_ERROR));
        assert_eq!(decompress(&[&[1, 2, 3, 4]]), Ok(vec![vec![1, 2, 3, 4]]));
        let compress = |byte| application.compress(&plain, &coded, &[&[byte; 4]]);
        assert_eq!(compress(0xdd), Err(ICERR_INTERNAL));
        assert_eq!(compress(0xee), Err(ICERR_INTERNAL));
        let reports = bench.reports();
        assert_eq!(reports.len(), 1);
        assert!(
            reports[0].contains("while handling DRV_USER+8"),
            "{reports:?}"
        );
        assert!(compress(1).is_ok());
    });
}

/// A frame of one pixel on its way to a codec, without a beginning.
fn one_frame(bench: &Bench, data: &[u8], flags: u32) -> (IcDecompress<u64>, LParam) {
    let input = BitmapFormat {
        image_size: data.len() as u32,
        ..coded(1, 1)
    };
    let picture = bench.lend(&[9; 4]);
    let request = IcDecompress {
        flags,
        input_format: bench.lend(&input.to_bytes()) as u64,
        input: bench.lend(data) as u64,
        output_format: bench.lend(&plain(1, 1).to_bytes()) as u64,
        output: picture as u64,
        chunk: 0,
    };
    (request, picture)
}

#[test]
fn flags_say_whether_a_frame_is_shown_and_what_it_builds_on() {
    const NOT_KEY: u32 = 0x0800_0000;
    const NULL: u32 = 0x1000_0000;
    const PREROLL: u32 = 0x2000_0000;
    const UPDATE: u32 = 0x4000_0000;
    const HURRY_UP: u32 = 0x8000_0000;
    let bench = bench();
    let application = bench.vfw().unwrap();
    let show = |data: &[u8], flags| {
        let (request, picture) = one_frame(&bench, data, flags);
        let address = bench.lend_structure(&request);
        let size = IcDecompress::<u64>::SIZE as LParam;
        let answer = application
            .instance()
            .send(Message::ICM_DECOMPRESS, address, size);
        (answer, bench.lent(picture)[0])
    };
    assert_eq!(show(&[1; 4], 0), (ICERR_OK, 1));
    assert_eq!(show(&[2; 4], NOT_KEY), (ICERR_OK, 3));
    assert_eq!(show(&[4; 4], NOT_KEY | HURRY_UP), (ICERR_DONTDRAW, 9));
    assert_eq!(show(&[8; 4], NOT_KEY | PREROLL), (ICERR_DONTDRAW, 9));
    assert_eq!(show(&[], 0), (ICERR_DONTDRAW, 9));
    assert_eq!(show(&[1; 4], NULL | UPDATE), (ICERR_OK, 15));
    assert_eq!(show(&[1; 4], 0), (ICERR_OK, 1));
}

#[test]
fn a_whole_picture_can_be_decompressed_with_rectangles_but_no_part() {
    let bench = bench();
    let application = bench.vfw().unwrap();
    let send = |message, width, x| {
        let (request, picture) = one_frame(&bench, &[1; 4], 0);
        let request = IcDecompressEx::<u64> {
            flags: 0,
            source_format: request.input_format,
            source: request.input,
            destination_format: request.output_format,
            destination: request.output,
            destination_x: x,
            destination_width: width,
            destination_height: 1,
            source_width: 1,
            source_height: 1,
            ..IcDecompressEx::zeroed()
        };
        let address = bench.lend_structure(&request);
        let size = IcDecompressEx::<u64>::SIZE as LParam;
        let answer = application.instance().send(message, address, size);
        (answer, bench.lent(picture)[0])
    };
    for message in [
        Message::ICM_DECOMPRESSEX_QUERY,
        Message::ICM_DECOMPRESSEX_BEGIN,
    ] {
        assert_eq!(send(message, 1, 0), (ICERR_OK, 9));
        assert_eq!(send(message, 2, 0), (ICERR_UNSUPPORTED, 9));
    }
    assert_eq!(send(Message::ICM_DECOMPRESSEX, 1, 0), (ICERR_OK, 1));
    assert_eq!(
        send(Message::ICM_DECOMPRESSEX, 1, 1),
        (ICERR_UNSUPPORTED, 9)
    );
    assert_eq!(send(Message::ICM_DECOMPRESSEX_END, 1, 0), (ICERR_OK, 9));
}

#[test]
fn addresses_sizes_and_formats_that_are_no_good_are_refused() {
    let bench = bench();
    let application = bench.vfw().unwrap();
    let send = |request: &IcDecompress<u64>, size: LParam| {
        let address = bench.lend_structure(request);
        application
            .instance()
            .send(Message::ICM_DECOMPRESS, address, size)
    };
    let (good, _) = one_frame(&bench, &[1; 4], 0);
    let size = IcDecompress::<u64>::SIZE as LParam;
    assert_eq!(send(&good, size), ICERR_OK);
    assert_eq!(send(&good, 0), ICERR_OK, "as wide as this program");
    assert_eq!(send(&good, 4), ICERR_BADPARAM);
    for bad in [0, 1, 0x7fff_ffff_0000, u64::MAX] {
        let broken = [
            IcDecompress {
                input_format: bad,
                ..good
            },
            IcDecompress { input: bad, ..good },
            IcDecompress {
                output_format: bad,
                ..good
            },
            IcDecompress {
                output: bad,
                ..good
            },
        ];
        for request in broken {
            assert_eq!(send(&request, size), ICERR_BADPARAM, "{request:x?}");
        }
    }
    let other = bench.lend(&coded(2, 1).to_bytes()) as u64;
    let other_size = IcDecompress {
        input_format: other,
        ..good
    };
    assert_eq!(send(&other_size, size), ICERR_BADFORMAT);
    let claims_too_much = BitmapFormat {
        image_size: u32::MAX,
        ..coded(1, 1)
    };
    let claims = bench.lend(&claims_too_much.to_bytes()) as u64;
    let claims = IcDecompress {
        input_format: claims,
        ..good
    };
    assert_eq!(send(&claims, size), ICERR_BADPARAM);
    assert_eq!(send(&good, size), ICERR_OK);

    let begin = |format: &BitmapFormat| {
        let [input, output] = [&coded(1, 1), format].map(|format| bench.lend(&format.to_bytes()));
        let message = Message::ICM_DECOMPRESS_BEGIN;
        application.instance().send(message, input, output)
    };
    assert_eq!(begin(&BitmapFormat::rgb(32, 1, 1)), ICERR_BADFORMAT);
    let huge =
        [coded, plain].map(|format| bench.lend(&format(0x7fff_ffff, 0x7fff_ffff).to_bytes()));
    let message = Message::ICM_DECOMPRESS_BEGIN;
    let answer = application.instance().send(message, huge[0], huge[1]);
    assert_eq!(answer, ICERR_BADSIZE);
    // A header alone has nobody set aside what no picture takes, whether it is to be written or read.
    let large = [coded, plain].map(|format| bench.lend(&format(60_000, 60_000).to_bytes()));
    let message = Message::ICM_DECOMPRESS_BEGIN;
    let answer = application.instance().send(message, large[0], large[1]);
    assert_eq!(answer, ICERR_BADSIZE);
    let message = Message::ICM_COMPRESS_BEGIN;
    let answer = application.instance().send(message, large[1], large[0]);
    assert_eq!(answer, ICERR_BADSIZE);
    let message = Message::ICM_COMPRESS_GET_SIZE;
    let answer = application.instance().send(message, huge[1], huge[0]);
    assert_eq!(answer, ICERR_BADSIZE);
}

#[test]
fn it_opens_as_a_video_codec_only() {
    let bench = bench();
    let open = |kind| {
        let description = IcOpen::<u32> {
            size: IcOpen::<u32>::SIZE as u32,
            kind,
            ..IcOpen::zeroed()
        };
        bench.open("", bench.lend_structure(&description)).is_ok()
    };
    assert!(open(FourCc::VIDC));
    assert!(!open(FourCc::AUDC));
    assert!(bench.open("", 0).is_ok());
    assert!(bench.open("", 5).is_err(), "no memory was lent there");
}
