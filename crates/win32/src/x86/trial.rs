//! Whether 32-bit code runs here: the whole trip is made once, for each mechanism that is asked about.
//!
//! A filter of system calls may end whoever makes one. So a child process tries what takes a system call, and what it came
//! to stands in memory that both share. The instructions need none: what can go wrong is a fault, and that is caught here
//! in a tenth of the time that a child takes to be born.

use std::arch::naked_asm;
use std::fmt;
use std::mem::{self, offset_of};
use std::ptr;
use std::sync::OnceLock;

use super::segment::{self, ARCH_SET_FS, Description, Mechanism};
use super::{CODE_32, CODE_64, DATA, low};

/// What came of trying a [`Mechanism`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// 32-bit code ran and found its FS.
    Works,
    /// Processor or kernel do not have it.
    Missing,
    /// The kernel refused.
    Refused {
        /// The system call.
        call: &'static str,
        /// The kernel's error number.
        error: i32,
    },
    /// The code broke.
    Broke(opendriver_guard::Fault),
    /// The process that tried it was killed.
    Killed {
        /// What it was doing.
        doing: &'static str,
        /// The signal that killed it.
        signal: i32,
    },
    /// 32-bit code ran, but FS led elsewhere.
    Astray,
    /// There was no way to try.
    Untried {
        /// The system call that failed.
        call: &'static str,
        /// The kernel's error number.
        error: i32,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |error: i32| std::io::Error::from_raw_os_error(error);
        match self {
            Self::Works => f.write_str("works"),
            Self::Missing => f.write_str("the processor or the kernel does not offer it"),
            Self::Refused { call, error } => write!(f, "{call} was refused: {}", text(*error)),
            Self::Broke(fault) => write!(f, "32-bit code does not run: {fault}"),
            Self::Killed { doing, signal } => {
                let name = match *signal {
                    libc::SIGSYS => "SIGSYS",
                    libc::SIGSEGV => "SIGSEGV",
                    libc::SIGBUS => "SIGBUS",
                    libc::SIGILL => "SIGILL",
                    libc::SIGKILL => "SIGKILL",
                    other => return write!(f, "{doing} was killed by signal {other}"),
                };
                write!(f, "{doing} was killed by {name}")
            }
            Self::Astray => f.write_str("32-bit code ran, but its FS led elsewhere"),
            Self::Untried { call, error } => {
                write!(f, "could not be tried: {call}: {}", text(*error))
            }
        }
    }
}

/// The best mechanism that works here, or the one that is wanted if it does.
///
/// # Errors
/// What was tried, and what came of it.
pub fn choose(wanted: Option<Mechanism>) -> Result<Mechanism, Tried> {
    let candidates = match wanted {
        Some(ref one) => std::slice::from_ref(one),
        None => &Mechanism::ALL,
    };
    let mut tried = Vec::new();
    for mechanism in candidates {
        match outcome(*mechanism) {
            Outcome::Works => return Ok(*mechanism),
            other => tried.push((*mechanism, other.clone())),
        }
    }
    Err(Tried(tried))
}

/// Mechanisms that do not work here, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried(Vec<(Mechanism, Outcome)>);

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no way to give 32-bit code its FS works here")?;
        for (index, (mechanism, outcome)) in self.0.iter().enumerate() {
            let before = if index == 0 { ": " } else { "; " };
            write!(f, "{before}{mechanism}: {outcome}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Tried {}

/// What came of trying a mechanism, which happens once in a process.
pub fn outcome(mechanism: Mechanism) -> &'static Outcome {
    static OUTCOMES: [OnceLock<Outcome>; 3] = [const { OnceLock::new() }; 3];
    OUTCOMES[mechanism as usize].get_or_init(|| attempt(mechanism))
}

/// Memory below 4 GiB that parent and child share. The assembly below knows it by offset.
#[repr(C)]
struct Bench {
    /// What 32-bit code reads as the first word behind FS.
    marker: u32,
    /// What it read.
    read: u32,
    /// Where it is: an offset and a selector, as a far jump wants them.
    code: [u32; 2],
    host_stack: u64,
    host_base: u64,
    description: Description,
    /// How far the child came.
    step: u32,
    /// The kernel's error number when it refused.
    error: i32,
}

/// Steps of the child.
const BEGUN: u32 = 0;
const DESCRIBING: u32 = 1;
const REFUSED: u32 = 2;
const CROSSING: u32 = 3;
const BACK: u32 = 4;

const PAGE: usize = 4096;
const MARKER: u32 = 0x0C0D_EC05;

fn attempt(mechanism: Mechanism) -> Outcome {
    if mechanism == Mechanism::Fsgsbase && !opendriver_guard::has_fsgsbase() {
        return Outcome::Missing;
    }
    let untried = |call| Outcome::Untried {
        call,
        error: last_error(),
    };
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let Some(pages) = low::map(2 * PAGE, protection) else {
        return untried("mmap below 4 GiB");
    };
    let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: takes the place of the first of our own two pages.
    unsafe { libc::mmap(pages.cast(), PAGE, protection, flags, -1, 0) };
    let outcome = prepare(pages, mechanism).map_or_else(
        || untried("mprotect of executable memory"),
        |bench| match mechanism {
            // SAFETY: the bench is whole.
            Mechanism::Fsgsbase => unsafe { run_here(bench) },
            // SAFETY: as above.
            _ => unsafe { run_in_child(bench, mechanism) },
        },
    );
    // SAFETY: the pages are ours, and nobody is on the way any more.
    unsafe { libc::munmap(pages.cast(), 2 * PAGE) };
    outcome
}

/// Fills the two pages: what is written, then what is executed.
fn prepare(pages: *mut u8, mechanism: Mechanism) -> Option<*mut Bench> {
    let bench = pages.cast::<Bench>();
    let code = pages.wrapping_add(PAGE);
    let entry = match mechanism {
        Mechanism::ModifyLdt => 0,
        _ => Description::ANY,
    };
    let filled = Bench {
        marker: MARKER,
        read: 0,
        code: [code as u32, u32::from(CODE_32)],
        host_stack: 0,
        host_base: 0,
        description: Description::new(entry, pages as u32),
        step: BEGUN,
        error: 0,
    };
    // SAFETY: the first page is ours, and aligned.
    unsafe { bench.write(filled) };
    // mov eax, fs:[0]; jmp far to what follows, which is 64-bit code: jmp [rip]; the address of `back`
    let mut bytes = vec![0x64, 0xA1, 0, 0, 0, 0, 0xEA];
    bytes.extend((code as u32 + 13).to_le_bytes());
    bytes.extend(CODE_64.to_le_bytes());
    bytes.extend([0xFF, 0x25, 0, 0, 0, 0]);
    bytes.extend((back as *const () as u64).to_le_bytes());
    // SAFETY: the second page is ours.
    unsafe { code.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    // SAFETY: as above; nobody writes to it any more.
    let sealed = unsafe { libc::mprotect(code.cast(), PAGE, libc::PROT_READ | libc::PROT_EXEC) };
    (sealed == 0).then_some(bench)
}

/// Makes the trip on this thread.
///
/// # Safety
/// The bench is whole.
unsafe fn run_here(bench: *mut Bench) -> Outcome {
    opendriver_guard::install();
    opendriver_guard::prepare_thread();
    let Some(_visit) = opendriver_guard::Visit::begin() else {
        return Outcome::Untried {
            call: "a thread in 32-bit code",
            error: libc::EAGAIN,
        };
    };
    // The code has no stack of its own for other handlers.
    let before = block_signals(&FAULTS);
    let trip = || {
        // SAFETY: the bench is whole, vouched by the caller.
        unsafe { cross(bench, DATA) };
        0
    };
    // SAFETY: the closure holds nothing.
    let made = unsafe { opendriver_guard::protect(trip) };
    restore_signals(&before);
    // SAFETY: the bench is whole, vouched by the caller.
    let read = unsafe { bench.read_volatile() }.read;
    match made {
        Ok(_) if read == MARKER => Outcome::Works,
        Ok(_) => Outcome::Astray,
        Err(fault) => Outcome::Broke(fault),
    }
}

/// Lets a child make the trip and says what came of it.
///
/// # Safety
/// The bench is whole.
unsafe fn run_in_child(bench: *mut Bench, mechanism: Mechanism) -> Outcome {
    // The child is born with all signals blocked: a fault kills it then, and calls nobody's handler.
    let before = block_signals(&[]);
    // No signal at its end: the program, which may wait for any child, does not hear of this one.
    // SAFETY: a copy of this process, which makes no call that could need a lock of ours, and leaves.
    let child = unsafe { libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) } as i32;
    if child == 0 {
        // SAFETY: the bench is whole, vouched by the caller, and this process is of no other use.
        unsafe { make_trip(bench, mechanism) }
    }
    let error = last_error();
    restore_signals(&before);
    if child < 0 {
        return Outcome::Untried {
            call: "clone",
            error,
        };
    }
    let mut status = 0;
    // SAFETY: our own child.
    while unsafe { libc::waitpid(child, &raw mut status, libc::__WCLONE) } < 0 {
        if last_error() != libc::EINTR {
            return Outcome::Untried {
                call: "waitpid",
                error: last_error(),
            };
        }
    }
    let call = match mechanism {
        Mechanism::SetThreadArea => "set_thread_area",
        _ => "modify_ldt",
    };
    // SAFETY: the bench is whole, vouched by the caller, and the child is gone.
    let bench = unsafe { bench.read_volatile() };
    if libc::WIFSIGNALED(status) {
        return Outcome::Killed {
            doing: match bench.step {
                BEGUN => "the trial",
                DESCRIBING => call,
                _ => "the trip to 32-bit code",
            },
            signal: libc::WTERMSIG(status),
        };
    }
    match bench.step {
        REFUSED => Outcome::Refused {
            call,
            error: bench.error,
        },
        BACK if bench.read == MARKER => Outcome::Works,
        _ => Outcome::Astray,
    }
}

/// The signals that tell of faults.
const FAULTS: [i32; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
];

/// Blocks all signals but these on this thread, and answers what was blocked before.
fn block_signals(but: &[i32]) -> libc::sigset_t {
    // SAFETY: all zeroes is an empty set.
    let mut all = unsafe { mem::zeroed::<libc::sigset_t>() };
    let mut before = all;
    // SAFETY: a good set to fill.
    unsafe { libc::sigfillset(&raw mut all) };
    for signal in but {
        // SAFETY: a good set and a good signal.
        unsafe { libc::sigdelset(&raw mut all, *signal) };
    }
    // SAFETY: good sets.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before) };
    before
}

fn restore_signals(before: &libc::sigset_t) {
    // SAFETY: a good set.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, ptr::null_mut()) };
}

/// What the child does.
///
/// # Safety
/// The bench is whole, and this process is of no other use.
unsafe fn make_trip(bench: *mut Bench, mechanism: Mechanism) -> ! {
    // SAFETY: the bench is good for both processes, vouched by the caller.
    let bench = unsafe { &mut *bench };
    let step = &raw mut bench.step;
    let note = |now| {
        // SAFETY: a word of the bench; the parent reads it when this process is gone.
        unsafe { step.write_volatile(now) };
    };
    // SAFETY: no core file of what may die on purpose.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
    note(DESCRIBING);
    let description = &raw mut bench.description;
    let (answer, selector) = match mechanism {
        Mechanism::Fsgsbase => (0, DATA),
        Mechanism::SetThreadArea => {
            // SAFETY: a good description in low memory, and this thread's own base.
            let answer = unsafe {
                segment::set_thread_area(description as u32, opendriver_guard::host_base())
            };
            (answer, segment::global_selector(bench.description.entry()))
        }
        Mechanism::ModifyLdt => {
            // SAFETY: a good description; this process has a table of its own.
            let answer = unsafe { segment::write_local(description) };
            (answer, segment::local_selector(0))
        }
    };
    if answer < 0 {
        bench.error = -answer;
        note(REFUSED);
    } else {
        note(CROSSING);
        // SAFETY: the bench is whole, and FS is described.
        unsafe { cross(bench, selector) };
        note(BACK);
    }
    // SAFETY: leaves at once.
    unsafe { libc::_exit(0) }
}

/// Goes to the 32-bit code of the bench and comes back at [`back`].
#[unsafe(naked)]
unsafe extern "C" fn cross(bench: *mut Bench, selector: u16) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov rbx, rdi",
        "mov [rbx + {host_stack}], rsp",
        "mov rax, fs:[0]",
        "mov [rbx + {host_base}], rax",
        "mov eax, {data}",
        "mov ds, eax",
        "mov es, eax",
        "movzx esi, si",
        "mov fs, esi",
        "cmp esi, eax",
        "jne 2f",
        "wrfsbase rbx",
        "2:",
        // Known again on the way back, for a selector that is data's stands for the instructions.
        "mov ebp, esi",
        // jmp far [rbx + code]
        ".byte 0xff, 0x6b, {code}",
        host_stack = const offset_of!(Bench, host_stack),
        host_base = const offset_of!(Bench, host_base),
        code = const offset_of!(Bench, code),
        data = const DATA,
    )
}

/// The way back from 32-bit code, with the bench in `rbx` and what was read in `eax`.
#[unsafe(naked)]
unsafe extern "C" fn back() {
    naked_asm!(
        "mov ebx, ebx",
        "mov rsp, [rbx + {host_stack}]",
        "mov [rbx + {read}], eax",
        "mov rsi, [rbx + {host_base}]",
        "cmp ebp, {data}",
        "jne 2f",
        "wrfsbase rsi",
        "jmp 3f",
        "2:",
        "mov edi, {set_fs}",
        "mov eax, {arch_prctl}",
        "syscall",
        "3:",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        host_stack = const offset_of!(Bench, host_stack),
        host_base = const offset_of!(Bench, host_base),
        read = const offset_of!(Bench, read),
        data = const DATA,
        set_fs = const ARCH_SET_FS,
        arch_prctl = const libc::SYS_arch_prctl,
    )
}

fn last_error() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}
