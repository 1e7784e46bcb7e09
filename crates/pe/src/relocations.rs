//! Moving an image to another address than it was linked for.

use object::LittleEndian as LE;
use object::pe;
use object::pod::{from_bytes, slice_from_all_bytes};

use crate::{Directory, Error, Image};

/// Adds `delta` to every address that the image's relocations name. `memory` is the whole image.
pub(crate) fn apply(image: &Image<'_>, memory: &mut [u8], delta: u64) -> Result<(), Error> {
    let what = "relocation table";
    let Some((mut rva, size)) = image.directory(Directory::BaseRelocation) else {
        return Ok(());
    };
    let mut table = image.bytes(what, rva, size)?;
    while let Ok((block, rest)) = from_bytes::<pe::ImageBaseRelocation>(table) {
        let length = block.size_of_block.get(LE) as usize;
        if length == 0 {
            return Ok(());
        }
        let entries = length
            .checked_sub(size_of_val(block))
            .and_then(|length| rest.get(..length));
        let entries = entries.ok_or(Error::Malformed {
            what,
            address: rva.into(),
            problem: "has a block of an impossible size",
        })?;
        let entries = slice_from_all_bytes::<object::U16<LE>>(&entries[..entries.len() & !1]);
        let page = block.virtual_address.get(LE);
        patch(memory, page, entries.unwrap_or_default(), delta)?;
        table = &table[length..];
        rva += length as u32;
    }
    Ok(())
}

fn patch(
    memory: &mut [u8],
    page: u32,
    entries: &[object::U16<LE>],
    delta: u64,
) -> Result<(), Error> {
    let mut entries = entries.iter().map(|entry| entry.get(LE));
    while let Some(entry) = entries.next() {
        let address = page as usize + usize::from(entry & 0xfff);
        let done = match pe::BaseRelocationType(entry >> 12) {
            pe::IMAGE_REL_BASED_ABSOLUTE => Some(()),
            pe::IMAGE_REL_BASED_DIR64 => change(memory, address, |old| {
                u64::from_le_bytes(old).wrapping_add(delta).to_le_bytes()
            }),
            pe::IMAGE_REL_BASED_HIGHLOW => change(memory, address, |old| {
                u32::from_le_bytes(old)
                    .wrapping_add(delta as u32)
                    .to_le_bytes()
            }),
            pe::IMAGE_REL_BASED_HIGH => change(memory, address, |old| {
                let high = u32::from(u16::from_le_bytes(old)) << 16;
                ((high.wrapping_add(delta as u32) >> 16) as u16).to_le_bytes()
            }),
            pe::IMAGE_REL_BASED_LOW => change(memory, address, |old| {
                u16::from_le_bytes(old)
                    .wrapping_add(delta as u16)
                    .to_le_bytes()
            }),
            // The entry after it holds the low half, which is signed.
            pe::IMAGE_REL_BASED_HIGHADJ => {
                let low = i32::from(entries.next().unwrap_or_default() as i16) as u32;
                change(memory, address, |old| {
                    let high = u32::from(u16::from_le_bytes(old)) << 16;
                    let moved = high.wrapping_add(low).wrapping_add(delta as u32);
                    ((moved.wrapping_add(0x8000) >> 16) as u16).to_le_bytes()
                })
            }
            _ => {
                return Err(Error::Malformed {
                    what: "relocation",
                    address: address as u64,
                    problem: "is of a kind for other machines",
                });
            }
        };
        done.ok_or(Error::Outside {
            what: "relocation",
            address: address as u64,
            size: 8,
        })?;
    }
    Ok(())
}

fn change<const N: usize>(
    memory: &mut [u8],
    address: usize,
    new: impl FnOnce([u8; N]) -> [u8; N],
) -> Option<()> {
    let place = memory.get_mut(address..)?.first_chunk_mut::<N>()?;
    *place = new(*place);
    Some(())
}
