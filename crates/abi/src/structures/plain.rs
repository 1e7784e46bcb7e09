//! What the fields of structures are made of.

use core::fmt::{self, Write as _};

/// An address in a driver's world: `u32` or `u64`.
pub trait Address: Plain + Copy + fmt::Debug + Eq + Send + Sync + 'static {
    /// Takes an address as a message's parameter carries it. Of one that is too wide for this world, the low half is left.
    fn from_param(param: isize) -> Self;

    /// The address as a message's parameter carries it.
    fn to_param(self) -> isize;
}

impl Address for u32 {
    fn from_param(param: isize) -> Self {
        param as Self
    }

    fn to_param(self) -> isize {
        self as isize
    }
}

impl Address for u64 {
    fn from_param(param: isize) -> Self {
        param.cast_unsigned() as Self
    }

    fn to_param(self) -> isize {
        self as isize
    }
}

/// A field that is only bytes: any bytes are a value of it.
pub trait Plain: Sized {
    /// Reads it from the start of `bytes`, little end first.
    ///
    /// # Panics
    /// If the bytes are too few.
    fn read_from(bytes: &[u8]) -> Self;

    /// Writes it to the start of `bytes`, little end first.
    ///
    /// # Panics
    /// If the bytes are too few.
    fn write_to(&self, bytes: &mut [u8]);

    /// The value whose bytes are zero.
    fn zero() -> Self;
}

macro_rules! plain {
    ($($type:ty)*) => {$(
        impl Plain for $type {
            fn read_from(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<Self>()];
                own.copy_from_slice(&bytes[..size_of::<Self>()]);
                Self::from_le_bytes(own)
            }

            fn write_to(&self, bytes: &mut [u8]) {
                bytes[..size_of::<Self>()].copy_from_slice(&self.to_le_bytes());
            }

            fn zero() -> Self {
                0
            }
        }
    )*};
}

plain! { u8 u16 u32 u64 i32 }

impl<T: Plain, const N: usize> Plain for [T; N] {
    fn read_from(bytes: &[u8]) -> Self {
        core::array::from_fn(|i| T::read_from(&bytes[i * size_of::<T>()..]))
    }

    fn write_to(&self, bytes: &mut [u8]) {
        for (i, item) in self.iter().enumerate() {
            item.write_to(&mut bytes[i * size_of::<T>()..]);
        }
    }

    fn zero() -> Self {
        core::array::from_fn(|_| T::zero())
    }
}

/// Text of at most `N` units of UTF-16, ended by a zero unit where it is shorter.
///
/// [`Display`](fmt::Display) writes the text up to there; what is no UTF-16 becomes `U+FFFD`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Wide<const N: usize>(pub [u16; N]);

impl<const N: usize> Wide<N> {
    /// Takes as much of a text as there is room for, its ending included.
    pub fn new(text: &str) -> Self {
        let mut units = [0; N];
        let room = units.iter_mut().take(N.saturating_sub(1));
        room.zip(text.encode_utf16())
            .for_each(|(unit, value)| *unit = value);
        Self(units)
    }
}

impl<const N: usize> Plain for Wide<N> {
    fn read_from(bytes: &[u8]) -> Self {
        Self(Plain::read_from(bytes))
    }

    fn write_to(&self, bytes: &mut [u8]) {
        self.0.write_to(bytes);
    }

    fn zero() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> fmt::Display for Wide<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.iter().copied().take_while(|&unit| unit != 0);
        char::decode_utf16(units)
            .try_for_each(|c| f.write_char(c.unwrap_or(char::REPLACEMENT_CHARACTER)))
    }
}

impl<const N: usize> fmt::Debug for Wide<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    #[test]
    fn an_address_goes_through_a_parameter_and_back() {
        assert_eq!(u32::from_param(0x8000_1000).to_param(), 0x8000_1000);
        assert_eq!(
            u64::from_param(0x7f00_8000_1000).to_param(),
            0x7f00_8000_1000
        );
        assert_eq!(
            u64::from_param(-1),
            u64::from(u32::MAX) << 32 | u64::from(u32::MAX)
        );
    }

    #[test]
    fn wide_text_ends_where_its_room_ends() {
        assert_eq!(Wide::<4>::new("abcdef").to_string(), "abc");
        assert_eq!(Wide::<8>::new("ä€").to_string(), "ä€");
        assert_eq!(Wide([0x61, 0x62]).to_string(), "ab");
        assert_eq!(Wide([0xd800, 0x61, 0]).to_string(), "\u{fffd}a");
    }
}
