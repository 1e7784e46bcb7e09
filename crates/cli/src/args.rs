//! What can be typed: every verb, every option, and the text that explains it.

mod batch;
mod convert;
mod new;
mod sound;

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use opendriver_codec::convert::SoundWishes;

pub(crate) use self::convert::Convert;
pub(crate) use self::new::{Kind, Lang, New};
use crate::number::{self, Pair};
use crate::request::Request;

/// Opens installable drivers and runs many instances of each.
///
/// A driver is a built-in one (`echo`, `flac`, `pcm`, `serial`, `tone`), a shared object with a DriverProc, or an unmodified Windows driver: a .drv, an .acm or a codec .dll.
#[derive(Debug, Parser)]
#[command(
    name = "drv",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Exit status: 0 done, 1 the driver said no, 2 could not ask, 3 the driver broke.",
    after_long_help = EXIT_STATUS
)]
pub(crate) struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  done
  1  the driver said no (it refused, something is missing)
  2  could not ask (usage, file, registry)
  3  the driver broke (memory fault, trap, abort)
  130  Ctrl-C stopped it

Environment:
  OPENDRIVER_PATH      folders to look for drivers in, separated by colons, after those of --path
  OPENDRIVER_REGISTRY  a registry above those below, where --registry names none
  NO_COLOR             when set and not empty: no colour, not even on a terminal
  XDG_CONFIG_HOME      holds opendriver/registry.toml, the registry of this user

Files:
  /etc/opendriver/registry.toml             the registry of the machine
  $XDG_CONFIG_HOME/opendriver/registry.toml the registry of the user (else under ~/.config)";

/// Options that every verb takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Global {
    /// Put this registry file above those of the user and the machine
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) registry: Option<PathBuf>,

    /// Look for drivers in this folder too (repeatable)
    ///
    /// A driver named without a folder is looked for in the current folder, in those of --path in the order given, then in those of the variable OPENDRIVER_PATH. Letter case does not matter.
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) path: Vec<PathBuf>,

    /// How answers are printed [default: text]
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        value_parser = PossibleValuesParser::new(["text", "json"]).try_map(|word| word.parse::<Wanted>())
    )]
    pub(crate) format: Vec<Wanted>,

    /// Print on standard error what is said to drivers, and the Win32 functions that they call
    #[arg(long, global = true)]
    pub(crate) trace: bool,

    /// Print nothing but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

impl Global {
    /// How answers are printed: as was said last.
    pub(crate) fn printed(&self) -> Format {
        let said = self.format.iter().rev().find_map(|wanted| match wanted {
            Wanted::Printed(format) => Some(*format),
            Wanted::Sound(_) => None,
        });
        said.unwrap_or_default()
    }
}

/// What `--format` may mean: how answers are printed, and in `drv convert` also what kind of sound is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// How answers are printed.
    Printed(Format),
    /// What sound is written.
    Sound(SoundWishes),
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "text" => Ok(Self::Printed(Format::Text)),
            "json" => Ok(Self::Printed(Format::Json)),
            _ => sound::wishes(word).map(Self::Sound),
        }
    }
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// What `drv` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    // Each says what it does where its options are: a line here would hide the rest of that.
    Open(Open),
    Info(Info),
    Formats(Formats),
    Probe(Probe),
    Imports(Imports),
    Convert(Box<Convert>),
    List(List),
    Install(Install),
    Remove(Remove),
    Configure(Configure),
    Registry(Registry),
    New(New),
    Doctor(Doctor),
    Completions(Completions),
}

/// Open instances of a driver, send messages, close them
///
/// Opens all instances in order, then sends each message to each instance in opening order, then closes in opening order, and prints every message with its answer.
///
/// When an open or a close is refused, what is open is closed in order, by force where the driver refuses.
#[derive(Args, Debug)]
pub(crate) struct Open {
    /// An alias of the registry, a file, or a built-in driver
    #[arg(value_name = "DRIVER", value_hint = ValueHint::FilePath)]
    pub(crate) driver: String,

    /// Section of the registry that the alias is looked up in [default: Drivers32, then drivers]
    #[arg(long, value_name = "SECTION")]
    pub(crate) section: Option<String>,

    /// How many instances to open
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) times: u32,

    /// Second parameter of DRV_OPEN
    #[arg(long, value_name = "N", default_value = "0", value_parser = number::parse, allow_hyphen_values = true)]
    pub(crate) param2: isize,

    /// Send a message to every instance (repeatable)
    ///
    /// MSG is a name (DRV_CONFIGURE, DRV_USER+1, ACMDM_DRIVER_DETAILS) or a number; numbers are decimal or 0x hex, and may be negative. The life cycle's own messages cannot be sent by hand.
    #[arg(long, value_name = "MSG[,P1[,P2]]")]
    pub(crate) send: Vec<Request>,

    /// The two parameters of DRV_CLOSE
    #[arg(
        long,
        value_name = "P1,P2",
        default_value = "0,0",
        allow_hyphen_values = true
    )]
    pub(crate) close: Pair,

    /// Open a hidden instance first, as Wine does
    #[arg(long)]
    pub(crate) session_instance: bool,

    /// Send message 0 before DRV_LOAD, as Windows 3.1 does
    #[arg(long)]
    pub(crate) probe_message: bool,
}

/// Say what a driver is, and what it says of itself
///
/// Tells the kind of file, its machine, exports and version; then opens the driver as an audio codec (ACM), as a video codec (VfW) and as an MCI device, whichever it accepts, and prints what it says of itself.
#[derive(Args, Debug)]
pub(crate) struct Info {
    /// An alias of the registry, a file, or a built-in driver
    #[arg(value_name = "DRIVER", value_hint = ValueHint::FilePath)]
    pub(crate) driver: String,

    /// Read the file only: run no code of the driver
    #[arg(long)]
    pub(crate) no_open: bool,
}

/// List which formats codecs have, and what they do with each
///
/// An audio codec (ACM) lists its formats itself, and is asked whether it decodes and encodes each. A video codec (VfW) is asked about the codes that files have: to which pixels it decompresses each, and from which it compresses.
#[derive(Args, Debug)]
pub(crate) struct Formats {
    /// An alias of the registry, a file, or a built-in driver [default: all codecs that are installed]
    #[arg(value_name = "DRIVER", value_hint = ValueHint::FilePath)]
    pub(crate) driver: Option<String>,
}

/// Say which streams a file has, and which installed driver opens each
///
/// Reads the headers of an AVI, WAV or Y4M file, and asks every codec that is installed whether it takes each stream, as `drv convert` would. Exits with 1 if no driver opens one of them. Of any other file it says what it is, as far as its first bytes tell.
#[derive(Args, Debug)]
pub(crate) struct Probe {
    /// The file, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

/// List what a Windows driver imports, and what of it is missing
///
/// Reads the file only; no code of the driver runs. Exits with 1 if a function is missing. A missing function does not stop a driver from loading: only calling it is a fault.
#[derive(Args, Debug)]
pub(crate) struct Imports {
    /// An alias of the registry or a file
    #[arg(value_name = "DRIVER", value_hint = ValueHint::FilePath)]
    pub(crate) driver: String,

    /// Only what is missing
    #[arg(long)]
    pub(crate) missing: bool,
}

/// List the installed drivers
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only this section of the registry
    #[arg(long, value_name = "SECTION")]
    pub(crate) section: Option<String>,
}

/// Install a driver: an entry in the registry, and DRV_INSTALL
///
/// When the driver vetoes (DRVCNF_CANCEL), the entry is taken back.
#[derive(Args, Debug)]
pub(crate) struct Install {
    /// The driver's file, or a built-in driver
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: String,

    /// Name to install it under [default: what the driver says of itself]
    ///
    /// A video codec becomes vidc. and its code (vidc.mrle), an audio codec msacm. and the name of its file (msacm.msadp32), any other driver the name of its file.
    #[arg(long, value_name = "ALIAS")]
    pub(crate) alias: Option<String>,

    /// Section of the registry
    #[arg(long, value_name = "SECTION", default_value = "Drivers32")]
    pub(crate) section: String,

    /// Parameter text that the driver gets with every DRV_OPEN
    #[arg(long, value_name = "TEXT")]
    pub(crate) params: Option<String>,

    /// Replace the entry if the alias is taken
    #[arg(long)]
    pub(crate) force: bool,
}

/// Remove an installed driver: DRV_REMOVE, and the entry goes
///
/// The driver hears DRV_REMOVE only when no other entry refers to its file. When it vetoes (DRVCNF_CANCEL), the entry stays.
#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// Name that it is installed under
    #[arg(value_name = "ALIAS")]
    pub(crate) alias: String,

    /// Section of the registry [default: Drivers32, then drivers]
    #[arg(long, value_name = "SECTION")]
    pub(crate) section: Option<String>,
}

/// Let a driver show its configuration dialog
///
/// Sends DRV_QUERYCONFIGURE, and DRV_CONFIGURE if the driver has a dialog.
#[derive(Args, Debug)]
pub(crate) struct Configure {
    /// An alias of the registry, a file, or a built-in driver
    #[arg(value_name = "ALIAS", value_hint = ValueHint::FilePath)]
    pub(crate) alias: String,

    /// Section of the registry [default: Drivers32, then drivers]
    #[arg(long, value_name = "SECTION")]
    pub(crate) section: Option<String>,
}

/// Read and change the registry
///
/// A key is a path with backslashes or slashes, and letter case does not matter: Drivers32, drivers and mci are short for the places where Windows keeps them.
#[derive(Args, Debug)]
pub(crate) struct Registry {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) action: RegistryAction,
}

/// What `drv registry` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryAction {
    /// Print one value
    Get {
        /// Key that holds the value
        key: String,
        /// Name of the value
        name: String,
    },
    /// Set one value; its key is made where it is missing
    Set {
        /// Key that holds the value
        key: String,
        /// Name of the value
        name: String,
        /// Text, or a number or hex bytes as --type says
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// What kind of value it is
        #[arg(long = "type", value_enum, default_value_t)]
        kind: ValueKind,
    },
    /// Delete one value, or a key with all that it holds
    Delete {
        /// The key
        key: String,
        /// Name of the value; without it, the whole key goes
        name: Option<String>,
    },
    /// List keys and values
    List {
        /// Where to begin [default: the whole tree]
        key: Option<String>,
        /// The keys below, too
        #[arg(short, long)]
        recursive: bool,
    },
    /// Take over what another system has: a system.ini, a .reg export or a Wine prefix
    ///
    /// Takes the driver sections and the keys of drivers and vendors; what is left out is said.
    Import {
        /// A system.ini, a .reg file, a registry file of Wine, or the folder of a Wine prefix
        #[arg(value_hint = ValueHint::AnyPath)]
        from: PathBuf,
        /// Take everything, not only what concerns drivers
        #[arg(long)]
        all: bool,
    },
    /// Print keys as a .reg file, for `import` and for Windows
    Export {
        /// Where to begin [default: the whole tree]
        key: Option<String>,
        /// In UTF-16 with a mark, as old versions of Windows want it
        #[arg(long)]
        utf16: bool,
    },
}

/// The kinds of values of the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValueKind {
    /// Text (REG_SZ)
    #[default]
    Text,
    /// Text with %VARIABLES% (REG_EXPAND_SZ)
    Expand,
    /// A number of 32 bits (REG_DWORD)
    Integer,
    /// A number of 64 bits (REG_QWORD)
    Long,
    /// Bytes, two hex digits each (REG_BINARY)
    Binary,
    /// Several texts, separated by commas (REG_MULTI_SZ)
    List,
}

/// Say what this machine can do for drivers, and what is in the way
///
/// Tries what drivers of both widths need, and says what was found, which files are in force, and what can be done about the rest. Exits with 1 if something stops drivers.
#[derive(Args, Debug)]
pub(crate) struct Doctor {}

/// Print the completion script of a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_declared_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
