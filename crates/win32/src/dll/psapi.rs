//! `psapi.dll`: the modules of a process, and what memory it takes; `kernel32` has the same under `K32` names.

use crate::cx::Cx;
use crate::dll::crt::aliases;
use crate::dll::kernel32::modules::module_of;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::load::ModuleRef;
use crate::shim::{Addr, Dll, Handle, Size, shims};
use crate::structures::{MemoryCounters, ModuleInfo};
use crate::trap::Trap;

const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_INSUFFICIENT_BUFFER: u32 = 122;

pub(super) static PSAPI: Dll = Dll {
    name: "psapi.dll",
    tables: &[SHIMS, K32],
    ..Dll::EMPTY
};

shims! {
    static SHIMS = "psapi.dll", stdcall;

    /// Writes the handles of the loaded modules.
    fn EnumProcessModules(cx, process: Handle, modules: Addr, size: u32, needed: Addr) -> bool { list(cx, modules, size, needed) }

    /// Writes the handles of the loaded modules.
    fn EnumProcessModulesEx(cx, process: Handle, modules: Addr, size: u32, needed: Addr, filter: u32) -> bool { list(cx, modules, size, needed) }

    /// Writes the identifiers of processes: of this one.
    fn EnumProcesses(cx, ids: Addr, size: u32, needed: Addr) -> bool {
        if size >= 4 {
            cx.write(ids, std::process::id())?;
        }
        cx.write(needed, if size >= 4 { 4_u32 } else { 0 })?;
        Ok(true)
    }

    /// Writes a module's file name.
    fn GetModuleBaseNameA(cx, process: Handle, module: Handle, buffer: Addr, room: u32) -> u32 { name(cx, Ansi, module, buffer, room, true) }

    /// Writes a module's file name.
    fn GetModuleBaseNameW(cx, process: Handle, module: Handle, buffer: Addr, room: u32) -> u32 { name(cx, Wide, module, buffer, room, true) }

    /// Writes the path of a module's file.
    fn GetModuleFileNameExA(cx, process: Handle, module: Handle, buffer: Addr, room: u32) -> u32 { name(cx, Ansi, module, buffer, room, false) }

    /// Writes the path of a module's file.
    fn GetModuleFileNameExW(cx, process: Handle, module: Handle, buffer: Addr, room: u32) -> u32 { name(cx, Wide, module, buffer, room, false) }

    /// Writes where a module lies, how large it is, and where it begins to run.
    fn GetModuleInformation(cx, process: Handle, module: Handle, info: Addr, size: u32) -> bool {
        if u64::from(size) < ModuleInfo::size(cx) {
            return cx.fail(ERROR_INSUFFICIENT_BUFFER, false);
        }
        let Some(ModuleRef::Image(image)) = module_of(cx, module) else {
            return cx.fail(ERROR_INVALID_HANDLE, false);
        };
        let described = ModuleInfo {
            base: Addr(image.base()),
            bytes: image.size() as u32,
            entry: Addr(image.entry()),
        };
        described.write(cx, info).map(|()| true)
    }

    /// Describes the memory that the process takes.
    fn GetProcessMemoryInfo(cx, process: Handle, counters: Addr, size: u32) -> bool {
        let needed = MemoryCounters::size(cx);
        if u64::from(size) < needed {
            return cx.fail(ERROR_INSUFFICIENT_BUFFER, false);
        }
        // Pages in all, and those that are there.
        let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let mut pages = text.split(' ').map(|pages| pages.parse::<u64>().unwrap_or(0) * 4096);
        let (all, there) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
        let counted = MemoryCounters {
            bytes: needed as u32,
            peak: Size(there),
            now: Size(there),
            paged: Size(all),
            paged_peak: Size(all),
            ..MemoryCounters::default()
        };
        counted.write(cx, counters).map(|()| true)
    }
}

aliases! {
    pub(super) static K32;
    SHIMS =>
        "EnumProcessModules" as "K32EnumProcessModules",
        "EnumProcessModulesEx" as "K32EnumProcessModulesEx",
        "EnumProcesses" as "K32EnumProcesses",
        "GetModuleBaseNameA" as "K32GetModuleBaseNameA",
        "GetModuleBaseNameW" as "K32GetModuleBaseNameW",
        "GetModuleFileNameExA" as "K32GetModuleFileNameExA",
        "GetModuleFileNameExW" as "K32GetModuleFileNameExW",
        "GetModuleInformation" as "K32GetModuleInformation",
        "GetProcessMemoryInfo" as "K32GetProcessMemoryInfo";
}

fn list(cx: &Cx<'_>, modules: Addr, size: u32, needed: Addr) -> Result<bool, Trap> {
    let width = cx.pointer_size();
    let mut handles = vec![cx.process().program_handle()];
    handles.extend(cx.process().images().all().iter().map(|image| image.base()));
    for (index, handle) in handles
        .iter()
        .enumerate()
        .take((u64::from(size) / width) as usize)
    {
        cx.write_addr(modules.offset(index as u64 * width), Addr(*handle))?;
    }
    cx.write(needed, (handles.len() as u64 * width) as u32)?;
    Ok(true)
}

fn name(
    cx: &Cx<'_>,
    letters: Letters,
    module: Handle,
    buffer: Addr,
    room: u32,
    base: bool,
) -> Result<u32, Trap> {
    let path = match module_of(cx, module) {
        Some(ModuleRef::Image(image)) => image.dos_path(),
        Some(ModuleRef::Program) => r"C:\windows\system32\opendriver.exe".to_owned(),
        Some(ModuleRef::Shims(dll)) => format!(r"C:\windows\system32\{}", dll.name),
        Some(ModuleRef::Absent(name)) => format!(r"C:\windows\system32\{name}"),
        None => return cx.fail(ERROR_INVALID_HANDLE, 0),
    };
    let name = path.rsplit('\\').next().filter(|_| base).unwrap_or(&path);
    letters
        .put_cut(cx, buffer, name, room.into())
        .map(|length| length as u32)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn the_program_is_the_first_module() {
        let bench = Bench::new();
        let (modules, needed) = (bench.bytes(&[0; 64]), bench.bytes(&[0; 4]));
        assert_eq!(
            bench.ask(
                "psapi.dll",
                "EnumProcessModules",
                &[u64::MAX, modules, 64, needed]
            ),
            1
        );
        assert_eq!(bench.read(needed, 4), [8, 0, 0, 0]);
        let program = u64::from_le_bytes(bench.read(modules, 8).try_into().unwrap());
        assert_eq!(program, bench.ask("kernel32.dll", "GetModuleHandleA", &[0]));
        let buffer = bench.bytes(&[0; 64]);
        assert_eq!(
            bench.ask(
                "kernel32.dll",
                "K32GetModuleBaseNameA",
                &[u64::MAX, program, buffer, 64]
            ),
            14
        );
        assert_eq!(bench.read(buffer, 15), b"opendriver.exe\0");
        let counters = bench.bytes(&[0; 72]);
        assert_eq!(
            bench.ask(
                "psapi.dll",
                "GetProcessMemoryInfo",
                &[u64::MAX, counters, 72]
            ),
            1
        );
        assert_ne!(bench.read(counters + 8, 8), [0; 8]);
    }
}
