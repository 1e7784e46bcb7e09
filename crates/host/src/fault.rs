//! A driver that broke instead of answering.

use std::fmt;
use std::ops::Deref;

use opendriver_abi::Message;

/// What broke, where, and in which message.
///
/// A backend says what happened and where; the manager adds the driver and the message. A fault is one pointer, so that the answer of a
/// driver that did not break comes back in registers.
#[derive(Clone, Debug)]
pub struct Fault(Box<FaultDetails>);

/// What a [`Fault`] tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FaultDetails {
    /// The driver, by its file's name or its built-in name.
    pub module: String,
    /// The message that the driver was handling.
    pub message: Message,
    /// What happened (`read of address 0x10`).
    pub what: String,
    /// The address of the instruction, where there is one.
    pub instruction: Option<u64>,
    /// The address that the instruction wanted, where there is one.
    pub address: Option<u64>,
    /// Where (`iccvid.dll+0x1234`); empty where nothing can be said.
    pub place: String,
    /// The block that the driver was given and went past, where that is what happened.
    pub behind: Option<Behind>,
}

/// A guarded block, and a place behind it that a driver wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Behind {
    /// How long the block is.
    pub len: usize,
    /// The offset of the place from the start of the block.
    pub offset: usize,
}

impl Fault {
    /// Says what happened and where.
    #[cold]
    pub fn new(what: impl Into<String>, place: impl Into<String>) -> Self {
        Self(Box::new(FaultDetails {
            module: String::new(),
            message: Message(0),
            what: what.into(),
            instruction: None,
            address: None,
            place: place.into(),
            behind: None,
        }))
    }

    /// Adds the address of the instruction.
    #[must_use]
    pub fn instruction(mut self, instruction: u64) -> Self {
        self.0.instruction = Some(instruction);
        self
    }

    /// Adds the address that the instruction wanted.
    #[must_use]
    pub fn address(mut self, address: u64) -> Self {
        self.0.address = Some(address);
        self
    }

    pub(crate) fn blamed_on(
        mut self,
        module: &str,
        message: Message,
        behind: Option<Behind>,
    ) -> Self {
        self.0.behind = behind;
        module.clone_into(&mut self.0.module);
        self.0.message = message;
        self
    }
}

impl Deref for Fault {
    type Target = FaultDetails;

    fn deref(&self) -> &FaultDetails {
        &self.0
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the driver broke while handling {}: {}",
            self.message, self.what
        )?;
        if !self.place.is_empty() {
            write!(f, " at {}", self.place)?;
        }
        match self.behind {
            Some(Behind { len, offset }) => {
                write!(f, " (offset {offset} of a block of {len} bytes)")
            }
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}
