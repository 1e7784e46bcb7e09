//! Device contexts: what is selected into them and how they are set.

use std::sync::{Arc, Mutex};

use super::objects::{DEFAULT_PALETTE, Object, get, insert, kind, stock};
use crate::cx::Cx;
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;

/// What a device context holds.
#[derive(Clone, Default)]
pub(super) struct Context {
    /// It draws into a bitmap and not on the screen.
    pub(super) is_memory: bool,
    pen: Handle,
    brush: Handle,
    font: Handle,
    bitmap: Handle,
    palette: Handle,
    settings: [i32; 8],
    position: (i32, i32),
    text_colour: u32,
    back_colour: u32,
    saved: Vec<Context>,
}

/// Settings that are one number each.
#[derive(Clone, Copy)]
enum Setting {
    BackMode,
    MapMode,
    TextAlign,
    StretchMode,
    Raster,
    FillMode,
    GraphicsMode,
    Layout,
}

shims! {
    pub(super) static CONTEXTS = "gdi32.dll", stdcall;

    /// Makes a device context that draws into memory.
    fn CreateCompatibleDC(cx, like: Handle) -> Handle {
        Ok(create(cx, true))
    }

    /// Makes a device context of a device; each device is the screen.
    fn CreateDCA(cx, driver: Addr, device: Addr, output: Addr, mode: Addr) -> Handle {
        Ok(create(cx, false))
    }

    /// Makes a device context of a device; each device is the screen.
    fn CreateDCW(cx, driver: Addr, device: Addr, output: Addr, mode: Addr) -> Handle {
        Ok(create(cx, false))
    }

    /// Makes a device context to ask a device; each device is the screen.
    fn CreateICA(cx, driver: Addr, device: Addr, output: Addr, mode: Addr) -> Handle {
        Ok(create(cx, false))
    }

    /// Makes a device context to ask a device; each device is the screen.
    fn CreateICW(cx, driver: Addr, device: Addr, output: Addr, mode: Addr) -> Handle {
        Ok(create(cx, false))
    }

    /// Ends a device context.
    fn DeleteDC(cx, context: Handle) -> bool {
        Ok(of(cx, context).is_some() && cx.process().handles().close(context))
    }

    /// Keeps the state of a device context.
    fn SaveDC(cx, context: Handle) -> i32 {
        Ok(with(cx, context, 0, |context| {
            let state = Context { saved: Vec::new(), ..context.clone() };
            context.saved.push(state);
            context.saved.len() as i32
        }))
    }

    /// Returns to a state that was kept.
    fn RestoreDC(cx, context: Handle, which: i32) -> bool {
        Ok(with(cx, context, false, |context| {
            let count = context.saved.len() as i32;
            let at = if which < 0 { count + which } else { which - 1 };
            if !(0..count).contains(&at) {
                return false;
            }
            let mut saved = std::mem::take(&mut context.saved);
            *context = saved[at as usize].clone();
            saved.truncate(at as usize);
            context.saved = saved;
            true
        }))
    }

    /// Selects an object into a device context; answers the one before.
    fn SelectObject(cx, context: Handle, object: Handle) -> Handle {
        let Some(kind) = get(cx, object).map(|object| kind(&object)) else { return Ok(Handle::NULL) };
        Ok(with(cx, context, Handle::NULL, |context| {
            // A region, the one kind that is not kept, answers that it is one rectangle.
            context.place(kind).map_or(Handle(2), |place| std::mem::replace(place, object))
        }))
    }

    /// Answers the object of a kind that is selected.
    fn GetCurrentObject(cx, context: Handle, kind: u32) -> Handle {
        Ok(with(cx, context, Handle::NULL, |context| context.place(kind).map_or(Handle::NULL, |place| *place)))
    }

    /// Selects a palette; answers the one before.
    fn SelectPalette(cx, context: Handle, palette: Handle, background: bool) -> Handle {
        Ok(with(cx, context, Handle::NULL, |context| std::mem::replace(&mut context.palette, palette)))
    }

    /// Shows the colours of a palette; the screen has all colours already.
    fn RealizePalette(cx, context: Handle) -> u32 {
        Ok(0)
    }

    /// Answers the colours of the screen's palette; it has none.
    fn GetSystemPaletteEntries(cx, context: Handle, start: u32, count: u32, entries: Addr) -> u32 {
        Ok(0)
    }

    /// Answers how the screen's palette is used; it has none.
    fn GetSystemPaletteUse(cx, context: Handle) -> u32 {
        Ok(0)
    }

    /// Answers a number of a device.
    fn GetDeviceCaps(cx, context: Handle, index: i32) -> i32 {
        Ok(capability(index))
    }
}

shims! {
    pub(super) static SETTINGS = "gdi32.dll", stdcall;

    /// Sets the colour of text; answers the one before.
    fn SetTextColor(cx, context: Handle, colour: u32) -> u32 {
        Ok(with(cx, context, u32::MAX, |context| std::mem::replace(&mut context.text_colour, colour)))
    }

    /// Answers the colour of text.
    fn GetTextColor(cx, context: Handle) -> u32 {
        Ok(with(cx, context, u32::MAX, |context| context.text_colour))
    }

    /// Sets the colour behind text; answers the one before.
    fn SetBkColor(cx, context: Handle, colour: u32) -> u32 {
        Ok(with(cx, context, u32::MAX, |context| std::mem::replace(&mut context.back_colour, colour)))
    }

    /// Answers the colour behind text.
    fn GetBkColor(cx, context: Handle) -> u32 {
        Ok(with(cx, context, u32::MAX, |context| context.back_colour))
    }

    /// Answers the colour of the pen that has the context's colour: black.
    fn GetDCPenColor(cx, context: Handle) -> u32 {
        Ok(with(cx, context, u32::MAX, |_| 0))
    }

    /// Answers the colour of the brush that has the context's colour: white.
    fn GetDCBrushColor(cx, context: Handle) -> u32 {
        Ok(with(cx, context, u32::MAX, |_| 0xFF_FF_FF))
    }

    /// Sets whether text has a background; answers what was set before.
    fn SetBkMode(cx, context: Handle, mode: i32) -> i32 {
        Ok(set(cx, context, Setting::BackMode, mode))
    }

    /// Answers whether text has a background.
    fn GetBkMode(cx, context: Handle) -> i32 {
        Ok(setting(cx, context, Setting::BackMode))
    }

    /// Sets the units of a device context; answers those before.
    fn SetMapMode(cx, context: Handle, mode: i32) -> i32 {
        Ok(set(cx, context, Setting::MapMode, mode))
    }

    /// Answers the units of a device context.
    fn GetMapMode(cx, context: Handle) -> i32 {
        Ok(setting(cx, context, Setting::MapMode))
    }

    /// Sets where text stands; answers what was set before.
    fn SetTextAlign(cx, context: Handle, mode: i32) -> i32 {
        Ok(set(cx, context, Setting::TextAlign, mode))
    }

    /// Answers where text stands.
    fn GetTextAlign(cx, context: Handle) -> i32 {
        Ok(setting(cx, context, Setting::TextAlign))
    }

    /// Sets how pictures are stretched; answers what was set before.
    fn SetStretchBltMode(cx, context: Handle, mode: i32) -> i32 {
        Ok(set(cx, context, Setting::StretchMode, mode))
    }

    /// Answers how pictures are stretched.
    fn GetStretchBltMode(cx, context: Handle) -> i32 {
        Ok(setting(cx, context, Setting::StretchMode))
    }

    /// Sets how lines mix with what is below; answers what was set before.
    fn SetROP2(cx, context: Handle, mode: i32) -> i32 {
        Ok(set(cx, context, Setting::Raster, mode))
    }

    /// Answers how lines mix with what is below.
    fn GetROP2(cx, context: Handle) -> i32 {
        Ok(setting(cx, context, Setting::Raster))
    }

    /// Sets how polygons are filled; answers what was set before.
    fn SetPolyFillMode(cx, context: Handle, mode: i32) -> i32 {
        Ok(set(cx, context, Setting::FillMode, mode))
    }

    /// Answers how polygons are filled.
    fn GetPolyFillMode(cx, context: Handle) -> i32 {
        Ok(setting(cx, context, Setting::FillMode))
    }

    /// Sets whether a device context turns and slants; answers what was set before.
    fn SetGraphicsMode(cx, context: Handle, mode: i32) -> i32 {
        Ok(set(cx, context, Setting::GraphicsMode, mode))
    }

    /// Answers whether a device context turns and slants.
    fn GetGraphicsMode(cx, context: Handle) -> i32 {
        Ok(setting(cx, context, Setting::GraphicsMode))
    }

    /// Sets which side lines start at; answers what was set before.
    fn SetLayout(cx, context: Handle, layout: i32) -> i32 {
        Ok(set(cx, context, Setting::Layout, layout))
    }

    /// Answers where the next line starts.
    fn GetCurrentPositionEx(cx, context: Handle, point: Addr) -> bool {
        let Some((x, y)) = with(cx, context, None, |context| Some(context.position)) else { return Ok(false) };
        give_point(cx, point, (x, y))
    }

    /// Sets where the next line starts.
    fn MoveToEx(cx, context: Handle, x: i32, y: i32, before: Addr) -> bool {
        let old = with(cx, context, None, |context| Some(std::mem::replace(&mut context.position, (x, y))));
        let Some(old) = old else { return Ok(false) };
        if before.is_null() { Ok(true) } else { give_point(cx, before, old) }
    }

    /// Sets the point that lines of a device context are counted from.
    fn SetWindowOrgEx(cx, context: Handle, x: i32, y: i32, before: Addr) -> bool {
        if before.is_null() { Ok(true) } else { give_point(cx, before, (0, 0)) }
    }

    /// Sets the point of the device that lines are counted from.
    fn SetViewportOrgEx(cx, context: Handle, x: i32, y: i32, before: Addr) -> bool {
        if before.is_null() { Ok(true) } else { give_point(cx, before, (0, 0)) }
    }

    /// Turns points of a device context into points of the device; they are the same.
    fn LPtoDP(cx, context: Handle, points: Addr, count: i32) -> bool {
        Ok(of(cx, context).is_some())
    }

    /// Turns points of the device into points of a device context; they are the same.
    fn DPtoLP(cx, context: Handle, points: Addr, count: i32) -> bool {
        Ok(of(cx, context).is_some())
    }
}

impl Context {
    fn place(&mut self, kind: u32) -> Option<&mut Handle> {
        match kind {
            1 => Some(&mut self.pen),
            2 => Some(&mut self.brush),
            5 => Some(&mut self.palette),
            6 => Some(&mut self.font),
            7 => Some(&mut self.bitmap),
            _ => None,
        }
    }
}

fn create(cx: &Cx<'_>, is_memory: bool) -> Handle {
    let [pen, brush, font, palette] = [7, 0, 13, DEFAULT_PALETTE].map(|index| stock(cx, index));
    // In the order of the settings: text has a background, one unit a dot, text below its point,
    // pictures stretched by leaving out, lines that cover, alternate filling, no turning, left to right.
    let settings = [2, 1, 0, 1, 13, 1, 1, 0];
    let context = Context {
        is_memory,
        pen,
        brush,
        font,
        palette,
        settings,
        back_colour: 0xFF_FF_FF,
        ..Context::default()
    };
    insert(cx, Object::Context(Mutex::new(context)))
}

/// A device context of the screen.
pub(in crate::dll) fn screen_context(cx: &Cx<'_>) -> Handle {
    create(cx, false)
}

fn of(cx: &Cx<'_>, context: Handle) -> Option<Arc<Object>> {
    get(cx, context).filter(|object| matches!(&**object, Object::Context(_)))
}

/// Works on a device context; answers `none` where the handle is none.
pub(super) fn with<T>(
    cx: &Cx<'_>,
    context: Handle,
    none: T,
    work: impl FnOnce(&mut Context) -> T,
) -> T {
    match of(cx, context).as_deref() {
        Some(Object::Context(context)) => work(&mut context.lock().expect("no holder panics")),
        _ => none,
    }
}

fn set(cx: &Cx<'_>, context: Handle, setting: Setting, value: i32) -> i32 {
    with(cx, context, 0, |context| {
        std::mem::replace(&mut context.settings[setting as usize], value)
    })
}

fn setting(cx: &Cx<'_>, context: Handle, setting: Setting) -> i32 {
    with(cx, context, 0, |context| context.settings[setting as usize])
}

fn give_point(cx: &Cx<'_>, at: Addr, (x, y): (i32, i32)) -> Result<bool, Trap> {
    cx.write(at, x)?;
    cx.write(at.offset(4), y)?;
    Ok(true)
}

fn capability(index: i32) -> i32 {
    match index {
        // A raster display of 1024 by 768 dots in 32 bits, 320 by 240 millimetres.
        2 => 1,
        4 => 320,
        6 => 240,
        8 | 118 => 1024,
        10 | 117 => 768,
        12 => 32,
        14 => 1,
        16 | 18 => -1,
        24 => -1,
        26 => 0,
        28 => 0x1FF,
        30 => 0xFE,
        32 => 0xFF,
        34 => 0x7807,
        36 => 1,
        38 => 0x7E99,
        40 | 42 => 36,
        44 => 51,
        88 | 90 => 96,
        104 | 106 => 0,
        108 => 24,
        116 => 60,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "gdi32.dll";

    #[test]
    fn what_is_selected_comes_back_when_the_next_is() {
        let bench = Bench::new();
        let context = bench.ask(DLL, "CreateCompatibleDC", &[0]);
        let pen = bench.ask(DLL, "CreatePen", &[0, 1, 0xFF]);
        let black = bench.ask(DLL, "GetStockObject", &[7]);
        assert_eq!(bench.ask(DLL, "SelectObject", &[context, pen]), black);
        assert_eq!(bench.ask(DLL, "GetCurrentObject", &[context, 1]), pen);
        assert_eq!(bench.ask(DLL, "SaveDC", &[context]), 1);
        assert_eq!(bench.ask(DLL, "SelectObject", &[context, black]), pen);
        assert_eq!(bench.ask(DLL, "RestoreDC", &[context, u64::MAX]), 1);
        assert_eq!(bench.ask(DLL, "GetCurrentObject", &[context, 1]), pen);
        assert_eq!(bench.ask(DLL, "RestoreDC", &[context, 1]), 0);
        assert_eq!(bench.ask(DLL, "SetTextColor", &[context, 5]), 0);
        assert_eq!(bench.ask(DLL, "GetTextColor", &[context]), 5);
        assert_eq!(bench.ask(DLL, "SetBkMode", &[context, 1]), 2);
        assert_eq!(bench.ask(DLL, "DeleteDC", &[context]), 1);
        assert_eq!(bench.ask(DLL, "DeleteDC", &[context]), 0);
        assert_eq!(bench.ask(DLL, "GetDeviceCaps", &[context, 12]), 32);
    }
}
