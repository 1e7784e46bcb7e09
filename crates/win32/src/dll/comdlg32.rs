//! `comdlg32.dll`: the dialogs that choose something, which nobody answers.

use crate::cx::Cx;
use crate::shim::{Addr, Dll, shims};
use crate::station::Report;
use crate::trap::Trap;

pub(super) static COMDLG32: Dll = Dll {
    name: "comdlg32.dll",
    tables: &[SHIMS],
    ..Dll::EMPTY
};

shims! {
    static SHIMS = "comdlg32.dll", stdcall;

    /// Lets a person choose a file to open; here it is reported and cancelled.
    fn GetOpenFileNameA(cx, parameters: Addr) -> bool {
        cancelled(cx, "choose a file to open")
    }

    /// Lets a person choose a file to open; here it is reported and cancelled.
    fn GetOpenFileNameW(cx, parameters: Addr) -> bool {
        cancelled(cx, "choose a file to open")
    }

    /// Lets a person choose a file to write; here it is reported and cancelled.
    fn GetSaveFileNameA(cx, parameters: Addr) -> bool {
        cancelled(cx, "choose a file to write")
    }

    /// Lets a person choose a file to write; here it is reported and cancelled.
    fn GetSaveFileNameW(cx, parameters: Addr) -> bool {
        cancelled(cx, "choose a file to write")
    }

    /// Lets a person choose a colour; here it is reported and cancelled.
    fn ChooseColorA(cx, parameters: Addr) -> bool {
        cancelled(cx, "choose a colour")
    }

    /// Lets a person choose a colour; here it is reported and cancelled.
    fn ChooseColorW(cx, parameters: Addr) -> bool {
        cancelled(cx, "choose a colour")
    }

    /// Lets a person choose a font; here it is reported and cancelled.
    fn ChooseFontA(cx, parameters: Addr) -> bool {
        cancelled(cx, "choose a font")
    }

    /// Lets a person choose a font; here it is reported and cancelled.
    fn ChooseFontW(cx, parameters: Addr) -> bool {
        cancelled(cx, "choose a font")
    }

    /// Answers why the last dialog failed: it was cancelled, which is no error.
    fn CommDlgExtendedError(cx) -> u32 {
        Ok(0)
    }
}

fn cancelled(cx: &Cx<'_>, title: &str) -> Result<bool, Trap> {
    cx.report(Report::Dialog {
        template: "of the system".to_owned(),
        title: title.to_owned(),
    });
    Ok(false)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn a_choice_is_reported_and_cancelled() {
        let bench = Bench::new();
        assert_eq!(bench.ask("comdlg32.dll", "GetOpenFileNameA", &[0]), 0);
        assert_eq!(bench.ask("comdlg32.dll", "CommDlgExtendedError", &[]), 0);
        assert_eq!(
            bench.reports()[0].to_string(),
            "dialog of the system \"choose a file to open\" not shown"
        );
    }
}
