//! A project of `drv new`, built as its author would build it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use opendriver_tests::command;
use serde_json::Value;

/// A project that was written anew, built and tested.
pub(crate) struct Project {
    lang: &'static str,
    name: String,
    folder: PathBuf,
}

impl Project {
    /// Writes the project in a language and of a class, and runs every command of its README.
    pub(crate) fn new(lang: &'static str, class: &'static str) -> Self {
        let all = opendriver_tests::target().join("new");
        let name = format!("my-{class}-in-{lang}");
        let project = Self {
            lang,
            folder: all.join(&name),
            name,
        };
        let _ = fs::remove_dir_all(&project.folder);
        fs::create_dir_all(all.join("cargo")).expect("target/ is writable");
        let mut words = vec!["new", &project.name, "--lang", lang, "--class", class];
        let root = opendriver_tests::root();
        if lang == "rust" {
            words.extend(["--sdk", root.to_str().expect("a path in UTF-8")]);
        }
        let said = project.succeed(project.drv(&words).current_dir(&all));
        assert!(
            said.starts_with(&format!("made {}, ", project.name)),
            "{said}"
        );
        if lang == "rust" {
            project.share();
        }
        project.follow_readme();
        project
    }

    /// Lets the projects build what they share once: the SDK, in the versions that are tested here.
    fn share(&self) {
        std::os::unix::fs::symlink("../cargo", self.folder.join("target"))
            .expect("the folder is new");
        fs::copy(
            opendriver_tests::root().join("Cargo.lock"),
            self.folder.join("Cargo.lock"),
        )
        .expect("the folder is new");
    }

    /// Runs what stands in the blocks of shell, as a person does who reads it from top to bottom.
    fn follow_readme(&self) {
        let readme = fs::read_to_string(self.folder.join("README.md")).expect("a README");
        let blocks: Vec<_> = readme.split("```sh\n").skip(1).collect();
        assert!(blocks.len() >= 3, "{readme}");
        for block in blocks {
            let (commands, _) = block.split_once("```").expect("a block ends");
            let said = self.succeed(&mut self.program("sh", &["-ec", commands]));
            assert!(!said.contains("warning"), "{commands}: {said}");
        }
    }

    /// What is built for this system, and for Windows where the project knows how.
    pub(crate) fn drivers(&self) -> Vec<PathBuf> {
        let name = &self.name;
        let built: &[String] = match self.lang {
            "rust" => &[format!("target/debug/lib{}.so", name.replace('-', "_"))],
            _ => &[
                format!("build/{name}.so"),
                format!("build/win64/{name}.dll"),
                format!("build/win32/{name}.dll"),
            ],
        };
        built.iter().map(|file| self.folder.join(file)).collect()
    }

    /// What `drv` answers in the project's folder.
    pub(crate) fn answer(&self, words: &[&str]) -> String {
        self.succeed(&mut self.drv(words))
    }

    /// The transcript of `drv open`.
    pub(crate) fn open(&self, driver: &Path, words: &[&str]) -> Vec<Value> {
        let driver = driver.to_str().expect("a path in UTF-8");
        let said = self.answer(&[&["open", driver, "--format", "json"], words].concat());
        let lines = said.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect()
    }

    /// Runs a tool of Cargo that finds fault with code.
    pub(crate) fn assert_tidy(&self) {
        self.succeed(&mut self.program("cargo", &["fmt", "--check"]));
        let words = ["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"];
        self.succeed(&mut self.program("cargo", &words));
    }

    /// Where the project is.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    fn drv(&self, words: &[&str]) -> Command {
        self.program("drv", words)
    }

    /// A program in the folder, where `drv` is a command and has a registry of its own, and Cargo asks nobody.
    fn program(&self, program: &str, words: &[&str]) -> Command {
        let bin = command::binary().parent().expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", bin.display());
        // Looked for here, because a command looks in the path of this process.
        let file = match program {
            "drv" => command::binary().to_owned(),
            "cargo" => PathBuf::from(env!("CARGO")),
            _ => PathBuf::from(program),
        };
        let mut command = Command::new(file);
        command
            .args(words)
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env("CARGO_NET_OFFLINE", "true")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("OPENDRIVER_PATH")
            .env_remove("OPENDRIVER_REGISTRY");
        command
    }

    fn succeed(&self, command: &mut Command) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = command
            .output()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(
            status.success(),
            "{}: {command:?}: {status}: {out}{err}",
            self.name
        );
        out + &err
    }
}
