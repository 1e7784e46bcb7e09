//! Who on this thread wants to hear of a fault, innermost first.
#![expect(unsafe_code, reason = "links live on the stacks of their owners")]

use std::cell::Cell;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::ptr;

use crate::Machine;
use crate::frame::Frame;

/// Looks at a fault and may change the registers with which the thread goes on.
///
/// It runs inside the signal handler, on the alternate stack: it may not allocate, lock, print or panic.
pub type Hook = unsafe fn(data: *mut (), machine: &mut Machine<'_>) -> Verdict;

/// What a [`Hook`] decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The thread goes on with the registers as the hook left them.
    Resume,
    /// The fault is not for this hook; the next one out is asked.
    Pass,
}

/// What a link wants.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    /// To land there when foreign code faults.
    Foreign(*mut Frame),
    /// To land there whatever faults: our own access to memory that may not be there.
    Tolerant(*mut Frame),
    /// To be asked.
    Ask(Hook, *mut ()),
}

/// One entry of a thread's chain; it lives on the stack of whoever pushed it.
pub(crate) struct Link {
    pub(crate) previous: *const Link,
    pub(crate) role: Role,
}

thread_local! {
    // Initialised at compile time and without a destructor, so that the signal handler may read it at any time.
    static INNERMOST: Cell<*const Link> = const { Cell::new(ptr::null()) };
}

/// The link to ask first.
#[inline]
pub(crate) fn innermost() -> *const Link {
    INNERMOST.get()
}

/// Makes `link` the one to ask first, and returns the one that was.
#[inline]
pub(crate) fn replace(link: *const Link) -> *const Link {
    INNERMOST.replace(link)
}

/// Asks `hook` about every fault on this thread while it is pushed.
///
/// The hook hears of faults in our own code too ([`Machine::is_own_code`] tells) and decides what is its business.
pub struct Scope {
    link: Link,
    pushed: bool,
    // The chain holds the address of `link`.
    _pinned: PhantomPinned,
}

impl Scope {
    /// A scope that is not yet pushed.
    #[must_use]
    #[inline]
    pub const fn new(hook: Hook, data: *mut ()) -> Self {
        Self {
            link: Link {
                previous: ptr::null(),
                role: Role::Ask(hook, data),
            },
            pushed: false,
            _pinned: PhantomPinned,
        }
    }

    /// Puts the scope on this thread's chain, innermost. A scope that is pushed already stays where it is.
    ///
    /// # Safety
    ///
    /// `data` must stay good for the hook until the scope is popped or dropped. Scopes and protected calls of one thread
    /// must end in the reverse of the order in which they began, and on the thread where they began.
    #[inline]
    pub unsafe fn push(self: Pin<&mut Self>) {
        // SAFETY: the scope is not moved out of, only its fields are set.
        let this = unsafe { self.get_unchecked_mut() };
        if !this.pushed {
            this.pushed = true;
            this.link.previous = innermost();
            replace(&raw const this.link);
        }
    }

    /// Takes the scope off the chain, and with it everything that was pushed later and jumped over.
    #[inline]
    pub fn pop(self: Pin<&mut Self>) {
        // SAFETY: the scope is not moved out of, only its fields are set.
        let this = unsafe { self.get_unchecked_mut() };
        this.remove();
    }

    #[inline]
    fn remove(&mut self) {
        if self.pushed {
            self.pushed = false;
            replace(self.link.previous);
        }
    }
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        self.remove();
    }
}
