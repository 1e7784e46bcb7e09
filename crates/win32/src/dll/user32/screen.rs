//! The screen that is not there: its measures, colours, monitors, and the input that nobody gives.

use crate::cx::Cx;
use crate::dll::user32::rects::Rect;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, Signed, Size, shims};
use crate::trap::Trap;

/// What the screen would measure.
pub(super) const WIDTH: i32 = 1024;
pub(super) const HEIGHT: i32 = 768;
const DEPTH: u32 = 32;

/// The only monitor.
const MONITOR: Handle = Handle(0x1_0001);
/// Cursors, icons and bitmaps that belong to the system: one handle serves all that nobody sees.
const PICTURE: Handle = Handle(0x1_0003);

const INVALID_PARAMETER: u32 = 87;

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Answers a measure of the screen and of what stands on it.
    fn GetSystemMetrics(cx, index: i32) -> i32 {
        Ok(metric(index))
    }

    /// Answers the colour of a part of the screen.
    fn GetSysColor(cx, index: i32) -> u32 {
        Ok(match index {
            0 | 17 => 0xC8C8C8,
            1 => 0x9C_6D_3A,
            2 => 0xD1_B4_99,
            5 | 9 | 14 | 20 => 0xFF_FF_FF,
            13 => 0xD7_78_00,
            16 => 0xA0_A0_A0,
            4 | 10 | 11 | 15 | 22 => 0xF0_F0_F0,
            _ => 0,
        })
    }

    /// Asks or sets a setting of the desktop.
    fn SystemParametersInfoA(cx, action: u32, number: u32, buffer: Addr, flags: u32) -> bool {
        parameters(cx, action, buffer)
    }

    /// Asks or sets a setting of the desktop.
    fn SystemParametersInfoW(cx, action: u32, number: u32, buffer: Addr, flags: u32) -> bool {
        parameters(cx, action, buffer)
    }

    /// Answers the monitor that shows a point.
    fn MonitorFromPoint(cx, point: u64, flags: u32) -> Handle {
        Ok(MONITOR)
    }

    /// Answers the monitor that shows a rectangle.
    fn MonitorFromRect(cx, rect: Addr, flags: u32) -> Handle {
        Ok(MONITOR)
    }

    /// Answers the monitor that shows a window.
    fn MonitorFromWindow(cx, window: Handle, flags: u32) -> Handle {
        Ok(MONITOR)
    }

    /// Describes a monitor.
    fn GetMonitorInfoA(cx, monitor: Handle, info: Addr) -> bool {
        monitor_info(cx, Ansi, monitor, info)
    }

    /// Describes a monitor.
    fn GetMonitorInfoW(cx, monitor: Handle, info: Addr) -> bool {
        monitor_info(cx, Wide, monitor, info)
    }

    /// Calls a function for each monitor.
    fn EnumDisplayMonitors(cx, device: Handle, clip: Addr, callback: Addr, data: Signed) -> bool {
        let rect = cx.allocate(Size(16));
        Rect([0, 0, WIDTH, HEIGHT]).write(cx, rect)?;
        let answer = cx.call(callback, &[MONITOR.0, device.0, rect.0, data.0 as u64]);
        cx.free(rect);
        Ok(answer? as u32 != 0)
    }

    /// Describes a display device; there is one, the primary.
    fn EnumDisplayDevicesA(cx, device: Addr, index: u32, info: Addr, flags: u32) -> bool {
        display_device(cx, Ansi, index, info)
    }

    /// Describes a display device; there is one, the primary.
    fn EnumDisplayDevicesW(cx, device: Addr, index: u32, info: Addr, flags: u32) -> bool {
        display_device(cx, Wide, index, info)
    }

    /// Describes a mode of the display; there is one.
    fn EnumDisplaySettingsA(cx, device: Addr, index: u32, mode: Addr) -> bool {
        display_mode(cx, Ansi, index, mode)
    }

    /// Describes a mode of the display; there is one.
    fn EnumDisplaySettingsW(cx, device: Addr, index: u32, mode: Addr) -> bool {
        display_mode(cx, Wide, index, mode)
    }

    /// Answers the units in which dialogs are measured.
    fn GetDialogBaseUnits(cx) -> u32 {
        Ok(16 << 16 | 8)
    }

    /// Answers how fast clicks must follow each other, in milliseconds.
    fn GetDoubleClickTime(cx) -> u32 {
        Ok(500)
    }

    /// Tells whether the process may know the resolution of the screen.
    fn SetProcessDPIAware(cx) -> bool {
        Ok(true)
    }

    /// Answers the resolution of the screen, in dots an inch.
    fn GetDpiForSystem(cx) -> u32 {
        Ok(96)
    }

    /// Answers the resolution of the screen that shows a window, in dots an inch.
    fn GetDpiForWindow(cx, window: Handle) -> u32 {
        Ok(96)
    }

    /// Tells whether the process runs for a person or for a service.
    fn GetProcessWindowStation(cx) -> Handle {
        Ok(Handle(0x1_0005))
    }

    /// Answers the desktop of a thread.
    fn GetThreadDesktop(cx, thread: u32) -> Handle {
        Ok(Handle(0x1_0007))
    }

    /// Says one thing of a window station or desktop: its flags, its name.
    fn GetUserObjectInformationA(cx, object: Handle, index: i32, buffer: Addr, size: u32, needed: Addr) -> bool {
        object_information(cx, Ansi, index, buffer, size, needed)
    }

    /// Says one thing of a window station or desktop: its flags, its name.
    fn GetUserObjectInformationW(cx, object: Handle, index: i32, buffer: Addr, size: u32, needed: Addr) -> bool {
        object_information(cx, Wide, index, buffer, size, needed)
    }
}

shims! {
    pub(super) static DEVICES = "user32.dll", stdcall;

    /// Tells where the mouse would be.
    fn GetCursorPos(cx, point: Addr) -> bool {
        cx.write(point, WIDTH / 2)?;
        cx.write(point.offset(4), HEIGHT / 2)?;
        Ok(true)
    }

    /// Moves a mouse that is not there.
    fn SetCursorPos(cx, x: i32, y: i32) -> bool {
        Ok(true)
    }

    /// Chooses a cursor that nobody sees.
    fn SetCursor(cx, cursor: Handle) -> Handle {
        Ok(PICTURE)
    }

    /// Answers the cursor that nobody sees.
    fn GetCursor(cx) -> Handle {
        Ok(PICTURE)
    }

    /// Shows or hides the cursor; there is no mouse.
    fn ShowCursor(cx, show: bool) -> i32 {
        Ok(if show { 0 } else { -1 })
    }

    /// Keeps the mouse in a rectangle; there is no mouse.
    fn ClipCursor(cx, rect: Addr) -> bool {
        Ok(true)
    }

    /// Loads a cursor that nobody will see.
    fn LoadCursorA(cx, module: Handle, name: Addr) -> Handle {
        Ok(PICTURE)
    }

    /// Loads a cursor that nobody will see.
    fn LoadCursorW(cx, module: Handle, name: Addr) -> Handle {
        Ok(PICTURE)
    }

    /// Loads an icon that nobody will see.
    fn LoadIconA(cx, module: Handle, name: Addr) -> Handle {
        Ok(PICTURE)
    }

    /// Loads an icon that nobody will see.
    fn LoadIconW(cx, module: Handle, name: Addr) -> Handle {
        Ok(PICTURE)
    }

    /// Copies an icon that nobody will see.
    fn CopyIcon(cx, icon: Handle) -> Handle {
        Ok(icon)
    }

    /// Makes an icon that nobody will see.
    fn CreateIconIndirect(cx, info: Addr) -> Handle {
        Ok(PICTURE)
    }

    /// Gives up an icon.
    fn DestroyIcon(cx, icon: Handle) -> bool {
        Ok(true)
    }

    /// Gives up a cursor.
    fn DestroyCursor(cx, cursor: Handle) -> bool {
        Ok(true)
    }

    /// Draws an icon that nobody sees.
    fn DrawIcon(cx, device: Handle, x: i32, y: i32, icon: Handle) -> bool {
        Ok(true)
    }

    /// Draws an icon that nobody sees.
    fn DrawIconEx(
        cx, device: Handle, x: i32, y: i32, icon: Handle, width: i32, height: i32, step: u32, brush: Handle, flags: u32
    ) -> bool {
        Ok(true)
    }

    /// Tells whether a key is down; there is no keyboard.
    fn GetAsyncKeyState(cx, key: i32) -> i16 {
        Ok(0)
    }

    /// Tells whether a key is down; there is no keyboard.
    fn GetKeyState(cx, key: i32) -> i16 {
        Ok(0)
    }

    /// Tells which keys are down; there is no keyboard.
    fn GetKeyboardState(cx, keys: Addr) -> bool {
        cx.fill(keys, 0, 256)?;
        Ok(true)
    }

    /// Answers the kind of the keyboard: an ordinary one with twelve function keys.
    fn GetKeyboardType(cx, what: i32) -> i32 {
        Ok(match what {
            0 => 4,
            2 => 12,
            _ => 0,
        })
    }

    /// Answers the layout of the keyboard: American.
    fn GetKeyboardLayout(cx, thread: u32) -> Handle {
        Ok(Handle(0x0409_0409))
    }

    /// Answers when somebody last touched keyboard or mouse: never.
    fn GetLastInputInfo(cx, info: Addr) -> bool {
        cx.write(info.offset(4), 0_u32)?;
        Ok(true)
    }

    /// Opens the clipboard, which is empty.
    fn OpenClipboard(cx, owner: Handle) -> bool {
        Ok(true)
    }

    /// Closes the clipboard.
    fn CloseClipboard(cx) -> bool {
        Ok(true)
    }

    /// Empties the clipboard.
    fn EmptyClipboard(cx) -> bool {
        Ok(true)
    }

    /// Tells whether the clipboard holds data of a form; it is empty.
    fn IsClipboardFormatAvailable(cx, format: u32) -> bool {
        Ok(false)
    }

    /// Takes data from the clipboard, which is empty.
    fn GetClipboardData(cx, format: u32) -> Handle {
        Ok(Handle::NULL)
    }
}

fn metric(index: i32) -> i32 {
    match index {
        // The screen, the work area, the virtual screen.
        0 | 16 | 59 | 61 | 78 => WIDTH,
        1 | 17 | 60 | 62 | 79 => HEIGHT,
        // Scroll bars, buttons in them, title bars.
        2 | 3 | 9 | 10 | 20 | 21 => 17,
        4 | 31 | 30 => 23,
        // Borders and frames.
        5 | 6 => 1,
        7 | 8 => 3,
        32 | 33 => 4,
        45 | 46 => 2,
        // Icons and cursors, large and small.
        11..=14 => 32,
        49 | 50 => 16,
        15 => 20,
        28 => 136,
        29 => 39,
        34 | 57 => 160,
        35 | 58 => 28,
        38 | 39 => 75,
        36 | 37 => 4,
        // No mouse, no buttons, one display that has one format.
        19 | 43 | 75 => 0,
        80 | 81 => 1,
        _ => 0,
    }
}

fn parameters(cx: &Cx<'_>, action: u32, buffer: Addr) -> Result<bool, Trap> {
    match action {
        // SPI_GETWORKAREA
        0x30 => Rect([0, 0, WIDTH, HEIGHT]).write(cx, buffer)?,
        // SPI_GETBEEP, SPI_GETSCREENSAVEACTIVE, SPI_GETFONTSMOOTHING and other switches that are off.
        0x01 | 0x10 | 0x0E | 0x4A | 0x44 | 0x46 | 0x38 => cx.write(buffer, 0_u32)?,
        // SPI_GETWHEELSCROLLLINES
        0x68 => cx.write(buffer, 3_u32)?,
        // Settings are taken and change nothing: their numbers are odd.
        action if action & 1 == 1 => {}
        _ => return cx.fail(INVALID_PARAMETER, false),
    }
    Ok(true)
}

fn monitor_info(cx: &Cx<'_>, letters: Letters, monitor: Handle, info: Addr) -> Result<bool, Trap> {
    /// `sizeof(MONITORINFO)`; the longer form has a name behind it.
    const SHORT: u32 = 40;
    /// `ERROR_INVALID_MONITOR_HANDLE`
    const INVALID: u32 = 1461;
    if monitor != MONITOR {
        return cx.fail(INVALID, false);
    }
    let size: u32 = cx.read(info)?;
    let screen = Rect([0, 0, WIDTH, HEIGHT]);
    screen.write(cx, info.offset(4))?;
    screen.write(cx, info.offset(20))?;
    cx.write(info.offset(36), 1_u32)?;
    if size > SHORT {
        letters.put_cut(cx, info.offset(40), r"\\.\DISPLAY1", 32)?;
    }
    Ok(true)
}

fn display_device(cx: &Cx<'_>, letters: Letters, index: u32, info: Addr) -> Result<bool, Trap> {
    if index != 0 {
        return Ok(false);
    }
    let unit = letters.bytes();
    letters.put_cut(cx, info.offset(4), r"\\.\DISPLAY1", 32)?;
    letters.put_cut(cx, info.offset(4 + 32 * unit), "No display", 128)?;
    let flags = info.offset(4 + 160 * unit);
    // DISPLAY_DEVICE_ATTACHED_TO_DESKTOP and DISPLAY_DEVICE_PRIMARY_DEVICE.
    cx.write(flags, 5_u32)?;
    letters.put_cut(cx, flags.offset(4), "", 128)?;
    letters.put_cut(cx, flags.offset(4 + 128 * unit), "", 128)?;
    Ok(true)
}

fn display_mode(cx: &Cx<'_>, letters: Letters, index: u32, mode: Addr) -> Result<bool, Trap> {
    // The numbers -1 and -2 ask for the current mode and the one that was set up.
    if index != 0 && index < u32::MAX - 1 {
        return Ok(false);
    }
    let unit = letters.bytes();
    // DM_BITSPERPEL, DM_PELSWIDTH, DM_PELSHEIGHT, DM_DISPLAYFLAGS and DM_DISPLAYFREQUENCY.
    cx.write(mode.offset(32 * unit + 8), 0x007C_0000_u32)?;
    let after_form = mode.offset(64 * unit + 40);
    for (at, number) in (0..)
        .step_by(4)
        .zip([DEPTH, WIDTH as u32, HEIGHT as u32, 0, 60])
    {
        cx.write(after_form.offset(at), number)?;
    }
    Ok(true)
}

fn object_information(
    cx: &Cx<'_>,
    letters: Letters,
    index: i32,
    buffer: Addr,
    size: u32,
    needed: Addr,
) -> Result<bool, Trap> {
    /// `ERROR_INSUFFICIENT_BUFFER`
    const TOO_SMALL: u32 = 122;
    let bytes = match index {
        // UOI_FLAGS: not inherited, and not visible: a service has such a station.
        1 => vec![0; 12],
        2 => letters.encode(cx, "Service-0x0-3e7$\0"),
        3 => letters.encode(cx, "WindowStation\0"),
        _ => return cx.fail(INVALID_PARAMETER, false),
    };
    cx.write_unless_null(needed, bytes.len() as u32)?;
    if (size as usize) < bytes.len() {
        return cx.fail(TOO_SMALL, false);
    }
    cx.put(buffer, &bytes)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    const DLL: &str = "user32.dll";

    #[test]
    fn the_screen_has_measures() {
        let bench = Bench::new();
        assert_eq!(bench.ask(DLL, "GetSystemMetrics", &[0]), 1024);
        assert_eq!(bench.ask(DLL, "GetSystemMetrics", &[1]), 768);
        let area = bench.bytes(&[0; 16]);
        assert_eq!(
            bench.ask(DLL, "SystemParametersInfoA", &[0x30, 0, area, 0]),
            1
        );
        assert_eq!(
            bench.with_cx(|cx| Rect::read(cx, Addr(area)).unwrap()),
            Rect([0, 0, 1024, 768])
        );
        assert_eq!(
            bench.ask(DLL, "SystemParametersInfoA", &[0x9999, 0, area, 0]),
            1
        );
        assert_eq!(
            bench.ask(DLL, "SystemParametersInfoA", &[0x9998, 0, area, 0]),
            0
        );
    }

    #[test]
    fn the_monitor_is_described_in_both_forms() {
        let bench = Bench::new();
        let monitor = bench.ask(DLL, "MonitorFromPoint", &[0, 1]);
        let info = bench.bytes(&[[104, 0, 0, 0].as_slice(), &[0xff; 100]].concat());
        assert_eq!(bench.ask(DLL, "GetMonitorInfoW", &[monitor, info]), 1);
        assert_eq!(bench.read(info + 40, 6), b"\\\0\\\0.\0");
        let info = bench.bytes(&[[40, 0, 0, 0].as_slice(), &[0xff; 64]].concat());
        assert_eq!(bench.ask(DLL, "GetMonitorInfoA", &[monitor, info]), 1);
        assert_eq!(bench.read(info + 40, 1), [0xff]);
        assert_eq!(bench.ask(DLL, "GetMonitorInfoA", &[monitor + 2, info]), 0);
    }

    #[test]
    fn there_is_one_display_with_one_mode() {
        let bench = Bench::new();
        let mode = bench.bytes(&[0; 256]);
        assert_eq!(
            bench.ask(DLL, "EnumDisplaySettingsA", &[0, u64::from(u32::MAX), mode]),
            1
        );
        // DEVMODEA: dmBitsPerPel is at 104, dmPelsWidth and dmPelsHeight follow.
        assert_eq!(
            bench.read(mode + 104, 12),
            [32, 0, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0]
        );
        assert_eq!(bench.ask(DLL, "EnumDisplaySettingsA", &[0, 1, mode]), 0);
    }
}
