//! What broke in foreign code, and where.

use std::fmt;
use std::path::PathBuf;

/// A fault in foreign code: what happened, at which instruction, to which address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened.
    pub kind: Kind,
    /// The address of the instruction that faulted.
    pub instruction: usize,
    /// The data address that could not be accessed, where the processor tells.
    pub address: Option<usize>,
}

/// What happened in foreign code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A read of memory that is not there or may not be read.
    Read,
    /// A write to memory that is not there or may not be written.
    Write,
    /// A jump to memory that is not there or may not be executed.
    Execute,
    /// An access that the processor refused without telling the address: a non-canonical pointer or a misaligned vector.
    Protection,
    /// An access to an address that is not a multiple of what the processor was told to insist on.
    Alignment,
    /// A byte sequence that is no instruction of this processor.
    IllegalInstruction,
    /// An instruction that only the kernel may execute.
    Privileged,
    /// A software interrupt that this system does not serve (`int 0x29` is how Windows code fails fast).
    Interrupt(u8),
    /// An integer division by zero, or with a quotient that does not fit.
    Division,
    /// A floating-point exception that was unmasked.
    FloatingPoint,
    /// An integer overflow that the code asked to hear of (`into`, `bound`).
    Overflow,
    /// A breakpoint instruction.
    Breakpoint,
    /// A single-step or hardware breakpoint trap.
    Trap,
    /// The stack is used up.
    StackOverflow,
    /// A call of `abort`.
    Abort,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        match (self.kind, self.address) {
            (Kind::Read | Kind::Write | Kind::Execute | Kind::Alignment, Some(address)) => {
                write!(f, " of address {address:#x}")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "execution",
            Self::Protection => {
                "access through a misaligned or impossible pointer, or a bad segment"
            }
            Self::Alignment => "misaligned access",
            Self::IllegalInstruction => "illegal instruction",
            Self::Privileged => "privileged instruction",
            Self::Interrupt(0x29) => "fail-fast interrupt 0x29",
            Self::Interrupt(number) => return write!(f, "software interrupt {number:#x}"),
            Self::Division => "division by zero or overflow in a division",
            Self::FloatingPoint => "floating-point exception",
            Self::Overflow => "integer overflow trap",
            Self::Breakpoint => "breakpoint",
            Self::Trap => "debug trap",
            Self::StackOverflow => "stack overflow",
            Self::Abort => "call of abort",
        })
    }
}

/// A place in a loaded object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The object's file, as the dynamic loader knows it.
    pub object: PathBuf,
    /// How far the address is from where the object is loaded.
    pub offset: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.object.file_name().unwrap_or(self.object.as_os_str());
        write!(f, "{}+{:#x}", name.to_string_lossy(), self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_what_happened_to_which_address() {
        let fault = Fault {
            kind: Kind::Read,
            instruction: 0x1234,
            address: Some(0x10),
        };
        assert_eq!(fault.to_string(), "read of address 0x10");
        let overflow = Fault {
            kind: Kind::StackOverflow,
            ..fault
        };
        assert_eq!(overflow.to_string(), "stack overflow");
    }

    #[test]
    fn a_place_reads_as_file_name_and_offset() {
        let place = Place {
            object: "/usr/lib/driver.so".into(),
            offset: 0x1a40,
        };
        assert_eq!(place.to_string(), "driver.so+0x1a40");
    }
}
