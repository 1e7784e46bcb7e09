//! The same driver and the same script, under Wine's winmm and under ours.
//!
//! `script.txt` says what is done, `snapshots/` what Wine said to it and where we differ. Each difference
//! is intended, and has the rule that it follows from beside it.

mod difference;
mod ours;
mod scenario;
mod wine;

use std::fmt::Write;

use ours::Stage;
use scenario::Scenario;

#[test]
fn wine_says_what_is_recorded() {
    let stage = wine::Stage::new("wine");
    let mut said = String::new();
    for scenario in Scenario::all() {
        let transcript = stage.run(&scenario);
        write!(said, "== {}\n{transcript}\n", scenario.title).expect("a string takes every write");
    }
    insta::assert_snapshot!("wine", said);
}

#[test]
fn a_windows_driver_differs_from_wine_only_as_the_rules_say() {
    insta::assert_snapshot!("differences", differences(&Stage::windows("windows")));
}

#[test]
fn a_shared_object_differs_from_wine_only_as_the_rules_say() {
    insta::assert_snapshot!("differences", differences(&Stage::native("native")));
}

/// Plays every scenario and explains each difference, also with the switch that makes us more like Wine.
fn differences(stage: &Stage) -> String {
    let recorded = recorded();
    let mut text = difference::rules(&recorded.concat());
    for (scenario, wine) in Scenario::all().iter().zip(&recorded) {
        let ours = stage.run(scenario, false);
        text += &difference::explained(scenario, "", &scenario.differs, wine, &ours);
        if scenario.hands_over_a_value() {
            let ours = stage.run(scenario, true);
            text += &difference::explained(
                scenario,
                ", with session_instance",
                &scenario.differs_in_session,
                wine,
                &ours,
            );
        }
    }
    text
}

/// What Wine said to each scenario, as recorded.
fn recorded() -> Vec<String> {
    let (_, text) = include_str!("snapshots/oracle__wine.snap")
        .split_once("\n---\n")
        .expect("a snapshot has a head");
    let scenarios: Vec<String> = text
        .split("== ")
        .skip(1)
        .map(|section| {
            section
                .split_once('\n')
                .map_or("", |(_, lines)| lines.trim_end())
                .to_owned()
                + "\n"
        })
        .collect();
    assert_eq!(
        scenarios.len(),
        Scenario::all().len(),
        "the record is of another script"
    );
    scenarios
}
