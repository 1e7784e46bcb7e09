//! Columns for people: each as wide as its widest cell so far, numbers to the right.

/// How a column's cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// A table that is printed while it grows: a column widens when a wider cell comes, what is printed stays.
pub(crate) struct Table<const COLUMNS: usize> {
    align: [Align; COLUMNS],
    widths: [usize; COLUMNS],
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// An empty table whose columns stand like this.
    pub(crate) fn new(align: [Align; COLUMNS]) -> Self {
        Self {
            align,
            widths: [0; COLUMNS],
        }
    }

    /// Makes each column wide enough for this row to come.
    pub(crate) fn expect<T: AsRef<str>>(&mut self, row: &[T; COLUMNS]) {
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(cell.as_ref().chars().count());
        }
    }

    /// One line, without spaces at its end.
    pub(crate) fn line<T: AsRef<str>>(&mut self, row: &[T; COLUMNS]) -> String {
        self.expect(row);
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let (width, align) = (self.widths[column], self.align[column]);
            if column > 0 {
                line.push_str("  ");
            }
            let cell = cell.as_ref();
            let gap = " ".repeat(width - cell.chars().count());
            match align {
                Align::Left => line.extend([cell, &gap]),
                Align::Right => line.extend([&gap, cell]),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// All `rows` below `head`, aligned; nothing at all where there are no rows.
pub(crate) fn render<const COLUMNS: usize>(
    align: [Align; COLUMNS],
    head: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new(align);
    for row in rows {
        table.expect(row);
    }
    let mut text = table.line(&head) + "\n";
    for row in rows {
        text += &table.line(row);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Align, Table, render};

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["echo".into(), "7".into()], ["é".into(), "12".into()]];
        assert_eq!(
            render([Align::Left, Align::Right], ["name", "n"], &rows),
            "name   n\necho   7\né     12\n"
        );
        assert_eq!(render([Align::Left], ["name"], &[]), "");
    }

    #[test]
    fn a_growing_table_keeps_its_width_and_no_trailing_spaces() {
        let mut table = Table::new([Align::Right, Align::Left]);
        assert_eq!(table.line(&["100", "one"]), "100  one");
        assert_eq!(table.line(&["1", ""]), "  1");
    }
}
