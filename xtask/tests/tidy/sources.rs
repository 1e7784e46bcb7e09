//! The files that the other checks read.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("the package lies in the workspace")
        .to_path_buf()
}

/// One text file of the repository.
pub(crate) struct Source {
    /// From the root, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The lines that are compiled into the program: no comments, no unit tests.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().take(self.code_ends());
        lines
            .map(|(at, line)| (at + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// How many lines come before the unit tests, which end a file.
    pub(crate) fn code_ends(&self) -> usize {
        let tests = self.text.find("#[cfg(test)]\nmod ");
        self.text[..tests.unwrap_or(self.text.len())]
            .lines()
            .count()
    }

    /// The lines of code that hold one of these words, as `path:line: text`.
    pub(crate) fn lines_with(&self, words: &[&str]) -> Vec<String> {
        self.code()
            .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
            .map(|(at, line)| format!("{}:{at}: {}", self.path, line.trim()))
            .collect()
    }
}

/// All files below a folder whose name ends so, in order; what is built or hidden is left out.
pub(crate) fn below(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root(), folder, ending, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(
        !found.is_empty(),
        "no {ending} file below \"{folder}\": this check checks nothing"
    );
    found
}

fn collect(root: &Path, folder: &str, ending: &str, found: &mut Vec<Source>) {
    let entries =
        fs::read_dir(root.join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    for entry in entries {
        let entry = entry.expect("a folder can be listed");
        let name = entry.file_name().into_string().expect("names are UTF-8");
        if name.starts_with('.') || name == "target" {
            continue;
        }
        let path = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        if entry.path().is_dir() {
            collect(root, &path, ending, found);
        } else if name.ends_with(ending) {
            let text =
                fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
            found.push(Source { path, text });
        }
    }
}

/// Fails with the list, if it is not empty.
pub(crate) fn assert_none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}\n  {}", found.join("\n  "));
}
