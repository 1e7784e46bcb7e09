//! What a file holds, as JSON has it.

use opendriver_abi::structures::FourCc;
use opendriver_codec::file::avi::{self, StreamKind};
use opendriver_codec::file::{Error, Input, Warnings, wav, y4m};
use opendriver_codec::{BitmapFormat, WaveFormat};
use serde::Serialize;

/// What a file holds.
#[derive(Debug, Serialize)]
pub(super) struct Contents {
    pub(super) file: String,
    /// What kind of file.
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    pub(super) streams: Vec<Stream>,
    /// What it has beside its streams, in order.
    pub(super) chunks: Vec<Chunk>,
    /// What it says of itself (`INAM`, `IART` ...).
    pub(super) texts: Vec<(String, String)>,
    /// What is wrong with it, the first of them.
    pub(super) warnings: Vec<Warning>,
    pub(super) warning_count: u64,
}

/// A stream of a file.
#[derive(Debug, Serialize)]
pub(super) struct Stream {
    pub(super) stream: usize,
    /// `pictures`, `sound`, or a code.
    pub(super) kind: String,
    /// The format as people read it.
    pub(super) format: String,
    /// The code or tag of its codec.
    pub(super) code: String,
    /// The codec that the file names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) handler: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    /// Frames or samples a second, a fraction.
    pub(super) rate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frames: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u64>,
    /// Samples of each channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) samples: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seconds: Option<f64>,
    /// The format as the codec gets it, in hex digits.
    pub(super) format_bytes: String,
    /// Whether it takes a driver to decode it.
    pub(super) needs_driver: bool,
    pub(super) opened_by: Vec<Opener>,
    pub(super) refused_by: Vec<Refuser>,
    #[serde(skip)]
    pub(super) content: Content,
}

/// What drivers are asked about.
#[derive(Debug)]
pub(super) enum Content {
    Pictures(BitmapFormat, FourCc),
    Sound(WaveFormat),
    Other,
}

/// A driver that takes a stream.
#[derive(Debug, Serialize)]
pub(super) struct Opener {
    pub(super) driver: String,
    /// What it would decode it to of its own choice.
    pub(super) to: String,
}

/// A driver that does not.
#[derive(Debug, Serialize)]
pub(super) struct Refuser {
    pub(super) driver: String,
    pub(super) why: String,
}

/// What a file has beside its streams.
#[derive(Debug, Serialize)]
pub(super) struct Chunk {
    pub(super) id: String,
    pub(super) size: usize,
    /// Whether it comes after the sound.
    pub(super) behind: bool,
}

/// Something that is wrong with a file.
#[derive(Debug, Serialize)]
pub(super) struct Warning {
    pub(super) offset: u64,
    pub(super) text: String,
}

impl Contents {
    /// Reads a file that begins with `start`; none where that is no file with streams.
    ///
    /// # Errors
    /// It cannot be read, or is broken.
    pub(super) fn read(name: &str, start: &[u8], input: Input) -> Result<Option<Self>, Error> {
        let (id, form) = (start.get(..4), start.get(8..12));
        let mut contents = Self {
            file: name.to_owned(),
            kind: "WAV",
            size: input.length(),
            streams: Vec::new(),
            chunks: Vec::new(),
            texts: Vec::new(),
            warnings: Vec::new(),
            warning_count: 0,
        };
        match (id, form) {
            (Some(b"RIFF" | b"RF64" | b"BW64"), Some(b"WAVE")) => contents.wav(input)?,
            (Some(b"RIFF"), Some(b"AVI ")) => contents.avi(input)?,
            _ if start.starts_with(b"YUV4MPEG2") => contents.y4m(input)?,
            _ => return Ok(None),
        }
        Ok(Some(contents))
    }

    fn wav(&mut self, input: Input) -> Result<(), Error> {
        let mut reader = wav::Reader::open(input)?;
        // What stands behind the sound is known at its end.
        reader.skip_blocks(u64::MAX)?;
        let format = reader.format().clone();
        let mut stream = Stream::sound(0, format, reader.length());
        stream.samples = reader.samples().or(stream.samples);
        stream.take_time();
        self.streams.push(stream);
        for chunk in reader.chunks() {
            self.chunks.push(Chunk {
                id: chunk.id.to_string(),
                size: chunk.data.len(),
                behind: chunk.behind,
            });
            if let Some(texts) = chunk.data.strip_prefix(b"INFO") {
                self.texts.extend(texts_of(texts));
            }
        }
        self.warn(reader.warnings());
        Ok(())
    }

    fn avi(&mut self, input: Input) -> Result<(), Error> {
        self.kind = "AVI";
        let reader = avi::Reader::open(input)?;
        for (number, stream) in reader.streams().iter().enumerate() {
            let chunks = reader.count(number);
            self.streams.push(Stream::of_avi(number, stream, chunks));
        }
        let texts = reader.info().iter();
        self.texts = texts
            .map(|(id, text)| (id.to_string(), plain(text)))
            .collect();
        self.warn(reader.warnings());
        Ok(())
    }

    fn y4m(&mut self, input: Input) -> Result<(), Error> {
        self.kind = "Y4M";
        let reader = y4m::Reader::open(input, None)?;
        let (frames, seconds) = reader.rate();
        let (width, height) = (reader.format().width(), reader.format().height());
        let planes = match reader.chroma() {
            Some(chroma) => format!("planes {chroma}"),
            None => "grey".to_owned(),
        };
        self.streams.push(Stream {
            kind: "pictures".to_owned(),
            format: format!("{planes}, {width}x{height}"),
            rate: fraction(frames.into(), seconds.into()),
            ..Stream::new(0, Content::Other)
        });
        self.warn(reader.warnings());
        Ok(())
    }

    fn warn(&mut self, warnings: &Warnings) {
        let kept = warnings.kept().iter().map(|warning| Warning {
            offset: warning.offset,
            text: warning.text.clone(),
        });
        self.warnings = kept.collect();
        self.warning_count = warnings.count();
    }
}

impl Stream {
    fn new(stream: usize, content: Content) -> Self {
        Self {
            stream,
            kind: String::new(),
            format: String::new(),
            code: String::new(),
            handler: None,
            name: String::new(),
            rate: String::new(),
            frames: None,
            bytes: None,
            samples: None,
            seconds: None,
            format_bytes: String::new(),
            needs_driver: false,
            opened_by: Vec::new(),
            refused_by: Vec::new(),
            content,
        }
    }

    fn sound(stream: usize, format: WaveFormat, bytes: Option<u64>) -> Self {
        let is_plain = matches!(format.inner_tag(), WaveFormat::PCM | WaveFormat::FLOAT);
        let block = u64::from(format.block_align());
        let samples = bytes.and_then(|bytes| bytes.checked_div(block));
        let mut sound = Self {
            kind: "sound".to_owned(),
            format: format.to_string(),
            code: format!("{:#06x}", format.tag()),
            rate: fraction(format.rate().into(), 1),
            bytes,
            samples: samples.filter(|_| is_plain),
            format_bytes: hex(format.as_bytes()),
            needs_driver: true,
            ..Self::new(stream, Content::Sound(format))
        };
        sound.take_time();
        sound
    }

    /// How long sound is: by its samples, by its blocks where they tell how many are in them, or else by its bytes.
    fn take_time(&mut self) {
        let Content::Sound(format) = &self.content else {
            return;
        };
        let of = |count: Option<u64>, rate: u32| {
            let rate = f64::from(rate);
            count
                .map(|count| count as f64 / rate)
                .filter(|_| rate > 0.0)
        };
        let in_blocks = format.samples_per_block().and_then(|samples| {
            let blocks = self.bytes?.checked_div(format.block_align().into())?;
            Some(blocks.saturating_mul(samples.into()))
        });
        let by_bytes = of(self.bytes, format.bytes_per_second());
        self.seconds = of(self.samples.or(in_blocks), format.rate()).or(by_bytes);
    }

    fn of_avi(number: usize, about: &avi::Stream, chunks: Option<u64>) -> Self {
        let units = u64::from(about.length);
        let (rate, scale) = (u64::from(about.rate), u64::from(about.scale));
        let mut stream = match &about.kind {
            StreamKind::Video(format) => {
                let frames = chunks.unwrap_or(units);
                Self {
                    kind: "pictures".to_owned(),
                    format: format.to_string(),
                    code: code(format),
                    rate: fraction(rate, scale),
                    frames: Some(frames),
                    seconds: Some(frames as f64 * scale as f64 / rate.max(1) as f64),
                    format_bytes: hex(format.as_bytes()),
                    needs_driver: format.pixel().is_none() && format.compression().0 != 0,
                    ..Self::new(number, Content::Pictures(format.clone(), about.handler))
                }
            }
            StreamKind::Audio(format) => {
                let sample = u64::from(about.sample_size);
                let bytes = Some(units * sample).filter(|_| sample > 0);
                let mut sound = Self::sound(number, format.clone(), bytes);
                let by_units = units as f64 * scale as f64 / rate.max(1) as f64;
                sound.seconds = sound.seconds.or(Some(by_units));
                sound
            }
            StreamKind::Other { kind, format } => Self {
                kind: kind.to_string(),
                format: "unknown".to_owned(),
                format_bytes: hex(format),
                rate: fraction(rate, scale),
                ..Self::new(number, Content::Other)
            },
        };
        let is_named = about.handler.0 != 0 && matches!(about.kind, StreamKind::Video(_));
        stream.handler = Some(about.handler.to_string()).filter(|_| is_named);
        stream.name = plain(&about.name);
        stream
    }
}

/// The code of a format of pictures, or the number that stands for it.
fn code(format: &BitmapFormat) -> String {
    format.compression().to_string()
}

/// A rate, whole where it is.
fn fraction(count: u64, seconds: u64) -> String {
    match (count.checked_rem(seconds), count.checked_div(seconds)) {
        (Some(0), Some(whole)) => whole.to_string(),
        _ => format!("{count}/{seconds}"),
    }
}

/// The texts of a list, each with its name.
fn texts_of(mut list: &[u8]) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    while let Some((head, rest)) = list.split_first_chunk::<8>() {
        let (name, size) = head.split_at(4);
        let name = name.first_chunk().map(|&name| FourCc::new(name));
        let size = size
            .first_chunk()
            .map_or(0, |&size| u32::from_le_bytes(size)) as usize;
        let text = &rest[..size.min(rest.len())];
        texts.push((name.unwrap_or_default().to_string(), plain(text)));
        list = rest.get(size.next_multiple_of(2)..).unwrap_or_default();
    }
    texts
}

/// A text of some code page: as UTF-8 where it is that, else each byte as Latin-1 has it.
fn plain(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0);
    let bytes = &bytes[..end.unwrap_or(bytes.len())];
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
