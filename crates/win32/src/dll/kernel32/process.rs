//! The process and the last error.

use opendriver_pe::Width;

use crate::cx::Cx;
use crate::shim::{Addr, Handle, Size, shims};
use crate::structures::StartupInfo;
use crate::trap::Trap;

const ERROR_INVALID_HANDLE: u32 = 6;
/// `STATUS_BREAKPOINT`.
const BREAKPOINT: u32 = 0x8000_0003;

shims! {
    pub(in crate::dll) static SHIMS = "kernel32.dll", stdcall;

    /// Answers the pseudo handle of the process.
    fn GetCurrentProcess(cx) -> Handle { Ok(Handle::INVALID) }

    /// Answers the identifier of the process.
    fn GetCurrentProcessId(cx) -> u32 { Ok(std::process::id()) }

    /// Answers the identifier of the process of a handle.
    fn GetProcessId(cx, process: Handle) -> u32 { Ok(std::process::id()) }

    /// Opens this process by its identifier.
    fn OpenProcess(cx, access: u32, inherit: bool, id: u32) -> Handle {
        if id == std::process::id() { Ok(Handle::INVALID) } else { cx.fail(87, Handle::NULL) }
    }

    /// Ends the process: the driver broke.
    fn ExitProcess(cx, code: u32) { Err(Trap::exit("ExitProcess", code)) }

    /// Ends a process: ending this one means that the driver broke.
    fn TerminateProcess(cx, process: Handle, code: u32) -> bool {
        if process == Handle::INVALID {
            Err(Trap::exit("TerminateProcess", code))
        } else {
            cx.fail(ERROR_INVALID_HANDLE, false)
        }
    }

    /// Answers that the process is running.
    fn GetExitCodeProcess(cx, process: Handle, code: Addr) -> bool {
        cx.write(code, 259_u32)?;
        Ok(true)
    }

    /// Answers the calling thread's last error.
    fn GetLastError(cx) -> u32 { Ok(cx.thread().last_error()) }

    /// Sets the calling thread's last error.
    fn SetLastError(cx, error: u32) {
        cx.set_last_error(error);
        Ok(())
    }

    /// Sets which errors show a box; none does here. Answers what was set before.
    fn SetErrorMode(cx, mode: u32) -> u32 { Ok(0x8001) }

    /// Answers which errors show a box: none.
    fn GetErrorMode(cx) -> u32 { Ok(0x8001) }

    /// Sets which errors show a box in this thread; none does here.
    fn SetThreadErrorMode(cx, mode: u32, before: Addr) -> bool {
        cx.write_unless_null(before, 0x8001_u32)?;
        Ok(true)
    }

    /// Answers that no debugger is there.
    fn IsDebuggerPresent(cx) -> bool { Ok(false) }

    /// Answers that no debugger is there.
    fn CheckRemoteDebuggerPresent(cx, process: Handle, present: Addr) -> bool {
        cx.write(present, 0_i32)?;
        Ok(true)
    }

    /// Hides a pointer; ours are not worth hiding.
    fn EncodePointer(cx, pointer: Addr) -> Addr { Ok(encode(cx, pointer)) }

    /// Shows a hidden pointer.
    fn DecodePointer(cx, pointer: Addr) -> Addr { Ok(decode(cx, pointer)) }

    /// Hides a pointer; ours are not worth hiding.
    fn EncodeSystemPointer(cx, pointer: Addr) -> Addr { Ok(encode(cx, pointer)) }

    /// Shows a hidden pointer.
    fn DecodeSystemPointer(cx, pointer: Addr) -> Addr { Ok(decode(cx, pointer)) }

    /// Answers how the process was started: with nothing to say.
    fn GetStartupInfoA(cx, info: Addr) { startup(cx, info) }

    /// Answers how the process was started: with nothing to say.
    fn GetStartupInfoW(cx, info: Addr) { startup(cx, info) }

    /// Answers the processors that the process may use, and that there are.
    fn GetProcessAffinityMask(cx, process: Handle, own: Addr, system: Addr) -> bool {
        let count = std::thread::available_parallelism().map_or(1, |count| count.get()).min(64);
        let mask = u64::MAX >> (64 - count);
        cx.write_addr(own, Addr(mask))?;
        cx.write_addr(system, Addr(mask))?;
        Ok(true)
    }

    /// Takes note that the processors are chosen by the system.
    fn SetProcessAffinityMask(cx, process: Handle, mask: Size) -> bool { Ok(mask.0 != 0) }

    /// Answers the normal priority class.
    fn GetPriorityClass(cx, process: Handle) -> u32 { Ok(0x20) }

    /// Takes note that priorities are the host's matter.
    fn SetPriorityClass(cx, process: Handle, class: u32) -> bool { Ok(true) }

    /// Answers that the process is not a 32-bit one on a 64-bit system.
    fn IsWow64Process(cx, process: Handle, wow64: Addr) -> bool {
        cx.write(wow64, i32::from(cx.pointer_size() == 4))?;
        Ok(true)
    }

    /// Copies bytes of this process.
    fn ReadProcessMemory(cx, process: Handle, from: Addr, to: Addr, count: Size, done: Addr) -> bool {
        move_bytes(cx, process, to, from, count, done)
    }

    /// Copies bytes of this process.
    fn WriteProcessMemory(cx, process: Handle, to: Addr, from: Addr, count: Size, done: Addr) -> bool {
        move_bytes(cx, process, to, from, count, done)
    }

    /// Makes code that was written visible, which this processor does by itself.
    fn FlushInstructionCache(cx, process: Handle, at: Addr, size: Size) -> bool { Ok(true) }

    /// Takes text for a debugger.
    fn OutputDebugStringA(cx, text: Addr) {
        let text = cx.text_a(text)?;
        cx.report(crate::Report::Debug(text));
        Ok(())
    }

    /// Takes text for a debugger.
    fn OutputDebugStringW(cx, text: Addr) {
        let text = cx.text_w(text)?;
        cx.report(crate::Report::Debug(text));
        Ok(())
    }

    /// Stops for a debugger.
    fn DebugBreak(cx) { Err(Trap::exception(BREAKPOINT)) }

    /// Shows why the program must end, and ends it.
    fn FatalAppExitA(cx, action: u32, text: Addr) {
        let text = cx.text_a(text)?;
        cx.report(crate::Report::Warning(text));
        Err(Trap::exit("FatalAppExit", 0))
    }

    /// Shows why the program must end, and ends it.
    fn FatalAppExitW(cx, action: u32, text: Addr) {
        let text = cx.text_w(text)?;
        cx.report(crate::Report::Warning(text));
        Err(Trap::exit("FatalAppExit", 0))
    }

    /// Multiplies and divides with a 64-bit product, rounded; -1 when it does not fit.
    fn MulDiv(cx, number: i32, numerator: i32, denominator: i32) -> i32 {
        Ok(mul_div(number, numerator, denominator))
    }

    /// Answers how many handles there may be: as many as asked for.
    fn SetHandleCount(cx, count: u32) -> u32 { Ok(count) }
}

/// Turns pointers into something that is not one.
const KEY: u64 = 0x0000_3A5C_71D9_E24B;

fn encode(cx: &Cx<'_>, pointer: Addr) -> Addr {
    Addr(match cx.process().width() {
        Width::Bits64 => pointer.0.rotate_left(17) ^ KEY,
        Width::Bits32 => u64::from((pointer.0 as u32).rotate_left(17) ^ KEY as u32),
    })
}

fn decode(cx: &Cx<'_>, pointer: Addr) -> Addr {
    Addr(match cx.process().width() {
        Width::Bits64 => (pointer.0 ^ KEY).rotate_right(17),
        Width::Bits32 => u64::from((pointer.0 as u32 ^ KEY as u32).rotate_right(17)),
    })
}

fn startup(cx: &Cx<'_>, info: Addr) -> Result<(), Trap> {
    let bytes = StartupInfo::size(cx) as u32;
    StartupInfo {
        bytes,
        ..StartupInfo::default()
    }
    .write(cx, info)
}

fn move_bytes(
    cx: &Cx<'_>,
    process: Handle,
    to: Addr,
    from: Addr,
    count: Size,
    done: Addr,
) -> Result<bool, Trap> {
    if process != Handle::INVALID {
        return cx.fail(ERROR_INVALID_HANDLE, false);
    }
    // A bad address is an answer here, not an exception.
    if cx.copy(to, from, count.0).is_err() {
        return cx.fail(299, false);
    }
    if !done.is_null() {
        cx.write_addr(done, Addr(count.0))?;
    }
    Ok(true)
}

fn mul_div(number: i32, numerator: i32, denominator: i32) -> i32 {
    let (product, denominator) = (
        i64::from(number) * i64::from(numerator),
        i64::from(denominator),
    );
    if denominator == 0 {
        return -1;
    }
    let half = denominator.abs() / 2;
    let magnitude = (product.abs() + half) / denominator.abs();
    let signed = if (product < 0) == (denominator < 0) {
        magnitude
    } else {
        -magnitude
    };
    i32::try_from(signed).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::mul_div;

    #[test]
    fn a_fatal_end_says_why() {
        let bench = crate::bench::Bench::new();
        let why = bench.text("no codec");
        let fault = bench
            .call("kernel32.dll", "FatalAppExitA", &[0, why])
            .unwrap_err();
        assert!(matches!(
            fault.kind,
            crate::FaultKind::Exit {
                function: "FatalAppExit",
                ..
            }
        ));
        assert_eq!(
            bench.reports(),
            [crate::Report::Warning("no codec".to_owned())]
        );
        let fault = bench.call("kernel32.dll", "DebugBreak", &[]).unwrap_err();
        assert_eq!(fault.kind, crate::FaultKind::Exception(super::BREAKPOINT));
    }

    #[test]
    fn a_product_is_divided_and_rounded_away_from_zero() {
        assert_eq!(mul_div(7, 3, 2), 11);
        assert_eq!(mul_div(-7, 3, 2), -11);
        assert_eq!(mul_div(i32::MAX, i32::MAX, i32::MAX), i32::MAX);
        assert_eq!(mul_div(i32::MAX, 2, 1), -1);
        assert_eq!(mul_div(1, 1, 0), -1);
    }
}
