//! The process-wide signal handlers, and whom they pass a fault on to.
#![expect(unsafe_code, reason = "installs and is a signal handler")]

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::sync::{Once, OnceLock};
use std::{mem, ptr};

use crate::chain::{self, Role, Verdict};
use crate::frame::{self, Frame};
use crate::machine::{Machine, Register};
use crate::{front, memory, onward, place};

/// The signals by which the kernel tells of a fault, and the one that `abort` raises.
const SIGNALS: [c_int; 6] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
    libc::SIGABRT,
];

/// Flags that must not leak from the foreign code into ours: trap, direction, alignment check.
const FOREIGN_FLAGS: u64 = 1 << 8 | 1 << 10 | 1 << 18;

/// What the program had for each signal before us. Written before our handler can run, and only read afterwards.
struct Previous([UnsafeCell<mem::MaybeUninit<libc::sigaction>>; SIGNALS.len()]);

// SAFETY: `install` writes it once, before the handlers that read it exist.
unsafe impl Sync for Previous {}

static PREVIOUS: Previous =
    Previous([const { UnsafeCell::new(mem::MaybeUninit::zeroed()) }; SIGNALS.len()]);

/// Where the code of the object lies that this crate is linked into.
static OWN_CODE: OnceLock<Vec<Range<usize>>> = OnceLock::new();

/// Installs the signal handlers of this process, once. Handlers that the program had before keep getting its own faults.
///
/// A program that wants handlers of its own should install them first.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        OWN_CODE.get_or_init(own_code);
        for (signal, slot) in SIGNALS.into_iter().zip(&PREVIOUS.0) {
            // SAFETY: the slot takes a structure of this type, and nobody reads it before our handler is there.
            unsafe { libc::sigaction(signal, ptr::null(), slot.get().cast()) };
            // SAFETY: all zeroes is a value of this plain structure: no handler, empty mask.
            let mut action = unsafe { mem::zeroed::<libc::sigaction>() };
            action.sa_sigaction = front::arrive as *const () as usize;
            // A hook, and the tests whether memory is there, may fault in their turn, so the signal stays open.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
            // SAFETY: `arrive` goes on to `on_signal`, a handler of the three-argument form.
            unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
        }
    });
}

/// Whether `address` is code of the object that this crate is linked into.
pub(crate) fn is_own_code(address: usize) -> bool {
    OWN_CODE
        .get()
        .is_some_and(|ranges| ranges.iter().any(|range| range.contains(&address)))
}

fn own_code() -> Vec<Range<usize>> {
    let here = own_code as fn() -> Vec<Range<usize>> as usize;
    let mut ranges = Vec::new();
    place::each_object(|object| {
        let own = object.segments().any(|(_, range)| range.contains(&here));
        if own {
            ranges = object
                .segments()
                .filter(|(flags, _)| flags & libc::PF_X != 0)
                .map(|(_, range)| range)
                .collect();
        }
        own
    });
    ranges
}

/// The handler itself, which runs with the host's FS base (see [`front`]).
pub(crate) unsafe extern "C" fn on_signal(
    signal: c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::ucontext_t,
) {
    // SAFETY: takes nothing and cannot fail.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: the calling thread's own error number.
    let kept = unsafe { *errno };
    // SAFETY: both pointers are the kernel's, for the handler that is running.
    let mut machine = unsafe { Machine::new(signal, info, context) };
    // SAFETY: the kernel's information, as above.
    let taken = is_fault(signal, unsafe { &*info }) && take(&mut machine);
    // Inside a call into foreign code the stack may be the driver's own, and the FS base, too.
    let is_plain = chain::innermost().is_null() && !machine.is_32_bit();
    if !taken {
        // Whatever the previous handler does, `abort` for one, is its own doing and no driver's.
        let innermost = chain::replace(ptr::null());
        // SAFETY: both pointers are the kernel's, for the handler that is running.
        unsafe { pass_on(signal, info, context, is_plain) };
        chain::replace(innermost);
    }
    // SAFETY: the calling thread's own error number.
    unsafe { *errno = kept };
}

/// Whether the signal tells of something that this thread did, rather than being sent by somebody.
fn is_fault(signal: c_int, info: &libc::siginfo_t) -> bool {
    if info.si_code > 0 {
        return true;
    }
    if signal != libc::SIGABRT || info.si_code != libc::SI_TKILL {
        return false;
    }
    // SAFETY: a signal with this code carries a sender.
    let sender = unsafe { info.si_pid() };
    // SAFETY: takes nothing and cannot fail.
    sender == unsafe { libc::getpid() }
}

/// Finds somebody on this thread's chain who takes the fault, and sends the thread there.
fn take(machine: &mut Machine<'_>) -> bool {
    let instruction = machine.get(Register::Rip) as usize;
    if !machine.is_32_bit() && memory::is_tolerant(instruction) {
        let on = machine.get(memory::CONTINUATION);
        machine.set(Register::Rip, on);
        return true;
    }
    let innermost = chain::innermost();
    let mut next = innermost;
    // SAFETY: links stay where they are while they are on the chain of this thread, which stands still meanwhile.
    while let Some(link) = unsafe { next.as_ref() } {
        match link.role {
            Role::Tolerant(frame) => {
                land(machine, frame);
                return true;
            }
            Role::Foreign(frame) => {
                if !machine.is_own_code() {
                    land(machine, frame);
                    return true;
                }
            }
            Role::Ask(hook, data) => {
                // A fault in the hook is its own.
                chain::replace(ptr::null());
                // SAFETY: vouched by whoever pushed the scope.
                let verdict = unsafe { hook(data, machine) };
                chain::replace(innermost);
                if verdict == Verdict::Resume {
                    return true;
                }
            }
        }
        next = link.previous;
    }
    false
}

/// Makes the thread go on where `frame` wants it to, with the fault noted.
fn land(machine: &mut Machine<'_>, frame: *mut Frame) {
    let fault = machine.fault();
    // SAFETY: the frame is on the chain, so its owner still waits for the call that faulted, and looks only afterwards.
    let frame = unsafe { &mut *frame };
    frame.fault = Some(fault);
    let flags = machine.get(Register::Flags);
    machine.set(Register::Flags, flags & !FOREIGN_FLAGS);
    machine.set_32_bit(false);
    machine.set(Register::Rsp, frame.stack as u64);
    machine.set(Register::Rip, frame::land as *const () as u64);
}

/// Does what the program had asked for before [`install`]. `is_plain` says that the signal interrupted code of the program on a
/// stack of the program.
///
/// # Safety
///
/// Both pointers must be the kernel's, for a handler that is running.
unsafe fn pass_on(
    signal: c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::ucontext_t,
    is_plain: bool,
) {
    let slot = SIGNALS.into_iter().zip(&PREVIOUS.0);
    let Some((_, slot)) = slot.into_iter().find(|(other, _)| *other == signal) else {
        return;
    };
    // SAFETY: written before this handler was installed and never again.
    let previous = unsafe { slot.get().cast::<libc::sigaction>().read() };
    // SAFETY: the kernel's information is good.
    let sent = unsafe { (*info).si_code } <= 0;
    match previous.sa_sigaction {
        libc::SIG_IGN if sent => {}
        // The kernel does not let a fault be ignored either.
        libc::SIG_DFL | libc::SIG_IGN => {
            restore_default(signal);
            // Other faults happen again as soon as the thread goes on, which leaves the truest core file.
            if sent || signal == libc::SIGTRAP {
                // SAFETY: the kernel's information is good.
                unsafe { queue_again(signal, info) };
            }
        }
        handler => {
            let one_shot = previous.sa_flags & libc::SA_RESETHAND != 0;
            if one_shot {
                restore_default(signal);
            }
            let mut mask = previous.sa_mask;
            if previous.sa_flags & libc::SA_NODEFER == 0 {
                // SAFETY: a good set and a good signal.
                unsafe { libc::sigaddset(&raw mut mask, signal) };
            }
            // SAFETY: the kernel's context.
            let moved = onward::changed_stacks(unsafe { &*context });
            if is_plain && moved && previous.sa_flags & libc::SA_ONSTACK == 0 {
                // SAFETY: a set begins with the signals that the kernel knows.
                let mask = unsafe { (&raw const mask).cast::<u64>().read() };
                // SAFETY: the kernel's pointers, and code of the program's on a stack of its own.
                if unsafe { onward::hand_on(handler, mask, signal, info, context) } {
                    return;
                }
            }
            let before = change_mask(libc::SIG_BLOCK, &mask);
            // A handler of the short form finds its one argument where it expects it.
            // SAFETY: it is the program's own handler, which the kernel would have called just so.
            let handler = unsafe {
                mem::transmute::<
                    usize,
                    unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void),
                >(handler)
            };
            // SAFETY: the kernel's own arguments.
            unsafe { handler(signal, info, context.cast()) };
            change_mask(libc::SIG_SETMASK, &before);
        }
    }
}

fn restore_default(signal: c_int) {
    // SAFETY: all zeroes is the default action.
    let action = unsafe { mem::zeroed::<libc::sigaction>() };
    // SAFETY: a good structure.
    unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
}

fn change_mask(how: c_int, mask: &libc::sigset_t) -> libc::sigset_t {
    // SAFETY: all zeroes is an empty set.
    let mut before = unsafe { mem::zeroed::<libc::sigset_t>() };
    // SAFETY: both sets are good.
    unsafe { libc::pthread_sigmask(how, mask, &raw mut before) };
    before
}

/// Sends the same signal with the same information to this thread again.
///
/// # Safety
///
/// `info` must be good.
unsafe fn queue_again(signal: c_int, info: *mut libc::siginfo_t) {
    // SAFETY: takes nothing and cannot fail.
    let process = unsafe { libc::getpid() };
    // SAFETY: takes nothing and cannot fail.
    let thread = unsafe { libc::gettid() };
    // SAFETY: the information is good, and a thread may send itself anything.
    unsafe { libc::syscall(libc::SYS_rt_tgsigqueueinfo, process, thread, signal, info) };
}
