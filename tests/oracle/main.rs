//! The same driver and the same script, under Wine's winmm and under ours.
//!
//! `script.txt` says what is done, `snapshots/` what Wine said to it and where we differ. Each difference
//! is intended, and the script names the rule of ARCHITECTURE's rule list that it follows from.

mod scenario;
mod wine;

use scenario::Scenario;

#[test]
fn wine_says_what_is_recorded() {
    let stage = wine::Stage::new("wine");
    let mut said = String::new();
    for scenario in Scenario::all() {
        said.push_str(&format!(
            "== {}\n{}\n",
            scenario.title,
            stage.run(&scenario)
        ));
    }
    insta::assert_snapshot!("wine", said);
}
