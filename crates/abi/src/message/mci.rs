//! `MCI_*`: commands of the media control interface, as its drivers get them.

numbers! {
    /// Names in drivers of the section `mci`.
    MCI:
    MCI_OPEN_DRIVER = 0x801, "The device is opened: first command to a driver.";
    MCI_CLOSE_DRIVER = 0x802, "The device is closed: last command to a driver.";
    MCI_OPEN = 0x803, "Open a device; the system answers it, no driver sees it.";
    MCI_CLOSE = 0x804, "Close a device; the system answers it, no driver sees it.";
    MCI_ESCAPE = 0x805, "Pass a string to the device.";
    MCI_PLAY = 0x806, "Play.";
    MCI_SEEK = 0x807, "Move the position.";
    MCI_STOP = 0x808, "Stop.";
    MCI_PAUSE = 0x809, "Pause.";
    MCI_INFO = 0x80A, "Ask for a text about the device.";
    MCI_GETDEVCAPS = 0x80B, "Ask for a capability of the device.";
    MCI_SPIN = 0x80C, "Start or stop the disc.";
    MCI_SET = 0x80D, "Set a control.";
    MCI_STEP = 0x80E, "Step by frames.";
    MCI_RECORD = 0x80F, "Record.";
    MCI_SYSINFO = 0x810, "Ask about devices; the system answers it, no driver sees it.";
    MCI_BREAK = 0x811, "Set the break key; the system answers it, no driver sees it.";
    MCI_SOUND = 0x812, "Play a system sound; the system answers it, no driver sees it.";
    MCI_SAVE = 0x813, "Save the current file.";
    MCI_STATUS = 0x814, "Ask for the state of the device.";
    MCI_CUE = 0x830, "Be ready to play or record at once.";
    MCI_REALIZE = 0x840, "Realize the palette.";
    MCI_WINDOW = 0x841, "Name the window to draw in.";
    MCI_PUT = 0x842, "Set the rectangles of source and destination.";
    MCI_WHERE = 0x843, "Ask for the rectangles of source and destination.";
    MCI_FREEZE = 0x844, "Freeze the picture.";
    MCI_UNFREEZE = 0x845, "Let the picture move again.";
    MCI_LOAD = 0x850, "Load a file.";
    MCI_CUT = 0x851, "Cut to the clipboard.";
    MCI_COPY = 0x852, "Copy to the clipboard.";
    MCI_PASTE = 0x853, "Paste from the clipboard.";
    MCI_UPDATE = 0x854, "Draw the current frame again.";
    MCI_RESUME = 0x855, "Go on after a pause.";
    MCI_DELETE = 0x856, "Delete a part.";
}
