//! {{name}}: an installable driver.
//!
//! Each instance is a counter. It starts at the number in its parameter text, refuses a text that is no number, and counts no
//! further than the setting `limit`.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};

use opendriver_sdk::{
    BuiltIn, Call, Driver, Host, LResult, Message, Open, Refused, Setting, builtin,
};

/// What the driver is called.
const NAME: &str = "{{name}}";

/// Adds `lParam1`; answers the count.
pub const ADD: Message = Message::DRV_USER;
/// Answers the count.
pub const READ: Message = Message(ADD.0 + 1);
/// Goes back to the start; answers it.
pub const RESET: Message = Message(ADD.0 + 2);

/// The driver, for a program that links it in.
pub fn driver() -> BuiltIn {
    builtin::<Counting>(NAME)
}

// The driver, as a shared object.
#[cfg(feature = "export")]
opendriver_sdk::export_driver!(Counting);

/// The driver as a whole, from `DRV_LOAD` to `DRV_FREE`.
pub struct Counting {
    limit: isize,
}

/// One instance, from `DRV_OPEN` to `DRV_CLOSE`. Programs may send it messages from several threads at once.
pub struct Counter {
    start: isize,
    count: AtomicIsize,
}

impl Driver for Counting {
    type Instance = Counter;

    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused> {
        let limit = match host.setting("limit") {
            Some(Setting::Integer(limit)) => isize::try_from(limit).map_err(|_| Refused)?,
            _ => isize::MAX,
        };
        Ok(Self { limit })
    }

    fn open(&self, open: &Open<'_>) -> Result<Counter, Refused> {
        let start = match open.text() {
            "" => 0,
            text => text.parse().map_err(|_| Refused)?,
        };
        Ok(Counter {
            start,
            count: AtomicIsize::new(start),
        })
    }

    fn message(&self, counter: &Counter, call: &Call<'_>) -> LResult {
        match call.message {
            ADD => {
                let add = |count: isize| Some(count.saturating_add(call.param1).min(self.limit));
                let relaxed = Ordering::Relaxed;
                let before = counter.count.fetch_update(relaxed, relaxed, add);
                before.ok().and_then(add).unwrap_or_default()
            }
            READ => counter.count.load(Ordering::Relaxed),
            RESET => {
                counter.count.store(counter.start, Ordering::Relaxed);
                counter.start
            }
            _ => call.default_answer(),
        }
    }
}

#[cfg(test)]
mod tests {
    use opendriver_sdk::Bench;

    use super::*;

    #[test]
    fn each_instance_counts_for_itself() {
        // A bench plays the host, so that a driver can be tested without one.
        let bench = Bench::new(driver());
        let first = bench.open("5", 0).unwrap();
        let second = bench.open("", 0).unwrap();
        assert_eq!(first.send(ADD, 7, 0), 12);
        assert_eq!(second.send(ADD, -2, 0), -2);
        assert_eq!(first.send(READ, 0, 0), 12);
        assert_eq!(first.send(RESET, 0, 0), 5);
        assert!(matches!(first.close(0, 0), Ok(1)));
        assert_eq!(second.send(READ, 0, 0), -2);
    }

    #[test]
    fn it_stops_at_the_limit() {
        let bench = Bench::new(driver()).with_setting("limit", Setting::Integer(10));
        let counter = bench.open("5", 0).unwrap();
        assert_eq!(counter.send(ADD, 7, 0), 10);
    }

    #[test]
    fn it_refuses_what_is_no_number() {
        let bench = Bench::new(driver());
        assert!(bench.open("five", 0).is_err());
    }
}
