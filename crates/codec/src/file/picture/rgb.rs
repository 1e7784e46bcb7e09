//! Lines of red, green and blue, to and from three bytes a pixel: blue, green, red.

use super::layout::Bytes;

/// Three bytes for each colour of a palette.
pub(super) type Palette = [[u8; 3]; 256];

/// Makes three bytes a pixel of a line. `to` is as long as that takes, and `from` at least as long as its own pixels take.
pub(super) fn unpack(bytes: Bytes, from: &[u8], palette: &Palette, to: &mut [u8]) {
    let (to, _) = to.as_chunks_mut::<3>();
    match bytes {
        Bytes::Index(8) => {
            for (to, &index) in to.iter_mut().zip(from) {
                *to = palette[usize::from(index)];
            }
        }
        Bytes::Index(bits) => {
            let bits = usize::from(bits);
            let mask = (1_u8 << bits) - 1;
            for (x, to) in to.iter_mut().enumerate() {
                let first = x * bits;
                let index = from[first / 8] >> (8 - bits - first % 8) & mask;
                *to = palette[usize::from(index)];
            }
        }
        Bytes::Bgr555 => {
            for (to, &two) in to.iter_mut().zip(from.as_chunks().0) {
                let pixel = u16::from_le_bytes(two);
                *to = [five(pixel), five(pixel >> 5), five(pixel >> 10)];
            }
        }
        Bytes::Bgr565 => {
            for (to, &two) in to.iter_mut().zip(from.as_chunks().0) {
                let pixel = u16::from_le_bytes(two);
                *to = [five(pixel), six(pixel >> 5), five(pixel >> 11)];
            }
        }
        Bytes::Bgr0 => {
            for (to, &[b, g, r, _]) in to.iter_mut().zip(from.as_chunks().0) {
                *to = [b, g, r];
            }
        }
        Bytes::Rgb => {
            for (to, &[r, g, b]) in to.iter_mut().zip(from.as_chunks().0) {
                *to = [b, g, r];
            }
        }
        _ => {
            for (to, from) in to.iter_mut().zip(from.as_chunks().0) {
                *to = *from;
            }
        }
    }
}

/// Makes a line of three bytes a pixel. `to` may be longer, and keeps what it has there.
pub(super) fn pack(bytes: Bytes, from: &[u8], to: &mut [u8]) {
    let (from, _) = from.as_chunks::<3>();
    match bytes {
        Bytes::Bgr555 => {
            for (&[b, g, r], to) in from.iter().zip(to.as_chunks_mut().0) {
                let pixel = u16::from(b >> 3) | u16::from(g >> 3) << 5 | u16::from(r >> 3) << 10;
                *to = pixel.to_le_bytes();
            }
        }
        Bytes::Bgr565 => {
            for (&[b, g, r], to) in from.iter().zip(to.as_chunks_mut().0) {
                let pixel = u16::from(b >> 3) | u16::from(g >> 2) << 5 | u16::from(r >> 3) << 11;
                *to = pixel.to_le_bytes();
            }
        }
        Bytes::Bgr0 => {
            for (&[b, g, r], to) in from.iter().zip(to.as_chunks_mut().0) {
                *to = [b, g, r, 0];
            }
        }
        Bytes::Rgb => {
            for (&[b, g, r], to) in from.iter().zip(to.as_chunks_mut().0) {
                *to = [r, g, b];
            }
        }
        _ => {
            for (from, to) in from.iter().zip(to.as_chunks_mut().0) {
                *to = *from;
            }
        }
    }
}

/// Five bits spread over eight, so that none stays black and all white.
fn five(bits: u16) -> u8 {
    let bits = (bits & 0x1f) as u8;
    bits << 3 | bits >> 2
}

/// Six bits, likewise.
fn six(bits: u16) -> u8 {
    let bits = (bits & 0x3f) as u8;
    bits << 2 | bits >> 4
}
