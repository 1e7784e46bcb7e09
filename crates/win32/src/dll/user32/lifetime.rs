//! Classes, and windows from their creation to their end.

use std::sync::Arc;

use super::messages::{self, WM_CREATE, WM_DESTROY, WM_NCCREATE, WM_NCDESTROY, deliver, keep_text};
use super::queue;
use super::rects::Rect;
use super::screen;
use super::windows::{self, CHILD, Class, DESKTOP, Look, Window, class, name, window, windows};
use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, Signed, Size, shims};
use crate::structures::{CreateStruct, WindowClass, WindowClassEx};
use crate::trap::Trap;

/// `ERROR_CLASS_ALREADY_EXISTS`
const CLASS_EXISTS: u32 = 1410;
/// `ERROR_CANNOT_FIND_WND_CLASS`
const NO_CLASS: u32 = 1407;
/// `ERROR_CLASS_DOES_NOT_EXIST`
const CLASS_MISSING: u32 = 1411;
/// Where a caller leaves the place or the size to Windows.
const USE_DEFAULT: i32 = i32::MIN;

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Enters a class of windows.
    fn RegisterClassA(cx, class: Addr) -> u16 {
        register(cx, Ansi, class, false)
    }

    /// Enters a class of windows.
    fn RegisterClassW(cx, class: Addr) -> u16 {
        register(cx, Wide, class, false)
    }

    /// Enters a class of windows.
    fn RegisterClassExA(cx, class: Addr) -> u16 {
        register(cx, Ansi, class, true)
    }

    /// Enters a class of windows.
    fn RegisterClassExW(cx, class: Addr) -> u16 {
        register(cx, Wide, class, true)
    }

    /// Takes a class of windows away.
    fn UnregisterClassA(cx, class: Addr, module: Handle) -> bool {
        unregister(cx, Ansi, class)
    }

    /// Takes a class of windows away.
    fn UnregisterClassW(cx, class: Addr, module: Handle) -> bool {
        unregister(cx, Wide, class)
    }

    /// Describes a class of windows.
    fn GetClassInfoA(cx, module: Handle, class: Addr, info: Addr) -> bool {
        class_info(cx, Ansi, class, info, false)
    }

    /// Describes a class of windows.
    fn GetClassInfoW(cx, module: Handle, class: Addr, info: Addr) -> bool {
        class_info(cx, Wide, class, info, false)
    }

    /// Describes a class of windows.
    fn GetClassInfoExA(cx, module: Handle, class: Addr, info: Addr) -> bool {
        class_info(cx, Ansi, class, info, true)
    }

    /// Describes a class of windows.
    fn GetClassInfoExW(cx, module: Handle, class: Addr, info: Addr) -> bool {
        class_info(cx, Wide, class, info, true)
    }

    /// Names the class of a window.
    fn GetClassNameA(cx, of: Handle, buffer: Addr, size: i32) -> i32 {
        class_name(cx, Ansi, of, buffer, size)
    }

    /// Names the class of a window.
    fn GetClassNameW(cx, of: Handle, buffer: Addr, size: i32) -> i32 {
        class_name(cx, Wide, of, buffer, size)
    }

    /// Answers a number of a window's class.
    fn GetClassLongA(cx, of: Handle, index: i32) -> u32 {
        class_number(cx, of, index).map(|number| number as u32)
    }

    /// Answers a number of a window's class.
    fn GetClassLongW(cx, of: Handle, index: i32) -> u32 {
        class_number(cx, of, index).map(|number| number as u32)
    }

    /// Answers a number or an address of a window's class.
    fn GetClassLongPtrA(cx, of: Handle, index: i32) -> Size {
        class_number(cx, of, index).map(Size)
    }

    /// Answers a number or an address of a window's class.
    fn GetClassLongPtrW(cx, of: Handle, index: i32) -> Size {
        class_number(cx, of, index).map(Size)
    }

    /// Makes a window.
    fn CreateWindowExA(
        cx, extended: u32, class: Addr, title: Addr, style: u32, x: i32, y: i32, width: i32, height: i32, parent: Handle,
        menu: Size, module: Handle, parameter: Addr
    ) -> Handle {
        let new = Request { extended, style, place: [x, y, width, height], parent, menu, module, parameter };
        create_named(cx, Ansi, class, title, &new)
    }

    /// Makes a window.
    fn CreateWindowExW(
        cx, extended: u32, class: Addr, title: Addr, style: u32, x: i32, y: i32, width: i32, height: i32, parent: Handle,
        menu: Size, module: Handle, parameter: Addr
    ) -> Handle {
        let new = Request { extended, style, place: [x, y, width, height], parent, menu, module, parameter };
        create_named(cx, Wide, class, title, &new)
    }

    /// Ends a window and those in it.
    fn DestroyWindow(cx, of: Handle) -> bool {
        match window(cx, of) {
            Some(window) => destroy(cx, &window).map(|()| true),
            None => Ok(false),
        }
    }

    /// Tells whether a handle is that of a window.
    fn IsWindow(cx, of: Handle) -> bool {
        Ok(of == DESKTOP || windows(cx).get(of).is_some())
    }

    /// Tells whether a window's procedure takes UTF-16.
    fn IsWindowUnicode(cx, of: Handle) -> bool {
        Ok(windows(cx).get(of).is_some_and(|window| window.letters() == Wide))
    }
}

/// What a window shall be.
pub(super) struct Request {
    pub(super) extended: u32,
    pub(super) style: u32,
    /// Left, top, width, height.
    pub(super) place: [i32; 4],
    pub(super) parent: Handle,
    pub(super) menu: Size,
    pub(super) module: Handle,
    pub(super) parameter: Addr,
}

/// A class without its small icon.
fn plain(class: WindowClassEx) -> WindowClass {
    WindowClass {
        style: class.style,
        procedure: class.procedure,
        class_extra: class.class_extra,
        window_extra: class.window_extra,
        module: class.module,
        icon: class.icon,
        cursor: class.cursor,
        brush: class.brush,
        menu: class.menu,
        name: class.name,
    }
}

fn register(cx: &Cx<'_>, letters: Letters, at: Addr, is_long: bool) -> Result<u16, Trap> {
    let given = if is_long {
        plain(WindowClassEx::read(cx, at)?)
    } else {
        WindowClass::read(cx, at)?
    };
    let Some(name) = name(cx, letters, given.name)? else {
        return cx.fail(CLASS_MISSING, 0);
    };
    let windows = windows(cx);
    let atom = windows.atom(&name);
    let class = Class {
        name,
        atom,
        style: given.style,
        procedure: given.procedure,
        letters,
        class_extra: given.class_extra.max(0) as u32,
        window_extra: given.window_extra.max(0) as u32,
        module: given.module,
        icon: given.icon,
        cursor: given.cursor,
        brush: given.brush,
        menu: given.menu,
    };
    if !windows.register(class) {
        return cx.fail(CLASS_EXISTS, 0);
    }
    Ok(atom)
}

fn unregister(cx: &Cx<'_>, letters: Letters, class: Addr) -> Result<bool, Trap> {
    /// `ERROR_CLASS_HAS_WINDOWS`
    const HAS_WINDOWS: u32 = 1412;
    let Some(name) = name(cx, letters, class)? else {
        return cx.fail(CLASS_MISSING, false);
    };
    if windows(cx)
        .all()
        .iter()
        .any(|window| window.class.name.eq_ignore_ascii_case(&name))
    {
        return cx.fail(HAS_WINDOWS, false);
    }
    if windows(cx).unregister(&name).is_none() {
        return cx.fail(CLASS_MISSING, false);
    }
    Ok(true)
}

fn class_info(
    cx: &Cx<'_>,
    letters: Letters,
    at: Addr,
    info: Addr,
    is_long: bool,
) -> Result<bool, Trap> {
    let known = name(cx, letters, at)?.and_then(|name| class(cx, &name));
    let Some(class) = known else {
        return cx.fail(CLASS_MISSING, false);
    };
    if is_long {
        let described = WindowClassEx {
            // Whoever asks has said how large it is.
            bytes: cx.read(info)?,
            style: class.style,
            procedure: class.procedure,
            class_extra: class.class_extra as i32,
            window_extra: class.window_extra as i32,
            module: class.module,
            icon: class.icon,
            cursor: class.cursor,
            brush: class.brush,
            menu: class.menu,
            name: at,
            small_icon: Handle::NULL,
        };
        described.write(cx, info)?;
    } else {
        let described = WindowClass {
            style: class.style,
            procedure: class.procedure,
            class_extra: class.class_extra as i32,
            window_extra: class.window_extra as i32,
            module: class.module,
            icon: class.icon,
            cursor: class.cursor,
            brush: class.brush,
            menu: class.menu,
            name: at,
        };
        described.write(cx, info)?;
    }
    Ok(true)
}

fn class_name(
    cx: &Cx<'_>,
    letters: Letters,
    of: Handle,
    buffer: Addr,
    size: i32,
) -> Result<i32, Trap> {
    match window(cx, of) {
        Some(window) if size > 0 => letters
            .put_cut(cx, buffer, &window.class.name, size as u64)
            .map(|written| written as i32),
        _ => Ok(0),
    }
}

fn class_number(cx: &Cx<'_>, of: Handle, index: i32) -> Result<u64, Trap> {
    let Some(window) = window(cx, of) else {
        return Ok(0);
    };
    let class = &window.class;
    Ok(match index {
        -8 => class.menu.0,
        -10 => class.brush.0,
        -12 => class.cursor.0,
        -14 => class.icon.0,
        -16 => class.module.0,
        -18 => u64::from(class.window_extra),
        -20 => u64::from(class.class_extra),
        -24 => class.procedure.0,
        -26 => u64::from(class.style),
        -32 => u64::from(class.atom),
        _ => 0,
    })
}

fn create_named(
    cx: &mut Cx<'_>,
    letters: Letters,
    class_at: Addr,
    title: Addr,
    new: &Request,
) -> Result<Handle, Trap> {
    let known = name(cx, letters, class_at)?.and_then(|name| class(cx, &name));
    let Some(class) = known else {
        return cx.fail(NO_CLASS, Handle::NULL);
    };
    // A title may also be the number of a picture.
    let title = if title.0 < 0x1_0000 {
        String::new()
    } else {
        letters.read(cx, title)?
    };
    let window = create(cx, class, title, new, |_| {})?;
    Ok(window.map_or(Handle::NULL, |window| window.handle))
}

/// Makes a window and asks its procedure whether it may be.
pub(super) fn create(
    cx: &mut Cx<'_>,
    class: Arc<Class>,
    title: String,
    new: &Request,
    prepare: impl FnOnce(&mut Look),
) -> Result<Option<Arc<Window>>, Trap> {
    let [mut x, mut y, mut width, mut height] = new.place;
    if x == USE_DEFAULT {
        (x, y) = (0, 0);
    }
    if width == USE_DEFAULT {
        (width, height) = (screen::WIDTH / 2, screen::HEIGHT / 2);
    }
    let is_child = new.style & CHILD != 0;
    let mut look = Look {
        procedure: class.procedure,
        text: title.clone(),
        parent: new.parent,
        is_child,
        id: new.menu.0,
        module: new.module,
        style: new.style & !windows::VISIBLE,
        extended_style: new.extended,
        rect: Rect([x, y, x.saturating_add(width), y.saturating_add(height)]),
        extra: vec![0; class.window_extra as usize],
        ..Look::default()
    };
    prepare(&mut look);
    let window = windows(cx).insert(cx.thread().id(), class, look);
    let letters = window.letters();
    let (title, class_name) = (
        keep_text(cx, letters, &title)?,
        keep_text(cx, letters, &window.class.name)?,
    );
    let structure = cx.allocate_zeroed(Size(CreateStruct::size(cx)));
    let described = CreateStruct {
        parameter: new.parameter,
        module: new.module,
        menu: new.menu,
        parent: new.parent,
        height,
        width,
        top: y,
        left: x,
        style: new.style,
        title,
        class: class_name,
        extended: new.extended,
    };
    described.write(cx, structure)?;
    let told = tell_of_creation(cx, &window, structure);
    for block in [title, class_name, structure] {
        cx.free(block);
    }
    if !told? {
        windows(cx).remove(window.handle);
        return Ok(None);
    }
    if new.style & windows::VISIBLE != 0 {
        messages::show(cx, &window, true)?;
    }
    Ok(Some(window))
}

fn tell_of_creation(cx: &mut Cx<'_>, window: &Arc<Window>, structure: Addr) -> Result<bool, Trap> {
    let (letters, at) = (window.letters(), Signed(structure.0 as i64));
    if deliver(cx, letters, window, WM_NCCREATE, Size(0), at)?.0 as i32 == 0 {
        return Ok(false);
    }
    if deliver(cx, letters, window, WM_CREATE, Size(0), at)?.0 as i32 == -1 {
        destroy(cx, window)?;
        return Ok(false);
    }
    Ok(windows(cx).get(window.handle).is_some())
}

/// Ends a window and those in it.
pub(super) fn destroy(cx: &mut Cx<'_>, window: &Arc<Window>) -> Result<(), Trap> {
    if std::mem::replace(&mut window.look().is_dying, true) {
        return Ok(());
    }
    let letters = window.letters();
    deliver(cx, letters, window, WM_DESTROY, Size(0), Signed(0))?;
    let owned = windows(cx)
        .all()
        .into_iter()
        .filter(|other| other.look().parent == window.handle);
    for child in owned.collect::<Vec<_>>() {
        destroy(cx, &child)?;
    }
    deliver(cx, letters, window, WM_NCDESTROY, Size(0), Signed(0))?;
    queue::forget(cx, window);
    windows(cx).remove(window.handle);
    Ok(())
}

/// `CreateUpDownControl`: a control with arrows, its lower and upper end and its position.
pub(in crate::dll) fn up_down(
    cx: &mut Cx<'_>,
    style: u32,
    place: [i32; 4],
    parent: Handle,
    id: i32,
    [lower, upper, position]: [i32; 3],
) -> Result<Handle, Trap> {
    const SET_POSITION: u32 = 0x471;
    const SET_RANGE: u32 = 0x46F;
    let Some(class) = class(cx, "msctls_updown32") else {
        return Ok(Handle::NULL);
    };
    let menu = Size(u64::from(id as u32));
    let (module, parameter) = (Handle::NULL, Addr::NULL);
    let new = Request {
        extended: 0,
        style,
        place,
        parent,
        menu,
        module,
        parameter,
    };
    let Some(control) = create(cx, class, String::new(), &new, |_| {})? else {
        return Ok(Handle::NULL);
    };
    deliver(
        cx,
        Wide,
        &control,
        SET_RANGE,
        Size(u64::from(lower as u32)),
        Signed(i64::from(upper)),
    )?;
    deliver(
        cx,
        Wide,
        &control,
        SET_POSITION,
        Size(0),
        Signed(i64::from(position)),
    )?;
    Ok(control.handle)
}
