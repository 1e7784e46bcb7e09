//! Functions of our own (`opendriver.h`): what Windows has no function for, and errors that say more than 0.

mod errors;

mod setup;

mod drivers;

mod memory;

mod installing;

mod listing;

pub use drivers::*;
pub use errors::*;
pub use installing::*;
pub use listing::*;
pub use memory::*;
pub use setup::*;

use crate::claim;
use crate::door::Failure;
use crate::misuse::Misuse;
use crate::text::Encoding;
use crate::verdict;

/// What a panic answers.
const BROKEN: i64 = verdict::Code::Ours as i64;

/// Most functions here answer a code: 0, or why not.
fn coded(done: Result<(), Failure>) -> Result<i32, Failure> {
    done.map(|()| 0).map_err(|failure| {
        let code = verdict::code(failure.reason());
        failure.answering(code as i32)
    })
}

/// A text that has to be there.
fn text(address: usize, what: &'static str) -> Result<String, Failure> {
    let text = Encoding::Narrow.read(address)?;
    Ok(text.ok_or(Misuse::Null { what })?)
}

/// Writes an answer where the program wants it; nowhere where it does not.
fn give(address: usize, answer: &[u8]) -> Result<(), Failure> {
    if address != 0 {
        claim::write(address, answer)?;
    }
    Ok(())
}
