//! A driver that broke instead of answering.

use opendriver_abi::Message;

/// What broke, where, and in which message.
///
/// A backend fills in what happened and where; the manager adds the driver and the message.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the driver broke while handling {message}: {what}{}", at(.place))]
#[non_exhaustive]
pub struct Fault {
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
}

impl Fault {
    /// Says what happened and where; the manager fills in the driver and the message.
    pub fn new(what: impl Into<String>, place: impl Into<String>) -> Self {
        Self {
            module: String::new(),
            message: Message(0),
            what: what.into(),
            instruction: None,
            address: None,
            place: place.into(),
        }
    }

    /// Adds the address of the instruction.
    #[must_use]
    pub fn instruction(mut self, instruction: u64) -> Self {
        self.instruction = Some(instruction);
        self
    }

    /// Adds the address that the instruction wanted.
    #[must_use]
    pub fn address(mut self, address: u64) -> Self {
        self.address = Some(address);
        self
    }

    pub(crate) fn blamed_on(mut self, module: &str, message: Message) -> Self {
        module.clone_into(&mut self.module);
        self.message = message;
        self
    }
}

fn at(place: &str) -> String {
    if place.is_empty() {
        String::new()
    } else {
        format!(" at {place}")
    }
}
