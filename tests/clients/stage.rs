//! The programs, built as their authors would, and the drivers that each of them finds.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use opendriver::Width;
use opendriver_tests::{library, real, root};
use tempfile::TempDir;

/// Drivers by the names under which they are installed.
const DRIVERS: [(&str, &str); 8] = [
    ("msacm.imaadpcm", "imaadp32.acm"),
    ("msacm.msadpcm", "msadp32.acm"),
    ("msacm.msg711", "msg711.acm"),
    ("msacm.winemp3", "l3codeca.acm"),
    ("msacm.msgsm610", "msgsm32.acm"),
    ("vidc.cvid", "iccvid.dll"),
    ("vidc.mrle", "msrle32.dll"),
    ("vidc.msvc", "msvidc32.dll"),
];

/// A language that programs are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    C,
    Cpp,
    Python,
    CSharp,
}

impl Language {
    pub(crate) const ALL: [Self; 4] = [Self::C, Self::Cpp, Self::Python, Self::CSharp];
}

/// What a program is asked for: its words follow, as `tests/clients/*` says in its first lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Ask,
    Convert,
    Frames,
}

/// A command that is to run one of the programs, with drivers of this width installed.
pub(crate) fn program(language: Language, verb: Verb, width: Width) -> Command {
    let folder = built();
    let name = ["ask", "convert", "frames"][verb as usize];
    match language {
        Language::C => {
            let program = if verb == Verb::Ask { "drivers" } else { name };
            at_home(folder.join(program), width)
        }
        Language::Cpp => {
            let mut command = at_home(folder.join("cpp/codecs"), width);
            command.arg(name);
            command
        }
        Language::Python => {
            let mut command = at_home("/usr/bin/python3", width);
            command
                .arg(root().join("tests/clients/python/convert.py"))
                .arg(name);
            command
        }
        Language::CSharp => {
            let mut command = mono("Codecs.exe", width);
            command.arg(name);
            command
        }
    }
}

/// A command that is to run a program of C#.
pub(crate) fn mono(program: &str, width: Width) -> Command {
    let mut command = at_home("mono", width);
    command.arg(built().join(program));
    command
}

/// A command with the library and with drivers of this width installed, and nothing of the user's.
pub(crate) fn at_home(program: impl AsRef<OsStr>, width: Width) -> Command {
    let mut command = Command::new(program);
    command
        .env("LD_LIBRARY_PATH", library::lib())
        .env("OPENDRIVER_REGISTRY", registry(width))
        .env("OPENDRIVER_PATH", real::folder(width))
        .env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

fn registry(width: Width) -> PathBuf {
    built().join(format!("registry-{}.toml", width.bits()))
}

/// Installs the drivers of each width in a registry of its own.
fn install(folder: &Path) {
    for width in Width::ALL {
        let mut text = String::from("[Drivers32]\n");
        for (alias, file) in DRIVERS {
            let file = real::folder(width).join(file);
            text += &format!("\"{alias}\" = \"{}\"\n", file.display());
        }
        let to = folder.join(format!("registry-{}.toml", width.bits()));
        fs::write(to, text).expect("the folder is writable");
    }
}

/// Runs a command and gives what it wrote.
#[track_caller]
pub(crate) fn said(command: &mut Command) -> String {
    let output = command.output();
    let Output {
        status,
        stdout,
        stderr,
    } = output.unwrap_or_else(|error| panic!("{command:?}: {error}{}", hint(command)));
    let stderr = String::from_utf8_lossy(&stderr);
    let stdout = String::from_utf8_lossy(&stdout);
    assert!(status.success(), "{command:?}: {status}: {stdout}{stderr}");
    stdout.into_owned()
}

/// How a program is installed that is not there.
fn hint(command: &Command) -> String {
    let packages = [
        ("gcc", "gcc"),
        ("cmake", "cmake make g++"),
        ("pkg-config", "pkgconf"),
        ("/usr/bin/python3", "python3-minimal libpython3-stdlib"),
        ("mono", "mono-runtime"),
        ("mcs", "mono-mcs"),
    ];
    let package = packages.iter().find(|(it, _)| command.get_program() == *it);
    package.map_or_else(String::new, |(_, package)| {
        format!("; install it with: apt-get install {package}")
    })
}

/// The folder that the programs are built in, once for all tests, beside the registries.
pub(crate) fn built() -> &'static Path {
    static BUILT: OnceLock<TempDir> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let sources = root().join("tests/clients");
        build_c(&sources.join("c"), folder.path());
        build_cpp(&sources.join("cpp"), folder.path());
        build_csharp(&sources.join("csharp"), folder.path());
        install(folder.path());
        folder
    });
    folder.path()
}

/// The C programs, with the flags that `pkg-config` tells.
fn build_c(sources: &Path, to: &Path) {
    let flags = |package: &str| -> Vec<String> {
        let text = said(
            Command::new("pkg-config")
                .args(["--cflags", "--libs", package])
                .env("PKG_CONFIG_PATH", library::lib().join("pkgconfig")),
        );
        text.split_whitespace().map(str::to_owned).collect()
    };
    for (program, package) in [
        ("drivers", "msacm32"),
        ("convert", "msacm32"),
        ("frames", "msvfw32"),
    ] {
        said(
            Command::new("gcc")
                .args(["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
                .arg(to.join(program))
                .arg(sources.join(program).with_extension("c"))
                .args(flags(package)),
        );
    }
}

/// The C++ program, by CMake.
fn build_cpp(sources: &Path, to: &Path) {
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", library::prefix().display());
    let folder = to.join("cpp");
    said(
        Command::new("cmake")
            .arg(prefix)
            .arg("-S")
            .arg(sources)
            .arg("-B")
            .arg(&folder),
    );
    said(Command::new("cmake").arg("--build").arg(&folder));
}

/// The C# programs.
fn build_csharp(sources: &Path, to: &Path) {
    for program in ["Codecs", "Restless"] {
        let out = to.join(program).with_extension("exe");
        let source = sources.join(program).with_extension("cs");
        said(
            Command::new("mcs")
                .arg(format!("-out:{}", out.display()))
                .arg(source),
        );
    }
}
