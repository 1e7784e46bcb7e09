//! Addresses that a driver claims to be good, turned into bytes or refused.
//!
//! Nothing here faults: an address that cannot be read or written becomes the access violation that
//! the driver would have had on Windows.

use opendriver_guard as guard;

use crate::cx::Cx;
use crate::shim::Addr;
use crate::trap::Trap;

/// A number that lies in memory as it is, little-endian.
pub(crate) trait Plain: Copy {
    /// Reads it.
    fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap>;
    /// Writes it.
    fn write(self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap>;
}

macro_rules! plain {
    ($($type:ty),*) => {$(
        impl Plain for $type {
            fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
                let mut bytes = [0; size_of::<$type>()];
                cx.get(at, &mut bytes)?;
                Ok(Self::from_le_bytes(bytes))
            }
            fn write(self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
                cx.put(at, &self.to_le_bytes())
            }
        }
    )*};
}

plain!(i8, u8, i16, u16, i32, u32, i64, u64, f32, f64);

/// Which of the two kinds a function with text is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letters {
    /// Bytes in the process' code page.
    A,
    /// UTF-16.
    W,
}

/// How much text without an end is read before the claim is refused.
const LONGEST_TEXT: usize = 64 << 20;

impl Cx<'_> {
    /// Reads a number.
    pub(crate) fn read<T: Plain>(&self, at: Addr) -> Result<T, Trap> {
        T::read(self, at)
    }

    /// Writes a number.
    pub(crate) fn write<T: Plain>(&self, at: Addr, value: T) -> Result<(), Trap> {
        value.write(self, at)
    }

    /// Writes a number where the address is not null.
    pub(crate) fn write_unless_null<T: Plain>(&self, at: Addr, value: T) -> Result<(), Trap> {
        if at.is_null() {
            Ok(())
        } else {
            self.write(at, value)
        }
    }

    /// Reads an address of the driver's width.
    pub(crate) fn read_addr(&self, at: Addr) -> Result<Addr, Trap> {
        self.read_word(at).map(Addr)
    }

    /// Reads an unsigned number as wide as an address.
    pub(crate) fn read_word(&self, at: Addr) -> Result<u64, Trap> {
        if self.pointer_size() == 8 {
            self.read(at)
        } else {
            self.read::<u32>(at).map(u64::from)
        }
    }

    /// Reads a handle, or a signed number as wide as an address: its sign comes along.
    pub(crate) fn read_signed(&self, at: Addr) -> Result<i64, Trap> {
        if self.pointer_size() == 8 {
            self.read(at)
        } else {
            self.read::<i32>(at).map(i64::from)
        }
    }

    /// Writes an address of the driver's width.
    pub(crate) fn write_addr(&self, at: Addr, value: Addr) -> Result<(), Trap> {
        if self.pointer_size() == 8 {
            self.write(at, value.0)
        } else {
            self.write(at, value.0 as u32)
        }
    }

    /// Writes an address of the driver's width where there is a place for it.
    pub(crate) fn write_addr_unless_null(&self, at: Addr, value: Addr) -> Result<(), Trap> {
        if at.is_null() {
            Ok(())
        } else {
            self.write_addr(at, value)
        }
    }

    /// Fills `bytes` from the driver's memory.
    pub(crate) fn get(&self, at: Addr, bytes: &mut [u8]) -> Result<(), Trap> {
        // SAFETY: `bytes` is ours to write; a bad source is answered, not followed.
        unsafe { guard::copy(bytes.as_mut_ptr(), at.0 as *const u8, bytes.len()) }
            .map_err(|address| Trap::access_violation(address as u64, false))
    }

    /// Reads so many bytes.
    pub(crate) fn bytes(&self, at: Addr, count: u64) -> Result<Vec<u8>, Trap> {
        let mut bytes = Vec::new();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if bytes.try_reserve_exact(count).is_err() {
            return Err(Trap::access_violation(at.0, false));
        }
        bytes.resize(count, 0);
        self.get(at, &mut bytes)?;
        Ok(bytes)
    }

    /// Writes bytes.
    pub(crate) fn put(&self, at: Addr, bytes: &[u8]) -> Result<(), Trap> {
        // SAFETY: `bytes` is ours to read; a bad target is answered, not followed.
        unsafe { guard::copy(at.0 as *mut u8, bytes.as_ptr(), bytes.len()) }
            .map_err(|address| Trap::access_violation(address as u64, true))
    }

    /// Copies within the driver's memory; the ranges may overlap.
    pub(crate) fn copy(&self, to: Addr, from: Addr, count: u64) -> Result<(), Trap> {
        // SAFETY: both ranges are the driver's, and bad ones are answered, not followed.
        let copied = unsafe { guard::copy(to.0 as *mut u8, from.0 as *const u8, count as usize) };
        copied.map_err(|address| {
            let address = address as u64;
            Trap::access_violation(
                address,
                (to.0..to.0.saturating_add(count)).contains(&address),
            )
        })
    }

    /// Sets bytes.
    pub(crate) fn fill(&self, at: Addr, byte: u8, count: u64) -> Result<(), Trap> {
        // SAFETY: the range is the driver's, and a bad one is answered, not followed.
        unsafe { guard::fill(at.0 as *mut u8, byte, count as usize) }
            .map_err(|address| Trap::access_violation(address as u64, true))
    }

    /// Reads bytes up to a zero byte, which is left out.
    pub(crate) fn ansi(&self, at: Addr) -> Result<Vec<u8>, Trap> {
        self.until_zero(at)
    }

    /// Reads UTF-16 units up to a zero unit, which is left out.
    pub(crate) fn wide(&self, at: Addr) -> Result<Vec<u16>, Trap> {
        self.until_zero(at)
    }

    fn until_zero<T: Plain + PartialEq + Default>(&self, at: Addr) -> Result<Vec<T>, Trap> {
        let mut units = Vec::new();
        let mut next = at;
        loop {
            let unit: T = self.read(next)?;
            if unit == T::default() {
                return Ok(units);
            }
            if units.len() * size_of::<T>() >= LONGEST_TEXT {
                return Err(Trap::access_violation(next.0, false));
            }
            units.push(unit);
            next = next.offset(size_of::<T>() as u64);
        }
    }

    /// Reads text as a function of the `A` or the `W` kind takes it.
    pub(crate) fn text(&self, at: Addr, letters: Letters) -> Result<String, Trap> {
        match letters {
            Letters::A => self.text_a(at),
            Letters::W => self.text_w(at),
        }
    }

    /// Reads text in the process' code page.
    pub(crate) fn text_a(&self, at: Addr) -> Result<String, Trap> {
        Ok(self.process().ansi_to_string(&self.ansi(at)?))
    }

    /// Reads UTF-16 text.
    pub(crate) fn text_w(&self, at: Addr) -> Result<String, Trap> {
        Ok(String::from_utf16_lossy(&self.wide(at)?))
    }

    /// Writes UTF-16 units.
    pub(crate) fn put_wide(&self, at: Addr, units: &[u16]) -> Result<(), Trap> {
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        self.put(at, &bytes)
    }
}
