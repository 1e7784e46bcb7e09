//! One message as a driver sees it.

use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message, def_driver_proc};

use crate::{Claim, Host, NoHost};

/// One message on its way to a driver.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Call<'a> {
    /// The driver's own identifier of the instance, or 0 where it has none.
    pub id: DriverId,
    /// The system's handle of the instance.
    pub handle: Hdrvr,
    /// The message.
    pub message: Message,
    /// First parameter. In `DRV_OPEN` it may be the address of what [`text`](Self::text) holds.
    pub param1: LParam,
    /// Second parameter: a number, or an address that only a [`Claim`] can reach.
    pub param2: LParam,
    /// The parameter text, in `DRV_OPEN`; empty in every other message.
    pub text: &'a str,
    host: &'a dyn Host,
}

impl<'a> Call<'a> {
    /// Puts a message together: what a host does.
    pub fn new(
        id: DriverId,
        handle: Hdrvr,
        message: Message,
        param1: LParam,
        param2: LParam,
    ) -> Self {
        Self {
            id,
            handle,
            message,
            param1,
            param2,
            text: "",
            host: &NoHost,
        }
    }

    /// Adds the parameter text of `DRV_OPEN`.
    #[must_use]
    pub fn with_text(self, text: &'a str) -> Self {
        Self { text, ..self }
    }

    pub(crate) fn with_host<'b>(self, host: &'b dyn Host) -> Call<'b>
    where
        'a: 'b,
    {
        Call { host, ..self }
    }

    /// What `DefDriverProc` answers to this message.
    pub fn default_answer(&self) -> LResult {
        def_driver_proc(self.message)
    }

    /// The host that this message came from.
    pub fn host(&self) -> &'a dyn Host {
        self.host
    }

    /// Takes a parameter for the address of memory that the application offers.
    pub fn claim(&self, param: LParam) -> Claim<'a> {
        Claim::new(param.cast_unsigned(), self.host)
    }
}

/// What `DRV_OPEN` says.
#[derive(Clone, Copy)]
pub struct Open<'a> {
    call: &'a Call<'a>,
}

impl<'a> Open<'a> {
    pub(crate) fn new(call: &'a Call<'a>) -> Self {
        Self { call }
    }

    /// The parameter text: what follows the file in the driver's entry, or nothing.
    pub fn text(&self) -> &'a str {
        self.call.text
    }

    /// The application's own value. It is 0 when the driver is opened only to be configured.
    pub fn param2(&self) -> LParam {
        self.call.param2
    }

    /// Takes the application's value for the address of a structure; none if it is 0.
    ///
    /// ```
    /// use opendriver_sdk::structures::{FourCc, IcOpen};
    /// use opendriver_sdk::{Open, Refused};
    ///
    /// /// A codec answers only to its own kind, and opens without a structure to be configured.
    /// fn accepts(open: &Open<'_>) -> Result<(), Refused> {
    ///     let Some(claim) = open.structure() else { return Ok(()) };
    ///     let asked: IcOpen<u64> = claim.structure().map_err(|_| Refused)?;
    ///     if asked.kind == FourCc::VIDC { Ok(()) } else { Err(Refused) }
    /// }
    /// ```
    pub fn structure(&self) -> Option<Claim<'a>> {
        (self.call.param2 != 0).then(|| self.call.claim(self.call.param2))
    }

    /// The handle that every message of this instance will carry.
    pub fn handle(&self) -> Hdrvr {
        self.call.handle
    }

    /// The host that opens the instance.
    pub fn host(&self) -> &'a dyn Host {
        self.call.host
    }
}
