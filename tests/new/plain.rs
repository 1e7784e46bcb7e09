//! A driver with messages of its own: a counter.

use std::path::Path;

use crate::project::Project;
use crate::spied::assert_same_under_wine;

/// Asks two instances to count on from 40, through an entry of the registry that has the number.
fn assert_it_counts(project: &Project, driver: &Path) {
    let file = driver.to_str().expect("a path in UTF-8");
    let install = ["install", file, "--alias", "counter", "--params", "40"];
    project.answer(&[&install[..], &["--force"]].concat());
    let send = ["DRV_USER,2", "DRV_USER+1", "DRV_USER+2"].map(|send| ["--send", send]);
    let words = [&["--times", "2"], send.as_flattened()].concat();
    let transcript = project.open(Path::new("counter"), &words);
    let said = |code: u64| -> Vec<i64> {
        let lines = transcript.iter().filter(|line| line["code"] == code);
        lines
            .map(|line| line["answer"].as_i64().expect("a number"))
            .collect()
    };
    assert_eq!(
        [said(0x4000), said(0x4001), said(0x4002)],
        [[42, 42], [42, 42], [40, 40]]
    );
    assert_eq!([said(4), said(5), said(6)], [vec![1, 1], vec![1], vec![1]]);
    project.answer(&["remove", "counter"]);
}

#[test]
fn a_counter_in_rust_counts() {
    let project = Project::new("rust", "plain");
    project.assert_tidy();
    for driver in project.drivers() {
        assert_it_counts(&project, &driver);
    }
}

#[test]
fn a_counter_in_c_counts_and_hears_the_same_under_wine() {
    let project = Project::new("c", "plain");
    for driver in project.drivers() {
        assert_it_counts(&project, &driver);
    }
    let said = assert_same_under_wine(
        &project,
        &["0x4000,5", "0x4001", "0x4002", "8", "0x800,1,2"],
    );
    assert!(
        said.contains("#1 0x4000 5 0 -> 5\n#2 0x4000 5 0 -> 5\n"),
        "{said}"
    );
}
