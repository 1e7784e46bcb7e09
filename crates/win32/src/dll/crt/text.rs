//! Strings in the driver's memory, of bytes or of UTF-16 units.

use opendriver_guard as guard;

use crate::claim::Plain;
use crate::crt::scan::Source;
use crate::crt::unit::Unit;
use crate::cx::Cx;
use crate::shim::Addr;
use crate::trap::Trap;

/// A unit that can lie in the driver's memory.
pub(in crate::dll) trait Text: Unit + Plain {
    /// Looks for a zero; the index of the first unit that is not there is the error.
    fn scan(at: u64, limit: usize) -> Result<Option<usize>, usize>;
    /// Appends the bytes of these units.
    fn append(units: &[Self], bytes: &mut Vec<u8>);
    /// The units that these bytes are.
    fn gather(bytes: &[u8], units: &mut Vec<Self>);
}

impl Text for u8 {
    fn scan(at: u64, limit: usize) -> Result<Option<usize>, usize> {
        // SAFETY: the handlers are installed with the process; a bad address is answered.
        unsafe { guard::scan_u8(at as usize, limit) }
    }
    fn append(units: &[Self], bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(units);
    }
    fn gather(bytes: &[u8], units: &mut Vec<Self>) {
        units.extend_from_slice(bytes);
    }
}

impl Text for u16 {
    fn scan(at: u64, limit: usize) -> Result<Option<usize>, usize> {
        // SAFETY: the handlers are installed with the process; a bad address is answered.
        unsafe { guard::scan_u16(at as usize, limit) }
    }
    fn append(units: &[Self], bytes: &mut Vec<u8>) {
        bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    }
    fn gather(bytes: &[u8], units: &mut Vec<Self>) {
        units.extend(
            bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|pair| Self::from_le_bytes(*pair)),
        );
    }
}

/// Units in front of the zero, at most `limit`.
pub(super) fn length<C: Text>(at: Addr, limit: u64) -> Result<u64, Trap> {
    // No text is longer than this, so that a size of -1 does not wrap round the address space.
    let limit = usize::try_from(limit)
        .unwrap_or(usize::MAX)
        .min(usize::MAX >> 2);
    match C::scan(at.0, limit) {
        Ok(Some(found)) => Ok(found as u64),
        Ok(None) => Ok(limit as u64),
        Err(bad) => Err(Trap::access_violation(at.0 + bad as u64 * C::BYTES, false)),
    }
}

/// The units at `at`, so many of them.
pub(super) fn units<C: Text>(cx: &Cx<'_>, at: Addr, count: u64) -> Result<Vec<C>, Trap> {
    let bytes = cx.bytes(at, count.saturating_mul(C::BYTES))?;
    let mut found = Vec::with_capacity(count as usize);
    C::gather(&bytes, &mut found);
    Ok(found)
}

/// A string without its zero, at most `limit` units of it.
pub(super) fn limited<C: Text>(cx: &Cx<'_>, at: Addr, limit: u64) -> Result<Vec<C>, Trap> {
    units(cx, at, length::<C>(at, limit)?)
}

/// A string without its zero.
pub(super) fn string<C: Text>(cx: &Cx<'_>, at: Addr) -> Result<Vec<C>, Trap> {
    limited(cx, at, u64::MAX)
}

/// Writes units as they are.
pub(super) fn put<C: Text>(cx: &Cx<'_>, at: Addr, text: &[C]) -> Result<(), Trap> {
    let mut bytes = Vec::with_capacity(text.len() * C::BYTES as usize);
    C::append(text, &mut bytes);
    cx.put(at, &bytes)
}

/// Writes a string and its zero.
pub(super) fn put_string<C: Text>(cx: &Cx<'_>, at: Addr, text: &[C]) -> Result<(), Trap> {
    let mut bytes = Vec::with_capacity((text.len() + 1) * C::BYTES as usize);
    C::append(text, &mut bytes);
    C::append(&[C::default()], &mut bytes);
    cx.put(at, &bytes)
}

/// The bytes of so many units.
pub(super) const fn bytes<C: Text>(units: u64) -> u64 {
    units.wrapping_mul(C::BYTES)
}

/// The address of the unit with this index.
pub(super) fn place<C: Text>(at: Addr, index: u64) -> Addr {
    at.offset(index.wrapping_mul(C::BYTES))
}

/// A string of the process heap; null when there is no memory.
pub(super) fn allocate<C: Text>(cx: &Cx<'_>, text: &[C]) -> Result<Addr, Trap> {
    let block = cx.allocate(crate::shim::Size((text.len() as u64 + 1) * C::BYTES));
    if !block.is_null() {
        put_string(cx, block, text)?;
    }
    Ok(block)
}

/// A string that is read as far as somebody looks at it, and no page further.
pub(super) struct Window<'a, C> {
    cx: &'a Cx<'a>,
    at: Addr,
    known: Vec<C>,
    /// For a [`Source`]: how much was taken.
    pub(super) taken: u64,
    /// Units behind which nobody may look.
    limit: u64,
}

const PAGE: u64 = 4096;
/// Units that are read at first, and bytes that are read at most, at once.
const STEP: u64 = 64;
const MOST: u64 = 512;

impl<'a, C: Text> Window<'a, C> {
    pub(super) fn new(cx: &'a Cx<'_>, at: Addr) -> Self {
        Self::limited(cx, at, u64::MAX)
    }

    pub(super) fn limited(cx: &'a Cx<'_>, at: Addr, limit: u64) -> Self {
        Self {
            cx,
            at,
            known: Vec::new(),
            taken: 0,
            limit,
        }
    }

    /// The unit with this index.
    pub(super) fn get(&mut self, index: u64) -> Result<C, Trap> {
        while self.known.len() as u64 <= index {
            let from = place::<C>(self.at, self.known.len() as u64);
            let to_page = (PAGE - from.0 % PAGE) / C::BYTES;
            let step = STEP.max(self.known.len() as u64).min(MOST / C::BYTES);
            let count = bytes::<C>(step.min(to_page).max(1)) as usize;
            let mut chunk = [0; MOST as usize];
            self.cx.get(from, &mut chunk[..count])?;
            C::gather(&chunk[..count], &mut self.known);
        }
        Ok(self.known[index as usize])
    }
}

impl<C: Text> Source<C> for Window<'_, C> {
    type Error = Trap;

    fn peek(&mut self, ahead: u64) -> Result<Option<C>, Trap> {
        for index in self.taken..=self.taken + ahead {
            if index >= self.limit || self.get(index)? == C::default() {
                return Ok(None);
            }
        }
        self.get(self.taken + ahead).map(Some)
    }

    fn skip(&mut self, count: u64) -> Result<(), Trap> {
        self.taken += count;
        Ok(())
    }
}

/// Compares two strings, at most `limit` units, after `fold`.
pub(super) fn compare<C: Text>(
    cx: &Cx<'_>,
    one: Addr,
    other: Addr,
    limit: u64,
    fold: impl Fn(C) -> C,
) -> Result<i32, Trap> {
    let mut one = Window::<C>::new(cx, one);
    let mut other = Window::<C>::new(cx, other);
    let mut index = 0;
    while index < limit {
        let left = fold(one.get(index)?);
        let right = fold(other.get(index)?);
        if left != right {
            return Ok(if left < right { -1 } else { 1 });
        }
        if left == C::default() {
            break;
        }
        index += 1;
    }
    Ok(0)
}
