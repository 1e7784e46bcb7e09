//! A change of palette in the middle of a stream.

use opendriver_abi::structures::{BitmapInfoHeader, Structure as _};

use crate::BitmapFormat;

/// What a palette change chunk (`##pc`) of an AVI file says: `AVIPALCHANGE`.
///
/// ```
/// use opendriver_codec::vfw::PaletteChange;
///
/// let change = PaletteChange::parse(&[16, 1, 0, 0, 10, 20, 30, 0]).unwrap();
/// assert_eq!((change.first, change.colours), (16, vec![[30, 20, 10, 0]])); // red came first
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaletteChange {
    /// The first colour that changes.
    pub first: u8,
    /// The new colours, each blue, green, red and 0, as a [`BitmapFormat`] has them.
    pub colours: Vec<[u8; 4]>,
}

impl PaletteChange {
    /// Takes the bytes of such a chunk; `None` where they are too few. A count of 0 means 256.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[first, count, _, _], behind) = bytes.split_first_chunk()?;
        let count = match count {
            0 => 256,
            count => usize::from(count),
        };
        let (entries, _) = behind.as_chunks::<4>();
        let colours: Vec<_> = entries
            .iter()
            .take(count.min(256 - usize::from(first)))
            .map(|&[red, green, blue, _]| [blue, green, red, 0])
            .collect();
        (!colours.is_empty()).then_some(Self { first, colours })
    }

    /// The format with the change made; as it was where it has no palette.
    pub fn apply(&self, format: &BitmapFormat) -> BitmapFormat {
        let header = format.header();
        let mut palette = format.palette().to_vec();
        if palette.is_empty() {
            return format.clone();
        }
        let places = palette.iter_mut().skip(self.first.into());
        places
            .zip(&self.colours)
            .for_each(|(place, colour)| *place = *colour);
        let start = (header.size as usize).saturating_sub(BitmapInfoHeader::SIZE);
        let mut behind = format.as_bytes()[BitmapInfoHeader::SIZE..].to_vec();
        let places = behind.get_mut(start..).unwrap_or_default();
        (places.as_chunks_mut::<4>().0.iter_mut())
            .zip(palette)
            .for_each(|(place, colour)| *place = colour);
        BitmapFormat::new(header, &behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pixel;

    #[test]
    fn a_change_names_as_many_colours_as_there_are() {
        let parse = |bytes: &[u8]| PaletteChange::parse(bytes).map(|change| change.colours);
        assert_eq!(parse(&[0, 1, 0]), None);
        assert_eq!(parse(&[0, 1, 0, 0, 1, 2, 3]), None);
        assert_eq!(
            parse(&[0, 9, 0, 0, 1, 2, 3, 4, 5]),
            Some(vec![[3, 2, 1, 0]])
        );
        let many = [&[255, 0, 0, 0][..], &[7; 2000]].concat();
        assert_eq!(parse(&many), Some(vec![[7, 7, 7, 0]]));
    }

    #[test]
    fn a_change_is_made_behind_a_header_of_any_length_and_nowhere_else() {
        let change = PaletteChange {
            first: 1,
            colours: vec![[1, 2, 3, 0]],
        };
        let format = BitmapFormat::uncompressed(Pixel::Rgb8, 4, 4);
        let longer = BitmapInfoHeader {
            size: 48,
            ..format.header()
        };
        let behind = [&[9; 8][..], &format.as_bytes()[40..]].concat();
        let changed = change.apply(&BitmapFormat::new(longer, &behind));
        assert_eq!(changed.palette()[..3], [[0; 4], [1, 2, 3, 0], [2, 2, 2, 0]]);
        assert_eq!(changed.as_bytes()[40..48], [9; 8]);

        let deep = BitmapFormat::uncompressed(Pixel::Rgb24, 4, 4);
        assert_eq!(change.apply(&deep), deep);
    }
}
