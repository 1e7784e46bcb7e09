//! Waiting for another thread, but never in a circle.
//!
//! A close waits until nobody is inside a message of its instance; an open waits until the driver has finished starting or
//! stopping. A thread that waits may itself be inside messages, which others wait for. Before it waits, it looks whether those whom
//! it would wait for are waiting, one after the other, for itself; the last one to close such a circle gets an error instead.

use crate::sync::{Condvar, Mutex, lock, wait};

/// Where the threads of one manager wait.
#[derive(Debug)]
pub(crate) struct WaitingRoom<R> {
    waiting: Mutex<Vec<Waiter<R>>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Waiter<R> {
    thread: u64,
    reason: R,
}

/// The wait would never have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Circle;

/// What a thread can wait for.
pub(crate) trait Reason: Clone {
    /// The threads that have to move on before the wait ends. None when it has ended.
    fn held_by(&self) -> Vec<u64>;
}

impl<R: Reason> WaitingRoom<R> {
    pub(crate) fn new() -> Self {
        Self {
            waiting: Mutex::new(Vec::new()),
            changed: Condvar::new(),
        }
    }

    /// Waits until nobody holds the reason up, or says that it would never end.
    pub(crate) fn wait(&self, thread: u64, reason: &R) -> Result<(), Circle> {
        let mut waiting = lock(&self.waiting);
        let mut registered = false;
        let result = loop {
            let holders = reason.held_by();
            if holders.is_empty() {
                break Ok(());
            }
            if leads_to(thread, holders, &waiting) {
                break Err(Circle);
            }
            if !registered {
                waiting.push(Waiter {
                    thread,
                    reason: reason.clone(),
                });
                registered = true;
            }
            waiting = wait(&self.changed, waiting);
        };
        if registered && let Some(at) = waiting.iter().rposition(|waiter| waiter.thread == thread) {
            waiting.swap_remove(at);
        }
        result
    }

    /// Has everybody who waits look again. Whatever they wait for has changed before this is called.
    #[cold]
    pub(crate) fn changed(&self) {
        drop(lock(&self.waiting));
        self.changed.notify_all();
    }
}

/// Whether one of these threads waits, directly or through others, for `thread`.
fn leads_to<R: Reason>(thread: u64, holders: Vec<u64>, waiting: &[Waiter<R>]) -> bool {
    let mut seen = Vec::new();
    let mut pending = holders;
    while let Some(holder) = pending.pop() {
        if holder == thread {
            return true;
        }
        if !seen.contains(&holder) {
            seen.push(holder);
            pending.extend(
                waiting
                    .iter()
                    .filter(|waiter| waiter.thread == holder)
                    .flat_map(|waiter| waiter.reason.held_by()),
            );
        }
    }
    false
}
