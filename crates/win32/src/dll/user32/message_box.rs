//! Message boxes: reported, and answered with their default button.

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::station::Report;
use crate::structures::MessageBoxParameters;
use crate::trap::Trap;

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Shows a message; here it is reported, and the default button pressed.
    fn MessageBoxA(cx, owner: Handle, text: Addr, title: Addr, kind: u32) -> i32 {
        message_box(cx, Ansi, text, title, kind)
    }

    /// Shows a message; here it is reported, and the default button pressed.
    fn MessageBoxW(cx, owner: Handle, text: Addr, title: Addr, kind: u32) -> i32 {
        message_box(cx, Wide, text, title, kind)
    }

    /// Shows a message in a language; here it is reported, and the default button pressed.
    fn MessageBoxExA(cx, owner: Handle, text: Addr, title: Addr, kind: u32, language: u16) -> i32 {
        message_box(cx, Ansi, text, title, kind)
    }

    /// Shows a message in a language; here it is reported, and the default button pressed.
    fn MessageBoxExW(cx, owner: Handle, text: Addr, title: Addr, kind: u32, language: u16) -> i32 {
        message_box(cx, Wide, text, title, kind)
    }

    /// Shows a message for a while; here it is reported, and the default button pressed.
    fn MessageBoxTimeoutA(cx, owner: Handle, text: Addr, title: Addr, kind: u32, language: u16, time: u32) -> i32 {
        message_box(cx, Ansi, text, title, kind)
    }

    /// Shows a message for a while; here it is reported, and the default button pressed.
    fn MessageBoxTimeoutW(cx, owner: Handle, text: Addr, title: Addr, kind: u32, language: u16, time: u32) -> i32 {
        message_box(cx, Wide, text, title, kind)
    }

    /// Shows a message that a structure describes; here it is reported, and the default button pressed.
    fn MessageBoxIndirectA(cx, parameters: Addr) -> i32 {
        indirect(cx, Ansi, parameters)
    }

    /// Shows a message that a structure describes; here it is reported, and the default button pressed.
    fn MessageBoxIndirectW(cx, parameters: Addr) -> i32 {
        indirect(cx, Wide, parameters)
    }

    /// Makes a sound that nobody hears.
    fn MessageBeep(cx, kind: u32) -> bool {
        Ok(true)
    }

    /// Blinks a window that nobody sees.
    fn FlashWindow(cx, window: Handle, invert: bool) -> bool {
        Ok(false)
    }
}

const OK: (i32, &str) = (1, "IDOK");
const CANCEL: (i32, &str) = (2, "IDCANCEL");
const ABORT: (i32, &str) = (3, "IDABORT");
const RETRY: (i32, &str) = (4, "IDRETRY");
const IGNORE: (i32, &str) = (5, "IDIGNORE");
const YES: (i32, &str) = (6, "IDYES");
const NO: (i32, &str) = (7, "IDNO");
const TRY_AGAIN: (i32, &str) = (10, "IDTRYAGAIN");
const CONTINUE: (i32, &str) = (11, "IDCONTINUE");

/// The default one of the buttons that a kind of box has.
fn default_button(kind: u32) -> (i32, &'static str) {
    let buttons: &[(i32, &str)] = match kind & 0xF {
        1 => &[OK, CANCEL],
        2 => &[ABORT, RETRY, IGNORE],
        3 => &[YES, NO, CANCEL],
        4 => &[YES, NO],
        5 => &[RETRY, CANCEL],
        6 => &[CANCEL, TRY_AGAIN, CONTINUE],
        _ => &[OK],
    };
    let marked = (kind >> 8 & 0xF) as usize;
    buttons.get(marked).copied().unwrap_or(buttons[0])
}

fn message_box(
    cx: &Cx<'_>,
    letters: Letters,
    text: Addr,
    title: Addr,
    kind: u32,
) -> Result<i32, Trap> {
    let text = letters.optional(cx, text)?.unwrap_or_default();
    let title = letters
        .optional(cx, title)?
        .unwrap_or_else(|| "Error".to_owned());
    let (number, answer) = default_button(kind);
    cx.report(Report::MessageBox {
        title,
        text,
        answer,
    });
    Ok(number)
}

fn indirect(cx: &Cx<'_>, letters: Letters, parameters: Addr) -> Result<i32, Trap> {
    let given = MessageBoxParameters::read(cx, parameters)?;
    let (module, text, title, kind) = (given.module, given.text, given.title, given.style);
    let load = |at: Addr| match u16::try_from(at.0) {
        Ok(id) if id != 0 => Ok(super::resources::string(cx, module, id)),
        _ => letters.optional(cx, at),
    };
    let (text, title) = (
        load(text)?.unwrap_or_default(),
        load(title)?.unwrap_or_default(),
    );
    let (number, answer) = default_button(kind);
    cx.report(Report::MessageBox {
        title,
        text,
        answer,
    });
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    #[test]
    fn a_message_is_reported_and_its_default_button_pressed() {
        let bench = Bench::new();
        let (text, title) = (bench.text("Format the disk?"), bench.text("Codec"));
        // Yes and No, where No is the default.
        assert_eq!(
            bench.ask("user32.dll", "MessageBoxA", &[0, text, title, 0x104]),
            7
        );
        let (title, text) = ("Codec".to_owned(), "Format the disk?".to_owned());
        assert_eq!(
            bench.reports(),
            [Report::MessageBox {
                title,
                text,
                answer: "IDNO"
            }]
        );
    }

    #[test]
    fn a_box_without_a_title_is_an_error_box() {
        let bench = Bench::new();
        assert_eq!(
            bench.ask("user32.dll", "MessageBoxW", &[0, bench.wide("é"), 0, 0x10]),
            1
        );
        assert_eq!(
            bench.reports()[0].to_string(),
            "message box \"Error\": é (answered IDOK)"
        );
    }

    #[test]
    fn every_kind_of_box_has_a_default_button() {
        let answers: Vec<_> = (0..8).map(|kind| default_button(kind).1).collect();
        assert_eq!(
            answers,
            [
                "IDOK", "IDOK", "IDABORT", "IDYES", "IDYES", "IDRETRY", "IDCANCEL", "IDOK"
            ]
        );
        assert_eq!(default_button(0x101).1, "IDCANCEL");
        assert_eq!(default_button(0xF04).1, "IDYES");
    }
}
