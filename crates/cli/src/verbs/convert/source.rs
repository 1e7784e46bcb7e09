//! Where a conversion reads from: a file, or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use opendriver_codec::file::Input;
use rustix::event::{PollFd, PollFlags, poll};

use super::interrupt::Interrupt;
use crate::digest::{Digest, Digested};

/// The name of standard input and output.
pub(super) const STANDARD: &str = "-";

/// What is read, before it is known what it holds.
pub(super) struct Source {
    pub(super) input: Input,
    /// What was read of a pipe, for those who want its hash; an ordinary file is there to be read again.
    pub(super) digest: Option<Digest>,
}

/// A source could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot read \"{}\"", .path.display())]
pub(super) struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

impl Source {
    /// Opens a file, or standard input.
    pub(super) fn open(
        path: &Path,
        interrupt: &Interrupt,
        hashed: bool,
    ) -> Result<Self, Unreadable> {
        let unreadable = |source| Unreadable {
            path: path.to_owned(),
            source,
        };
        let file = if path.as_os_str() == STANDARD {
            io::stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            File::open(path)
        };
        let file = file.map_err(unreadable)?;
        let kind = file.metadata().map_err(unreadable)?.file_type();
        if kind.is_dir() {
            return Err(unreadable(io::ErrorKind::IsADirectory.into()));
        }
        // Standard input may be an ordinary file, but somebody else may have read its start.
        if kind.is_file() && path.as_os_str() != STANDARD {
            return Ok(Self {
                input: Input::file(file).map_err(unreadable)?,
                digest: None,
            });
        }
        let pipe = Pipe {
            file,
            bell: interrupt.bell(),
        };
        if !hashed {
            return Ok(Self {
                input: Input::pipe(pipe),
                digest: None,
            });
        }
        let (reader, digest) = Digested::new(pipe);
        Ok(Self {
            input: Input::pipe(reader),
            digest: Some(digest),
        })
    }
}

/// A pipe that stops waiting for more when somebody wants an end.
struct Pipe {
    file: File,
    bell: Arc<OwnedFd>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut either = [
                PollFd::new(&self.file, PollFlags::IN),
                PollFd::new(&self.bell, PollFlags::IN),
            ];
            match poll(&mut either, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if either[1].revents().contains(PollFlags::IN) {
                return Err(io::Error::other("interrupted"));
            }
            return self.file.read(buffer);
        }
    }
}
