//! Singly linked lists that threads push to and pop from (`SLIST_HEADER`).
//!
//! The header has the first entry, how many there are, and a number that changes with each push. Drivers only ask for the
//! first; everything comes through here, under one lock.

use std::sync::Mutex;

use opendriver_pe::Width;

use crate::cx::Cx;
use crate::dll::crt::aliases;
use crate::shim::{Addr, shims};
use crate::trap::Trap;

/// What the word of the first entry holds beside its address.
const NEXT_MASK: u64 = !7;

#[derive(Default)]
struct Lists {
    lock: Mutex<()>,
}

shims! {
    pub(in crate::dll) static SHIMS = "kernel32.dll", stdcall;

    /// Empties a list that is new.
    fn InitializeSListHead(cx, list: Addr) {
        cx.fill(list, 0, 2 * cx.pointer_size())
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
                let next = cx.read_addr(first)?;
                change(cx, list, next, |depth| depth.wrapping_sub(1))?;
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
        cx.read(Words::of(cx, list).depth)
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

/// Where the parts of a header are: 64-bit drivers have the first entry behind the counts, 32-bit ones before them.
struct Words {
    first: Addr,
    depth: Addr,
    sequence: Addr,
}

impl Words {
    fn of(cx: &Cx<'_>, list: Addr) -> Self {
        let (first, depth) = match cx.process().width() {
            Width::Bits64 => (list.offset(8), list),
            Width::Bits32 => (list, list.offset(4)),
        };
        Self {
            first,
            depth,
            sequence: depth.offset(2),
        }
    }
}

fn first(cx: &Cx<'_>, list: Addr) -> Result<Addr, Trap> {
    let word = cx.read_addr(Words::of(cx, list).first)?;
    Ok(Addr(word.0 & NEXT_MASK))
}

fn change(
    cx: &Cx<'_>,
    list: Addr,
    first: Addr,
    depth: impl FnOnce(u16) -> u16,
) -> Result<(), Trap> {
    let words = Words::of(cx, list);
    cx.write(words.depth, depth(cx.read(words.depth)?))?;
    let sequence = cx.read::<u16>(words.sequence)?;
    cx.write(words.sequence, sequence.wrapping_add(1))?;
    cx.write_addr(words.first, first)
}

fn push(cx: &Cx<'_>, list: Addr, entry: Addr, last: Addr, count: u32) -> Result<Addr, Trap> {
    locked(cx, || {
        let before = first(cx, list)?;
        cx.write_addr(last, before)?;
        change(cx, list, entry, |depth| depth.wrapping_add(count as u16))?;
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
