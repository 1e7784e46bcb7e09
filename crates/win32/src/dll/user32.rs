//! `user32.dll`: text, message boxes, and windows of a station without a screen.

mod message_box;
mod rects;
mod resources;
mod screen;
mod strings;
mod wsprintf;

use crate::shim::Dll;

pub(super) static USER32: Dll = Dll {
    name: "user32.dll",
    tables: &[
        strings::SHIMS,
        wsprintf::SHIMS,
        resources::SHIMS,
        message_box::SHIMS,
        rects::SHIMS,
        screen::SHIMS,
        screen::DEVICES,
    ],
    data: &[],
    also: &[],
    names: &[],
    ordinals: &[],
};
