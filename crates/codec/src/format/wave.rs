//! A format of sound: a WAVEFORMATEX and whatever follows it.

use std::fmt;

use opendriver_abi::structures::{Structure, WaveFormatEx};

use super::BrokenFormat;

/// `WAVE_FORMAT_EXTENSIBLE`: the format says more behind its first 18 bytes.
const EXTENSIBLE: u16 = 0xfffe;

/// What ends the identifier of a format that also has a tag, as `ksmedia.h` gives it: the tag stands in the first two bytes.
const TAGGED: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// A format of sound: a `WAVEFORMATEX`, and behind it as many bytes as it says.
///
/// The bytes are kept as they came, because codecs keep tables there.
///
/// ```
/// use opendriver_codec::WaveFormat;
///
/// let format = WaveFormat::pcm(2, 44_100, 16);
/// assert_eq!((format.block_align(), format.bytes_per_second()), (4, 176_400));
/// assert_eq!(format.to_string(), "PCM, 44100 Hz, stereo, 16 bits");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WaveFormat {
    bytes: Vec<u8>,
}

impl WaveFormat {
    /// `WAVE_FORMAT_PCM`
    pub const PCM: u16 = 1;
    /// `WAVE_FORMAT_IEEE_FLOAT`
    pub const FLOAT: u16 = 3;

    /// Whole numbers: `bits` is 8 (unsigned), 16, 24 or 32 (signed).
    pub fn pcm(channels: u16, rate: u32, bits: u16) -> Self {
        Self::plain(Self::PCM, channels, rate, bits)
    }

    /// Floating-point numbers of 32 or 64 bits, from -1 to 1.
    pub fn float(channels: u16, rate: u32, bits: u16) -> Self {
        Self::plain(Self::FLOAT, channels, rate, bits)
    }

    fn plain(tag: u16, channels: u16, rate: u32, bits: u16) -> Self {
        let block_align = channels.saturating_mul(bits.div_ceil(8));
        let header = WaveFormatEx {
            tag,
            channels,
            samples_per_second: rate,
            bytes_per_second: rate.saturating_mul(block_align.into()),
            block_align,
            bits_per_sample: bits,
            extra: 0,
        };
        Self::new(header, &[])
    }

    /// Puts a header and the bytes behind it together; the header's count of them is set.
    ///
    /// # Panics
    /// When there are more of them than the header can count.
    pub fn new(mut header: WaveFormatEx, extra: &[u8]) -> Self {
        header.extra = extra
            .len()
            .try_into()
            .expect("a format counts its extra bytes in 16 bits");
        let mut bytes = vec![0; WaveFormatEx::SIZE];
        header.write(&mut bytes);
        bytes.extend_from_slice(extra);
        Self { bytes }
    }

    /// Takes the bytes of a `fmt ` chunk or of a stream's format. The old short forms (`WAVEFORMAT` of 14 bytes, `PCMWAVEFORMAT` of 16)
    /// are completed; bytes beyond those that the format counts are dropped, and where it counts more than there are, it is made to
    /// count those.
    ///
    /// # Errors
    /// Fewer than 14 bytes are no format.
    pub fn parse(bytes: &[u8]) -> Result<Self, BrokenFormat> {
        const SHORTEST: usize = 14;
        if bytes.len() < SHORTEST {
            return Err(BrokenFormat {
                what: "WAVEFORMAT",
                needed: SHORTEST,
                found: bytes.len(),
            });
        }
        let mut head = [0; WaveFormatEx::SIZE];
        let there = bytes.len().min(head.len());
        head[..there].copy_from_slice(&bytes[..there]);
        let mut header = WaveFormatEx::read(&head).expect("the head is as long as the structure");
        if there < 16 && header.tag == Self::PCM && header.channels > 0 {
            // The shortest form leaves the depth to the block.
            header.bits_per_sample = (header.block_align / header.channels).saturating_mul(8);
        }
        let behind = bytes.get(head.len()..).unwrap_or_default();
        let extra = behind.len().min(header.extra.into());
        Ok(Self::new(header, &behind[..extra]))
    }

    /// The format as codecs and files take it: 18 bytes and the extra ones.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its first 18 bytes.
    pub fn header(&self) -> WaveFormatEx {
        WaveFormatEx::read(&self.bytes).expect("a format starts with its header")
    }

    /// What follows the first 18 bytes.
    pub fn extra(&self) -> &[u8] {
        &self.bytes[WaveFormatEx::SIZE..]
    }

    /// What kind of format it is, by the number that the header has.
    pub fn tag(&self) -> u16 {
        self.header().tag
    }

    /// What kind of format it is; of an extensible one, the tag of what it extends, where that has one.
    pub fn inner_tag(&self) -> u16 {
        match self.subformat() {
            Some(identifier) if identifier[2..] == TAGGED => {
                u16::from_le_bytes([identifier[0], identifier[1]])
            }
            _ => self.tag(),
        }
    }

    /// The identifier of an extensible format (`WAVEFORMATEXTENSIBLE.SubFormat`).
    pub fn subformat(&self) -> Option<[u8; 16]> {
        let identifier = self
            .extra()
            .get(6..22)
            .filter(|_| self.tag() == EXTENSIBLE)?;
        identifier.try_into().ok()
    }

    /// The format as its driver knows it: of compressed sound in an extensible format, what that extends. Programs write it so for high
    /// rates and many channels, and drivers know the tag alone.
    #[must_use]
    pub fn without_extension(self) -> Self {
        let tag = self.inner_tag();
        if [EXTENSIBLE, Self::PCM, Self::FLOAT, self.tag()].contains(&tag) {
            return self;
        }
        // Channels with their places, the depth and the identifier.
        const EXTENSION: usize = 22;
        let header = WaveFormatEx {
            tag,
            ..self.header()
        };
        Self::new(header, &self.extra()[EXTENSION..])
    }

    /// How many channels.
    pub fn channels(&self) -> u16 {
        self.header().channels
    }

    /// Samples of each channel in a second.
    pub fn rate(&self) -> u32 {
        self.header().samples_per_second
    }

    /// Bytes in a second, on average.
    pub fn bytes_per_second(&self) -> u32 {
        self.header().bytes_per_second
    }

    /// Bytes in the smallest piece that can be decoded.
    pub fn block_align(&self) -> u16 {
        self.header().block_align
    }

    /// Samples of each channel in a block, of the compressed formats that say so behind their header (`wSamplesPerBlock`).
    pub fn samples_per_block(&self) -> Option<u16> {
        const MS_ADPCM: u16 = 2;
        const IMA_ADPCM: u16 = 0x11;
        const GSM: u16 = 0x31;
        if !matches!(self.tag(), MS_ADPCM | IMA_ADPCM | GSM) {
            return None;
        }
        let samples = self.extra().first_chunk().copied()?;
        Some(u16::from_le_bytes(samples)).filter(|samples| *samples > 0)
    }

    /// Bits in a sample of one channel; 0 where the codec has no such number.
    pub fn bits(&self) -> u16 {
        self.header().bits_per_sample
    }
}

/// The name of a format tag, as `mmreg.h` and its users call it.
fn name(tag: u16) -> Option<&'static str> {
    Some(match tag {
        0x0001 => "PCM",
        0x0002 => "MS ADPCM",
        0x0003 => "IEEE float",
        0x0006 => "A-law",
        0x0007 => "mu-law",
        0x0010 => "OKI ADPCM",
        0x0011 => "IMA ADPCM",
        0x0015 => "Digistd",
        0x0016 => "Digifix",
        0x0020 => "Yamaha ADPCM",
        0x0022 => "DSP Group TrueSpeech",
        0x0031 => "GSM 6.10",
        0x0040 => "G.721 ADPCM",
        0x0045 => "G.726 ADPCM",
        0x0050 => "MPEG",
        0x0055 => "MPEG Layer 3",
        0x0061 => "Duck ADPCM",
        0x0064 => "G.726 ADPCM",
        0x0075 => "Voxware",
        0x0111 => "Vivo G.723",
        0x0112 => "Vivo Siren",
        0x0130 => "Sipro ACELP.net",
        0x0160 => "Windows Media Audio 1",
        0x0161 => "Windows Media Audio 2",
        0x0401 => "Indeo audio",
        0x2000 => "AC-3",
        0xf1ac => "FLAC",
        _ => return None,
    })
}

impl fmt::Display for WaveFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.inner_tag();
        match name(tag) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "format {tag:#06x}")?,
        }
        write!(f, ", {} Hz, ", self.rate())?;
        match self.channels() {
            1 => f.write_str("mono")?,
            2 => f.write_str("stereo")?,
            channels => write!(f, "{channels} channels")?,
        }
        match self.bits() {
            0 => write!(f, ", {} bytes/s", self.bytes_per_second()),
            bits => write!(f, ", {bits} bits"),
        }
    }
}

impl fmt::Debug for WaveFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaveFormat")
            .field("header", &self.header())
            .field("extra", &self.extra())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_completed() {
        let whole = WaveFormat::pcm(2, 22_050, 8);
        assert_eq!(
            WaveFormat::parse(&whole.as_bytes()[..16]),
            Ok(whole.clone())
        );
        assert_eq!(
            WaveFormat::parse(&whole.as_bytes()[..14]),
            Ok(whole.clone())
        );
        let broken = WaveFormat::parse(&whole.as_bytes()[..13]).unwrap_err();
        assert_eq!(
            broken.to_string(),
            "13 bytes are no WAVEFORMAT, which takes at least 14"
        );
    }

    #[test]
    fn extra_bytes_are_as_many_as_there_are() {
        let mut bytes = WaveFormat::pcm(1, 8000, 16).as_bytes().to_vec();
        bytes[16] = 200;
        bytes.extend([1, 2, 3]);
        let format = WaveFormat::parse(&bytes).unwrap();
        assert_eq!(
            (format.extra(), { format.header().extra }),
            (&[1, 2, 3][..], 3)
        );
        bytes[16] = 1;
        assert_eq!(WaveFormat::parse(&bytes).unwrap().extra(), [1]);
    }

    #[test]
    fn an_extensible_format_tells_what_it_extends() {
        let mut extra = vec![16, 0, 3, 0, 0, 0, 3, 0];
        extra.extend(TAGGED);
        let header = WaveFormatEx {
            tag: EXTENSIBLE,
            ..WaveFormat::pcm(2, 48_000, 32).header()
        };
        let format = WaveFormat::new(header, &extra);
        assert_eq!(
            (format.tag(), format.inner_tag()),
            (EXTENSIBLE, WaveFormat::FLOAT)
        );
        assert_eq!(format.to_string(), "IEEE float, 48000 Hz, stereo, 32 bits");
        assert_eq!(format.clone().without_extension(), format);

        extra[6..8].copy_from_slice(&[0xac, 0xf1]);
        extra.extend([7; 34]);
        let format = WaveFormat::new(header, &extra).without_extension();
        assert_eq!((format.tag(), format.extra()), (0xf1ac, &[7; 34][..]));
        assert_eq!(format.clone().without_extension(), format);
    }
}
