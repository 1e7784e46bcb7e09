//! Films that ffmpeg decodes and does not encode: valid streams of codes, drawn by chance from a fixed seed.
//!
//! They show nothing that a person would want to see, and use every code that the format has.

use std::iter;
use std::path::Path;

use super::avi::Writer;
use super::{Film, Video};

/// Every which frame is a key frame.
const KEY_EVERY: u32 = 25;

/// Writes a film of [`Video::PaletteVideo1`], [`Video::Rle8`], [`Video::Rle4`] or [`Video::Rgb8`].
pub(super) fn film(codec: Video, film: Film, to: &Path) {
    let (handler, compression, bits) = match codec {
        Video::Rle8 => (*b"mrle", 1_u32.to_le_bytes(), 8),
        Video::Rle4 => (*b"mrle", 2_u32.to_le_bytes(), 4),
        Video::Rgb8 => (*b"DIB ", 0_u32.to_le_bytes(), 8),
        _ => (*b"CRAM", *b"CRAM", 8),
    };
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let colours = 1_u32 << bits;
    let mut format = Vec::new();
    for number in [40, film.width, film.height, 1 | bits << 16] {
        format.extend_from_slice(&number.to_le_bytes());
    }
    format.extend_from_slice(&compression);
    for number in [0, 0, 0, colours, 0] {
        format.extend_from_slice(&number.to_le_bytes());
    }
    for _ in 0..colours {
        format.extend([chance.byte(), chance.byte(), chance.byte(), 0]);
    }
    let mut writer = Writer::new(to, handler, &format).expect("target/ is writable");
    let mut data = Vec::new();
    for frame in 0..film.frames {
        let key = codec == Video::Rgb8 || frame % KEY_EVERY == 0;
        if codec != Video::Rgb8 {
            data.clear();
        }
        match codec {
            Video::Rle8 => rle(&mut chance, film, key, 8, &mut data),
            Video::Rle4 => rle(&mut chance, film, key, 4, &mut data),
            Video::Rgb8 => boxes(&mut chance, film, &mut data),
            _ => video1(&mut chance, film, key, &mut data),
        }
        writer.frame(&data, key).expect("target/ is writable");
    }
    writer.finish().expect("target/ is writable");
}

/// Numbers by chance, the same ones each time (xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }

    fn byte(&mut self) -> u8 {
        self.next() as u8
    }

    fn bytes(&mut self, count: u32) -> impl Iterator<Item = u8> {
        iter::repeat_with(|| self.byte()).take(count as usize)
    }
}

/// One picture of Microsoft Video 1 in 8 bits: blocks of 4 by 4 pixels, the lowest line of blocks first.
fn video1(chance: &mut Chance, film: Film, key: bool, to: &mut Vec<u8>) {
    let mut blocks = film.width.div_ceil(4) * film.height.div_ceil(4);
    while blocks > 0 {
        let mut taken = 1;
        match chance.below(8) {
            // Blocks that stay as they were.
            0..=2 if !key => {
                taken = (1 + chance.below(600)).min(blocks);
                to.extend([taken as u8, 0x84 + (taken >> 8) as u8]);
            }
            // Eight colours, two for each quarter.
            3 => {
                to.extend([chance.byte(), 0x90 | chance.byte()]);
                to.extend(chance.bytes(8));
            }
            // Two colours.
            4..=5 => {
                // Two bytes of 0 would be the end.
                to.extend([chance.byte() | 1, chance.byte() & 0x7f]);
                to.extend(chance.bytes(2));
            }
            // One colour; of the codes that mean it, 0x84 to 0x87 mean something else.
            _ => to.extend([chance.byte(), 0x80 | chance.byte() & 0x0b]),
        }
        blocks -= taken;
    }
    to.extend([0, 0]);
}

/// One run-length picture of 8 or 4 bits: the lowest line first.
fn rle(chance: &mut Chance, film: Film, key: bool, bits: u32, to: &mut Vec<u8>) {
    let (mut x, mut y) = (0, 0);
    while y < film.height {
        let left = film.width - x;
        match chance.below(8) {
            _ if left == 0 => {
                // The last line ends with the picture.
                to.extend(
                    (y + 1 < film.height)
                        .then_some([0, 0])
                        .into_iter()
                        .flatten(),
                );
                (x, y) = (0, y + 1);
            }
            // The rest of the line stays as it was.
            0 if !key => {
                to.extend([0, 0]);
                (x, y) = (0, y + 1);
            }
            // To the right and up.
            1 if !key && y + 1 < film.height => {
                let right = chance.below(left.min(255));
                let up = chance.below((film.height - y).min(4));
                to.extend([0, 2, right as u8, up as u8]);
                (x, y) = (x + right, y + up);
            }
            // Pixels as they are, padded to two bytes; at least 3, since what would be 0 to 2 means something else.
            2..=4 if left >= 3 => {
                let count = 3 + chance.below(left.min(60) - 2);
                to.extend([0, count as u8]);
                let bytes = (count * bits).div_ceil(8);
                to.extend(chance.bytes(bytes));
                to.extend((bytes % 2 == 1).then_some(0));
                x += count;
            }
            // A run.
            _ => {
                let count = 1 + chance.below(left.min(255));
                to.extend([count as u8, chance.byte()]);
                x += count;
            }
        }
    }
    to.extend([0, 1]);
}

/// One picture of 8 bits: the last one, with some boxes of one colour or of noise drawn into it.
fn boxes(chance: &mut Chance, film: Film, picture: &mut Vec<u8>) {
    let stride = film.width.next_multiple_of(4) as usize;
    picture.resize(stride * film.height as usize, 0);
    for number in 0..6 {
        let (left, low) = (chance.below(film.width), chance.below(film.height));
        let columns = left as usize..(left + 1 + chance.below(film.width - left)) as usize;
        let lines = low..low + 1 + chance.below((film.height - low).min(20));
        let colour = chance.byte();
        for line in lines {
            let line = &mut picture[line as usize * stride..][columns.clone()];
            match number {
                0 => line.fill_with(|| chance.byte()),
                _ => line.fill(colour),
            }
        }
    }
}
