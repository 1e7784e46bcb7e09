//! Pictures on their way from one format to another.

use opendriver_abi::structures::FourCc;

use super::track::{Format, Step};
use super::{PictureWishes, Way};
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

/// Why pictures cannot be converted.
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

/// A stream of pictures on its way.
#[derive(Debug)]
pub(super) struct Pictures {
    from: BitmapFormat,
    work: Work,
    encoder: Option<Compressor>,
    steps: Vec<Step>,
    state: Option<Vec<u8>>,
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
        let from = self.from.clone();
        let decoder = match needs_codec(&from) {
            true => Some(codecs.for_decompressing(&from, about.handler)?),
            false => None,
        };
        let Some(code) = wishes.codec else {
            let to = match (&decoder, wishes.pixel) {
                (None, None) => from.clone(),
                (None, Some(pixel)) => same_or_wish(&from, pixel)?,
                (Some(codec), None) => codec.decompress_format(&from)?,
                (Some(codec), Some(pixel)) => decompressed_to(codec, &from, pixel)?,
            };
            return Ok(self.decode(decoder, &to, wishes)?);
        };
        let (encoder, between) = self.encoder(codecs, code, decoder.as_ref(), wishes.pixel)?;
        set_up(&encoder, wishes)?;
        self.state = Some(encoder.state()?);
        self.decode(decoder, &between, &PictureWishes::default())?;
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

    /// Decompresses with a codec, or keeps pictures as they are.
    fn decode(
        &mut self,
        decoder: Option<Codec>,
        to: &BitmapFormat,
        wishes: &PictureWishes,
    ) -> Result<(), vfw::Error> {
        self.work = match decoder {
            Some(codec) => {
                set_up(&codec, wishes)?;
                if wishes.codec.is_none() && self.state.is_none() {
                    self.state = Some(codec.state()?);
                }
                self.steps.push(step(&codec, &self.from, to));
                Work::Decode(Box::new(codec.into_decompressor(&self.from, to)?))
            }
            None => {
                let size = raw_size(to)?;
                Work::Keep {
                    format: to.clone(),
                    last: vec![0; size],
                }
            }
        };
        Ok(())
    }

    /// Finds who compresses to a code, and the pictures to give it: what the decoder prefers, or else what both know.
    fn encoder(
        &self,
        codecs: &Codecs,
        code: FourCc,
        decoder: Option<&Codec>,
        pixel: Option<Pixel>,
    ) -> Result<(Codec, BitmapFormat), vfw::Error> {
        let Some(decoder) = decoder else {
            return Ok((codecs.for_compressing(code, &self.from)?, self.from.clone()));
        };
        let preferred = match pixel {
            Some(pixel) => decompressed_to(decoder, &self.from, pixel)?,
            None => decoder.decompress_format(&self.from)?,
        };
        let error = match codecs.for_compressing(code, &preferred) {
            Ok(encoder) => return Ok((encoder, preferred)),
            Err(error) => error,
        };
        let offered = OFFERED.into_iter().filter(|_| pixel.is_none());
        for pixel in offered {
            let between = BitmapFormat::uncompressed(pixel, self.from.width(), self.from.height());
            if decoder.decompress_query(&self.from, Some(&between)).is_ok()
                && let Ok(encoder) = codecs.for_compressing(code, &between)
            {
                return Ok((encoder, between));
            }
        }
        Err(error)
    }

    /// Makes of a frame what the target gets.
    pub(super) fn frame<'a>(
        &'a mut self,
        data: &'a [u8],
        key: Option<bool>,
    ) -> Result<Made<'a>, vfw::Error> {
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
        Ok(self.encoder.is_none() && !format.palette().is_empty())
    }

    /// The format that comes out, as it is now: a palette may have changed.
    pub(super) fn to(&self) -> &BitmapFormat {
        match (&self.encoder, &self.work) {
            (Some(encoder), _) => encoder.output(),
            (None, Work::Copy) => &self.from,
            (None, Work::Keep { format, .. }) => format,
            (None, Work::Decode(decoder)) => decoder.output(),
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

/// Gives a codec what is wished of it beside formats.
fn set_up(codec: &Codec, wishes: &PictureWishes) -> Result<(), vfw::Error> {
    if let Some(state) = &wishes.state {
        codec.set_state(state)?;
    }
    Ok(())
}

/// The format, which has these pixels already.
fn same_or_wish(from: &BitmapFormat, pixel: Pixel) -> Result<BitmapFormat, Trouble> {
    match from.pixel() {
        Some(found) if found == pixel => Ok(from.clone()),
        _ => Err(Trouble::Wish(format!("{from} cannot become {pixel}"))),
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

/// Pictures of these pixels, where the codec decompresses to them.
fn decompressed_to(
    codec: &Codec,
    from: &BitmapFormat,
    pixel: Pixel,
) -> Result<BitmapFormat, vfw::Error> {
    let preferred = codec.decompress_format(from)?;
    // Of the pixels that it prefers, it also knows the palette.
    if preferred.pixel() == Some(pixel) {
        return Ok(preferred);
    }
    let to = BitmapFormat::uncompressed(pixel, from.width(), from.height());
    codec.decompress_query(from, Some(&to)).map(|()| to)
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
