//! How a program is told that a stream is open, closed, or done with a buffer.
#![expect(unsafe_code, reason = "calls a function of the application")]

use super::error::{Error, given};
use super::fields::function;
use crate::event::Event;

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
    Event(Event),
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
            // Nobody could be told that an event of the program cannot be set.
            Self::Event(event) => drop(event.set()),
        }
    }
}

fn event(callback: usize) -> Result<Event, Error> {
    given("dwCallback", callback)?;
    let none = || Error::parameter("dwCallback", "the number of an eventfd", callback);
    Event::of(callback).ok_or_else(none)
}
