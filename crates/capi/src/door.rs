//! What every exported function goes through: whatever happens inside, the caller gets a documented answer.

use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{ending, last_error};

/// Why a function did not do what it was asked: what it answers, and what `opendriver_last_error` tells.
#[derive(Debug)]
pub struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    answer: i64,
    reason: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// Answers `answer`, for a reason.
    #[cold]
    pub fn new(answer: impl Into<i64>, reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Box::new(Inner {
            answer: answer.into(),
            reason: reason.into(),
        }))
    }

    /// The same failure, with another answer.
    #[must_use]
    pub fn answering(mut self, answer: impl Into<i64>) -> Self {
        self.0.answer = answer.into();
        self
    }

    /// What the function answers.
    pub fn answer(&self) -> i64 {
        self.0.answer
    }

    /// The reason, and what caused it.
    pub fn reason(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0.reason
    }
}

/// A mistake of this library, which panicked.
#[derive(Debug, thiserror::Error)]
#[error("a mistake in opendriver: {0}")]
pub struct Mistake(pub String);

/// What a function can answer: a number of some width, where a failure is one, too.
pub trait Answer {
    /// The number of a failure as this type; one that is a handle or an address is 0 then.
    fn of(failure: i64) -> Self;
}

macro_rules! answers {
    ($($type:ty),*) => {$(
        impl Answer for $type {
            fn of(failure: i64) -> Self {
                failure as Self
            }
        }
    )*};
}
answers!(i32, u32, isize, usize);

impl Answer for () {
    fn of(_: i64) {}
}

/// Runs a function's body. What fails is noted for `opendriver_last_error`; a panic is our mistake and answers `broken`.
#[inline]
pub fn enter<T: Answer>(
    name: &'static str,
    broken: i64,
    body: impl FnOnce() -> Result<T, Failure>,
) -> T {
    let done = catch_unwind(AssertUnwindSafe(body));
    ending::note();
    match done {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => failed(name, &failure),
        Err(panic) => failed(name, &Failure::new(broken, panicked(&*panic))),
    }
}

#[cold]
fn failed<T: Answer>(name: &'static str, failure: &Failure) -> T {
    last_error::note(name, failure);
    T::of(failure.answer())
}

#[cold]
fn panicked(panic: &(dyn Any + Send)) -> Mistake {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Mistake(text.unwrap_or("it panicked").to_owned())
}

/// Declares exported functions. Their bodies give a `Result` with a [`Failure`]; `broken` is what a panic answers.
///
/// Pointers come as numbers: only [`claim`](crate::claim) and [`text`](crate::text) turn them into bytes.
macro_rules! doors {
    (broken $broken:expr; $(
        $(#[$meta:meta])*
        fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $answer:ty $body:block
    )*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// Where a parameter is the address of memory to be written, it is the caller's to be overwritten.
        #[unsafe(no_mangle)]
        #[allow(
            non_snake_case,
            clippy::too_many_arguments,
            reason = "names and parameters are those of Windows"
        )]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> $answer {
            $crate::door::enter(
                stringify!($name),
                i64::from($broken),
                || -> Result<$answer, $crate::door::Failure> { $body },
            )
        }
    )*};
}
pub(crate) use doors;

/// Declares functions that come with text in UTF-8 and in UTF-16: two names, and the one body that is told which it is.
macro_rules! pairs {
    (broken $broken:expr; $(
        $(#[$meta:meta])*
        fn $narrow:ident, $wide:ident($($arg:ident: $type:ty),* $(,)?) -> $answer:ty = $body:path;
    )*) => {
        $crate::door::doors! {
            broken $broken;
            $(
                $(#[$meta])*
                ///
                /// Text is UTF-8.
                fn $narrow($($arg: $type),*) -> $answer {
                    Ok($body($crate::text::Encoding::Narrow, $($arg),*)?)
                }

                $(#[$meta])*
                ///
                /// Text is UTF-16.
                fn $wide($($arg: $type),*) -> $answer {
                    Ok($body($crate::text::Encoding::Wide, $($arg),*)?)
                }
            )*
        }
    };
}
pub(crate) use pairs;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer() {
        let answer: u32 = enter("acmTest", 1, || panic!("of our own"));
        assert_eq!(answer, 1);
        let said = last_error::text().unwrap();
        assert!(
            said.contains("acmTest") && said.contains("of our own"),
            "{said}"
        );
    }

    #[test]
    fn a_failure_is_the_answer_that_it_carries() {
        let answer: u32 = enter("acmTest", 1, || Err(Failure::new(11, "no such thing")));
        assert_eq!(answer, 11);
        assert_eq!(last_error::text().unwrap(), "acmTest: no such thing");
        let handle: usize = enter("OpenTest", 0, || Err(Failure::new(0, "nor that")));
        assert_eq!(handle, 0);
    }
}
