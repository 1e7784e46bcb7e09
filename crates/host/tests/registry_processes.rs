//! Writers that are processes of their own: many at once, killed ones, and a full disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use opendriver::registry::{Layer, Registry, Value};
use tempfile::TempDir;

const KEY: &str = r"HKCU\Software\Writers";

/// Tells a child what to do: the file, its number, how many values it writes and how long.
const JOB: &str = "OPENDRIVER_REGISTRY_WRITER";

/// The test binary again, running only the test named `as_a_child`, which then writes.
fn writer(file: &Path, number: usize, values: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test binary"));
    command.args(["--exact", "--nocapture", "as_a_child"]);
    command.env(JOB, format!("{number}:{values}:20:{}", file.display()));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn spawn(mut command: Command) -> Child {
    command.spawn().expect("a child starts")
}

fn expect_success(child: Child) {
    let output = child.wait_with_output().expect("a child ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The work of the children; asked for by hand it writes one value and reads it back.
#[test]
fn as_a_child() {
    let folder = TempDir::new().expect("a temporary folder");
    let job = std::env::var(JOB)
        .unwrap_or_else(|_| format!("0:1:1:{}", folder.path().join("r.toml").display()));
    let mut parts = job.splitn(4, ':');
    let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok());
    let (child, values, length) = (
        number().expect("a number"),
        number().expect("a count"),
        number().expect("a length"),
    );
    let file = PathBuf::from(parts.next().expect("a file"));
    let registry = Registry::open([Layer::file(file)]);
    for at in 0..values {
        let (name, value) = (format!("{child}-{at}"), Value::Text("x".repeat(length)));
        registry
            .set_value(KEY, &name, value.clone())
            .unwrap_or_else(|error| panic!("{error}: {error:?}"));
        assert_eq!(registry.value(KEY, &name).expect("it reads"), Some(value));
    }
}

fn names(file: &Path) -> Vec<String> {
    let values = Registry::open([Layer::file(file)])
        .values(KEY)
        .expect("the file is whole");
    values.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_hundred_processes_that_write_at_once_lose_nothing() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("registry.toml");
    let children: Vec<Child> = (0..100)
        .map(|number| spawn(writer(&file, number, 2)))
        .collect();
    children.into_iter().for_each(expect_success);
    let mut names = names(&file);
    names.sort();
    let mut expected: Vec<String> = (0..100)
        .flat_map(|child| (0..2).map(move |at| format!("{child}-{at}")))
        .collect();
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn writers_that_are_killed_leave_a_whole_file_and_no_lock() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("registry.toml");
    fs::write(&file, format!("# kept\n['{KEY}']\nfirst = 1\n")).expect("the file is written");
    let mut most = 0;
    for round in 1..40_usize {
        let mut child = spawn(writer(&file, round, usize::MAX));
        // Each round kills at another moment: after so many changes have been seen.
        let before = names(&file).len();
        while names(&file).len() < before + round % 4 {
            assert!(
                child.try_wait().expect("its state").is_none(),
                "the writer ended by itself"
            );
        }
        child.kill().expect("it is killed");
        child.wait().expect("it ended");
        let text = fs::read_to_string(&file).expect("the file is there");
        assert!(
            text.starts_with("# kept\n") && text.ends_with('\n'),
            "{text}"
        );
        let now = names(&file).len();
        assert!(now >= most, "changes were lost: {now} values after {most}");
        most = now;
    }
    expect_success(spawn(writer(&file, 1000, 1)));
    assert!(names(&file).contains(&"1000-0".to_owned()));
    let rest: Vec<_> = fs::read_dir(folder.path())
        .expect("the folder")
        .map(|e| e.expect("an entry").file_name())
        .collect();
    assert!(
        rest.iter().all(|name| name != ".registry.toml.new"),
        "{rest:?}"
    );
}

/// Fills a file system of 64 KiB of its own, which is gone with the process that mounted it.
#[test]
fn a_full_disk_leaves_the_old_file_and_says_so() {
    let folder = TempDir::new().expect("a temporary folder");
    let script = r#"
        mount -t tmpfs -o size=64k tmpfs "$1" || exit 77
        "$2" --exact --nocapture as_a_child; writer=$?
        echo "writer $writer"
        cat "$1/registry.toml"
        ls -A "$1" | sed 's/^/file /' >&2
    "#;
    let root = Command::new("id")
        .arg("-u")
        .output()
        .expect("id runs")
        .stdout
        == b"0\n";
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !root {
        command.arg("--map-root-user");
    }
    let output = command
        .args(["sh", "-c", script, "sh"])
        .arg(folder.path())
        .arg(std::env::current_exe().expect("the test binary"))
        .env(
            JOB,
            format!(
                "0:100000:3000:{}",
                folder.path().join("registry.toml").display()
            ),
        )
        .output()
        .expect("unshare runs (package util-linux)");
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "no file system could be mounted for the test: {errors}"
    );
    assert!(
        said.contains("writer 101"),
        "the writer filled the disk and failed: {said}"
    );
    assert!(errors.contains("StorageFull"), "{errors}");
    let text = said.split_once("writer 101\n").expect("the file follows").1;
    fs::write(folder.path().join("copy.toml"), text).expect("the copy is written");
    assert!(names(&folder.path().join("copy.toml")).len() > 5, "{text}");
    assert!(
        text.ends_with('\n') && !errors.contains("file .registry.toml.new"),
        "{errors}"
    );
}

/// The same for a limit on the size of files, which needs no rights.
#[test]
fn a_write_that_the_system_cuts_short_leaves_the_old_file() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("registry.toml");
    let output = Command::new("sh")
        .args([
            "-c",
            r#"trap '' XFSZ; ulimit -f 32; exec "$0" --exact --nocapture as_a_child"#,
        ])
        .arg(std::env::current_exe().expect("the test binary"))
        .env(JOB, format!("0:100000:1000:{}", file.display()))
        .output()
        .expect("sh runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && errors.contains("FileTooLarge"),
        "{errors}"
    );
    assert!(names(&file).len() > 10);
}
