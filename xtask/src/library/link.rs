//! From rustc's static library to the shared one, with a version for each library of Windows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use super::{FILE, SONAME, target};

/// How the objects of `crates/capi` are called inside the static library: all others are what it stands on.
const OURS: &str = "opendriver_capi";

/// What rustc says before it names the libraries of the system.
const NATIVE: &str = "native-static-libs: ";

/// Links the shared library in a folder and gives its path.
pub(super) fn link(shell: &Shell, profile: &str, folder: &Path) -> Result<PathBuf> {
    let (archive, system) = static_library(shell, profile)?;
    let exports = exports(shell, &archive)?;
    ensure!(!exports.is_empty(), "{} exports nothing", archive.display());
    let library = folder.join(FILE);
    let script = PathBuf::from("target/library").join(format!("{profile}.map"));
    let versions = versions(&exports);
    let linked = shell
        .read_file(&script)
        .is_ok_and(|before| before == versions);
    if linked && is_newer(shell, &library, &archive) {
        return Ok(library);
    }
    shell.create_dir(folder)?;
    shell.write_file(&script, versions)?;

    let roots = exports.iter().map(|name| format!("-Wl,--undefined={name}"));
    let roots: Vec<String> = roots.collect();
    let (roots, unfinished) = (&roots, folder.join("unfinished.so"));
    // It stays where it is once it is loaded: signal handlers and threads of drivers lie in it. All its symbols are looked up at
    // the start, so that none is inside a signal handler.
    cmd!(
        shell,
        "gcc -shared -o {unfinished} -Wl,-soname,{SONAME} -Wl,--version-script={script} {roots...} {archive}
         -Wl,--gc-sections -Wl,-z,nodelete,-z,relro,-z,now,-z,text,-z,defs -Wl,--strip-debug -Wl,--as-needed {system...}"
    )
    .quiet()
    .run()?;
    // A program that has the old one open keeps it.
    fs::rename(
        shell.current_dir().join(unfinished),
        shell.current_dir().join(&library),
    )?;
    Ok(library)
}

/// Whether a file is there and was made after another.
fn is_newer(shell: &Shell, file: &Path, than: &Path) -> bool {
    let made = |path: &Path| fs::metadata(shell.current_dir().join(path))?.modified();
    matches!((made(file), made(than)), (Ok(file), Ok(than)) if file > than)
}

/// Has cargo make the static library; gives its path and the system's libraries that it needs.
fn static_library(shell: &Shell, profile: &str) -> Result<(PathBuf, Vec<String>)> {
    let name = if profile == "debug" { "dev" } else { profile };
    let build = cmd!(
        shell,
        "cargo rustc --quiet --package opendriver-capi --lib --crate-type staticlib --profile {name} --locked -- --print native-static-libs"
    );
    let output = build.quiet().ignore_status().output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let system = said
        .lines()
        .find_map(|line| line.split_once(NATIVE))
        .with_context(|| format!("rustc names no libraries of the system: {said}"))?
        .1;
    let system = system.split_whitespace().map(str::to_owned).collect();
    let archive = target(shell)?.join(profile).join(format!("lib{OURS}.a"));
    Ok((archive, system))
}

/// The functions that `crates/capi` exports: what has a plain name among its own objects.
fn exports(shell: &Shell, archive: &Path) -> Result<BTreeSet<String>> {
    let listed = cmd!(
        shell,
        "nm --defined-only --extern-only --print-file-name {archive}"
    )
    .quiet()
    .ignore_stderr()
    .read()?;
    let exports = listed.lines().filter_map(|line| {
        let (place, rest) = line.split_once(' ')?;
        let object = place.split(':').nth_back(1)?;
        let name = rest.strip_prefix("T ")?;
        (object.starts_with(OURS) && !name.starts_with('_')).then(|| name.to_owned())
    });
    Ok(exports.collect())
}

/// The version script: what comes from which library of Windows, and nothing else.
fn versions(exports: &BTreeSet<String>) -> String {
    let mut nodes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in exports {
        nodes.entry(node(name)).or_default().push(name);
    }
    let last = nodes.len().saturating_sub(1);
    let mut script = String::new();
    for (index, (node, names)) in nodes.into_iter().enumerate() {
        let rest = if index == last {
            "  local:\n    *;\n"
        } else {
            ""
        };
        let _ = writeln!(
            script,
            "{node} {{\n  global:\n    {};\n{rest}}};",
            names.join(";\n    ")
        );
    }
    script
}

/// The version that a function belongs to. Windows' own names tell: all of msacm32 begins with "acm", and so on.
fn node(name: &str) -> &'static str {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if begins(&["opendriver_"]) {
        "OPENDRIVER_0.1"
    } else if begins(&["acm"]) {
        "MSACM32_1.0"
    } else if begins(&["IC", "DrawDib", "VideoForWindows"]) {
        "MSVFW32_1.0"
    } else {
        "WINMM_1.0"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_has_the_version_of_its_library() {
        let names = [
            "acmStreamOpen",
            "ICOpen",
            "OpenDriver",
            "opendriver_last_error",
        ];
        let script = versions(&names.map(str::to_owned).into());
        for node in [
            "MSACM32_1.0 {\n  global:\n    acmStreamOpen;\n};",
            "MSVFW32_1.0 {\n  global:\n    ICOpen;\n};",
            "OPENDRIVER_0.1 {\n  global:\n    opendriver_last_error;\n};",
            "WINMM_1.0 {\n  global:\n    OpenDriver;\n  local:\n    *;\n};",
        ] {
            assert!(script.contains(node), "{node}\n{script}");
        }
    }
}
