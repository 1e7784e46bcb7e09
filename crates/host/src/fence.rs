//! A pair of fences of which the frequent one is free.
//!
//! A send publishes what it enters and then looks whether that is being closed; a close says so and then looks who is
//! inside. Each must see the other, which takes a full fence on both sides. Sends are frequent and closes are rare, so where the
//! kernel can put the fence into every other thread at once (`membarrier`), closes pay for both and sends for nothing.

use crate::sync::{Ordering, fence};

/// The two fences of one manager.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fences {
    asymmetric: bool,
}

impl Fences {
    /// Takes the free kind where the kernel has it.
    pub(crate) fn new() -> Self {
        Self {
            asymmetric: membarrier::register(),
        }
    }

    /// The frequent fence.
    #[inline(always)]
    pub(crate) fn light(self) {
        if self.asymmetric {
            std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
        } else {
            fence(Ordering::SeqCst);
        }
    }

    /// The rare fence.
    pub(crate) fn heavy(self) {
        fence(Ordering::SeqCst);
        if self.asymmetric {
            membarrier::run();
        }
    }
}

#[cfg(all(target_os = "linux", not(loom), not(miri)))]
#[expect(unsafe_code, reason = "the system call has no safe form")]
mod membarrier {
    /// Asks the kernel to be ready for [`run`], and says whether it is.
    pub(super) fn register() -> bool {
        call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
    }

    /// Has every running thread of this process pass a full fence.
    pub(super) fn run() {
        let done = call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        debug_assert!(done, "the kernel said that it was ready for this");
    }

    fn call(command: libc::c_int) -> bool {
        // SAFETY: the call takes three integers and touches no memory.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}

#[cfg(not(all(target_os = "linux", not(loom), not(miri))))]
mod membarrier {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn run() {}
}
