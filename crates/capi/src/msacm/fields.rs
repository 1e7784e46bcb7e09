//! Structures of the application, field by field: what it gives, and what it is told.
#![expect(unsafe_code, reason = "makes functions of the application callable")]

use opendriver_codec::WaveFormat;
use opendriver_codec::acm::WaveFilter;

use super::error::{Error, given};
use crate::claim;
use crate::text::Encoding;

/// The bytes of a structure, packed as msacm.h has it.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<u8>);

impl Fields {
    /// Starts with room for `cbStruct`.
    pub(super) fn new() -> Self {
        Self(vec![0; 4])
    }

    pub(super) fn word(mut self, value: u16) -> Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    pub(super) fn dword(mut self, value: u32) -> Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    pub(super) fn address(mut self, value: usize) -> Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    pub(super) fn text(mut self, encoding: Encoding, text: &str, units: usize) -> Self {
        self.0.extend(encoding.field(text, units));
        self
    }

    /// Writes as much as the application has room for, and how much that is in front.
    pub(super) fn fill(mut self, address: usize, room: u32) -> Result<(), Error> {
        let len = self.0.len().min(room as usize);
        self.0[..4].copy_from_slice(&(len as u32).to_ne_bytes());
        Ok(claim::write(address, &self.0[..len])?)
    }
}

/// The size that a structure of the application says, which is at least `least`.
pub(super) fn size(what: &'static str, address: usize, least: usize) -> Result<u32, Error> {
    let size = claim::number(given(what, address)?)?;
    if (size as usize) < least {
        let expected = format!("at least {least} as cbStruct");
        return Err(Error::parameter(what, expected, size));
    }
    Ok(size)
}

/// The number at an offset of a structure of the application.
pub(super) fn number_at(address: usize, offset: usize) -> Result<u32, Error> {
    Ok(claim::number(address.wrapping_add(offset))?)
}

/// The address at an offset of a structure of the application.
pub(super) fn address_at(address: usize, offset: usize) -> Result<usize, Error> {
    let mut bytes = [0; 8];
    claim::read(address.wrapping_add(offset), &mut bytes)?;
    Ok(usize::from_ne_bytes(bytes))
}

/// Whether a byte can be read everywhere in a buffer, as far as its ends tell.
pub(super) fn probe(what: &'static str, address: usize, len: u32) -> Result<(), Error> {
    given(what, address)?;
    if len > 0 {
        claim::bytes(address, 1)?;
        claim::bytes(address.wrapping_add(len as usize - 1), 1)?;
    }
    Ok(())
}

/// Where a function of the application is. Of a wild address it can only be told whether there is memory.
pub(super) fn function(what: &'static str, address: usize) -> Result<usize, Error> {
    claim::bytes(given(what, address)?, 1)?;
    Ok(address)
}

/// `ACMFORMATENUMCB` and its like.
type EnumFunction = extern "C" fn(usize, usize, usize, u32) -> i32;

/// A function that an enumeration calls for each format, filter or kind of them.
pub(super) struct Callback {
    function: EnumFunction,
    instance: usize,
}

impl Callback {
    /// What a program gives as a function, with the value that it wants back.
    pub(super) fn new(address: usize, instance: usize) -> Result<Self, Error> {
        let address = function("fnCallback", address)?;
        // SAFETY: vouched by who called the exported function: it named this function to be called.
        let function = unsafe { std::mem::transmute::<usize, EnumFunction>(address) };
        Ok(Self { function, instance })
    }

    /// Tells the function of what stands at `details`; whether it wants to hear more.
    pub(super) fn wants_more(&self, driver: usize, details: usize, support: u32) -> bool {
        (self.function)(driver, details, self.instance, support) != 0
    }
}

/// The length of a PCMWAVEFORMAT, which formats of plain samples may be.
const SHORT: usize = 16;

/// The length of a WAVEFORMATEX.
const WHOLE: usize = 18;

/// Reads a format, of at most `room` bytes.
pub(super) fn format(what: &'static str, address: usize, room: usize) -> Result<WaveFormat, Error> {
    given(what, address)?;
    let too_long = |len: usize| {
        Error::parameter(
            what,
            format!("a format of {len} bytes"),
            format!("room for {room}"),
        )
    };
    if room < SHORT {
        return Err(too_long(SHORT));
    }
    let mut bytes = claim::bytes(address, SHORT)?;
    if bytes[..2] != WaveFormat::PCM.to_le_bytes() {
        let mut extra = [0; 2];
        claim::read(address.wrapping_add(SHORT), &mut extra)?;
        let whole = WHOLE + usize::from(u16::from_le_bytes(extra));
        if whole > room {
            return Err(too_long(whole));
        }
        bytes = claim::bytes(address, whole)?;
    }
    Ok(WaveFormat::parse(&bytes)?)
}

/// Writes a format into `room` bytes; plain samples may have two bytes less than others.
pub(super) fn set_format(
    what: &'static str,
    address: usize,
    room: u32,
    format: &WaveFormat,
) -> Result<(), Error> {
    let bytes = format.as_bytes();
    let room = room as usize;
    let bytes = match bytes.get(..room) {
        None => bytes,
        Some(fit) if fit.len() == bytes.len() => bytes,
        Some(_) if format.tag() == WaveFormat::PCM && room >= SHORT => &bytes[..SHORT],
        Some(_) => {
            let expected = format!("room for {} bytes", bytes.len());
            return Err(Error::parameter(what, expected, room));
        }
    };
    Ok(claim::write(address, bytes)?)
}

/// The length of a WAVEFILTER.
const FILTER: usize = 32;

/// No filter is longer.
const LONGEST_FILTER: usize = 0x1_0000;

/// Reads a filter.
pub(super) fn filter(what: &'static str, address: usize) -> Result<WaveFilter, Error> {
    let size = size(what, address, FILTER)? as usize;
    if size > LONGEST_FILTER {
        return Err(Error::parameter(what, "a filter's size as cbStruct", size));
    }
    Ok(WaveFilter::parse(&claim::bytes(address, size)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_is_filled_as_far_as_there_is_room() {
        let mut room = [0xaa_u8; 16];
        let fields = Fields::new()
            .dword(7)
            .word(8)
            .text(Encoding::Narrow, "abc", 4);
        fields
            .fill(room.as_mut_ptr().expose_provenance(), 11)
            .unwrap();
        assert_eq!(room[..12], *b"\x0b\0\0\0\x07\0\0\0\x08\0a\xaa");
    }

    #[test]
    fn formats_are_read_as_long_as_they_are() {
        let adpcm: [u8; 20] = [
            2, 0, 1, 0, 64, 31, 0, 0, 0, 16, 0, 0, 0, 1, 4, 0, 2, 0, 9, 9,
        ];
        let address = adpcm.as_ptr().expose_provenance();
        assert_eq!(format("pwfx", address, 20).unwrap().extra(), [9, 9]);
        assert!(matches!(
            format("pwfx", address, 19),
            Err(Error::Parameter { .. })
        ));
        assert!(matches!(
            format("pwfx", 0, 99),
            Err(Error::Parameter { .. })
        ));
        assert!(matches!(format("pwfx", 8, 99), Err(Error::Pointer(_))));
        let plain = WaveFormat::pcm(2, 8000, 16);
        let address = plain.as_bytes().as_ptr().expose_provenance();
        assert_eq!(format("pwfx", address, 16).unwrap(), plain);
    }

    #[test]
    fn a_format_is_written_where_it_fits() {
        let plain = WaveFormat::pcm(2, 8000, 16);
        for (room, written) in [(15, 0), (16, 16), (17, 16), (18, 18), (40, 18)] {
            let mut bytes = [0xaa_u8; 40];
            let set = set_format("pwfx", bytes.as_mut_ptr().expose_provenance(), room, &plain);
            assert_eq!(set.is_ok(), written > 0);
            assert_eq!(bytes[..written], plain.as_bytes()[..written]);
            assert!(bytes[written..].iter().all(|byte| *byte == 0xaa), "{room}");
        }
    }
}
