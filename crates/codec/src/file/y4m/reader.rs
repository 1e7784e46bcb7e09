//! Reads pictures from Y4M.

use crate::file::picture::{Chroma, Converter, Form};
use crate::file::riff::{fill, read_into};
use crate::file::{Error, Input, Warnings};
use crate::{BitmapFormat, Pixel};

use super::header::{Colour, Header, broken};
use super::{FRAME, MAGIC};

/// No first line is longer, nor the line before a frame.
const LONGEST: usize = 4096;

/// A Y4M file that is read as a stream, from a file or a pipe.
#[derive(Debug)]
pub struct Reader {
    input: Input,
    header: Header,
    format: BitmapFormat,
    converter: Converter,
    planes: Vec<u8>,
    frames: u64,
    warnings: Warnings,
}

impl Reader {
    /// Reads the first line. Pictures are given as `pixel` of a driver's; without it, as what loses least: [`Pixel::I420`],
    /// [`Pixel::Yuy2`], or [`Pixel::Rgb24`] where each pixel has its own colour.
    ///
    /// # Errors
    /// The input cannot be read, is no Y4M file, or is one of more than 8 bits or of interleaved planes.
    pub fn open(mut input: Input, pixel: Option<Pixel>) -> Result<Self, Error> {
        let mut magic = [0; MAGIC.len()];
        let found = fill(&mut input, &mut magic)?;
        if magic != MAGIC.as_bytes() {
            let found = String::from_utf8_lossy(&magic[..found]);
            return Err(broken(0, &format!("\"{MAGIC}\""), &format!("{found:?}")));
        }
        let mut line = MAGIC.as_bytes().to_vec();
        read_line(&mut input, &mut line)?;
        let mut warnings = Warnings::default();
        let header = Header::parse(&line, &mut warnings)?;
        let chroma = match header.colour {
            Colour::None => Chroma::Quarter,
            Colour::Planes(chroma) => chroma,
        };
        let pixel = pixel.unwrap_or(match chroma {
            Chroma::Full => Pixel::Rgb24,
            Chroma::Half => Pixel::Yuy2,
            Chroma::Quarter => Pixel::I420,
        });
        let format = BitmapFormat::uncompressed(pixel, header.width, header.height);
        let converter = Converter::to_driver(Form::Planes(chroma), &format)?;
        Ok(Self {
            input,
            header,
            format,
            converter,
            planes: Vec::new(),
            frames: 0,
            warnings,
        })
    }

    /// The format of the pictures, as [`next`](Self::next) gives them.
    pub fn format(&self) -> &BitmapFormat {
        &self.format
    }

    /// How many pixels share a colour in the file; none where it has no colour.
    pub fn chroma(&self) -> Option<Chroma> {
        match self.header.colour {
            Colour::None => None,
            Colour::Planes(chroma) => Some(chroma),
        }
    }

    /// Frames in so many seconds.
    pub fn rate(&self) -> (u32, u32) {
        self.header.rate
    }

    /// How many frames were read.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Where the next frame starts.
    pub fn position(&self) -> u64 {
        self.input.position()
    }

    /// Reads the next picture into `picture`, in place of what that holds. Answers whether there was one; a last one that is cut
    /// has a warning.
    ///
    /// # Errors
    /// The input cannot be read, or goes on with something else than a frame.
    pub fn next(&mut self, picture: &mut Vec<u8>) -> Result<bool, Error> {
        let offset = self.input.position();
        let mut first = [0; FRAME.len()];
        match fill(&mut self.input, &mut first)? {
            0 => return Ok(false),
            found if first != FRAME.as_bytes() => {
                let found = String::from_utf8_lossy(&first[..found]);
                return Err(broken(
                    offset,
                    &format!("\"{FRAME}\""),
                    &format!("{found:?}"),
                ));
            }
            _ => {}
        }
        read_line(&mut self.input, &mut Vec::new())?;
        let whole = self.converter.source_size();
        let stored = match self.header.colour {
            Colour::None => self.header.width as usize * self.header.height as usize,
            Colour::Planes(_) => whole,
        };
        if !read_into(&mut self.input, stored, &mut self.planes)? {
            let found = self.planes.len();
            let text = format!("a frame is to have {stored} bytes, and {found} are there");
            self.warnings.push(offset, text);
            return Ok(false);
        }
        // No colour is the middle of all colours.
        self.planes.resize(whole, 128);
        self.converter.convert(&self.planes, picture)?;
        self.frames += 1;
        Ok(true)
    }

    /// What is wrong with the file, as far as it was read.
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }
}

/// Appends what there is up to a line feed.
fn read_line(input: &mut Input, line: &mut Vec<u8>) -> Result<(), Error> {
    let offset = input.position();
    let mut byte = [0];
    while line.len() < LONGEST && fill(input, &mut byte)? == 1 {
        if byte == *b"\n" {
            return Ok(());
        }
        line.extend(byte);
    }
    Err(broken(
        offset,
        "a line feed",
        &format!("{} bytes without one", line.len()),
    ))
}
