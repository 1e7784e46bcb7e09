//! The converter of plain samples that Windows has built in, as an ACM driver.
#![forbid(unsafe_code)]

mod codec;

mod acm;

mod format;
mod sample;

mod channels;
mod resample;
mod stream;

use std::sync::Arc;

use opendriver_sdk::{BuiltIn, Call, Driver, Host, LResult, Open, Refused};

use acm::Acm;
use codec::Converter;

/// The driver, linked in: `Manager::builder().builtin(opendriver_pcm::driver())`.
pub fn driver() -> BuiltIn {
    opendriver_sdk::builtin::<Pcm>("pcm")
}

/// The driver, from `DRV_LOAD` to `DRV_FREE`.
pub struct Pcm(());

/// One instance, from `DRV_OPEN` to `DRV_CLOSE`.
pub struct Instance(Acm<Converter>);

impl Driver for Pcm {
    type Instance = Instance;

    fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self(()))
    }

    fn open(&self, open: &Open<'_>) -> Result<Instance, Refused> {
        match acm::is_asked_for(open) {
            true => Ok(Instance(Acm::new(Converter))),
            false => Err(Refused),
        }
    }

    fn message(&self, instance: &Instance, call: &Call<'_>) -> LResult {
        instance
            .0
            .message(call)
            .unwrap_or_else(|| call.default_answer())
    }
}
