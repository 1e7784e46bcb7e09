//! What the Windows process may ask of whoever made it: the only way up.

use std::fmt;
use std::path::Path;

use crate::trap::Fault;

/// A value as the Windows registry holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryValue {
    /// `REG_SZ` 1, `REG_EXPAND_SZ` 2, `REG_BINARY` 3, `REG_DWORD` 4, `REG_MULTI_SZ` 7, `REG_QWORD` 11.
    pub kind: u32,
    /// The bytes; text is UTF-16LE with its final zero.
    pub data: Vec<u8>,
}

/// Why the registry could not do it, as a Windows error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryError(pub u32);

/// Registry access. Keys are full paths such as `HKLM\Software\Vendor`; case does not matter.
pub trait Registry: Send + Sync {
    /// Tells whether a key exists.
    fn exists(&self, key: &str) -> bool;
    /// Makes a key and those above it; tells whether it is new.
    ///
    /// # Errors
    /// The Windows code, when nothing can be written.
    fn create(&self, key: &str) -> Result<bool, RegistryError>;
    /// Removes a key without subkeys.
    ///
    /// # Errors
    /// The Windows code, when it is not there or cannot be removed.
    fn delete(&self, key: &str) -> Result<(), RegistryError>;
    /// The names of the keys directly below.
    fn subkeys(&self, key: &str) -> Vec<String>;
    /// The values of a key.
    fn values(&self, key: &str) -> Vec<(String, RegistryValue)>;
    /// One value; the empty name is the key's default value.
    fn value(&self, key: &str, name: &str) -> Option<RegistryValue>;
    /// Sets one value.
    ///
    /// # Errors
    /// The Windows code, when nothing can be written.
    fn set_value(&self, key: &str, name: &str, value: &RegistryValue) -> Result<(), RegistryError>;
    /// Removes one value.
    ///
    /// # Errors
    /// The Windows code, when it is not there or cannot be removed.
    fn delete_value(&self, key: &str, name: &str) -> Result<(), RegistryError>;
}

/// The driver functions that a driver may call: handles are those of the driver system.
pub trait Drivers: Send + Sync {
    /// `OpenDriver`; 0 when it failed.
    fn open(&self, name: &str, section: Option<&str>, param2: i64) -> u64;
    /// `CloseDriver`: the driver's answer, 0 when it refused or the handle is not open.
    fn close(&self, handle: u64, param1: i64, param2: i64) -> i64;
    /// `SendDriverMessage`.
    fn send(&self, handle: u64, message: u32, param1: i64, param2: i64) -> i64;
    /// `GetDriverModuleHandle`; 0 when the handle is not open.
    fn module(&self, handle: u64) -> u64;
}

/// Something that a person at the screen would have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// A message box and the button that was pressed for the driver.
    MessageBox {
        /// Its title.
        title: String,
        /// Its text.
        text: String,
        /// The answer, such as `IDOK`.
        answer: &'static str,
    },
    /// A dialog that could not be shown.
    Dialog {
        /// Its template's name, or `#` and its number.
        template: String,
        /// The title, where the template has one.
        title: String,
    },
    /// Text for a debugger.
    Debug(String),
    /// Text written to standard output or standard error.
    Output(String),
    /// Something that works other than on Windows, and why.
    Warning(String),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MessageBox {
                title,
                text,
                answer,
            } => {
                write!(f, "message box \"{title}\": {text} (answered {answer})")
            }
            Self::Dialog { template, title } => {
                write!(f, "dialog {template} \"{title}\" not shown")
            }
            Self::Debug(text) => write!(f, "debug: {text}"),
            Self::Output(text) => write!(f, "output: {text}"),
            Self::Warning(text) => write!(f, "warning: {text}"),
        }
    }
}

/// One call of a shim, for the trace.
#[derive(Clone, Debug)]
pub struct TracedCall {
    /// The DLL and the function.
    pub function: (&'static str, &'static str),
    /// The arguments as text, `name=value`.
    pub arguments: String,
    /// The result register, or what happened instead.
    pub result: Result<u64, String>,
}

/// What the process may ask of whoever made it.
pub trait Station: Send + Sync {
    /// The registry.
    fn registry(&self) -> &dyn Registry;
    /// The driver system.
    fn drivers(&self) -> &dyn Drivers;
    /// Takes note of something that a person would have seen.
    fn report(&self, report: Report);
    /// Takes note of a shim call; asked only when the process was made with `trace`.
    fn trace(&self, call: TracedCall);
    /// Is told that a thread which an image had started broke, and has ended.
    fn thread_broke(&self, image: Option<&Path>, fault: &Fault) {
        let _ = image;
        self.report(Report::Warning(format!(
            "a thread of the driver broke: {fault}"
        )));
    }
    /// Is told when the process maps an image and when it unmaps it.
    fn mapped(&self, path: &Path, base: u64) {
        let _ = (path, base);
    }
}
