//! What a file is, as far as its first bytes tell.

use std::borrow::Cow;

use opendriver_abi::structures::FourCc;

/// How many bytes are enough to tell.
pub const SIGNATURE: usize = 64;

/// Files that begin with these bytes at this place. Those that are told by fewer bytes come last.
const KNOWN: [(usize, &[u8], &str); 42] = [
    (0, b"YUV4MPEG2", "Y4M"),
    (0, b"RF64", "WAV beyond 4 GiB (RF64)"),
    (0, b"BW64", "WAV beyond 4 GiB (BW64)"),
    (0, b"RIFX", "RIFF with the highest byte first (RIFX)"),
    (0, b"riff\x2e\x91\xcf\x11", "Wave64"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (4, b"ftyp", "MP4 or QuickTime"),
    (4, b"moov", "QuickTime"),
    (4, b"mdat", "QuickTime"),
    (4, b"wide", "QuickTime"),
    (0, b"OggS", "Ogg"),
    (0, b"fLaC", "FLAC"),
    (0, b"ID3", "MP3 with an ID3 tag"),
    (8, b"AIFF", "AIFF"),
    (8, b"AIFC", "AIFF-C"),
    (0, b"FORM", "IFF"),
    (0, b".snd", "AU"),
    (0, b"caff", "CAF"),
    (0, b"wvpk", "WavPack"),
    (0, b"MThd", "MIDI"),
    (0, b"Creative Voice File", "Creative Voice (VOC)"),
    (
        0,
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        "ASF (Windows Media)",
    ),
    (0, b".RMF", "RealMedia"),
    (0, b".ra\xfd", "RealAudio"),
    (0, b"FLV\x01", "Flash video"),
    (0, b"FWS", "Flash"),
    (0, b"CWS", "Flash"),
    (0, b"BIK", "Bink"),
    (0, b"SMK", "Smacker"),
    (0, b"DKIF", "IVF"),
    (4, b"\x11\xaf", "FLIC animation"),
    (4, b"\x12\xaf", "FLIC animation"),
    (0, b"\0\0\x01\xba", "MPEG program stream"),
    (0, b"\0\0\x01\xb3", "MPEG video"),
    (0, b"GIF8", "GIF"),
    (0, b"\x89PNG", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"PK\x03\x04", "ZIP archive"),
    (0, b"\x1f\x8b", "gzip archive"),
    (0, b"\x7fELF", "ELF, a program or library of Linux"),
    (0, b"MZ", "a program or a driver of Windows or DOS"),
    (0, b"BM", "BMP"),
];

/// RIFF files by the form that stands behind their size.
const FORMS: [(&[u8], &str); 8] = [
    (b"AVI ", "AVI"),
    (b"WAVE", "WAV"),
    (b"RMID", "MIDI in RIFF"),
    (b"WEBP", "WebP"),
    (b"ACON", "animated cursor"),
    (b"sfbk", "SoundFont"),
    (b"PAL ", "palette in RIFF"),
    (b"CDDA", "CD track"),
];

/// Says what a file is by its first [`SIGNATURE`] bytes, or by fewer of a shorter one; nothing where they do not tell.
///
/// ```
/// use opendriver_codec::file::signature;
///
/// assert_eq!(signature(b"OggS\0\x02").as_deref(), Some("Ogg"));
/// assert_eq!(signature(b"RIFF\x24\0\0\0ABCD").as_deref(), Some("RIFF of the form \"ABCD\""));
/// ```
pub fn signature(start: &[u8]) -> Option<Cow<'static, str>> {
    if start.starts_with(b"RIFF")
        && let Some(&form) = start.get(8..).and_then(<[u8]>::first_chunk)
    {
        let known = FORMS.iter().find(|(name, _)| *name == form);
        return Some(match known {
            Some((_, what)) => Cow::Borrowed(*what),
            None => Cow::Owned(format!("RIFF of the form \"{}\"", FourCc::new(form))),
        });
    }
    let known = KNOWN.iter().find(|(at, bytes, _)| {
        let there = start.get(*at..);
        there.is_some_and(|there| there.starts_with(bytes))
    });
    known
        .map(|(_, _, what)| *what)
        .or_else(|| mpeg(start))
        .map(Cow::Borrowed)
}

/// MPEG audio and ADTS begin with eleven or twelve bits that are set, and with numbers that not all are allowed.
fn mpeg(start: &[u8]) -> Option<&'static str> {
    let &[first, second, third, ..] = start else {
        return None;
    };
    if first != 0xff || second & 0xe0 != 0xe0 {
        return None;
    }
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    let (rate, frequency) = (third >> 4, third >> 2 & 3);
    match layer {
        0 if second & 0xf6 == 0xf0 => Some("AAC (ADTS)"),
        _ if version == 1 || rate == 15 || frequency == 3 => None,
        1 => Some("MP3"),
        2 => Some("MPEG audio, layer 2"),
        3 => Some("MPEG audio, layer 1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_first_bytes() {
        for (start, what) in [
            (&b"RIFF\0\0\0\0AVI LIST"[..], Some("AVI")),
            (b"RIFF\0\0\0\0WAVEfmt ", Some("WAV")),
            (b"\0\0\0\x20ftypisom", Some("MP4 or QuickTime")),
            (b"\xff\xfb\x90\x64", Some("MP3")),
            (b"\xff\xf1\x50\x80", Some("AAC (ADTS)")),
            (b"\xff\xff\xff\xff", None),
            (b"FORM\0\0\0\0AIFFCOMM", Some("AIFF")),
            (b"FORM\0\0\0\x008SVXVHDR", Some("IFF")),
            (b"RIFF", None),
            (b"hello", None),
            (b"", None),
        ] {
            assert_eq!(signature(start).as_deref(), what, "{start:?}");
        }
    }

    #[test]
    fn no_file_is_hidden_by_one_that_is_told_by_fewer_bytes() {
        for (place, (at, bytes, what)) in KNOWN.iter().enumerate() {
            let hides =
                |(other, start, _): &&(usize, &[u8], &str)| other == at && bytes.starts_with(start);
            let before = KNOWN[..place].iter().find(hides);
            assert_eq!(before, None, "before {what}");
            assert!(at + bytes.len() <= SIGNATURE);
        }
    }
}
