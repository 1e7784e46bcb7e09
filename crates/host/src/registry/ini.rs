//! Sections of names and values, as `system.ini` has them.

/// One thing that a line says, with the number of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `[section]`
    Section(&'a str),
    /// `name=value`, without the blanks around them.
    Entry(&'a str, &'a str),
    /// Neither.
    Odd(&'a str),
}

/// Reads the lines that say something. Comments are whole lines: a `;` inside a value belongs to it, as on Windows.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, Line<'_>)> {
    let numbered = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()));
    numbered
        .filter(|(_, line)| !line.is_empty() && !line.starts_with([';', '#']))
        .map(|(at, line)| (at, read(line)))
}

fn read(line: &str) -> Line<'_> {
    if let Some(section) = line.strip_prefix('[') {
        // What follows the bracket means nothing to Windows, and neither does it that the bracket is missing.
        return Line::Section(section.split(']').next().unwrap_or_default().trim());
    }
    match line.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Line::Entry(name.trim(), value.trim()),
        _ => Line::Odd(line),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_read_as_windows_reads_them() {
        let text = "; comment\r\n[drivers]\r\n wave = a.drv ; x \r\n\r\nodd\r\n=x\r\n[mci] rest\r\n[open\r\nb==c";
        let read: Vec<_> = lines(text).collect();
        let expected = [
            (2, Line::Section("drivers")),
            (3, Line::Entry("wave", "a.drv ; x")),
            (5, Line::Odd("odd")),
            (6, Line::Odd("=x")),
            (7, Line::Section("mci")),
            (8, Line::Section("open")),
            (9, Line::Entry("b", "=c")),
        ];
        assert_eq!(read, expected);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text: String) {
            for (line, _) in lines(&text) {
                prop_assert!(line >= 1);
            }
        }

        #[test]
        fn entries_come_back(names in proptest::collection::vec("[a-z.0-9]{1,8}", 1..9), value in "[!-~]([ -~]*[!-~])?") {
            let text: String = names.iter().map(|name| format!("{name} = {value}\r\n")).collect();
            let read: Vec<_> = lines(&text).map(|(_, line)| line).collect();
            let expected: Vec<_> = names.iter().map(|name| Line::Entry(name, &value)).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
