//! Functions of our own (`opendriver.h`): what Windows has no function for.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use crate::door::doors;
use crate::last_error;

doors! {
    broken 0;

    /// `opendriver_last_error`: why the last function that failed on this thread did so, in UTF-8; null where none has. The text stands
    /// until the next function fails on this thread.
    fn opendriver_last_error() -> usize {
        Ok(last_error::address())
    }
}
