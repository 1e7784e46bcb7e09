//! Activation contexts and other programs: neither is to be had here.

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, Size, shims};
use crate::station::Report;
use crate::trap::Trap;

const ERROR_ACCESS_DENIED: u32 = 5;
const ERROR_RESOURCE_TYPE_NOT_FOUND: u32 = 1813;
const ERROR_SXS_KEY_NOT_FOUND: u32 = 14007;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Makes an activation context; no side-by-side assemblies are installed that it could name.
    fn CreateActCtxA(cx, context: Addr) -> Handle { cx.fail(ERROR_RESOURCE_TYPE_NOT_FOUND, Handle::INVALID) }

    /// Makes an activation context; no side-by-side assemblies are installed that it could name.
    fn CreateActCtxW(cx, context: Addr) -> Handle { cx.fail(ERROR_RESOURCE_TYPE_NOT_FOUND, Handle::INVALID) }

    /// Counts a user of an activation context more.
    fn AddRefActCtx(cx, context: Handle) { Ok(()) }

    /// Counts a user of an activation context less.
    fn ReleaseActCtx(cx, context: Handle) { Ok(()) }

    /// Makes an activation context the current one: the empty one stays.
    fn ActivateActCtx(cx, context: Handle, cookie: Addr) -> bool {
        cx.write_addr(cookie, Addr(1))?;
        Ok(true)
    }

    /// Makes the activation context before the current one again.
    fn DeactivateActCtx(cx, flags: u32, cookie: Size) -> bool { Ok(true) }

    /// Writes the current activation context: the empty one.
    fn GetCurrentActCtx(cx, context: Addr) -> bool {
        cx.write_addr(context, Addr::NULL)?;
        Ok(true)
    }

    /// Describes an activation context.
    fn QueryActCtxW(cx, flags: u32, context: Handle, part: Addr, class: u32, buffer: Addr, size: Size, needed: Addr) -> bool {
        cx.fail(ERROR_SXS_KEY_NOT_FOUND, false)
    }

    /// Looks a name up in the current activation context.
    fn FindActCtxSectionStringA(cx, flags: u32, guid: Addr, section: u32, name: Addr, data: Addr) -> bool { cx.fail(ERROR_SXS_KEY_NOT_FOUND, false) }

    /// Looks a name up in the current activation context.
    fn FindActCtxSectionStringW(cx, flags: u32, guid: Addr, section: u32, name: Addr, data: Addr) -> bool { cx.fail(ERROR_SXS_KEY_NOT_FOUND, false) }

    /// Looks a class up in the current activation context.
    fn FindActCtxSectionGuid(cx, flags: u32, extension: Addr, section: u32, guid: Addr, data: Addr) -> bool { cx.fail(ERROR_SXS_KEY_NOT_FOUND, false) }

    /// Starts a program, which is refused and reported.
    fn CreateProcessA(cx, program: Addr, line: Addr, security: Addr, thread_security: Addr, inherit: bool, flags: u32, environment: Addr, directory: Addr, startup: Addr, info: Addr) -> bool {
        refuse(cx, Ansi, program, line)?;
        cx.fail(ERROR_ACCESS_DENIED, false)
    }

    /// Starts a program, which is refused and reported.
    fn CreateProcessW(cx, program: Addr, line: Addr, security: Addr, thread_security: Addr, inherit: bool, flags: u32, environment: Addr, directory: Addr, startup: Addr, info: Addr) -> bool {
        refuse(cx, Wide, program, line)?;
        cx.fail(ERROR_ACCESS_DENIED, false)
    }

    /// Starts a program as Windows 3 did, which is refused and reported.
    fn WinExec(cx, line: Addr, show: u32) -> u32 {
        refuse(cx, Ansi, Addr::NULL, line)?;
        Ok(ERROR_ACCESS_DENIED)
    }
}

fn refuse(cx: &Cx<'_>, letters: Letters, program: Addr, line: Addr) -> Result<(), Trap> {
    let program = letters.optional(cx, program)?;
    let line = letters.optional(cx, line)?;
    let wanted = line.or(program).unwrap_or_default();
    cx.report(Report::Warning(format!(
        "the driver wants to start a program: {wanted}"
    )));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;
    use crate::station::Report;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn a_program_is_not_started_but_reported() {
        let bench = Bench::new();
        let line = bench.wide("setup.exe /q");
        assert_eq!(
            bench.ask(DLL, "CreateProcessW", &[0, line, 0, 0, 0, 0, 0, 0, 0, 0]),
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 5);
        let expected = "the driver wants to start a program: setup.exe /q".to_owned();
        assert_eq!(bench.reports(), [Report::Warning(expected)]);
    }

    #[test]
    fn the_empty_context_can_be_entered_and_left() {
        let bench = Bench::new();
        let cookie = bench.bytes(&[0; 8]);
        assert_eq!(bench.ask(DLL, "ActivateActCtx", &[0, cookie]), 1);
        assert_eq!(bench.ask(DLL, "DeactivateActCtx", &[0, 1]), 1);
        assert_eq!(bench.ask(DLL, "CreateActCtxW", &[cookie]), u64::MAX);
    }
}
