//! The codes that a video codec answers to, and the pictures on the other side of each.

use opendriver::{Error, Manager, OpenOptions};
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, Structure as _};
use opendriver_codec::vfw::{self, Codec, Mode};
use opendriver_codec::{BitmapFormat, Pixel};
use serde::Serialize;

/// The size of the pictures that a codec is asked about: codecs that work in blocks take it.
const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;

/// The depths that files give with a code.
const DEPTHS: [u16; 5] = [4, 8, 16, 24, 32];

/// Codes that files have, beside those that the codec itself names: it cannot list what it takes.
const CODES: [[u8; 4]; 51] = [
    [1, 0, 0, 0],
    [2, 0, 0, 0],
    *b"MRLE",
    *b"CRAM",
    *b"MSVC",
    *b"WHAM",
    *b"cvid",
    *b"CVID",
    *b"IV31",
    *b"IV32",
    *b"IV41",
    *b"IV50",
    *b"RT21",
    *b"MJPG",
    *b"dmb1",
    *b"AVRn",
    *b"mjpa",
    *b"MPG4",
    *b"MP42",
    *b"MP43",
    *b"MP4S",
    *b"DIV3",
    *b"DIV4",
    *b"DIVX",
    *b"DX50",
    *b"XVID",
    *b"FMP4",
    *b"H264",
    *b"X264",
    *b"h263",
    *b"I263",
    *b"TSCC",
    *b"tscc",
    *b"ULTI",
    *b"VCR1",
    *b"VCR2",
    *b"HFYU",
    *b"FFV1",
    *b"LAGS",
    *b"MSZH",
    *b"ZLIB",
    *b"cjpg",
    *b"dvsd",
    *b"CDVC",
    *b"WMV1",
    *b"WMV2",
    *b"WMV3",
    *b"VP31",
    *b"VP60",
    *b"UYVY",
    *b"YUY2",
];

/// What a video codec handles.
#[derive(Debug, Serialize)]
pub(crate) struct Video {
    pub(crate) name: String,
    /// What it decompresses.
    pub(crate) decompresses: Vec<VideoCode>,
    /// What it compresses to.
    pub(crate) compresses: Vec<VideoCode>,
}

/// A code, the depths that go with it, and how the pictures lie on the other side.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct VideoCode {
    pub(crate) code: String,
    pub(crate) bits: Vec<u16>,
    pub(crate) pixels: Vec<String>,
}

/// Asks a driver as a video codec; `None` where it is none.
pub(super) fn ask(manager: &Manager, options: OpenOptions<'_>) -> Result<Option<Video>, Error> {
    match Codec::open(manager, options, FourCc(0), Mode::Query).and_then(|codec| describe(&codec)) {
        Ok(video) => Ok(Some(video)),
        Err(vfw::Error::Open { source, .. } | vfw::Error::Failed { source, .. }) => match source {
            Error::Refused { .. } => Ok(None),
            error => Err(error),
        },
        Err(_) => Ok(None),
    }
}

fn describe(codec: &Codec) -> Result<Video, vfw::Error> {
    let own = [codec.info().handler, codec.handler()];
    let mut codes: Vec<FourCc> = own.into_iter().filter(|code| code.0 > 0xff).collect();
    codes.extend(CODES.map(FourCc::new));
    let mut video = Video {
        name: codec.info().description.clone(),
        decompresses: Vec::new(),
        compresses: Vec::new(),
    };
    let mut seen: Vec<FourCc> = Vec::new();
    for code in codes {
        if seen.contains(&code) {
            continue;
        }
        seen.push(code);
        let mut found: Vec<VideoCode> = Vec::new();
        for bits in DEPTHS {
            let input = compressed(code, bits);
            let pixels = decompresses(codec, &input)?;
            match found.iter_mut().find(|known| known.pixels == pixels) {
                _ if pixels.is_empty() => {}
                Some(known) => known.bits.push(bits),
                None => found.push(VideoCode {
                    code: name(&input),
                    bits: vec![bits],
                    pixels,
                }),
            }
        }
        video.decompresses.append(&mut found);
    }
    for (pixel, picture) in pictures() {
        if !codec.compresses(&picture)? {
            continue;
        }
        let Ok(compressed) = codec.compress_format(&picture) else {
            continue;
        };
        let (code, bits) = (name(&compressed), vec![compressed.bits()]);
        let known = video.compresses.iter_mut();
        match known
            .into_iter()
            .find(|known| known.code == code && known.bits == bits)
        {
            Some(known) => known.pixels.push(pixel.to_string()),
            None => video.compresses.push(VideoCode {
                code,
                bits,
                pixels: vec![pixel.to_string()],
            }),
        }
    }
    Ok(video)
}

/// What a format is decompressed to; nothing where the codec does not take it.
fn decompresses(codec: &Codec, input: &BitmapFormat) -> Result<Vec<String>, vfw::Error> {
    let mut pixels = Vec::new();
    if !yes(codec.decompress_query(input, None))? {
        return Ok(pixels);
    }
    for (pixel, picture) in pictures() {
        if codec.decompresses_to(input, &picture)? {
            pixels.push(pixel.to_string());
        }
    }
    Ok(pixels)
}

/// The pictures to ask a codec about.
fn pictures() -> impl Iterator<Item = (Pixel, BitmapFormat)> {
    let pixels = Pixel::ALL.into_iter();
    pixels.map(|pixel| (pixel, BitmapFormat::uncompressed(pixel, WIDTH, HEIGHT)))
}

/// A format as a file has it: with a palette where the depth wants one.
fn compressed(code: FourCc, bits: u16) -> BitmapFormat {
    let header = BitmapInfoHeader {
        size: BitmapInfoHeader::SIZE as u32,
        width: WIDTH as i32,
        height: HEIGHT as i32,
        planes: 1,
        bit_count: bits,
        compression: code,
        image_size: WIDTH * HEIGHT,
        ..BitmapInfoHeader::zeroed()
    };
    let colours = if bits <= 8 { 1 << bits } else { 0 };
    let palette: Vec<u8> = (0..colours)
        .flat_map(|grey| [grey as u8, grey as u8, grey as u8, 0])
        .collect();
    BitmapFormat::new(header, &palette)
}

/// How a format calls itself, without its size.
fn name(format: &BitmapFormat) -> String {
    let whole = format.to_string();
    whole.split(", ").next().unwrap_or(&whole).to_owned()
}

/// Whether the codec said yes; a codec that broke said nothing.
fn yes(answer: Result<(), vfw::Error>) -> Result<bool, vfw::Error> {
    match answer {
        Ok(()) => Ok(true),
        Err(error @ vfw::Error::Failed { .. }) => Err(error),
        Err(_) => Ok(false),
    }
}
