//! Structures and formats in the application's memory.

use opendriver_abi::structures::{Field, Plain, Structure, WaveFormatEx};

use super::{Refusal, WaveFormat};
use crate::Claim;

/// More than any structure with addresses has.
const LONGEST: usize = 512;

/// A structure with addresses, as its application laid it out, and its fields as 64 bits would have them.
pub(super) struct Told<'a, S> {
    pub(super) fields: S,
    claim: Claim<'a>,
    layout: &'static [Field],
}

/// Reads a structure that begins with its size, by which it says how it was laid out: with addresses of 32 bits, with those of 64 as Windows
/// packs them, or with those of 64 at multiples of their size, as Wine's manager has them.
///
/// # Errors
/// It is shorter than it would be in any of these, or not there.
pub(super) fn told<Narrow: Structure, Wide: Structure, Aligned: Structure>(
    claim: Claim<'_>,
) -> Result<Told<'_, Wide>, Refusal> {
    let size = claim.read_u32()? as usize;
    let (layout, size) = match size {
        size if size >= Aligned::SIZE => (Aligned::FIELDS, Aligned::SIZE),
        size if size >= Wide::SIZE => (Wide::FIELDS, Wide::SIZE),
        size if size >= Narrow::SIZE => (Narrow::FIELDS, Narrow::SIZE),
        _ => return Err(Refusal::BadParameter),
    };
    let mut found = [0; LONGEST];
    claim.read(&mut found[..size])?;
    let mut wide = [0; LONGEST];
    for (from, to) in layout.iter().zip(Wide::FIELDS) {
        wide[to.offset..][..from.size].copy_from_slice(&found[from.offset..][..from.size]);
    }
    Ok(Told {
        fields: Wide::read(&wide).expect("no structure of the manager is as long"),
        claim,
        layout,
    })
}

impl<S> Told<'_, S> {
    /// Writes one field, by its name in C; an address that is too wide for the application loses its upper half.
    pub(super) fn set(&self, name: &str, value: &impl Plain) -> Result<(), Refusal> {
        let field = self.layout.iter().find(|field| field.name == name);
        let field = field.expect("the structure has the field");
        let mut bytes = [0; LONGEST];
        value.write_to(&mut bytes);
        self.claim.at(field.offset).write(&bytes[..field.size])?;
        Ok(())
    }
}

/// Reads a format of which nobody says how long it is: that of plain samples ends before the count of what follows it.
///
/// # Errors
/// It is not wholly there.
pub(super) fn format(claim: Claim<'_>) -> Result<WaveFormat, Refusal> {
    const SHORTEST: usize = 16;
    let parsed = |bytes: &[u8]| WaveFormat::parse(bytes).ok_or(Refusal::BadParameter);
    let mut head = [0; WaveFormatEx::SIZE];
    claim.read(&mut head[..SHORTEST])?;
    if u16::from_le_bytes([head[0], head[1]]) == WaveFormat::PCM {
        return parsed(&head[..SHORTEST]);
    }
    claim.read(&mut head)?;
    let extra = u16::from_le_bytes([head[16], head[17]]);
    if extra == 0 {
        return parsed(&head);
    }
    let mut bytes = vec![0; WaveFormatEx::SIZE + usize::from(extra)];
    claim.read(&mut bytes)?;
    parsed(&bytes)
}

/// Writes a format where there is room for `room` bytes; that of plain samples may lack the count of what follows it.
///
/// # Errors
/// There is not so much room.
pub(super) fn put_format(claim: Claim<'_>, room: u32, format: &WaveFormat) -> Result<(), Refusal> {
    let is_plain = format.tag == WaveFormat::PCM && format.extra.is_empty();
    let format = format.to_bytes();
    let needed = if is_plain { 16 } else { format.len() };
    if (room as usize) < needed {
        return Err(Refusal::BadParameter);
    }
    claim.write(&format[..format.len().min(room as usize)])?;
    Ok(())
}

/// Reads a structure that begins with its size.
///
/// # Errors
/// It is shorter than it would be, or not there.
pub(super) fn whole<S: Structure>(claim: Claim<'_>) -> Result<S, Refusal> {
    if (claim.read_u32()? as usize) < S::SIZE {
        return Err(Refusal::BadParameter);
    }
    Ok(claim.structure()?)
}
