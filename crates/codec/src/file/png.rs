//! PNG pictures: one file a frame, or back to back.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

use crate::BitmapFormat;
use crate::file::picture::{Converter, Form};
use crate::file::{Error, Output};

/// Pictures as PNG files that are numbered from 0: `name-000000.png`, `name-000001.png` ...
///
/// Pictures with a palette keep it.
#[derive(Debug)]
pub struct Sequence {
    /// The path up to the number.
    stem: PathBuf,
    frames: Frames,
    count: u64,
}

impl Sequence {
    /// Numbers files after `path`, whose ending is taken off; nothing is written yet.
    ///
    /// # Errors
    /// The pictures are compressed.
    pub fn new(path: &Path, format: &BitmapFormat) -> Result<Self, Error> {
        Ok(Self {
            stem: path.with_extension(""),
            frames: Frames::new(format)?,
            count: 0,
        })
    }

    /// Gives the colours of the pictures to come, where they have a palette: each blue, green, red and a byte that means nothing.
    pub fn set_palette(&mut self, palette: &[[u8; 4]]) {
        self.frames.set_palette(palette);
    }

    /// Writes the next picture. A file that is there already is replaced.
    ///
    /// # Errors
    /// It is shorter than its format takes, or the file cannot be written.
    pub fn write(&mut self, picture: &[u8]) -> Result<(), Error> {
        let file = File::create(self.path(self.count)).map_err(Error::write(0))?;
        self.frames.write(picture, &mut Output::file(file))?;
        self.count += 1;
        Ok(())
    }

    /// The file of a frame.
    pub fn path(&self, number: u64) -> PathBuf {
        let mut path = self.stem.clone().into_os_string();
        path.push(format!("-{number:06}.png"));
        path.into()
    }

    /// How many pictures were written.
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// Pictures as PNG back to back, for pipes: `ffmpeg -f image2pipe` reads them.
#[derive(Debug)]
pub struct Stream {
    output: Output,
    frames: Frames,
}

impl Stream {
    /// Writes nothing yet.
    ///
    /// # Errors
    /// The pictures are compressed.
    pub fn new(output: Output, format: &BitmapFormat) -> Result<Self, Error> {
        let frames = Frames::new(format)?;
        Ok(Self { output, frames })
    }

    /// Gives the colours of the pictures to come, as [`Sequence::set_palette`] does.
    pub fn set_palette(&mut self, palette: &[[u8; 4]]) {
        self.frames.set_palette(palette);
    }

    /// Writes the next picture.
    ///
    /// # Errors
    /// It is shorter than its format takes, or the output cannot be written.
    pub fn write(&mut self, picture: &[u8]) -> Result<(), Error> {
        self.frames.write(picture, &mut self.output)
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

/// Makes one PNG of each picture.
#[derive(Debug)]
struct Frames {
    width: u32,
    height: u32,
    depth: BitDepth,
    /// Red, green and blue of each colour, where pictures are indices.
    palette: Option<Vec<u8>>,
    converter: Converter,
    pixels: Vec<u8>,
}

impl Frames {
    fn new(format: &BitmapFormat) -> Result<Self, Error> {
        let bits = if format.compression().0 == 0 {
            format.bits()
        } else {
            0
        };
        let (form, depth) = match bits {
            1 => (Form::Indices(1), BitDepth::One),
            4 => (Form::Indices(4), BitDepth::Four),
            8 => (Form::Indices(8), BitDepth::Eight),
            _ => (Form::Rgb, BitDepth::Eight),
        };
        let mut frames = Self {
            width: format.width(),
            height: format.height(),
            depth,
            palette: matches!(form, Form::Indices(_)).then(Vec::new),
            converter: Converter::new(format, form)?,
            pixels: Vec::new(),
        };
        frames.set_palette(format.palette());
        Ok(frames)
    }

    fn set_palette(&mut self, colours: &[[u8; 4]]) {
        let Some(palette) = &mut self.palette else {
            return;
        };
        palette.clear();
        palette.extend(colours.iter().flat_map(|&[b, g, r, _]| [r, g, b]));
        // Every index means something, so that a picture that uses more than it has colours for can be read all the same.
        palette.resize(3 << self.depth as u8, 0);
    }

    fn write(&mut self, picture: &[u8], to: &mut Output) -> Result<(), Error> {
        self.converter.convert(picture, &mut self.pixels)?;
        let at = to.position();
        let mut encoder = Encoder::new(&mut *to, self.width, self.height);
        encoder.set_depth(self.depth);
        encoder.set_compression(Compression::Fast);
        match &self.palette {
            Some(palette) => {
                encoder.set_color(ColorType::Indexed);
                encoder.set_palette(palette);
            }
            None => encoder.set_color(ColorType::Rgb),
        }
        encoder
            .write_header()
            .and_then(|mut writer| {
                writer.write_image_data(&self.pixels)?;
                writer.finish()
            })
            .and_then(|()| Ok(to.flush()?))
            .map_err(|error| match error {
                EncodingError::IoError(error) => Error::write(at)(error),
                other => Error::write(at)(io::Error::other(other)),
            })
    }
}
