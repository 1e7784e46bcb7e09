//! Where a file is read from: one that can be gone back in, or a pipe.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// How much is read ahead.
const BUFFER: usize = 256 * 1024;

/// A source of bytes that knows where it is, whether it is a file or a pipe.
pub struct Input {
    from: From,
    position: u64,
    length: Option<u64>,
}

enum From {
    File(BufReader<Box<dyn ReadSeek>>),
    Pipe(BufReader<Box<dyn Read + Send>>),
}

trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

impl Input {
    /// Reads a file from its start.
    ///
    /// # Errors
    /// The system may refuse to say how long it is.
    pub fn file(mut file: impl Read + Seek + Send + 'static) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self {
            from: From::File(BufReader::with_capacity(BUFFER, Box::new(file))),
            position: 0,
            length: Some(length),
        })
    }

    /// Reads what comes, once.
    pub fn pipe(pipe: impl Read + Send + 'static) -> Self {
        Self {
            from: From::Pipe(BufReader::with_capacity(BUFFER, Box::new(pipe))),
            position: 0,
            length: None,
        }
    }

    /// How many bytes were read or skipped: the offset of the next one.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How long the file is; a pipe does not tell.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether [`seek`](Self::seek) works.
    pub fn can_seek(&self) -> bool {
        matches!(self.from, From::File(_))
    }

    /// Goes to an offset.
    ///
    /// # Errors
    /// A pipe goes forward only.
    pub fn seek(&mut self, offset: u64) -> io::Result<()> {
        match &mut self.from {
            From::File(file) => {
                // Relative, so that what was read ahead is kept where the way is short.
                match i64::try_from(i128::from(offset) - i128::from(self.position)) {
                    Ok(way) => file.seek_relative(way)?,
                    Err(_) => file.seek(SeekFrom::Start(offset)).map(drop)?,
                }
                self.position = offset;
                Ok(())
            }
            From::Pipe(_) => match offset.checked_sub(self.position) {
                Some(way) => self.skip(way).map(drop),
                None => Err(io::ErrorKind::NotSeekable.into()),
            },
        }
    }

    /// Passes over `count` bytes. Answers how many there were before the end.
    ///
    /// # Errors
    /// What the system says.
    pub fn skip(&mut self, count: u64) -> io::Result<u64> {
        match (&self.from, self.length) {
            (From::File(_), Some(length)) => {
                let way = count.min(length.saturating_sub(self.position));
                self.seek(self.position + way)?;
                Ok(way)
            }
            _ => io::copy(&mut self.by_ref().take(count), &mut io::sink()),
        }
    }

    /// Appends `count` bytes to `to`, or as many as there are before the end; answers how many. Room is made as they come, so
    /// that a length that lies costs nothing.
    ///
    /// # Errors
    /// What the system says.
    pub fn read_up_to(&mut self, count: u64, to: &mut Vec<u8>) -> io::Result<u64> {
        self.by_ref()
            .take(count)
            .read_to_end(to)
            .map(|read| read as u64)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.from {
            From::File(file) => file.read(buffer)?,
            From::Pipe(pipe) => pipe.read(buffer)?,
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("position", &self.position)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_file_goes_back_and_a_pipe_does_not() {
        let mut file = Input::file(Cursor::new(b"0123456789".to_vec())).unwrap();
        let mut pipe = Input::pipe(&b"0123456789"[..]);
        for input in [&mut file, &mut pipe] {
            let mut two = [0; 2];
            assert_eq!(input.skip(3).unwrap(), 3);
            input.read_exact(&mut two).unwrap();
            assert_eq!((&two, input.position()), (b"34", 5));
        }
        file.seek(1).unwrap();
        let mut rest = Vec::new();
        assert_eq!(file.read_up_to(u64::MAX, &mut rest).unwrap(), 9);
        assert_eq!(rest, b"123456789");
        assert_eq!(pipe.seek(1).unwrap_err().kind(), io::ErrorKind::NotSeekable);
        assert_eq!(pipe.skip(100).unwrap(), 5);
    }
}
