//! Wave, MIDI, mixer, auxiliary and joystick devices: this machine has none.

use crate::shim::{Addr, Handle, Size, shims};

/// `MMSYSERR_BADDEVICEID`.
const BAD_DEVICE: u32 = 2;
/// `MMSYSERR_INVALHANDLE`.
const BAD_HANDLE: u32 = 5;

shims! {
    pub(super) static SHIMS = "winmm.dll", stdcall;

    /// Answers how many wave output devices there are: none.
    fn waveOutGetNumDevs(cx) -> u32 { Ok(0) }

    /// Answers how many wave input devices there are: none.
    fn waveInGetNumDevs(cx) -> u32 { Ok(0) }

    /// Answers how many MIDI output devices there are: none.
    fn midiOutGetNumDevs(cx) -> u32 { Ok(0) }

    /// Answers how many MIDI input devices there are: none.
    fn midiInGetNumDevs(cx) -> u32 { Ok(0) }

    /// Answers how many auxiliary devices there are: none.
    fn auxGetNumDevs(cx) -> u32 { Ok(0) }

    /// Answers how many mixers there are: none.
    fn mixerGetNumDevs(cx) -> u32 { Ok(0) }

    /// Answers how many joysticks there can be: none.
    fn joyGetNumDevs(cx) -> u32 { Ok(0) }

    /// Answers that there is no such wave output device.
    fn waveOutGetDevCapsA(cx, device: Size, caps: Addr, size: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Answers that there is no such wave output device.
    fn waveOutGetDevCapsW(cx, device: Size, caps: Addr, size: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Answers that there is no such wave input device.
    fn waveInGetDevCapsA(cx, device: Size, caps: Addr, size: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Answers that there is no such wave input device.
    fn waveInGetDevCapsW(cx, device: Size, caps: Addr, size: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Answers that there is no such MIDI output device.
    fn midiOutGetDevCapsA(cx, device: Size, caps: Addr, size: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Answers that there is no such MIDI output device.
    fn midiOutGetDevCapsW(cx, device: Size, caps: Addr, size: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Answers that there is no such MIDI input device.
    fn midiInGetDevCapsA(cx, device: Size, caps: Addr, size: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Answers that there is no such MIDI input device.
    fn midiInGetDevCapsW(cx, device: Size, caps: Addr, size: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Opens no wave output device.
    fn waveOutOpen(cx, handle: Addr, device: u32, format: Addr, callback: Size, user: Size, flags: u32) -> u32 {
        Ok(BAD_DEVICE)
    }

    /// Opens no wave input device.
    fn waveInOpen(cx, handle: Addr, device: u32, format: Addr, callback: Size, user: Size, flags: u32) -> u32 {
        Ok(BAD_DEVICE)
    }

    /// Opens no MIDI output device.
    fn midiOutOpen(cx, handle: Addr, device: u32, callback: Size, user: Size, flags: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Opens no MIDI input device.
    fn midiInOpen(cx, handle: Addr, device: u32, callback: Size, user: Size, flags: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Opens no mixer.
    fn mixerOpen(cx, handle: Addr, device: u32, callback: Size, user: Size, flags: u32) -> u32 { Ok(BAD_DEVICE) }

    /// Closes a device that was never open.
    fn waveOutClose(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Closes a device that was never open.
    fn waveInClose(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Closes a device that was never open.
    fn midiOutClose(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Closes a device that was never open.
    fn midiInClose(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Stops a device that was never open.
    fn waveOutReset(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Writes to a device that was never open.
    fn waveOutWrite(cx, device: Handle, header: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Prepares a block for a device that was never open.
    fn waveOutPrepareHeader(cx, device: Handle, header: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Releases a block of a device that was never open.
    fn waveOutUnprepareHeader(cx, device: Handle, header: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Stops a device that was never open.
    fn waveInReset(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Starts a device that was never open.
    fn waveInStart(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Stops a device that was never open.
    fn waveInStop(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Gives a block to a device that was never open.
    fn waveInAddBuffer(cx, device: Handle, header: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Prepares a block for a device that was never open.
    fn waveInPrepareHeader(cx, device: Handle, header: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Releases a block of a device that was never open.
    fn waveInUnprepareHeader(cx, device: Handle, header: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Answers the number of a device that was never open.
    fn waveInGetID(cx, device: Handle, id: Addr) -> u32 { Ok(BAD_HANDLE) }

    /// Answers the position of a device that was never open.
    fn waveInGetPosition(cx, device: Handle, time: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Sends a driver's own message to a device that was never open.
    fn waveInMessage(cx, device: Handle, message: u32, param1: Size, param2: Size) -> u32 { Ok(BAD_HANDLE) }

    /// Ends a loop of a device that was never open.
    fn waveOutBreakLoop(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Answers the number of a device that was never open.
    fn waveOutGetID(cx, device: Handle, id: Addr) -> u32 { Ok(BAD_HANDLE) }

    /// Answers the position of a device that was never open.
    fn waveOutGetPosition(cx, device: Handle, time: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Answers the volume of a device that is not there.
    fn waveOutGetVolume(cx, device: Handle, volume: Addr) -> u32 { Ok(BAD_HANDLE) }

    /// Sets the volume of a device that is not there.
    fn waveOutSetVolume(cx, device: Handle, volume: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Pauses a device that was never open.
    fn waveOutPause(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Goes on with a device that was never open.
    fn waveOutRestart(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Sends a driver's own message to a device that was never open.
    fn waveOutMessage(cx, device: Handle, message: u32, param1: Size, param2: Size) -> u32 { Ok(BAD_HANDLE) }

    /// Plays a note on a device that was never open.
    fn midiOutShortMsg(cx, device: Handle, message: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Sends a block to a device that was never open.
    fn midiOutLongMsg(cx, device: Handle, header: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Prepares a block for a device that was never open.
    fn midiOutPrepareHeader(cx, device: Handle, header: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Releases a block of a device that was never open.
    fn midiOutUnprepareHeader(cx, device: Handle, header: Addr, size: u32) -> u32 { Ok(BAD_HANDLE) }

    /// Silences a device that was never open.
    fn midiOutReset(cx, device: Handle) -> u32 { Ok(BAD_HANDLE) }

    /// Plays no sound.
    fn PlaySoundA(cx, sound: Addr, module: Handle, flags: u32) -> bool { Ok(false) }

    /// Plays no sound.
    fn PlaySoundW(cx, sound: Addr, module: Handle, flags: u32) -> bool { Ok(false) }

    /// Answers that there is no such joystick.
    fn joyGetPosEx(cx, joystick: u32, info: Addr) -> u32 { Ok(167) }
}
