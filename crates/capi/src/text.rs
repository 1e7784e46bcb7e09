//! Text of the application: UTF-8 in the functions that end with A, UTF-16 in those that end with W.

use crate::claim::{self, BadPointer};

/// The most that is read of a text whose end is missing.
const LONGEST: usize = 32 * 1024;

/// How the application writes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, in functions that end with A.
    Narrow,
    /// UTF-16, in functions that end with W.
    Wide,
}

/// A text that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Not all of it is there.
    #[error(transparent)]
    Pointer(#[from] BadPointer),
    /// It does not end.
    #[error("the text at {address:#x} does not end within {LONGEST} characters")]
    Endless {
        /// Where it begins.
        address: usize,
    },
    /// It is not Unicode.
    #[error("the text at {address:#x} is not {}", name(.encoding))]
    NotUnicode {
        /// Where it begins.
        address: usize,
        /// What it should be.
        encoding: Encoding,
    },
}

fn name(encoding: &Encoding) -> &'static str {
    match encoding {
        Encoding::Narrow => "UTF-8",
        Encoding::Wide => "UTF-16",
    }
}

impl Encoding {
    /// Reads a text; none where the address is 0.
    ///
    /// # Errors
    /// It is not there, does not end, or is no Unicode.
    pub fn read(self, address: usize) -> Result<Option<String>, BadText> {
        if address == 0 {
            return Ok(None);
        }
        let text = match self {
            Self::Narrow => {
                let bytes = units(address, |[unit]: [u8; 1]| unit)?;
                String::from_utf8(bytes).ok()
            }
            Self::Wide => String::from_utf16(&units(address, u16::from_ne_bytes)?).ok(),
        };
        let not_unicode = BadText::NotUnicode {
            address,
            encoding: self,
        };
        text.map(Some).ok_or(not_unicode)
    }

    /// How many bytes a unit takes.
    pub fn unit(self) -> usize {
        match self {
            Self::Narrow => 1,
            Self::Wide => 2,
        }
    }

    /// The bytes of a text in a field of `units` units, cut where it is too long for it and a zero behind it.
    pub fn field(self, text: &str, units: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(units * self.unit());
        let most = units.saturating_sub(1) * self.unit();
        for character in text.chars() {
            let len = bytes.len();
            match self {
                Self::Narrow => {
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes())
                }
                Self::Wide => {
                    let units = character.encode_utf16(&mut [0; 2]).to_vec();
                    bytes.extend(units.into_iter().flat_map(u16::to_ne_bytes));
                }
            }
            if bytes.len() > most {
                bytes.truncate(len);
                break;
            }
        }
        bytes.resize(units * self.unit(), 0);
        bytes
    }
}

/// Reads units up to a zero. One at a time: the text may end right in front of memory that is not there.
fn units<const N: usize, U: PartialEq + Default>(
    address: usize,
    unit: fn([u8; N]) -> U,
) -> Result<Vec<U>, BadText> {
    let mut units = Vec::new();
    for index in 0..LONGEST {
        let mut bytes = [0; N];
        claim::read(address.wrapping_add(index * N), &mut bytes)?;
        match unit(bytes) {
            end if end == U::default() => return Ok(units),
            unit => units.push(unit),
        }
    }
    Err(BadText::Endless { address })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(encoding: Encoding, bytes: &[u8]) -> Result<Option<String>, BadText> {
        encoding.read(bytes.as_ptr().addr())
    }

    #[test]
    fn text_is_read_up_to_its_end() {
        assert_eq!(
            read(Encoding::Narrow, b"gr\xc3\xbcn\0x"),
            Ok(Some("grün".into()))
        );
        assert_eq!(
            read(Encoding::Wide, b"g\0\xfc\0\0\0x"),
            Ok(Some("gü".into()))
        );
        assert_eq!(Encoding::Wide.read(0), Ok(None));
        let latin = read(Encoding::Narrow, b"gr\xfcn\0");
        assert!(matches!(latin, Err(BadText::NotUnicode { .. })));
        let endless = read(Encoding::Narrow, &[b'a'; LONGEST]);
        assert!(matches!(endless, Err(BadText::Endless { .. })));
        let wild = Encoding::Wide.read(8);
        assert!(matches!(wild, Err(BadText::Pointer(_))));
    }

    #[test]
    fn a_field_is_cut_between_characters() {
        assert_eq!(Encoding::Narrow.field("grün", 4), b"gr\0\0");
        assert_eq!(Encoding::Wide.field("grün", 4), b"g\0r\0\xfc\0\0\0");
        assert_eq!(Encoding::Narrow.field("", 2), b"\0\0");
    }
}
