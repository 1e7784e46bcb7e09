//! Fetches real Windows drivers: those of Debian's `libwine`, in both widths.
//!
//! They are LGPL binaries made by somebody else, so they are downloaded and never committed.
//! The 32-bit package is kept whole beside them: with its DLLs, 64-bit Wine runs 32-bit programs too.
//! apt gets lists and a cache of its own below `target/`, so that neither root nor a foreign
//! architecture of the system is needed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use object::read::pe::{ImageNtHeaders, PeFile};
use xshell::{Shell, cmd};

/// Both widths: Debian's name, the folder of ours, where the package keeps its PE files.
const WIDTHS: [(&str, &str, &str); 2] = [
    (
        "amd64",
        "x86_64",
        "usr/lib/x86_64-linux-gnu/wine/x86_64-windows",
    ),
    ("i386", "i386", "usr/lib/i386-linux-gnu/wine/i386-windows"),
];

/// DLLs that drivers and their test programs need beside them and that are no drivers themselves.
///
/// System DLLs (`kernel32`, `ucrtbase`, `user32` ...) stay out: the Windows process has its own.
const COMPANIONS: [&str; 1] = ["msvfw32.dll"];

/// The 32-bit half of Wine, below the folder of drivers; Wine wants the name of the last folder.
const WINE32: &str = "wine/i386-windows";

/// What that half needs and `libwine` only depends on, and the package that has it.
const ZLIB: (&str, &str) = ("/usr/i686-w64-mingw32/lib/zlib1.dll", "libz-mingw-w64");

/// Fetches what is not there yet; a second run needs no network.
pub(crate) fn fetch(shell: &Shell) -> Result<()> {
    let target = PathBuf::from("target/drivers");
    let manifest = target.join("manifest.txt");
    let recorded = shell.read_file(&manifest).unwrap_or_default();
    if is_complete(&target, &recorded) {
        println!("{} is complete:", target.display());
        report(&recorded);
        return Ok(());
    }
    let mut lines = String::new();
    for (architecture, folder, inside) in WIDTHS {
        let package = download(shell, &target, architecture)?;
        lines.push_str(&unpack(shell, &target, &package, folder, inside)?);
    }
    shell.write_file(&manifest, &lines)?;
    report(&lines);
    Ok(())
}

/// Prints which packages the drivers came from.
fn report(manifest: &str) {
    for package in manifest.lines().filter(|line| line.contains(" sha256 ")) {
        println!("  {package}");
    }
}

/// Whether the manifest names both widths, every file that it counts is there, and Wine's other half is.
fn is_complete(target: &Path, manifest: &str) -> bool {
    let wine = target.join(WINE32).join("zlib1.dll").is_file();
    wine && WIDTHS.iter().all(|(_, folder, _)| {
        let files: Vec<&str> = manifest
            .lines()
            .filter_map(|line| line.trim().split_once("  ").map(|(_, path)| path))
            .filter(|path| path.starts_with(&format!("{folder}/")))
            .collect();
        !files.is_empty() && files.iter().all(|path| target.join(path).is_file())
    })
}

/// Downloads `libwine` for one architecture and returns the package file.
fn download(shell: &Shell, target: &Path, architecture: &str) -> Result<PathBuf> {
    let apt = target.join("apt").join(architecture);
    for folder in ["lists/partial", "cache/archives/partial", "packages"] {
        shell.create_dir(apt.join(folder))?;
    }
    let apt = shell.current_dir().join(apt);
    let options = [
        format!("APT::Architecture={architecture}"),
        format!("APT::Architectures={architecture}"),
        format!("Dir::State::Lists={}", apt.join("lists").display()),
        format!("Dir::Cache={}", apt.join("cache").display()),
        "APT::Sandbox::User=".to_owned() + &user(shell)?,
        "Acquire::Retries=3".to_owned(),
    ];
    let flags: Vec<String> = options
        .iter()
        .flat_map(|option| ["-o".to_owned(), option.clone()])
        .collect();
    let flags = &flags;

    println!("downloading libwine:{architecture} with apt-get");
    // A source of this machine that has nothing to do with Wine may be out of order; the download is what counts.
    let lists = cmd!(shell, "apt-get -qq {flags...} update")
        .ignore_stderr()
        .run();
    let packages = apt.join("packages");
    let name = format!("libwine:{architecture}");
    {
        let _inside = shell.push_dir(&packages);
        for old in shell.read_dir(".")? {
            shell.remove_path(old)?;
        }
        cmd!(shell, "apt-get -qq {flags...} download {name}").run().with_context(|| {
            let update = lists.err().map(|error| format!(" (and {error})")).unwrap_or_default();
            format!("apt-get could not download {name}{update}; this needs the network and Debian's main section")
        })?;
    }
    let files = shell.read_dir(&packages)?;
    match files.as_slice() {
        [file] => Ok(file.clone()),
        _ => bail!(
            "expected one package in {}, found {}",
            packages.display(),
            files.len()
        ),
    }
}

/// The name of the user that runs us; apt else wants to drop to one who cannot write below `target/`.
fn user(shell: &Shell) -> Result<String> {
    Ok(cmd!(shell, "id -un").quiet().read()?)
}

/// Keeps a package's drivers, drops the rest, and returns the lines of the manifest.
fn unpack(
    shell: &Shell,
    target: &Path,
    package: &Path,
    folder: &str,
    inside: &str,
) -> Result<String> {
    let unpacked = target.join("unpacked");
    shell.remove_path(&unpacked)?;
    cmd!(shell, "dpkg-deb --extract {package} {unpacked}")
        .quiet()
        .run()?;
    let version = cmd!(
        shell,
        "dpkg-deb --field {package} Package Version Architecture"
    )
    .quiet()
    .read()?;
    let version: Vec<&str> = version
        .lines()
        .filter_map(|line| line.split(": ").nth(1))
        .collect();
    let sum = cmd!(shell, "sha256sum {package}").quiet().read()?;
    let sum = sum.split(' ').next().unwrap_or_default();

    let destination = target.join(folder);
    shell.remove_path(&destination)?;
    shell.create_dir(&destination)?;
    for file in shell.read_dir(unpacked.join(inside))? {
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if COMPANIONS.contains(&name) || is_driver(&file)? {
            shell.copy_file(&file, &destination)?;
        }
    }
    if folder == "i386" {
        keep_wine32(shell, target, &unpacked.join(inside))?;
    }
    shell.remove_path(&unpacked)?;
    shell.remove_path(package)?;

    let files = {
        let _inside = shell.push_dir(target);
        let files: Vec<PathBuf> = shell
            .read_dir(folder)?
            .iter()
            .filter_map(|f| f.file_name().map(|n| Path::new(folder).join(n)))
            .collect();
        let files = &files;
        cmd!(shell, "sha256sum {files...}").quiet().read()?
    };
    Ok(format!("{} sha256 {sum}\n{files}\n", version.join(" ")))
}

/// Keeps the 32-bit DLLs of Wine, completed with the one that is in another package.
fn keep_wine32(shell: &Shell, target: &Path, unpacked: &Path) -> Result<()> {
    let (zlib, package) = ZLIB;
    shell.copy_file(zlib, unpacked).with_context(|| {
        format!("{zlib} is missing; install it with: apt-get install {package}")
    })?;
    let wine = target.join(WINE32);
    shell.remove_path(&wine)?;
    shell.create_dir(wine.parent().unwrap_or(target))?;
    // In one step, so that a folder that is there is whole.
    fs::rename(unpacked, &wine).with_context(|| format!("keeping {}", wine.display()))
}

/// Whether a file is a driver: it exports `DriverProc`, or it is named as one (`.drv`, `.acm`).
fn is_driver(path: &Path) -> Result<bool> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let named = matches!(
        path.extension().and_then(|e| e.to_str()),
        Some("drv" | "acm")
    );
    let exports = match object::FileKind::parse(&*bytes) {
        Ok(object::FileKind::Pe64) => exports_driver_proc::<object::pe::ImageNtHeaders64>(&bytes),
        Ok(object::FileKind::Pe32) => exports_driver_proc::<object::pe::ImageNtHeaders32>(&bytes),
        _ => return Ok(false),
    };
    Ok(named || exports)
}

fn exports_driver_proc<Pe: ImageNtHeaders>(bytes: &[u8]) -> bool {
    let Ok(file) = PeFile::<Pe>::parse(bytes) else {
        return false;
    };
    let Ok(Some(table)) = file.export_table() else {
        return false;
    };
    table
        .name_iter()
        .filter_map(|(name, _)| table.name_from_pointer(name).ok())
        .any(|name| name == b"DriverProc")
}
