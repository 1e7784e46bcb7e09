//! The files of the packages, laid out below one prefix.

use std::path::Path;

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use super::{Build, notices};
use crate::library;

/// The prefix. The manifest of `opendriver-cli` names it too, for the `.deb`.
pub(super) const STAGE: &str = "target/dist/stage";

/// Shells: the argument of `drv completions`, and where the shell looks for the script.
const SHELLS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/drv"),
    ("zsh", "share/zsh/vendor-completions/_drv"),
    ("fish", "share/fish/vendor_completions.d/drv.fish"),
];

/// Where documents go, below the prefix.
const DOCUMENTS: &str = "share/doc/opendriver";

/// Builds what is installed and lays it out.
pub(super) fn fill(shell: &Shell, build: Build, version: &str) -> Result<()> {
    let stage = Path::new(STAGE);
    shell.remove_path(stage)?;
    let selection = build.selection();
    cmd!(shell, "cargo build --locked {selection...}").run()?;
    let built = Path::new("target").join(build.folder());
    program(shell, &built, stage)?;
    manual(shell, &built, stage)?;
    library(shell, build, stage)?;
    documents(shell, stage, version)?;
    // What a umask, or the file that was copied, says of permissions is nobody else's.
    cmd!(shell, "chmod --recursive u=rwX,go=rX {stage}")
        .quiet()
        .run()?;
    Ok(())
}

/// `drv`, without what only a debugger reads, and its completions.
fn program(shell: &Shell, built: &Path, stage: &Path) -> Result<()> {
    let folder = stage.join("bin");
    let drv = folder.join("drv");
    shell.create_dir(&folder)?;
    shell.copy_file(built.join("drv"), &drv)?;
    cmd!(shell, "strip --strip-all {drv}").quiet().run()?;
    for (name, file) in SHELLS {
        let script = cmd!(shell, "{drv} completions {name}").quiet().read()?;
        ensure!(!script.is_empty(), "drv has no completions for {name}");
        shell.write_file(stage.join(file), script + "\n")?;
    }
    Ok(())
}

/// The manual pages, compressed as they are read.
fn manual(shell: &Shell, built: &Path, stage: &Path) -> Result<()> {
    let folder = stage.join("share/man/man1");
    let documents = built.join("opendriver-documents");
    cmd!(shell, "{documents} man {folder}").quiet().run()?;
    compress(shell, &shell.read_dir(&folder)?)
}

/// The library, with headers and all that programs need to find it.
fn library(shell: &Shell, build: Build, stage: &Path) -> Result<()> {
    library::build(shell, build.folder())?;
    let made = Path::new("target/library").join(build.folder());
    let (lib, include) = (made.join("lib"), made.join("include"));
    // Most of its names are links.
    cmd!(shell, "cp --archive {lib} {include} {stage}")
        .quiet()
        .run()?;
    let file = stage.join("lib").join(library::FILE);
    cmd!(shell, "strip --strip-unneeded {file}").quiet().run()?;
    // It is loaded, not run.
    cmd!(shell, "chmod a-x {file}").quiet().run()?;
    Ok(())
}

/// What there is to read, the licences of ours and of what is linked in.
fn documents(shell: &Shell, stage: &Path, version: &str) -> Result<()> {
    let folder = stage.join(DOCUMENTS);
    shell.create_dir(&folder)?;
    for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        shell.copy_file(file, &folder)?;
    }
    // The links in the README lead there.
    cmd!(shell, "cp --recursive docs {folder}").quiet().run()?;
    shell.write_file(folder.join("THIRD-PARTY"), notices::text(shell, version)?)?;
    let changes = folder.join("changelog");
    shell.copy_file("CHANGELOG.md", &changes)?;
    compress(shell, &[changes])
}

/// Compresses files where they are, without the time in them.
fn compress(shell: &Shell, files: &[impl AsRef<Path>]) -> Result<()> {
    let files: Vec<&Path> = files.iter().map(AsRef::as_ref).collect();
    cmd!(shell, "gzip --best --no-name {files...}")
        .quiet()
        .run()?;
    Ok(())
}
