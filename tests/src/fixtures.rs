//! Drivers in C, compiled when a test wants them and kept by what went into them.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::iter;
use std::path::{Path, PathBuf};

use opendriver::Width;
use tempfile::NamedTempFile;

use crate::{compilers, root, target};

/// What a fixture is compiled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A shared object for this machine.
    Native,
    /// A 64-bit Windows DLL without a C library.
    Windows64,
    /// A 32-bit Windows DLL without a C library.
    Windows32,
    /// A 64-bit Windows DLL with a C library.
    Windows64Crt,
    /// A 32-bit Windows DLL with a C library.
    Windows32Crt,
}

impl Target {
    /// How wide the driver's addresses are.
    pub fn width(self) -> Width {
        match self {
            Self::Native => Width::HOST,
            Self::Windows64 | Self::Windows64Crt => Width::W64,
            Self::Windows32 | Self::Windows32Crt => Width::W32,
        }
    }

    /// The compiler, and the package that has it.
    fn compiler(self) -> (&'static str, &'static str) {
        match self {
            Self::Native => ("gcc", "gcc"),
            Self::Windows64 | Self::Windows64Crt => {
                ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32")
            }
            Self::Windows32 | Self::Windows32Crt => {
                ("i686-w64-mingw32-gcc", "gcc-mingw-w64-i686-win32")
            }
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Native => "so",
            _ => "dll",
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Native => &["-fPIC"],
            Self::Windows64 => &["-nostdlib", "-Wl,-e,DllMain", "-lwinmm", "-lkernel32"],
            Self::Windows32 => &[
                "-nostdlib",
                "-Wl,--kill-at",
                "-Wl,-e,_DllMain@12",
                "-lwinmm",
                "-lkernel32",
            ],
            Self::Windows64Crt => &["-lwinmm"],
            Self::Windows32Crt => &["-Wl,--kill-at", "-lwinmm"],
        }
    }
}

/// Compiles `tests/fixtures/NAME.c`, unless the same was compiled before.
///
/// # Panics
/// If there is no compiler, with the command that installs it, or if it finds an error.
pub fn compiled(name: &str, target: Target) -> PathBuf {
    let source = root().join("tests/fixtures").join(name).with_extension("c");
    compile(&source, target)
}

/// Compiles C text to a driver, unless the same was compiled before.
///
/// # Panics
/// As [`compiled`].
pub fn compiled_text(name: &str, text: &str, target: Target) -> PathBuf {
    let source = tempfile::Builder::new()
        .prefix(name)
        .suffix(".c")
        .tempfile_in(folder())
        .expect("a file for the source");
    fs::write(&source, text).expect("the source");
    compile(source.path(), target)
}

fn compile(source: &Path, target: Target) -> PathBuf {
    let flags = ["-std=gnu99", "-shared", "-Iinclude"];
    let flags = [&flags, target.flags()].concat();
    let mut hash = DefaultHasher::new();
    (&flags, target).hash(&mut hash);
    let include = root().join("include");
    let headers = [
        "opendriver-driver.h",
        "opendriver-acm.h",
        "opendriver-vfw.h",
    ];
    let headers = headers.map(|header| include.join(header));
    for file in iter::once(source).chain(headers.iter().map(PathBuf::as_path)) {
        let text = fs::read(file);
        text.unwrap_or_else(|error| panic!("{}: {error}", file.display()))
            .hash(&mut hash);
    }
    let folder = folder();
    let result = folder.join(format!("{:016x}.{}", hash.finish(), target.extension()));
    if !result.exists() {
        // Renamed when it is whole, so that tests that compile at the same time do not meet.
        let unfinished = NamedTempFile::new_in(&folder).expect("a file to compile to");
        let source = source.to_str().expect("a path in UTF-8");
        let (compiler, package) = target.compiler();
        compilers::compile(compiler, package, &[source], unfinished.path(), &flags);
        unfinished.persist(&result).expect("the compiled driver");
    }
    result
}

fn folder() -> PathBuf {
    let folder = target().join("fixtures");
    fs::create_dir_all(&folder).expect("target/ is writable");
    folder
}
