//! What a driver hears and answers under Wine, held against the transcript of `drv`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use opendriver::Width;
use opendriver_tests::compilers;
use opendriver_tests::wine::{Wine, windows_path};
use serde_json::Value;

use crate::project::Project;

/// Opens two instances of each Windows driver of a project, sends both the messages (`MESSAGE[,P1[,P2]]`), and closes them: with `drv`,
/// and under Wine with a spy between the two. Both say the same; answers what.
pub(crate) fn assert_same_under_wine(project: &Project, messages: &[&str]) -> String {
    let mut all = String::new();
    for (width, driver) in Width::ALL
        .into_iter()
        .map(|width| (width, driver(project, width)))
    {
        let sends = messages.iter().flat_map(|message| ["--send", message]);
        let words: Vec<_> = ["--times", "2"].into_iter().chain(sends).collect();
        let ours = transcript(&project.open(&driver, &words));
        let theirs = under_wine(project, &driver, width, messages);
        assert_eq!(ours, theirs, "{width:?}");
        all += &ours;
    }
    all
}

fn driver(project: &Project, width: Width) -> std::path::PathBuf {
    let folder = format!("/win{}/", width.bits());
    let mut drivers = project.drivers().into_iter();
    let driver = drivers.find(|path| path.to_string_lossy().contains(&folder));
    driver.expect("the project builds for Windows")
}

/// Plays the same with Wine's winmm. The spy says what the driver heard.
fn under_wine(project: &Project, driver: &Path, width: Width, messages: &[&str]) -> String {
    let wine = Wine::prepared();
    let folder = project.path(&format!("wine-{}", width.bits()));
    fs::create_dir_all(&folder).expect("the folder is ours");
    let (host, spy) = (folder.join("host.exe"), folder.join("spy.dll"));
    compilers::windows(width, &["tests/oracle/host.c"], &host, &["-lwinmm"]);
    compilers::windows(width, &["tests/new/spy.c"], &spy, &["-shared", "-lwinmm"]);
    fs::copy(driver, folder.join("spied.dll")).expect("the folder is ours");

    let names = ["a", "b"];
    let each = |line: &dyn Fn(&str) -> String| names.map(line).join("\n");
    let mut script = vec![each(&|name| {
        format!("open {name} {} - 0", windows_path(&spy))
    })];
    for message in messages {
        let mut parts = message.split(',');
        let [number, p1, p2] = [(); 3].map(|()| parts.next().unwrap_or("0"));
        script.push(each(&|name| format!("send {name} {number} {p1} {p2}")));
    }
    script.push(each(&|name| format!("close {name} 0 0")));
    fs::write(folder.join("script.txt"), script.join("\n")).expect("the folder is ours");
    let _ = fs::remove_file(folder.join("heard.txt"));
    let files = ["script.txt", "host.txt"].map(|name| windows_path(&folder.join(name)));
    let (status, said) = wine.run(&folder, &host, files);
    assert!(status.success(), "{status}: {said}");
    let heard = fs::read_to_string(folder.join("heard.txt")).expect("the spy wrote it");
    assert!(heard.lines().count() > messages.len(), "{heard}");
    numbered(heard.lines().map(|line| {
        let mut numbers = line.split(' ').map(number);
        [(); 6].map(|()| numbers.next().expect("the spy writes six numbers"))
    }))
}

fn number(word: &str) -> i64 {
    let number = match word.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    number.expect("the spy writes numbers")
}

/// The transcript of `drv` in the same form.
fn transcript(lines: &[Value]) -> String {
    numbered(lines.iter().map(|line| {
        let number = |key: &str| line[key].as_i64().expect("a number");
        ["handle", "id", "code", "p1", "p2", "answer"].map(number)
    }))
}

/// Messages as `#INSTANCE MESSAGE P1 P2 -> ANSWER`, where instances are numbered as they open.
///
/// Three things differ by a rule of docs/rules.md or between any two runs, and are left out: an open without parameter text carries an
/// empty one here and no address in Wine (O3), `DRV_DISABLE` and `DRV_FREE` carry no identifier here and the last one in Wine (L8), and
/// identifiers and handles may be addresses, so that the answer to `DRV_OPEN` is whether there is one.
fn numbered(lines: impl Iterator<Item = [i64; 6]>) -> String {
    const OPEN: i64 = 3;
    let mut handles = HashMap::new();
    let mut identifiers = HashMap::new();
    let mut text = String::new();
    for [handle, id, code, p1, p2, answer] in lines {
        let next = handles.len() + 1;
        let number = *handles.entry(handle).or_insert(next);
        let (p1, answer) = match code {
            OPEN => {
                identifiers.insert(answer, number);
                (0, i64::from(answer != 0))
            }
            _ => (p1, answer),
        };
        // Each instance hears its own identifier.
        if code == 4 || code > 6 {
            assert!(identifiers.contains_key(&id), "{code:#x} to {id:#x}");
        }
        writeln!(text, "#{number} {code:#x} {p1} {p2} -> {answer}").expect("a string takes all");
    }
    text
}
