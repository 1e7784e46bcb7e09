//! The smallest useful installable driver: it says what it hears.
//!
//! `drv open echo --times 3 --send DRV_USER,5,7` asks three instances for a sum.
//! With the parameter text `refuse` it refuses to be opened.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};

use opendriver_sdk::{
    BuiltIn, Call, Driver, Host, LParam, LResult, Message, Open, Refused, Setting,
};

/// Answers the sum of the two parameters.
pub const ADD: Message = Message::DRV_USER;
/// Answers the number of bytes in the parameter text.
pub const TEXT_LENGTH: Message = Message(ADD.0 + 1);
/// Answers `lParam2` of `DRV_OPEN`.
pub const OPEN_PARAM: Message = Message(ADD.0 + 2);
/// Answers how many messages the instance has had, this one included.
pub const COUNT: Message = Message(ADD.0 + 3);
/// Copies at most `lParam2` bytes of the parameter text to the address `lParam1`; answers how many.
pub const COPY_TEXT: Message = Message(ADD.0 + 4);
/// Lets the setting `greeting` be `lParam1`; answers 1, or 0 where settings cannot be kept.
pub const SET_GREETING: Message = Message(ADD.0 + 5);
/// Answers the setting `greeting`, or 0.
pub const GREETING: Message = Message(ADD.0 + 6);

/// The driver, linked in: `Manager::builder().builtin(opendriver_echo::driver())`.
pub fn driver() -> BuiltIn {
    opendriver_sdk::builtin::<Echo>("echo")
}

/// The driver, from `DRV_LOAD` to `DRV_FREE`.
pub struct Echo {
    host: Arc<dyn Host>,
}

/// One instance, from `DRV_OPEN` to `DRV_CLOSE`.
pub struct Voice {
    text: String,
    param2: LParam,
    heard: AtomicIsize,
}

impl Driver for Echo {
    type Instance = Voice;

    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self {
            host: Arc::clone(host),
        })
    }

    fn open(&self, open: &Open<'_>) -> Result<Voice, Refused> {
        if open.text() == "refuse" {
            return Err(Refused);
        }
        Ok(Voice {
            text: open.text().to_owned(),
            param2: open.param2(),
            heard: AtomicIsize::new(0),
        })
    }

    fn message(&self, voice: &Voice, call: &Call<'_>) -> LResult {
        let heard = voice.heard.fetch_add(1, Ordering::Relaxed) + 1;
        match call.message {
            ADD => call.param1.wrapping_add(call.param2),
            TEXT_LENGTH => voice.text.len().cast_signed(),
            OPEN_PARAM => voice.param2,
            COUNT => heard,
            COPY_TEXT => copy_text(voice, call),
            SET_GREETING => {
                let greeting = Setting::Integer(call.param1.cast_unsigned() as u64);
                self.host.set_setting("greeting", &greeting).into()
            }
            GREETING => match self.host.setting("greeting") {
                Some(Setting::Integer(greeting)) => greeting as LResult,
                _ => 0,
            },
            _ => call.default_answer(),
        }
    }
}

/// An address from outside is only a claim: the host says whether the memory is there.
fn copy_text(voice: &Voice, call: &Call<'_>) -> LResult {
    let length = voice.text.len().min(call.param2.max(0).cast_unsigned());
    match call
        .claim(call.param1)
        .write(&voice.text.as_bytes()[..length])
    {
        Ok(()) => length.cast_signed(),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use opendriver_sdk::Bench;

    use super::*;

    #[test]
    fn it_says_what_it_hears() {
        let bench = Bench::new(driver());
        let voice = bench.open("hello there", 33).unwrap();
        assert_eq!(voice.send(ADD, 5, 7), 12);
        assert_eq!(voice.send(TEXT_LENGTH, 0, 0), 11);
        assert_eq!(voice.send(OPEN_PARAM, 0, 0), 33);
        assert_eq!(voice.send(COUNT, 0, 0), 4);
        assert_eq!(voice.send(Message::DRV_QUERYCONFIGURE, 0, 0), 0);
        assert!(matches!(voice.close(0, 0), Ok(1)));
    }

    #[test]
    fn it_writes_only_where_the_host_lets_it() {
        let bench = Bench::new(driver());
        let voice = bench.open("hello", 0).unwrap();
        let lent = bench.lend(b"........");
        assert_eq!(voice.send(COPY_TEXT, lent, 4), 4);
        assert_eq!(bench.lent(lent), b"hell....");
        assert_eq!(voice.send(COPY_TEXT, lent + 6, 5), 0);
        assert_eq!(voice.send(COPY_TEXT, 0, 5), 0);
    }

    #[test]
    fn it_keeps_a_greeting() {
        let bench = Bench::new(driver()).with_setting("Greeting", Setting::Integer(7));
        let voice = bench.open("", 0).unwrap();
        assert_eq!(voice.send(GREETING, 0, 0), 7);
        assert_eq!(voice.send(SET_GREETING, 8, 0), 1);
        assert_eq!(bench.setting("greeting"), Some(Setting::Integer(8)));
    }

    #[test]
    fn it_refuses_when_it_is_told_to() {
        assert!(Bench::new(driver()).open("refuse", 0).is_err());
    }
}
