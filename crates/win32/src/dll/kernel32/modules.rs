//! Modules: finding, loading and asking them for functions.

use std::path::{Path, PathBuf};

use opendriver_pe::Symbol;

use crate::cx::Cx;
use crate::load::ModuleRef;
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;

const ERROR_FILE_NOT_FOUND: u32 = 2;
const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
const ERROR_MOD_NOT_FOUND: u32 = 126;
const ERROR_PROC_NOT_FOUND: u32 = 127;
/// Loads to read resources only: nothing is started.
const LOAD_AS_DATA: u32 = 0x02 | 0x20 | 0x40;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Answers the handle of a loaded module, or of the program itself.
    fn GetModuleHandleA(cx, name: Addr) -> Handle {
        let name = if name.is_null() { None } else { Some(cx.text_a(name)?) };
        handle_of(cx, name.as_deref())
    }

    /// Answers the handle of a loaded module, or of the program itself.
    fn GetModuleHandleW(cx, name: Addr) -> Handle {
        let name = if name.is_null() { None } else { Some(cx.text_w(name)?) };
        handle_of(cx, name.as_deref())
    }

    /// Finds a loaded module by name or by an address in it, and may keep it loaded.
    fn GetModuleHandleExA(cx, flags: u32, name: Addr, module: Addr) -> bool {
        let text = if flags & FROM_ADDRESS == 0 && !name.is_null() { Some(cx.text_a(name)?) } else { None };
        handle_ex(cx, flags, name, text, module)
    }

    /// Finds a loaded module by name or by an address in it, and may keep it loaded.
    fn GetModuleHandleExW(cx, flags: u32, name: Addr, module: Addr) -> bool {
        let text = if flags & FROM_ADDRESS == 0 && !name.is_null() { Some(cx.text_w(name)?) } else { None };
        handle_ex(cx, flags, name, text, module)
    }

    /// Writes the path of a module's file.
    fn GetModuleFileNameA(cx, module: Handle, buffer: Addr, size: u32) -> u32 {
        let Some(path) = path_of(cx, module) else { return cx.fail(ERROR_INVALID_HANDLE, 0) };
        let mut bytes = cx.process().string_to_ansi(&path);
        let (written, answer) = fit(cx, bytes.len(), size);
        bytes.truncate(written);
        if size != 0 {
            bytes.push(0);
            cx.put(buffer, &bytes)?;
        }
        Ok(answer)
    }

    /// Writes the path of a module's file.
    fn GetModuleFileNameW(cx, module: Handle, buffer: Addr, size: u32) -> u32 {
        let Some(path) = path_of(cx, module) else { return cx.fail(ERROR_INVALID_HANDLE, 0) };
        let mut units: Vec<u16> = path.encode_utf16().collect();
        let (written, answer) = fit(cx, units.len(), size);
        units.truncate(written);
        if size != 0 {
            units.push(0);
            cx.put_wide(buffer, &units)?;
        }
        Ok(answer)
    }

    /// Answers the address of what a module exports under a name or an ordinal.
    fn GetProcAddress(cx, module: Handle, name: Addr) -> Addr {
        let Some(module) = module_of(cx, module) else { return cx.fail(ERROR_MOD_NOT_FOUND, Addr::NULL) };
        let address = if name.0 < 0x1_0000 {
            find(cx, &module, Symbol::Ordinal(name.0 as u16))
        } else {
            let name = cx.text_a(name)?;
            find(cx, &module, Symbol::Name(&name))
        };
        match address {
            Some(address) => Ok(Addr(address)),
            None => cx.fail(ERROR_PROC_NOT_FOUND, Addr::NULL),
        }
    }

    /// Loads a DLL, or finds it loaded.
    fn LoadLibraryA(cx, name: Addr) -> Handle {
        let name = cx.text_a(name)?;
        load(cx, &name, 0)
    }

    /// Loads a DLL, or finds it loaded.
    fn LoadLibraryW(cx, name: Addr) -> Handle {
        let name = cx.text_w(name)?;
        load(cx, &name, 0)
    }

    /// Loads a DLL, or finds it loaded.
    fn LoadLibraryExA(cx, name: Addr, reserved: Handle, flags: u32) -> Handle {
        let name = cx.text_a(name)?;
        load(cx, &name, flags)
    }

    /// Loads a DLL, or finds it loaded.
    fn LoadLibraryExW(cx, name: Addr, reserved: Handle, flags: u32) -> Handle {
        let name = cx.text_w(name)?;
        load(cx, &name, flags)
    }

    /// Gives up a loaded DLL.
    fn FreeLibrary(cx, module: Handle) -> bool {
        free(cx, module)
    }

    /// Gives up a loaded DLL and ends the calling thread.
    fn FreeLibraryAndExitThread(cx, module: Handle, code: u32) {
        free(cx, module)?;
        Err(Trap::ExitThread(code))
    }

    /// Notes that a module does not want to hear of threads.
    fn DisableThreadLibraryCalls(cx, module: Handle) -> bool {
        match module_of(cx, module) {
            Some(ModuleRef::Image(image)) => {
                image.mute_threads();
                Ok(true)
            }
            Some(_) => Ok(true),
            None => cx.fail(ERROR_MOD_NOT_FOUND, false),
        }
    }
}

/// `GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS`.
const FROM_ADDRESS: u32 = 4;
/// `GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT`.
const UNCHANGED: u32 = 2;

/// What a module handle stands for; null is the program.
pub(crate) fn module_of(cx: &Cx<'_>, module: Handle) -> Option<ModuleRef> {
    let process = cx.process();
    let handle = if module == Handle::NULL {
        process.program_handle()
    } else {
        cx.address(module).0
    };
    process.images().by_handle(handle)
}

pub(in crate::dll) fn find(cx: &Cx<'_>, module: &ModuleRef, symbol: Symbol<'_>) -> Option<u64> {
    cx.process().symbol_address(cx.thread(), module, symbol, 16)
}

fn handle_of(cx: &Cx<'_>, name: Option<&str>) -> Result<Handle, Trap> {
    let process = cx.process();
    let handle = match name {
        None => Some(process.program_handle()),
        Some(name) => process.module_handle(name),
    };
    match handle {
        Some(handle) => Ok(Handle(handle)),
        None => cx.fail(ERROR_MOD_NOT_FOUND, Handle::NULL),
    }
}

fn handle_ex(
    cx: &Cx<'_>,
    flags: u32,
    address: Addr,
    name: Option<String>,
    module: Addr,
) -> Result<bool, Trap> {
    let found = if flags & FROM_ADDRESS != 0 {
        cx.process()
            .images()
            .by_address(address.0)
            .map_or(Handle::NULL, |image| Handle(image.base()))
    } else {
        handle_of(cx, name.as_deref())?
    };
    cx.write_addr(module, Addr(found.0))?;
    if found == Handle::NULL {
        return cx.fail(ERROR_MOD_NOT_FOUND, false);
    }
    if flags & UNCHANGED == 0
        && let Some(ModuleRef::Image(image)) = module_of(cx, found)
    {
        image.retain();
    }
    Ok(true)
}

fn path_of(cx: &Cx<'_>, module: Handle) -> Option<String> {
    Some(match module_of(cx, module)? {
        ModuleRef::Image(image) => image.dos_path(),
        ModuleRef::Shims(dll) => format!(r"C:\windows\system32\{}", dll.name),
        ModuleRef::Absent(name) => format!(r"C:\windows\system32\{name}"),
        ModuleRef::Program => r"C:\windows\system32\opendriver.exe".to_owned(),
    })
}

/// How much of a path fits with its zero, and what is answered.
fn fit(cx: &Cx<'_>, length: usize, size: u32) -> (usize, u32) {
    if length < size as usize {
        cx.set_last_error(0);
        (length, length as u32)
    } else {
        cx.set_last_error(ERROR_INSUFFICIENT_BUFFER);
        ((size as usize).saturating_sub(1), size)
    }
}

pub(in crate::dll) fn load(cx: &Cx<'_>, name: &str, flags: u32) -> Result<Handle, Trap> {
    let process = cx.process();
    if flags & LOAD_AS_DATA != 0 {
        cx.report(crate::Report::Warning(format!(
            "\"{name}\" is loaded whole, not as data only"
        )));
    }
    if let Some(ModuleRef::Shims(_)) = process.without_file(name) {
        return handle_of(cx, Some(name));
    }
    let Some(path) = library_path(cx, name) else {
        return cx.fail(ERROR_MOD_NOT_FOUND, Handle::NULL);
    };
    match process.load_image(cx.thread(), &path) {
        Ok(image) => Ok(Handle(image.base())),
        Err(error) => {
            cx.report(crate::Report::Warning(format!("LoadLibrary: {error}")));
            cx.fail(ERROR_FILE_NOT_FOUND, Handle::NULL)
        }
    }
}

/// Where a library that a driver asks for lies: at its path, beside the images, in the search path.
fn library_path(cx: &Cx<'_>, name: &str) -> Option<PathBuf> {
    if name.contains(['\\', '/', ':']) {
        return cx.process().host_path(name).filter(|path| path.is_file());
    }
    let images = cx.process().images().all();
    let beside = images
        .iter()
        .rev()
        .filter_map(|image| image.path().parent());
    let mut beside: Vec<&Path> = beside.collect();
    beside.dedup();
    beside
        .into_iter()
        .find_map(|directory| cx.process().find_file(Some(directory), name))
        .or_else(|| cx.process().find_file(None, name))
}

fn free(cx: &Cx<'_>, module: Handle) -> Result<bool, Trap> {
    match module_of(cx, module) {
        Some(ModuleRef::Image(image)) => match cx.process().unload_image(cx.thread(), &image) {
            Ok(()) => Ok(true),
            Err(fault) => Err(Trap::Fault(Box::new(fault))),
        },
        Some(_) => Ok(true),
        None => cx.fail(ERROR_MOD_NOT_FOUND, false),
    }
}
