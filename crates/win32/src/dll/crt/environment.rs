//! The arguments and the environment of the process, and what else a program is told at its start.

use std::sync::Mutex;

use super::aliases;
use super::runtime::{block, errno, refuse, windows};
use super::text::{Text, allocate, put_string};
use crate::cx::Cx;
use crate::shim::{Addr, Data, Size, shims};
use crate::trap::Trap;

/// The environment as the runtime keeps it: `NAME=value`, and where a caller was told that it lies.
#[derive(Default)]
struct Environment {
    known: Mutex<Option<Vec<Variable>>>,
}

struct Variable {
    name: String,
    value: String,
    /// The value in the driver's memory, narrow and wide, once somebody asked.
    places: [Addr; 2],
}

impl Environment {
    fn with<T>(&self, cx: &Cx<'_>, run: impl FnOnce(&mut Vec<Variable>) -> T) -> T {
        let mut known = self.known.lock().expect("no holder panics");
        let known = known.get_or_insert_with(|| {
            let given = cx.process().config().environment.iter();
            given
                .map(|(name, value)| Variable::new(name.clone(), value.clone()))
                .collect()
        });
        run(known)
    }
}

impl Variable {
    fn new(name: String, value: String) -> Self {
        Self {
            name,
            value,
            places: [Addr::NULL; 2],
        }
    }
}

fn encode<C: Text>(cx: &Cx<'_>, text: &str) -> Vec<C> {
    if C::WIDE {
        text.encode_utf16()
            .filter_map(|unit| C::from_u32(unit.into()))
            .collect()
    } else {
        cx.process()
            .string_to_ansi(text)
            .into_iter()
            .map(C::from)
            .collect()
    }
}

fn decode<C: Text>(cx: &Cx<'_>, at: Addr) -> Result<String, Trap> {
    if C::WIDE {
        cx.text_w(at)
    } else {
        cx.text_a(at)
    }
}

fn value(cx: &Cx<'_>, name: &str) -> Option<String> {
    cx.state::<Environment>().with(cx, |known| {
        known
            .iter()
            .find(|variable| variable.name.eq_ignore_ascii_case(name))
            .map(|found| found.value.clone())
    })
}

/// `getenv`: the value stays where it is until it changes.
fn find<C: Text>(cx: &Cx<'_>, name: Addr) -> Result<Addr, Trap> {
    if name.is_null() {
        return Ok(Addr::NULL);
    }
    let name = decode::<C>(cx, name)?;
    cx.state::<Environment>().with(cx, |known| {
        let found = known
            .iter_mut()
            .find(|variable| variable.name.eq_ignore_ascii_case(&name));
        let Some(variable) = found else {
            return Ok(Addr::NULL);
        };
        let place = &mut variable.places[usize::from(C::WIDE)];
        if place.is_null() {
            *place = allocate(cx, &encode::<C>(cx, &variable.value))?;
        }
        Ok(*place)
    })
}

fn set(cx: &mut Cx<'_>, name: &str, value: &str) -> Result<i32, Trap> {
    if name.is_empty() {
        return refuse(cx, "_putenv", errno::EINVAL).map(|_| -1);
    }
    cx.state::<Environment>().with(cx, |known| {
        // Blocks that somebody was told of stay: C lets programs keep the pointer.
        known.retain(|variable| !variable.name.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            known.push(Variable::new(name.to_owned(), value.to_owned()));
        }
    });
    let wide_name = allocate(cx, &encode::<u16>(cx, name))?;
    let wide_value = if value.is_empty() {
        Addr::NULL
    } else {
        allocate(cx, &encode::<u16>(cx, value))?
    };
    windows(
        cx,
        "kernel32.dll",
        "SetEnvironmentVariableW",
        &[wide_name.0, wide_value.0],
    )?;
    cx.free(wide_name);
    cx.free(wide_value);
    Ok(0)
}

fn put<C: Text>(cx: &mut Cx<'_>, assignment: Addr) -> Result<i32, Trap> {
    let text = decode::<C>(cx, assignment)?;
    match text.split_once('=') {
        Some((name, value)) => set(cx, name, value),
        None => refuse(cx, "_putenv", errno::EINVAL).map(|_| -1),
    }
}

/// `getenv_s`: the value into a buffer, and the room that it needs.
fn copy<C: Text>(
    cx: &mut Cx<'_>,
    needed: Addr,
    (at, room): (Addr, u64),
    name: Addr,
) -> Result<i32, Trap> {
    if needed.is_null() || name.is_null() || (at.is_null() && room > 0) {
        return refuse(cx, "getenv_s", errno::EINVAL);
    }
    let name = decode::<C>(cx, name)?;
    let Some(text) = value(cx, &name).map(|value| encode::<C>(cx, &value)) else {
        cx.write_addr(needed, Addr::NULL)?;
        if room > 0 {
            put_string::<C>(cx, at, &[])?;
        }
        return Ok(0);
    };
    cx.write_addr(needed, Addr(text.len() as u64 + 1))?;
    if room == 0 {
        return Ok(0);
    }
    if text.len() as u64 >= room {
        return Ok(errno::ERANGE);
    }
    put_string(cx, at, &text)?;
    Ok(0)
}

/// `_dupenv_s`: the value in a block of its own.
fn duplicate<C: Text>(cx: &mut Cx<'_>, place: Addr, length: Addr, name: Addr) -> Result<i32, Trap> {
    if place.is_null() || name.is_null() {
        return refuse(cx, "_dupenv_s", errno::EINVAL);
    }
    let name = decode::<C>(cx, name)?;
    let text = value(cx, &name).map(|value| encode::<C>(cx, &value));
    let (found, units) = match text {
        Some(text) => (allocate(cx, &text)?, text.len() as u64 + 1),
        None => (Addr::NULL, 0),
    };
    cx.write_addr(place, found)?;
    cx.write_addr_unless_null(length, Addr(units))?;
    Ok(0)
}

/// Pointers to texts and a null pointer behind them.
fn list<C: Text>(cx: &Cx<'_>, texts: &[String]) -> Result<Addr, Trap> {
    let width = cx.pointer_size();
    let at = cx.allocate_zeroed(Size((texts.len() as u64 + 1) * width));
    for (index, text) in (0..).zip(texts) {
        cx.write_addr(
            at.offset(index * width),
            allocate(cx, &encode::<C>(cx, text))?,
        )?;
    }
    Ok(at)
}

/// The words of the command line; quotes keep spaces, as in C programs for Windows.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut started) = (false, false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let mut slashes = 1;
                while letters.next_if_eq(&'\\').is_some() {
                    slashes += 1;
                }
                let before_quote = letters.peek() == Some(&'"');
                let kept = if before_quote { slashes / 2 } else { slashes };
                word.extend(std::iter::repeat_n('\\', kept));
                if before_quote && slashes % 2 == 1 {
                    letters.next();
                    word.push('"');
                }
                started = true;
            }
            '"' => (quoted, started) = (!quoted, true),
            ' ' | '\t' if !quoted => {
                if started {
                    words.push(std::mem::take(&mut word));
                }
                started = false;
            }
            _ => {
                word.push(letter);
                started = true;
            }
        }
    }
    if started {
        words.push(word);
    }
    words
}

fn arguments(cx: &Cx<'_>) -> Vec<String> {
    words(&cx.process().config().command_line)
}

fn assignments(cx: &Cx<'_>) -> Vec<String> {
    cx.state::<Environment>().with(cx, |known| {
        known
            .iter()
            .map(|variable| format!("{}={}", variable.name, variable.value))
            .collect()
    })
}

/// The place of a variable of the runtime's that holds a pointer or a number, made on first use.
fn variable(
    cx: &mut Cx<'_>,
    name: &'static str,
    fill: fn(&mut Cx<'_>, Addr) -> Result<(), Trap>,
) -> Result<Addr, Trap> {
    block(cx, name, |cx| {
        let at = cx.allocate_zeroed(Size(8));
        fill(cx, at)?;
        Ok(at)
    })
}

fn fill_argc(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    cx.write(at, arguments(cx).len() as i32)
}

fn fill_argv(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    cx.write_addr(at, list::<u8>(cx, &arguments(cx))?)
}

fn fill_wargv(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    cx.write_addr(at, list::<u16>(cx, &arguments(cx))?)
}

fn fill_environ(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    cx.write_addr(at, list::<u8>(cx, &assignments(cx))?)
}

fn fill_wenviron(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    cx.write_addr(at, list::<u16>(cx, &assignments(cx))?)
}

fn fill_acmdln(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    let line = cx.process().config().command_line.clone();
    cx.write_addr(at, allocate(cx, &encode::<u8>(cx, &line))?)
}

fn fill_wcmdln(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    let line = cx.process().config().command_line.clone();
    cx.write_addr(at, allocate(cx, &encode::<u16>(cx, &line))?)
}

fn fill_pgmptr(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    let program = arguments(cx).into_iter().next().unwrap_or_default();
    cx.write_addr(at, allocate(cx, &encode::<u8>(cx, &program))?)
}

fn fill_wpgmptr(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    let program = arguments(cx).into_iter().next().unwrap_or_default();
    cx.write_addr(at, allocate(cx, &encode::<u16>(cx, &program))?)
}

/// Leaves a variable zero.
fn fill_zero(_: &mut Cx<'_>, _: Addr) -> Result<(), Trap> {
    Ok(())
}

/// Variables of `msvcrt.dll` about the program that it runs in.
pub(in crate::dll) static DATA: &[Data] = &[
    Data {
        name: "__argc",
        size: 4,
        fill: fill_argc,
    },
    Data {
        name: "__argv",
        size: 8,
        fill: fill_argv,
    },
    Data {
        name: "__wargv",
        size: 8,
        fill: fill_wargv,
    },
    Data {
        name: "_environ",
        size: 8,
        fill: fill_environ,
    },
    Data {
        name: "_wenviron",
        size: 8,
        fill: fill_wenviron,
    },
    Data {
        name: "__initenv",
        size: 8,
        fill: fill_environ,
    },
    Data {
        name: "__winitenv",
        size: 8,
        fill: fill_wenviron,
    },
    Data {
        name: "_acmdln",
        size: 8,
        fill: fill_acmdln,
    },
    Data {
        name: "_wcmdln",
        size: 8,
        fill: fill_wcmdln,
    },
    Data {
        name: "_pgmptr",
        size: 8,
        fill: fill_pgmptr,
    },
    Data {
        name: "_wpgmptr",
        size: 8,
        fill: fill_wpgmptr,
    },
    Data {
        name: "_commode",
        size: 4,
        fill: fill_zero,
    },
    Data {
        name: "_fmode",
        size: 4,
        fill: fill_zero,
    },
    Data {
        name: "_adjust_fdiv",
        size: 4,
        fill: fill_zero,
    },
    Data {
        name: "_aexit_rtn",
        size: 8,
        fill: fill_zero,
    },
    Data {
        name: "_HUGE",
        size: 8,
        fill: |cx, at| cx.write(at, f64::INFINITY),
    },
    Data {
        name: "_osplatform",
        size: 4,
        fill: |cx, at| cx.write(at, 2),
    },
    Data {
        name: "_osver",
        size: 4,
        fill: |cx, at| cx.write(at, i32::from(crate::peb::VERSION.2)),
    },
    Data {
        name: "_winmajor",
        size: 4,
        fill: |cx, at| cx.write(at, crate::peb::VERSION.0),
    },
    Data {
        name: "_winminor",
        size: 4,
        fill: |cx, at| cx.write(at, crate::peb::VERSION.1),
    },
    Data {
        name: "_winver",
        size: 4,
        fill: |cx, at| cx.write(at, crate::peb::VERSION.0 << 8 | crate::peb::VERSION.1),
    },
];

fn main_arguments(
    cx: &mut Cx<'_>,
    count: Addr,
    (values, words): (Addr, Addr),
    (environment, all): (Addr, Addr),
) -> Result<i32, Trap> {
    cx.write(count, arguments(cx).len() as i32)?;
    cx.write_addr(values, cx.read_addr(words)?)?;
    cx.write_addr(environment, cx.read_addr(all)?)?;
    Ok(0)
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Answers the value of an environment variable.
    fn getenv(cx, name: Addr) -> Addr { find::<u8>(cx, name) }

    /// Answers the wide value of an environment variable.
    fn _wgetenv(cx, name: Addr) -> Addr { find::<u16>(cx, name) }

    /// Stores the value of an environment variable.
    fn getenv_s(cx, needed: Addr, at: Addr, room: Size, name: Addr) -> i32 {
        copy::<u8>(cx, needed, (at, room.0), name)
    }

    /// Stores the wide value of an environment variable.
    fn _wgetenv_s(cx, needed: Addr, at: Addr, room: Size, name: Addr) -> i32 {
        copy::<u16>(cx, needed, (at, room.0), name)
    }

    /// Answers the value of an environment variable in a block of its own.
    fn _dupenv_s(cx, place: Addr, length: Addr, name: Addr) -> i32 {
        duplicate::<u8>(cx, place, length, name)
    }

    /// Answers the wide value of an environment variable in a block of its own.
    fn _wdupenv_s(cx, place: Addr, length: Addr, name: Addr) -> i32 {
        duplicate::<u16>(cx, place, length, name)
    }

    /// Sets an environment variable by `NAME=value`.
    fn _putenv(cx, assignment: Addr) -> i32 { put::<u8>(cx, assignment) }

    /// Sets an environment variable by wide `NAME=value`.
    fn _wputenv(cx, assignment: Addr) -> i32 { put::<u16>(cx, assignment) }

    /// Sets an environment variable.
    fn _putenv_s(cx, name: Addr, value: Addr) -> i32 {
        let (name, value) = (cx.text_a(name)?, cx.text_a(value)?);
        set(cx, &name, &value)
    }

    /// Sets an environment variable from wide text.
    fn _wputenv_s(cx, name: Addr, value: Addr) -> i32 {
        let (name, value) = (cx.text_w(name)?, cx.text_w(value)?);
        set(cx, &name, &value)
    }

    /// Answers where the number of arguments lies.
    fn __p___argc(cx) -> Addr { variable(cx, "argc", fill_argc) }

    /// Answers where the arguments lie.
    fn __p___argv(cx) -> Addr { variable(cx, "argv", fill_argv) }

    /// Answers where the wide arguments lie.
    fn __p___wargv(cx) -> Addr { variable(cx, "wargv", fill_wargv) }

    /// Answers where the environment lies.
    fn __p__environ(cx) -> Addr { variable(cx, "environ", fill_environ) }

    /// Answers where the wide environment lies.
    fn __p__wenviron(cx) -> Addr { variable(cx, "wenviron", fill_wenviron) }

    /// Answers where the command line lies.
    fn __p__acmdln(cx) -> Addr { variable(cx, "acmdln", fill_acmdln) }

    /// Answers where the wide command line lies.
    fn __p__wcmdln(cx) -> Addr { variable(cx, "wcmdln", fill_wcmdln) }

    /// Answers where the path of the program lies.
    fn __p__pgmptr(cx) -> Addr { variable(cx, "pgmptr", fill_pgmptr) }

    /// Answers where the wide path of the program lies.
    fn __p__wpgmptr(cx) -> Addr { variable(cx, "wpgmptr", fill_wpgmptr) }

    /// Answers where the mode of new files lies.
    fn __p__fmode(cx) -> Addr { variable(cx, "fmode", fill_zero) }

    /// Answers where the mode of writing through lies.
    fn __p__commode(cx) -> Addr { variable(cx, "commode", fill_zero) }

    /// Stores the path of the program.
    fn _get_pgmptr(cx, at: Addr) -> i32 {
        let place = variable(cx, "pgmptr", fill_pgmptr)?;
        cx.write_addr(at, cx.read_addr(place)?)?;
        Ok(0)
    }

    /// Stores the wide path of the program.
    fn _get_wpgmptr(cx, at: Addr) -> i32 {
        let place = variable(cx, "wpgmptr", fill_wpgmptr)?;
        cx.write_addr(at, cx.read_addr(place)?)?;
        Ok(0)
    }

    /// Stores the mode of new files.
    fn _get_fmode(cx, at: Addr) -> i32 {
        let place = variable(cx, "fmode", fill_zero)?;
        let mode: i32 = cx.read(place)?;
        cx.write(at, mode)?;
        Ok(0)
    }

    /// Sets the mode of new files: `_O_TEXT` 0x4000 or `_O_BINARY` 0x8000.
    fn _set_fmode(cx, mode: i32) -> i32 {
        if mode != 0x4000 && mode != 0x8000 {
            return refuse(cx, "_set_fmode", errno::EINVAL);
        }
        let place = variable(cx, "fmode", fill_zero)?;
        cx.write(place, mode)?;
        Ok(0)
    }

    /// Makes the arguments; they are made when somebody asks.
    fn _configure_narrow_argv(cx, mode: i32) -> i32 { Ok(0) }

    /// Makes the wide arguments; they are made when somebody asks.
    fn _configure_wide_argv(cx, mode: i32) -> i32 { Ok(0) }

    /// Makes the environment; it is made when somebody asks.
    fn _initialize_narrow_environment(cx) -> i32 { Ok(0) }

    /// Makes the wide environment; it is made when somebody asks.
    fn _initialize_wide_environment(cx) -> i32 { Ok(0) }

    /// Answers the environment.
    fn _get_initial_narrow_environment(cx) -> Addr {
        let place = variable(cx, "environ", fill_environ)?;
        cx.read_addr(place)
    }

    /// Answers the wide environment.
    fn _get_initial_wide_environment(cx) -> Addr {
        let place = variable(cx, "wenviron", fill_wenviron)?;
        cx.read_addr(place)
    }

    /// Answers the command line without the program.
    fn _get_narrow_winmain_command_line(cx) -> Addr {
        let place = variable(cx, "acmdln", fill_acmdln)?;
        let line = cx.read_addr(place)?;
        let text = cx.ansi(line)?;
        Ok(line.offset(text.iter().position(|byte| *byte == b' ').map_or(text.len(), |at| at + 1) as u64))
    }

    /// Answers the wide command line without the program.
    fn _get_wide_winmain_command_line(cx) -> Addr {
        let place = variable(cx, "wcmdln", fill_wcmdln)?;
        let line = cx.read_addr(place)?;
        let text = cx.wide(line)?;
        let skipped = text.iter().position(|unit| *unit == 0x20).map_or(text.len(), |at| at + 1);
        Ok(line.offset(2 * skipped as u64))
    }

    /// Stores arguments and environment for the start of a program.
    fn __getmainargs(cx, count: Addr, values: Addr, environment: Addr, expand: i32, info: Addr) -> i32 {
        let words = variable(cx, "argv", fill_argv)?;
        let all = variable(cx, "environ", fill_environ)?;
        main_arguments(cx, count, (values, words), (environment, all))
    }

    /// Stores wide arguments and environment for the start of a program.
    fn __wgetmainargs(cx, count: Addr, values: Addr, environment: Addr, expand: i32, info: Addr) -> i32 {
        let words = variable(cx, "wargv", fill_wargv)?;
        let all = variable(cx, "wenviron", fill_wenviron)?;
        main_arguments(cx, count, (values, words), (environment, all))
    }

    /// Says whether the program has a console or windows; it has neither.
    fn _set_app_type(cx, kind: i32) { Ok(()) }

    /// Answers whether the program has a console or windows (`_crt_unknown_app`).
    fn _query_app_type(cx) -> i32 { Ok(0) }

    /// Stores the version of Windows, major number.
    fn _get_winmajor(cx, at: Addr) -> i32 {
        cx.write(at, crate::peb::VERSION.0)?;
        Ok(0)
    }

    /// Stores the version of Windows, minor number.
    fn _get_winminor(cx, at: Addr) -> i32 {
        cx.write(at, crate::peb::VERSION.1)?;
        Ok(0)
    }

    /// Stores the build of Windows.
    fn _get_osver(cx, at: Addr) -> i32 {
        cx.write(at, u32::from(crate::peb::VERSION.2))?;
        Ok(0)
    }

    /// Stores the platform (`VER_PLATFORM_WIN32_NT`).
    fn _get_osplatform(cx, at: Addr) -> i32 {
        cx.write(at, 2_u32)?;
        Ok(0)
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "_set_app_type" as "__set_app_type",
        "_query_app_type" as "__get_app_type",
        "__p__environ" as "__p___initenv",
        "__p__wenviron" as "__p___winitenv",
        "_putenv" as "putenv";
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_command_line_becomes_words_as_c_programs_expect() {
        assert_eq!(
            words(r#"a "b c" d\e "f\"g" h\\"i j""#),
            ["a", "b c", r"d\e", "f\"g", r"h\i j"]
        );
        assert_eq!(words("  one\ttwo  "), ["one", "two"]);
        assert_eq!(words(r#""" x"#), ["", "x"]);
    }
}
