//! Why the last function that failed on this thread did so.

use std::cell::RefCell;
use std::ffi::CString;

use crate::door::Failure;
use crate::verdict::{self, Code};

thread_local! {
    static LAST: RefCell<Option<Noted>> = const { RefCell::new(None) };
}

/// What is kept of a failure.
#[derive(Debug)]
struct Noted {
    text: CString,
    code: Code,
}

/// Notes why `function` failed. At the very end of a thread there is nobody left to ask, and nothing to note it in.
pub fn note(function: &str, failure: &Failure) {
    let mut text = format!("{function}: {}", failure.reason());
    let mut cause = failure.reason().source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    let noted = Noted {
        text: CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default(),
        code: verdict::code(failure.reason()),
    };
    let _ = LAST.try_with(|last| last.replace(Some(noted)));
}

/// What was noted last on this thread.
pub fn text() -> Option<String> {
    read(|noted| noted.text.to_string_lossy().into_owned())
}

/// Where the text stands, until the next function fails on this thread; 0 where none has.
pub fn address() -> usize {
    read(|noted| noted.text.as_ptr().addr()).unwrap_or(0)
}

/// The code of what was noted last.
pub fn code() -> Code {
    read(|noted| noted.code).unwrap_or(Code::Ok)
}

/// Forgets it.
pub fn forget() {
    let _ = LAST.try_with(|last| last.replace(None));
}

fn read<T>(read: impl FnOnce(&Noted) -> T) -> Option<T> {
    let last = LAST.try_with(|last| last.borrow().as_ref().map(read));
    last.ok().flatten()
}
