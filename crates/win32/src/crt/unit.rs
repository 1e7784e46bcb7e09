//! One element of a C string: a byte, or a UTF-16 unit.

/// What the engines need to know of `char` and `wchar_t`.
pub(crate) trait Unit: Copy + Eq + Ord + Default + From<u8> + Into<u32> {
    /// Bytes that one takes.
    const BYTES: u64;
    /// Whether this is `wchar_t`.
    const WIDE: bool;

    /// The unit with this value, if there is one.
    fn from_u32(value: u32) -> Option<Self>;

    /// The ASCII character that this is, or a byte that no rule of C means.
    fn ascii(self) -> u8 {
        let value: u32 = self.into();
        if value < 0x80 { value as u8 } else { 0xff }
    }
}

impl Unit for u8 {
    const BYTES: u64 = 1;
    const WIDE: bool = false;

    fn from_u32(value: u32) -> Option<Self> {
        Self::try_from(value).ok()
    }
}

impl Unit for u16 {
    const BYTES: u64 = 2;
    const WIDE: bool = true;

    fn from_u32(value: u32) -> Option<Self> {
        Self::try_from(value).ok()
    }
}

/// Turns text into another kind of unit as the C locale does: value by value, or not at all.
pub(crate) fn convert<From: Unit, To: Unit>(text: &[From]) -> Option<Vec<To>> {
    text.iter()
        .map(|unit| To::from_u32((*unit).into()))
        .collect()
}
