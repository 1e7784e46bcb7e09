//! Messages: sent to windows, and what windows do with them by default.

use std::sync::Arc;

use super::controls;
use super::windows::{self, DISABLED, VISIBLE, Window, window, windows};
use crate::cx::Cx;
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
const WM_ERASEBKGND: u32 = 0x14;
pub(super) const WM_SETFONT: u32 = 0x30;
pub(super) const WM_GETFONT: u32 = 0x31;
const WM_NCHITTEST: u32 = 0x84;
pub(super) const WM_NCCREATE: u32 = 0x81;
pub(super) const WM_NCDESTROY: u32 = 0x82;
const WM_SYSCOMMAND: u32 = 0x112;

/// All windows at once.
pub(super) const BROADCAST: u64 = 0xFFFF;

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
