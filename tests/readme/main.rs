//! What the README tells a newcomer to type does what it says.

use std::process::Command;

use opendriver_tests::command::drv;
use opendriver_tests::{library, root, target};

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
    // What the README makes anew must not be there from the last time.
    let _ = std::fs::remove_dir_all(target().join("my-codec"));
    let commands: Vec<&str> = blocks(&text, "sh")
        .iter()
        .filter(|block| !block.contains("host.c"))
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
fn the_program_in_c_is_built_and_run_as_the_readme_says() {
    let text = readme();
    let folder = target().join("readme");
    std::fs::create_dir_all(&folder).expect("target/ is writable");
    std::fs::write(folder.join("host.c"), blocks(&text, "c")[0]).expect("target/ is writable");
    let shown = blocks(&text, "sh");
    let commands = shown.iter().find(|block| block.contains("host.c"));
    let commands = commands.expect("the README shows how to build the program");
    let (build, commands) = commands.split_once('\n').expect("more than one line");
    assert_eq!(build, "cargo xtask library --release");
    // The library is the one that the tests have built, and the program stands where nothing of the sources does.
    let library = library::prefix().to_str().expect("UTF-8");
    let commands = commands
        .replace("$PWD/target/library/release", library)
        .replace("target/host", "./host");
    let output = Command::new("sh")
        .args(["-ec", &commands])
        .current_dir(&folder)
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{commands}: {said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "12\n");
}
