//! The first line of a Y4M file.

use crate::file::picture::Chroma;
use crate::file::{Error, Warnings};

use super::{MAGIC, Y4M};

/// What the first line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Frames in so many seconds.
    pub(super) rate: (u32, u32),
    pub(super) colour: Colour,
}

/// Which planes follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    /// Brightness alone.
    None,
    /// All three.
    Planes(Chroma),
}

impl Header {
    /// Takes the line, without its line feed.
    pub(super) fn parse(line: &[u8], warnings: &mut Warnings) -> Result<Self, Error> {
        let mut header = Self {
            width: 0,
            height: 0,
            rate: (25, 1),
            colour: Colour::Planes(Chroma::Quarter),
        };
        let mut offset = MAGIC.len();
        for word in line
            .get(offset..)
            .unwrap_or_default()
            .split(|&byte| byte == b' ')
        {
            let at = offset as u64;
            offset += word.len() + 1;
            let text = str::from_utf8(word).unwrap_or_default();
            let value = text.get(1..).unwrap_or_default();
            match word.first() {
                Some(b'W') => header.width = number(value, at)?,
                Some(b'H') => header.height = number(value, at)?,
                Some(b'F') => match rate(value) {
                    Some(rate) => header.rate = rate,
                    None => {
                        warnings.push(at, format!("\"{text}\" is no rate, so it is 25 a second"))
                    }
                },
                Some(b'C') => header.colour = colour(value, at)?,
                Some(b'I') if !matches!(value, "p" | "?") => {
                    warnings.push(at, "the pictures are interlaced, and are taken as they are");
                }
                _ => {}
            }
        }
        for (what, number) in [("a width", header.width), ("a height", header.height)] {
            if number == 0 {
                return Err(broken(0, what, "none"));
            }
        }
        Ok(header)
    }
}

fn number(text: &str, offset: u64) -> Result<u32, Error> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| broken(offset, "a number of pixels", &format!("\"{text}\"")))
}

fn rate(text: &str) -> Option<(u32, u32)> {
    let (frames, seconds) = text.split_once(':')?;
    let rate = (frames.parse().ok()?, seconds.parse().ok()?);
    (rate.0 > 0 && rate.1 > 0).then_some(rate)
}

fn colour(name: &str, offset: u64) -> Result<Colour, Error> {
    Ok(Colour::Planes(match name {
        "mono" => return Ok(Colour::None),
        "420" | "420jpeg" | "420mpeg2" | "420paldv" => Chroma::Quarter,
        "422" => Chroma::Half,
        "444" => Chroma::Full,
        _ => {
            let expected = "colour of 8 bits in 420, 422, 444 or mono";
            return Err(broken(offset, expected, &format!("\"{name}\"")));
        }
    }))
}

/// Why nothing can be had of a file.
pub(super) fn broken(offset: u64, expected: &str, found: &str) -> Error {
    Error::Broken {
        format: Y4M,
        offset,
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> (Result<Header, String>, u64) {
        let mut warnings = Warnings::default();
        let header = Header::parse(line.as_bytes(), &mut warnings);
        (header.map_err(|error| error.to_string()), warnings.count())
    }

    #[test]
    fn what_is_not_said_has_the_usual_value() {
        let header = Header {
            width: 6,
            height: 4,
            rate: (25, 1),
            colour: Colour::Planes(Chroma::Quarter),
        };
        assert_eq!(parse("YUV4MPEG2 W6 H4"), (Ok(header), 0));
        let more = "YUV4MPEG2 H4 W6 F30000:1001 It A0:0 C422 XYSCSS=422";
        let header = Header {
            rate: (30_000, 1001),
            colour: Colour::Planes(Chroma::Half),
            ..header
        };
        assert_eq!(parse(more), (Ok(header), 1));
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        for (line, error) in [
            ("YUV4MPEG2 H4", "expected a width at offset 0, found none"),
            (
                "YUV4MPEG2 W6 H4x",
                "expected a number of pixels at offset 13, found \"4x\"",
            ),
            (
                "YUV4MPEG2 W6 H4 C420p10",
                "expected colour of 8 bits in 420, 422, 444 or mono at offset 16, found \"420p10\"",
            ),
        ] {
            let (found, _) = parse(line);
            assert_eq!(found, Err(format!("not a good Y4M file: {error}")));
        }
    }
}
