//! Why driver code did not simply return: exceptions, faults, exits, unwinding.

use std::fmt;

use crate::gate::Missing;
use crate::shim::Shim;

/// Why a shim does not return to the driver code that called it.
///
/// A shim hands it up as an error; the gate that the driver code came through settles it.
#[derive(Debug)]
pub(crate) enum Trap {
    /// A Windows exception at the caller: the driver's own handlers are asked first.
    Exception(Exception),
    /// The call is over: nobody is asked.
    Fault(Box<Fault>),
    /// Execution goes on elsewhere on this thread's driver stack.
    Unwind(Box<crate::seh::Unwind>),
    /// The same on a 32-bit driver stack.
    Land(Box<crate::seh::x86::Landing>),
    /// The thread ends (`ExitThread`).
    ExitThread(u32),
}

/// A Windows exception as `RaiseException` describes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exception {
    pub(crate) code: u32,
    pub(crate) flags: u32,
    /// Where; 0 stands for the return address of the shim that raised it.
    pub(crate) address: u64,
    pub(crate) parameters: Vec<u64>,
}

pub(crate) const ACCESS_VIOLATION: u32 = 0xC000_0005;
/// `STATUS_INVALID_UNWIND_TARGET`.
const UNWIND: u32 = 0xC000_0029;

impl Exception {
    fn fault_kind(&self) -> FaultKind {
        use opendriver_guard::Kind;
        match (self.code, self.parameters.as_slice()) {
            (ACCESS_VIOLATION, [0, address, ..]) => FaultKind::Machine(Kind::Read, Some(*address)),
            (ACCESS_VIOLATION, [1, address, ..]) => FaultKind::Machine(Kind::Write, Some(*address)),
            (ACCESS_VIOLATION, [8, address, ..]) => {
                FaultKind::Machine(Kind::Execute, Some(*address))
            }
            (code, _) => FaultKind::Exception(code),
        }
    }
}

/// A driver broke: what it did, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// The instruction, or the return address of the shim that was called; 0 where there is none.
    pub instruction: u64,
    /// `module+0x1234` for that instruction, where it lies in a module.
    pub place: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The processor stopped the driver.
    Machine(opendriver_guard::Kind, Option<u64>),
    /// An exception that no handler took.
    Exception(u32),
    /// A function that is not implemented was called.
    Missing {
        /// Its DLL.
        dll: String,
        /// Its name, or `#` and its ordinal.
        name: String,
    },
    /// The driver ended the process (`ExitProcess`, `abort` ...).
    Exit {
        /// The function that it called.
        function: &'static str,
        /// The exit code.
        code: u32,
    },
    /// A 32-bit function returned with its stack pointer elsewhere than a `stdcall` function of its parameters does.
    Convention {
        /// Bytes of arguments that it should have removed.
        expected: i32,
        /// Bytes that it removed.
        removed: i32,
    },
    /// 32-bit code came back to ours with another FS than it was given.
    Segment {
        /// It returned; else it called a Windows function.
        returning: bool,
    },
    /// Driver code jumped into the ways to Windows functions where none begins.
    Gate(u32),
    /// 32-bit code called a Windows function with its stack pointer where there is no memory.
    StackPointer(u32),
    /// The thread environment block is not what it was.
    Environment,
    /// A 32-bit function returned with the direction flag set.
    Direction,
    /// A 32-bit function returned with values on the x87 register stack.
    FloatingStack,
    /// There is no address space for the stack of one more thread, or the system has no place for it among those in 32-bit code.
    NoStack,
    /// A shim of ours is at fault.
    Shim {
        /// The function that failed.
        function: String,
        /// How.
        what: String,
    },
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(kind @ opendriver_guard::Kind::StackOverflow, _) => write!(f, "{kind}"),
            Self::Machine(kind, Some(address)) => write!(f, "{kind} of address {address:#x}"),
            Self::Machine(kind, None) => write!(f, "{kind}"),
            // Visual C++'s and g++'s.
            Self::Exception(code @ (0xE06D_7363 | 0x2047_4343)) => {
                write!(f, "C++ exception that nobody caught ({code:#010x})")
            }
            Self::Exception(code) => write!(f, "unhandled exception {code:#010x}"),
            Self::Missing { dll, name } => write!(f, "{dll}!{name} is not implemented"),
            Self::Exit { function, code } => write!(f, "call of {function} with {code}"),
            Self::Convention {
                expected,
                removed: 0,
            } => write!(
                f,
                "return as a cdecl function: its {expected} bytes of arguments are still on the stack"
            ),
            Self::Convention { expected, removed } => write!(
                f,
                "return with {removed} bytes taken from the stack, expected {expected}"
            ),
            Self::Segment { returning: true } => {
                write!(f, "return with FS changed")
            }
            Self::Segment { returning: false } => {
                write!(f, "call of a Windows function with FS changed")
            }
            Self::Gate(number) => {
                write!(
                    f,
                    "call of a Windows function with number {number:#x}, which there is not"
                )
            }
            Self::StackPointer(stack) => write!(
                f,
                "call of a Windows function with the stack pointer at {stack:#x}, where no memory is"
            ),
            Self::Environment => {
                write!(f, "return with its thread environment block overwritten")
            }
            Self::Direction => write!(f, "return with the direction flag set"),
            Self::NoStack => write!(f, "no room for one more thread of driver code"),
            Self::FloatingStack => write!(f, "return with values on the x87 stack"),
            Self::Shim { function, what } => write!(f, "{function} failed inside: {what}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        match &self.place {
            Some(place) => write!(f, " at {place}"),
            None if self.instruction != 0 => write!(f, " at {:#x}", self.instruction),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

impl From<FaultKind> for Trap {
    /// A fault at a place that is not known yet.
    fn from(kind: FaultKind) -> Self {
        Self::Fault(Box::new(Fault {
            kind,
            instruction: 0,
            place: None,
        }))
    }
}

impl Trap {
    /// Fills in where it happened, where that is not known yet.
    pub(crate) fn at(mut self, address: u64) -> Self {
        match &mut self {
            Self::Fault(fault) if fault.instruction == 0 => fault.instruction = address,
            Self::Exception(exception) if exception.address == 0 => exception.address = address,
            _ => {}
        }
        self
    }

    /// What those outside are told when nobody inside has settled it.
    pub(crate) fn into_fault(self) -> Fault {
        let (kind, instruction) = match self {
            Self::Fault(fault) => return *fault,
            Self::Exception(exception) => (exception.fault_kind(), exception.address),
            Self::ExitThread(code) => (
                FaultKind::Exit {
                    function: "ExitThread",
                    code,
                },
                0,
            ),
            Self::Unwind(_) | Self::Land(_) => (FaultKind::Exception(UNWIND), 0),
        };
        Fault {
            kind,
            instruction,
            place: None,
        }
    }

    /// The driver handed in an address that cannot be read or written.
    pub(crate) fn access_violation(address: u64, write: bool) -> Self {
        Self::Exception(Exception {
            code: ACCESS_VIOLATION,
            parameters: vec![u64::from(write), address],
            ..Exception::default()
        })
    }

    /// An exception without parameters.
    pub(crate) fn exception(code: u32) -> Self {
        Self::Exception(Exception {
            code,
            ..Exception::default()
        })
    }

    /// The driver ended the process.
    pub(crate) fn exit(function: &'static str, code: u32) -> Self {
        Self::from(FaultKind::Exit { function, code })
    }

    pub(crate) fn missing(missing: &Missing) -> Self {
        Self::from(FaultKind::Missing {
            dll: missing.dll.clone(),
            name: missing.name.clone(),
        })
    }

    pub(crate) fn wild_gate(number: u32) -> Self {
        Self::from(FaultKind::Gate(number))
    }

    pub(crate) fn panicked(shim: &Shim) -> Self {
        Self::broken(shim, "it panicked")
    }

    /// A shim of ours is at fault.
    pub(crate) fn broken(shim: &Shim, what: &str) -> Self {
        let function = format!("{}!{}", shim.dll, shim.name);
        Self::from(FaultKind::Shim {
            function,
            what: what.to_owned(),
        })
    }

    /// The processor stopped the driver.
    pub(crate) fn machine(fault: &opendriver_guard::Fault) -> Self {
        Self::Fault(Box::new(Fault {
            kind: FaultKind::Machine(fault.kind, fault.address.map(|at| at as u64)),
            instruction: fault.instruction as u64,
            place: None,
        }))
    }

    pub(crate) fn stack_overflow(address: u64) -> Self {
        Self::from(FaultKind::Machine(
            opendriver_guard::Kind::StackOverflow,
            Some(address),
        ))
    }
}
