//! Frames that become pictures.

use opendriver_abi::LResult;
use opendriver_abi::answer::{ICERR_DONTDRAW, ICERR_OK};
use opendriver_abi::structures::{Address, BitmapInfoHeader, IcDecompress, IcDecompressEx};

use super::claims::{format, read_into, sane};
use super::driver::{Vfw, Work};
use super::{BitmapFormat, Codec, Decoder, Frame, Refusal};
use crate::Claim;

const NOT_KEY_FRAME: u32 = 0x0800_0000;
const NULL_FRAME: u32 = 0x1000_0000;
const PREROLL: u32 = 0x2000_0000;
const UPDATE: u32 = 0x4000_0000;
const HURRY_UP: u32 = 0x8000_0000;

/// A decompression that has begun.
pub(super) struct Decoding<D> {
    decoder: D,
    input: BitmapFormat,
    output: BitmapFormat,
    /// The last picture, whatever has become of the application's.
    picture: Vec<u8>,
    /// The frame's bytes.
    data: Vec<u8>,
}

/// What a message says of a frame, whichever message it is.
struct Request<'a> {
    flags: u32,
    input_format: Claim<'a>,
    input: Claim<'a>,
    output_format: Claim<'a>,
    output: Claim<'a>,
}

impl<C: Codec> Vfw<C> {
    /// `ICM_DECOMPRESS_BEGIN`
    pub(super) fn decompress_begin(
        &self,
        work: &mut Work<C>,
        input: Claim<'_>,
        output: Claim<'_>,
    ) -> Result<(), Refusal> {
        work.decoding = None;
        work.decoding = Some(self.decoding(input, output)?);
        Ok(())
    }

    /// `ICM_DECOMPRESS`
    pub(super) fn decompress<P: Address>(
        &self,
        work: &mut Work<C>,
        claim: Claim<'_>,
    ) -> Result<LResult, Refusal> {
        let asked: IcDecompress<P> = claim.structure()?;
        let request = Request {
            flags: asked.flags,
            input_format: claim.follow(asked.input_format),
            input: claim.follow(asked.input),
            output_format: claim.follow(asked.output_format),
            output: claim.follow(asked.output),
        };
        self.decompress_one(work, &request)
    }

    /// `ICM_DECOMPRESSEX_QUERY`
    pub(super) fn decompress_ex_query<P: Address>(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        let request = whole::<P>(claim)?;
        let is_given = request.output_format.address() != 0;
        let output = is_given.then_some(request.output_format);
        self.decompress_query(request.input_format, output)
    }

    /// `ICM_DECOMPRESSEX_BEGIN`
    pub(super) fn decompress_ex_begin<P: Address>(
        &self,
        work: &mut Work<C>,
        claim: Claim<'_>,
    ) -> Result<(), Refusal> {
        let request = whole::<P>(claim)?;
        self.decompress_begin(work, request.input_format, request.output_format)
    }

    /// `ICM_DECOMPRESSEX`
    pub(super) fn decompress_ex<P: Address>(
        &self,
        work: &mut Work<C>,
        claim: Claim<'_>,
    ) -> Result<LResult, Refusal> {
        let request = whole::<P>(claim)?;
        self.decompress_one(work, &request)
    }

    fn decoding(
        &self,
        input: Claim<'_>,
        output: Claim<'_>,
    ) -> Result<Decoding<C::Decoder>, Refusal> {
        let (input, output) = (format(input)?, format(output)?);
        let size = match output.picture_size() {
            // An application may leave it to the codec how large a picture is that is not plain.
            0 => {
                let mut known = self.codec.decompresses(&input).into_iter();
                known
                    .find(|known| known.is_like(&output))
                    .map_or(0, |known| known.picture_size())
            }
            size => size,
        };
        let size = sane(size)?;
        let decoder = self.codec.decoder(&input, &output)?;
        let mut picture = Vec::new();
        let reserved = picture.try_reserve_exact(size);
        reserved.map_err(|_| Refusal::BadSize)?;
        picture.resize(size, 0);
        Ok(Decoding {
            decoder,
            input,
            output,
            picture,
            data: Vec::new(),
        })
    }

    fn decompress_one(
        &self,
        work: &mut Work<C>,
        request: &Request<'_>,
    ) -> Result<LResult, Refusal> {
        // Out of its place while the codec works: what panics is not used again.
        let mut decoding = match work.decoding.take() {
            Some(decoding) => decoding,
            None => self.decoding(request.input_format, request.output_format)?,
        };
        let done = decoding.decompress(request);
        work.decoding = Some(decoding);
        done
    }
}

impl<D: Decoder> Decoding<D> {
    fn decompress(&mut self, request: &Request<'_>) -> Result<LResult, Refusal> {
        let input: BitmapInfoHeader = request.input_format.structure()?;
        let output: BitmapInfoHeader = request.output_format.structure()?;
        if !is_of(&input, &self.input) || !is_of(&output, &self.output) {
            return Err(Refusal::BadFormat);
        }
        if request.flags & NULL_FRAME != 0 || input.image_size == 0 {
            if request.flags & UPDATE == 0 {
                return Ok(ICERR_DONTDRAW);
            }
            request.output.write(&self.picture)?;
            return Ok(ICERR_OK);
        }
        read_into(&mut self.data, request.input, input.image_size as usize)?;
        let frame = Frame {
            data: &self.data,
            key: request.flags & NOT_KEY_FRAME == 0,
            preroll: request.flags & PREROLL != 0,
            hurry_up: request.flags & HURRY_UP != 0,
        };
        let done = self.decoder.frame(&frame, &mut self.picture);
        if done.is_ok() && (frame.preroll || frame.hurry_up) {
            return Ok(ICERR_DONTDRAW);
        }
        request.output.write(&self.picture)?;
        done.map(|()| ICERR_OK)
    }
}

/// Whether a header is that of a format that was agreed upon; how large the picture is may differ from one to the next.
pub(super) fn is_of(header: &BitmapInfoHeader, format: &BitmapFormat) -> bool {
    header.width.unsigned_abs() == format.width
        && header.height.unsigned_abs() == format.height
        && (!format.is_rgb() || (header.height < 0) == format.top_down)
        && header.bit_count == format.bits
        && header.compression == format.compression
}

/// What an `ICDECOMPRESSEX` asks for, where that is the whole picture at its own size.
///
/// # Errors
/// It is a part of one, or another size.
fn whole<P: Address>(claim: Claim<'_>) -> Result<Request<'_>, Refusal> {
    let asked: IcDecompressEx<P> = claim.structure()?;
    let request = Request {
        flags: asked.flags,
        input_format: claim.follow(asked.source_format),
        input: claim.follow(asked.source),
        output_format: claim.follow(asked.destination_format),
        output: claim.follow(asked.destination),
    };
    let header: BitmapInfoHeader = request.input_format.structure()?;
    let size = (header.width, header.height.saturating_abs());
    let from = (asked.source_width, asked.source_height);
    let to = (asked.destination_width, asked.destination_height);
    let corners = [
        asked.source_x,
        asked.source_y,
        asked.destination_x,
        asked.destination_y,
    ];
    match corners == [0; 4] && from == size && to == size {
        true => Ok(request),
        false => Err(Refusal::Unsupported),
    }
}
