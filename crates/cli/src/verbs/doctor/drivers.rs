//! Whether Windows drivers of each width run, and by which mechanism those of 32 bits.

use opendriver_win32::segments::{self, Mechanism, Outcome};

use super::{Finding, State};

/// The verdicts first, then what they rest on.
pub(super) fn findings(memory: &[Finding]) -> Vec<Finding> {
    let chosen = segments::choose(None);
    let stopped: Vec<&str> = memory
        .iter()
        .filter(|finding| finding.state == State::Problem)
        .map(|finding| finding.check.as_str())
        .collect();
    let narrow = match (&chosen, stopped.is_empty()) {
        (Ok(mechanism), true) => Finding::ok(NARROW, format!("run, with {mechanism}")),
        (Ok(_), false) => Finding::problem(NARROW, format!("do not run: {}", stopped.join(", "))),
        (Err(tried), _) => Finding::problem(NARROW, format!("do not run: {tried}"))
            .advise("a sandbox that allows modify_ldt, or a kernel with FSGSBASE, lets them run"),
    };
    let wide = if stopped.contains(&super::memory::EXECUTION) {
        Finding::problem(WIDE, format!("do not run: {}", super::memory::EXECUTION))
    } else {
        Finding::ok(WIDE, "run")
    };
    let mut findings = vec![wide, narrow];
    findings.extend(
        Mechanism::ALL.into_iter().map(|mechanism| {
            mechanism_finding(mechanism, chosen.as_ref().ok() == Some(&mechanism))
        }),
    );
    findings
}

const WIDE: &str = "64-bit drivers";
const NARROW: &str = "32-bit drivers";

fn mechanism_finding(mechanism: Mechanism, is_chosen: bool) -> Finding {
    let outcome = segments::outcome(mechanism);
    let check = mechanism.to_string();
    match (outcome, mechanism) {
        (Outcome::Works, _) if is_chosen => {
            Finding::ok(check, "works, and is used: the best that does")
        }
        (Outcome::Works, _) => Finding::ok(check, "works"),
        (Outcome::Missing, Mechanism::Fsgsbase) => Finding::note(check, outcome.to_string())
            .advise("Linux since 5.9 offers it, unless started with nofsgsbase; calls are faster with it"),
        _ => Finding::note(check, outcome.to_string()),
    }
}
