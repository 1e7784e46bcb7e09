//! `comctl32.dll`: controls, whose windows user32 has, and lists of pictures that nobody sees.

use std::sync::Arc;

use crate::cx::Cx;
use crate::shim::{Addr, Dll, Handle, shims};
use crate::trap::Trap;

pub(super) static COMCTL32: Dll = Dll {
    name: "comctl32.dll",
    tables: &[SHIMS],
    ordinals: &[(17, "InitCommonControls")],
    ..Dll::EMPTY
};

/// What the handle of a list of pictures stands for.
struct Pictures {
    size: (i32, i32),
}

shims! {
    static SHIMS = "comctl32.dll", stdcall;

    /// Enters the classes of controls; they are always there.
    fn InitCommonControls(cx) {
        Ok(())
    }

    /// Enters the classes of controls; they are always there.
    fn InitCommonControlsEx(cx, which: Addr) -> bool {
        Ok(true)
    }

    /// Makes a control with arrows up and down.
    fn CreateUpDownControl(
        cx, style: u32, x: i32, y: i32, width: i32, height: i32, parent: Handle, id: i32, module: Handle, buddy: Handle,
        upper: i32, lower: i32, position: i32
    ) -> Handle {
        let place = [x, y, width, height];
        super::user32::up_down(cx, style, place, parent, id, [lower, upper, position])
    }

    /// Makes a list of pictures.
    fn ImageList_Create(cx, width: i32, height: i32, flags: u32, count: i32, grow: i32) -> Handle {
        Ok(cx.process().handles().insert(Arc::new(Pictures { size: (width, height) })))
    }

    /// Answers the size of the pictures in a list.
    fn ImageList_GetIconSize(cx, list: Handle, width: Addr, height: Addr) -> bool {
        let Some(list) = pictures(cx, list)? else { return Ok(false) };
        cx.write(width, list.size.0)?;
        cx.write(height, list.size.1)?;
        Ok(true)
    }

    /// Ends a list of pictures.
    fn ImageList_Destroy(cx, list: Handle) -> bool {
        Ok(pictures(cx, list)?.is_some() && cx.process().handles().close(list))
    }

    /// Shows pages of settings; nobody turns them.
    fn PropertySheetA(cx, header: Addr) -> i32 {
        Ok(-1)
    }

    /// Shows pages of settings; nobody turns them.
    fn PropertySheetW(cx, header: Addr) -> i32 {
        Ok(-1)
    }
}

fn pictures(cx: &Cx<'_>, list: Handle) -> Result<Option<Arc<Pictures>>, Trap> {
    Ok(cx.process().handles().get(list))
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn an_up_down_control_has_a_position_in_its_range() {
        let bench = Bench::new();
        let arguments = [0, 0, 0, 10, 10, 0, 5, 0, 0, 100, 0, 250];
        let control = bench.ask("comctl32.dll", "CreateUpDownControl", &arguments);
        assert_ne!(control, 0);
        assert_eq!(
            bench.ask("user32.dll", "SendMessageA", &[control, 0x472, 0, 0]),
            100
        );
        let list = bench.ask("comctl32.dll", "ImageList_Create", &[16, 16, 0, 1, 1]);
        assert_eq!(bench.ask("comctl32.dll", "ImageList_Destroy", &[list]), 1);
        assert_eq!(bench.ask("comctl32.dll", "ImageList_Destroy", &[list]), 0);
    }
}
