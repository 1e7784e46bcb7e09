//! One frame of FLAC, made and read.

use std::io::{Cursor, ErrorKind};

use claxon::Error;
use claxon::frame::FrameReader;
use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr as _, StreamInfo};
use flacenc::error::Verify as _;
use flacenc::source::{Fill as _, FrameBuf};
use flacenc::{config, encode_fixed_size_frame};
use opendriver_sdk::acm::{Refusal, WaveFormat};

/// Makes a frame of the first bytes, given its number and whether these bytes are the last ones: what it made, and of how many bytes. None
/// where more of them are needed.
pub(crate) type Work = Box<dyn FnMut(&[u8], usize, bool) -> Made + Send>;
type Made = Result<Option<(Vec<u8>, usize)>, Refusal>;

/// What a frame can take more than its samples: head, sum, and a little for each channel.
pub(crate) const MORE: usize = 64;

/// FLAC of plain samples. None where the encoder does not know the rate, or such frames.
pub(crate) fn encoder(plain: &WaveFormat, block: usize) -> Option<Work> {
    let [channels, bits, all] = [plain.channels, plain.bits, plain.block_align].map(usize::from);
    let info = StreamInfo::new(plain.rate as usize, channels, bits).ok()?;
    let mut samples = FrameBuf::with_size(channels, block).ok()?;
    let small = config::Encoder::default();
    let mut safe = small.clone();
    safe.subframe_coding.use_lpc = false;
    safe.subframe_coding.use_fixed = false;
    let configs = [small.into_verified().ok()?, safe.into_verified().ok()?];
    // Of loud noise in 24 bits it makes frames many times as large as the samples, which are then better left as they are.
    let mut encode = move |bytes: &[u8], number| {
        samples.fill_le_bytes(bytes, bits / 8).ok()?;
        let frames = configs
            .iter()
            .map(|config| encode_fixed_size_frame(config, &samples, number, &info));
        let frame = frames
            .flatten()
            .find(|frame| frame.count_bits() / 8 <= bytes.len() + MORE)?;
        let mut sink = ByteSink::new();
        frame.write(&mut sink).ok()?;
        Some((sink.into_inner(), bytes.len()))
    };
    Some(Box::new(move |bytes, number, end| {
        let length = (bytes.len() / all).min(block) * all;
        if length == 0 || (length < block * all && !end) {
            return Ok(None);
        }
        let made = encode(&bytes[..length], number);
        made.map(Some).ok_or(Refusal::Failed)
    }))
}

/// Plain samples of FLAC.
pub(crate) fn decoder(plain: &WaveFormat) -> Work {
    /// More bytes than any frame has: what goes on longer never ends.
    const MOST: usize = 4 << 20;
    let (channels, bits) = (plain.channels, plain.bits);
    Box::new(move |bytes, _, end| {
        let mut cursor = Cursor::new(bytes);
        let block = match FrameReader::new(&mut cursor).read_next_or_eof(Vec::new()) {
            Ok(Some(block)) if block.channels() == channels.into() => block,
            Ok(None) => return Ok(None),
            Err(Error::IoError(error))
                if error.kind() == ErrorKind::UnexpectedEof && !end && bytes.len() < MOST =>
            {
                return Ok(None);
            }
            Ok(_) | Err(_) => return Err(Refusal::Failed),
        };
        let mut made = Vec::new();
        for at in 0..block.duration() {
            for channel in 0..block.channels() {
                let sample = block.sample(channel, at);
                // A frame says for itself how deep it is.
                if sample << (32 - bits) >> (32 - bits) != sample {
                    return Err(Refusal::Failed);
                }
                made.extend_from_slice(&sample.to_le_bytes()[..usize::from(bits / 8)]);
            }
        }
        Ok(Some((made, cursor.position() as usize)))
    })
}
