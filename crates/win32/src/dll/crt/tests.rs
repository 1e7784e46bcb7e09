//! The runtimes by name, through real gates, where a compiled DLL does not reach.

use crate::bench::Bench;
use crate::shim::Addr;
use crate::station::Report;
use crate::trap::FaultKind;

const OLD: &str = "msvcrt.dll";
const NEW: &str = "ucrtbase.dll";
const ERANGE: u64 = 34;
const EINVAL: u64 = 22;
const STRUNCATE: u64 = 80;

fn text(bench: &Bench, at: u64) -> String {
    bench.with_cx(|cx| cx.text_a(Addr(at)).expect("a text is there"))
}

fn slots(bench: &Bench, values: &[u64]) -> u64 {
    bench.bytes(
        &values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect::<Vec<_>>(),
    )
}

fn errno(bench: &Bench, dll: &str) -> u64 {
    let at = bench.ask(dll, "_errno", &[]);
    u64::from(u32::from_le_bytes(
        bench.read(at, 4).try_into().expect("four bytes"),
    ))
}

#[test]
fn a_buffer_too_small_is_left_with_the_empty_text() {
    let bench = Bench::new();
    let to = bench.bytes(b"????????");
    let from = bench.text("12345678");
    assert_eq!(bench.ask(OLD, "strcpy_s", &[to, 8, from]), ERANGE);
    assert_eq!(bench.read(to, 2), b"\0?");
    assert_eq!(errno(&bench, OLD), ERANGE);
    assert_eq!(bench.ask(OLD, "strcpy_s", &[to, 9, from]), 0);
    assert_eq!(bench.ask(OLD, "strcpy_s", &[0, 9, from]), EINVAL);
    assert!(matches!(&bench.reports()[0], Report::Warning(text) if text.contains("strcpy_s")));
}

#[test]
fn truncating_copies_fill_the_buffer_and_say_so() {
    let bench = Bench::new();
    let (to, from) = (bench.bytes(b"????????"), bench.text("abcdef"));
    assert_eq!(
        bench.ask(OLD, "strncpy_s", &[to, 4, from, u64::MAX]),
        STRUNCATE
    );
    assert_eq!(text(&bench, to), "abc");
    assert_eq!(bench.ask(OLD, "strncpy_s", &[to, 8, from, 2]), 0);
    assert_eq!(text(&bench, to), "ab");
    assert_eq!(bench.ask(OLD, "strcat_s", &[to, 8, from]), ERANGE);
    assert_eq!(bench.ask(OLD, "strncpy_s", &[to, 8, from, 2]), 0);
    assert_eq!(
        bench.ask(OLD, "strncat_s", &[to, 8, from, u64::MAX]),
        STRUNCATE
    );
    assert_eq!(text(&bench, to), "ababcde");
}

#[test]
fn a_copy_reads_no_byte_behind_what_decides_it() {
    let bench = Bench::new();
    // Two pages, of which the second cannot be read: a text that ends with the first.
    let pages = bench.ask("kernel32.dll", "VirtualAlloc", &[0, 0x2000, 0x3000, 4]);
    let before = bench.bytes(&[0; 4]);
    bench.ask(
        "kernel32.dll",
        "VirtualProtect",
        &[pages + 0x1000, 0x1000, 1, before],
    );
    let edge = pages + 0x1000 - 4;
    bench.with_cx(|cx| {
        cx.put(Addr(edge), b"abcd")
            .expect("the page can be written")
    });
    let other = bench.text("abcx");
    assert_ne!(bench.ask(OLD, "strcmp", &[edge, other]), 0);
    assert_eq!(bench.ask(OLD, "strncmp", &[edge, other, 3]), 0);
    assert_eq!(bench.ask(OLD, "strnlen", &[edge, 4]), 4);
    assert_eq!(bench.ask(OLD, "strchr", &[edge, u64::from(b'c')]), edge + 2);
    assert_eq!(bench.ask(OLD, "memcmp", &[edge, other, 3]), 0);
    let fault = bench
        .call(OLD, "strlen", &[edge])
        .expect_err("the text has no end");
    assert!(
        matches!(
            fault.kind,
            FaultKind::Exception(0xC000_0005) | FaultKind::Machine(..)
        ),
        "{fault:?}"
    );
}

#[test]
fn the_new_runtime_prints_as_its_options_say() {
    let bench = Bench::new();
    let (to, format) = (bench.bytes(&[0; 64]), bench.text("%g %s %05d"));
    let name = bench.text("x");
    let values = slots(&bench, &[1e10_f64.to_bits(), name, 42]);
    let print = |options, room| {
        bench.ask(
            NEW,
            "__stdio_common_vsprintf",
            &[options, to, room, format, 0, values],
        ) as i32
    };
    assert_eq!(print(2, 64), 13);
    assert_eq!(text(&bench, to), "1e+10 x 00042");
    assert_eq!(print(2 | 16, 64), 14);
    assert_eq!(text(&bench, to), "1e+010 x 00042");
    assert_eq!(print(2, 6), 13);
    assert_eq!(text(&bench, to), "1e+10");
    assert_eq!(print(1, 6), -1);
    let length = bench.ask(
        NEW,
        "__stdio_common_vsprintf",
        &[2, 0, 0, format, 0, values],
    );
    assert_eq!(length, 13);
    let checked = [0, to, 64, 5, format, 0, values];
    assert_eq!(
        bench.ask(NEW, "__stdio_common_vsnprintf_s", &checked) as i32,
        -1
    );
    assert_eq!(text(&bench, to), "1e+10");
}

#[test]
fn counting_what_was_printed_is_refused_until_it_is_allowed() {
    let bench = Bench::new();
    let (to, format, count) = (
        bench.bytes(&[0; 16]),
        bench.text("abc%n"),
        bench.bytes(&[0; 4]),
    );
    let values = slots(&bench, &[count]);
    let print = || bench.ask(OLD, "vsprintf", &[to, format, values]) as i32;
    assert_eq!(print(), -1);
    assert_eq!(errno(&bench, OLD), EINVAL);
    assert_eq!(bench.ask(OLD, "_set_printf_count_output", &[1]), 0);
    assert_eq!(print(), 3);
    assert_eq!(bench.read(count, 4), [3, 0, 0, 0]);
}

#[test]
fn exit_functions_of_a_dll_run_last_to_first_and_once() {
    let bench = Bench::new();
    let table = bench.bytes(&[0; 24]);
    assert_eq!(bench.ask(NEW, "_initialize_onexit_table", &[table]), 0);
    // Functions of ours that leave a trace: each takes the next random number.
    let count = 70;
    let function = bench.gate(OLD, "rand");
    for _ in 0..count {
        assert_eq!(
            bench.ask(NEW, "_register_onexit_function", &[table, function]),
            0
        );
    }
    bench.ask(OLD, "srand", &[1]);
    assert_eq!(bench.ask(NEW, "_execute_onexit_table", &[table]), 0);
    let after = bench.ask(OLD, "rand", &[]);
    bench.ask(OLD, "srand", &[1]);
    for _ in 0..count {
        bench.ask(OLD, "rand", &[]);
    }
    assert_eq!(after, bench.ask(OLD, "rand", &[]), "each ran once");
    assert_eq!(bench.read(table, 24), [0; 24]);
    assert_eq!(bench.ask(NEW, "_execute_onexit_table", &[table]), 0);
}

#[test]
fn a_table_of_starts_stops_at_the_first_error() {
    let bench = Bench::new();
    let (good, bad) = (bench.gate(OLD, "_heapmin"), bench.gate(OLD, "_heapchk"));
    let table = slots(&bench, &[0, good, bad, bad]);
    assert_eq!(bench.ask(OLD, "_initterm_e", &[table, table + 16]), 0);
    assert_eq!(
        bench.ask(OLD, "_initterm_e", &[table, table + 32]) as i32,
        -2
    );
    bench.ask(OLD, "_initterm", &[table, table + 32]);
}

#[test]
fn what_a_driver_prints_is_told_line_by_line() {
    let bench = Bench::new();
    let output = bench.ask(NEW, "__acrt_iob_func", &[1]);
    let (format, wide) = (bench.text("one %d\ntwo"), bench.wide(" and \u{e4}\n"));
    let values = slots(&bench, &[7]);
    bench.ask(
        NEW,
        "__stdio_common_vfprintf",
        &[2, output, format, 0, values],
    );
    bench.ask(NEW, "fputws", &[wide, output]);
    let said: Vec<String> = bench
        .reports()
        .into_iter()
        .filter_map(|report| match report {
            Report::Output(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(said, ["one 7", "two and \u{e4}"]);
}

#[test]
fn the_old_array_of_streams_is_the_one_that_programs_import() {
    let bench = Bench::new();
    let array = bench.gate(OLD, "_iob");
    assert_eq!(bench.ask(OLD, "__iob_func", &[]), array);
    assert_eq!(bench.ask(NEW, "__acrt_iob_func", &[2]), array + 96);
    // stderr: flags say that it is written, the number is 2.
    assert_eq!(bench.read(array + 96 + 24, 8), [2, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(bench.ask(OLD, "_fileno", &[array + 96]), 2);
}

#[test]
fn values_come_out_of_wide_text_with_sizes_of_buffers() {
    let bench = Bench::new();
    let (input, format) = (bench.wide("key 12.5"), bench.wide("%ls %lf"));
    let (name, number) = (bench.bytes(&[0xff; 16]), bench.bytes(&[0; 8]));
    let places = slots(&bench, &[name, 8, number]);
    let scan = [3, input, u64::MAX, format, 0, places];
    assert_eq!(bench.ask(NEW, "__stdio_common_vswscanf", &scan), 2);
    assert_eq!(bench.read(name, 8), b"k\0e\0y\0\0\0");
    assert_eq!(bench.read(number, 8), 12.5_f64.to_le_bytes());
}

#[test]
fn an_allocation_that_cannot_be_is_null_and_said() {
    let bench = Bench::new();
    assert_eq!(bench.ask(OLD, "calloc", &[u64::MAX / 2, 3]), 0);
    assert_eq!(errno(&bench, OLD), 12);
    assert_eq!(bench.ask(OLD, "realloc", &[0, 1 << 62]), 0);
    let block = bench.ask(OLD, "malloc", &[0]);
    assert_ne!(block, 0, "nothing at all is still a block");
    bench.ask(OLD, "free", &[block]);
    let fault = bench
        .call(OLD, "??2@YAPEAX_K@Z", &[1 << 62])
        .expect_err("new does not answer null");
    assert!(
        matches!(fault.kind, FaultKind::Exception(0xC000_0017)),
        "{fault:?}"
    );
}

#[test]
fn aligned_blocks_keep_their_place_within_a_multiple() {
    let bench = Bench::new();
    let block = bench.ask(OLD, "_aligned_offset_malloc", &[100, 64, 12]);
    assert_eq!((block + 12) % 64, 0);
    assert_eq!(bench.ask(NEW, "_aligned_msize", &[block, 64, 12]), 100);
    bench.with_cx(|cx| cx.put(Addr(block), b"kept").expect("the block is there"));
    let moved = bench.ask(OLD, "_aligned_offset_realloc", &[block, 10_000, 64, 12]);
    assert_eq!((moved + 12) % 64, 0);
    assert_eq!(bench.read(moved, 4), b"kept");
    bench.ask(OLD, "_aligned_free", &[moved]);
    assert_eq!(
        bench.ask(OLD, "_aligned_malloc", &[100, 48]),
        0,
        "48 is no power of two"
    );
}

#[test]
fn the_control_word_says_how_the_drivers_arithmetic_works() {
    let bench = Bench::new();
    // _RC_UP in _MCW_RC; each call from outside starts afresh.
    assert_eq!(bench.ask(OLD, "_controlfp", &[0x200, 0x300]) & 0x300, 0x200);
    assert_eq!(bench.ask(NEW, "fegetround", &[]), 0);
    let word = bench.bytes(&[0; 4]);
    assert_eq!(bench.ask(OLD, "_controlfp_s", &[word, 0, 0]), 0);
    assert_eq!(
        bench.ask(OLD, "_controlfp_s", &[word, 0, 0x8000_0000]),
        EINVAL
    );
    bench.ask(OLD, "_fpreset", &[]);
}

#[test]
fn the_runtimes_differ_where_they_are_known_to() {
    let bench = Bench::new();
    let moment = bench.bytes(&1_402_041_600_i64.to_le_bytes());
    let tm = bench.ask(OLD, "_gmtime64", &[moment]);
    assert_eq!(
        text(&bench, bench.ask(OLD, "asctime", &[tm])),
        "Fri Jun 06 08:00:00 2014\n"
    );
    assert_eq!(
        text(&bench, bench.ask(NEW, "asctime", &[tm])),
        "Fri Jun  6 08:00:00 2014\n"
    );
    let words = bench.wide("a,b");
    let (comma, place) = (bench.wide(","), bench.bytes(&[0; 8]));
    assert_eq!(bench.ask(NEW, "wcstok", &[words, comma, place]), words);
    assert_eq!(bench.ask(NEW, "wcstok", &[0, comma, place]), words + 4);
    assert_eq!(bench.ask(OLD, "wcstok", &[words, comma]), words);
}

#[test]
fn a_signal_without_a_handler_ends_the_call() {
    let bench = Bench::new();
    let fault = bench
        .call(OLD, "raise", &[15])
        .expect_err("SIGTERM ends the process");
    assert_eq!(
        fault.kind,
        FaultKind::Exit {
            function: "SIGTERM",
            code: 3
        }
    );
    assert_eq!(bench.ask(OLD, "signal", &[15, 1]), 0);
    assert_eq!(bench.ask(OLD, "raise", &[15]), 0, "it is ignored now");
    let what = bench.text("x > 0");
    let file = bench.text("driver.c");
    let fault = bench
        .call(NEW, "_assert", &[what, file, 7])
        .expect_err("assertions end the process");
    assert_eq!(
        fault.kind,
        FaultKind::Exit {
            function: "_assert",
            code: 3
        }
    );
    let said = Report::Output("Assertion failed: x > 0, file driver.c, line 7".to_owned());
    assert_eq!(bench.reports(), [said]);
}

#[test]
fn a_thread_of_the_runtime_is_one_of_the_system() {
    let bench = Bench::new();
    let function = bench.gate(OLD, "abs");
    let thread = bench.ask(
        OLD,
        "_beginthreadex",
        &[0, 0, function, -5_i64 as u64, 0, 0],
    );
    assert_ne!(thread, 0);
    assert_eq!(
        bench.ask(
            "kernel32.dll",
            "WaitForSingleObject",
            &[thread, 0xffff_ffff]
        ),
        0
    );
    let code = bench.bytes(&[0; 4]);
    bench.ask("kernel32.dll", "GetExitCodeThread", &[thread, code]);
    assert_eq!(bench.read(code, 4), [5, 0, 0, 0]);
}

#[test]
fn local_time_comes_back_as_the_moment_that_it_was() {
    let bench = Bench::new();
    for moment in [0_i64, 1_000_000_000, 1_780_000_000] {
        let at = bench.bytes(&moment.to_le_bytes());
        let tm = bench.ask(NEW, "_localtime64", &[at]);
        assert_eq!(bench.ask(NEW, "_mktime64", &[tm]) as i64, moment);
    }
    let before = bench.bytes(&(-1_i64).to_le_bytes());
    assert_eq!(bench.ask(NEW, "_gmtime64", &[before]), 0);
    assert_eq!(errno(&bench, NEW), EINVAL);
}

#[test]
fn what_a_driver_leaves_in_a_stream_is_written_when_the_process_goes() {
    let bench = Bench::new();
    let name = bench.ask(OLD, "_tempnam", &[0, 0]);
    let path = bench
        .process
        .host_path(&text(&bench, name))
        .expect("a file of the host");
    let (mode, line) = (bench.text("wb"), bench.text("left behind"));
    let file = bench.ask(OLD, "fopen", &[name, mode]);
    bench.ask(OLD, "fputs", &[line, file]);
    assert_eq!(std::fs::read(&path).expect("it is there"), b"");
    drop(bench);
    assert_eq!(std::fs::read(&path).expect("it is there"), b"left behind");
    std::fs::remove_file(path).expect("it can be removed");
}

#[test]
fn threads_that_are_gone_leave_nothing_behind() {
    let bench = Bench::new();
    let errno = || bench.ask(OLD, "_errno", &[]);
    let place = |bench: &Bench| {
        let function = bench.gate(OLD, "_errno");
        let thread = bench.ask(OLD, "_beginthreadex", &[0, 0, function, 0, 0, 0]);
        bench.ask(
            "kernel32.dll",
            "WaitForSingleObject",
            &[thread, 0xffff_ffff],
        );
        let code = bench.bytes(&[0; 4]);
        bench.ask("kernel32.dll", "GetExitCodeThread", &[thread, code]);
        bench.read(code, 4)
    };
    let own = errno();
    let places: std::collections::BTreeSet<_> = (0..20).map(|_| place(&bench)).collect();
    assert!(
        places.len() < 5,
        "each of 20 threads took a block of its own: {places:?}"
    );
    assert_eq!(errno(), own);
}
