//! Bare bytes: frames back to back, or samples, for programs that are told what they are.

use std::io::Write;

use crate::file::picture::{Converter, Form};
use crate::file::riff::write;
use crate::file::{Error, Output};
use crate::{BitmapFormat, Pixel};

/// Frames back to back: from the top down, and nothing between lines or frames. The bytes of a pixel keep their order, so that
/// [`Pixel::Rgb24`] is what ffmpeg calls `bgr24`, and [`Pixel::Rgb32`] its `bgr0`.
#[derive(Debug)]
pub struct Frames {
    output: Output,
    converter: Converter,
    pixel: Pixel,
    frame: Vec<u8>,
}

impl Frames {
    /// Writes frames of this format; as other pixels, where some are named. Pictures with a palette become [`Pixel::Rgb24`] unless
    /// their indices are asked for.
    ///
    /// # Errors
    /// The pictures are compressed, or cannot become what is named.
    pub fn new(output: Output, format: &BitmapFormat, pixel: Option<Pixel>) -> Result<Self, Error> {
        let kept = format.pixel().filter(|&pixel| pixel != Pixel::Rgb8);
        let pixel = pixel.or(kept).unwrap_or(Pixel::Rgb24);
        Ok(Self {
            output,
            converter: Converter::new(format, Form::Bare(pixel))?,
            pixel,
            frame: Vec::new(),
        })
    }

    /// The pixels that are written.
    pub fn pixel(&self) -> Pixel {
        self.pixel
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
        write(&mut self.output, &self.frame)
    }

    /// Makes sure that all is written.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(self) -> Result<(), Error> {
        flush(self.output)
    }
}

/// Samples without a header: the bytes of a WAV file's sound.
#[derive(Debug)]
pub struct Samples {
    output: Output,
}

impl Samples {
    /// Writes nothing yet.
    pub fn new(output: Output) -> Self {
        Self { output }
    }

    /// Writes samples.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(&mut self, samples: &[u8]) -> Result<(), Error> {
        write(&mut self.output, samples)
    }

    /// Makes sure that all is written.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(self) -> Result<(), Error> {
        flush(self.output)
    }
}

fn flush(mut output: Output) -> Result<(), Error> {
    let at = output.position();
    output.flush().map_err(Error::write(at))
}
