//! How a program is told that a stream is open, closed, or done with a buffer.
#![expect(unsafe_code, reason = "calls a function of the application")]

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{BorrowedFd, RawFd};

use super::error::{Error, given};
use super::fields::function;

/// `CALLBACK_TYPEMASK`
pub(super) const TYPE_MASK: u32 = 0x7_0000;
/// `CALLBACK_*`
const NULL: u32 = 0;
const WINDOW: u32 = 0x1_0000;
const TASK: u32 = 0x2_0000;
const FUNCTION: u32 = 0x3_0000;
const EVENT: u32 = 0x5_0000;

/// `MM_ACM_*`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    Open = 0x3d4,
    Close = 0x3d5,
    Done = 0x3d6,
}

/// `acmStreamConvertCallback`
type Function = extern "C" fn(usize, u32, usize, isize, isize);

/// Who is told.
#[derive(Debug)]
pub(super) enum Listener {
    Nobody,
    Function(Function),
    /// An eventfd, which is what an event is here.
    Event(File),
}

impl Listener {
    /// Takes what `acmStreamOpen` was given.
    pub(super) fn new(callback: usize, flags: u32) -> Result<Self, Error> {
        match flags & TYPE_MASK {
            NULL => Ok(Self::Nobody),
            FUNCTION => {
                function("dwCallback", callback)?;
                // SAFETY: vouched by who called the exported function.
                let function = unsafe { std::mem::transmute::<usize, Function>(callback) };
                Ok(Self::Function(function))
            }
            EVENT => event(callback).map(Self::Event),
            WINDOW => Err(Error::NotHere("a window to be told")),
            TASK => Err(Error::NotHere("a thread's message queue")),
            flags => {
                let what = "fdwOpen";
                Err(Error::Flags { what, flags })
            }
        }
    }

    /// Tells of something; `header` is that of the buffer which is done.
    pub(super) fn tell(&self, stream: usize, notice: Notice, instance: usize, header: usize) {
        match self {
            Self::Nobody => {}
            Self::Function(function) => {
                function(stream, notice as u32, instance, header.cast_signed(), 0);
            }
            // A counter that is full says enough.
            Self::Event(event) => drop((&*event).write(&1_u64.to_ne_bytes())),
        }
    }
}

/// A file of our own for an eventfd of the program, so that it may close its.
fn event(callback: usize) -> Result<File, Error> {
    given("dwCallback", callback)?;
    let none = || Error::parameter("dwCallback", "the number of an eventfd", callback);
    let number = RawFd::try_from(callback).map_err(|_| none())?;
    let what = std::fs::read_link(format!("/proc/self/fd/{number}"));
    if !what.is_ok_and(|what| what.as_os_str() == "anon_inode:[eventfd]") {
        return Err(none());
    }
    // SAFETY: the descriptor is open, as was just seen, and is the caller's to lend.
    let event = unsafe { BorrowedFd::borrow_raw(number) };
    let own = event.try_clone_to_owned();
    Ok(own.map_err(|_| none())?.into())
}
