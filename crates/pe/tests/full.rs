//! The lowest 4 GiB when they fill up. Alone in its file, because it takes all of them from its process.
#![expect(unsafe_code, reason = "gives back what it has filled")]

#[path = "it/builder.rs"]
#[expect(dead_code, reason = "one plain image is all that is built here")]
mod builder;

use std::ptr::NonNull;

use opendriver_pe::{Error, File, Placement, Width, low, map};

use builder::Description;

const READ_WRITE: i32 = 3;
const GIB: usize = 1 << 30;

#[test]
fn room_is_taken_below_2_gib_first_and_then_up_to_4_gib_and_never_above() {
    let movable = Description {
        width: Width::Bits32,
        base: 0x1000_0000,
        pointers: 1,
        ..Description::default()
    };
    let movable = movable.build().bytes;
    let mut blocks: Vec<(NonNull<u8>, usize)> = Vec::new();
    let mut size = 64 << 20;
    while size >= 0x1_0000 {
        match low::map(size, 0x1_0000, 0) {
            Some(block) => blocks.push((block, size)),
            None => size /= 2,
        }
    }
    let ends = |(block, size): &(NonNull<u8>, usize)| block.addr().get() + size;
    // As soon as there is one block above 2 GiB, only smaller ones have found room below.
    let first_upper = blocks.iter().position(|block| ends(block) > 2 * GIB);
    let first_upper = first_upper.expect("a block above 2 GiB");
    let size = blocks[first_upper].1;
    assert!(blocks[..first_upper].iter().all(|block| block.1 >= size));
    assert!(
        blocks[first_upper..]
            .iter()
            .all(|block| ends(block) > 2 * GIB || block.1 < size)
    );
    assert!(blocks.iter().all(|block| ends(block) < 4 * GIB));
    assert!(blocks.iter().all(|block| block.0.addr().get() >= 0x1_0000));
    let filled: usize = blocks.iter().map(|block| block.1).sum();
    assert!(filled > 3 * GIB, "{filled:#x}");

    let file = File::parse(&movable).unwrap();
    let error = map(&file, Placement::Anywhere).unwrap_err();
    assert!(matches!(error, Error::NoRoom { .. }), "{error}");
    assert!(error.to_string().ends_with("below 4 GiB"), "{error}");

    // Where a hole is made, it is found, wherever it is.
    for index in [0, blocks.len() / 2, first_upper] {
        let (block, size) = blocks[index];
        // SAFETY: the block was mapped above with this size, and nobody uses it.
        unsafe { give_back(block, size) };
        let again = low::map(size, 0x1_0000, READ_WRITE).expect("the hole");
        assert_eq!(again, block);
    }
    // SAFETY: as above.
    unsafe { give_back(blocks[first_upper].0, blocks[first_upper].1) };
    let moved = map(&file, Placement::Anywhere).unwrap();
    let base = blocks[first_upper].0.addr().get();
    assert!((base..base + blocks[first_upper].1).contains(&moved.base()));
}

/// # Safety
/// The block was mapped with this size, and nobody uses it.
unsafe fn give_back(block: NonNull<u8>, size: usize) {
    // SAFETY: the caller vouches for the block.
    unsafe { rustix::mm::munmap(block.as_ptr().cast(), size) }.unwrap();
}
