//! Memory that 32-bit drivers reach.
#![expect(
    unsafe_code,
    reason = "gives out memory that a driver reads and writes"
)]

use std::ptr::NonNull;

use opendriver_win32 as win32;

use crate::Memory;
use crate::memory::fenced;

/// Blocks below 4 GiB. A block holds it, so that both last until the last of them goes.
#[derive(Debug, Default)]
pub(super) struct LowMemory {
    pool: win32::low::Pool,
}

// SAFETY: the pool gives bytes that are valid, zeroed, aligned and nobody else's until they are released, and so do fresh pages.
unsafe impl Memory for LowMemory {
    fn reserve(&self, len: usize) -> Option<NonNull<u8>> {
        self.pool.reserve(len)
    }

    unsafe fn release(&self, address: NonNull<u8>, len: usize) {
        // SAFETY: the caller vouches that the bytes came from `reserve` with this length.
        unsafe { self.pool.release(address, len) };
    }

    fn reserve_fenced(&self, len: usize) -> Option<(NonNull<u8>, usize)> {
        Some((fenced::reserve(len, win32::low::map)?, fenced::page()))
    }

    unsafe fn release_fenced(&self, address: NonNull<u8>, len: usize) {
        // SAFETY: the caller vouches that the bytes came from `reserve_fenced` with this length.
        unsafe { fenced::release(address, len) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Blocks, Error};

    #[test]
    fn blocks_lie_below_4_gib_and_outlive_who_gave_them() {
        for guards in [None, Some(Arc::default())] {
            let blocks = Blocks::new(Arc::new(LowMemory::default()), guards.as_ref());
            let mut kept: Vec<_> = [0, 1, 64, 4096, 70_000, 3_000_000]
                .map(|len| blocks.allocate(len).unwrap())
                .into();
            drop(blocks);
            for block in &mut kept {
                assert!(
                    block.address() > 0xFFFF && block.address() + (block.len() as isize) < 1 << 32
                );
                assert_eq!(block.address() % 64, 0);
                assert!(block.iter().all(|byte| *byte == 0));
                block.fill(7);
                assert_eq!(block.check(), Ok(()));
            }
        }
    }

    #[test]
    fn what_no_32_bit_driver_could_hold_is_refused() {
        let blocks = Blocks::new(Arc::new(LowMemory::default()), None);
        for len in [1 << 32, usize::MAX] {
            assert!(matches!(blocks.allocate(len), Err(Error::Memory { .. })));
        }
    }
}
