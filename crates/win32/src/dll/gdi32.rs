//! `gdi32.dll`: device contexts and what is selected into them; what is drawn on the screen nobody sees.

mod bitmaps;
mod contexts;
mod drawing;
mod objects;

pub(super) use contexts::screen_context;

use crate::shim::Dll;

pub(super) static GDI32: Dll = Dll {
    name: "gdi32.dll",
    tables: &[
        contexts::CONTEXTS,
        contexts::SETTINGS,
        objects::SHIMS,
        bitmaps::SHIMS,
        drawing::SHIMS,
    ],
    names: &["gdi32full.dll"],
    ..Dll::EMPTY
};
