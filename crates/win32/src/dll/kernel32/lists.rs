//! Singly linked lists that threads push to and pop from (`SLIST_HEADER`).
//!
//! The header is two words: how many entries there are and a number that changes with each push, and the first entry.
//! Drivers only look at the first; everything else comes through here, under one lock.

use std::sync::Mutex;

use crate::cx::Cx;
use crate::dll::crt::aliases;
use crate::shim::{Addr, shims};
use crate::trap::Trap;

/// What the second word holds beside the address of the first entry.
const NEXT_MASK: u64 = !15;
/// Bits of the first word that count entries; the rest counts changes.
const DEPTH_BITS: u64 = 0xFFFF;
const SEQUENCE: u64 = 0x1_0000;

#[derive(Default)]
struct Lists {
    lock: Mutex<()>,
}

shims! {
    pub(in crate::dll) static SHIMS = "kernel32.dll", stdcall;

    /// Empties a list that is new.
    fn InitializeSListHead(cx, list: Addr) {
        cx.write(list, 0_u64)?;
        cx.write(list.offset(8), 0_u64)
    }

    /// Puts an entry in front; answers the one that was there.
    fn InterlockedPushEntrySList(cx, list: Addr, entry: Addr) -> Addr {
        push(cx, list, entry, entry, 1)
    }

    /// Puts linked entries in front; answers the one that was there.
    fn InterlockedPushListSListEx(cx, list: Addr, first: Addr, last: Addr, count: u32) -> Addr {
        push(cx, list, first, last, count)
    }

    /// Takes the first entry; null when there is none.
    fn InterlockedPopEntrySList(cx, list: Addr) -> Addr {
        locked(cx, || {
            let first = first(cx, list)?;
            if !first.is_null() {
                let next: u64 = cx.read(first)?;
                change(cx, list, Addr(next), |depth| depth.wrapping_sub(1))?;
            }
            Ok(first)
        })
    }

    /// Takes all entries; answers the first.
    fn InterlockedFlushSList(cx, list: Addr) -> Addr {
        locked(cx, || {
            let first = first(cx, list)?;
            change(cx, list, Addr::NULL, |_| 0)?;
            Ok(first)
        })
    }

    /// Answers how many entries a list has.
    fn QueryDepthSList(cx, list: Addr) -> u16 {
        cx.read::<u64>(list).map(|word| word as u16)
    }

    /// Answers the first entry and leaves it.
    fn RtlFirstEntrySList(cx, list: Addr) -> Addr { first(cx, list) }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "InitializeSListHead" as "RtlInitializeSListHead",
        "InterlockedPushEntrySList" as "RtlInterlockedPushEntrySList",
        "InterlockedPushListSListEx" as "RtlInterlockedPushListSListEx",
        "InterlockedPopEntrySList" as "RtlInterlockedPopEntrySList",
        "InterlockedFlushSList" as "RtlInterlockedFlushSList",
        "QueryDepthSList" as "RtlQueryDepthSList";
}

fn locked<T>(cx: &Cx<'_>, run: impl FnOnce() -> Result<T, Trap>) -> Result<T, Trap> {
    let lists = cx.state::<Lists>();
    let _held = lists.lock.lock().expect("no holder panics");
    run()
}

fn first(cx: &Cx<'_>, list: Addr) -> Result<Addr, Trap> {
    let word: u64 = cx.read(list.offset(8))?;
    Ok(Addr(word & NEXT_MASK))
}

fn change(
    cx: &Cx<'_>,
    list: Addr,
    first: Addr,
    depth: impl FnOnce(u64) -> u64,
) -> Result<(), Trap> {
    let word: u64 = cx.read(list)?;
    let depth = depth(word & DEPTH_BITS) & DEPTH_BITS;
    cx.write(list, (word & !DEPTH_BITS).wrapping_add(SEQUENCE) | depth)?;
    cx.write(list.offset(8), first.0)
}

fn push(cx: &Cx<'_>, list: Addr, entry: Addr, last: Addr, count: u32) -> Result<Addr, Trap> {
    locked(cx, || {
        let before = first(cx, list)?;
        cx.write(last, before.0)?;
        change(cx, list, entry, |depth| depth.wrapping_add(count.into()))?;
        Ok(before)
    })
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn entries_come_back_last_first() {
        let bench = Bench::new();
        let list = bench.bytes(&[0xFF; 16]);
        let entries: Vec<u64> = (0..3).map(|_| bench.bytes(&[0; 16])).collect();
        bench.ask(DLL, "InitializeSListHead", &[list]);
        assert_eq!(bench.ask(DLL, "InterlockedPopEntrySList", &[list]), 0);
        let mut before = 0;
        for entry in &entries {
            assert_eq!(
                bench.ask(DLL, "InterlockedPushEntrySList", &[list, *entry]),
                before
            );
            before = *entry;
        }
        assert_eq!(bench.ask(DLL, "QueryDepthSList", &[list]), 3);
        assert_eq!(
            bench.ask("ntdll.dll", "RtlFirstEntrySList", &[list]),
            entries[2]
        );
        assert_eq!(
            bench.ask("ntdll.dll", "RtlInterlockedPopEntrySList", &[list]),
            entries[2]
        );
        assert_eq!(bench.ask(DLL, "InterlockedFlushSList", &[list]), entries[1]);
        assert_eq!(bench.ask(DLL, "QueryDepthSList", &[list]), 0);
        assert_eq!(bench.ask(DLL, "InterlockedPopEntrySList", &[list]), 0);
    }

    #[test]
    fn threads_lose_no_entry() {
        let bench = Bench::new();
        let list = bench.bytes(&[0; 16]);
        let entries: Vec<u64> = (0..64).map(|_| bench.bytes(&[0; 16])).collect();
        for entry in &entries {
            bench.ask(DLL, "InterlockedPushEntrySList", &[list, *entry]);
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let entry = bench.ask(DLL, "InterlockedPopEntrySList", &[list]);
                        assert_ne!(entry, 0);
                        bench.ask(DLL, "InterlockedPushEntrySList", &[list, entry]);
                    }
                });
            }
        });
        assert_eq!(bench.ask(DLL, "QueryDepthSList", &[list]), 64);
        let mut found = Vec::new();
        loop {
            match bench.ask(DLL, "InterlockedPopEntrySList", &[list]) {
                0 => break,
                entry => found.push(entry),
            }
        }
        found.sort_unstable();
        let mut expected = entries;
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}
