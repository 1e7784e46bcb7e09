//! Pages of the documentation, executed: what they show is what happens.

use std::path::Path;
use std::process::Output;

/// Where the pages pretend to be.
pub const HERE: &str = "/home/you/drivers";

/// What a page needs to be executed.
pub trait Reader {
    /// Runs a line of shell. Answers what it printed on both streams, behind `? ` and its status where that is not 0.
    fn run(&mut self, line: &str) -> String;

    /// Keeps a block as a file: one with `<!-- file: NAME -->` in front of it.
    fn keep(&mut self, name: &str, contents: &str);
}

/// What a [`Reader`] answers of a command that ran in the folder `here`.
///
/// # Panics
/// When the command was ended by a signal, or printed what is not UTF-8.
pub fn said(output: Output, here: &Path) -> String {
    let status = match output.status.code() {
        Some(0) => String::new(),
        code => format!("? {}\n", code.expect("the shell ends by itself")),
    };
    let here = here.to_str().expect("UTF-8").trim_end_matches('/');
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    status + &printed.replace(here, HERE)
}

/// The page with the output of its commands as it is now: what follows `$ ` in a `console` block. The lines of an `sh` block are run,
/// too, and print where they fail only, which is no part of the page.
pub fn replay(page: &str, reader: &mut dyn Reader) -> String {
    let mut now = String::new();
    let mut file = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        now += line;
        now.push('\n');
        let Some(language) = line.strip_prefix("```") else {
            let named = line.strip_prefix("<!-- file: ");
            file = named.and_then(|rest| rest.strip_suffix(" -->")).or(file);
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        now += &match (file.take(), language) {
            (Some(name), _) => {
                reader.keep(name, &(block.join("\n") + "\n"));
                block.iter().map(|line| format!("{line}\n")).collect()
            }
            (None, "console") => console(&block, reader),
            (None, "sh") => script(&block, reader),
            (None, _) => block.iter().map(|line| format!("{line}\n")).collect(),
        };
        now += "```\n";
    }
    now
}

/// Commands with what they print. What was printed when the page was written is left out.
fn console(block: &[&str], reader: &mut dyn Reader) -> String {
    let commands = block.iter().filter_map(|line| line.strip_prefix("$ "));
    let ran = commands.map(|command| format!("$ {command}\n{}", reader.run(command)));
    ran.collect()
}

/// Commands that succeed.
fn script(block: &[&str], reader: &mut dyn Reader) -> String {
    let ran = block.iter().map(|command| {
        let said = match command.starts_with('#') || command.is_empty() {
            true => String::new(),
            false => reader.run(command),
        };
        let failed = said.starts_with("? ");
        format!("{command}\n{}", if failed { said } else { String::new() })
    });
    ran.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Reader for Heard {
        fn run(&mut self, line: &str) -> String {
            self.0.push(line.to_owned());
            match line {
                "false" => "? 1\n".to_owned(),
                _ => "new\n".to_owned(),
            }
        }

        fn keep(&mut self, name: &str, contents: &str) {
            self.0.push(format!("{name}={contents}"));
        }
    }

    #[test]
    fn a_page_is_written_anew_with_what_its_commands_print() {
        let page = "Text\n<!-- file: a.c -->\n```c\nint a;\n```\n```console\n$ one\nold\nolder\n$ two\n```\n```sh\ntrue\nfalse\n```\n```text\n$ no\n```\n";
        let mut heard = Heard::default();
        let now = replay(page, &mut heard);
        assert_eq!(heard.0, ["a.c=int a;\n", "one", "two", "true", "false"]);
        let expected = page
            .replace("old\nolder\n", "new\n")
            .replace("$ two\n", "$ two\nnew\n")
            .replace("false\n", "false\n? 1\n");
        assert_eq!(now, expected);
    }
}
