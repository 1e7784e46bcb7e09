//! What the README tells a newcomer to type does what it says.

use std::process::Command;

use opendriver_tests::command::drv;
use opendriver_tests::{root, target};

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("there is a README")
}

/// The contents of each fenced block of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    text.split(&format!("```{language}\n"))
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap_or_default())
        .collect()
}

#[test]
fn every_command_works() {
    let text = readme();
    let commands: Vec<&str> = blocks(&text, "sh")
        .iter()
        .flat_map(|block| block.lines())
        .collect();
    assert!(!commands.is_empty(), "the README shows no command");
    for command in commands {
        match command.strip_prefix("cargo run --release -- ") {
            Some(words) => {
                let output = drv(words.split(' '));
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(
                    output.status.success(),
                    "{command}: {}: {said}",
                    output.status
                );
                assert!(!output.stdout.is_empty(), "{command}: printed nothing");
            }
            None if command == "cargo xtask test" => {
                let hook =
                    std::fs::read_to_string(root().join(".ci/run")).expect("there is .ci/run");
                assert!(
                    hook.contains(command),
                    "CI does not run the test command of the README"
                );
            }
            None => {
                let words: Vec<&str> = command.split(' ').collect();
                let (program, package) = match words[0] {
                    "cargo" => (env!("CARGO"), "cargo"),
                    "ffmpeg" => ("ffmpeg", "ffmpeg"),
                    _ => panic!("no test knows how to run `{command}`"),
                };
                let status = Command::new(program)
                    .current_dir(root())
                    .args(&words[1..])
                    .status()
                    .unwrap_or_else(|error| {
                        panic!("{program}: {error}; install it with: apt-get install {package}")
                    });
                assert!(status.success(), "{command}");
            }
        }
    }
}

#[test]
fn the_driver_in_c_is_built_and_opened_as_the_readme_says() {
    let text = readme();
    let folder = target().join("readme");
    std::fs::create_dir_all(&folder).expect("target/ is writable");
    std::fs::write(folder.join("driver.c"), blocks(&text, "c")[0]).expect("target/ is writable");
    let build = text
        .split('`')
        .find(|code| code.starts_with("gcc "))
        .expect("the README shows how to build the driver")
        .replace(
            "-I include",
            &format!("-I {}", root().join("include").display()),
        );
    let words: Vec<&str> = build.split(' ').collect();
    let status = Command::new(words[0])
        .current_dir(&folder)
        .args(&words[1..])
        .status();
    assert!(status.expect("gcc starts").success(), "{build}");
    let output = drv(["open", "target/readme/driver.so", "--send", "DRV_USER,5,7"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("12"), "5 and 7 did not make 12:\n{said}");
}
