//! Things that a thread can wait for: events, semaphores, mutexes, threads, timers.
//!
//! One lock and one condition serve all of a process' objects: a wait for several must see them at one
//! moment. What drivers take a million times a second, critical sections, does not come here.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::handle::Handles;
use crate::shim::Handle;

/// Something that can be waited for.
pub(crate) struct Object {
    /// Its name, where it has one: others may open it by that.
    pub(crate) name: Option<String>,
    state: Mutex<State>,
}

/// What an object is, and whether a wait for it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Event {
        is_manual: bool,
        is_set: bool,
    },
    Semaphore {
        count: i32,
        maximum: i32,
    },
    Mutex {
        owner: u32,
        depth: u32,
        is_abandoned: bool,
    },
    /// A thread; it has ended once there is an exit code.
    Thread {
        code: Option<u32>,
    },
    Timer {
        is_manual: bool,
        due: Option<Instant>,
        period: Duration,
    },
}

impl Object {
    pub(crate) fn new(name: Option<String>, state: State) -> Self {
        Self {
            name,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    /// What it is now.
    pub(crate) fn look(&self) -> State {
        *self.state()
    }
}

impl State {
    /// Whether a wait of this thread would end.
    fn is_ready(&self, thread: u32) -> bool {
        match self {
            Self::Event { is_set, .. } => *is_set,
            Self::Semaphore { count, .. } => *count > 0,
            Self::Mutex { owner, .. } => *owner == 0 || *owner == thread,
            Self::Thread { code } => code.is_some(),
            Self::Timer { due, .. } => due.is_some_and(|due| due <= Instant::now()),
        }
    }

    /// Takes what a wait that ends takes; tells whether a mutex was abandoned.
    fn take(&mut self, thread: u32) -> bool {
        match self {
            Self::Event { is_manual, is_set } => *is_set &= *is_manual,
            Self::Semaphore { count, .. } => *count -= 1,
            Self::Mutex {
                owner,
                depth,
                is_abandoned,
            } => {
                *owner = thread;
                *depth += 1;
                return std::mem::take(is_abandoned);
            }
            Self::Thread { .. } => {}
            Self::Timer {
                is_manual,
                due,
                period,
            } => {
                if !period.is_zero() {
                    *due = due.map(|due| due + *period);
                } else if !*is_manual {
                    *due = None;
                }
            }
        }
        false
    }
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// The object with this number, or all of them.
    Object(usize),
    /// As before, but the mutex among them had lost its owner.
    Abandoned(usize),
    /// The time was up.
    TimedOut,
}

/// Where threads of a process wait.
#[derive(Default)]
pub(crate) struct Waits {
    lock: Mutex<()>,
    changed: Condvar,
}

impl Waits {
    /// Changes an object and lets those who wait look again.
    pub(crate) fn change<T>(&self, object: &Object, change: impl FnOnce(&mut State) -> T) -> T {
        let _all = self.lock.lock().expect("no holder panics");
        let result = change(&mut object.state());
        self.changed.notify_all();
        result
    }

    /// Lets those who wait look again, for what is not an object.
    pub(crate) fn wake(&self) {
        let _all = self.lock.lock().expect("no holder panics");
        self.changed.notify_all();
    }

    /// Waits until one, or all, of the objects are ready, and takes them.
    pub(crate) fn wait(
        &self,
        objects: &[Arc<Object>],
        all: bool,
        timeout: Option<Duration>,
        thread: u32,
    ) -> Waited {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut held = self.lock.lock().expect("no holder panics");
        loop {
            if let Some(waited) = try_take(objects, all, thread) {
                return waited;
            }
            let due = objects.iter().filter_map(|object| match object.look() {
                State::Timer { due, .. } => due,
                _ => None,
            });
            let wake = due.chain(deadline).min();
            held = match wake {
                None => self.changed.wait(held).expect("no holder panics"),
                Some(wake) => {
                    let left = wake.saturating_duration_since(Instant::now());
                    if left.is_zero() && deadline.is_some_and(|deadline| deadline <= Instant::now())
                    {
                        return Waited::TimedOut;
                    }
                    let (held, _) = self
                        .changed
                        .wait_timeout(held, left)
                        .expect("no holder panics");
                    held
                }
            };
        }
    }

    /// Waits while `must_wait` says so; false when the time was up.
    pub(crate) fn wait_while(
        &self,
        timeout: Option<Duration>,
        mut must_wait: impl FnMut() -> bool,
    ) -> bool {
        let held = self.lock.lock().expect("no holder panics");
        match timeout {
            None => {
                let _held = self.changed.wait_while(held, |()| must_wait());
                true
            }
            Some(timeout) => {
                let waited = self
                    .changed
                    .wait_timeout_while(held, timeout, |()| must_wait());
                !waited.expect("no holder panics").1.timed_out()
            }
        }
    }
}

fn try_take(objects: &[Arc<Object>], all: bool, thread: u32) -> Option<Waited> {
    let is_ready = |object: &Arc<Object>| object.look().is_ready(thread);
    if !all {
        let index = objects.iter().position(is_ready)?;
        let abandoned = objects[index].state().take(thread);
        return Some(if abandoned {
            Waited::Abandoned(index)
        } else {
            Waited::Object(index)
        });
    }
    if !objects.iter().all(is_ready) {
        return None;
    }
    let mut result = Waited::Object(0);
    for (index, object) in objects.iter().enumerate() {
        if object.state().take(thread) {
            result = Waited::Abandoned(index);
        }
    }
    Some(result)
}

/// Marks the mutexes that a thread holds as abandoned when it ends.
pub(crate) fn abandon(handles: &Handles, waits: &Waits, thread: u32) {
    for object in handles.all::<Object>() {
        if matches!(object.look(), State::Mutex { owner, .. } if owner == thread) {
            waits.change(&object, |state| {
                *state = State::Mutex {
                    owner: 0,
                    depth: 0,
                    is_abandoned: true,
                };
            });
        }
    }
}

/// The time-out of a Windows function: milliseconds, all ones for ever.
pub(crate) fn timeout(milliseconds: u32) -> Option<Duration> {
    (milliseconds != u32::MAX).then(|| Duration::from_millis(milliseconds.into()))
}

/// The pseudo handle of the calling thread.
pub(crate) const THIS_THREAD: Handle = Handle(u64::MAX - 1);
