//! Windows code pages: bytes to UTF-16 and back.

use encoding_rs::Encoding;

/// The process' own code page, and the one that consoles and old files use.
pub(crate) const ANSI: u32 = 1252;
pub(crate) const OEM: u32 = 437;
pub(crate) const UTF_8: u32 = 65001;

/// How a code page maps.
#[derive(Clone, Copy)]
enum Mapping {
    /// One byte, one character: ASCII below, this table above.
    Table(&'static str),
    /// Each byte is the character of its number.
    Latin1,
    /// Seven bits.
    Ascii,
    /// UTF-8.
    Utf8,
    /// What the web calls it.
    Web(&'static Encoding),
}

/// A code page that exists.
#[derive(Clone, Copy)]
pub(crate) struct CodePage {
    number: u32,
    mapping: Mapping,
}

/// What a conversion to bytes gave.
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    /// Whether something had no place in the code page.
    pub(crate) used_default: bool,
}

impl CodePage {
    /// The code page of a number; 0, 1, 2 and 3 are those of the process.
    pub(crate) fn find(number: u32) -> Option<Self> {
        let number = match number {
            0 | 3 => ANSI,
            1 => OEM,
            2 => 10000,
            number => number,
        };
        let mapping = match number {
            437 => Mapping::Table(CP437),
            850 | 858 => Mapping::Table(CP850),
            20127 => Mapping::Ascii,
            28591 => Mapping::Latin1,
            UTF_8 => Mapping::Utf8,
            _ => Mapping::Web(web(number)?),
        };
        Some(Self { number, mapping })
    }

    /// Its number.
    pub(crate) fn number(self) -> u32 {
        self.number
    }

    /// Bytes of the longest character.
    pub(crate) fn longest(self) -> u32 {
        match self.number {
            932 | 936 | 949 | 950 => 2,
            UTF_8 | 54936 => 4,
            51932 => 3,
            _ => 1,
        }
    }

    /// The ranges of bytes that begin a character of two.
    pub(crate) fn lead_bytes(self) -> &'static [(u8, u8)] {
        match self.number {
            932 => &[(0x81, 0x9f), (0xe0, 0xfc)],
            936 | 949 | 950 => &[(0x81, 0xfe)],
            _ => &[],
        }
    }

    /// Whether a byte begins a character of two.
    pub(crate) fn is_lead(self, byte: u8) -> bool {
        self.lead_bytes()
            .iter()
            .any(|&(first, last)| (first..=last).contains(&byte))
    }

    /// Bytes as UTF-16, and whether all of them meant something.
    pub(crate) fn decode(self, bytes: &[u8]) -> (Vec<u16>, bool) {
        match self.mapping {
            Mapping::Latin1 => (bytes.iter().map(|&byte| u16::from(byte)).collect(), true),
            Mapping::Ascii => (
                bytes.iter().map(|&byte| u16::from(byte & 0x7f)).collect(),
                true,
            ),
            Mapping::Table(table) => {
                let upper: Vec<u16> = table.encode_utf16().collect();
                let unit = |byte: &u8| match byte.checked_sub(0x80) {
                    None => u16::from(*byte),
                    Some(index) => upper[usize::from(index)],
                };
                (bytes.iter().map(unit).collect(), true)
            }
            Mapping::Utf8 => {
                let text = String::from_utf8_lossy(bytes);
                let is_whole = matches!(text, std::borrow::Cow::Borrowed(_));
                (text.encode_utf16().collect(), is_whole)
            }
            Mapping::Web(encoding) => {
                let (text, broken) = encoding.decode_without_bom_handling(bytes);
                (text.encode_utf16().collect(), !broken)
            }
        }
    }

    /// UTF-16 as bytes, with `default` for what has no place.
    pub(crate) fn encode(self, units: &[u16], default: &[u8]) -> Encoded {
        let mut encoded = Encoded {
            bytes: Vec::with_capacity(units.len()),
            used_default: false,
        };
        for character in char::decode_utf16(units.iter().copied()) {
            let character = match character {
                Ok(character) => character,
                Err(_) if self.number == UTF_8 => char::REPLACEMENT_CHARACTER,
                Err(_) => {
                    encoded.replace(default);
                    continue;
                }
            };
            if !self.push(&mut encoded.bytes, character) {
                encoded.replace(default);
            }
        }
        encoded
    }

    fn push(self, bytes: &mut Vec<u8>, character: char) -> bool {
        let one = |bytes: &mut Vec<u8>, byte: Option<u8>| {
            bytes.extend(byte);
            byte.is_some()
        };
        match self.mapping {
            _ if character.is_ascii() => one(bytes, Some(character as u8)),
            Mapping::Ascii => false,
            Mapping::Latin1 => one(bytes, u8::try_from(u32::from(character)).ok()),
            Mapping::Table(table) => {
                let index = table.chars().position(|known| known == character);
                one(bytes, index.map(|index| index as u8 + 0x80))
            }
            Mapping::Utf8 => {
                bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
                true
            }
            Mapping::Web(encoding) => {
                let mut buffer = [0; 4];
                let (found, _, broken) = encoding.encode(character.encode_utf8(&mut buffer));
                if !broken {
                    bytes.extend(found.iter());
                }
                !broken
            }
        }
    }
}

impl Encoded {
    fn replace(&mut self, default: &[u8]) {
        self.bytes.extend(default);
        self.used_default = true;
    }
}

fn web(number: u32) -> Option<&'static Encoding> {
    Some(match number {
        866 => encoding_rs::IBM866,
        874 => encoding_rs::WINDOWS_874,
        932 => encoding_rs::SHIFT_JIS,
        936 => encoding_rs::GBK,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1252 => encoding_rs::WINDOWS_1252,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        10000 => encoding_rs::MACINTOSH,
        10007 => encoding_rs::X_MAC_CYRILLIC,
        20866 => encoding_rs::KOI8_R,
        21866 => encoding_rs::KOI8_U,
        28592 => encoding_rs::ISO_8859_2,
        28593 => encoding_rs::ISO_8859_3,
        28594 => encoding_rs::ISO_8859_4,
        28595 => encoding_rs::ISO_8859_5,
        28596 => encoding_rs::ISO_8859_6,
        28597 => encoding_rs::ISO_8859_7,
        28598 => encoding_rs::ISO_8859_8,
        28603 => encoding_rs::ISO_8859_13,
        28605 => encoding_rs::ISO_8859_15,
        51932 => encoding_rs::EUC_JP,
        54936 => encoding_rs::GB18030,
        _ => return None,
    })
}

/// The upper halves of the code pages of DOS, as IBM registered them.
const CP437: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const CP850: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

#[cfg(test)]
mod tests {
    use super::CodePage;

    #[test]
    fn every_byte_of_a_page_of_single_bytes_comes_back() {
        for number in [437, 850, 866, 1250, 1251, 1252, 28591, 28605, 20866, 10000] {
            let page = CodePage::find(number).unwrap();
            let bytes: Vec<u8> = (0..=255).collect();
            let (units, _) = page.decode(&bytes);
            assert_eq!(units.len(), 256, "{number}");
            assert_eq!(page.encode(&units, b"?").bytes, bytes, "{number}");
        }
    }

    #[test]
    fn what_a_page_lacks_becomes_the_default() {
        let page = CodePage::find(1252).unwrap();
        let units: Vec<u16> = "a→b".encode_utf16().collect();
        let encoded = page.encode(&units, b"?");
        assert_eq!(
            (encoded.bytes.as_slice(), encoded.used_default),
            (&b"a?b"[..], true)
        );
        let halves = [0x61, 0xd800, 0x62];
        assert_eq!(page.encode(&halves, b"_").bytes, b"a_b");
        assert_eq!(
            CodePage::find(65001).unwrap().encode(&halves, b"_").bytes,
            "a\u{fffd}b".as_bytes()
        );
    }

    #[test]
    fn characters_of_two_bytes_are_known_by_their_first() {
        let page = CodePage::find(932).unwrap();
        assert!(page.is_lead(0x82) && !page.is_lead(0x41) && !page.is_lead(0xb1));
        let (units, whole) = page.decode(&[0x82, 0xa0]);
        assert_eq!((units, whole), (vec![0x3042], true));
        assert!(CodePage::find(4711).is_none());
    }
}
