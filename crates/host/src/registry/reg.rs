//! Registry text as `regedit` and Wine write it.

use super::Value;
use super::text::windows_1252;

/// Who wrote the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `REGEDIT4`: the bytes of texts are in the code page of the machine.
    Windows4,
    /// `Windows Registry Editor Version 5.00`: the bytes of texts are UTF-16.
    Windows5,
    /// `WINE REGISTRY Version 2`: as the former, with more escapes and with notes.
    Wine,
}

impl Dialect {
    /// Tells the dialect from the first line of a text.
    pub(super) fn of(text: &str) -> Option<Self> {
        match text.lines().next()?.trim_end() {
            "REGEDIT4" => Some(Self::Windows4),
            "Windows Registry Editor Version 5.00" => Some(Self::Windows5),
            "WINE REGISTRY Version 2" => Some(Self::Wine),
            _ => None,
        }
    }
}

/// One thing that a registry text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// `[key]`
    Key(String),
    /// `[-key]`
    DeletedKey(String),
    /// `"name"=...`; the default value's name is empty.
    Value(String, Value),
    /// `"name"=-`
    DeletedValue(String),
    /// `#link`: the key that was opened last is a link to another one.
    Link,
    /// `;; All keys relative to \\Machine`
    Root(String),
    /// A line that is not understood, and why.
    Odd(String, &'static str),
}

/// Reads what a registry text says, each with the number of its line.
pub(super) fn items(text: &str, dialect: Dialect) -> impl Iterator<Item = (usize, Item)> {
    let first = text.find('\n').map_or(text.len(), |end| end + 1);
    let mut scanner = Scanner {
        text,
        at: first,
        line: 1,
        lines_to: 0,
        dialect,
    };
    std::iter::from_fn(move || scanner.next())
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The number of the line that holds the byte before `lines_to`.
    line: usize,
    lines_to: usize,
    dialect: Dialect,
}

/// Why a line was not understood.
type Odd = &'static str;

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Option<(usize, Item)> {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let start = self.at;
            let item = match self.rest().chars().next()? {
                ';' | '#' => self.note(),
                '[' => Some(self.key()),
                '"' | '@' => Some(self.value()),
                _ => Some(Err("expected a key in brackets or a name in quotes")),
            };
            let line = self.number_of_line(start);
            match item {
                None => {}
                Some(Ok(item)) => return Some((line, item)),
                Some(Err(why)) => {
                    self.at = start;
                    let odd = self.line().trim_end().chars().take(60).collect();
                    return Some((line, Item::Odd(odd, why)));
                }
            }
        }
    }

    fn number_of_line(&mut self, at: usize) -> usize {
        self.line += self.text.as_bytes()[self.lines_to..at]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        self.lines_to = at;
        self.line
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Takes the rest of the line.
    fn line(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        self.at += end;
        &rest[..end]
    }

    fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    fn note(&mut self) -> Option<Result<Item, Odd>> {
        let line = self.line().trim_end();
        if line == "#link" {
            return Some(Ok(Item::Link));
        }
        let root = line.strip_prefix(";; All keys relative to ")?;
        Some(Ok(Item::Root(root.replace("\\\\", "\\"))))
    }

    fn key(&mut self) -> Result<Item, Odd> {
        self.take("[");
        let name = if self.dialect == Dialect::Wine {
            let name = self.text_until(']')?;
            self.line();
            name
        } else {
            let line = self.line();
            line[..line
                .rfind(']')
                .ok_or("expected \"]\" at the end of the key")?]
                .to_owned()
        };
        Ok(name
            .strip_prefix('-')
            .map(|name| Item::DeletedKey(name.to_owned()))
            .unwrap_or(Item::Key(name)))
    }

    fn value(&mut self) -> Result<Item, Odd> {
        let name = if self.take("@") {
            String::new()
        } else {
            self.take("\"");
            self.text_until('"')?
        };
        self.blanks();
        if !self.take("=") {
            return Err("expected \"=\" after the name");
        }
        self.blanks();
        if self.take("-") {
            return self.end(Item::DeletedValue(name));
        }
        let value = self.data()?;
        self.end(Item::Value(name, value))
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn end(&mut self, item: Item) -> Result<Item, Odd> {
        match self.line().trim() {
            "" => Ok(item),
            rest if rest.starts_with(';') => Ok(item),
            _ => Err("expected the end of the line after the value"),
        }
    }

    fn data(&mut self) -> Result<Value, Odd> {
        if self.take("\"") {
            return Ok(Value::Text(self.text_until('"')?));
        }
        if self.take("dword:") {
            let rest = self.rest();
            let digits = rest.len()
                - rest
                    .trim_start_matches(|c: char| c.is_ascii_hexdigit())
                    .len();
            self.at += digits;
            let number = u32::from_str_radix(&rest[..digits], 16);
            return number
                .map(Value::Integer)
                .map_err(|_| "expected up to eight hexadecimal digits after \"dword:\"");
        }
        if self.take("hex:") {
            return Ok(Value::Binary(self.bytes()?));
        }
        if self.take("hex(") {
            let kind = self.kind()?;
            let data = self.bytes()?;
            return Ok(self.typed(kind, &data));
        }
        if self.take("str(") {
            let kind = self.kind()?;
            if !self.take("\"") {
                return Err("expected a text in quotes after \"str(..):\"");
            }
            let units = self.text_until('"')?;
            let data: Vec<u8> = units
                .encode_utf16()
                .chain([0])
                .flat_map(u16::to_le_bytes)
                .collect();
            return Ok(Value::from_windows(kind, &data));
        }
        Err("expected a text in quotes, dword:, hex:, hex(..):, str(..): or -")
    }

    /// The number of a type in hexadecimal digits, before `):`.
    fn kind(&mut self) -> Result<u32, Odd> {
        let rest = self.rest();
        let end = rest
            .find("):")
            .filter(|&end| end <= 8)
            .ok_or("expected \"):\" after the number of the type")?;
        self.at += end + 2;
        u32::from_str_radix(&rest[..end], 16)
            .map_err(|_| "expected the number of the type in hexadecimal digits")
    }

    fn typed(&self, kind: u32, data: &[u8]) -> Value {
        let holds_text = matches!(kind, 1 | 2 | 7);
        if self.dialect != Dialect::Windows4 || !holds_text {
            return Value::from_windows(kind, data);
        }
        let wide: Vec<u8> = windows_1252(data)
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        Value::from_windows(kind, &wide)
    }

    /// Pairs of hexadecimal digits between commas; a backslash before the end of a line carries on in the next.
    fn bytes(&mut self) -> Result<Vec<u8>, Odd> {
        let mut bytes = Vec::new();
        loop {
            self.blanks();
            let rest = self.rest();
            if let Some(after) = rest.strip_prefix('\\') {
                let line = after.find('\n').map_or(after.len(), |end| end + 1);
                if !after[..line].trim().is_empty() {
                    return Err("expected the end of the line after \"\\\"");
                }
                self.at += 1 + line;
                continue;
            }
            let digits = rest
                .bytes()
                .take(2)
                .take_while(u8::is_ascii_hexdigit)
                .count();
            if digits == 0 {
                return Ok(bytes);
            }
            self.at += digits;
            bytes.push(
                u8::from_str_radix(&rest[..digits], 16)
                    .map_err(|_| "expected a hexadecimal number")?,
            );
            self.blanks();
            if !self.take(",") && !self.rest().starts_with('\\') {
                return Ok(bytes);
            }
        }
    }

    /// Text up to an unescaped `end`. It may span lines, as `regedit` writes texts that hold line ends.
    fn text_until(&mut self, end: char) -> Result<String, Odd> {
        let mut units: Vec<u16> = Vec::new();
        let mut chars = self.rest().char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == end {
                self.at += at + end.len_utf8();
                return String::from_utf16(&units)
                    .map_err(|_| "the text is not well-formed UTF-16");
            }
            if c == '\n' && end == ']' {
                break;
            }
            let meant = if c == '\\' {
                self.escape(&mut chars)
            } else {
                None
            };
            match meant {
                Some(unit) => units.push(unit),
                None => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
            }
        }
        Err("expected an end of the text")
    }

    /// What an escape means; nothing where the backslash stands for itself.
    fn escape(&self, chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) -> Option<u16> {
        let &(_, c) = chars.peek()?;
        if matches!(c, '\\' | '"') {
            chars.next();
            return Some(c as u16);
        }
        if self.dialect != Dialect::Wine {
            return None;
        }
        chars.next();
        let mut number = |first: u32, radix: u32, most: usize| {
            let mut value = first;
            for _ in 0..most {
                let Some(digit) = chars.peek().and_then(|(_, c)| c.to_digit(radix)) else {
                    break;
                };
                value = value * radix + digit;
                chars.next();
            }
            u16::try_from(value).unwrap_or_default()
        };
        Some(match c {
            'a' => 7,
            'b' => 8,
            'e' => 27,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            'x' => number(0, 16, 4),
            '0'..='7' => number(c as u32 - '0' as u32, 8, 2),
            _ => u16::try_from(u32::from(c)).unwrap_or(0xfffd),
        })
    }
}

/// The first line of what [`write_key`] writes.
pub(super) const HEADER: &str = "Windows Registry Editor Version 5.00\r\n";

/// Writes one key as `regedit` does.
pub(super) fn write_key(out: &mut String, path: &str, values: &[(String, Value)]) {
    out.push_str(&format!("\r\n[{path}]\r\n"));
    for (name, value) in values {
        let start = if name.is_empty() {
            "@=".to_owned()
        } else {
            format!("\"{}\"=", escaped(name))
        };
        out.push_str(&start);
        match value {
            Value::Text(text) if !text.contains(['\r', '\n', '\0']) => {
                out.push_str(&format!("\"{}\"", escaped(text)))
            }
            Value::Integer(number) => out.push_str(&format!("dword:{number:08x}")),
            Value::Binary(data) => write_bytes(out, start.chars().count(), "hex:", data),
            _ => write_bytes(
                out,
                start.chars().count(),
                &format!("hex({:x}):", value.kind()),
                &value.to_windows(),
            ),
        }
        out.push_str("\r\n");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Writes bytes in lines of at most 80 characters.
fn write_bytes(out: &mut String, before: usize, kind: &str, data: &[u8]) {
    const WIDTH: usize = 80;
    out.push_str(kind);
    let mut column = before + kind.len();
    for (at, byte) in data.iter().enumerate() {
        let last = at + 1 == data.len();
        out.push_str(&format!("{byte:02x}{}", if last { "" } else { "," }));
        column += 3;
        if !last && column + 4 > WIDTH {
            out.push_str("\\\r\n  ");
            column = 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<Item> {
        items(text, Dialect::of(text).expect("a dialect"))
            .map(|(_, item)| item)
            .collect()
    }

    fn value(name: &str, value: impl Into<Value>) -> Item {
        Item::Value(name.to_owned(), value.into())
    }

    #[test]
    fn what_regedit_writes_is_read() {
        let text = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\a [b]]\r\n@=\"x\"\r\n\
            \"a\\\\b\\\"\"=\"C:\\\\d\"\r\n\"d\"=dword:0000000a ; ten\r\n\"e\"=hex(2):25,00,41,00,\\\r\n  00,00\r\n\"b\"=hex:01,\\\r\n  \\\r\n  ff\r\n\
            \"m\"=hex(7):61,00,00,00,62,00,00,00,00,00\r\n\"q\"=hex(b):01,00,00,00,00,00,00,00\r\n\"n\"=hex(0):\r\n\
            \"lines\"=\"one\r\ntwo\"\r\n\"gone\"=-\r\n; note\r\n[-HKEY_CURRENT_USER\\old]\r\n";
        let expected = [
            Item::Key(r"HKEY_CURRENT_USER\a [b]".into()),
            value("", "x"),
            value("a\\b\"", r"C:\d"),
            value("d", 10),
            value("e", Value::Expand("%A".into())),
            value("b", Value::Binary(vec![1, 0xff])),
            value("m", Value::List(vec!["a".into(), "b".into()])),
            value("q", Value::Long(1)),
            value("n", Value::none()),
            value("lines", "one\r\ntwo"),
            Item::DeletedValue("gone".into()),
            Item::DeletedKey(r"HKEY_CURRENT_USER\old".into()),
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn the_old_form_has_texts_in_the_code_page() {
        let text = "REGEDIT4\n[HKEY_CURRENT_USER\\a]\n\"e\"=hex(2):80,41,00\n\"m\"=hex(7):61,00,62,00,00\n";
        let read = read(text);
        assert_eq!(
            read[1..],
            [
                value("e", Value::Expand("€A".into())),
                value("m", Value::List(vec!["a".into(), "b".into()]))
            ]
        );
    }

    #[test]
    fn what_wine_writes_is_read() {
        let text = "WINE REGISTRY Version 2\n;; All keys relative to \\\\User\\\\S-1-5\n\n#arch=win64\n\n\
            [Software\\\\a\\]b] 1700000000\n#time=1d\n\"e\"=str(2):\"%A\\x20ac\\101\\n\"\n\"m\"=str(7):\"a\\0b\\0\"\n\"b\"=hex:01,02\n@=\"\\xd83d\\xde00\"\n\
            [Link] 1\n#link\n";
        let expected = [
            Item::Root(r"\User\S-1-5".into()),
            Item::Key(r"Software\a]b".into()),
            value("e", Value::Expand("%A€A\n".into())),
            value("m", Value::List(vec!["a".into(), "b".into()])),
            value("b", Value::Binary(vec![1, 2])),
            value("", "😀"),
            Item::Key("Link".into()),
            Item::Link,
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn odd_lines_are_named_with_their_number_and_reading_goes_on() {
        let text = "REGEDIT4\n[x\n\"a\"=1\n\"b\" \"c\"\nword\n\"d\"=dword:123456789\n\"e\"=\"x\" y\n\"ok\"=dword:1\n\"open\n";
        let read: Vec<_> = items(text, Dialect::Windows4).collect();
        assert_eq!(read.len(), 8, "{read:?}");
        assert_eq!(
            read[0],
            (
                2,
                Item::Odd("[x".into(), "expected \"]\" at the end of the key")
            )
        );
        assert_eq!(
            read[3],
            (
                5,
                Item::Odd(
                    "word".into(),
                    "expected a key in brackets or a name in quotes"
                )
            )
        );
        assert_eq!(read[6], (8, value("ok", 1)));
        assert!(matches!(&read[7], (9, Item::Odd(line, _)) if line == "\"open"));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "(\\[|\\]|\"|\\\\|=|@|-|hex|\\(|\\)|:|,|2|str|dword|\n|\r|;|#link|é|.){0,60}") {
            for dialect in [Dialect::Windows4, Dialect::Windows5, Dialect::Wine] {
                let text = format!("x\n{text}");
                let lines = text.lines().count();
                for (line, _) in items(&text, dialect) {
                    prop_assert!((1..=lines).contains(&line));
                }
            }
        }

        #[test]
        fn what_is_written_reads_back(
            name in "[^\0]*",
            kind in 0_u32..13,
            data in proptest::collection::vec(any::<u8>(), 0..90),
            text in "[^\0]*",
        ) {
            let values = [(name.clone(), Value::from_windows(kind, &data)), (name, Value::Text(text))];
            let mut out = HEADER.to_owned();
            write_key(&mut out, "HKEY_CURRENT_USER\\a]", &values);
            let mut expected = vec![Item::Key("HKEY_CURRENT_USER\\a]".into())];
            expected.extend(values.iter().map(|(name, value)| Item::Value(name.clone(), value.clone())));
            prop_assert_eq!(read(&out), expected);
            let short = out.lines().filter(|line| line.starts_with("  ")).all(|line| line.len() <= 80);
            prop_assert!(short, "{}", out);
        }
    }
}
