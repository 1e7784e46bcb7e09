//! Pictures on their way from one format to another.

use opendriver_abi::structures::FourCc;

use super::track::{Format, Step};
use super::{PictureWishes, Way};
use crate::file;
use crate::file::picture::{Converter, Form};
use crate::vfw::{
    self, Codec, Codecs, Compressor, Decompressor, FrameFlags, PaletteChange, Settings,
};
use crate::{BitmapFormat, Pixel};

/// No picture without a codec is larger than this; codecs have the same limit.
const LARGEST: usize = 1 << 30;

/// What encoders are offered, the best first, where none of them takes what the decoder prefers.
const OFFERED: [Pixel; 9] = [
    Pixel::Rgb24,
    Pixel::Rgb32,
    Pixel::Yuy2,
    Pixel::Uyvy,
    Pixel::I420,
    Pixel::Yv12,
    Pixel::Rgb555,
    Pixel::Rgb565,
    Pixel::Rgb8,
];

/// What is known of a stream of pictures beside its format.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About {
    /// Which codec made it.
    pub(super) handler: FourCc,
    /// Seconds that `rate` frames take.
    pub(super) scale: u32,
    /// Frames in `scale` seconds.
    pub(super) rate: u32,
}

/// Why pictures cannot be converted before the first.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A codec said no, or there is none.
    Codec(vfw::Error),
    /// What is wished cannot be had.
    Wish(String),
}

impl From<vfw::Error> for Trouble {
    fn from(error: vfw::Error) -> Self {
        Self::Codec(error)
    }
}

/// Why a frame cannot be converted.
#[derive(Debug)]
pub(super) enum Broken {
    /// A codec said no, or broke.
    Codec(vfw::Error),
    /// It is no picture as its format says.
    Picture(file::Error),
}

impl From<vfw::Error> for Broken {
    fn from(error: vfw::Error) -> Self {
        Self::Codec(error)
    }
}

impl From<file::Error> for Broken {
    fn from(error: file::Error) -> Self {
        Self::Picture(error)
    }
}

/// A stream of pictures on its way.
#[derive(Debug)]
pub(super) struct Pictures {
    from: BitmapFormat,
    work: Work,
    repaint: Option<Repaint>,
    encoder: Option<Compressor>,
    steps: Vec<Step>,
    state: Option<Vec<u8>>,
}

/// Turns pictures of one kind of pixels into those of another, where no codec does.
#[derive(Debug)]
struct Repaint {
    converter: Converter,
    to: BitmapFormat,
    picture: Vec<u8>,
}

impl Repaint {
    fn new(from: &BitmapFormat, to: BitmapFormat) -> Result<Self, Trouble> {
        let unconvertible = |what: String| Trouble::Wish(what);
        let form = Form::of(&to).ok_or_else(|| unconvertible(format!("{to} is no picture")))?;
        let converter = Converter::new(from, form);
        Ok(Self {
            converter: converter.map_err(|error| unconvertible(error.to_string()))?,
            to,
            picture: Vec::new(),
        })
    }

    fn paint(&mut self, picture: &[u8]) -> Result<&[u8], file::Error> {
        self.converter.convert(picture, &mut self.picture)?;
        Ok(&self.picture)
    }
}

/// What frames are decoded to, and what of that is made without a codec.
#[derive(Clone, Debug)]
struct Shown {
    decoded: BitmapFormat,
    repainted: Option<BitmapFormat>,
}

impl Shown {
    fn last(&self) -> &BitmapFormat {
        self.repainted.as_ref().unwrap_or(&self.decoded)
    }
}

/// How a frame becomes a picture.
#[derive(Debug)]
enum Work {
    /// It goes as it is, whatever it holds.
    Copy,
    /// It is a picture already; the last one is kept, because an empty frame repeats it.
    Keep { format: BitmapFormat, last: Vec<u8> },
    /// A codec decompresses it.
    Decode(Box<Decompressor>),
}

/// What came of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) key: bool,
    /// What is odd about the frame.
    pub(super) odd: Option<Odd>,
}

/// What is odd about a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Odd {
    pub(super) expected: usize,
    pub(super) found: usize,
}

impl Pictures {
    /// Finds out what to convert to, and who does that.
    pub(super) fn open(
        codecs: &Codecs,
        from: &BitmapFormat,
        about: About,
        wishes: &PictureWishes,
        way: Way,
    ) -> Result<Self, Trouble> {
        let mut made = Self {
            from: from.clone(),
            work: Work::Copy,
            repaint: None,
            encoder: None,
            steps: Vec::new(),
            state: None,
        };
        if way == Way::Convert {
            made.negotiate(codecs, about, wishes)?;
        }
        Ok(made)
    }

    fn negotiate(
        &mut self,
        codecs: &Codecs,
        about: About,
        wishes: &PictureWishes,
    ) -> Result<(), Trouble> {
        let decoder = match needs_codec(&self.from) {
            true => Some(codecs.for_decompressing(&self.from, about.handler)?),
            false => None,
        };
        let Some(code) = wishes.codec else {
            let shown = self.shown(decoder.as_ref(), wishes.pixel)?;
            if let Some(codec) = &decoder {
                self.set_up(codec, wishes)?;
            }
            return self.show(decoder, shown);
        };
        let (encoder, shown) = self.encoder(codecs, code, decoder.as_ref(), wishes.pixel)?;
        self.set_up(&encoder, wishes)?;
        let between = shown.last().clone();
        self.show(decoder, shown)?;
        let to = encoder.compress_format(&between)?;
        self.steps.push(step(&encoder, &between, &to));
        let settings = Settings {
            quality: wishes.quality,
            key_every: wishes.key_every,
            data_rate: wishes.data_rate,
            frames_per_second: (about.scale, about.rate),
        };
        self.encoder = Some(encoder.into_compressor(&between, &to, settings)?);
        Ok(())
    }

    /// Gives the codec that counts its state, and keeps what it says of it.
    fn set_up(&mut self, codec: &Codec, wishes: &PictureWishes) -> Result<(), vfw::Error> {
        if let Some(state) = &wishes.state {
            codec.set_state(state)?;
        }
        self.state = Some(codec.state()?);
        Ok(())
    }

    /// What pictures come to be, with these pixels if some are wished: by the codec where it can, else by us.
    fn shown(&self, decoder: Option<&Codec>, pixel: Option<Pixel>) -> Result<Shown, vfw::Error> {
        let from = &self.from;
        let decoded = match decoder {
            Some(codec) => codec.decompress_format(from)?,
            None => from.clone(),
        };
        // Of the pixels that a codec prefers, it also knows the palette.
        let Some(pixel) = pixel.filter(|&pixel| decoded.pixel() != Some(pixel)) else {
            return Ok(Shown {
                decoded,
                repainted: None,
            });
        };
        let wished = BitmapFormat::uncompressed(pixel, from.width(), from.height());
        let can = match decoder {
            Some(codec) => codec.decompresses_to(from, &wished)?,
            None => false,
        };
        Ok(match can {
            true => Shown {
                decoded: wished,
                repainted: None,
            },
            false => Shown {
                decoded,
                repainted: Some(wished),
            },
        })
    }

    /// Makes pictures of frames in that way.
    fn show(&mut self, decoder: Option<Codec>, shown: Shown) -> Result<(), Trouble> {
        let Shown { decoded, repainted } = shown;
        self.work = match decoder {
            Some(codec) => {
                self.steps.push(step(&codec, &self.from, &decoded));
                Work::Decode(Box::new(codec.into_decompressor(&self.from, &decoded)?))
            }
            None => Work::Keep {
                last: vec![0; raw_size(&decoded)?],
                format: decoded.clone(),
            },
        };
        if let Some(to) = repainted {
            self.steps.push(Step {
                driver: None,
                module: None,
                from: Format::Pictures(decoded.clone()),
                to: Format::Pictures(to.clone()),
            });
            self.repaint = Some(Repaint::new(&decoded, to)?);
        }
        Ok(())
    }

    /// Finds who compresses to a code, and the pictures to give it: what the decoder prefers, or else what the encoder takes.
    fn encoder(
        &self,
        codecs: &Codecs,
        code: FourCc,
        decoder: Option<&Codec>,
        pixel: Option<Pixel>,
    ) -> Result<(Codec, Shown), vfw::Error> {
        let preferred = self.shown(decoder, pixel)?;
        let error = match codecs.for_compressing(code, preferred.last()) {
            Ok(encoder) => return Ok((encoder, preferred)),
            Err(error) => error,
        };
        for other in OFFERED.into_iter().filter(|_| pixel.is_none()) {
            let shown = self.shown(decoder, Some(other))?;
            // A palette cannot be made up.
            let is_made = shown.repainted.is_none() || other != Pixel::Rgb8;
            if is_made && let Ok(encoder) = codecs.for_compressing(code, shown.last()) {
                return Ok((encoder, shown));
            }
        }
        Err(error)
    }

    /// Makes of a frame what the target gets.
    pub(super) fn frame<'a>(
        &'a mut self,
        data: &'a [u8],
        key: Option<bool>,
    ) -> Result<Made<'a>, Broken> {
        let mut odd = None;
        let picture = match &mut self.work {
            Work::Copy => {
                let key = key.unwrap_or(true);
                return Ok(Made {
                    bytes: data,
                    key,
                    odd,
                });
            }
            Work::Keep { last, .. } => {
                let there = data.len().min(last.len());
                last[..there].copy_from_slice(&data[..there]);
                if !data.is_empty() && data.len() != last.len() {
                    odd = Some(Odd {
                        expected: last.len(),
                        found: data.len(),
                    });
                }
                last.as_slice()
            }
            Work::Decode(decoder) => {
                let flags = FrameFlags {
                    key,
                    ..FrameFlags::default()
                };
                decoder.frame(data, flags)?.bytes
            }
        };
        let picture = match &mut self.repaint {
            Some(repaint) => repaint.paint(picture)?,
            None => picture,
        };
        let Some(encoder) = &mut self.encoder else {
            return Ok(Made {
                bytes: picture,
                key: true,
                odd,
            });
        };
        let packet = encoder.frame(picture, false)?;
        Ok(Made {
            bytes: packet.data,
            key: packet.key,
            odd,
        })
    }

    /// Whether frames go as they are.
    pub(super) fn are_copied(&self) -> bool {
        matches!(self.work, Work::Copy)
    }

    /// Decodes a frame that is not wanted itself, because those that follow need it.
    pub(super) fn pass(&mut self, data: &[u8], key: Option<bool>) -> Result<(), vfw::Error> {
        match &mut self.work {
            Work::Copy => {}
            Work::Keep { last, .. } => {
                let there = data.len().min(last.len());
                last[..there].copy_from_slice(&data[..there]);
            }
            Work::Decode(decoder) => {
                let flags = FrameFlags {
                    key,
                    ..FrameFlags::default()
                };
                decoder.frame(data, flags)?;
            }
        }
        Ok(())
    }

    /// Makes a change of the palette. Answers whether the target has to hear of it, too.
    pub(super) fn change_palette(&mut self, change: &PaletteChange) -> Result<bool, vfw::Error> {
        let format = match &mut self.work {
            Work::Copy => return Ok(true),
            Work::Keep { format, .. } => {
                *format = change.apply(format);
                format
            }
            Work::Decode(decoder) => {
                decoder.change_palette(change)?;
                decoder.output()
            }
        };
        if let Some(repaint) = &mut self.repaint {
            repaint.converter.set_palette(format.palette());
            return Ok(false);
        }
        Ok(self.encoder.is_none() && !format.palette().is_empty())
    }

    /// The format that comes out, as it is now: a palette may have changed.
    pub(super) fn to(&self) -> &BitmapFormat {
        match (&self.encoder, &self.repaint, &self.work) {
            (Some(encoder), ..) => encoder.output(),
            (None, Some(repaint), _) => &repaint.to,
            (None, None, Work::Copy) => &self.from,
            (None, None, Work::Keep { format, .. }) => format,
            (None, None, Work::Decode(decoder)) => decoder.output(),
        }
    }

    /// The code of the codec that the target's stream is for, where it is a codec's.
    pub(super) fn handler(&self) -> Option<FourCc> {
        self.encoder
            .as_ref()
            .map(|encoder| encoder.codec().handler())
    }

    /// Who converts, and from what to what.
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The codec's settings, in a form of its own, as it began.
    pub(super) fn state(&self) -> Option<&[u8]> {
        self.state.as_deref()
    }

    /// Where drivers wrote behind what they were given.
    pub(super) fn take_overruns(&self) -> Vec<vfw::Overrun> {
        let mut overruns = match &self.work {
            Work::Decode(decoder) => decoder.take_overruns(),
            _ => Vec::new(),
        };
        if let Some(encoder) = &self.encoder {
            overruns.extend(encoder.take_overruns());
        }
        overruns
    }
}

fn step(codec: &Codec, from: &BitmapFormat, to: &BitmapFormat) -> Step {
    Step {
        driver: Some(codec.driver().to_owned()),
        module: codec.instance().module().ok(),
        from: Format::Pictures(from.clone()),
        to: Format::Pictures(to.clone()),
    }
}

/// Whether frames are something else than pictures.
fn needs_codec(format: &BitmapFormat) -> bool {
    format.pixel().is_none() && format.compression().0 != 0
}

/// Bytes of a picture that needs no codec.
fn raw_size(format: &BitmapFormat) -> Result<usize, vfw::Error> {
    let size = match format.pixel() {
        Some(pixel) => pixel.picture(format.width(), format.height()),
        None => {
            let line = (format.width() as usize).saturating_mul(format.bits().into());
            let line = line.div_ceil(32).saturating_mul(4);
            line.saturating_mul(format.height() as usize)
        }
    };
    match size {
        0..=LARGEST => Ok(size),
        _ => Err(vfw::Error::TooLarge {
            what: "a picture",
            size: size as u64,
            most: LARGEST as u64,
        }),
    }
}
