//! Any valid sequence of opens, messages, callbacks and closes, by the application and by drivers of both widths, against a
//! model that knows nothing but the rules.

use std::sync::Arc;

use opendriver::registry::Value;
use opendriver::{Manager, OpenOptions, Registry};
use opendriver_abi::Message;
use opendriver_tests::board::{Action, Board};
use opendriver_tests::fixtures::Target;
use opendriver_tests::house::DRIVERS32;
use opendriver_tests::kind::{BuiltIn, Compiled, Kind};
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

/// The drivers: of each width two, and the two that need no Windows.
const KINDS: [(&str, &dyn Kind); 6] = [
    ("wide-a", &Compiled(Target::Windows64)),
    ("wide-b", &Compiled(Target::Windows64)),
    ("narrow-a", &Compiled(Target::Windows32)),
    ("narrow-b", &Compiled(Target::Windows32)),
    ("native", &Compiled(Target::Native)),
    ("linked-in", &BuiltIn),
];

const USER: Message = Message::DRV_USER;

/// What is done. Who does it is an instance that lives, if there is one.
#[derive(Clone, Debug)]
enum Deed {
    /// The application opens a driver.
    Open { driver: usize, value: i32 },
    /// The application closes an instance, which may refuse.
    Close {
        who: Index,
        values: (i32, i32),
        refuses: bool,
    },
    /// Each instance sends to the next in turn, by itself or from a callback; the last one answers.
    Chain {
        path: Vec<(Index, bool)>,
        values: (i32, i32),
        answer: i32,
    },
    /// An instance opens a driver.
    OpenFrom {
        who: Index,
        driver: usize,
        value: i32,
    },
    /// An instance closes another, or tries to close itself.
    CloseFrom { who: Index, whom: Index },
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let driver = 0..KINDS.len();
    // Sums of two fit every width.
    let number = || -(1 << 30)..1 << 30;
    let values = || (number(), number());
    let who = any::<Index>;
    let path = prop::collection::vec((who(), any::<bool>()), 1..8);
    prop::collection::vec(
        prop_oneof![
            2 => (driver.clone(), any::<i32>()).prop_map(|(driver, value)| Deed::Open { driver, value }),
            1 => (who(), values(), any::<bool>())
                .prop_map(|(who, values, refuses)| Deed::Close { who, values, refuses }),
            3 => (path, values(), any::<i32>())
                .prop_map(|(path, values, answer)| Deed::Chain { path, values, answer }),
            2 => (who(), driver, any::<i32>())
                .prop_map(|(who, driver, value)| Deed::OpenFrom { who, driver, value }),
            1 => (who(), who()).prop_map(|(who, whom)| Deed::CloseFrom { who, whom }),
        ],
        0..40,
    )
}

/// A message as a driver is to hear it: number, identifier, handle, parameters, answer.
type Said = (Message, u64, u64, (i64, i64), i64);

/// An instance that lives.
#[derive(Clone, Copy)]
struct Live {
    driver: usize,
    handle: u32,
    id: u64,
}

/// The drivers, and what the rules say that they have been told.
struct World {
    manager: Manager,
    boards: Vec<Arc<Board>>,
    told: Vec<Vec<Said>>,
    /// How many identifiers each driver has given.
    given: Vec<u64>,
    living: Vec<Live>,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = Registry::in_memory();
        let mut builder = Manager::builder().registry(registry.clone());
        let mut boards = Vec::new();
        for (name, kind) in KINDS {
            let board = Arc::new(Board::default());
            let file;
            (builder, file) = kind.place(builder, folder.path(), name, &board);
            registry
                .set_value(DRIVERS32, name, Value::Text(file))
                .expect("a registry in memory");
            boards.push(board);
        }
        Self {
            manager: builder.build(),
            told: vec![Vec::new(); boards.len()],
            given: vec![0; boards.len()],
            boards,
            living: Vec::new(),
            _folder: folder,
        }
    }

    fn act(&mut self, deed: &Deed) {
        match deed {
            Deed::Open { driver, value } => {
                let options = OpenOptions::new(KINDS[*driver].0).param2(*value as isize);
                let instance = self.manager.open_with(options).expect("it opens");
                self.expect_open(*driver, *value, instance.into_handle().raw());
            }
            _ if self.living.is_empty() => {}
            Deed::Close {
                who,
                values,
                refuses,
            } => self.close(*who, *values, *refuses),
            Deed::Chain {
                path,
                values,
                answer,
            } => self.chain(path, *values, *answer),
            Deed::OpenFrom { who, driver, value } => {
                let who = *who.get(&self.living);
                let board = Arc::clone(&self.boards[who.driver]);
                let rule = board.once_open(USER, KINDS[*driver].0, i64::from(*value));
                self.send(who, USER, (1, 2), 3);
                let handle = u32::try_from(rule.result()).expect("a handle");
                self.expect_open(*driver, *value, handle);
            }
            Deed::CloseFrom { who, whom } => {
                let at = whom.index(self.living.len());
                let (who, whom) = (*who.get(&self.living), self.living[at]);
                let board = Arc::clone(&self.boards[who.driver]);
                let rule = board.once(USER, Action::Close, whom.handle.into());
                self.send(who, USER, (5, 7), 12);
                // Nobody is taken away while it is inside a message.
                let closes = who.handle != whom.handle;
                assert_eq!(rule.result(), i64::from(closes));
                if closes {
                    self.expect_close(at, (0, 0), 1);
                }
            }
        }
        for (board, told) in self.boards.iter().zip(&mut self.told) {
            let heard: Vec<Said> = board
                .take()
                .into_iter()
                .map(|heard| {
                    // The first parameter of DRV_OPEN is an address.
                    let first = if heard.message == Message::DRV_OPEN {
                        0
                    } else {
                        heard.param1
                    };
                    let values = (first, heard.param2);
                    (heard.message, heard.id, heard.handle, values, heard.answer)
                })
                .collect();
            assert_eq!(heard, std::mem::take(told));
        }
    }

    fn close(&mut self, who: Index, values: (i32, i32), refuses: bool) {
        let at = who.index(self.living.len());
        let Live { driver, handle, .. } = self.living[at];
        if refuses {
            self.boards[driver].once(Message::DRV_CLOSE, Action::Answer, 0);
        }
        let closed = self
            .manager
            .close(handle, values.0 as isize, values.1 as isize);
        assert_eq!(closed.is_err(), refuses, "{closed:?}");
        self.expect_close(at, values, i64::from(!refuses));
    }

    fn chain(&mut self, path: &[(Index, bool)], values: (i32, i32), answer: i32) {
        let path: Vec<(Live, bool)> = path
            .iter()
            .map(|(who, calls_back)| (*who.get(&self.living), *calls_back))
            .collect();
        let message = |step: usize| Message(USER.0 + 1 + step as u32);
        let values = (values.0.into(), values.1.into());
        for (step, (who, calls_back)) in path.iter().enumerate() {
            let board = &self.boards[who.driver];
            let next = path.get(step + 1).map(|(next, _)| i64::from(next.handle));
            match next {
                Some(next) if *calls_back => {
                    board.once_call_back(message(step), next, message(step + 1))
                }
                Some(next) => board.once_send(message(step), next, message(step + 1)),
                None => board.once(message(step), Action::Answer, answer.into()),
            };
        }
        for (step, (who, _)) in path.iter().enumerate() {
            let said = (
                message(step),
                who.id,
                who.handle.into(),
                values,
                answer.into(),
            );
            self.told[who.driver].push(said);
        }
        let (first, _) = path[0];
        let (p1, p2) = (values.0 as isize, values.1 as isize);
        let sent = self
            .manager
            .send(first.handle, message(0), p1, p2)
            .expect("it does not break");
        assert_eq!(sent as i64, i64::from(answer));
    }

    /// Sends a message, which is to be told first of all.
    fn send(&mut self, who: Live, message: Message, values: (i64, i64), answer: i64) {
        let said = (message, who.id, who.handle.into(), values, answer);
        self.told[who.driver].push(said);
        let (p1, p2) = (values.0 as isize, values.1 as isize);
        let sent = self
            .manager
            .send(who.handle, message, p1, p2)
            .expect("it does not break");
        assert_eq!(sent as i64, answer);
    }

    /// Rules L1, L6, L8.
    fn expect_open(&mut self, driver: usize, value: i32, handle: u32) {
        let first = !self.living.iter().any(|live| live.driver == driver);
        let id = 0x101 + self.given[driver];
        self.given[driver] += 1;
        let told = &mut self.told[driver];
        if first {
            told.push((Message::DRV_LOAD, 0, handle.into(), (0, 0), 1));
            told.push((Message::DRV_ENABLE, 0, handle.into(), (0, 0), 1));
        }
        told.push((
            Message::DRV_OPEN,
            0,
            handle.into(),
            (0, value.into()),
            id as i64,
        ));
        self.living.push(Live { driver, handle, id });
    }

    /// Rules L2, L7, L8.
    fn expect_close(&mut self, at: usize, values: (i32, i32), answer: i64) {
        let Live { driver, handle, id } = self.living[at];
        let told = &mut self.told[driver];
        let values = (values.0.into(), values.1.into());
        told.push((Message::DRV_CLOSE, id, handle.into(), values, answer));
        if answer == 0 {
            return;
        }
        self.living.remove(at);
        if !self.living.iter().any(|live| live.driver == driver) {
            told.push((Message::DRV_DISABLE, 0, handle.into(), (0, 0), 1));
            told.push((Message::DRV_FREE, 0, handle.into(), (0, 0), 1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn drivers_of_both_widths_are_told_what_the_rules_say(deeds in deeds()) {
        let mut world = World::new();
        for deed in &deeds {
            world.act(deed);
        }
        let open: Vec<u32> = world.manager.instances().iter().map(|instance| instance.handle.raw()).collect();
        let living: Vec<u32> = world.living.iter().map(|live| live.handle).collect();
        prop_assert_eq!(open, living);
    }
}
