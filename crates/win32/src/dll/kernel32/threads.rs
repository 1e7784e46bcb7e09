//! Threads that a driver starts, and what it asks of the one that it runs on.

use std::sync::Arc;
use std::time::Duration;

use crate::cx::Cx;
use crate::handle;
use crate::process::Process;
use crate::shim::{Addr, Handle, Size, shims};
use crate::station::Report;
use crate::thread::Name;
use crate::trap::Trap;
use crate::waits::{self, Object, State, THIS_THREAD, Waits};

const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;
const STILL_ACTIVE: u32 = 259;
/// `CREATE_SUSPENDED`.
const SUSPENDED: u32 = 4;
pub(super) const THREAD_ATTACH: u64 = 2;
const THREAD_DETACH: u64 = 3;

/// A thread that a driver has started: what its handle stands for beside the object that is waited for.
#[derive(Default)]
pub(crate) struct Started {
    by_object: std::sync::Mutex<Vec<Record>>,
}

struct Record {
    object: Arc<Object>,
    id: u32,
    is_suspended: bool,
}

/// The calling thread's own object.
#[derive(Default)]
struct Own {
    object: std::cell::RefCell<Option<Arc<Object>>>,
}

shims! {
    pub(in crate::dll) static SHIMS = "kernel32.dll", stdcall;

    /// Starts a thread.
    fn CreateThread(cx, security: Addr, stack: Size, start: Addr, parameter: Addr, flags: u32, id: Addr) -> Handle {
        create(cx, start, parameter, flags, id)
    }

    /// Starts a thread of this process.
    fn CreateRemoteThread(cx, process: Handle, security: Addr, stack: Size, start: Addr, parameter: Addr, flags: u32, id: Addr) -> Handle {
        create(cx, start, parameter, flags, id)
    }

    /// Ends the calling thread.
    fn ExitThread(cx, code: u32) { Err(Trap::ExitThread(code)) }

    /// Does not end another thread: nothing can do that safely.
    fn TerminateThread(cx, thread: Handle, code: u32) -> bool {
        if thread == THIS_THREAD {
            return Err(Trap::ExitThread(code));
        }
        cx.report(Report::Warning("TerminateThread was refused: a thread cannot be ended from outside".to_owned()));
        cx.fail(5, false)
    }

    /// Answers the pseudo handle of the calling thread.
    fn GetCurrentThread(cx) -> Handle { Ok(THIS_THREAD) }

    /// Answers the identifier of the calling thread.
    fn GetCurrentThreadId(cx) -> u32 { Ok(cx.thread().id()) }

    /// Answers the identifier of a thread.
    fn GetThreadId(cx, thread: Handle) -> u32 {
        if thread == THIS_THREAD {
            return Ok(cx.thread().id());
        }
        match with_record(cx, thread, |record| record.id) {
            Some(id) => Ok(id),
            None => cx.fail(ERROR_INVALID_HANDLE, 0),
        }
    }

    /// Answers how a thread ended, or that it has not.
    fn GetExitCodeThread(cx, thread: Handle, code: Addr) -> bool {
        let object = if thread == THIS_THREAD { None } else { cx.process().handles().get::<Object>(thread) };
        let now = match (thread, object.map(|object| object.look())) {
            (THIS_THREAD, _) => STILL_ACTIVE,
            (_, Some(State::Thread { code })) => code.unwrap_or(STILL_ACTIVE),
            _ => return cx.fail(ERROR_INVALID_HANDLE, false),
        };
        cx.write(code, now)?;
        Ok(true)
    }

    /// Lets a thread run that was made suspended; answers how often it was suspended.
    fn ResumeThread(cx, thread: Handle) -> u32 {
        let before = with_record(cx, thread, |record| std::mem::replace(&mut record.is_suspended, false));
        cx.state::<Waits>().wake();
        match before {
            Some(before) => Ok(u32::from(before)),
            None => cx.fail(ERROR_INVALID_HANDLE, u32::MAX),
        }
    }

    /// Does not suspend a running thread: nothing can do that safely.
    fn SuspendThread(cx, thread: Handle) -> u32 {
        cx.report(Report::Warning("SuspendThread was refused: a thread cannot be stopped from outside".to_owned()));
        cx.fail(5, u32::MAX)
    }

    /// Waits so many milliseconds.
    fn Sleep(cx, milliseconds: u32) {
        sleep(milliseconds);
        Ok(())
    }

    /// Waits so many milliseconds; there are no completion routines that it could be interrupted for.
    fn SleepEx(cx, milliseconds: u32, alertable: bool) -> u32 {
        sleep(milliseconds);
        Ok(0)
    }

    /// Lets another thread run.
    fn SwitchToThread(cx) -> bool {
        std::thread::yield_now();
        Ok(true)
    }

    /// Answers the normal priority.
    fn GetThreadPriority(cx, thread: Handle) -> i32 { Ok(0) }

    /// Takes note that priorities are the host's matter.
    fn SetThreadPriority(cx, thread: Handle, priority: i32) -> bool { Ok(true) }

    /// Answers that priorities are not raised for a while.
    fn GetThreadPriorityBoost(cx, thread: Handle, disabled: Addr) -> bool {
        cx.write(disabled, 1_i32)?;
        Ok(true)
    }

    /// Takes note that priorities are the host's matter.
    fn SetThreadPriorityBoost(cx, thread: Handle, disabled: bool) -> bool { Ok(true) }

    /// Takes note that processors are chosen by the host; answers that all were allowed.
    fn SetThreadAffinityMask(cx, thread: Handle, mask: Size) -> Size {
        let count = std::thread::available_parallelism().map_or(1, |count| count.get()).min(64);
        Ok(Size(if mask.0 == 0 { 0 } else { u64::MAX >> (64 - count) }))
    }

    /// Takes note that processors are chosen by the host.
    fn SetThreadIdealProcessor(cx, thread: Handle, processor: u32) -> u32 { Ok(0) }

    /// Answers the processor that the thread runs on.
    fn GetCurrentProcessorNumber(cx) -> u32 {
        // SAFETY: the call has no parameters and only reads.
        Ok(unsafe { libc::sched_getcpu() }.max(0) as u32)
    }

    /// Gives a thread a name that nobody reads.
    fn SetThreadDescription(cx, thread: Handle, name: Addr) -> u32 { Ok(0) }

    /// Answers the bounds of the calling thread's stack.
    fn GetCurrentThreadStackLimits(cx, low: Addr, high: Addr) {
        cx.write_addr(low, Addr(cx.thread().stack_limit()))?;
        cx.write_addr(high, Addr(cx.thread().stack_base()))
    }

    /// Takes note of stack to keep for overflows, which have room of their own here.
    fn SetThreadStackGuarantee(cx, size: Addr) -> bool { Ok(true) }
}

fn sleep(milliseconds: u32) {
    match waits::timeout(milliseconds) {
        Some(Duration::ZERO) => std::thread::yield_now(),
        Some(time) => std::thread::sleep(time),
        None => loop {
            std::thread::park();
        },
    }
}

/// The calling thread's object, made on first use for a thread that the driver did not start.
pub(super) fn current(cx: &Cx<'_>) -> handle::Object {
    let own = cx.thread().state::<Own>();
    let mut own = own.object.borrow_mut();
    own.get_or_insert_with(|| Arc::new(Object::new(None, State::Thread { code: None })))
        .clone()
}

fn with_record<T>(cx: &Cx<'_>, thread: Handle, use_it: impl FnOnce(&mut Record) -> T) -> Option<T> {
    let object = cx.process().handles().get::<Object>(thread)?;
    let started = cx.state::<Started>();
    let mut records = started.by_object.lock().expect("no holder panics");
    records
        .iter_mut()
        .find(|record| Arc::ptr_eq(&record.object, &object))
        .map(use_it)
}

fn create(cx: &Cx<'_>, start: Addr, parameter: Addr, flags: u32, id: Addr) -> Result<Handle, Trap> {
    let process = cx.process().shared();
    let object = Arc::new(Object::new(None, State::Thread { code: None }));
    let Ok(name) = Name::new(process.width()) else {
        return cx.fail(ERROR_NOT_ENOUGH_MEMORY, Handle::NULL);
    };
    let number = name.id;
    let record = Record {
        object: object.clone(),
        id: number,
        is_suspended: flags & SUSPENDED != 0,
    };
    cx.state::<Started>()
        .by_object
        .lock()
        .expect("no holder panics")
        .push(record);
    // The image stays mapped for as long as a thread runs in it, even when it is unloaded.
    let image = process.images().by_address(start.0);
    let own = object.clone();
    let spawned = std::thread::Builder::new()
        .name("driver".to_owned())
        .spawn(move || {
            run(&process, name, &own, start, parameter);
            drop(image);
        });
    if spawned.is_err() {
        forget(cx.process(), &object);
        return cx.fail(ERROR_NOT_ENOUGH_MEMORY, Handle::NULL);
    }
    cx.write_unless_null(id, number)?;
    Ok(cx.process().handles().insert(object))
}

fn forget(process: &Process, object: &Arc<Object>) {
    let started = process.state::<Started>();
    let mut records = started.by_object.lock().expect("no holder panics");
    records.retain(|record| !Arc::ptr_eq(&record.object, object));
}

/// What a started thread does from its first to its last instruction.
fn run(process: &Arc<Process>, name: Name, object: &Arc<Object>, start: Addr, parameter: Addr) {
    let number = name.id;
    let waits = process.state::<Waits>();
    let started = process.state::<Started>();
    waits.wait_while(None, || {
        let records = started.by_object.lock().expect("no holder panics");
        records
            .iter()
            .any(|record| record.id == number && record.is_suspended)
    });
    let ran = process.with_named_thread(name, |cx| {
        *cx.thread().state::<Own>().object.borrow_mut() = Some(object.clone());
        let mut code = tell_images(cx, THREAD_ATTACH)
            .and_then(|()| cx.call(start, &[parameter.0]))
            .map(|code| code as u32);
        for end in [
            super::storage::end_thread(cx),
            tell_images(cx, THREAD_DETACH),
        ] {
            code = code.and_then(|code| end.map(|()| code));
        }
        waits::abandon(cx.process().handles(), &waits, number);
        match code {
            Ok(code) | Err(Trap::ExitThread(code)) => code,
            Err(trap) => {
                let fault = cx.process().fault_of(trap);
                let image = cx.process().images().by_address(start.0);
                let path = image.as_ref().map(|image| image.path());
                cx.station().thread_broke(path, &fault);
                u32::MAX
            }
        }
    });
    let code = ran.unwrap_or_else(|fault| {
        process.station().thread_broke(None, &fault);
        u32::MAX
    });
    forget(process, object);
    waits.change(object, |state| *state = State::Thread { code: Some(code) });
}

/// Tells the images that a thread of the pool ends, and calls the destructors of its storage.
pub(super) fn end(cx: &mut Cx<'_>) -> Result<(), Trap> {
    super::storage::end_thread(cx)?;
    let told = tell_images(cx, THREAD_DETACH);
    waits::abandon(
        cx.process().handles(),
        &cx.state::<Waits>(),
        cx.thread().id(),
    );
    told
}

/// Tells every image that wants to hear of it that this thread starts or ends.
pub(super) fn tell_images(cx: &Cx<'_>, reason: u64) -> Result<(), Trap> {
    let process = cx.process();
    let _lock = process.images().lock();
    for image in process.images().all() {
        if image.is_started() && image.hears_threads() {
            process.notify(cx.thread(), &image, reason)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;
    use crate::station::Report;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn a_thread_runs_ends_and_leaves_its_code() {
        let bench = Bench::new();
        let start = bench.gate(DLL, "SetHandleCount");
        let thread = bench.ask(DLL, "CreateThread", &[0, 0, start, 77, 0, 0]);
        assert_eq!(
            bench.ask(DLL, "WaitForSingleObject", &[thread, u64::from(u32::MAX)]),
            0
        );
        let code = bench.bytes(&[0; 4]);
        assert_eq!(bench.ask(DLL, "GetExitCodeThread", &[thread, code]), 1);
        assert_eq!(bench.read(code, 4), 77_u32.to_le_bytes());
    }

    #[test]
    fn a_suspended_thread_starts_when_it_is_resumed() {
        let bench = Bench::new();
        let start = bench.gate(DLL, "ExitThread");
        let thread = bench.ask(DLL, "CreateThread", &[0, 0, start, 5, 4, 0]);
        assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[thread, 0]), 258);
        assert_eq!(bench.ask(DLL, "ResumeThread", &[thread]), 1);
        assert_eq!(
            bench.ask(DLL, "WaitForSingleObject", &[thread, u64::from(u32::MAX)]),
            0
        );
        let code = bench.bytes(&[0; 4]);
        bench.ask(DLL, "GetExitCodeThread", &[thread, code]);
        assert_eq!(bench.read(code, 4), 5_u32.to_le_bytes());
    }

    #[test]
    fn a_thread_that_breaks_ends_alone_and_is_reported() {
        let bench = Bench::new();
        let thread = bench.ask(DLL, "CreateThread", &[0, 0, 0x10, 0, 0, 0]);
        assert_eq!(
            bench.ask(DLL, "WaitForSingleObject", &[thread, u64::from(u32::MAX)]),
            0
        );
        let reports = bench.reports();
        assert!(
            matches!(&reports[..], [Report::Warning(text)] if text.contains("thread")),
            "{reports:?}"
        );
    }

    #[test]
    fn a_mutex_whose_owner_ends_is_abandoned() {
        let bench = Bench::new();
        let mutex = bench.ask(DLL, "CreateMutexW", &[0, 0, 0]);
        let wait = bench.gate(DLL, "WaitForSingleObject");
        // The thread's parameter is the handle; what follows it in the registers is not waited for.
        let thread = bench.ask(DLL, "CreateThread", &[0, 0, wait, mutex, 0, 0]);
        assert_eq!(
            bench.ask(DLL, "WaitForSingleObject", &[thread, u64::from(u32::MAX)]),
            0
        );
        assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[mutex, 0]), 0x80);
    }
}
