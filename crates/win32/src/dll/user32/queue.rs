//! Queues of messages and timers, one a thread.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::messages::{BROADCAST, deliver};
use super::windows::{self, Window, window, windows};
use crate::cx::Cx;
use crate::shim::{Addr, Handle, Signed, Size, shims};
use crate::structures::QueuedMessage;
use crate::trap::Trap;

const WM_QUIT: u32 = 0x12;
const WM_TIMER: u32 = 0x113;

/// A message that waits, as `MSG` describes it.
#[derive(Clone, Copy)]
struct Message {
    window: Handle,
    number: u32,
    first: Size,
    second: Signed,
    time: u32,
}

/// A timer of a thread.
struct Timer {
    window: Handle,
    id: u64,
    period: Duration,
    due: Instant,
    callback: Addr,
}

/// What waits for one thread.
#[derive(Default)]
struct Queue {
    state: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<Message>,
    quit: Option<i32>,
    timers: Vec<Timer>,
    next_timer: u64,
}

/// The queues of all threads that have windows or were posted to.
#[derive(Default)]
struct Queues {
    queues: Mutex<HashMap<u32, Arc<Queue>>>,
}

/// Which messages `GetMessage` and `PeekMessage` want.
#[derive(Clone, Copy)]
struct Filter {
    window: Handle,
    first: u32,
    last: u32,
}

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Puts a message into the queue of a window's thread.
    fn PostMessageA(cx, to: Handle, message: u32, first: Size, second: Signed) -> bool {
        post(cx, to, message, first, second)
    }

    /// Puts a message into the queue of a window's thread.
    fn PostMessageW(cx, to: Handle, message: u32, first: Size, second: Signed) -> bool {
        post(cx, to, message, first, second)
    }

    /// Puts a message into the queue of a thread.
    fn PostThreadMessageA(cx, thread: u32, message: u32, first: Size, second: Signed) -> bool {
        enqueue(cx, thread, Handle::NULL, message, first, second);
        Ok(true)
    }

    /// Puts a message into the queue of a thread.
    fn PostThreadMessageW(cx, thread: u32, message: u32, first: Size, second: Signed) -> bool {
        enqueue(cx, thread, Handle::NULL, message, first, second);
        Ok(true)
    }

    /// Ends the message loop of the calling thread.
    fn PostQuitMessage(cx, code: i32) {
        let queue = queue(cx, cx.thread().id());
        queue.state.lock().expect("no holder panics").quit = Some(code);
        queue.arrived.notify_all();
        Ok(())
    }

    /// Waits for a message of the calling thread; false for the last one.
    fn GetMessageA(cx, message: Addr, of: Handle, first: u32, last: u32) -> i32 {
        wait_for_message(cx, message, Filter::new(of, first, last))
    }

    /// Waits for a message of the calling thread; false for the last one.
    fn GetMessageW(cx, message: Addr, of: Handle, first: u32, last: u32) -> i32 {
        wait_for_message(cx, message, Filter::new(of, first, last))
    }

    /// Takes a message of the calling thread, or looks at it; false when none waits.
    fn PeekMessageA(cx, message: Addr, of: Handle, first: u32, last: u32, remove: u32) -> bool {
        peek(cx, message, Filter::new(of, first, last), remove)
    }

    /// Takes a message of the calling thread, or looks at it; false when none waits.
    fn PeekMessageW(cx, message: Addr, of: Handle, first: u32, last: u32, remove: u32) -> bool {
        peek(cx, message, Filter::new(of, first, last), remove)
    }

    /// Waits until a message waits for the calling thread.
    fn WaitMessage(cx) -> bool {
        let queue = queue(cx, cx.thread().id());
        let all = Filter::new(Handle::NULL, 0, 0);
        wait(&queue, None, |waiting| waiting.next(all, false).map(drop));
        Ok(true)
    }

    /// Waits for objects or for a message of the calling thread.
    fn MsgWaitForMultipleObjects(cx, count: u32, handles: Addr, all: bool, time: u32, wake: u32) -> u32 {
        wait_for_objects(cx, count, handles, all, time)
    }

    /// Waits for objects or for a message of the calling thread.
    fn MsgWaitForMultipleObjectsEx(cx, count: u32, handles: Addr, time: u32, wake: u32, flags: u32) -> u32 {
        wait_for_objects(cx, count, handles, flags & 1 != 0, time)
    }

    /// Makes characters of keys; no key is ever pressed.
    fn TranslateMessage(cx, message: Addr) -> bool {
        Ok(false)
    }

    /// Makes commands of keys; no key is ever pressed.
    fn TranslateAcceleratorA(cx, of: Handle, table: Handle, message: Addr) -> i32 {
        Ok(0)
    }

    /// Makes commands of keys; no key is ever pressed.
    fn TranslateAcceleratorW(cx, of: Handle, table: Handle, message: Addr) -> i32 {
        Ok(0)
    }

    /// Gives a message to the procedure of its window.
    fn DispatchMessageA(cx, message: Addr) -> Signed {
        dispatch(cx, message)
    }

    /// Gives a message to the procedure of its window.
    fn DispatchMessageW(cx, message: Addr) -> Signed {
        dispatch(cx, message)
    }

    /// Answers which kinds of messages wait.
    fn GetQueueStatus(cx, flags: u32) -> u32 {
        let queue = queue(cx, cx.thread().id());
        let waits = queue.state.lock().expect("no holder panics").next(Filter::new(Handle::NULL, 0, 0), false).is_some();
        // QS_POSTMESSAGE, new and waiting.
        Ok(if waits { 0x0008_0008 & (flags << 16 | flags) } else { 0 })
    }

    /// Tells whether keyboard or mouse have something to say; they never have.
    fn GetInputState(cx) -> bool {
        Ok(false)
    }

    /// Answers when the last message was posted.
    fn GetMessageTime(cx) -> i32 {
        Ok(ticks() as i32)
    }

    /// Answers where the mouse was at the last message.
    fn GetMessagePos(cx) -> u32 {
        Ok(0)
    }

    /// Answers what a driver of input added to the last message.
    fn GetMessageExtraInfo(cx) -> Signed {
        Ok(Signed(0))
    }

    /// Posts `WM_TIMER`, or calls a function, again and again.
    fn SetTimer(cx, of: Handle, id: Size, period: u32, callback: Addr) -> Size {
        let thread = windows(cx).get(of).map_or_else(|| cx.thread().id(), |window| window.thread);
        let queue = queue(cx, thread);
        let mut waiting = queue.state.lock().expect("no holder panics");
        waiting.next_timer += 1;
        let id = if of == Handle::NULL && id.0 == 0 { 0x7FFF - waiting.next_timer % 0x4000 } else { id.0 };
        waiting.timers.retain(|timer| (timer.window, timer.id) != (of, id));
        let period = Duration::from_millis(u64::from(period.max(10)));
        let due = Instant::now() + period;
        waiting.timers.push(Timer { window: of, id, period, due, callback });
        queue.arrived.notify_all();
        Ok(Size(id.max(1)))
    }

    /// Ends a timer.
    fn KillTimer(cx, of: Handle, id: Size) -> bool {
        let thread = windows(cx).get(of).map_or_else(|| cx.thread().id(), |window| window.thread);
        let queue = queue(cx, thread);
        let mut waiting = queue.state.lock().expect("no holder panics");
        let before = waiting.timers.len();
        waiting.timers.retain(|timer| (timer.window, timer.id) != (of, id.0));
        Ok(waiting.timers.len() != before)
    }

    /// Hangs a function into the way of messages; the system has none that would pass it.
    fn SetWindowsHookExA(cx, kind: i32, function: Addr, module: Handle, thread: u32) -> Handle {
        Ok(cx.process().handles().insert(Arc::new(Hook)))
    }

    /// Hangs a function into the way of messages; the system has none that would pass it.
    fn SetWindowsHookExW(cx, kind: i32, function: Addr, module: Handle, thread: u32) -> Handle {
        Ok(cx.process().handles().insert(Arc::new(Hook)))
    }

    /// Takes a hook away.
    fn UnhookWindowsHookEx(cx, hook: Handle) -> bool {
        let is_hook = cx.process().handles().get::<Hook>(hook).is_some();
        Ok(is_hook && cx.process().handles().close(hook))
    }

    /// Passes a message on to the next hook; there is none.
    fn CallNextHookEx(cx, hook: Handle, code: i32, first: Size, second: Signed) -> Signed {
        Ok(Signed(0))
    }
}

/// What the handle of a hook stands for.
struct Hook;

impl Filter {
    fn new(window: Handle, first: u32, last: u32) -> Self {
        Self {
            window,
            first,
            last,
        }
    }

    fn wants(self, message: &Message) -> bool {
        let of_window = self.window == Handle::NULL
            || self.window == message.window
            || self.window.0 as u32 == u32::MAX;
        let all = self.first == 0 && self.last == 0;
        of_window && (all || (self.first..=self.last).contains(&message.number))
    }
}

impl Waiting {
    /// The next message, in Windows' order: posted ones, the end, timers.
    fn next(&mut self, filter: Filter, remove: bool) -> Option<Message> {
        if let Some(at) = self
            .messages
            .iter()
            .position(|message| filter.wants(message))
        {
            return if remove {
                self.messages.remove(at)
            } else {
                self.messages.get(at).copied()
            };
        }
        if let Some(code) = self.quit {
            if remove {
                self.quit = None;
            }
            let first = Size(code as u64);
            return Some(Message {
                window: Handle::NULL,
                number: WM_QUIT,
                first,
                second: Signed(0),
                time: ticks(),
            });
        }
        let now = Instant::now();
        let message_of = |timer: &Timer| Message {
            window: timer.window,
            number: WM_TIMER,
            first: Size(timer.id),
            second: Signed(timer.callback.0 as i64),
            time: ticks(),
        };
        let timer = self
            .timers
            .iter_mut()
            .find(|timer| timer.due <= now && filter.wants(&message_of(timer)))?;
        if remove {
            timer.due = now + timer.period;
        }
        Some(message_of(timer))
    }

    /// When the next timer is due.
    fn due(&self) -> Option<Instant> {
        self.timers.iter().map(|timer| timer.due).min()
    }
}

fn ticks() -> u32 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the structure is ours to write.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    (time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000) as u32
}

fn queue(cx: &Cx<'_>, thread: u32) -> Arc<Queue> {
    cx.state::<Queues>()
        .queues
        .lock()
        .expect("no holder panics")
        .entry(thread)
        .or_default()
        .clone()
}

fn enqueue(cx: &Cx<'_>, thread: u32, window: Handle, number: u32, first: Size, second: Signed) {
    let queue = queue(cx, thread);
    let message = Message {
        window,
        number,
        first,
        second,
        time: ticks(),
    };
    queue
        .state
        .lock()
        .expect("no holder panics")
        .messages
        .push_back(message);
    queue.arrived.notify_all();
}

fn post(cx: &Cx<'_>, to: Handle, number: u32, first: Size, second: Signed) -> Result<bool, Trap> {
    if to == Handle::NULL {
        enqueue(cx, cx.thread().id(), to, number, first, second);
        return Ok(true);
    }
    if to.0 & 0xFFFF_FFFF == BROADCAST {
        for window in windows(cx).children(windows::DESKTOP) {
            enqueue(cx, window.thread, window.handle, number, first, second);
        }
        return Ok(true);
    }
    let Some(window) = window(cx, to) else {
        return Ok(false);
    };
    enqueue(cx, window.thread, window.handle, number, first, second);
    Ok(true)
}

/// Forgets what waits for a window that goes.
pub(super) fn forget(cx: &Cx<'_>, window: &Window) {
    let queue = queue(cx, window.thread);
    let mut waiting = queue.state.lock().expect("no holder panics");
    waiting
        .messages
        .retain(|message| message.window != window.handle);
    waiting.timers.retain(|timer| timer.window != window.handle);
}

/// Waits until `look` finds something, or until `end`.
fn wait<T>(
    queue: &Queue,
    end: Option<Instant>,
    mut look: impl FnMut(&mut Waiting) -> Option<T>,
) -> Option<T> {
    let mut waiting = queue.state.lock().expect("no holder panics");
    loop {
        if let Some(found) = look(&mut waiting) {
            return Some(found);
        }
        let until = [waiting.due(), end].into_iter().flatten().min();
        let now = Instant::now();
        if end.is_some_and(|end| end <= now) {
            return None;
        }
        waiting = match until {
            Some(until) => {
                queue
                    .arrived
                    .wait_timeout(waiting, until - now.min(until))
                    .expect("no holder panics")
                    .0
            }
            None => queue.arrived.wait(waiting).expect("no holder panics"),
        };
    }
}

fn write_message(cx: &Cx<'_>, at: Addr, message: &Message) -> Result<(), Trap> {
    let described = QueuedMessage {
        window: message.window,
        number: message.number,
        first: message.first,
        second: message.second,
        time: message.time,
        left: 0,
        top: 0,
    };
    described.write(cx, at)
}

fn wait_for_message(cx: &Cx<'_>, at: Addr, filter: Filter) -> Result<i32, Trap> {
    let queue = queue(cx, cx.thread().id());
    let Some(message) = wait(&queue, None, |waiting| waiting.next(filter, true)) else {
        return Ok(-1);
    };
    write_message(cx, at, &message)?;
    Ok(i32::from(message.number != WM_QUIT))
}

fn peek(cx: &Cx<'_>, at: Addr, filter: Filter, remove: u32) -> Result<bool, Trap> {
    let queue = queue(cx, cx.thread().id());
    let found = queue
        .state
        .lock()
        .expect("no holder panics")
        .next(filter, remove & 1 != 0);
    match found {
        Some(message) => {
            write_message(cx, at, &message)?;
            Ok(true)
        }
        None => Ok(false),
    }
}

fn wait_for_objects(
    cx: &mut Cx<'_>,
    count: u32,
    handles: Addr,
    all: bool,
    time: u32,
) -> Result<u32, Trap> {
    const TIMEOUT: u32 = 258;
    const FAILED: u32 = u32::MAX;
    /// How long an object may be ready before it is seen.
    const STEP: Duration = Duration::from_millis(5);
    let end = (time != u32::MAX).then(|| Instant::now() + Duration::from_millis(u64::from(time)));
    let wait_gate = cx
        .process()
        .symbol_of("kernel32.dll", "WaitForMultipleObjects");
    let queue = queue(cx, cx.thread().id());
    let filter = Filter::new(Handle::NULL, 0, 0);
    loop {
        if let (Some(gate), true) = (wait_gate, count != 0) {
            let ready = cx.call(
                Addr(gate),
                &[u64::from(count), handles.0, u64::from(all), 0],
            )? as u32;
            if ready != TIMEOUT {
                return Ok(ready);
            }
        }
        let step = if count == 0 {
            end
        } else {
            Some(end.map_or(Instant::now() + STEP, |end| end.min(Instant::now() + STEP)))
        };
        if wait(&queue, step, |waiting| {
            waiting.next(filter, false).map(drop)
        })
        .is_some()
        {
            return Ok(count);
        }
        if end.is_some_and(|end| end <= Instant::now()) {
            return Ok(TIMEOUT);
        }
        if wait_gate.is_none() && count != 0 {
            return Ok(FAILED);
        }
    }
}

fn dispatch(cx: &mut Cx<'_>, at: Addr) -> Result<Signed, Trap> {
    let QueuedMessage {
        window: to,
        number,
        first,
        second,
        ..
    } = QueuedMessage::read(cx, at)?;
    if number == WM_TIMER && second.0 != 0 {
        let time = u64::from(ticks());
        return cx
            .call(
                Addr(second.0 as u64),
                &[to.0, u64::from(number), first.0, time],
            )
            .map(|answer| Signed(answer as i64));
    }
    let Some(window) = windows(cx).get(to) else {
        return Ok(Signed(0));
    };
    let letters = window.letters();
    deliver(cx, letters, &window, number, first, second)
}
