//! Drawing: on the screen nobody sees it; into memory it is not done, and said so once a function.

use std::collections::HashSet;
use std::sync::Mutex;

use super::contexts::with;
use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::station::Report;
use crate::trap::Trap;

/// A character of the only font: its width and its height.
const CHARACTER: (i32, i32) = (8, 16);

/// Functions that were asked to draw into memory.
#[derive(Default)]
struct Undrawn {
    said: Mutex<HashSet<&'static str>>,
}

shims! {
    pub(super) static SHIMS = "gdi32.dll", stdcall;

    /// Copies a part of a picture.
    fn BitBlt(
        cx, context: Handle, x: i32, y: i32, width: i32, height: i32, from: Handle, from_x: i32, from_y: i32, mode: u32
    ) -> bool {
        draw(cx, context, "BitBlt")
    }

    /// Copies a part of a picture and stretches it.
    fn StretchBlt(
        cx, context: Handle, x: i32, y: i32, width: i32, height: i32, from: Handle, from_x: i32, from_y: i32,
        from_width: i32, from_height: i32, mode: u32
    ) -> bool {
        draw(cx, context, "StretchBlt")
    }

    /// Fills a rectangle with the brush.
    fn PatBlt(cx, context: Handle, x: i32, y: i32, width: i32, height: i32, mode: u32) -> bool {
        draw(cx, context, "PatBlt")
    }

    /// Copies bits to a device and stretches them; answers the lines.
    fn StretchDIBits(
        cx, context: Handle, x: i32, y: i32, width: i32, height: i32, from_x: i32, from_y: i32, from_width: i32,
        from_height: i32, bits: Addr, info: Addr, usage: u32, mode: u32
    ) -> i32 {
        draw(cx, context, "StretchDIBits").map(|drawn| if drawn { from_height.abs() } else { 0 })
    }

    /// Copies bits to a device; answers the lines.
    fn SetDIBitsToDevice(
        cx, context: Handle, x: i32, y: i32, width: u32, height: u32, from_x: i32, from_y: i32, start: u32, lines: u32,
        bits: Addr, info: Addr, usage: u32
    ) -> i32 {
        draw(cx, context, "SetDIBitsToDevice").map(|drawn| if drawn { lines as i32 } else { 0 })
    }

    /// Draws a line.
    fn LineTo(cx, context: Handle, x: i32, y: i32) -> bool {
        draw(cx, context, "LineTo")
    }

    /// Draws a rectangle.
    fn Rectangle(cx, context: Handle, left: i32, top: i32, right: i32, bottom: i32) -> bool {
        draw(cx, context, "Rectangle")
    }

    /// Draws an ellipse.
    fn Ellipse(cx, context: Handle, left: i32, top: i32, right: i32, bottom: i32) -> bool {
        draw(cx, context, "Ellipse")
    }

    /// Draws a polygon.
    fn Polygon(cx, context: Handle, points: Addr, count: i32) -> bool {
        draw(cx, context, "Polygon")
    }

    /// Writes text.
    fn TextOutA(cx, context: Handle, x: i32, y: i32, text: Addr, count: i32) -> bool {
        draw(cx, context, "TextOutA")
    }

    /// Writes text.
    fn TextOutW(cx, context: Handle, x: i32, y: i32, text: Addr, count: i32) -> bool {
        draw(cx, context, "TextOutW")
    }

    /// Writes text in a rectangle.
    fn ExtTextOutA(
        cx, context: Handle, x: i32, y: i32, options: u32, rect: Addr, text: Addr, count: u32, widths: Addr
    ) -> bool {
        draw(cx, context, "ExtTextOutA")
    }

    /// Writes text in a rectangle.
    fn ExtTextOutW(
        cx, context: Handle, x: i32, y: i32, options: u32, rect: Addr, text: Addr, count: u32, widths: Addr
    ) -> bool {
        draw(cx, context, "ExtTextOutW")
    }

    /// Answers how wide and high text would be.
    fn GetTextExtentPoint32A(cx, context: Handle, text: Addr, count: i32, size: Addr) -> bool {
        extent(cx, count, size)
    }

    /// Answers how wide and high text would be.
    fn GetTextExtentPoint32W(cx, context: Handle, text: Addr, count: i32, size: Addr) -> bool {
        extent(cx, count, size)
    }

    /// Answers how wide and high text would be.
    fn GetTextExtentPointA(cx, context: Handle, text: Addr, count: i32, size: Addr) -> bool {
        extent(cx, count, size)
    }

    /// Answers how wide and high text would be.
    fn GetTextExtentPointW(cx, context: Handle, text: Addr, count: i32, size: Addr) -> bool {
        extent(cx, count, size)
    }

    /// Describes the font.
    fn GetTextMetricsA(cx, context: Handle, metrics: Addr) -> bool {
        metrics_of(cx, Ansi, metrics)
    }

    /// Describes the font.
    fn GetTextMetricsW(cx, context: Handle, metrics: Addr) -> bool {
        metrics_of(cx, Wide, metrics)
    }

    /// Limits drawing to a region; answers that it is a rectangle.
    fn SelectClipRgn(cx, context: Handle, region: Handle) -> i32 {
        Ok(2)
    }

    /// Takes a rectangle out of what is drawn; answers that the rest is a rectangle.
    fn ExcludeClipRect(cx, context: Handle, left: i32, top: i32, right: i32, bottom: i32) -> i32 {
        Ok(2)
    }

    /// Limits drawing to a rectangle; answers that it is one.
    fn IntersectClipRect(cx, context: Handle, left: i32, top: i32, right: i32, bottom: i32) -> i32 {
        Ok(2)
    }

    /// Draws what waits to be drawn: nothing.
    fn GdiFlush(cx) -> bool {
        Ok(true)
    }

    /// Sets how much may wait to be drawn; answers what was set before.
    fn GdiSetBatchLimit(cx, limit: u32) -> u32 {
        Ok(20)
    }
}

/// Drawing on the screen is done as soon as it is asked for; a picture in memory would stay as it was, which is said.
fn draw(cx: &Cx<'_>, context: Handle, function: &'static str) -> Result<bool, Trap> {
    match with(cx, context, None, |context| Some(context.is_memory)) {
        None => Ok(false),
        Some(false) => Ok(true),
        Some(true) => {
            if cx
                .state::<Undrawn>()
                .said
                .lock()
                .expect("no holder panics")
                .insert(function)
            {
                cx.report(Report::Warning(format!(
                    "gdi32.dll!{function} does not draw into memory"
                )));
            }
            Ok(false)
        }
    }
}

fn extent(cx: &Cx<'_>, count: i32, size: Addr) -> Result<bool, Trap> {
    cx.write(size, count.max(0).saturating_mul(CHARACTER.0))?;
    cx.write(size.offset(4), CHARACTER.1)?;
    Ok(true)
}

fn metrics_of(cx: &Cx<'_>, letters: Letters, at: Addr) -> Result<bool, Trap> {
    let (width, height) = CHARACTER;
    // Height, above and below the line, leading twice, mean and largest width, weight, overhang, aspect twice.
    let numbers = [height, 13, 3, 3, 0, width, width, 400, 0, 96, 96];
    for (place, number) in (0..).step_by(4).zip(numbers) {
        cx.write(at.offset(place), number)?;
    }
    // The first and last character, the one for those that are missing, and the one that breaks lines.
    let characters = [0x20_u16, 0xFF, 0x1F, 0x20];
    let mut next = at.offset(44);
    for character in characters {
        cx.put(next, &character.to_le_bytes()[..letters.bytes() as usize])?;
        next = next.offset(letters.bytes());
    }
    // Not slanted, underlined or struck; all characters as wide as each other, without serifs.
    cx.put(next, &[0, 0, 0, 0x20, 0])?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "gdi32.dll";

    #[test]
    fn drawing_into_memory_is_not_done_and_said_once() {
        let bench = Bench::new();
        let (memory, screen) = (
            bench.ask(DLL, "CreateCompatibleDC", &[0]),
            bench.ask(DLL, "CreateDCA", &[0; 4]),
        );
        assert_eq!(bench.ask(DLL, "LineTo", &[screen, 1, 1]), 1);
        assert_eq!(bench.ask(DLL, "LineTo", &[0x7777, 1, 1]), 0);
        assert_eq!(bench.ask(DLL, "LineTo", &[memory, 1, 1]), 0);
        assert_eq!(bench.ask(DLL, "LineTo", &[memory, 2, 2]), 0);
        assert_eq!(bench.reports().len(), 1);
    }

    #[test]
    fn text_has_a_size() {
        let bench = Bench::new();
        let size = bench.bytes(&[0; 64]);
        assert_eq!(bench.ask(DLL, "GetTextExtentPoint32A", &[0, 0, 3, size]), 1);
        assert_eq!(
            (bench.read(size, 1), bench.read(size + 4, 1)),
            (vec![24], vec![16])
        );
        assert_eq!(bench.ask(DLL, "GetTextMetricsA", &[0, size]), 1);
        assert_eq!(
            bench.read(size + 44, 9),
            [0x20, 0xFF, 0x1F, 0x20, 0, 0, 0, 0x20, 0]
        );
    }
}
