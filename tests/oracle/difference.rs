//! Where ours may differ from Wine, and how it does.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use crate::scenario::Scenario;

/// A difference that every transcript has: its rule, and what it makes of a line of Wine's.
struct Everywhere {
    rule: &'static str,
    reason: &'static str,
    apply: fn(&str) -> Option<String>,
}

const EVERYWHERE: [Everywhere; 2] = [
    Everywhere {
        rule: "L8",
        reason: "DRV_DISABLE and DRV_FREE concern no instance, so their identifier is 0; Wine's is the last instance's",
        apply: |line| {
            let (before, after) = line
                .split_once("message=0x5 id=")
                .or(line.split_once("message=0x6 id="))?;
            let message = &line[before.len()..line.len() - after.len()];
            let (_, rest) = after.split_once(' ')?;
            Some(format!("{before}{message}0 {rest}"))
        },
    },
    Everywhere {
        rule: "O3",
        reason: "an open without parameter text carries an empty string; Wine's carries NULL",
        apply: |line| {
            let open = line.contains(" message=0x3 id=0 ") && line.contains("p1=NULL");
            open.then(|| line.replace("p1=NULL", "p1=\"\""))
        },
    },
];

/// Wine's transcript as it would be with the differences that every transcript has.
pub(crate) fn allowing_for_rules(wine: &str) -> String {
    wine.lines().map(|line| rewritten(line) + "\n").collect()
}

fn rewritten(line: &str) -> String {
    EVERYWHERE.iter().fold(line.to_owned(), |line, everywhere| {
        (everywhere.apply)(&line).unwrap_or(line)
    })
}

/// The rules that hold in every transcript, for the record. Fails when one of them excuses nothing.
pub(crate) fn rules(wine: &str) -> String {
    let mut text = "everywhere\n".to_owned();
    for Everywhere {
        rule,
        reason,
        apply,
    } in &EVERYWHERE
    {
        assert!(
            wine.lines().any(|line| apply(line).is_some()),
            "{rule} excuses nothing any more"
        );
        writeln!(text, "  {rule}: {reason}").expect("a string takes every write");
    }
    text
}

/// What differs in one scenario, with its rules. Fails when it differs without a rule, or has a rule and does not differ.
pub(crate) fn explained(
    scenario: &Scenario,
    switch: &str,
    rules: &[String],
    wine: &str,
    ours: &str,
) -> String {
    let wine = allowing_for_rules(wine);
    let title = &scenario.title;
    let diff = TextDiff::from_lines(wine.as_str(), ours);
    let mut lines = String::new();
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => "wine ",
            ChangeTag::Insert => "ours ",
            ChangeTag::Equal => "     ",
        };
        write!(lines, "{sign}{change}").expect("a string takes every write");
    }
    if wine == ours {
        assert!(
            rules.is_empty(),
            "\"{title}\" {switch} does not differ any more; its rule is stale"
        );
        return String::new();
    }
    assert!(
        !rules.is_empty(),
        "\"{title}\" {switch} differs from Wine, and no rule in script.txt says why:\n{lines}"
    );
    let rules: String = rules.iter().map(|rule| format!("  {rule}\n")).collect();
    format!("\n== {title}{switch}\n{rules}{lines}")
}
