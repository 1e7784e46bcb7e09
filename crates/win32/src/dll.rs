//! The DLLs that are made of shims, and the names under which images ask for them.

mod kernel32;
mod winmm;

use crate::shim::Dll;

/// Every DLL of shims.
pub(crate) static ALL: &[&Dll] = &[&kernel32::KERNEL32, &winmm::WINMM];

/// The DLL that stands for a file name, whatever its case and with or without `.dll`.
pub(crate) fn find(name: &str) -> Option<&'static Dll> {
    let name = file_name(name);
    ALL.iter()
        .copied()
        .find(|dll| dll.name == name || dll.names.contains(&name.as_str()))
}

/// A DLL's file name as the loader compares it: lower case, with an extension.
pub(crate) fn file_name(name: &str) -> String {
    let name = name
        .rsplit(['\\', '/'])
        .next()
        .unwrap_or(name)
        .to_ascii_lowercase();
    if name.contains('.') {
        name.trim_end_matches('.').to_owned()
    } else {
        name + ".dll"
    }
}

/// Tells whether a DLL is a part of Windows itself: what it has and we lack fails when it is called,
/// while any other DLL must be found.
pub(crate) fn is_part_of_windows(name: &str) -> bool {
    let name = file_name(name);
    name.starts_with("api-ms-win-")
        || name.starts_with("ext-ms-win-")
        || SYSTEM.contains(&name.as_str())
}

/// System DLLs that no shim stands for as a whole.
const SYSTEM: &[&str] = &[
    "avicap32.dll",
    "avifil32.dll",
    "avrt.dll",
    "bcrypt.dll",
    "cabinet.dll",
    "comctl32.dll",
    "comdlg32.dll",
    "crypt32.dll",
    "d2d1.dll",
    "d3d8.dll",
    "d3d9.dll",
    "d3d10.dll",
    "d3d11.dll",
    "d3d12.dll",
    "dbghelp.dll",
    "dciman32.dll",
    "ddraw.dll",
    "dinput.dll",
    "dinput8.dll",
    "dsound.dll",
    "dwmapi.dll",
    "dwrite.dll",
    "dxgi.dll",
    "gdi32.dll",
    "gdiplus.dll",
    "glu32.dll",
    "hid.dll",
    "imagehlp.dll",
    "imm32.dll",
    "iphlpapi.dll",
    "ksuser.dll",
    "lz32.dll",
    "mf.dll",
    "mfplat.dll",
    "mfreadwrite.dll",
    "mpr.dll",
    "msacm32.dll",
    "msdmo.dll",
    "msimg32.dll",
    "msvfw32.dll",
    "netapi32.dll",
    "odbc32.dll",
    "ole32.dll",
    "oleaut32.dll",
    "oledlg.dll",
    "opengl32.dll",
    "powrprof.dll",
    "propsys.dll",
    "psapi.dll",
    "quartz.dll",
    "rasapi32.dll",
    "rpcrt4.dll",
    "secur32.dll",
    "setupapi.dll",
    "shell32.dll",
    "shlwapi.dll",
    "urlmon.dll",
    "user32.dll",
    "userenv.dll",
    "usp10.dll",
    "uxtheme.dll",
    "version.dll",
    "windowscodecs.dll",
    "wininet.dll",
    "winspool.drv",
    "wintrust.dll",
    "wldap32.dll",
    "ws2_32.dll",
    "wsock32.dll",
    "wtsapi32.dll",
];
