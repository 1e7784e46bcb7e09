//! The main thread's stack, which grows as it is used, overflows into a fault too.
use opendriver_guard::{Kind, install, prepare_thread};

#[path = "fixtures/code.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod code;

fn main() {
    install();
    prepare_thread();
    let code = code::Code::new(code::RECURSE);
    for _ in 0..2 {
        let answer = code.protected(0, 0);
        assert_eq!(answer.map_err(|fault| fault.kind), Err(Kind::StackOverflow));
    }
}
