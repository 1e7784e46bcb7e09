//! The C of `docs/winmm.md` and `docs/c-api.md`, compiled and run as a reader would.

use std::fs;
use std::process::Command;

use opendriver_tests::page::{HERE, Reader, replay};
use opendriver_tests::{library, root};
use snapbox::data::DataFormat;
use snapbox::{Assert, Data};
use tempfile::TempDir;

/// An empty folder of somebody who has the library.
struct Desk(TempDir);

impl Reader for Desk {
    fn run(&mut self, line: &str) -> String {
        let lib = library::lib();
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {line}")])
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("LD_LIBRARY_PATH", &lib)
            .env("PKG_CONFIG_PATH", lib.join("pkgconfig"))
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("OPENDRIVER_PATH")
            .env_remove("OPENDRIVER_REGISTRY")
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let status = match output.status.code() {
            Some(0) => String::new(),
            code => format!("? {}\n", code.unwrap()),
        };
        status + &printed.replace(self.0.path().to_str().unwrap(), HERE)
    }

    fn keep(&mut self, name: &str, contents: &str) {
        fs::write(self.0.path().join(name), contents).unwrap();
    }
}

/// `SNAPSHOTS=overwrite` writes today's output into the page.
#[test]
fn what_the_pages_show_is_what_happens() {
    for page in ["docs/winmm.md", "docs/c-api.md"] {
        let path = root().join(page);
        let text = fs::read_to_string(&path).unwrap();
        let mut desk = Desk(tempfile::tempdir().unwrap());
        let now = replay(&text, &mut desk);
        let page = Data::read_from(&path, Some(DataFormat::Text));
        let assert = Assert::new().normalize_paths(false);
        assert.action_env("SNAPSHOTS").eq(now, page);
    }
}
