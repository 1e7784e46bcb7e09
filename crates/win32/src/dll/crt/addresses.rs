//! Where variables of the runtime lie: 32-bit programs ask functions, which others do not find.

use crate::cx::Cx;
use crate::shim::{Addr, shims};
use crate::trap::Trap;

fn variable(cx: &Cx<'_>, name: &str) -> Result<Addr, Trap> {
    let address = cx.process().symbol_of("msvcrt.dll", name);
    Ok(Addr(address.unwrap_or_default()))
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Answers where the most bytes of a character lies.
    fn __p___mb_cur_max(cx) -> Addr { variable(cx, "__mb_cur_max") }

    /// Answers where whether there is summer time lies.
    fn __p__daylight(cx) -> Addr { variable(cx, "_daylight") }

    /// Answers where what summer time adds lies.
    fn __p__dstbias(cx) -> Addr { variable(cx, "_dstbias") }

    /// Answers where the table of characters of several bytes lies.
    fn __p__mbctype(cx) -> Addr { variable(cx, "_mbctype") }

    /// Answers where the system's build lies.
    fn __p__osver(cx) -> Addr { variable(cx, "_osver") }

    /// Answers where the table of kinds of characters lies.
    fn __p__pctype(cx) -> Addr { variable(cx, "_pctype") }

    /// Answers where the table of kinds of wide characters lies.
    fn __p__pwctype(cx) -> Addr { variable(cx, "_pwctype") }

    /// Answers where the time zone lies.
    fn __p__timezone(cx) -> Addr { variable(cx, "_timezone") }

    /// Answers where the names of the time zone lies.
    fn __p__tzname(cx) -> Addr { variable(cx, "_tzname") }

    /// Answers where the system's major version lies.
    fn __p__winmajor(cx) -> Addr { variable(cx, "_winmajor") }

    /// Answers where the system's minor version lies.
    fn __p__winminor(cx) -> Addr { variable(cx, "_winminor") }

    /// Answers where the system's version lies.
    fn __p__winver(cx) -> Addr { variable(cx, "_winver") }
}
