//! Reads a WAV file as a stream.

use opendriver_abi::structures::FourCc;

use crate::WaveFormat;
use crate::file::riff::{RIFF, fill};
use crate::file::{Error, Input, Warnings};

use super::extent::Claims;
use super::source::Source;
use super::{BW64, Chunk, DATA, DS64, FACT, FORMAT, OPEN, RF64, WAVE, broken, number, unnamed};

/// Codecs whose data says itself where each piece starts, so that a block is no more than a word of advice: MPEG 1 layers 1 to 3,
/// AAC, AC-3, DTS, FLAC.
const FRAMED: [u16; 6] = [0x50, 0x55, 0xff, 0x2000, 0x2001, 0xf1ac];

/// A WAV file that is read as a stream: the sound in blocks, and what else there is.
///
/// What is wrong but can be read is a [warning](Self::warnings). A file that ends early has the sound that is there.
#[derive(Debug)]
pub struct Reader {
    source: Source,
    format: WaveFormat,
    claims: Claims,
    /// Samples of each channel, as `fact` says.
    fact: Option<u32>,
    /// Bytes of sound that were read, and those to come.
    position: u64,
    left: Option<u64>,
    is_done: bool,
}

impl Reader {
    /// Reads what comes before the sound.
    ///
    /// # Errors
    /// The input cannot be read, is no WAV file, is broken before its sound begins, or holds it as a list of pieces (`wavl`).
    pub fn open(mut input: Input) -> Result<Self, Error> {
        let (riff, is_long) = first(&mut input)?;
        let mut claims = Claims {
            riff,
            ..Claims::default()
        };
        let mut source = Source::new(input);
        let mut fact = None;
        let format = before(&mut source, is_long, &mut claims, &mut fact)?;
        let file = source.input.length();
        let left = claims.length(file, &mut source.warnings);
        let end = left.map(|left| claims.start.saturating_add(left));
        claims.check(file, end, &mut source.warnings);
        let mut reader = Self {
            source,
            format,
            claims,
            fact,
            position: 0,
            left,
            is_done: false,
        };
        reader.advance(0, 0)?;
        Ok(reader)
    }

    /// The format of the sound.
    pub fn format(&self) -> &WaveFormat {
        &self.format
    }

    /// Where the sound begins in the file.
    pub fn start(&self) -> u64 {
        self.claims.start
    }

    /// Bytes of sound from the first on, as far as that is known: a pipe may not tell before its end.
    pub fn length(&self) -> Option<u64> {
        self.left.map(|left| self.position.saturating_add(left))
    }

    /// Samples of each channel, where `fact` or `ds64` says: what a codec gives beyond that is padding.
    pub fn samples(&self) -> Option<u64> {
        match (self.fact, self.claims.long) {
            (Some(OPEN) | None, Some(long)) if long.samples > 0 => Some(long.samples),
            (None | Some(0 | OPEN), _) => None,
            (Some(samples), _) => Some(samples.into()),
        }
    }

    /// Bytes of sound that were read or skipped.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Appends whole blocks to `to`, at least one and otherwise at most `most` bytes, and answers how many bytes that are. What a
    /// file has behind its last whole block comes last. 0 is the end.
    ///
    /// # Errors
    /// The input cannot be read. A file that ends early has a warning.
    pub fn read_blocks(&mut self, most: usize, to: &mut Vec<u8>) -> Result<usize, Error> {
        let block = self.block();
        let wanted = (most - most % block).max(block) as u64;
        let wanted = self.left.map_or(wanted, |left| wanted.min(left));
        if wanted == 0 {
            return Ok(0);
        }
        let input = &mut self.source.input;
        let at = input.position();
        let found = input.read_up_to(wanted, to).map_err(Error::read(at))?;
        self.advance(found, wanted)?;
        // No more than `most` and a block.
        Ok(found as usize)
    }

    /// Passes over `count` blocks. Answers how many bytes that were.
    ///
    /// # Errors
    /// As [`read_blocks`](Self::read_blocks).
    pub fn skip_blocks(&mut self, count: u64) -> Result<u64, Error> {
        let wanted = count.saturating_mul(self.block() as u64);
        let wanted = self.left.map_or(wanted, |left| wanted.min(left));
        let input = &mut self.source.input;
        let at = input.position();
        let found = input.skip(wanted).map_err(Error::read(at))?;
        self.advance(found, wanted)?;
        Ok(found)
    }

    /// What there is beside the sound, in order. What comes behind the sound is known once that was read or skipped to its end.
    pub fn chunks(&self) -> &[Chunk] {
        &self.source.chunks
    }

    /// What is wrong with the file, as far as it was read.
    pub fn warnings(&self) -> &Warnings {
        &self.source.warnings
    }

    fn block(&self) -> usize {
        usize::from(self.format.block_align()).max(1)
    }

    /// Notes that sound was read; at its end, reads what is behind it.
    fn advance(&mut self, found: u64, wanted: u64) -> Result<(), Error> {
        self.position += found;
        let is_short = found < wanted;
        if let Some(left) = &mut self.left {
            *left -= found;
        }
        if self.is_done || !(is_short || self.left == Some(0)) {
            return Ok(());
        }
        self.is_done = true;
        let end = self.source.input.position();
        if let Some(left) = self.left.filter(|&left| left > 0) {
            let text = format!("the sound ends {left} bytes early");
            self.source.warnings.push(end, text);
        }
        self.left = Some(0);
        let block = self.block() as u64;
        let rest = self.position % block;
        if rest > 0 && !FRAMED.contains(&self.format.inner_tag()) {
            let text = format!("the sound ends with {rest} bytes of a block of {block}");
            self.source.warnings.push(end, text);
        }
        if is_short { Ok(()) } else { self.behind() }
    }

    /// Reads the chunks behind the sound, until the file ends or goes on with something else.
    fn behind(&mut self) -> Result<(), Error> {
        let source = &mut self.source;
        // An end that the sound has passed is none.
        let position = source.input.position();
        let end = self.claims.end().filter(|&end| end >= position);
        let mut after_odd = self.position % 2 == 1;
        while end.is_none_or(|end| source.input.position() + 8 <= end) {
            let Some(head) = source.head(after_odd)? else {
                break;
            };
            if !head.is_plausible() {
                let text = format!("{} follows the sound, which is no chunk", head.id);
                source.warnings.push(head.offset, text);
                break;
            }
            after_odd = head.is_odd();
            source.keep(head, true)?;
        }
        Ok(())
    }
}

/// Reads the first 12 bytes. Answers the size in them, and whether the file may have sizes of 64 bits.
fn first(input: &mut Input) -> Result<(u32, bool), Error> {
    let mut bytes = [0; 12];
    let found = fill(input, &mut bytes)?;
    let bytes = &bytes[..found];
    let is_long = match bytes.first_chunk().map(|&id| FourCc::new(id)) {
        Some(RIFF) => false,
        Some(RF64 | BW64) => true,
        _ => return Err(unnamed(0, "\"RIFF\"", bytes)),
    };
    let form = bytes.get(8..).unwrap_or_default();
    if form != WAVE.0.to_le_bytes() {
        return Err(unnamed(8, "\"WAVE\"", form));
    }
    Ok((number(bytes, 4), is_long))
}

/// Reads all chunks up to the sound. Answers the format.
fn before(
    source: &mut Source,
    is_long: bool,
    claims: &mut Claims,
    fact: &mut Option<u32>,
) -> Result<WaveFormat, Error> {
    let mut format = None;
    let mut after_odd = false;
    loop {
        let expected = match format {
            None => "\"fmt \"",
            Some(_) => "\"data\"",
        };
        let Some(head) = source.head(after_odd)? else {
            let offset = source.input.position();
            return Err(broken(offset, expected, "the end of the file"));
        };
        if !head.is_plausible() {
            return Err(unnamed(head.offset, expected, &head.id.0.to_le_bytes()));
        }
        after_odd = head.is_odd();
        match head.id {
            DATA => {
                claims.data = head.size;
                claims.start = head.data();
                return format.ok_or_else(|| broken(head.offset, expected, "\"data\""));
            }
            FORMAT if format.is_none() => format = Some(source.format(head)?),
            DS64 if is_long => claims.long = Some(source.long(head)?),
            FACT if fact.is_none() => *fact = source.fact(head)?,
            _ => source.keep(head, false)?,
        }
    }
}
