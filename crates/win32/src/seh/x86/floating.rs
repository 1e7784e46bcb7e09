//! The x87 state in the two layouts that a 32-bit `CONTEXT` holds it in.
//!
//! `fsave` writes one, with two bits for what is in each register; `fxsave` the other, with one bit and the SSE state behind
//! (Intel SDM volume 1, 8.1.10 and 10.5.1).

/// Where the registers lie in the `fxsave` image, and how far apart.
const REGISTERS: usize = 32;
const STEP: usize = 16;
/// The same of the `fsave` image.
const OLD_REGISTERS: usize = 28;
const OLD_STEP: usize = 10;

/// What the tag word says of a register.
const VALID: u16 = 0;
const ZERO: u16 = 1;
const SPECIAL: u16 = 2;
const EMPTY: u16 = 3;

/// The x87 state of an `fxsave` image as `fsave` writes it.
pub(super) fn to_fsave(image: &[u8; 512]) -> [u8; 112] {
    let mut old = [0; 112];
    let half = |at: usize| u16::from_le_bytes([image[at], image[at + 1]]);
    let (control, status) = (half(0), half(2));
    let top = usize::from(status >> 11 & 7);
    let mut tags = 0;
    for physical in 0..8_usize {
        let number = physical.wrapping_sub(top) & 7;
        let register = &image[REGISTERS + STEP * number..][..OLD_STEP];
        old[OLD_REGISTERS + OLD_STEP * number..][..OLD_STEP].copy_from_slice(register);
        let tag = if image[4] >> physical & 1 == 0 {
            EMPTY
        } else {
            tag_of(register)
        };
        tags |= tag << (2 * physical);
    }
    // The upper halves are all ones, as the processor writes them.
    for (at, value) in [(0, control), (4, status), (8, tags)] {
        old[at..at + 4].copy_from_slice(&(0xffff_0000 | u32::from(value)).to_le_bytes());
    }
    old[12..16].copy_from_slice(&image[8..12]);
    let selector = u32::from(half(12)) | u32::from(half(6) & 0x7ff) << 16;
    old[16..20].copy_from_slice(&selector.to_le_bytes());
    old[20..24].copy_from_slice(&image[16..20]);
    let data = 0xffff_0000 | u32::from(half(20));
    old[24..28].copy_from_slice(&data.to_le_bytes());
    old
}

/// Puts the x87 state of an `fsave` image into an `fxsave` image; the SSE state there stays.
pub(super) fn into_fxsave(old: &[u8; 112], image: &mut [u8; 512]) {
    image[0..2].copy_from_slice(&old[0..2]);
    image[2..4].copy_from_slice(&old[4..6]);
    let tags = u16::from_le_bytes([old[8], old[9]]);
    image[4] = (0..8)
        .filter(|physical| tags >> (2 * physical) & 3 != EMPTY)
        .fold(0, |bits, physical| bits | 1 << physical);
    image[5] = 0;
    image[6..8].copy_from_slice(&old[18..20]);
    image[8..12].copy_from_slice(&old[12..16]);
    image[12..14].copy_from_slice(&old[16..18]);
    image[16..20].copy_from_slice(&old[20..24]);
    image[20..22].copy_from_slice(&old[24..26]);
    for number in 0..8 {
        let register = &old[OLD_REGISTERS + OLD_STEP * number..][..OLD_STEP];
        image[REGISTERS + STEP * number..][..OLD_STEP].copy_from_slice(register);
    }
}

/// What the tag word says of a register that is not empty.
fn tag_of(register: &[u8]) -> u16 {
    let exponent = u16::from_le_bytes([register[8], register[9]]) & 0x7fff;
    let is_zero = register[..8].iter().all(|byte| *byte == 0);
    let is_normal = register[7] & 0x80 != 0;
    match exponent {
        0 if is_zero => ZERO,
        1..0x7fff if is_normal => VALID,
        _ => SPECIAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two registers in use: one and a half on top, zero below.
    fn image() -> [u8; 512] {
        let mut image = [0; 512];
        image[0..2].copy_from_slice(&0x027f_u16.to_le_bytes());
        image[2..4].copy_from_slice(&(6_u16 << 11).to_le_bytes());
        image[4] = 0b1100_0000;
        image[6..8].copy_from_slice(&0x01d8_u16.to_le_bytes());
        image[8..12].copy_from_slice(&0x1234_5678_u32.to_le_bytes());
        image[12] = 0x23;
        image[REGISTERS + 7] = 0xc0;
        image[REGISTERS + 8..][..2].copy_from_slice(&0x3fff_u16.to_le_bytes());
        image
    }

    #[test]
    fn tags_tell_numbers_from_zero_and_nothing() {
        let old = to_fsave(&image());
        let tags = u16::from_le_bytes([old[8], old[9]]);
        assert_eq!(tags, VALID << 12 | ZERO << 14 | 0x0fff);
        assert_eq!(tag_of(&[0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x7f]), SPECIAL);
        assert_eq!(tag_of(&[0, 0, 0, 0, 0, 0, 0, 0x40, 0x01, 0x00]), SPECIAL);
        assert_eq!(old[16..20], [0x23, 0, 0xd8, 0x01]);
    }

    #[test]
    fn there_and_back_is_the_same() {
        let before = image();
        let mut after = [0; 512];
        into_fxsave(&to_fsave(&before), &mut after);
        assert_eq!(after, before);
    }
}
