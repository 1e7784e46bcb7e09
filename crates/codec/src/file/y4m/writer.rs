//! Writes pictures as Y4M.

use std::io::Write;

use crate::file::picture::{Chroma, Converter, Form};
use crate::file::riff::write;
use crate::file::{Error, Output};
use crate::{BitmapFormat, Pixel};

use super::{FRAME, MAGIC, Y4M};

/// How pictures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Frames in so many seconds: `(30000, 1001)` are 29.97 a second.
    pub rate: (u32, u32),
    /// How many pixels share a colour. Without it, nothing is lost: as many as do already, and of red, green and blue each has its own.
    pub chroma: Option<Chroma>,
}

/// A Y4M file that is written as a stream, to a file or a pipe.
#[derive(Debug)]
pub struct Writer {
    output: Output,
    converter: Converter,
    frame: Vec<u8>,
}

impl Writer {
    /// Writes the file's first line. `format` is that of the pictures to come.
    ///
    /// # Errors
    /// The output cannot be written, or the pictures are compressed.
    pub fn new(mut output: Output, format: &BitmapFormat, options: Options) -> Result<Self, Error> {
        let chroma = options.chroma.unwrap_or(match format.pixel() {
            Some(Pixel::Yuy2 | Pixel::Uyvy) => Chroma::Half,
            Some(Pixel::Yv12 | Pixel::I420) => Chroma::Quarter,
            _ => Chroma::Full,
        });
        let converter =
            Converter::new(format, Form::Planes(chroma)).map_err(|_| Error::Unsupported {
                format: Y4M,
                what: format.to_string(),
            })?;
        let name = match chroma {
            Chroma::Full => "444",
            Chroma::Half => "422",
            // Colour lies in the middle of its four pixels, as it does in JPEG.
            Chroma::Quarter => "420jpeg",
        };
        let (width, height) = (format.width(), format.height());
        let (frames, seconds) = match options.rate {
            (0, _) | (_, 0) => (25, 1),
            rate => rate,
        };
        let line = format!(
            "{MAGIC} W{width} H{height} F{frames}:{seconds} Ip A1:1 C{name} XCOLORRANGE=LIMITED\n"
        );
        write(&mut output, line.as_bytes())?;
        Ok(Self {
            output,
            converter,
            frame: Vec::new(),
        })
    }

    /// Gives the colours of the pictures to come, where they have a palette.
    pub fn set_palette(&mut self, palette: &[[u8; 4]]) {
        self.converter.set_palette(palette);
    }

    /// Writes a picture.
    ///
    /// # Errors
    /// It is shorter than its format takes, or the output cannot be written.
    pub fn write(&mut self, picture: &[u8]) -> Result<(), Error> {
        self.converter.convert(picture, &mut self.frame)?;
        write(&mut self.output, FRAME.as_bytes())?;
        write(&mut self.output, b"\n")?;
        write(&mut self.output, &self.frame)
    }

    /// Makes sure that all is written.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self) -> Result<(), Error> {
        let at = self.output.position();
        self.output.flush().map_err(Error::write(at))
    }
}
