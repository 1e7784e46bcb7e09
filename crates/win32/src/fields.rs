//! Fields of structures in the driver's memory: numbers, and addresses that are as wide as the driver.

use crate::claim::Plain;
use crate::cx::Cx;
use crate::shim::{Addr, Handle, Signed, Size};
use crate::trap::Trap;

/// A place that moves through a structure.
pub(crate) struct Fields<'c, 'a> {
    cx: &'c Cx<'a>,
    start: Addr,
    next: u64,
}

/// A field of a structure.
pub(crate) trait Field: Sized {
    /// What is laid out as it is in a 32-bit driver.
    type Narrow;
    /// What is laid out as it is in a 64-bit driver.
    type Wide;
    /// Bytes in a driver of this pointer size.
    fn size(pointer: u64) -> u64 {
        let size = if pointer == 8 {
            size_of::<Self::Wide>()
        } else {
            size_of::<Self::Narrow>()
        };
        size as u64
    }
    /// Reads it.
    fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap>;
    /// Writes it.
    fn write(self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap>;
}

macro_rules! plain_fields {
    ($($type:ty),*) => {$(
        impl Field for $type {
            type Narrow = Self;
            type Wide = Self;
            fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> { <$type as Plain>::read(cx, at) }
            fn write(self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap> { Plain::write(self, cx, at) }
        }
    )*};
}

plain_fields!(u8, i8, u16, i16, u32, i32, u64, i64, f32, f64);

macro_rules! wide_fields {
    ($($type:ident($number:ty) by $read:ident),*) => {$(
        impl Field for $type {
            type Narrow = u32;
            type Wide = u64;
            fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
                cx.$read(at).map(|value| Self(value as $number))
            }
            fn write(self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
                cx.write_addr(at, Addr(self.0 as u64))
            }
        }
    )*};
}

wide_fields!(Addr(u64) by read_word, Size(u64) by read_word, Handle(u64) by read_signed, Signed(i64) by read_signed);

impl<const N: usize> Field for [u8; N] {
    type Narrow = Self;
    type Wide = Self;
    fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
        let mut bytes = [0; N];
        cx.get(at, &mut bytes)?;
        Ok(bytes)
    }
    fn write(self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
        cx.put(at, &self)
    }
}

impl<'c, 'a> Fields<'c, 'a> {
    fn place<T: Field>(&mut self) -> Addr {
        let size = T::size(self.cx.pointer_size());
        let at = self.next.next_multiple_of(size);
        self.next = at + size;
        self.start.offset(at)
    }

    /// Reads the next field.
    pub(crate) fn get<T: Field>(&mut self) -> Result<T, Trap> {
        let at = self.place::<T>();
        T::read(self.cx, at)
    }

    /// Writes the next field.
    pub(crate) fn put<T: Field>(&mut self, value: T) -> Result<&mut Self, Trap> {
        let at = self.place::<T>();
        value.write(self.cx, at)?;
        Ok(self)
    }

    /// Passes over the next field.
    pub(crate) fn skip<T: Field>(&mut self) -> &mut Self {
        self.place::<T>();
        self
    }
}

impl<'a> Cx<'a> {
    /// Starts at the first field of a structure.
    pub(crate) fn fields<'c>(&'c self, at: Addr) -> Fields<'c, 'a> {
        Fields {
            cx: self,
            start: at,
            next: 0,
        }
    }
}
