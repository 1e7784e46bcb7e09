//! Messages: sent, posted, waited for, and what windows do with them by default.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::controls;
use super::windows::{self, DISABLED, VISIBLE, Window, window, windows};
use crate::cx::Cx;
use crate::dll;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, Signed, Size, shims};
use crate::trap::Trap;

pub(super) const WM_CREATE: u32 = 0x01;
pub(super) const WM_DESTROY: u32 = 0x02;
const WM_ENABLE: u32 = 0x0A;
pub(super) const WM_SETTEXT: u32 = 0x0C;
pub(super) const WM_GETTEXT: u32 = 0x0D;
pub(super) const WM_GETTEXTLENGTH: u32 = 0x0E;
pub(super) const WM_CLOSE: u32 = 0x10;
const WM_QUERYENDSESSION: u32 = 0x11;
const WM_QUIT: u32 = 0x12;
const WM_ERASEBKGND: u32 = 0x14;
pub(super) const WM_SETFONT: u32 = 0x30;
pub(super) const WM_GETFONT: u32 = 0x31;
const WM_NCHITTEST: u32 = 0x84;
pub(super) const WM_NCCREATE: u32 = 0x81;
pub(super) const WM_NCDESTROY: u32 = 0x82;
const WM_SYSCOMMAND: u32 = 0x112;
const WM_TIMER: u32 = 0x113;

/// All windows at once.
const BROADCAST: u64 = 0xFFFF;

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
    pub(super) static SEND = "user32.dll", stdcall;

    /// Sends a message to a window and answers what its procedure does.
    fn SendMessageA(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        send(cx, Ansi, to, message, first, second)
    }

    /// Sends a message to a window and answers what its procedure does.
    fn SendMessageW(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        send(cx, Wide, to, message, first, second)
    }

    /// Sends a message to a window; nobody here is too slow to answer.
    fn SendMessageTimeoutA(
        cx, to: Handle, message: u32, first: Size, second: Signed, flags: u32, time: u32, result: Addr
    ) -> Signed {
        send_for(cx, Ansi, to, message, first, second, result)
    }

    /// Sends a message to a window; nobody here is too slow to answer.
    fn SendMessageTimeoutW(
        cx, to: Handle, message: u32, first: Size, second: Signed, flags: u32, time: u32, result: Addr
    ) -> Signed {
        send_for(cx, Wide, to, message, first, second, result)
    }

    /// Sends a message to a window and does not ask for the answer.
    fn SendNotifyMessageA(cx, to: Handle, message: u32, first: Size, second: Signed) -> bool {
        send(cx, Ansi, to, message, first, second).map(|_| true)
    }

    /// Sends a message to a window and does not ask for the answer.
    fn SendNotifyMessageW(cx, to: Handle, message: u32, first: Size, second: Signed) -> bool {
        send(cx, Wide, to, message, first, second).map(|_| true)
    }

    /// Calls a window procedure.
    fn CallWindowProcA(cx, procedure: Addr, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        call_procedure(cx, Ansi, procedure, to, message, first, second)
    }

    /// Calls a window procedure.
    fn CallWindowProcW(cx, procedure: Addr, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        call_procedure(cx, Wide, procedure, to, message, first, second)
    }

    /// Does with a message what windows do by default.
    fn DefWindowProcA(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        default(cx, Ansi, to, message, first, second)
    }

    /// Does with a message what windows do by default.
    fn DefWindowProcW(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        default(cx, Wide, to, message, first, second)
    }

    /// Does with a message what windows in windows do by default.
    fn DefMDIChildProcA(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        default(cx, Ansi, to, message, first, second)
    }

    /// Does with a message what windows in windows do by default.
    fn DefMDIChildProcW(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        default(cx, Wide, to, message, first, second)
    }

    /// Answers the number of a message by its name, the same for all who ask.
    fn RegisterWindowMessageA(cx, name: Addr) -> u32 {
        let name = cx.text_a(name)?;
        Ok(u32::from(windows(cx).atom(&name)))
    }

    /// Answers the number of a message by its name, the same for all who ask.
    fn RegisterWindowMessageW(cx, name: Addr) -> u32 {
        let name = cx.text_w(name)?;
        Ok(u32::from(windows(cx).atom(&name)))
    }

    /// Answers the number of a form of the clipboard by its name.
    fn RegisterClipboardFormatA(cx, name: Addr) -> u32 {
        let name = cx.text_a(name)?;
        Ok(u32::from(windows(cx).atom(&name)))
    }

    /// Answers the number of a form of the clipboard by its name.
    fn RegisterClipboardFormatW(cx, name: Addr) -> u32 {
        let name = cx.text_w(name)?;
        Ok(u32::from(windows(cx).atom(&name)))
    }

    /// Answers the name of a form of the clipboard, in capitals.
    fn GetClipboardFormatNameA(cx, format: u32, buffer: Addr, size: i32) -> i32 {
        format_name(cx, Ansi, format, buffer, size)
    }

    /// Answers the name of a form of the clipboard, in capitals.
    fn GetClipboardFormatNameW(cx, format: u32, buffer: Addr, size: i32) -> i32 {
        format_name(cx, Wide, format, buffer, size)
    }

    /// Tells whether the message at work was sent by another thread; it never was.
    fn InSendMessage(cx) -> bool {
        Ok(false)
    }

    /// Answers a sender before the message is done; nobody waits for it.
    fn ReplyMessage(cx, result: Signed) -> bool {
        Ok(false)
    }
}

shims! {
    pub(super) static QUEUE = "user32.dll", stdcall;

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
    cx.fields(at)
        .put(message.window)?
        .put(message.number)?
        .put(message.first)?
        .put(message.second)?
        .put(message.time)?
        .put(0_i32)?
        .put(0_i32)?;
    Ok(())
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
    let wait_gate = dll::find("kernel32.dll")
        .and_then(|dll| dll.find("WaitForMultipleObjects"))
        .and_then(|shim| cx.process().gates().shim(shim));
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
    let (to, number, first, second): (Handle, u32, Size, Signed) = {
        let mut fields = cx.fields(at);
        (fields.get()?, fields.get()?, fields.get()?, fields.get()?)
    };
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

fn send(
    cx: &mut Cx<'_>,
    letters: Letters,
    to: Handle,
    number: u32,
    first: Size,
    second: Signed,
) -> Result<Signed, Trap> {
    if to.0 & 0xFFFF_FFFF == BROADCAST {
        for window in windows(cx).children(windows::DESKTOP) {
            deliver(cx, letters, &window, number, first, second)?;
        }
        return Ok(Signed(1));
    }
    match window(cx, to) {
        Some(window) => deliver(cx, letters, &window, number, first, second),
        None => Ok(Signed(0)),
    }
}

fn send_for(
    cx: &mut Cx<'_>,
    letters: Letters,
    to: Handle,
    number: u32,
    first: Size,
    second: Signed,
    result: Addr,
) -> Result<Signed, Trap> {
    let there = windows(cx).get(to).is_some() || to.0 & 0xFFFF_FFFF == BROADCAST;
    let answer = send(cx, letters, to, number, first, second)?;
    if !result.is_null() {
        cx.write_addr(result, Addr(answer.0 as u64))?;
    }
    Ok(Signed(i64::from(there)))
}

/// Gives a message to a window, on the calling thread: a thread that pumps no messages cannot stop the sender.
pub(super) fn deliver(
    cx: &mut Cx<'_>,
    letters: Letters,
    window: &Arc<Window>,
    number: u32,
    first: Size,
    second: Signed,
) -> Result<Signed, Trap> {
    let procedure = window.look().procedure;
    let own = window.letters();
    if controls::is_procedure(cx, procedure) {
        return controls::message(cx, letters, window, number, first, second);
    }
    let call = |cx: &mut Cx<'_>, first: Size, second: Signed| {
        let answer = cx.call(
            procedure,
            &[window.handle.0, u64::from(number), first.0, second.0 as u64],
        );
        answer.map(|answer| Signed(answer as i64))
    };
    if letters == own || !matches!(number, WM_SETTEXT | WM_GETTEXT) || second.0 == 0 {
        return call(cx, first, second);
    }
    let at = Addr(second.0 as u64);
    if number == WM_SETTEXT {
        let text = keep_text(cx, own, &letters.read(cx, at)?)?;
        let answer = call(cx, first, Signed(text.0 as i64));
        cx.free(text);
        return answer;
    }
    let buffer = cx.allocate_zeroed(Size(first.0.saturating_add(1).saturating_mul(2)));
    let answer = call(cx, first, Signed(buffer.0 as i64));
    let text = own.read(cx, buffer);
    cx.free(buffer);
    answer?;
    letters
        .put_cut(cx, at, &text?, first.0)
        .map(|written| Signed(written as i64))
}

/// Text in the driver's memory, to be freed.
pub(super) fn keep_text(cx: &Cx<'_>, letters: Letters, text: &str) -> Result<Addr, Trap> {
    let block = cx.allocate(Size(letters.encode(cx, text).len() as u64 + 2));
    letters.put(cx, block, text)?;
    Ok(block)
}

fn call_procedure(
    cx: &mut Cx<'_>,
    letters: Letters,
    procedure: Addr,
    to: Handle,
    number: u32,
    first: Size,
    second: Signed,
) -> Result<Signed, Trap> {
    match windows(cx).get(to) {
        Some(window) if controls::is_procedure(cx, procedure) => {
            controls::message(cx, letters, &window, number, first, second)
        }
        _ => {
            let answer = cx.call(
                procedure,
                &[to.0, u64::from(number), first.0, second.0 as u64],
            )?;
            Ok(Signed(answer as i64))
        }
    }
}

/// `DefWindowProc`.
pub(super) fn default(
    cx: &mut Cx<'_>,
    letters: Letters,
    to: Handle,
    number: u32,
    first: Size,
    second: Signed,
) -> Result<Signed, Trap> {
    /// `SC_CLOSE`
    const CLOSE_COMMAND: u64 = 0xF060;
    let Some(window) = windows(cx).get(to) else {
        return Ok(Signed(0));
    };
    let at = Addr(second.0 as u64);
    let answer = match number {
        WM_NCCREATE | WM_QUERYENDSESSION | WM_ERASEBKGND | WM_NCHITTEST => 1,
        WM_SETTEXT => {
            let text = letters.optional(cx, at)?.unwrap_or_default();
            window.look().text = text;
            1
        }
        WM_GETTEXT => {
            let text = window.look().text.clone();
            letters.put_cut(cx, at, &text, first.0)? as i64
        }
        WM_GETTEXTLENGTH => {
            let text = window.look().text.clone();
            letters.length(cx, &text) as i64
        }
        WM_SETFONT => {
            window.look().font = Handle(first.0);
            0
        }
        WM_GETFONT => window.look().font.0 as i64,
        WM_CLOSE => {
            super::lifetime::destroy(cx, &window)?;
            0
        }
        WM_SYSCOMMAND if first.0 & 0xFFF0 == CLOSE_COMMAND => {
            return deliver(cx, letters, &window, WM_CLOSE, Size(0), Signed(0));
        }
        WM_ENABLE => 0,
        _ => 0,
    };
    Ok(Signed(answer))
}

/// Shows or hides a window, and tells whether it was visible.
pub(super) fn show(cx: &mut Cx<'_>, window: &Arc<Window>, visible: bool) -> Result<bool, Trap> {
    const WM_SHOWWINDOW: u32 = 0x18;
    let was = window.look().style & VISIBLE != 0;
    if was != visible {
        let letters = window.letters();
        deliver(
            cx,
            letters,
            window,
            WM_SHOWWINDOW,
            Size(u64::from(visible)),
            Signed(0),
        )?;
        let mut look = window.look();
        look.style = if visible {
            look.style | VISIBLE
        } else {
            look.style & !VISIBLE
        };
    }
    Ok(was)
}

/// Enables or disables a window, and tells whether it was disabled.
pub(super) fn enable(cx: &mut Cx<'_>, window: &Arc<Window>, enabled: bool) -> Result<bool, Trap> {
    let was_disabled = window.look().style & DISABLED != 0;
    if was_disabled == enabled {
        {
            let mut look = window.look();
            look.style = if enabled {
                look.style & !DISABLED
            } else {
                look.style | DISABLED
            };
        }
        let letters = window.letters();
        deliver(
            cx,
            letters,
            window,
            WM_ENABLE,
            Size(u64::from(enabled)),
            Signed(0),
        )?;
    }
    Ok(was_disabled)
}

fn format_name(
    cx: &Cx<'_>,
    letters: Letters,
    format: u32,
    buffer: Addr,
    size: i32,
) -> Result<i32, Trap> {
    let name = u16::try_from(format)
        .ok()
        .and_then(|atom| windows(cx).name_of_atom(atom));
    match name {
        Some(name) if size > 0 => letters
            .put_cut(cx, buffer, &name, size as u64)
            .map(|written| written as i32),
        _ => Ok(0),
    }
}
