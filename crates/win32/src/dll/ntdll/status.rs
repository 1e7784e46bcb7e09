//! `NTSTATUS` values, and the Windows codes that they stand for.

use crate::shim::shims;

pub(super) const SUCCESS: u32 = 0;
/// What has no better name failed.
pub(super) const UNSUCCESSFUL: u32 = 0xC000_0001;
pub(super) const BUFFER_OVERFLOW: u32 = 0x8000_0005;
pub(super) const INFO_LENGTH_MISMATCH: u32 = 0xC000_0004;
pub(super) const INVALID_INFO_CLASS: u32 = 0xC000_0003;
pub(super) const INVALID_HANDLE: u32 = 0xC000_0008;
pub(super) const INVALID_PARAMETER: u32 = 0xC000_000D;
pub(super) const NO_MEMORY: u32 = 0xC000_0017;
pub(super) const BUFFER_TOO_SMALL: u32 = 0xC000_0023;
pub(super) const NAME_TOO_LONG: u32 = 0xC000_0106;
/// `ERROR_MR_MID_NOT_FOUND`: what a status without a code becomes.
const UNKNOWN: u32 = 317;

shims! {
    pub(super) static SHIMS = "ntdll.dll", stdcall;

    /// Answers the Windows code of a status.
    fn RtlNtStatusToDosError(cx, status: u32) -> u32 { Ok(code(status)) }

    /// Answers the Windows code of a status.
    fn RtlNtStatusToDosErrorNoTeb(cx, status: u32) -> u32 { Ok(code(status)) }

    /// Sets the last error from a status.
    fn RtlSetLastWin32ErrorAndNtStatusFromNtStatus(cx, status: u32) -> u32 {
        cx.set_last_error(code(status));
        Ok(code(status))
    }
}

/// The Windows code of a status.
fn code(status: u32) -> u32 {
    match status {
        // A Windows code that was wrapped comes back out.
        status if status & 0xffff_0000 == 0xC007_0000 => status & 0xffff,
        0 => 0,
        0x102 => 258,
        0x103 => 997,
        0x8000_0005 => 234,
        0x8000_0006 => 18,
        0xC000_0002 => 1,
        0xC000_0003 | 0xC000_000D | 0xC000_0030 => 87,
        0xC000_0004 => 24,
        0xC000_0005 => 998,
        0xC000_0008 => 6,
        0xC000_000F | 0xC000_0034 => 2,
        0xC000_0010 => 1,
        0xC000_0011 => 38,
        0xC000_0017 => 8,
        0xC000_0018 | 0xC000_0019 | 0xC000_0141 => 487,
        0xC000_0022 => 5,
        0xC000_0023 => 122,
        0xC000_0024 => 6,
        0xC000_0035 => 183,
        0xC000_003A => 3,
        0xC000_0043 => 32,
        0xC000_007B => 193,
        0xC000_007F => 112,
        0xC000_009A => 1450,
        0xC000_00BB => 50,
        0xC000_00BA => 5,
        0xC000_0103 => 267,
        0xC000_0106 => 206,
        0xC000_0120 => 995,
        0xC000_0135 => 126,
        0xC000_0139 => 127,
        0xC000_0142 => 1114,
        0xC000_0225 => 1168,
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn a_status_has_the_code_that_windows_gives_it() {
        let bench = Bench::new();
        let code = |status: u64| bench.ask("ntdll.dll", "RtlNtStatusToDosError", &[status]);
        assert_eq!((code(0), code(0xC000_0022), code(0xC000_0008)), (0, 5, 6));
        assert_eq!((code(0xC007_007A), code(0xC000_FFFF)), (122, 317));
    }
}
