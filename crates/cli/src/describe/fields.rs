//! Fields of a structure that a driver filled: read and written by offset, in the byte order of the machine.

use std::fmt;

/// The bytes of a structure in a driver's memory.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    /// The 32 bits at `offset`; 0 where the structure is shorter.
    pub(crate) fn u32(self, offset: usize) -> u32 {
        self.0
            .get(offset..offset + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, u32::from_le_bytes)
    }

    /// The 16 bits at `offset`; 0 where the structure is shorter.
    pub(crate) fn u16(self, offset: usize) -> u16 {
        self.0
            .get(offset..offset + 2)
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, u16::from_le_bytes)
    }

    /// The UTF-16 text of at most `units` units at `offset`, up to its zero.
    pub(crate) fn text(self, offset: usize, units: usize) -> String {
        let units = (0..units)
            .map(|index| self.u16(offset + 2 * index))
            .take_while(|unit| *unit != 0);
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    }
}

/// Puts 32 bits at `offset`.
///
/// # Panics
/// When `bytes` ends before them: the caller chose both.
pub(crate) fn put_u32(bytes: &mut [u8], offset: usize, value: u32) {
    bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
}

/// A code of four characters (`vidc`, `mrle`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FourCc(pub(crate) u32);

impl FourCc {
    /// The code that these characters make.
    pub(crate) const fn new(text: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(text))
    }
}

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.to_le_bytes();
        if bytes
            .iter()
            .all(|byte| byte.is_ascii_graphic() || *byte == b' ')
        {
            bytes
                .iter()
                .try_for_each(|byte| write!(f, "{}", char::from(*byte)))
        } else {
            write!(f, "{:#x}", self.0)
        }
    }
}

/// The names of those bits of `value` that `names` knows; the rest as one hex number.
pub(crate) fn flags(value: u32, names: &[(u32, &str)]) -> Vec<String> {
    let mut rest = value;
    let mut set = Vec::new();
    for (bit, name) in names {
        if value & bit != 0 {
            set.push((*name).to_owned());
            rest &= !bit;
        }
    }
    if rest != 0 {
        set.push(format!("{rest:#x}"));
    }
    set
}

#[cfg(test)]
mod tests {
    use super::{Fields, FourCc, flags, put_u32};

    #[test]
    fn a_structure_that_ends_early_reads_as_zeros() {
        let mut bytes = [0; 6];
        put_u32(&mut bytes, 0, 0x0041_0042);
        let fields = Fields(&bytes);
        assert_eq!(fields.u32(0), 0x0041_0042);
        assert_eq!(fields.u32(4), 0);
        assert_eq!(fields.text(0, 32), "BA");
    }

    #[test]
    fn a_code_that_is_no_text_is_a_number() {
        assert_eq!(FourCc::new(*b"mrle").to_string(), "mrle");
        assert_eq!(FourCc(1).to_string(), "0x1");
    }

    #[test]
    fn unknown_flags_are_not_lost() {
        assert_eq!(
            flags(0b111, &[(1, "one"), (2, "two")]),
            ["one", "two", "0x4"]
        );
    }
}
