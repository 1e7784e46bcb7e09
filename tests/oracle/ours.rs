//! Runs scenarios on this system.

use std::collections::HashMap;
use std::fs::OpenOptions as FileOptions;
use std::io::Write;
use std::path::PathBuf;

use opendriver::{LParam, Manager, Message, OpenOptions, Registry};
use opendriver_tests::compilers::{self, Width};

use crate::scenario::{self, Scenario};

/// The driver in one of its two forms.
pub(crate) struct Stage {
    folder: PathBuf,
    extension: &'static str,
    width: Width,
}

impl Stage {
    /// The driver as a Windows DLL.
    pub(crate) fn windows(name: &str, width: Width) -> Self {
        let folder = scenario::folder(name);
        scenario::build_dlls(&folder, width);
        Self {
            folder,
            extension: "dll",
            width,
        }
    }

    /// The driver as a shared object of this system.
    pub(crate) fn native(name: &str) -> Self {
        let folder = scenario::folder(name);
        let flags = [
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-Iinclude",
            "-ldl",
        ];
        compilers::gcc(
            &["tests/oracle/driver.c"],
            &folder.join("driver.so"),
            &flags,
        );
        let without = [&flags[..], &["-DDriverProc=NoDriver"]].concat();
        compilers::gcc(
            &["tests/oracle/driver.c"],
            &folder.join("silent.so"),
            &without,
        );
        Self {
            folder,
            extension: "so",
            width: Width::HOST,
        }
    }

    /// How wide the driver is.
    pub(crate) fn width(&self) -> Width {
        self.width
    }

    /// Plays one scenario with a manager of its own and returns its transcript.
    pub(crate) fn run(&self, scenario: &Scenario, session_instance: bool) -> String {
        scenario::lay_out(scenario, &self.folder, self.extension);
        let prefix = format!("{}/", self.folder.display());
        let extension = format!(".{}", self.extension);
        let manager = Manager::builder()
            .trust_foreign_code()
            .registry(self.registry())
            .search_path(&self.folder)
            .session_instance(session_instance)
            .build();
        let mut handles = HashMap::new();
        for step in &scenario.steps {
            let step = scenario::with_paths(step, &prefix, &extension);
            let answer = play(&manager, &mut handles, &step);
            self.say(&format!("{step} -> {answer}"));
        }
        drop(manager);
        scenario::comparable(&scenario::transcript(&self.folder), &prefix, &extension)
    }

    fn registry(&self) -> Registry {
        let registry = Registry::in_memory();
        let prefix = format!("{}/", self.folder.display());
        let extension = format!(".{}", self.extension);
        for (section, alias, value) in scenario::ENTRIES {
            let alias = alias.replace("dll", self.extension);
            let value = scenario::entry(value, &prefix, &extension);
            registry
                .set_value(section, &alias, value.as_str())
                .expect("memory takes every value");
        }
        registry
    }

    fn say(&self, line: &str) {
        let path = self.folder.join("transcript.txt");
        let mut file = FileOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .expect("the folder is writable");
        writeln!(file, "{line}").expect("the folder is writable");
    }
}

/// Does what a step says, with the answers that the C functions give: an error is 0.
fn play(manager: &Manager, handles: &mut HashMap<String, u32>, step: &str) -> String {
    let words: Vec<&str> = step.split(' ').collect();
    let instance = words[1].to_owned();
    let handle = handles.get(&instance).copied().unwrap_or(0);
    match (words[0], &words[2..]) {
        ("open", [name, section, value]) => {
            let options = OpenOptions::new(name).param2(number(value));
            let options = if *section == "-" {
                options
            } else {
                options.section(section)
            };
            let raw = match manager.open_with(options) {
                Ok(instance) => instance.into_handle().raw(),
                Err(error) => {
                    // Shown when the test fails: the transcript has only the 0 that C would get.
                    println!("{step}: {error}: {:?}", std::error::Error::source(&error));
                    0
                }
            };
            handles.insert(instance, raw);
            format!("handle={}", hexadecimal(raw as LParam))
        }
        ("send", [message, first, second]) => {
            let message = Message(u32::try_from(number(message)).expect("a message has 32 bits"));
            hexadecimal(
                manager
                    .send(handle, message, number(first), number(second))
                    .unwrap_or(0),
            )
        }
        ("close", [first, second]) => hexadecimal(
            manager
                .close(handle, number(first), number(second))
                .unwrap_or(0),
        ),
        ("module", []) => hexadecimal(LParam::from(
            manager
                .module_of(handle)
                .is_ok_and(|module| module.address != 0),
        )),
        _ => panic!("the script says `{step}`"),
    }
}

fn number(word: &str) -> LParam {
    let number = match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    number.expect("the script has numbers where they belong") as LParam
}

/// As C's `%#llx`.
fn hexadecimal(number: LParam) -> String {
    if number == 0 {
        "0".to_owned()
    } else {
        format!("{number:#x}")
    }
}
