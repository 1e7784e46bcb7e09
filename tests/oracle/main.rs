//! The same driver and the same script, in both widths, under Wine's winmm and under ours.
//!
//! `script.txt` says what is done, `snapshots/` what Wine said to it and where we differ. Each difference
//! is intended, and has the rule that it follows from beside it.

mod difference;
mod ours;
mod scenario;
mod wine;

use std::fmt::Write;

use opendriver_tests::compilers::Width;

use ours::Stage;
use scenario::Scenario;

#[test]
fn wine_says_what_is_recorded() {
    insta::assert_snapshot!("wine", said_by_wine("wine", Width::W64));
}

#[test]
fn wine_says_the_same_to_a_driver_of_32_bits() {
    let said = said_by_wine("wine-x86", Width::W32);
    let recorded = recorded(Width::W32);
    for (scenario, recorded) in Scenario::all().iter().zip(&recorded) {
        let title = &scenario.title;
        assert!(
            said.contains(&format!("== {title}\n{recorded}")),
            "\"{title}\": {said}"
        );
    }
}

/// Plays every scenario on Wine.
fn said_by_wine(folder: &str, width: Width) -> String {
    let stage = wine::Stage::new(folder, width);
    let mut said = String::new();
    for scenario in Scenario::all() {
        let transcript = stage.run(&scenario);
        write!(said, "== {}\n{transcript}\n", scenario.title).expect("a string takes every write");
    }
    said
}

#[test]
fn a_windows_driver_differs_from_wine_only_as_the_rules_say() {
    insta::assert_snapshot!(
        "differences",
        differences(&Stage::windows("windows", Width::W64))
    );
}

#[test]
fn a_windows_driver_of_32_bits_differs_from_wine_only_as_the_rules_say() {
    let stage = Stage::windows("windows-x86", Width::W32);
    insta::assert_snapshot!("differences", differences(&stage));
}

#[test]
fn a_shared_object_differs_from_wine_only_as_the_rules_say() {
    insta::assert_snapshot!("differences", differences(&Stage::native("native")));
}

/// Plays every scenario and explains each difference, also with the switch that makes us more like Wine.
fn differences(stage: &Stage) -> String {
    let recorded = recorded(stage.width());
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

/// What Wine said to each scenario, as recorded: to a driver of 32 bits the same, but for the width of an identifier.
fn recorded(width: Width) -> Vec<String> {
    let (_, text) = include_str!("snapshots/oracle__wine.snap")
        .split_once("\n---\n")
        .expect("a snapshot has a head");
    let text = match width {
        Width::W64 => text.to_owned(),
        Width::W32 => text
            .replace("id=0x8000000000000101", "id=0x80000101")
            .replace("-> 0x8000000000000101", "-> 0xffffffff80000101"),
    };
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
