//! Conversions that take more than one driver: a compressed format is decoded to plain samples, these are converted, and encoded again.

use opendriver_abi::answer::MMSYSERR_ERROR;

use super::{Drivers, Error, Flags, Overrun, Stream, Wish};
use crate::WaveFormat;

/// A conversion by as many drivers as it takes, from compressed samples to plain ones, to others, and back.
///
/// What makes no whole block for a step waits in front of it for more.
#[derive(Debug)]
pub struct Chain {
    steps: Vec<Stream>,
    waiting: Vec<Waiting>,
}

/// What a step has not used yet.
#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    started: bool,
}

impl Chain {
    /// One conversion after the other. Without any, what comes in goes out.
    pub fn new(steps: Vec<Stream>) -> Self {
        let waiting = steps.iter().map(|_| Waiting::default()).collect();
        Self { steps, waiting }
    }

    /// Converts more of the source, all of it, and puts what comes out behind `out`. With `end`, nothing more is to come: what the
    /// drivers have kept back comes out, too, and silence completes the last block of an encoder.
    ///
    /// # Errors
    /// As [`Stream::convert`]. What was converted before is in `out`.
    pub fn convert(&mut self, source: &[u8], end: bool, out: &mut Vec<u8>) -> Result<usize, Error> {
        if self.steps.is_empty() {
            out.extend_from_slice(source);
        }
        let mut incoming = source;
        for at in 0..self.steps.len() {
            let (before, behind) = self.waiting.split_at_mut(at + 1);
            let waiting = &mut before[at];
            let target = behind.first_mut().map_or(&mut *out, |next| &mut next.bytes);
            waiting.feed(&mut self.steps[at], incoming, end, target)?;
            incoming = &[];
        }
        Ok(source.len())
    }

    /// Starts anew, as if nothing had been converted.
    ///
    /// # Errors
    /// As [`Stream::reset`].
    pub fn reset(&mut self) -> Result<(), Error> {
        for (step, waiting) in self.steps.iter_mut().zip(&mut self.waiting) {
            waiting.bytes.clear();
            waiting.started = false;
            step.reset()?;
        }
        Ok(())
    }

    /// The conversions, in order.
    pub fn steps(&self) -> &[Stream] {
        &self.steps
    }

    /// How many bytes of the source are not converted: behind the end, what makes no whole block of a compressed format.
    pub fn unused(&self) -> usize {
        self.waiting
            .first()
            .map_or(0, |waiting| waiting.bytes.len())
    }

    /// Where drivers wrote behind their blocks since this was last asked.
    pub fn take_overruns(&mut self) -> Vec<Overrun> {
        self.steps
            .iter_mut()
            .flat_map(Stream::take_overruns)
            .collect()
    }
}

impl Waiting {
    /// Gives a step what waits and what comes in.
    fn feed(
        &mut self,
        step: &mut Stream,
        incoming: &[u8],
        end: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let flags = Flags {
            block_align: !end,
            start: !self.started,
            end,
        };
        let mut incoming = incoming;
        let short = (self.bytes.len() + incoming.len()) % step.block();
        if end && short > 0 && encodes(step) {
            // An encoder would leave out what makes no whole block: silence completes it.
            self.bytes.extend_from_slice(incoming);
            let whole = self.bytes.len() - short + step.block();
            self.bytes.resize(whole, silence(step.source()));
            incoming = &[];
        }
        if self.bytes.is_empty() && incoming.is_empty() && !(end && self.started) {
            return Ok(());
        }
        if self.bytes.is_empty() {
            // Nothing waits: most pieces go straight through.
            let used = convert(step, incoming, flags, out)?;
            self.started |= used > 0;
            self.bytes.extend_from_slice(&incoming[used..]);
        } else {
            self.bytes.extend_from_slice(incoming);
            let used = convert(step, &self.bytes, flags, out)?;
            self.started |= used > 0;
            self.bytes.drain(..used);
        }
        Ok(())
    }
}

/// Converts; at the end, a driver may refuse what makes no whole block, but not what it has taken already and cannot make anything of.
fn convert(
    step: &mut Stream,
    source: &[u8],
    flags: Flags,
    out: &mut Vec<u8>,
) -> Result<usize, Error> {
    match step.convert(source, flags, out) {
        Err(Error::Refused { answer, .. })
            if flags.end && source.len() < step.block() && answer.0 != MMSYSERR_ERROR =>
        {
            Ok(0)
        }
        done => done,
    }
}

impl Drivers {
    /// Opens a conversion with one driver, or else over plain samples in between: GSM at 8 kHz becomes plain samples at 8 kHz, these
    /// become 44.1 kHz. Of equal formats, the chain is empty.
    ///
    /// # Errors
    /// [`Error::NoDriver`] of the step that no driver takes.
    pub fn chain(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Chain, Error> {
        if source == destination {
            return Ok(Chain::new(Vec::new()));
        }
        let direct = match self.stream(source, destination, None) {
            Ok(stream) => return Ok(Chain::new(vec![stream])),
            Err(error) => error,
        };
        match (is_plain(source), is_plain(destination)) {
            (true, true) => Err(direct),
            (false, true) => self.decode(source, destination).map(Chain::new),
            (true, false) => self.encode(source, destination).map(Chain::new),
            (false, false) => {
                let decode = self.first_decode(source)?;
                let mut steps = self.encode(decode.destination(), destination)?;
                steps.insert(0, decode);
                Ok(Chain::new(steps))
            }
        }
    }

    /// From a compressed format to plain samples, and on to others.
    fn decode(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Vec<Stream>, Error> {
        let decode = self.first_decode(source)?;
        let convert = self.stream(decode.destination(), destination, None)?;
        Ok(vec![decode, convert])
    }

    /// From plain samples to those that an encoder takes, and to its format.
    fn encode(&self, source: &WaveFormat, destination: &WaveFormat) -> Result<Vec<Stream>, Error> {
        let (channels, rate) = (destination.channels(), destination.rate());
        let encode = |bits| {
            let plain = WaveFormat::pcm(channels, rate, bits);
            self.stream(&plain, destination, None)
        };
        let encode = match encode(16) {
            Ok(stream) => stream,
            // The usual samples are the ones to be asked about, if no others will do.
            Err(error) => encode(24).or_else(|_| encode(8)).map_err(|_| error)?,
        };
        if encode.source() == source {
            return Ok(vec![encode]);
        }
        let convert = self.stream(source, encode.source(), None)?;
        Ok(vec![convert, encode])
    }

    /// Decodes to 16 bits where the codec can, else to what it suggests.
    fn first_decode(&self, source: &WaveFormat) -> Result<Stream, Error> {
        let wide = WaveFormat::pcm(source.channels(), source.rate(), 16);
        let error = match self.stream(source, &wide, None) {
            Ok(stream) => return Ok(stream),
            Err(error) => error,
        };
        let suggested = self.suggest(source, &Wish::pcm());
        let stream = suggested.and_then(|format| self.stream(source, &format, None));
        stream.map_err(|_| error)
    }
}

/// The byte that silence is made of.
fn silence(format: &WaveFormat) -> u8 {
    match (format.inner_tag(), format.bits()) {
        // Eight bits have no sign.
        (WaveFormat::PCM, 8) => 0x80,
        _ => 0,
    }
}

/// Whether plain samples go in, and compressed ones come out.
fn encodes(step: &Stream) -> bool {
    is_plain(step.source()) && !is_plain(step.destination())
}

/// Whether the PCM converter understands it.
fn is_plain(format: &WaveFormat) -> bool {
    matches!(format.inner_tag(), WaveFormat::PCM | WaveFormat::FLOAT)
}
