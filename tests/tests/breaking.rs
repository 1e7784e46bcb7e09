//! A 32-bit driver that breaks in every way there is: each time a fault that says how and where, and all else goes on.
//!
//! Each deed is done in a process of its own, where a fault that nobody catches would end that process only.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::{env, fs, thread};

use opendriver::{Builder, Error, Instance, Manager, Transcript};
use opendriver_abi::Message;
use opendriver_tests::board::Board;
use opendriver_tests::fixtures::{Target, compiled};
use opendriver_tests::kind::{Compiled, Kind};
use tempfile::TempDir;

/// What comes of a deed.
enum Outcome {
    /// A fault whose text has all of these.
    Breaks(&'static [&'static str]),
    /// This answer: nothing was broken.
    Answers(isize),
    /// Whichever this processor or system makes of it.
    Either(isize, &'static str),
}

use Outcome::{Answers, Breaks, Either};

/// What names a deed to the process that is to do it.
const DEED: &str = "OPENDRIVER_TEST_DEED";

/// Does each deed in a child process, from which the same test is called.
#[track_caller]
fn each(test: &str, deeds: &[(&str, Outcome)]) {
    if let Ok(chosen) = env::var(DEED) {
        let (name, outcome) = deeds.iter().find(|(name, _)| *name == chosen).unwrap();
        return perform(name, outcome);
    }
    let mut wrong = String::new();
    for (name, _) in deeds {
        // What would spin for ever ends with a signal.
        let child = Command::new("sh")
            .args(["-c", "ulimit -c 0; ulimit -t 60; exec \"$0\" \"$@\""])
            .arg(env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(DEED, name)
            .env("RUST_BACKTRACE", "0")
            .output()
            .unwrap();
        if !child.status.success() {
            let output = [child.stdout, child.stderr].concat();
            let output = String::from_utf8_lossy(&output);
            wrong += &format!("{name}: {}\n{output}\n", child.status);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The message that asks for a deed: their order is that of the driver's source.
fn message(deed: &str) -> Message {
    let source = include_str!("../fixtures/breaking.c");
    let index = source
        .split("DEED(")
        .skip(1)
        .position(|rest| rest.split(')').next() == Some(deed));
    Message::DRV_USER + index.unwrap_or_else(|| panic!("no deed {deed}")) as u32
}

/// A manager with the bad driver and a good one of each width.
struct House {
    bad: Instance,
    good: Vec<Instance>,
    boards: Vec<Arc<Board>>,
    transcript: Arc<Transcript>,
    manager: Manager,
    folder: TempDir,
}

const GOOD: [Target; 2] = [Target::Windows32, Target::Windows64];

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let transcript = Arc::new(Transcript::new());
        let mut builder = Manager::builder()
            .trust_foreign_code()
            .search_path(folder.path())
            .recorder(Arc::clone(&transcript) as _);
        let mut boards = Vec::new();
        for (name, target) in ["good32", "good64"].into_iter().zip(GOOD) {
            let board;
            (builder, board) = placed(builder, folder.path(), name, target);
            boards.push(board);
        }
        fs::copy(
            compiled("breaking", Target::Windows32),
            folder.path().join("bad.dll"),
        )
        .unwrap();
        let manager = builder.build();
        let good = ["good32.dll", "good64.dll"].map(|name| manager.open(name).unwrap());
        Self {
            bad: manager.open("bad.dll").unwrap(),
            good: good.into(),
            boards,
            transcript,
            manager,
            folder,
        }
    }

    /// Everybody else works as before, on this thread and on others.
    fn goes_on(&self) {
        let sum = |instance: &Instance| instance.send(Message::DRV_USER, 5, 7).unwrap();
        for instance in &self.good {
            assert_eq!(sum(instance), 12);
            thread::scope(|scope| assert_eq!(scope.spawn(|| sum(instance)).join().unwrap(), 12));
        }
        // Also what is loaded from now on.
        for (name, target) in ["late32", "late64"].into_iter().zip(GOOD) {
            let _board = placed(Manager::builder(), self.folder.path(), name, target);
            let late = self.manager.open(&format!("{name}.dll")).unwrap();
            assert_eq!(sum(&late), 12);
            late.close(0, 0).unwrap();
        }
    }

    /// The bad driver is in the state that the deed leaves it in.
    fn is_left(&self, outcome: &Outcome, error: Option<&Error>) {
        let again = self
            .bad
            .send(message("nothing"), 0, 0)
            .map_err(|error| told(&error));
        let opened = self.manager.open("bad.dll").map_err(|error| told(&error));
        match (outcome, error) {
            (Answers(_), _) | (Either(..), None) => {
                assert_eq!(again, Ok(1));
                opened.unwrap().close(0, 0).unwrap();
            }
            (Breaks(texts), _) => {
                for told in [again.unwrap_err(), opened.unwrap_err()] {
                    for text in *texts {
                        assert!(told.contains(text), "{told:?} does not say {text:?}");
                    }
                }
            }
            (Either(_, text), Some(_)) => {
                let told = opened.unwrap_err();
                assert!(told.contains(text), "{told:?} does not say {text:?}");
            }
        }
    }
}

/// An error with its cause.
fn told(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}

fn placed(builder: Builder, folder: &Path, name: &str, target: Target) -> (Builder, Arc<Board>) {
    let board = Arc::new(Board::default());
    let (builder, _) = Compiled(target).place(builder, folder, name, &board);
    (builder, board)
}

fn perform(deed: &str, outcome: &Outcome) {
    directly(deed, outcome);
    // Where its frames are those of others, too, they break with it.
    if deed != "smash_stack" {
        for through in 0..GOOD.len() {
            nested(deed, outcome, through);
        }
    }
    // The thread is as good as it was.
    let house = House::new();
    assert_eq!(house.bad.send(message("nothing"), 0, 0).unwrap(), 1);
    house.goes_on();
}

fn directly(deed: &str, outcome: &Outcome) {
    let house = House::new();
    let result = house.bad.send(message(deed), 3, 4);
    println!("{deed}: {result:x?}");
    match (&result, outcome) {
        (Ok(answer), Answers(expected)) => assert_eq!(answer, expected, "{deed}"),
        (Ok(answer), Either(expected, _)) if *expected != 0 => assert_eq!(answer, expected),
        (Ok(_), Either(..)) => {}
        (Err(error), Breaks(texts)) => {
            for text in *texts {
                let told = error.to_string();
                assert!(told.contains(text), "{told:?} does not say {text:?}");
            }
        }
        (Err(error), Either(_, text)) => assert!(error.to_string().contains(text), "{error}"),
        (result, _) => panic!("{deed}: {result:?}"),
    }
    house.goes_on();
    house.is_left(outcome, result.as_ref().err());
    house.goes_on();
}

/// A good driver sends the message that makes the bad one break, in the middle of its own.
fn nested(deed: &str, outcome: &Outcome, through: usize) {
    let house = House::new();
    let handle = i64::from(house.bad.handle().raw());
    house.boards[through].once_send(Message::DRV_USER + 1, handle, message(deed));
    let answer = house.good[through]
        .send(Message::DRV_USER + 1, 3, 4)
        .unwrap();
    match outcome {
        Answers(expected) => assert_eq!(answer, *expected, "{deed}"),
        // As on Windows: who sends to a driver that is no more hears 0.
        Breaks(_) => assert_eq!(answer, 0, "{deed}"),
        Either(..) => {}
    }
    house.goes_on();
    let error = house.bad.send(message("nothing"), 0, 0).err();
    house.is_left(outcome, error.as_ref());
}

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
                Breaks(&[
                    "write of address",
                    "at bad.dll+0x",
                    "with the stack pointer at",
                ]),
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
