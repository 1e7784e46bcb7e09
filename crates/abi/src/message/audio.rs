//! Numbers of wave, MIDI, auxiliary and mixer drivers, whose work goes to entry points of its own.

numbers! {
    /// Names in `DriverProc` of an audio driver.
    WAVE:
    DRV_QUERYDRVENTRY = 0x800 + 1, "Which driver entry is this?";
    DRV_QUERYDEVNODE = 0x800 + 2, "Which device node does a device belong to?";
    DRV_QUERYNAME = 0x800 + 3, "What is the driver called?";
    DRV_QUERYDRIVERIDS = 0x800 + 4, "Which driver identifiers are there?";
    DRV_QUERYMAPPABLE = 0x800 + 5, "May the mapper use this device?";
    DRV_QUERYMODULE = 0x800 + 9, "Which module serves the device?";
    DRV_PNPINSTALL = 0x800 + 11, "The driver was installed by plug and play.";
    DRV_QUERYDEVICEINTERFACE = 0x800 + 12, "What is the device interface called?";
    DRV_QUERYDEVICEINTERFACESIZE = 0x800 + 13, "How long is the name of the device interface?";
    DRV_QUERYSTRINGID = 0x800 + 14, "Which string identifies the device?";
    DRV_QUERYSTRINGIDSIZE = 0x800 + 15, "How long is the string that identifies the device?";
    DRV_QUERYIDFROMSTRINGID = 0x800 + 16, "Which device does this string identify?";
    DRV_QUERYFUNCTIONINSTANCEID = 0x800 + 17, "Which function instance is the device?";
    DRV_QUERYFUNCTIONINSTANCEIDSIZE = 0x800 + 18, "How long is the name of the function instance?";
}

numbers! {
    /// Names that the entry points of all audio drivers share.
    ENTRY:
    DRVM_INIT = 100, "The driver is loaded: first message to an entry point.";
    DRVM_EXIT = 101, "The driver goes away: last message to an entry point.";
    DRVM_DISABLE = 102, "The device is taken away for a while.";
    DRVM_ENABLE = 103, "The device is given back.";
    DRVM_INIT_EX = 104, "The driver is loaded, with a device node.";
    DRVM_IOCTL = 0x100, "First number of controls.";
    DRVM_MAPPER = 0x2000, "First number of the mapper's messages.";
    DRVM_USER = 0x4000, "First number of private messages.";
}

numbers! {
    /// Names in `wodMessage`.
    WAVE_OUT:
    WODM_GETNUMDEVS = 3, "How many devices are there?";
    WODM_GETDEVCAPS = 4, "Describe one device.";
    WODM_OPEN = 5, "Open a device.";
    WODM_CLOSE = 6, "Close a device.";
    WODM_PREPARE = 7, "Prepare a buffer.";
    WODM_UNPREPARE = 8, "Undo the preparation of a buffer.";
    WODM_WRITE = 9, "Queue a buffer for playing.";
    WODM_PAUSE = 10, "Pause.";
    WODM_RESTART = 11, "Go on after a pause.";
    WODM_RESET = 12, "Stop and give all buffers back.";
    WODM_GETPOS = 13, "Where is the device?";
    WODM_GETPITCH = 14, "Which pitch is set?";
    WODM_SETPITCH = 15, "Take this pitch.";
    WODM_GETVOLUME = 16, "Which volume is set?";
    WODM_SETVOLUME = 17, "Take this volume.";
    WODM_GETPLAYBACKRATE = 18, "Which rate is set?";
    WODM_SETPLAYBACKRATE = 19, "Take this rate.";
    WODM_BREAKLOOP = 20, "Leave the loop after this round.";
}

numbers! {
    /// Names in `widMessage`.
    WAVE_IN:
    WIDM_GETNUMDEVS = 50, "How many devices are there?";
    WIDM_GETDEVCAPS = 51, "Describe one device.";
    WIDM_OPEN = 52, "Open a device.";
    WIDM_CLOSE = 53, "Close a device.";
    WIDM_PREPARE = 54, "Prepare a buffer.";
    WIDM_UNPREPARE = 55, "Undo the preparation of a buffer.";
    WIDM_ADDBUFFER = 56, "Queue a buffer for recording.";
    WIDM_START = 57, "Start recording.";
    WIDM_STOP = 58, "Stop recording.";
    WIDM_RESET = 59, "Stop and give all buffers back.";
    WIDM_GETPOS = 60, "Where is the device?";
}

numbers! {
    /// Names in `modMessage`.
    MIDI_OUT:
    MODM_GETNUMDEVS = 1, "How many devices are there?";
    MODM_GETDEVCAPS = 2, "Describe one device.";
    MODM_OPEN = 3, "Open a device.";
    MODM_CLOSE = 4, "Close a device.";
    MODM_PREPARE = 5, "Prepare a buffer.";
    MODM_UNPREPARE = 6, "Undo the preparation of a buffer.";
    MODM_DATA = 7, "Play a short message.";
    MODM_LONGDATA = 8, "Play a buffer.";
    MODM_RESET = 9, "Stop and give all buffers back.";
    MODM_GETVOLUME = 10, "Which volume is set?";
    MODM_SETVOLUME = 11, "Take this volume.";
    MODM_CACHEPATCHES = 12, "Keep these patches ready.";
    MODM_CACHEDRUMPATCHES = 13, "Keep these drum patches ready.";
}

numbers! {
    /// Names in `midMessage`.
    MIDI_IN:
    MIDM_GETNUMDEVS = 53, "How many devices are there?";
    MIDM_GETDEVCAPS = 54, "Describe one device.";
    MIDM_OPEN = 55, "Open a device.";
    MIDM_CLOSE = 56, "Close a device.";
    MIDM_PREPARE = 57, "Prepare a buffer.";
    MIDM_UNPREPARE = 58, "Undo the preparation of a buffer.";
    MIDM_ADDBUFFER = 59, "Queue a buffer for recording.";
    MIDM_START = 60, "Start recording.";
    MIDM_STOP = 61, "Stop recording.";
    MIDM_RESET = 62, "Stop and give all buffers back.";
}

numbers! {
    /// Names in `auxMessage`.
    AUX:
    AUXDM_GETNUMDEVS = 3, "How many devices are there?";
    AUXDM_GETDEVCAPS = 4, "Describe one device.";
    AUXDM_GETVOLUME = 5, "Which volume is set?";
    AUXDM_SETVOLUME = 6, "Take this volume.";
}

numbers! {
    /// Names in `mxdMessage`.
    MIXER:
    MXDM_GETNUMDEVS = 1, "How many devices are there?";
    MXDM_GETDEVCAPS = 2, "Describe one device.";
    MXDM_OPEN = 3, "Open a device.";
    MXDM_CLOSE = 4, "Close a device.";
    MXDM_GETLINEINFO = 5, "Describe a line.";
    MXDM_GETLINECONTROLS = 6, "Describe the controls of a line.";
    MXDM_GETCONTROLDETAILS = 7, "What does a control say?";
    MXDM_SETCONTROLDETAILS = 8, "Set a control.";
}
