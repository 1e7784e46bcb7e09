//! Dialogs of a station without a person: set up in full, reported, and cancelled.

use std::sync::Arc;

use opendriver_pe::ResourceId;

use super::lifetime::{self, Request};
use super::messages::{self, WM_CLOSE, deliver};
use super::places;
use super::template::{Item, Named, Template};
use super::windows::{CHILD, Dialog, Kept, VISIBLE, Window, class, window, windows};
use crate::cx::Cx;
use crate::dll::kernel32::resources::{resource_id, with_resources};
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, Shim, Signed, Size, shims};
use crate::station::Report;
use crate::trap::Trap;

const WM_INITDIALOG: u32 = 0x110;
const WM_COMMAND: u32 = 0x111;
const OK: u64 = 1;
const CANCEL: u64 = 2;

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Runs a dialog of a module until it ends; here it is set up, reported and cancelled.
    fn DialogBoxParamA(cx, module: Handle, name: Addr, owner: Handle, procedure: Addr, parameter: Signed) -> Signed {
        let name = resource_id(cx, Ansi, name)?;
        modal(cx, module, &Source::Resource(name), owner, procedure, parameter)
    }

    /// Runs a dialog of a module until it ends; here it is set up, reported and cancelled.
    fn DialogBoxParamW(cx, module: Handle, name: Addr, owner: Handle, procedure: Addr, parameter: Signed) -> Signed {
        let name = resource_id(cx, Wide, name)?;
        modal(cx, module, &Source::Resource(name), owner, procedure, parameter)
    }

    /// Runs a dialog that lies in memory until it ends; here it is set up, reported and cancelled.
    fn DialogBoxIndirectParamA(
        cx, module: Handle, template: Addr, owner: Handle, procedure: Addr, parameter: Signed
    ) -> Signed {
        modal(cx, module, &Source::Memory(template), owner, procedure, parameter)
    }

    /// Runs a dialog that lies in memory until it ends; here it is set up, reported and cancelled.
    fn DialogBoxIndirectParamW(
        cx, module: Handle, template: Addr, owner: Handle, procedure: Addr, parameter: Signed
    ) -> Signed {
        modal(cx, module, &Source::Memory(template), owner, procedure, parameter)
    }

    /// Sets a dialog of a module up and reports it.
    fn CreateDialogParamA(cx, module: Handle, name: Addr, owner: Handle, procedure: Addr, parameter: Signed) -> Handle {
        let name = resource_id(cx, Ansi, name)?;
        modeless(cx, module, &Source::Resource(name), owner, procedure, parameter)
    }

    /// Sets a dialog of a module up and reports it.
    fn CreateDialogParamW(cx, module: Handle, name: Addr, owner: Handle, procedure: Addr, parameter: Signed) -> Handle {
        let name = resource_id(cx, Wide, name)?;
        modeless(cx, module, &Source::Resource(name), owner, procedure, parameter)
    }

    /// Sets a dialog that lies in memory up and reports it.
    fn CreateDialogIndirectParamA(
        cx, module: Handle, template: Addr, owner: Handle, procedure: Addr, parameter: Signed
    ) -> Handle {
        modeless(cx, module, &Source::Memory(template), owner, procedure, parameter)
    }

    /// Sets a dialog that lies in memory up and reports it.
    fn CreateDialogIndirectParamW(
        cx, module: Handle, template: Addr, owner: Handle, procedure: Addr, parameter: Signed
    ) -> Handle {
        modeless(cx, module, &Source::Memory(template), owner, procedure, parameter)
    }

    /// Ends a dialog with a result.
    fn EndDialog(cx, dialog: Handle, result: Signed) -> bool {
        let Some(window) = window(cx, dialog) else { return Ok(false) };
        if let Some(dialog) = &mut window.look().dialog {
            dialog.end = Some(result.0);
        }
        messages::show(cx, &window, false)?;
        Ok(true)
    }

    /// Tells whether a message was one of keys that move about in a dialog; no key is ever pressed.
    fn IsDialogMessageA(cx, dialog: Handle, message: Addr) -> bool {
        Ok(false)
    }

    /// Tells whether a message was one of keys that move about in a dialog; no key is ever pressed.
    fn IsDialogMessageW(cx, dialog: Handle, message: Addr) -> bool {
        Ok(false)
    }

    /// Turns measures of a dialog into those of the screen.
    fn MapDialogRect(cx, dialog: Handle, rect: Addr) -> bool {
        for side in 0..4 {
            let at = rect.offset(4 * side);
            cx.write(at, cx.read::<i32>(at)?.wrapping_mul(2))?;
        }
        Ok(true)
    }
}

shims! {
    pub(super) static ITEMS = "user32.dll", stdcall;

    /// Answers a control of a dialog.
    fn GetDlgItem(cx, dialog: Handle, id: i32) -> Handle {
        /// `ERROR_CONTROL_ID_NOT_FOUND`
        const NOT_FOUND: u32 = 1421;
        match item(cx, dialog, id) {
            Some(item) => Ok(item.handle),
            None => cx.fail(NOT_FOUND, Handle::NULL),
        }
    }

    /// Answers the identifier of a control.
    fn GetDlgCtrlID(cx, control: Handle) -> i32 {
        Ok(window(cx, control).map_or(0, |control| control.look().id as i32))
    }

    /// Sets the text of a control.
    fn SetDlgItemTextA(cx, dialog: Handle, id: i32, text: Addr) -> bool {
        let Some(item) = item(cx, dialog, id) else { return Ok(false) };
        places::set_text(cx, Ansi, item.handle, text)
    }

    /// Sets the text of a control.
    fn SetDlgItemTextW(cx, dialog: Handle, id: i32, text: Addr) -> bool {
        let Some(item) = item(cx, dialog, id) else { return Ok(false) };
        places::set_text(cx, Wide, item.handle, text)
    }

    /// Reads the text of a control.
    fn GetDlgItemTextA(cx, dialog: Handle, id: i32, buffer: Addr, size: i32) -> u32 {
        let Some(item) = item(cx, dialog, id) else { return Ok(0) };
        places::text(cx, Ansi, item.handle, buffer, size).map(|length| length as u32)
    }

    /// Reads the text of a control.
    fn GetDlgItemTextW(cx, dialog: Handle, id: i32, buffer: Addr, size: i32) -> u32 {
        let Some(item) = item(cx, dialog, id) else { return Ok(0) };
        places::text(cx, Wide, item.handle, buffer, size).map(|length| length as u32)
    }

    /// Sets the text of a control to a number.
    fn SetDlgItemInt(cx, dialog: Handle, id: i32, number: u32, signed: bool) -> bool {
        let Some(item) = item(cx, dialog, id) else { return Ok(false) };
        item.look().text = if signed { (number as i32).to_string() } else { number.to_string() };
        Ok(true)
    }

    /// Reads the text of a control as a number.
    fn GetDlgItemInt(cx, dialog: Handle, id: i32, read: Addr, signed: bool) -> u32 {
        let text = item(cx, dialog, id).map(|item| item.look().text.trim().to_owned()).unwrap_or_default();
        let number = if signed { text.parse::<i32>().ok().map(i32::cast_unsigned) } else { text.parse().ok() };
        cx.write_unless_null(read, u32::from(number.is_some()))?;
        Ok(number.unwrap_or(0))
    }

    /// Sends a message to a control.
    fn SendDlgItemMessageA(cx, dialog: Handle, id: i32, message: u32, first: Size, second: Signed) -> Signed {
        let Some(item) = item(cx, dialog, id) else { return Ok(Signed(0)) };
        deliver(cx, Ansi, &item, message, first, second)
    }

    /// Sends a message to a control.
    fn SendDlgItemMessageW(cx, dialog: Handle, id: i32, message: u32, first: Size, second: Signed) -> Signed {
        let Some(item) = item(cx, dialog, id) else { return Ok(Signed(0)) };
        deliver(cx, Wide, &item, message, first, second)
    }

    /// Checks a button or takes the check away.
    fn CheckDlgButton(cx, dialog: Handle, id: i32, state: u32) -> bool {
        let Some(item) = item(cx, dialog, id) else { return Ok(false) };
        deliver(cx, Wide, &item, BM_SETCHECK, Size(u64::from(state)), Signed(0)).map(|_| true)
    }

    /// Tells whether a button is checked.
    fn IsDlgButtonChecked(cx, dialog: Handle, id: i32) -> u32 {
        let Some(item) = item(cx, dialog, id) else { return Ok(0) };
        deliver(cx, Wide, &item, BM_GETCHECK, Size(0), Signed(0)).map(|state| state.0 as u32)
    }

    /// Checks one button of a row and takes the check from the others.
    fn CheckRadioButton(cx, dialog: Handle, first: i32, last: i32, checked: i32) -> bool {
        for id in first..=last.min(first.saturating_add(0xFFFF)) {
            if let Some(item) = item(cx, dialog, id) {
                deliver(cx, Wide, &item, BM_SETCHECK, Size(u64::from(id == checked)), Signed(0))?;
            }
        }
        Ok(true)
    }

    /// Answers the control that the tabulator key would lead to.
    fn GetNextDlgTabItem(cx, dialog: Handle, control: Handle, previous: bool) -> Handle {
        Ok(next_item(cx, dialog, control, previous))
    }

    /// Answers the control that the arrow keys would lead to.
    fn GetNextDlgGroupItem(cx, dialog: Handle, control: Handle, previous: bool) -> Handle {
        Ok(next_item(cx, dialog, control, previous))
    }
}

shims! {
    pub(super) static DEFAULT = "user32.dll", stdcall;

    /// Does with a message what dialogs do by default: asks the dialog's procedure first.
    fn DefDlgProcW(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        default(cx, Wide, to, message, first, second)
    }

    /// Does with a message what dialogs do by default: asks the dialog's procedure first.
    fn DefDlgProcA(cx, to: Handle, message: u32, first: Size, second: Signed) -> Signed {
        default(cx, Ansi, to, message, first, second)
    }
}

const BM_GETCHECK: u32 = 0xF0;
const BM_SETCHECK: u32 = 0xF1;

/// The window procedure of dialogs.
pub(super) fn procedure() -> &'static Shim {
    &DEFAULT[0]
}

/// Where a template is.
enum Source {
    Resource(ResourceId),
    Memory(Addr),
}

impl Source {
    fn find(&self, cx: &Cx<'_>, module: Handle) -> Option<Addr> {
        const DIALOG: u16 = 5;
        match self {
            Self::Memory(at) => (!at.is_null()).then_some(*at),
            Self::Resource(name) => with_resources(cx, module, |base, resources| {
                let found = resources
                    .find(ResourceId::Number(DIALOG), name.clone(), None)
                    .ok()??;
                Some(Addr(base + u64::from(found.rva)))
            }),
        }
    }

    fn called(&self) -> String {
        match self {
            Self::Resource(ResourceId::Name(name)) => name.clone(),
            Self::Resource(ResourceId::Number(number)) => format!("#{number}"),
            Self::Memory(_) => "in memory".to_owned(),
        }
    }
}

fn set_up(
    cx: &mut Cx<'_>,
    module: Handle,
    source: &Source,
    owner: Handle,
    procedure: Addr,
    parameter: Signed,
) -> Result<Option<Arc<Window>>, Trap> {
    /// `ERROR_RESOURCE_NAME_NOT_FOUND`
    const NOT_FOUND: u32 = 1814;
    let Some(at) = source.find(cx, module) else {
        return cx.fail(NOT_FOUND, None);
    };
    let template = Template::read(cx, at)?;
    cx.report(Report::Dialog {
        template: source.called(),
        title: template.title.clone(),
    });
    let name = match &template.class {
        Named::Text(name) if !name.is_empty() => name.clone(),
        _ => "#32770".to_owned(),
    };
    let Some(dialog_class) = class(cx, &name) else {
        return Ok(None);
    };
    let request = Request {
        extended: template.extended,
        style: template.style & !VISIBLE,
        place: template.place,
        parent: owner,
        menu: Size(0),
        module,
        parameter: Addr::NULL,
    };
    let prepare = |look: &mut super::windows::Look| {
        look.dialog = Some(Dialog {
            procedure,
            ..Dialog::default()
        });
    };
    let Some(dialog) =
        lifetime::create(cx, dialog_class, template.title.clone(), &request, prepare)?
    else {
        return Ok(None);
    };
    for item in &template.items {
        add_item(cx, module, &dialog, item)?;
    }
    let focus = windows(cx)
        .children(dialog.handle)
        .first()
        .map_or(Handle::NULL, |item| item.handle);
    let letters = dialog.letters();
    let wants_focus = deliver(
        cx,
        letters,
        &dialog,
        WM_INITDIALOG,
        Size(focus.0),
        parameter,
    )?
    .0 != 0;
    if wants_focus && focus != Handle::NULL {
        windows(cx).keep(Kept::Focus, focus);
    }
    Ok(windows(cx).get(dialog.handle))
}

fn add_item(cx: &mut Cx<'_>, module: Handle, dialog: &Window, item: &Item) -> Result<(), Trap> {
    let name = match &item.class {
        Named::Text(name) => name.as_str(),
        Named::Number(0x80) => "Button",
        Named::Number(0x81) => "Edit",
        Named::Number(0x83) => "ListBox",
        Named::Number(0x84) => "ScrollBar",
        Named::Number(0x85) => "ComboBox",
        Named::Number(_) => "Static",
    };
    // A control of a class that nobody has brought is left out, as nobody could see it anyway.
    let Some(class) = class(cx, name) else {
        cx.report(Report::Warning(format!(
            "a dialog uses windows of the unknown class \"{name}\""
        )));
        return Ok(());
    };
    let title = match &item.title {
        Named::Text(title) => title.clone(),
        Named::Number(_) => String::new(),
    };
    let request = Request {
        extended: item.extended,
        style: item.style | CHILD,
        place: item.place,
        parent: dialog.handle,
        menu: Size(u64::from(item.id)),
        module,
        parameter: item.extra,
    };
    lifetime::create(cx, class, title, &request, |_| {})?;
    Ok(())
}

fn modeless(
    cx: &mut Cx<'_>,
    module: Handle,
    source: &Source,
    owner: Handle,
    procedure: Addr,
    parameter: Signed,
) -> Result<Handle, Trap> {
    let dialog = set_up(cx, module, source, owner, procedure, parameter)?;
    Ok(dialog.map_or(Handle::NULL, |dialog| dialog.handle))
}

fn modal(
    cx: &mut Cx<'_>,
    module: Handle,
    source: &Source,
    owner: Handle,
    procedure: Addr,
    parameter: Signed,
) -> Result<Signed, Trap> {
    /// What the function answers when there is no dialog, or none that lives.
    const FAILED: Signed = Signed(-1);
    let Some(dialog) = set_up(cx, module, source, owner, procedure, parameter)? else {
        return Ok(FAILED);
    };
    let end = |dialog: &Window| dialog.look().dialog.and_then(|dialog| dialog.end);
    // What a person could do who wants to get rid of a dialog, until it ends.
    for (message, button) in [(WM_COMMAND, CANCEL), (WM_CLOSE, 0), (WM_COMMAND, OK)] {
        if end(&dialog).is_some() || windows(cx).get(dialog.handle).is_none() {
            break;
        }
        let control = item(cx, dialog.handle, button as i32).map_or(0, |item| item.handle.0);
        let letters = dialog.letters();
        deliver(
            cx,
            letters,
            &dialog,
            message,
            Size(button),
            Signed(control as i64),
        )?;
    }
    let result = end(&dialog);
    if result.is_none() {
        cx.report(Report::Warning(format!(
            "the dialog {} did not end when it was cancelled",
            source.called()
        )));
    }
    lifetime::destroy(cx, &dialog)?;
    Ok(Signed(result.unwrap_or(CANCEL as i64)))
}

fn default(
    cx: &mut Cx<'_>,
    letters: Letters,
    to: Handle,
    number: u32,
    first: Size,
    second: Signed,
) -> Result<Signed, Trap> {
    const WM_COMPAREITEM: u32 = 0x39;
    const WM_VKEYTOITEM: u32 = 0x2E;
    const WM_CHARTOITEM: u32 = 0x2F;
    const WM_QUERYDRAGICON: u32 = 0x37;
    /// `WM_CTLCOLORMSGBOX` to `WM_CTLCOLORSTATIC`.
    const COLOURS: std::ops::RangeInclusive<u32> = 0x132..=0x138;
    let Some(window) = windows(cx).get(to) else {
        return Ok(Signed(0));
    };
    let procedure = {
        let mut look = window.look();
        let dialog = look.dialog.as_mut();
        dialog.map_or(Addr::NULL, |dialog| {
            dialog.message_result = 0;
            dialog.procedure
        })
    };
    if !procedure.is_null() {
        let answer = cx.call(
            procedure,
            &[to.0, u64::from(number), first.0, second.0 as u64],
        )?;
        // Old procedures answer a BOOL, new ones a number as wide as an address.
        if answer as u32 != 0 || answer >> 32 != 0 && COLOURS.contains(&number) {
            let itself = COLOURS.contains(&number)
                || matches!(
                    number,
                    WM_INITDIALOG
                        | WM_COMPAREITEM
                        | WM_VKEYTOITEM
                        | WM_CHARTOITEM
                        | WM_QUERYDRAGICON
                );
            let result = window
                .look()
                .dialog
                .map_or(0, |dialog| dialog.message_result);
            return Ok(Signed(if itself { answer as i64 } else { result }));
        }
    }
    if number == WM_CLOSE {
        let control = item(cx, to, CANCEL as i32).map_or(0, |item| item.handle.0);
        return deliver(
            cx,
            letters,
            &window,
            WM_COMMAND,
            Size(CANCEL),
            Signed(control as i64),
        );
    }
    messages::default(cx, letters, to, number, first, second)
}

fn item(cx: &Cx<'_>, dialog: Handle, id: i32) -> Option<Arc<Window>> {
    windows(cx)
        .children(dialog)
        .into_iter()
        .find(|item| item.look().id as i32 == id)
}

fn next_item(cx: &Cx<'_>, dialog: Handle, control: Handle, previous: bool) -> Handle {
    let items = windows(cx).children(dialog);
    let at = items.iter().position(|item| item.handle == control);
    let count = items.len();
    let next = match at {
        Some(at) if previous => (at + count - 1) % count,
        Some(at) => (at + 1) % count,
        None => 0,
    };
    items.get(next).map_or(Handle::NULL, |item| item.handle)
}
