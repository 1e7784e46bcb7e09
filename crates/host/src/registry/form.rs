//! How one value is written in TOML.

use toml_edit::{Array, InlineTable, Value as Toml};

use super::entry::join_entry;
use super::value::Value;

/// What stands behind a name in a registry file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// A value.
    Value(Value),
    /// `{ deleted = true }`: the value of a farther layer is hidden.
    Deleted,
    /// TOML that is no value of a registry: what was expected and what was found.
    Unknown(String),
}

/// Reads one value.
pub(super) fn read(toml: &Toml) -> Content {
    let value = match toml {
        Toml::String(text) => Some(Value::Text(text.value().clone())),
        Toml::Integer(number) => integer(*number.value()),
        Toml::Boolean(flag) => Some(Value::Integer((*flag.value()).into())),
        Toml::Array(array) => list(array),
        Toml::InlineTable(table)
            if table.len() == 1 && table.get("deleted").and_then(Toml::as_bool) == Some(true) =>
        {
            return Content::Deleted;
        }
        Toml::InlineTable(table) => typed(table),
        _ => None,
    };
    value.map_or_else(|| Content::Unknown(complaint(toml)), Content::Value)
}

/// Writes one value, in the form that [`read`] takes back.
pub(super) fn write(value: &Value) -> Toml {
    match value {
        Value::Text(text) => text.into(),
        Value::Integer(number) => i64::from(*number).into(),
        Value::List(texts) => texts.iter().collect::<Array>().into(),
        Value::Expand(text) => one("expand", text.into()),
        Value::Long(number) => one(
            "qword",
            i64::try_from(*number).map_or_else(|_| format!("{number:#x}").into(), Toml::from),
        ),
        Value::Binary(data) => one("binary", hex(data).into()),
        Value::Other { kind, data } => {
            let mut table = InlineTable::new();
            table.insert("type", i64::from(*kind).into());
            table.insert("binary", hex(data).into());
            table.into()
        }
    }
}

/// The mark that hides a value of a farther layer.
pub(super) fn deleted() -> Toml {
    one("deleted", true.into())
}

fn one(name: &str, value: Toml) -> Toml {
    let mut table = InlineTable::new();
    table.insert(name, value);
    table.into()
}

/// A plain number is a `REG_DWORD` where it fits, which one below zero does as on Windows, else a `REG_QWORD`.
fn integer(number: i64) -> Option<Value> {
    if let Ok(number) = u32::try_from(number) {
        return Some(Value::Integer(number));
    }
    if let Ok(number) = i32::try_from(number) {
        return Some(Value::Integer(number.cast_unsigned()));
    }
    u64::try_from(number).ok().map(Value::Long)
}

fn list(array: &Array) -> Option<Value> {
    let texts = array.iter().map(|text| text.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().map(Value::List)
}

fn typed(table: &InlineTable) -> Option<Value> {
    let text = |name| table.get(name).and_then(Toml::as_str);
    let fields: Vec<&str> = table.iter().map(|(name, _)| name).collect();
    match fields[..] {
        ["file"] => Some(Value::Text(join_entry(file(text("file")?)?, ""))),
        ["file", "params"] | ["params", "file"] => Some(Value::Text(join_entry(
            file(text("file")?)?,
            text("params")?,
        ))),
        ["text"] => Some(Value::Text(text("text")?.to_owned())),
        ["expand"] => Some(Value::Expand(text("expand")?.to_owned())),
        ["multi"] => list(table.get("multi")?.as_array()?),
        ["binary"] => Some(Value::Binary(bytes(text("binary")?)?)),
        ["dword"] => match integer(number(table.get("dword")?)?)? {
            number @ Value::Integer(_) => Some(number),
            _ => None,
        },
        ["qword"] => {
            let qword = table.get("qword")?;
            let wide = qword
                .as_str()
                .and_then(hex_number)
                .or_else(|| u64::try_from(qword.as_integer()?).ok());
            wide.map(Value::Long)
        }
        ["type", "binary"] | ["binary", "type"] => {
            let kind = u32::try_from(table.get("type")?.as_integer()?).ok()?;
            Some(Value::from_windows(kind, &bytes(text("binary")?)?))
        }
        _ => None,
    }
}

/// The one-line form has no way to write a quote inside the name of a file.
fn file(name: &str) -> Option<&str> {
    (!name.contains('"')).then_some(name)
}

fn number(toml: &Toml) -> Option<i64> {
    toml.as_integer()
        .or_else(|| i64::try_from(hex_number(toml.as_str()?)?).ok())
}

fn hex_number(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn hex(data: &[u8]) -> String {
    let pairs: Vec<String> = data.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

/// Pairs of hexadecimal digits; spaces, commas and line ends between digits mean nothing.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().filter(|c| !c.is_whitespace() && *c != ',');
    let digits: Vec<u8> = digits
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let (pairs, odd) = digits.as_chunks::<2>();
    odd.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn complaint(toml: &Toml) -> String {
    let found = match toml {
        Toml::InlineTable(table) => {
            let fields: Vec<&str> = table.iter().map(|(name, _)| name).collect();
            return format!(
                "expected {{ file, params }}, {{ expand }}, {{ dword }}, {{ qword }}, {{ binary }}, {{ multi }}, \
                 {{ type, binary }} or {{ deleted = true }} in their forms, found {{ {} }}",
                fields.join(", ")
            );
        }
        Toml::Array(_) => "an array that holds other things than texts",
        Toml::Float(_) => "a number with a fraction",
        Toml::Integer(_) => "a number that fits no type",
        _ => toml.type_name(),
    };
    format!(
        "expected a text, a whole number, true, false, a list of texts or a table on one line, found {found}"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content(toml: &str) -> Content {
        read(&toml.parse().expect("good TOML"))
    }

    #[test]
    fn a_person_writes_every_type_in_a_readable_form() {
        for (toml, value) in [
            (r#""msadp32.acm""#, "msadp32.acm".into()),
            (
                r#"{ file = 'C:\a b\m.drv', params = "com1  fast" }"#,
                r#""C:\a b\m.drv" com1  fast"#.into(),
            ),
            (r#"{ file = "m.drv" }"#, "m.drv".into()),
            (r#"{ text = "x" }"#, "x".into()),
            ("7", Value::Integer(7)),
            ("0xff", Value::Integer(255)),
            ("-1", Value::Integer(u32::MAX)),
            ("true", Value::Integer(1)),
            ("5_000_000_000", Value::Long(5_000_000_000)),
            (r#"{ dword = "0x10" }"#, Value::Integer(16)),
            ("{ qword = 7 }", Value::Long(7)),
            (r#"{ qword = "0xffffffffffffffff" }"#, Value::Long(u64::MAX)),
            (r#"{ expand = "%TEMP%" }"#, Value::Expand("%TEMP%".into())),
            (r#"["a", "b"]"#, Value::List(vec!["a".into(), "b".into()])),
            (
                r#"{ binary = "01 2A,ff" }"#,
                Value::Binary(vec![1, 0x2a, 0xff]),
            ),
            (r#"{ type = 0, binary = "" }"#, Value::none()),
            (r#"{ type = 4, binary = "01 00 00 00" }"#, Value::Integer(1)),
        ] {
            assert_eq!(content(toml), Content::Value(value), "{toml}");
        }
        assert_eq!(content("{ deleted = true }"), Content::Deleted);
    }

    #[test]
    fn what_is_no_value_says_what_was_expected_and_found() {
        for toml in [
            "1.5",
            "1979-05-27",
            "[1, 2]",
            "{ dword = 5000000000 }",
            r#"{ binary = "1" }"#,
            "{ qword = -1 }",
            "{ colour = 1 }",
            r#"{ file = 'a"b' }"#,
            "{ deleted = false }",
            "-3_000_000_000",
        ] {
            let Content::Unknown(why) = content(toml) else {
                panic!("{toml} was understood")
            };
            assert!(
                why.starts_with("expected ") && why.contains("found "),
                "{why}"
            );
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<String>().prop_map(Value::Text),
            any::<String>().prop_map(Value::Expand),
            any::<u32>().prop_map(Value::Integer),
            any::<u64>().prop_map(Value::Long),
            any::<Vec<u8>>().prop_map(Value::Binary),
            any::<Vec<String>>().prop_map(Value::List),
            (any::<u32>(), any::<Vec<u8>>())
                .prop_map(|(kind, data)| Value::from_windows(kind, &data)),
        ]
    }

    proptest! {
        #[test]
        fn every_value_reads_back_as_it_was_written(value in any_value()) {
            let toml = write(&value).to_string();
            prop_assert_eq!(content(&toml), Content::Value(value), "{}", toml);
        }
    }
}
