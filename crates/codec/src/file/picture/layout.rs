//! Where the lines of a picture are.

use std::ops::Range;

use crate::{BitmapFormat, Pixel};

use super::{Chroma, Form};

/// What the bytes of a picture are, and in which order its lines come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) bytes: Bytes,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Bytes from one line to the next; of planes, of the first.
    pub(super) stride: usize,
    /// Whether the lowest line comes first.
    pub(super) is_upside_down: bool,
}

/// What the bytes of a picture are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bytes {
    /// Indices into a palette, of 1, 4 or 8 bits; the first in the highest bits.
    Index(u16),
    Bgr555,
    Bgr565,
    Bgr,
    Bgr0,
    Rgb,
    /// Two pixels in 4 bytes: Y U Y V.
    Yuyv,
    /// The same, U Y V Y.
    Uyvy,
    /// Planes, the one of red before the one of blue or behind it.
    Planes {
        chroma: Chroma,
        is_red_first: bool,
    },
}

impl Layout {
    /// The layout of a driver's pictures.
    pub(super) fn of(format: &BitmapFormat) -> Option<Self> {
        let (width, height) = (format.width(), format.height());
        if let Some(form) = Form::of(format) {
            return Some(Self::new(form, width, height));
        }
        let bits = format.bits();
        let is_small = format.compression().0 == 0 && matches!(bits, 1 | 4);
        is_small.then(|| Self {
            bytes: Bytes::Index(bits),
            width: width as usize,
            height: height as usize,
            stride: (width as usize * usize::from(bits)).div_ceil(32) * 4,
            is_upside_down: !format.is_top_down(),
        })
    }

    pub(super) fn new(form: Form, width: u32, height: u32) -> Self {
        let (bytes, stride) = match form {
            Form::Bitmap { pixel, .. } => (Bytes::of(pixel), pixel.stride(width)),
            Form::Bare(pixel) if pixel.is_rgb() => {
                let bytes = usize::from(pixel.bits()).div_ceil(8);
                (Bytes::of(pixel), width as usize * bytes)
            }
            Form::Bare(pixel) => (Bytes::of(pixel), pixel.stride(width)),
            Form::Indices(bits) => {
                let line = (width as usize * usize::from(bits)).div_ceil(8);
                (Bytes::Index(bits), line)
            }
            Form::Rgb => (Bytes::Rgb, width as usize * 3),
            Form::Planes(chroma) => {
                let is_red_first = false;
                let planes = Bytes::Planes {
                    chroma,
                    is_red_first,
                };
                (planes, width as usize)
            }
        };
        Self {
            bytes,
            width: width as usize,
            height: height as usize,
            stride,
            is_upside_down: matches!(form, Form::Bitmap { pixel, top_down: false } if pixel.is_rgb()),
        }
    }

    /// Bytes of a picture.
    pub(super) fn size(&self) -> usize {
        let lines = self.stride.saturating_mul(self.height);
        match self.bytes {
            Bytes::Planes { chroma, .. } => {
                let (width, height) = self.chroma(chroma);
                lines.saturating_add(width.saturating_mul(height).saturating_mul(2))
            }
            _ => lines,
        }
    }

    /// Where a line is, counted from the top.
    pub(super) fn line(&self, y: usize) -> Range<usize> {
        let place = if self.is_upside_down {
            self.height - 1 - y
        } else {
            y
        };
        place * self.stride..(place + 1) * self.stride
    }

    /// Samples of colour in a line, and lines of them.
    pub(super) fn chroma(&self, chroma: Chroma) -> (usize, usize) {
        let width = chroma.width(self.width as u32);
        let height = chroma.height(self.height as u32);
        (width as usize, height as usize)
    }

    /// Whether its pixels are red, green and blue, be it by way of a palette.
    pub(super) fn is_rgb(&self) -> bool {
        !matches!(self.bytes, Bytes::Yuyv | Bytes::Uyvy | Bytes::Planes { .. })
    }
}

impl Bytes {
    fn of(pixel: Pixel) -> Self {
        let planes = |is_red_first| Self::Planes {
            chroma: Chroma::Quarter,
            is_red_first,
        };
        match pixel {
            Pixel::Rgb8 => Self::Index(8),
            Pixel::Rgb555 => Self::Bgr555,
            Pixel::Rgb565 => Self::Bgr565,
            Pixel::Rgb24 => Self::Bgr,
            Pixel::Rgb32 => Self::Bgr0,
            Pixel::Yuy2 => Self::Yuyv,
            Pixel::Uyvy => Self::Uyvy,
            Pixel::Yv12 => planes(true),
            Pixel::I420 => planes(false),
        }
    }
}
