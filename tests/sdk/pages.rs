//! The pages for authors: their projects build, pass their tests, and open as the pages say.
//!
//! `PAGES=overwrite cargo test -p opendriver-tests --test sdk` writes today's output into them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use opendriver_tests::media::{self, Film, Sound, Tone, Video};
use opendriver_tests::page::{Reader, replay, said};
use opendriver_tests::{command, root, target};
use tempfile::TempDir;

/// A project of a page, with this repository's SDK in the place of the published one.
struct Project(TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(TempDir::new().expect("there is room for a folder"));
        let patch = ["sdk", "abi"].map(|krate| {
            let path = root().join("crates").join(krate);
            format!("opendriver-{krate} = {{ path = {path:?} }}\n")
        });
        let patch = format!("[patch.crates-io]\n{}", patch.concat());
        project.keep(".cargo/config.toml", &patch);
        fs::copy(root().join("Cargo.lock"), project.path("Cargo.lock")).expect("a lock");
        let built = target().join("pages");
        fs::create_dir_all(&built).expect("target/ is writable");
        symlink(built, project.path("target")).expect("the folder is ours");
        project
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn keep(&self, name: &str, contents: &str) {
        let path = self.path(name);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).expect("the folder is ours");
        fs::write(path, contents).expect("the folder is ours");
    }
}

impl Reader for &Project {
    fn run(&mut self, line: &str) -> String {
        let drv = command::binary().parent().expect("drv lies in a folder");
        let path = std::env::var("PATH").expect("there is a path");
        let output = Command::new("sh")
            .args(["-c", &format!("{line} 2>&1")])
            .current_dir(self.0.path())
            .env("PATH", format!("{}:{path}", drv.display()))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env_remove("CARGO_TARGET_DIR")
            .output()
            .expect("a shell");
        let built = target().join("pages");
        said(output, self.0.path()).replace(&*built.to_string_lossy(), "target")
    }

    fn keep(&mut self, name: &str, contents: &str) {
        Project::keep(self, name, contents);
    }
}

fn check(page: &str, project: &Project) {
    let page = root().join("docs").join(page);
    let written = fs::read_to_string(&page).expect("the page");
    let now = replay(&written, &mut &*project);
    if std::env::var("PAGES").is_ok_and(|what| what == "overwrite") {
        fs::write(page, now).expect("the page is writable");
        return;
    }
    assert_eq!(now, written);
}

fn copied(file: &Path, project: &Project, name: &str) {
    fs::copy(file, project.path(name)).expect("the folder is ours");
}

#[test]
fn the_page_for_all_drivers_makes_one() {
    check("writing-drivers.md", &Project::new());
}

#[test]
fn the_page_for_codecs_of_sound_makes_one() {
    let project = Project::new();
    let tone = Tone {
        channels: 2,
        rate: 44_100,
        samples: 20_000,
    };
    copied(&media::sound(Sound::Pcm, tone), &project, "in.wav");
    check("acm-drivers.md", &project);
}

#[test]
fn the_page_for_codecs_of_pictures_makes_one() {
    let project = Project::new();
    let film = Film {
        width: 62,
        height: 48,
        frames: 5,
    };
    copied(&media::video(Video::Rgb24, film), &project, "in.avi");
    check("vfw-drivers.md", &project);
}
