//! `<search.h>`: sorting and searching with a comparison of the driver's.

use super::aliases;
use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

/// A comparison function, and what it is given in front of the two elements, if anything.
#[derive(Clone, Copy)]
struct Comparison {
    function: Addr,
    context: Option<Addr>,
}

impl Comparison {
    fn call(self, cx: &mut Cx<'_>, one: Addr, other: Addr) -> Result<i32, Trap> {
        let answer = match self.context {
            Some(context) => cx.call(self.function, &[context.0, one.0, other.0])?,
            None => cx.call(self.function, &[one.0, other.0])?,
        };
        Ok(answer as i32)
    }
}

/// Sorts by merging indices; the array itself moves once, when the order is known.
fn sort(
    cx: &mut Cx<'_>,
    base: Addr,
    count: u64,
    width: u64,
    order: Comparison,
) -> Result<(), Trap> {
    if count < 2 || width == 0 {
        return Ok(());
    }
    let bytes = cx.bytes(base, count.saturating_mul(width))?;
    let element = |index: usize| base.offset(index as u64 * width);
    let mut sorted: Vec<usize> = (0..count as usize).collect();
    let mut spare = Vec::with_capacity(sorted.len());
    let mut run = 1;
    while run < sorted.len() {
        spare.clear();
        for start in (0..sorted.len()).step_by(2 * run) {
            let middle = (start + run).min(sorted.len());
            let end = (start + 2 * run).min(sorted.len());
            let (mut left, mut right) = (start, middle);
            while left < middle && right < end {
                let from_right = order.call(cx, element(sorted[left]), element(sorted[right]))? > 0;
                let taken = if from_right { &mut right } else { &mut left };
                spare.push(sorted[*taken]);
                *taken += 1;
            }
            spare.extend_from_slice(&sorted[left..middle]);
            spare.extend_from_slice(&sorted[right..end]);
        }
        std::mem::swap(&mut sorted, &mut spare);
        run *= 2;
    }
    let width = width as usize;
    let moved: Vec<u8> = sorted
        .iter()
        .flat_map(|index| &bytes[index * width..(index + 1) * width])
        .copied()
        .collect();
    cx.put(base, &moved)
}

fn search(
    cx: &mut Cx<'_>,
    key: Addr,
    base: Addr,
    count: u64,
    width: u64,
    order: Comparison,
) -> Result<Addr, Trap> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        let at = base.offset(middle.wrapping_mul(width));
        match order.call(cx, key, at)? {
            0 => return Ok(at),
            1.. => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(Addr::NULL)
}

fn walk(
    cx: &mut Cx<'_>,
    key: Addr,
    base: Addr,
    count: u64,
    width: u64,
    order: Comparison,
) -> Result<Addr, Trap> {
    for index in 0..count {
        let at = base.offset(index.wrapping_mul(width));
        if order.call(cx, key, at)? == 0 {
            return Ok(at);
        }
    }
    Ok(Addr::NULL)
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Sorts an array.
    fn qsort(cx, base: Addr, count: Size, width: Size, function: Addr) {
        sort(cx, base, count.0, width.0, Comparison { function, context: None })
    }

    /// Sorts an array with a comparison that has a context.
    fn qsort_s(cx, base: Addr, count: Size, width: Size, function: Addr, context: Addr) {
        sort(cx, base, count.0, width.0, Comparison { function, context: Some(context) })
    }

    /// Finds an element of a sorted array.
    fn bsearch(cx, key: Addr, base: Addr, count: Size, width: Size, function: Addr) -> Addr {
        search(cx, key, base, count.0, width.0, Comparison { function, context: None })
    }

    /// Finds an element of a sorted array with a comparison that has a context.
    fn bsearch_s(cx, key: Addr, base: Addr, count: Size, width: Size, function: Addr, context: Addr) -> Addr {
        search(cx, key, base, count.0, width.0, Comparison { function, context: Some(context) })
    }

    /// Finds an element of an array in any order.
    fn _lfind(cx, key: Addr, base: Addr, count: Addr, width: u32, function: Addr) -> Addr {
        let count: u32 = cx.read(count)?;
        walk(cx, key, base, count.into(), width.into(), Comparison { function, context: None })
    }

    /// Finds an element of an array in any order with a comparison that has a context.
    fn _lfind_s(cx, key: Addr, base: Addr, count: Addr, width: Size, function: Addr, context: Addr) -> Addr {
        let count: u32 = cx.read(count)?;
        walk(cx, key, base, count.into(), width.0, Comparison { function, context: Some(context) })
    }

    /// Finds an element of an array in any order, or appends it.
    fn _lsearch(cx, key: Addr, base: Addr, count: Addr, width: u32, function: Addr) -> Addr {
        let known: u32 = cx.read(count)?;
        let order = Comparison { function, context: None };
        let found = walk(cx, key, base, known.into(), width.into(), order)?;
        if !found.is_null() {
            return Ok(found);
        }
        let end = base.offset(u64::from(known) * u64::from(width));
        cx.copy(end, key, width.into())?;
        cx.write(count, known + 1)?;
        Ok(end)
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS => "_lfind" as "lfind", "_lsearch" as "lsearch";
}
