//! Formats and pictures in the application's memory.

use opendriver_abi::LParam;
use opendriver_abi::structures::{BitmapInfoHeader, Structure as _};

use super::bitmap::behind;
use super::{BitmapFormat, Refusal};
use crate::Claim;

/// How wide the addresses in a structure are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum World {
    Narrow,
    Wide,
}

/// Tells which world a structure was laid out in, by the size that came with it; where none came, it is this program's.
///
/// # Errors
/// It is shorter than it would be in either.
pub(super) fn world(size: LParam, narrow: usize, wide: usize) -> Result<World, Refusal> {
    match size.cast_unsigned() {
        0 if size_of::<usize>() == 8 => Ok(World::Wide),
        0 => Ok(World::Narrow),
        size if size >= wide => Ok(World::Wide),
        size if size >= narrow => Ok(World::Narrow),
        _ => Err(Refusal::BadParameter),
    }
}

/// Calls a method for the world that a structure of this size was laid out in.
macro_rules! by_world {
    ($structure:ident of $size:expr => $self:ident.$method:ident($($argument:expr),*)) => {
        match world($size, $structure::<u32>::SIZE, $structure::<u64>::SIZE) {
            Ok(World::Narrow) => $self.$method::<u32>($($argument),*),
            Ok(World::Wide) => $self.$method::<u64>($($argument),*),
            Err(refusal) => Err(refusal),
        }
    };
}
pub(super) use by_world;

/// Reads a format of which nobody says how long it is. A palette that is not there is none.
///
/// # Errors
/// It is not wholly there.
pub(super) fn format(claim: Claim<'_>) -> Result<BitmapFormat, Refusal> {
    const MOST: usize = 1 << 20;
    let header: BitmapInfoHeader = claim.structure()?;
    let (extra, tables) = behind(&header);
    if extra > MOST {
        return Err(Refusal::BadFormat);
    }
    let mut bytes = vec![0; BitmapInfoHeader::SIZE + extra + tables];
    if claim.read(&mut bytes).is_err() {
        bytes.truncate(BitmapInfoHeader::SIZE + extra);
        claim.read(&mut bytes)?;
    }
    BitmapFormat::parse(&bytes).ok_or(Refusal::BadFormat)
}

/// The size of a picture that there can be memory for.
///
/// # Errors
/// A header says what it likes, and no picture is that large.
pub(super) fn sane(size: usize) -> Result<usize, Refusal> {
    const LARGEST: usize = 1 << 30;
    match size {
        0..=LARGEST => Ok(size),
        _ => Err(Refusal::BadSize),
    }
}

/// Reads bytes into a list, which grows no faster than they turn out to be there.
///
/// # Errors
/// They are not all there.
pub(super) fn read_into(
    list: &mut Vec<u8>,
    claim: Claim<'_>,
    length: usize,
) -> Result<(), Refusal> {
    const PIECE: usize = 1 << 20;
    let mut read = 0;
    while read < length {
        let end = length.min(read + PIECE);
        if list.len() < end {
            list.resize(end, 0);
        }
        claim.at(read).read(&mut list[read..end])?;
        read = end;
    }
    list.truncate(length);
    Ok(())
}
