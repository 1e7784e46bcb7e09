//! The chunks of a WAV file as they come, each read for what it is.

use crate::WaveFormat;
use crate::file::riff::{Header, LIST, fill};
use crate::file::{Error, Input, Warnings};

use super::extent::Long;
use super::{Chunk, DATA, DS64, FILLERS, FORMAT, WAV, broken, long, number};

/// What all chunks together may hold; of those beyond, only a warning is kept. Names, marks and a picture of the cover fit.
const KEPT: usize = 16 << 20;

/// What keeping a chunk costs beside its bytes, so that a file of empty ones comes to an end too.
const COST: usize = 64;

/// The longest format: 18 bytes, and as many as 16 bits count.
const LONGEST_FORMAT: u32 = 18 + 0xffff;

/// `WAVE_FORMAT_EXTENSIBLE`, whose first 18 bytes are followed by 22.
const EXTENSIBLE: u16 = 0xfffe;

/// An input, and what was found in it beside the sound.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) input: Input,
    pub(super) warnings: Warnings,
    pub(super) chunks: Vec<Chunk>,
    kept: usize,
}

impl Source {
    pub(super) fn new(input: Input) -> Self {
        Self {
            input,
            warnings: Warnings::default(),
            chunks: Vec::new(),
            kept: 0,
        }
    }

    /// The next head; none at the end of the file.
    pub(super) fn head(&mut self, after_odd: bool) -> Result<Option<Header>, Error> {
        let at = self.input.position();
        let head = Header::read(&mut self.input, after_odd)?;
        match head {
            Some(head) if after_odd && head.offset == at => {
                let text = format!("\"{}\" follows an odd size without padding", head.id);
                self.warnings.push(at, text);
            }
            Some(_) => {}
            None => {
                let found = self.input.position() - at;
                if found > after_odd.into() {
                    let text = format!("the {found} bytes at the end are no chunk");
                    self.warnings.push(at, text);
                }
            }
        }
        Ok(head)
    }

    /// Keeps what a chunk holds, or passes over it where it means nothing or is too large.
    pub(super) fn keep(&mut self, head: Header, behind: bool) -> Result<(), Error> {
        let Header { id, size, offset } = head;
        if FILLERS.contains(&id) || id == DS64 {
            return self.pass(head, 0);
        }
        if matches!(id, DATA | FORMAT) {
            self.warnings
                .push(offset, format!("a second \"{id}\" is left out"));
            return self.pass(head, 0);
        }
        let mut data = Vec::new();
        if id == LIST {
            self.read(size.min(4).into(), &mut data)?;
            if data == *b"wavl" {
                let found = "sound in pieces (\"wavl\")";
                return Err(broken(offset, "\"data\"", found));
            }
        }
        if self.kept + COST + size as usize > KEPT {
            let text = format!("\"{id}\" of {size} bytes is left out, being too large");
            self.warnings.push(offset, text);
            return self.pass(head, data.len() as u64);
        }
        let rest = u64::from(size) - data.len() as u64;
        self.read(rest, &mut data)?;
        self.expect(head, data.len() as u64);
        if data.len() == size as usize {
            self.kept += COST + data.len();
            self.chunks.push(Chunk { id, data, behind });
        }
        Ok(())
    }

    /// The chunk `fmt `.
    pub(super) fn format(&mut self, head: Header) -> Result<WaveFormat, Error> {
        let mut bytes = Vec::new();
        self.read(head.size.min(LONGEST_FORMAT).into(), &mut bytes)?;
        self.pass(head, bytes.len() as u64)?;
        if head.size > LONGEST_FORMAT {
            let text = format!(
                "\"fmt \" has {} bytes, and takes {LONGEST_FORMAT}",
                head.size
            );
            self.warnings.push(head.offset, text);
        }
        // Some writers forget to count what makes an extensible format one.
        let is_uncounted = bytes.len() >= 40
            && bytes[..2] == EXTENSIBLE.to_le_bytes()
            && u16::from_le_bytes([bytes[16], bytes[17]]) < 22;
        if is_uncounted {
            let text = "an extensible format counts fewer than its 22 bytes";
            self.warnings.push(head.data() + 16, text);
            bytes[16..18].copy_from_slice(&22_u16.to_le_bytes());
        }
        let format = WaveFormat::parse(&bytes).map_err(|source| Error::Format {
            format: WAV,
            offset: head.data(),
            source,
        })?;
        for (at, what, number) in [
            (2, "channels", u32::from(format.channels())),
            (4, "samples a second", format.rate()),
            (12, "bytes in a block", format.block_align().into()),
        ] {
            if number == 0 {
                let text = format!("the format has no {what}");
                self.warnings.push(head.data() + at, text);
            }
        }
        Ok(format)
    }

    /// The chunk `fact`: how many samples of each channel there are.
    pub(super) fn fact(&mut self, head: Header) -> Result<Option<u32>, Error> {
        let mut bytes = [0; 4];
        let wanted = bytes.len().min(head.size as usize);
        let found = fill(&mut self.input, &mut bytes[..wanted])?;
        self.pass(head, found as u64)?;
        if wanted < bytes.len() {
            let text = format!("\"fact\" has {wanted} bytes, and needs 4");
            self.warnings.push(head.offset, text);
        }
        Ok((found == bytes.len()).then(|| number(&bytes, 0)))
    }

    /// The chunk `ds64`: sizes that 32 bits cannot hold.
    pub(super) fn long(&mut self, head: Header) -> Result<Long, Error> {
        let mut bytes = [0; 24];
        let wanted = bytes.len().min(head.size as usize);
        let found = fill(&mut self.input, &mut bytes[..wanted])?;
        if found < bytes.len() {
            let found = format!("{found}");
            return Err(broken(head.data(), "24 bytes of sizes", found));
        }
        self.pass(head, found as u64)?;
        Ok(Long {
            riff: long(&bytes, 0),
            data: long(&bytes, 8),
            samples: long(&bytes, 16),
        })
    }

    /// Passes over what of a chunk was not read.
    fn pass(&mut self, head: Header, read: u64) -> Result<(), Error> {
        let rest = u64::from(head.size).saturating_sub(read);
        let at = self.input.position();
        let skipped = self.input.skip(rest).map_err(Error::read(at))?;
        self.expect(head, read + skipped);
        Ok(())
    }

    /// Warns of a chunk that the end of the file cut.
    fn expect(&mut self, head: Header, found: u64) {
        if found < head.size.into() {
            let text = format!(
                "\"{}\" is to have {} bytes, and {found} are there",
                head.id, head.size
            );
            self.warnings.push(head.offset, text);
        }
    }

    fn read(&mut self, count: u64, to: &mut Vec<u8>) -> Result<u64, Error> {
        let at = self.input.position();
        self.input.read_up_to(count, to).map_err(Error::read(at))
    }
}
