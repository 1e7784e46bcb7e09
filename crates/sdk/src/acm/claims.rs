//! Structures and formats in the application's memory.

use opendriver_abi::structures::{Structure, WaveFormatEx};

use super::{Refusal, WaveFormat};
use crate::Claim;

/// How wide the addresses in a structure are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum World {
    Narrow,
    Wide,
}

/// Tells which world a structure was laid out in, by the size that it begins with.
///
/// # Errors
/// It is shorter than it would be in either.
pub(super) fn world(claim: Claim<'_>, narrow: usize, wide: usize) -> Result<World, Refusal> {
    match claim.read_u32()? as usize {
        size if size >= wide => Ok(World::Wide),
        size if size >= narrow => Ok(World::Narrow),
        _ => Err(Refusal::BadParameter),
    }
}

/// Calls a method for the world that the structure at an address was laid out in.
macro_rules! by_world {
    ($structure:ident at $claim:expr => $self:ident.$method:ident($($argument:expr),*)) => {
        match world($claim, $structure::<u32>::SIZE, $structure::<u64>::SIZE) {
            Ok(World::Narrow) => $self.$method::<u32>($($argument),*),
            Ok(World::Wide) => $self.$method::<u64>($($argument),*),
            Err(refusal) => Err(refusal),
        }
    };
}
pub(super) use by_world;

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
