//! `ACMDM_*`: what the audio compression manager asks of a codec.

const BASE: u32 = 0x6000;

numbers! {
    /// Names in drivers of `msacm.*`.
    ACM:
    ACMDM_USER = 0x4000, "First number of a codec's private messages.";
    ACMDM_BASE = BASE, "First number of the manager's own messages.";
    ACMDM_DRIVER_NOTIFY = BASE + 1, "The set of installed codecs changed.";
    ACMDM_DRIVER_DETAILS = BASE + 10, "Fill an `ACMDRIVERDETAILS`.";
    ACMDM_DRIVER_ABOUT = BASE + 11, "Show the about box.";
    ACMDM_HARDWARE_WAVE_CAPS_INPUT = BASE + 20, "What the codec's hardware records.";
    ACMDM_HARDWARE_WAVE_CAPS_OUTPUT = BASE + 21, "What the codec's hardware plays.";
    ACMDM_FORMATTAG_DETAILS = BASE + 25, "Fill an `ACMFORMATTAGDETAILS`.";
    ACMDM_FORMAT_DETAILS = BASE + 26, "Fill an `ACMFORMATDETAILS`.";
    ACMDM_FORMAT_SUGGEST = BASE + 27, "Suggest a format to convert to.";
    ACMDM_FILTERTAG_DETAILS = BASE + 50, "Fill an `ACMFILTERTAGDETAILS`.";
    ACMDM_FILTER_DETAILS = BASE + 51, "Fill an `ACMFILTERDETAILS`.";
    ACMDM_STREAM_OPEN = BASE + 76, "Open a conversion stream.";
    ACMDM_STREAM_CLOSE = BASE + 77, "Close a conversion stream.";
    ACMDM_STREAM_SIZE = BASE + 78, "Say how large the other side of a buffer is.";
    ACMDM_STREAM_CONVERT = BASE + 79, "Convert one buffer.";
    ACMDM_STREAM_RESET = BASE + 80, "Stop an asynchronous conversion.";
    ACMDM_STREAM_PREPARE = BASE + 81, "Prepare one buffer.";
    ACMDM_STREAM_UNPREPARE = BASE + 82, "Undo the preparation of one buffer.";
    ACMDM_STREAM_UPDATE = BASE + 83, "Save what the stream has learned.";
}
