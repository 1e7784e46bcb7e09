//! Words of ours that the crossing finds behind FS or GS, where a driver cannot overwrite them.
//!
//! They lie on a page of their own, on the other side of the stack and its guard, as far from the TEB as the area is long.
//! They do not change while the thread lives, so the page is read-only. A wrong FS has the base 0, from which the way to them
//! leads out of the address space: it is a fault that is told, never a word of somebody else's.

use crate::teb;

/// Bytes of the page.
pub(crate) const BYTES: usize = 0x1000;
/// Never mapped: what a runaway recursion hits.
pub(crate) const GUARD_BYTES: usize = 0x1_0000;
/// Address space of a 64-bit driver stack; the kernel gives memory page by page as it is touched.
pub(crate) const STACK_64_BYTES: usize = 8 << 20;
/// Address space of a 32-bit driver stack, as much as Windows gives a program by itself.
pub(crate) const STACK_32_BYTES: usize = 1 << 20;

/// Bytes of the area in which a 64-bit stack lies: the words, the guard, the stack, the TEB.
pub(crate) const AREA_64_BYTES: usize = BYTES + GUARD_BYTES + STACK_64_BYTES + teb::BYTES;
/// Bytes of the area in which a 32-bit stack lies.
pub(crate) const AREA_32_BYTES: usize = BYTES + GUARD_BYTES + STACK_32_BYTES + teb::BYTES;

/// Where the [`Thread`](crate::thread::Thread) stands in the page.
pub(crate) const THREAD_AT: usize = 0x00;
/// Where the FS base of the host's code on this thread stands.
pub(crate) const HOST_BASE_AT: usize = 0x08;
/// Where the address of the TEB stands.
pub(crate) const TEB_AT: usize = 0x10;
/// Where the FS selector of 32-bit code stands. That of data stands for one whose base is set by `wrfsbase`.
pub(crate) const SELECTOR_AT: usize = 0x18;

/// From a 64-bit TEB to the page.
const FROM_64: i32 = -((BYTES + GUARD_BYTES + STACK_64_BYTES) as i32);
/// From a 32-bit TEB to the page.
const FROM_32: i32 = -((BYTES + GUARD_BYTES + STACK_32_BYTES) as i32);

/// The thread, from GS.
pub(crate) const THREAD_64: i32 = FROM_64 + THREAD_AT as i32;
/// The thread, from FS in 32-bit code.
pub(crate) const THREAD_32: i32 = FROM_32 + THREAD_AT as i32;
/// The host's FS base, from FS in 32-bit code.
pub(crate) const HOST_BASE_32: i32 = FROM_32 + HOST_BASE_AT as i32;
/// The TEB, from FS in 32-bit code.
pub(crate) const TEB_32: i32 = FROM_32 + TEB_AT as i32;
/// The selector, from FS in 32-bit code or from the TEB.
pub(crate) const SELECTOR_32: i32 = FROM_32 + SELECTOR_AT as i32;
