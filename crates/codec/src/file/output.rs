//! Where a file is written to: one that can be gone back in, or a pipe.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};

/// How much is gathered before it is written. A picture, or a second of sound, is longer, and goes out without being copied.
const BUFFER: usize = 64 * 1024;

/// A target of bytes that knows where it is, whether it is a file or a pipe.
pub struct Output {
    to: To,
    position: u64,
}

enum To {
    File(BufWriter<Box<dyn WriteSeek>>),
    Pipe(BufWriter<Box<dyn Write + Send>>),
}

trait WriteSeek: Write + Seek + Send {}

impl<T: Write + Seek + Send> WriteSeek for T {}

impl Output {
    /// Writes a file from its start.
    pub fn file(file: impl Write + Seek + Send + 'static) -> Self {
        Self {
            to: To::File(BufWriter::with_capacity(BUFFER, Box::new(file))),
            position: 0,
        }
    }

    /// Writes what comes, once.
    pub fn pipe(pipe: impl Write + Send + 'static) -> Self {
        Self {
            to: To::Pipe(BufWriter::with_capacity(BUFFER, Box::new(pipe))),
            position: 0,
        }
    }

    /// How many bytes were written: the offset of the next one.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether [`patch`](Self::patch) works.
    pub fn can_patch(&self) -> bool {
        matches!(self.to, To::File(_))
    }

    /// Writes over earlier bytes and comes back.
    ///
    /// # Errors
    /// A pipe cannot.
    pub fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let To::File(file) = &mut self.to else {
            return Err(io::ErrorKind::NotSeekable.into());
        };
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        file.seek(SeekFrom::Start(self.position)).map(drop)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.to {
            To::File(file) => file.write(bytes)?,
            To::Pipe(pipe) => pipe.write(bytes)?,
        };
        self.position += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::File(file) => file.flush(),
            To::Pipe(pipe) => pipe.flush(),
        }
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_patched_and_a_pipe_is_not() {
        let mut file = tempfile::tempfile().unwrap();
        let mut output = Output::file(file.try_clone().unwrap());
        output.write_all(b"size____data").unwrap();
        output.patch(4, b"four").unwrap();
        output.write_all(b"more").unwrap();
        output.flush().unwrap();
        let mut written = String::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        io::Read::read_to_string(&mut file, &mut written).unwrap();
        assert_eq!(
            (written.as_str(), output.position()),
            ("sizefourdatamore", 16)
        );

        let mut pipe = Output::pipe(io::sink());
        pipe.write_all(b"size").unwrap();
        assert_eq!(
            pipe.patch(0, b"four").unwrap_err().kind(),
            io::ErrorKind::NotSeekable
        );
    }
}
