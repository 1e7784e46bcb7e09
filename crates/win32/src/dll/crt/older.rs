//! What only some of the runtimes have: helpers of their own parts, and what came before Windows.

use super::aliases;
use super::files::{encode, host_path, path_of, text_of};
use super::runtime::{errno, fail, invalid_parameter, refuse, set_errno, windows};
use super::text::{Text, put_string, string};
use crate::cx::Cx;
use crate::shim::{Addr, Handle, Size, VarArgs, shims};
use crate::trap::Trap;

/// Calls the function of `kernel32.dll` that a helper of the runtime stands for.
fn kernel(cx: &mut Cx<'_>, function: &str, arguments: &[u64]) -> Result<u64, Trap> {
    Ok(windows(cx, "kernel32.dll", function, arguments)?.unwrap_or(0))
}

/// `_mktemp`: the six X at the end become a letter and five digits that no file has.
fn make_name<C: Text>(cx: &mut Cx<'_>, template: Addr) -> Result<bool, Trap> {
    let mut text = string::<C>(cx, template)?;
    let start = text.len().saturating_sub(6);
    if text.len() < 6 || text[start..].iter().any(|unit| unit.ascii() != b'X') {
        return invalid_parameter(cx, "_mktemp", errno::EINVAL, false);
    }
    let number = std::process::id() % 100_000;
    for letter in b'a'..=b'z' {
        let name = format!("{}{number:05}", char::from(letter));
        for (unit, byte) in text[start..].iter_mut().zip(name.bytes()) {
            *unit = C::from(byte);
        }
        put_string(cx, template, &text)?;
        if !path_of::<C>(cx, template)?.exists() {
            return Ok(true);
        }
    }
    fail(cx, errno::EEXIST, false)
}

/// `_searchenv`: the file here, or in one of the directories of a variable.
fn search<C: Text>(
    cx: &mut Cx<'_>,
    file: Addr,
    directories: Addr,
    (at, room): (Addr, u64),
) -> Result<i32, Trap> {
    let file = text_of::<C>(cx, file)?;
    let directories = if directories.is_null() {
        String::new()
    } else {
        text_of::<C>(cx, directories)?
    };
    let places = std::iter::once(file.clone()).chain(
        directories
            .split(';')
            .filter(|step| !step.is_empty())
            .map(|step| format!("{}\\{file}", step.trim_end_matches('\\'))),
    );
    for place in places {
        if host_path(cx, &place).is_file() {
            let text = encode::<C>(cx, &place);
            if text.len() as u64 >= room {
                return Ok(errno::ERANGE);
            }
            put_string(cx, at, &text)?;
            return Ok(0);
        }
    }
    put_string::<C>(cx, at, &[])?;
    fail(cx, errno::ENOENT, errno::ENOENT)
}

/// `_utime`: sets when a file was last read and written, or now.
fn set_times(
    cx: &Cx<'_>,
    file: std::io::Result<std::fs::File>,
    times: Addr,
    long: bool,
) -> Result<i32, Trap> {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};
    let read = |at: Addr| -> Result<SystemTime, Trap> {
        let seconds = if long {
            cx.read::<i64>(at)?
        } else {
            cx.read::<i32>(at)?.into()
        };
        Ok(UNIX_EPOCH + Duration::from_secs(seconds.max(0) as u64))
    };
    let (accessed, modified) = if times.is_null() {
        (SystemTime::now(), SystemTime::now())
    } else {
        (read(times)?, read(times.offset(if long { 8 } else { 4 }))?)
    };
    let times = std::fs::FileTimes::new()
        .set_accessed(accessed)
        .set_modified(modified);
    match file.and_then(|file| file.set_times(times)) {
        Ok(()) => Ok(0),
        Err(error) => fail(cx, super::files::error_number(&error), -1),
    }
}

fn set_times_of<C: Text>(cx: &Cx<'_>, path: Addr, times: Addr, long: bool) -> Result<i32, Trap> {
    let path = path_of::<C>(cx, path)?;
    set_times(
        cx,
        std::fs::OpenOptions::new().write(true).open(path),
        times,
        long,
    )
}

/// `ERROR_FILE_NOT_FOUND` and its like as numbers of `<errno.h>`.
const fn number_of(system: u32) -> i32 {
    match system {
        2 | 3 | 15 | 18 | 53 | 67 | 161 | 206 => errno::ENOENT,
        4 => errno::EMFILE,
        5 | 16 | 19..=36 | 65 | 82 | 83 | 108 | 132 | 158 | 167 => errno::EACCES,
        6 | 114 | 130 => errno::EBADF,
        7..=9 | 14 | 1816 => errno::ENOMEM,
        80 | 183 => errno::EEXIST,
        112 => errno::ENOSPC,
        145 => errno::ENOTEMPTY,
        _ => errno::EINVAL,
    }
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Hides a pointer from who overwrites memory.
    fn _encode_pointer(cx, pointer: Addr) -> Addr { kernel(cx, "EncodePointer", &[pointer.0]).map(Addr) }

    /// Shows a pointer that was hidden.
    fn _decode_pointer(cx, pointer: Addr) -> Addr { kernel(cx, "DecodePointer", &[pointer.0]).map(Addr) }

    /// Answers the null pointer as it is hidden.
    fn _encoded_null(cx) -> Addr { kernel(cx, "EncodePointer", &[0]).map(Addr) }

    /// Ends the process, which is a fault of the driver's.
    fn __crtTerminateProcess(cx, code: u32) { Err(Trap::exit("__crtTerminateProcess", code)) }

    /// Tells of an exception that nobody handles.
    fn __crtUnhandledException(cx, pointers: Addr) -> i32 {
        kernel(cx, "UnhandledExceptionFilter", &[pointers.0]).map(|answer| answer as i32)
    }

    /// Sets the filter of exceptions that nobody handles.
    fn __crtSetUnhandledExceptionFilter(cx, filter: Addr) -> Addr {
        kernel(cx, "SetUnhandledExceptionFilter", &[filter.0]).map(Addr)
    }

    /// Sleeps for so many milliseconds.
    fn __crtSleep(cx, milliseconds: u32) {
        kernel(cx, "Sleep", &[milliseconds.into()])?;
        Ok(())
    }

    /// Answers the milliseconds since the system started.
    fn __crtGetTickCount64(cx) -> u64 { kernel(cx, "GetTickCount64", &[]) }

    /// Takes an index of storage that each thread has for itself.
    fn __crtFlsAlloc(cx, callback: Addr) -> u32 { kernel(cx, "FlsAlloc", &[callback.0]).map(|index| index as u32) }

    /// Gives such an index back.
    fn __crtFlsFree(cx, index: u32) -> i32 { kernel(cx, "FlsFree", &[index.into()]).map(|done| done as i32) }

    /// Answers this thread's value at such an index.
    fn __crtFlsGetValue(cx, index: u32) -> Addr { kernel(cx, "FlsGetValue", &[index.into()]).map(Addr) }

    /// Sets this thread's value at such an index.
    fn __crtFlsSetValue(cx, index: u32, value: Addr) -> i32 {
        kernel(cx, "FlsSetValue", &[index.into(), value.0]).map(|done| done as i32)
    }

    /// Makes a critical section.
    fn __crtInitializeCriticalSectionEx(cx, section: Addr, spins: u32, flags: u32) -> i32 {
        kernel(cx, "InitializeCriticalSectionEx", &[section.0, spins.into(), flags.into()]).map(|done| done as i32)
    }

    /// Tells whether the program came from a shop of programs; none does.
    fn __crtIsPackagedApp(cx) -> i32 { Ok(0) }

    /// Answers how the first window is shown (`SW_SHOWDEFAULT`).
    fn __crtGetShowWindowMode(cx) -> u16 { Ok(10) }

    /// Sets `errno` for an error of the system.
    fn _dosmaperr(cx, error: u32) {
        cx.write(super::runtime::slot(cx, super::runtime::Slot::DosErrno)?, error)?;
        set_errno(cx, number_of(error))
    }

    /// Tells what the checks at run time are told of; nothing.
    fn _CRT_RTC_INIT(cx, a: Addr, b: Addr, c: i32, d: i32, e: i32) -> Addr { Ok(Addr::NULL) }

    /// Walks the blocks of the heap; there is no list of them (`_HEAPEND`).
    fn _heapwalk(cx, entry: Addr) -> i32 { Ok(-5) }

    /// Answers the size up to which small blocks have a heap of their own; none has.
    fn _get_sbh_threshold(cx) -> Size { Ok(Size(0)) }

    /// Says up to which size small blocks have a heap of their own; none can.
    fn _set_sbh_threshold(cx, bytes: Size) -> i32 { Ok(0) }

    /// Says whether SSE2 is used; it always is.
    fn _set_SSE2_enable(cx, flag: i32) -> i32 { Ok(1) }

    /// Makes a sound; nobody hears it.
    fn _beep(cx, frequency: u32, duration: u32) { Ok(()) }

    /// Loads a DLL.
    fn _loaddll(cx, name: Addr) -> Handle { kernel(cx, "LoadLibraryA", &[name.0]).map(Handle) }

    /// Unloads a DLL.
    fn _unloaddll(cx, module: Handle) -> i32 {
        let done = kernel(cx, "FreeLibrary", &[module.0])? as i32;
        Ok(if done != 0 { 0 } else { 6 })
    }

    /// Finds a function of a DLL by name, or by ordinal.
    fn _getdllprocaddr(cx, module: Handle, name: Addr, ordinal: Size) -> Addr {
        let wanted = if name.is_null() { ordinal.0 & 0xffff } else { name.0 };
        kernel(cx, "GetProcAddress", &[module.0, wanted]).map(Addr)
    }

    /// Runs another program in the place of this one; there are none here.
    fn _execl(cx, command: Addr, rest: VarArgs) -> Addr { fail(cx, errno::ENOENT, Addr(u64::MAX)) }

    /// Waits for another program; there are none here.
    fn _cwait(cx, status: Addr, process: Addr, action: i32) -> Addr { fail(cx, errno::EINVAL, Addr(u64::MAX)) }

    /// Closes a pipe to another program; there are none here.
    fn _pclose(cx, file: Addr) -> i32 { fail(cx, errno::EINVAL, -1) }

    /// Makes a pipe; nobody would be at its other end.
    fn _pipe(cx, numbers: Addr, size: u32, mode: i32) -> i32 { fail(cx, errno::EMFILE, -1) }

    /// Changes the drive; a driver cannot take its host elsewhere.
    fn _chdrive(cx, drive: i32) -> i32 { fail(cx, errno::EACCES, -1) }

    /// Answers what `_Strftime` is given for the names of days and months.
    fn _Gettnames(cx) -> Addr { Ok(cx.allocate_zeroed(Size(512))) }

    /// Makes a name that no file has from a template.
    fn _mktemp(cx, template: Addr) -> Addr {
        Ok(if make_name::<u8>(cx, template)? { template } else { Addr::NULL })
    }

    /// Makes a wide name that no file has from a template.
    fn _wmktemp(cx, template: Addr) -> Addr {
        Ok(if make_name::<u16>(cx, template)? { template } else { Addr::NULL })
    }

    /// Makes a name that no file has from a template in a buffer of known size.
    fn _mktemp_s(cx, template: Addr, room: Size) -> i32 {
        Ok(if make_name::<u8>(cx, template)? { 0 } else { errno::EINVAL })
    }

    /// Makes a wide name that no file has from a template in a buffer of known size.
    fn _wmktemp_s(cx, template: Addr, room: Size) -> i32 {
        Ok(if make_name::<u16>(cx, template)? { 0 } else { errno::EINVAL })
    }

    /// Looks for a file in the directories of a variable.
    fn _searchenv(cx, file: Addr, variable: Addr, at: Addr) {
        let directories = windows(cx, "msvcrt.dll", "getenv", &[variable.0])?.unwrap_or(0);
        search::<u8>(cx, file, Addr(directories), (at, 260))?;
        Ok(())
    }

    /// Looks for a file in the directories of a variable, by wide name.
    fn _wsearchenv(cx, file: Addr, variable: Addr, at: Addr) {
        let directories = windows(cx, "msvcrt.dll", "_wgetenv", &[variable.0])?.unwrap_or(0);
        search::<u16>(cx, file, Addr(directories), (at, 260))?;
        Ok(())
    }

    /// Looks for a file in the directories of a variable, for a buffer of known size.
    fn _searchenv_s(cx, file: Addr, variable: Addr, at: Addr, room: Size) -> i32 {
        if at.is_null() || room.0 == 0 {
            return refuse(cx, "_searchenv_s", errno::EINVAL);
        }
        let directories = windows(cx, "msvcrt.dll", "getenv", &[variable.0])?.unwrap_or(0);
        search::<u8>(cx, file, Addr(directories), (at, room.0))
    }

    /// Sets when a file was last read and written, times of 32 bits.
    fn _utime32(cx, path: Addr, times: Addr) -> i32 { set_times_of::<u8>(cx, path, times, false) }

    /// Sets when a file was last read and written, times of 64 bits.
    fn _utime64(cx, path: Addr, times: Addr) -> i32 { set_times_of::<u8>(cx, path, times, true) }

    /// Sets when a file was last read and written by wide name, times of 32 bits.
    fn _wutime32(cx, path: Addr, times: Addr) -> i32 { set_times_of::<u16>(cx, path, times, false) }

    /// Sets when a file was last read and written by wide name, times of 64 bits.
    fn _wutime64(cx, path: Addr, times: Addr) -> i32 { set_times_of::<u16>(cx, path, times, true) }

    /// Tells whether a byte is Japanese Katakana; in these code pages none is.
    fn _ismbbkana(cx, byte: u32) -> i32 { Ok(0) }

    /// Makes a character of one code another; in these code pages there is one code.
    fn _mbctohira(cx, character: u32) -> u32 { Ok(character) }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "_Gettnames" as "_W_Gettnames",
        "_CRT_RTC_INIT" as "_CRT_RTC_INITW",
        "_execl" as "_execv",
        "_execl" as "_execle",
        "_execl" as "_execlp",
        "_execl" as "_execvp",
        "_execl" as "_execve",
        "_execl" as "_execlpe",
        "_execl" as "_execvpe",
        "_execl" as "_wexecl",
        "_execl" as "_wexecv",
        "_execl" as "_wexecvp",
        "_ismbbkana" as "_ismbbkalnum",
        "_ismbbkana" as "_ismbbkprint",
        "_ismbbkana" as "_ismbbkpunct",
        "_ismbbkana" as "_ismbchira",
        "_ismbbkana" as "_ismbckata",
        "_ismbbkana" as "_ismbcl0",
        "_ismbbkana" as "_ismbcl1",
        "_ismbbkana" as "_ismbcl2",
        "_ismbbkana" as "_ismbcsymbol",
        "_mbctohira" as "_mbctokata",
        "_mbctohira" as "_mbcjistojms",
        "_mbctohira" as "_mbcjmstojis",
        "_mbctohira" as "_mbctombb",
        "_mbctohira" as "_mbbtombc";
    super::strings::SHIMS => "strnlen" as "__strncnt";
    super::wide::SHIMS => "wcsnlen" as "__wcsncnt";
    super::memory::SHIMS => "_memicmp" as "_memicmp_l", "_swab" as "swab", "_memccpy" as "memccpy", "_memicmp" as "memicmp";
    super::faults::SHIMS => "_crt_debugger_hook" as "__crt_debugger_hook";
    super::ctype::SHIMS => "__iswcsym" as "_iswcsym_l", "__iswcsymf" as "_iswcsymf_l";
    super::startup::SHIMS => "system" as "_wsystem";
}
aliases! {
    pub(in crate::dll) static PLAIN_64;
    SHIMS => "_utime64" as "_utime", "_wutime64" as "_wutime";
}

aliases! {
    pub(in crate::dll) static PLAIN_32;
    SHIMS => "_utime32" as "_utime", "_wutime32" as "_wutime";
}
