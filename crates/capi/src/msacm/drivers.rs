//! Drivers: which there are, what they are, adding, opening and ordering them.
#![expect(
    unsafe_code,
    reason = "exports C functions by their names, and calls those of the application"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use opendriver::backend::procedure::Procedure;
use opendriver::{Message, OpenOptions};
use opendriver_abi::DriverProc;
use opendriver_abi::answer::{MMSYSERR_ERROR, MMSYSERR_INVALPARAM};
use opendriver_codec::acm::{Driver, MANAGER_VERSION};

use super::error::{Error, given, known};
use super::fields::{Fields, function, size};
use super::installed::{Id, Installed, OpenDriver, driver_of, id_behind, open, support};
use crate::claim;
use crate::door::{Failure, doors};
use crate::process::process;
use crate::text::Encoding;
use crate::winmm::send_config_info;

/// `ACM_DRIVERENUMF_NOLOCAL`
const NO_LOCAL: u32 = 0x4000_0000;
/// `ACM_DRIVERENUMF_DISABLED`
const DISABLED: u32 = 0x8000_0000;

/// `ACM_DRIVERADDF_NAME`
const NAME: u32 = 1;
/// `ACM_DRIVERADDF_FUNCTION`
const FUNCTION: u32 = 3;
/// `ACM_DRIVERADDF_NOTIFYHWND`
const NOTIFY: u32 = 4;
/// `ACM_DRIVERADDF_TYPEMASK`
const ADD_MASK: u32 = 7;
/// `ACM_DRIVERADDF_GLOBAL`, which is the same as local since Windows has 32 bits.
const GLOBAL: u32 = 8;

/// `ACM_DRIVERPRIORITYF_ENABLE`
const ENABLE: u32 = 1;
/// `ACM_DRIVERPRIORITYF_DISABLE`
const DISABLE: u32 = 2;
/// `ACM_DRIVERPRIORITYF_BEGIN`
const BEGIN: u32 = 0x1_0000;
/// `ACM_DRIVERPRIORITYF_END`
const END: u32 = 0x2_0000;

/// `ACMDRIVERENUMCB`
type EnumCallback = extern "C" fn(usize, usize, u32) -> i32;

fn enumerate(callback: usize, instance: usize, flags: u32) -> Result<u32, Error> {
    function("fnCallback", callback)?;
    known("fdwEnum", flags, NO_LOCAL | DISABLED)?;
    // SAFETY: vouched by who called the exported function.
    let callback = unsafe { std::mem::transmute::<usize, EnumCallback>(callback) };
    let installed = Installed::now()?;
    for (id, candidate) in installed.all() {
        let wanted = (candidate.is_enabled() || flags & DISABLED != 0)
            && (!candidate.is_local() || flags & NO_LOCAL == 0);
        if !wanted {
            continue;
        }
        // One that cannot be opened is none that a program could use.
        let Ok(driver) = installed.list.driver(candidate.name()) else {
            continue;
        };
        let support = support(candidate, driver.details().support);
        if callback(id, instance, support) == 0 {
            break;
        }
    }
    Ok(0)
}

fn details(encoding: Encoding, hadid: usize, address: usize, flags: u32) -> Result<u32, Error> {
    given("padd", address)?;
    known("fdwDetails", flags, 0)?;
    let id = process().handles.get::<Id>(hadid)?;
    let room = size("padd", address, 4)?;
    let installed = Installed::now()?;
    let driver = installed.list.driver(&id.name)?;
    let said = driver.details();
    let support = installed
        .candidate(&id.name)
        .map_or(0, |candidate| support(candidate, said.support));
    let mut fields = Fields::new()
        .dword(u32::from_le_bytes(*b"audc"))
        .dword(0)
        .word(said.maker)
        .word(said.product)
        .dword(said.manager_version.0)
        .dword(said.version.0)
        .dword(support)
        .dword(said.format_tags)
        .dword(said.filter_tags);
    // Some programs declare the structure without the packing of msacm.h; that is just what their size is.
    let texts = 880 * encoding.unit() as u32;
    if room == 48 + texts {
        fields = fields.dword(0);
    }
    fields
        .address(0)
        .text(encoding, &said.short_name, 32)
        .text(encoding, &said.long_name, 128)
        .text(encoding, &said.copyright, 80)
        .text(encoding, &said.licensing, 128)
        .text(encoding, &said.features, 512)
        .fill(address, room)?;
    Ok(0)
}

fn add(
    encoding: Encoding,
    phadid: usize,
    parameter: isize,
    priority: u32,
    flags: u32,
) -> Result<u32, Error> {
    given("phadid", phadid)?;
    known("fdwAdd", flags, ADD_MASK | GLOBAL)?;
    // Nothing is added for a program that cannot be told of it.
    claim::writable(phadid, size_of::<usize>())?;
    let kind = flags & ADD_MASK;
    if kind != NOTIFY && priority != 0 {
        return Err(Error::parameter("dwPriority", "0", priority));
    }
    let parameter = given("lParam", parameter.cast_unsigned())?;
    let id = match kind {
        FUNCTION => add_function(parameter)?,
        NAME => {
            let name = encoding.read(parameter)?.unwrap_or_default();
            add_installed(&name)?
        }
        // There is no window that it could be.
        NOTIFY => return Err(Error::NotHere("a window to be told of changes")),
        _ => {
            let what = "fdwAdd";
            return Err(Error::Flags { what, flags });
        }
    };
    claim::write(phadid, &id.to_ne_bytes())?;
    Ok(0)
}

/// Adds the program's own procedure, under a name that nothing else has.
fn add_function(address: usize) -> Result<usize, Error> {
    static COUNTED: AtomicUsize = AtomicUsize::new(1);
    function("lParam", address)?;
    // SAFETY: vouched by who called the exported function: it is an `ACMDRIVERPROC`, which is a `DriverProc`.
    let proc = unsafe { std::mem::transmute::<usize, DriverProc>(address) };
    // SAFETY: as above, and the program keeps it there until it removes the driver.
    let procedure = unsafe { Procedure::new(proc) };
    let number = COUNTED.fetch_add(1, Ordering::Relaxed);
    let name = format!("acmDriverAdd {number}");
    let manager = &process().manager;
    manager
        .link(&name, move |_| procedure)
        .map_err(Error::Link)?;
    let added = Driver::open(manager, &name)
        .map_err(Error::from)
        .and_then(|_| {
            Installed::change(|installed| {
                installed.list.add_local(&name);
                Ok(installed.name(&name, true))
            })
        });
    if added.is_err() {
        manager.unlink(&name).map_err(Error::Link)?;
    }
    Ok(added?.0)
}

/// Adds what came into the registry behind the first use.
fn add_installed(name: &str) -> Result<usize, Error> {
    let found = process().manager.registry().alias("Drivers32", name);
    if !matches!(found, Ok(Some(_))) {
        let expected = "an alias of Drivers32";
        return Err(Error::parameter("lParam", expected, name));
    }
    let options = OpenOptions::new(name).section("Drivers32");
    drop(Driver::open_with(&process().manager, options)?);
    let (id, _) = Installed::change(|installed| {
        installed.list.add_installed(name);
        Ok(installed.name(name, false))
    })?;
    Ok(id)
}

fn remove(hadid: usize, flags: u32) -> Result<u32, Error> {
    known("fdwRemove", flags, 0)?;
    let handles = &process().handles;
    let id = handles.get::<Id>(hadid)?;
    id.uses.end("the driver")?;
    // Who comes second finds it gone already.
    handles.remove::<Id>(hadid)?;
    Installed::change(|installed| installed.remove(&id.name))?;
    if id.linked {
        process().manager.unlink(&id.name).map_err(Error::Link)?;
    }
    Ok(0)
}

fn close(had: usize, flags: u32) -> Result<u32, Error> {
    known("fdwClose", flags, 0)?;
    let handles = &process().handles;
    handles.get::<OpenDriver>(had)?.uses.end("the driver")?;
    handles.remove::<OpenDriver>(had)?;
    Ok(0)
}

/// Messages of the codec's own range, and those few of the system's that an application may send.
fn is_allowed(message: u32) -> bool {
    const ABOUT: u32 = Message::ACMDM_DRIVER_ABOUT.0;
    const CONFIGURE: u32 = Message::DRV_CONFIGURE.0;
    const QUERY_CONFIGURE: u32 = Message::DRV_QUERYCONFIGURE.0;
    matches!(message, ABOUT | CONFIGURE | QUERY_CONFIGURE) || is_own(message)
}

/// Whether a message is of the codec's own range.
pub(super) fn is_own(message: u32) -> bool {
    (Message::ACMDM_USER.0..Message::ACMDM_BASE.0).contains(&message)
}

fn message(had: usize, message: u32, first: isize, second: isize) -> Result<isize, Failure> {
    let (_, driver) = driver_of(had)?;
    if !is_allowed(message) {
        let found = format!("{message:#x}");
        return Err(Error::parameter("uMsg", "ACMDM_USER and above", found).into());
    }
    if second != 0 && Message(message) == Message::DRV_CONFIGURE {
        let handle = driver.instance().handle().raw();
        return send_config_info(handle, Message(message), first, second.cast_unsigned())
            .map_err(unconfigured);
    }
    let sent = driver.instance().send(Message(message), first, second);
    let unsent = |source| opendriver_codec::acm::Error::Unsent {
        driver: driver.name().to_owned(),
        message: Message(message),
        source,
    };
    Ok(sent.map_err(unsent).map_err(Error::from)?)
}

/// A `DRVCONFIGINFO` that is none is the program's fault, and all else the driver's.
fn unconfigured(failure: Failure) -> Failure {
    let answer = match failure.reason().is::<opendriver::Error>() {
        true => MMSYSERR_ERROR,
        false => MMSYSERR_INVALPARAM,
    };
    failure.answering(answer as i64)
}

fn set_priority(hadid: usize, priority: u32, flags: u32) -> Result<u32, Error> {
    let what = "fdwPriority";
    known(what, flags, ENABLE | DISABLE | BEGIN | END)?;
    let (able, defer) = (flags & (ENABLE | DISABLE), flags & (BEGIN | END));
    if able == ENABLE | DISABLE || defer == BEGIN | END || (able != 0 && defer != 0) {
        return Err(Error::Flags { what, flags });
    }
    if defer != 0 {
        // Nobody is told of changes, so that there is nothing to put off.
        return match (hadid, priority) {
            (0, 0) => Ok(0),
            _ => Err(Error::parameter(
                "hadid and dwPriority",
                "0 with BEGIN and END",
                hadid,
            )),
        };
    }
    let id = process().handles.get::<Id>(hadid)?;
    let ((), changed) = Installed::change(|installed| {
        let is_local = installed
            .candidate(&id.name)
            .is_some_and(|candidate| candidate.is_local());
        if is_local && priority != 0 {
            let what = id.name.clone();
            return Err(Error::NoPriority { what });
        }
        if able != 0 {
            installed.list.set_enabled(&id.name, able == ENABLE)?;
        }
        if priority != 0 {
            let locals = installed.list.iter().filter(|it| it.is_local()).count();
            // The first is 1, and the last is -1, which is the largest.
            let place = locals + (priority as usize - 1);
            installed.list.set_priority(&id.name, place)?;
        }
        Ok(())
    })?;
    if able != 0 || priority != 0 {
        changed.list.save()?;
    }
    Ok(0)
}

doors! {
    broken MMSYSERR_ERROR as i64;

    /// `acmGetVersion`: the version of the audio compression manager, `0xAABBCCCC`.
    fn acmGetVersion() -> u32 {
        Ok(MANAGER_VERSION.0)
    }

    /// `acmDriverEnum`: calls back for each driver, in the order in which they are asked, until that answers 0.
    fn acmDriverEnum(callback: usize, instance: usize, flags: u32) -> u32 {
        Ok(enumerate(callback, instance, flags)?)
    }

    /// `acmDriverID`: the identifier of the driver behind a driver, a stream or an identifier.
    fn acmDriverID(hao: usize, phadid: usize, flags: u32) -> u32 {
        let identify = || -> Result<u32, Error> {
            given("phadid", phadid)?;
            known("fdwDriverID", flags, 0)?;
            claim::write(phadid, &id_behind(hao)?.to_ne_bytes())?;
            Ok(0)
        };
        Ok(identify()?)
    }

    /// `acmDriverDetailsA`: what a driver says of itself, in UTF-8.
    fn acmDriverDetailsA(hadid: usize, details_: usize, flags: u32) -> u32 {
        Ok(details(Encoding::Narrow, hadid, details_, flags)?)
    }

    /// `acmDriverDetailsW`: what a driver says of itself.
    fn acmDriverDetailsW(hadid: usize, details_: usize, flags: u32) -> u32 {
        Ok(details(Encoding::Wide, hadid, details_, flags)?)
    }

    /// `acmDriverAddA`: adds a driver for this program: its own procedure, or an alias in UTF-8 that came into the registry.
    fn acmDriverAddA(phadid: usize, _module: usize, param: isize, priority: u32, flags: u32) -> u32 {
        Ok(add(Encoding::Narrow, phadid, param, priority, flags)?)
    }

    /// `acmDriverAddW`: as `acmDriverAddA`, with the alias in UTF-16.
    fn acmDriverAddW(phadid: usize, _module: usize, param: isize, priority: u32, flags: u32) -> u32 {
        Ok(add(Encoding::Wide, phadid, param, priority, flags)?)
    }

    /// `acmDriverRemove`: takes a driver out of this program's list.
    fn acmDriverRemove(hadid: usize, flags: u32) -> u32 {
        Ok(remove(hadid, flags)?)
    }

    /// `acmDriverOpen`: opens an instance of a driver for the program.
    fn acmDriverOpen(phad: usize, hadid: usize, flags: u32) -> u32 {
        let opened = || -> Result<u32, Error> {
            given("phad", phad)?;
            known("fdwOpen", flags, 0)?;
            claim::writable(phad, size_of::<usize>())?;
            claim::write(phad, &open(hadid)?.to_ne_bytes())?;
            Ok(0)
        };
        Ok(opened()?)
    }

    /// `acmDriverClose`: closes an instance. One that a stream uses stays open, which is `ACMERR_BUSY`.
    fn acmDriverClose(had: usize, flags: u32) -> u32 {
        Ok(close(had, flags)?)
    }

    /// `acmDriverMessage`: sends a driver a message of its own, or one about its configuration. Answers what the driver does.
    fn acmDriverMessage(had: usize, number: u32, first: isize, second: isize) -> isize {
        message(had, number, first, second)
    }

    /// `acmDriverPriority`: changes where in the order a driver is, or whether it is asked at all; the registry keeps that.
    fn acmDriverPriority(hadid: usize, priority: u32, flags: u32) -> u32 {
        Ok(set_priority(hadid, priority, flags)?)
    }
}

/// What is open of a driver may be asked about from elsewhere.
pub(super) fn opened(had: usize) -> Result<Arc<OpenDriver>, Error> {
    Ok(process().handles.get::<OpenDriver>(had)?)
}
