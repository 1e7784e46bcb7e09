//! The programs that the test command needs, and how Debian installs them.

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

/// A program, the package that has it, and what for.
struct Tool {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "gcc",
        package: "gcc",
        purpose: "C drivers as shared objects",
    },
    Tool {
        program: "g++",
        package: "g++",
        purpose: "the headers in C++",
    },
    Tool {
        program: "make",
        package: "make",
        purpose: "projects of `drv new` in C",
    },
    Tool {
        program: "objdump",
        package: "binutils",
        purpose: "a second opinion on PE files",
    },
    Tool {
        program: "x86_64-w64-mingw32-gcc",
        package: "gcc-mingw-w64-x86-64-win32",
        purpose: "C drivers as 64-bit DLLs",
    },
    Tool {
        program: "x86_64-w64-mingw32-g++",
        package: "g++-mingw-w64-x86-64-win32",
        purpose: "drivers that throw C++ exceptions",
    },
    Tool {
        program: "i686-w64-mingw32-gcc",
        package: "gcc-mingw-w64-i686-win32",
        purpose: "C drivers as 32-bit DLLs",
    },
    Tool {
        program: "i686-w64-mingw32-g++",
        package: "g++-mingw-w64-i686-win32",
        purpose: "32-bit drivers that throw C++ exceptions",
    },
    Tool {
        program: "/usr/i686-w64-mingw32/lib/zlib1.dll",
        package: "libz-mingw-w64",
        purpose: "a part of Wine's 32-bit half",
    },
    Tool {
        program: "clang",
        package: "clang",
        purpose: "drivers that use __try and __except",
    },
    Tool {
        program: "lld-link",
        package: "lld",
        purpose: "drivers that use __try and __except",
    },
    Tool {
        program: "wine",
        package: "wine64 wine",
        purpose: "the other system, to compare with",
    },
    Tool {
        program: "pkg-config",
        package: "pkgconf",
        purpose: "C programs that find the library",
    },
    Tool {
        program: "cmake",
        package: "cmake",
        purpose: "C++ programs that find the library",
    },
    Tool {
        program: "/usr/bin/python3",
        package: "python3-minimal libpython3-stdlib",
        purpose: "Python programs that call the library",
    },
    Tool {
        program: "mono",
        package: "mono-runtime",
        purpose: "C# programs that call the library",
    },
    Tool {
        program: "mcs",
        package: "mono-mcs",
        purpose: "C# programs that call the library",
    },
    Tool {
        program: "/usr/lib/rustlib/src/rust/configure",
        package: "rustc-web rust-web-src",
        purpose: "drivers in Rust as 64-bit DLLs",
    },
    Tool {
        program: "ffmpeg",
        package: "ffmpeg",
        purpose: "sound and pictures to decode, and a third opinion on them",
    },
    Tool {
        program: "parallel",
        package: "parallel",
        purpose: "an archive in parts, as docs/batch.md shows it",
    },
    Tool {
        program: "dpkg-shlibdeps",
        package: "dpkg-dev",
        purpose: "what the .deb depends on",
    },
    Tool {
        program: "mmdebstrap",
        package: "mmdebstrap",
        purpose: "a bare Debian to install the packages on",
    },
];

/// Installs what is missing, or says how.
pub(crate) fn install(shell: &Shell) -> Result<()> {
    let missing: Vec<&Tool> = TOOLS
        .iter()
        .filter(|tool| !is_there(shell, tool.program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|tool| tool.package.split(' '))
        .collect();
    println!("installing with apt-get: {}", packages.join(" "));
    for tool in &missing {
        println!("  {:24} {}", tool.program, tool.purpose);
    }
    let packages = &packages;
    let (as_root, flags) = privilege(shell)?;
    let update = cmd!(shell, "{as_root} {flags...} apt-get -qq update").run();
    let install = cmd!(
        shell,
        "{as_root} {flags...} env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends {packages...}"
    )
    .run();
    let absent: Vec<&str> = missing
        .iter()
        .filter(|tool| !is_there(shell, tool.program))
        .map(|tool| tool.program)
        .collect();
    if absent.is_empty() {
        return Ok(());
    }
    for error in [update.err(), install.err()].into_iter().flatten() {
        eprintln!("{error}");
    }
    bail!(
        "missing: {}; install with: apt-get install {}",
        absent.join(", "),
        packages.join(" ")
    )
}

fn is_there(shell: &Shell, program: &str) -> bool {
    cmd!(shell, "which {program}")
        .quiet()
        .ignore_status()
        .read()
        .is_ok_and(|path| !path.is_empty())
}

/// The program that runs a command which changes the system, and its flags.
pub(crate) type Privilege = (&'static str, &'static [&'static str]);

/// What runs a command as root.
pub(crate) fn privilege(shell: &Shell) -> Result<Privilege> {
    let root = cmd!(shell, "id -u").quiet().read()? == "0";
    Ok(if root {
        ("env", &[])
    } else {
        ("sudo", &["--non-interactive"])
    })
}
