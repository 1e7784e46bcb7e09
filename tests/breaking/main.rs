//! A 32-bit driver that breaks in every way there is: each time a fault that says how and where, and all else goes on.

mod deed;

use std::env;

use opendriver_tests::fixtures::{Target, compiled_text};

use deed::Outcome::{Answers, Breaks, Either};
use deed::{DEED, House, each, message};

#[test]
fn a_ruined_stack_is_a_fault() {
    each(
        "a_ruined_stack_is_a_fault",
        &[
            ("nothing", Answers(1)),
            (
                "smash_return",
                Breaks(&["execution of address 0x41414141", "bad.dll+0x"]),
            ),
            ("smash_stack", Breaks(&["execution of address 0x41414141"])),
            (
                "stack_at_nothing",
                Breaks(&[
                    "write of address 0xfffffffc at bad.dll+0x",
                    "with the stack pointer at 0x0",
                ]),
            ),
            (
                "stack_unmapped",
                Breaks(&[
                    "write of address 0x8ffc at bad.dll+0x",
                    "with the stack pointer at 0x9000",
                ]),
            ),
            (
                "stack_unmapped_call",
                Breaks(&[
                    "call of a Windows function with the stack pointer at 0x9000, where no memory is",
                ]),
            ),
            (
                "stack_at_the_end_call",
                Breaks(&["call of a Windows function with the stack pointer at 0xfffffffc"]),
            ),
            ("stack_misaligned_call", Answers(1)),
            ("recurse", Breaks(&["stack overflow at bad.dll+0x"])),
            (
                "reach_beyond_the_stack",
                Breaks(&["stack overflow at bad.dll+0x"]),
            ),
        ],
    );
}

#[test]
fn a_return_that_is_none_is_a_fault() {
    each(
        "a_return_that_is_none_is_a_fault",
        &[
            (
                "return_as_cdecl",
                Breaks(&["return as a cdecl function: its 20 bytes", "bad.dll+0x"]),
            ),
            (
                "return_too_little",
                Breaks(&[
                    "return with 12 bytes taken from the stack, expected 20",
                    "bad.dll+0x",
                ]),
            ),
            (
                "return_without_popping",
                Breaks(&["return with -4 bytes taken", "bad.dll+0x"]),
            ),
            (
                "return_to_nowhere",
                Breaks(&["execution of address", "bad.dll+0x"]),
            ),
        ],
    );
}

#[test]
fn a_wild_jump_is_a_fault() {
    each(
        "a_wild_jump_is_a_fault",
        &[
            (
                "call_nothing",
                Breaks(&["execution of address 0x0 at 0x0, called from bad.dll+0x"]),
            ),
            (
                "call_low",
                Breaks(&["execution of address 0x1234 at 0x1234, called from bad.dll+0x"]),
            ),
            (
                "call_the_last_byte",
                Breaks(&["execution of address 0xffffffff at 0xffffffff, called from bad.dll+0x"]),
            ),
            ("call_the_stack", Breaks(&["called from bad.dll+0x"])),
            (
                "jump_into_a_gate",
                Breaks(&[
                    "write of address 0x0 at the gates of Windows functions, called from bad.dll+0x",
                ]),
            ),
            (
                "jump_to_the_gates_with_a_wild_number",
                Breaks(&["bad.dll+0x", "0x12345678"]),
            ),
            (
                "far_jump_to_nowhere",
                Breaks(&["execution of address 0x41414141"]),
            ),
            (
                "far_jump_to_64_bit_code_of_its_own",
                Breaks(&["read of address 0x10 at bad.dll+0x"]),
            ),
            ("far_jump_into_the_crossing", Breaks(&["0x12345678"])),
            (
                "far_jump_to_a_bad_selector",
                Breaks(&["bad segment at bad.dll+0x"]),
            ),
            (
                "far_return_to_garbage",
                Breaks(&["bad segment at bad.dll+0x"]),
            ),
            (
                "interrupt_return_to_garbage",
                Breaks(&["bad segment at bad.dll+0x"]),
            ),
            (
                "interrupt_0x2e",
                Breaks(&["software interrupt 0x2e at bad.dll+0x"]),
            ),
            (
                "interrupt_0x80",
                Either(1, "software interrupt 0x80 at bad.dll+0x"),
            ),
            ("enter_the_kernel", Breaks(&["bad.dll+0x"])),
        ],
    );
}

#[test]
fn a_changed_segment_is_harmless_or_a_fault() {
    each(
        "a_changed_segment_is_harmless_or_a_fault",
        &[
            (
                "fs_reloaded_and_read",
                Breaks(&["read of address 0x18 at bad.dll+0x"]),
            ),
            (
                "fs_reloaded_and_call",
                Breaks(&[
                    "call of a Windows function with FS changed",
                    "called from bad.dll+0x",
                ]),
            ),
            (
                "fs_reloaded_and_return",
                Breaks(&["return with FS changed", "bad.dll+0x"]),
            ),
            (
                "fs_null_and_call",
                Either(1, "call of a Windows function with FS changed"),
            ),
            ("ds_null_and_read", Breaks(&["bad segment at bad.dll+0x"])),
            ("ds_null_and_call", Answers(1)),
            ("es_null_and_store", Breaks(&["bad segment at bad.dll+0x"])),
            ("es_other_and_return", Answers(1)),
            ("gs_loaded_and_return", Answers(1)),
            ("ss_null", Breaks(&["bad segment at bad.dll+0x"])),
            ("ds_bad", Breaks(&["bad segment at bad.dll+0x"])),
        ],
    );
}

#[test]
fn modes_of_the_processor_do_not_leak_into_ours() {
    each(
        "modes_of_the_processor_do_not_leak_into_ours",
        &[
            ("downwards_and_call", Answers(1)),
            (
                "downwards_and_return",
                Breaks(&["return with the direction flag set at bad.dll+0x"]),
            ),
            ("alignment_checked_and_call", Answers(1)),
            (
                "alignment_checked_and_read",
                Breaks(&["misaligned access", "bad.dll+0x"]),
            ),
            ("single_steps", Breaks(&["debug trap at bad.dll+0x"])),
            ("nested_task_and_call", Answers(1)),
            (
                "x87_value_left",
                Breaks(&["return with values on the x87 stack at bad.dll+0x"]),
            ),
            ("mmx_left", Answers(1)),
            (
                "x87_exception_pending",
                Breaks(&["floating-point exception", "bad.dll+0x"]),
            ),
            (
                "x87_exception",
                Breaks(&["floating-point exception at bad.dll+0x"]),
            ),
            ("sse_exceptions_and_call", Answers(1)),
            (
                "sse_exception",
                Breaks(&["floating-point exception at bad.dll+0x"]),
            ),
        ],
    );
}

#[test]
fn an_instruction_that_cannot_be_is_a_fault() {
    each(
        "an_instruction_that_cannot_be_is_a_fault",
        &[
            ("halt", Breaks(&["privileged instruction at bad.dll+0x"])),
            (
                "read_a_port",
                Breaks(&["privileged instruction at bad.dll+0x"]),
            ),
            ("illegal", Breaks(&["illegal instruction at bad.dll+0x"])),
            (
                "divide_by_zero",
                Breaks(&["division by zero", "at bad.dll+0x"]),
            ),
            ("breakpoint", Breaks(&["breakpoint at bad.dll+0x"])),
            (
                "out_of_bounds",
                Breaks(&["integer overflow trap at bad.dll+0x"]),
            ),
            ("overflow", Breaks(&["integer overflow trap at bad.dll+0x"])),
            (
                "read_nothing",
                Breaks(&["read of address 0x10 at bad.dll+0x"]),
            ),
            ("write_code", Breaks(&["write of address", "at bad.dll+0x"])),
        ],
    );
}

#[test]
fn what_belongs_to_the_process_is_not_a_driver_s_to_ruin() {
    each(
        "what_belongs_to_the_process_is_not_a_driver_s_to_ruin",
        &[
            (
                "overwrite_teb_and_return",
                Breaks(&["return with its thread environment block overwritten at bad.dll+0x"]),
            ),
            (
                "overwrite_teb_and_call",
                Breaks(&["illegal instruction at bad.dll+0x"]),
            ),
            ("overwrite_peb", Answers(1)),
            ("free_the_stack", Answers(1)),
            ("forbid_the_stack", Answers(1)),
            ("free_the_gates", Answers(1)),
            ("forbid_the_gates", Answers(1)),
            ("forbid_the_teb", Answers(1)),
        ],
    );
}

#[test]
fn an_end_of_the_process_is_a_fault() {
    each(
        "an_end_of_the_process_is_a_fault",
        &[
            ("exit_thread", Breaks(&["call of ExitThread with 5"])),
            ("exit_process", Breaks(&["call of ExitProcess with 6"])),
            (
                "terminate_process",
                Breaks(&["call of TerminateProcess with 7"]),
            ),
            ("raise", Breaks(&["unhandled exception 0xe0001234"])),
        ],
    );
}

/// Each message is answered, so the outermost sender hears a number; that the innermost broke is told by the next.
#[test]
fn a_recursion_through_messages_ends_where_the_stack_does() {
    const TEST: &str = "a_recursion_through_messages_ends_where_the_stack_does";
    let deed = "recurse_through_messages";
    if env::var_os(DEED).is_none() {
        return each(TEST, &[(deed, Answers(0))]);
    }
    let house = House::new();
    let depth = house.bad.send(message(deed), 0, 0).unwrap();
    assert!(depth > 10, "{depth}");
    house.goes_on();
    let outcome = Breaks(&["stack overflow"]);
    house.is_left(&outcome, None);
    house.goes_on();
}

/// Who waits for the thread goes on; the driver is called no more.
#[test]
fn a_thread_of_a_driver_that_breaks_takes_the_driver_with_it() {
    const TEST: &str = "a_thread_of_a_driver_that_breaks_takes_the_driver_with_it";
    let deeds = [
        ("break_on_a_thread", "read of address 0x10"),
        ("break_on_a_thread_s_stack", "stack overflow"),
    ];
    let Ok(chosen) = env::var(DEED) else {
        return each(TEST, &deeds.map(|(deed, _)| (deed, Answers(1))));
    };
    for (deed, text) in deeds.into_iter().filter(|(deed, _)| *deed == chosen) {
        let house = House::new();
        assert_eq!(house.bad.send(message(deed), 0, 0).unwrap(), 1);
        house.goes_on();
        let told = house.bad.send(message("nothing"), 0, 0).unwrap_err();
        assert!(told.to_string().contains(text), "{told}");
        assert!(told.to_string().contains("bad.dll+0x"), "{told}");
        assert!(house.manager.open("bad.dll").is_err());
        house.goes_on();
    }
}

#[test]
fn a_message_cannot_close_its_own_instance() {
    each(
        "a_message_cannot_close_its_own_instance",
        &[("close_itself", Answers(0))],
    );
}

/// What runs when a DLL is loaded can break as well as a driver can.
#[test]
fn a_dll_that_breaks_while_it_is_loaded_is_an_error() {
    const TEXT: &str = "
        __declspec(dllexport) int WINAPI DriverProc(int a, int b, int c, int d, int e) { return a + b + c + d + e; }
        BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved)
        { (void)module, (void)reserved; if (reason == DLL_PROCESS_ATTACH) { BREAK } return TRUE; }\n";
    const TLS: &str = "ULONG _tls_index;
        __attribute__((section(\".tls\"))) char _tls_start = 1;
        __attribute__((section(\".tls$ZZZ\"))) char _tls_end = 2;
        static void NTAPI attached(PVOID module, DWORD reason, PVOID reserved)
        { (void)module, (void)reserved; if (reason == DLL_PROCESS_ATTACH) *(volatile int *)0x20 = 1; }
        static PIMAGE_TLS_CALLBACK callbacks[] = {attached, 0};
        const IMAGE_TLS_DIRECTORY _tls_used = {
            (ULONG_PTR)&_tls_start, (ULONG_PTR)&_tls_end, (ULONG_PTR)&_tls_index, (ULONG_PTR)callbacks, 0, 0};";
    let house = House::new();
    for (before, start, text) in [
        ("", "*(volatile int *)0x10 = 1;", "write of address 0x10"),
        (
            "",
            "RaiseException(0xe0001234, 0, 0, NULL);",
            "unhandled exception 0xe0001234",
        ),
        ("", "ExitProcess(9);", "call of ExitProcess with 9"),
        (
            "",
            "__asm__ volatile(\"1: push %eax; jmp 1b\");",
            "stack overflow",
        ),
        (
            "#pragma GCC optimize(\"no-omit-frame-pointer\")",
            "__asm__ volatile(\"movl $0x41414141, 4(%ebp)\");",
            "execution of address 0x41414141",
        ),
        (TLS, "", "write of address 0x20"),
    ] {
        let text_of_driver =
            format!("#include <windows.h>\n{before}\n{TEXT}").replace("BREAK", start);
        let file = compiled_text("starting", &text_of_driver, Target::Windows32);
        let error = house.manager.open(file.to_str().unwrap()).unwrap_err();
        let mut told = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            told += &format!(": {next}");
            cause = next.source();
        }
        assert!(
            told.contains(text) && told.contains("broke"),
            "{told} does not say {text:?}"
        );
        house.goes_on();
    }
}

#[test]
fn mmx_code_that_forgets_emms_is_told_of_once() {
    let house = House::new();
    for _ in 0..3 {
        assert_eq!(house.bad.send(message("mmx_left"), 0, 0).unwrap(), 1);
    }
    let told: Vec<_> = house.transcript.reports();
    let told: Vec<_> = told.iter().map(|report| report.text.as_str()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("bad.dll+0x") && told[0].contains("without emms"),
        "{told:?}"
    );
}
