//! Converts pictures of one form into pictures of another.

use std::ops::Range;

use crate::BitmapFormat;
use crate::file::Error;

use super::layout::{Bytes, Layout};
use super::rgb::{Palette, pack, unpack};
use super::yuv::{Strip, apart, from_bgr, resample, to_bgr, together};
use super::{Chroma, Form};

/// Lines that are converted at once: few enough to stay near the processor, and an even number, because two may share a colour.
const LINES: usize = 16;

/// No picture is larger than this, as codecs have it too.
const LARGEST: usize = 1 << 30;

/// Converts pictures of one form into pictures of another, one after the other, without making room anew for each.
///
/// ```
/// use opendriver_codec::file::picture::{Converter, Form};
/// use opendriver_codec::{BitmapFormat, Pixel};
///
/// // One red pixel above a green one, as a driver has them: the lowest line first, padded to 4 bytes.
/// let driver = BitmapFormat::uncompressed(Pixel::Rgb24, 1, 2);
/// let mut converter = Converter::new(&driver, Form::Rgb)?;
/// let mut rgb = Vec::new();
/// converter.convert(&[0, 255, 0, 0, 0, 0, 255, 0], &mut rgb)?;
/// assert_eq!(rgb, [255, 0, 0, 0, 255, 0]);
/// # Ok::<(), opendriver_codec::file::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Converter {
    from: Layout,
    to: Layout,
    palette: Box<Palette>,
    /// Blue, green, red of a strip.
    bgr: Vec<u8>,
    /// Planes of a strip, which the picture itself does not have.
    planes: [Vec<u8>; 3],
    /// Brightness of a strip, black at the least.
    luma: Vec<u8>,
    line: Vec<u8>,
}

impl Converter {
    /// Converts a driver's pictures.
    ///
    /// # Errors
    /// They are compressed, or larger than 1 GiB, or `to` has a palette and they do not have the same.
    pub fn new(from: &BitmapFormat, to: Form) -> Result<Self, Error> {
        let unconvertible = || Error::Unconvertible {
            from: from.to_string(),
            to: to.to_string(),
        };
        let layout = Layout::of(from).ok_or_else(unconvertible)?;
        let mut converter = Self::between(layout, Layout::new(to, from.width(), from.height()))
            .ok_or_else(unconvertible)?;
        converter.set_palette(from.palette());
        Ok(converter)
    }

    /// Converts pictures into those that a driver takes.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn to_driver(from: Form, to: &BitmapFormat) -> Result<Self, Error> {
        let layout = Layout::of(to);
        layout
            .and_then(|to| Self::between(Layout::new(from, to.width as u32, to.height as u32), to))
            .ok_or_else(|| Error::Unconvertible {
                from: from.to_string(),
                to: to.to_string(),
            })
    }

    fn between(from: Layout, to: Layout) -> Option<Self> {
        let has_colours = match to.bytes {
            Bytes::Index(_) => from.bytes == to.bytes,
            _ => true,
        };
        let strip = from.width.checked_mul(3 * LINES.min(from.height))?;
        let is_sound = [from.size(), to.size(), strip]
            .iter()
            .all(|size| (1..=LARGEST).contains(size));
        let grey = |index: usize| [index as u8; 3];
        (has_colours && is_sound).then(|| Self {
            from,
            to,
            palette: Box::new(std::array::from_fn(grey)),
            bgr: vec![0; strip],
            planes: Default::default(),
            luma: Vec::new(),
            line: Vec::new(),
        })
    }

    /// Bytes of a picture before.
    pub fn source_size(&self) -> usize {
        self.from.size()
    }

    /// Bytes of a picture after.
    pub fn size(&self) -> usize {
        self.to.size()
    }

    /// Gives the colours of the pictures to come, each blue, green, red and a byte that means nothing. Colours that are not given
    /// are black.
    pub fn set_palette(&mut self, palette: &[[u8; 4]]) {
        if palette.is_empty() {
            return;
        }
        self.palette.fill([0; 3]);
        for (to, &[b, g, r, _]) in self.palette.iter_mut().zip(palette) {
            *to = [b, g, r];
        }
    }

    /// Converts a picture; `to` is filled anew, and keeps its room.
    ///
    /// # Errors
    /// The picture is shorter than its format takes.
    pub fn convert(&mut self, picture: &[u8], to: &mut Vec<u8>) -> Result<(), Error> {
        let needed = self.from.size();
        let picture = picture.get(..needed).ok_or(Error::ShortPicture {
            needed,
            found: picture.len(),
        })?;
        to.resize(self.to.size(), 0);
        if self.from == self.to {
            to.copy_from_slice(picture);
            return Ok(());
        }
        for top in (0..self.from.height).step_by(LINES) {
            let lines = LINES.min(self.from.height - top);
            match (self.from.is_rgb(), self.to.is_rgb()) {
                (true, true) => self.lines(picture, top, lines, to),
                (true, false) => self.rgb_to_yuv(picture, top, lines, to),
                (false, true) => self.yuv_to_rgb(picture, top, lines, to),
                (false, false) => self.yuv_to_yuv(picture, top, lines, to),
            }
        }
        Ok(())
    }

    /// Red, green and blue into red, green and blue.
    fn lines(&mut self, picture: &[u8], top: usize, lines: usize, to: &mut [u8]) {
        for y in top..top + lines {
            let from = &picture[self.from.line(y)];
            let to = &mut to[self.to.line(y)];
            if self.from.bytes == self.to.bytes {
                let both = from.len().min(to.len());
                to[..both].copy_from_slice(&from[..both]);
                continue;
            }
            let bgr = match self.from.bytes {
                Bytes::Bgr => &from[..self.from.width * 3],
                bytes => {
                    let line = &mut self.bgr[..self.from.width * 3];
                    unpack(bytes, from, &self.palette, line);
                    line
                }
            };
            pack(self.to.bytes, bgr, to);
        }
    }

    fn rgb_to_yuv(&mut self, picture: &[u8], top: usize, lines: usize, to: &mut [u8]) {
        let width = self.from.width;
        for (y, line) in (top..top + lines).zip(self.bgr.chunks_exact_mut(width * 3)) {
            unpack(
                self.from.bytes,
                &picture[self.from.line(y)],
                &self.palette,
                line,
            );
        }
        let bgr = &self.bgr[..width * 3 * lines];
        match planes(&self.to, top, lines, &mut *to) {
            Some(strip) => converted(from_bgr(bgr, strip)),
            None => {
                converted(from_bgr(bgr, room(&mut self.planes, width, lines)));
                let strip = kept(&self.planes, width, lines);
                put_together(&self.to, strip, top, to);
            }
        }
    }

    fn yuv_to_rgb(&mut self, picture: &[u8], top: usize, lines: usize, to: &mut [u8]) {
        let width = self.from.width;
        let strip = match planes(&self.from, top, lines, picture) {
            Some(strip) => strip,
            None => {
                take_apart(
                    &self.from,
                    picture,
                    top,
                    room(&mut self.planes, width, lines),
                );
                kept(&self.planes, width, lines)
            }
        };
        // What is darker than black is black; left as it is, it would darken the colours, too.
        let [luma, blue, red] = strip.planes;
        self.luma.clear();
        self.luma.extend(luma.iter().map(|luma| (*luma).max(BLACK)));
        let strip = Strip {
            planes: [self.luma.as_slice(), blue, red],
            ..strip
        };
        converted(to_bgr(strip, &mut self.bgr[..width * 3 * lines]));
        for (y, line) in (top..top + lines).zip(self.bgr.chunks_exact(width * 3)) {
            pack(self.to.bytes, line, &mut to[self.to.line(y)]);
        }
    }

    fn yuv_to_yuv(&mut self, picture: &[u8], top: usize, lines: usize, to: &mut [u8]) {
        let width = self.from.width;
        let from = planes(&self.from, top, lines, picture);
        match (from, planes(&self.to, top, lines, &mut *to)) {
            (Some(from), Some(to)) => resample(from, to, &mut self.line),
            (Some(from), None) => {
                resample(from, room(&mut self.planes, width, lines), &mut self.line);
                put_together(&self.to, kept(&self.planes, width, lines), top, to);
            }
            (None, strip) => {
                take_apart(
                    &self.from,
                    picture,
                    top,
                    room(&mut self.planes, width, lines),
                );
                let from = kept(&self.planes, width, lines);
                match strip {
                    Some(strip) => resample(from, strip, &mut self.line),
                    None => put_together(&self.to, from, top, to),
                }
            }
        }
    }
}

/// The brightness of black, in the limited range of ITU-R BT.601.
const BLACK: u8 = 16;

/// The lines of a picture that is in planes.
fn planes<P: Part>(layout: &Layout, top: usize, lines: usize, picture: P) -> Option<Strip<P>> {
    let Bytes::Planes {
        chroma,
        is_red_first,
    } = layout.bytes
    else {
        return None;
    };
    let (y, colours) = picture.split(layout.stride * layout.height);
    let (width, height) = layout.chroma(chroma);
    let (first, second) = colours.split(width * height);
    let (u, v) = if is_red_first {
        (second, first)
    } else {
        (first, second)
    };
    let (upper, count) = colour_lines(chroma, top, lines);
    let colour = upper * width..(upper + count) * width;
    Some(Strip {
        chroma,
        width: layout.width,
        lines,
        planes: [
            y.part(top * layout.width..(top + lines) * layout.width),
            u.part(colour.clone()),
            v.part(colour),
        ],
    })
}

/// Bytes to read or to write.
trait Part: Sized {
    /// The first `count`, and the rest.
    fn split(self, count: usize) -> (Self, Self);

    /// Those in a range.
    fn part(self, range: Range<usize>) -> Self {
        let (_, from) = self.split(range.start);
        from.split(range.len()).0
    }
}

impl Part for &[u8] {
    fn split(self, count: usize) -> (Self, Self) {
        self.split_at(count)
    }
}

impl Part for &mut [u8] {
    fn split(self, count: usize) -> (Self, Self) {
        self.split_at_mut(count)
    }
}

/// The lines of colour that belong to lines: the first, and how many.
fn colour_lines(chroma: Chroma, top: usize, lines: usize) -> (usize, usize) {
    match chroma {
        Chroma::Full | Chroma::Half => (top, lines),
        Chroma::Quarter => (top / 2, lines.div_ceil(2)),
    }
}

/// Room for a strip of 4:2:2, which is what two pixels in four bytes are.
fn room(planes: &mut [Vec<u8>; 3], width: usize, lines: usize) -> Strip<&mut [u8]> {
    let colour = width.div_ceil(2) * lines;
    for (plane, size) in planes.iter_mut().zip([width * lines, colour, colour]) {
        plane.resize(size, 0);
    }
    Strip {
        chroma: Chroma::Half,
        width,
        lines,
        planes: planes.each_mut().map(Vec::as_mut_slice),
    }
}

fn kept(planes: &[Vec<u8>; 3], width: usize, lines: usize) -> Strip<&[u8]> {
    Strip {
        chroma: Chroma::Half,
        width,
        lines,
        planes: planes.each_ref().map(Vec::as_slice),
    }
}

fn take_apart(from: &Layout, picture: &[u8], top: usize, to: Strip<&mut [u8]>) {
    let [y, u, v] = to.planes;
    let colour = to.width.div_ceil(2);
    let lines = y
        .chunks_exact_mut(to.width)
        .zip(u.chunks_exact_mut(colour))
        .zip(v.chunks_exact_mut(colour));
    for (line, ((y, u), v)) in (top..).zip(lines) {
        apart(&picture[from.line(line)], brightness(from), y, u, v);
    }
}

fn put_together(to: &Layout, from: Strip<&[u8]>, top: usize, picture: &mut [u8]) {
    let [y, u, v] = from.planes;
    let colour = from.width.div_ceil(2);
    let lines = y
        .chunks_exact(from.width)
        .zip(u.chunks_exact(colour))
        .zip(v.chunks_exact(colour));
    for (line, ((y, u), v)) in (top..).zip(lines) {
        together(y, u, v, brightness(to), &mut picture[to.line(line)]);
    }
}

/// Which byte of two pixels in four is the first brightness.
fn brightness(layout: &Layout) -> usize {
    usize::from(layout.bytes == Bytes::Uyvy)
}

/// Sizes are those of the layouts, which the crate that converts can only agree to.
fn converted(answer: Result<(), yuv::YuvError>) {
    answer.expect("the planes have the sizes that were made for them");
}
