//! What kind of file a driver is, told from its first bytes.

use std::fmt;

use serde::Serialize;

/// A kind of file that somebody may take for a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub(crate) enum Kind {
    /// Linked into this program.
    BuiltIn,
    /// A shared object of this system, or of another machine of its kind.
    Elf,
    /// A 32-bit or 64-bit Windows image.
    Pe,
    /// A 16-bit Windows image.
    Ne,
    /// A virtual device driver of Windows 3 or 95, or an OS/2 image.
    Le,
    /// A DOS program.
    Dos,
    /// A shared object of macOS.
    MachO,
    /// A script or a text.
    Text,
    /// Nothing that we know.
    Unknown,
    /// No bytes at all.
    Empty,
}

impl Kind {
    /// Tells the kind from the bytes of a file.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [] => Self::Empty,
            [0x7f, b'E', b'L', b'F', ..] => Self::Elf,
            [b'M', b'Z', ..] => Self::behind_the_dos_stub(bytes),
            [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => Self::MachO,
            _ if bytes
                .iter()
                .take(512)
                .all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)) =>
            {
                Self::Text
            }
            _ => Self::Unknown,
        }
    }

    fn behind_the_dos_stub(bytes: &[u8]) -> Self {
        let header = bytes
            .get(0x3c..0x40)
            .and_then(|offset| offset.try_into().ok())
            .and_then(|offset| usize::try_from(u32::from_le_bytes(offset)).ok())
            .and_then(|offset| bytes.get(offset..offset.checked_add(4)?));
        match header {
            Some(b"PE\0\0") => Self::Pe,
            Some([b'N', b'E', ..]) => Self::Ne,
            Some([b'L', b'E' | b'X', ..]) => Self::Le,
            _ => Self::Dos,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "built-in",
            Self::Elf => "ELF",
            Self::Pe => "PE, a Windows image",
            Self::Ne => "NE, a 16-bit Windows image",
            Self::Le => "LE, a virtual device driver of Windows 3 or 95",
            Self::Dos => "MZ, a DOS program",
            Self::MachO => "Mach-O",
            Self::Text => "text",
            Self::Unknown => "unknown",
            Self::Empty => "empty",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    fn image(signature: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 0x40];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3c] = 0x40;
        bytes.extend_from_slice(signature);
        bytes
    }

    #[test]
    fn what_is_behind_the_dos_stub_decides() {
        assert_eq!(Kind::of(&image(b"PE\0\0")), Kind::Pe);
        assert_eq!(Kind::of(&image(b"NE\x05\x14")), Kind::Ne);
        assert_eq!(Kind::of(&image(b"LE\0\0")), Kind::Le);
        assert_eq!(Kind::of(&image(b"")), Kind::Dos);
        assert_eq!(Kind::of(b"MZ"), Kind::Dos);
        let mut far = image(b"PE\0\0");
        far[0x3c..0x40].fill(0xff);
        assert_eq!(Kind::of(&far), Kind::Dos);
    }

    #[test]
    fn other_files_are_named_for_what_they_are() {
        assert_eq!(Kind::of(b""), Kind::Empty);
        assert_eq!(Kind::of(b"\x7fELF\x02"), Kind::Elf);
        assert_eq!(Kind::of(b"#!/bin/sh\n"), Kind::Text);
        assert_eq!(Kind::of(b"\x00\x01\x02"), Kind::Unknown);
    }
}
