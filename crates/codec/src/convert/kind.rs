//! Kinds of files to write.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// A kind of file that a conversion writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Pictures and sound, many streams of each.
    Avi,
    /// One stream of sound.
    Wav,
    /// One stream of pictures, uncompressed, for other programs to read.
    Y4m,
    /// The frames of one stream of pictures, back to back.
    Raw,
    /// One file a frame.
    Png,
    /// The bytes of one stream of sound, and nothing else.
    Pcm,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Avi,
        Self::Wav,
        Self::Y4m,
        Self::Raw,
        Self::Png,
        Self::Pcm,
    ];

    /// The kind that a file's ending stands for.
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "rgb" | "yuv" => Self::Raw,
            "wave" => Self::Wav,
            ending => Self::ALL.into_iter().find(|kind| kind.name() == ending)?,
        })
    }

    /// Whether pictures go into it.
    pub fn holds_pictures(self) -> bool {
        matches!(self, Self::Avi | Self::Y4m | Self::Raw | Self::Png)
    }

    /// Whether sound goes into it.
    pub fn holds_sound(self) -> bool {
        matches!(self, Self::Avi | Self::Wav | Self::Pcm)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Avi => "avi",
            Self::Wav => "wav",
            Self::Y4m => "y4m",
            Self::Raw => "raw",
            Self::Png => "png",
            Self::Pcm => "pcm",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No kind of file has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no kind of file to write: avi, wav, y4m, raw, png and pcm are")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let known = Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name));
        known.ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_told_in_any_case() {
        for (path, kind) in [
            ("a/Old.AVI", Some(Kind::Avi)),
            ("x.yuv", Some(Kind::Raw)),
            ("x.rgb", Some(Kind::Raw)),
            ("x.png", Some(Kind::Png)),
            ("avi", None),
            ("x.mkv", None),
        ] {
            assert_eq!(Kind::of_path(Path::new(path)), kind, "{path}");
        }
        assert_eq!("WAV".parse(), Ok(Kind::Wav));
        assert!("rgb".parse::<Kind>().is_err());
    }
}
