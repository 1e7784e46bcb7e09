//! What a loaded driver is to the manager: something that carries one message.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};

use crate::{Error, Fault, Memory, System};

mod builtin;

#[cfg(feature = "native")]
pub mod native;

#[cfg(feature = "native")]
pub mod procedure;

#[cfg(feature = "windows")]
pub mod windows;

pub(crate) use builtin::BuiltinBackend;

/// One message on its way to a driver.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The driver's identifier of the instance; 0 where the instance has none yet or none any more.
    pub id: DriverId,
    /// The system's handle of the instance.
    pub handle: Hdrvr,
    /// The message.
    pub message: Message,
    /// First parameter.
    pub param1: LParam,
    /// Second parameter.
    pub param2: LParam,
    /// The parameter text of `DRV_OPEN`, which is also at the address in `param1`; empty in every other message.
    pub text: &'a str,
}

/// How wide the addresses of a driver are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// 32 bits.
    W32,
    /// 64 bits.
    W64,
}

impl Width {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::W64, Self::W32];

    /// The width of this process.
    pub const HOST: Self = if size_of::<usize>() == 4 {
        Self::W32
    } else {
        Self::W64
    };

    /// How many bits an address has.
    pub const fn bits(self) -> u8 {
        match self {
            Self::W32 => 32,
            Self::W64 => 64,
        }
    }
}

/// How a driver reads text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Text {
    /// UTF-8, ended by one zero byte (native and built-in drivers).
    Utf8,
    /// UTF-16, little end first, ended by a zero unit (Windows drivers).
    Utf16,
}

impl Text {
    /// Writes `text` as the driver reads it, ending included. A zero inside would end it early, so the text ends there.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let text = text.split('\0').next().unwrap_or_default();
        match self {
            Self::Utf8 => text.bytes().chain([0]).collect(),
            Self::Utf16 => text
                .encode_utf16()
                .chain([0])
                .flat_map(u16::to_le_bytes)
                .collect(),
        }
    }
}

/// One loaded driver module. Dropping it unloads the module.
///
/// A backend carries one message; only the manager knows the order of messages. It is called from several threads at once.
pub trait Backend: Send + Sync {
    /// Calls `DriverProc` once and returns its answer verbatim.
    ///
    /// # Errors
    /// A [`Fault`] when the driver broke instead of answering. It is never called again then.
    fn call(&self, call: &Call<'_>) -> Result<LResult, Fault>;

    /// Memory whose addresses are good in the driver's world.
    fn memory(&self) -> Arc<dyn Memory>;

    /// How the driver reads text.
    fn text(&self) -> Text;

    /// How wide the driver's addresses are.
    fn width(&self) -> Width;

    /// Whether [`call`](Self::call) never panics: foreign code cannot, and some wrappers catch what does. The manager contains the panics
    /// of all others, which costs a little with each message.
    fn contains_panics(&self) -> bool {
        false
    }

    /// The module's own address, as `GetDriverModuleHandle` answers it; 0 where it has none.
    fn address(&self) -> usize {
        0
    }
}

/// A file that was found under the name that was asked for, and how it begins.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// Where the file is, absolute.
    pub path: PathBuf,
    /// Its first bytes, at most 4096.
    pub head: Vec<u8>,
}

impl Candidate {
    /// The name of the file without its folders.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }
}

pub(crate) fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// A way in: knows one kind of file, and loads a backend from it.
pub trait Provider: Send + Sync {
    /// What kind of driver comes in this way (`native`, `windows`).
    fn kind(&self) -> &'static str;

    /// Says whether the file is of this kind, by its first bytes.
    fn claims(&self, candidate: &Candidate) -> bool;

    /// Brings the file into memory, ready for its first message.
    ///
    /// `system` is the way up: what a driver may ask the manager for while it handles a message.
    ///
    /// # Errors
    /// One of the errors that blame the file. Nothing stays loaded then.
    fn load(&self, candidate: &Candidate, system: &System) -> Result<Box<dyn Backend>, Error>;

    /// Says whether the code comes from a file that nobody proved safe. Such a file is opened only by a manager that was told to.
    fn is_foreign(&self) -> bool {
        true
    }
}

/// A driver that is part of the program.
pub(crate) struct Linked {
    pub(crate) name: String,
    pub(crate) load: Box<Load>,
}

/// Makes such a driver for one life from `DRV_LOAD` to `DRV_FREE`.
type Load = dyn Fn(&System) -> Box<dyn Backend> + Send + Sync;

impl std::fmt::Debug for Linked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linked")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_ended_in_the_driver_s_own_way() {
        assert_eq!(Text::Utf8.encode("ab"), b"ab\0");
        assert_eq!(Text::Utf16.encode("ab"), b"a\0b\0\0\0");
        assert_eq!(Text::Utf8.encode(""), b"\0");
        assert_eq!(Text::Utf8.encode("a\0b"), b"a\0");
    }
}
