//! `user32.dll`: text, message boxes, and windows of a station without a screen.

mod strings;
mod wsprintf;

mod dialogs;
mod message_box;
mod resources;
mod template;

mod controls;
mod lifetime;
mod messages;
mod places;
mod queue;
mod windows;

mod painting;
mod rects;
mod screen;

pub(super) use lifetime::up_down;

use crate::shim::Dll;

pub(super) static USER32: Dll = Dll {
    name: "user32.dll",
    tables: &[
        strings::SHIMS,
        wsprintf::SHIMS,
        resources::SHIMS,
        message_box::SHIMS,
        dialogs::SHIMS,
        dialogs::ITEMS,
        dialogs::DEFAULT,
        lifetime::SHIMS,
        messages::SEND,
        queue::SHIMS,
        places::STATE,
        places::FAMILY,
        places::PLACES,
        places::NUMBERS,
        painting::SHIMS,
        rects::SHIMS,
        screen::SHIMS,
        screen::DEVICES,
    ],
    ..Dll::EMPTY
};

#[cfg(test)]
mod tests;
