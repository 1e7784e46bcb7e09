//! Memory that a driver may touch.
#![expect(
    unsafe_code,
    reason = "a block is raw memory that a driver reads and writes"
)]

#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) mod fenced;

mod guards;

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;

use crate::Error;
pub(crate) use guards::Guards;

/// How a block is aligned: enough for every vector type that a codec loads.
const ALIGNMENT: usize = 64;

/// How many bytes are watched behind a small guarded block, at least.
const CANARY: usize = 64;

/// How many behind one that is longer than this: a driver that writes a line too much into a picture gets away with it on Windows,
/// where large blocks are whole pages.
const PAGE: usize = 4096;

/// What stands there: as much as the alignment of the end needs, too.
const WATCHED: [u8; PAGE + ALIGNMENT] = [CANARY_BYTE; PAGE + ALIGNMENT];

/// The watched bytes: a value that no driver writes by accident, nor text nor silence.
const CANARY_BYTE: u8 = 0xA7;

/// Where a backend gets memory whose addresses are good in its driver's world.
///
/// # Safety
/// What [`reserve`](Self::reserve) answers is valid for reads and writes of `len` bytes, zeroed, aligned to 16 bytes at least, and
/// nobody else's, until [`release`](Self::release) takes it back; and so is what [`reserve_fenced`](Self::reserve_fenced) answers, until
/// [`release_fenced`](Self::release_fenced) does.
pub unsafe trait Memory: Send + Sync {
    /// Takes `len` bytes, or `None` where there is no memory that the driver could reach.
    fn reserve(&self, len: usize) -> Option<NonNull<u8>>;

    /// Takes the bytes back.
    ///
    /// # Safety
    /// `address` and `len` are what one call of `reserve` answered and was given, and are not used any more.
    unsafe fn release(&self, address: NonNull<u8>, len: usize);

    /// Takes `len` bytes, a multiple of 64, that are aligned to 64 bytes and end where a page begins that nobody may touch: a driver that
    /// writes far behind its block breaks there, and nothing else is overwritten. Answers how long that page is, too. `None`, as it is
    /// here, where this memory knows no such pages; such a block is watched without.
    fn reserve_fenced(&self, len: usize) -> Option<(NonNull<u8>, usize)> {
        let _ = len;
        None
    }

    /// Takes such bytes back.
    ///
    /// # Safety
    /// `address` and `len` are what one call of `reserve_fenced` answered and was given, and are not used any more.
    unsafe fn release_fenced(&self, address: NonNull<u8>, len: usize) {
        let _ = (address, len);
    }
}

/// The ordinary heap, which every driver in this process reaches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heap;

fn layout(len: usize) -> Option<Layout> {
    Layout::from_size_align(len.max(1), ALIGNMENT).ok()
}

// SAFETY: the allocator gives memory that is valid, zeroed, aligned and exclusive until it is deallocated.
unsafe impl Memory for Heap {
    fn reserve(&self, len: usize) -> Option<NonNull<u8>> {
        // SAFETY: the size of the layout is not zero.
        NonNull::new(unsafe { alloc_zeroed(layout(len)?) })
    }

    unsafe fn release(&self, address: NonNull<u8>, len: usize) {
        let Some(layout) = layout(len) else { return };
        // SAFETY: the caller vouches that `address` came from `reserve(len)`, which used this very layout.
        unsafe { dealloc(address.as_ptr(), layout) };
    }

    #[cfg(all(target_os = "linux", not(miri)))]
    fn reserve_fenced(&self, len: usize) -> Option<(NonNull<u8>, usize)> {
        Some((fenced::reserve(len, fenced::anywhere)?, fenced::page()))
    }

    #[cfg(all(target_os = "linux", not(miri)))]
    unsafe fn release_fenced(&self, address: NonNull<u8>, len: usize) {
        // SAFETY: the caller vouches that the bytes came from `reserve_fenced(len)`, which used `fenced`.
        unsafe { fenced::release(address, len) };
    }
}

/// Gives out blocks that one instance's driver may touch.
///
/// ```
/// # use opendriver::Manager;
/// # use opendriver_sdk::{BuiltIn, Call};
/// # let driver = BuiltIn::procedure("d", |_| Box::new(|_: &Call<'_>| 1));
/// # let manager = Manager::builder().builtin(driver).guarded_blocks(true).build();
/// let instance = manager.open("d")?;
/// let block = instance.memory()?.copy_of(b"some input")?;
/// instance.send(opendriver::Message::DRV_USER, block.address(), block.len() as isize)?;
/// assert!(block.check().is_ok(), "the driver kept to the block");
/// # Ok::<(), opendriver::Error>(())
/// ```
#[derive(Clone)]
pub struct Blocks {
    memory: Arc<dyn Memory>,
    guards: Option<Arc<Guards>>,
}

impl Blocks {
    pub(crate) fn new(memory: Arc<dyn Memory>, guards: Option<&Arc<Guards>>) -> Self {
        Self {
            memory,
            guards: guards.cloned(),
        }
    }

    /// Gives a zeroed block of `len` bytes.
    ///
    /// # Errors
    /// [`Error::Memory`] where there is none that the driver can reach.
    pub fn allocate(&self, len: usize) -> Result<Block, Error> {
        let none = || Error::Memory { len };
        let Some(guards) = &self.guards else {
            let address = self.memory.reserve(len).ok_or_else(none)?;
            return Ok(self.block(address, len, 0, None));
        };
        let whole = len
            .checked_add(if len > PAGE { PAGE } else { CANARY })
            .and_then(|whole| whole.checked_next_multiple_of(ALIGNMENT))
            .ok_or_else(none)?;
        let mut block = match self.memory.reserve_fenced(whole) {
            Some((address, page)) => {
                let start = address.as_ptr().expose_provenance();
                guards.add(start, len, start + whole, page);
                self.block(address, len, whole - len, Some(Arc::clone(guards)))
            }
            None => {
                let address = self.memory.reserve(whole).ok_or_else(none)?;
                self.block(address, len, whole - len, None)
            }
        };
        block.tail_mut().fill(CANARY_BYTE);
        Ok(block)
    }

    fn block(
        &self,
        address: NonNull<u8>,
        len: usize,
        watched: usize,
        guards: Option<Arc<Guards>>,
    ) -> Block {
        Block {
            memory: Arc::clone(&self.memory),
            address,
            len,
            watched,
            guards,
        }
    }

    /// Gives a block that holds a copy of `bytes`.
    ///
    /// # Errors
    /// [`Error::Memory`] where there is none that the driver can reach.
    pub fn copy_of(&self, bytes: &[u8]) -> Result<Block, Error> {
        let mut block = self.allocate(bytes.len())?;
        block.copy_from_slice(bytes);
        Ok(block)
    }
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks")
            .field("guarded", &self.guards.is_some())
            .finish_non_exhaustive()
    }
}

/// A driver wrote behind the end of a guarded block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the driver wrote behind a block of {len} bytes, at offset {offset}")]
pub struct Overrun {
    /// How long the block is.
    pub len: usize,
    /// The offset, from the start of the block, of the first byte that was written behind it.
    pub offset: usize,
}

/// Bytes at an address that is good in the driver's world. Freed when dropped.
pub struct Block {
    memory: Arc<dyn Memory>,
    address: NonNull<u8>,
    len: usize,
    watched: usize,
    /// Where the page behind the block is known, if there is one.
    guards: Option<Arc<Guards>>,
}

// SAFETY: the block owns its bytes, and its memory may be used from every thread.
unsafe impl Send for Block {}
// SAFETY: a shared block only reads.
unsafe impl Sync for Block {}

impl Block {
    /// Tells where the block is, as a message's parameter carries it.
    pub fn address(&self) -> isize {
        self.address.as_ptr().expose_provenance().cast_signed()
    }

    /// Says whether something was written behind a guarded block; a block that is not guarded knows of nothing.
    ///
    /// # Errors
    /// [`Overrun`] with the first byte that changed.
    pub fn check(&self) -> Result<(), Overrun> {
        let tail = self.tail();
        if *tail == WATCHED[..tail.len()] {
            return Ok(());
        }
        let intact = tail.iter().take_while(|&&byte| byte == CANARY_BYTE).count();
        Err(Overrun {
            len: self.len,
            offset: self.len + intact,
        })
    }

    /// Tells what was written behind a guarded block since the last time, and makes the bytes there good to be watched again.
    pub fn take_overrun(&mut self) -> Option<Overrun> {
        let overrun = self.check().err()?;
        self.tail_mut().fill(CANARY_BYTE);
        Some(overrun)
    }

    fn tail(&self) -> &[u8] {
        // SAFETY: `len` is inside the reserved bytes.
        let end = unsafe { self.address.add(self.len) };
        // SAFETY: `watched` bytes were reserved behind the `len` of the block.
        unsafe { std::slice::from_raw_parts(end.as_ptr(), self.watched) }
    }

    fn tail_mut(&mut self) -> &mut [u8] {
        // SAFETY: `len` is inside the reserved bytes.
        let end = unsafe { self.address.add(self.len) };
        // SAFETY: `watched` bytes were reserved behind the `len` of the block, which is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(end.as_ptr(), self.watched) }
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `len` bytes are reserved and zeroed at `address`.
        unsafe { std::slice::from_raw_parts(self.address.as_ptr(), self.len) }
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: `len` bytes are reserved and zeroed at `address`, and the block is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.address.as_ptr(), self.len) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let whole = self.len + self.watched;
        if let Some(guards) = &self.guards {
            guards.remove(self.address.as_ptr().addr() + whole);
            // SAFETY: the bytes came from this memory with this length and a page behind them, and nothing borrows the block any more.
            unsafe { self.memory.release_fenced(self.address, whole) };
        } else {
            // SAFETY: the bytes came from this memory with this length, and nothing borrows the block any more.
            unsafe { self.memory.release(self.address, whole) };
        }
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Block")
            .field("address", &self.address)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(guarded: bool) -> Blocks {
        let guards = guarded.then(Arc::default);
        Blocks::new(Arc::new(Heap), guards.as_ref())
    }

    #[test]
    fn a_block_starts_zeroed_and_keeps_what_is_written() {
        let mut block = blocks(false).allocate(5).unwrap();
        assert_eq!(*block, [0; 5]);
        block[4] = 9;
        assert_eq!(block[4], 9);
        assert_eq!(block.address() % 16, 0);
    }

    #[test]
    fn a_guarded_block_tells_of_a_byte_written_behind_it() {
        let block = blocks(true).copy_of(b"four").unwrap();
        assert_eq!(block.check(), Ok(()));
        // SAFETY: the bytes behind a guarded block are reserved.
        let behind = unsafe { block.address.add(6) };
        // SAFETY: as above; nothing borrows the block.
        unsafe { behind.write(1) };
        assert_eq!(block.check(), Err(Overrun { len: 4, offset: 6 }));
    }

    #[test]
    fn an_overrun_is_told_once() {
        let mut block = blocks(true).allocate(4).unwrap();
        block.tail_mut()[3] = 0;
        let overrun = Overrun { len: 4, offset: 7 };
        assert_eq!(block.take_overrun(), Some(overrun));
        assert_eq!(block.take_overrun(), None);
        block.tail_mut()[0] = 0;
        assert_eq!(block.take_overrun().map(|overrun| overrun.offset), Some(4));
    }

    #[test]
    fn blocks_of_any_length_are_aligned_and_watched_to_the_page_behind_them() {
        let guards = Arc::default();
        let blocks = Blocks::new(Arc::new(Heap), Some(&guards));
        for len in [0, 1, 63, 64, 65, 4031, 4032, 4033, 4096, 100_000] {
            let block = blocks.allocate(len).unwrap();
            assert_eq!(block.address() % 64, 0);
            let least = if len > 4096 { 4096 } else { 64 };
            assert!((least..least + 64).contains(&block.watched), "{len}");
            let behind = block.address() as usize + len + block.watched;
            if block.guards.is_some() {
                assert_eq!(behind % 4096, 0);
                let found = guards.find(behind as u64 + 5).unwrap();
                assert_eq!((found.len, found.offset), (len, len + block.watched + 5));
            }
            assert!(guards.find(behind as u64 - 1).is_none());
            drop(block);
            assert!(guards.find(behind as u64).is_none());
        }
    }

    #[test]
    #[cfg(all(
        feature = "native",
        target_os = "linux",
        target_arch = "x86_64",
        not(miri)
    ))]
    fn the_page_behind_a_guarded_block_cannot_be_touched() {
        opendriver_guard::install();
        let block = blocks(true).allocate(100).unwrap();
        let whole = block.len + block.watched;
        let byte = |at: usize| {
            let mut byte = 0;
            let from = (block.address() as usize + at) as *const u8;
            // SAFETY: one byte is copied to where one is; a fault on the other side comes back as an error.
            unsafe { opendriver_guard::copy(&raw mut byte, from, 1) }.is_ok()
        };
        assert!(byte(whole - 1));
        assert!(!byte(whole) && !byte(whole + 4095));
    }

    #[test]
    fn an_absurd_length_is_an_error() {
        assert!(matches!(
            blocks(true).allocate(usize::MAX),
            Err(Error::Memory { .. })
        ));
        assert!(matches!(
            blocks(false).allocate(usize::MAX - 8),
            Err(Error::Memory { .. })
        ));
    }
}
