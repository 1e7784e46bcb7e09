//! Where driver code crosses into a shim.
//!
//! Each function that an image imports is bound to a *gate*: twelve bytes that load a number and
//! jump to one common entry. The entry keeps every register that a Windows function keeps (so that
//! exceptions can unwind through it and contexts can be captured), and calls [`dispatch`] with a
//! [`Caller`]. The number names a [`Shim`] of the process that GS belongs to, or a missing function.

use std::arch::global_asm;
use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};

use crate::cx::Cx;
use crate::enter::{FOREIGN_FLAGS, MASKED};
use opendriver_pe::Width;

use crate::seh::{self, Edge};
use crate::shim::{Addr, Convention, Kind, Shim};
use crate::thread::Thread;
use crate::trap::Trap;
use crate::{trace, x86};

/// How many gates there are, for all processes together; each process numbers its own from 0.
pub(crate) const GATES: usize = 8192;
const GATE_BYTES: usize = 16;

/// The registers of the driver at the gate, as the assembly below lays them out.
#[repr(C, align(16))]
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// xmm6 to xmm15, which the callee keeps.
    pub(crate) xmm: [u128; 10],
    /// xmm0 to xmm3, low halves: floating-point arguments.
    pub(crate) floats: [u64; 4],
    pub(crate) rbx: u64,
    pub(crate) rdi: u64,
    pub(crate) rsi: u64,
    pub(crate) r12: u64,
    pub(crate) r13: u64,
    pub(crate) r14: u64,
    pub(crate) r15: u64,
    pub(crate) rbp: u64,
    /// The address of the return address on the driver's stack; the arguments' homes follow it.
    pub(crate) entry_stack: u64,
    /// Its floating-point modes; a shim may change them.
    pub(crate) mxcsr: Cell<u32>,
    spare: u32,
}

global_asm!(
    ".p2align 4",
    "opendriver_win32_gates:",
    ".set gate, 0",
    ".rept {gates}",
    "mov eax, gate",
    "jmp opendriver_win32_gate",
    ".p2align 4, 0xCC",
    ".set gate, gate + 1",
    ".endr",
    ".p2align 4",
    "opendriver_win32_gate:",
    "mov [rsp + 8], rcx",
    "mov [rsp + 16], rdx",
    "mov [rsp + 24], r8",
    "mov [rsp + 32], r9",
    "mov r10, rsp",
    "push rbp",
    "mov rbp, rsp",
    "sub rsp, 280",
    "and rsp, -16",
    "movaps [rsp], xmm6",
    "movaps [rsp + 16], xmm7",
    "movaps [rsp + 32], xmm8",
    "movaps [rsp + 48], xmm9",
    "movaps [rsp + 64], xmm10",
    "movaps [rsp + 80], xmm11",
    "movaps [rsp + 96], xmm12",
    "movaps [rsp + 112], xmm13",
    "movaps [rsp + 128], xmm14",
    "movaps [rsp + 144], xmm15",
    "movq [rsp + 160], xmm0",
    "movq [rsp + 168], xmm1",
    "movq [rsp + 176], xmm2",
    "movq [rsp + 184], xmm3",
    "mov [rsp + 192], rbx",
    "mov [rsp + 200], rdi",
    "mov [rsp + 208], rsi",
    "mov [rsp + 216], r12",
    "mov [rsp + 224], r13",
    "mov [rsp + 232], r14",
    "mov [rsp + 240], r15",
    "mov r11, [rbp]",
    "mov [rsp + 248], r11",
    "mov [rsp + 256], r10",
    "stmxcsr [rsp + 264]",
    "mov edi, eax",
    "pushfq",
    "test dword ptr [rsp], {foreign_flags}",
    "lea rsp, [rsp + 8]",
    "jnz 3f",
    "4:",
    "mov eax, [rsp + 264]",
    "not eax",
    "test eax, {masked}",
    "jnz 5f",
    "6:",
    "mov rsi, rsp",
    "call {dispatch}",
    "mov ecx, [rsp + 264]",
    "not ecx",
    "test ecx, {masked}",
    "jnz 7f",
    "8:",
    "movq xmm0, rax",
    "movaps xmm6, [rsp]",
    "movaps xmm7, [rsp + 16]",
    "movaps xmm8, [rsp + 32]",
    "movaps xmm9, [rsp + 48]",
    "movaps xmm10, [rsp + 64]",
    "movaps xmm11, [rsp + 80]",
    "movaps xmm12, [rsp + 96]",
    "movaps xmm13, [rsp + 112]",
    "movaps xmm14, [rsp + 128]",
    "movaps xmm15, [rsp + 144]",
    "mov rdi, [rsp + 200]",
    "mov rsi, [rsp + 208]",
    "leave",
    "ret",
    // Flags that code of ours does not run with.
    "3:",
    "pushfq",
    "and dword ptr [rsp], {own_flags}",
    "popfq",
    "jmp 4b",
    // Exceptions of the driver's arithmetic, which ours is not to raise.
    "5:",
    "mov eax, [rsp + 264]",
    "or eax, {masked}",
    "mov [rsp + 268], eax",
    "ldmxcsr [rsp + 268]",
    "jmp 6b",
    // The driver's again, with what the shim's arithmetic has added.
    "7:",
    "stmxcsr [rsp + 268]",
    "and dword ptr [rsp + 268], 0x3f",
    "mov ecx, [rsp + 264]",
    "or [rsp + 268], ecx",
    "ldmxcsr [rsp + 268]",
    "jmp 8b",
    foreign_flags = const FOREIGN_FLAGS,
    own_flags = const !FOREIGN_FLAGS,
    masked = const MASKED,
    gates = const GATES,
    dispatch = sym dispatch,
);

unsafe extern "C" {
    static opendriver_win32_gates: [[u8; GATE_BYTES]; GATES];
}

/// The address that an import with this number is bound to; none where 32-bit code cannot be reached.
pub(crate) fn gate_address(width: Width, number: usize) -> Option<u64> {
    match width {
        Width::Bits32 => x86::stub::gate_address(number),
        Width::Bits64 => {
            let first = &raw const opendriver_win32_gates;
            Some(first as u64 + (number * GATE_BYTES) as u64)
        }
    }
}

/// What a gate leads to.
pub(crate) enum Target {
    /// A function of ours.
    Shim(&'static Shim),
    /// A function that nobody implements.
    Missing(Missing),
}

/// The names of a function that nobody implements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Missing {
    pub(crate) dll: String,
    pub(crate) name: String,
}

/// The gates of one process: numbers are given out once and found without a lock.
pub(crate) struct Gates {
    width: Width,
    chunks: [OnceLock<Box<[OnceLock<Target>; CHUNK]>>; GATES / CHUNK],
    numbers: Mutex<Numbers>,
}

const CHUNK: usize = 128;

#[derive(Default)]
struct Numbers {
    shims: HashMap<*const Shim, usize>,
    missing: HashMap<Missing, usize>,
}

// SAFETY: the pointers are names of statics, never followed.
unsafe impl Send for Numbers {}

impl Gates {
    pub(crate) fn new(width: Width) -> Self {
        let chunks = [const { OnceLock::new() }; GATES / CHUNK];
        Self {
            width,
            chunks,
            numbers: Mutex::default(),
        }
    }

    /// The address that stands for a function of ours; none when all gates are taken.
    pub(crate) fn shim(&self, shim: &'static Shim) -> Option<u64> {
        let mut numbers = self.numbers.lock().expect("no holder panics");
        let next = numbers.next();
        let number = *numbers.shims.entry(shim).or_insert(next);
        self.open(number, next, || Target::Shim(shim))
    }

    /// The address that stands for a function that nobody implements.
    pub(crate) fn missing(&self, missing: Missing) -> Option<u64> {
        let mut numbers = self.numbers.lock().expect("no holder panics");
        let next = numbers.next();
        let number = *numbers.missing.entry(missing.clone()).or_insert(next);
        self.open(number, next, || Target::Missing(missing))
    }

    fn open(&self, number: usize, next: usize, target: impl FnOnce() -> Target) -> Option<u64> {
        let chunk = self.chunks.get(number / CHUNK)?;
        if number == next {
            let chunk = chunk.get_or_init(|| Box::new([const { OnceLock::new() }; CHUNK]));
            chunk[number % CHUNK].get_or_init(target);
        }
        gate_address(self.width, number)
    }

    /// What the gate with this number leads to.
    pub(crate) fn target(&self, number: usize) -> Option<&Target> {
        self.chunks.get(number / CHUNK)?.get()?[number % CHUNK].get()
    }
}

impl Numbers {
    fn next(&self) -> usize {
        self.shims.len() + self.missing.len()
    }
}

/// A call of a shim by driver code of either width.
#[derive(Clone, Copy)]
pub(crate) enum Call<'a> {
    /// By the 64-bit convention.
    X64(&'a Caller),
    /// By a 32-bit one.
    X86(&'a x86::Caller),
}

impl Call<'_> {
    /// The address of the return address on the driver's stack.
    fn entry_stack(self) -> u64 {
        match self {
            Self::X64(caller) => caller.entry_stack,
            Self::X86(caller) => caller.entry_stack.into(),
        }
    }

    /// Where driver code was left.
    fn edge(self) -> Edge {
        match self {
            Self::X64(caller) => Edge::gate(caller),
            Self::X86(caller) => Edge::gate_x86(caller),
        }
    }
}

/// What the driver gets back from a shim.
pub(crate) struct Answer {
    /// The result register or registers, or the bits of the floating-point result.
    pub(crate) result: u64,
    /// Bytes of arguments that go from a 32-bit stack.
    pub(crate) removed: u32,
    /// Whether the result is a floating-point one.
    pub(crate) is_float: bool,
}

/// The arguments of one call, in order.
pub(crate) struct Args<'a> {
    call: Call<'a>,
    /// The argument that is not on the stack.
    register: Option<u32>,
    /// Bytes of arguments that were read from the stack.
    next: u64,
}

impl Args<'_> {
    /// Starts reading the arguments of a call.
    pub(crate) fn new(call: Call<'_>, convention: Convention) -> Args<'_> {
        let register = match (call, convention) {
            (Call::X86(caller), Convention::thiscall) => Some(caller.ecx),
            _ => None,
        };
        Args {
            call,
            register,
            next: 0,
        }
    }

    fn address(&self) -> u64 {
        match self.call {
            Call::X64(caller) => caller.entry_stack + 8 + self.next,
            Call::X86(caller) => u64::from(caller.entry_stack) + 4 + self.next,
        }
    }

    /// The next word of the driver's width.
    fn slot(&mut self) -> u64 {
        let at = self.address();
        match self.call {
            Call::X64(_) => {
                self.next += 8;
                // SAFETY: the caller of a Windows function provides four homes and its further arguments above the return
                // address; the gate itself has just written there.
                unsafe { (at as *const u64).read() }
            }
            Call::X86(_) => {
                if let Some(register) = self.register.take() {
                    return register.into();
                }
                self.next += 4;
                // SAFETY: the arguments lie above the return address on the driver's stack, which begins with more than one page
                // that nobody uses.
                u64::from(unsafe { (at as *const u32).read_unaligned() })
            }
        }
    }

    /// A number of 32 bits or fewer; what lies above is not looked at.
    pub(crate) fn word(&mut self) -> u64 {
        self.slot()
    }

    /// A number of 64 bits.
    pub(crate) fn long(&mut self) -> u64 {
        match self.call {
            Call::X64(_) => self.slot(),
            Call::X86(_) => self.slot() | self.slot() << 32,
        }
    }

    /// An address, or an unsigned number as wide.
    pub(crate) fn pointer(&mut self) -> u64 {
        self.slot()
    }

    /// An unsigned number as wide as an address; all ones mean "without end" in either width.
    pub(crate) fn size(&mut self) -> u64 {
        let size = self.slot();
        match self.call {
            Call::X86(_) if size == u64::from(u32::MAX) => u64::MAX,
            _ => size,
        }
    }

    /// A signed number as wide as an address.
    pub(crate) fn signed(&mut self) -> i64 {
        match self.call {
            Call::X64(_) => self.slot() as i64,
            Call::X86(_) => i64::from(self.slot() as i32),
        }
    }

    /// The bits of a floating-point number of 4 or 8 bytes.
    pub(crate) fn float(&mut self, bytes: u64) -> u64 {
        match self.call {
            Call::X64(caller) => {
                let index = self.next / 8;
                let slot = self.slot();
                caller.floats.get(index as usize).copied().unwrap_or(slot)
            }
            Call::X86(_) if bytes == 8 => self.long(),
            Call::X86(_) => self.slot(),
        }
    }

    /// Where the arguments go on that are not read yet.
    pub(crate) fn rest(&mut self) -> Addr {
        Addr(self.address())
    }
}

/// Room that a shim must have on its stack before it starts.
const SHIM_ROOM: u64 = 0x1_0000;

/// Runs the shim behind a gate; comes back with the result register, or not at all.
extern "C" fn dispatch(number: u32, caller: *const Caller) -> u64 {
    // SAFETY: gates are reached from driver code only, where GS is the TEB of a `Thread`.
    let thread = unsafe { Thread::of_gs() };
    // SAFETY: the gate passes the registers that it has just stored on the stack below.
    let caller = unsafe { &*caller };
    let trap = match run(thread, number, Call::X64(caller)) {
        Ok(answer) => return answer.result,
        Err(trap) => trap,
    };
    // Nothing on this frame needs a destructor from here on: the trap has moved out.
    seh::settle(thread, caller, trap)
}

/// Runs the shim behind a gate.
pub(crate) fn run(thread: &Thread, number: u32, call: Call<'_>) -> Result<Answer, Trap> {
    let here = 0_u8;
    if (&raw const here as u64) < thread.shim_limit() + SHIM_ROOM {
        return Err(Trap::stack_overflow(call.entry_stack()));
    }
    let process = thread.process();
    let edge = call.edge();
    let _inside = thread.enter_shim(&raw const edge);
    let mut cx = Cx::new(process, thread);
    let shim = match process.gates().target(number as usize) {
        Some(Target::Shim(shim)) => shim,
        Some(Target::Missing(missing)) => return Err(Trap::missing(missing)),
        None => return Err(Trap::wild_gate(number)),
    };
    let mut args = Args::new(call, shim.convention);
    let work = || (shim.call)(&mut cx, &mut args);
    let result = if process.is_traced() {
        catch_unwind(AssertUnwindSafe(|| {
            trace::traced(process, shim, call, work)
        }))
    } else {
        catch_unwind(AssertUnwindSafe(work))
    };
    let result = result.unwrap_or_else(|_| Err(Trap::panicked(shim)))?;
    let (result, is_float) = match (call, shim.result) {
        // The x87 registers know one width only.
        (Call::X86(_), Kind::Single) => (f64::from(f32::from_bits(result as u32)).to_bits(), true),
        (_, kind) => (result, kind == Kind::Float),
    };
    Ok(Answer {
        result,
        removed: match shim.convention {
            Convention::stdcall | Convention::thiscall => args.next as u32,
            Convention::cdecl => 0,
        },
        is_float,
    })
}
