//! Pictures as runs of equal pixels, as a video codec in a shared object or a Windows DLL of its own.
//!
//! `cargo build --release -p opendriver-sdk --example runs` makes `libruns.so`.
#![forbid(unsafe_code)]

use std::sync::Arc;

use opendriver_sdk::vfw::{
    BitmapFormat, Codec, Decoder, Encoder, Frame, FrameKind, FrameWish, Info, Refusal, Settings,
    Vfw,
};
use opendriver_sdk::{Host, Refused};

const CODE: [u8; 4] = *b"RUNS";

/// A frame is pairs: how many pixels, and three bytes that are added to each of the picture before. A key frame starts from black.
struct Runs;

fn coded(like: &BitmapFormat) -> BitmapFormat {
    BitmapFormat::coded(CODE, 24, like.width, like.height)
}

fn plain(like: &BitmapFormat) -> BitmapFormat {
    BitmapFormat::rgb(24, like.width, like.height)
}

/// Pixels are counted from the top left, so it does not matter which line comes first.
fn is_plain(format: &BitmapFormat) -> bool {
    let as_it_lies = BitmapFormat {
        top_down: format.top_down,
        ..plain(format)
    };
    format.is_like(&as_it_lies)
}

impl Codec for Runs {
    type Decoder = Adding;
    type Encoder = Counting;

    fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn info(&self) -> Info {
        Info {
            key_every: Some(25),
            ..Info::new(CODE, "Runs", "opendriver example: runs of pixels")
        }
    }

    fn decompresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
        match input.is_like(&coded(input)) {
            true => vec![plain(input)],
            false => vec![],
        }
    }

    fn decoder(&self, input: &BitmapFormat, output: &BitmapFormat) -> Result<Adding, Refusal> {
        let is_whole = output.is_as_large_as(input) && is_plain(output);
        match input.is_like(&coded(input)) && is_whole {
            true => Ok(Adding(output.clone())),
            false => Err(Refusal::BadFormat),
        }
    }

    fn compresses(&self, input: &BitmapFormat) -> Vec<BitmapFormat> {
        match is_plain(input) {
            true => vec![coded(input)],
            false => vec![],
        }
    }

    fn encoder(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
        _settings: &Settings,
    ) -> Result<Counting, Refusal> {
        self.decoder(output, input)?;
        Ok(Counting {
            format: input.clone(),
            last: vec![0; input.picture_size()],
        })
    }

    fn largest_frame(&self, input: &BitmapFormat, _output: &BitmapFormat) -> usize {
        // No two neighbours are equal: each pixel is a run.
        4 * (input.width as usize).saturating_mul(input.height as usize)
    }
}

/// The pixels of a picture, from the top left on.
fn pixels(format: &BitmapFormat) -> impl Iterator<Item = usize> + '_ {
    (0..format.height).flat_map(|line| format.line(line).step_by(3))
}

struct Counting {
    format: BitmapFormat,
    last: Vec<u8>,
}

impl Encoder for Counting {
    fn frame(
        &mut self,
        picture: &[u8],
        wish: &FrameWish,
        frame: &mut Vec<u8>,
    ) -> Result<FrameKind, Refusal> {
        if wish.key {
            self.last.fill(0);
        }
        let mut run: Option<(u8, [u8; 3])> = None;
        for at in pixels(&self.format) {
            let change =
                [0, 1, 2].map(|byte| picture[at + byte].wrapping_sub(self.last[at + byte]));
            run = match run {
                Some((count, same)) if same == change && count < u8::MAX => Some((count + 1, same)),
                ended => {
                    frame.extend(ended.iter().flat_map(|(count, [b, g, r])| [count, b, g, r]));
                    Some((1, change))
                }
            };
        }
        frame.extend(run.iter().flat_map(|(count, [b, g, r])| [count, b, g, r]));
        self.last.copy_from_slice(picture);
        Ok(match wish.key {
            true => FrameKind::Key,
            false => FrameKind::Delta,
        })
    }
}

struct Adding(BitmapFormat);

impl Decoder for Adding {
    fn frame(&mut self, frame: &Frame<'_>, picture: &mut [u8]) -> Result<(), Refusal> {
        if frame.key {
            picture.fill(0);
        }
        let (runs, rest) = frame.data.as_chunks();
        let mut places = pixels(&self.0);
        for &[count, b, g, r] in runs {
            for at in places.by_ref().take(count.into()) {
                for (byte, change) in picture[at..at + 3].iter_mut().zip([b, g, r]) {
                    *byte = byte.wrapping_add(change);
                }
            }
        }
        match rest.is_empty() && places.next().is_none() {
            true => Ok(()),
            false => Err(Refusal::Failed),
        }
    }
}

opendriver_sdk::export_driver!(Vfw<Runs>);
