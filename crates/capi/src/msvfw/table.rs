//! What the parameters of each message to a video codec point at.
//!
//! Only what is listed here is known. Every other message goes through as it is, as those of a codec's own do.

use opendriver_abi::Message;
use opendriver_abi::structures::{
    Field, IcCompress, IcCompressFrames, IcDecompress, IcDecompressEx, IcDraw, IcDrawBegin,
    IcDrawSuggest, IcSetStatusProc, Structure,
};

/// What a parameter, or a field of a structure, is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// A number, which means the same in every world.
    Number,
    /// A value that only the application knows, and that the codec of this message does not use.
    Unused,
    /// How long the structure of the other parameter is.
    Size,
    /// Address of a format, which has to be there.
    Format,
    /// Address of a format, or 0.
    MaybeFormat,
    /// Address of a format whose palette is written behind it: there is room for 256 colours.
    Palette,
    /// Address where a format is written, or 0: then the answer is how long it is.
    FormatAnswer,
    /// Address of what the format in front of this is of, as long as that says: read.
    Input,
    /// Address of a whole picture of the format in front of this: read.
    Source,
    /// The same, or 0.
    MaybeSource,
    /// Address of a whole picture of the format in front of this: read and written, because codecs write what has changed.
    Picture,
    /// Address where a compressed frame of the format in front of this is written. How long it may be, the codec says.
    Frame,
    /// Address of a number of 32 bits that is written.
    Answer,
    /// The same, or 0.
    MaybeAnswer,
    /// Address of a number of 32 bits that is read; some pass the number itself.
    Given,
    /// Address of bytes that are read, as many as the other parameter says, or 0.
    Bytes,
    /// Address of bytes that are written, as many as the other parameter says, or 0.
    BytesAnswer,
    /// Address of bytes that are read, as many as the next field says.
    Counted,
    /// Address of a rectangle.
    Rectangle,
    /// A function of the application, or 0.
    Function,
    /// Address of a structure.
    Request(&'static Request),
}

/// A structure that a message points at, in both worlds.
#[derive(Debug)]
pub(super) struct Request {
    /// Its name in C.
    pub(super) name: &'static str,
    /// As it lies in the application, and in 64-bit codecs.
    pub(super) wide: Layout,
    /// As it lies in a 32-bit codec.
    pub(super) narrow: Layout,
    /// What each field is.
    pub(super) roles: &'static [Role],
}

/// How a structure lies in one world.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) size: usize,
    pub(super) fields: &'static [Field],
}

impl Layout {
    const fn of<S: Structure>() -> Self {
        Self {
            size: S::SIZE,
            fields: S::FIELDS,
        }
    }
}

/// No structure of the table is longer.
pub(super) const LONGEST: usize = 128;

/// No structure of the table has more fields.
pub(super) const MOST_FIELDS: usize = 20;

macro_rules! requests {
    ($($name:ident: $structure:ident, [$($role:ident)*];)*) => {$(
        static $name: Request = {
            let request = Request {
                name: <$structure<u64> as Structure>::NAME,
                wide: Layout::of::<$structure<u64>>(),
                narrow: Layout::of::<$structure<u32>>(),
                roles: &[$(Role::$role),*],
            };
            assert!(request.roles.len() == request.wide.fields.len(), "each field has a role");
            assert!(request.roles.len() <= MOST_FIELDS && request.wide.size <= LONGEST);
            request
        };
    )*};
}

requests! {
    COMPRESS: IcCompress, [
        Number Format Frame Format Source MaybeAnswer MaybeAnswer Number Number Number MaybeFormat MaybeSource
    ];
    DECOMPRESS: IcDecompress, [Number Format Input Format Picture Number];
    DECOMPRESS_EX: IcDecompressEx, [
        Number Format Input Format Picture Number Number Number Number Number Number Number Number
    ];
    DECOMPRESS_EX_FORMATS: IcDecompressEx, [
        Number Format Unused MaybeFormat Unused Number Number Number Number Number Number Number Number
    ];
    FRAMES_INFO: IcCompressFrames, [
        Number Format Unused Format Unused
        Number Number Number Number Number Number Number Number Number Unused Unused
    ];
    FRAMES: IcCompressFrames, [
        Number Format Number Format Number
        Number Number Number Number Number Number Number Number Number Function Function
    ];
    STATUS: IcSetStatusProc, [Number Number Function];
    DRAW_BEGIN: IcDrawBegin, [
        Number Number Number Number Number Number Number Number Format Number Number Number Number Number Number
    ];
    DRAW: IcDraw, [Number MaybeFormat Counted Number Number];
    DRAW_SUGGEST: IcDrawSuggest, [Format FormatAnswer Number Number Number Number Unused];
}

/// What the two parameters of a message are.
pub(super) fn roles(message: Message) -> [Role; 2] {
    use Role::*;
    match message {
        Message::ICM_COMPRESS_GET_FORMAT | Message::ICM_DECOMPRESS_GET_FORMAT => {
            [Format, FormatAnswer]
        }
        Message::ICM_COMPRESS_GET_SIZE
        | Message::ICM_COMPRESS_QUERY
        | Message::ICM_DECOMPRESS_QUERY => [Format, MaybeFormat],
        Message::ICM_COMPRESS_BEGIN | Message::ICM_DECOMPRESS_BEGIN => [Format, Format],
        Message::ICM_DECOMPRESS_GET_PALETTE => [Format, Palette],
        Message::ICM_DECOMPRESS_SET_PALETTE => [MaybeFormat, Number],
        Message::ICM_DRAW_QUERY | Message::ICM_DRAW_CHANGEPALETTE => [Format, Number],
        Message::ICM_COMPRESS => [Request(&COMPRESS), Size],
        Message::ICM_DECOMPRESS => [Request(&DECOMPRESS), Size],
        Message::ICM_DECOMPRESSEX => [Request(&DECOMPRESS_EX), Size],
        Message::ICM_DECOMPRESSEX_QUERY | Message::ICM_DECOMPRESSEX_BEGIN => {
            [Request(&DECOMPRESS_EX_FORMATS), Size]
        }
        Message::ICM_COMPRESS_FRAMES_INFO => [Request(&FRAMES_INFO), Size],
        Message::ICM_COMPRESS_FRAMES => [Request(&FRAMES), Size],
        Message::ICM_SET_STATUS_PROC => [Request(&STATUS), Size],
        Message::ICM_DRAW_BEGIN => [Request(&DRAW_BEGIN), Size],
        Message::ICM_DRAW => [Request(&DRAW), Size],
        Message::ICM_DRAW_SUGGESTFORMAT => [Request(&DRAW_SUGGEST), Size],
        Message::ICM_DRAW_WINDOW => [Rectangle, Number],
        Message::ICM_GETSTATE | Message::ICM_GETINFO => [BytesAnswer, Number],
        Message::ICM_SETSTATE => [Bytes, Number],
        Message::ICM_GETDEFAULTQUALITY
        | Message::ICM_GETQUALITY
        | Message::ICM_GETDEFAULTKEYFRAMERATE
        | Message::ICM_GETBUFFERSWANTED
        | Message::ICM_DRAW_GETTIME => [Answer, Number],
        Message::ICM_SETQUALITY => [Given, Number],
        _ => [Number, Number],
    }
}
