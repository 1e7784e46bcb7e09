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
    pulses: Mutex<Pulses>,
}

/// What an event keeps of those who wait for it, for the sake of `PulseEvent`. Changed under the lock of all waits only.
#[derive(Clone, Copy, Default)]
struct Pulses {
    /// How many threads wait.
    waiting: usize,
    /// How often a manual event was pulsed: it lets everybody go who has waited since before.
    rounds: u64,
    /// How many of those who wait an automatic event lets go.
    passes: usize,
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
            pulses: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    fn pulses(&self) -> MutexGuard<'_, Pulses> {
        self.pulses.lock().expect("no holder panics")
    }

    /// Whether a pulse lets go a thread that waits since the given round; a pass is used up by that.
    fn is_pulsed(&self, since: u64) -> bool {
        let mut pulses = self.pulses();
        if pulses.rounds > since {
            return true;
        }
        let passes = pulses.passes > 0;
        pulses.passes = pulses.passes.saturating_sub(1);
        passes
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

    /// Lets those go who wait for an event now, or one of them if it is automatic, and leaves it reset.
    pub(crate) fn pulse(&self, object: &Object) -> bool {
        let _all = self.lock.lock().expect("no holder panics");
        let State::Event { is_manual, is_set } = &mut *object.state() else {
            return false;
        };
        *is_set = false;
        let mut pulses = object.pulses();
        if *is_manual {
            pulses.rounds += 1;
        } else {
            pulses.passes = pulses.passes.max(1).min(pulses.waiting);
        }
        self.changed.notify_all();
        true
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
        if let Some(waited) = try_take(objects, all, thread) {
            return waited;
        }
        let queue = Queue::join(objects);
        loop {
            if let Some(waited) = try_take(objects, all, thread) {
                return waited;
            }
            if !all && let Some(index) = queue.pulsed() {
                return Waited::Object(index);
            }
            let now = Instant::now();
            let due = objects.iter().filter_map(|object| match object.look() {
                State::Timer { due, .. } => due.filter(|due| *due > now),
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

/// A thread that waits, where `PulseEvent` looks for it; made and dropped under the lock of all waits.
struct Queue<'a> {
    objects: &'a [Arc<Object>],
    since: Vec<u64>,
}

impl<'a> Queue<'a> {
    fn join(objects: &'a [Arc<Object>]) -> Self {
        let join = |object: &Arc<Object>| {
            let mut pulses = object.pulses();
            pulses.waiting += 1;
            pulses.rounds
        };
        Self {
            objects,
            since: objects.iter().map(join).collect(),
        }
    }

    /// The first event whose pulse lets this thread go.
    fn pulsed(&self) -> Option<usize> {
        let mut all = self.objects.iter().zip(&self.since);
        all.position(|(object, since)| object.is_pulsed(*since))
    }
}

impl Drop for Queue<'_> {
    fn drop(&mut self) {
        for object in self.objects {
            let mut pulses = object.pulses();
            pulses.waiting -= 1;
            pulses.passes = pulses.passes.min(pulses.waiting);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn event(is_manual: bool) -> Arc<Object> {
        let is_set = false;
        Arc::new(Object::new(None, State::Event { is_manual, is_set }))
    }

    /// Pulses an event for which three threads wait; answers how many it let go.
    fn let_go(is_manual: bool) -> usize {
        let (waits, event, end) = (Waits::default(), event(is_manual), event(true));
        let objects = [event.clone(), end.clone()];
        std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=3)
                .map(|thread| {
                    let (waits, objects) = (&waits, &objects);
                    scope.spawn(move || waits.wait(objects, false, None, thread))
                })
                .collect();
            while event.pulses().waiting < 3 {
                std::thread::yield_now();
            }
            assert!(waits.pulse(&event));
            let expected = if is_manual { 0 } else { 2 };
            while event.pulses().waiting > expected {
                std::thread::yield_now();
            }
            waits.change(&end, |state| {
                *state = State::Event {
                    is_manual: true,
                    is_set: true,
                };
            });
            let ends = threads.into_iter().map(|thread| thread.join().unwrap());
            ends.filter(|end| *end == Waited::Object(0)).count()
        })
    }

    #[test]
    fn a_pulse_lets_all_go_who_wait_or_one_and_leaves_the_event_reset() {
        assert_eq!(let_go(true), 3);
        assert_eq!(let_go(false), 1);
        let (waits, event) = (Waits::default(), event(false));
        assert!(waits.pulse(&event));
        // Nobody waited, so nobody is let go later either.
        let waited = waits.wait(std::slice::from_ref(&event), false, Some(Duration::ZERO), 1);
        assert_eq!(waited, Waited::TimedOut);
    }
}
