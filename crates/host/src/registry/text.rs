//! Bytes of files that Windows programs wrote, as text.

/// Reads UTF-16 or UTF-8 by their marks, UTF-8 without one where it is well-formed, else Windows-1252.
pub(super) fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => str::from_utf8(bytes).map_or_else(|_| windows_1252(bytes), str::to_owned),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&pair| unit(pair))
        .collect();
    String::from_utf16_lossy(&units)
}

/// Reads bytes in the code page of Western Windows.
pub(super) fn windows_1252(bytes: &[u8]) -> String {
    /// What the bytes 0x80 to 0x9f stand for; all others stand for themselves.
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    let letter = |&byte: &u8| match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    };
    bytes.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_by_its_mark_or_its_form() {
        assert_eq!(decode(b"\xff\xfeA\0\xac\x20"), "A€");
        assert_eq!(decode(b"\xfe\xff\0A"), "A");
        assert_eq!(decode("\u{feff}é".as_bytes()), "é");
        assert_eq!(decode("é".as_bytes()), "é");
        assert_eq!(decode(b"\xe9\x80"), "é€");
    }
}
