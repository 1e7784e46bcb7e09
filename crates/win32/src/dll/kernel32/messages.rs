//! `FormatMessage`: messages of modules and of the system, with inserts.

use crate::cx::Cx;
use crate::dll::kernel32::resources::with_resources;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, Size, VarArgs, shims};
use crate::trap::Trap;

const ALLOCATE: u32 = 0x100;
const IGNORE_INSERTS: u32 = 0x200;
const FROM_STRING: u32 = 0x400;
const FROM_MODULE: u32 = 0x800;
const FROM_SYSTEM: u32 = 0x1000;
const ARGUMENT_ARRAY: u32 = 0x2000;
const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;
const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
const ERROR_MR_MID_NOT_FOUND: u32 = 317;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Makes text from a message and its inserts; answers its length.
    fn FormatMessageA(cx, flags: u32, source: Addr, id: u32, language: u32, buffer: Addr, room: u32, arguments: Addr) -> u32 {
        message(cx, Ansi, flags, source, id, buffer, room, arguments)
    }

    /// Makes text from a message and its inserts; answers its length.
    fn FormatMessageW(cx, flags: u32, source: Addr, id: u32, language: u32, buffer: Addr, room: u32, arguments: Addr) -> u32 {
        message(cx, Wide, flags, source, id, buffer, room, arguments)
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "as many as the function of Windows has"
)]
fn message(
    cx: &Cx<'_>,
    letters: Letters,
    flags: u32,
    source: Addr,
    id: u32,
    buffer: Addr,
    room: u32,
    arguments: Addr,
) -> Result<u32, Trap> {
    let template = if flags & FROM_STRING != 0 {
        if source.is_null() {
            return cx.fail(ERROR_INVALID_PARAMETER, 0);
        }
        Some(letters.read(cx, source)?)
    } else {
        let of_module = (flags & FROM_MODULE != 0).then(|| {
            with_resources(cx, Handle(source.0), |_, found| {
                found.message(id, None).ok()?
            })
        });
        let of_system =
            (flags & FROM_SYSTEM != 0).then(|| system(id).map(|text| format!("{text}\r\n")));
        of_module.flatten().or(of_system.flatten())
    };
    let Some(template) = template else {
        return cx.fail(ERROR_MR_MID_NOT_FOUND, 0);
    };
    let mut inserts = Inserts::new(cx, letters, flags, arguments)?;
    let text = formatted(&template, flags, |number, format| {
        inserts.get(cx, number, format)
    })?;
    let length = letters.length(cx, &text);
    if flags & ALLOCATE != 0 {
        let units = (length + 1).max(room.into());
        let block = cx.allocate_zeroed(Size(units * letters.bytes()));
        if block.is_null() {
            return cx.fail(ERROR_NOT_ENOUGH_MEMORY, 0);
        }
        letters.put(cx, block, &text)?;
        cx.write_addr(buffer, block)?;
        return Ok(length as u32);
    }
    if length >= room.into() {
        return cx.fail(ERROR_INSUFFICIENT_BUFFER, 0);
    }
    letters.put(cx, buffer, &text)?;
    Ok(length as u32)
}

/// The values of inserts, from an array or from a `va_list`; the latter can only be read in order.
struct Inserts {
    letters: Letters,
    rest: Option<VarArgs>,
    known: Vec<Addr>,
}

impl Inserts {
    fn new(cx: &Cx<'_>, letters: Letters, flags: u32, arguments: Addr) -> Result<Self, Trap> {
        let start = match flags & ARGUMENT_ARRAY {
            _ if arguments.is_null() => None,
            0 => Some(cx.read_addr(arguments)?),
            _ => Some(arguments),
        };
        Ok(Self {
            letters,
            rest: start.map(VarArgs::at),
            known: Vec::new(),
        })
    }

    fn get(&mut self, cx: &Cx<'_>, number: usize, format: &str) -> Result<String, Trap> {
        let Some(rest) = &mut self.rest else {
            return Ok(format!("%{number}"));
        };
        while self.known.len() < number {
            self.known.push(rest.next_addr(cx)?);
        }
        self.shown(cx, self.known[number - 1], format)
    }

    /// Shows a value as a `printf` format between exclamation marks says; text of the function's own kind without one.
    fn shown(&self, cx: &Cx<'_>, value: Addr, format: &str) -> Result<String, Trap> {
        let kind = format.chars().last().unwrap_or('s');
        let head = format.trim_end_matches(char::is_alphabetic);
        let (is_left, head) = (head.starts_with('-'), head.trim_start_matches('-'));
        let is_padded = head.starts_with('0');
        let width: usize = head
            .split('.')
            .next()
            .unwrap_or_default()
            .parse()
            .unwrap_or(0);
        let text = match kind {
            's' | 'S' => {
                let wide = match (
                    format.contains('l') || format.contains('w'),
                    format.contains('h'),
                ) {
                    (true, _) => Wide,
                    (_, true) => Ansi,
                    _ if kind == 's' => self.letters,
                    _ if self.letters == Wide => Ansi,
                    _ => Wide,
                };
                wide.optional(cx, value)?
                    .unwrap_or_else(|| "(null)".to_owned())
            }
            'c' | 'C' => char::from_u32(value.0 as u32)
                .map(String::from)
                .unwrap_or_default(),
            'd' | 'i' if format.contains("I64") || format.contains("ll") => {
                (value.0 as i64).to_string()
            }
            'd' | 'i' => (value.0 as i32).to_string(),
            'x' if format.contains("I64") || format.contains("ll") => format!("{:x}", value.0),
            'x' => format!("{:x}", value.0 as u32),
            'X' => format!("{:X}", value.0 as u32),
            'p' => format!("{:016X}", value.0),
            _ => (value.0 as u32).to_string(),
        };
        Ok(match (is_left, is_padded) {
            (true, _) => format!("{text:<width$}"),
            (_, true) => format!("{text:0>width$}"),
            _ => format!("{text:>width$}"),
        })
    }
}

/// Puts inserts and special marks into a template.
fn formatted(
    template: &str,
    flags: u32,
    mut insert: impl FnMut(usize, &str) -> Result<String, Trap>,
) -> Result<String, Trap> {
    // A width of lines asks for the template's own line ends to be left out; at its greatest, without new ones.
    let is_flowing = flags & 0xff != 0;
    let mut text = String::new();
    let mut rest = template.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '\r' | '\n' if is_flowing => {
                rest.next_if(|next| letter == '\r' && *next == '\n');
                text.push(' ');
            }
            '\r' => {}
            '\n' => text.push_str("\r\n"),
            '%' if flags & IGNORE_INSERTS != 0 => text.push('%'),
            '%' => match rest.next() {
                Some('0') => break,
                Some('n') => text.push_str("\r\n"),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some('b') => text.push(' '),
                Some(digit @ '1'..='9') => {
                    let mut number = digit as usize - '0' as usize;
                    if let Some(second) = rest.next_if(char::is_ascii_digit) {
                        number = 10 * number + (second as usize - '0' as usize);
                    }
                    let mut format = String::new();
                    if rest.next_if_eq(&'!').is_some() {
                        format.extend(rest.by_ref().take_while(|letter| *letter != '!'));
                    }
                    text.push_str(&insert(number, &format)?);
                }
                Some(other) => text.push(other),
                None => {}
            },
            letter => text.push(letter),
        }
    }
    Ok(text)
}

/// What the common codes of the system mean, as they are documented.
fn system(id: u32) -> Option<&'static str> {
    // Codes of COM that wrap one of the system's.
    let id = if id & 0xffff_0000 == 0x8007_0000 {
        id & 0xffff
    } else {
        id
    };
    Some(match id {
        0 => "The operation completed successfully.",
        1 => "Incorrect function.",
        2 => "The system cannot find the file specified.",
        3 => "The system cannot find the path specified.",
        4 => "The system cannot open the file.",
        5 => "Access is denied.",
        6 => "The handle is invalid.",
        8 => "Not enough memory resources are available to process this command.",
        11 => "An attempt was made to load a program with an incorrect format.",
        13 => "The data is invalid.",
        14 => "Not enough memory resources are available to complete this operation.",
        15 => "The system cannot find the drive specified.",
        18 => "There are no more files.",
        19 => "The media is write protected.",
        21 => "The device is not ready.",
        32 => "The process cannot access the file because it is being used by another process.",
        38 => "Reached the end of the file.",
        50 => "The request is not supported.",
        80 => "The file exists.",
        87 => "The parameter is incorrect.",
        109 => "The pipe has been ended.",
        112 => "There is not enough space on the disk.",
        120 => "This function is not supported on this system.",
        122 => "The data area passed to a system call is too small.",
        123 => "The filename, directory name, or volume label syntax is incorrect.",
        126 => "The specified module could not be found.",
        127 => "The specified procedure could not be found.",
        145 => "The directory is not empty.",
        183 => "Cannot create a file when that file already exists.",
        193 => "%1 is not a valid Win32 application.",
        203 => "The system could not find the environment option that was entered.",
        206 => "The filename or extension is too long.",
        234 => "More data is available.",
        258 => "The wait operation timed out.",
        259 => "No more data is available.",
        487 => "Attempt to access invalid address.",
        997 => "Overlapped I/O operation is in progress.",
        998 => "Invalid access to memory location.",
        1114 => "A dynamic link library (DLL) initialization routine failed.",
        1168 => "Element not found.",
        1400 => "Invalid window handle.",
        1812 => "The specified image file did not contain a resource section.",
        1813 => "The specified resource type cannot be found in the image file.",
        1814 => "The specified resource name cannot be found in the image file.",
        0x8000_4001 => "Not implemented",
        0x8000_4002 => "No such interface supported",
        0x8000_4005 => "Unspecified error",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    fn format(bench: &Bench, flags: u64, template: &str, arguments: &[u64]) -> String {
        let bytes: Vec<u8> = arguments
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let (array, buffer) = (bench.bytes(&bytes), bench.bytes(&[0; 256]));
        let template = bench.text(template);
        let length = bench.ask(
            DLL,
            "FormatMessageA",
            &[flags | 0x2400, template, 0, 0, buffer, 256, array],
        );
        String::from_utf8(bench.read(buffer, length)).unwrap()
    }

    #[test]
    fn inserts_come_in_their_order_and_form() {
        let bench = Bench::new();
        let name = bench.text("x.acm");
        let arguments = [name, 255, u64::MAX];
        assert_eq!(
            format(&bench, 0, "%1: %2!d! %3!d! %2!04x!%n", &arguments),
            "x.acm: 255 -1 00ff\r\n"
        );
        assert_eq!(
            format(&bench, 0, "100%% %1!-8s!|%0 cut", &arguments),
            "100% x.acm   |"
        );
        assert_eq!(format(&bench, 0x200, "%1 stays", &[]), "%1 stays");
        assert_eq!(format(&bench, 0xff, "one\r\ntwo", &[]), "one two");
    }

    #[test]
    fn a_code_of_the_system_has_words() {
        let bench = Bench::new();
        let place = bench.bytes(&[0; 8]);
        let length = bench.ask(DLL, "FormatMessageW", &[0x1300, 0, 5, 0, place, 0, 0]);
        let block = u64::from_le_bytes(bench.read(place, 8).try_into().unwrap());
        let expected: Vec<u8> = "Access is denied.\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(bench.read(block, 2 * length), expected);
        assert_eq!(bench.ask(DLL, "LocalFree", &[block]), 0);
        assert_eq!(
            bench.ask(
                DLL,
                "FormatMessageW",
                &[0x1300, 0, 0x1234_5678, 0, place, 0, 0]
            ),
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 317);
    }
}
