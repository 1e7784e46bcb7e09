//! Painting and menus: all is taken, nothing is shown.

use std::sync::{Arc, Mutex};

use super::rects::Rect;
use super::screen;
use super::windows::{DESKTOP, window};
use crate::cx::Cx;
use crate::dll::gdi32::screen_context;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, Size, shims};
use crate::structures::PaintStruct;
use crate::trap::Trap;

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Gives a device context of a window.
    fn GetDC(cx, of: Handle) -> Handle {
        context(cx, of)
    }

    /// Gives a device context of a window.
    fn GetDCEx(cx, of: Handle, clip: Handle, flags: u32) -> Handle {
        context(cx, of)
    }

    /// Gives a device context of a window with its frame.
    fn GetWindowDC(cx, of: Handle) -> Handle {
        context(cx, of)
    }

    /// Takes a device context back.
    fn ReleaseDC(cx, of: Handle, context: Handle) -> bool {
        Ok(cx.process().handles().close(context))
    }

    /// Starts to paint what must be painted: nothing.
    fn BeginPaint(cx, of: Handle, paint: Addr) -> Handle {
        let device = context(cx, of)?;
        PaintStruct { device, ..PaintStruct::default() }.write(cx, paint)?;
        Ok(device)
    }

    /// Ends painting.
    fn EndPaint(cx, of: Handle, paint: Addr) -> bool {
        cx.process().handles().close(PaintStruct::read(cx, paint)?.device);
        Ok(true)
    }

    /// Asks that a part of a window be painted.
    fn InvalidateRect(cx, of: Handle, rect: Addr, erase: bool) -> bool {
        Ok(true)
    }

    /// Asks that a part of a window be painted.
    fn InvalidateRgn(cx, of: Handle, region: Handle, erase: bool) -> bool {
        Ok(true)
    }

    /// Says that a part of a window is painted.
    fn ValidateRect(cx, of: Handle, rect: Addr) -> bool {
        Ok(true)
    }

    /// Asks that a part of a window be painted now.
    fn RedrawWindow(cx, of: Handle, rect: Addr, region: Handle, flags: u32) -> bool {
        Ok(true)
    }

    /// Tells which part of a window must be painted: none.
    fn GetUpdateRect(cx, of: Handle, rect: Addr, erase: bool) -> bool {
        if !rect.is_null() {
            Rect([0; 4]).write(cx, rect)?;
        }
        Ok(false)
    }

    /// Paints a layered window.
    fn UpdateLayeredWindow(
        cx, of: Handle, to: Handle, place: Addr, size: Addr, from: Handle, source: Addr, key: u32, blend: Addr, flags: u32
    ) -> bool {
        Ok(true)
    }

    /// Fills a rectangle.
    fn FillRect(cx, context: Handle, rect: Addr, brush: Handle) -> bool {
        Ok(true)
    }

    /// Draws the sides of a rectangle.
    fn FrameRect(cx, context: Handle, rect: Addr, brush: Handle) -> bool {
        Ok(true)
    }

    /// Turns the colours of a rectangle round.
    fn InvertRect(cx, context: Handle, rect: Addr) -> bool {
        Ok(true)
    }

    /// Draws the mark of the focus.
    fn DrawFocusRect(cx, context: Handle, rect: Addr) -> bool {
        Ok(true)
    }

    /// Draws an edge.
    fn DrawEdge(cx, context: Handle, rect: Addr, edge: u32, flags: u32) -> bool {
        Ok(true)
    }

    /// Writes text in a rectangle; answers how high it would be.
    fn DrawTextA(cx, context: Handle, text: Addr, count: i32, rect: Addr, format: u32) -> i32 {
        draw_text(cx, Ansi, text, count, rect, format)
    }

    /// Writes text in a rectangle; answers how high it would be.
    fn DrawTextW(cx, context: Handle, text: Addr, count: i32, rect: Addr, format: u32) -> i32 {
        draw_text(cx, Wide, text, count, rect, format)
    }

    /// Answers the brush of a part of the screen.
    fn GetSysColorBrush(cx, index: i32) -> Handle {
        Ok(Handle(0x1_0101 + 2 * u64::from(index as u8)))
    }

    /// Makes a menu.
    fn CreateMenu(cx) -> Handle {
        Ok(cx.process().handles().insert(Arc::new(Menu::default())))
    }

    /// Makes a menu that pops up.
    fn CreatePopupMenu(cx) -> Handle {
        Ok(cx.process().handles().insert(Arc::new(Menu::default())))
    }

    /// Ends a menu.
    fn DestroyMenu(cx, menu: Handle) -> bool {
        Ok(cx.process().handles().get::<Menu>(menu).is_some() && cx.process().handles().close(menu))
    }

    /// Adds a line to a menu.
    fn AppendMenuA(cx, menu: Handle, flags: u32, id: Size, text: Addr) -> bool {
        append(cx, menu, id)
    }

    /// Adds a line to a menu.
    fn AppendMenuW(cx, menu: Handle, flags: u32, id: Size, text: Addr) -> bool {
        append(cx, menu, id)
    }

    /// Counts the lines of a menu.
    fn GetMenuItemCount(cx, menu: Handle) -> i32 {
        let menu = cx.process().handles().get::<Menu>(menu);
        Ok(menu.map_or(-1, |menu| menu.lines.lock().expect("no holder panics").len() as i32))
    }

    /// Answers the menu of a window; it has none.
    fn GetMenu(cx, of: Handle) -> Handle {
        Ok(Handle::NULL)
    }

    /// Answers the menu that every window has; these have none.
    fn GetSystemMenu(cx, of: Handle, revert: bool) -> Handle {
        Ok(Handle::NULL)
    }

    /// Lets a person choose a line of a menu; nobody does.
    fn TrackPopupMenu(cx, menu: Handle, flags: u32, x: i32, y: i32, reserved: i32, of: Handle, rect: Addr) -> i32 {
        Ok(0)
    }
}

/// What the handle of a menu stands for: the numbers of its lines.
#[derive(Default)]
struct Menu {
    lines: Mutex<Vec<u64>>,
}

fn append(cx: &Cx<'_>, menu: Handle, id: Size) -> Result<bool, Trap> {
    let Some(menu) = cx.process().handles().get::<Menu>(menu) else {
        return Ok(false);
    };
    menu.lines.lock().expect("no holder panics").push(id.0);
    Ok(true)
}

fn context(cx: &Cx<'_>, of: Handle) -> Result<Handle, Trap> {
    let is_there = of == Handle::NULL || of == DESKTOP || window(cx, of).is_some();
    Ok(if is_there {
        screen_context(cx)
    } else {
        Handle::NULL
    })
}

fn draw_text(
    cx: &Cx<'_>,
    letters: Letters,
    text: Addr,
    count: i32,
    rect: Addr,
    format: u32,
) -> Result<i32, Trap> {
    /// `DT_CALCRECT`, and the size of a character of the only font.
    const MEASURE: u32 = 0x400;
    const CHARACTER: (i32, i32) = (8, 16);
    let text = letters.read_units(cx, text, count)?;
    let longest = text
        .lines()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0) as i32;
    let height = text.lines().count() as i32 * CHARACTER.1;
    if format & MEASURE != 0 {
        let Rect([left, top, ..]) = Rect::read(cx, rect)?;
        let width = longest.saturating_mul(CHARACTER.0).min(screen::WIDTH);
        Rect([
            left,
            top,
            left.saturating_add(width),
            top.saturating_add(height),
        ])
        .write(cx, rect)?;
    }
    Ok(height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    const DLL: &str = "user32.dll";

    #[test]
    fn device_contexts_are_given_and_taken_back() {
        let bench = Bench::new();
        let context = bench.ask(DLL, "GetDC", &[0]);
        assert_eq!(bench.ask("gdi32.dll", "GetDeviceCaps", &[context, 12]), 32);
        assert_eq!(bench.ask(DLL, "ReleaseDC", &[0, context]), 1);
        assert_eq!(bench.ask(DLL, "ReleaseDC", &[0, context]), 0);
        assert_eq!(bench.ask(DLL, "GetDC", &[0x7777]), 0);
        let paint = bench.bytes(&[0xff; 72]);
        let context = bench.ask(DLL, "BeginPaint", &[DESKTOP.0, paint]);
        assert_eq!(bench.read(paint, 8), context.to_le_bytes());
        assert_eq!(bench.ask(DLL, "EndPaint", &[DESKTOP.0, paint]), 1);
    }

    #[test]
    fn text_is_measured_and_menus_count_their_lines() {
        let bench = Bench::new();
        let rect = bench.bytes(&[0; 16]);
        assert_eq!(
            bench.ask(
                DLL,
                "DrawTextA",
                &[0, bench.text("one\ntwelve"), u64::MAX, rect, 0x400]
            ),
            32
        );
        assert_eq!(
            bench.with_cx(|cx| Rect::read(cx, Addr(rect)).unwrap()),
            Rect([0, 0, 48, 32])
        );
        let menu = bench.ask(DLL, "CreatePopupMenu", &[]);
        assert_eq!(bench.ask(DLL, "AppendMenuA", &[menu, 0, 7, 0]), 1);
        assert_eq!(bench.ask(DLL, "GetMenuItemCount", &[menu]), 1);
        assert_eq!(bench.ask(DLL, "DestroyMenu", &[menu]), 1);
        assert_eq!(bench.ask(DLL, "GetMenuItemCount", &[menu]) as i32, -1);
    }
}
