//! The one field of the load configuration that a loader must fill: the security cookie.

use crate::{Directory, Error, Image, Width};

/// The value that linkers put there to say that nobody has chosen one.
const UNSET_64: u64 = 0x0000_2b99_2ddf_a232;
const UNSET_32: u64 = 0xbb40_e64e;

/// The value that an image's functions keep beside their return addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecurityCookie {
    /// Where it is, relative to the image base.
    pub rva: u32,
    /// Whether it still has the value that linkers give it.
    pub is_unset: bool,
}

pub(crate) fn security_cookie(image: &Image<'_>) -> Result<Option<SecurityCookie>, Error> {
    let what = "load configuration";
    let Some((rva, _)) = image.directory(Directory::LoadConfig) else {
        return Ok(None);
    };
    // The structure grew over the years; its first field tells how far.
    let size: object::U32<object::LittleEndian> = image.read(what, rva)?;
    let (at, unset) = match image.width() {
        Width::Bits32 => (60, UNSET_32),
        Width::Bits64 => (88, UNSET_64),
    };
    let width = image.width().bytes();
    if size.get(object::LittleEndian) < at + width {
        return Ok(None);
    }
    let address = match image.pointer(what, rva.saturating_add(at))? {
        0 => return Ok(None),
        address => address,
    };
    let what = "security cookie";
    let rva = image.relative(what, address)?;
    let is_writable = image
        .section_at(rva)
        .is_some_and(|section| section.access.write);
    if !is_writable || image.image_size() - rva < width {
        return Ok(None);
    }
    Ok(Some(SecurityCookie {
        rva,
        is_unset: image.pointer(what, rva)? == unset,
    }))
}
