//! Characters: steps, cases, classes, and the old OEM code page, which here is that of the process.

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, shims};
use crate::trap::Trap;

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Answers where the next character is.
    fn CharNextA(cx, text: Addr) -> Addr {
        step(cx, Ansi, text)
    }

    /// Answers where the next character is.
    fn CharNextW(cx, text: Addr) -> Addr {
        step(cx, Wide, text)
    }

    /// Answers where the next character is, in a code page.
    fn CharNextExA(cx, page: u16, text: Addr, flags: u32) -> Addr {
        step(cx, Ansi, text)
    }

    /// Answers where the character before is.
    fn CharPrevA(cx, start: Addr, current: Addr) -> Addr {
        Ok(if current <= start { start } else { Addr(current.0 - 1) })
    }

    /// Answers where the character before is.
    fn CharPrevW(cx, start: Addr, current: Addr) -> Addr {
        Ok(if current <= start { start } else { Addr(current.0 - 2) })
    }

    /// Answers where the character before is, in a code page.
    fn CharPrevExA(cx, page: u16, start: Addr, current: Addr, flags: u32) -> Addr {
        Ok(if current <= start { start } else { Addr(current.0 - 1) })
    }

    /// Turns text, or one character in the place of its address, into capitals.
    fn CharUpperA(cx, text: Addr) -> Addr {
        change(cx, Ansi, text, capital)
    }

    /// Turns text, or one character in the place of its address, into capitals.
    fn CharUpperW(cx, text: Addr) -> Addr {
        change(cx, Wide, text, capital)
    }

    /// Turns text, or one character in the place of its address, into small letters.
    fn CharLowerA(cx, text: Addr) -> Addr {
        change(cx, Ansi, text, small)
    }

    /// Turns text, or one character in the place of its address, into small letters.
    fn CharLowerW(cx, text: Addr) -> Addr {
        change(cx, Wide, text, small)
    }

    /// Turns so many characters into capitals.
    fn CharUpperBuffA(cx, text: Addr, count: u32) -> u32 {
        change_buffer(cx, Ansi, text, count, capital)
    }

    /// Turns so many characters into capitals.
    fn CharUpperBuffW(cx, text: Addr, count: u32) -> u32 {
        change_buffer(cx, Wide, text, count, capital)
    }

    /// Turns so many characters into small letters.
    fn CharLowerBuffA(cx, text: Addr, count: u32) -> u32 {
        change_buffer(cx, Ansi, text, count, small)
    }

    /// Turns so many characters into small letters.
    fn CharLowerBuffW(cx, text: Addr, count: u32) -> u32 {
        change_buffer(cx, Wide, text, count, small)
    }

    /// Tells whether a character is a letter.
    fn IsCharAlphaA(cx, character: u8) -> bool {
        Ok(of_byte(cx, character).is_alphabetic())
    }

    /// Tells whether a character is a letter.
    fn IsCharAlphaW(cx, character: u16) -> bool {
        Ok(of_unit(character).is_alphabetic())
    }

    /// Tells whether a character is a letter or a digit.
    fn IsCharAlphaNumericA(cx, character: u8) -> bool {
        Ok(of_byte(cx, character).is_alphanumeric())
    }

    /// Tells whether a character is a letter or a digit.
    fn IsCharAlphaNumericW(cx, character: u16) -> bool {
        Ok(of_unit(character).is_alphanumeric())
    }

    /// Tells whether a character is a capital.
    fn IsCharUpperA(cx, character: u8) -> bool {
        Ok(of_byte(cx, character).is_uppercase())
    }

    /// Tells whether a character is a capital.
    fn IsCharUpperW(cx, character: u16) -> bool {
        Ok(of_unit(character).is_uppercase())
    }

    /// Tells whether a character is a small letter.
    fn IsCharLowerA(cx, character: u8) -> bool {
        Ok(of_byte(cx, character).is_lowercase())
    }

    /// Tells whether a character is a small letter.
    fn IsCharLowerW(cx, character: u16) -> bool {
        Ok(of_unit(character).is_lowercase())
    }

    /// Copies text into the OEM code page, which is that of the process.
    fn CharToOemA(cx, from: Addr, to: Addr) -> bool {
        let text = cx.text_a(from)?;
        Ansi.put(cx, to, &text)?;
        Ok(true)
    }

    /// Copies text into the OEM code page, which is that of the process.
    fn CharToOemW(cx, from: Addr, to: Addr) -> bool {
        let text = cx.text_w(from)?;
        Ansi.put(cx, to, &text)?;
        Ok(true)
    }

    /// Copies text out of the OEM code page, which is that of the process.
    fn OemToCharA(cx, from: Addr, to: Addr) -> bool {
        let text = cx.text_a(from)?;
        Ansi.put(cx, to, &text)?;
        Ok(true)
    }

    /// Copies text out of the OEM code page, which is that of the process.
    fn OemToCharW(cx, from: Addr, to: Addr) -> bool {
        let text = cx.text_a(from)?;
        Wide.put(cx, to, &text)?;
        Ok(true)
    }

    /// Copies so many bytes into the OEM code page, which is that of the process.
    fn CharToOemBuffA(cx, from: Addr, to: Addr, count: u32) -> bool {
        cx.copy(to, from, u64::from(count))?;
        Ok(true)
    }

    /// Copies so many bytes out of the OEM code page, which is that of the process.
    fn OemToCharBuffA(cx, from: Addr, to: Addr, count: u32) -> bool {
        cx.copy(to, from, u64::from(count))?;
        Ok(true)
    }
}

fn step(cx: &Cx<'_>, letters: Letters, text: Addr) -> Result<Addr, Trap> {
    let at_end = match letters {
        Ansi => cx.read::<u8>(text)? == 0,
        Wide => cx.read::<u16>(text)? == 0,
    };
    Ok(if at_end {
        text
    } else {
        text.offset(letters.bytes())
    })
}

/// One character for one, as Windows changes cases.
fn capital(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn small(c: char) -> char {
    let mut mapped = c.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn of_byte(cx: &Cx<'_>, byte: u8) -> char {
    cx.process()
        .ansi_to_string(&[byte])
        .chars()
        .next()
        .unwrap_or_default()
}

fn of_unit(unit: u16) -> char {
    char::from_u32(u32::from(unit)).unwrap_or_default()
}

/// The changed form of bytes of text, of the same length: a character whose other case the code page lacks stays.
fn changed(cx: &Cx<'_>, letters: Letters, bytes: &[u8], case: fn(char) -> char) -> Vec<u8> {
    match letters {
        Ansi => {
            let other = |&byte: &u8| {
                let (before, mut text) = (of_byte(cx, byte), [0; 4]);
                let after = cx
                    .process()
                    .string_to_ansi(case(before).encode_utf8(&mut text));
                match after[..] {
                    [b'?'] | [] => byte,
                    [other, ..] => other,
                }
            };
            bytes.iter().map(other).collect()
        }
        Wide => {
            let text: String = Wide.decode(cx, bytes).chars().map(case).collect();
            let changed = Wide.encode(cx, &text);
            if changed.len() == bytes.len() {
                changed
            } else {
                bytes.to_vec()
            }
        }
    }
}

fn change(cx: &Cx<'_>, letters: Letters, text: Addr, case: fn(char) -> char) -> Result<Addr, Trap> {
    if text.0 < 0x1_0000 {
        let unit = (text.0 as u16).to_le_bytes();
        let changed = changed(cx, letters, &unit[..letters.bytes() as usize], case);
        let unit = [changed[0], changed.get(1).copied().unwrap_or(0)];
        return Ok(Addr(u64::from(u16::from_le_bytes(unit))));
    }
    let bytes = match letters {
        Ansi => cx.ansi(text)?,
        Wide => cx
            .wide(text)?
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .collect(),
    };
    cx.put(text, &changed(cx, letters, &bytes, case))?;
    Ok(text)
}

fn change_buffer(
    cx: &Cx<'_>,
    letters: Letters,
    text: Addr,
    count: u32,
    case: fn(char) -> char,
) -> Result<u32, Trap> {
    let bytes = cx.bytes(text, u64::from(count) * letters.bytes())?;
    cx.put(text, &changed(cx, letters, &bytes, case))?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "user32.dll";

    #[test]
    fn steps_stop_at_the_ends() {
        let bench = Bench::new();
        let (ansi, wide) = (bench.text("ab"), bench.wide("ab"));
        assert_eq!(bench.ask(DLL, "CharNextA", &[ansi]), ansi + 1);
        assert_eq!(bench.ask(DLL, "CharNextA", &[ansi + 2]), ansi + 2);
        assert_eq!(bench.ask(DLL, "CharNextW", &[wide]), wide + 2);
        assert_eq!(bench.ask(DLL, "CharPrevA", &[ansi, ansi + 2]), ansi + 1);
        assert_eq!(bench.ask(DLL, "CharPrevW", &[wide, wide]), wide);
    }

    #[test]
    fn cases_change_in_place_and_by_character() {
        let bench = Bench::new();
        let text = bench.bytes(b"a\xe9\xdfZ\0");
        assert_eq!(bench.ask(DLL, "CharUpperA", &[text]), text);
        assert_eq!(bench.read(text, 5), b"A\xc9\xdfZ\0");
        assert_eq!(bench.ask(DLL, "CharLowerBuffA", &[text, 2]), 2);
        assert_eq!(bench.read(text, 5), b"a\xe9\xdfZ\0");
        assert_eq!(
            bench.ask(DLL, "CharUpperA", &[u64::from(b'q')]),
            u64::from(b'Q')
        );
        assert_eq!(bench.ask(DLL, "CharLowerW", &[0xC9]), 0xE9);
        let wide = bench.wide("ÀB");
        bench.ask(DLL, "CharLowerW", &[wide]);
        assert_eq!(bench.read(wide, 4), [0xE0, 0, b'b', 0]);
    }

    #[test]
    fn characters_have_classes() {
        let bench = Bench::new();
        assert_eq!(bench.ask(DLL, "IsCharAlphaA", &[0xE9]), 1);
        assert_eq!(bench.ask(DLL, "IsCharAlphaW", &[u64::from(b'1')]), 0);
        assert_eq!(bench.ask(DLL, "IsCharAlphaNumericA", &[u64::from(b'1')]), 1);
        assert_eq!(bench.ask(DLL, "IsCharUpperW", &[u64::from(b'a')]), 0);
    }
}
