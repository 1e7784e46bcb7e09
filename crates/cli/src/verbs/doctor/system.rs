//! The system around: versions, filters, signals.

use std::fs;

use opendriver_win32 as win32;

use super::Finding;

pub(super) fn findings() -> Vec<Finding> {
    vec![
        filter(),
        signals(),
        limit(),
        kernel(),
        processor(),
        version(),
    ]
}

/// Whether system calls are filtered, as sandboxes do.
fn filter() -> Finding {
    let status = read("/proc/self/status");
    let field = |name| field(&status, name);
    let check = "system call filter";
    match field("Seccomp:") {
        Some("0") => Finding::ok(check, "none"),
        Some("2") => {
            let count = field("Seccomp_filters:").unwrap_or("some");
            Finding::note(
                check,
                format!("{count} in force: what they forbid is not known"),
            )
        }
        Some(mode) => Finding::note(check, format!("seccomp mode {mode}")),
        None => Finding::note(check, "the kernel does not tell"),
    }
}

/// Whether a stack that a driver has used up is told of.
fn signals() -> Finding {
    let check = "signal stack";
    match win32::signal_stack() {
        0 => Finding::note(check, "none: a stack overflow in a driver ends the program"),
        size => Finding::ok(check, format!("{} KiB for each thread", size >> 10)),
    }
}

/// How much address space the process may have.
fn limit() -> Finding {
    let limits = read("/proc/self/limits");
    let check = "limit of address space";
    match field(&limits, "Max address space") {
        Some("unlimited") => Finding::ok(check, "none"),
        Some(limit) => Finding::note(check, format!("{limit} bytes"))
            .advise("each thread in a driver takes about 10 MiB; `ulimit -v` sets it"),
        None => Finding::note(check, "the kernel does not tell"),
    }
}

fn kernel() -> Finding {
    Finding::ok("kernel", read("/proc/sys/kernel/osrelease").trim())
}

fn processor() -> Finding {
    let about = read("/proc/cpuinfo");
    let name = about
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    Finding::ok("processor", name)
}

fn version() -> Finding {
    Finding::ok("drv", env!("CARGO_PKG_VERSION"))
}

/// The first word behind a name in one of the kernel's texts.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
}

/// A text of the kernel's; empty where it has none.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
