//! Sound on its way from one format to another.

use super::span::{self, Moment, Span, is_plain};
use super::track::{Format, Step};
use super::{SoundWishes, Way};
use crate::WaveFormat;
use crate::acm::{self, Chain, Drivers, Wish};

/// A stream of sound on its way.
#[derive(Debug)]
pub(super) struct Sound {
    from: WaveFormat,
    to: WaveFormat,
    chain: Chain,
    /// What of the source goes in, and what of that comes out again.
    before: Span,
    behind: Span,
    /// How many bytes of the source went in.
    taken: u64,
    out: Vec<u8>,
}

impl Sound {
    /// Finds out what to convert to, and who does that.
    pub(super) fn open(
        drivers: &Drivers,
        from: &WaveFormat,
        wishes: &SoundWishes,
    ) -> Result<Self, acm::Error> {
        let (from, to) = match wishes.way {
            Way::Convert => {
                let from = from.clone().without_extension();
                let to = wished(drivers, &from, wishes)?;
                (from, to)
            }
            Way::Copy | Way::Drop => (from.clone(), from.clone()),
        };
        Ok(Self {
            chain: drivers.chain(&from, &to)?,
            from,
            to,
            before: Span::ALL,
            behind: Span::ALL,
            taken: 0,
            out: Vec::new(),
        })
    }

    /// Leaves out what is not between two moments: to the sample where that can be, else to the block of the source.
    pub(super) fn cut(&mut self, start: Moment, end: Moment) {
        let (span, format) = match is_plain(&self.to) {
            true => (&mut self.behind, &self.to),
            false => (&mut self.before, &self.from),
        };
        *span = Span::new(start.bytes(format), end.bytes(format));
    }

    /// The format that comes out.
    pub(super) fn to(&self) -> &WaveFormat {
        &self.to
    }

    /// Who converts, and from what to what.
    pub(super) fn steps(&self) -> Vec<Step> {
        let steps = self.chain.steps().iter();
        let step = |stream: &acm::Stream| Step {
            driver: Some(stream.driver().name().to_owned()),
            module: Some(stream.driver().module().clone()),
            from: Format::Sound(stream.source().clone()),
            to: Format::Sound(stream.destination().clone()),
        };
        steps.map(step).collect()
    }

    /// Whether nothing more comes out, whatever goes in.
    pub(super) fn is_over(&self) -> bool {
        self.before.is_over() || self.behind.is_over()
    }

    /// Converts what comes next. What [comes out](Self::out) is there whether or not this fails.
    pub(super) fn convert(&mut self, source: &[u8], is_last: bool) -> Result<(), acm::Error> {
        self.out.clear();
        let source = self.before.cut(source);
        self.taken += source.len() as u64;
        self.chain.convert(source, is_last, &mut self.out)?;
        Ok(())
    }

    /// How many samples of each channel what went in so far makes of compressed sound, without what fills up its last block. Only plain
    /// samples can be counted.
    pub(super) fn samples(&self) -> Option<u64> {
        if !is_plain(&self.from) || is_plain(&self.to) {
            return None;
        }
        let taken = span::samples(&self.from, self.taken)?;
        let samples = u128::from(taken) * u128::from(self.to.rate());
        u64::try_from(samples.checked_div(self.from.rate().into())?).ok()
    }

    /// What came out of the last conversion.
    pub(super) fn out(&mut self) -> &[u8] {
        self.behind.cut(&self.out)
    }

    /// Where drivers wrote behind what they were given.
    pub(super) fn take_overruns(&mut self) -> Vec<acm::Overrun> {
        self.chain.take_overruns()
    }
}

/// The format that is wished; what is not wished is as in the source.
fn wished(
    drivers: &Drivers,
    from: &WaveFormat,
    wishes: &SoundWishes,
) -> Result<WaveFormat, acm::Error> {
    let channels = wishes.channels.unwrap_or(from.channels());
    let rate = wishes.rate.unwrap_or(from.rate());
    let plain = |bits| WaveFormat::pcm(channels, rate, bits);
    match wishes.tag {
        None | Some(WaveFormat::PCM) => Ok(plain(wishes.bits.unwrap_or(16))),
        Some(WaveFormat::FLOAT) => Ok(WaveFormat::float(channels, rate, wishes.bits.unwrap_or(32))),
        Some(tag) if tag == from.tag() && wishes.is_only_a_tag() => Ok(from.clone()),
        Some(tag) => {
            let wish = Wish {
                tag: Some(tag),
                channels: wishes.channels,
                rate: wishes.rate,
                bits: wishes.bits,
                bytes_per_second: wishes.bytes_per_second,
            };
            // A codec that loses nothing has a format for each depth: the one that is wished, else that of the source.
            let depths = [wishes.bits, is_plain(from).then(|| from.bits())];
            let deep = depths.into_iter().flatten().filter(|bits| *bits > 16);
            let mut reached = deep.filter_map(|bits| drivers.target(&plain(bits), &wish).ok());
            match reached.next() {
                Some(format) => Ok(format),
                None => drivers.target(&plain(16), &wish),
            }
        }
    }
}
