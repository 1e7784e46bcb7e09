//! Which video codecs there are: asking, installing, removing.
#![expect(
    unsafe_code,
    reason = "exports C functions by their names, and takes one of the application's"
)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use opendriver::backend::procedure::Procedure;
use opendriver::{Configured, Installation};
use opendriver_abi::DriverProc;
use opendriver_abi::structures::{FourCc, IcInfo, Structure as _, Wide};
use opendriver_codec::vfw::Codecs;

use super::BROKEN;
use super::error::Error;
use crate::claim;
use crate::door::doors;
use crate::process::process;
use crate::text::Encoding;

/// `ICINSTALL_*`: what the third parameter of `ICInstall` is.
const FUNCTION: u32 = 0x1;
const DRIVER: u32 = 0x2;
const INSTANCE: u32 = 0x4;
const UNICODE: u32 = 0x8000;

/// `ICVERSION`, the version of the interface.
const INTERFACE: u32 = 0x0104;

/// What Windows 95 and its successors answer.
const VERSION: u32 = 0x0400_03B6;

/// The section with what codecs are called, by their files.
const DESCRIPTIONS: &str = "drivers.desc";

/// Video codecs that are functions of the application, the last one first.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    list: Mutex<Vec<Function>>,
}

#[derive(Clone, Debug)]
struct Function {
    handler: FourCc,
    name: String,
    /// Whether the name was made for it.
    linked: bool,
}

impl Functions {
    fn lock(&self) -> MutexGuard<'_, Vec<Function>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All codecs: those of the application first, then those of the registry.
pub(super) fn codecs() -> Result<Codecs, Error> {
    let process = process();
    let mut codecs = Codecs::installed(&process.manager)?;
    for Function { handler, name, .. } in process.functions.lock().iter().rev() {
        codecs.add_first(name, *handler);
    }
    Ok(codecs)
}

/// Makes sure that the kind of codec that is asked for is a video codec, in any letter case; 0 stands for any kind.
pub(super) fn kind(code: u32, any: bool) -> Result<(), Error> {
    let small = code.to_le_bytes().map(|c| c.to_ascii_lowercase());
    match FourCc::new(small) {
        FourCc::VIDC => Ok(()),
        FourCc(0) if any => Ok(()),
        _ => Err(Error::Kind { code: FourCc(code) }),
    }
}

/// Gives a function of the application a name that opens it.
pub(super) fn link(function: usize) -> Result<String, Error> {
    // A number that was never a function would be found out by its first message only, and this way at once.
    claim::readable(function, 1)?;
    let pointer: *const () = std::ptr::with_exposed_provenance(function);
    // SAFETY: vouched by the application: it says that its `DriverProc` is there, and it is not null.
    let function_pointer = unsafe { std::mem::transmute::<*const (), DriverProc>(pointer) };
    // SAFETY: vouched by the application, as above; a fault in it comes back.
    let procedure = unsafe { Procedure::new(function_pointer) };
    let manager = &process().manager;
    for count in 0.. {
        let name = format!("function {function:#x}/{count}");
        match manager.link(&name, move |_| procedure) {
            Err(opendriver::Error::AlreadyLinked { .. }) => {}
            linked => return Ok(linked.map(|()| name)?),
        }
    }
    unreachable!("there are more names than functions")
}

/// Writes what `ICInfo` tells, as much as the application has room for.
fn info(kind_of_codec: u32, handler: u32, address: usize) -> Result<i32, Error> {
    kind(kind_of_codec, true)?;
    let room = match claim::number(address)? as usize {
        0 => IcInfo::SIZE,
        size => size.min(IcInfo::SIZE),
    };
    let codecs = codecs()?;
    let installed = codecs.by_code(FourCc(handler));
    let none = || opendriver_codec::vfw::Error::NoCodec {
        purpose: format!("is called \"{}\"", FourCc(handler)),
        refusals: Vec::new(),
    };
    let installed = installed.ok_or_else(none)?;
    let registry = process().manager.registry();
    let description = registry.value(DESCRIPTIONS, &installed.file)?;
    let info = IcInfo {
        size: IcInfo::SIZE as u32,
        kind: FourCc::VIDC,
        handler: installed.handler,
        manager_version: INTERFACE,
        description: wide(
            description
                .as_ref()
                .and_then(|value| value.as_text())
                .unwrap_or(""),
        ),
        driver: wide(&installed.file),
        ..IcInfo::zeroed()
    };
    let mut bytes = [0; IcInfo::SIZE];
    info.write(&mut bytes);
    claim::write(address, &bytes[..room])?;
    Ok(1)
}

/// Text in a field.
pub(super) fn wide<const N: usize>(text: &str) -> Wide<N> {
    let bytes = Encoding::Wide.field(text, N);
    opendriver_abi::structures::Plain::read_from(&bytes)
}

fn install(
    kind_of_codec: u32,
    handler: FourCc,
    what: usize,
    description: usize,
    flags: u32,
) -> Result<i32, Error> {
    kind(kind_of_codec, false)?;
    if flags & !UNICODE == DRIVER {
        let encoding = match flags & UNICODE {
            0 => Encoding::Narrow,
            _ => Encoding::Wide,
        };
        let what = encoding.read(what)?.ok_or(Error::Null {
            what: "the driver's name",
        })?;
        return install_driver(handler, &what, encoding.read(description)?.as_deref());
    }
    let process = process();
    let mut functions = process.functions.lock();
    if functions.iter().any(|known| same(known.handler, handler)) {
        return Err(Error::Installed { handler });
    }
    let name = match flags {
        FUNCTION => link(what)?,
        INSTANCE => {
            let module = process
                .manager
                .module_of(u32::try_from(what).unwrap_or(0))?;
            let path = module.path.map(|path| path.to_string_lossy().into_owned());
            path.unwrap_or(module.name)
        }
        _ => return Err(Error::Flags { flags }),
    };
    let linked = flags == FUNCTION;
    functions.insert(
        0,
        Function {
            handler,
            name,
            linked,
        },
    );
    Ok(1)
}

/// Writes the entry, and what the codec is called.
fn install_driver(handler: FourCc, file: &str, description: Option<&str>) -> Result<i32, Error> {
    let manager = &process().manager;
    let installed = manager.install(Installation {
        alias: &format!("vidc.{handler}"),
        section: None,
        file,
        params: "",
    })?;
    if let Some(description) = description.filter(|_| installed != Configured::Cancel) {
        manager
            .registry()
            .set_value(DESCRIPTIONS, file, description)?;
    }
    Ok((installed != Configured::Cancel).into())
}

fn remove(kind_of_codec: u32, handler: FourCc) -> Result<i32, Error> {
    kind(kind_of_codec, false)?;
    let process = process();
    let mut functions = process.functions.lock();
    let place = functions
        .iter()
        .position(|known| same(known.handler, handler));
    let removed = place.map(|place| functions.remove(place));
    drop(functions);
    if let Some(Function { name, linked, .. }) = removed {
        if linked {
            process.manager.unlink(&name)?;
        }
        return Ok(1);
    }
    let alias = format!("vidc.{handler}");
    let codecs = Codecs::installed(&process.manager)?;
    let installed = codecs.iter().find(|it| same(it.handler, handler));
    let (alias, section) = installed.map_or((&*alias, None), |it| (&*it.alias, it.section));
    let removed = process.manager.remove(alias, section)?;
    Ok((removed != Configured::Cancel).into())
}

fn same(one: FourCc, other: FourCc) -> bool {
    let bytes = |code: FourCc| code.0.to_le_bytes();
    bytes(one).eq_ignore_ascii_case(&bytes(other))
}

doors! {
    broken BROKEN;

    /// `VideoForWindowsVersion`: the version of Video for Windows.
    fn VideoForWindowsVersion() -> u32 {
        Ok(VERSION)
    }

    /// `ICInfo`: what the registry says of a codec, by its code or by its number. Answers `FALSE` where there is none.
    fn ICInfo(kind: u32, handler: u32, info_address: usize) -> i32 {
        info(kind, handler, info_address).map_err(Error::nothing)
    }

    /// `ICInstall`: installs a codec: a driver in the registry, or a function of the application for itself.
    fn ICInstall(kind: u32, handler: u32, what: usize, description: usize, flags: u32) -> i32 {
        install(kind, FourCc(handler), what, description, flags).map_err(Error::nothing)
    }

    /// `ICRemove`: takes a codec out again.
    fn ICRemove(kind: u32, handler: u32, _flags: u32) -> i32 {
        remove(kind, FourCc(handler)).map_err(Error::nothing)
    }
}
