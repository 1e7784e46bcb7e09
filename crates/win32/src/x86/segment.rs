//! How a thread's FS leads to its TEB while it is in 32-bit code.

use std::arch::naked_asm;
use std::cell::Cell;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::DATA;
use crate::teb;

/// The function of `arch_prctl` that sets the FS base; FS is then the null selector.
pub(crate) const ARCH_SET_FS: i32 = 0x1002;

/// A way to give 32-bit code its FS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// Instructions that write the base, where processor and kernel have them. No system call.
    Fsgsbase,
    /// A descriptor in the global table, one for each thread. Coming back takes a system call.
    SetThreadArea,
    /// A descriptor in the local table, one for each thread. Coming back takes a system call.
    ModifyLdt,
}

impl Mechanism {
    /// All of them, the best first.
    pub const ALL: [Self; 3] = [Self::Fsgsbase, Self::SetThreadArea, Self::ModifyLdt];
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fsgsbase => "FSGSBASE",
            Self::SetThreadArea => "set_thread_area",
            Self::ModifyLdt => "modify_ldt",
        })
    }
}

/// What the kernel is told of a segment (`struct user_desc`).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Description {
    entry: u32,
    base: u32,
    limit: u32,
    flags: u32,
}

impl Description {
    /// The entry that stands for any that is free.
    pub(super) const ANY: u32 = u32::MAX;

    /// A segment of data that begins at `base` and holds all addresses.
    pub(super) const fn new(entry: u32, base: u32) -> Self {
        /// 32-bit, the limit counts pages, for any use.
        const FLAGS: u32 = 1 | 1 << 4 | 1 << 6;
        Self {
            entry,
            base,
            limit: 0xF_FFFF,
            flags: FLAGS,
        }
    }

    pub(super) const fn entry(self) -> u32 {
        self.entry
    }

    /// What takes a segment away.
    const fn empty(entry: u32) -> Self {
        /// Not writable, not present: what the kernel knows as empty, with a base and a limit of 0.
        const FLAGS: u32 = 1 << 3 | 1 << 5;
        Self {
            entry,
            base: 0,
            limit: 0,
            flags: FLAGS,
        }
    }
}

thread_local! {
    /// The entry of the global table that this host thread has.
    static GLOBAL: Cell<u32> = const { Cell::new(Description::ANY) };
}

/// The FS of one thread of a Windows process.
#[derive(Debug)]
pub(crate) struct Segment {
    mechanism: Mechanism,
    selector: u16,
    teb: u32,
}

impl Segment {
    /// Makes FS ready for the calling thread, whose TEB is at `teb`.
    ///
    /// # Errors
    /// The kernel's error number when it has no descriptor for this thread.
    pub(crate) fn new(mechanism: Mechanism, teb: u32) -> Result<Self, i32> {
        let selector = match mechanism {
            Mechanism::Fsgsbase => DATA,
            Mechanism::SetThreadArea => set_global(teb)?,
            Mechanism::ModifyLdt => take_local(teb)?,
        };
        Ok(Self {
            mechanism,
            selector,
            teb,
        })
    }

    /// What goes into FS before 32-bit code runs.
    pub(crate) fn selector(&self) -> u16 {
        self.selector
    }

    /// Makes the TEB the one of this host thread, which may have several in turn.
    pub(crate) fn make_current(&self) {
        if self.mechanism == Mechanism::SetThreadArea {
            // The thread has an entry, and the kernel refuses none that describes the same kind of segment.
            let _ = set_global(self.teb);
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.mechanism == Mechanism::ModifyLdt {
            let description = Description::empty(u32::from(self.selector) >> 3);
            // Nothing can be done about an entry that stays.
            let _ = modify_ldt(&description);
        }
    }
}

/// Describes the TEB in this host thread's entry of the global table.
fn set_global(teb: u32) -> Result<u16, i32> {
    let description = Description::new(GLOBAL.get(), teb);
    // The system call for 32-bit programs takes 32-bit addresses, so the description lies with the TEB.
    let place = (teb as usize + teb::DESCRIPTION) as *mut Description;
    // SAFETY: our words lie in the mapping of the TEB, aligned.
    unsafe { place.write(description) };
    // SAFETY: a good description in low memory; the host's code does not use the entry.
    let answer = unsafe { set_thread_area(place as u32, opendriver_guard::host_base()) };
    if answer < 0 {
        return Err(-answer);
    }
    // SAFETY: as above; the kernel has filled in the entry.
    let entry = unsafe { place.read() }.entry;
    GLOBAL.set(entry);
    Ok(global_selector(entry))
}

/// Describes the TEB in a free entry of the local table, which all threads share.
fn take_local(teb: u32) -> Result<u16, i32> {
    static TAKING: Mutex<()> = Mutex::new(());
    const ENTRIES: usize = 8192;
    let _taking = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut table = vec![0_u64; ENTRIES];
    // SAFETY: reads at most as many bytes as there are.
    let read = unsafe {
        libc::syscall(
            libc::SYS_modify_ldt,
            0,
            table.as_mut_ptr(),
            size_of_val(&table[..]),
        )
    } as i32;
    if read < 0 {
        return Err(libc::EPERM);
    }
    // The program may have entries of its own.
    let free = table.iter().position(|entry| *entry == 0);
    let entry = free.ok_or(libc::ENOSPC)? as u32;
    modify_ldt(&Description::new(entry, teb))?;
    Ok(local_selector(entry))
}

/// The selector of an entry of the global table, for code of a user.
pub(super) const fn global_selector(entry: u32) -> u16 {
    (entry << 3 | 3) as u16
}

/// The selector of an entry of the local table, for code of a user.
pub(super) const fn local_selector(entry: u32) -> u16 {
    (entry << 3 | 7) as u16
}

fn modify_ldt(description: &Description) -> Result<(), i32> {
    // SAFETY: a good description.
    match unsafe { write_local(description) } {
        0 => Ok(()),
        error => Err(-error),
    }
}

/// Writes an entry of the local table. Answers 0 or the kernel's error number below 0. Touches no thread-local storage.
///
/// # Safety
/// The description is good.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn write_local(description: *const Description) -> i32 {
    naked_asm!(
        "mov rsi, rdi",
        "mov edi, 0x11",
        "mov edx, {bytes}",
        "mov eax, {modify_ldt}",
        "syscall",
        "ret",
        bytes = const size_of::<Description>(),
        modify_ldt = const libc::SYS_modify_ldt,
    )
}

/// Writes an entry of the global table, by the system call that 32-bit programs have for it, and gives FS the host's base
/// again, which the kernel may have loaded anew. Answers as [`write_local`] does.
///
/// # Safety
/// A good description lies at this address, and the base is the host's.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn set_thread_area(description: u32, host_base: u64) -> i32 {
    naked_asm!(
        "push rbx",
        "push rsi",
        "mov ebx, edi",
        "mov eax, 243",
        "int 0x80",
        "mov ebx, eax",
        "pop rsi",
        "mov edi, {set_fs}",
        "mov eax, {arch_prctl}",
        "syscall",
        "mov eax, ebx",
        "pop rbx",
        "ret",
        set_fs = const ARCH_SET_FS,
        arch_prctl = const libc::SYS_arch_prctl,
    )
}
