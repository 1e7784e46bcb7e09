//! `ICM_*`: what Video for Windows asks of a codec.

const USER: u32 = 0x4000;
const RESERVED: u32 = 0x5000;

numbers! {
    /// Names in drivers of `vidc.*`.
    VFW:
    ICM_USER = USER, "First number of the codec's working messages.";
    ICM_COMPRESS_GET_FORMAT = USER + 4, "Which format would this input compress to?";
    ICM_COMPRESS_GET_SIZE = USER + 5, "How large can one compressed frame be?";
    ICM_COMPRESS_QUERY = USER + 6, "Can this be compressed?";
    ICM_COMPRESS_BEGIN = USER + 7, "Prepare to compress.";
    ICM_COMPRESS = USER + 8, "Compress one frame.";
    ICM_COMPRESS_END = USER + 9, "Compression ends.";
    ICM_DECOMPRESS_GET_FORMAT = USER + 10, "Which format would this input decompress to?";
    ICM_DECOMPRESS_QUERY = USER + 11, "Can this be decompressed?";
    ICM_DECOMPRESS_BEGIN = USER + 12, "Prepare to decompress.";
    ICM_DECOMPRESS = USER + 13, "Decompress one frame.";
    ICM_DECOMPRESS_END = USER + 14, "Decompression ends.";
    ICM_DRAW_BEGIN = USER + 15, "Prepare to draw.";
    ICM_DRAW_GET_PALETTE = USER + 16, "Which palette does drawing use?";
    ICM_DRAW_UPDATE = USER + 17, "Draw the current frame again.";
    ICM_DRAW_START = USER + 18, "Start the clock of drawing.";
    ICM_DRAW_STOP = USER + 19, "Stop the clock of drawing.";
    ICM_DRAW_BITS = USER + 20, "Draw these bits.";
    ICM_DRAW_END = USER + 21, "Drawing ends.";
    ICM_DECOMPRESS_SET_PALETTE = USER + 29, "Take this palette for the output.";
    ICM_DECOMPRESS_GET_PALETTE = USER + 30, "Which palette does the output use?";
    ICM_DRAW_QUERY = USER + 31, "Can this be drawn?";
    ICM_DRAW_GETTIME = USER + 32, "What does the clock of drawing say?";
    ICM_DRAW = USER + 33, "Draw one frame.";
    ICM_DRAW_WINDOW = USER + 34, "The window of drawing moved.";
    ICM_DRAW_SETTIME = USER + 35, "Set the clock of drawing.";
    ICM_DRAW_REALIZE = USER + 36, "Realize the palette of drawing.";
    ICM_DRAW_FLUSH = USER + 37, "Forget the frames not drawn yet.";
    ICM_DRAW_RENDERBUFFER = USER + 38, "Draw the frames not drawn yet.";
    ICM_DRAW_START_PLAY = USER + 39, "Playing starts.";
    ICM_DRAW_STOP_PLAY = USER + 40, "Playing stops.";
    ICM_GETBUFFERSWANTED = USER + 41, "How many frames ahead does drawing want?";
    ICM_GETDEFAULTKEYFRAMERATE = USER + 42, "How far apart are key frames by default?";
    ICM_DRAW_SUGGESTFORMAT = USER + 50, "Which format does drawing prefer?";
    ICM_DRAW_CHANGEPALETTE = USER + 51, "The palette of the input changes.";
    ICM_DRAW_IDLE = USER + 52, "There is time to draw.";
    ICM_DECOMPRESSEX_BEGIN = USER + 60, "Prepare to decompress with rectangles.";
    ICM_DECOMPRESSEX_QUERY = USER + 61, "Can this be decompressed with rectangles?";
    ICM_DECOMPRESSEX = USER + 62, "Decompress one frame with rectangles.";
    ICM_DECOMPRESSEX_END = USER + 63, "Decompression with rectangles ends.";
    ICM_COMPRESS_FRAMES_INFO = USER + 70, "The frames that follow are like this.";
    ICM_COMPRESS_FRAMES = USER + 71, "Compress several frames.";
    ICM_SET_STATUS_PROC = USER + 72, "Report progress to this function.";
    ICM_GETSTATE = RESERVED, "Copy out the codec's settings.";
    ICM_SETSTATE = RESERVED + 1, "Take these settings.";
    ICM_GETINFO = RESERVED + 2, "Fill an `ICINFO`.";
    ICM_CONFIGURE = RESERVED + 10, "Show the settings dialog; -1 asks whether there is one.";
    ICM_ABOUT = RESERVED + 11, "Show the about box; -1 asks whether there is one.";
    ICM_GETERRORTEXT = RESERVED + 12, "Which text belongs to this error?";
    ICM_GETFORMATNAME = RESERVED + 20, "What is this format called?";
    ICM_ENUMFORMATS = RESERVED + 21, "Name one format after the other.";
    ICM_GETDEFAULTQUALITY = RESERVED + 30, "Which quality is the default?";
    ICM_GETQUALITY = RESERVED + 31, "Which quality is set?";
    ICM_SETQUALITY = RESERVED + 32, "Take this quality.";
    ICM_SET = RESERVED + 40, "Take this state, named by a four-character code.";
    ICM_GET = RESERVED + 41, "Copy out the state named by a four-character code.";
}
