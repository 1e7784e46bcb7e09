//! Events, semaphores, mutexes, timers, and waiting for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::claim::Letters;
use crate::cx::Cx;
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;
use crate::waits::{Object, State, THIS_THREAD, Waited, Waits, timeout};

const ERROR_FILE_NOT_FOUND: u32 = 2;
const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_ALREADY_EXISTS: u32 = 183;
const ERROR_NOT_OWNER: u32 = 288;
const ERROR_TOO_MANY_POSTS: u32 = 298;
const WAIT_ABANDONED: u32 = 0x80;
const WAIT_TIMEOUT: u32 = 258;
const WAIT_FAILED: u32 = u32::MAX;
/// `MAXIMUM_WAIT_OBJECTS`.
const MOST: u32 = 64;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Makes an event, or opens the one of that name.
    fn CreateEventA(cx, security: Addr, is_manual: bool, is_set: bool, name: Addr) -> Handle {
        create(cx, name, Letters::A, State::Event { is_manual, is_set })
    }

    /// Makes an event, or opens the one of that name.
    fn CreateEventW(cx, security: Addr, is_manual: bool, is_set: bool, name: Addr) -> Handle {
        create(cx, name, Letters::W, State::Event { is_manual, is_set })
    }

    /// Makes an event, or opens the one of that name.
    fn CreateEventExA(cx, security: Addr, name: Addr, flags: u32, access: u32) -> Handle {
        create(cx, name, Letters::A, State::Event { is_manual: flags & 1 != 0, is_set: flags & 2 != 0 })
    }

    /// Makes an event, or opens the one of that name.
    fn CreateEventExW(cx, security: Addr, name: Addr, flags: u32, access: u32) -> Handle {
        create(cx, name, Letters::W, State::Event { is_manual: flags & 1 != 0, is_set: flags & 2 != 0 })
    }

    /// Opens the event of a name.
    fn OpenEventA(cx, access: u32, inherit: bool, name: Addr) -> Handle { open(cx, name, Letters::A) }

    /// Opens the event of a name.
    fn OpenEventW(cx, access: u32, inherit: bool, name: Addr) -> Handle { open(cx, name, Letters::W) }

    /// Sets an event.
    fn SetEvent(cx, event: Handle) -> bool { set_event(cx, event, true) }

    /// Resets an event.
    fn ResetEvent(cx, event: Handle) -> bool { set_event(cx, event, false) }

    /// Lets those go who wait for an event now, and leaves it reset.
    fn PulseEvent(cx, event: Handle) -> bool {
        let pulsed = object(cx, event).is_some_and(|object| cx.state::<Waits>().pulse(&object));
        if pulsed { Ok(true) } else { cx.fail(ERROR_INVALID_HANDLE, false) }
    }

    /// Makes a semaphore, or opens the one of that name.
    fn CreateSemaphoreA(cx, security: Addr, count: i32, maximum: i32, name: Addr) -> Handle {
        semaphore(cx, count, maximum, name, Letters::A)
    }

    /// Makes a semaphore, or opens the one of that name.
    fn CreateSemaphoreW(cx, security: Addr, count: i32, maximum: i32, name: Addr) -> Handle {
        semaphore(cx, count, maximum, name, Letters::W)
    }

    /// Makes a semaphore, or opens the one of that name.
    fn CreateSemaphoreExW(cx, security: Addr, count: i32, maximum: i32, name: Addr, flags: u32, access: u32) -> Handle {
        semaphore(cx, count, maximum, name, Letters::W)
    }

    /// Opens the semaphore of a name.
    fn OpenSemaphoreA(cx, access: u32, inherit: bool, name: Addr) -> Handle { open(cx, name, Letters::A) }

    /// Opens the semaphore of a name.
    fn OpenSemaphoreW(cx, access: u32, inherit: bool, name: Addr) -> Handle { open(cx, name, Letters::W) }

    /// Adds to a semaphore's count.
    fn ReleaseSemaphore(cx, semaphore: Handle, add: i32, before: Addr) -> bool {
        let released = change(cx, semaphore, |state| match state {
            State::Semaphore { count, maximum } if add > 0 && add <= *maximum - *count => {
                *count += add;
                Ok(*count - add)
            }
            State::Semaphore { .. } => Err(ERROR_TOO_MANY_POSTS),
            _ => Err(ERROR_INVALID_HANDLE),
        });
        match released {
            Ok(previous) => {
                cx.write_unless_null(before, previous)?;
                Ok(true)
            }
            Err(error) => cx.fail(error, false),
        }
    }

    /// Makes a mutex, or opens the one of that name.
    fn CreateMutexA(cx, security: Addr, is_owned: bool, name: Addr) -> Handle {
        mutex(cx, is_owned, name, Letters::A)
    }

    /// Makes a mutex, or opens the one of that name.
    fn CreateMutexW(cx, security: Addr, is_owned: bool, name: Addr) -> Handle {
        mutex(cx, is_owned, name, Letters::W)
    }

    /// Makes a mutex, or opens the one of that name.
    fn CreateMutexExW(cx, security: Addr, name: Addr, flags: u32, access: u32) -> Handle {
        mutex(cx, flags & 1 != 0, name, Letters::W)
    }

    /// Opens the mutex of a name.
    fn OpenMutexA(cx, access: u32, inherit: bool, name: Addr) -> Handle { open(cx, name, Letters::A) }

    /// Opens the mutex of a name.
    fn OpenMutexW(cx, access: u32, inherit: bool, name: Addr) -> Handle { open(cx, name, Letters::W) }

    /// Gives up a mutex once.
    fn ReleaseMutex(cx, mutex: Handle) -> bool {
        let thread = cx.thread().id();
        let released = change(cx, mutex, |state| match state {
            State::Mutex { owner, depth, .. } if *owner == thread => {
                *depth -= 1;
                if *depth == 0 {
                    *owner = 0;
                }
                Ok(())
            }
            State::Mutex { .. } => Err(ERROR_NOT_OWNER),
            _ => Err(ERROR_INVALID_HANDLE),
        });
        match released {
            Ok(()) => Ok(true),
            Err(error) => cx.fail(error, false),
        }
    }

    /// Makes a timer that can be waited for, or opens the one of that name.
    fn CreateWaitableTimerA(cx, security: Addr, is_manual: bool, name: Addr) -> Handle {
        create(cx, name, Letters::A, State::Timer { is_manual, due: None, period: Duration::ZERO })
    }

    /// Makes a timer that can be waited for, or opens the one of that name.
    fn CreateWaitableTimerW(cx, security: Addr, is_manual: bool, name: Addr) -> Handle {
        create(cx, name, Letters::W, State::Timer { is_manual, due: None, period: Duration::ZERO })
    }

    /// Sets when a timer is due: so many 100 ns from now where negative, at once otherwise.
    fn SetWaitableTimer(cx, timer: Handle, due: Addr, period: i32, routine: Addr, user: Addr, resume: bool) -> bool {
        let ticks: i64 = cx.read(due)?;
        let delay = Duration::from_nanos(ticks.min(0).unsigned_abs().saturating_mul(100));
        set_timer(cx, timer, Instant::now().checked_add(delay), period)
    }

    /// Stops a timer.
    fn CancelWaitableTimer(cx, timer: Handle) -> bool { set_timer(cx, timer, None, 0) }

    /// Waits for an object.
    fn WaitForSingleObject(cx, object: Handle, milliseconds: u32) -> u32 {
        wait(cx, &[object], false, milliseconds)
    }

    /// Waits for an object; there are no completion routines that it could be interrupted for.
    fn WaitForSingleObjectEx(cx, object: Handle, milliseconds: u32, alertable: bool) -> u32 {
        wait(cx, &[object], false, milliseconds)
    }

    /// Waits for one of several objects, or for all of them.
    fn WaitForMultipleObjects(cx, count: u32, objects: Addr, all: bool, milliseconds: u32) -> u32 {
        wait_several(cx, count, objects, all, milliseconds)
    }

    /// Waits for one of several objects, or for all of them.
    fn WaitForMultipleObjectsEx(cx, count: u32, objects: Addr, all: bool, milliseconds: u32, alertable: bool) -> u32 {
        wait_several(cx, count, objects, all, milliseconds)
    }

    /// Sets an event, adds one to a semaphore or gives up a mutex, and waits for another object.
    fn SignalObjectAndWait(cx, signal: Handle, object: Handle, milliseconds: u32, alertable: bool) -> u32 {
        let thread = cx.thread().id();
        let signalled = change(cx, signal, |state| match state {
            State::Event { is_set, .. } => {
                *is_set = true;
                Ok(())
            }
            State::Semaphore { count, maximum } if *count < *maximum => {
                *count += 1;
                Ok(())
            }
            State::Mutex { owner, depth, .. } if *owner == thread => {
                *depth -= 1;
                *owner = if *depth == 0 { 0 } else { thread };
                Ok(())
            }
            State::Semaphore { .. } => Err(ERROR_TOO_MANY_POSTS),
            State::Mutex { .. } => Err(ERROR_NOT_OWNER),
            _ => Err(ERROR_INVALID_HANDLE),
        });
        match signalled {
            Ok(()) => wait(cx, &[object], false, milliseconds),
            Err(error) => cx.fail(error, WAIT_FAILED),
        }
    }
}

/// The object of a handle.
fn object(cx: &Cx<'_>, handle: Handle) -> Option<Arc<Object>> {
    if handle == THIS_THREAD {
        return super::threads::current(cx).downcast().ok();
    }
    cx.process().handles().get(handle)
}

fn text(cx: &Cx<'_>, name: Addr, letters: Letters) -> Result<Option<String>, Trap> {
    if name.is_null() {
        Ok(None)
    } else {
        cx.text(name, letters).map(Some)
    }
}

/// The open object of a name; names of kernel objects tell case apart.
fn named(cx: &Cx<'_>, name: &str) -> Option<Arc<Object>> {
    let objects = cx.process().handles().all::<Object>();
    objects
        .into_iter()
        .find(|object| object.name.as_deref() == Some(name))
}

fn create(cx: &Cx<'_>, name: Addr, letters: Letters, state: State) -> Result<Handle, Trap> {
    let name = text(cx, name, letters)?;
    let handles = cx.process().handles();
    if let Some(known) = name.as_deref().and_then(|name| named(cx, name)) {
        if std::mem::discriminant(&known.look()) != std::mem::discriminant(&state) {
            return cx.fail(ERROR_INVALID_HANDLE, Handle::NULL);
        }
        return cx.fail(ERROR_ALREADY_EXISTS, handles.insert(known));
    }
    cx.set_last_error(0);
    Ok(handles.insert(Arc::new(Object::new(name, state))))
}

fn open(cx: &Cx<'_>, name: Addr, letters: Letters) -> Result<Handle, Trap> {
    let known = text(cx, name, letters)?.and_then(|name| named(cx, &name));
    match known {
        Some(known) => Ok(cx.process().handles().insert(known)),
        None => cx.fail(ERROR_FILE_NOT_FOUND, Handle::NULL),
    }
}

fn semaphore(
    cx: &Cx<'_>,
    count: i32,
    maximum: i32,
    name: Addr,
    letters: Letters,
) -> Result<Handle, Trap> {
    if count < 0 || maximum <= 0 || count > maximum {
        return cx.fail(ERROR_INVALID_PARAMETER, Handle::NULL);
    }
    create(cx, name, letters, State::Semaphore { count, maximum })
}

fn mutex(cx: &Cx<'_>, is_owned: bool, name: Addr, letters: Letters) -> Result<Handle, Trap> {
    let (owner, depth) = if is_owned {
        (cx.thread().id(), 1)
    } else {
        (0, 0)
    };
    create(
        cx,
        name,
        letters,
        State::Mutex {
            owner,
            depth,
            is_abandoned: false,
        },
    )
}

fn change<T>(
    cx: &Cx<'_>,
    handle: Handle,
    change: impl FnOnce(&mut State) -> Result<T, u32>,
) -> Result<T, u32> {
    let object = object(cx, handle).ok_or(ERROR_INVALID_HANDLE)?;
    cx.state::<Waits>().change(&object, change)
}

pub(super) fn set_event(cx: &Cx<'_>, event: Handle, now: bool) -> Result<bool, Trap> {
    let set = change(cx, event, |state| match state {
        State::Event { is_set, .. } => {
            *is_set = now;
            Ok(())
        }
        _ => Err(ERROR_INVALID_HANDLE),
    });
    match set {
        Ok(()) => Ok(true),
        Err(error) => cx.fail(error, false),
    }
}

fn set_timer(cx: &Cx<'_>, timer: Handle, when: Option<Instant>, period: i32) -> Result<bool, Trap> {
    let every = Duration::from_millis(u64::from(period.max(0).unsigned_abs()));
    let set = change(cx, timer, |state| match state {
        State::Timer { due, period, .. } => {
            (*due, *period) = (when, every);
            Ok(())
        }
        _ => Err(ERROR_INVALID_HANDLE),
    });
    match set {
        Ok(()) => Ok(true),
        Err(error) => cx.fail(error, false),
    }
}

fn wait(cx: &Cx<'_>, handles: &[Handle], all: bool, milliseconds: u32) -> Result<u32, Trap> {
    let objects: Option<Vec<Arc<Object>>> =
        handles.iter().map(|handle| object(cx, *handle)).collect();
    let Some(objects) = objects else {
        return cx.fail(ERROR_INVALID_HANDLE, WAIT_FAILED);
    };
    let waits = cx.state::<Waits>();
    Ok(
        match waits.wait(&objects, all, timeout(milliseconds), cx.thread().id()) {
            Waited::Object(index) => index as u32,
            Waited::Abandoned(index) => WAIT_ABANDONED + index as u32,
            Waited::TimedOut => WAIT_TIMEOUT,
        },
    )
}

fn wait_several(
    cx: &Cx<'_>,
    count: u32,
    objects: Addr,
    all: bool,
    milliseconds: u32,
) -> Result<u32, Trap> {
    if count == 0 || count > MOST {
        return cx.fail(ERROR_INVALID_PARAMETER, WAIT_FAILED);
    }
    let handles = (0..u64::from(count))
        .map(|index| cx.read_signed(objects.offset(index * cx.pointer_size())))
        .map(|handle| handle.map(|handle| Handle(handle as u64)))
        .collect::<Result<Vec<_>, _>>()?;
    wait(cx, &handles, all, milliseconds)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";
    const TIMEOUT: u64 = 258;

    #[test]
    fn an_event_resets_itself_unless_it_is_manual() {
        let bench = Bench::new();
        for (is_manual, second) in [(0, TIMEOUT), (1, 0)] {
            let event = bench.ask(DLL, "CreateEventW", &[0, is_manual, 0, 0]);
            assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[event, 0]), TIMEOUT);
            assert_eq!(bench.ask(DLL, "SetEvent", &[event]), 1);
            assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[event, 0]), 0);
            assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[event, 0]), second);
            assert_eq!(bench.ask(DLL, "CloseHandle", &[event]), 1);
            assert_eq!(
                bench.ask(DLL, "WaitForSingleObject", &[event, 0]) as u32,
                u32::MAX
            );
        }
    }

    #[test]
    fn a_semaphore_counts_and_has_a_maximum() {
        let bench = Bench::new();
        let semaphore = bench.ask(DLL, "CreateSemaphoreA", &[0, 1, 2, 0]);
        assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[semaphore, 0]), 0);
        assert_eq!(
            bench.ask(DLL, "WaitForSingleObject", &[semaphore, 0]),
            TIMEOUT
        );
        assert_eq!(bench.ask(DLL, "ReleaseSemaphore", &[semaphore, 2, 0]), 1);
        assert_eq!(bench.ask(DLL, "ReleaseSemaphore", &[semaphore, 1, 0]), 0);
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 298);
    }

    #[test]
    fn a_mutex_belongs_to_its_thread_as_often_as_it_was_taken() {
        let bench = Bench::new();
        let mutex = bench.ask(DLL, "CreateMutexW", &[0, 1, 0]);
        assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[mutex, 0]), 0);
        let other = || {
            std::thread::scope(|scope| {
                scope
                    .spawn(|| bench.ask(DLL, "WaitForSingleObject", &[mutex, 0]))
                    .join()
                    .unwrap()
            })
        };
        assert_eq!(other(), TIMEOUT);
        assert_eq!(bench.ask(DLL, "ReleaseMutex", &[mutex]), 1);
        assert_eq!(other(), TIMEOUT);
        assert_eq!(bench.ask(DLL, "ReleaseMutex", &[mutex]), 1);
        assert_eq!(bench.ask(DLL, "ReleaseMutex", &[mutex]), 0);
        assert_eq!(other(), 0);
    }

    #[test]
    fn a_wait_for_all_takes_nothing_until_it_can_take_all() {
        let bench = Bench::new();
        let first = bench.ask(DLL, "CreateEventW", &[0, 0, 1, 0]);
        let second = bench.ask(DLL, "CreateEventW", &[0, 0, 0, 0]);
        let both = bench.bytes(&[first.to_le_bytes(), second.to_le_bytes()].concat());
        let wait = |all: u64| bench.ask(DLL, "WaitForMultipleObjects", &[2, both, all, 0]);
        assert_eq!(wait(1), TIMEOUT);
        assert_eq!(wait(0), 0);
        assert_eq!(wait(0), TIMEOUT);
        bench.ask(DLL, "SetEvent", &[second]);
        assert_eq!(wait(0), 1);
    }

    #[test]
    fn a_name_leads_to_the_same_object() {
        let bench = Bench::new();
        let name = bench.text("Ready");
        let first = bench.ask(DLL, "CreateEventA", &[0, 1, 0, name]);
        let second = bench.ask(DLL, "CreateEventA", &[0, 1, 0, name]);
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 183);
        assert_ne!(first, second);
        bench.ask(DLL, "SetEvent", &[first]);
        assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[second, 0]), 0);
        assert_eq!(bench.ask(DLL, "CreateMutexA", &[0, 0, name]), 0);
    }
}
