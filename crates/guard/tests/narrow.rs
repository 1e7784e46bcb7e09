//! Faults in 32-bit code come back as values, on a thread that finds its thread-local variables.
#![expect(unsafe_code, reason = "calls machine code that breaks")]

use std::cell::Cell;
use std::pin::pin;

use opendriver_guard::{Fault, Kind, Machine, Register, Scope, Verdict, Visit};
use opendriver_guard::{install, prepare_thread, protect};

#[path = "fixtures/crossing.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod crossing;

use crossing::{Area, WORD};

thread_local! {
    static HEARD: Cell<u32> = const { Cell::new(0) };
}

/// Calls 32-bit code, protected.
fn run(code: &[u8], argument: u32) -> (Area, Result<isize, Fault>) {
    install();
    prepare_thread();
    let _visit = Visit::begin().expect("few threads visit");
    let area = Area::new(code);
    // SAFETY: the tests' code does nothing but fault or return.
    let call = || unsafe { area.call(argument) } as isize;
    // SAFETY: the closure holds nothing.
    let answer = unsafe { protect(call) };
    (area, answer)
}

/// The fault of 32-bit code, relative to where it begins.
fn fault(code: &[u8], argument: u32) -> (Kind, usize, Option<usize>) {
    let (area, answer) = run(code, argument);
    let fault = answer.expect_err("the code breaks");
    let offset = fault.instruction.wrapping_sub(area.function());
    (fault.kind, offset, fault.address)
}

#[test]
fn a_call_that_does_not_break_gives_its_answer() {
    // lea eax, [eax + ecx]; ret
    assert_eq!(run(&[0x8d, 0x04, 0x08, 0xc3], 21).1, Ok(42));
    // mov eax, fs:[0]; sub eax, ebx; ret
    let code = [0x64, 0xa1, 0, 0, 0, 0, 0x29, 0xd8, 0xc3];
    assert_eq!(run(&code, 21).1, Ok(0));
}

#[test]
fn each_kind_of_fault_is_told_with_its_place_and_address() {
    for (code, argument, expected) in [
        // mov eax, [eax]
        (&[0x8b, 0x00][..], 0x10, (Kind::Read, 0, Some(0x10))),
        // mov eax, [eax + 0x7fffffff]: addresses of 32-bit code end at 4 GiB
        (
            &[0x8b, 0x80, 0xff, 0xff, 0xff, 0x7f],
            0x8000_0021,
            (Kind::Read, 0, Some(0x20)),
        ),
        // nop; mov [eax], eax
        (&[0x90, 0x89, 0x00], 0x18, (Kind::Write, 1, Some(0x18))),
        // xor edx, edx; div edx
        (&[0x31, 0xd2, 0xf7, 0xf2], 1, (Kind::Division, 2, None)),
        (&[0x0f, 0x0b], 0, (Kind::IllegalInstruction, 0, None)),
        // daa is one of 32-bit code only; then int3
        (&[0x27, 0xcc], 0, (Kind::Breakpoint, 1, None)),
        (&[0xcd, 0x03], 0, (Kind::Breakpoint, 0, None)),
        (&[0xf4], 0, (Kind::Privileged, 0, None)),
        // inc eax; in al, dx: in 64-bit code these two were one instruction
        (&[0x40, 0xec], 0, (Kind::Privileged, 1, None)),
        (&[0xcd, 0x29], 0, (Kind::Interrupt(0x29), 0, None)),
        (&[0xcd, 0x2e], 0, (Kind::Interrupt(0x2e), 0, None)),
        // mov al, 0x7f; inc al; into
        (
            &[0xb0, 0x7f, 0xfe, 0xc0, 0xce],
            0,
            (Kind::Overflow, 4, None),
        ),
        (&[0xcd, 0x04], 0, (Kind::Overflow, 0, None)),
        // mov ecx, -1; bound ecx, [ebx + 0x100], which holds 0 and 0
        (
            &[0xb9, 0xff, 0xff, 0xff, 0xff, 0x62, 0x8b, 0, 1, 0, 0],
            0,
            (Kind::Overflow, 5, None),
        ),
        // jmp 0x1230:0: there is no such segment
        (
            &[0xea, 0, 0, 0, 0, 0x30, 0x12],
            0,
            (Kind::Protection, 0, None),
        ),
        // xor eax, eax; mov fs, eax; mov eax, fs:[eax]
        (
            &[0x31, 0xc0, 0x8e, 0xe0, 0x64, 0x8b, 0x00],
            0,
            (Kind::Protection, 4, None),
        ),
        // movaps xmm0, [ebx + 1]
        (&[0x0f, 0x28, 0x43, 0x01], 0, (Kind::Protection, 0, None)),
    ] {
        assert_eq!(fault(code, argument), expected, "{code:x?}");
    }
}

#[test]
fn a_jump_into_nothing_is_an_execution_fault_at_its_target() {
    // jmp eax
    let (_, answer) = run(&[0xff, 0xe0], 0x2000);
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
    // call itself
    let (kind, offset, address) = fault(&[0xe8, 0xfb, 0xff, 0xff, 0xff], 0);
    assert_eq!((kind, offset), (Kind::StackOverflow, 0));
    assert!(address.is_some());
    // sub esp, 0x1000; mov [esp], eax; jmp back
    let frames = [0x81, 0xec, 0, 0x10, 0, 0, 0x89, 0x04, 0x24, 0xeb, 0xf5];
    assert_eq!(fault(&frames, 0).0, Kind::StackOverflow);
}

#[test]
fn code_that_looks_like_ours_by_its_address_is_foreign_all_the_same() {
    /// Notes whether the fault is taken for one of ours.
    unsafe fn note(data: *mut (), machine: &mut Machine<'_>) -> Verdict {
        // SAFETY: the test passes the address of such a pair.
        unsafe { *data.cast::<(bool, bool)>() = (machine.is_32_bit(), machine.is_own_code()) };
        Verdict::Pass
    }
    install();
    prepare_thread();
    let _visit = Visit::begin().expect("few threads visit");
    let mut seen = (false, true);
    let mut scope = pin!(Scope::new(note, (&raw mut seen).cast()));
    let area = Area::new(&[0x0f, 0x0b]);
    let call = || {
        // SAFETY: `seen` outlives the scope.
        unsafe { scope.as_mut().push() };
        // SAFETY: it breaks, which is the point.
        unsafe { area.call(0) as isize }
    };
    // SAFETY: the scope that is jumped over goes off the chain with the frame that was there before it.
    assert!(unsafe { protect(call) }.is_err());
    assert_eq!(seen, (true, false));
}

/// Counts in a thread-local variable, and leaves the code with an answer.
unsafe fn leave(data: *mut (), machine: &mut Machine<'_>) -> Verdict {
    HEARD.set(HEARD.get() + 1);
    assert!(machine.is_32_bit());
    assert_eq!(machine.get(Register::Rbx), data as u64);
    machine.set_32_bit(false);
    assert!(!machine.is_32_bit());
    machine.set(Register::Rax, 77);
    machine.set(Register::Rip, crossing::way_back());
    Verdict::Resume
}

#[test]
fn a_hook_may_leave_the_code() {
    install();
    prepare_thread();
    let _visit = Visit::begin().expect("few threads visit");
    for code in [
        &[0x8b, 0x00][..],
        // xor ecx, ecx; mov fs, ecx; mov gs, ecx; mov eax, [eax]
        &[0x31, 0xc9, 0x8e, 0xe1, 0x8e, 0xe9, 0x8b, 0x00],
        // mov ecx, 0x2b; mov fs, ecx; mov eax, [eax]
        &[0xb9, 0x2b, 0, 0, 0, 0x8e, 0xe1, 0x8b, 0x00],
    ] {
        let area = Area::new(code);
        let before = HEARD.get();
        let mut scope = pin!(Scope::new(leave, area.address(0) as *mut ()));
        // SAFETY: the hook takes the address as a number.
        unsafe { scope.as_mut().push() };
        for _ in 0..100 {
            // SAFETY: what faults is left.
            assert_eq!(unsafe { area.call(0x10) }, 77);
        }
        scope.as_mut().pop();
        assert_eq!(HEARD.get(), before + 100);
    }
}

/// Counts in a thread-local variable, and mends the register that held the pointer.
unsafe fn mend(data: *mut (), machine: &mut Machine<'_>) -> Verdict {
    HEARD.set(HEARD.get() + 1);
    if !machine.is_32_bit() {
        return Verdict::Pass;
    }
    machine.set(Register::Rax, data as u64);
    Verdict::Resume
}

/// `mov eax, [eax]; add eax, fs:[0x100]; ret`
const READ_TWO: &[u8] = &[0x8b, 0x00, 0x64, 0x03, 0x05, 0, 1, 0, 0, 0xc3];

#[test]
fn code_that_goes_on_after_a_fault_finds_its_own_fs() {
    install();
    prepare_thread();
    let _visit = Visit::begin().expect("few threads visit");
    let area = Area::new(READ_TWO);
    area.set(WORD, 500);
    let data = area.address(WORD) as *mut ();
    let mut scope = pin!(Scope::new(mend, data));
    // SAFETY: the hook takes the address as a number.
    unsafe { scope.as_mut().push() };
    for _ in 0..100 {
        // SAFETY: what faults is mended.
        assert_eq!(unsafe { area.call(0x10) }, 1000);
    }
    scope.as_mut().pop();
}

#[test]
fn threads_break_independently() {
    let threads: Vec<_> = (1..=4)
        .map(|number: u32| {
            std::thread::spawn(move || {
                for round in 0..200 {
                    let address = number * 8 + (round % 7) * 64;
                    let expected = (Kind::Read, 0, Some(address as usize));
                    assert_eq!(fault(&[0x8b, 0x00], address), expected);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn visits_of_one_thread_nest() {
    let outer = Visit::begin().expect("few threads visit");
    let inner = Visit::begin().expect("few threads visit");
    assert_eq!(outer.host_base(), inner.host_base());
    drop(outer);
    assert_eq!(fault(&[0x8b, 0x00], 0x10), (Kind::Read, 0, Some(0x10)));
    drop(inner);
    assert_eq!(fault(&[0x8b, 0x00], 0x18), (Kind::Read, 0, Some(0x18)));
}
