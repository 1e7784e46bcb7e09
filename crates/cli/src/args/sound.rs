//! Formats of sound as they are typed: a tag, and `44100Hz,stereo,16bit`.

use std::str::FromStr;

use opendriver_codec::WaveFormat;
use opendriver_codec::convert::SoundWishes;

/// Names of format tags that are short to type, and the tags.
const TAGS: [(&str, u16); 13] = [
    ("pcm", WaveFormat::PCM),
    ("float", WaveFormat::FLOAT),
    ("adpcm", 0x0002),
    ("ms-adpcm", 0x0002),
    ("alaw", 0x0006),
    ("mulaw", 0x0007),
    ("ulaw", 0x0007),
    ("ima", 0x0011),
    ("ima-adpcm", 0x0011),
    ("truespeech", 0x0022),
    ("gsm", 0x0031),
    ("mp3", 0x0055),
    ("flac", 0xf1ac),
];

/// A format tag (`WAVE_FORMAT_...`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SoundTag(pub(crate) u16);

impl FromStr for SoundTag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = TAGS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        if let Some((_, tag)) = known {
            return Ok(Self(*tag));
        }
        let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u16::from_str_radix(digits, 16),
            None => text.parse(),
        };
        number.map(Self).map_err(|_| {
            let names: Vec<&str> = TAGS.iter().map(|(name, _)| *name).collect();
            format!(
                "\"{text}\" is no format tag: {}, or a number",
                names.join(", ")
            )
        })
    }
}

/// What is wished of sound, from words between commas: a rate (`44100Hz`, `44.1kHz`), channels (`mono`, `stereo`, `6ch`), a depth
/// (`16bit`), and how much a codec makes of a second (`128kbps`).
pub(crate) fn wishes(text: &str) -> Result<SoundWishes, String> {
    let mut wishes = SoundWishes::default();
    for word in text.split(',') {
        let lower = word.trim().to_ascii_lowercase();
        let slot_taken = match lower.as_str() {
            "mono" => wishes.channels.replace(1).is_some(),
            "stereo" => wishes.channels.replace(2).is_some(),
            _ => {
                if let Some(rate) = rate(&lower) {
                    wishes.rate.replace(rate).is_some()
                } else if let Some(count) = counted(&lower, &["channels", "ch"]) {
                    wishes.channels.replace(count).is_some()
                } else if let Some(bits) = counted(&lower, &["bits", "bit"]) {
                    wishes.bits.replace(bits).is_some()
                } else if let Some(kilobits) = counted(&lower, &["kbps", "kbit/s"]) {
                    let bytes = u32::from(kilobits) * 125;
                    wishes.bytes_per_second.replace(bytes).is_some()
                } else {
                    return Err(format!(
                        "\"{word}\" is neither text nor json nor a part of a format of sound, such as 44100Hz, stereo, 16bit or 128kbps"
                    ));
                }
            }
        };
        if slot_taken {
            return Err(format!("\"{text}\" says the same thing twice"));
        }
    }
    Ok(wishes)
}

/// Samples in a second: `44100Hz` or `44.1kHz`.
fn rate(word: &str) -> Option<u32> {
    let rate = match word.strip_suffix("khz") {
        Some(thousands) => {
            let thousands: f64 = thousands.parse().ok()?;
            (thousands * 1000.0).round()
        }
        None => f64::from(word.strip_suffix("hz")?.parse::<u32>().ok()?),
    };
    // A cast saturates, and what is no rate at all is left out before it.
    (1.0..=f64::from(u32::MAX))
        .contains(&rate)
        .then_some(rate as u32)
}

/// A number from 1 before one of these words.
fn counted(word: &str, units: &[&str]) -> Option<u16> {
    let digits = units.iter().find_map(|unit| word.strip_suffix(unit))?;
    digits.trim().parse().ok().filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_names_or_numbers() {
        for (text, tag) in [("GSM", 0x31), ("0x0161", 0x161), ("85", 0x55), ("pcm", 1)] {
            assert_eq!(text.parse(), Ok(SoundTag(tag)));
        }
        assert_eq!("FLAC".parse(), Ok(SoundTag(0xf1ac)));
        let error = "opus".parse::<SoundTag>().unwrap_err();
        assert!(error.contains("\"opus\" is no format tag"), "{error}");
    }

    #[test]
    fn words_say_rate_channels_and_depth_in_any_order() {
        let all = SoundWishes {
            rate: Some(44_100),
            channels: Some(2),
            bits: Some(16),
            ..SoundWishes::default()
        };
        for text in ["44100Hz,stereo,16bit", "16bits, 2ch, 44.1kHz"] {
            assert_eq!(wishes(text), Ok(all));
        }
        assert_eq!(wishes("64kbps").unwrap().bytes_per_second, Some(8000));
        for text in ["", "xml", "0Hz", "-3kHz", "0bit", "70000ch", "mono,stereo"] {
            assert!(wishes(text).is_err(), "{text}");
        }
    }
}
