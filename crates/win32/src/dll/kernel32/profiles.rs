//! Initialisation files: `GetPrivateProfileString` and its kin.
//!
//! A name without a path means a file of the Windows directory. Where no drive `C:` is configured there is no such file:
//! what is written there is kept as long as the process lives. Sections of `system.ini` that Windows keeps in the registry
//! (`drivers`, `drivers32`, `mci` ...) are read and written there.

use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;

use crate::cx::Cx;
use crate::disk::{self, Place};
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, shims};
use crate::station::{RegistryValue, Report};
use crate::trap::Trap;

const ERROR_FILE_NOT_FOUND: u32 = 2;
const ERROR_ACCESS_DENIED: u32 = 5;
/// Where Windows keeps the driver sections of `system.ini`.
const DRIVERS: &str = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion";
const IN_REGISTRY: &[&str] = &[
    "drivers",
    "drivers32",
    "drivers.desc",
    "mci",
    "mci32",
    "mci extensions",
];
/// `REG_SZ`.
const TEXT: u32 = 1;

/// Files of a Windows directory that is nowhere, by name in lower case.
#[derive(Default)]
struct Files {
    texts: Mutex<HashMap<String, String>>,
}

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Writes the value of a key, or a list of keys or sections; answers its length as far as it fits.
    fn GetPrivateProfileStringA(cx, section: Addr, key: Addr, default: Addr, buffer: Addr, room: u32, file: Addr) -> u32 { string(cx, Ansi, section, key, default, buffer, room, Some(file)) }

    /// Writes the value of a key, or a list of keys or sections; answers its length as far as it fits.
    fn GetPrivateProfileStringW(cx, section: Addr, key: Addr, default: Addr, buffer: Addr, room: u32, file: Addr) -> u32 { string(cx, Wide, section, key, default, buffer, room, Some(file)) }

    /// As `GetPrivateProfileString`, of `win.ini`.
    fn GetProfileStringA(cx, section: Addr, key: Addr, default: Addr, buffer: Addr, room: u32) -> u32 { string(cx, Ansi, section, key, default, buffer, room, None) }

    /// As `GetPrivateProfileString`, of `win.ini`.
    fn GetProfileStringW(cx, section: Addr, key: Addr, default: Addr, buffer: Addr, room: u32) -> u32 { string(cx, Wide, section, key, default, buffer, room, None) }

    /// Answers the value of a key as a number.
    fn GetPrivateProfileIntA(cx, section: Addr, key: Addr, default: i32, file: Addr) -> u32 { number(cx, Ansi, section, key, default, Some(file)) }

    /// Answers the value of a key as a number.
    fn GetPrivateProfileIntW(cx, section: Addr, key: Addr, default: i32, file: Addr) -> u32 { number(cx, Wide, section, key, default, Some(file)) }

    /// As `GetPrivateProfileInt`, of `win.ini`.
    fn GetProfileIntA(cx, section: Addr, key: Addr, default: i32) -> u32 { number(cx, Ansi, section, key, default, None) }

    /// As `GetPrivateProfileInt`, of `win.ini`.
    fn GetProfileIntW(cx, section: Addr, key: Addr, default: i32) -> u32 { number(cx, Wide, section, key, default, None) }

    /// Writes all keys of a section with their values.
    fn GetPrivateProfileSectionA(cx, section: Addr, buffer: Addr, room: u32, file: Addr) -> u32 { pairs(cx, Ansi, section, buffer, room, file) }

    /// Writes all keys of a section with their values.
    fn GetPrivateProfileSectionW(cx, section: Addr, buffer: Addr, room: u32, file: Addr) -> u32 { pairs(cx, Wide, section, buffer, room, file) }

    /// Writes the names of all sections.
    fn GetPrivateProfileSectionNamesA(cx, buffer: Addr, room: u32, file: Addr) -> u32 { string(cx, Ansi, Addr::NULL, Addr::NULL, Addr::NULL, buffer, room, Some(file)) }

    /// Writes the names of all sections.
    fn GetPrivateProfileSectionNamesW(cx, buffer: Addr, room: u32, file: Addr) -> u32 { string(cx, Wide, Addr::NULL, Addr::NULL, Addr::NULL, buffer, room, Some(file)) }

    /// Sets or removes a key, or removes a section.
    fn WritePrivateProfileStringA(cx, section: Addr, key: Addr, value: Addr, file: Addr) -> bool { write(cx, Ansi, section, key, value, Some(file)) }

    /// Sets or removes a key, or removes a section.
    fn WritePrivateProfileStringW(cx, section: Addr, key: Addr, value: Addr, file: Addr) -> bool { write(cx, Wide, section, key, value, Some(file)) }

    /// As `WritePrivateProfileString`, in `win.ini`.
    fn WriteProfileStringA(cx, section: Addr, key: Addr, value: Addr) -> bool { write(cx, Ansi, section, key, value, None) }

    /// As `WritePrivateProfileString`, in `win.ini`.
    fn WriteProfileStringW(cx, section: Addr, key: Addr, value: Addr) -> bool { write(cx, Wide, section, key, value, None) }
}

/// The file that a name means, as a whole path.
fn path(cx: &Cx<'_>, letters: Letters, file: Option<Addr>) -> Result<String, Trap> {
    let name = match file {
        Some(file) => letters.read(cx, file)?,
        None => "win.ini".to_owned(),
    };
    if name.contains(['\\', '/', ':']) {
        return Ok(cx.process().full_path(&name).unwrap_or(name));
    }
    Ok(format!(r"C:\windows\{name}"))
}

fn in_registry(path: &str, section: &str) -> Option<String> {
    let is_system = path.eq_ignore_ascii_case(r"C:\windows\system.ini");
    let known = IN_REGISTRY
        .iter()
        .any(|known| known.eq_ignore_ascii_case(section));
    (is_system && known).then(|| format!(r"{DRIVERS}\{section}"))
}

/// What is in a file; nothing where there is none.
fn load(cx: &Cx<'_>, path: &str) -> String {
    match cx.process().locate(path) {
        Ok(Place::Host(host)) => {
            fs::read(host).map_or_else(|_| String::new(), |bytes| decode(cx, &bytes))
        }
        _ => {
            let files = cx.state::<Files>();
            let texts = files.texts.lock().expect("no holder panics");
            texts.get(&path.to_lowercase()).cloned().unwrap_or_default()
        }
    }
}

/// These files are in the process' code page, or begin with the mark of UTF-16.
fn decode(cx: &Cx<'_>, bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => Wide.decode(cx, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => Ansi.decode(cx, bytes),
    }
}

fn store(cx: &Cx<'_>, path: &str, text: &str) -> Result<(), u32> {
    match cx.process().locate(path) {
        Ok(Place::Host(host)) => {
            let is_wide = fs::read(&host).is_ok_and(|bytes| bytes.starts_with(&[0xff, 0xfe]));
            let letters = if is_wide { Wide } else { Ansi };
            let mut bytes = if is_wide {
                vec![0xff, 0xfe]
            } else {
                Vec::new()
            };
            bytes.extend(letters.encode(cx, text));
            fs::write(&host, bytes).map_err(|error| disk::code(&error))
        }
        Ok(_) => Err(ERROR_ACCESS_DENIED),
        Err(_) if path.to_lowercase().starts_with(r"c:\windows\") => {
            let files = cx.state::<Files>();
            let mut texts = files.texts.lock().expect("no holder panics");
            if texts.insert(path.to_lowercase(), text.to_owned()).is_none() {
                let note =
                    format!("\"{path}\" is kept for this process only: no drive C: is configured");
                cx.report(Report::Warning(note));
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// A line that begins a section.
fn heading(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?;
    Some(name.split(']').next().unwrap_or(name).trim())
}

/// A line that sets a key.
fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(';') {
        return None;
    }
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    Some((key.trim(), value.trim()))
}

/// The lines of a section.
fn lines<'text>(text: &'text str, section: &str) -> impl Iterator<Item = &'text str> {
    let mut lines = text.lines();
    let is_there =
        lines.any(|line| heading(line).is_some_and(|name| name.eq_ignore_ascii_case(section)));
    let lines = lines.take_while(|line| heading(line).is_none());
    is_there.then_some(lines).into_iter().flatten()
}

fn settings(cx: &Cx<'_>, path: &str, section: &str) -> Vec<(String, String)> {
    if let Some(key) = in_registry(path, section) {
        let values = cx.station().registry().values(&key).into_iter();
        return values
            .map(|(name, value)| {
                let text = Wide.decode(cx, &value.data);
                (name, text.trim_end_matches('\0').to_owned())
            })
            .collect();
    }
    let text = load(cx, path);
    let found = lines(&text, section).filter_map(setting);
    found
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// A value without the quotation marks around it.
fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|mark| value.strip_prefix(mark)?.strip_suffix(mark))
        .unwrap_or(value)
}

#[expect(
    clippy::too_many_arguments,
    reason = "as many as the function of Windows has"
)]
fn string(
    cx: &Cx<'_>,
    letters: Letters,
    section: Addr,
    key: Addr,
    default: Addr,
    buffer: Addr,
    room: u32,
    file: Option<Addr>,
) -> Result<u32, Trap> {
    let path = path(cx, letters, file)?;
    let Some(section) = letters.optional(cx, section)? else {
        let text = load(cx, &path);
        let names: Vec<String> = text
            .lines()
            .filter_map(heading)
            .map(str::to_owned)
            .collect();
        return put_list(cx, letters, &names, buffer, room);
    };
    let Some(key) = letters.optional(cx, key)? else {
        let names: Vec<String> = settings(cx, &path, &section)
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        return put_list(cx, letters, &names, buffer, room);
    };
    let settings = settings(cx, &path, &section);
    let found = settings
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(key.trim()));
    let value = match found {
        Some((_, value)) => unquoted(value).to_owned(),
        None => letters
            .optional(cx, default)?
            .unwrap_or_default()
            .trim_end_matches(' ')
            .to_owned(),
    };
    letters
        .put_cut(cx, buffer, &value, room.into())
        .map(|length| length as u32)
}

/// Writes texts with a zero after each and one at the end; what does not fit is cut, with two zeros.
fn put_list(
    cx: &Cx<'_>,
    letters: Letters,
    list: &[String],
    buffer: Addr,
    room: u32,
) -> Result<u32, Trap> {
    let text: String = list.iter().flat_map(|text| [text.as_str(), "\0"]).collect();
    let length = letters.length(cx, &text);
    match room {
        0 => Ok(0),
        1 => letters.put(cx, buffer, "").map(|()| 0),
        room if length < u64::from(room) => {
            letters.put(cx, buffer, &text)?;
            Ok(length as u32)
        }
        room => {
            let written = letters.put_cut(cx, buffer, &text, u64::from(room) - 1)?;
            cx.fill(
                buffer.offset(written * letters.bytes()),
                0,
                2 * letters.bytes(),
            )?;
            Ok(room - 2)
        }
    }
}

fn number(
    cx: &Cx<'_>,
    letters: Letters,
    section: Addr,
    key: Addr,
    default: i32,
    file: Option<Addr>,
) -> Result<u32, Trap> {
    let path = path(cx, letters, file)?;
    let (section, key) = (letters.read(cx, section)?, letters.read(cx, key)?);
    let settings = settings(cx, &path, &section);
    let found = settings
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(key.trim()));
    Ok(found.map_or(default as u32, |(_, value)| leading_number(unquoted(value))))
}

/// The number that a text begins with, in decimal or after `0x`.
fn leading_number(text: &str) -> u32 {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (radix, text) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(text) => (16, text),
        None => (10, text),
    };
    let digits = text.chars().map_while(|digit| digit.to_digit(radix));
    let value = digits.fold(0_u32, |value, digit| {
        value.wrapping_mul(radix).wrapping_add(digit)
    });
    if is_negative {
        value.wrapping_neg()
    } else {
        value
    }
}

fn pairs(
    cx: &Cx<'_>,
    letters: Letters,
    section: Addr,
    buffer: Addr,
    room: u32,
    file: Addr,
) -> Result<u32, Trap> {
    let path = path(cx, letters, Some(file))?;
    let section = letters.read(cx, section)?;
    let settings = settings(cx, &path, &section);
    let pairs: Vec<String> = settings
        .into_iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    put_list(cx, letters, &pairs, buffer, room)
}

fn write(
    cx: &Cx<'_>,
    letters: Letters,
    section: Addr,
    key: Addr,
    value: Addr,
    file: Option<Addr>,
) -> Result<bool, Trap> {
    let path = path(cx, letters, file)?;
    // Without a section, Windows only empties its cache.
    let Some(section) = letters.optional(cx, section)? else {
        return Ok(true);
    };
    let key = letters.optional(cx, key)?;
    let value = letters.optional(cx, value)?;
    let done = match (in_registry(&path, &section), &key) {
        (Some(at), Some(key)) => write_registry(cx, &at, key, value.as_deref()),
        (Some(_), None) => Err(ERROR_ACCESS_DENIED),
        (None, _) => {
            let text = changed(&load(cx, &path), &section, key.as_deref(), value.as_deref());
            store(cx, &path, &text)
        }
    };
    match done {
        Ok(()) => Ok(true),
        Err(error) => cx.fail(error, false),
    }
}

fn write_registry(cx: &Cx<'_>, at: &str, key: &str, value: Option<&str>) -> Result<(), u32> {
    let registry = cx.station().registry();
    let done = match value {
        Some(value) => {
            let data = Wide.encode(cx, &format!("{value}\0"));
            registry.set_value(at, key, &RegistryValue { kind: TEXT, data })
        }
        None => registry.delete_value(at, key),
    };
    match done.map_err(|error| error.0) {
        // What is gone already is no failure.
        Err(ERROR_FILE_NOT_FOUND) if value.is_none() => Ok(()),
        done => done,
    }
}

/// A file's text with one change; everything else stays as it is, comments too.
fn changed(text: &str, section: &str, key: Option<&str>, value: Option<&str>) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_section =
        |line: &String| heading(line).is_some_and(|name| name.eq_ignore_ascii_case(section));
    let start = lines.iter().position(is_section);
    let end = start.map(|start| {
        let rest = &lines[start + 1..];
        start
            + 1
            + rest
                .iter()
                .position(|line| heading(line).is_some())
                .unwrap_or(rest.len())
    });
    match (start.zip(end), key, value) {
        (Some((start, end)), None, _) => drop(lines.drain(start..end)),
        (Some((start, end)), Some(key), value) => {
            let is_key = |line: &String| {
                setting(line).is_some_and(|(known, _)| known.eq_ignore_ascii_case(key.trim()))
            };
            let at = lines[start + 1..end]
                .iter()
                .position(is_key)
                .map(|at| start + 1 + at);
            match (at, value) {
                (Some(at), Some(value)) => lines[at] = format!("{}={value}", key.trim()),
                (Some(at), None) => drop(lines.remove(at)),
                (None, Some(value)) => {
                    // Empty lines before the next section stay before it.
                    let last = lines[start..end]
                        .iter()
                        .rposition(|line| !line.trim().is_empty());
                    lines.insert(
                        start + last.unwrap_or(0) + 1,
                        format!("{}={value}", key.trim()),
                    );
                }
                (None, None) => {}
            }
        }
        (None, Some(key), Some(value)) => {
            if lines.last().is_some_and(|line| !line.trim().is_empty()) {
                lines.push(String::new());
            }
            lines.push(format!("[{section}]"));
            lines.push(format!("{}={value}", key.trim()));
        }
        (None, _, _) => {}
    }
    lines
        .iter()
        .flat_map(|line| [line.as_str(), "\r\n"])
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{changed, leading_number};
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    /// What is written for a key, through the gate.
    fn get(bench: &Bench, file: &str, section: Option<&str>, key: Option<&str>) -> String {
        let text = |text: Option<&str>| text.map_or(0, |text| bench.text(text));
        let (default, buffer) = (bench.text("default  "), bench.bytes(&[0xaa; 256]));
        let arguments = [
            text(section),
            text(key),
            default,
            buffer,
            256,
            bench.text(file),
        ];
        let length = bench.ask(DLL, "GetPrivateProfileStringA", &arguments);
        String::from_utf8(bench.read(buffer, length)).unwrap()
    }

    fn set(
        bench: &Bench,
        file: &str,
        section: &str,
        key: Option<&str>,
        value: Option<&str>,
    ) -> u64 {
        let text = |text: Option<&str>| text.map_or(0, |text| bench.wide(text));
        let arguments = [
            text(Some(section)),
            text(key),
            text(value),
            text(Some(file)),
        ];
        bench.ask(DLL, "WritePrivateProfileStringW", &arguments)
    }

    #[test]
    fn a_file_is_read_as_windows_reads_it() {
        let bench = Bench::new();
        let path = std::env::temp_dir().join(format!("opendriver-ini-{}", std::process::id()));
        fs::write(
            &path,
            b"; c\r\n[One]\r\nKey = \"a b\" \r\nlist=1,2\r\n; x=1\r\n[two]\nN=0x1Fz\nM=-3\n",
        )
        .unwrap();
        let file = format!("Z:{}", path.to_str().unwrap().replace('/', "\\"));
        let get = |section, key| get(&bench, &file, section, key);
        assert_eq!(get(Some("one"), Some("KEY")), "a b");
        assert_eq!(get(Some("one"), Some("x")), "default");
        assert_eq!(get(Some("three"), Some("x")), "default");
        assert_eq!(get(Some("One"), None), "Key\0list\0");
        assert_eq!(get(None, None), "One\0two\0");
        let (section, name) = (bench.text("two"), bench.text(&file));
        let ask = |key| {
            bench.ask(
                DLL,
                "GetPrivateProfileIntA",
                &[section, bench.text(key), 7, name],
            ) as u32
        };
        assert_eq!((ask("n"), ask("m"), ask("k")), (0x1f, -3_i32 as u32, 7));
        let buffer = bench.bytes(&[0xaa; 16]);
        let one = bench.text("One");
        assert_eq!(
            bench.ask(DLL, "GetPrivateProfileSectionA", &[one, buffer, 12, name]),
            10
        );
        assert_eq!(
            bench.read(buffer, 13),
            b"Key=\"a b\"\0\0\0\xaa"[..13].to_vec()
        );
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_change_leaves_everything_else_as_it_is() {
        let text = "; c\r\n[One]\r\na=1\r\n; why\r\n\r\n[Two]\r\nb=2\r\n";
        assert_eq!(
            changed(text, "one", Some("A"), Some("3")),
            text.replace("a=1", "A=3")
        );
        assert_eq!(
            changed(text, "one", Some("n"), Some("4")),
            text.replace("; why\r\n", "; why\r\nn=4\r\n")
        );
        assert_eq!(
            changed(text, "Two", Some("b"), None),
            text.replace("b=2\r\n", "")
        );
        assert_eq!(changed(text, "One", None, None), "; c\r\n[Two]\r\nb=2\r\n");
        assert_eq!(changed("", "New", Some("k"), Some("v")), "[New]\r\nk=v\r\n");
        assert_eq!(changed(text, "Three", Some("k"), None), text);
    }

    #[test]
    fn a_file_without_a_path_lasts_as_long_as_the_process() {
        let bench = Bench::new();
        assert_eq!(set(&bench, "codec.ini", "S", Some("k"), Some("v")), 1);
        assert_eq!(get(&bench, "CODEC.INI", Some("s"), Some("K")), "v");
        assert_eq!(set(&bench, "codec.ini", "S", Some("k"), None), 1);
        assert_eq!(get(&bench, "codec.ini", Some("s"), Some("k")), "default");
        assert_eq!(bench.reports().len(), 1);
    }

    #[test]
    fn driver_sections_are_those_of_the_registry() {
        let bench = Bench::new();
        assert_eq!(
            set(
                &bench,
                "system.ini",
                "drivers32",
                Some("msacm.x"),
                Some("x.acm")
            ),
            1
        );
        assert_eq!(
            get(&bench, "system.ini", Some("Drivers32"), Some("MSACM.X")),
            "x.acm"
        );
        let key = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\drivers32";
        let value = bench.with_cx(|cx| cx.station().registry().value(key, "msacm.x"));
        assert_eq!(
            value.unwrap().data,
            "x.acm\0"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
        );
        assert_eq!(
            set(&bench, "system.ini", "drivers32", Some("none"), None),
            1
        );
    }

    #[test]
    fn a_number_ends_at_what_is_no_digit() {
        assert_eq!(leading_number("12 apples"), 12);
        assert_eq!(leading_number("0xFF"), 255);
        assert_eq!(leading_number("none"), 0);
    }
}
