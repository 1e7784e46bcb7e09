//! What a program wished before the first use is done, and every message is told.

use crate::{Program, obliging};

/// What the program prints at one level of isolation, without the names of files that are made anew for each source.
fn told(level: &str) -> String {
    let drivers = obliging();
    let [native, wide, narrow] = drivers.each_ref().map(String::as_str);
    let said = Program::build("transcript").run(&[level, native, wide, narrow]);
    let names = [(native, "native"), (wide, "wide"), (narrow, "narrow")];
    names.into_iter().fold(said, |said, (file, name)| {
        let file = file.rsplit('/').next().unwrap_or(file);
        said.replace(file, name)
    })
}

const ECHO_ALONE: &str = "\
echo DRV_LOAD = 1
echo DRV_ENABLE = 1
echo DRV_OPEN = 1
echo DRV_USER = 3
echo DRV_EXITSESSION = 0
echo DRV_CLOSE = 1
echo DRV_DISABLE = 1
echo DRV_FREE = 1
8 messages, 0 reports
";

#[test]
fn without_trust_only_what_is_built_in_opens() {
    assert_eq!(told("0"), ECHO_ALONE);
}

#[test]
fn every_message_is_told_in_order_and_so_are_reports() {
    for level in ["1", "2"] {
        let said = told(level);
        let lines: Vec<&str> = said.lines().collect();
        let life = |name: &str, report: &str| {
            [
                format!("{name} DRV_LOAD = 1"),
                format!("{name} DRV_ENABLE = 1"),
                format!("{name} DRV_OPEN = 1"),
                format!("{report}: hello"),
                format!("{name} DRV_USER+6 = 1"),
                format!("{name} DRV_USER+4 = 1"),
                format!("{name} DRV_USER+4 = 1"),
            ]
        };
        let begun = [
            ("native", "native driver"),
            // Drivers of one width share a process, which is what says something.
            ("wide", "windows debug: debug"),
            ("narrow", "windows debug: debug"),
        ];
        let begun = begun.map(|(name, report)| life(name, report)).concat();
        assert_eq!(lines[..begun.len()], begun, "{said}");
        let ended = &lines[begun.len()..];
        let broke = |line: &&str| line.starts_with("native DRV_USER+2 ! ");
        assert_eq!(ended.iter().filter(|line| broke(line)).count(), 1, "{said}");
        assert!(
            ended.last().unwrap().ends_with(" messages, 3 reports"),
            "{said}"
        );
        let closed = ended
            .iter()
            .filter(|line| line.contains("DRV_FREE = 1"))
            .count();
        assert_eq!(closed, 3, "{said}");
    }
}
