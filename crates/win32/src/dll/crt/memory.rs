//! `<memory.h>`: bytes copied, set, compared and found.

use super::runtime::{errno, refuse};
use crate::crt::ctype;
use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

/// How much of two blocks is compared at once.
const CHUNK: u64 = 1024;

fn compare(
    cx: &Cx<'_>,
    one: Addr,
    other: Addr,
    count: u64,
    fold: fn(u8) -> u8,
) -> Result<i32, Trap> {
    let mut left = [0; CHUNK as usize];
    let mut right = [0; CHUNK as usize];
    let mut done = 0;
    while done < count {
        let step = (count - done).min(CHUNK);
        let (left, right) = (&mut left[..step as usize], &mut right[..step as usize]);
        cx.get(one.offset(done), left)?;
        cx.get(other.offset(done), right)?;
        if left != right {
            let differ = left
                .iter()
                .zip(right.iter())
                .find(|(left, right)| fold(**left) != fold(**right));
            if let Some((left, right)) = differ {
                return Ok(if fold(*left) < fold(*right) { -1 } else { 1 });
            }
        }
        done += step;
    }
    Ok(0)
}

fn find(cx: &Cx<'_>, at: Addr, byte: u8, count: u64) -> Result<Option<u64>, Trap> {
    let mut done = 0;
    while done < count {
        // No chunk reaches into a page that comparing byte by byte would not have touched.
        let step = (count - done).min(CHUNK - (at.0.wrapping_add(done)) % CHUNK);
        let bytes = cx.bytes(at.offset(done), step)?;
        if let Some(found) = bytes.iter().position(|known| *known == byte) {
            return Ok(Some(done + found as u64));
        }
        done += step;
    }
    Ok(None)
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Copies bytes; the ranges should not overlap.
    fn memcpy(cx, to: Addr, from: Addr, count: Size) -> Addr {
        cx.copy(to, from, count.0)?;
        Ok(to)
    }

    /// Copies bytes; the ranges may overlap.
    fn memmove(cx, to: Addr, from: Addr, count: Size) -> Addr {
        cx.copy(to, from, count.0)?;
        Ok(to)
    }

    /// Sets bytes.
    fn memset(cx, at: Addr, byte: i32, count: Size) -> Addr {
        cx.fill(at, byte as u8, count.0)?;
        Ok(at)
    }

    /// Compares bytes.
    fn memcmp(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare(cx, one, other, count.0, |byte| byte)
    }

    /// Compares bytes without regard to the case of ASCII letters.
    fn _memicmp(cx, one: Addr, other: Addr, count: Size) -> i32 {
        compare(cx, one, other, count.0, ctype::lower)
    }

    /// Finds a byte.
    fn memchr(cx, at: Addr, byte: i32, count: Size) -> Addr {
        Ok(find(cx, at, byte as u8, count.0)?.map_or(Addr::NULL, |index| at.offset(index)))
    }

    /// Copies bytes up to and with the first one that equals `byte`.
    fn _memccpy(cx, to: Addr, from: Addr, byte: i32, count: Size) -> Addr {
        let found = find(cx, from, byte as u8, count.0)?;
        let copied = found.map_or(count.0, |index| index + 1);
        cx.copy(to, from, copied)?;
        Ok(if found.is_some() { to.offset(copied) } else { Addr::NULL })
    }

    /// Copies bytes into a buffer of known size.
    fn memcpy_s(cx, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        if count.0 == 0 {
            return Ok(0);
        }
        if to.is_null() {
            return refuse(cx, "memcpy_s", errno::EINVAL);
        }
        if from.is_null() || room.0 < count.0 {
            cx.fill(to, 0, room.0)?;
            let error = if from.is_null() { errno::EINVAL } else { errno::ERANGE };
            return refuse(cx, "memcpy_s", error);
        }
        cx.copy(to, from, count.0)?;
        Ok(0)
    }

    /// Copies bytes that may overlap into a buffer of known size.
    fn memmove_s(cx, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        if count.0 == 0 {
            return Ok(0);
        }
        if to.is_null() || from.is_null() {
            return refuse(cx, "memmove_s", errno::EINVAL);
        }
        if room.0 < count.0 {
            return refuse(cx, "memmove_s", errno::ERANGE);
        }
        cx.copy(to, from, count.0)?;
        Ok(0)
    }

    /// Copies wide characters into a buffer of known size.
    fn wmemcpy_s(cx, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        if count.0 == 0 {
            return Ok(0);
        }
        if to.is_null() {
            return refuse(cx, "wmemcpy_s", errno::EINVAL);
        }
        if from.is_null() || room.0 < count.0 {
            cx.fill(to, 0, room.0.saturating_mul(2))?;
            let error = if from.is_null() { errno::EINVAL } else { errno::ERANGE };
            return refuse(cx, "wmemcpy_s", error);
        }
        cx.copy(to, from, count.0 * 2)?;
        Ok(0)
    }

    /// Copies wide characters that may overlap into a buffer of known size.
    fn wmemmove_s(cx, to: Addr, room: Size, from: Addr, count: Size) -> i32 {
        if count.0 == 0 {
            return Ok(0);
        }
        if to.is_null() || from.is_null() {
            return refuse(cx, "wmemmove_s", errno::EINVAL);
        }
        if room.0 < count.0 {
            return refuse(cx, "wmemmove_s", errno::ERANGE);
        }
        cx.copy(to, from, count.0 * 2)?;
        Ok(0)
    }

    /// Copies pairs of bytes, each pair swapped.
    fn _swab(cx, from: Addr, to: Addr, count: i32) {
        let mut bytes = cx.bytes(from, u64::try_from(count & !1).unwrap_or(0))?;
        bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.swap(0, 1));
        cx.put(to, &bytes)
    }
}
