//! The two forms of Windows text: one function body serves `...A` and `...W`.

use crate::cx::Cx;
use crate::shim::Addr;
use crate::trap::Trap;

/// How a function takes and gives text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letters {
    /// Bytes of the process' code page (`...A`).
    Ansi,
    /// UTF-16 (`...W`).
    Wide,
}

impl Letters {
    /// Bytes of one character unit.
    pub(crate) const fn bytes(self) -> u64 {
        match self {
            Self::Ansi => 1,
            Self::Wide => 2,
        }
    }

    /// Reads text up to its final zero.
    pub(crate) fn read(self, cx: &Cx<'_>, at: Addr) -> Result<String, Trap> {
        match self {
            Self::Ansi => cx.text_a(at),
            Self::Wide => cx.text_w(at),
        }
    }

    /// Reads text, or nothing from a null pointer.
    pub(crate) fn optional(self, cx: &Cx<'_>, at: Addr) -> Result<Option<String>, Trap> {
        if at.is_null() {
            return Ok(None);
        }
        self.read(cx, at).map(Some)
    }

    /// Reads text of a given number of units; one below zero means that a zero ends it.
    pub(crate) fn read_units(self, cx: &Cx<'_>, at: Addr, units: i32) -> Result<String, Trap> {
        let Ok(units) = u64::try_from(units) else {
            return self.read(cx, at);
        };
        Ok(self.decode(cx, &cx.bytes(at, units * self.bytes())?))
    }

    /// Turns bytes into text.
    pub(crate) fn decode(self, cx: &Cx<'_>, bytes: &[u8]) -> String {
        match self {
            Self::Ansi => cx.process().ansi_to_string(bytes),
            Self::Wide => {
                let (pairs, _) = bytes.as_chunks::<2>();
                let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
                String::from_utf16_lossy(&units)
            }
        }
    }

    /// Turns text into bytes, without a final zero.
    pub(crate) fn encode(self, cx: &Cx<'_>, text: &str) -> Vec<u8> {
        match self {
            Self::Ansi => cx.process().string_to_ansi(text),
            Self::Wide => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }
    }

    /// Units of a text, without a final zero.
    pub(crate) fn length(self, cx: &Cx<'_>, text: &str) -> u64 {
        self.encode(cx, text).len() as u64 / self.bytes()
    }

    /// Writes text and its final zero, whatever room there is.
    pub(crate) fn put(self, cx: &Cx<'_>, at: Addr, text: &str) -> Result<(), Trap> {
        let mut bytes = self.encode(cx, text);
        bytes.resize(bytes.len() + self.bytes() as usize, 0);
        cx.put(at, &bytes)
    }

    /// Writes as much of a text as `room` units hold with a final zero; answers the units before the zero.
    pub(crate) fn put_cut(self, cx: &Cx<'_>, at: Addr, text: &str, room: u64) -> Result<u64, Trap> {
        let Some(most) = room.checked_sub(1) else {
            return Ok(0);
        };
        let mut bytes = self.encode(cx, text);
        bytes.truncate(usize::try_from(most.saturating_mul(self.bytes())).unwrap_or(usize::MAX));
        let written = bytes.len() as u64 / self.bytes();
        bytes.resize(bytes.len() + self.bytes() as usize, 0);
        cx.put(at, &bytes)?;
        Ok(written)
    }

    /// Writes text and its final zero if there is room, as most functions do: answers the units without the zero, or,
    /// when nothing was written, the units with it.
    pub(crate) fn fill(self, cx: &Cx<'_>, at: Addr, room: u32, text: &str) -> Result<u32, Trap> {
        let length = self.length(cx, text) as u32;
        if length >= room {
            return Ok(length + 1);
        }
        self.put(cx, at, text)?;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::Letters::{Ansi, Wide};
    use crate::bench::Bench;
    use crate::shim::Addr;

    #[test]
    fn text_is_read_and_written_in_both_forms() {
        let bench = Bench::new();
        let (ansi, wide) = (bench.bytes(b"\xe9t\xe9\0"), bench.wide("été"));
        bench.with_cx(|cx| {
            assert_eq!(Ansi.read(cx, Addr(ansi)).unwrap(), "été");
            assert_eq!(Wide.read(cx, Addr(wide)).unwrap(), "été");
            assert_eq!(Wide.read_units(cx, Addr(wide), 2).unwrap(), "ét");
            assert_eq!(Ansi.optional(cx, Addr::NULL).unwrap(), None);
            assert_eq!(Wide.length(cx, "😀"), 2);
            assert_eq!(Wide.put_cut(cx, Addr(wide), "abc", 3).unwrap(), 2);
            assert_eq!(Wide.read(cx, Addr(wide)).unwrap(), "ab");
            assert_eq!(Ansi.put_cut(cx, Addr(ansi), "x", 0).unwrap(), 0);
            Ansi.put(cx, Addr(ansi), "€").unwrap();
        });
        assert_eq!(bench.read(ansi, 2), [0x80, 0]);
    }
}
