//! The folders of the library: what compilers, `pkg-config`, CMake, Mono and .NET look for, and under which names.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::Shell;

use super::{FILE, LIBRARIES, SONAME};

const PKG_CONFIG: &str = include_str!("../../../crates/capi/package/library.pc.in");

const CMAKE: &str = include_str!("../../../crates/capi/package/opendriver-config.cmake.in");

const CMAKE_VERSION: &str =
    include_str!("../../../crates/capi/package/opendriver-config-version.cmake.in");

/// Lays out a prefix around a library. `libdir` is the folder of libraries below it: `lib`, or `lib/x86_64-linux-gnu` as Debian has it.
///
/// No file says where the prefix is: it may be moved.
pub(crate) fn lay_out(shell: &Shell, library: &Path, prefix: &Path, libdir: &Path) -> Result<()> {
    let lib = shell.current_dir().join(prefix).join(libdir);
    shell.create_dir(&lib)?;
    let library = shell.current_dir().join(library);
    if library != lib.join(FILE) {
        shell.copy_file(library, lib.join(FILE))?;
    }
    link(&lib, SONAME, FILE)?;
    link(&lib, "libopendriver.so", SONAME)?;
    for name in LIBRARIES.iter().flat_map(|(name, _)| spellings(name)) {
        link(&lib, &name, SONAME)?;
    }

    shell.remove_path(prefix.join("include"))?;
    copy_headers(shell, Path::new("include"), &prefix.join("include"))?;

    let pkg_config = lib.join("pkgconfig");
    let own = (
        "opendriver",
        "Windows drivers on Linux, for C and for P/Invoke",
    );
    for (name, description) in LIBRARIES.into_iter().chain([own]) {
        let text = filled(PKG_CONFIG, libdir, 1)
            .replace("@name@", name)
            .replace("@description@", description);
        shell.write_file(pkg_config.join(format!("{name}.pc")), text)?;
    }

    let cmake = lib.join("cmake/opendriver");
    for (name, template) in [
        ("opendriver-config.cmake", CMAKE),
        ("opendriver-config-version.cmake", CMAKE_VERSION),
    ] {
        shell.write_file(cmake.join(name), filled(template, libdir, 2))?;
    }
    Ok(())
}

/// Every file name under which programs look for a library of Windows.
///
/// `-lwinmm` and `DllImport("winmm")` lead to `libwinmm.so`. `DllImport("winmm.dll")` leads to `libwinmm.dll.so`, in Mono and in .NET
/// alike, and to fewer names in common than one would think: .NET never takes the `.dll` away, Mono adds `.so` only behind a `lib`.
/// Neither ignores case, so that each way in which programs write the name is a file.
pub(crate) fn spellings(name: &str) -> Vec<String> {
    let upper = name.to_uppercase();
    let title = format!("{}{}", &upper[..1], &name[1..]);
    let cases = [name, &title, &upper];
    let plain = cases.iter().map(|case| format!("lib{case}.so"));
    let windows = cases.iter().map(|case| format!("lib{case}.dll.so"));
    let loud = [format!("lib{upper}.DLL.so")];
    plain.chain(windows).chain(loud).collect()
}

/// A template with its blanks filled, for a file `depth` folders below that of the libraries.
fn filled(template: &str, libdir: &Path, depth: usize) -> String {
    let up = vec![".."; libdir.components().count() + depth].join("/");
    template
        .replace("@up@", &up)
        .replace("@libdir@", &libdir.display().to_string())
        .replace("@version@", env!("CARGO_PKG_VERSION"))
        .replace("@major@", env!("CARGO_PKG_VERSION_MAJOR"))
        .replace("@minor@", env!("CARGO_PKG_VERSION_MINOR"))
        .replace("@file@", FILE)
        .replace("@soname@", SONAME)
}

/// Copies headers, with folders among them.
fn copy_headers(shell: &Shell, from: &Path, to: &Path) -> Result<()> {
    shell.create_dir(to)?;
    for entry in shell.read_dir(from)? {
        let target: PathBuf = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            copy_headers(shell, &entry, &target)?;
        } else {
            shell.copy_file(&entry, &target)?;
        }
    }
    Ok(())
}

/// Makes a link in a folder, in place of one that is there.
fn link(folder: &Path, name: &str, to: &str) -> Result<()> {
    let path = folder.join(name);
    let _ = fs::remove_file(&path);
    symlink(to, &path).with_context(|| format!("{} cannot be made", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_programs_write() {
        let names = spellings("msacm32");
        for name in [
            "libmsacm32.so",
            "libMsacm32.dll.so",
            "libMSACM32.dll.so",
            "libMSACM32.DLL.so",
        ] {
            assert!(names.iter().any(|it| it == name), "{name}: {names:?}");
        }
    }

    #[test]
    fn a_prefix_is_found_from_any_depth() {
        let text = filled(PKG_CONFIG, Path::new("lib/x86_64-linux-gnu"), 1);
        assert!(text.contains("prefix=${pcfiledir}/../../..\n"), "{text}");
        assert!(
            text.contains("libdir=${prefix}/lib/x86_64-linux-gnu\n"),
            "{text}"
        );
        let text = filled(CMAKE, Path::new("lib"), 2);
        assert!(
            text.contains("${CMAKE_CURRENT_LIST_DIR}/../../..\""),
            "{text}"
        );
    }
}
