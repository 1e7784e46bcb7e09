//! `ucrtbase.dll` with the `api-ms-win-crt` names for it, and `vcruntime140.dll`.

use super::crt::{
    bits, blocks, ctype, math, memory, numbers, printing, scanning, secure, sorting, strings, wide,
};
use crate::shim::Dll;

pub(super) static UCRTBASE: Dll = Dll {
    name: "ucrtbase.dll",
    tables: &[
        memory::SHIMS,
        blocks::SHIMS,
        strings::SHIMS,
        strings::ALIASES,
        wide::SHIMS,
        wide::ALIASES,
        secure::SHIMS,
        secure::ALIASES,
        numbers::SHIMS,
        numbers::ALIASES,
        ctype::SHIMS,
        ctype::ALIASES,
        math::SHIMS,
        math::ALIASES,
        bits::SHIMS,
        bits::ALIASES,
        sorting::SHIMS,
        sorting::ALIASES,
        numbers::C99,
        numbers::C99_ALIASES,
        printing::UCRT,
        printing::SETTINGS,
        scanning::UCRT,
        crate::seh::C_FRAMES,
        crate::seh::C_RUNTIME,
    ],
    data: &[],
    also: &[],
    names: &[
        "ucrtbased.dll",
        "api-ms-win-crt-conio-l1-1-0.dll",
        "api-ms-win-crt-convert-l1-1-0.dll",
        "api-ms-win-crt-environment-l1-1-0.dll",
        "api-ms-win-crt-filesystem-l1-1-0.dll",
        "api-ms-win-crt-heap-l1-1-0.dll",
        "api-ms-win-crt-locale-l1-1-0.dll",
        "api-ms-win-crt-math-l1-1-0.dll",
        "api-ms-win-crt-multibyte-l1-1-0.dll",
        "api-ms-win-crt-private-l1-1-0.dll",
        "api-ms-win-crt-process-l1-1-0.dll",
        "api-ms-win-crt-runtime-l1-1-0.dll",
        "api-ms-win-crt-stdio-l1-1-0.dll",
        "api-ms-win-crt-string-l1-1-0.dll",
        "api-ms-win-crt-time-l1-1-0.dll",
        "api-ms-win-crt-utility-l1-1-0.dll",
    ],
    ordinals: &[],
};

pub(super) static VCRUNTIME: Dll = Dll {
    name: "vcruntime140.dll",
    tables: &[
        memory::SHIMS,
        strings::SHIMS,
        wide::SHIMS,
        crate::seh::C_FRAMES,
        crate::seh::C_RUNTIME,
    ],
    data: &[],
    also: &[],
    names: &["vcruntime140d.dll", "vcruntime140_1.dll"],
    ordinals: &[],
};
