//! Video codecs: Video for Windows.
//!
//! [`Codecs`] finds the installed codec for a stream; [`Codec::open`] opens one by name. A [`Codec`] tells which formats it takes and
//! gives, and becomes a [`Decompressor`] or a [`Compressor`], which keeps its blocks from frame to frame.
//!
//! ```
//! use opendriver::Manager;
//! use opendriver_codec::BitmapFormat;
//! use opendriver_codec::vfw::{Codecs, FrameFlags};
//! # use opendriver::Message;
//! # use opendriver_abi::structures::{BitmapInfoHeader, FourCc, IcDecompress, IcInfo, Structure};
//! # use opendriver_codec::Pixel;
//! # use opendriver_sdk::{BadClaim, BuiltIn, Call};
//! #
//! # // A codec whose frames are one byte: the grey of the whole picture.
//! # fn play(call: &Call<'_>) -> Result<isize, BadClaim> {
//! #     let claim = call.claim(call.param1);
//! #     match call.message {
//! #         Message::ICM_GETINFO => {
//! #             let mut info = IcInfo::zeroed();
//! #             info.kind = FourCc::VIDC;
//! #             claim.set_structure(&info)?;
//! #             return Ok(568);
//! #         }
//! #         Message::ICM_DECOMPRESS_GET_FORMAT if call.param2 == 0 => return Ok(40),
//! #         Message::ICM_DECOMPRESS_GET_FORMAT => {
//! #             let output = BitmapFormat::uncompressed(Pixel::Rgb24, 4, 2);
//! #             call.claim(call.param2).write(output.as_bytes())?;
//! #         }
//! #         Message::ICM_DECOMPRESS => {
//! #             let asked: IcDecompress<u64> = claim.structure()?;
//! #             let mut grey = [0];
//! #             call.claim(asked.input as isize).read(&mut grey)?;
//! #             call.claim(asked.output as isize).write(&[grey[0]; 24])?;
//! #         }
//! #         message if message < Message::DRV_USER => return Ok(1),
//! #         _ => {}
//! #     }
//! #     Ok(0)
//! # }
//! # let driver = BuiltIn::procedure("grey", |_| Box::new(|call: &Call<'_>| play(call).unwrap_or(-1)));
//! # let manager = Manager::builder().builtin(driver).build();
//! # manager.registry().set_value("Drivers32", "vidc.grey", "grey")?;
//! # let header = BitmapFormat::uncompressed(Pixel::Rgb24, 4, 2).header();
//! # let input = BitmapFormat::new(BitmapInfoHeader { compression: FourCc::new(*b"GREY"), ..header }, &[]);
//! # let handler = FourCc::new(*b"grey");
//! # let frames = [[7], [9]];
//!
//! // `input` and `handler` are what a file says of its stream.
//! let codec = Codecs::installed(&manager)?.for_decompressing(&input, handler)?;
//! let output = codec.decompress_format(&input)?;
//! assert_eq!(output.to_string(), "RGB24, 4x2");
//!
//! let mut decompressor = codec.into_decompressor(&input, &output)?;
//! for frame in frames {
//!     let picture = decompressor.frame(&frame, FrameFlags::default())?;
//!     assert_eq!((picture.bytes.len(), picture.drawn), (24, true));
//! #   assert_eq!(picture.bytes, [frame[0]; 24]);
//! }
//! decompressor.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod codec;

mod info;

mod questions;

mod settings;

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
