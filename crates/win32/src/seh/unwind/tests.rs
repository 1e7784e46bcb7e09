//! Functions are run one instruction at a time, and undone at each.

use std::arch::asm;
use std::pin::pin;
use std::ptr;

use opendriver_guard::{Kind, Machine, Register, Scope, Verdict};

use super::*;
use crate::seh::context::RBX;

/// Where the tables begin in the image; the code is before.
const TABLES: u32 = 0x800;
const BYTES: usize = 0x1000;

/// Code and unwind information at a place that numbers of 32 bits count from.
struct Image(*mut u8);

impl Image {
    fn new(code: &[(usize, &[u8])]) -> Self {
        // SAFETY: a new private mapping touches nothing that exists.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                BYTES,
                libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        assert_ne!(base, libc::MAP_FAILED);
        let image = Self(base.cast());
        for (at, bytes) in code {
            assert!(at + bytes.len() <= BYTES);
            // SAFETY: the range lies in the mapping, which nobody else knows.
            unsafe {
                ptr::copy_nonoverlapping(bytes.as_ptr(), image.0.wrapping_add(*at), bytes.len())
            };
        }
        image
    }

    fn base(&self) -> u64 {
        self.0 as u64
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: our own mapping.
        unsafe { libc::munmap(self.0.cast(), BYTES) };
    }
}

/// What the hook compares at each instruction.
struct Steps<'a> {
    image: &'a Image,
    functions: &'a [Function],
    /// The registers that the caller will see again, once the first instruction is reached.
    expected: Option<Context>,
    /// Offsets of the instructions at which all was right, and of the first where not.
    right: Vec<u64>,
    wrong: Option<(u64, Context)>,
}

fn context(machine: &Machine<'_>) -> Context {
    let mut context = Context::new();
    for (slot, register) in context.registers.iter_mut().zip(Register::GENERAL) {
        *slot = machine.get(register);
    }
    context.rip = machine.get(Register::Rip);
    context.floating = *machine.vectors().expect("the kernel saves vectors");
    context
}

/// The registers that a function keeps.
fn kept(context: &Context) -> ([u64; 9], [u128; 10]) {
    let general = [RBX, RSP, 5, 6, 7, 12, 13, 14, 15].map(|register| context.registers[register]);
    let mut vectors = [0; 10];
    for (index, vector) in vectors.iter_mut().enumerate() {
        *vector = context.xmm(6 + index);
    }
    (general, vectors)
}

unsafe fn step(data: *mut (), machine: &mut Machine<'_>) -> Verdict {
    if machine.kind() != Kind::Trap {
        return Verdict::Pass;
    }
    // SAFETY: the test passes its steps, and waits.
    let steps = unsafe { &mut *data.cast::<Steps<'_>>() };
    let mut now = context(machine);
    let offset = now.rip.wrapping_sub(steps.image.base());
    let inside = |function: &&Function| {
        (u64::from(function.begin)..u64::from(function.end)).contains(&offset)
    };
    let Some(function) = steps.functions.iter().find(inside) else {
        return Verdict::Resume;
    };
    let expected = steps.expected.get_or_insert_with(|| {
        let mut caller = now.clone();
        leaf(&mut caller).expect("the stack is there");
        caller
    });
    let undone = undo(&mut now, steps.image.base(), *function, 0);
    if undone.is_ok() && now.rip == expected.rip && kept(&now) == kept(expected) {
        steps.right.push(offset);
    } else if steps.wrong.is_none() {
        steps.wrong = Some((offset, now));
    }
    Verdict::Resume
}

/// Runs the first function with values in the registers that it keeps; answers at which instructions it could be undone.
fn run(image: &Image, functions: &[Function]) -> Vec<u64> {
    opendriver_guard::install();
    opendriver_guard::prepare_thread();
    let mut steps = Steps {
        image,
        functions,
        expected: None,
        right: Vec::new(),
        wrong: None,
    };
    let mut scope = pin!(Scope::new(step, (&raw mut steps).cast()));
    // SAFETY: the steps outlive the scope.
    unsafe { scope.as_mut().push() };
    let start = image.base() + u64::from(functions[0].begin);
    // SAFETY: the function keeps what a Windows function keeps; the trap flag is gone again afterwards.
    unsafe {
        asm!(
            "push rbx",
            "push rbp",
            "mov rbp, rsp",
            "and rsp, -16",
            "sub rsp, 32",
            "mov rbx, 0x1111",
            "pushfq",
            "or qword ptr [rsp], 0x100",
            "popfq",
            "call rax",
            "pushfq",
            "and qword ptr [rsp], -0x101",
            "popfq",
            "mov rsp, rbp",
            "pop rbp",
            "pop rbx",
            inout("rax") start => _,
            in("rdi") 0x2222_u64,
            in("rsi") 0x3333_u64,
            in("r12") 0x4444_u64,
            in("r13") 0x5555_u64,
            clobber_abi("win64"),
        );
    }
    scope.as_mut().pop();
    if let Some((offset, context)) = steps.wrong {
        panic!(
            "wrong at {offset:#x}: {context:x?}\nexpected: {:x?}",
            steps.expected
        );
    }
    steps.right
}

#[test]
fn a_frame_with_a_pointer_is_undone_at_every_instruction() {
    #[rustfmt::skip]
    let code = [
        0x55,                                       // push rbp
        0x53,                                       // push rbx
        0x48, 0x81, 0xec, 0x88, 0, 0, 0,            // sub rsp, 0x88
        0x48, 0x8d, 0x6c, 0x24, 0x20,               // lea rbp, [rsp + 0x20]
        0x48, 0x89, 0x75, 0x30,                     // mov [rbp + 0x30], rsi
        0x0f, 0x29, 0x75, 0x40,                     // movaps [rbp + 0x40], xmm6
        0x31, 0xdb, 0x31, 0xf6, 0x0f, 0x57, 0xf6,   // xor ebx, ebx; xor esi, esi; xorps xmm6, xmm6
        0x48, 0x83, 0xec, 0x20,                     // sub rsp, 0x20
        0x90,
        0x0f, 0x28, 0x75, 0x40,                     // movaps xmm6, [rbp + 0x40]
        0x48, 0x8b, 0x75, 0x30,                     // mov rsi, [rbp + 0x30]
        0x48, 0x8d, 0x65, 0x68,                     // lea rsp, [rbp + 0x68]
        0x5b, 0x5d, 0xc3,                           // pop rbx; pop rbp; ret
    ];
    #[rustfmt::skip]
    let info = [
        1, 0x16, 9, 0x25,
        0x16, 0x68, 6, 0,       // xmm6 at 0x60
        0x12, 0x64, 0xa, 0,     // rsi at 0x50
        0x0e, 0x03,             // the frame pointer
        0x09, 0x01, 0x11, 0,    // 0x88 bytes
        0x02, 0x30,             // rbx
        0x01, 0x50,             // rbp
        0, 0,
    ];
    let image = Image::new(&[(0, &code), (TABLES as usize, &info)]);
    let function = Function {
        begin: 0,
        end: code.len() as u32,
        info: TABLES,
    };
    assert_eq!(run(&image, &[function]).len(), 17);
}

#[test]
fn a_tail_call_and_a_split_function_are_undone_at_every_instruction() {
    #[rustfmt::skip]
    let code = [
        0x57,                           // push rdi
        0x48, 0x83, 0xec, 0x28,         // sub rsp, 0x28
        0x31, 0xff,                     // xor edi, edi
        0x48, 0x83, 0xc4, 0x28,         // add rsp, 0x28
        0x5f,                           // pop rdi
        0xe9, 0x2f, 0, 0, 0,            // jmp to 0x40
    ];
    #[rustfmt::skip]
    let split = [
        0x41, 0x54,                     // push r12
        0x4d, 0x31, 0xe4,               // xor r12, r12
        0x41, 0x55,                     // push r13, in the second part
        0x4d, 0x31, 0xed,               // xor r13, r13
        0x41, 0x5d, 0x41, 0x5c, 0xc3,   // pop r13; pop r12; ret
    ];
    let info = [1, 5, 2, 0, 0x05, 0x42, 0x01, 0x70];
    let first = [1, 2, 1, 0, 0x02, 0xc0, 0, 0];
    #[rustfmt::skip]
    let second = [
        0x21, 2, 1, 0, 0x02, 0xd0, 0, 0,
        0x40, 0, 0, 0, 0x45, 0, 0, 0, 0x10, 0x08, 0, 0,
    ];
    let image = Image::new(&[
        (0, &code),
        (0x40, &split),
        (0x800, &info),
        (0x810, &first),
        (0x820, &second),
    ]);
    let functions = [
        Function {
            begin: 0,
            end: 0x11,
            info: 0x800,
        },
        Function {
            begin: 0x40,
            end: 0x45,
            info: 0x810,
        },
        Function {
            begin: 0x45,
            end: 0x4f,
            info: 0x820,
        },
    ];
    assert_eq!(run(&image, &functions).len(), 13);
}

#[test]
fn a_frame_of_a_megabyte_is_undone_at_every_instruction() {
    #[rustfmt::skip]
    let code = [
        0x48, 0x81, 0xec, 0x08, 0, 0x10, 0,         // sub rsp, 0x100008
        0x48, 0x89, 0x9c, 0x24, 0, 0, 0x10, 0,      // mov [rsp + 0x100000], rbx
        0x31, 0xdb,                                 // xor ebx, ebx
        0x48, 0x8b, 0x9c, 0x24, 0, 0, 0x10, 0,      // mov rbx, [rsp + 0x100000]
        0x48, 0x81, 0xc4, 0x08, 0, 0x10, 0, 0xc3,   // add rsp, 0x100008; ret
    ];
    #[rustfmt::skip]
    let info = [
        1, 0x0f, 6, 0,
        0x0f, 0x35, 0, 0, 0x10, 0,
        0x07, 0x11, 0x08, 0, 0x10, 0,
    ];
    let image = Image::new(&[(0, &code), (TABLES as usize, &info)]);
    let function = Function {
        begin: 0,
        end: code.len() as u32,
        info: TABLES,
    };
    assert_eq!(run(&image, &[function]).len(), 6);
}

#[test]
fn a_machine_frame_gives_the_interrupted_registers() {
    let info = [1, 0, 1, 0, 0, 0x1a, 0, 0];
    let code = [0x90; 16];
    let image = Image::new(&[(0, &code), (TABLES as usize, &info)]);
    // An error code, then what an interrupt pushes: instruction, segment, flags, stack, segment.
    let stack = [9, 0x1234, 0x33, 0x202, 0x5678, 0x2b_u64];
    let mut context = Context::new();
    context.rip = image.base() + 4;
    context.registers[RSP] = stack.as_ptr() as u64;
    let function = Function {
        begin: 0,
        end: 16,
        info: TABLES,
    };
    undo(&mut context, image.base(), function, 0).unwrap();
    assert_eq!((context.rip, context.rsp()), (0x1234, 0x5678));
}

#[test]
fn a_handler_is_told_in_the_body_only() {
    // `sub rsp, 0x28; nop; nop; add rsp, 0x28; ret`, with a handler at 0x123 for both purposes.
    let code = [
        0x48, 0x83, 0xec, 0x28, 0x90, 0x90, 0x48, 0x83, 0xc4, 0x28, 0xc3,
    ];
    let info = [0x19, 4, 1, 0, 0x04, 0x42, 0, 0, 0x23, 1, 0, 0, 7];
    let image = Image::new(&[(0, &code), (TABLES as usize, &info)]);
    let stack = [0_u64; 16];
    let function = Function {
        begin: 0,
        end: 11,
        info: TABLES,
    };
    let at = |offset: u64, wanted: u8| {
        let mut context = Context::new();
        context.rip = image.base() + offset;
        context.registers[RSP] = stack.as_ptr() as u64;
        undo(&mut context, image.base(), function, wanted)
            .unwrap()
            .handler
    };
    let handler = Some((image.base() + 0x123, image.base() + u64::from(TABLES) + 12));
    assert_eq!(at(0, EXCEPTION_HANDLER), None);
    assert_eq!(at(4, EXCEPTION_HANDLER), handler);
    assert_eq!(at(5, UNWIND_HANDLER), handler);
    assert_eq!(at(5, 0), None);
    assert_eq!(at(6, EXCEPTION_HANDLER), None);
    assert_eq!(at(10, UNWIND_HANDLER), None);
}

#[test]
fn tables_that_make_no_sense_are_refused() {
    let code = [0x90; 16];
    let loops = [0x21, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 8, 0, 0];
    let image = Image::new(&[
        (0, &code),
        (TABLES as usize, &loops),
        (0x900, &[7, 0, 0, 0]),
    ]);
    let stack = [0_u64; 16];
    let mut context = Context::new();
    context.registers[RSP] = stack.as_ptr() as u64;
    for info in [TABLES + 0x100, 0x9000_0000] {
        context.rip = image.base();
        let function = Function {
            begin: 0,
            end: 16,
            info,
        };
        assert_eq!(
            undo(&mut context, image.base(), function, 0),
            Err(Broken),
            "{info:#x}"
        );
    }
    // One that refers to itself ends.
    let function = Function {
        begin: 0,
        end: 16,
        info: TABLES,
    };
    assert!(undo(&mut context, image.base(), function, 0).is_ok());
    // A stack that is not there is said.
    context.registers[RSP] = 8;
    assert_eq!(leaf(&mut context), Err(Broken));
}
