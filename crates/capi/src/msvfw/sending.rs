//! Messages to a codec, and the functions that only put a structure together for one.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::Message;
use opendriver_abi::answer::{ICERR_BADPARAM, ICERR_INTERNAL};
use opendriver_abi::structures::{IcCompress, IcDecompress, IcDraw, IcDrawBegin, Structure};

use super::BROKEN;
use super::error::Error;
use super::opened::Opened;
use super::table::LONGEST;
use crate::door::{Failure, doors};
use crate::winmm::send_config_info;

/// Sends a message with a structure of our own.
pub(super) fn send_structure<S: Structure>(
    opened: &Opened,
    message: Message,
    structure: &S,
) -> Result<isize, Error> {
    let mut bytes = Aligned([0; LONGEST]);
    structure.write(&mut bytes.0);
    let address = bytes.0.as_mut_ptr().expose_provenance();
    opened.send(message, address.cast_signed(), S::SIZE as isize)
}

/// A `DRVCONFIGINFO` that is none is the program's fault, and all else the driver's.
fn unconfigured(failure: Failure) -> Failure {
    let answer = match failure.reason().is::<opendriver::Error>() {
        true => ICERR_INTERNAL,
        false => ICERR_BADPARAM,
    };
    failure.answering(answer as i64)
}

/// A codec is handed the structure where it lies.
#[repr(align(16))]
pub(super) struct Aligned<const LEN: usize>(pub(super) [u8; LEN]);

doors! {
    broken BROKEN;

    /// `ICSendMessage`: sends a codec a message. Answers what the codec answers.
    fn ICSendMessage(hic: usize, message: u32, param1: usize, param2: usize) -> isize {
        let opened = Opened::of(hic)?;
        let (message, param1) = (Message(message), param1.cast_signed());
        if param2 != 0 && message == Message::DRV_CONFIGURE {
            let handle = opened.codec().instance().handle().raw();
            return send_config_info(handle, message, param1, param2).map_err(unconfigured);
        }
        Ok(opened.send(message, param1, param2.cast_signed())?)
    }

    /// `ICCompress`: compresses one picture.
    fn ICCompress(
        hic: usize,
        flags: u32,
        output_format: usize,
        output: usize,
        input_format: usize,
        input: usize,
        chunk: usize,
        index_flags: usize,
        frame: i32,
        frame_size: u32,
        quality: u32,
        previous_format: usize,
        previous: usize,
    ) -> u32 {
        let opened = Opened::of(hic)?;
        let asked = IcCompress {
            flags,
            output_format: output_format as u64,
            output: output as u64,
            input_format: input_format as u64,
            input: input as u64,
            chunk: chunk as u64,
            index_flags: index_flags as u64,
            frame,
            frame_size,
            quality,
            previous_format: previous_format as u64,
            previous: previous as u64,
        };
        Ok(send_structure(&opened, Message::ICM_COMPRESS, &asked)? as u32)
    }

    /// `ICDecompress`: decompresses one frame.
    fn ICDecompress(
        hic: usize,
        flags: u32,
        input_format: usize,
        input: usize,
        output_format: usize,
        output: usize,
    ) -> u32 {
        let opened = Opened::of(hic)?;
        let asked = IcDecompress {
            flags,
            input_format: input_format as u64,
            input: input as u64,
            output_format: output_format as u64,
            output: output as u64,
            chunk: 0,
        };
        Ok(send_structure(&opened, Message::ICM_DECOMPRESS, &asked)? as u32)
    }

    /// `ICDrawBegin`: asks a codec to draw. There is no screen here; codecs that only decompress answer `ICERR_UNSUPPORTED` anyway.
    fn ICDrawBegin(
        hic: usize,
        flags: u32,
        palette: usize,
        window: usize,
        context: usize,
        destination_x: i32,
        destination_y: i32,
        destination_width: i32,
        destination_height: i32,
        input_format: usize,
        source_x: i32,
        source_y: i32,
        source_width: i32,
        source_height: i32,
        rate: u32,
        scale: u32,
    ) -> u32 {
        let opened = Opened::of(hic)?;
        let asked = IcDrawBegin {
            flags,
            palette: palette as u64,
            window: window as u64,
            context: context as u64,
            destination_x,
            destination_y,
            destination_width,
            destination_height,
            input_format: input_format as u64,
            source_x,
            source_y,
            source_width,
            source_height,
            rate,
            scale,
        };
        Ok(send_structure(&opened, Message::ICM_DRAW_BEGIN, &asked)? as u32)
    }

    /// `ICDraw`: has a codec draw a frame.
    fn ICDraw(
        hic: usize,
        flags: u32,
        format: usize,
        data: usize,
        len: u32,
        time: i32,
    ) -> u32 {
        let opened = Opened::of(hic)?;
        let asked = IcDraw {
            flags,
            format: format as u64,
            data: data as u64,
            len,
            time,
        };
        Ok(send_structure(&opened, Message::ICM_DRAW, &asked)? as u32)
    }
}
