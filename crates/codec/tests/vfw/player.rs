//! A driver that plays a video codec.
//!
//! Its frames are a letter and bytes: `K` and a whole picture, or `D` and changes, each an offset and a value. It keeps of each byte the
//! upper half only.

use std::sync::{Arc, Mutex};

use opendriver::{Builder, Manager};
use opendriver_abi::structures::{
    BitmapInfoHeader, FourCc, IcCompress, IcDecompress, IcDecompressEx, IcInfo, IcOpen, Structure,
};
use opendriver_abi::{LResult, Message, answer};
use opendriver_codec::vfw::{Codec, Error, Mode};
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_sdk::{BadClaim, BuiltIn, Call};

/// The code of the codec.
pub(crate) const CODE: FourCc = FourCc::new(*b"PLAY");

/// How the codec plays its part.
#[derive(Clone)]
pub(crate) struct Part {
    /// The code that it insists on, in this letter case.
    pub(crate) handler: FourCc,
    /// `VIDCF_*`
    pub(crate) flags: u32,
    /// Messages that it does not know.
    pub(crate) unknown: Vec<Message>,
    /// How many bytes it writes behind a picture, with the frame of this number.
    pub(crate) overrun: Option<(i32, usize)>,
    /// Each picture comes with the frame after its own.
    pub(crate) late: bool,
    /// Frames that start with this letter need not be drawn.
    pub(crate) hidden: u8,
    /// It takes pictures only with the lowest line first.
    pub(crate) bottom_up: bool,
    /// How long it says that its frames are, where that is not the truth.
    pub(crate) boast: Option<u32>,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            handler: CODE,
            flags: 0,
            unknown: Vec::new(),
            overrun: None,
            late: false,
            hidden: b'H',
            bottom_up: false,
            boast: None,
        }
    }
}

/// What the codec saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) messages: Vec<Message>,
    pub(crate) flags: Vec<u32>,
    pub(crate) sizes: Vec<u32>,
    pub(crate) heights: Vec<i32>,
    /// Where pictures were wanted.
    pub(crate) places: Vec<u64>,
    /// The previous pictures that it was given.
    pub(crate) previous: Vec<Vec<u8>>,
    pub(crate) frame_sizes: Vec<u32>,
    state: Vec<u8>,
    quality: u32,
    held: Vec<u8>,
    count: i32,
}

pub(crate) type Log = Arc<Mutex<Seen>>;

/// The driver `player`, and what it sees.
pub(crate) fn driver(name: &str, part: Part) -> (BuiltIn, Log) {
    let log = Log::default();
    let seen = Arc::clone(&log);
    let driver = BuiltIn::procedure(name, move |_| {
        let (part, seen) = (part.clone(), Arc::clone(&seen));
        Box::new(move |call: &Call<'_>| {
            let mut seen = seen.lock().unwrap();
            seen.messages.push(call.message);
            if part.unknown.contains(&call.message) {
                return answer::ICERR_UNSUPPORTED;
            }
            play(&part, &mut seen, call).unwrap_or(answer::ICERR_BADPARAM)
        })
    });
    (driver, log)
}

/// A manager whose blocks are guarded, with the driver `player`.
pub(crate) fn manager(part: Part) -> (Manager, Log) {
    let (driver, log) = driver("player", part);
    (builder().builtin(driver).build(), log)
}

pub(crate) fn builder() -> Builder {
    Manager::builder().guarded_blocks(true)
}

/// The codec of such a manager.
pub(crate) fn codec(part: Part) -> (Codec, Log) {
    let (manager, log) = manager(part);
    let codec = Codec::open(&manager, "player", CODE, Mode::Decompress).unwrap();
    log.lock().unwrap().messages.clear();
    (codec, log)
}

/// Frames of 4 by 2 pixels.
pub(crate) fn compressed() -> BitmapFormat {
    let header = BitmapInfoHeader {
        compression: CODE,
        image_size: 0,
        ..pictures().header()
    };
    BitmapFormat::new(header, b"a table of the codec's own")
}

/// Pictures of 4 by 2 pixels, 24 bytes.
pub(crate) fn pictures() -> BitmapFormat {
    BitmapFormat::uncompressed(Pixel::Rgb24, 4, 2)
}

/// A key frame.
pub(crate) fn key(value: u8) -> Vec<u8> {
    let mut frame = vec![value; 25];
    frame[0] = b'K';
    frame
}

pub(crate) fn refused_with(error: &Error, expected: &str) {
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert_eq!(error.to_string(), expected);
}

fn play(part: &Part, seen: &mut Seen, call: &Call<'_>) -> Result<LResult, BadClaim> {
    let (first, second) = (call.claim(call.param1), call.claim(call.param2));
    Ok(match call.message {
        Message::DRV_OPEN => {
            let mut open: IcOpen<u64> = second.structure()?;
            if open.kind != FourCc::VIDC || open.handler != part.handler {
                open.error = answer::ICERR_BADFORMAT as u64;
                second.set_structure(&open)?;
                return Ok(0);
            }
            1
        }
        Message::ICM_GETINFO => {
            assert_eq!(call.param2, 568);
            let mut info = IcInfo::zeroed();
            (info.size, info.kind, info.handler) = (568, FourCc::VIDC, CODE);
            info.flags = part.flags;
            first.set_structure(&info)?;
            568
        }
        Message::ICM_GETSTATE if call.param1 == 0 => seen.state.len() as LResult,
        Message::ICM_GETSTATE => {
            first.write(&seen.state)?;
            seen.state.len() as LResult
        }
        Message::ICM_SETSTATE => {
            seen.state = vec![0; call.param2 as usize];
            first.read(&mut seen.state)?;
            call.param2
        }
        Message::ICM_GETQUALITY => {
            first.write_u32(seen.quality)?;
            answer::ICERR_OK
        }
        Message::ICM_SETQUALITY => {
            seen.quality = first.read_u32()?;
            answer::ICERR_OK
        }
        Message::ICM_GETDEFAULTQUALITY => {
            first.write_u32(7500)?;
            answer::ICERR_OK
        }
        Message::ICM_GETDEFAULTKEYFRAMERATE => {
            first.write_u32(3)?;
            answer::ICERR_OK
        }
        Message::ICM_COMPRESS_GET_FORMAT | Message::ICM_DECOMPRESS_GET_FORMAT => {
            let compression = match call.message {
                Message::ICM_COMPRESS_GET_FORMAT => CODE,
                _ => FourCc(0),
            };
            let mut header: BitmapInfoHeader = first.structure()?;
            (header.size, header.compression) = (40, compression);
            if call.param2 != 0 {
                // More than was said: a palette where there is none.
                second.write(&[9; 140])?;
                second.set_structure(&header)?;
                return Ok(answer::ICERR_OK);
            }
            40
        }
        Message::ICM_DECOMPRESS_QUERY | Message::ICM_COMPRESS_QUERY => {
            let header: BitmapInfoHeader = first.structure()?;
            seen.heights.push(header.height);
            let wanted = match call.message {
                Message::ICM_DECOMPRESS_QUERY => CODE,
                _ => FourCc(0),
            };
            if header.compression != wanted || part.bottom_up && header.height < 0 {
                return Ok(answer::ICERR_BADFORMAT);
            }
            answer::ICERR_OK
        }
        Message::ICM_COMPRESS_GET_SIZE => 49,
        Message::ICM_DECOMPRESS => {
            let frame: IcDecompress<u64> = first.structure()?;
            assert_eq!(call.param2 as usize, IcDecompress::<u64>::SIZE);
            let [format, input, output] = [frame.input_format, frame.input, frame.output];
            seen.flags.push(frame.flags);
            decompress(part, seen, call, [format, input, output])?
        }
        Message::ICM_DECOMPRESSEX => {
            let frame: IcDecompressEx<u64> = first.structure()?;
            assert_eq!(call.param2 as usize, IcDecompressEx::<u64>::SIZE);
            assert_eq!((frame.source_width, frame.destination_height), (4, 2));
            seen.flags.push(frame.flags);
            let addresses = [frame.source_format, frame.source, frame.destination];
            decompress(part, seen, call, addresses)?
        }
        Message::ICM_COMPRESS => compress(part, seen, call, &first.structure()?)?,
        message if message < Message::DRV_USER => 1,
        _ => answer::ICERR_OK,
    })
}

fn decompress(
    part: &Part,
    seen: &mut Seen,
    call: &Call<'_>,
    [format, input, output]: [u64; 3],
) -> Result<LResult, BadClaim> {
    let header: BitmapInfoHeader = call.claim(format as isize).structure()?;
    let size = header.image_size;
    seen.sizes.push(size);
    seen.places.push(output);
    let mut frame = vec![0; size as usize];
    call.claim(input as isize).read(&mut frame)?;
    // Nobody knows what is behind a frame, but that it can be read and is always the same.
    let mut behind = [1; 64];
    call.claim(input as isize)
        .at(frame.len())
        .read(&mut behind)?;
    assert_eq!(behind, [0; 64]);
    if part.late {
        std::mem::swap(&mut frame, &mut seen.held);
    }
    let picture = call.claim(output as isize);
    if let Some((_, more)) = part.overrun.filter(|&(at, _)| at == seen.count) {
        picture.at(24 + more - 1).write(&[1])?;
    }
    seen.count += 1;
    match frame.split_first() {
        Some((b'K', pixels)) if pixels.len() == 24 => picture.write(pixels)?,
        Some((b'D', changes)) => {
            for change in changes.as_chunks::<2>().0 {
                picture.at(change[0].into()).write(&change[1..])?;
            }
        }
        Some((letter, _)) if *letter == part.hidden => return Ok(answer::ICERR_DONTDRAW),
        None => return Ok(answer::ICERR_DONTDRAW),
        _ => return Ok(answer::ICERR_BADFORMAT),
    }
    Ok(answer::ICERR_OK)
}

fn compress(
    part: &Part,
    seen: &mut Seen,
    call: &Call<'_>,
    asked: &IcCompress<u64>,
) -> Result<LResult, BadClaim> {
    let claim = |address: u64| call.claim(address as isize);
    let mut pixels = [0; 24];
    claim(asked.input).read(&mut pixels)?;
    let coarse = pixels.map(|byte| byte & 0xf0);
    seen.flags.push(asked.flags);
    seen.frame_sizes.push(asked.frame_size);
    let mut frame = vec![];
    let is_key = asked.previous == 0;
    if is_key {
        frame.push(b'K');
        frame.extend(coarse);
    } else {
        let mut previous = [0; 24];
        claim(asked.previous).read(&mut previous)?;
        seen.previous.push(previous.to_vec());
        frame.push(b'D');
        for (at, (new, old)) in coarse.iter().zip(previous).enumerate() {
            if *new != old {
                frame.extend([at as u8, *new]);
            }
        }
    }
    claim(asked.output).write(&frame)?;
    let size = part.boast.unwrap_or(frame.len() as u32);
    claim(asked.output_format + 20).write_u32(size)?;
    claim(asked.index_flags).write_u32(if is_key { 0x10 } else { 0 })?;
    claim(asked.chunk).write(b"00dc")?;
    Ok(answer::ICERR_OK)
}
