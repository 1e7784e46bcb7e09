//! What to open, and with what.

use opendriver_abi::LParam;

use crate::{Blocks, Error, Width};

/// Names the driver to open, and what to tell it.
///
/// ```
/// use opendriver::OpenOptions;
///
/// let options = OpenOptions::new("msacm.msadpcm").section("Drivers32").param2(0);
/// assert_eq!(options.name, "msacm.msadpcm");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions<'a> {
    /// An alias of the registry, the name of a built-in driver, or a file.
    pub name: &'a str,
    /// The section to look the alias up in; `Drivers32` and then `drivers` where none is given.
    pub section: Option<&'a str>,
    /// `lParam2` of `DRV_OPEN`, untouched: a number, or the address of a structure.
    pub param2: LParam,
}

impl<'a> OpenOptions<'a> {
    /// Opens the driver of this name with 0 as the application's value.
    pub const fn new(name: &'a str) -> Self {
        Self {
            name,
            section: None,
            param2: 0,
        }
    }

    /// Looks the alias up in this section.
    #[must_use]
    pub const fn section(mut self, section: &'a str) -> Self {
        self.section = Some(section);
        self
    }

    /// Gives the driver this value as `lParam2` of `DRV_OPEN`.
    #[must_use]
    pub const fn param2(mut self, param2: LParam) -> Self {
        self.param2 = param2;
        self
    }
}

impl<'a> From<&'a str> for OpenOptions<'a> {
    fn from(name: &'a str) -> Self {
        Self::new(name)
    }
}

/// What is known of a driver's world before the first instance in it is open.
#[derive(Debug)]
pub struct World<'a> {
    pub(crate) blocks: Blocks,
    pub(crate) width: Width,
    pub(crate) module: &'a str,
}

impl World<'_> {
    /// Memory whose addresses are good in the driver's world.
    pub fn memory(&self) -> &Blocks {
        &self.blocks
    }

    /// How wide the driver's addresses are.
    pub fn width(&self) -> Width {
        self.width
    }

    /// The driver's module: its file's name, or its built-in name.
    pub fn module(&self) -> &str {
        self.module
    }
}

/// Makes `lParam2` of `DRV_OPEN` for a driver's world.
pub(crate) type Prepare<'a> = dyn FnMut(&World<'_>) -> Result<LParam, Error> + 'a;
