//! SHA-256 of what goes by, and of what is on the disk.

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// The hash of the bytes that went by so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digest {
    running: Arc<Mutex<Running>>,
}

#[derive(Debug, Default)]
struct Running {
    hash: Sha256,
    length: u64,
}

impl Digest {
    /// The hash, and of how many bytes.
    pub(crate) fn finish(&self) -> (Hash, u64) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        (Hash(running.hash.clone().finalize().into()), running.length)
    }

    fn add(&self, bytes: &[u8]) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.hash.update(bytes);
        running.length += bytes.len() as u64;
    }
}

/// A reader or writer with a hash of what goes through it.
pub(crate) struct Digested<T> {
    inner: T,
    digest: Digest,
}

impl<T> Digested<T> {
    /// Hashes what goes through `inner` from now on.
    pub(crate) fn new(inner: T) -> (Self, Digest) {
        let digest = Digest::default();
        let ours = digest.clone();
        (
            Self {
                inner,
                digest: ours,
            },
            digest,
        )
    }
}

impl<T: Read> Read for Digested<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.digest.add(&buffer[..read]);
        Ok(read)
    }
}

impl<T: Write> Write for Digested<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.add(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A SHA-256, which prints as 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hash([u8; 32]);

impl Hash {
    /// The hash of some bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of a whole file, and its length.
    pub(crate) fn of_file(path: &Path) -> io::Result<(Self, u64)> {
        let (mut reader, digest) = Digested::new(File::open(path)?);
        let mut buffer = vec![0; 256 * 1024];
        while reader.read(&mut buffer)? > 0 {}
        Ok(digest.finish())
    }

    /// The hash of what was written: of a file, or of all pictures that a name with [`NUMBERED`] stands for, one behind the other.
    pub(crate) fn of_written(path: &Path) -> io::Result<(Self, u64)> {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if !name.ends_with(NUMBERED.as_bytes()) {
            return Self::of_file(path);
        }
        let digest = Digest::default();
        for number in 0.. {
            let picture = match fs::read(numbered(path, number)) {
                Ok(picture) => picture,
                Err(error) if number > 0 && error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            };
            digest.add(&picture);
        }
        Ok(digest.finish())
    }
}

impl From<sha2::digest::Output<Sha256>> for Hash {
    fn from(output: sha2::digest::Output<Sha256>) -> Self {
        Self(output.into())
    }
}

/// How the name ends that stands for many pictures, as other programs write it, too.
pub(crate) const NUMBERED: &str = "-%06d.png";

/// The picture of this number.
fn numbered(path: &Path, number: u64) -> PathBuf {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let stem = name.strip_suffix(NUMBERED.as_bytes()).unwrap_or(name);
    let mut picture = OsStr::from_bytes(stem).to_owned();
    picture.push(format!("-{number:06}.png"));
    path.with_file_name(picture)
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl serde::Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Bytes as hex digits, two for each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_have_the_hash_of_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let all = folder.path().join("a-%06d.png");
        assert!(Hash::of_written(&all).is_err());
        for (number, bytes) in ["ab", "c"].into_iter().enumerate() {
            fs::write(folder.path().join(format!("a-{number:06}.png")), bytes).unwrap();
        }
        assert_eq!(Hash::of_written(&all).unwrap(), (Hash::of(b"abc"), 3));
        let one = folder.path().join("a-000001.png");
        assert_eq!(Hash::of_written(&one).unwrap(), (Hash::of(b"c"), 1));
    }

    #[test]
    fn what_goes_by_has_the_hash_of_the_whole() {
        let (mut reader, digest) = Digested::new(&b"abc"[..]);
        io::copy(&mut reader, &mut io::sink()).unwrap();
        assert_eq!(digest.finish(), (Hash::of(b"abc"), 3));
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&Hash::of(b"abc").0), expected);
    }
}
