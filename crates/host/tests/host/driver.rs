//! A driver that logs every message and answers as a test wants.

use std::sync::{Arc, Mutex};

use opendriver::{Builder, DriverId, Hdrvr, LResult, Manager, Message};
use opendriver_sdk::{BuiltIn, Call};

/// A message as a driver got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) module: &'static str,
    pub(crate) message: Message,
    pub(crate) handle: Hdrvr,
    pub(crate) id: DriverId,
    pub(crate) params: (isize, isize),
    pub(crate) text: String,
}

/// What all drivers of a test heard, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Heard>>>);

impl Log {
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.0.lock().unwrap().clone()
    }

    /// The messages that one driver heard, by name; empties nothing.
    pub(crate) fn of(&self, module: &str) -> Vec<String> {
        self.heard()
            .into_iter()
            .filter(|heard| heard.module == module)
            .map(|heard| heard.message.to_string())
            .collect()
    }

    /// Takes out the messages that were heard, as `module message`, without the `DRV_`.
    pub(crate) fn take(&self) -> Vec<String> {
        let heard = std::mem::take(&mut *self.0.lock().unwrap());
        heard
            .into_iter()
            .map(|heard| {
                format!(
                    "{} {}",
                    heard.module,
                    heard.message.to_string().replace("DRV_", "")
                )
            })
            .collect()
    }

    /// A driver that logs here, and answers what `answer` says; without an answer of its own it takes everything well.
    pub(crate) fn driver(
        &self,
        module: &'static str,
        answer: impl Fn(&Call<'_>) -> Option<LResult> + Send + Sync + 'static,
    ) -> BuiltIn {
        let (log, answer) = (self.clone(), Arc::new(answer));
        BuiltIn::procedure(module, move |_| {
            let (log, answer) = (log.clone(), Arc::clone(&answer));
            Box::new(move |call: &Call<'_>| {
                log.0.lock().unwrap().push(Heard {
                    module,
                    message: call.message,
                    handle: call.handle,
                    id: call.id,
                    params: (call.param1, call.param2),
                    text: call.text.to_owned(),
                });
                answer(call).unwrap_or_else(|| well(call))
            })
        })
    }
}

/// What a driver answers that takes everything well: sums for custom messages, and the handle as the identifier.
pub(crate) fn well(call: &Call<'_>) -> LResult {
    match call.message {
        Message::DRV_OPEN => call.handle.raw() as LResult,
        message if message >= Message::DRV_USER => call.param1 + call.param2,
        Message::DRV_CONFIGURE | Message::DRV_QUERYCONFIGURE => 0,
        _ => 1,
    }
}

/// A manager that knows these drivers.
pub(crate) fn manager(drivers: impl IntoIterator<Item = BuiltIn>) -> Manager {
    builder(drivers).build()
}

pub(crate) fn builder(drivers: impl IntoIterator<Item = BuiltIn>) -> Builder {
    drivers
        .into_iter()
        .fold(Manager::builder(), Builder::builtin)
}
