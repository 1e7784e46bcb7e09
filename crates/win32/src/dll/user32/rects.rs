//! Rectangles: left, top, right, bottom.

use crate::cx::Cx;
use crate::shim::{Addr, shims};
use crate::trap::Trap;

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Sets the sides of a rectangle.
    fn SetRect(cx, rect: Addr, left: i32, top: i32, right: i32, bottom: i32) -> bool {
        Rect([left, top, right, bottom]).write(cx, rect)?;
        Ok(true)
    }

    /// Makes a rectangle empty.
    fn SetRectEmpty(cx, rect: Addr) -> bool {
        Rect([0; 4]).write(cx, rect)?;
        Ok(true)
    }

    /// Copies a rectangle.
    fn CopyRect(cx, to: Addr, from: Addr) -> bool {
        Rect::read(cx, from)?.write(cx, to)?;
        Ok(true)
    }

    /// Tells whether a rectangle holds no point.
    fn IsRectEmpty(cx, rect: Addr) -> bool {
        Ok(Rect::read(cx, rect)?.is_empty())
    }

    /// Tells whether two rectangles are the same.
    fn EqualRect(cx, first: Addr, second: Addr) -> bool {
        Ok(Rect::read(cx, first)?.0 == Rect::read(cx, second)?.0)
    }

    /// Moves a rectangle.
    fn OffsetRect(cx, rect: Addr, x: i32, y: i32) -> bool {
        let Rect([left, top, right, bottom]) = Rect::read(cx, rect)?;
        let moved = [left.wrapping_add(x), top.wrapping_add(y), right.wrapping_add(x), bottom.wrapping_add(y)];
        Rect(moved).write(cx, rect)?;
        Ok(true)
    }

    /// Makes a rectangle larger on all sides.
    fn InflateRect(cx, rect: Addr, x: i32, y: i32) -> bool {
        let Rect([left, top, right, bottom]) = Rect::read(cx, rect)?;
        let larger = [left.wrapping_sub(x), top.wrapping_sub(y), right.wrapping_add(x), bottom.wrapping_add(y)];
        Rect(larger).write(cx, rect)?;
        Ok(true)
    }

    /// Gives the part that two rectangles share; false when there is none.
    fn IntersectRect(cx, result: Addr, first: Addr, second: Addr) -> bool {
        let (Rect(a), Rect(b)) = (Rect::read(cx, first)?, Rect::read(cx, second)?);
        let shared = Rect([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
        let some = !shared.is_empty() && !Rect(a).is_empty() && !Rect(b).is_empty();
        if some { shared } else { Rect([0; 4]) }.write(cx, result)?;
        Ok(some)
    }

    /// Gives the smallest rectangle that holds two; false when both are empty.
    fn UnionRect(cx, result: Addr, first: Addr, second: Addr) -> bool {
        let (first, second) = (Rect::read(cx, first)?, Rect::read(cx, second)?);
        let (Rect(a), Rect(b)) = (first, second);
        let union = match (first.is_empty(), second.is_empty()) {
            (true, true) => Rect([0; 4]),
            (true, false) => second,
            (false, true) => first,
            (false, false) => Rect([a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]),
        };
        union.write(cx, result)?;
        Ok(!union.is_empty())
    }

    /// Takes one rectangle away from another where what is left is one.
    fn SubtractRect(cx, result: Addr, first: Addr, second: Addr) -> bool {
        let (Rect(mut a), Rect(b)) = (Rect::read(cx, first)?, Rect::read(cx, second)?);
        let covers = |low: usize| b[low] <= a[low] && b[low + 2] >= a[low + 2];
        for (low, other) in [(0, 1), (1, 0)] {
            if !covers(other) || b[low] >= a[low + 2] || b[low + 2] <= a[low] {
                continue;
            }
            if b[low] <= a[low] {
                a[low] = b[low + 2].min(a[low + 2]);
            } else if b[low + 2] >= a[low + 2] {
                a[low + 2] = b[low];
            }
            break;
        }
        let left = Rect(a);
        if left.is_empty() { Rect([0; 4]) } else { left }.write(cx, result)?;
        Ok(!left.is_empty())
    }

    /// Tells whether a point lies in a rectangle; its right and lower sides do not count.
    fn PtInRect(cx, rect: Addr, point: u64) -> bool {
        let Rect([left, top, right, bottom]) = Rect::read(cx, rect)?;
        let (x, y) = (point as i32, (point >> 32) as i32);
        Ok(left <= x && x < right && top <= y && y < bottom)
    }
}

/// Four sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rect(pub(super) [i32; 4]);

impl Rect {
    pub(super) fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
        let mut sides = [0; 4];
        for (side, at_side) in sides.iter_mut().zip((0..).step_by(4)) {
            *side = cx.read(at.offset(at_side))?;
        }
        Ok(Self(sides))
    }

    pub(super) fn write(self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
        self.0
            .into_iter()
            .zip((0..).step_by(4))
            .try_for_each(|(side, at_side)| cx.write(at.offset(at_side), side))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0[0] >= self.0[2] || self.0[1] >= self.0[3]
    }

    pub(super) fn width(self) -> i32 {
        self.0[2].wrapping_sub(self.0[0])
    }

    pub(super) fn height(self) -> i32 {
        self.0[3].wrapping_sub(self.0[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    fn rect(bench: &Bench, sides: [i32; 4]) -> u64 {
        bench.bytes(&sides.map(i32::to_le_bytes).concat())
    }

    fn sides(bench: &Bench, at: u64) -> [i32; 4] {
        bench.with_cx(|cx| Rect::read(cx, Addr(at)).unwrap().0)
    }

    #[test]
    fn rectangles_meet_join_and_part() {
        let bench = Bench::new();
        let (first, second, result) = (
            rect(&bench, [0, 0, 10, 10]),
            rect(&bench, [5, 0, 20, 10]),
            rect(&bench, [9; 4]),
        );
        let ask = |name| bench.ask("user32.dll", name, &[result, first, second]);
        assert_eq!(
            (ask("IntersectRect"), sides(&bench, result)),
            (1, [5, 0, 10, 10])
        );
        assert_eq!(
            (ask("UnionRect"), sides(&bench, result)),
            (1, [0, 0, 20, 10])
        );
        assert_eq!(
            (ask("SubtractRect"), sides(&bench, result)),
            (1, [0, 0, 5, 10])
        );
        let apart = rect(&bench, [50, 50, 60, 60]);
        assert_eq!(
            bench.ask("user32.dll", "IntersectRect", &[result, first, apart]),
            0
        );
        assert_eq!(sides(&bench, result), [0; 4]);
    }

    #[test]
    fn points_on_the_far_sides_are_outside() {
        let bench = Bench::new();
        let square = rect(&bench, [0, 0, 10, 10]);
        for (point, inside) in [
            (0, 1),
            (9, 1),
            (10, 0),
            (9 << 32 | 9, 1),
            (10 << 32, 0),
            (u64::from(u32::MAX), 0),
        ] {
            assert_eq!(
                bench.ask("user32.dll", "PtInRect", &[square, point]),
                inside,
                "{point:#x}"
            );
        }
        bench.ask(
            "user32.dll",
            "InflateRect",
            &[square, 2, u64::from(u32::MAX)],
        );
        assert_eq!(sides(&bench, square), [-2, 1, 12, 9]);
    }
}
