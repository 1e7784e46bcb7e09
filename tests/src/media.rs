//! Test media: files that ffmpeg makes, and those that it cannot make, made by us.
//!
//! A file is made once and kept below `target/media` by what went into it; making it again gives the same bytes.

mod scribble;

pub mod avi;

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};

/// Codecs of sound that Wine has a driver for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sound {
    /// Uncompressed, 16 bits.
    Pcm,
    /// Tag 2.
    MsAdpcm,
    /// Tag 0x11.
    ImaAdpcm,
    /// Tag 6.
    ALaw,
    /// Tag 7.
    MuLaw,
    /// Tag 0x31: GSM 6.10 in blocks of 65 bytes; one channel only.
    Gsm,
    /// Tag 0x55.
    Mp3,
}

impl Sound {
    /// ffmpeg's name of the encoder.
    fn encoder(self) -> &'static str {
        match self {
            Self::Pcm => "pcm_s16le",
            Self::MsAdpcm => "adpcm_ms",
            Self::ImaAdpcm => "adpcm_ima_wav",
            Self::ALaw => "pcm_alaw",
            Self::MuLaw => "pcm_mulaw",
            Self::Gsm => "libgsm_ms",
            Self::Mp3 => "libmp3lame",
        }
    }
}

/// How much of which sound a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tone {
    /// 1 or 2.
    pub channels: u16,
    /// Samples of a channel in a second.
    pub rate: u32,
    /// Samples of a channel; a codec of blocks fills its last one up.
    pub samples: u32,
}

/// Codecs of pictures that Wine has a driver for, and none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Video {
    /// Uncompressed, 24 bits; the height is negative.
    Rgb24,
    /// Uncompressed, 8 bits, with a palette.
    Rgb8,
    /// `cvid`, in colour.
    Cinepak,
    /// `cvid`, in grey, of 8 bits.
    GreyCinepak,
    /// `CRAM` of 16 bits.
    Video1,
    /// `CRAM` of 8 bits, with a palette.
    PaletteVideo1,
    /// `BI_RLE8`, handler `mrle`.
    Rle8,
    /// `BI_RLE4`, handler `mrle`.
    Rle4,
}

/// How large the pictures of a file are, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Film {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Pictures.
    pub frames: u32,
}

/// A WAV of this codec.
///
/// # Panics
/// Without ffmpeg, with the command that installs it.
pub fn sound(codec: Sound, tone: Tone) -> PathBuf {
    let Tone {
        channels,
        rate,
        samples,
    } = tone;
    let name = format!("{codec:?}-{channels}ch-{rate}Hz-{samples}");
    /// How much is encoded at most; a longer file repeats it.
    const MOST: u32 = 2_000_000;
    if samples > MOST {
        let piece = sound(
            codec,
            Tone {
                samples: rate * 20,
                ..tone
            },
        );
        let times = (samples / (rate * 20)).to_string();
        return made(&name, "wav", (&piece, &times), |to| {
            ffmpeg(&[
                "-stream_loop",
                &times,
                "-i",
                utf8(&piece),
                "-c",
                "copy",
                "-bitexact",
                "-f",
                "wav",
                to,
            ]);
        });
    }
    let left = "0.6*sin(2*PI*(200+300*t)*t)+0.1*(random(0)-0.5)";
    let right = "0.5*sin(2*PI*440*t)*sin(2*PI*0.7*t)+0.2*(random(1)-0.5)";
    let source = match channels {
        1 => format!("aevalsrc={left}:s={rate}"),
        _ => format!("aevalsrc={left}|{right}:s={rate}"),
    };
    let trim = format!("atrim=end_sample={samples}");
    // A rate that nobody chose is not in the header, and drivers divide by it.
    let bits: &[&str] = match codec {
        Sound::Mp3 => &["-b:a", "64k"],
        _ => &[],
    };
    made(&name, "wav", (&source, codec.encoder(), bits), |to| {
        let encoder = codec.encoder();
        let before = ["-f", "lavfi", "-i", &source, "-af", &trim, "-c:a", encoder];
        let after = ["-bitexact", "-f", "wav", to];
        ffmpeg(&[&before, bits, &after].concat());
    })
}

/// An AVI of this codec, 15 pictures a second.
///
/// ffmpeg encodes [`Video::Cinepak`] and [`Video::Video1`] in multiples of four only; of other sizes, the file says that it is
/// smaller than it was encoded.
///
/// # Panics
/// Without ffmpeg, with the command that installs it.
pub fn video(codec: Video, film: Film) -> PathBuf {
    let Film {
        width,
        height,
        frames,
    } = film;
    let name = format!("{codec:?}-{width}x{height}-{frames}");
    match codec {
        Video::PaletteVideo1 | Video::Rle8 | Video::Rle4 | Video::Rgb8 => {
            /// To be raised when other bytes are scribbled.
            const EDITION: u32 = 2;
            made(&name, "avi", EDITION, |to| {
                scribble::film(codec, film, Path::new(to));
            })
        }
        Video::Cinepak | Video::GreyCinepak | Video::Video1 | Video::Rgb24 => {
            encoded(codec, film, &name)
        }
    }
}

/// An AVI of this codec that ffmpeg encodes.
fn encoded(codec: Video, film: Film, name: &str) -> PathBuf {
    let whole = Film {
        width: film.width.next_multiple_of(4),
        height: film.height.next_multiple_of(4),
        ..film
    };
    if whole != film && codec != Video::Rgb24 {
        let larger = video(codec, whole);
        return made(name, "avi", (&larger, "resized"), |to| {
            let mut bytes = fs::read(&larger).expect("it was made");
            avi::resize(&mut bytes, film.width, film.height);
            fs::write(to, bytes).expect("target/ is writable");
        });
    }
    // Cinepak takes ffmpeg long; a longer film repeats its start, which begins with a key frame.
    let most = match codec {
        Video::Cinepak | Video::GreyCinepak if film.width > 1000 => 4,
        Video::Cinepak | Video::GreyCinepak if film.width > 200 => 12,
        _ => 300,
    };
    if film.frames > most {
        let piece = video(
            codec,
            Film {
                frames: most,
                ..film
            },
        );
        let frames = film.frames.to_string();
        return made(name, "avi", &piece, |to| {
            ffmpeg(&[
                "-stream_loop",
                "-1",
                "-i",
                utf8(&piece),
                "-c",
                "copy",
                "-frames:v",
                &frames,
                "-bitexact",
                "-f",
                "avi",
                to,
            ]);
        });
    }
    let source = format!("testsrc2=size={}x{}:rate=15", film.width, film.height);
    let frames = film.frames.to_string();
    let words: &[&str] = match codec {
        Video::Cinepak => &["-c:v", "cinepak", "-max_extra_cb_iterations", "0"],
        Video::GreyCinepak => &["-c:v", "cinepak", "-pix_fmt", "gray"],
        Video::Video1 => &["-c:v", "msvideo1"],
        _ => &["-c:v", "rawvideo", "-pix_fmt", "bgr24"],
    };
    made(name, "avi", (&source, words), |to| {
        let before = ["-f", "lavfi", "-i", &source, "-frames:v", &frames];
        let after = ["-bitexact", "-f", "avi", to];
        ffmpeg(&[&before, words, &after].concat());
    })
}

/// An AVI with the pictures of one file and the sound of another, as they are.
///
/// # Panics
/// Without ffmpeg, with the command that installs it.
pub fn together(video: &Path, sound: &Path) -> PathBuf {
    let stem = |path: &Path| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    let name = [video, sound].map(|path| stem(path).unwrap_or_default());
    made(&name.join("+"), "avi", (), |to| {
        ffmpeg(&[
            "-i",
            utf8(video),
            "-i",
            utf8(sound),
            "-c",
            "copy",
            "-bitexact",
            "-f",
            "avi",
            to,
        ]);
    })
}

/// Runs ffmpeg and returns what it wrote to standard output.
///
/// # Panics
/// With what it said when it fails, or with the command that installs it.
pub fn ffmpeg(words: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("ffmpeg: {error}; install it with: apt-get install ffmpeg"));
    assert!(
        output.status.success(),
        "ffmpeg: {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// What ffmpeg decodes a WAV to: 16-bit samples.
///
/// # Panics
/// As [`ffmpeg`].
pub fn ffmpeg_samples(file: &Path) -> Vec<u8> {
    ffmpeg(&["-i", utf8(file), "-f", "s16le", "-c:a", "pcm_s16le", "-"])
}

/// What ffmpeg decodes an AVI to, in one of its pixel formats: the top line first, without padding.
///
/// # Panics
/// As [`ffmpeg`].
pub fn ffmpeg_pictures(file: &Path, pixels: &str) -> Vec<u8> {
    ffmpeg(&[
        "-i",
        utf8(file),
        "-vsync",
        "0",
        "-f",
        "rawvideo",
        "-pix_fmt",
        pixels,
        "-",
    ])
}

/// A file of this name, made unless the same was made before.
fn made(name: &str, extension: &str, of: impl Hash, make: impl FnOnce(&str)) -> PathBuf {
    let folder = crate::target().join("media");
    fs::create_dir_all(&folder).expect("target/ is writable");
    let mut hash = DefaultHasher::new();
    of.hash(&mut hash);
    let name = format!("{name}-{:08x}", hash.finish() as u32);
    let path = folder.join(&name).with_extension(extension);
    let lock = File::create(folder.join(format!(".{name}.lock"))).expect("target/ is writable");
    flock(&lock, FlockOperation::LockExclusive).expect("target/media can be locked");
    if !path.exists() {
        let unfinished = folder.join(format!(".{name}.part"));
        make(utf8(&unfinished));
        fs::rename(&unfinished, &path).expect("target/ is writable");
    }
    path
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("target/ has a UTF-8 name")
}
