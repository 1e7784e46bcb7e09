//! Development tasks of opendriver: `cargo xtask TASK`.
//!
//! This package depends on no crate of the workspace, so that it runs while one of them does not build.

#![forbid(unsafe_code)]

mod bench_codecs;
mod bench_library;
mod bench_start;
mod cargo_tools;
mod dist;
mod driver_table;
mod drivers;
mod interface;
mod library;
mod packaged;
mod suite;
mod tools;
mod warm_wine;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xshell::{Shell, cmd};

const USAGE: &str = "\
usage: cargo xtask TASK

  test           everything that must hold before a change lands: tools, format, lints, tests, loom, docs
  tables         the tables in docs/ that are made from the code
  bench-start    whole processes: drv open against the same under Wine
  bench-library  whole processes: a C program that opens a driver, against an empty one
  bench-codecs   whole files: drv convert against applications under Wine, and ffmpeg
  crates         packs the crates that are published, and builds each from its package
  interface      lists what the published libraries promise, which a release does; with --check only compares
  dist           packages of a release, to target/dist: a tarball and a .deb [--out DIR] [--debug]
  dist-test      makes the packages and tries them on a bare Debian [--debug]
  man            manual pages of drv, to target/man
  library        libopendriver.so with headers and all, to target/library/debug; with --release to target/library/release
  drivers        real Windows drivers (of Debian's libwine) under target/drivers/{x86_64,i386}, and Wine's 32-bit half
";

/// Runs the package that makes documents from the code.
const DOCUMENTS: [&str; 5] = ["run", "--quiet", "--package", "opendriver-documents", "--"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> anyhow::Result<ExitCode> {
    let shell = Shell::new()?;
    shell.change_dir(root());
    match words {
        ["test"] => suite::run(&shell)?,
        ["library"] => library::build(&shell, "debug")?,
        ["library", "--release"] => library::build(&shell, "release")?,
        ["drivers"] => drivers::fetch(&shell)?,
        ["tables"] => {
            cmd!(shell, "cargo {DOCUMENTS...} shims docs/win32.md").run()?;
            cmd!(shell, "cargo {DOCUMENTS...} errors docs/errors.md").run()?;
            shell.write_file("docs/drivers.md", driver_table::table(&root())?)?;
        }
        ["crates"] => packaged::check(&shell)?,
        ["interface", "--check"] => interface::check(&shell)?,
        ["interface"] => interface::record(&shell)?,
        ["dist", options @ ..] => {
            cargo_tools::install(&shell)?;
            dist::make(&shell, &dist::Options::parse(options)?)?;
        }
        ["dist-test", options @ ..] => {
            cargo_tools::install(&shell)?;
            dist::test(&shell, &dist::Options::parse(options)?)?;
        }
        ["bench-start"] => bench_start::run(&shell)?,
        ["bench-library"] => bench_library::run(&shell)?,
        ["bench-codecs"] => bench_codecs::run(&shell)?,
        ["man"] => cmd!(shell, "cargo {DOCUMENTS...} man target/man").run()?,
        _ => {
            eprint!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder that holds the workspace.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}
