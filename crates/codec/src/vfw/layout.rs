//! How the structures of messages lie in a codec's world: chosen once, when the codec is opened.

use opendriver::Width;
use opendriver_abi::structures::{
    Address, FourCc, IcCompress, IcCompressFrames, IcDecompress, IcDecompressEx, IcOpen,
    Structure as _,
};

use super::Rectangles;

/// Writes structures with addresses as wide as a codec's.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) open: Written<Open>,
    /// Reads `dwError` of an `ICOPEN`.
    pub(super) open_error: fn(&[u8]) -> Option<isize>,
    pub(super) decompress: Written<Decompress>,
    pub(super) decompress_ex: Written<(Decompress, Rectangles)>,
    pub(super) compress: Written<Compress>,
    pub(super) compress_frames: Written<CompressFrames>,
}

/// How long a structure is, and what writes it.
#[derive(Debug)]
pub(super) struct Written<T> {
    pub(super) size: usize,
    pub(super) write: fn(&T, &mut [u8]) -> Option<()>,
}

/// What an `ICOPEN` says.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) handler: FourCc,
    pub(super) flags: u32,
}

/// What an `ICDECOMPRESS` says; addresses are as messages carry them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decompress {
    pub(super) flags: u32,
    pub(super) input_format: isize,
    pub(super) input: isize,
    pub(super) output_format: isize,
    pub(super) output: isize,
}

/// What an `ICCOMPRESS` says.
#[derive(Debug)]
pub(super) struct Compress {
    pub(super) flags: u32,
    pub(super) output_format: isize,
    pub(super) output: isize,
    pub(super) input_format: isize,
    pub(super) input: isize,
    pub(super) chunk: isize,
    pub(super) index_flags: isize,
    pub(super) frame: i32,
    pub(super) frame_size: u32,
    pub(super) quality: u32,
    pub(super) previous_format: isize,
    pub(super) previous: isize,
}

/// What an `ICCOMPRESSFRAMES` says.
#[derive(Debug)]
pub(super) struct CompressFrames {
    pub(super) output_format: isize,
    pub(super) input_format: isize,
    pub(super) quality: i32,
    pub(super) data_rate: i32,
    pub(super) key_rate: i32,
    pub(super) rate: u32,
    pub(super) scale: u32,
}

impl Layout {
    /// The one of a world.
    pub(super) fn of(width: Width) -> &'static Self {
        match width {
            Width::W32 => const { &Self::new::<u32>() },
            Width::W64 => const { &Self::new::<u64>() },
        }
    }

    const fn new<P: Address>() -> Self {
        Self {
            open: Written {
                size: IcOpen::<P>::SIZE,
                write: open::<P>,
            },
            open_error: |bytes| Some(IcOpen::<P>::read(bytes)?.error.to_param()),
            decompress: Written {
                size: IcDecompress::<P>::SIZE,
                write: decompress::<P>,
            },
            decompress_ex: Written {
                size: IcDecompressEx::<P>::SIZE,
                write: decompress_ex::<P>,
            },
            compress: Written {
                size: IcCompress::<P>::SIZE,
                write: compress::<P>,
            },
            compress_frames: Written {
                size: IcCompressFrames::<P>::SIZE,
                write: compress_frames::<P>,
            },
        }
    }
}

fn open<P: Address>(open: &Open, bytes: &mut [u8]) -> Option<()> {
    let structure = IcOpen::<P> {
        size: IcOpen::<P>::SIZE as u32,
        kind: FourCc::VIDC,
        handler: open.handler,
        // ICVERSION, the version of the interface.
        version: 0x0104,
        flags: open.flags,
        ..IcOpen::zeroed()
    };
    structure.write(bytes)
}

fn decompress<P: Address>(parts: &Decompress, bytes: &mut [u8]) -> Option<()> {
    let structure = IcDecompress::<P> {
        flags: parts.flags,
        input_format: P::from_param(parts.input_format),
        input: P::from_param(parts.input),
        output_format: P::from_param(parts.output_format),
        output: P::from_param(parts.output),
        // The manager of Windows leaves the code of the chunk empty, too.
        chunk: 0,
    };
    structure.write(bytes)
}

fn decompress_ex<P: Address>(
    (parts, places): &(Decompress, Rectangles),
    bytes: &mut [u8],
) -> Option<()> {
    let structure = IcDecompressEx::<P> {
        flags: parts.flags,
        source_format: P::from_param(parts.input_format),
        source: P::from_param(parts.input),
        destination_format: P::from_param(parts.output_format),
        destination: P::from_param(parts.output),
        destination_x: places.destination.x,
        destination_y: places.destination.y,
        destination_width: places.destination.width,
        destination_height: places.destination.height,
        source_x: places.source.x,
        source_y: places.source.y,
        source_width: places.source.width,
        source_height: places.source.height,
    };
    structure.write(bytes)
}

fn compress<P: Address>(parts: &Compress, bytes: &mut [u8]) -> Option<()> {
    let structure = IcCompress::<P> {
        flags: parts.flags,
        output_format: P::from_param(parts.output_format),
        output: P::from_param(parts.output),
        input_format: P::from_param(parts.input_format),
        input: P::from_param(parts.input),
        chunk: P::from_param(parts.chunk),
        index_flags: P::from_param(parts.index_flags),
        frame: parts.frame,
        frame_size: parts.frame_size,
        quality: parts.quality,
        previous_format: P::from_param(parts.previous_format),
        previous: P::from_param(parts.previous),
    };
    structure.write(bytes)
}

fn compress_frames<P: Address>(parts: &CompressFrames, bytes: &mut [u8]) -> Option<()> {
    let structure = IcCompressFrames::<P> {
        output_format: P::from_param(parts.output_format),
        input_format: P::from_param(parts.input_format),
        count: i32::MAX,
        quality: parts.quality,
        data_rate: parts.data_rate,
        key_rate: parts.key_rate,
        rate: parts.rate,
        scale: parts.scale,
        ..IcCompressFrames::zeroed()
    };
    structure.write(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_as_wide_as_the_world() {
        let parts = Decompress {
            flags: 1,
            input_format: 0x8000_0002_u32 as isize,
            input: 3,
            output_format: 4,
            output: 5,
        };
        let numbers = |width: Width| {
            let layout = Layout::of(width);
            let mut bytes = [0; 64];
            (layout.decompress.write)(&parts, &mut bytes).unwrap();
            let numbers = bytes
                .as_chunks()
                .0
                .iter()
                .map(|&number| u32::from_le_bytes(number));
            let size = layout.decompress.size / 4;
            numbers.take(size).collect::<Vec<_>>()
        };
        assert_eq!(numbers(Width::W32), [1, 0x8000_0002, 3, 4, 5, 0]);
        assert_eq!(
            numbers(Width::W64),
            [1, 0, 0x8000_0002, 0, 3, 0, 4, 0, 5, 0, 0, 0]
        );
    }
}
