//! The logging driver in safe Rust: what `fixtures/logging.c` is in C.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use opendriver_abi::{Hdrvr, LResult, Message, def_driver_proc};
use opendriver_sdk::{BuiltIn, Call, Host, Procedure};

use crate::board::{Action, Board, Rule};

/// The logging driver as a built-in one that shares `board` with its test.
pub fn driver(name: &str, board: &Arc<Board>) -> BuiltIn {
    let board = Arc::clone(board);
    BuiltIn::procedure(name, move |host| {
        Box::new(Logging {
            board: Arc::clone(&board),
            host,
        })
    })
}

struct Logging {
    board: Arc<Board>,
    host: Arc<dyn Host>,
}

impl Procedure for Logging {
    fn call(&self, call: &Call<'_>) -> LResult {
        let at = self.board.length.fetch_add(1, SeqCst) as usize;
        self.log(at, call);
        let answer = self.answer(call);
        if let Some(entry) = self.board.log.get(at) {
            entry.answer.store(answer as i64, SeqCst);
            entry.ended.store(self.tick(), SeqCst);
        }
        answer
    }
}

impl Logging {
    fn log(&self, at: usize, call: &Call<'_>) {
        let Some(entry) = self.board.log.get(at) else {
            return;
        };
        entry.id.store(call.id.0 as u64, SeqCst);
        entry.handle.store(call.handle.raw().into(), SeqCst);
        entry.message.store(call.message.0, SeqCst);
        entry.param1.store(call.param1 as i64, SeqCst);
        entry.param2.store(call.param2 as i64, SeqCst);
        if call.message == Message::DRV_OPEN {
            entry.text.write(call.text);
            entry.unit.store(1, SeqCst);
        }
        entry.began.store(self.tick(), SeqCst);
    }

    fn answer(&self, call: &Call<'_>) -> LResult {
        let Some(rule) = self.rule_for(call.message) else {
            return self.usual_answer(call);
        };
        let value = rule.value.load(SeqCst);
        let other = match u32::try_from(value).ok().and_then(Hdrvr::new) {
            Some(other) => other,
            None => call.handle,
        };
        let action = rule.action.load(SeqCst);
        let is = |wanted: Action| action == wanted as u32;
        if is(Action::Answer) {
            return value as LResult;
        } else if is(Action::Forward) {
            return def_driver_proc(call.message);
        } else if is(Action::Open) {
            let name = rule.text.read(1).expect("a name");
            let opened = self.host.open(&name, None, value as isize);
            rule.result
                .store(opened.map_or(0, |handle| handle.raw().into()), SeqCst);
        } else if is(Action::Send) || is(Action::CallBack) {
            let message = Message(rule.other.load(SeqCst));
            let answer = self.host.send(other, message, call.param1, call.param2);
            rule.result.store(answer as i64, SeqCst);
            return answer;
        } else if is(Action::Close) {
            rule.result
                .store(self.host.close(other, 0, 0) as i64, SeqCst);
        } else if is(Action::Wait) {
            self.board.waiting.fetch_add(1, SeqCst);
            while self.board.gate.load(SeqCst) == 0 {
                std::thread::yield_now();
            }
            self.board.waiting.fetch_sub(1, SeqCst);
        } else {
            panic!("the rule says so");
        }
        self.usual_answer(call)
    }

    fn usual_answer(&self, call: &Call<'_>) -> LResult {
        match call.message {
            Message::DRV_OPEN => 0x101 + self.board.next_id.fetch_add(1, SeqCst) as LResult,
            Message::DRV_CLOSE => 1,
            Message::DRV_RESERVED | Message::DRV_USER => call.param1.wrapping_add(call.param2),
            message => def_driver_proc(message),
        }
    }

    /// The rule for a message, if one is left: each use takes one of its times.
    fn rule_for(&self, message: Message) -> Option<&Rule> {
        let mut rules = self.board.rules.iter();
        rules.find(|rule| {
            let one_less = |times: u32| times.checked_sub(1);
            rule.message.load(SeqCst) == message.0
                && rule.times.fetch_update(SeqCst, SeqCst, one_less).is_ok()
        })
    }

    fn tick(&self) -> u32 {
        self.board.clock.fetch_add(1, SeqCst) + 1
    }
}
