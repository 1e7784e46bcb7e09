//! Bitmaps, whose bits a driver reads and writes itself.

use super::objects::{Object, get, insert};
use crate::cx::Cx;
use crate::shim::{Addr, Handle, Size, shims};
use crate::structures::DeviceBitmap;
use crate::trap::Trap;

/// A picture in memory.
pub(super) struct Bitmap {
    width: i32,
    /// Below zero where the first line is the uppermost.
    height: i32,
    depth: u16,
    stride: u32,
    bits: Addr,
    /// The header, for one whose bits the driver was given.
    header: Option<[u8; 40]>,
}

shims! {
    pub(super) static SHIMS = "gdi32.dll", stdcall;

    /// Makes a bitmap.
    fn CreateBitmap(cx, width: i32, height: i32, planes: u32, depth: u32, bits: Addr) -> Handle {
        create(cx, width, height, depth as u16, bits)
    }

    /// Makes a bitmap that a structure describes.
    fn CreateBitmapIndirect(cx, bitmap: Addr) -> Handle {
        let given = DeviceBitmap::read(cx, bitmap)?;
        create(cx, given.width, given.height, given.depth, given.bits)
    }

    /// Makes a bitmap of the form of a device.
    fn CreateCompatibleBitmap(cx, context: Handle, width: i32, height: i32) -> Handle {
        create(cx, width, height, 32, Addr::NULL)
    }

    /// Makes a bitmap whose bits the driver reads and writes.
    fn CreateDIBSection(cx, context: Handle, info: Addr, usage: u32, bits: Addr, section: Handle, offset: u32) -> Handle {
        section_bitmap(cx, info, bits, section)
    }

    /// Copies the bits of a bitmap out; without a buffer, describes them.
    fn GetBitmapBits(cx, bitmap: Handle, room: i32, buffer: Addr) -> i32 {
        let Some(object) = get(cx, bitmap) else { return Ok(0) };
        let Object::Bitmap(bitmap) = &*object else { return Ok(0) };
        let bytes = bitmap.bytes().min(if buffer.is_null() { u64::MAX } else { room.max(0) as u64 });
        if !buffer.is_null() {
            cx.copy(buffer, bitmap.bits, bytes)?;
        }
        Ok(bytes as i32)
    }

    /// Copies bits into a bitmap.
    fn SetBitmapBits(cx, bitmap: Handle, count: u32, bits: Addr) -> i32 {
        let Some(object) = get(cx, bitmap) else { return Ok(0) };
        let Object::Bitmap(bitmap) = &*object else { return Ok(0) };
        let bytes = bitmap.bytes().min(u64::from(count));
        cx.copy(bitmap.bits, bits, bytes)?;
        Ok(bytes as i32)
    }
}

impl Bitmap {
    fn bytes(&self) -> u64 {
        u64::from(self.stride) * u64::from(self.height.unsigned_abs())
    }

    /// Gives the bits back.
    pub(super) fn release(&self, cx: &Cx<'_>) {
        cx.free(self.bits);
    }

    /// `BITMAP`, or `DIBSECTION` where there is room for it and the bits are the driver's.
    pub(super) fn description(&self, cx: &Cx<'_>, room: usize) -> Vec<u8> {
        let pointer = cx.pointer_size() as usize;
        let mut bytes = Vec::new();
        bytes.extend(0_i32.to_le_bytes());
        bytes.extend(self.width.to_le_bytes());
        bytes.extend(self.height.abs().to_le_bytes());
        bytes.extend(self.stride.to_le_bytes());
        bytes.extend(1_u16.to_le_bytes());
        bytes.extend(self.depth.to_le_bytes());
        bytes.resize(bytes.len().next_multiple_of(pointer), 0);
        bytes.extend(
            if self.header.is_some() {
                self.bits.0
            } else {
                0
            }
            .to_le_bytes()[..pointer]
                .iter(),
        );
        let longer = (bytes.len() + 40 + 12).next_multiple_of(pointer) + 2 * pointer;
        if let (Some(header), true) = (&self.header, room >= longer) {
            bytes.extend(header);
            bytes.resize(longer, 0);
        }
        bytes
    }
}

/// The largest picture that is made.
const LARGEST: u64 = 1 << 30;

/// Bytes of a line; lines of bitmaps are padded to so many bits.
fn stride(width: i32, depth: u16, padding: u64) -> Option<u32> {
    let bits = u64::from(u32::try_from(width).ok()?).checked_mul(u64::from(depth))?;
    u32::try_from(bits.div_ceil(padding) * padding / 8).ok()
}

fn create(cx: &Cx<'_>, width: i32, height: i32, depth: u16, from: Addr) -> Result<Handle, Trap> {
    let (width, height) = (width.max(1), height.max(1));
    let Some(stride) = stride(width, depth.max(1), 16) else {
        return Ok(Handle::NULL);
    };
    let bytes = u64::from(stride) * u64::from(height.unsigned_abs());
    let bits = if bytes <= LARGEST {
        cx.allocate_zeroed(Size(bytes))
    } else {
        Addr::NULL
    };
    if bits.is_null() {
        return Ok(Handle::NULL);
    }
    if !from.is_null() {
        cx.copy(bits, from, bytes)?;
    }
    let bitmap = Bitmap {
        width,
        height,
        depth: depth.max(1),
        stride,
        bits,
        header: None,
    };
    Ok(insert(cx, Object::Bitmap(bitmap)))
}

fn section_bitmap(cx: &Cx<'_>, info: Addr, result: Addr, section: Handle) -> Result<Handle, Trap> {
    /// `ERROR_INVALID_PARAMETER`
    const INVALID: u32 = 87;
    let mut header = [0; 40];
    cx.get(info, &mut header)?;
    let (width, height): (i32, i32) = (cx.read(info.offset(4))?, cx.read(info.offset(8))?);
    let depth: u16 = cx.read(info.offset(14))?;
    let stride =
        stride(width, depth, 32).filter(|_| section == Handle::NULL && height != 0 && width > 0);
    let Some(stride) = stride else {
        return cx.fail(INVALID, Handle::NULL);
    };
    let bytes = u64::from(stride) * u64::from(height.unsigned_abs());
    let bits = if bytes <= LARGEST {
        cx.allocate_zeroed(Size(bytes))
    } else {
        Addr::NULL
    };
    if bits.is_null() {
        return Ok(Handle::NULL);
    }
    if !result.is_null() {
        cx.write_addr(result, bits)?;
    }
    let bitmap = Bitmap {
        width,
        height,
        depth,
        stride,
        bits,
        header: Some(header),
    };
    Ok(insert(cx, Object::Bitmap(bitmap)))
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "gdi32.dll";

    #[test]
    fn the_bits_of_a_section_are_the_drivers() {
        let bench = Bench::new();
        let header = [
            40_u32,
            5,
            (-3_i32).cast_unsigned(),
            24 << 16 | 1,
            0,
            0,
            0,
            0,
            0,
            0,
        ]
        .map(u32::to_le_bytes)
        .concat();
        let (header, bits) = (bench.bytes(&header), bench.bytes(&[0; 8]));
        let bitmap = bench.ask(DLL, "CreateDIBSection", &[0, header, 0, bits, 0, 0]);
        assert_ne!(bitmap, 0);
        let bits = u64::from_le_bytes(bench.read(bits, 8).try_into().unwrap());
        assert_eq!(bench.read(bits, 48), [0; 48]);
        let buffer = bench.bytes(&[0; 104]);
        assert_eq!(bench.ask(DLL, "GetObjectA", &[bitmap, 32, buffer]), 32);
        // Width, height, stride, planes and depth.
        assert_eq!(
            bench.read(buffer + 4, 16),
            [5, 0, 0, 0, 3, 0, 0, 0, 16, 0, 0, 0, 1, 0, 24, 0]
        );
        assert_eq!(bench.read(buffer + 24, 8), bits.to_le_bytes());
        assert_eq!(bench.ask(DLL, "GetObjectA", &[bitmap, 104, buffer]), 104);
        assert_eq!(bench.ask(DLL, "DeleteObject", &[bitmap]), 1);
        assert_eq!(
            bench.ask(DLL, "CreateDIBSection", &[0, header, 0, bits, 0x44, 0]),
            0
        );
    }

    #[test]
    fn bits_of_a_bitmap_are_copied_in_and_out() {
        let bench = Bench::new();
        let bitmap = bench.ask(DLL, "CreateBitmap", &[3, 2, 1, 8, bench.bytes(b"abc.def.")]);
        let buffer = bench.bytes(&[0; 8]);
        assert_eq!(bench.ask(DLL, "GetBitmapBits", &[bitmap, 8, buffer]), 8);
        assert_eq!(bench.read(buffer, 8), b"abc.def.");
        assert_eq!(
            bench.ask(DLL, "SetBitmapBits", &[bitmap, 2, bench.bytes(b"xy")]),
            2
        );
        assert_eq!(bench.ask(DLL, "GetBitmapBits", &[bitmap, 3, buffer]), 3);
        assert_eq!(bench.read(buffer, 3), b"xyc");
    }
}
