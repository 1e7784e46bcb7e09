//! What goes wrong, and who is told: `errno`, `assert`, signals, invalid parameters.

use super::aliases;
use super::runtime::{Own, Shared, Slot, errno, fail, invalid_parameter, refuse, slot};
use super::text::{Text, put_string};
use crate::cx::Cx;
use crate::shim::{Addr, Data, Size, shims};
use crate::station::Report;
use crate::trap::Trap;

/// The messages of `strerror`, by number.
pub(super) const MESSAGES: [&str; 44] = [
    "No error",
    "Operation not permitted",
    "No such file or directory",
    "No such process",
    "Interrupted function call",
    "Input/output error",
    "No such device or address",
    "Arg list too long",
    "Exec format error",
    "Bad file descriptor",
    "No child processes",
    "Resource temporarily unavailable",
    "Not enough space",
    "Permission denied",
    "Bad address",
    "Unknown error",
    "Resource device",
    "File exists",
    "Improper link",
    "No such device",
    "Not a directory",
    "Is a directory",
    "Invalid argument",
    "Too many open files in system",
    "Too many open files",
    "Inappropriate I/O control operation",
    "Unknown error",
    "File too large",
    "No space left on device",
    "Invalid seek",
    "Read-only file system",
    "Too many links",
    "Broken pipe",
    "Domain error",
    "Result too large",
    "Unknown error",
    "Resource deadlock avoided",
    "Unknown error",
    "Filename too long",
    "No locks available",
    "Function not implemented",
    "Directory not empty",
    "Illegal byte sequence",
    "Unknown error",
];

fn message(error: i32) -> &'static str {
    usize::try_from(error)
        .ok()
        .and_then(|index| MESSAGES.get(index))
        .unwrap_or(&"Unknown error")
}

fn units<C: Text>(text: &str) -> Vec<C> {
    text.bytes().map(C::from).collect()
}

/// `_strerror`: a text of the caller's, the message and a line feed.
fn message_after<C: Text>(cx: &Cx<'_>, text: Addr, most: usize) -> Result<Vec<C>, Trap> {
    let error: i32 = cx.read(slot(cx, Slot::Errno)?)?;
    let mut found = Vec::new();
    if !text.is_null() {
        found = super::text::limited::<C>(cx, text, most as u64)?;
        found.extend(units::<C>(": "));
    }
    found.extend(units::<C>(message(error)));
    found.push(C::from(b'\n'));
    Ok(found)
}

fn put_message<C: Text>(
    cx: &mut Cx<'_>,
    (at, room): (Addr, u64),
    mut text: Vec<C>,
) -> Result<i32, Trap> {
    if at.is_null() || room == 0 {
        return refuse(cx, "strerror_s", errno::EINVAL);
    }
    text.truncate(usize::try_from(room - 1).unwrap_or(usize::MAX));
    put_string(cx, at, &text)?;
    Ok(0)
}

fn fill_messages(cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
    for (index, text) in (0..).zip(MESSAGES) {
        let place = super::text::allocate(cx, text.as_bytes())?;
        cx.write_addr(at.offset(index * cx.pointer_size()), place)?;
    }
    Ok(())
}

/// The messages and how many there are.
pub(in crate::dll) static DATA: &[Data] = &[
    Data {
        name: "_sys_errlist",
        size: 8 * MESSAGES.len(),
        fill: |cx, at| fill_messages(cx, at),
    },
    Data {
        name: "_sys_nerr",
        size: 4,
        fill: |cx, at| cx.write(at, MESSAGES.len() as i32 - 1),
    },
];

/// Signals that a program may handle, and what they are called.
const SIGNALS: [(i32, &str); 8] = [
    (2, "SIGINT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (8, "SIGFPE"),
    (11, "SIGSEGV"),
    (15, "SIGTERM"),
    (21, "SIGBREAK"),
    (22, "SIGABRT"),
];
const SIG_DFL: u64 = 0;
const SIG_IGN: u64 = 1;
const SIG_ERR: u64 = u64::MAX;

/// Ends the process as `abort` does, once the driver's own handler has had its turn.
fn abort_now(cx: &mut Cx<'_>, function: &'static str) -> Result<(), Trap> {
    let handler = cx
        .state::<Shared>()
        .signals
        .lock()
        .expect("no holder panics")[22];
    if handler != SIG_DFL && handler != SIG_IGN {
        cx.call(Addr(handler), &[22])?;
    }
    Err(Trap::exit(function, 3))
}

fn assertion(cx: &mut Cx<'_>, what: String, file: String, line: u32) -> Result<(), Trap> {
    cx.report(Report::Output(format!(
        "Assertion failed: {what}, file {file}, line {line}"
    )));
    abort_now(cx, "_assert")
}

/// `STATUS_INVALID_CRUNTIME_PARAMETER`, by which a program without a handler ends.
const INVALID_CRUNTIME_PARAMETER: u32 = 0xC000_0417;

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Answers the address of this thread's `errno`.
    fn _errno(cx) -> Addr { slot(cx, Slot::Errno) }

    /// Answers the address of this thread's last system error.
    fn __doserrno(cx) -> Addr { slot(cx, Slot::DosErrno) }

    /// Stores `errno`.
    fn _get_errno(cx, at: Addr) -> i32 {
        if at.is_null() {
            return refuse(cx, "_get_errno", errno::EINVAL);
        }
        let value: i32 = cx.read(slot(cx, Slot::Errno)?)?;
        cx.write(at, value)?;
        Ok(0)
    }

    /// Sets `errno`.
    fn _set_errno(cx, error: i32) -> i32 {
        cx.write(slot(cx, Slot::Errno)?, error)?;
        Ok(0)
    }

    /// Stores the last system error.
    fn _get_doserrno(cx, at: Addr) -> i32 {
        if at.is_null() {
            return refuse(cx, "_get_doserrno", errno::EINVAL);
        }
        let value: u32 = cx.read(slot(cx, Slot::DosErrno)?)?;
        cx.write(at, value)?;
        Ok(0)
    }

    /// Sets the last system error.
    fn _set_doserrno(cx, error: u32) -> i32 {
        cx.write(slot(cx, Slot::DosErrno)?, error)?;
        Ok(0)
    }

    /// Answers the message of an error.
    fn strerror(cx, error: i32) -> Addr {
        let at = slot(cx, Slot::Strerror)?;
        put_string(cx, at, message(error).as_bytes())?;
        Ok(at)
    }

    /// Answers the wide message of an error.
    fn _wcserror(cx, error: i32) -> Addr {
        let at = slot(cx, Slot::WideStrerror)?;
        put_string(cx, at, &units::<u16>(message(error)))?;
        Ok(at)
    }

    /// Answers a text and the message of the last error.
    fn _strerror(cx, text: Addr) -> Addr {
        let found = message_after::<u8>(cx, text, 94)?;
        let at = slot(cx, Slot::Strerror)?;
        put_string(cx, at, &found)?;
        Ok(at)
    }

    /// Answers a wide text and the message of the last error.
    fn __wcserror(cx, text: Addr) -> Addr {
        let found = message_after::<u16>(cx, text, 94)?;
        let at = slot(cx, Slot::WideStrerror)?;
        put_string(cx, at, &found)?;
        Ok(at)
    }

    /// Stores the message of an error.
    fn strerror_s(cx, at: Addr, room: Size, error: i32) -> i32 {
        put_message(cx, (at, room.0), units::<u8>(message(error)))
    }

    /// Stores the wide message of an error.
    fn _wcserror_s(cx, at: Addr, room: Size, error: i32) -> i32 {
        put_message(cx, (at, room.0), units::<u16>(message(error)))
    }

    /// Stores a text and the message of the last error.
    fn _strerror_s(cx, at: Addr, room: Size, text: Addr) -> i32 {
        let found = message_after::<u8>(cx, text, 94)?;
        put_message(cx, (at, room.0), found)
    }

    /// Stores a wide text and the message of the last error.
    fn __wcserror_s(cx, at: Addr, room: Size, text: Addr) -> i32 {
        let found = message_after::<u16>(cx, text, 94)?;
        put_message(cx, (at, room.0), found)
    }

    /// Prints a text and the message of the last error.
    fn perror(cx, text: Addr) {
        let found = message_after::<u8>(cx, text, usize::MAX >> 4)?;
        cx.report(Report::Output(cx.process().ansi_to_string(&found)));
        Ok(())
    }

    /// Prints a wide text and the message of the last error.
    fn _wperror(cx, text: Addr) {
        let found = message_after::<u16>(cx, text, usize::MAX >> 4)?;
        cx.report(Report::Output(String::from_utf16_lossy(&found)));
        Ok(())
    }

    /// Answers the messages by number.
    fn __sys_errlist(cx) -> Addr {
        super::runtime::block(cx, "messages", |cx| {
            let at = cx.allocate_zeroed(Size(8 * MESSAGES.len() as u64));
            fill_messages(cx, at)?;
            Ok(at)
        })
    }

    /// Answers where the number of messages lies.
    fn __sys_nerr(cx) -> Addr {
        super::runtime::block(cx, "number of messages", |cx| {
            let at = cx.allocate_zeroed(Size(4));
            cx.write(at, MESSAGES.len() as i32 - 1)?;
            Ok(at)
        })
    }

    /// Ends the process, which is a fault of the driver's.
    fn abort(cx) { abort_now(cx, "abort") }

    /// Ends the process because C++ does not know what else to do.
    fn terminate(cx) {
        let handler = *cx.state::<Shared>().terminate.lock().expect("no holder panics");
        if !handler.is_null() {
            cx.call(handler, &[])?;
        }
        abort_now(cx, "terminate")
    }

    /// Tells of a broken assertion and ends the process.
    fn _assert(cx, what: Addr, file: Addr, line: u32) {
        let (what, file) = (cx.text_a(what)?, cx.text_a(file)?);
        assertion(cx, what, file, line)
    }

    /// Tells of a broken assertion and ends the process.
    fn _wassert(cx, what: Addr, file: Addr, line: u32) {
        let (what, file) = (cx.text_w(what)?, cx.text_w(file)?);
        assertion(cx, what, file, line)
    }

    /// Ends the process because a virtual function without a body was called.
    fn _purecall(cx) {
        let handler = *cx.state::<Shared>().purecall.lock().expect("no holder panics");
        if !handler.is_null() {
            cx.call(handler, &[])?;
        }
        abort_now(cx, "_purecall")
    }

    /// Sets what is called when a virtual function without a body is called.
    fn _set_purecall_handler(cx, handler: Addr) -> Addr {
        Ok(std::mem::replace(&mut cx.state::<Shared>().purecall.lock().expect("no holder panics"), handler))
    }

    /// Answers what is called when a virtual function without a body is called.
    fn _get_purecall_handler(cx) -> Addr {
        Ok(*cx.state::<Shared>().purecall.lock().expect("no holder panics"))
    }

    /// Sets what is called for invalid parameters.
    fn _set_invalid_parameter_handler(cx, handler: Addr) -> Addr {
        let shared = cx.state::<Shared>();
        let mut now = shared.invalid_parameter.lock().expect("no holder panics");
        Ok(std::mem::replace(&mut *now, handler))
    }

    /// Answers what is called for invalid parameters.
    fn _get_invalid_parameter_handler(cx) -> Addr {
        Ok(*cx.state::<Shared>().invalid_parameter.lock().expect("no holder panics"))
    }

    /// Sets what is called for invalid parameters in this thread.
    fn _set_thread_local_invalid_parameter_handler(cx, handler: Addr) -> Addr {
        Ok(cx.thread().state::<Own>().invalid_parameter.replace(handler))
    }

    /// Answers what is called for invalid parameters in this thread.
    fn _get_thread_local_invalid_parameter_handler(cx) -> Addr {
        Ok(cx.thread().state::<Own>().invalid_parameter.get())
    }

    /// Calls the handler for invalid parameters.
    fn _invalid_parameter_noinfo(cx) {
        invalid_parameter(cx, "a function of its own", errno::EINVAL, ())
    }

    /// Calls the handler for invalid parameters with what is known.
    fn _invalid_parameter(cx, expression: Addr, function: Addr, file: Addr, line: u32, reserved: Addr) {
        let own = cx.thread().state::<Own>().invalid_parameter.get();
        let shared = *cx.state::<Shared>().invalid_parameter.lock().expect("no holder panics");
        let handler = if own.is_null() { shared } else { own };
        if handler.is_null() {
            return Err(Trap::exception(INVALID_CRUNTIME_PARAMETER));
        }
        cx.call(handler, &[expression.0, function.0, file.0, line.into(), reserved.0])?;
        Ok(())
    }

    /// Ends the process because of an invalid parameter.
    fn _invalid_parameter_noinfo_noreturn(cx) {
        Err(Trap::exception(INVALID_CRUNTIME_PARAMETER))
    }

    /// Ends the process because of an invalid parameter.
    fn _invoke_watson(cx, expression: Addr, function: Addr, file: Addr, line: u32, reserved: Addr) {
        Err(Trap::exception(INVALID_CRUNTIME_PARAMETER))
    }

    /// Ends the process because the stack was overrun.
    fn __report_gsfailure(cx, cookie: Size) { Err(Trap::exit("__report_gsfailure", 0xC000_0409)) }

    /// Says what a signal does and answers what it did.
    fn signal(cx, number: i32, handler: Addr) -> Addr {
        if !SIGNALS.iter().any(|(known, _)| *known == number) {
            return fail(cx, errno::EINVAL, Addr(SIG_ERR));
        }
        let shared = cx.state::<Shared>();
        let mut signals = shared.signals.lock().expect("no holder panics");
        // SIGABRT has two numbers.
        let number = if number == 6 { 22 } else { number };
        Ok(Addr(std::mem::replace(&mut signals[number as usize], handler.0)))
    }

    /// Sends the process a signal.
    fn raise(cx, number: i32) -> i32 {
        let Some((_, name)) = SIGNALS.iter().find(|(known, _)| *known == number) else {
            return refuse(cx, "raise", errno::EINVAL);
        };
        let number = if number == 6 { 22 } else { number };
        let before = {
            let shared = cx.state::<Shared>();
            let mut signals = shared.signals.lock().expect("no holder panics");
            // A handler is called once, and then the signal does again what it did at first.
            let own = signals[number as usize];
            if own != SIG_IGN {
                signals[number as usize] = SIG_DFL;
            }
            own
        };
        match before {
            SIG_DFL => Err(Trap::exit(name, 3)),
            SIG_IGN => Ok(0),
            handler => {
                cx.call(Addr(handler), &[number as u64])?;
                Ok(0)
            }
        }
    }

    /// Says whether `abort` shows a message; nobody would read it here.
    fn _set_abort_behavior(cx, flags: u32, mask: u32) -> u32 { Ok(0) }

    /// Says where errors are shown (`_OUT_TO_DEFAULT`); nobody would read them here.
    fn _set_error_mode(cx, mode: i32) -> i32 { Ok(0) }

    /// Says which errors of the system are shown; nobody would read them here.
    fn _seterrormode(cx, mode: i32) { Ok(()) }

    /// Tells what the outermost handler of a DLL does with an exception: it looks on.
    fn _seh_filter_dll(cx, code: u32, pointers: Addr) -> i32 { Ok(0) }

    /// Tells what the outermost handler of a program does with an exception: it asks the filter for those that nobody takes.
    fn _XcptFilter(cx, code: u32, pointers: Addr) -> i32 { crate::seh::ask_filter(cx, pointers) }

    /// Answers the address of the exception pointers of a signal handler.
    fn __pxcptinfoptrs(cx) -> Addr { slot(cx, Slot::Signal) }

    /// Answers the address of the code of a floating-point signal.
    fn __fpecode(cx) -> Addr { Ok(slot(cx, Slot::Signal)?.offset(8)) }

    /// Is where a debugger would look on.
    fn _crt_debugger_hook(cx, code: i32) { Ok(()) }

    /// Gives a thread that overran its stack the guard page back.
    fn _resetstkoflw(cx) -> i32 { Ok(1) }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "_seh_filter_dll" as "__CppXcptFilter",
        "_seh_filter_dll" as "_seh_filter_exe",
        "terminate" as "?terminate@@YAXXZ",
        "abort" as "?unexpected@@YAXXZ",
        "abort" as "unexpected";
}
