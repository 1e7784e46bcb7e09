//! Scenarios: what the script asks, with their transcripts made comparable.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use opendriver_tests::compilers::{self, Width};

/// The registry entries that the scenarios use: section, alias, and a value in which a name in braces is a driver.
pub(crate) const ENTRIES: [(&str, &str, &str); 6] = [
    ("Drivers32", "other.dll", "{plain}"),
    ("Drivers32", "oracle-text", "{plain} one two"),
    ("oracle", "inner", "{plain} com1"),
    ("oracle", "spaces", "{plain}  two  spaces"),
    ("oracle", "chain", "inner"),
    ("oracle", "partner", "{other}"),
];

/// One section of the script.
pub(crate) struct Scenario {
    pub(crate) title: String,
    /// Why our transcript differs from Wine's: a rule, a colon, a reason. Empty where it may not.
    pub(crate) differs: Vec<String>,
    /// As `differs`, with the compatibility switch `session_instance` on.
    pub(crate) differs_in_session: Vec<String>,
    pub(crate) steps: Vec<String>,
}

impl Scenario {
    /// Reads the script.
    pub(crate) fn all() -> Vec<Self> {
        let mut scenarios: Vec<Self> = Vec::new();
        for line in include_str!("script.txt").lines().map(str::trim) {
            if let Some(title) = line.strip_prefix("== ") {
                scenarios.push(Self {
                    title: title.to_owned(),
                    differs: Vec::new(),
                    differs_in_session: Vec::new(),
                    steps: Vec::new(),
                });
            } else if let Some(scenario) = scenarios.last_mut().filter(|_| !line.is_empty()) {
                if let Some(reason) = line.strip_prefix("differs in session ") {
                    scenario.differs_in_session.push(reason.to_owned());
                } else if let Some(reason) = line.strip_prefix("differs ") {
                    scenario.differs.push(reason.to_owned());
                } else {
                    scenario.steps.push(line.to_owned());
                }
            }
        }
        scenarios
    }

    /// Whether the application hands the driver a value at an open, which is where `session_instance` shows.
    pub(crate) fn hands_over_a_value(&self) -> bool {
        self.steps
            .iter()
            .any(|step| step.starts_with("open ") && !step.ends_with(" 0"))
    }

    /// The driver files that the script opens by path, without `./`.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.steps
            .iter()
            .flat_map(|step| step.split(' '))
            .filter_map(|word| word.strip_prefix("./").or(word.strip_suffix(".dll")))
    }
}

/// Numbers handles by first appearance and takes the folder out of names.
///
/// A handle of Wine's is an address, which it may give out again after a close; such a handle gets a number of its own.
pub(crate) fn comparable(transcript: &str, folder: &str, extension: &str) -> String {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut closed: HashSet<String> = HashSet::new();
    let mut count = 0;
    let mut text = String::new();
    for line in transcript.lines() {
        let mut line = line.replace(folder, "./").replace(extension, "");
        if let Some(handle) = word(&line, "handle=")
            .filter(|handle| *handle != "0")
            .map(str::to_owned)
        {
            match word(&line, "message=") {
                Some("0x4") => {
                    closed.insert(handle.clone());
                }
                Some("0x1" | "0x3") if closed.remove(&handle) => {
                    numbers.remove(&handle);
                }
                _ => {}
            }
            let number = numbers.entry(handle.clone()).or_insert_with(|| {
                count += 1;
                count
            });
            line = line.replace(&format!("handle={handle}"), &format!("handle={number}"));
        }
        text += &line;
        text += "\n";
    }
    text
}

/// What follows a label in a line.
fn word<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(label)?;
    rest.split(' ').next()
}

/// The value of an entry, with the drivers of a folder in the place of names in braces.
pub(crate) fn entry(value: &str, prefix: &str, extension: &str) -> String {
    value.replace('{', prefix).replace('}', extension)
}

/// An empty folder below `target/`.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = opendriver_tests::target().join("oracle").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("target/ is writable");
    folder
}

/// Builds the driver, and the library that has no `DriverProc`, for Windows.
pub(crate) fn build_dlls(folder: &Path, width: Width) {
    let source = ["tests/oracle/driver.c"];
    let flags = ["-shared", "-lwinmm"];
    compilers::windows(width, &source, &folder.join("driver.dll"), &flags);
    let without = [&flags[..], &["-DDriverProc=NoDriver"]].concat();
    compilers::windows(width, &source, &folder.join("silent.dll"), &without);
}

/// Puts a copy of the driver under each name that the scenario uses, and takes the last transcript away.
pub(crate) fn lay_out(scenario: &Scenario, folder: &Path, extension: &str) {
    let _ = fs::remove_file(folder.join("transcript.txt"));
    for name in scenario.files().chain(["plain", "other"]) {
        if name != "absent" && name != "silent" {
            let to = folder.join(name).with_extension(extension);
            fs::copy(folder.join("driver").with_extension(extension), to)
                .expect("the folder is writable");
        }
    }
}

/// A step with real paths in the place of `./NAME`.
pub(crate) fn with_paths(step: &str, prefix: &str, extension: &str) -> String {
    let words = step.split(' ').map(|word| match word.strip_prefix("./") {
        Some(name) => format!("{prefix}{name}{extension}"),
        None => word.replace(".dll", extension),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Reads the transcript that drivers and host left in a folder.
pub(crate) fn transcript(folder: &Path) -> String {
    fs::read_to_string(folder.join("transcript.txt")).unwrap_or_default()
}
