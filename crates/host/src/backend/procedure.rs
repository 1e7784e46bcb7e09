//! A `DriverProc` that the program has anyway: its own, or one that somebody hands it.
#![expect(unsafe_code, reason = "calls a procedure that somebody vouched for")]

use std::sync::Arc;

use opendriver_abi::{DriverProc, LResult};

use super::native::describe;
use super::{Backend, Call, Text, Width};
use crate::{Fault, Heap, Memory};

/// A `DriverProc` that the program has anyway, as a driver.
///
/// ```
/// use opendriver::backend::procedure::Procedure;
/// use opendriver::{Manager, Message};
///
/// unsafe extern "C" fn own(_: usize, _: usize, message: u32, first: isize, second: isize) -> isize {
///     match Message(message) {
///         Message::DRV_USER => first + second,
///         _ => 1,
///     }
/// }
///
/// let manager = Manager::builder().build();
/// // SAFETY: it is a `DriverProc`, and touches nothing.
/// let procedure = unsafe { Procedure::new(own) };
/// manager.link("adder", move |_| procedure)?;
/// assert_eq!(manager.open("adder")?.send(Message::DRV_USER, 5, 7)?, 12);
/// # Ok::<(), opendriver::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Procedure {
    proc: DriverProc,
}

impl Procedure {
    /// Takes a procedure, which is called as shared objects' are: a fault in it comes back as a [`Fault`].
    ///
    /// # Safety
    /// It has the type that it says, keeps to its own memory and to what messages hand it, and stays where it is until the last driver
    /// that was made of it is unloaded.
    pub const unsafe fn new(proc: DriverProc) -> Self {
        Self { proc }
    }
}

impl Backend for Procedure {
    #[inline]
    fn call(&self, call: &Call<'_>) -> Result<LResult, Fault> {
        let Call {
            id,
            handle,
            message,
            param1,
            param2,
            ..
        } = *call;
        let proc = self.proc;
        opendriver_guard::prepare_thread();
        let call = || {
            // SAFETY: whoever made this vouched that the procedure is of this type and keeps to its own memory.
            unsafe { proc(id.0, handle.raw() as usize, message.0, param1, param2) }
        };
        // SAFETY: between this frame and the driver's there is nothing to drop.
        let answer = unsafe { opendriver_guard::protect(call) };
        answer.map_err(|fault| describe(&fault))
    }

    fn contains_panics(&self) -> bool {
        true
    }

    fn memory(&self) -> Arc<dyn Memory> {
        Arc::new(Heap)
    }

    fn text(&self) -> Text {
        Text::Utf8
    }

    fn width(&self) -> Width {
        Width::HOST
    }

    fn address(&self) -> usize {
        let entry = self.proc as usize;
        opendriver_guard::place(entry).map_or(entry, |place| entry - place.offset)
    }
}
