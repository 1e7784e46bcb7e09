//! Questions about a codec: what it is, which formats it takes and gives.

use opendriver_abi::LResult;
use opendriver_abi::answer::ICERR_OK;
use opendriver_abi::structures::{FourCc, IcInfo, Structure as _, Wide};

use super::claims::format;
use super::driver::{Vfw, Work};
use super::{BitmapFormat, Codec, Refusal};
use crate::{Call, Claim};

impl<C: Codec> Vfw<C> {
    /// `ICM_GETINFO`: the answer is how long the structure is, or 0 where the application has less room.
    pub(super) fn info(&self, call: &Call<'_>) -> Result<LResult, Refusal> {
        const LENGTH: LResult = IcInfo::SIZE as LResult;
        if call.param1 == 0 {
            return Ok(LENGTH);
        }
        if call.param2 < LENGTH {
            return Ok(0);
        }
        let info = self.codec.info();
        call.claim(call.param1).set_structure(&IcInfo {
            size: IcInfo::SIZE as u32,
            kind: FourCc::VIDC,
            handler: info.handler,
            flags: info.flags(),
            version: info.version,
            // The version of the interface since Windows 95.
            manager_version: 0x0104,
            name: Wide::new(info.name),
            description: Wide::new(info.description),
            driver: Wide::new(""),
        })?;
        Ok(LENGTH)
    }

    /// `ICM_DECOMPRESS_GET_FORMAT`: the answer is how long the format is where there is no room for it.
    pub(super) fn decompress_format(
        &self,
        input: Claim<'_>,
        output: Option<Claim<'_>>,
    ) -> Result<LResult, Refusal> {
        put(self.codec.decompresses(&format(input)?), output)
    }

    /// `ICM_COMPRESS_GET_FORMAT`: as the other.
    pub(super) fn compress_format(
        &self,
        input: Claim<'_>,
        output: Option<Claim<'_>>,
    ) -> Result<LResult, Refusal> {
        put(self.codec.compresses(&format(input)?), output)
    }

    /// `ICM_DECOMPRESS_GET_PALETTE`: the format with the palette that pictures of 8 bits or fewer have.
    pub(super) fn decompress_palette(
        &self,
        input: Claim<'_>,
        output: Option<Claim<'_>>,
    ) -> Result<(), Refusal> {
        let mut outputs = self.codec.decompresses(&format(input)?).into_iter();
        let with_palette = outputs.find(|output| !output.palette.is_empty());
        let with_palette = with_palette.ok_or(Refusal::Unsupported)?;
        output
            .ok_or(Refusal::BadParameter)?
            .write(&with_palette.to_bytes())?;
        Ok(())
    }

    /// `ICM_DECOMPRESS_QUERY`
    pub(super) fn decompress_query(
        &self,
        input: Claim<'_>,
        output: Option<Claim<'_>>,
    ) -> Result<(), Refusal> {
        let input = format(input)?;
        match output {
            Some(output) => self.codec.decoder(&input, &format(output)?).map(drop),
            None => any(&self.codec.decompresses(&input)),
        }
    }

    /// `ICM_COMPRESS_QUERY`
    pub(super) fn compress_query(
        &self,
        work: &Work<C>,
        input: Claim<'_>,
        output: Option<Claim<'_>>,
    ) -> Result<(), Refusal> {
        let input = format(input)?;
        match output {
            Some(output) => {
                let output = format(output)?;
                let made = self.codec.encoder(&input, &output, &work.settings);
                made.map(drop)
            }
            None => any(&self.codec.compresses(&input)),
        }
    }

    /// `ICM_COMPRESS_GET_SIZE`: the answer is how much room a frame takes.
    pub(super) fn compress_size(
        &self,
        input: Claim<'_>,
        output: Claim<'_>,
    ) -> Result<LResult, Refusal> {
        let (input, output) = (format(input)?, format(output)?);
        let most = self.codec.largest_frame(&input, &output);
        // Windows takes the answer for 32 bits, those below zero for errors.
        let most = i32::try_from(most).map_err(|_| Refusal::BadSize)?;
        Ok(most as LResult)
    }
}

fn any(formats: &[BitmapFormat]) -> Result<(), Refusal> {
    match formats.is_empty() {
        true => Err(Refusal::BadFormat),
        false => Ok(()),
    }
}

/// Writes the best of some formats, or answers how long it is.
fn put(formats: Vec<BitmapFormat>, output: Option<Claim<'_>>) -> Result<LResult, Refusal> {
    let best = formats.into_iter().next().ok_or(Refusal::BadFormat)?;
    let bytes = best.to_bytes();
    let Some(output) = output else {
        return Ok(bytes.len() as LResult);
    };
    output.write(&bytes)?;
    Ok(ICERR_OK)
}
