//! Which exit status an error of the library means, and what a person can do about it.

use std::error::Error as StdError;
use std::{fmt, iter};

use opendriver::{Blame, Error, Fault, FaultDetails, registry};
use opendriver_abi::Class;
use opendriver_codec::{acm, convert, vfw};
use opendriver_win32::LoadError;

use crate::describe::Unasked;
use crate::report::{Exit, Failure};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(error, Class::Plain)
    }
}

impl Failure {
    /// An error that has to do with a driver of `class`, whose names its messages have.
    pub(crate) fn of(error: Error, class: Class) -> Self {
        let exit = match (error.blame(), start(&error)) {
            (Blame::Refused, _) | (_, Some(LoadError::Refused { .. })) => Exit::Refused,
            (Blame::Broke, _) | (_, Some(LoadError::Broke { .. })) => Exit::Broke,
            _ => Exit::Unasked,
        };
        let hint = hint(&error);
        let failure = match error {
            Error::Broke(fault) => Self::new(exit, Named::new(&fault, class)),
            error => Self::new(exit, error),
        };
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// A fault whose message has the name that drivers of a class know it by.
#[derive(Debug)]
pub(crate) struct Named {
    fault: Fault,
    class: Class,
}

impl Named {
    /// The same fault in the words of a class.
    pub(crate) fn new(fault: &Fault, class: Class) -> Self {
        Self {
            fault: fault.clone(),
            class,
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FaultDetails {
            message,
            what,
            place,
            ..
        } = &*self.fault;
        write!(
            f,
            "the driver broke while handling {}: {what}",
            message.named(self.class)
        )?;
        if place.is_empty() {
            Ok(())
        } else {
            write!(f, " at {place}")
        }
    }
}

impl std::error::Error for Named {}

/// Why the start of a Windows image failed, where that is what is behind an error: its `DllMain` is the driver's word, too.
fn start(error: &Error) -> Option<&LoadError> {
    let Error::Load { source, .. } = error else {
        return None;
    };
    let mut found = source.downcast_ref()?;
    while let LoadError::BrokenDependency { source, .. } = found {
        found = source;
    }
    Some(found)
}

impl From<convert::Error> for Failure {
    fn from(error: convert::Error) -> Self {
        let error = match error {
            convert::Error::Driver(error) => return error.into(),
            error => error,
        };
        let exit = match error.blame() {
            Blame::Refused => Exit::Refused,
            Blame::Broke => Exit::Broke,
            _ => Exit::Unasked,
        };
        let causes = iter::successors(Some(&error as &dyn StdError), |&error| error.source());
        let hint = causes
            .clone()
            .find_map(|cause| hint(cause.downcast_ref()?))
            .or_else(|| causes.clone().find_map(without_driver));
        let class = match &error {
            convert::Error::Sound { .. } | convert::Error::Piece { .. } => Class::Acm,
            convert::Error::Pictures { .. } | convert::Error::Frame { .. } => Class::Vfw,
            _ => Class::Plain,
        };
        let failure = Self::new(exit, Retold::of(&error, class));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// The way out where there is no driver for something.
fn without_driver(error: &(dyn StdError + 'static)) -> Option<String> {
    let sound: Option<&Box<acm::Error>> = error.downcast_ref();
    let pictures: Option<&Box<vfw::Error>> = error.downcast_ref();
    let is_none = matches!(sound.map(Box::as_ref), Some(acm::Error::NoDriver { .. }))
        || matches!(pictures.map(Box::as_ref), Some(vfw::Error::NoCodec { .. }));
    is_none.then(|| {
        "`drv list` shows what is installed, `drv install FILE` adds to it, `--driver FILE` names one for this run"
            .to_owned()
    })
}

/// An error and its causes, in which a fault's message has the name that drivers of a class know it by.
#[derive(Debug)]
struct Retold {
    text: String,
    cause: Option<Box<Retold>>,
}

impl Retold {
    fn of(error: &(dyn StdError + 'static), class: Class) -> Self {
        let text = match error.downcast_ref() {
            Some(Error::Broke(fault)) => Named::new(fault, class).to_string(),
            _ => error.to_string(),
        };
        let cause = error.source().map(|cause| Box::new(Self::of(cause, class)));
        Self { text, cause }
    }
}

impl fmt::Display for Retold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Retold {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let cause = self.cause.as_deref()?;
        Some(cause)
    }
}

impl From<Unasked> for Failure {
    fn from(unasked: Unasked) -> Self {
        Self::of(unasked.error, unasked.class)
    }
}

impl From<registry::Error> for Failure {
    fn from(error: registry::Error) -> Self {
        let hint = match &error {
            registry::Error::ReadOnly { .. } | registry::Error::Shadowed { .. } => {
                Some("`--registry FILE` names a registry file of your own")
            }
            registry::Error::BadKey { .. } => Some("`drv registry list` shows the keys"),
            _ => None,
        };
        let failure = Self::new(Exit::Unasked, error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// How a fault says that a function of Windows was called that we do not have.
const MISSING: &str = "is not implemented";

/// The way out of an error, where there is one.
fn hint(error: &Error) -> Option<String> {
    Some(match error {
        Error::NotInstalled { .. } => {
            "`drv list` shows what is; a file is looked for here, in --path and in OPENDRIVER_PATH".to_owned()
        }
        Error::LifeCycleMessage { .. } => {
            "`drv open` opens and closes; messages from DRV_CONFIGURE to DRV_REMOVE and above can be sent".to_owned()
        }
        Error::TooWide { .. } => {
            "a 32-bit driver takes numbers from -0x80000000 to 0xffffffff".to_owned()
        }
        Error::NoDriverProc { found: Some(found), .. } if found.starts_with("DriverProc@") => {
            "was it linked without a .def file?".to_owned()
        }
        Error::NoDriverProc { file, .. } | Error::NotADriver { file, .. } | Error::WrongMachine { file, .. } => {
            format!("`drv info {}` says what it is", file.display())
        }
        Error::Broke(fault) if fault.what.contains(MISSING) => {
            format!("`drv imports {}` lists what else is missing", fault.module)
        }
        Error::CannotRun { .. } | Error::NoRoom { .. } => "`drv doctor` says what this machine can do".to_owned(),
        Error::Load { file, .. } => match start(error)? {
            LoadError::Broke { source, .. } if source.to_string().contains(MISSING) => {
                format!("`drv imports {}` lists what else is missing", file.display())
            }
            LoadError::Dependency { .. } => "`--path DIR` names a folder to look for it in".to_owned(),
            _ => return None,
        },
        _ => return None,
    })
}
