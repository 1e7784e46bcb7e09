//! ffmpeg, which makes sound and says what it makes of ours.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs a program of ffmpeg's and answers what it printed.
///
/// # Panics
/// With its words when it fails, or with what to install when it is not there.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = output(program, arguments);
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The same, with what it complained of.
pub(crate) fn complaints(program: &str, arguments: &[&str]) -> String {
    let output = output(program, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    // Which loudspeakers are meant is said by few files, and addresses differ.
    said.lines()
        .filter(|line| !line.starts_with("Guessed Channel Layout"))
        .map(|line| line.split_once("] ").map_or(line, |(_, rest)| rest))
        .collect::<Vec<_>>()
        .join("\n")
}

fn output(program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(["-v", "warning"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; apt-get install ffmpeg"))
}

/// What `ffprobe` says of the only stream, `name=value` a line.
pub(crate) fn probe(file: &Path) -> Vec<(String, String)> {
    let file = file.to_str().expect("the folder is ours");
    let lines = run(
        "ffprobe",
        &["-show_entries", "stream", "-of", "default=nw=1", file],
    );
    let pairs = lines.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
