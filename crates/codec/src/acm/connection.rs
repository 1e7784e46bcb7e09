//! An instance of a codec, and the memory in which it is asked.

use std::sync::{Mutex, PoisonError};

use opendriver::{Block, Blocks, Instance};
use opendriver_abi::answer::MMSYSERR_NOERROR;
use opendriver_abi::{LResult, Message};

use super::{Answer, Error, Overrun};

/// An instance of a codec, and the memory in which it is asked.
#[derive(Debug)]
pub(super) struct Connection {
    /// The driver's name in errors: that of its module.
    pub(super) driver: String,
    pub(super) instance: Instance,
    pub(super) memory: Blocks,
    pub(super) overruns: Mutex<Vec<Overrun>>,
}

impl Connection {
    /// Sends a message and answers what the driver does.
    pub(super) fn send(
        &self,
        message: Message,
        param1: isize,
        param2: isize,
    ) -> Result<LResult, Error> {
        let answer = self.instance.send(message, param1, param2);
        answer.map_err(|source| self.unsent(message, source))
    }

    /// Sends a message that is to be answered with `MMSYSERR_NOERROR`.
    pub(super) fn expect(
        &self,
        message: Message,
        param1: isize,
        param2: isize,
    ) -> Result<(), Error> {
        match self.send(message, param1, param2)? {
            MMSYSERR_NOERROR => Ok(()),
            answer => Err(self.refused(message, answer)),
        }
    }

    /// Asks with a structure as `lParam1`, and gives back what became of it.
    pub(super) fn ask(&self, message: Message, bytes: &[u8], flags: u32) -> Result<Block, Error> {
        let block = self.block(message, bytes)?;
        self.expect(message, block.address(), flags as isize)?;
        self.watch(&block, "structure", message);
        Ok(block)
    }

    /// A block that holds a copy of `bytes`, for use with a message.
    pub(super) fn block(&self, message: Message, bytes: &[u8]) -> Result<Block, Error> {
        let block = self.memory.copy_of(bytes);
        block.map_err(|source| self.unsent(message, source))
    }

    /// A zeroed block, for use with a message.
    pub(super) fn room(&self, message: Message, len: usize) -> Result<Block, Error> {
        let block = self.memory.allocate(len);
        block.map_err(|source| self.unsent(message, source))
    }

    /// Notes where the driver wrote behind a block.
    pub(super) fn watch(&self, block: &Block, what: &'static str, message: Message) {
        if let Err(source) = block.check() {
            let mut overruns = self.overruns.lock().unwrap_or_else(PoisonError::into_inner);
            overruns.push(Overrun {
                driver: self.driver.clone(),
                what,
                message,
                call: 0,
                source,
            });
        }
    }

    pub(super) fn unsent(&self, message: Message, source: opendriver::Error) -> Error {
        Error::Unsent {
            driver: self.driver.clone(),
            message,
            source,
        }
    }

    pub(super) fn refused(&self, message: Message, answer: LResult) -> Error {
        Error::Refused {
            driver: self.driver.clone(),
            message,
            answer: Answer(answer),
        }
    }

    pub(super) fn nonsense(&self, message: Message, what: String) -> Error {
        Error::Nonsense {
            driver: self.driver.clone(),
            message,
            what,
        }
    }
}
