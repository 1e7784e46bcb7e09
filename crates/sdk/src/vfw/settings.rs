//! What an opened codec is set to: its quality and its state.

use opendriver_abi::LResult;
use opendriver_abi::answer::ICERR_OK;
use opendriver_abi::structures::{Address, IcCompressFrames};

use super::claims::read_into;
use super::driver::{Vfw, Work};
use super::{Codec, Refusal};
use crate::{Call, Claim};

/// `ICQUALITY_HIGH`
const BEST: u32 = 10_000;

impl<C: Codec> Vfw<C> {
    /// The quality that an instance starts with.
    pub(super) fn default_quality(&self) -> u32 {
        self.codec.info().default_quality.unwrap_or(BEST)
    }

    /// Writes a number where the codec has one.
    pub(super) fn tell(&self, place: Claim<'_>, number: Option<u32>) -> Result<(), Refusal> {
        place.write_u32(number.ok_or(Refusal::Unsupported)?)?;
        Ok(())
    }

    /// `ICM_SETQUALITY`
    pub(super) fn set_quality(&self, work: &mut Work<C>, place: Claim<'_>) -> Result<(), Refusal> {
        let default = self.codec.info().default_quality;
        let default = default.ok_or(Refusal::Unsupported)?;
        work.quality = quality(place.read_u32()?, default);
        Ok(())
    }

    /// `ICM_GETSTATE`: the answer is how long the state is where there is no room for it.
    pub(super) fn state(work: &Work<C>, call: &Call<'_>) -> Result<LResult, Refusal> {
        let state = &work.settings.state;
        if call.param1 == 0 {
            return Ok(state.len() as LResult);
        }
        if call.param2.cast_unsigned() < state.len() {
            return Err(Refusal::BadSize);
        }
        call.claim(call.param1).write(state)?;
        Ok(ICERR_OK)
    }

    /// `ICM_SETSTATE`: the answer is how many bytes were taken, so 0 where they are no state. No address brings back what the instance
    /// started with.
    pub(super) fn set_state(
        &self,
        work: &mut Work<C>,
        call: &Call<'_>,
    ) -> Result<LResult, Refusal> {
        if call.param1 == 0 {
            work.settings.state = self.codec.default_state();
            return Ok(ICERR_OK);
        }
        let mut state = Vec::new();
        let length = call.param2.cast_unsigned();
        read_into(&mut state, call.claim(call.param1), length)?;
        if !self.codec.takes_state(&state) {
            return Ok(0);
        }
        work.settings.state = state;
        Ok(length as LResult)
    }

    /// `ICM_COMPRESS_FRAMES_INFO`: what the frames that follow are to keep to.
    pub(super) fn frames_info<P: Address>(
        &self,
        work: &mut Work<C>,
        claim: Claim<'_>,
    ) -> Result<(), Refusal> {
        let told: IcCompressFrames<P> = claim.structure()?;
        let positive = |number: i32| u32::try_from(number).ok().filter(|&number| number > 0);
        work.settings.key_every = positive(told.key_rate);
        work.settings.data_rate = positive(told.data_rate);
        work.settings.frames_per_second = (told.scale, told.rate);
        Ok(())
    }
}

/// A quality that an application gives: `ICQUALITY_DEFAULT`, or a number.
pub(super) fn quality(given: u32, default: u32) -> u32 {
    const DEFAULT: u32 = u32::MAX;
    match given {
        DEFAULT => default,
        given => given.min(BEST),
    }
}
