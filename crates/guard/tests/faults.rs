//! Faults of foreign code come back as values, and the caller finds everything as it was.
#![expect(unsafe_code, reason = "calls machine code that breaks")]

use std::pin::pin;
use std::thread;

use opendriver_guard::{Fault, Kind, Machine, Register, Scope, Verdict, install, place};
use opendriver_guard::{prepare_thread, protect};

#[path = "fixtures/code.rs"]
mod code;

use code::Code;

/// Calls `bytes` with two arguments, protected.
fn run(bytes: &[u8], first: usize, second: usize) -> (Code, Result<isize, Fault>) {
    install();
    prepare_thread();
    let code = Code::new(bytes);
    let answer = code.protected(first, second);
    (code, answer)
}

/// The fault of `bytes`, relative to where the code lies.
fn fault(bytes: &[u8], first: usize, second: usize) -> (Kind, usize, Option<usize>) {
    let (code, answer) = run(bytes, first, second);
    let fault = answer.expect_err("the code breaks");
    let offset = fault.instruction.wrapping_sub(code.address());
    (fault.kind, offset, fault.address)
}

#[test]
fn a_call_that_does_not_break_gives_its_answer() {
    let value = 77_isize;
    assert_eq!(run(code::READ, &raw const value as usize, 0).1, Ok(77));
    assert_eq!(run(code::DIVIDE, 84, 2).1, Ok(42));
}

#[test]
fn each_kind_of_fault_is_told_with_its_place_and_address() {
    assert_eq!(fault(code::READ, 0x10, 0), (Kind::Read, 0, Some(0x10)));
    assert_eq!(fault(code::WRITE, 0x18, 0), (Kind::Write, 0, Some(0x18)));
    assert_eq!(fault(code::DIVIDE, 1, 0), (Kind::Division, 5, None));
    assert_eq!(
        fault(code::ILLEGAL, 0, 0),
        (Kind::IllegalInstruction, 0, None)
    );
    assert_eq!(fault(code::BREAKPOINT, 0, 0), (Kind::Breakpoint, 1, None));
    assert_eq!(fault(code::HALT, 0, 0), (Kind::Privileged, 0, None));
    assert_eq!(
        fault(code::FAIL_FAST, 0, 0),
        (Kind::Interrupt(0x29), 0, None)
    );
    let wild = 0x8000_0000_0000_0000;
    assert_eq!(fault(code::READ, wild, 0), (Kind::Protection, 0, None));
}

#[test]
fn a_jump_into_nothing_is_an_execution_fault_at_its_target() {
    let (_, answer) = run(code::JUMP, 0x2000, 0);
    assert_eq!(
        answer,
        Err(Fault {
            kind: Kind::Execute,
            instruction: 0x2000,
            address: Some(0x2000),
        })
    );
}

#[test]
fn a_stack_overflow_is_told_from_a_bad_pointer() {
    let (kind, offset, address) = fault(code::RECURSE, 0, 0);
    assert_eq!((kind, offset), (Kind::StackOverflow, 0));
    assert!(address.is_some());
    // `sub rsp, 0x1000; mov [rsp], rax; jmp` back: what a function with large frames does.
    let frames = [
        0x48, 0x81, 0xec, 0, 0x10, 0, 0, 0x48, 0x89, 0x04, 0x24, 0xeb, 0xf3,
    ];
    assert_eq!(fault(&frames, 0, 0).0, Kind::StackOverflow);
    // `mov rax, [rsp + 0x40000]` of a register that holds nothing: the stack is there, so it is a plain read.
    assert_eq!(fault(code::READ, 8, 0).0, Kind::Read);
}

#[test]
fn an_abort_is_a_fault_in_the_c_library() {
    install();
    prepare_thread();
    // SAFETY: it does not come back here.
    let abort = || unsafe { libc::abort() };
    // SAFETY: the closure holds nothing.
    let answer = unsafe { protect(abort) };
    let fault = answer.expect_err("abort does not return");
    assert_eq!(fault.kind, Kind::Abort);
    let place = place(fault.instruction).expect("the C library is a loaded object");
    assert!(place.to_string().starts_with("libc"), "{place}");
    // The C library's own state has survived: it can be done again.
    // SAFETY: the closure holds nothing.
    assert!(unsafe { protect(abort) }.is_err());
}

#[test]
fn the_caller_finds_its_registers_and_modes_as_they_were() {
    #[rustfmt::skip]
    let bytes = [
        0x31, 0xdb, 0x31, 0xed,                                     // xor ebx, ebx; xor ebp, ebp
        0x45, 0x31, 0xe4, 0x45, 0x31, 0xed,                         // xor r12d, r12d; xor r13d, r13d
        0x45, 0x31, 0xf6, 0x45, 0x31, 0xff,                         // xor r14d, r14d; xor r15d, r15d
        0xd9, 0xe8, 0xd9, 0xe8,                                     // fld1; fld1
        0x68, 0x7f, 0x02, 0x00, 0x00, 0xd9, 0x2c, 0x24,             // push 0x27f; fldcw [rsp]
        0xc7, 0x04, 0x24, 0x00, 0x00, 0x00, 0x00, 0x0f, 0xae, 0x14, 0x24, // mov dword [rsp], 0; ldmxcsr [rsp]
        0xfd,                                                       // std
        0x0f, 0x0b,                                                 // ud2
    ];
    fn modes() -> (u32, u16) {
        let mut mxcsr = 0_u32;
        let mut control = 0_u16;
        // SAFETY: stores a register in our own variable.
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr) };
        // SAFETY: stores a register in our own variable.
        unsafe { std::arch::asm!("fnstcw [{}]", in(reg) &raw mut control) };
        // The low six bits of the first tell what has happened, not what shall happen.
        (mxcsr & !0x3f, control)
    }
    let before = modes();
    let mut sum = 0_u64;
    for round in 0..100_u64 {
        let (_, answer) = run(&bytes, 0, 0);
        assert_eq!(
            answer.map_err(|fault| fault.kind),
            Err(Kind::IllegalInstruction)
        );
        sum += round;
    }
    assert_eq!(sum, 4950);
    assert_eq!(modes(), before);
    // The direction flag is clear again, or this copy would run backwards.
    let source = [1_u8, 2, 3, 4];
    let mut target = [0_u8; 4];
    // SAFETY: both arrays have four bytes.
    unsafe {
        std::arch::asm!(
            "rep movsb",
            inout("rcx") 4_usize => _,
            inout("rsi") source.as_ptr() => _,
            inout("rdi") target.as_mut_ptr() => _,
        )
    };
    assert_eq!(target, source);
}

#[test]
fn the_signal_mask_and_errno_are_as_they_were() {
    fn mask() -> Vec<bool> {
        // SAFETY: all zeroes is an empty set.
        let mut set = unsafe { std::mem::zeroed::<libc::sigset_t>() };
        // SAFETY: a good set to fill.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &raw mut set) };
        (1..64)
            // SAFETY: a good set.
            .map(|signal| unsafe { libc::sigismember(&raw const set, signal) } == 1)
            .collect()
    }
    let before = mask();
    let (_, answer) = run(code::READ, 0, 0);
    assert!(answer.is_err());
    assert_eq!(mask(), before);
}

#[test]
fn an_inner_call_breaks_without_the_outer_one() {
    install();
    prepare_thread();
    let bad = Code::new(code::READ);
    let good = Code::new(code::DIVIDE);
    let breaks_inside = || {
        let inner = bad.protected(8, 0);
        assert_eq!(inner.map_err(|fault| fault.address), Err(Some(8)));
        // SAFETY: it divides by five.
        unsafe { good.call(10, 5) }
    };
    // SAFETY: the closure holds nothing where it may break.
    assert_eq!(unsafe { protect(breaks_inside) }, Ok(2));
    let breaks_outside = || {
        assert_eq!(good.protected(9, 3), Ok(3));
        // SAFETY: it breaks, which is the point.
        unsafe { bad.call(16, 0) }
    };
    // SAFETY: the closure holds nothing where it may break.
    let outer = unsafe { protect(breaks_outside) };
    assert_eq!(outer.map_err(|fault| fault.address), Err(Some(16)));
}

#[test]
fn threads_break_independently() {
    let threads: Vec<_> = (1..=4_usize)
        .map(|number| {
            thread::spawn(move || {
                for round in 0..500 {
                    let address = number * 8 + (round % 7) * 64;
                    assert_eq!(
                        fault(code::READ, address, 0),
                        (Kind::Read, 0, Some(address))
                    );
                }
                assert_eq!(fault(code::RECURSE, 0, 0).0, Kind::StackOverflow);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Repairs a read: gives the register that held the pointer the address of something, and another value in a vector.
unsafe fn repair(data: *mut (), machine: &mut Machine<'_>) -> Verdict {
    if machine.kind() != Kind::Read || machine.is_own_code() {
        return Verdict::Pass;
    }
    assert_eq!(
        machine.get(Register::Rdi) as usize,
        machine.address().unwrap()
    );
    assert_eq!(machine.get(Register::Rsi), 6);
    assert_eq!(machine.error_code() & 0b10, 0);
    machine.set(Register::Rdi, data as u64);
    let mxcsr = machine.mxcsr();
    machine.set_xmm(1, machine.xmm(0) + 1);
    machine.set_mxcsr(mxcsr);
    Verdict::Resume
}

#[test]
fn a_hook_may_change_registers_and_go_on() {
    install();
    prepare_thread();
    #[rustfmt::skip]
    let code = Code::new(&[
        0x66, 0x48, 0x0f, 0x6e, 0xc6,       // movq xmm0, rsi
        0x48, 0x8b, 0x07,                   // mov rax, [rdi]
        0x66, 0x48, 0x0f, 0x7e, 0xca,       // movq rdx, xmm1
        0x48, 0x01, 0xd0,                   // add rax, rdx
        0xc3,
    ]);
    let mut value = 1000_isize;
    let mut scope = pin!(Scope::new(repair, (&raw mut value).cast()));
    // SAFETY: `value` outlives the scope.
    unsafe { scope.as_mut().push() };
    // SAFETY: what faults is repaired.
    assert_eq!(unsafe { code.call(0x40, 6) }, 1007);
    scope.as_mut().pop();
    let without = code.protected(0x40, 6);
    assert_eq!(without.map_err(|fault| fault.address), Err(Some(0x40)));
}

/// Counts what it is asked, and passes.
unsafe fn count(data: *mut (), _: &mut Machine<'_>) -> Verdict {
    // SAFETY: the tests pass the address of a counter.
    unsafe { *data.cast::<usize>() += 1 };
    Verdict::Pass
}

#[test]
fn a_fault_that_a_hook_passes_goes_to_the_next_one_out() {
    install();
    prepare_thread();
    let code = Code::new(code::DIVIDE);
    let mut asked = 0_usize;
    let counter = (&raw mut asked).cast();
    let call = || {
        let mut outer = pin!(Scope::new(count, counter));
        // SAFETY: the counter outlives the scope.
        unsafe { outer.as_mut().push() };
        let mut inner = pin!(Scope::new(count, counter));
        // SAFETY: the counter outlives the scope.
        unsafe { inner.as_mut().push() };
        // SAFETY: it breaks, which is the point.
        unsafe { code.call(1, 0) }
    };
    // SAFETY: the scopes that are jumped over go off the chain with the frame that was there before them.
    let answer = unsafe { protect(call) };
    assert_eq!(answer.map_err(|fault| fault.kind), Err(Kind::Division));
    assert_eq!(asked, 2);
    // The jumped-over scopes are gone.
    assert!(code.protected(1, 0).is_err());
    assert_eq!(asked, 2);
}

/// Reads, tolerantly and at length, memory that is not there, and passes.
unsafe fn look(data: *mut (), machine: &mut Machine<'_>) -> Verdict {
    let mut bytes = [0_u8; 1000];
    let address = machine.address().unwrap_or(0) as *const u8;
    // SAFETY: tolerant, into our own bytes.
    let copied = unsafe { opendriver_guard::copy(bytes.as_mut_ptr(), address, bytes.len()) };
    // SAFETY: the test passes the address of such a result.
    unsafe { *data.cast::<Result<(), usize>>() = copied };
    Verdict::Pass
}

#[test]
fn a_hook_may_touch_memory_that_is_not_there() {
    let mut seen: Result<(), usize> = Ok(());
    let counter = (&raw mut seen).cast::<()>();
    install();
    prepare_thread();
    let code = Code::new(code::READ);
    let call = || {
        let mut scope = pin!(Scope::new(look, counter));
        // SAFETY: `seen` outlives the scope.
        unsafe { scope.as_mut().push() };
        // SAFETY: it breaks, which is the point.
        unsafe { code.call(0x30, 0) }
    };
    // SAFETY: the scope that is jumped over goes off the chain with the frame that was there before it.
    let answer = unsafe { protect(call) };
    assert_eq!(answer.map_err(|fault| fault.address), Err(Some(0x30)));
    assert_eq!(seen, Err(0x30));
}
