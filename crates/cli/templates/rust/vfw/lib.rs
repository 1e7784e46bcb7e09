//! {{name}}: a video codec.
//!
//! Pixels of 24 bits that are the same, side by side in a line, become one count and one pixel: nothing is lost. Your own codec takes
//! the place of [`compress_line`] and [`decompress_line`], and of what is said about their formats.
#![forbid(unsafe_code)]

use std::sync::Arc;

use opendriver_sdk::vfw::{
    BitmapFormat, Codec, Decoder, Encoder, Frame, FrameKind, FrameWish, Info, Refusal, Settings,
    Vfw,
};
use opendriver_sdk::{BuiltIn, Host, Refused, builtin};

/// What the codec is called.
const NAME: &str = "{{name}}";

/// The code that files know the format by.
pub const CODE: [u8; 4] = *b"RUNS";

/// A larger picture would not fit in memory of 32 bits.
const LARGEST: u32 = 16_384;

/// A pixel: blue, green, red.
pub type Pixel = [u8; 3];

/// The driver, for a program that links it in.
pub fn driver() -> BuiltIn {
    builtin::<Vfw<Runs>>(NAME)
}

// The driver, as a shared object.
#[cfg(feature = "export")]
opendriver_sdk::export_driver!(Vfw<Runs>);

/// The codec, from `DRV_LOAD` to `DRV_FREE`.
pub struct Runs;

/// One compression or decompression. A codec that builds on earlier pictures keeps the last one here.
pub struct Stream {
    plain: BitmapFormat,
}

impl Codec for Runs {
    type Decoder = Stream;
    type Encoder = Stream;

    fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn info(&self) -> Info {
        Info::new(CODE, NAME, "Equal pixels, counted")
    }

    fn decompresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
        match is_compressed(input) {
            true => vec![BitmapFormat::rgb(24, input.width, input.height)],
            false => Vec::new(),
        }
    }

    fn decoder(&self, input: &BitmapFormat, output: &BitmapFormat) -> Result<Stream, Refusal> {
        stream(input, output)
    }

    fn compresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
        match is_plain(input) {
            true => vec![compressed(input)],
            false => Vec::new(),
        }
    }

    fn encoder(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
        _settings: &Settings,
    ) -> Result<Stream, Refusal> {
        stream(output, input)
    }
}

impl Encoder for Stream {
    fn frame(
        &mut self,
        picture: &[u8],
        _wish: &FrameWish,
        frame: &mut Vec<u8>,
    ) -> Result<FrameKind, Refusal> {
        for line in (0..self.plain.height).rev() {
            let (pixels, _) = picture[self.plain.line(line)].as_chunks();
            compress_line(pixels, frame);
        }
        // Each frame stands for itself.
        Ok(FrameKind::Key)
    }
}

impl Decoder for Stream {
    fn frame(&mut self, frame: &Frame<'_>, picture: &mut [u8]) -> Result<(), Refusal> {
        // A frame without bytes means: as the last one was.
        if frame.data.is_empty() {
            return Ok(());
        }
        let mut runs = frame.data;
        for line in (0..self.plain.height).rev() {
            let (pixels, _) = picture[self.plain.line(line)].as_chunks_mut();
            runs = decompress_line(runs, pixels).ok_or(Refusal::Failed)?;
        }
        Ok(())
    }
}

/// Appends the runs of a line: how many pixels, and the pixel.
pub fn compress_line(line: &[Pixel], runs: &mut Vec<u8>) {
    for equal in line.chunk_by(|one, next| one == next) {
        for run in equal.chunks(255) {
            runs.push(run.len() as u8);
            runs.extend(run[0]);
        }
    }
}

/// Fills a line from its runs. Answers those that are left, or nothing: what comes from a file may be anything.
pub fn decompress_line<'a>(mut runs: &'a [u8], mut line: &mut [Pixel]) -> Option<&'a [u8]> {
    while !line.is_empty() {
        let (&[count, blue, green, red], left) = runs.split_first_chunk()?;
        if count == 0 {
            return None;
        }
        let (run, rest) = line.split_at_mut_checked(count.into())?;
        run.fill([blue, green, red]);
        (runs, line) = (left, rest);
    }
    Some(runs)
}

fn stream(compressed: &BitmapFormat, plain: &BitmapFormat) -> Result<Stream, Refusal> {
    if !is_compressed(compressed) || !is_plain(plain) || !compressed.is_as_large_as(plain) {
        return Err(Refusal::BadFormat);
    }
    Ok(Stream {
        plain: plain.clone(),
    })
}

fn is_plain(format: &BitmapFormat) -> bool {
    let like = BitmapFormat {
        top_down: format.top_down,
        ..BitmapFormat::rgb(24, format.width, format.height)
    };
    format.is_like(&like) && has_good_size(format)
}

fn is_compressed(format: &BitmapFormat) -> bool {
    format.is_like(&compressed(format)) && has_good_size(format)
}

fn compressed(like: &BitmapFormat) -> BitmapFormat {
    BitmapFormat::coded(CODE, 24, like.width, like.height)
}

fn has_good_size(format: &BitmapFormat) -> bool {
    let sizes = 1..=LARGEST;
    sizes.contains(&format.width) && sizes.contains(&format.height)
}

#[cfg(test)]
mod tests {
    use opendriver_sdk::Bench;
    use opendriver_sdk::structures::FourCc;

    use super::*;

    /// Five pixels take 15 bytes, and a line begins at a multiple of four. The lowest line comes first.
    const PICTURE: &[u8; 32] = b"aaaaaaaaabbbbbb\0cccccccccccczyx\0";

    #[test]
    fn it_goes_there_and_back() {
        // A bench plays the host, and an application on top of it.
        let application = Bench::new(driver()).vfw().unwrap();
        let plain = BitmapFormat::rgb(24, 5, 2);
        let packed = application.compress_format(&plain).unwrap();
        let packets = application.compress(&plain, &packed, &[PICTURE]).unwrap();
        assert_eq!(packets[0].data, b"\x03aaa\x02bbb\x04ccc\x01zyx");
        let frames = [packets[0].data.as_slice()];
        let pictures = application.decompress(&packed, &plain, &frames);
        assert_eq!(pictures.unwrap(), [PICTURE]);
    }

    #[test]
    fn the_topmost_line_may_come_first() {
        let application = Bench::new(driver()).vfw().unwrap();
        let plain = BitmapFormat {
            top_down: true,
            ..BitmapFormat::rgb(24, 5, 2)
        };
        let packed = application.compress_format(&plain).unwrap();
        let packets = application.compress(&plain, &packed, &[PICTURE]).unwrap();
        assert_eq!(packets[0].data, b"\x04ccc\x01zyx\x03aaa\x02bbb");
    }

    #[test]
    fn a_broken_frame_leads_nowhere() {
        for broken in [&b"\x06aaa"[..], b"\0aaa", b"\x03aaa\x02bb", b""] {
            assert_eq!(decompress_line(broken, &mut [[0; 3]; 5]), None);
        }
        assert_eq!(
            decompress_line(b"\x01aaaxyz", &mut [[0; 3]]),
            Some(&b"xyz"[..])
        );
    }

    #[test]
    fn it_refuses_what_it_does_not_know() {
        assert!(Runs.compresses(&BitmapFormat::rgb(32, 5, 2)).is_empty());
        assert!(
            Runs.compresses(&BitmapFormat::rgb(24, 1 << 30, 2))
                .is_empty()
        );
        let other = BitmapFormat {
            compression: FourCc::new(*b"ELSE"),
            ..compressed(&BitmapFormat::rgb(24, 5, 2))
        };
        assert!(Runs.decompresses(&other).is_empty());
    }
}
