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

    /// Plays no sound.
    fn PlaySoundA(cx, sound: Addr, module: Handle, flags: u32) -> bool { Ok(false) }

    /// Plays no sound.
    fn PlaySoundW(cx, sound: Addr, module: Handle, flags: u32) -> bool { Ok(false) }

    /// Answers that there is no such joystick.
    fn joyGetPosEx(cx, joystick: u32, info: Addr) -> u32 { Ok(167) }

    /// Makes a four-character code of text, upper case if asked.
    fn mmioStringToFOURCCA(cx, text: Addr, flags: u32) -> u32 {
        let text = cx.ansi(text)?;
        Ok(four_characters(&text, flags))
    }

    /// Makes a four-character code of text, upper case if asked.
    fn mmioStringToFOURCCW(cx, text: Addr, flags: u32) -> u32 {
        let text = cx.text_w(text)?;
        Ok(four_characters(&cx.process().string_to_ansi(&text), flags))
    }
}

fn four_characters(text: &[u8], flags: u32) -> u32 {
    let mut code = [b' '; 4];
    for (to, from) in code.iter_mut().zip(text) {
        *to = if flags & 0x10 != 0 {
            from.to_ascii_uppercase()
        } else {
            *from
        };
    }
    u32::from_le_bytes(code)
}

#[cfg(test)]
mod tests {
    use super::four_characters;

    #[test]
    fn a_code_is_padded_with_spaces_and_upper_case_if_asked() {
        assert_eq!(four_characters(b"ab", 0), u32::from_le_bytes(*b"ab  "));
        assert_eq!(
            four_characters(b"cvidx", 0x10),
            u32::from_le_bytes(*b"CVID")
        );
    }
}
