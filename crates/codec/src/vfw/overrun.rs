//! What a codec wrote behind the end of what it was given.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use opendriver::Block;
use opendriver_abi::{Class, Message};

/// How many are kept: a codec that writes behind its picture does so with every frame.
const KEPT: usize = 100;

/// A codec wrote behind the end of a block that it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overrun {
    /// The driver.
    pub driver: String,
    /// What it was asked.
    pub message: Message,
    /// The frame that it was at, from 0.
    pub frame: Option<u64>,
    /// What the block is (`the picture`).
    pub block: &'static str,
    /// Where it wrote.
    pub place: opendriver::Overrun,
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opendriver::Overrun { len, offset, .. } = self.place;
        write!(f, "\"{}\" wrote behind {}", self.driver, self.block)?;
        write!(f, ", {len} bytes, at offset {offset}")?;
        write!(f, " in {}", self.message.named(Class::Vfw))?;
        match self.frame {
            Some(frame) => write!(f, " of frame {frame}"),
            None => Ok(()),
        }
    }
}

/// Those that were found and not told of yet.
#[derive(Debug, Default)]
pub(super) struct Overruns {
    found: Mutex<Vec<Overrun>>,
}

impl Overruns {
    /// Looks behind a block.
    pub(super) fn watch(
        &self,
        block: &mut Block,
        what: &'static str,
        driver: &str,
        message: Message,
        frame: Option<u64>,
    ) {
        if let Some(place) = block.take_overrun() {
            self.note(Overrun {
                driver: driver.to_owned(),
                message,
                frame,
                block: what,
                place,
            });
        }
    }

    #[cold]
    fn note(&self, overrun: Overrun) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() < KEPT {
            found.push(overrun);
        }
    }

    /// Gives those that were found since the last time.
    pub(super) fn take(&self) -> Vec<Overrun> {
        std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
