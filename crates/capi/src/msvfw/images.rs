//! One image at a time: the format for a screen, compressing, decompressing.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use std::sync::Arc;

use opendriver_abi::Message;
use opendriver_abi::structures::{FourCc, IcDecompress};
use opendriver_codec::BitmapFormat;

use super::carry::{header_at, sane};
use super::error::Error;
use super::opened::Opened;
use super::opening::{format_at, locate};
use super::pictures::{Formats, Job, Loan, len_at, set_image_size};
use super::sending::send_structure;
use crate::claim;
use crate::door::doors;
use crate::process::process;

/// `ICMODE_COMPRESS` and `ICMODE_DECOMPRESS`
const COMPRESS: u32 = 1;
const DECOMPRESS: u32 = 2;

/// What a screen would show today, where the application does not say.
const SCREEN: u16 = 32;

/// A codec that the application opened, or one that is found for it.
struct Borrowed {
    opened: Arc<Opened>,
    /// The handle of one that was found.
    own: Option<usize>,
}

impl Borrowed {
    fn of(hic: usize, handler: FourCc, formats: [usize; 2], mode: u32) -> Result<Self, Error> {
        let own = match hic {
            0 => Some(locate(FourCc::VIDC.0, handler.0, formats, mode)?),
            _ => None,
        };
        let opened = Opened::of(own.unwrap_or(hic))?;
        Ok(Self { opened, own })
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(hic) = self.own {
            let _ = process().handles.remove::<Opened>(hic);
        }
    }
}

fn display_format(
    hic: usize,
    [input, output]: [usize; 2],
    bits: i32,
    [width, height]: [i32; 2],
) -> Result<usize, Error> {
    let format = format_at(input)?;
    let mut borrowed = Borrowed::of(hic, FourCc(0), [input, 0], DECOMPRESS)?;
    let bits = match u16::try_from(bits) {
        Ok(bits @ 1..) => bits.next_multiple_of(8),
        _ => SCREEN,
    };
    let size = match (width, height) {
        (1.., 1..) => (width.unsigned_abs(), height.unsigned_abs()),
        _ => (format.width(), format.height()),
    };
    let found = borrowed
        .opened
        .codec()
        .display_format(&format, bits, size)?;
    claim::write(output, found.as_bytes())?;
    Ok(borrowed.own.take().unwrap_or(hic))
}

fn compress(
    hic: usize,
    input: usize,
    bits: usize,
    output: usize,
    quality: i32,
    size: usize,
) -> Result<usize, Error> {
    let handler = match output {
        0 => FourCc(0),
        output => header_at(output)?.compression,
    };
    let most = match size {
        0 => 0,
        size => claim::number(size)?,
    };
    if hic == 0 && output == 0 {
        return Err(Error::Null {
            what: "both the codec and the format",
        });
    }
    let borrowed = Borrowed::of(hic, handler, [input, output], COMPRESS)?;
    let opened = &borrowed.opened;
    let own = match output {
        0 => Some(opened.format(Message::ICM_COMPRESS_GET_FORMAT, input)?),
        _ => None,
    };
    let output = own.as_ref().map_or(output, Loan::address);
    let formats = Formats { input, output };
    opened.ask(Message::ICM_COMPRESS_QUERY, formats)?;
    let room = opened.frame_room(formats)?;
    let len = len_at(output)?;
    let image = Loan::copy_of(output, len, room)?;
    let formats = Formats {
        input,
        output: image.address(),
    };
    opened.ask(Message::ICM_COMPRESS_BEGIN, formats)?;
    let (written, _) = opened.until(Message::ICM_COMPRESS_END, || {
        opened.compress(Job {
            formats,
            input: bits,
            output: image.address() + len,
            room,
            previous: 0,
            frame: 0,
            key: true,
            quality: opened.quality(quality),
            most,
        })
    })?;
    if size != 0 {
        claim::write(size, &(written as u32).to_ne_bytes())?;
    }
    process().lent.shorten(image.address(), len + written);
    Ok(image.give())
}

fn decompress(hic: usize, input: usize, bits: usize, output: usize) -> Result<usize, Error> {
    let handler = header_at(input)?.compression;
    let borrowed = Borrowed::of(hic, handler, [input, output], DECOMPRESS)?;
    let opened = &borrowed.opened;
    let own = match output {
        0 => Some(opened.format(Message::ICM_DECOMPRESS_GET_FORMAT, input)?),
        _ => None,
    };
    let output = own.as_ref().map_or(output, Loan::address);
    let header = header_at(output)?;
    let pixels = BitmapFormat::pixels_size(&header).max(header.image_size.into());
    let room = sane(pixels)?;
    let len = len_at(output)?;
    let image = Loan::copy_of(output, len, room)?;
    set_image_size(image.address(), header, room as u32)?;
    let formats = Formats {
        input,
        output: image.address(),
    };
    opened.ask(Message::ICM_DECOMPRESS_QUERY, formats)?;
    opened.ask(Message::ICM_DECOMPRESS_BEGIN, formats)?;
    opened.until(Message::ICM_DECOMPRESS_END, || {
        let asked = IcDecompress {
            flags: 0,
            input_format: input as u64,
            input: bits as u64,
            output_format: image.address() as u64,
            output: (image.address() + len) as u64,
            chunk: 0,
        };
        let answer = send_structure(opened, Message::ICM_DECOMPRESS, &asked)?;
        opened.granted(Message::ICM_DECOMPRESS, answer)
    })?;
    Ok(image.give())
}

doors! {
    broken 0;

    /// `ICGetDisplayFormat`: the format nearest to what a screen of `bits` shows that a codec decompresses to. Answers the codec: the given
    /// one, or where that is null, one that is opened for it.
    fn ICGetDisplayFormat(
        hic: usize,
        input: usize,
        output: usize,
        bits: i32,
        width: i32,
        height: i32,
    ) -> usize {
        display_format(hic, [input, output], bits, [width, height]).map_err(Error::nothing)
    }

    /// `ICImageCompress`: compresses one image. Answers memory with its format and the image behind it, which the application frees.
    fn ICImageCompress(
        hic: usize,
        _flags: u32,
        input: usize,
        bits: usize,
        output: usize,
        quality: i32,
        size: usize,
    ) -> usize {
        compress(hic, input, bits, output, quality, size).map_err(Error::nothing)
    }

    /// `ICImageDecompress`: decompresses one image. Answers memory with its format and the image behind it, which the application frees.
    fn ICImageDecompress(
        hic: usize,
        _flags: u32,
        input: usize,
        bits: usize,
        output: usize,
    ) -> usize {
        decompress(hic, input, bits, output).map_err(Error::nothing)
    }
}
