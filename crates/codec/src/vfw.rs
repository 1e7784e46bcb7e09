//! Video codecs: Video for Windows.

mod codec;

mod info;

mod codecs;

mod decompressor;

mod compressor;

mod palette;

mod kept;

mod overrun;

mod layout;

mod error;

pub use codec::{Codec, Mode};
pub use codecs::{Codecs, Installed};
pub use compressor::{Compressor, Packet, Settings};
pub use decompressor::{Decompressor, FrameFlags, Picture, Rectangle, Rectangles};
pub use error::{Code, Error, Refusal};
pub use info::{Flags, Info};
pub use overrun::Overrun;
pub use palette::PaletteChange;
