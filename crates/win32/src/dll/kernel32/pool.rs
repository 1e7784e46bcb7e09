//! Work that a driver leaves to a pool of threads: work items, timers, waits.
//!
//! Workers are threads of the Windows process that come when there is something to do and go when there was nothing for a
//! while. What a driver holds of an item is a number that it takes for a pointer and never follows.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use super::threads;
use crate::cx::Cx;
use crate::load::Image;
use crate::process::Process;
use crate::shim::{Addr, Handle, Size, shims};
use crate::trap::Trap;
use crate::waits::{Object, State, Waited, Waits, timeout};

const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_IO_PENDING: u32 = 997;
/// `INVALID_HANDLE_VALUE`: wait until nothing of the item runs.
const WAIT_FOR_END: u64 = u64::MAX;
/// `WT_EXECUTEONLYONCE`.
const ONLY_ONCE: u32 = 8;

/// How many workers there are at most.
const WORKERS: usize = 64;
/// How long a worker stays without work.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pool of a process.
#[derive(Default)]
struct Pool {
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Default)]
struct Desk {
    items: HashMap<u64, Item>,
    made: u64,
    ready: VecDeque<Job>,
    idle: usize,
    workers: usize,
}

/// Something that is done again and again.
struct Item {
    function: Addr,
    arguments: Vec<u64>,
    /// When it is due next, and how often after that.
    due: Option<Instant>,
    period: Duration,
    /// Set to end the wait of one that waits for an object.
    cancel: Option<Arc<Object>>,
    /// How often it is queued or runs.
    busy: usize,
    /// It goes when nothing of it is queued or runs.
    is_closed: bool,
}

/// One time that something is done.
struct Job {
    item: Option<u64>,
    task: Task,
}

enum Task {
    Call(Addr, Vec<u64>),
    Wait(Watch),
}

/// A wait for an object, on behalf of an item.
struct Watch {
    function: Addr,
    /// The arguments; how the wait ended is put behind them.
    arguments: Vec<u64>,
    object: Arc<Object>,
    cancel: Arc<Object>,
    time: Option<Duration>,
    is_repeated: bool,
}

impl Pool {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("no holder panics")
    }

    /// Queues a job and sees to it that somebody does it.
    fn submit(self: &Arc<Self>, process: &Weak<Process>, job: Job) {
        let mut desk = self.desk();
        if let Some(item) = job.item.and_then(|item| desk.items.get_mut(&item)) {
            item.busy += 1;
        }
        desk.ready.push_back(job);
        self.staff(&mut desk, process);
    }

    /// Wakes a worker, or hires one if all have something to do.
    fn staff(self: &Arc<Self>, desk: &mut Desk, process: &Weak<Process>) {
        if desk.idle < desk.ready.len().max(1) && desk.workers < WORKERS {
            let (pool, process) = (self.clone(), process.clone());
            let hired = std::thread::Builder::new()
                .name("driver pool".to_owned())
                .spawn(move || pool.work(&process));
            desk.workers += usize::from(hired.is_ok());
        }
        self.changed.notify_all();
    }

    fn work(&self, process: &Weak<Process>) {
        let mut is_new = true;
        while let Some(job) = self.next() {
            let Some(process) = process.upgrade() else {
                break;
            };
            let ran = process.with_cx(|cx| {
                if std::mem::take(&mut is_new) {
                    report(cx, None, threads::tell_images(cx, threads::THREAD_ATTACH));
                }
                // The image stays mapped while something runs in it, even when it is unloaded.
                let image = cx.process().images().by_address(job.task.function().0);
                let done = job.task.run(cx);
                report(cx, image.as_ref(), done);
            });
            if let Err(fault) = ran {
                process.station().thread_broke(None, &fault);
            }
            self.finish(job.item);
        }
        if let Some(process) = process.upgrade()
            && !is_new
        {
            // A thread that has run here has its stack.
            let _ = process.with_cx(|cx| {
                let told = threads::end(cx);
                report(cx, None, told);
            });
        }
    }

    /// Waits for a job; none when it took too long, and the worker is no longer counted.
    fn next(&self) -> Option<Job> {
        let mut desk = self.desk();
        let patience = Instant::now() + PATIENCE;
        loop {
            desk.ripen();
            if let Some(job) = desk.ready.pop_front() {
                return Some(job);
            }
            let due = desk.items.values().filter_map(|item| item.due).min();
            let now = Instant::now();
            if due.is_none() && now >= patience {
                desk.workers -= 1;
                return None;
            }
            let until = due.unwrap_or(patience).saturating_duration_since(now);
            desk.idle += 1;
            desk = self
                .changed
                .wait_timeout(desk, until)
                .expect("no holder panics")
                .0;
            desk.idle -= 1;
        }
    }

    fn finish(&self, item: Option<u64>) {
        let mut desk = self.desk();
        if let Some(key) = item
            && let Some(item) = desk.items.get_mut(&key)
        {
            item.busy -= 1;
            desk.sweep(key);
        }
        self.changed.notify_all();
    }

    /// Waits until nothing of an item is queued or runs; what is only queued is dropped if asked.
    fn drain(&self, key: u64, cancel: bool) {
        let mut desk = self.desk();
        if cancel {
            let queued = desk.ready.len();
            desk.ready.retain(|job| job.item != Some(key));
            let dropped = queued - desk.ready.len();
            if let Some(item) = desk.items.get_mut(&key) {
                item.busy -= dropped;
            }
        }
        let busy = |desk: &mut Desk| desk.items.get(&key).is_some_and(|item| item.busy != 0);
        drop(
            self.changed
                .wait_while(desk, busy)
                .expect("no holder panics"),
        );
    }
}

impl Desk {
    /// Queues the timers that are due.
    fn ripen(&mut self) {
        let now = Instant::now();
        for (key, item) in &mut self.items {
            let Some(due) = item.due.filter(|due| *due <= now) else {
                continue;
            };
            item.due = (!item.period.is_zero()).then(|| due + item.period);
            item.busy += 1;
            let task = Task::Call(item.function, item.arguments.clone());
            self.ready.push_back(Job {
                item: Some(*key),
                task,
            });
        }
    }

    /// Forgets an item that is closed and not busy.
    fn sweep(&mut self, key: u64) {
        if self
            .items
            .get(&key)
            .is_some_and(|item| item.is_closed && item.busy == 0)
        {
            self.items.remove(&key);
        }
    }
}

impl Task {
    fn function(&self) -> Addr {
        match self {
            Self::Call(function, _) => *function,
            Self::Wait(watch) => watch.function,
        }
    }

    fn run(&self, cx: &mut Cx<'_>) -> Result<(), Trap> {
        match self {
            Self::Call(function, arguments) => cx.call(*function, arguments).map(drop),
            Self::Wait(watch) => watch.run(cx),
        }
    }
}

impl Watch {
    fn run(&self, cx: &mut Cx<'_>) -> Result<(), Trap> {
        let waits = cx.state::<Waits>();
        let objects = [self.cancel.clone(), self.object.clone()];
        loop {
            let timed_out = match waits.wait(&objects, false, self.time, cx.thread().id()) {
                Waited::Object(0) => return Ok(()),
                Waited::Object(_) | Waited::Abandoned(_) => false,
                Waited::TimedOut => true,
            };
            let mut arguments = self.arguments.clone();
            arguments.push(timed_out.into());
            cx.call(self.function, &arguments)?;
            if !self.is_repeated {
                return Ok(());
            }
        }
    }
}

/// Tells the station of work that broke; the worker goes on.
fn report(cx: &Cx<'_>, image: Option<&Arc<Image>>, done: Result<(), Trap>) {
    if let Err(trap) = done
        && !matches!(trap, Trap::ExitThread(_))
    {
        let fault = cx.process().fault_of(trap);
        cx.station()
            .thread_broke(image.map(|image| image.path()), &fault);
    }
}

fn pool(cx: &Cx<'_>) -> Arc<Pool> {
    cx.state::<Pool>()
}

fn weak(cx: &Cx<'_>) -> Weak<Process> {
    Arc::downgrade(&cx.process().shared())
}

/// Makes an item; the function gets the item itself among its arguments where `arguments` says so.
fn item(cx: &Cx<'_>, function: Addr, arguments: impl FnOnce(u64) -> Vec<u64>) -> Addr {
    let pool = pool(cx);
    let mut desk = pool.desk();
    // Never used again, so that what an item left behind cannot meet another one.
    desk.made += 1;
    let key = desk.made * 16;
    let item = Item {
        function,
        arguments: arguments(key),
        due: None,
        period: Duration::ZERO,
        cancel: None,
        busy: 0,
        is_closed: false,
    };
    desk.items.insert(key, item);
    Addr(key)
}

/// Sets when an item is due; it stays undone if there is none.
fn schedule(cx: &Cx<'_>, key: Addr, due: Option<Instant>, period: Duration) -> bool {
    let pool = pool(cx);
    let mut desk = pool.desk();
    let Some(item) = desk.items.get_mut(&key.0) else {
        return false;
    };
    (item.due, item.period) = (due, period);
    if due.is_some() {
        pool.staff(&mut desk, &weak(cx));
    } else {
        pool.changed.notify_all();
    }
    true
}

/// Closes an item: nothing new of it begins, and it goes when nothing of it runs.
fn close(cx: &Cx<'_>, key: Addr) -> bool {
    let pool = pool(cx);
    let cancel = {
        let mut desk = pool.desk();
        let Some(item) = desk.items.get_mut(&key.0) else {
            return false;
        };
        item.due = None;
        item.is_closed = true;
        let cancel = item.cancel.take();
        desk.sweep(key.0);
        cancel
    };
    if let Some(cancel) = cancel {
        end_wait(cx, &cancel);
    }
    true
}

fn end_wait(cx: &Cx<'_>, cancel: &Object) {
    cx.state::<Waits>().change(cancel, |state| {
        *state = State::Event {
            is_manual: true,
            is_set: true,
        }
    });
}

/// Waits for an item's end before it is closed, unless that would be waiting for the caller itself.
fn close_and_wait(cx: &Cx<'_>, key: Addr, completion: Handle) -> Result<bool, Trap> {
    let pool = pool(cx);
    let is_busy = pool.desk().items.get(&key.0).map(|item| item.busy != 0);
    let Some(is_busy) = is_busy else {
        return cx.fail(ERROR_INVALID_HANDLE, false);
    };
    if completion.0 == WAIT_FOR_END {
        schedule(cx, key, None, Duration::ZERO);
        let cancel = pool
            .desk()
            .items
            .get_mut(&key.0)
            .and_then(|item| item.cancel.take());
        if let Some(cancel) = cancel {
            end_wait(cx, &cancel);
        }
        pool.drain(key.0, true);
        return Ok(close(cx, key));
    }
    close(cx, key);
    if completion != Handle::NULL
        && let Some(event) = cx.process().handles().get::<Object>(completion)
    {
        end_wait(cx, &event);
        return Ok(true);
    }
    if is_busy {
        cx.fail(ERROR_IO_PENDING, false)
    } else {
        Ok(true)
    }
}

/// Waits for an object on behalf of an item.
fn watch(cx: &Cx<'_>, key: Addr, object: Arc<Object>, time: Option<Duration>, is_repeated: bool) {
    let pool = pool(cx);
    let cancel = Arc::new(Object::new(
        None,
        State::Event {
            is_manual: true,
            is_set: false,
        },
    ));
    let job = {
        let mut desk = pool.desk();
        let Some(item) = desk.items.get_mut(&key.0) else {
            return;
        };
        item.cancel = Some(cancel.clone());
        let (function, arguments) = (item.function, item.arguments.clone());
        let task = Task::Wait(Watch {
            function,
            arguments,
            object,
            cancel,
            time,
            is_repeated,
        });
        Job {
            item: Some(key.0),
            task,
        }
    };
    pool.submit(&weak(cx), job);
}

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Runs a function on another thread.
    fn QueueUserWorkItem(cx, function: Addr, parameter: Addr, flags: u32) -> bool {
        let task = Task::Call(function, vec![parameter.0]);
        pool(cx).submit(&weak(cx), Job { item: None, task });
        Ok(true)
    }

    /// Runs a function on a thread of the pool.
    fn TrySubmitThreadpoolCallback(cx, function: Addr, context: Addr, environment: Addr) -> bool {
        let task = Task::Call(function, vec![0, context.0]);
        pool(cx).submit(&weak(cx), Job { item: None, task });
        Ok(true)
    }

    /// Makes a work item.
    fn CreateThreadpoolWork(cx, function: Addr, context: Addr, environment: Addr) -> Addr {
        Ok(item(cx, function, |item| vec![item, context.0, item]))
    }

    /// Leaves a work item to the pool once more.
    fn SubmitThreadpoolWork(cx, work: Addr) {
        let pool = pool(cx);
        let task = pool.desk().items.get(&work.0).map(|item| Task::Call(item.function, item.arguments.clone()));
        if let Some(task) = task {
            pool.submit(&weak(cx), Job { item: Some(work.0), task });
        }
        Ok(())
    }

    /// Waits until a work item is done as often as it was left to the pool.
    fn WaitForThreadpoolWorkCallbacks(cx, work: Addr, cancel: bool) {
        pool(cx).drain(work.0, cancel);
        Ok(())
    }

    /// Closes a work item.
    fn CloseThreadpoolWork(cx, work: Addr) {
        close(cx, work);
        Ok(())
    }

    /// Makes a timer of the pool.
    fn CreateThreadpoolTimer(cx, function: Addr, context: Addr, environment: Addr) -> Addr {
        Ok(item(cx, function, |item| vec![item, context.0, item]))
    }

    /// Sets when a timer is due: so many 100 ns from now where negative, at once otherwise; null stops it.
    fn SetThreadpoolTimer(cx, timer: Addr, due: Addr, period: u32, window: u32) {
        let due = if due.is_null() {
            None
        } else {
            let ticks: i64 = cx.read(due)?;
            Instant::now().checked_add(Duration::from_nanos(ticks.min(0).unsigned_abs().saturating_mul(100)))
        };
        schedule(cx, timer, due, Duration::from_millis(period.into()));
        Ok(())
    }

    /// Tells whether a timer is set.
    fn IsThreadpoolTimerSet(cx, timer: Addr) -> bool {
        Ok(pool(cx).desk().items.get(&timer.0).is_some_and(|item| item.due.is_some()))
    }

    /// Waits until nothing of a timer runs.
    fn WaitForThreadpoolTimerCallbacks(cx, timer: Addr, cancel: bool) {
        pool(cx).drain(timer.0, cancel);
        Ok(())
    }

    /// Closes a timer.
    fn CloseThreadpoolTimer(cx, timer: Addr) {
        close(cx, timer);
        Ok(())
    }

    /// Makes a wait of the pool.
    fn CreateThreadpoolWait(cx, function: Addr, context: Addr, environment: Addr) -> Addr {
        Ok(item(cx, function, |item| vec![item, context.0, item]))
    }

    /// Begins to wait for an object, or stops.
    fn SetThreadpoolWait(cx, wait: Addr, object: Handle, due: Addr) {
        let cancel = pool(cx).desk().items.get_mut(&wait.0).and_then(|item| item.cancel.take());
        if let Some(cancel) = cancel {
            end_wait(cx, &cancel);
        }
        let time = if due.is_null() {
            None
        } else {
            let ticks: i64 = cx.read(due)?;
            Some(Duration::from_nanos(ticks.min(0).unsigned_abs().saturating_mul(100)))
        };
        if let Some(object) = cx.process().handles().get::<Object>(object) {
            watch(cx, wait, object, time, false);
        }
        Ok(())
    }

    /// Waits until nothing of a wait runs.
    fn WaitForThreadpoolWaitCallbacks(cx, wait: Addr, cancel: bool) {
        let pool = pool(cx);
        let ended = pool.desk().items.get_mut(&wait.0).and_then(|item| item.cancel.take());
        if let Some(ended) = ended.filter(|_| cancel) {
            end_wait(cx, &ended);
        }
        pool.drain(wait.0, cancel);
        Ok(())
    }

    /// Closes a wait.
    fn CloseThreadpoolWait(cx, wait: Addr) {
        close(cx, wait);
        Ok(())
    }

    /// Makes a pool, which is the one pool there is.
    fn CreateThreadpool(cx, reserved: Addr) -> Addr { Ok(cx.allocate_zeroed(Size(16))) }

    /// Closes a pool.
    fn CloseThreadpool(cx, pool: Addr) {
        cx.free(pool);
        Ok(())
    }

    /// Takes note that the pool decides itself how many threads it has.
    fn SetThreadpoolThreadMaximum(cx, pool: Addr, count: u32) { Ok(()) }

    /// Takes note that the pool decides itself how many threads it has.
    fn SetThreadpoolThreadMinimum(cx, pool: Addr, count: u32) -> bool { Ok(true) }

    /// Takes note that a callback will take long.
    fn CallbackMayRunLong(cx, instance: Addr) -> bool { Ok(true) }

    /// Makes a queue of timers, which is the one pool there is.
    fn CreateTimerQueue(cx) -> Handle { Ok(Handle(cx.allocate_zeroed(Size(16)).0)) }

    /// Makes a timer that calls a function.
    fn CreateTimerQueueTimer(cx, timer: Addr, queue: Handle, function: Addr, parameter: Addr, due: u32, period: u32, flags: u32) -> bool {
        let key = item(cx, function, |_| vec![parameter.0, 1]);
        cx.write_addr(timer, key)?;
        let period = if flags & ONLY_ONCE != 0 { 0 } else { period };
        let due = Instant::now() + Duration::from_millis(due.into());
        Ok(schedule(cx, key, Some(due), Duration::from_millis(period.into())))
    }

    /// Changes when a timer is due.
    fn ChangeTimerQueueTimer(cx, queue: Handle, timer: Addr, due: u32, period: u32) -> bool {
        let due = Instant::now() + Duration::from_millis(due.into());
        if schedule(cx, timer, Some(due), Duration::from_millis(period.into())) {
            Ok(true)
        } else {
            cx.fail(ERROR_INVALID_HANDLE, false)
        }
    }

    /// Ends a timer.
    fn DeleteTimerQueueTimer(cx, queue: Handle, timer: Addr, completion: Handle) -> bool {
        close_and_wait(cx, timer, completion)
    }

    /// Ends a queue of timers.
    fn DeleteTimerQueue(cx, queue: Handle) -> bool { Ok(cx.free(cx.address(queue))) }

    /// Ends a queue of timers.
    fn DeleteTimerQueueEx(cx, queue: Handle, completion: Handle) -> bool { Ok(cx.free(cx.address(queue))) }

    /// Calls a function when an object is ready or the time is up.
    fn RegisterWaitForSingleObject(cx, wait: Addr, object: Handle, function: Addr, context: Addr, milliseconds: u32, flags: u32) -> bool {
        let Some(object) = cx.process().handles().get::<Object>(object) else {
            return cx.fail(ERROR_INVALID_HANDLE, false);
        };
        let key = item(cx, function, |_| vec![context.0]);
        cx.write_addr(wait, key)?;
        watch(cx, key, object, timeout(milliseconds), flags & ONLY_ONCE == 0);
        Ok(true)
    }

    /// Ends a registered wait.
    fn UnregisterWait(cx, wait: Addr) -> bool { close_and_wait(cx, wait, Handle::NULL) }

    /// Ends a registered wait.
    fn UnregisterWaitEx(cx, wait: Addr, completion: Handle) -> bool { close_and_wait(cx, wait, completion) }
}

#[cfg(test)]
mod tests;
