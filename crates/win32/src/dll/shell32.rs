//! `shell32.dll`: folders by number; there is no shell to run anything.

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Dll, Handle, Size, shims};
use crate::station::Report;
use crate::trap::Trap;

pub(super) static SHELL32: Dll = Dll {
    name: "shell32.dll",
    tables: &[SHIMS],
    ..Dll::EMPTY
};

const E_FAIL: u32 = 0x8000_4005;
const E_INVALID: u32 = 0x8007_0057;

shims! {
    static SHIMS = "shell32.dll", stdcall;

    /// Answers the path of a folder by its number.
    fn SHGetFolderPathA(cx, owner: Handle, folder: i32, token: Handle, flags: u32, path: Addr) -> u32 {
        give_folder(cx, Ansi, folder, path).map(|found| if found { 0 } else { E_INVALID })
    }

    /// Answers the path of a folder by its number.
    fn SHGetFolderPathW(cx, owner: Handle, folder: i32, token: Handle, flags: u32, path: Addr) -> u32 {
        give_folder(cx, Wide, folder, path).map(|found| if found { 0 } else { E_INVALID })
    }

    /// Answers the path of a folder by its number.
    fn SHGetSpecialFolderPathA(cx, owner: Handle, path: Addr, folder: i32, create: bool) -> bool {
        give_folder(cx, Ansi, folder, path)
    }

    /// Answers the path of a folder by its number.
    fn SHGetSpecialFolderPathW(cx, owner: Handle, path: Addr, folder: i32, create: bool) -> bool {
        give_folder(cx, Wide, folder, path)
    }

    /// Answers what the shell allocates memory with; there is no shell.
    fn SHGetMalloc(cx, result: Addr) -> u32 {
        cx.write_addr(result, Addr::NULL)?;
        Ok(E_FAIL)
    }

    /// Lets a person choose a folder; nobody does.
    fn SHBrowseForFolderA(cx, info: Addr) -> Addr {
        Ok(Addr::NULL)
    }

    /// Lets a person choose a folder; nobody does.
    fn SHBrowseForFolderW(cx, info: Addr) -> Addr {
        Ok(Addr::NULL)
    }

    /// Opens a file with its program; there is none, and what was asked is reported.
    fn ShellExecuteA(cx, owner: Handle, verb: Addr, file: Addr, arguments: Addr, folder: Addr, show: i32) -> Size {
        execute(cx, Ansi, file)
    }

    /// Opens a file with its program; there is none, and what was asked is reported.
    fn ShellExecuteW(cx, owner: Handle, verb: Addr, file: Addr, arguments: Addr, folder: Addr, show: i32) -> Size {
        execute(cx, Wide, file)
    }

    /// Puts an icon beside the clock; there is no clock.
    fn Shell_NotifyIconA(cx, message: u32, data: Addr) -> bool {
        Ok(false)
    }

    /// Puts an icon beside the clock; there is no clock.
    fn Shell_NotifyIconW(cx, message: u32, data: Addr) -> bool {
        Ok(false)
    }

    /// Lets a window take files that are dropped on it; nobody drops any.
    fn DragAcceptFiles(cx, window: Handle, accept: bool) {
        Ok(())
    }
}

fn give_folder(cx: &Cx<'_>, letters: Letters, folder: i32, path: Addr) -> Result<bool, Trap> {
    /// `CSIDL_FLAG_CREATE` and its kin stand above the number.
    const NUMBER: i32 = 0xFF;
    let name = match folder & NUMBER {
        0x05 => r"C:\users\user\Documents",
        0x10 | 0x00 => r"C:\users\user\Desktop",
        0x1A => r"C:\users\user\AppData\Roaming",
        0x1C => r"C:\users\user\AppData\Local",
        0x23 => r"C:\ProgramData",
        0x24 => r"C:\windows",
        0x25 => r"C:\windows\system32",
        0x26 => r"C:\Program Files",
        0x28 => r"C:\users\user",
        0x2B => r"C:\Program Files\Common Files",
        _ => return Ok(false),
    };
    letters.put(cx, path, name)?;
    Ok(true)
}

fn execute(cx: &Cx<'_>, letters: Letters, file: Addr) -> Result<Size, Trap> {
    /// `SE_ERR_NOASSOC`
    const NO_PROGRAM: u64 = 31;
    let file = letters.optional(cx, file)?.unwrap_or_default();
    cx.report(Report::Warning(format!(
        "a driver asked to open \"{file}\", which was not done"
    )));
    Ok(Size(NO_PROGRAM))
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn folders_have_paths_and_nothing_is_run() {
        let bench = Bench::new();
        let path = bench.bytes(&[0; 260]);
        assert_eq!(
            bench.ask("shell32.dll", "SHGetFolderPathA", &[0, 0x8024, 0, 0, path]),
            0
        );
        assert_eq!(bench.read(path, 11), b"C:\\windows\0");
        assert_ne!(
            bench.ask("shell32.dll", "SHGetFolderPathA", &[0, 0x99, 0, 0, path]),
            0
        );
        assert_eq!(
            bench.ask(
                "shell32.dll",
                "ShellExecuteA",
                &[0, 0, bench.text("http://x"), 0, 0, 1]
            ),
            31
        );
        assert_eq!(bench.reports().len(), 1);
    }
}
