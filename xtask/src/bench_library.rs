//! Whole processes: a C program that loads the library and opens a driver, against one that does nothing.
//!
//! They alternate in one run, so that what disturbs one disturbs all.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::library;

const ROUNDS: usize = 200;

/// What loading the library and one open of `echo` may cost.
const GOAL: Duration = Duration::from_millis(5);

const NOTHING: &str = "int main(void) { return 0; }\n";

const LOADED: &str = "\
#include <windows.h>
int main(int argc, char **argv) { (void)argv; return argc > 9 ? !OpenDriverA(\"echo\", 0, 0) : 0; }
";

const OPENED: &str = "\
#include <windows.h>
int main(void) { HDRVR echo = OpenDriverA(\"echo\", 0, 0); return !echo || !CloseDriver(echo, 0, 0); }
";

/// Measures and prints the table.
pub(crate) fn run(shell: &Shell) -> Result<()> {
    library::build(shell, "release")?;
    let folder = shell.current_dir().join("target/bench");
    shell.create_dir(&folder)?;
    let lib = shell.current_dir().join("target/library/release/lib");
    let programs = [
        ("an empty program", NOTHING),
        ("the library loaded", LOADED),
        ("echo opened and closed", OPENED),
    ];
    let mut times: [Vec<Duration>; 3] = Default::default();
    for (index, (_, source)) in programs.iter().enumerate() {
        let (file, binary) = (
            folder.join(format!("{index}.c")),
            folder.join(format!("{index}")),
        );
        shell.write_file(&file, source)?;
        cmd!(
            shell,
            "gcc -O2 -I target/library/release/include/opendriver -o {binary} {file} -L {lib} -Wl,--as-needed -lwinmm"
        )
        .quiet()
        .run()?;
    }
    for _ in 0..ROUNDS {
        for (index, times) in times.iter_mut().enumerate() {
            times.push(time(&folder.join(index.to_string()), &lib)?);
        }
    }
    let nothing = Measured::new(&mut times[0]);
    println!("\nwhole processes, median of {ROUNDS} (fastest), alternating\n");
    println!("| program | time | more than an empty one | goal |");
    println!("| --- | ---: | ---: | ---: |");
    for ((what, _), times) in programs.iter().zip(&mut times) {
        let measured = Measured::new(times);
        println!(
            "| {what} | {} ({}) | {} ({}) | {} |",
            milliseconds(measured.median),
            milliseconds(measured.fastest),
            milliseconds(measured.median.saturating_sub(nothing.median)),
            milliseconds(measured.fastest.saturating_sub(nothing.fastest)),
            milliseconds(GOAL)
        );
    }
    Ok(())
}

/// How long a process takes from start to end.
fn time(program: &Path, lib: &Path) -> Result<Duration> {
    let start = Instant::now();
    let status = Command::new(program)
        .env("LD_LIBRARY_PATH", lib)
        .stdin(Stdio::null())
        .status()
        .with_context(|| program.display().to_string())?;
    let elapsed = start.elapsed();
    ensure!(status.success(), "{}: {status}", program.display());
    Ok(elapsed)
}

struct Measured {
    median: Duration,
    fastest: Duration,
}

impl Measured {
    fn new(times: &mut [Duration]) -> Self {
        times.sort();
        Self {
            median: times[times.len() / 2],
            fastest: times[0],
        }
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
