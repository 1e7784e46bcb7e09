//! Standard handles and consoles: what a driver prints is reported, and nobody types.

use std::fs::File;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::{Arc, Mutex};

use crate::cx::Cx;
use crate::dll::kernel32::files::{OpenFile, Stream};
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::station::Report;
use crate::trap::Trap;

const ERROR_ACCESS_DENIED: u32 = 5;
const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;

/// The handles of standard input, output and error.
#[derive(Default)]
struct Standard {
    handles: Mutex<[Option<Handle>; 3]>,
}

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Answers the handle of standard input (-10), output (-11) or error (-12).
    fn GetStdHandle(cx, which: i32) -> Handle {
        let Some(index) = index(which) else { return cx.fail(ERROR_INVALID_HANDLE, Handle::INVALID) };
        let standard = cx.state::<Standard>();
        let mut handles = standard.handles.lock().expect("no holder panics");
        let made = || {
            let stream = if index == 0 { Stream::Null } else { Stream::Console };
            cx.process().handles().insert(Arc::new(OpenFile::new(stream)))
        };
        Ok(*handles[index].get_or_insert_with(made))
    }

    /// Sets the handle of standard input, output or error.
    fn SetStdHandle(cx, which: i32, handle: Handle) -> bool {
        let Some(index) = index(which) else { return cx.fail(ERROR_INVALID_HANDLE, false) };
        let standard = cx.state::<Standard>();
        standard.handles.lock().expect("no holder panics")[index] = Some(handle);
        Ok(true)
    }

    /// Writes text to a console.
    fn WriteConsoleA(cx, console: Handle, text: Addr, count: u32, done: Addr, reserved: Addr) -> bool { write(cx, Ansi, console, text, count, done) }

    /// Writes text to a console.
    fn WriteConsoleW(cx, console: Handle, text: Addr, count: u32, done: Addr, reserved: Addr) -> bool { write(cx, Wide, console, text, count, done) }

    /// Reads what was typed: nothing.
    fn ReadConsoleA(cx, console: Handle, buffer: Addr, count: u32, done: Addr, control: Addr) -> bool { no_console(cx, console) }

    /// Reads what was typed: nothing.
    fn ReadConsoleW(cx, console: Handle, buffer: Addr, count: u32, done: Addr, control: Addr) -> bool { no_console(cx, console) }

    /// Writes how a console behaves; there is none.
    fn GetConsoleMode(cx, console: Handle, mode: Addr) -> bool { no_console(cx, console) }

    /// Sets how a console behaves; there is none.
    fn SetConsoleMode(cx, console: Handle, mode: u32) -> bool { no_console(cx, console) }

    /// Describes a console's screen; there is none.
    fn GetConsoleScreenBufferInfo(cx, console: Handle, info: Addr) -> bool { no_console(cx, console) }

    /// Sets a console's colours; there is none.
    fn SetConsoleTextAttribute(cx, console: Handle, colours: u16) -> bool { no_console(cx, console) }

    /// Sets a console's title; there is none.
    fn SetConsoleTitleA(cx, title: Addr) -> bool { cx.fail(ERROR_INVALID_HANDLE, false) }

    /// Sets a console's title; there is none.
    fn SetConsoleTitleW(cx, title: Addr) -> bool { cx.fail(ERROR_INVALID_HANDLE, false) }

    /// Writes how many keys were typed; there is no console.
    fn GetNumberOfConsoleInputEvents(cx, console: Handle, count: Addr) -> bool { no_console(cx, console) }

    /// Answers the code page of what is typed; there is no console.
    fn GetConsoleCP(cx) -> u32 { cx.fail(ERROR_INVALID_HANDLE, 0) }

    /// Answers the code page of what is shown; there is no console.
    fn GetConsoleOutputCP(cx) -> u32 { cx.fail(ERROR_INVALID_HANDLE, 0) }

    /// Answers the window of the console; there is none.
    fn GetConsoleWindow(cx) -> Handle { Ok(Handle::NULL) }

    /// Opens a console, which is refused.
    fn AllocConsole(cx) -> bool { cx.fail(ERROR_ACCESS_DENIED, false) }

    /// Shares another process' console, which is refused.
    fn AttachConsole(cx, process: u32) -> bool { cx.fail(ERROR_ACCESS_DENIED, false) }

    /// Leaves the console; there is none.
    fn FreeConsole(cx) -> bool { cx.fail(ERROR_INVALID_HANDLE, false) }

    /// Notes who wants to hear of Ctrl-C, which nobody presses.
    fn SetConsoleCtrlHandler(cx, handler: Addr, add: bool) -> bool { Ok(true) }

    /// Makes a pipe.
    fn CreatePipe(cx, read: Addr, write: Addr, security: Addr, size: u32) -> bool {
        let mut ends = [0; 2];
        // SAFETY: the array is ours and has room for both ends.
        if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
            return cx.fail(ERROR_NOT_ENOUGH_MEMORY, false);
        }
        for (to, end) in [read, write].into_iter().zip(ends) {
            // SAFETY: the descriptor was just made, and nobody else has it.
            let end = unsafe { OwnedFd::from_raw_fd(end) };
            let handle = cx.process().handles().insert(Arc::new(OpenFile::new(Stream::Host(File::from(end)))));
            cx.write_addr(to, Addr(handle.0))?;
        }
        Ok(true)
    }
}

fn index(which: i32) -> Option<usize> {
    match which {
        -10 => Some(0),
        -11 => Some(1),
        -12 => Some(2),
        _ => None,
    }
}

fn write(
    cx: &Cx<'_>,
    letters: Letters,
    console: Handle,
    text: Addr,
    count: u32,
    done: Addr,
) -> Result<bool, Trap> {
    let open = cx.process().handles().get::<OpenFile>(console);
    if !open.is_some_and(|open| open.is_console()) {
        return cx.fail(ERROR_INVALID_HANDLE, false);
    }
    let text = letters.decode(cx, &cx.bytes(text, u64::from(count) * letters.bytes())?);
    cx.report(Report::Output(text));
    cx.write_unless_null(done, count)?;
    Ok(true)
}

/// What is printed is reported, but there is no screen: that is how output to a file behaves.
fn no_console(cx: &Cx<'_>, _: Handle) -> Result<bool, Trap> {
    cx.fail(ERROR_INVALID_HANDLE, false)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;
    use crate::station::Report;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn what_is_printed_is_reported() {
        let bench = Bench::new();
        let output = bench.ask(DLL, "GetStdHandle", &[-11_i32 as u32 as u64]);
        assert_eq!(
            bench.ask(DLL, "GetStdHandle", &[-11_i32 as u32 as u64]),
            output
        );
        let (text, done) = (bench.text("hello"), bench.bytes(&[0; 4]));
        assert_eq!(bench.ask(DLL, "WriteFile", &[output, text, 5, done, 0]), 1);
        let wide = bench.wide("größer");
        assert_eq!(
            bench.ask(DLL, "WriteConsoleW", &[output, wide, 6, done, 0]),
            1
        );
        let status = bench.bytes(&[0xff; 16]);
        let native = [output, 0, 0, 0, status, text, 4, 0, 0];
        assert_eq!(bench.ask("ntdll.dll", "NtWriteFile", &native), 0);
        assert_eq!(bench.read(status + 8, 8), 4_u64.to_le_bytes());
        let expected = ["hello", "größer", "hell"].map(|text| Report::Output(text.to_owned()));
        assert_eq!(bench.reports(), expected);
        assert_eq!(bench.ask(DLL, "GetConsoleMode", &[output, done]), 0);
        assert_eq!(bench.ask(DLL, "GetFileType", &[output]), 2);
    }

    #[test]
    fn nobody_types() {
        let bench = Bench::new();
        let input = bench.ask(DLL, "GetStdHandle", &[-10_i32 as u32 as u64]);
        let (buffer, done) = (bench.bytes(&[0; 4]), bench.bytes(&[0xaa; 4]));
        assert_eq!(bench.ask(DLL, "ReadFile", &[input, buffer, 4, done, 0]), 1);
        assert_eq!(bench.read(done, 4), [0; 4]);
        assert_eq!(bench.ask(DLL, "GetStdHandle", &[1]), u64::MAX);
    }

    #[test]
    fn what_goes_into_a_pipe_comes_out() {
        let bench = Bench::new();
        let ends = bench.bytes(&[0; 16]);
        assert_eq!(bench.ask(DLL, "CreatePipe", &[ends, ends + 8, 0, 0]), 1);
        let end = |at| u64::from_le_bytes(bench.read(ends + at, 8).try_into().unwrap());
        let (text, done, buffer) = (
            bench.text("pipe"),
            bench.bytes(&[0; 4]),
            bench.bytes(&[0; 8]),
        );
        assert_eq!(bench.ask(DLL, "WriteFile", &[end(8), text, 4, done, 0]), 1);
        assert_eq!(bench.ask(DLL, "ReadFile", &[end(0), buffer, 8, done, 0]), 1);
        assert_eq!(
            (bench.read(done, 1), bench.read(buffer, 4)),
            (vec![4], b"pipe".to_vec())
        );
        assert_eq!(bench.ask(DLL, "GetFileType", &[end(0)]), 3);
    }
}
