//! The header for drivers in C compiles wherever it says so, without a warning.

use opendriver_tests::compilers;
use opendriver_tests::fixtures::{self, Target, compiled_text};

const DRIVER: &str = r#"
#include "opendriver-driver.h"

OPENDRIVER_EXPORT LRESULT OPENDRIVER_CALL
DriverProc(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM lparam1, LPARAM lparam2)
{
    switch (message) {
    case DRV_OPEN:  return *(const OpendriverChar *)lparam1 ? 2 : 1;
    case DRV_CLOSE: return DRVCNF_OK;
    case DRV_INSTALL: return ((const DRVCONFIGINFO *)lparam2)->dwDCISize;
    case DRV_EXITAPPLICATION: return lparam1 == DRVEA_NORMALEXIT;
    case DRV_USER:  return lparam1 + lparam2;
    default:        return DefDriverProc(id, hdrvr, message, lparam1, lparam2);
    }
}
"#;

const ENTRY: &str =
    "int __stdcall DllMain(void *m, unsigned r, void *p) { (void)m, (void)r, (void)p; return 1; }";

#[test]
fn the_header_needs_nothing_on_linux() {
    compiled_text("driver", DRIVER, Target::Native);
}

#[test]
fn the_header_stands_without_windows_h() {
    let text = format!("{DRIVER}{ENTRY}");
    compiled_text("driver", &text, Target::Windows64);
    compiled_text("driver", &text, Target::Windows32);
}

#[test]
fn the_header_stands_beside_windows_h() {
    for lean in ["", "#define WIN32_LEAN_AND_MEAN\n"] {
        let text = format!("{lean}#include <windows.h>\n{DRIVER}");
        compiled_text("driver", &text, Target::Windows64Crt);
        compiled_text("driver", &text, Target::Windows32Crt);
    }
}

/// Beside each other, in either order, and in C++ too.
#[test]
fn the_headers_of_classes_stand_wherever_the_first_does() {
    for includes in [
        "#include \"opendriver-acm.h\"\n#include \"opendriver-vfw.h\"\n",
        "#include \"opendriver-vfw.h\"\n#include \"opendriver-acm.h\"\n",
    ] {
        let text = format!("{includes}{DRIVER}");
        compiled_text("driver", &text, Target::Native);
        for lean in ["", "#define WIN32_LEAN_AND_MEAN\n"] {
            let text = format!("{lean}#include <windows.h>\n{text}");
            compiled_text("driver", &text, Target::Windows64Crt);
            compiled_text("driver", &text, Target::Windows32Crt);
        }
        let text = format!("{text}{ENTRY}");
        compiled_text("driver", &text, Target::Windows64);
        compiled_text("driver", &text, Target::Windows32);

        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("driver.cpp");
        std::fs::write(&source, format!("{includes}{DRIVER}")).unwrap();
        let flags = ["-std=c++11", "-shared", "-fPIC", "-Iinclude"];
        let to = folder.path().join("driver.so");
        compilers::compile("g++", "g++", &[source.to_str().unwrap()], &to, &flags);
    }
}

#[test]
fn the_logging_driver_compiles_for_every_target() {
    for target in [
        Target::Native,
        Target::Windows64,
        Target::Windows32,
        Target::Windows64Crt,
        Target::Windows32Crt,
    ] {
        let file = fixtures::compiled("logging", target);
        assert_eq!(
            file,
            fixtures::compiled("logging", target),
            "it is compiled once"
        );
    }
}
