//! Pens, brushes, fonts, palettes and regions.

use std::sync::{Arc, Mutex};

use super::bitmaps::Bitmap;
use super::contexts::Context;
use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;

/// What a handle of GDI stands for.
pub(super) enum Object {
    Context(Mutex<Context>),
    Bitmap(Bitmap),
    Pen {
        style: u32,
        width: i32,
        colour: u32,
    },
    Brush {
        style: u32,
        colour: u32,
    },
    /// The numbers that start a `LOGFONT`, and the name of the face.
    Font {
        numbers: [u8; 28],
        face: String,
    },
    /// Red, green, blue and flags of each entry.
    Palette(Mutex<Vec<[u8; 4]>>),
    /// Its bounds.
    Region(Mutex<[i32; 4]>),
}

/// The number of an object's kind (`OBJ_PEN` ...).
pub(super) fn kind(object: &Object) -> u32 {
    match object {
        Object::Pen { .. } => 1,
        Object::Brush { .. } => 2,
        Object::Context(context) if context.lock().expect("no holder panics").is_memory => 10,
        Object::Context(_) => 3,
        Object::Palette(_) => 5,
        Object::Font { .. } => 6,
        Object::Bitmap(_) => 7,
        Object::Region(_) => 8,
    }
}

/// Objects that are always there, made when they are first asked for.
#[derive(Default)]
struct Stock {
    handles: Mutex<std::collections::HashMap<u32, Handle>>,
}

/// Bytes of a `LOGFONT` before the name of the face, and units of the name.
const FONT_NUMBERS: u64 = 28;
const FACE_UNITS: u64 = 32;

shims! {
    pub(super) static SHIMS = "gdi32.dll", stdcall;

    /// Answers an object that is always there.
    fn GetStockObject(cx, index: i32) -> Handle {
        Ok(stock(cx, index as u32))
    }

    /// Ends an object.
    fn DeleteObject(cx, object: Handle) -> bool {
        let is_stock = cx.state::<Stock>().handles.lock().expect("no holder panics").values().any(|&kept| kept == object);
        let Some(known) = get(cx, object) else { return Ok(false) };
        if let (false, Object::Bitmap(bitmap)) = (is_stock, &*known) {
            bitmap.release(cx);
        }
        Ok(is_stock || cx.process().handles().close(object))
    }

    /// Answers the kind of an object.
    fn GetObjectType(cx, object: Handle) -> u32 {
        Ok(get(cx, object).map_or(0, |object| kind(&object)))
    }

    /// Describes an object; without a buffer, says how long the description is.
    fn GetObjectA(cx, object: Handle, room: i32, buffer: Addr) -> i32 {
        describe(cx, Ansi, object, room, buffer)
    }

    /// Describes an object; without a buffer, says how long the description is.
    fn GetObjectW(cx, object: Handle, room: i32, buffer: Addr) -> i32 {
        describe(cx, Wide, object, room, buffer)
    }

    /// Makes a pen.
    fn CreatePen(cx, style: u32, width: i32, colour: u32) -> Handle {
        Ok(insert(cx, Object::Pen { style, width, colour }))
    }

    /// Makes a pen that a structure describes.
    fn CreatePenIndirect(cx, pen: Addr) -> Handle {
        let (style, width, colour) = (cx.read(pen)?, cx.read(pen.offset(4))?, cx.read(pen.offset(12))?);
        Ok(insert(cx, Object::Pen { style, width, colour }))
    }

    /// Makes a brush of one colour.
    fn CreateSolidBrush(cx, colour: u32) -> Handle {
        Ok(insert(cx, Object::Brush { style: 0, colour }))
    }

    /// Makes a brush of lines.
    fn CreateHatchBrush(cx, hatch: u32, colour: u32) -> Handle {
        Ok(insert(cx, Object::Brush { style: 2, colour }))
    }

    /// Makes a brush of a picture.
    fn CreatePatternBrush(cx, bitmap: Handle) -> Handle {
        Ok(insert(cx, Object::Brush { style: 3, colour: 0 }))
    }

    /// Makes a brush that a structure describes.
    fn CreateBrushIndirect(cx, brush: Addr) -> Handle {
        let (style, colour) = (cx.read(brush)?, cx.read(brush.offset(4))?);
        Ok(insert(cx, Object::Brush { style, colour }))
    }

    /// Makes a font.
    fn CreateFontA(
        cx, height: i32, width: i32, slope: i32, angle: i32, weight: i32, italic: u32, underline: u32, strike: u32,
        letters: u32, precision: u32, clip: u32, quality: u32, family: u32, face: Addr
    ) -> Handle {
        let flags = [italic, underline, strike, letters, precision, clip, quality, family];
        font(cx, Ansi, [height, width, slope, angle, weight], flags, face)
    }

    /// Makes a font.
    fn CreateFontW(
        cx, height: i32, width: i32, slope: i32, angle: i32, weight: i32, italic: u32, underline: u32, strike: u32,
        letters: u32, precision: u32, clip: u32, quality: u32, family: u32, face: Addr
    ) -> Handle {
        let flags = [italic, underline, strike, letters, precision, clip, quality, family];
        font(cx, Wide, [height, width, slope, angle, weight], flags, face)
    }

    /// Makes a font that a structure describes.
    fn CreateFontIndirectA(cx, font: Addr) -> Handle {
        font_of(cx, Ansi, font)
    }

    /// Makes a font that a structure describes.
    fn CreateFontIndirectW(cx, font: Addr) -> Handle {
        font_of(cx, Wide, font)
    }

    /// Makes a palette.
    fn CreatePalette(cx, palette: Addr) -> Handle {
        let count = u64::from(cx.read::<u16>(palette.offset(2))?);
        let entries = cx.bytes(palette.offset(4), 4 * count)?;
        Ok(insert(cx, Object::Palette(Mutex::new(entries.as_chunks::<4>().0.to_vec()))))
    }

    /// Makes a palette for a device of few colours; no device is such a one.
    fn CreateHalftonePalette(cx, context: Handle) -> Handle {
        let level = |step: usize| (step * 51) as u8;
        let cube = (0..216).map(|at| [level(at / 36), level(at / 6 % 6), level(at % 6), 0]);
        Ok(insert(cx, Object::Palette(Mutex::new(cube.collect()))))
    }

    /// Reads entries of a palette.
    fn GetPaletteEntries(cx, palette: Handle, start: u32, count: u32, buffer: Addr) -> u32 {
        let Some(object) = get(cx, palette) else { return Ok(0) };
        let Object::Palette(entries) = &*object else { return Ok(0) };
        let entries = entries.lock().expect("no holder panics").clone();
        if buffer.is_null() {
            return Ok(entries.len() as u32);
        }
        let wanted = entries.iter().skip(start as usize).take(count as usize);
        let bytes: Vec<u8> = wanted.flatten().copied().collect();
        cx.put(buffer, &bytes)?;
        Ok(bytes.len() as u32 / 4)
    }

    /// Sets entries of a palette.
    fn SetPaletteEntries(cx, palette: Handle, start: u32, count: u32, buffer: Addr) -> u32 {
        let Some(object) = get(cx, palette) else { return Ok(0) };
        let Object::Palette(entries) = &*object else { return Ok(0) };
        let fresh = cx.bytes(buffer, 4 * u64::from(count))?;
        let mut entries = entries.lock().expect("no holder panics");
        let places = entries.iter_mut().skip(start as usize);
        let set = places.zip(fresh.as_chunks::<4>().0).map(|(place, fresh)| *place = *fresh);
        Ok(set.count() as u32)
    }

    /// Answers the entry of a palette that is nearest to a colour.
    fn GetNearestPaletteIndex(cx, palette: Handle, colour: u32) -> u32 {
        let Some(object) = get(cx, palette) else { return Ok(u32::MAX) };
        let Object::Palette(entries) = &*object else { return Ok(u32::MAX) };
        let wanted = colour.to_le_bytes();
        let distance = |entry: &[u8; 4]| -> i32 {
            (0..3).map(|at| (i32::from(entry[at]) - i32::from(wanted[at])).pow(2)).sum()
        };
        let entries = entries.lock().expect("no holder panics");
        let nearest = entries.iter().enumerate().min_by_key(|(_, entry)| distance(entry));
        Ok(nearest.map_or(u32::MAX, |(at, _)| at as u32))
    }

    /// Makes a region that is a rectangle.
    fn CreateRectRgn(cx, left: i32, top: i32, right: i32, bottom: i32) -> Handle {
        Ok(insert(cx, Object::Region(Mutex::new([left, top, right, bottom]))))
    }

    /// Makes a region that is a rectangle.
    fn CreateRectRgnIndirect(cx, rect: Addr) -> Handle {
        let mut sides = [0; 4];
        for (side, at) in sides.iter_mut().zip((0..).step_by(4)) {
            *side = cx.read(rect.offset(at))?;
        }
        Ok(insert(cx, Object::Region(Mutex::new(sides))))
    }

    /// Makes a region another rectangle.
    fn SetRectRgn(cx, region: Handle, left: i32, top: i32, right: i32, bottom: i32) -> bool {
        let Some(object) = get(cx, region) else { return Ok(false) };
        let Object::Region(bounds) = &*object else { return Ok(false) };
        *bounds.lock().expect("no holder panics") = [left, top, right, bottom];
        Ok(true)
    }

    /// Answers the bounds of a region: 1 for an empty one, 2 for a rectangle.
    fn GetRgnBox(cx, region: Handle, rect: Addr) -> i32 {
        let Some(object) = get(cx, region) else { return Ok(0) };
        let Object::Region(bounds) = &*object else { return Ok(0) };
        let bounds = *bounds.lock().expect("no holder panics");
        for (side, at) in bounds.into_iter().zip((0..).step_by(4)) {
            cx.write(rect.offset(at), side)?;
        }
        Ok(if bounds[0] >= bounds[2] || bounds[1] >= bounds[3] { 1 } else { 2 })
    }
}

pub(super) fn insert(cx: &Cx<'_>, object: Object) -> Handle {
    cx.process().handles().insert(Arc::new(object))
}

pub(super) fn get(cx: &Cx<'_>, handle: Handle) -> Option<Arc<Object>> {
    cx.process().handles().get(handle)
}

/// The palette that a fresh device context has.
pub(super) const DEFAULT_PALETTE: u32 = 15;

pub(super) fn stock(cx: &Cx<'_>, index: u32) -> Handle {
    let object = match index {
        0 | 18 => Object::Brush {
            style: 0,
            colour: 0xFF_FF_FF,
        },
        1 => Object::Brush {
            style: 0,
            colour: 0xC0_C0_C0,
        },
        2 => Object::Brush {
            style: 0,
            colour: 0x80_80_80,
        },
        3 => Object::Brush {
            style: 0,
            colour: 0x40_40_40,
        },
        4 => Object::Brush {
            style: 0,
            colour: 0,
        },
        5 => Object::Brush {
            style: 1,
            colour: 0,
        },
        6 | 19 => Object::Pen {
            style: 0,
            width: 0,
            colour: 0xFF_FF_FF,
        },
        7 => Object::Pen {
            style: 0,
            width: 0,
            colour: 0,
        },
        8 => Object::Pen {
            style: 5,
            width: 0,
            colour: 0,
        },
        10..=14 | 16 | 17 => Object::Font {
            numbers: numbers([-12, 0, 0, 0, 400], [0; 8]),
            face: "System".to_owned(),
        },
        DEFAULT_PALETTE => Object::Palette(Mutex::new(vec![
            [0; 4],
            [0x80, 0, 0, 0],
            [0xFF, 0xFF, 0xFF, 0],
        ])),
        _ => return Handle::NULL,
    };
    let stock = cx.state::<Stock>();
    let mut handles = stock.handles.lock().expect("no holder panics");
    *handles.entry(index).or_insert_with(|| insert(cx, object))
}

fn numbers(sizes: [i32; 5], flags: [u32; 8]) -> [u8; 28] {
    let mut bytes = [0; 28];
    for (place, size) in bytes.chunks_mut(4).zip(sizes) {
        place.copy_from_slice(&size.to_le_bytes());
    }
    for (place, flag) in bytes[20..].iter_mut().zip(flags) {
        *place = flag as u8;
    }
    bytes
}

fn font(
    cx: &Cx<'_>,
    letters: Letters,
    sizes: [i32; 5],
    flags: [u32; 8],
    face: Addr,
) -> Result<Handle, Trap> {
    let face = letters.optional(cx, face)?.unwrap_or_default();
    Ok(insert(
        cx,
        Object::Font {
            numbers: numbers(sizes, flags),
            face,
        },
    ))
}

fn font_of(cx: &Cx<'_>, letters: Letters, at: Addr) -> Result<Handle, Trap> {
    let mut numbers = [0; 28];
    cx.get(at, &mut numbers)?;
    let face = cx.bytes(at.offset(FONT_NUMBERS), FACE_UNITS * letters.bytes())?;
    let face = letters.decode(cx, &face);
    let face = face.split('\0').next().unwrap_or_default().to_owned();
    Ok(insert(cx, Object::Font { numbers, face }))
}

fn describe(
    cx: &Cx<'_>,
    letters: Letters,
    object: Handle,
    room: i32,
    buffer: Addr,
) -> Result<i32, Trap> {
    let Some(object) = get(cx, object) else {
        return Ok(0);
    };
    let mut bytes = Vec::new();
    match &*object {
        Object::Bitmap(bitmap) => bytes = bitmap.description(cx, room as usize),
        Object::Pen {
            style,
            width,
            colour,
        } => {
            bytes.extend(style.to_le_bytes());
            bytes.extend(width.to_le_bytes());
            bytes.extend([0; 4]);
            bytes.extend(colour.to_le_bytes());
        }
        Object::Brush { style, colour } => {
            bytes.extend(style.to_le_bytes());
            bytes.extend(colour.to_le_bytes());
            bytes.resize(8 + cx.pointer_size() as usize, 0);
        }
        Object::Font { numbers, face } => {
            bytes.extend(numbers);
            bytes.extend(letters.encode(cx, face));
            bytes.resize((FONT_NUMBERS + FACE_UNITS * letters.bytes()) as usize, 0);
        }
        Object::Palette(entries) => {
            bytes.extend((entries.lock().expect("no holder panics").len() as u16).to_le_bytes());
        }
        Object::Context(_) | Object::Region(_) => return Ok(0),
    }
    if !buffer.is_null() {
        bytes.truncate(room.max(0) as usize);
        cx.put(buffer, &bytes)?;
    }
    Ok(bytes.len() as i32)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "gdi32.dll";

    #[test]
    fn objects_are_described_as_they_were_made_and_end_once() {
        let bench = Bench::new();
        let buffer = bench.bytes(&[0; 100]);
        let font = [12_u64, 0, 0, 0, 700, 1, 0, 0, 0, 0, 0, 0, 0];
        let font = bench.ask(
            DLL,
            "CreateFontA",
            &[&font[..], &[bench.text("Arial")]].concat(),
        );
        assert_eq!(bench.ask(DLL, "GetObjectW", &[font, 0, 0]), 92);
        assert_eq!(bench.ask(DLL, "GetObjectA", &[font, 60, buffer]), 60);
        assert_eq!(
            (bench.read(buffer, 1), bench.read(buffer + 28, 6)),
            (vec![12], b"Arial\0".to_vec())
        );
        assert_eq!(bench.ask(DLL, "GetObjectType", &[font]), 6);
        assert_eq!(bench.ask(DLL, "DeleteObject", &[font]), 1);
        assert_eq!(bench.ask(DLL, "DeleteObject", &[font]), 0);
        let stock = bench.ask(DLL, "GetStockObject", &[4]);
        assert_eq!(bench.ask(DLL, "DeleteObject", &[stock]), 1);
        assert_eq!(bench.ask(DLL, "GetStockObject", &[4]), stock);
        assert_eq!(bench.ask(DLL, "GetObjectType", &[stock]), 2);
    }

    #[test]
    fn palettes_find_the_nearest_colour() {
        let bench = Bench::new();
        let palette = bench.bytes(&[0, 3, 2, 0, 0, 0, 0, 0, 0xFF, 0xF0, 0, 0]);
        let palette = bench.ask(DLL, "CreatePalette", &[palette]);
        assert_eq!(
            bench.ask(DLL, "GetNearestPaletteIndex", &[palette, 0x00_EE_EE]),
            1
        );
        let buffer = bench.bytes(&[9; 8]);
        assert_eq!(
            bench.ask(DLL, "GetPaletteEntries", &[palette, 1, 5, buffer]),
            1
        );
        assert_eq!(bench.read(buffer, 2), [0xFF, 0xF0]);
        assert_eq!(
            bench.ask(DLL, "SetPaletteEntries", &[palette, 0, 1, buffer]),
            1
        );
    }
}
