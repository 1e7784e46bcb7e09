//! The DLLs that are made of shims, and the names under which images ask for them.

mod advapi32;
mod comctl32;
mod comdlg32;
mod crt;
mod ddraw;
mod gdi32;
mod kernel32;
mod msdmo;
mod msvcrt;
mod ntdll;
mod ole32;
mod oleaut32;
mod psapi;
mod rpcrt4;
mod setupapi;
mod shell32;
mod shlwapi;
mod ucrtbase;
mod user32;
mod version;
mod winmm;
mod ws2_32;

use crate::shim::Dll;

/// Every DLL of shims.
pub(crate) static ALL: &[&Dll] = &[
    &advapi32::ADVAPI32,
    &advapi32::crypt::PRIMITIVES,
    &comctl32::COMCTL32,
    &comdlg32::COMDLG32,
    &ddraw::DDRAW,
    &gdi32::GDI32,
    &kernel32::KERNEL32,
    &msdmo::MSDMO,
    &msvcrt::MSVCRT,
    &ntdll::NTDLL,
    &ole32::OLE32,
    &oleaut32::OLEAUT32,
    &psapi::PSAPI,
    &rpcrt4::RPCRT4,
    &setupapi::SETUPAPI,
    &shell32::SHELL32,
    &shlwapi::SHLWAPI,
    &ucrtbase::UCRTBASE,
    &ucrtbase::VCRUNTIME,
    &user32::USER32,
    &version::VERSION,
    &winmm::WINMM,
    &ws2_32::WS2_32,
];

/// The DLL that stands for a file name, whatever its case and with or without `.dll`.
pub(crate) fn find(name: &str) -> Option<&'static Dll> {
    let name = file_name(name);
    let name = api_set(&name).unwrap_or(&name);
    ALL.iter()
        .copied()
        .find(|dll| dll.name == name || dll.names.contains(&name))
}

/// The DLL behind the name of an API set, as Windows 10 resolves it.
fn api_set(name: &str) -> Option<&'static str> {
    let set = name.strip_prefix("api-ms-win-")?;
    let hosts = [
        ("crt-", "ucrtbase.dll"),
        ("core-registry", "advapi32.dll"),
        ("core-com", "ole32.dll"),
        ("core-shlwapi", "shlwapi.dll"),
        ("core-version", "version.dll"),
        ("core-rtlsupport", "ntdll.dll"),
        ("core-", "kernel32.dll"),
        ("security-", "advapi32.dll"),
        ("eventing-", "advapi32.dll"),
        ("service-", "advapi32.dll"),
        ("mm-time", "winmm.dll"),
        ("mm-", "winmm.dll"),
        ("downlevel-kernel32", "kernel32.dll"),
        ("downlevel-advapi32", "advapi32.dll"),
        ("downlevel-shlwapi", "shlwapi.dll"),
        ("downlevel-ole32", "ole32.dll"),
        ("downlevel-user32", "user32.dll"),
        ("downlevel-version", "version.dll"),
        ("ntuser-", "user32.dll"),
        ("gdi-", "gdi32.dll"),
    ];
    hosts
        .iter()
        .find(|(prefix, _)| set.starts_with(prefix))
        .map(|(_, host)| *host)
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
    "activeds.dll",
    "advpack.dll",
    "atl.dll",
    "authz.dll",
    "avicap32.dll",
    "avifil32.dll",
    "avrt.dll",
    "bcrypt.dll",
    "cabinet.dll",
    "cfgmgr32.dll",
    "clusapi.dll",
    "comctl32.dll",
    "comdlg32.dll",
    "credui.dll",
    "crypt32.dll",
    "cryptdll.dll",
    "cryptui.dll",
    "d2d1.dll",
    "d3d10.dll",
    "d3d11.dll",
    "d3d12.dll",
    "d3d8.dll",
    "d3d9.dll",
    "dbghelp.dll",
    "dciman32.dll",
    "ddraw.dll",
    "devenum.dll",
    "dhcpcsvc.dll",
    "dinput.dll",
    "dinput8.dll",
    "dnsapi.dll",
    "dplayx.dll",
    "dsound.dll",
    "dwmapi.dll",
    "dwrite.dll",
    "dxgi.dll",
    "evr.dll",
    "fltlib.dll",
    "gdi32.dll",
    "gdiplus.dll",
    "glu32.dll",
    "hid.dll",
    "hlink.dll",
    "icm32.dll",
    "imagehlp.dll",
    "imm32.dll",
    "inetcomm.dll",
    "inetmib1.dll",
    "iphlpapi.dll",
    "ksproxy.ax",
    "ksuser.dll",
    "linkinfo.dll",
    "loadperf.dll",
    "lz32.dll",
    "mapi32.dll",
    "mf.dll",
    "mfplat.dll",
    "mfreadwrite.dll",
    "mlang.dll",
    "mpr.dll",
    "msacm32.dll",
    "mscms.dll",
    "mscoree.dll",
    "msctf.dll",
    "msdmo.dll",
    "mshtml.dll",
    "msi.dll",
    "msimg32.dll",
    "msimtf.dll",
    "mstask.dll",
    "msvfw32.dll",
    "mswsock.dll",
    "msxml3.dll",
    "msxml6.dll",
    "ncrypt.dll",
    "netapi32.dll",
    "newdev.dll",
    "normaliz.dll",
    "ntdsapi.dll",
    "odbc32.dll",
    "ole32.dll",
    "oleacc.dll",
    "oleaut32.dll",
    "oledlg.dll",
    "olepro32.dll",
    "opengl32.dll",
    "pdh.dll",
    "pidgen.dll",
    "powrprof.dll",
    "prntvpt.dll",
    "propsys.dll",
    "qedit.dll",
    "qmgr.dll",
    "quartz.dll",
    "rasapi32.dll",
    "resutils.dll",
    "riched20.dll",
    "riched32.dll",
    "rpcrt4.dll",
    "rsaenh.dll",
    "rtutils.dll",
    "schannel.dll",
    "secur32.dll",
    "sensapi.dll",
    "setupapi.dll",
    "sfc.dll",
    "sfc_os.dll",
    "shcore.dll",
    "shdocvw.dll",
    "shell32.dll",
    "shfolder.dll",
    "slc.dll",
    "snmpapi.dll",
    "spoolss.dll",
    "srclient.dll",
    "sspicli.dll",
    "sti.dll",
    "strmdll.dll",
    "t2embed.dll",
    "tapi32.dll",
    "url.dll",
    "urlmon.dll",
    "user32.dll",
    "userenv.dll",
    "usp10.dll",
    "uxtheme.dll",
    "version.dll",
    "virtdisk.dll",
    "wer.dll",
    "wevtapi.dll",
    "windowscodecs.dll",
    "winhttp.dll",
    "wininet.dll",
    "winspool.drv",
    "wintrust.dll",
    "wlanapi.dll",
    "wldap32.dll",
    "wmasf.dll",
    "wmvcore.dll",
    "wow32.dll",
    "ws2_32.dll",
    "wsdapi.dll",
    "wsock32.dll",
    "wtsapi32.dll",
    "xinput1_3.dll",
    "xinput1_4.dll",
    "xinput9_1_0.dll",
    "xmllite.dll",
];

#[cfg(test)]
mod tests {
    use super::{ALL, find, is_part_of_windows};
    use opendriver_pe::Width;
    use std::collections::HashSet;

    const WIDTHS: [Width; 2] = [Width::Bits32, Width::Bits64];

    #[test]
    fn a_dll_is_found_in_any_case_with_or_without_its_extension() {
        for name in [
            "KERNEL32",
            "kernel32.dll",
            r"C:\Windows\System32\Kernel32.DLL",
        ] {
            assert_eq!(
                find(name).map(|dll| dll.name),
                Some("kernel32.dll"),
                "{name}"
            );
        }
        assert_eq!(
            find("api-ms-win-core-heap-l1-1-0.dll").map(|dll| dll.name),
            Some("kernel32.dll")
        );
        assert!(find("nobody.dll").is_none());
        assert!(is_part_of_windows("OPENGL32.dll"));
        assert!(!is_part_of_windows("vendor.dll"));
    }

    #[test]
    fn no_dll_declares_a_function_twice() {
        for width in WIDTHS {
            for dll in ALL {
                let mut names = HashSet::new();
                for shim in dll.shims(width) {
                    assert!(
                        names.insert(shim.name),
                        "{}!{} is declared twice",
                        dll.name,
                        shim.name
                    );
                }
            }
        }
    }

    #[test]
    fn every_shim_says_what_it_does_in_one_line() {
        let shims = WIDTHS.map(|width| ALL.iter().flat_map(move |dll| dll.shims(width)));
        for shim in shims.into_iter().flatten() {
            assert!(shim.doc.ends_with('.'), "{}: {:?}", shim.name, shim.doc);
        }
    }
}
