//! What the command line wishes of a conversion.

use std::fs;
use std::path::Path;

use opendriver_codec::convert::{Kind, PictureWishes, SoundWishes, Way, Wishes};

use super::source::STANDARD;
use opendriver_setup::LINKED_AUDIO;

use crate::args::{self, Wanted};
use crate::report::{Exit, Failure};

/// The kind of file to write: the one that is named, or else by the ending.
pub(super) fn kind(convert: &args::Convert, output: &Path) -> Result<Kind, Failure> {
    if let Some(kind) = convert.to.or_else(|| Kind::of_path(output)) {
        return Ok(kind);
    }
    let error = match output.as_os_str() == STANDARD {
        true => "standard output has no ending that tells what to write".to_owned(),
        false => format!(
            "the ending of \"{}\" does not tell what to write",
            output.display()
        ),
    };
    Err(Failure::new(Exit::Unasked, error).hint("`--to avi` (wav, y4m, raw, png, pcm) does"))
}

/// What becomes of pictures and of sound.
pub(super) fn of(convert: &args::Convert) -> Result<Wishes, Failure> {
    let state = match &convert.state {
        Some(path) => Some(fs::read(path).map_err(|source| {
            let file = path.clone();
            opendriver::Error::Unreadable { file, source }
        })?),
        None => None,
    };
    Ok(Wishes {
        drivers: convert.driver.clone(),
        linked: LINKED_AUDIO.iter().map(ToString::to_string).collect(),
        pictures: PictureWishes {
            way: way(convert.copy_video, convert.no_video),
            codec: convert.video,
            pixel: convert.pixel,
            quality: convert.quality,
            key_every: convert.key_every,
            data_rate: convert
                .data_rate
                .map(|kilobytes| kilobytes.saturating_mul(1024)),
            state,
        },
        sound: sound(convert)?,
        frames: convert.frames.unwrap_or_default(),
        strict: convert.strict,
    })
}

fn sound(convert: &args::Convert) -> Result<SoundWishes, Failure> {
    let mut wished = convert.format.iter().filter_map(|wanted| match wanted {
        Wanted::Sound(wishes) => Some(*wishes),
        Wanted::Printed(_) => None,
    });
    let wishes = wished.next().unwrap_or_default();
    if wished.next().is_some() {
        return Err(Failure::new(
            Exit::Unasked,
            "two formats of sound are wished",
        ));
    }
    Ok(SoundWishes {
        way: way(convert.copy_audio, convert.no_audio),
        tag: convert.audio.map(|tag| tag.0),
        ..wishes
    })
}

fn way(copy: bool, drop: bool) -> Way {
    match (copy, drop) {
        (true, _) => Way::Copy,
        (_, true) => Way::Drop,
        _ => Way::Convert,
    }
}
