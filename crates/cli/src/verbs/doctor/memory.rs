//! Room where 32-bit addresses reach, and whether memory may be executed.

use std::fs;

use opendriver_win32::low;

use super::Finding;

/// The check that drivers of every width need.
pub(super) const EXECUTION: &str = "executable memory";

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// What a driver of some size, its heap and its buffers take.
const COMFORTABLE: u64 = 256 * MIB;

pub(super) fn findings() -> Vec<Finding> {
    let gaps = low::gaps();
    let mut findings = Vec::new();
    for (check, end, is_all) in [
        ("room below 2 GiB", 2 * GIB, false),
        ("room below 4 GiB", 4 * GIB, true),
    ] {
        let sizes = gaps
            .iter()
            .map(|gap| gap.end.min(end).saturating_sub(gap.start));
        let (whole, largest) = (sizes.clone().sum::<u64>(), sizes.max().unwrap_or(0));
        let found = format!(
            "{} MiB free, {} MiB in one piece",
            whole / MIB,
            largest / MIB
        );
        findings.push(if largest >= COMFORTABLE {
            Finding::ok(check, found)
        } else if is_all && largest < MIB {
            Finding::problem(check, found).advise("`ulimit -v unlimited` may give it back")
        } else {
            Finding::note(check, found).advise("`ulimit -v unlimited` may give it back")
        });
    }
    findings.push(match low::try_execution(false) {
        Ok(()) => Finding::ok(EXECUTION, "allowed"),
        Err(error) => Finding::problem(EXECUTION, format!("refused: {error}"))
            .advise("SELinux has deny_execmem for this, systemd MemoryDenyWriteExecute"),
    });
    let check = "writable and executable memory";
    findings.push(match low::try_execution(true) {
        Ok(()) => Finding::ok(check, "allowed"),
        Err(error) => Finding::note(check, format!("refused: {error}"))
            .advise("only drivers from before 2004 that make code as they run miss it"),
    });
    let check = "lowest address";
    findings.push(match fs::read_to_string("/proc/sys/vm/mmap_min_addr") {
        Ok(lowest) => Finding::ok(check, format!("mmap_min_addr is {}", lowest.trim())),
        Err(error) => Finding::note(check, format!("mmap_min_addr: {error}")),
    });
    findings
}
