//! The commands of a document, so that what it tells people to type is what is tried.

use anyhow::{Context, Result};
use xshell::Shell;

/// Where installing is explained.
pub(super) const PAGE: &str = "docs/installing.md";

/// The commands (blocks of `sh`) below a heading of [`PAGE`], up to the next heading.
pub(super) fn commands(shell: &Shell, heading: &str) -> Result<String> {
    let page = shell.read_file(PAGE)?;
    commands_of(&page, heading)
        .with_context(|| format!("{PAGE} has no commands below \"{heading}\""))
}

fn commands_of(page: &str, heading: &str) -> Option<String> {
    let mut commands = String::new();
    let (mut is_below, mut is_inside) = (false, false);
    for line in page.lines() {
        if is_inside && line == "```" {
            is_inside = false;
        } else if is_inside {
            commands.push_str(line);
            commands.push('\n');
        } else if line.starts_with('#') {
            is_below = line.trim_start_matches('#').trim() == heading;
        } else if is_below && line == "```sh" {
            is_inside = true;
        }
    }
    (!commands.is_empty()).then_some(commands)
}

#[cfg(test)]
mod tests {
    use super::commands_of;

    const PAGE: &str = "\
# Page

## One

```sh
first # no heading
```

And then:

```sh
second
```

```text
no command
```

## Two

Nothing.
";

    #[test]
    fn commands_are_those_below_the_heading() {
        let found = commands_of(PAGE, "One");
        assert_eq!(found.as_deref(), Some("first # no heading\nsecond\n"));
    }

    #[test]
    fn a_heading_without_commands_has_none() {
        assert_eq!(commands_of(PAGE, "Two"), None);
        assert_eq!(commands_of(PAGE, "Three"), None);
    }
}
