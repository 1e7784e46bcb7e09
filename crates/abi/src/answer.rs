//! What drivers answer, and what they answer by default.

use crate::{LResult, Message};

/// What `DefDriverProc` answers: 1 to `DRV_LOAD`, `DRV_ENABLE`, `DRV_DISABLE`, `DRV_FREE`,
/// `DRV_INSTALL` and `DRV_REMOVE`, 0 to all else.
///
/// A driver passes on every message that it does not handle itself. It cannot do so with `DRV_OPEN`
/// or `DRV_CLOSE`: 0 makes it unopenable and uncloseable.
pub const fn def_driver_proc(message: Message) -> LResult {
    match message {
        Message::DRV_LOAD
        | Message::DRV_ENABLE
        | Message::DRV_DISABLE
        | Message::DRV_FREE
        | Message::DRV_INSTALL
        | Message::DRV_REMOVE => 1,
        _ => 0,
    }
}

/// Declares answers: one constant a line. Where a function is named, it tells their names.
macro_rules! answers {
    ($($name:ident = $value:expr, $doc:literal;)*) => {
        $(#[doc = $doc] pub const $name: LResult = $value;)*
    };
    ($(#[$meta:meta])* fn $names:ident; $($name:ident = $value:expr, $doc:literal;)*) => {
        answers! { $($name = $value, $doc;)* }

        $(#[$meta])*
        pub const fn $names(answer: LResult) -> Option<&'static str> {
            match answer {
                $($name => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

// To `DRV_CONFIGURE`, `DRV_INSTALL` and `DRV_REMOVE`.
answers! {
    DRVCNF_CANCEL = 0, "Nothing was changed, or the message failed.";
    DRVCNF_OK = 1, "Done.";
    DRVCNF_RESTART = 2, "Done, and the system must be restarted to see it.";
}

// `lParam1` of `DRV_EXITAPPLICATION`.
answers! {
    DRVEA_NORMALEXIT = 1, "The application ended by itself.";
    DRVEA_ABNORMALEXIT = 2, "The application broke.";
}

// Of multimedia functions and of `ACMDM_*`: 0 is success.
answers! {
    /// The name of an answer to `ACMDM_*`, and of what multimedia functions answer.
    fn multimedia_name;
    MMSYSERR_NOERROR = 0, "Done.";
    MMSYSERR_ERROR = 1, "Unspecified error.";
    MMSYSERR_BADDEVICEID = 2, "There is no such device.";
    MMSYSERR_NOTENABLED = 3, "The driver is disabled.";
    MMSYSERR_ALLOCATED = 4, "The device is in use.";
    MMSYSERR_INVALHANDLE = 5, "The handle is closed or foreign.";
    MMSYSERR_NODRIVER = 6, "There is no driver.";
    MMSYSERR_NOMEM = 7, "There is not enough memory.";
    MMSYSERR_NOTSUPPORTED = 8, "The driver does not know the message.";
    MMSYSERR_BADERRNUM = 9, "There is no such error.";
    MMSYSERR_INVALFLAG = 10, "A flag is not known.";
    MMSYSERR_INVALPARAM = 11, "A parameter is wrong.";
    MMSYSERR_HANDLEBUSY = 12, "Another thread uses the handle.";
    ACMERR_NOTPOSSIBLE = 512, "The codec cannot do this.";
    ACMERR_BUSY = 513, "The stream or buffer is in use.";
    ACMERR_UNPREPARED = 514, "The buffer is not prepared.";
    ACMERR_CANCELED = 515, "A person said no.";
}

// To `ICM_*`: 0 is success, a message that is not known is `ICERR_UNSUPPORTED`.
answers! {
    /// The name of an answer to `ICM_*`.
    fn video_name;
    ICERR_OK = 0, "Done.";
    ICERR_DONTDRAW = 1, "Done, and the frame need not be drawn.";
    ICERR_NEWPALETTE = 2, "Done, and the palette changed.";
    ICERR_GOTOKEYFRAME = 3, "Go back to a key frame.";
    ICERR_STOPDRAWING = 4, "Stop drawing.";
    ICERR_UNSUPPORTED = -1, "The codec does not know the message.";
    ICERR_BADFORMAT = -2, "The codec cannot handle the format.";
    ICERR_MEMORY = -3, "There is not enough memory.";
    ICERR_INTERNAL = -4, "The codec failed.";
    ICERR_BADFLAGS = -5, "A flag is not known.";
    ICERR_BADPARAM = -6, "A parameter is wrong.";
    ICERR_BADSIZE = -7, "A size is wrong.";
    ICERR_BADHANDLE = -8, "The handle is closed or foreign.";
    ICERR_CANTUPDATE = -9, "The frame cannot be drawn again.";
    ICERR_ABORT = -10, "A person said no.";
    ICERR_ERROR = -100, "Unspecified error.";
    ICERR_BADBITDEPTH = -200, "The codec cannot handle the depth.";
    ICERR_BADIMAGESIZE = -201, "The codec cannot handle the size of the image.";
    ICERR_CUSTOM = -400, "First number of a codec's own errors, downwards.";
}

// Of the media control interface.
answers! {
    MCI_NO_COMMAND_TABLE = 0xFFFF, "The driver has no command table of its own.";
    MCIERR_UNSUPPORTED_FUNCTION = 274, "The device cannot do this.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_names() {
        assert_eq!(multimedia_name(512), Some("ACMERR_NOTPOSSIBLE"));
        assert_eq!(multimedia_name(99), None);
        assert_eq!(video_name(-2), Some("ICERR_BADFORMAT"));
    }

    #[test]
    fn default_answers_are_one_to_six_messages_and_zero_to_all_else() {
        for number in 0..0x7000 {
            let expected = matches!(number, 1 | 2 | 5 | 6 | 9 | 0xA);
            assert_eq!(
                def_driver_proc(Message(number)),
                expected.into(),
                "{number:#x}"
            );
        }
    }
}
