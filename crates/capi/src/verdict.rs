//! What a failure is in numbers: a code of `opendriver.h`, and whose fault it is.

use std::error::Error;

use opendriver::Blame;
use opendriver_codec::{acm, vfw};

use crate::claim::BadPointer;
use crate::door::Mistake;
use crate::handles::BadHandle;
use crate::misuse::Misuse;
use crate::text::BadText;
use crate::{msacm, msvfw};

/// Declares the codes: their numbers, and their names without the prefix of C.
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $value:expr, $c:literal;)*) => {
        /// Why a function failed, as `opendriver_last_code` and the functions of `opendriver.h` answer it.
        ///
        /// The tens say whose fault it is: the caller's below 20, and then one ten for each of the others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(i32)]
        pub enum Code {
            $($(#[$meta])* $name = $value,)*
        }

        impl Code {
            /// All of them, with their names in `opendriver.h`.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($c, Self::$name),)*];
        }
    };
}

codes! {
    /// Nothing failed.
    Ok = 0, "OPENDRIVER_OK";
    /// A pointer leads nowhere, or is null where it may not be.
    Pointer = 1, "OPENDRIVER_BAD_POINTER";
    /// A text does not end, or is no Unicode.
    Text = 2, "OPENDRIVER_BAD_TEXT";
    /// A handle is of another kind, closed, or none.
    Handle = 3, "OPENDRIVER_BAD_HANDLE";
    /// A number or a structure is not one of those that the function knows.
    Parameter = 4, "OPENDRIVER_BAD_PARAMETER";
    /// No driver of this name is installed.
    NotInstalled = 5, "OPENDRIVER_NOT_INSTALLED";
    /// The message is the system's to send.
    Message = 6, "OPENDRIVER_BAD_MESSAGE";
    /// The instance is being opened or closed, or waiting for it would never end.
    Busy = 7, "OPENDRIVER_BUSY";
    /// A 32-bit driver cannot be given a parameter of more bits.
    TooWide = 8, "OPENDRIVER_TOO_WIDE";
    /// Code from files is not allowed.
    Untrusted = 9, "OPENDRIVER_UNTRUSTED";
    /// What is settled at first use was settled already.
    TooLate = 10, "OPENDRIVER_TOO_LATE";
    /// This version of the library cannot do it.
    NotSupported = 11, "OPENDRIVER_NOT_SUPPORTED";
    /// The file cannot be read, or loaded.
    File = 20, "OPENDRIVER_BAD_FILE";
    /// The file is no driver.
    NotADriver = 21, "OPENDRIVER_NOT_A_DRIVER";
    /// The file is for another machine.
    WrongMachine = 22, "OPENDRIVER_WRONG_MACHINE";
    /// The driver said no.
    Refused = 30, "OPENDRIVER_REFUSED";
    /// The driver broke, now or before.
    Broke = 40, "OPENDRIVER_BROKE";
    /// The driver wrote behind a block that it was given.
    Overrun = 41, "OPENDRIVER_OVERRUN";
    /// A limit or a mistake of the library.
    Ours = 50, "OPENDRIVER_OUR_FAULT";
    /// The system said no.
    System = 60, "OPENDRIVER_SYSTEM";
    /// The registry cannot be read or written.
    Registry = 61, "OPENDRIVER_REGISTRY";
    /// There is no memory that the driver could reach.
    Memory = 62, "OPENDRIVER_NO_MEMORY";
}

impl Code {
    /// Whose fault it is, as `opendriver_last_blame` answers it: 0 for nobody's, then the order of [`Blame`].
    pub fn blame(self) -> i32 {
        match self as i32 {
            0 => 0,
            code if code < 20 => 1,
            code => code / 10,
        }
    }
}

/// The code of a failure: that of the first error in its chain that says whose fault it is.
pub fn code(reason: &(dyn Error + 'static)) -> Code {
    let mut next = Some(reason);
    while let Some(error) = next {
        if let Some(code) = code_of(error) {
            return code;
        }
        next = error.source();
    }
    Code::Parameter
}

fn code_of(error: &(dyn Error + 'static)) -> Option<Code> {
    if let Some(error) = error.downcast_ref() {
        return Some(of_host(error));
    }
    if let Some(misuse) = error.downcast_ref::<Misuse>() {
        return Some(misuse.code());
    }
    if error.is::<BadPointer>() {
        return Some(Code::Pointer);
    }
    if let Some(text) = error.downcast_ref::<BadText>() {
        return Some(match text {
            BadText::Pointer(_) => Code::Pointer,
            BadText::Endless { .. } | BadText::NotUnicode { .. } => Code::Text,
        });
    }
    if error.is::<BadHandle>() {
        return Some(Code::Handle);
    }
    if let Some(error) = error.downcast_ref::<msacm::Error>() {
        return Some(error.inner().map_or_else(|| error.code(), code));
    }
    if let Some(msvfw::Error::Answer { .. }) = error.downcast_ref() {
        return Some(of_blame(Blame::Broke));
    }
    if error.is::<Mistake>() {
        return Some(Code::Ours);
    }
    let blame = error.downcast_ref().map(acm::Error::blame);
    let blame = blame.or_else(|| error.downcast_ref().map(vfw::Error::blame));
    // What caused it may say more.
    let cause = error.source().map(code);
    blame.map(|blame| match cause {
        Some(cause) if cause.blame() == of_blame(blame).blame() => cause,
        _ => of_blame(blame),
    })
}

fn of_host(error: &opendriver::Error) -> Code {
    use opendriver::Error as E;
    match error {
        E::NotInstalled { .. } => Code::NotInstalled,
        E::NotAHandle { .. } | E::Closed { .. } => Code::Handle,
        E::Closing { .. }
        | E::Opening { .. }
        | E::InsideMessage { .. }
        | E::InsideLifeCycle { .. }
        | E::Deadlock { .. } => Code::Busy,
        E::LifeCycleMessage { .. } => Code::Message,
        E::TooWide { .. } => Code::TooWide,
        E::Untrusted { .. } => Code::Untrusted,
        E::NotADriver { .. } | E::NoDriverProc { .. } => Code::NotADriver,
        E::WrongMachine { .. } => Code::WrongMachine,
        E::Registry(_) => Code::Registry,
        E::Memory { .. } => Code::Memory,
        other => of_blame(other.blame()),
    }
}

fn of_blame(blame: Blame) -> Code {
    match blame {
        Blame::Caller => Code::Parameter,
        Blame::File => Code::File,
        Blame::Refused => Code::Refused,
        Blame::Broke => Code::Broke,
        Blame::System => Code::System,
        _ => Code::Ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tens_say_whose_fault_it_is() {
        assert_eq!(Code::Ok.blame(), 0);
        for (blame, number) in [
            (Blame::Caller, 1),
            (Blame::File, 2),
            (Blame::Refused, 3),
            (Blame::Broke, 4),
            (Blame::Ours, 5),
            (Blame::System, 6),
        ] {
            assert_eq!(of_blame(blame).blame(), number);
        }
        assert!(Code::ALL.iter().all(|(_, code)| code.blame() <= 6));
    }

    #[test]
    fn a_failure_of_a_codec_has_the_code_of_what_caused_it() {
        let inner = opendriver::Error::NotInstalled { name: "x".into() };
        assert_eq!(code(&inner), Code::NotInstalled);
        let error = acm::Error::NotInstalled { name: "x".into() };
        assert_eq!(code(&error), Code::Parameter);
        let error = BadText::from(BadPointer { address: 8 });
        assert_eq!(code(&error), Code::Pointer);
        assert_eq!(code(&Mistake(String::new())), Code::Ours);
    }
}
