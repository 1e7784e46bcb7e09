//! The files of `docs/batch`, run with what the schedulers give them.

use std::path::{Path, PathBuf};
use std::process::Command;

use opendriver::Width;
use opendriver_tests::real;
use opendriver_tests::root;
use saphyr::{LoadableYamlNode as _, Yaml};

use crate::batch::{files_below, tone};
use crate::station::Station;

/// How many files the archive has.
const FILES: usize = 9;

/// A station with an archive of sound in the folder `old`, some of it deeper.
fn archive() -> Station {
    let station = Station::new();
    for folder in ["old", "old/a tape"] {
        std::fs::create_dir(station.path(folder)).expect("ours");
    }
    for n in 0..FILES {
        let folder = if n % 2 == 0 { "old" } else { "old/a tape" };
        station.file(&format!("{folder}/{n}.wav"), tone(1, 80 + n));
    }
    station
}

/// What is converted in the folder `new`.
fn converted(station: &Station) -> Vec<PathBuf> {
    let mut files = files_below(&station.path("new"));
    files.retain(|file| file.extension().is_some_and(|ending| ending == "wav"));
    files
}

fn document(name: &str) -> PathBuf {
    root().join("docs/batch").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(document(name)).expect("the document")
}

#[track_caller]
fn succeed(command: &mut Command) {
    let output = command.output().expect("a shell");
    assert!(
        output.status.success(),
        "{command:?}: {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn every_command_of_the_page_works() {
    let page = std::fs::read_to_string(root().join("docs/batch.md")).expect("the page");
    let mut commands = Vec::new();
    for block in page.split("```sh\n").skip(1) {
        commands.extend(block.split("```").next().unwrap_or_default().lines());
    }
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        let station = archive();
        std::os::unix::fs::symlink(root().join("docs"), station.path("docs")).expect("ours");
        succeed(station.shell(command).env("HOME", station.path("")));
        assert_eq!(converted(&station).len(), FILES, "{command}");
    }
}

#[test]
fn an_array_of_slurm_converts_all_parts() {
    let station = archive();
    let script = document("slurm.sh");
    for task in ["0", "1", "2"] {
        let line = format!("bash '{}' old new", script.display());
        succeed(
            station
                .shell(&line)
                .env("SLURM_ARRAY_TASK_ID", task)
                .env("SLURM_ARRAY_TASK_COUNT", "3")
                .env("SLURM_CPUS_PER_TASK", "2"),
        );
        assert!(station.path(&format!("new/summary-{task}.json")).is_file());
    }
    assert_eq!(converted(&station).len(), FILES);
}

#[test]
fn one_part_of_slurm_is_repeated_alone() {
    let station = archive();
    let line = format!("bash '{}' old new", document("slurm.sh").display());
    let mut command = station.shell(&line);
    command
        .env("SLURM_ARRAY_TASK_ID", "3")
        .env("SLURM_ARRAY_TASK_COUNT", "1")
        .env("SLURM_CPUS_PER_TASK", "2");
    // Without PARTS there is no fourth part of one: better an error than the wrong files.
    let refused = command.output().expect("a shell");
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    succeed(command.env("PARTS", "4"));
}

#[test]
fn slurm_counts_from_0_and_warns_drv_itself() {
    let text = text("slurm.sh");
    for directive in [
        "#SBATCH --array=0-",
        "#SBATCH --signal=B:TERM@",
        "\nexec drv convert ",
    ] {
        assert!(text.contains(directive), "{directive}");
    }
}

#[test]
fn an_indexed_job_of_kubernetes_converts_all_parts() {
    let station = archive();
    let documents = Yaml::load_from_str(&text("job.yaml")).expect("YAML");
    let [job] = documents.as_slice() else {
        panic!("one job: {documents:?}");
    };
    let spec = &job["spec"];
    assert_eq!(job["kind"].as_str(), Some("Job"));
    assert_eq!(spec["completionMode"].as_str(), Some("Indexed"));
    // What the policy of failures needs.
    assert!(spec["backoffLimitPerIndex"].as_integer().is_some());
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["restartPolicy"].as_str(), Some("Never"));
    let container = &pod["containers"][0];
    let policy = &spec["podFailurePolicy"]["rules"][0]["onExitCodes"];
    assert_eq!(policy["containerName"], container["name"]);
    let parts = &container["env"][0];
    assert_eq!(parts["name"].as_str(), Some("PARTS"));
    let count = spec["completions"].as_integer().expect("a number");
    assert_eq!(parts["value"].as_str(), Some(count.to_string().as_str()));
    let mount = container["volumeMounts"][0]["mountPath"]
        .as_str()
        .expect("a path");

    let line = container["args"][0].as_str().expect("a line of shell");
    let here = station.path("");
    let here = here.to_str().expect("UTF-8").trim_end_matches('/');
    for index in 0..count {
        succeed(
            station
                .shell(&line.replace(mount, here))
                .env("JOB_COMPLETION_INDEX", index.to_string())
                .env("PARTS", count.to_string()),
        );
    }
    assert_eq!(converted(&station).len(), FILES);
}

#[test]
fn the_image_has_its_drivers_installed() {
    let station = Station::new();
    std::fs::create_dir(station.path("codecs")).expect("ours");
    for driver in ["msadp32.acm", "msrle32.dll"] {
        std::fs::copy(
            real::folder(Width::W64).join(driver),
            station.path("codecs").join(driver),
        )
        .expect("ours");
    }
    let text = text("Containerfile");
    let run = text.split_once("\nRUN ").expect("a command").1;
    let run = run
        .split_once("\nUSER")
        .expect("its end")
        .0
        .replace("\\\n", "");
    let line = run
        .replace(
            "/usr/local/lib/codecs",
            station.path("codecs").to_str().expect("UTF-8"),
        )
        .replace(
            "/etc/opendriver",
            station.path("machine").to_str().expect("UTF-8"),
        );
    succeed(&mut station.shell(&line));
    let ran = station.run(&["list", "--registry", "machine/registry.toml"]);
    for alias in ["msacm.msadp32", "vidc.mrle"] {
        assert!(ran.out.contains(alias), "{ran:?}");
    }
}

#[test]
fn gnu_parallel_converts_all_parts() {
    let station = archive();
    assert!(
        Command::new("parallel").arg("--version").output().is_ok(),
        "parallel is missing; install it with: apt-get install parallel"
    );
    let line = format!("bash '{}' old new 3", document("parallel.sh").display());
    succeed(station.shell(&line).env("HOME", station.path("")));
    assert_eq!(converted(&station).len(), FILES);
    assert!(Path::new(&station.path("new/summary-2.json")).is_file());
}
