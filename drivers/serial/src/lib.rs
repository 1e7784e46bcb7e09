//! Serial ports: one driver, and an instance for each port.
//!
//! The parameter text names the port and how its line is set: `/dev/ttyUSB0,19200,7E1,rtscts,500ms`. Behind the port each word says by its
//! form what it sets, so any order will do. What is left out is as the driver's setting `defaults` says, in the same words, else
//! `9600,8N1,noflow,1000ms`. There is `xonxoff` too; the time is how long a message waits at most, up to a minute. `DRV_CONFIGURE` makes
//! the words of this instance the defaults of those that are opened later.
//!
//! An answer below 0 is a negative `MMSYSERR_*`: `INVALPARAM` (a bad buffer or number), `NOTENABLED` (after [`STOP`]), `BADDEVICEID` (the
//! other end hung up), `ERROR` (reported). A close waits for messages; where one may be reading, [`STOP`] goes before it.
#![forbid(unsafe_code)]

mod line;
mod port;

use std::io::{self, ErrorKind};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use opendriver_sdk::{
    BuiltIn, Call, Driver, Host, LParam, LResult, Message, Open, Refused, Setting, answer,
};
use serialport::{ClearBuffer, SerialPort as _};

use port::Port;

/// Reads what has come to the address `lParam1`, at most `lParam2` bytes, at most 4096; answers how many, 0 when the time runs out.
pub const READ: Message = Message::DRV_USER;
/// Writes `lParam2` bytes, at most 4096, from the address `lParam1`; answers how many, fewer when the time runs out.
pub const WRITE: Message = Message(READ.0 + 1);
/// Forgets what came and was not read, and what was written and has not gone.
pub const FLUSH: Message = Message(READ.0 + 2);
/// Sets the rate to `lParam1` bits a second.
pub const SET_RATE: Message = Message(READ.0 + 3);
/// Lets messages wait at most `lParam1` milliseconds.
pub const SET_TIME: Message = Message(READ.0 + 4);
/// Answers the rate.
pub const RATE: Message = Message(READ.0 + 5);
/// Answers how many bytes came and were not read.
pub const WAITING: Message = Message(READ.0 + 6);
/// Ends all waiting, now and from now on.
pub const STOP: Message = Message(READ.0 + 7);

/// The most bytes that one message moves: as many as a terminal keeps.
const MOST: usize = 4096;

/// The driver, linked in: `Manager::builder().builtin(opendriver_serial::driver())`.
pub fn driver() -> BuiltIn {
    opendriver_sdk::builtin::<Serial>("serial")
}

/// The driver, from `DRV_LOAD` to `DRV_FREE`.
pub struct Serial {
    host: Arc<dyn Host>,
}

/// One instance: its port is open from `DRV_OPEN` to `DRV_CLOSE`, so none is left to be put to rest at `DRV_DISABLE`.
pub struct Instance {
    port: Port,
    words: String,
}

impl Driver for Serial {
    type Instance = Instance;

    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused> {
        let host = Arc::clone(host);
        Ok(Self { host })
    }

    fn open(&self, open: &Open<'_>) -> Result<Instance, Refused> {
        // A structure is for codecs: who looks for one among all drivers must not touch a port.
        if open.param2() != 0 {
            return Err(Refused);
        }
        let text = open.text();
        self.open_port(text).map_err(|error| {
            self.host.report(&format!("\"{text}\": {error}"));
            Refused
        })
    }

    fn message(&self, instance: &Instance, call: &Call<'_>) -> LResult {
        let done = self.answer(instance, call);
        done.unwrap_or_else(|error| match error.kind() {
            ErrorKind::InvalidInput => -answer::MMSYSERR_INVALPARAM,
            ErrorKind::ConnectionAborted => -answer::MMSYSERR_NOTENABLED,
            ErrorKind::BrokenPipe => -answer::MMSYSERR_BADDEVICEID,
            _ => {
                self.host.report(&format!("{}: {error}", call.message));
                -answer::MMSYSERR_ERROR
            }
        })
    }
}

impl Serial {
    fn open_port(&self, text: &str) -> io::Result<Instance> {
        let defaults = self.host.setting("defaults");
        let defaults = defaults.as_ref().and_then(Setting::text).unwrap_or("");
        let (path, words) = text.split_once(',').unwrap_or((text, ""));
        let line = line::read(path, [defaults, words]).map_err(io::Error::other)?;
        let port = Port::open(path, line)?;
        let words = words.to_owned();
        Ok(Instance { port, words })
    }

    fn answer(&self, Instance { port, words }: &Instance, call: &Call<'_>) -> io::Result<LResult> {
        match call.message {
            READ | WRITE => return transfer(port, call),
            FLUSH => port.line().clear(ClearBuffer::All)?,
            SET_RATE => {
                let rate = number(call.param1, 1..=u32::MAX)?;
                port.line().set_baud_rate(rate)?;
            }
            SET_TIME => {
                let time = Duration::from_millis(number(call.param1, 0..=line::LONGEST)?.into());
                port.line().set_timeout(time)?;
            }
            RATE => return Ok(port.line().baud_rate()? as LResult),
            WAITING => return Ok(port.line().bytes_to_read()? as LResult),
            STOP => port.stop(),
            Message::DRV_QUERYCONFIGURE => {}
            Message::DRV_CONFIGURE => {
                let defaults = Setting::Text(words.clone());
                return Ok(self.host.set_setting("defaults", &defaults).into());
            }
            _ => return Ok(call.default_answer()),
        }
        Ok(1)
    }
}

/// Moves bytes between the port and the application's buffer.
fn transfer(port: &Port, call: &Call<'_>) -> io::Result<LResult> {
    let mut buffer = [0; MOST];
    let length = number(call.param2, 0..=u32::MAX)? as usize;
    let buffer = &mut buffer[..length.min(MOST)];
    let place = call.claim(call.param1);
    let bad = |_| ErrorKind::InvalidInput;
    if call.message == WRITE {
        place.read(buffer).map_err(bad)?;
        return Ok(port.write(buffer)?.cast_signed());
    }
    // Bytes that have nowhere to go could not be put back, so the place is tried first.
    place.write(buffer).map_err(bad)?;
    let count = port.read(buffer)?;
    place.write(&buffer[..count]).map_err(bad)?;
    Ok(count.cast_signed())
}

/// A parameter, where it is in the range.
fn number(param: LParam, range: RangeInclusive<u32>) -> io::Result<u32> {
    match u32::try_from(param) {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(ErrorKind::InvalidInput.into()),
    }
}
