//! Everything that must hold before a change lands, as named steps.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::{cargo_tools, dist, drivers, interface, packaged, tools};

/// A step: its name and what it does.
type Step = (&'static str, fn(&Shell) -> Result<()>);

/// Cheap answers come first. Lints go before tests, because they report what tests only run into.
const STEPS: &[Step] = &[
    ("tools", |shell| {
        tools::install(shell)?;
        cargo_tools::install(shell)
    }),
    ("format", |shell| {
        Ok(cmd!(shell, "cargo fmt --all --check").run()?)
    }),
    ("drivers", drivers::fetch),
    ("dependencies", |shell| {
        let cargo_deny = cargo_tools::program(shell, "cargo-deny");
        Ok(cmd!(shell, "{cargo_deny} --locked check licenses bans sources").run()?)
    }),
    ("lints", |shell| {
        Ok(cmd!(
            shell,
            "cargo clippy --workspace --all-targets --locked -- -D warnings"
        )
        .run()?)
    }),
    ("tests", |shell| {
        Ok(cmd!(
            shell,
            "cargo test --workspace --all-targets --locked --no-fail-fast"
        )
        .run()?)
    }),
    ("doc tests", |shell| {
        Ok(cmd!(shell, "cargo test --workspace --doc --locked").run()?)
    }),
    ("loom", loom),
    ("docs", |shell| {
        let _flags = shell.push_env("RUSTDOCFLAGS", "-D warnings");
        Ok(cmd!(shell, "cargo doc --workspace --no-deps --locked").run()?)
    }),
    ("book", |shell| {
        let mdbook = cargo_tools::program(shell, "mdbook");
        Ok(cmd!(shell, "{mdbook} build").run()?)
    }),
    ("interfaces", interface::check),
    ("crates", packaged::check),
    ("packages", dist::step),
];

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run(shell: &Shell) -> Result<()> {
    // Debug information would double the build, and a failing test says where it failed without it.
    let _debug = shell.push_env("CARGO_PROFILE_DEV_DEBUG", "0");
    let mut times = Vec::new();
    for (name, step) in STEPS {
        println!("\n==== {name}");
        let start = Instant::now();
        let result = step(shell);
        times.push(format!("{:>7.1} s  {name}", start.elapsed().as_secs_f32()));
        result.with_context(|| format!("the step \"{name}\" failed"))?;
    }
    println!("\n==== all steps passed\n{}", times.join("\n"));
    Ok(())
}

/// Plays the life cycle's races in every order; `--cfg loom` would rebuild all else, so it has its own folder.
fn loom(shell: &Shell) -> Result<()> {
    let _flags = shell.push_env("RUSTFLAGS", "--cfg loom");
    let _target = shell.push_env("CARGO_TARGET_DIR", "target/loom");
    let played = cmd!(
        shell,
        "cargo test --package opendriver --no-default-features --lib --locked loom_"
    )
    .read()?;
    println!("{played}");
    ensure!(
        played.contains("test races::loom_"),
        "no race was played: the tests have another name"
    );
    Ok(())
}
