//! Files as the runtime sees them: descriptors with text translation, streams with buffers.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// What a descriptor reads from and writes to.
#[derive(Debug)]
pub(crate) enum Target {
    /// Standard input, which nobody types at: its end.
    Nothing,
    /// Standard output or error: lines that a person would have seen.
    Screen(Vec<u8>),
    /// A file.
    File(File),
}

/// An open file with its place.
#[derive(Debug)]
pub(crate) struct Descriptor {
    /// Where the bytes are.
    pub(crate) target: Target,
    /// Line ends are one character inside and two outside.
    pub(crate) text: bool,
    /// Each write goes to the end.
    pub(crate) append: bool,
    /// A byte of a line end that was split between two reads.
    held: Option<u8>,
}

/// The character that ends a text file (Ctrl+Z).
const END_OF_TEXT: u8 = 0x1a;

impl Descriptor {
    /// A descriptor for `target`.
    pub(crate) const fn new(target: Target, text: bool, append: bool) -> Self {
        Self {
            target,
            text,
            append,
            held: None,
        }
    }

    fn read_raw(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::File(file) => file.read(bytes),
            Target::Nothing | Target::Screen(_) => Ok(0),
        }
    }

    fn write_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        let append = self.append;
        match &mut self.target {
            Target::File(file) => {
                if append {
                    file.seek(SeekFrom::End(0))?;
                }
                file.write_all(bytes)
            }
            Target::Screen(pending) => {
                pending.extend_from_slice(bytes);
                Ok(())
            }
            Target::Nothing => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// Reads at most `count` bytes; none at the end.
    pub(crate) fn read(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        let kept = usize::from(self.held.is_some() && count > 0);
        if kept == 1 {
            bytes[0] = self.held.take().unwrap_or_default();
        }
        let read = kept + self.read_raw(&mut bytes[kept..])?;
        bytes.truncate(read);
        if !self.text {
            return Ok(bytes);
        }
        if bytes.last() == Some(&b'\r') {
            let mut next = [0];
            if self.read_raw(&mut next)? == 1 {
                if next[0] == b'\n' {
                    bytes.pop();
                    bytes.push(b'\n');
                } else {
                    self.held = Some(next[0]);
                }
            }
        }
        if let Some(end) = bytes.iter().position(|byte| *byte == END_OF_TEXT) {
            bytes.truncate(end);
        }
        Ok(fold_line_ends(&bytes))
    }

    /// Writes bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let on_screen = matches!(self.target, Target::Screen(_));
        if self.text && !on_screen {
            self.write_raw(&unfold_line_ends(bytes))
        } else {
            self.write_raw(bytes)
        }
    }

    /// Moves the place and answers it.
    pub(crate) fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match (to, self.held.take()) {
            (SeekFrom::Current(by), Some(_)) => SeekFrom::Current(by - 1),
            (to, _) => to,
        };
        match &mut self.target {
            Target::File(file) => file.seek(to),
            Target::Nothing | Target::Screen(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }

    /// The file, if this is one.
    pub(crate) const fn file(&self) -> Option<&File> {
        match &self.target {
            Target::File(file) => Some(file),
            Target::Nothing | Target::Screen(_) => None,
        }
    }

    /// Lines that were written for a person since the last time; all of it when `whole`.
    pub(crate) fn take_screen(&mut self, whole: bool) -> Option<Vec<u8>> {
        let Target::Screen(pending) = &mut self.target else {
            return None;
        };
        let end = if whole {
            pending.len()
        } else {
            pending.iter().rposition(|byte| *byte == b'\n')? + 1
        };
        let lines: Vec<u8> = pending.drain(..end).collect();
        (!lines.is_empty()).then_some(lines)
    }
}

fn fold_line_ends(bytes: &[u8]) -> Vec<u8> {
    let pairs = bytes
        .iter()
        .zip(bytes.iter().skip(1).map(Some).chain([None]));
    pairs
        .filter(|(byte, next)| **byte != b'\r' || *next != Some(&b'\n'))
        .map(|(byte, _)| *byte)
        .collect()
}

fn unfold_line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    for byte in bytes {
        if *byte == b'\n' {
            unfolded.push(b'\r');
        }
        unfolded.push(*byte);
    }
    unfolded
}

/// A stream: a descriptor with something read ahead or not yet written.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// Bytes as they are in the file, read ahead.
    ahead: Vec<u8>,
    at: usize,
    /// Bytes that were pushed back, the next one last.
    pushed: Vec<u8>,
    /// Bytes to be written, before line ends are made.
    pending: Vec<u8>,
    /// Whether writing waits at all.
    pub(crate) unbuffered: bool,
    /// Whether the end was met.
    pub(crate) ended: bool,
    /// Whether something failed.
    pub(crate) failed: bool,
}

const BUFFER: usize = 4096;

impl Stream {
    /// A stream that has nothing yet.
    pub(crate) fn new(unbuffered: bool) -> Self {
        Self {
            unbuffered,
            ..Self::default()
        }
    }

    fn raw(&mut self, descriptor: &mut Descriptor, ahead: usize) -> io::Result<Option<u8>> {
        while self.at + ahead >= self.ahead.len() {
            let mut more = [0; BUFFER];
            let read = descriptor.read_raw(&mut more)?;
            if read == 0 {
                return Ok(None);
            }
            self.ahead.drain(..self.at);
            self.at = 0;
            self.ahead.extend_from_slice(&more[..read]);
        }
        Ok(Some(self.ahead[self.at + ahead]))
    }

    /// The next byte; none at the end.
    pub(crate) fn next(&mut self, descriptor: &mut Descriptor) -> io::Result<Option<u8>> {
        if let Some(byte) = self.pushed.pop() {
            return Ok(Some(byte));
        }
        self.flush(descriptor)?;
        let mut found = self.raw(descriptor, 0)?;
        if descriptor.text {
            if found == Some(b'\r') && self.raw(descriptor, 1)? == Some(b'\n') {
                self.at += 1;
                found = Some(b'\n');
            }
            if found == Some(END_OF_TEXT) {
                found = None;
            }
        }
        match found {
            Some(_) => self.at += 1,
            None => self.ended = true,
        }
        Ok(found)
    }

    /// Gives a byte back; it is the next one.
    pub(crate) fn push_back(&mut self, byte: u8) {
        self.pushed.push(byte);
        self.ended = false;
    }

    /// Writes bytes, when there are enough of them.
    pub(crate) fn put(&mut self, descriptor: &mut Descriptor, bytes: &[u8]) -> io::Result<()> {
        self.drop_ahead(descriptor)?;
        self.pending.extend_from_slice(bytes);
        let on_screen = matches!(descriptor.target, Target::Screen(_));
        if self.unbuffered || on_screen || self.pending.len() >= BUFFER {
            self.flush(descriptor)
        } else {
            Ok(())
        }
    }

    /// Writes what waits.
    pub(crate) fn flush(&mut self, descriptor: &mut Descriptor) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        descriptor.write(&std::mem::take(&mut self.pending))
    }

    /// Forgets what was read ahead and puts the place where the reader believes it is.
    fn drop_ahead(&mut self, descriptor: &mut Descriptor) -> io::Result<()> {
        let behind = (self.ahead.len() - self.at + self.pushed.len()) as i64;
        self.ahead.clear();
        self.at = 0;
        self.pushed.clear();
        if behind > 0 {
            descriptor.seek(SeekFrom::Current(-behind))?;
        }
        Ok(())
    }

    /// Moves the place.
    pub(crate) fn seek(&mut self, descriptor: &mut Descriptor, to: SeekFrom) -> io::Result<u64> {
        self.flush(descriptor)?;
        self.drop_ahead(descriptor)?;
        self.ended = false;
        descriptor.seek(to)
    }

    /// Answers the place.
    pub(crate) fn tell(&mut self, descriptor: &mut Descriptor) -> io::Result<u64> {
        self.flush(descriptor)?;
        let behind = (self.ahead.len() - self.at + self.pushed.len()) as u64;
        descriptor
            .seek(SeekFrom::Current(0))
            .map(|place| place.saturating_sub(behind))
    }
}

/// What `fopen` is asked for by its mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) append: bool,
    pub(crate) create: bool,
    pub(crate) truncate: bool,
    /// Fails when the file is there already.
    pub(crate) exclusive: bool,
    /// Line ends are translated; what `_fmode` says where this is none.
    pub(crate) text: Option<bool>,
    /// The file goes when it is closed.
    pub(crate) temporary: bool,
}

impl Mode {
    /// Reads `"rb+"` and its like; none if it is no mode.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let start = text.iter().position(|byte| *byte != b' ')?;
        let mut mode = match text[start] {
            b'r' => Self {
                read: true,
                ..Self::default()
            },
            b'w' => Self {
                write: true,
                create: true,
                truncate: true,
                ..Self::default()
            },
            b'a' => Self {
                write: true,
                append: true,
                create: true,
                ..Self::default()
            },
            _ => return None,
        };
        for letter in &text[start + 1..] {
            match letter {
                b'+' => (mode.read, mode.write) = (true, true),
                b'b' => mode.text = Some(false),
                b't' => mode.text = Some(true),
                b'x' => mode.exclusive = true,
                b'D' => mode.temporary = true,
                b',' => break,
                // Hints about caching and sharing.
                b'c' | b'n' | b'N' | b'S' | b'R' | b'T' | b' ' => {}
                _ => return None,
            }
        }
        Some(mode)
    }

    /// Opens a file.
    pub(crate) fn open(self, path: &std::path::Path) -> io::Result<File> {
        std::fs::OpenOptions::new()
            .read(self.read || !self.write)
            .write(self.write)
            .create(self.create && !self.exclusive)
            .create_new(self.create && self.exclusive)
            .truncate(self.truncate && !self.exclusive)
            .open(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str, mode: &str, text: bool) -> (Descriptor, Stream, std::path::PathBuf) {
        let path =
            std::env::temp_dir().join(format!("opendriver-crt-{}-{name}", std::process::id()));
        let mode = Mode::parse(mode.as_bytes()).expect("a mode");
        let file = mode.open(&path).expect("the file opens");
        (
            Descriptor::new(Target::File(file), text, mode.append),
            Stream::default(),
            path,
        )
    }

    fn rest(descriptor: &mut Descriptor, stream: &mut Stream) -> Vec<u8> {
        std::iter::from_fn(|| stream.next(descriptor).expect("readable")).collect()
    }

    #[test]
    fn text_has_one_character_at_the_end_of_a_line_inside_and_two_outside() {
        let (mut descriptor, mut stream, path) = open("lines", "w+", true);
        stream
            .put(&mut descriptor, b"one\ntwo\n")
            .expect("writable");
        stream
            .seek(&mut descriptor, SeekFrom::Start(0))
            .expect("seekable");
        assert_eq!(std::fs::read(&path).expect("there"), b"one\r\ntwo\r\n");
        assert_eq!(rest(&mut descriptor, &mut stream), b"one\ntwo\n");
        assert!(stream.ended);
        std::fs::remove_file(path).expect("removable");
    }

    #[test]
    fn the_place_counts_bytes_of_the_file_also_when_they_were_read_ahead() {
        let (mut descriptor, mut stream, path) = open("place", "w+b", false);
        stream
            .put(&mut descriptor, b"0123456789")
            .expect("writable");
        stream
            .seek(&mut descriptor, SeekFrom::Start(2))
            .expect("seekable");
        assert_eq!(stream.next(&mut descriptor).expect("readable"), Some(b'2'));
        assert_eq!(stream.tell(&mut descriptor).expect("seekable"), 3);
        stream.push_back(b'x');
        assert_eq!(stream.tell(&mut descriptor).expect("seekable"), 2);
        assert_eq!(stream.next(&mut descriptor).expect("readable"), Some(b'x'));
        stream.put(&mut descriptor, b"AB").expect("writable");
        stream
            .seek(&mut descriptor, SeekFrom::Start(0))
            .expect("seekable");
        assert_eq!(rest(&mut descriptor, &mut stream), b"012AB56789");
        std::fs::remove_file(path).expect("removable");
    }

    #[test]
    fn a_text_ends_at_its_mark() {
        let (mut descriptor, mut stream, path) = open("mark", "w+b", false);
        stream.put(&mut descriptor, b"ab\x1acd").expect("writable");
        stream
            .seek(&mut descriptor, SeekFrom::Start(0))
            .expect("seekable");
        descriptor.text = true;
        assert_eq!(rest(&mut descriptor, &mut stream), b"ab");
        std::fs::remove_file(path).expect("removable");
    }

    #[test]
    fn a_line_end_that_two_reads_share_is_still_one_character() {
        let (mut descriptor, _, path) = open("split", "w+b", false);
        descriptor.write(b"ab\r\ncd\rx").expect("writable");
        descriptor.seek(SeekFrom::Start(0)).expect("seekable");
        descriptor.text = true;
        assert_eq!(descriptor.read(3).expect("readable"), b"ab\n");
        assert_eq!(descriptor.read(3).expect("readable"), b"cd\r");
        assert_eq!(descriptor.read(3).expect("readable"), b"x");
        assert_eq!(descriptor.read(3).expect("readable"), b"");
        std::fs::remove_file(path).expect("removable");
    }

    #[test]
    fn lines_for_a_person_come_whole() {
        let mut descriptor = Descriptor::new(Target::Screen(Vec::new()), true, false);
        descriptor.write(b"half").expect("writable");
        assert_eq!(descriptor.take_screen(false), None);
        descriptor.write(b" a line\nrest").expect("writable");
        assert_eq!(
            descriptor.take_screen(false),
            Some(b"half a line\n".to_vec())
        );
        assert_eq!(descriptor.take_screen(true), Some(b"rest".to_vec()));
    }

    #[test]
    fn a_mode_is_read_letter_by_letter() {
        let mode = Mode::parse(b"rb+").expect("a mode");
        assert!(mode.read && mode.write && mode.text == Some(false) && !mode.create);
        assert!(Mode::parse(b"a").expect("a mode").append);
        assert_eq!(Mode::parse(b"q"), None);
        assert_eq!(Mode::parse(b""), None);
        assert_eq!(Mode::parse(b"r!"), None);
    }
}
