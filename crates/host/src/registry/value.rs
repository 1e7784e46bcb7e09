//! What a name in the registry holds.

/// One value of the registry, with the type that Windows gives it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Value {
    /// Text (`REG_SZ`).
    Text(String),
    /// Text in which `%NAME%` stands for an environment variable (`REG_EXPAND_SZ`); held unexpanded.
    Expand(String),
    /// A 32-bit number (`REG_DWORD`).
    Integer(u32),
    /// A 64-bit number (`REG_QWORD`).
    Long(u64),
    /// Bytes (`REG_BINARY`).
    Binary(Vec<u8>),
    /// Several texts (`REG_MULTI_SZ`).
    List(Vec<String>),
    /// A value of any other type, or one whose bytes do not fit its type: kept as it is.
    Other {
        /// The number of the type.
        kind: u32,
        /// The bytes, in Windows' order.
        data: Vec<u8>,
    },
}

/// `REG_NONE`
const NONE: u32 = 0;
/// `REG_SZ`
const SZ: u32 = 1;
/// `REG_EXPAND_SZ`
const EXPAND_SZ: u32 = 2;
/// `REG_BINARY`
const BINARY: u32 = 3;
/// `REG_DWORD`
const DWORD: u32 = 4;
/// `REG_MULTI_SZ`
const MULTI_SZ: u32 = 7;
/// `REG_QWORD`
const QWORD: u32 = 11;

impl Value {
    /// Reads a value from the type number and the bytes that Windows has for it, text being UTF-16.
    ///
    /// Bytes that do not fit the type become [`Value::Other`], so that nothing is lost.
    #[must_use]
    pub fn from_windows(kind: u32, data: &[u8]) -> Self {
        let fitting = match kind {
            SZ => text(data).map(Self::Text),
            EXPAND_SZ => text(data).map(Self::Expand),
            BINARY => Some(Self::Binary(data.to_vec())),
            DWORD => data
                .try_into()
                .ok()
                .map(u32::from_le_bytes)
                .map(Self::Integer),
            QWORD => data.try_into().ok().map(u64::from_le_bytes).map(Self::Long),
            MULTI_SZ => list(data).map(Self::List),
            _ => None,
        };
        fitting.unwrap_or_else(|| Self::Other {
            kind,
            data: data.to_vec(),
        })
    }

    /// The number of the type on Windows (`REG_SZ` is 1).
    #[must_use]
    pub fn kind(&self) -> u32 {
        match self {
            Self::Text(_) => SZ,
            Self::Expand(_) => EXPAND_SZ,
            Self::Integer(_) => DWORD,
            Self::Long(_) => QWORD,
            Self::Binary(_) => BINARY,
            Self::List(_) => MULTI_SZ,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// The bytes that Windows has for it: text is UTF-16 and ended by a zero, numbers are little-endian.
    #[must_use]
    pub fn to_windows(&self) -> Vec<u8> {
        match self {
            Self::Text(text) | Self::Expand(text) => utf16_bytes(text.encode_utf16().chain([0])),
            Self::Integer(number) => number.to_le_bytes().to_vec(),
            Self::Long(number) => number.to_le_bytes().to_vec(),
            Self::Binary(data) | Self::Other { data, .. } => data.clone(),
            Self::List(texts) => {
                let ended = texts.iter().flat_map(|text| text.encode_utf16().chain([0]));
                utf16_bytes(ended.chain([0]))
            }
        }
    }

    /// The documented name of the type (`REG_SZ`), when it has one.
    #[must_use]
    pub fn kind_name(&self) -> Option<&'static str> {
        const NAMES: [&str; 12] = [
            "REG_NONE",
            "REG_SZ",
            "REG_EXPAND_SZ",
            "REG_BINARY",
            "REG_DWORD",
            "REG_DWORD_BIG_ENDIAN",
            "REG_LINK",
            "REG_MULTI_SZ",
            "REG_RESOURCE_LIST",
            "REG_FULL_RESOURCE_DESCRIPTOR",
            "REG_RESOURCE_REQUIREMENTS_LIST",
            "REG_QWORD",
        ];
        NAMES.get(usize::try_from(self.kind()).ok()?).copied()
    }

    /// A value without type and bytes (`REG_NONE`).
    #[must_use]
    pub fn none() -> Self {
        Self::Other {
            kind: NONE,
            data: Vec::new(),
        }
    }

    /// The text, expanded or not; nothing for any other type.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Expand(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number)
    }
}

fn utf16_bytes(units: impl Iterator<Item = u16>) -> Vec<u8> {
    units.flat_map(u16::to_le_bytes).collect()
}

fn units(data: &[u8]) -> Option<Vec<u16>> {
    let (pairs, odd) = data.as_chunks::<2>();
    odd.is_empty()
        .then(|| pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect())
}

/// Text with exactly one zero at its end: what [`Value::to_windows`] gives back unchanged.
fn text(data: &[u8]) -> Option<String> {
    let units = units(data)?;
    let (0, text) = units.split_last()? else {
        return None;
    };
    let whole = !text.contains(&0);
    whole.then(|| String::from_utf16(text).ok()).flatten()
}

/// Texts that are each ended by a zero, and a zero after the last one.
fn list(data: &[u8]) -> Option<Vec<String>> {
    let units = units(data)?;
    let (0, ended) = units.split_last()? else {
        return None;
    };
    if ended.is_empty() {
        return Some(Vec::new());
    }
    let (0, texts) = ended.split_last()? else {
        return None;
    };
    let texts: Vec<String> = texts
        .split(|&unit| unit == 0)
        .map(|text| String::from_utf16(text).ok())
        .collect::<Option<_>>()?;
    texts.iter().all(|text| !text.is_empty()).then_some(texts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_that_do_not_fit_their_type_are_kept() {
        for (kind, data) in [
            (SZ, &b"odd"[..]),
            (SZ, b"a\0"),
            (DWORD, b"abc"),
            (MULTI_SZ, b"a\0"),
            (9, b"x"),
            (QWORD, b""),
        ] {
            let value = Value::from_windows(kind, data);
            assert_eq!(
                value,
                Value::Other {
                    kind,
                    data: data.to_vec()
                }
            );
            assert_eq!(value.to_windows(), data);
        }
    }

    #[test]
    fn types_have_their_documented_names() {
        assert_eq!(Value::from("x").kind_name(), Some("REG_SZ"));
        assert_eq!(Value::Long(1).kind_name(), Some("REG_QWORD"));
        assert_eq!(
            Value::Other {
                kind: 77,
                data: vec![]
            }
            .kind_name(),
            None
        );
    }

    proptest! {
        #[test]
        fn whatever_windows_hands_over_comes_back_byte_for_byte(kind in 0_u32..14, data: Vec<u8>, ended: bool) {
            let mut data = data;
            if ended { data.extend([0, 0]); }
            let value = Value::from_windows(kind, &data);
            prop_assert_eq!(value.kind(), kind);
            prop_assert_eq!(value.to_windows(), data);
        }

        #[test]
        fn texts_survive_the_way_over_windows(text in "[^\0]*", texts in proptest::collection::vec("[^\0]+", 0..4)) {
            for value in [Value::Text(text.clone()), Value::Expand(text), Value::List(texts)] {
                prop_assert_eq!(Value::from_windows(value.kind(), &value.to_windows()), value);
            }
        }
    }
}
