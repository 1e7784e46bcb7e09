//! Everything that can go wrong, grouped by whose fault it is.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use opendriver_abi::{Hdrvr, LParam, Message};

use crate::{Fault, registry};

/// Whose fault an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// The caller asked for something that cannot be.
    Caller,
    /// The file is not a driver that can be loaded.
    File,
    /// The driver said no. That is an answer, not a malfunction.
    Refused,
    /// The driver broke instead of answering.
    Broke,
    /// A limit of the manager.
    Ours,
    /// The operating system said no.
    System,
}

/// Why the manager could not do what it was asked.
///
/// ```
/// use opendriver::{Blame, Manager};
///
/// let error = Manager::builder().build().open("vidc.utvd").unwrap_err();
/// assert_eq!(error.to_string(), "no driver named \"vidc.utvd\" is installed");
/// assert_eq!(error.blame(), Blame::Caller);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // The caller's.
    /// Neither an alias nor a file has this name.
    #[error("no driver named \"{name}\" is installed")]
    NotInstalled {
        /// The name as it was given.
        name: String,
    },
    /// A driver has to be named.
    #[error("a driver's name cannot be empty")]
    EmptyName,
    /// A driver of the program has this name already.
    #[error("a driver named \"{name}\" is linked already")]
    AlreadyLinked {
        /// The name.
        name: String,
    },
    /// The manager never gave out this handle.
    #[error("{raw:#x} is not a driver handle")]
    NotAHandle {
        /// The value that was given as a handle.
        raw: u32,
    },
    /// The instance was closed.
    #[error("the instance {handle} is closed")]
    Closed {
        /// The handle that the instance had.
        handle: Hdrvr,
    },
    /// Another thread is closing the instance.
    #[error("the instance {handle} is being closed")]
    Closing {
        /// The handle of the instance.
        handle: Hdrvr,
    },
    /// The driver has not answered `DRV_OPEN` yet.
    #[error("the instance {handle} is not open yet")]
    Opening {
        /// The handle that the instance will have.
        handle: Hdrvr,
    },
    /// Only the manager sends the messages of the life cycle.
    #[error("{message} is the system's to send")]
    LifeCycleMessage {
        /// The message.
        message: Message,
    },
    /// The instance cannot be closed from inside its own message.
    #[error("the instance {handle} cannot be closed from inside a message of its own")]
    InsideMessage {
        /// The handle of the instance.
        handle: Hdrvr,
    },
    /// The instance is the manager's own.
    #[error(
        "the instance {handle} is the manager's own and closes with the last one of its driver"
    )]
    Hidden {
        /// The handle of the instance.
        handle: Hdrvr,
    },
    /// The driver is asked for from inside its own `DRV_LOAD`, `DRV_ENABLE`, `DRV_DISABLE` or `DRV_FREE`.
    #[error("\"{module}\" cannot be opened from inside its own {during}")]
    InsideLifeCycle {
        /// The driver.
        module: String,
        /// What it is handling.
        during: Message,
    },
    /// Two threads would wait for each other for ever.
    #[error("waiting for {what} would never end: it waits for this thread")]
    Deadlock {
        /// What would have been waited for.
        what: String,
    },
    /// A 32-bit driver cannot be given a parameter of more bits. Nothing was sent.
    #[error(
        "\"{module}\" is a 32-bit driver: expected lParam{parameter} of {message} in 32 bits, found {value:#x}"
    )]
    TooWide {
        /// The driver.
        module: String,
        /// The message that was not sent.
        message: Message,
        /// Which of the two parameters: 1 or 2.
        parameter: u8,
        /// Its value.
        value: LParam,
    },
    /// The manager was not told to trust foreign code.
    #[error("\"{}\" is foreign code, which this manager was not told to trust", .file.display())]
    Untrusted {
        /// The file.
        file: PathBuf,
    },
    /// The manager has shut down.
    #[error("the manager has shut down")]
    ShutDown,

    // The file's.
    /// The file cannot be read.
    #[error("cannot read \"{}\"", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No backend knows this kind of file.
    #[error("\"{}\" is not a driver: {reason}", .file.display())]
    NotADriver {
        /// The file.
        file: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// The file has no entry point.
    #[error("\"{}\" exports no DriverProc{}", .file.display(), but(.found))]
    NoDriverProc {
        /// The file.
        file: PathBuf,
        /// An export that looks as if it was meant.
        found: Option<String>,
    },
    /// The file is for another machine.
    #[error("\"{}\" is for {machine}, which this host cannot run", .file.display())]
    WrongMachine {
        /// The file.
        file: PathBuf,
        /// The machine that it is for (`i386`).
        machine: String,
    },
    /// The file could not be brought into memory.
    #[error("cannot load \"{}\"", .file.display())]
    Load {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system does not let the driver's code run: 32-bit code, or any.
    #[error("\"{}\" cannot run on this system", .file.display())]
    CannotRun {
        /// The file.
        file: PathBuf,
        /// What was tried.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    // The driver's answer.
    /// The driver answered 0.
    #[error("the driver refused {message}")]
    Refused {
        /// The driver.
        module: String,
        /// What it refused.
        message: Message,
    },

    // The driver's fault.
    /// The driver broke while it was handling this very message.
    #[error(transparent)]
    Broke(#[from] Fault),
    /// The driver broke earlier, and is not called any more.
    #[error("\"{module}\" is not called any more: it broke before")]
    Poisoned {
        /// The driver.
        module: String,
        /// How it broke.
        #[source]
        fault: Arc<Fault>,
    },

    // Ours.
    /// Every handle is in use, or too fresh to be used again.
    #[error("no driver handle is left: {live} instances are open")]
    NoHandles {
        /// How many instances are open.
        live: usize,
    },

    // The system's.
    /// The registry could not be read or written.
    #[error(transparent)]
    Registry(Box<registry::Error>),
    /// There is no address space left for the file, or for what it needs.
    #[error("there is no address space for \"{}\"", .file.display())]
    NoRoom {
        /// The file.
        file: PathBuf,
        /// What was looked for.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No memory that the driver could reach.
    #[error("cannot allocate {len} bytes that the driver can reach")]
    Memory {
        /// How many bytes were wanted.
        len: usize,
    },
}

fn but(found: &Option<String>) -> String {
    found
        .as_ref()
        .map_or_else(String::new, |found| format!(", but {found}"))
}

impl From<registry::Error> for Error {
    fn from(error: registry::Error) -> Self {
        Self::Registry(Box::new(error))
    }
}

impl Error {
    /// Says whose fault the error is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::NotInstalled { .. }
            | Self::EmptyName
            | Self::AlreadyLinked { .. }
            | Self::NotAHandle { .. }
            | Self::Closed { .. }
            | Self::Closing { .. }
            | Self::Opening { .. }
            | Self::LifeCycleMessage { .. }
            | Self::InsideMessage { .. }
            | Self::Hidden { .. }
            | Self::InsideLifeCycle { .. }
            | Self::Deadlock { .. }
            | Self::TooWide { .. }
            | Self::Untrusted { .. }
            | Self::ShutDown => Blame::Caller,
            Self::Unreadable { .. }
            | Self::NotADriver { .. }
            | Self::NoDriverProc { .. }
            | Self::WrongMachine { .. }
            | Self::Load { .. } => Blame::File,
            Self::Refused { .. } => Blame::Refused,
            Self::Broke(_) | Self::Poisoned { .. } => Blame::Broke,
            Self::NoHandles { .. } => Blame::Ours,
            Self::Registry(_)
            | Self::Memory { .. }
            | Self::NoRoom { .. }
            | Self::CannotRun { .. } => Blame::System,
        }
    }
}
