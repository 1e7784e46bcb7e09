//! Structured exceptions end where they do on Windows, in either width.
#![expect(
    unsafe_code,
    reason = "reads as the driver's flags would forbid, and has itself signalled"
)]

#[path = "fixtures/build.rs"]
mod fixture;
#[path = "fixtures/microsoft.rs"]
mod microsoft;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::OnceLock;

use microsoft::{
    Table, call, check, compile, definitions, import, link, load, load_with, names, once,
};
use opendriver_guard::Kind;
use opendriver_win32::segments::Mechanism;
use opendriver_win32::{Config, FaultKind, Width};

const WIDTHS: [Width; 2] = [Width::Bits64, Width::Bits32];

/// What each export answers under Wine 8: `exceptions-host.exe exceptions.dll NAME...`.
const EXPECTED: Table = &[
    ("bad_read", &[], 134),
    ("records", &[], 123_507_123_507),
    ("codes", &[0], 0xC000_001D),
    ("codes", &[1], 0xC000_0096),
    ("codes", &[2], 0x8000_0003),
    ("codes", &[3], 0xC000_0005),
    ("codes", &[4], 0xC000_0005),
    ("codes", &[5], 0xC000_0094),
    ("floating_codes", &[0], 0xC000_008E),
    ("jumped_parameters", &[], 8048),
    ("continue_after_mending_registers", &[], 17),
    ("continue_after_mending_memory", &[], 26),
    ("finally_runs_either_way", &[], 13647),
    ("nested", &[], 32_453_627),
    ("filters_pass_on", &[], 134),
    ("fault_inside_a_filter", &[], 1234),
    ("fault_in_a_filter_goes_out", &[], 1234),
    ("jumps_out_of_try", &[], 147_378),
    // Wine says 13: it forgets the code that a compiler expects in the result register of the block.
    ("exception_in_except", &[], 12),
    ("kept_registers", &[], 5_019_321),
    ("vectored_handlers", &[], 12_513_104),
    ("arguments_of_raise", &[], 51),
    ("raise_goes_on", &[], 12),
    ("many_frames", &[], 1234),
    ("unhandled_filter", &[], 14),
    ("bad_pointer_for_the_system", &[], 13),
    ("through_a_function_of_the_system", &[], 1325),
];

/// What only 64 bits have, or do otherwise.
const EXPECTED_64: Table = &[
    ("floating_codes", &[1], 0xC000_008E),
    ("collided_unwind", &[], 47_143_356),
    ("capture_and_restore", &[], 1111),
    ("long_jump_of_a_linked_runtime", &[], 12_378),
    ("consolidating_unwind", &[], 1_234_578),
    ("back_trace_grows", &[], 7),
];

/// What 32 bits do otherwise.
const EXPECTED_32: Table = &[
    ("floating_codes", &[1], 0xC000_02B5),
    // Wine says 471456: it forgets the termination handlers around the one that was left.
    ("collided_unwind", &[], 4_714_356),
];

/// What only 32 bits have.
const BY_LIST: Table = &[
    ("entries_by_hand", &[], 1253),
    ("unwinds_and_returns", &[], 774_575),
    ("unwinds_to_nowhere", &[], 173),
    ("continues_at_a_context", &[], 81),
    ("raises_a_record", &[], 7235),
    ("cannot_be_continued", &[], 1135),
    ("odd_disposition", &[], 3),
    ("filter_for_all", &[], 114),
    // Wine says 761515: a termination handler that it runs believes that its block came to its end.
    ("terminates_level_by_level", &[], 761_415),
    ("caught_outside_of_a_callback", &[], 132_413_243),
    ("caught_outside_of_two_callbacks", &[], 132_543),
    ("mended_from_outside_of_a_callback", &[], 165),
    ("leaves_callbacks_by_itself", &[], 1_223_512_235),
    ("jumps_through_try", &[4], 12_356),
    ("jumps_through_try", &[0], 12_326),
    ("jumps_as_long_ago", &[], 12_356),
    ("jumps_out_of_a_callback", &[], 123_123_123),
    ("jumps_into_a_scope", &[], 163),
    ("jumps_on_a_stack_of_its_own", &[], 12_125),
    ("leaps_out_of_a_callback", &[], 1_231_234),
    ("leaps_and_returns", &[], 123),
    ("keeps_the_x87_stack", &[], 1232),
    // Wine says 1500895: of the two copies of the x87 state it takes the one that programs of 32 bits do not know.
    ("changes_the_control_word", &[], 1_503_967),
];

/// Exports that are asked one by one.
const OTHERS: [&str; 13] = [
    "raises_on_a_stack_of_its_own",
    "unhandled_raise",
    "unhandled_read",
    "continue_with_wide_registers",
    "leave_with_odd_modes",
    "broken_list",
    "circular_list",
    "handler_on_the_stack",
    "wild_handler",
    "forgotten_entry",
    "list_is_empty",
    "runs_out_of_stack",
    "imported",
];

const SYSTEM: [&str; 3] = ["kernel32", "ntdll", "msvcrt"];

/// The fixture as Microsoft's compiler would build it.
fn library(width: Width) -> PathBuf {
    static MADE: [OnceLock<PathBuf>; 2] = [const { OnceLock::new() }; 2];
    once(&MADE, width, || {
        let folder = microsoft::folder("exceptions", width);
        let (object, library) = (folder.join("exceptions.obj"), folder.join("exceptions.dll"));
        let (source, flags): (_, &[&str]) = match width {
            Width::Bits32 => ("exceptions-x86.c", &["-mrtd", "-fms-extensions", "-c"]),
            Width::Bits64 => ("exceptions-x64.c", &["-fms-extensions", "-c"]),
        };
        compile("clang", &microsoft::fixture(source), &object, width, flags);
        let mut parts = vec![object];
        if width == Width::Bits32 {
            let runtime = folder.join("libmsvcrt.a");
            definitions("msvcrt-x86.def", &runtime, width);
            parts.push(runtime);
        }
        parts.extend(SYSTEM.map(|name| import(name, width)));
        let tables = names(EXPECTED)
            .chain(names(EXPECTED_32))
            .chain(names(BY_LIST));
        link(&library, &parts, width, tables.chain(OTHERS));
        library
    })
}

/// The 32-bit fixture with tables that are hidden by a cookie, as later compilers of Microsoft's write them.
///
/// clang writes them when the handler has that name; the handler itself is linked in.
fn library_with_cookies() -> PathBuf {
    static MADE: [OnceLock<PathBuf>; 2] = [const { OnceLock::new() }; 2];
    let width = Width::Bits32;
    once(&MADE, width, || {
        let folder = microsoft::folder("cookies", width);
        let [assembly, object, handler, runtime, library] = [
            "cookies.ll",
            "cookies.obj",
            "handler.obj",
            "libmsvcrt.a",
            "cookies.dll",
        ]
        .map(|name| folder.join(name));
        let flags = ["-mrtd", "-fms-extensions", "-S", "-emit-llvm"];
        compile(
            "clang",
            &microsoft::fixture("exceptions.c"),
            &assembly,
            width,
            &flags,
        );
        let text = std::fs::read_to_string(&assembly).unwrap();
        std::fs::write(
            &assembly,
            text.replace("_except_handler3", "_except_handler4"),
        )
        .unwrap();
        compile("clang", &assembly, &object, width, &["-c"]);
        let source = microsoft::fixture("handler4.c");
        compile("clang", &source, &handler, width, &["-mrtd", "-c"]);
        definitions("msvcrt-x86.def", &runtime, width);
        let mut parts = vec![object, handler, runtime];
        parts.extend(SYSTEM.map(|name| import(name, width)));
        let tables = names(EXPECTED).chain(names(EXPECTED_32));
        link(&library, &parts, width, tables.chain(["cookies"]));
        library
    })
}

#[test]
fn exceptions_take_the_way_that_they_take_on_windows() {
    for width in WIDTHS {
        let module = load(&library(width), width);
        check(&module, EXPECTED);
        match width {
            Width::Bits32 => {
                check(&module, EXPECTED_32);
                check(&module, BY_LIST);
            }
            Width::Bits64 => check(&module, EXPECTED_64),
        }
    }
}

#[test]
fn frames_with_cookies_are_handled_as_others() {
    let module = load(&library_with_cookies(), Width::Bits32);
    check(&module, EXPECTED);
    check(&module, EXPECTED_32);
    assert_eq!(call(&module, "cookies", &[0]), Ok(213_420));
    // The image decides what becomes of a cookie that is not right. Wine does not ask it: it says 213400 to both.
    assert_eq!(call(&module, "cookies", &[8]), Ok(213_411));
}

#[test]
fn exceptions_need_no_special_way_to_fs() {
    for mechanism in [Mechanism::SetThreadArea, Mechanism::ModifyLdt] {
        let mut config = Config::default();
        config.width = Width::Bits32;
        config.segments = Some(mechanism);
        let module = load_with(config, &library(Width::Bits32));
        check(&module, EXPECTED);
        check(&module, BY_LIST);
    }
}

#[test]
fn wide_registers_survive_a_fault_that_is_mended() {
    if std::arch::is_x86_feature_detected!("avx") {
        for width in WIDTHS {
            let module = load(&library(width), width);
            for _ in 0..100 {
                let answer = call(&module, "continue_with_wide_registers", &[]);
                assert_eq!(answer, Ok(11_234));
            }
        }
    }
}

#[test]
fn handling_exceptions_again_and_again_costs_no_stack() {
    for width in WIDTHS {
        let module = load(&library(width), width);
        let collided = match width {
            Width::Bits32 => 4_714_356,
            Width::Bits64 => 47_143_356,
        };
        for _ in 0..2000 {
            assert_eq!(call(&module, "nested", &[]), Ok(32_453_627));
            assert_eq!(call(&module, "collided_unwind", &[]), Ok(collided));
            if width == Width::Bits32 {
                assert_eq!(call(&module, "leaps_and_returns", &[]), Ok(123));
                let answer = call(&module, "leaves_callbacks_by_itself", &[]);
                assert_eq!(answer, Ok(1_223_512_235));
            }
        }
    }
}

#[test]
fn what_nobody_takes_is_a_fault_with_its_code() {
    for width in WIDTHS {
        let module = load(&library(width), width);
        let fault = call(&module, "unhandled_raise", &[0xE123_4567]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Exception(0xE123_4567));
        let place = fault.place.expect("in the module");
        assert!(place.starts_with("exceptions.dll+0x"), "{place}");
        let fault = call(&module, "unhandled_read", &[]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Machine(Kind::Read, Some(0x50)));
        let place = fault.place.expect("in the module");
        assert!(place.starts_with("exceptions.dll+0x"), "{place}");
        // The next call finds everything in order.
        assert_eq!(call(&module, "bad_read", &[]), Ok(134));
    }
}

#[test]
fn a_driver_that_has_lost_its_stack_takes_nothing_with_it() {
    for width in WIDTHS {
        let module = load(&library(width), width);
        let fault = call(&module, "leave_with_odd_modes", &[]).unwrap_err();
        assert!(matches!(fault.kind, FaultKind::Machine(..)), "{fault:?}");
        // An unaligned read, which would trap now if the driver's flags had stayed.
        let bytes = [1_u8, 2, 3, 4, 5, 6, 7, 8, 9];
        // SAFETY: the array has nine bytes.
        let word = unsafe {
            bytes
                .as_ptr()
                .wrapping_add(1)
                .cast::<u64>()
                .read_unaligned()
        };
        assert_eq!(std::hint::black_box(word), 0x0908_0706_0504_0302);
        assert_eq!(call(&module, "bad_read", &[]), Ok(134));
    }
}

#[test]
fn a_fault_on_another_thread_is_settled_there() {
    for width in WIDTHS {
        let module = load(&library(width), width);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        assert_eq!(call(&module, "kept_registers", &[]), Ok(5_019_321));
                        let fault = call(&module, "unhandled_raise", &[5]).unwrap_err();
                        assert_eq!(fault.kind, FaultKind::Exception(5));
                    }
                });
            }
        });
    }
}

thread_local! {
    /// Signals that this thread has had.
    static TICKS: Cell<u64> = const { Cell::new(0) };
}

extern "C" fn on_tick(_: libc::c_int) {
    TICKS.set(TICKS.get() + 1);
}

#[test]
fn a_profiler_disturbs_no_exception() {
    // SAFETY: all zeroes is an action without flags.
    let mut action = unsafe { std::mem::zeroed::<libc::sigaction>() };
    action.sa_sigaction = on_tick as *const () as usize;
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: a good action, whose handler only counts.
    unsafe { libc::sigaction(libc::SIGPROF, &raw const action, std::ptr::null_mut()) };
    // Other tests are in 32-bit code already, where a handler that nobody knows would find no thread-local storage.
    opendriver_guard::adopt_handlers();
    let tick = libc::timeval {
        tv_sec: 0,
        tv_usec: 1000,
    };
    let every = libc::itimerval {
        it_interval: tick,
        it_value: tick,
    };
    // SAFETY: good times.
    unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const every, std::ptr::null_mut()) };
    for width in WIDTHS {
        let module = load(&library(width), width);
        TICKS.set(0);
        while TICKS.get() < 100 {
            assert_eq!(call(&module, "nested", &[]), Ok(32_453_627));
            assert_eq!(call(&module, "kept_registers", &[]), Ok(5_019_321));
            assert_eq!(call(&module, "records", &[]), Ok(123_507_123_507));
        }
    }
}

#[test]
fn a_list_that_leads_nowhere_is_a_fault() {
    let module = load(&library(Width::Bits32), Width::Bits32);
    for (name, code) in [
        ("broken_list", 0xE000_0010),
        ("circular_list", 0xE000_0011),
        ("handler_on_the_stack", 0xE000_0012),
        ("raises_on_a_stack_of_its_own", 0xE000_001A),
    ] {
        let fault = call(&module, name, &[]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Exception(code), "{name}: {fault:?}");
        assert_eq!(
            call(&module, "kept_registers", &[]),
            Ok(5_019_321),
            "{name}"
        );
    }
    let fault = call(&module, "wild_handler", &[]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Machine(Kind::Execute, Some(0x20)));
    let fault = call(&module, "runs_out_of_stack", &[]).unwrap_err();
    assert!(
        matches!(fault.kind, FaultKind::Machine(Kind::StackOverflow, _)),
        "{fault:?}"
    );
    assert_eq!(call(&module, "kept_registers", &[]), Ok(5_019_321));
}

#[test]
fn an_entry_of_a_function_that_is_gone_is_gone_too() {
    let module = load(&library(Width::Bits32), Width::Bits32);
    assert_eq!(call(&module, "list_is_empty", &[]), Ok(1));
    assert_eq!(call(&module, "forgotten_entry", &[]), Ok(3));
    assert_eq!(call(&module, "list_is_empty", &[]), Ok(1));
}
