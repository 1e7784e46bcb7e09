//! The lowest 4 GiB when nothing is left of them. Alone in its file, because it takes all of them from its process.
#![expect(unsafe_code, reason = "gives back what it has filled")]

use std::fs;
use std::ptr::NonNull;
use std::thread;

use opendriver::{Blame, Error, Instance, Manager};
use opendriver_abi::Message;
use opendriver_pe::low;
use opendriver_tests::fixtures::{Target, compiled};

const MIB: isize = 1 << 20;
const NOT_ENOUGH_MEMORY: isize = -8;
const INVALID_ADDRESS: isize = -487;

fn ask(instance: &Instance, number: u32, p1: isize, p2: isize) -> isize {
    instance
        .send(Message(Message::DRV_USER.0 + number), p1, p2)
        .unwrap()
}

/// Takes all room below 4 GiB until less than `rest` is left anywhere in one piece.
fn fill(rest: usize) -> Vec<(NonNull<u8>, usize)> {
    let mut blocks = Vec::new();
    let mut size = 256 << 20;
    while size >= rest {
        match low::map(size, 1, 0) {
            Some(block) => blocks.push((block, size)),
            None => size /= 2,
        }
    }
    blocks
}

fn give_back(blocks: Vec<(NonNull<u8>, usize)>) {
    for (block, size) in blocks {
        // SAFETY: `fill` mapped the block with this size, and nobody uses it.
        unsafe { rustix::mm::munmap(block.as_ptr().cast(), size) }.unwrap();
    }
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

/// Has a driver start a thread, and waits until that is gone with its stack.
fn start_thread(hungry: &Instance) -> isize {
    let before = threads();
    let answer = ask(hungry, 2, 0, 0);
    while threads() > before {
        thread::yield_now();
    }
    answer
}

/// Asks for memory in every way and checks that it lies where the driver reaches.
fn assert_served(hungry: &Instance, reach: std::ops::Range<isize>) {
    for number in [0, 1, 3, 5, 6] {
        // An address above 2 GiB is an answer with a sign.
        let at = ask(hungry, number, MIB, 0) & 0xFFFF_FFFF;
        assert!(reach.contains(&at), "way {number}: {at:#x}");
        if number == 0 || number == 3 {
            assert_eq!(at % 0x1_0000, 0, "way {number}: {at:#x}");
        }
    }
    let blocks = hungry.memory().unwrap();
    for len in [1, 100_000, 3_000_000] {
        assert!(reach.contains(&blocks.allocate(len).unwrap().address()));
    }
}

#[test]
fn every_way_to_memory_says_when_none_is_left_and_no_address_is_cut_off() {
    let file = compiled("hungry", Target::Windows32);
    let other = compiled("narrow", Target::Windows32);
    let manager = Manager::builder().trust_foreign_code().build();
    let hungry = manager.open(file.to_str().unwrap()).unwrap();
    assert_served(&hungry, 0x1_0000..1 << 31);
    assert_eq!(start_thread(&hungry), 1);

    // At a given address, which is rounded down to 64 KiB, and only if that is free.
    let taken = ask(&hungry, 0, MIB, 0);
    let free = taken + 0x5678_0000 - 0x4000_0000;
    let at = ask(&hungry, 0, 0x1000, free + 0x1234);
    assert_eq!(at, free);
    for wrong in [taken, 0x1000, -0x8000] {
        assert_eq!(
            ask(&hungry, 0, 0x1000, wrong),
            INVALID_ADDRESS,
            "{wrong:#x}"
        );
    }
    let (walk_end, highest, total) = (
        ask(&hungry, 4, 0, 0),
        ask(&hungry, 7, 0, 0),
        ask(&hungry, 8, 0, 0),
    );
    assert_eq!((walk_end, highest, total), (0xFFFF, 0x7FFE, 0x7FFE));

    // Only above 2 GiB is room: memory, threads and images are there.
    let (lower, upper): (Vec<_>, Vec<_>) = fill(0x1000)
        .into_iter()
        .partition(|(block, size)| block.addr().get() + size <= 1 << 31);
    give_back(upper);
    let high = manager.open(other.to_str().unwrap()).unwrap();
    assert!(
        manager
            .modules()
            .iter()
            .any(|module| module.address >= 1 << 31)
    );
    assert_eq!(ask(&high, 1, 5, 0), 5);
    let from_elsewhere = thread::scope(|scope| scope.spawn(|| ask(&high, 0, 0, 0)).join());
    assert_eq!(from_elsewhere.unwrap(), 1);
    high.close(0, 0).unwrap();
    assert_served(&hungry, 0x1_0000..0xFFFF_0000);
    for number in [0, 3] {
        assert!(ask(&hungry, number, 64 * MIB, 0) < -1000, "way {number}");
    }
    assert_eq!(start_thread(&hungry), 2);

    // No room at all.
    let upper = fill(0x1000);
    for number in [0, 1, 2, 3, 5, 6] {
        let answer = ask(&hungry, number, 64 * MIB, 0);
        assert_eq!(answer, NOT_ENOUGH_MEMORY, "way {number}");
    }
    let blocks = hungry.memory().unwrap();
    assert!(matches!(
        blocks.allocate(64 << 20),
        Err(Error::Memory { len: 0x400_0000 })
    ));
    // Blocks that were kept for later have gone for that.
    let crumbs = fill(0x1000);
    let error = manager.open(other.to_str().unwrap()).unwrap_err();
    assert!(matches!(error, Error::NoRoom { .. }), "{error:?}");
    assert_eq!(error.blame(), Blame::System);
    // Nor for the process of another manager, which finds some when there is some again.
    let second = Manager::builder().trust_foreign_code().build();
    let error = second.open(other.to_str().unwrap()).unwrap_err();
    assert!(matches!(error, Error::NoRoom { .. }), "{error:?}");
    let error = thread::scope(|scope| {
        let asked = scope.spawn(|| hungry.send(Message::DRV_USER, 1, 0));
        asked.join().unwrap().unwrap_err()
    });
    assert!(
        error
            .to_string()
            .contains("no room for one more thread of driver code"),
        "{error}"
    );

    give_back(crumbs);
    give_back(upper);
    give_back(lower);
    let low_again = manager.open(other.to_str().unwrap()).unwrap();
    assert_eq!(ask(&low_again, 1, 5, 0), 5);
    let anew = second.open(other.to_str().unwrap()).unwrap();
    assert_eq!(ask(&anew, 1, 6, 0), 6);
}
