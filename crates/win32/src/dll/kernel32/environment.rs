//! Environment variables and the command line.

use std::sync::{Mutex, MutexGuard};

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;
const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_ENVVAR_NOT_FOUND: u32 = 203;

/// The variables of the process, and the texts that were handed out for good.
#[derive(Default)]
struct Environment {
    variables: Mutex<Option<Vec<(String, String)>>>,
    command_lines: Mutex<[Addr; 2]>,
}

/// What every Windows process finds, unless it was told otherwise.
const USUAL: &[(&str, &str)] = &[
    ("COMPUTERNAME", "OPENDRIVER"),
    ("ComSpec", r"C:\windows\system32\cmd.exe"),
    ("OS", "Windows_NT"),
    ("PATH", r"C:\windows\system32;C:\windows"),
    ("PATHEXT", ".COM;.EXE;.BAT;.CMD"),
    ("PROCESSOR_ARCHITECTURE", "AMD64"),
    ("SystemDrive", "C:"),
    ("SystemRoot", r"C:\windows"),
    ("USERNAME", "opendriver"),
    ("windir", r"C:\windows"),
];

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Writes the value of a variable; answers its length, or the room that it needs.
    fn GetEnvironmentVariableA(cx, name: Addr, buffer: Addr, room: u32) -> u32 { get(cx, Ansi, name, buffer, room) }

    /// Writes the value of a variable; answers its length, or the room that it needs.
    fn GetEnvironmentVariableW(cx, name: Addr, buffer: Addr, room: u32) -> u32 { get(cx, Wide, name, buffer, room) }

    /// Sets a variable, or removes it.
    fn SetEnvironmentVariableA(cx, name: Addr, value: Addr) -> bool { set(cx, Ansi, name, value) }

    /// Sets a variable, or removes it.
    fn SetEnvironmentVariableW(cx, name: Addr, value: Addr) -> bool { set(cx, Wide, name, value) }

    /// Replaces `%NAME%` by values; answers the length with the zero.
    fn ExpandEnvironmentStringsA(cx, text: Addr, buffer: Addr, room: u32) -> u32 { expand(cx, Ansi, text, buffer, room) }

    /// Replaces `%NAME%` by values; answers the length with the zero.
    fn ExpandEnvironmentStringsW(cx, text: Addr, buffer: Addr, room: u32) -> u32 { expand(cx, Wide, text, buffer, room) }

    /// Answers a copy of all variables in the consoles' code page.
    fn GetEnvironmentStrings(cx) -> Addr { block(cx, Ansi) }

    /// Answers a copy of all variables.
    fn GetEnvironmentStringsA(cx) -> Addr { block(cx, Ansi) }

    /// Answers a copy of all variables.
    fn GetEnvironmentStringsW(cx) -> Addr { block(cx, Wide) }

    /// Frees a copy of the variables.
    fn FreeEnvironmentStringsA(cx, block: Addr) -> bool { Ok(cx.free(block)) }

    /// Frees a copy of the variables.
    fn FreeEnvironmentStringsW(cx, block: Addr) -> bool { Ok(cx.free(block)) }

    /// Answers the command line.
    fn GetCommandLineA(cx) -> Addr { command_line(cx, Ansi) }

    /// Answers the command line.
    fn GetCommandLineW(cx) -> Addr { command_line(cx, Wide) }
}

/// Works with the variables, which are made on first use.
fn with_variables<T>(cx: &Cx<'_>, run: impl FnOnce(&mut Vec<(String, String)>) -> T) -> T {
    let environment = cx.state::<Environment>();
    let mut variables: MutexGuard<'_, _> = environment.variables.lock().expect("no holder panics");
    run(variables.get_or_insert_with(|| initial(cx)))
}

fn initial(cx: &Cx<'_>) -> Vec<(String, String)> {
    let mut variables = cx.process().config().environment.clone();
    let mut usual: Vec<(String, String)> = USUAL
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let temporary = cx.process().dos_path(&std::env::temp_dir());
    usual.extend(["TEMP", "TMP"].map(|name| (name.to_owned(), temporary.clone())));
    for (name, value) in usual {
        if !variables
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(&name))
        {
            variables.push((name, value));
        }
    }
    variables
}

/// The value of a variable, whatever the case of its name.
pub(crate) fn variable(cx: &Cx<'_>, name: &str) -> Option<String> {
    with_variables(cx, |variables| {
        let found = variables
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    })
}

fn get(cx: &Cx<'_>, letters: Letters, name: Addr, buffer: Addr, room: u32) -> Result<u32, Trap> {
    let name = letters.read(cx, name)?;
    match variable(cx, &name) {
        Some(value) => {
            cx.set_last_error(0);
            letters.fill(cx, buffer, room, &value)
        }
        None => cx.fail(ERROR_ENVVAR_NOT_FOUND, 0),
    }
}

fn set(cx: &Cx<'_>, letters: Letters, name: Addr, value: Addr) -> Result<bool, Trap> {
    let name = letters.optional(cx, name)?.unwrap_or_default();
    if name.is_empty() || name[1..].contains('=') {
        return cx.fail(ERROR_INVALID_PARAMETER, false);
    }
    let value = letters.optional(cx, value)?;
    with_variables(cx, |variables| {
        variables.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        variables.extend(value.map(|value| (name, value)));
    });
    Ok(true)
}

fn expand(cx: &Cx<'_>, letters: Letters, text: Addr, buffer: Addr, room: u32) -> Result<u32, Trap> {
    let expanded = expanded(cx, &letters.read(cx, text)?);
    let length = letters.fill(cx, buffer, room, &expanded)?;
    Ok(if length < room { length + 1 } else { length })
}

/// Replaces each `%NAME%` of a known variable.
pub(crate) fn expanded(cx: &Cx<'_>, text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        result.push_str(before);
        match after.split_once('%') {
            Some((name, behind)) if !name.is_empty() && variable(cx, name).is_some() => {
                result.push_str(&variable(cx, name).unwrap_or_default());
                rest = behind;
            }
            _ => {
                result.push('%');
                rest = after;
            }
        }
    }
    result + rest
}

fn block(cx: &Cx<'_>, letters: Letters) -> Result<Addr, Trap> {
    let mut bytes = Vec::new();
    let zero = vec![0; letters.bytes() as usize];
    for (name, value) in with_variables(cx, |variables| variables.clone()) {
        bytes.extend(letters.encode(cx, &format!("{name}={value}")));
        bytes.extend(&zero);
    }
    bytes.extend(zero.repeat(2));
    copied(cx, &bytes)
}

/// Makes the text once: callers keep the address.
fn command_line(cx: &Cx<'_>, letters: Letters) -> Result<Addr, Trap> {
    let environment = cx.state::<Environment>();
    let mut lines = environment.command_lines.lock().expect("no holder panics");
    let line = &mut lines[usize::from(letters == Wide)];
    if line.is_null() {
        let mut bytes = letters.encode(cx, &cx.process().config().command_line);
        bytes.extend([0, 0]);
        *line = copied(cx, &bytes)?;
    }
    Ok(*line)
}

fn copied(cx: &Cx<'_>, bytes: &[u8]) -> Result<Addr, Trap> {
    let block = cx.allocate(Size(bytes.len() as u64));
    if block.is_null() {
        return cx.fail(ERROR_NOT_ENOUGH_MEMORY, block);
    }
    cx.put(block, bytes)?;
    Ok(block)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn a_variable_is_set_found_in_any_case_and_removed() {
        let bench = Bench::new();
        let (name, value, buffer) = (
            bench.text("Answer"),
            bench.text("42"),
            bench.bytes(&[0xaa; 8]),
        );
        assert_eq!(
            bench.ask(DLL, "GetEnvironmentVariableA", &[name, buffer, 8]),
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 203);
        assert_eq!(bench.ask(DLL, "SetEnvironmentVariableA", &[name, value]), 1);
        let name = bench.wide("ANSWER");
        assert_eq!(
            bench.ask(DLL, "GetEnvironmentVariableW", &[name, buffer, 2]),
            3
        );
        assert_eq!(
            bench.ask(DLL, "GetEnvironmentVariableW", &[name, buffer, 3]),
            2
        );
        assert_eq!(bench.read(buffer, 6), b"4\x002\0\0\0");
        assert_eq!(bench.ask(DLL, "SetEnvironmentVariableW", &[name, 0]), 1);
        assert_eq!(
            bench.ask(DLL, "GetEnvironmentVariableW", &[name, buffer, 3]),
            0
        );
    }

    #[test]
    fn known_variables_are_expanded_and_others_stay() {
        let bench = Bench::new();
        let (text, buffer) = (bench.text("%windir%\\a %none% 5%"), bench.bytes(&[0; 64]));
        let expected = b"C:\\windows\\a %none% 5%\0";
        let length = expected.len() as u64;
        assert_eq!(
            bench.ask(DLL, "ExpandEnvironmentStringsA", &[text, buffer, 64]),
            length
        );
        assert_eq!(bench.read(buffer, length), expected);
        assert_eq!(
            bench.ask(DLL, "ExpandEnvironmentStringsA", &[text, buffer, 3]),
            length
        );
    }

    #[test]
    fn all_variables_come_as_one_block() {
        let bench = Bench::new();
        let block = bench.ask(DLL, "GetEnvironmentStringsW", &[]);
        let start = "COMPUTERNAME="
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>();
        assert_eq!(bench.read(block, start.len() as u64), start);
        assert_eq!(bench.ask(DLL, "FreeEnvironmentStringsW", &[block]), 1);
    }

    #[test]
    fn the_command_line_stays_where_it_is() {
        let bench = Bench::new();
        let line = bench.ask(DLL, "GetCommandLineA", &[]);
        assert_eq!(bench.read(line, 3), b"C:\\");
        assert_eq!(bench.ask(DLL, "GetCommandLineA", &[]), line);
        assert_ne!(bench.ask(DLL, "GetCommandLineW", &[]), line);
    }
}
