//! Each function that is 32-bit code answers as the C operation that compilers mean by it.

use crate::bench::Bench;
use crate::{Config, Width};

// Functions of the usual convention around those that have none: the first argument says which.
code! {
    static AROUND = "opendriver_win32_code_tests";

    /// Gives edx:eax and ecx.
    fn by_registers {
        "mov eax, [esp + 8]",
        "mov edx, [esp + 12]",
        "mov ecx, [esp + 16]",
        "call dword ptr [esp + 4]",
        "ret 16",
    }
    /// Gives ecx.
    fn by_ecx { "mov ecx, [esp + 8]", "call dword ptr [esp + 4]", "ret 8" }
    /// Calls a member of the object in ecx, which removes its argument from the stack.
    fn by_member {
        "mov ecx, [esp + 8]",
        "push dword ptr [esp + 12]",
        "call dword ptr [esp + 8]",
        "ret 12",
    }
    /// Gives a number on the x87 stack and takes one from there; a number of the caller's stays below.
    fn by_x87 {
        "fld1",
        "fld qword ptr [esp + 8]",
        "call dword ptr [esp + 4]",
        "sub esp, 8",
        "fstp qword ptr [esp]",
        "pop eax",
        "pop edx",
        "fstp st(0)",
        "ret 12",
    }
    /// Gives two numbers on the x87 stack and takes one from there.
    fn by_x87_two {
        "fld qword ptr [esp + 8]",
        "fld qword ptr [esp + 16]",
        "call dword ptr [esp + 4]",
        "sub esp, 8",
        "fstp qword ptr [esp]",
        "pop eax",
        "pop edx",
        "ret 20",
    }
    /// Gives a number on the x87 stack and takes edx:eax.
    fn by_x87_to_integer { "fld qword ptr [esp + 8]", "call dword ptr [esp + 4]", "ret 12" }
    /// Gives xmm0 and xmm1 and takes xmm0.
    fn by_sse {
        "movsd xmm0, [esp + 8]",
        "movsd xmm1, [esp + 16]",
        "call dword ptr [esp + 4]",
        "sub esp, 8",
        "movsd [esp], xmm0",
        "pop eax",
        "pop edx",
        "ret 20",
    }
    /// Divides and takes ebx:ecx.
    fn rest_of {
        "push ebx",
        "push dword ptr [esp + 24]",
        "push dword ptr [esp + 24]",
        "push dword ptr [esp + 24]",
        "push dword ptr [esp + 24]",
        "call dword ptr [esp + 24]",
        "mov eax, ecx",
        "mov edx, ebx",
        "pop ebx",
        "ret 20",
    }
    /// Answers how far the stack pointer moved.
    fn by_stack {
        "push ebx",
        "mov ebx, esp",
        "mov eax, [esp + 12]",
        "call dword ptr [esp + 8]",
        "mov eax, ebx",
        "sub eax, esp",
        "mov esp, ebx",
        "pop ebx",
        "ret 8",
    }
    /// Sets bits of the control word and takes it as the runtime spells it and as the processor has it.
    fn by_control {
        "push dword ptr [esp + 12]",
        "push dword ptr [esp + 12]",
        "call dword ptr [esp + 12]",
        "add esp, 8",
        "mov edx, eax",
        "push 0",
        "fnstcw [esp]",
        "pop eax",
        "ret 12",
    }
    /// Starts a frame with the given handler; answers 1 where it is as it should be.
    fn by_frame {
        "push ebp",
        "mov ebp, [esp + 12]",
        "push esi",
        "mov esi, esp",
        "push dword ptr fs:[0]",
        "mov edx, [esp + 16]",
        "mov eax, [esp + 20]",
        "call edx",
        // ebp, -1, the handler and the record before lie from the frame downwards.
        "mov eax, [ebp]",
        "cmp eax, [esi + 16]",
        "jne 2f",
        "cmp dword ptr [ebp - 4], -1",
        "jne 2f",
        "mov eax, [ebp - 8]",
        "cmp eax, [esi + 16]",
        "jne 2f",
        "mov eax, [ebp - 12]",
        "cmp eax, [esi - 4]",
        "jne 2f",
        "lea eax, [ebp - 12]",
        "cmp eax, esp",
        "jne 2f",
        "cmp eax, fs:[0]",
        "jne 2f",
        "lea eax, [esi - 8]",
        "cmp eax, ebp",
        "jne 2f",
        "mov eax, 1",
        "jmp 3f",
        "2:",
        "xor eax, eax",
        "3:",
        "mov ecx, [ebp - 12]",
        "mov fs:[0], ecx",
        "mov esp, esi",
        "pop esi",
        "pop ebp",
        "ret 8",
    }
}

/// A 32-bit process with the functions of above in it.
struct Room {
    bench: Bench,
    around: u64,
}

impl Room {
    fn new() -> Self {
        let bench = Bench::with(Config {
            width: Width::Bits32,
            ..Config::default()
        });
        let bytes = AROUND.bytes();
        let size = bytes.len() as u64;
        let around = bench.ask("kernel32.dll", "VirtualAlloc", &[0, size, 0x3000, 0x40]);
        assert_ne!(around, 0);
        bench.with_cx(|cx| cx.put(crate::shim::Addr(around), bytes).unwrap());
        Self { bench, around }
    }

    fn through(&self, way: &str, dll: &str, name: &str, arguments: &[u32]) -> u64 {
        let (_, at, _) = AROUND
            .offsets()
            .find(|(code, ..)| code.name == way)
            .unwrap();
        let mut all = vec![self.bench.gate(dll, name)];
        all.extend(arguments.iter().map(|word| u64::from(*word)));
        let answer = self.bench.process.call(self.around + at as u64, &all);
        answer.unwrap_or_else(|fault| panic!("{name}: {fault}"))
    }
}

fn words(values: &[u64]) -> Vec<u32> {
    let halves = |value: &u64| [*value as u32, (value >> 32) as u32];
    values.iter().flat_map(halves).collect()
}

/// Numbers at the edges of 32 and 64 bits, and some between.
const NUMBERS: [u64; 18] = [
    1,
    2,
    3,
    10,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    0x1_0000_0000,
    0x1_0000_0001,
    0x1_FFFF_FFFF,
    0xDEAD_BEEF_0BAD_F00D,
    0x7FFF_FFFF_FFFF_FFFF,
    0x8000_0000_0000_0000,
    0x8000_0000_0000_0001,
    0xFFFF_FFFF_0000_0000,
    0xFFFF_FFFF_FFFF_FFFF,
    0xFFFF_FFFF_FFFF_FFFE,
    0x0000_0FED_CBA9_8765,
];

#[test]
fn numbers_of_64_bits_are_multiplied_and_divided() {
    let room = Room::new();
    let ask = |name: &str, one: u64, other: u64| {
        let address = room.bench.gate("ntdll.dll", name);
        let arguments = words(&[one, other]).into_iter().map(u64::from);
        let arguments: Vec<u64> = arguments.collect();
        room.bench.process.call(address, &arguments).unwrap()
    };
    for one in NUMBERS.into_iter().chain([0]) {
        for other in NUMBERS {
            let place = format!("{one:#x} and {other:#x}");
            let (signed, by) = (one as i64, other as i64);
            assert_eq!(
                ask("_allmul", one, other),
                one.wrapping_mul(other),
                "{place}"
            );
            assert_eq!(ask("_aulldiv", one, other), one / other, "{place}");
            assert_eq!(ask("_aullrem", one, other), one % other, "{place}");
            let quotient = signed.wrapping_div(by) as u64;
            let rest = signed.wrapping_rem(by) as u64;
            assert_eq!(ask("_alldiv", one, other), quotient, "{place}");
            assert_eq!(ask("_allrem", one, other), rest, "{place}");
            assert_eq!(ask("_aulldvrm", one, other), one / other, "{place}");
            assert_eq!(ask("_alldvrm", one, other), quotient, "{place}");
            let both = words(&[one, other]);
            let of = |name| room.through("rest_of", "ntdll.dll", name, &both);
            assert_eq!(of("_aulldvrm"), one % other, "{place}");
            assert_eq!(of("_alldvrm"), rest, "{place}");
        }
    }
}

#[test]
fn a_division_by_zero_is_a_fault_as_the_processors_own_is() {
    let room = Room::new();
    let address = room.bench.gate("ntdll.dll", "_aulldiv");
    let fault = room.bench.process.call(address, &[1, 0, 0, 0]).unwrap_err();
    assert!(fault.to_string().contains("division by zero"), "{fault}");
}

#[test]
fn numbers_of_64_bits_are_shifted() {
    let room = Room::new();
    for number in NUMBERS {
        for count in [0, 1, 7, 31, 32, 33, 63, 64, 65, 200] {
            let mut arguments = words(&[number]);
            arguments.push(count);
            let ask = |name| room.through("by_registers", "msvcrt.dll", name, &arguments);
            let signed = number as i64;
            assert_eq!(ask("_allshl"), number.checked_shl(count).unwrap_or(0));
            assert_eq!(ask("_aullshr"), number.checked_shr(count).unwrap_or(0));
            assert_eq!(ask("_allshr") as i64, signed >> count.min(63));
        }
    }
}

#[test]
fn bytes_are_reversed() {
    let room = Room::new();
    let ask = |name| room.through("by_ecx", "ntdll.dll", name, &[0x0102_0304]) as u32;
    assert_eq!(ask("RtlUlongByteSwap"), 0x0403_0201);
    assert_eq!(ask("RtlUshortByteSwap") as u16, 0x0403);
    let all = room.bench.gate("ntdll.dll", "RtlUlonglongByteSwap");
    assert_eq!(
        room.bench.process.call(all, &[0x0506_0708, 0x0102_0304]),
        Ok(0x0807_0605_0403_0201)
    );
}

/// A function of C, and what it stands for.
type Single = (&'static str, fn(f64) -> f64);
/// One of two numbers.
type Pair = (&'static str, fn(f64, f64) -> f64);

#[test]
fn numbers_on_the_x87_stack_are_answered_there() {
    let room = Room::new();
    let singles: [Single; 13] = [
        ("sin", f64::sin),
        ("cos", f64::cos),
        ("tan", f64::tan),
        ("asin", f64::asin),
        ("acos", f64::acos),
        ("atan", f64::atan),
        ("sinh", f64::sinh),
        ("cosh", f64::cosh),
        ("tanh", f64::tanh),
        ("exp", f64::exp),
        ("log", f64::ln),
        ("log10", f64::log10),
        ("sqrt", f64::sqrt),
    ];
    for (name, wanted) in singles {
        for value in [0.25_f64, 0.75, 1.0] {
            let words = words(&[value.to_bits()]);
            let name = format!("_CI{name}");
            let found = room.through("by_x87", "msvcrt.dll", &name, &words);
            assert_eq!(f64::from_bits(found), wanted(value), "{name}({value})");
        }
    }
    let pairs: [Pair; 3] = [
        ("pow", f64::powf),
        ("atan2", f64::atan2),
        ("fmod", |one, other| one % other),
    ];
    for (name, wanted) in pairs {
        for (one, other) in [(2.5_f64, 0.75_f64), (-8.0, 3.0), (1e10, 1.5)] {
            let words = words(&[one.to_bits(), other.to_bits()]);
            let name = format!("_CI{name}");
            let found = room.through("by_x87_two", "ucrtbase.dll", &name, &words);
            assert_eq!(
                f64::from_bits(found),
                wanted(one, other),
                "{name}({one}, {other})"
            );
        }
    }
}

#[test]
fn numbers_in_sse_registers_are_answered_there() {
    let room = Room::new();
    let ask = |name: &str, one: u64, other: u64| {
        room.through("by_sse", "msvcrt.dll", name, &words(&[one, other]))
    };
    let (one, other) = (0.625_f64, 3.5_f64);
    let double = |name: &str| f64::from_bits(ask(name, one.to_bits(), other.to_bits()));
    assert_eq!(double("__libm_sse2_sin"), one.sin());
    assert_eq!(double("__libm_sse2_atan2"), one.atan2(other));
    assert_eq!(double("__libm_sse2_pow"), one.powf(other));
    assert_eq!(double("__libm_sse2_log10"), one.log10());
    let (one, other) = (0.625_f32, 3.5_f32);
    let single =
        |name: &str| f32::from_bits(ask(name, one.to_bits().into(), other.to_bits().into()) as u32);
    assert_eq!(single("__libm_sse2_cosf"), one.cos());
    assert_eq!(single("__libm_sse2_powf"), one.powf(other));
}

#[test]
fn a_member_of_a_cxx_class_finds_its_object_in_a_register() {
    let room = Room::new();
    let this = room.bench.bytes(&[0; 12]) as u32;
    let text = room.bench.text("it broke");
    let place = room.bench.bytes(&(text as u32).to_le_bytes()) as u32;
    let made = room.through(
        "by_member",
        "msvcrt.dll",
        "??0exception@@QAE@ABQBD@Z",
        &[this, place],
    );
    assert_eq!(made as u32, this);
    let what = room.through("by_ecx", "msvcrt.dll", "?what@exception@@UBEPBDXZ", &[this]) as u32;
    assert_ne!(what, text as u32);
    assert_eq!(room.bench.read(what.into(), 9), b"it broke\0");
    // The table of functions that the object begins with is for 32-bit callers, too.
    let word = |at: u32| u32::from_le_bytes(room.bench.read(at.into(), 4).try_into().unwrap());
    let table = word(this);
    let delete = room.bench.gate("msvcrt.dll", "??_Gexception@@UAEPAXI@Z");
    assert_eq!(u64::from(word(table)), delete);
}

#[test]
fn a_number_is_cut_towards_zero() {
    let room = Room::new();
    for value in [0.0, 0.5, -0.5, 1.999, -1.999, 3e9, -3e9, 9e18, -9e18] {
        for name in ["_ftol", "_ftol2", "_ftol2_sse"] {
            let words = words(&[f64::to_bits(value)]);
            let found = room.through("by_x87_to_integer", "msvcrt.dll", name, &words);
            assert_eq!(found as i64, value as i64, "{name}({value})");
        }
    }
}

#[test]
fn the_control_word_is_that_of_x87_arithmetic_too() {
    let room = Room::new();
    let ask = |value, mask| {
        let answer = room.through("by_control", "msvcrt.dll", "_control87", &[value, mask]);
        ((answer >> 32) as u32, answer as u32)
    };
    // Everything masked, 53 bits, to the nearest: _CW_DEFAULT.
    assert_eq!(ask(0, 0), (0x9_001F, 0x27F));
    // _RC_CHOP, then _PC_24, then the exception of a division by zero.
    assert_eq!(ask(0x300, 0x300), (0x9_031F, 0xE7F));
    assert_eq!(ask(0x2_0000, 0x3_0000), (0xA_001F, 0x7F));
    assert_eq!(ask(0, 8), (0x9_0017, 0x27B));
}

#[test]
fn room_on_the_stack_is_as_large_as_asked() {
    let room = Room::new();
    for name in ["_chkstk", "_alloca_probe"] {
        for size in [0, 4, 0xFFC, 0x1000, 0x1004, 0x2_3450] {
            let moved = room.through("by_stack", "ntdll.dll", name, &[size]);
            assert_eq!(moved as u32, size, "{name}");
        }
    }
}

#[test]
fn a_frame_of_cxx_begins_with_its_handler() {
    let room = Room::new();
    let answer = room.through("by_frame", "msvcrt.dll", "_EH_prolog", &[0x1234_5678]);
    assert_eq!(answer as u32, 1);
}

#[test]
fn numbers_are_changed_where_other_threads_see_them() {
    let room = Room::new();
    let at = room.bench.bytes(&[5, 0, 0, 0, 7, 0, 0, 0]);
    let ask = |name: &str, arguments: &[u64]| {
        let all = [&[at], arguments].concat();
        room.bench.ask("kernel32.dll", name, &all)
    };
    let is = || u32::from_le_bytes(room.bench.read(at, 4).try_into().unwrap());
    assert_eq!((ask("InterlockedIncrement", &[]) as u32, is()), (6, 6));
    assert_eq!((ask("InterlockedDecrement", &[]) as u32, is()), (5, 5));
    assert_eq!((ask("InterlockedExchange", &[9]) as u32, is()), (5, 9));
    assert_eq!((ask("InterlockedExchangeAdd", &[4]) as u32, is()), (9, 13));
    let exchange = |new, expected| ask("InterlockedCompareExchange", &[new, expected]) as u32;
    assert_eq!((exchange(1, 12), is()), (13, 13));
    assert_eq!((exchange(1, 13), is()), (13, 1));
    let wide = |new: u64, expected: u64| {
        let arguments: Vec<u64> = words(&[new, expected]).into_iter().map(u64::from).collect();
        ask("InterlockedCompareExchange64", &arguments)
    };
    assert_eq!(wide(1 << 40, 0), 0x7_0000_0001);
    assert_eq!(wide(1 << 40, 0x7_0000_0001), 0x7_0000_0001);
    assert_eq!(room.bench.read(at, 8), (1_u64 << 40).to_le_bytes());
}

#[test]
fn sixty_four_bit_drivers_find_none_of_it() {
    let bench = Bench::new();
    for name in ["_ftol", "_CIpow", "_EH_prolog"] {
        assert_eq!(bench.process.symbol_of("msvcrt.dll", name), None);
    }
    assert_eq!(
        bench
            .process
            .symbol_of("kernel32.dll", "InterlockedExchange"),
        None
    );
}
