//! Pictures that become frames.

use std::mem::offset_of;

use opendriver_abi::structures::{Address, BitmapInfoHeader, IcCompress};

use super::claims::{format, read_into, sane};
use super::decompressing::is_of;
use super::driver::{Vfw, Work};
use super::settings::quality;
use super::{BitmapFormat, Codec, Encoder, FrameKind, FrameWish, Refusal};
use crate::Claim;

/// `ICCOMPRESS_KEYFRAME`
const KEY_FRAME_WANTED: u32 = 1;

/// `AVIIF_KEYFRAME`
const KEY_FRAME: u32 = 0x10;

/// A compression that has begun.
pub(super) struct Encoding<E> {
    encoder: E,
    input: BitmapFormat,
    size: usize,
    most: usize,
    picture: Vec<u8>,
    frame: Vec<u8>,
}

impl<C: Codec> Vfw<C> {
    /// `ICM_COMPRESS_BEGIN`
    pub(super) fn compress_begin(
        &self,
        work: &mut Work<C>,
        input: Claim<'_>,
        output: Claim<'_>,
    ) -> Result<(), Refusal> {
        work.encoding = None;
        work.encoding = Some(self.encoding(work, input, output)?);
        Ok(())
    }

    fn encoding(
        &self,
        work: &Work<C>,
        input: Claim<'_>,
        output: Claim<'_>,
    ) -> Result<Encoding<C::Encoder>, Refusal> {
        let (input, output) = (format(input)?, format(output)?);
        Ok(Encoding {
            size: sane(input.picture_size())?,
            encoder: self.codec.encoder(&input, &output, &work.settings)?,
            most: self.codec.largest_frame(&input, &output),
            input,
            picture: Vec::new(),
            frame: Vec::new(),
        })
    }

    /// `ICM_COMPRESS`
    pub(super) fn compress<P: Address>(
        &self,
        work: &mut Work<C>,
        claim: Claim<'_>,
    ) -> Result<(), Refusal> {
        let asked: IcCompress<P> = claim.structure()?;
        let input_format = claim.follow(asked.input_format);
        let output_format = claim.follow(asked.output_format);
        // Out of its place while the codec works: what panics is not used again.
        let mut encoding = match work.encoding.take() {
            Some(encoding) => encoding,
            None => self.encoding(work, input_format, output_format)?,
        };
        let wish = FrameWish {
            number: u32::try_from(asked.frame).unwrap_or(0),
            key: asked.flags & KEY_FRAME_WANTED != 0,
            size: (asked.frame_size > 0).then_some(asked.frame_size),
            quality: quality(asked.quality, work.quality),
        };
        let done = encoding.compress(input_format, claim.follow(asked.input), &wish);
        let done = done.and_then(|kind| {
            claim.follow(asked.output).write(&encoding.frame)?;
            let size = encoding.frame.len() as u32;
            output_format
                .at(offset_of!(BitmapInfoHeader, image_size))
                .write_u32(size)?;
            let flags = claim.follow(asked.index_flags);
            if flags.address() != 0 {
                flags.write_u32(if kind == FrameKind::Key { KEY_FRAME } else { 0 })?;
            }
            Ok(())
        });
        work.encoding = Some(encoding);
        done
    }
}

impl<E: Encoder> Encoding<E> {
    fn compress(
        &mut self,
        format: Claim<'_>,
        picture: Claim<'_>,
        wish: &FrameWish,
    ) -> Result<FrameKind, Refusal> {
        let header: BitmapInfoHeader = format.structure()?;
        if !is_of(&header, &self.input) {
            return Err(Refusal::BadFormat);
        }
        read_into(&mut self.picture, picture, self.size)?;
        self.frame.clear();
        let kind = self.encoder.frame(&self.picture, wish, &mut self.frame)?;
        match self.frame.len() > self.most {
            true => Err(Refusal::TooLarge),
            false => Ok(kind),
        }
    }
}
