//! What windows are asked about themselves: place, parent, text, numbers, properties.

use std::sync::Arc;

use super::messages::{self, WM_GETTEXT, WM_GETTEXTLENGTH, WM_SETTEXT, deliver};
use super::rects::Rect;
use super::screen;
use super::windows::{
    CHILD, DESKTOP, DISABLED, Kept, MAXIMIZED, MINIMIZED, VISIBLE, Window, name, on_screen, window,
    windows,
};
use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, Signed, Size, shims};
use crate::trap::Trap;

shims! {
    pub(super) static STATE = "user32.dll", stdcall;

    /// Shows or hides a window; tells whether it was visible.
    fn ShowWindow(cx, of: Handle, how: i32) -> bool {
        show(cx, of, how)
    }

    /// Shows or hides a window; tells whether it was visible.
    fn ShowWindowAsync(cx, of: Handle, how: i32) -> bool {
        show(cx, of, how)
    }

    /// Draws what is to be drawn of a window: nothing.
    fn UpdateWindow(cx, of: Handle) -> bool {
        Ok(window(cx, of).is_some())
    }

    /// Tells whether a window and those that it is in are visible.
    fn IsWindowVisible(cx, of: Handle) -> bool {
        let mut next = windows(cx).get(of);
        while let Some(window) = next {
            let (style, parent) = { let look = window.look(); (look.style, look.parent) };
            if style & VISIBLE == 0 {
                return Ok(false);
            }
            if style & CHILD == 0 {
                return Ok(true);
            }
            next = windows(cx).get(parent);
        }
        Ok(of == DESKTOP)
    }

    /// Tells whether a window takes input.
    fn IsWindowEnabled(cx, of: Handle) -> bool {
        Ok(window(cx, of).is_some_and(|window| window.look().style & DISABLED == 0))
    }

    /// Tells whether a window is an icon.
    fn IsIconic(cx, of: Handle) -> bool {
        Ok(window(cx, of).is_some_and(|window| window.look().style & MINIMIZED != 0))
    }

    /// Tells whether a window fills the screen.
    fn IsZoomed(cx, of: Handle) -> bool {
        Ok(window(cx, of).is_some_and(|window| window.look().style & MAXIMIZED != 0))
    }

    /// Lets a window take input or not; tells whether it took none.
    fn EnableWindow(cx, of: Handle, enabled: bool) -> bool {
        match window(cx, of) {
            Some(window) => messages::enable(cx, &window, enabled),
            None => Ok(false),
        }
    }

    /// Makes a window the active one; answers the one before.
    fn SetActiveWindow(cx, of: Handle) -> Handle {
        Ok(windows(cx).keep(Kept::Active, of))
    }

    /// Answers the active window.
    fn GetActiveWindow(cx) -> Handle {
        Ok(windows(cx).kept(Kept::Active))
    }

    /// Gives a window the keyboard, which is not there; answers the one before.
    fn SetFocus(cx, of: Handle) -> Handle {
        Ok(windows(cx).keep(Kept::Focus, of))
    }

    /// Answers the window that has the keyboard.
    fn GetFocus(cx) -> Handle {
        Ok(windows(cx).kept(Kept::Focus))
    }

    /// Gives a window the mouse, which is not there; answers the one before.
    fn SetCapture(cx, of: Handle) -> Handle {
        Ok(windows(cx).keep(Kept::Capture, of))
    }

    /// Answers the window that has the mouse.
    fn GetCapture(cx) -> Handle {
        Ok(windows(cx).kept(Kept::Capture))
    }

    /// Gives the mouse back.
    fn ReleaseCapture(cx) -> bool {
        windows(cx).keep(Kept::Capture, Handle::NULL);
        Ok(true)
    }

    /// Brings a window before all others.
    fn SetForegroundWindow(cx, of: Handle) -> bool {
        windows(cx).keep(Kept::Active, of);
        Ok(true)
    }

    /// Answers the window before all others.
    fn GetForegroundWindow(cx) -> Handle {
        Ok(windows(cx).kept(Kept::Active))
    }

    /// Brings a window before the others.
    fn BringWindowToTop(cx, of: Handle) -> bool {
        Ok(window(cx, of).is_some())
    }

    /// Answers the process and the thread that made a window.
    fn GetWindowThreadProcessId(cx, of: Handle, process: Addr) -> u32 {
        let Some(window) = window(cx, of) else { return Ok(0) };
        cx.write_unless_null(process, std::process::id())?;
        Ok(window.thread)
    }
}

shims! {
    pub(super) static FAMILY = "user32.dll", stdcall;

    /// Answers the desktop.
    fn GetDesktopWindow(cx) -> Handle {
        Ok(DESKTOP)
    }

    /// Answers the window of the shell; there is none.
    fn GetShellWindow(cx) -> Handle {
        Ok(Handle::NULL)
    }

    /// Answers the window that a window is in, or that owns it.
    fn GetParent(cx, of: Handle) -> Handle {
        Ok(window(cx, of).map_or(Handle::NULL, |window| window.look().parent))
    }

    /// Puts a window into another one; answers the one before.
    fn SetParent(cx, of: Handle, parent: Handle) -> Handle {
        let Some(window) = window(cx, of) else { return Ok(Handle::NULL) };
        let mut look = window.look();
        look.is_child = parent != Handle::NULL && parent != DESKTOP;
        Ok(std::mem::replace(&mut look.parent, parent))
    }

    /// Answers the parent, the outermost window, or its owner.
    fn GetAncestor(cx, of: Handle, which: u32) -> Handle {
        let Some(mut window) = window(cx, of) else { return Ok(Handle::NULL) };
        let above = |window: &Window| { let look = window.look(); (look.parent, look.is_child) };
        let (parent, is_child) = above(&window);
        if which == 1 {
            return Ok(if is_child { parent } else { DESKTOP });
        }
        loop {
            let (parent, is_child) = above(&window);
            match windows(cx).get(parent) {
                Some(next) if is_child || which == 3 => window = next,
                _ => return Ok(window.handle),
            }
        }
    }

    /// Answers a window that stands in some relation to another.
    fn GetWindow(cx, of: Handle, relation: u32) -> Handle {
        related(cx, of, relation)
    }

    /// Answers the first window in another one.
    fn GetTopWindow(cx, of: Handle) -> Handle {
        let parent = if of == Handle::NULL { DESKTOP } else { of };
        Ok(windows(cx).children(parent).first().map_or(Handle::NULL, |window| window.handle))
    }

    /// Tells whether a window is in another one.
    fn IsChild(cx, parent: Handle, of: Handle) -> bool {
        let mut next = windows(cx).get(of);
        while let Some(window) = next {
            let (above, is_child) = { let look = window.look(); (look.parent, look.is_child) };
            if is_child && above == parent {
                return Ok(true);
            }
            next = if is_child { windows(cx).get(above) } else { None };
        }
        Ok(false)
    }

    /// Finds a window by its class and its title.
    fn FindWindowA(cx, class: Addr, title: Addr) -> Handle {
        find(cx, Ansi, Handle::NULL, Handle::NULL, class, title)
    }

    /// Finds a window by its class and its title.
    fn FindWindowW(cx, class: Addr, title: Addr) -> Handle {
        find(cx, Wide, Handle::NULL, Handle::NULL, class, title)
    }

    /// Finds a window in another one by its class and its title.
    fn FindWindowExA(cx, parent: Handle, after: Handle, class: Addr, title: Addr) -> Handle {
        find(cx, Ansi, parent, after, class, title)
    }

    /// Finds a window in another one by its class and its title.
    fn FindWindowExW(cx, parent: Handle, after: Handle, class: Addr, title: Addr) -> Handle {
        find(cx, Wide, parent, after, class, title)
    }

    /// Calls a function for each window that is in no other.
    fn EnumWindows(cx, callback: Addr, parameter: Signed) -> bool {
        let all = windows(cx).children(DESKTOP);
        call_for(cx, &all, callback, parameter)
    }

    /// Calls a function for each window that is in another one.
    fn EnumChildWindows(cx, parent: Handle, callback: Addr, parameter: Signed) -> bool {
        let mut all = windows(cx).children(if parent == Handle::NULL { DESKTOP } else { parent });
        let mut at = 0;
        while let Some(window) = all.get(at) {
            let below = windows(cx).children(window.handle);
            all.extend(below);
            at += 1;
        }
        call_for(cx, &all, callback, parameter)
    }

    /// Calls a function for each window of a thread that is in no other.
    fn EnumThreadWindows(cx, thread: u32, callback: Addr, parameter: Signed) -> bool {
        let mut all = windows(cx).children(DESKTOP);
        all.retain(|window| window.thread == thread);
        call_for(cx, &all, callback, parameter)
    }
}

shims! {
    pub(super) static PLACES = "user32.dll", stdcall;

    /// Answers where a window is on the screen.
    fn GetWindowRect(cx, of: Handle, rect: Addr) -> bool {
        let Some(place) = screen_rect(cx, of) else { return Ok(false) };
        place.write(cx, rect)?;
        Ok(true)
    }

    /// Answers how large the inside of a window is.
    fn GetClientRect(cx, of: Handle, rect: Addr) -> bool {
        let Some(place) = screen_rect(cx, of) else { return Ok(false) };
        Rect([0, 0, place.width(), place.height()]).write(cx, rect)?;
        Ok(true)
    }

    /// Moves a window or changes its size.
    fn SetWindowPos(cx, of: Handle, after: Handle, x: i32, y: i32, width: i32, height: i32, flags: u32) -> bool {
        let Some(window) = window(cx, of) else { return Ok(false) };
        place(cx, &window, [x, y, width, height], flags)?;
        Ok(true)
    }

    /// Moves a window and changes its size.
    fn MoveWindow(cx, of: Handle, x: i32, y: i32, width: i32, height: i32, repaint: bool) -> bool {
        let Some(window) = window(cx, of) else { return Ok(false) };
        place(cx, &window, [x, y, width, height], 0)?;
        Ok(true)
    }

    /// Answers the size of a window whose inside shall be as large as said; nothing stands around it.
    fn AdjustWindowRect(cx, rect: Addr, style: u32, menu: bool) -> bool {
        Ok(true)
    }

    /// Answers the size of a window whose inside shall be as large as said; nothing stands around it.
    fn AdjustWindowRectEx(cx, rect: Addr, style: u32, menu: bool, extended: u32) -> bool {
        Ok(true)
    }

    /// Turns a point in a window into one on the screen.
    fn ClientToScreen(cx, of: Handle, point: Addr) -> bool {
        move_points(cx, of, DESKTOP, point, 1).map(|moved| moved.is_some())
    }

    /// Turns a point on the screen into one in a window.
    fn ScreenToClient(cx, of: Handle, point: Addr) -> bool {
        move_points(cx, DESKTOP, of, point, 1).map(|moved| moved.is_some())
    }

    /// Turns points in one window into points in another.
    fn MapWindowPoints(cx, from: Handle, to: Handle, points: Addr, count: u32) -> i32 {
        let moved = move_points(cx, from, to, points, count)?;
        Ok(moved.map_or(0, |(x, y)| y << 16 | x & 0xFFFF))
    }

    /// Answers the window at a point; nobody can point at one.
    fn WindowFromPoint(cx, point: u64) -> Handle {
        Ok(DESKTOP)
    }

    /// Answers the window at a point in another one.
    fn ChildWindowFromPoint(cx, parent: Handle, point: u64) -> Handle {
        child_at(cx, parent, point)
    }

    /// Answers the window at a point in another one.
    fn ChildWindowFromPointEx(cx, parent: Handle, point: u64, flags: u32) -> Handle {
        child_at(cx, parent, point)
    }
}

shims! {
    pub(super) static NUMBERS = "user32.dll", stdcall;

    /// Sets the title or the text of a window.
    fn SetWindowTextA(cx, of: Handle, text: Addr) -> bool {
        set_text(cx, Ansi, of, text)
    }

    /// Sets the title or the text of a window.
    fn SetWindowTextW(cx, of: Handle, text: Addr) -> bool {
        set_text(cx, Wide, of, text)
    }

    /// Reads the title or the text of a window.
    fn GetWindowTextA(cx, of: Handle, buffer: Addr, size: i32) -> i32 {
        text(cx, Ansi, of, buffer, size)
    }

    /// Reads the title or the text of a window.
    fn GetWindowTextW(cx, of: Handle, buffer: Addr, size: i32) -> i32 {
        text(cx, Wide, of, buffer, size)
    }

    /// Answers how long the title or the text of a window is.
    fn GetWindowTextLengthA(cx, of: Handle) -> i32 {
        text_length(cx, Ansi, of)
    }

    /// Answers how long the title or the text of a window is.
    fn GetWindowTextLengthW(cx, of: Handle) -> i32 {
        text_length(cx, Wide, of)
    }

    /// Answers a number of a window.
    fn GetWindowLongA(cx, of: Handle, index: i32) -> i32 {
        number(cx, of, index, 4).map(|number| number.0 as i32)
    }

    /// Answers a number of a window.
    fn GetWindowLongW(cx, of: Handle, index: i32) -> i32 {
        number(cx, of, index, 4).map(|number| number.0 as i32)
    }

    /// Answers a number or an address of a window.
    fn GetWindowLongPtrA(cx, of: Handle, index: i32) -> Signed {
        number(cx, of, index, cx.pointer_size())
    }

    /// Answers a number or an address of a window.
    fn GetWindowLongPtrW(cx, of: Handle, index: i32) -> Signed {
        number(cx, of, index, cx.pointer_size())
    }

    /// Sets a number of a window; answers the one before.
    fn SetWindowLongA(cx, of: Handle, index: i32, value: i32) -> i32 {
        set_number(cx, Ansi, of, index, i64::from(value), 4).map(|number| number.0 as i32)
    }

    /// Sets a number of a window; answers the one before.
    fn SetWindowLongW(cx, of: Handle, index: i32, value: i32) -> i32 {
        set_number(cx, Wide, of, index, i64::from(value), 4).map(|number| number.0 as i32)
    }

    /// Sets a number or an address of a window; answers the one before.
    fn SetWindowLongPtrA(cx, of: Handle, index: i32, value: Signed) -> Signed {
        set_number(cx, Ansi, of, index, value.0, cx.pointer_size())
    }

    /// Sets a number or an address of a window; answers the one before.
    fn SetWindowLongPtrW(cx, of: Handle, index: i32, value: Signed) -> Signed {
        set_number(cx, Wide, of, index, value.0, cx.pointer_size())
    }

    /// Hangs a value under a name on a window.
    fn SetPropA(cx, of: Handle, name: Addr, value: Handle) -> bool {
        set_property(cx, Ansi, of, name, value)
    }

    /// Hangs a value under a name on a window.
    fn SetPropW(cx, of: Handle, name: Addr, value: Handle) -> bool {
        set_property(cx, Wide, of, name, value)
    }

    /// Answers a value that hangs on a window.
    fn GetPropA(cx, of: Handle, name: Addr) -> Handle {
        property(cx, Ansi, of, name, false)
    }

    /// Answers a value that hangs on a window.
    fn GetPropW(cx, of: Handle, name: Addr) -> Handle {
        property(cx, Wide, of, name, false)
    }

    /// Takes a value off a window.
    fn RemovePropA(cx, of: Handle, name: Addr) -> Handle {
        property(cx, Ansi, of, name, true)
    }

    /// Takes a value off a window.
    fn RemovePropW(cx, of: Handle, name: Addr) -> Handle {
        property(cx, Wide, of, name, true)
    }
}

fn show(cx: &mut Cx<'_>, of: Handle, how: i32) -> Result<bool, Trap> {
    let Some(window) = window(cx, of) else {
        return Ok(false);
    };
    let was = messages::show(cx, &window, how != 0)?;
    let size = match how {
        2 | 6 | 7 | 11 => MINIMIZED,
        3 => MAXIMIZED,
        1 | 9 | 10 => 0,
        _ => return Ok(was),
    };
    let mut look = window.look();
    look.style = look.style & !(MINIMIZED | MAXIMIZED) | size;
    Ok(was)
}

fn related(cx: &Cx<'_>, of: Handle, relation: u32) -> Result<Handle, Trap> {
    let first_child =
        |list: Vec<Arc<Window>>| list.first().map_or(Handle::NULL, |window| window.handle);
    if relation == 5 {
        return Ok(first_child(windows(cx).children(of)));
    }
    let Some(window) = window(cx, of) else {
        return Ok(Handle::NULL);
    };
    let (parent, is_child) = {
        let look = window.look();
        (look.parent, look.is_child)
    };
    if relation == 4 {
        return Ok(if is_child { Handle::NULL } else { parent });
    }
    let siblings = windows(cx).children(if is_child { parent } else { DESKTOP });
    let at = siblings
        .iter()
        .position(|sibling| sibling.handle == window.handle);
    let wanted = match relation {
        0 => Some(0),
        1 => siblings.len().checked_sub(1),
        2 => at.map(|at| at + 1),
        3 => at.and_then(|at| at.checked_sub(1)),
        _ => None,
    };
    Ok(wanted
        .and_then(|at| siblings.get(at))
        .map_or(Handle::NULL, |sibling| sibling.handle))
}

fn find(
    cx: &Cx<'_>,
    letters: Letters,
    parent: Handle,
    after: Handle,
    class: Addr,
    title: Addr,
) -> Result<Handle, Trap> {
    let class = if class.is_null() {
        None
    } else {
        name(cx, letters, class)?
    };
    let title = letters.optional(cx, title)?;
    let all = windows(cx).children(if parent == Handle::NULL {
        DESKTOP
    } else {
        parent
    });
    let start = all
        .iter()
        .position(|window| window.handle == after)
        .map_or(0, |at| at + 1);
    let matches = |window: &&Arc<Window>| {
        class
            .as_ref()
            .is_none_or(|class| window.class.name.eq_ignore_ascii_case(class))
            && title
                .as_ref()
                .is_none_or(|title| window.look().text.eq_ignore_ascii_case(title))
    };
    Ok(all[start..]
        .iter()
        .find(matches)
        .map_or(Handle::NULL, |window| window.handle))
}

fn call_for(
    cx: &mut Cx<'_>,
    all: &[Arc<Window>],
    callback: Addr,
    parameter: Signed,
) -> Result<bool, Trap> {
    for window in all {
        if cx.call(callback, &[window.handle.0, parameter.0 as u64])? as u32 == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn screen_rect(cx: &Cx<'_>, of: Handle) -> Option<Rect> {
    if of == DESKTOP || of == Handle::NULL {
        return Some(Rect([0, 0, screen::WIDTH, screen::HEIGHT]));
    }
    window(cx, of).map(|window| on_screen(cx, &window))
}

fn place(
    cx: &mut Cx<'_>,
    window: &Arc<Window>,
    [x, y, width, height]: [i32; 4],
    flags: u32,
) -> Result<(), Trap> {
    /// `SWP_NOSIZE`, `SWP_NOMOVE`, `SWP_SHOWWINDOW` and `SWP_HIDEWINDOW`.
    const NO_SIZE: u32 = 1;
    const NO_MOVE: u32 = 2;
    const SHOW: u32 = 0x40;
    const HIDE: u32 = 0x80;
    const WM_SIZE: u32 = 0x05;
    const WM_MOVE: u32 = 0x03;
    let (before, now) = {
        let mut look = window.look();
        let before = look.rect;
        let (left, top) = if flags & NO_MOVE == 0 {
            (x, y)
        } else {
            (before.0[0], before.0[1])
        };
        let (width, height) = if flags & NO_SIZE == 0 {
            (width, height)
        } else {
            (before.width(), before.height())
        };
        look.rect = Rect([
            left,
            top,
            left.saturating_add(width),
            top.saturating_add(height),
        ]);
        (before, look.rect)
    };
    let pair = |low: i32, high: i32| Signed(i64::from(high << 16 | low & 0xFFFF));
    let letters = window.letters();
    if before.0[..2] != now.0[..2] {
        deliver(
            cx,
            letters,
            window,
            WM_MOVE,
            Size(0),
            pair(now.0[0], now.0[1]),
        )?;
    }
    if (before.width(), before.height()) != (now.width(), now.height()) {
        deliver(
            cx,
            letters,
            window,
            WM_SIZE,
            Size(0),
            pair(now.width(), now.height()),
        )?;
    }
    if flags & (SHOW | HIDE) != 0 {
        messages::show(cx, window, flags & SHOW != 0)?;
    }
    Ok(())
}

fn move_points(
    cx: &Cx<'_>,
    from: Handle,
    to: Handle,
    points: Addr,
    count: u32,
) -> Result<Option<(i32, i32)>, Trap> {
    let (Some(from), Some(to)) = (screen_rect(cx, from), screen_rect(cx, to)) else {
        return Ok(None);
    };
    let (x, y) = (from.0[0] - to.0[0], from.0[1] - to.0[1]);
    for at in (0..u64::from(count)).map(|index| points.offset(8 * index)) {
        cx.write(at, cx.read::<i32>(at)?.wrapping_add(x))?;
        cx.write(at.offset(4), cx.read::<i32>(at.offset(4))?.wrapping_add(y))?;
    }
    Ok(Some((x, y)))
}

fn child_at(cx: &Cx<'_>, parent: Handle, point: u64) -> Result<Handle, Trap> {
    let (x, y) = (point as i32, (point >> 32) as i32);
    let holds = |window: &Arc<Window>| {
        let Rect([left, top, right, bottom]) = window.look().rect;
        left <= x && x < right && top <= y && y < bottom
    };
    let child = windows(cx).children(parent).into_iter().find(holds);
    Ok(child.map_or(parent, |window| window.handle))
}

pub(super) fn set_text(
    cx: &mut Cx<'_>,
    letters: Letters,
    of: Handle,
    text: Addr,
) -> Result<bool, Trap> {
    let Some(window) = window(cx, of) else {
        return Ok(false);
    };
    deliver(
        cx,
        letters,
        &window,
        WM_SETTEXT,
        Size(0),
        Signed(text.0 as i64),
    )
    .map(|answer| answer.0 != 0)
}

pub(super) fn text(
    cx: &mut Cx<'_>,
    letters: Letters,
    of: Handle,
    buffer: Addr,
    size: i32,
) -> Result<i32, Trap> {
    let (Some(window), Ok(size)) = (window(cx, of), u64::try_from(size)) else {
        return Ok(0);
    };
    let answer = deliver(
        cx,
        letters,
        &window,
        WM_GETTEXT,
        Size(size),
        Signed(buffer.0 as i64),
    )?;
    Ok(answer.0 as i32)
}

fn text_length(cx: &mut Cx<'_>, letters: Letters, of: Handle) -> Result<i32, Trap> {
    let Some(window) = window(cx, of) else {
        return Ok(0);
    };
    deliver(cx, letters, &window, WM_GETTEXTLENGTH, Size(0), Signed(0))
        .map(|answer| answer.0 as i32)
}

/// `ERROR_INVALID_INDEX`
const INVALID_INDEX: u32 = 1413;

/// The numbers that every window has.
const PROCEDURE: i32 = -4;
const MODULE: i32 = -6;
const PARENT: i32 = -8;
const ID: i32 = -12;
const STYLE: i32 = -16;
const EXTENDED_STYLE: i32 = -20;
const USER_DATA: i32 = -21;

fn number(cx: &Cx<'_>, of: Handle, index: i32, width: u64) -> Result<Signed, Trap> {
    let Some(window) = window(cx, of) else {
        return Ok(Signed(0));
    };
    let look = window.look();
    let found = match index {
        PROCEDURE => look.procedure.0 as i64,
        MODULE => look.module.0 as i64,
        PARENT => look.parent.0 as i64,
        ID => look.id as i64,
        STYLE => i64::from(look.style),
        EXTENDED_STYLE => i64::from(look.extended_style),
        USER_DATA => look.user_data as i64,
        _ => {
            let pointer = cx.pointer_size() as i32;
            if let Some(dialog) = look.dialog {
                match index {
                    0 => return Ok(Signed(dialog.message_result)),
                    at if at == pointer => return Ok(Signed(dialog.procedure.0 as i64)),
                    at if at == 2 * pointer => return Ok(Signed(dialog.user)),
                    _ => {}
                }
            }
            let bytes = usize::try_from(index)
                .ok()
                .and_then(|at| look.extra.get(at..at + width as usize));
            let Some(bytes) = bytes else {
                return cx.fail(INVALID_INDEX, Signed(0));
            };
            let mut number = [0; 8];
            number[..bytes.len()].copy_from_slice(bytes);
            i64::from_le_bytes(number)
        }
    };
    Ok(Signed(found))
}

fn set_number(
    cx: &Cx<'_>,
    letters: Letters,
    of: Handle,
    index: i32,
    value: i64,
    width: u64,
) -> Result<Signed, Trap> {
    let Some(window) = window(cx, of) else {
        return Ok(Signed(0));
    };
    let before = number(cx, of, index, width)?;
    let mut look = window.look();
    match index {
        PROCEDURE => {
            look.procedure = Addr(value as u64);
            look.letters = Some(letters);
        }
        MODULE => look.module = Handle(value as u64),
        PARENT => look.parent = Handle(value as u64),
        ID => look.id = value as u64,
        STYLE => look.style = value as u32,
        EXTENDED_STYLE => look.extended_style = value as u32,
        USER_DATA => look.user_data = value as u64,
        _ => {
            let pointer = cx.pointer_size() as i32;
            if let Some(dialog) = &mut look.dialog {
                match index {
                    0 => dialog.message_result = value,
                    at if at == pointer => dialog.procedure = Addr(value as u64),
                    at if at == 2 * pointer => dialog.user = value,
                    _ => return cx.fail(INVALID_INDEX, Signed(0)),
                }
                return Ok(before);
            }
            let bytes = usize::try_from(index)
                .ok()
                .and_then(|at| look.extra.get_mut(at..at + width as usize));
            let Some(bytes) = bytes else {
                return cx.fail(INVALID_INDEX, Signed(0));
            };
            bytes.copy_from_slice(&value.to_le_bytes()[..width as usize]);
        }
    }
    Ok(before)
}

fn set_property(
    cx: &Cx<'_>,
    letters: Letters,
    of: Handle,
    at: Addr,
    value: Handle,
) -> Result<bool, Trap> {
    let (Some(window), Some(name)) = (window(cx, of), name(cx, letters, at)?) else {
        return Ok(false);
    };
    window.look().properties.insert(name.to_uppercase(), value);
    Ok(true)
}

fn property(
    cx: &Cx<'_>,
    letters: Letters,
    of: Handle,
    at: Addr,
    remove: bool,
) -> Result<Handle, Trap> {
    let (Some(window), Some(name)) = (window(cx, of), name(cx, letters, at)?) else {
        return Ok(Handle::NULL);
    };
    let properties = &mut window.look().properties;
    let name = name.to_uppercase();
    let found = if remove {
        properties.remove(&name)
    } else {
        properties.get(&name).copied()
    };
    Ok(found.unwrap_or(Handle::NULL))
}
