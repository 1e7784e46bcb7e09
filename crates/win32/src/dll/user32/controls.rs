//! The windows that Windows brings: buttons, lists, fields and bars that keep their state and show nothing.

use std::sync::Arc;

use super::dialogs;
use super::messages;
use super::windows::{Window, windows};
use crate::cx::Cx;
use crate::letters::Letters::{self, Wide};
use crate::shim::{Addr, Handle, Shim, Signed, Size, shims};
use crate::trap::Trap;

/// The classes that Windows has, and the bytes that their windows have for their own use.
pub(super) const CLASSES: [(&str, u32); 27] = [
    ("#32770", 0),
    ("Button", 8),
    ("Edit", 8),
    ("Static", 8),
    ("ListBox", 8),
    ("ComboBox", 8),
    ("ComboLBox", 8),
    ("ScrollBar", 8),
    ("MDIClient", 8),
    ("ComboBoxEx32", 8),
    ("SysAnimate32", 8),
    ("SysDateTimePick32", 8),
    ("SysHeader32", 8),
    ("SysIPAddress32", 8),
    ("SysLink", 8),
    ("SysListView32", 8),
    ("SysMonthCal32", 8),
    ("SysPager", 8),
    ("SysTabControl32", 8),
    ("SysTreeView32", 8),
    ("RICHEDIT", 8),
    ("ToolbarWindow32", 8),
    ("msctls_hotkey32", 8),
    ("msctls_progress32", 8),
    ("msctls_statusbar32", 8),
    ("msctls_trackbar32", 8),
    ("msctls_updown32", 8),
];

/// What a control keeps.
#[derive(Default)]
pub(super) struct Control {
    checked: u64,
    items: Vec<(String, i64)>,
    selected: Option<usize>,
    position: i64,
    range: (i64, i64),
}

shims! {
    static PROCEDURES = "user32.dll", stdcall;

    /// Is the window procedure of all controls.
    fn ControlProc(cx, to: Handle, number: u32, first: Size, second: Signed) -> Signed {
        match windows(cx).get(to) {
            Some(window) => message(cx, Wide, &window, number, first, second),
            None => Ok(Signed(0)),
        }
    }
}

/// The address of the window procedure of a class that Windows has.
pub(super) fn procedure(cx: &Cx<'_>, class: &str) -> Addr {
    let shim: &'static Shim = if class == "#32770" {
        dialogs::procedure()
    } else {
        &PROCEDURES[0]
    };
    cx.process().gates().shim(shim).map_or(Addr::NULL, Addr)
}

/// Tells whether this is the procedure of the controls, which takes either form of text.
pub(super) fn is_procedure(cx: &Cx<'_>, procedure: Addr) -> bool {
    cx.process()
        .gates()
        .shim(&PROCEDURES[0])
        .is_some_and(|gate| gate == procedure.0)
}

/// No item.
const NONE: i64 = -1;

/// Does what a control does with a message.
pub(super) fn message(
    cx: &mut Cx<'_>,
    letters: Letters,
    window: &Arc<Window>,
    number: u32,
    first: Size,
    second: Signed,
) -> Result<Signed, Trap> {
    let at = Addr(second.0 as u64);
    let class = window.class.name.to_ascii_lowercase();
    let answer = match class.as_str() {
        "button" => button(window, number, first),
        "listbox" => list(cx, letters, window, ListMessage::of_list(number), first, at)?,
        "combobox" | "comboboxex32" => list(
            cx,
            letters,
            window,
            ListMessage::of_combo(number),
            first,
            at,
        )?,
        "edit" | "richedit" => edit(number),
        "scrollbar" => bar(window, BarMessage::of_scroll(number), first, second),
        "msctls_trackbar32" => bar(window, BarMessage::of_track(number), first, second),
        "msctls_progress32" => bar(window, BarMessage::of_progress(number), first, second),
        "msctls_updown32" => bar(window, BarMessage::of_up_down(number), first, second),
        _ => None,
    };
    match answer {
        Some(answer) => Ok(Signed(answer)),
        None => messages::default(cx, letters, window.handle, number, first, second),
    }
}

fn button(window: &Window, number: u32, first: Size) -> Option<i64> {
    const GETCHECK: u32 = 0xF0;
    const SETCHECK: u32 = 0xF1;
    const GETSTATE: u32 = 0xF2;
    let control = &mut window.look().control;
    match number {
        GETCHECK | GETSTATE => Some(control.checked as i64),
        SETCHECK => {
            control.checked = first.0 & 3;
            Some(0)
        }
        _ => None,
    }
}

fn edit(number: u32) -> Option<i64> {
    const LIMITTEXT: u32 = 0xC5;
    const GETLINECOUNT: u32 = 0xBA;
    match number {
        LIMITTEXT => Some(0),
        GETLINECOUNT => Some(1),
        _ => None,
    }
}

/// What lists and combo boxes understand, under numbers of their own.
#[derive(Clone, Copy)]
enum ListMessage {
    Add,
    Insert,
    Delete,
    Reset,
    Count,
    Selected,
    Select,
    Text,
    TextLength,
    FindStart,
    FindWhole,
    SelectText,
    Data,
    SetData,
    Other,
}

impl ListMessage {
    fn of_list(number: u32) -> Self {
        match number {
            0x180 => Self::Add,
            0x181 => Self::Insert,
            0x182 => Self::Delete,
            0x184 => Self::Reset,
            0x186 => Self::Select,
            0x188 => Self::Selected,
            0x189 => Self::Text,
            0x18A => Self::TextLength,
            0x18B => Self::Count,
            0x18C => Self::SelectText,
            0x18F => Self::FindStart,
            0x199 => Self::Data,
            0x19A => Self::SetData,
            0x1A2 => Self::FindWhole,
            _ => Self::Other,
        }
    }

    fn of_combo(number: u32) -> Self {
        match number {
            0x143 => Self::Add,
            0x144 => Self::Delete,
            0x146 => Self::Count,
            0x147 => Self::Selected,
            0x148 => Self::Text,
            0x149 => Self::TextLength,
            0x14A => Self::Insert,
            0x14B => Self::Reset,
            0x14C => Self::FindStart,
            0x14D => Self::SelectText,
            0x14E => Self::Select,
            0x150 => Self::Data,
            0x151 => Self::SetData,
            0x158 => Self::FindWhole,
            _ => Self::Other,
        }
    }
}

fn list(
    cx: &Cx<'_>,
    letters: Letters,
    window: &Window,
    message: ListMessage,
    first: Size,
    at: Addr,
) -> Result<Option<i64>, Trap> {
    // LBS_SORT and CBS_SORT.
    let sorts = window.look().style
        & if window.class.name.eq_ignore_ascii_case("ListBox") {
            0x2
        } else {
            0x100
        }
        != 0;
    let text = match message {
        ListMessage::Add
        | ListMessage::Insert
        | ListMessage::FindStart
        | ListMessage::FindWhole
        | ListMessage::SelectText => letters.optional(cx, at)?.unwrap_or_default(),
        _ => String::new(),
    };
    let index = first.0 as u32 as i32;
    let mut look = window.look();
    let control = &mut look.control;
    let known = usize::try_from(index)
        .ok()
        .filter(|&index| index < control.items.len());
    let find = |control: &Control, matches: &dyn Fn(&str) -> bool| {
        control.items.iter().position(|(item, _)| matches(item))
    };
    let starts = |item: &str| item.to_lowercase().starts_with(&text.to_lowercase());
    let answer = match message {
        ListMessage::Add => {
            let place = if sorts {
                control.items.partition_point(|(item, _)| *item <= text)
            } else {
                control.items.len()
            };
            control.items.insert(place, (text, 0));
            place as i64
        }
        ListMessage::Insert => {
            let place = known.unwrap_or(control.items.len());
            control.items.insert(place, (text, 0));
            place as i64
        }
        ListMessage::Delete => match known {
            Some(place) => {
                control.items.remove(place);
                control.selected = control.selected.filter(|&selected| selected != place);
                control.items.len() as i64
            }
            None => NONE,
        },
        ListMessage::Reset => {
            control.items.clear();
            control.selected = None;
            0
        }
        ListMessage::Count => control.items.len() as i64,
        ListMessage::Selected => control.selected.map_or(NONE, |place| place as i64),
        ListMessage::Select => {
            control.selected = known;
            known.map_or(NONE, |place| place as i64)
        }
        ListMessage::TextLength => match known {
            Some(place) => letters.length(cx, &control.items[place].0) as i64,
            None => NONE,
        },
        ListMessage::Text => match known {
            Some(place) => {
                let item = control.items[place].0.clone();
                drop(look);
                letters.put(cx, at, &item)?;
                letters.length(cx, &item) as i64
            }
            None => NONE,
        },
        ListMessage::FindStart => find(control, &starts).map_or(NONE, |place| place as i64),
        ListMessage::FindWhole => find(control, &|item| item.eq_ignore_ascii_case(&text))
            .map_or(NONE, |place| place as i64),
        ListMessage::SelectText => {
            control.selected = find(control, &starts);
            control.selected.map_or(NONE, |place| place as i64)
        }
        ListMessage::Data => known.map_or(NONE, |place| control.items[place].1),
        ListMessage::SetData => match known {
            Some(place) => {
                control.items[place].1 = at.0 as i64;
                0
            }
            None => NONE,
        },
        ListMessage::Other => return Ok(None),
    };
    Ok(Some(answer))
}

/// What bars with a position understand, under numbers of their own.
#[derive(Clone, Copy)]
enum BarMessage {
    Position,
    SetPosition(Place),
    Low,
    High,
    /// Both ends in the second parameter, the lower in its low half.
    SetRange,
    /// The ends in the first and the second parameter.
    SetWideRange,
    SetLow,
    SetHigh,
    Other,
}

/// Which parameter holds a position.
#[derive(Clone, Copy)]
enum Place {
    First,
    Second,
}

impl BarMessage {
    fn of_scroll(number: u32) -> Self {
        match number {
            0xE0 => Self::SetPosition(Place::First),
            0xE1 => Self::Position,
            0xE2 | 0xE6 => Self::SetWideRange,
            _ => Self::Other,
        }
    }

    fn of_track(number: u32) -> Self {
        match number {
            0x400 => Self::Position,
            0x401 => Self::Low,
            0x402 => Self::High,
            0x405 => Self::SetPosition(Place::Second),
            0x406 => Self::SetRange,
            0x407 => Self::SetLow,
            0x408 => Self::SetHigh,
            _ => Self::Other,
        }
    }

    fn of_progress(number: u32) -> Self {
        match number {
            0x401 => Self::SetRange,
            0x402 => Self::SetPosition(Place::First),
            0x406 => Self::SetWideRange,
            0x408 => Self::Position,
            _ => Self::Other,
        }
    }

    fn of_up_down(number: u32) -> Self {
        match number {
            0x467 | 0x471 => Self::SetPosition(Place::Second),
            0x468 | 0x472 => Self::Position,
            0x46F => Self::SetWideRange,
            _ => Self::Other,
        }
    }
}

fn bar(window: &Window, message: BarMessage, first: Size, second: Signed) -> Option<i64> {
    let control = &mut window.look().control;
    let first = i64::from(first.0 as u32 as i32);
    let second = i64::from(second.0 as i32);
    let answer = match message {
        BarMessage::Position => control.position,
        BarMessage::Low => control.range.0,
        BarMessage::High => control.range.1,
        BarMessage::SetPosition(place) => {
            let position = if matches!(place, Place::First) {
                first
            } else {
                second
            };
            let (low, high) = control.range;
            let position = if low < high {
                position.clamp(low, high)
            } else {
                position
            };
            return Some(std::mem::replace(&mut control.position, position));
        }
        BarMessage::SetRange => {
            control.range = (i64::from(second as i16), i64::from((second >> 16) as i16));
            0
        }
        BarMessage::SetWideRange => {
            control.range = (first, second);
            0
        }
        BarMessage::SetLow => {
            control.range.0 = second;
            0
        }
        BarMessage::SetHigh => {
            control.range.1 = second;
            0
        }
        BarMessage::Other => return None,
    };
    Some(answer)
}
