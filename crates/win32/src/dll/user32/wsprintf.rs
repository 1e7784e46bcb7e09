//! `wsprintf`: the small formatter of Windows, which writes at most 1024 characters.

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, VarArgs, shims};
use crate::trap::Trap;

/// The most characters that are written, with the final zero.
const MOST: u64 = 1024;

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Writes formatted text.
    #[cdecl]
    fn wsprintfA(cx, buffer: Addr, format: Addr, rest: VarArgs) -> i32 {
        write(cx, Ansi, buffer, format, rest)
    }

    /// Writes formatted text.
    #[cdecl]
    fn wsprintfW(cx, buffer: Addr, format: Addr, rest: VarArgs) -> i32 {
        write(cx, Wide, buffer, format, rest)
    }

    /// Writes formatted text from a list of arguments.
    fn wvsprintfA(cx, buffer: Addr, format: Addr, list: Addr) -> i32 {
        write(cx, Ansi, buffer, format, VarArgs::at(list))
    }

    /// Writes formatted text from a list of arguments.
    fn wvsprintfW(cx, buffer: Addr, format: Addr, list: Addr) -> i32 {
        write(cx, Wide, buffer, format, VarArgs::at(list))
    }
}

fn write(
    cx: &Cx<'_>,
    letters: Letters,
    buffer: Addr,
    format: Addr,
    rest: VarArgs,
) -> Result<i32, Trap> {
    let format: Vec<char> = letters.read(cx, format)?.chars().collect();
    let text = Formatter {
        cx,
        letters,
        format: &format,
        at: 0,
        rest,
    }
    .text()?;
    letters
        .put_cut(cx, buffer, &text, MOST)
        .map(|written| written as i32)
}

struct Formatter<'c, 'a> {
    cx: &'c Cx<'a>,
    letters: Letters,
    format: &'c [char],
    at: usize,
    rest: VarArgs,
}

/// What stands between `%` and the letter.
#[derive(Default)]
struct Spec {
    left: bool,
    zeros: bool,
    prefix: bool,
    width: usize,
    precision: Option<usize>,
    /// The letters of the argument, where it says so.
    letters: Option<Letters>,
    wide_number: bool,
    pointer_number: bool,
}

impl Formatter<'_, '_> {
    fn text(mut self) -> Result<String, Trap> {
        let mut out = String::new();
        while let Some(&c) = self.format.get(self.at) {
            self.at += 1;
            if c != '%' {
                out.push(c);
                continue;
            }
            let spec = self.spec();
            let Some(&letter) = self.format.get(self.at) else {
                break;
            };
            self.at += 1;
            self.argument(&mut out, &spec, letter)?;
        }
        Ok(out)
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.format.get(self.at) == Some(&expected);
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> usize {
        let mut number = 0_usize;
        while let Some(digit) = self.format.get(self.at).and_then(|c| c.to_digit(10)) {
            number = (number * 10 + digit as usize).min(MOST as usize);
            self.at += 1;
        }
        number
    }

    fn spec(&mut self) -> Spec {
        let mut spec = Spec::default();
        loop {
            if self.take('-') {
                spec.left = true;
            } else if self.take('0') {
                spec.zeros = true;
            } else if self.take('#') {
                spec.prefix = true;
            } else {
                break;
            }
        }
        spec.width = self.number();
        spec.precision = self.take('.').then(|| self.number());
        if self.take('h') {
            spec.letters = Some(Ansi);
        } else if self.take('l') || self.take('w') {
            spec.letters = Some(Wide);
            spec.wide_number = self.take('l');
        } else if self.take('I') {
            let is_64 = self.take('6') && self.take('4');
            let is_32 = !is_64 && self.take('3') && self.take('2');
            spec.wide_number = is_64;
            spec.pointer_number = !is_64 && !is_32;
        }
        spec
    }

    fn argument(&mut self, out: &mut String, spec: &Spec, letter: char) -> Result<(), Trap> {
        let other = if self.letters == Ansi { Wide } else { Ansi };
        match letter {
            'd' | 'i' => {
                let number = self.signed(spec)?;
                let digits = digits(spec, number.unsigned_abs().to_string());
                pad(out, spec, if number < 0 { "-" } else { "" }, &digits);
            }
            'u' => {
                let number = self.unsigned(spec)?;
                pad(out, spec, "", &digits(spec, number.to_string()));
            }
            'x' | 'X' => {
                let number = self.unsigned(spec)?;
                let text = if letter == 'x' {
                    format!("{number:x}")
                } else {
                    format!("{number:X}")
                };
                let prefix = if !spec.prefix {
                    ""
                } else if letter == 'x' {
                    "0x"
                } else {
                    "0X"
                };
                pad(out, spec, prefix, &digits(spec, text));
            }
            'p' => {
                let address = self.rest.next_addr(self.cx)?.0;
                let width = 2 * self.cx.pointer_size() as usize;
                pad(out, spec, "", &format!("{address:0width$X}"));
            }
            'c' | 'C' => {
                let letters =
                    spec.letters
                        .unwrap_or(if letter == 'c' { self.letters } else { other });
                let unit = self.rest.next_i32(self.cx)? as u16;
                let text = letters.decode(self.cx, &unit.to_le_bytes()[..letters.bytes() as usize]);
                // A zero is a character too, and is left out as in the text that it would end.
                if unit != 0 {
                    pad(
                        out,
                        &Spec {
                            zeros: false,
                            ..*spec
                        },
                        "",
                        &text,
                    );
                }
            }
            's' | 'S' => {
                let letters =
                    spec.letters
                        .unwrap_or(if letter == 's' { self.letters } else { other });
                let at = self.rest.next_addr(self.cx)?;
                let text = self.string(letters, at, spec.precision)?;
                pad(
                    out,
                    &Spec {
                        zeros: false,
                        ..*spec
                    },
                    "",
                    &text,
                );
            }
            other => out.push(other),
        }
        Ok(())
    }

    /// A text whose end need not be there when the precision says how much of it counts.
    fn string(&self, letters: Letters, at: Addr, most: Option<usize>) -> Result<String, Trap> {
        let Some(most) = most else {
            return Ok(letters
                .optional(self.cx, at)?
                .unwrap_or_else(|| "(null)".to_owned()));
        };
        if at.is_null() {
            return Ok("(null)".chars().take(most).collect());
        }
        let mut bytes = Vec::new();
        for unit in 0..most as u64 {
            let unit = self
                .cx
                .bytes(at.offset(unit * letters.bytes()), letters.bytes())?;
            if unit.iter().all(|&byte| byte == 0) {
                break;
            }
            bytes.extend(unit);
        }
        Ok(letters.decode(self.cx, &bytes))
    }

    fn signed(&mut self, spec: &Spec) -> Result<i64, Trap> {
        if spec.wide_number || spec.pointer_number && self.cx.pointer_size() == 8 {
            return self.rest.next_u64(self.cx).map(u64::cast_signed);
        }
        self.rest.next_i32(self.cx).map(i64::from)
    }

    fn unsigned(&mut self, spec: &Spec) -> Result<u64, Trap> {
        if spec.wide_number || spec.pointer_number && self.cx.pointer_size() == 8 {
            return self.rest.next_u64(self.cx);
        }
        self.rest.next_u32(self.cx).map(u64::from)
    }
}

fn digits(spec: &Spec, digits: String) -> String {
    let missing = spec.precision.unwrap_or(0).saturating_sub(digits.len());
    "0".repeat(missing) + &digits
}

fn pad(out: &mut String, spec: &Spec, sign: &str, text: &str) {
    let missing = spec.width.saturating_sub(sign.len() + text.chars().count());
    match (spec.left, spec.zeros) {
        (true, _) => out.extend([sign, text, &" ".repeat(missing)]),
        (false, true) => out.extend([sign, &"0".repeat(missing), text]),
        (false, false) => out.extend([&" ".repeat(missing), sign, text]),
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    fn formatted(bench: &Bench, format: &str, arguments: &[u64]) -> String {
        let buffer = bench.bytes(&[0xff; 1100]);
        let format = bench.text(format);
        let length = bench.ask(
            "user32.dll",
            "wsprintfA",
            &[&[buffer, format], arguments].concat(),
        );
        let bytes = bench.read(buffer, length + 1);
        assert_eq!(bytes.last(), Some(&0));
        String::from_utf8(bytes[..bytes.len() - 1].to_vec()).unwrap()
    }

    #[test]
    fn numbers_are_written_in_every_form() {
        let bench = Bench::new();
        let minus = u64::from((-5_i32).cast_unsigned());
        assert_eq!(
            formatted(&bench, "%d|%5d|%-5d|%05d|%.3d", &[minus; 5]),
            "-5|   -5|-5   |-0005|-005"
        );
        assert_eq!(
            formatted(&bench, "%u %x %X %#x %08lX", &[255; 5]),
            "255 ff FF 0xff 000000FF"
        );
        assert_eq!(
            formatted(&bench, "%I64d %Ix %p", &[u64::MAX, 0x1234, 0x10]),
            "-1 1234 0000000000000010"
        );
        assert_eq!(formatted(&bench, "100%%|%", &[]), "100%|");
    }

    #[test]
    fn texts_are_written_in_either_letters() {
        let bench = Bench::new();
        let (ansi, wide) = (bench.text("text"), bench.wide("wide"));
        assert_eq!(
            formatted(&bench, "%s|%S|%ls|%hs", &[ansi, wide, wide, ansi]),
            "text|wide|wide|text"
        );
        assert_eq!(
            formatted(&bench, "%.2s|%6s|%-6s|%s", &[ansi, ansi, ansi, 0]),
            "te|  text|text  |(null)"
        );
        assert_eq!(
            formatted(&bench, "%c%C", &[u64::from(b'x'), u64::from(b'y')]),
            "xy"
        );
    }

    #[test]
    fn no_more_than_1024_characters_are_written() {
        let bench = Bench::new();
        let long = bench.text(&"x".repeat(3000));
        assert_eq!(formatted(&bench, "%s%s", &[long, long]).len(), 1023);
    }

    #[test]
    fn the_wide_form_takes_wide_text() {
        let bench = Bench::new();
        let (buffer, format) = (bench.bytes(&[0; 64]), bench.wide("%s-%S-%d"));
        let arguments = [buffer, format, bench.wide("a"), bench.text("b"), 7];
        assert_eq!(bench.ask("user32.dll", "wsprintfW", &arguments), 5);
        assert_eq!(bench.read(buffer, 12), b"a\0-\0b\0-\x007\0\0\0");
    }
}
