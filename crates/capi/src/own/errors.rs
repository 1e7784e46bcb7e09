//! Why the last function failed, and which library this is.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use crate::door::doors;
use crate::last_error;

/// The version, as C reads text.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

doors! {
    broken 0;

    /// `opendriver_last_error`: why the last function that failed on this thread did so, in UTF-8; null where none has. The text stands
    /// until the next function fails on this thread.
    fn opendriver_last_error() -> usize {
        Ok(last_error::address())
    }

    /// `opendriver_last_code`: the code of that failure; 0 where nothing failed.
    fn opendriver_last_code() -> i32 {
        Ok(last_error::code() as i32)
    }

    /// `opendriver_last_blame`: whose fault it was; 0 where nothing failed.
    fn opendriver_last_blame() -> i32 {
        Ok(last_error::code().blame())
    }

    /// `opendriver_clear_error`: forgets it.
    fn opendriver_clear_error() -> () {
        last_error::forget();
        Ok(())
    }

    /// `opendriver_version`: the version of the library (`0.1.0`).
    fn opendriver_version() -> usize {
        Ok(VERSION.as_ptr().addr())
    }
}
