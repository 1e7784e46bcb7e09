//! What is wrong with a file that can be read all the same.

use std::fmt;

/// How many warnings are kept; a broken file may be worth one for each of its chunks.
const KEPT: usize = 100;

/// Something that is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Where in the file.
    pub offset: u64,
    /// What was expected and what was found.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at offset {}: {}", self.offset, self.text)
    }
}

/// The first warnings of a file, and how many there were.
#[derive(Clone, Debug, Default)]
pub struct Warnings {
    kept: Vec<Warning>,
    count: u64,
}

impl Warnings {
    /// Notes one more.
    pub fn push(&mut self, offset: u64, text: impl Into<String>) {
        self.count += 1;
        if self.kept.len() < KEPT {
            let text = text.into();
            self.kept.push(Warning { offset, text });
        }
    }

    /// The first ones, at most a hundred.
    pub fn kept(&self) -> &[Warning] {
        &self.kept
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }
}
