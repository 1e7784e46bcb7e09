//! One deed of the bad driver in a process of its own, where a fault that nobody catches would end that process only.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::{env, fs, thread};

use opendriver::backend::windows::{Mechanism, Windows};
use opendriver::{Builder, Error, Instance, Manager, Registry, Transcript};
use opendriver_abi::Message;
use opendriver_tests::board::Board;
use opendriver_tests::fixtures::{Target, compiled};
use opendriver_tests::kind::{Compiled, Kind};
use tempfile::TempDir;

use Outcome::{Answers, Breaks, Either};

/// What comes of a deed.
pub(crate) enum Outcome {
    /// A fault whose text has all of these.
    Breaks(&'static [&'static str]),
    /// This answer: nothing was broken.
    Answers(isize),
    /// Whichever this processor or system makes of it.
    Either(isize, &'static str),
}

/// What names a deed to the process that is to do it.
pub(crate) const DEED: &str = "OPENDRIVER_TEST_DEED";

/// What names the way in which 32-bit code gets its FS there.
const WAY: &str = "OPENDRIVER_TEST_WAY";

/// Does each deed in a child process, from which the same test is called.
#[track_caller]
pub(crate) fn each(test: &str, deeds: &[(&str, Outcome)]) {
    if let Ok(chosen) = env::var(DEED) {
        let (name, outcome) = deeds.iter().find(|(name, _)| *name == chosen).unwrap();
        return perform(name, outcome);
    }
    let ways = [None, Some("set_thread_area"), Some("modify_ldt")];
    let mut wrong = String::new();
    for (way, (name, _)) in ways
        .into_iter()
        .flat_map(|way| deeds.iter().map(move |deed| (way, deed)))
    {
        // What would spin for ever ends with a signal.
        let child = Command::new("sh")
            .args(["-c", "ulimit -c 0; ulimit -t 60; exec \"$0\" \"$@\""])
            .arg(env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(DEED, name)
            .env("RUST_BACKTRACE", "0")
            .envs(way.map(|way| (WAY, way)))
            .output()
            .unwrap();
        if !child.status.success() {
            let output = [child.stdout, child.stderr].concat();
            let output = String::from_utf8_lossy(&output);
            let way = way.unwrap_or("the best way");
            wrong += &format!("{name} by {way}: {}\n{output}\n", child.status);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The message that asks for a deed: their order is that of the driver's source.
pub(crate) fn message(deed: &str) -> Message {
    let source = include_str!("../fixtures/breaking.c");
    let index = source
        .split("DEED(")
        .skip(1)
        .position(|rest| rest.split(')').next() == Some(deed));
    Message::DRV_USER + index.unwrap_or_else(|| panic!("no deed {deed}")) as u32
}

/// A manager with the bad driver and a good one of each width.
pub(crate) struct House {
    pub(crate) bad: Instance,
    good: Vec<Instance>,
    boards: Vec<Arc<Board>>,
    pub(crate) transcript: Arc<Transcript>,
    pub(crate) manager: Manager,
    folder: TempDir,
}

const GOOD: [Target; 2] = [Target::Windows32, Target::Windows64];

impl House {
    /// All of them, freshly opened.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let transcript = Arc::new(Transcript::new());
        let mut builder = Manager::builder()
            .trust_foreign_code()
            .search_path(folder.path())
            .recorder(Arc::clone(&transcript) as _);
        if let Ok(way) = env::var(WAY) {
            let is_meant = |mechanism: &Mechanism| mechanism.to_string() == way;
            let mechanism = Mechanism::ALL.into_iter().find(is_meant).unwrap();
            opendriver_guard::restore_by_selector();
            builder = builder.provider(Windows::new(Registry::in_memory()).segments(mechanism));
        }
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
    pub(crate) fn goes_on(&self) {
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
    pub(crate) fn is_left(&self, outcome: &Outcome, error: Option<&Error>) {
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
