//! The chunks that AVI and WAV files are made of: a name, a length that may lie, and bytes.

use std::io::{Read, Write};

use opendriver_abi::structures::FourCc;

use super::{Error, Input, Output};

/// Bytes of a chunk's name and length.
pub(crate) const HEADER: u64 = 8;

/// The file itself.
pub(crate) const RIFF: FourCc = FourCc::new(*b"RIFF");
/// A chunk of chunks.
pub(crate) const LIST: FourCc = FourCc::new(*b"LIST");
/// A chunk that means nothing.
pub(crate) const JUNK: FourCc = FourCc::new(*b"JUNK");
/// The list of texts that say what the file is about.
pub(crate) const INFO: FourCc = FourCc::new(*b"INFO");

/// What stands before the bytes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Where the chunk starts.
    pub(crate) offset: u64,
    /// Its name.
    pub(crate) id: FourCc,
    /// How many bytes it claims.
    pub(crate) size: u32,
}

impl Header {
    /// Reads the next one. After a chunk of `odd` size it is looked for behind a byte of padding, and also where it stands if
    /// the writer left that out. Nothing, where too few bytes are left.
    pub(crate) fn read(input: &mut Input, odd: bool) -> Result<Option<Self>, Error> {
        let mut offset = input.position();
        let mut head = [0; HEADER as usize];
        if fill(input, &mut head)? < head.len() {
            return Ok(None);
        }
        let likely = |at: usize| likelihood([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if odd && likely(0) <= likely(1) {
            head.rotate_left(1);
            offset += 1;
            if fill(input, &mut head[7..])? < 1 {
                return Ok(None);
            }
        }
        let [id, size] = [0, 4].map(|at| [head[at], head[at + 1], head[at + 2], head[at + 3]]);
        Ok(Some(Self {
            offset,
            id: FourCc::new(id),
            size: u32::from_le_bytes(size),
        }))
    }

    /// Where its bytes start.
    pub(crate) fn data(&self) -> u64 {
        self.offset + HEADER
    }

    /// Where its bytes end, if the length is true; padding may follow.
    pub(crate) fn end(&self) -> u64 {
        self.data() + u64::from(self.size)
    }

    /// Whether a byte of padding should follow.
    pub(crate) fn is_odd(&self) -> bool {
        self.size % 2 == 1
    }

    /// Whether the name could be one: four characters that can be printed.
    pub(crate) fn is_plausible(&self) -> bool {
        likelihood(self.id.0.to_le_bytes()) > 0
    }
}

/// How much four bytes look like the name of a chunk: 2 for a name that is known or that has the form of one in an AVI file.
fn likelihood(name: [u8; 4]) -> u8 {
    match &name {
        b"RIFF" | b"LIST" | b"JUNK" | b"idx1" | b"fmt " | b"fact" | b"data" => 2,
        [b'i', b'x', b'0'..=b'9', b'0'..=b'9'] => 2,
        [b'0'..=b'9', b'0'..=b'9', a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => 2,
        _ if name.iter().all(|c| matches!(c, b' '..=b'~')) => 1,
        _ => 0,
    }
}

/// Fills a buffer as far as the input goes; answers how far.
pub(crate) fn fill(input: &mut Input, buffer: &mut [u8]) -> Result<usize, Error> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::read(input.position())(error)),
        }
    }
    Ok(filled)
}

/// Reads `count` bytes in place of what `to` holds, or as many as there are; answers whether there were so many. What is kept
/// of the old buffer is reused, and no more room is made than bytes come.
pub(crate) fn read_into(input: &mut Input, count: usize, to: &mut Vec<u8>) -> Result<bool, Error> {
    /// How far a length is believed before bytes have come.
    const STEP: usize = 1 << 20;
    let mut filled = 0;
    while filled < count {
        let most = count - filled;
        let sure = match input.length() {
            Some(length) => length.saturating_sub(input.position()),
            None => filled.max(STEP).max(to.capacity() - filled) as u64,
        };
        let step = usize::try_from(sure).unwrap_or(most).min(most);
        if step == 0 {
            break;
        }
        // What the buffer holds already needs no zeroes before it is read over.
        to.resize(filled + step, 0);
        let read = fill(input, &mut to[filled..])?;
        filled += read;
        if read < step {
            break;
        }
    }
    to.truncate(filled);
    Ok(filled == count)
}

/// Goes to an offset; a pipe goes forward only.
pub(crate) fn seek(input: &mut Input, offset: u64) -> Result<(), Error> {
    input.seek(offset).map_err(Error::read(input.position()))
}

/// Passes over bytes; answers whether there were so many.
pub(crate) fn skip(input: &mut Input, count: u64) -> Result<bool, Error> {
    let at = input.position();
    Ok(input.skip(count).map_err(Error::read(at))? == count)
}

/// A chunk whole, with its padding.
pub(crate) fn chunk(id: FourCc, data: &[u8]) -> Vec<u8> {
    let size = u32::try_from(data.len()).expect("a chunk that is built in memory is small");
    let mut bytes = Vec::with_capacity(data.len() + 9);
    bytes.extend(id.0.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// A chunk of chunks, whole.
pub(crate) fn list(kind: FourCc, chunks: &[Vec<u8>]) -> Vec<u8> {
    let kind = kind.0.to_le_bytes();
    chunk(LIST, &[&kind[..], &chunks.concat()].concat())
}

/// Writes a name and a length.
pub(crate) fn write_header(output: &mut Output, id: FourCc, size: u32) -> Result<(), Error> {
    let mut bytes = [0; HEADER as usize];
    bytes[..4].copy_from_slice(&id.0.to_le_bytes());
    bytes[4..].copy_from_slice(&size.to_le_bytes());
    write(output, &bytes)
}

/// Writes a chunk whole, with its padding.
pub(crate) fn write_chunk(output: &mut Output, id: FourCc, data: &[u8]) -> Result<(), Error> {
    let size = u32::try_from(data.len()).map_err(|_| Error::Unsupported {
        format: "RIFF",
        what: format!("a chunk \"{id}\" of {} bytes", data.len()),
    })?;
    write_header(output, id, size)?;
    write(output, data)?;
    if size % 2 == 1 {
        write(output, &[0])?;
    }
    Ok(())
}

/// Writes bytes.
pub(crate) fn write(output: &mut Output, bytes: &[u8]) -> Result<(), Error> {
    let at = output.position();
    output.write_all(bytes).map_err(Error::write(at))
}

/// Writes over earlier bytes, where the output can.
pub(crate) fn patch(output: &mut Output, offset: u64, bytes: &[u8]) -> Result<(), Error> {
    output.patch(offset, bytes).map_err(Error::write(offset))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn headers(bytes: &[u8]) -> Vec<(u64, String)> {
        let mut input = Input::file(Cursor::new(bytes.to_vec())).unwrap();
        let (mut found, mut odd) = (Vec::new(), false);
        while let Some(header) = Header::read(&mut input, odd).unwrap() {
            found.push((header.offset, header.id.to_string()));
            odd = header.is_odd();
            skip(&mut input, header.size.into()).unwrap();
        }
        found
    }

    #[test]
    fn odd_chunks_are_followed_with_and_without_padding() {
        let name = FourCc::new(*b"00dc");
        let padded = [chunk(name, b"odd"), chunk(name, b"even"), chunk(JUNK, &[])].concat();
        assert_eq!(
            headers(&padded),
            [(0, "00dc".into()), (12, "00dc".into()), (24, "JUNK".into())]
        );
        let mut bare = padded.clone();
        bare.remove(11);
        assert_eq!(
            headers(&bare),
            [(0, "00dc".into()), (11, "00dc".into()), (23, "JUNK".into())]
        );
        let mut filled = padded;
        filled[11] = b'x';
        assert_eq!(headers(&filled)[1], (12, "00dc".into()));
    }

    #[test]
    fn a_length_beyond_the_input_makes_no_room() {
        let bytes = vec![7; 3 << 20];
        for mut input in [
            Input::file(Cursor::new(bytes.clone())).unwrap(),
            Input::pipe(Cursor::new(bytes.clone())),
        ] {
            let mut to = vec![1; 5];
            assert!(!read_into(&mut input, usize::MAX, &mut to).unwrap());
            assert!(to == bytes && to.capacity() < 8 << 20);
        }
    }

    #[test]
    fn a_buffer_is_reused() {
        let mut input = Input::pipe(&[5; 100][..]);
        let mut to = Vec::with_capacity(60);
        let place = to.as_ptr();
        assert!(read_into(&mut input, 60, &mut to).unwrap());
        assert!(read_into(&mut input, 30, &mut to).unwrap());
        assert_eq!((to.as_ptr(), to.as_slice()), (place, &[5; 30][..]));
        assert!(!read_into(&mut input, 30, &mut to).unwrap());
        assert_eq!(to.len(), 10);
    }
}
