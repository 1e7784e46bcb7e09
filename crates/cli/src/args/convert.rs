//! What can be typed after `drv convert`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use opendriver_abi::structures::FourCc;
use opendriver_codec::Pixel;
use opendriver_codec::convert::{FrameRange, Kind};

use super::Wanted;
use super::batch::Batch;
use super::sound::SoundTag;

/// Convert a file of sound or pictures with the codec that made it
///
/// Reads AVI and WAV files, decodes each stream with the driver that is named, or else with the first installed one that takes it, and writes what OUT's ending says: .avi, .wav, .y4m, .rgb, .raw, .yuv, .png (one file a frame), .pcm. "-" is standard input or output.
///
/// With no wishes, pictures are decoded to the depth that the driver prefers, and sound to PCM of 16 bits.
///
/// OUT appears when it is whole. What an interrupted or failed run has converted is kept beside it, as NAME.partial.avi.
#[derive(Args, Debug)]
#[command(
    override_usage = "drv convert [OPTIONS] <IN> <OUT>\n       drv convert [OPTIONS] --batch <LIST|DIR> --out <DIR>"
)]
pub(crate) struct Convert {
    /// The file to convert; "-" is standard input
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath, required_unless_present = "batch")]
    pub(crate) input: Option<PathBuf>,

    /// The file to write; "-" is standard output, which takes --to
    #[arg(value_name = "OUT", value_hint = ValueHint::FilePath, required_unless_present = "batch")]
    pub(crate) output: Option<PathBuf>,

    /// Driver to use: an alias, a file or a built-in one (repeatable)
    ///
    /// Each is used for the streams of its class: name one for pictures and one for sound. Without one, the installed drivers are asked in order.
    #[arg(long, value_name = "DRIVER", value_hint = ValueHint::FilePath)]
    pub(crate) driver: Vec<String>,

    /// Compress pictures with the codec of this code (cvid, mrle, msvc ...)
    #[arg(long, value_name = "FOURCC", value_parser = four_characters)]
    pub(crate) video: Option<FourCc>,

    /// Format of sound to write: pcm, float, alaw, mulaw, adpcm, ima, gsm, mp3, or a format tag
    #[arg(long, value_name = "TAG")]
    pub(crate) audio: Option<SoundTag>,

    /// How answers are printed (text, json), or which sound to write (44100Hz,stereo,16bit,128kbps)
    ///
    /// What is not said of the sound stays as it is in the source. May be given twice, once for each meaning.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Vec<Wanted>,

    /// Pixels to decode to: RGB8, RGB555, RGB565, RGB24, RGB32, YUY2, UYVY, YV12, I420 [default: as the driver prefers]
    #[arg(long, value_name = "PIXEL")]
    pub(crate) pixel: Option<Pixel>,

    /// How well to compress pictures, from 0 to 10000 [default: the driver's own]
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub(crate) quality: Option<u32>,

    /// Most frames from one key frame to the next [default: the driver's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) key_every: Option<u32>,

    /// Compressed pictures in a second, in kilobytes
    #[arg(long, value_name = "KB", value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
    pub(crate) data_rate: Option<u32>,

    /// Give the video codec the state that this file holds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) state: Option<PathBuf>,

    /// Keep the video codec's state in this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) save_state: Option<PathBuf>,

    /// Convert frames A to B only, B not among them, and the sound of that time
    ///
    /// Counted from 0; either end may be left out. In a file of sound alone, samples are counted.
    #[arg(long, value_name = "A..B")]
    pub(crate) frames: Option<FrameRange>,

    /// Copy sound bit for bit
    #[arg(long, conflicts_with_all = ["no_audio", "audio"])]
    pub(crate) copy_audio: bool,

    /// Copy pictures bit for bit
    #[arg(long, conflicts_with_all = ["no_video", "video", "pixel", "quality", "key_every", "data_rate", "state", "save_state"])]
    pub(crate) copy_video: bool,

    /// Leave sound out
    #[arg(long, conflicts_with = "audio")]
    pub(crate) no_audio: bool,

    /// Leave pictures out
    #[arg(long, conflicts_with_all = ["video", "pixel"])]
    pub(crate) no_video: bool,

    /// Kind of file to write, whatever OUT's ending is: avi, wav, y4m, raw, png, pcm
    #[arg(long, value_name = "KIND")]
    pub(crate) to: Option<Kind>,

    /// Write into this file, as JSON, what became of what: drivers, formats, and a hash of every frame
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) report: Option<PathBuf>,

    /// Take the first warning for an error
    #[arg(long)]
    pub(crate) strict: bool,

    /// Many files instead of one.
    #[command(flatten)]
    pub(crate) batch: Batch,
}

/// Reads a code of up to four characters; shorter ones are filled with spaces.
fn four_characters(text: &str) -> Result<FourCc, String> {
    let bytes = text.as_bytes();
    let fits =
        (1..=4).contains(&bytes.len()) && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if !fits {
        return Err(format!(
            "\"{text}\" is no code of four characters, such as cvid"
        ));
    }
    let mut characters = [b' '; 4];
    characters[..bytes.len()].copy_from_slice(bytes);
    Ok(FourCc::new(characters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_up_to_four_characters() {
        assert_eq!(four_characters("cvid"), Ok(FourCc::new(*b"cvid")));
        assert_eq!(four_characters("mp3"), Ok(FourCc::new(*b"mp3 ")));
        for text in ["", "cinepak", "µ"] {
            let error = four_characters(text).unwrap_err();
            assert!(error.contains(&format!("\"{text}\"")), "{error}");
        }
    }
}
