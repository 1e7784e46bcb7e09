//! Pictures one after the other: a COMPVARS from its start to its end.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::Message;
use opendriver_abi::structures::{CompVars, IcCompressFrames, IcDecompress, Structure as _};
use opendriver_codec::BitmapFormat;
use opendriver_codec::vfw::Flags;

use super::BROKEN;
use super::carry::{header_at, sane};
use super::error::Error;
use super::opened::Opened;
use super::pictures::{Formats, Job, Loan, len_at, set_image_size};
use super::sending::send_structure;
use crate::claim;
use crate::door::{Failure, doors};
use crate::process::process;

/// `ICDECOMPRESS_NOTKEYFRAME`
const NOT_KEY_FRAME: u32 = 0x0800_0000;

/// A COMPVARS of the application.
pub(super) type Vars = CompVars<u64>;

/// Reads a COMPVARS.
pub(super) fn vars_at(address: usize) -> Result<Vars, Error> {
    let found = claim::number(address)? as usize;
    if found < Vars::SIZE {
        let (what, needed) = (Vars::NAME, Vars::SIZE);
        return Err(Error::Short {
            what,
            needed,
            found,
        });
    }
    Ok(claim::structure(address)?)
}

/// Where the formats of a sequence are.
fn formats(vars: &Vars) -> Formats {
    Formats {
        input: vars.input_format as usize,
        output: vars.output_format as usize,
    }
}

/// Takes back what the application has of a sequence, where it is ours.
pub(super) fn free_all(vars: &mut Vars) {
    let fields = [
        &mut vars.input_format,
        &mut vars.output_format,
        &mut vars.output,
        &mut vars.previous,
    ];
    for field in fields {
        if process().lent.free(*field as usize) {
            *field = 0;
        }
    }
}

fn start(address: usize, input: usize) -> Result<i32, Error> {
    let mut vars = vars_at(address)?;
    let opened = Opened::of(vars.codec as usize)?;
    // What is left of a sequence that was not ended.
    free_all(&mut vars);
    let own_input = Loan::copy_of(input, len_at(input)?, 0)?;
    let input = own_input.address();
    let header = header_at(input)?;
    let size = sane(BitmapFormat::pixels_size(&header).max(header.image_size.into()))?;
    set_image_size(input, header, size as u32)?;
    let own_output = match vars.output_format {
        0 => Some(opened.format(Message::ICM_COMPRESS_GET_FORMAT, input)?),
        _ => None,
    };
    let given = vars.output_format as usize;
    let output = own_output.as_ref().map_or(given, Loan::address);
    let formats = Formats { input, output };
    opened.ask(Message::ICM_COMPRESS_QUERY, formats)?;
    let frame = Loan::new(opened.frame_room(formats)?)?;
    if opened.has(Flags::COMPRESS_FRAMES) {
        tell_of_frames(&opened, &vars, formats)?;
    }
    opened.ask(Message::ICM_COMPRESS_BEGIN, formats)?;
    let previous = match previous(&opened, &vars, formats, size) {
        Ok(previous) => previous,
        Err(error) => return opened.until(Message::ICM_COMPRESS_END, || Err(error)),
    };
    let done = Vars {
        input_format: own_input.address() as u64,
        output_format: output as u64,
        output: frame.address() as u64,
        previous: previous.as_ref().map_or(0, |loan| loan.address() as u64),
        frame: 0,
        since_key: 0,
        ..vars
    };
    claim::set_structure(address, &done)?;
    for loan in [Some(own_input), own_output, Some(frame), previous] {
        loan.map(Loan::give);
    }
    Ok(1)
}

/// Memory for the previous picture, where the codec wants to be given it: the one that a decoder sees. A codec that does not decompress
/// its own frames makes key frames only.
fn previous(
    opened: &Opened,
    vars: &Vars,
    formats: Formats,
    size: usize,
) -> Result<Option<Loan>, Error> {
    let wanted = opened.has(Flags::TEMPORAL) && !opened.has(Flags::FAST_TEMPORAL_COMPRESSION);
    if vars.key_every == 1 || !wanted {
        return Ok(None);
    }
    let Formats { input, output } = formats;
    let back = Formats {
        input: output,
        output: input,
    };
    let Some(decoder) = opened.decoder(back)? else {
        return Ok(None);
    };
    opened.set_decoder(Some(decoder));
    Loan::new(size).map(Some)
}

/// Tells of the frames that follow, to a codec that wants to hear of them. How fast they follow, a COMPVARS does not say.
fn tell_of_frames(opened: &Opened, vars: &Vars, formats: Formats) -> Result<(), Error> {
    let frames = IcCompressFrames {
        output_format: formats.output as u64,
        input_format: formats.input as u64,
        count: i32::MAX,
        quality: opened.quality(vars.quality).cast_signed(),
        data_rate: vars.data_rate.saturating_mul(1024),
        key_rate: vars.key_every,
        rate: 15,
        scale: 1,
        ..IcCompressFrames::zeroed()
    };
    send_structure(opened, Message::ICM_COMPRESS_FRAMES_INFO, &frames).map(drop)
}

/// Compresses the next picture. Answers where the frame is.
fn frame(address: usize, bits: usize, key: usize, size: usize) -> Result<usize, Error> {
    let vars = vars_at(address)?;
    let opened = Opened::of(vars.codec as usize)?;
    let output = vars.output as usize;
    let room = process().lent.len_of(output).ok_or(Error::NotStarted)?;
    let most = match size {
        0 => 0,
        size => claim::number(size)?,
    };
    let formats = formats(&vars);
    let temporal = opened.has(Flags::TEMPORAL);
    let keeps = opened.has(Flags::FAST_TEMPORAL_COMPRESSION) || vars.previous != 0;
    let due = vars.key_every > 0 && vars.since_key >= vars.key_every;
    let wants_key = vars.frame == 0 || due || !temporal || !keeps;
    let (written, is_key) = opened.compress(Job {
        formats,
        input: bits,
        output,
        room,
        previous: if wants_key { 0 } else { vars.previous as usize },
        frame: vars.frame,
        key: wants_key,
        quality: opened.quality(vars.quality),
        most,
    })?;
    if vars.previous != 0 && written > 0 {
        keep_previous(&opened, &vars, is_key)?;
    }
    for (place, value) in [(key, u32::from(is_key)), (size, written as u32)] {
        if place != 0 {
            claim::write(place, &value.to_ne_bytes())?;
        }
    }
    let since_key = if is_key {
        1
    } else {
        vars.since_key.saturating_add(1)
    };
    let frame = vars.frame.saturating_add(1);
    claim::set_structure(
        address,
        &Vars {
            frame,
            since_key,
            ..vars
        },
    )?;
    Ok(output)
}

/// Decompresses the frame, so that the next one can be made of what changed.
fn keep_previous(opened: &Opened, vars: &Vars, key: bool) -> Result<(), Error> {
    let decoder = opened.set_decoder(None).ok_or(Error::NotStarted)?;
    let asked = IcDecompress {
        flags: if key { 0 } else { NOT_KEY_FRAME },
        input_format: vars.output_format,
        input: vars.output,
        output_format: vars.input_format,
        output: vars.previous,
        chunk: 0,
    };
    let answer = send_structure(&decoder, Message::ICM_DECOMPRESS, &asked);
    opened.set_decoder(Some(decoder));
    opened.granted(Message::ICM_DECOMPRESS, answer?).map(drop)
}

fn end(address: usize) -> Result<(), Error> {
    let mut vars = vars_at(address)?;
    let begun = process().lent.len_of(vars.output as usize).is_some();
    let ended = match Opened::of(vars.codec as usize) {
        Ok(opened) if begun => {
            let ended = opened.tell(Message::ICM_COMPRESS_END, 0, 0);
            let decoder = opened.set_decoder(None);
            let decoder = decoder.map(|decoder| decoder.tell(Message::ICM_DECOMPRESS_END, 0, 0));
            ended.and(decoder.unwrap_or(Ok(0))).map(drop)
        }
        opened => opened.map(drop),
    };
    free_all(&mut vars);
    claim::set_structure(address, &vars)?;
    ended
}

doors! {
    broken BROKEN;

    /// `ICSeqCompressFrameStart`: begins to compress a sequence by a COMPVARS. Its formats and buffers are ours until the end.
    fn ICSeqCompressFrameStart(vars: usize, input: usize) -> i32 {
        start(vars, input).map_err(Error::nothing)
    }

    /// `ICSeqCompressFrame`: compresses the next picture. Answers where the frame is, until the next one takes its place; null where it
    /// failed.
    fn ICSeqCompressFrame(vars: usize, _flags: u32, bits: usize, key: usize, size: usize) -> usize {
        frame(vars, bits, key, size).map_err(Error::nothing)
    }

    /// `ICSeqCompressFrameEnd`: ends the sequence, and frees its buffers.
    fn ICSeqCompressFrameEnd(vars: usize) -> () {
        end(vars).map_err(Failure::from)
    }
}
