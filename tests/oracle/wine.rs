//! Runs scenarios under Wine.

use std::fs;
use std::path::PathBuf;

use opendriver_tests::compilers::{self, Width};
use opendriver_tests::wine::{Wine, windows_path};

use crate::scenario::{self, Scenario};

/// Wine with the host program, the driver and the registry entries that scenarios use.
pub(crate) struct Stage {
    wine: Wine,
    folder: PathBuf,
    host: PathBuf,
}

impl Stage {
    pub(crate) fn new(name: &str, width: Width) -> Self {
        let wine = Wine::prepared();
        let folder = scenario::folder(name);
        let host = folder.join("host.exe");
        compilers::windows(width, &["tests/oracle/host.c"], &host, &["-lwinmm"]);
        let software = match width {
            Width::W64 => "Software",
            // Where programs of 32 bits find what they call Software.
            Width::W32 => r"Software\Wow6432Node",
        };
        let prefix = windows_path(&folder).replace('\\', "\\\\") + "\\\\";
        let entries = folder.join("entries.reg");
        let text = scenario::ENTRIES.map(|(section, name, value)| {
            let value = scenario::entry(value, &prefix, ".dll");
            format!("[HKEY_LOCAL_MACHINE\\{software}\\Microsoft\\Windows NT\\CurrentVersion\\{section}]\n\"{name}\"=\"{value}\"\n")
        });
        fs::write(&entries, format!("REGEDIT4\n\n{}", text.join("\n")))
            .expect("the folder is writable");
        wine.merge(&entries);
        scenario::build_dlls(&folder, width);
        Self { wine, folder, host }
    }

    /// Plays one scenario and returns its transcript.
    pub(crate) fn run(&self, scenario: &Scenario) -> String {
        scenario::lay_out(scenario, &self.folder, "dll");
        let prefix = windows_path(&self.folder) + "\\";
        let steps: Vec<String> = scenario
            .steps
            .iter()
            .map(|step| scenario::with_paths(step, &prefix, ".dll"))
            .collect();
        let script = self.folder.join("script.txt");
        fs::write(&script, steps.join("\n")).expect("the folder is writable");
        let transcript = self.folder.join("transcript.txt");
        let arguments = [windows_path(&script), windows_path(&transcript)];
        let (status, said) = self.wine.run(&self.folder, &self.host, arguments);
        assert!(status.success(), "{}: {status}: {said}", scenario.title);
        scenario::comparable(&scenario::transcript(&self.folder), &prefix, ".dll")
    }
}
