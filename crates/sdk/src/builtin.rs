//! Drivers that are linked into the program: calling them is safe.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opendriver_abi::{LResult, Message};

use crate::driver::Typed;
use crate::{Call, Driver, Host};

/// A driver as one function: the form below [`Driver`], for a driver that numbers its instances
/// itself.
pub trait Procedure: Send + Sync {
    /// `DriverProc`: handles one message.
    fn call(&self, call: &Call<'_>) -> LResult;

    /// What is answered where [`call`](Self::call) panicked.
    fn answer_to_panic(&self, message: Message) -> LResult {
        let _ = message;
        0
    }
}

impl<F: Fn(&Call<'_>) -> LResult + Send + Sync> Procedure for F {
    fn call(&self, call: &Call<'_>) -> LResult {
        self(call)
    }
}

/// A driver that is linked into the program, under the name that opens it.
#[derive(Clone)]
pub struct BuiltIn {
    name: Arc<str>,
    make: Arc<Make>,
}

/// Makes the driver of one load.
type Make = dyn Fn(Arc<dyn Host>) -> Box<dyn Procedure> + Send + Sync;

/// Makes a [`Driver`] known under a name.
pub fn builtin<D: Driver>(name: &str) -> BuiltIn {
    BuiltIn::procedure(name, |host| Box::new(Typed::<D>::new(host)))
}

impl BuiltIn {
    /// Makes a [`Procedure`] known under a name; `make` runs once for each time it is loaded.
    pub fn procedure(
        name: &str,
        make: impl Fn(Arc<dyn Host>) -> Box<dyn Procedure> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            make: Arc::new(make),
        }
    }

    /// The name that opens the driver.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Loads the driver: nothing of it remains from earlier loads. No message is sent yet.
    ///
    /// A host calls this once for each module, and drops the guest to unload it.
    pub fn load(&self, host: Arc<dyn Host>) -> Guest {
        let name = Arc::clone(&self.name);
        let procedure = catch_unwind(AssertUnwindSafe(|| (self.make)(Arc::clone(&host))));
        let procedure = procedure.unwrap_or_else(|panic| {
            report(&*host, &name, "it was being made", panic);
            Box::new(|_: &Call<'_>| 0)
        });
        Guest {
            name,
            procedure,
            host,
        }
    }
}

impl fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuiltIn")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A loaded [`BuiltIn`]: something to send messages to.
pub struct Guest {
    procedure: Box<dyn Procedure>,
    host: Arc<dyn Host>,
    name: Arc<str>,
}

impl Guest {
    /// Calls the driver and returns its answer verbatim.
    ///
    /// A panic in the driver is reported to the host and answered as the driver says, by default with 0.
    pub fn call(&self, call: &Call<'_>) -> LResult {
        let call = call.with_host(&*self.host);
        catch_unwind(AssertUnwindSafe(|| self.procedure.call(&call))).unwrap_or_else(|panic| {
            report(
                &*self.host,
                &self.name,
                &format!("handling {}", call.message),
                panic,
            );
            self.procedure.answer_to_panic(call.message)
        })
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn report(host: &dyn Host, name: &str, during: &str, panic: Box<dyn Any + Send>) {
    // Neither what the panic carries nor the host may start another one here.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let what = panic.downcast_ref::<&str>().copied();
        let what = what.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let what = what.unwrap_or("a value that is no text");
        host.report(&format!(
            "the driver \"{name}\" panicked while {during}: {what}"
        ));
        drop(panic);
    }));
}
