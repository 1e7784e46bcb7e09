//! `psapi.dll`: the modules and the memory of the process.

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Dll, Handle, shims};
use crate::trap::Trap;

pub(super) static PSAPI: Dll = Dll {
    name: "psapi.dll",
    tables: &[SHIMS],
    data: &[],
    also: &[],
    names: &[],
    ordinals: &[],
};

const INVALID_HANDLE: u32 = 6;

shims! {
    static SHIMS = "psapi.dll", stdcall;

    /// Names the file of a module, without its folder.
    fn GetModuleBaseNameA(cx, process: Handle, module: Handle, buffer: Addr, room: u32) -> u32 {
        name(cx, Ansi, module, buffer, room, true)
    }

    /// Names the file of a module, without its folder.
    fn GetModuleBaseNameW(cx, process: Handle, module: Handle, buffer: Addr, room: u32) -> u32 {
        name(cx, Wide, module, buffer, room, true)
    }

    /// Names the file of a module.
    fn GetModuleFileNameExA(cx, process: Handle, module: Handle, buffer: Addr, room: u32) -> u32 {
        name(cx, Ansi, module, buffer, room, false)
    }

    /// Names the file of a module.
    fn GetModuleFileNameExW(cx, process: Handle, module: Handle, buffer: Addr, room: u32) -> u32 {
        name(cx, Wide, module, buffer, room, false)
    }

    /// Lists the handles of the images that are loaded.
    fn EnumProcessModules(cx, process: Handle, modules: Addr, room: u32, needed: Addr) -> bool {
        let pointer = cx.pointer_size();
        let images = cx.process().images().all();
        for (at, image) in (0..u64::from(room) / pointer).zip(&images) {
            cx.write_addr(modules.offset(at * pointer), Addr(image.base()))?;
        }
        cx.write(needed, (images.len() as u64 * pointer) as u32)?;
        Ok(true)
    }

    /// Answers where an image is loaded, how large it is and where it starts.
    fn GetModuleInformation(cx, process: Handle, module: Handle, info: Addr, room: u32) -> bool {
        let Some(image) = cx.process().images().by_address(module.0) else { return cx.fail(INVALID_HANDLE, false) };
        cx.fields(info).put(Addr(image.base()))?.put(image.size() as u32)?.put(Addr(image.entry()))?;
        Ok(true)
    }
}

fn name(
    cx: &Cx<'_>,
    letters: Letters,
    module: Handle,
    buffer: Addr,
    room: u32,
    is_short: bool,
) -> Result<u32, Trap> {
    let path = match cx.process().images().by_address(module.0) {
        Some(image) => image.dos_path(),
        None if module == Handle::NULL => r"C:\windows\system32\opendriver.exe".to_owned(),
        None => return cx.fail(INVALID_HANDLE, 0),
    };
    let shown = if is_short {
        path.rsplit('\\').next().unwrap_or_default()
    } else {
        &path
    };
    letters
        .put_cut(cx, buffer, shown, u64::from(room))
        .map(|written| written as u32)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn the_program_has_a_name_and_no_image() {
        let bench = Bench::new();
        let buffer = bench.bytes(&[0; 64]);
        assert_eq!(
            bench.ask(
                "psapi.dll",
                "GetModuleBaseNameA",
                &[u64::MAX, 0, buffer, 64]
            ),
            14
        );
        assert_eq!(bench.read(buffer, 15), b"opendriver.exe\0");
        assert_eq!(
            bench.ask(
                "psapi.dll",
                "GetModuleBaseNameA",
                &[u64::MAX, 0x7777, buffer, 64]
            ),
            0
        );
        assert_eq!(
            bench.ask(
                "psapi.dll",
                "EnumProcessModules",
                &[u64::MAX, buffer, 64, buffer]
            ),
            1
        );
        assert_eq!(bench.read(buffer, 4), [0; 4]);
    }
}
