//! How drivers tell applications of something.
#![expect(
    unsafe_code,
    reason = "calls a function of the application, and exports one by its name"
)]

use crate::claim;
use crate::door::{Failure, doors};
use crate::event::Event;
use crate::misuse::Misuse;

/// The part of the flags that says what the callback is.
const TYPE_MASK: u32 = 7;
const NULL: u32 = 0;
const WINDOW: u32 = 1;
const TASK: u32 = 2;
const FUNCTION: u32 = 3;
const EVENT: u32 = 5;

/// `LPDRVCALLBACK`
type Function = extern "C" fn(usize, u32, usize, usize, usize);

/// Tells an application what `DriverCallback` was called with: calls a function, or adds one to the counter of an eventfd, which is
/// what an event is here. Says whether there was anybody to tell.
///
/// # Errors
/// The callback is none, or of a kind that there is not on Linux: a window, a thread's message queue.
///
/// # Safety
/// A callback that is a function is of the type `LPDRVCALLBACK`.
pub unsafe fn notify(
    callback: usize,
    flags: u32,
    hdrvr: usize,
    message: u32,
    [user, param1, param2]: [usize; 3],
) -> Result<bool, Misuse> {
    if callback == 0 {
        return Ok(false);
    }
    match flags & TYPE_MASK {
        NULL => Ok(false),
        FUNCTION => {
            // A function's first byte can be read; of a wild address that is all that can be told.
            claim::bytes(callback, 1).map_err(|_| Misuse::Parameter {
                what: "dwCallback",
                expected: "a function".to_owned(),
                found: format!("{callback:#x}, where there is no memory"),
            })?;
            // SAFETY: vouched by the caller.
            let function = unsafe { std::mem::transmute::<usize, Function>(callback) };
            function(hdrvr, message, user, param1, param2);
            Ok(true)
        }
        EVENT => set_event(callback).map(|()| true),
        WINDOW => Err(Misuse::NotSupported {
            what: "DCB_WINDOW (Linux has no windows to post to)",
        }),
        TASK => Err(Misuse::NotSupported {
            what: "DCB_TASK (Linux's threads have no message queues)",
        }),
        other => Err(Misuse::Parameter {
            what: "dwFlags",
            expected: "DCB_FUNCTION, DCB_EVENT or DCB_NULL".to_owned(),
            found: other.to_string(),
        }),
    }
}

/// Adds one to the counter of an eventfd. Nothing is written to any other file.
fn set_event(number: usize) -> Result<(), Misuse> {
    let set = Event::of(number).map(|event| event.set());
    if matches!(set, Some(Ok(()))) {
        return Ok(());
    }
    Err(Misuse::Parameter {
        what: "dwCallback",
        expected: "the number of an eventfd".to_owned(),
        found: number.to_string(),
    })
}

doors! {
    broken 0;

    /// `DriverCallback`: tells the application of something. Answers whether it was told.
    fn DriverCallback(
        callback: usize,
        flags: u32,
        hdrvr: usize,
        message: u32,
        user: usize,
        param1: usize,
        param2: usize,
    ) -> i32 {
        // SAFETY: vouched by who called the exported function.
        let told = unsafe { notify(callback, flags, hdrvr, message, [user, param1, param2]) };
        Ok(i32::from(told.map_err(Failure::from)?))
    }
}
