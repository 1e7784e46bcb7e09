//! Windows and their classes: all there but the pixels.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use super::controls::{self, Control};
use super::rects::Rect;
use crate::cx::Cx;
use crate::letters::Letters;
use crate::shim::{Addr, Handle};
use crate::trap::Trap;

/// The desktop, which is above all windows.
pub(super) const DESKTOP: Handle = Handle(0x1_0010);

/// What the process has of windows.
pub(super) struct Windows {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In the order of creation.
    windows: BTreeMap<u64, Arc<Window>>,
    next: u64,
    classes: HashMap<String, Arc<Class>>,
    atoms: HashMap<String, u16>,
    active: u64,
    focus: u64,
    capture: u64,
}

impl Default for Windows {
    fn default() -> Self {
        let state = State {
            next: DESKTOP.0 + 2,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
        }
    }
}

/// What windows are made of.
pub(super) struct Class {
    pub(super) name: String,
    pub(super) atom: u16,
    pub(super) style: u32,
    pub(super) procedure: Addr,
    pub(super) letters: Letters,
    pub(super) class_extra: u32,
    pub(super) window_extra: u32,
    pub(super) module: Handle,
    pub(super) icon: Handle,
    pub(super) cursor: Handle,
    pub(super) brush: Handle,
    pub(super) menu: Addr,
}

/// One window.
pub(super) struct Window {
    pub(super) handle: Handle,
    pub(super) thread: u32,
    pub(super) class: Arc<Class>,
    look: Mutex<Look>,
}

/// What changes in a window.
#[derive(Default)]
pub(super) struct Look {
    pub(super) procedure: Addr,
    pub(super) letters: Option<Letters>,
    pub(super) text: String,
    pub(super) parent: Handle,
    pub(super) is_child: bool,
    /// The identifier of a child, the menu of any other.
    pub(super) id: u64,
    pub(super) module: Handle,
    pub(super) style: u32,
    pub(super) extended_style: u32,
    /// On the screen for a window, in the parent for a child.
    pub(super) rect: Rect,
    pub(super) user_data: u64,
    pub(super) extra: Vec<u8>,
    pub(super) properties: HashMap<String, Handle>,
    pub(super) control: Control,
    pub(super) dialog: Option<Dialog>,
    pub(super) font: Handle,
    pub(super) is_dying: bool,
}

/// What a dialog has that other windows have not.
#[derive(Clone, Copy, Default)]
pub(super) struct Dialog {
    pub(super) procedure: Addr,
    pub(super) message_result: i64,
    pub(super) user: i64,
    pub(super) end: Option<i64>,
}

/// `WS_CHILD`, `WS_VISIBLE`, `WS_DISABLED`, `WS_MINIMIZE` and `WS_MAXIMIZE`.
pub(super) const CHILD: u32 = 0x4000_0000;
pub(super) const VISIBLE: u32 = 0x1000_0000;
pub(super) const DISABLED: u32 = 0x0800_0000;
pub(super) const MINIMIZED: u32 = 0x2000_0000;
pub(super) const MAXIMIZED: u32 = 0x0100_0000;

impl Window {
    pub(super) fn look(&self) -> MutexGuard<'_, Look> {
        self.look.lock().expect("no holder panics")
    }

    /// The letters of the procedure as it is now.
    pub(super) fn letters(&self) -> Letters {
        self.look().letters.unwrap_or(self.class.letters)
    }
}

impl Windows {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    /// The window of a handle.
    pub(super) fn get(&self, handle: Handle) -> Option<Arc<Window>> {
        self.state().windows.get(&(handle.0 & 0xFFFF_FFFF)).cloned()
    }

    /// All windows, the newest last.
    pub(super) fn all(&self) -> Vec<Arc<Window>> {
        self.state().windows.values().cloned().collect()
    }

    /// The windows whose parent this is; of the desktop, those that are no children.
    pub(super) fn children(&self, parent: Handle) -> Vec<Arc<Window>> {
        let is_below = |window: &Arc<Window>| {
            let look = window.look();
            if parent == DESKTOP || parent == Handle::NULL {
                !look.is_child
            } else {
                look.is_child && look.parent == parent
            }
        };
        self.all().into_iter().filter(is_below).collect()
    }

    /// Enters a new window.
    pub(super) fn insert(&self, thread: u32, class: Arc<Class>, look: Look) -> Arc<Window> {
        let mut state = self.state();
        let handle = Handle(state.next);
        // A handle fits in 32 bits, and its upper half is not 0, so that careless code does not take it for a number.
        state.next = if state.next > 0x7FFF_0000 {
            DESKTOP.0 + 2
        } else {
            state.next + 2
        };
        let window = Arc::new(Window {
            handle,
            thread,
            class,
            look: Mutex::new(look),
        });
        state.windows.insert(handle.0, window.clone());
        window
    }

    pub(super) fn remove(&self, handle: Handle) {
        let mut state = self.state();
        state.windows.remove(&handle.0);
        for kept in [Kept::Active, Kept::Focus, Kept::Capture] {
            let place = kept.place(&mut state);
            if *place == handle.0 {
                *place = 0;
            }
        }
    }

    /// The window that is active, has the focus or the mouse.
    pub(super) fn kept(&self, what: Kept) -> Handle {
        Handle(*what.place(&mut self.state()))
    }

    /// Makes a window the active one, gives it the focus or the mouse; answers the one before.
    pub(super) fn keep(&self, what: Kept, window: Handle) -> Handle {
        Handle(std::mem::replace(what.place(&mut self.state()), window.0))
    }

    /// The number of a name; the same for all cases of its letters.
    pub(super) fn atom(&self, name: &str) -> u16 {
        let mut state = self.state();
        let next = 0xC000 + state.atoms.len() as u16;
        *state.atoms.entry(name.to_uppercase()).or_insert(next)
    }

    /// The name of a number that [`Windows::atom`] gave.
    pub(super) fn name_of_atom(&self, atom: u16) -> Option<String> {
        self.state()
            .atoms
            .iter()
            .find(|(_, number)| **number == atom)
            .map(|(name, _)| name.clone())
    }

    /// Enters a class; false when one of that name is there.
    pub(super) fn register(&self, class: Class) -> bool {
        let name = class.name.to_uppercase();
        let mut state = self.state();
        if state.classes.contains_key(&name) {
            return false;
        }
        state.classes.insert(name, Arc::new(class));
        true
    }

    pub(super) fn unregister(&self, name: &str) -> Option<Arc<Class>> {
        self.state().classes.remove(&name.to_uppercase())
    }

    fn known_class(&self, name: &str) -> Option<Arc<Class>> {
        self.state().classes.get(&name.to_uppercase()).cloned()
    }
}

/// The three places that one window at a time can have.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    Active,
    Focus,
    Capture,
}

impl Kept {
    fn place(self, state: &mut State) -> &mut u64 {
        match self {
            Self::Active => &mut state.active,
            Self::Focus => &mut state.focus,
            Self::Capture => &mut state.capture,
        }
    }
}

/// The windows of the process.
pub(super) fn windows(cx: &Cx<'_>) -> Arc<Windows> {
    cx.state()
}

/// The window of a handle; sets the last error when there is none.
pub(super) fn window(cx: &Cx<'_>, handle: Handle) -> Option<Arc<Window>> {
    /// `ERROR_INVALID_WINDOW_HANDLE`
    const INVALID: u32 = 1400;
    let window = windows(cx).get(handle);
    if window.is_none() {
        cx.set_last_error(INVALID);
    }
    window
}

/// The name of a class or of a property: text, or the number of a name.
pub(super) fn name(cx: &Cx<'_>, letters: Letters, at: Addr) -> Result<Option<String>, Trap> {
    match u16::try_from(at.0) {
        Ok(0x8002) => Ok(Some("#32770".to_owned())),
        Ok(atom) => Ok(windows(cx).name_of_atom(atom)),
        Err(_) => letters.read(cx, at).map(Some),
    }
}

/// A class by its name: one that was registered, or one that Windows has.
pub(super) fn class(cx: &Cx<'_>, name: &str) -> Option<Arc<Class>> {
    let windows = windows(cx);
    if let Some(known) = windows.known_class(name) {
        return Some(known);
    }
    let (known, window_extra) = controls::CLASSES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    windows.register(Class {
        name: (*known).to_owned(),
        atom: windows.atom(known),
        style: 0,
        procedure: controls::procedure(cx, known),
        letters: Letters::Wide,
        class_extra: 0,
        window_extra: *window_extra,
        module: Handle::NULL,
        icon: Handle::NULL,
        cursor: Handle::NULL,
        brush: Handle::NULL,
        menu: Addr::NULL,
    });
    windows.known_class(name)
}

/// Where a window lies on the screen.
pub(super) fn on_screen(cx: &Cx<'_>, window: &Window) -> Rect {
    let (rect, parent, is_child) = {
        let look = window.look();
        (look.rect, look.parent, look.is_child)
    };
    match windows(cx).get(parent) {
        Some(parent) if is_child => {
            let Rect([x, y, ..]) = on_screen(cx, &parent);
            let Rect([left, top, right, bottom]) = rect;
            Rect([left + x, top + y, right + x, bottom + y])
        }
        _ => rect,
    }
}
