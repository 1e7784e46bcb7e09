//! The messages of Video for Windows, turned into calls of a codec.

use std::mem::offset_of;
use std::sync::{Arc, Mutex, PoisonError};

use opendriver_abi::answer::{ICERR_BADFORMAT, ICERR_INTERNAL, ICERR_OK};
use opendriver_abi::structures::{
    FourCc, IcCompress, IcCompressFrames, IcDecompress, IcDecompressEx, IcOpen, Structure as _,
};

use super::claims::{World, by_world, world};
use super::compressing::Encoding;
use super::decompressing::Decoding;
use super::{Codec, Refusal, Settings};
use crate::{Call, Driver, Host, LResult, Message, Open, Refused};

/// A driver made of a [`Codec`]: `builtin::<Vfw<MyCodec>>("my_codec")`, or `export_driver!(Vfw<MyCodec>)`.
///
/// It opens as a video codec of any code, or without a structure to be configured, and nothing else.
pub struct Vfw<C: Codec> {
    pub(super) codec: C,
}

/// One opened codec.
pub struct Instance<C: Codec>(Mutex<Work<C>>);

/// What one opened codec is set to, and what it is at.
pub(super) struct Work<C: Codec> {
    pub(super) settings: Settings,
    pub(super) quality: u32,
    pub(super) decoding: Option<Decoding<C::Decoder>>,
    pub(super) encoding: Option<Encoding<C::Encoder>>,
}

impl<C: Codec> Driver for Vfw<C> {
    type Instance = Instance<C>;

    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self {
            codec: C::load(host)?,
        })
    }

    fn open(&self, open: &Open<'_>) -> Result<Instance<C>, Refused> {
        if let Some(claim) = open.structure() {
            // The kind stands before all addresses, so it does not matter how wide those are.
            let kind = claim.at(offset_of!(IcOpen<u32>, kind)).read_u32();
            let kind = kind.map(FourCc).map_err(|_| Refused)?;
            if kind != FourCc::VIDC {
                let error = claim.at(offset_of!(IcOpen<u32>, error));
                // An application that offers no room for the reason hears that it was refused all the same.
                let _ = error.write_u32(ICERR_BADFORMAT as u32);
                return Err(Refused);
            }
        }
        Ok(Instance(Mutex::new(Work {
            settings: Settings {
                state: self.codec.default_state(),
                key_every: None,
                data_rate: None,
                frames_per_second: (0, 0),
            },
            quality: self.default_quality(),
            decoding: None,
            encoding: None,
        })))
    }

    fn message(&self, instance: &Instance<C>, call: &Call<'_>) -> LResult {
        let answer = {
            let mut work = instance.0.lock().unwrap_or_else(PoisonError::into_inner);
            self.answer(&mut work, call)
        };
        match answer {
            Some(Ok(answer)) => answer,
            Some(Err(refusal)) => refusal.answer(),
            None => self.codec.message(call),
        }
    }

    fn answer_to_panic(message: Message) -> LResult {
        match message < Message::ICM_USER {
            true => 0,
            false => ICERR_INTERNAL,
        }
    }
}

impl<C: Codec> Vfw<C> {
    /// Answers a message of Video for Windows that has a function; none to any other.
    fn answer(&self, work: &mut Work<C>, call: &Call<'_>) -> Option<Result<LResult, Refusal>> {
        let (one, two, size) = (
            call.claim(call.param1),
            call.claim(call.param2),
            call.param2,
        );
        let two_given = (call.param2 != 0).then_some(two);
        let done = match call.message {
            Message::ICM_GETINFO => return Some(self.info(call)),
            Message::ICM_GETSTATE => return Some(Self::state(work, call)),
            Message::ICM_SETSTATE => return Some(self.set_state(work, call)),
            Message::ICM_GETDEFAULTQUALITY => self.tell(one, self.codec.info().default_quality),
            Message::ICM_GETQUALITY => {
                let quality = self.codec.info().default_quality;
                self.tell(one, quality.map(|_| work.quality))
            }
            Message::ICM_SETQUALITY => self.set_quality(work, one),
            Message::ICM_GETDEFAULTKEYFRAMERATE => self.tell(one, self.codec.info().key_every),

            Message::ICM_DECOMPRESS_GET_FORMAT => {
                return Some(self.decompress_format(one, two_given));
            }
            Message::ICM_DECOMPRESS_GET_PALETTE => self.decompress_palette(one, two_given),
            Message::ICM_DECOMPRESS_QUERY => self.decompress_query(one, two_given),
            Message::ICM_DECOMPRESS_BEGIN => self.decompress_begin(work, one, two),
            Message::ICM_DECOMPRESS => {
                return Some(by_world!(IcDecompress of size => self.decompress(work, one)));
            }
            Message::ICM_DECOMPRESSEX_QUERY => {
                by_world!(IcDecompressEx of size => self.decompress_ex_query(one))
            }
            Message::ICM_DECOMPRESSEX_BEGIN => {
                by_world!(IcDecompressEx of size => self.decompress_ex_begin(work, one))
            }
            Message::ICM_DECOMPRESSEX => {
                return Some(by_world!(IcDecompressEx of size => self.decompress_ex(work, one)));
            }
            Message::ICM_DECOMPRESS_END | Message::ICM_DECOMPRESSEX_END => {
                work.decoding = None;
                Ok(())
            }

            Message::ICM_COMPRESS_GET_FORMAT => return Some(self.compress_format(one, two_given)),
            Message::ICM_COMPRESS_GET_SIZE => return Some(self.compress_size(one, two)),
            Message::ICM_COMPRESS_QUERY => self.compress_query(work, one, two_given),
            Message::ICM_COMPRESS_FRAMES_INFO => {
                by_world!(IcCompressFrames of size => self.frames_info(work, one))
            }
            Message::ICM_COMPRESS_BEGIN => self.compress_begin(work, one, two),
            Message::ICM_COMPRESS => {
                by_world!(IcCompress of size => self.compress(work, one))
            }
            Message::ICM_COMPRESS_END => {
                work.encoding = None;
                Ok(())
            }
            _ => return None,
        };
        Some(done.map(|()| ICERR_OK))
    }
}
