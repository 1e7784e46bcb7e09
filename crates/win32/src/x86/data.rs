//! Data that is run: old codecs write code into heap, stack or their own sections and call it.
//!
//! As on Windows, an image whose headers say that it is compatible with data execution prevention gets the access violation.
//! While one is loaded that says nothing, a page is made executable when somebody runs it.

use opendriver_guard::Machine;

use crate::memory::PAGE;
use crate::process::Process;

/// The bit of a page fault's error code that tells that an instruction was fetched (Intel SDM volume 3, 4.7).
const PAGE_FAULT_FETCH: u64 = 1 << 4;
/// Where the addresses end that 32-bit code reaches.
const LOW_END: u64 = 1 << 32;

/// Makes the page executable whose instruction 32-bit code could not fetch; false where the fault is to stay.
///
/// Called by the fault handler: takes no lock and allocates nothing.
pub(crate) fn make_executable(process: &Process, machine: &Machine<'_>) -> bool {
    let Some(address) = machine.address() else {
        return false;
    };
    let page = address as u64 & !(PAGE - 1);
    let is_fetch = machine.is_32_bit() && machine.error_code() & PAGE_FAULT_FETCH != 0;
    if !is_fetch || page >= LOW_END || !process.images().run_data() {
        return false;
    }
    let word = page as usize;
    // SAFETY: the tolerant read answers nothing where no page is, or none that may be read.
    let Some(value) = (unsafe { opendriver_guard::read_u32(word) }) else {
        return false;
    };
    // SAFETY: the same value where it stands changes nothing, and a page that may not be written to answers nothing.
    let written = unsafe { opendriver_guard::compare_exchange_u32(word, value, value) };
    let access = match written {
        Some(_) => libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC,
        None => libc::PROT_READ | libc::PROT_EXEC,
    };
    // SAFETY: the page is there and may be read; it loses nothing. Where the system refuses, the fault stays.
    unsafe { libc::mprotect(word as *mut _, PAGE as usize, access) == 0 }
}
