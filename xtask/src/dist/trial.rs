//! Whether the packages install, work and go away again, on a bare Debian.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use super::bare::Bare;
use super::stage::STAGE;
use super::{Build, Options, Packages, archive, folders, make, page, timestamp, version};

/// The script that tries what is installed.
const TRIES: &str = "tests/packages/tries.sh";

/// The program that is built here, with the library of the packages, and runs there.
const PROGRAM: &str = "tests/packages/adds.c";

/// Where the files for it lie, here and on the bare system.
const FOLDER: &str = "target/dist/trial";

/// A step of the test command, with the build that the tests have made.
pub(crate) fn step(shell: &Shell) -> Result<()> {
    run(
        shell,
        &Options {
            build: Build::Debug,
            out: "target/dist".into(),
        },
    )
}

/// Makes the packages and tries both.
pub(crate) fn run(shell: &Shell, options: &Options) -> Result<()> {
    let packages = make(shell, options)?;
    the_same_again(shell, options, &packages)?;
    if options.build == Build::Release {
        the_same_elsewhere(shell)?;
    }
    let files = prepare(shell)?;
    for (package, name, tidy) in [
        (&packages.deb, "package", Tidy::All),
        (&packages.tarball, "tarball", Tidy::Files),
    ] {
        println!("trying the {name}");
        let prefix = match tidy {
            Tidy::All => "/usr",
            Tidy::Files => "/usr/local",
        };
        try_one(shell, package, name, prefix, &files, tidy)?;
    }
    Ok(())
}

/// What may stay when a package is removed.
#[derive(Clone, Copy, PartialEq)]
enum Tidy {
    /// Nothing.
    All,
    /// Empty folders, which nobody can tell from those that were there.
    Files,
}

/// Installs, tries and removes one package as the document says.
fn try_one(
    shell: &Shell,
    package: &Path,
    name: &str,
    prefix: &str,
    files: &[PathBuf],
    tidy: Tidy,
) -> Result<()> {
    let bare = Bare::new(shell, name)?;
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    bare.bring(&files, "trial")?;
    bare.bring(&[package], "trial")?;
    let before = bare.files()?;
    let install = page::commands(shell, &format!("Install the {name}"))?;
    let remove = page::commands(shell, &format!("Remove the {name}"))?;

    bare.run("trial", &install)?;
    let installed = bare.files()?;
    ensure!(
        installed.len() > before.len() + 20,
        "the {name} installed next to nothing"
    );
    bare.run("trial", &format!("sh tries.sh {prefix}"))?;
    bare.run("trial", &remove)?;

    let left: Vec<String> = bare
        .files()?
        .into_iter()
        // What was tried wrote its own files.
        .filter(|file| !before.contains(file) && !file.contains(" trial/"))
        .filter(|file| tidy == Tidy::All || !file.starts_with("d "))
        .collect();
    ensure!(
        left.is_empty(),
        "removing the {name} left behind:\n  {}",
        left.join("\n  ")
    );
    Ok(())
}

/// Lays out what is brought: drivers, sound, a script, and what is expected of the same programs here.
fn prepare(shell: &Shell) -> Result<Vec<PathBuf>> {
    let folder = shell.current_dir().join(FOLDER);
    shell.remove_path(&folder)?;
    let expected = folder.join("expected");
    shell.create_dir(&expected)?;
    shell.copy_file(TRIES, &folder)?;
    let stage = shell.current_dir().join(STAGE);
    let flags = cmd!(shell, "pkg-config --cflags --libs opendriver")
        .env("PKG_CONFIG_PATH", stage.join("lib/pkgconfig"))
        .quiet()
        .read()?;
    let (flags, program) = (flags.split_whitespace(), folder.join("adds"));
    cmd!(shell, "gcc -Wall -Werror -o {program} {PROGRAM} {flags...}")
        .quiet()
        .run()?;
    let drv = stage.join("bin/drv");
    let tone = folder.join("tone.wav");
    cmd!(
        shell,
        "ffmpeg -v error -y -f lavfi -i sine=duration=1 -c:a adpcm_ms {tone}"
    )
    .quiet()
    .run()?;
    for width in ["x86_64", "i386"] {
        let driver = shell
            .current_dir()
            .join(format!("target/drivers/{width}/msadp32.acm"));
        shell.create_dir(folder.join(width))?;
        shell
            .copy_file(&driver, folder.join(width))
            .with_context(|| {
                format!(
                    "{} is missing; get it with: cargo xtask drivers",
                    driver.display()
                )
            })?;
        let _inside = shell.push_dir(&folder);
        let opened = cmd!(shell, "{drv} open ./{width}/msadp32.acm --times 3")
            .quiet()
            .read()?;
        shell.write_file(expected.join(format!("{width}.txt")), opened + "\n")?;
        let sound = expected.join(format!("{width}.wav"));
        cmd!(
            shell,
            "{drv} convert --quiet tone.wav {sound} --driver ./{width}/msadp32.acm"
        )
        .quiet()
        .run()?;
    }
    let echoed = cmd!(shell, "{drv} open echo --times 3 --send DRV_USER,5,7")
        .quiet()
        .read()?;
    ensure!(
        echoed
            .lines()
            .filter(|line| line.contains("DRV_USER") && line.ends_with("12"))
            .count()
            == 3,
        "echo does not add:\n{echoed}"
    );
    shell.write_file(expected.join("echo.txt"), echoed + "\n")?;
    shell.read_dir(&folder).map_err(Into::into)
}

/// Looks for the folders of this machine in what is installed.
fn the_same_elsewhere(shell: &Shell) -> Result<()> {
    for folder in folders(shell)? {
        let found = cmd!(
            shell,
            "grep --recursive --files-with-matches --fixed-strings {folder} {STAGE}"
        );
        let found = found.quiet().ignore_status().read()?;
        ensure!(
            found.is_empty(),
            "{} is named in:\n{found}",
            folder.display()
        );
    }
    Ok(())
}

/// Packs once more and compares, so that packing adds nothing of its own.
fn the_same_again(shell: &Shell, options: &Options, packages: &Packages) -> Result<()> {
    // A clone without its history still has its last commit; what has none was given a time.
    let _time = shell.push_env("SOURCE_DATE_EPOCH", timestamp(shell)?);
    let again = archive::pack(
        shell,
        &Options {
            build: options.build,
            out: "target/dist/again".into(),
        },
        &version(shell)?,
    )?;
    for (one, other) in [
        (&packages.tarball, &again.tarball),
        (&packages.deb, &again.deb),
    ] {
        cmd!(shell, "cmp {one} {other}")
            .quiet()
            .run()
            .context("the same files made two packages that differ")?;
    }
    Ok(shell.remove_path("target/dist/again")?)
}
