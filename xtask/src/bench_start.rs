//! Whole processes: `drv open` of a Windows driver against the same under Wine with a warm server.
//!
//! The two alternate in one run, so that what disturbs one disturbs the other.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::warm_wine::{WarmWine, windows_path};

const ROUNDS: usize = 50;
const DRIVERS: [&str; 3] = ["msadp32.acm", "l3codeca.acm", "msrle32.dll"];

/// Measures and prints the table.
pub(crate) fn run(shell: &Shell) -> Result<()> {
    let folder = shell.current_dir().join("target/bench");
    shell.create_dir(&folder)?;
    let drv = shell.current_dir().join("target/release/drv");
    let program = folder.join("open.exe");
    cmd!(
        shell,
        "cargo build --quiet --release --package opendriver-cli --bin drv"
    )
    .run()?;
    cmd!(
        shell,
        "x86_64-w64-mingw32-gcc -O2 -o {program} tests/oracle/open.c -lwinmm"
    )
    .run()?;
    let wine = WarmWine::start(&folder, &shell.current_dir().join("target/drivers/wine"))?;
    println!("\nwhole processes, median of {ROUNDS} (fastest), alternating\n");
    println!("| driver | drv open | the same under warm Wine | ratio | /bin/true |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for driver in DRIVERS {
        let file = shell
            .current_dir()
            .join("target/drivers/x86_64")
            .join(driver);
        ensure!(
            file.is_file(),
            "{} is missing; get it with: cargo xtask drivers",
            file.display()
        );
        let windows = windows_path(&file);
        let mut times: [Vec<Duration>; 3] = Default::default();
        for _ in 0..ROUNDS {
            times[0].push(time(Command::new(&drv).args(["open", "-q"]).arg(&file))?);
            times[1].push(time(wine.command(&program).arg(&windows))?);
            times[2].push(time(&mut Command::new("/bin/true"))?);
        }
        let [ours, theirs, nothing] = times.map(Measured::new);
        let ratio = theirs.median.as_secs_f64() / ours.median.as_secs_f64();
        println!("| `{driver}` | {ours} | {theirs} | {ratio:.0}x | {nothing} |");
    }
    Ok(())
}

/// How long a process takes from start to end.
fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let elapsed = start.elapsed();
    let status = status.with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(elapsed)
}

struct Measured {
    median: Duration,
    fastest: Duration,
}

impl Measured {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self {
            median: times[times.len() / 2],
            fastest: times[0],
        }
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        write!(
            f,
            "{:.2} ms ({:.2})",
            milliseconds(self.median),
            milliseconds(self.fastest)
        )
    }
}
