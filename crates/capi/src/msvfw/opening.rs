//! Opening a codec, asking what it is, closing it.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::Message;
use opendriver_abi::answer::ICERR_OK;
use opendriver_abi::structures::{FourCc, IcInfo, Structure as _};
use opendriver_codec::BitmapFormat;
use opendriver_codec::vfw::{Codec, Mode};

use super::BROKEN;
use super::carry::{format_len, header_at};
use super::error::Error;
use super::installed::{codecs, kind, link, wide};
use super::opened::Opened;
use super::sending::Aligned;
use crate::claim;
use crate::door::doors;
use crate::process::process;

pub(super) fn open(kind_of_codec: u32, handler: u32, mode: u32) -> Result<usize, Error> {
    kind(kind_of_codec, false)?;
    let codec = codecs()?.open(FourCc(handler), Mode::of(mode))?;
    Ok(Opened::new(codec)?.into_handle())
}

fn open_function(
    kind_of_codec: u32,
    handler: u32,
    mode: u32,
    function: usize,
) -> Result<usize, Error> {
    kind(kind_of_codec, false)?;
    let mode = Mode::of(mode);
    let manager = &process().manager;
    let name = link(function)?;
    let opened = Codec::open(manager, &*name, FourCc(handler), mode);
    // What is open stays so without a name, and nobody else is to open it.
    manager.unlink(&name)?;
    Ok(Opened::new(opened?)?.into_handle())
}

/// Finds a codec for a format.
pub(super) fn locate(
    kind_of_codec: u32,
    handler: u32,
    [input, output]: [usize; 2],
    mode: u32,
) -> Result<usize, Error> {
    kind(kind_of_codec, true)?;
    let mode = match Mode::of(mode) {
        Mode::Other(mode) => return Err(Error::Mode { mode }),
        mode => mode,
    };
    let input = format_at(input)?;
    let output = match output {
        0 => None,
        output => Some(format_at(output)?),
    };
    let codec = codecs()?.locate(FourCc(handler), mode, &input, output.as_ref())?;
    Ok(Opened::new(codec)?.into_handle())
}

/// Reads a format with as much behind its header as belongs to it and is there.
pub(super) fn format_at(address: usize) -> Result<BitmapFormat, Error> {
    let header = header_at(address)?;
    let mut bytes = vec![0; format_len(&header)];
    claim::read_some(address, &mut bytes);
    Ok(BitmapFormat::parse(&bytes).expect("a header's bytes at least"))
}

/// What a codec says of itself, and the file that it is in, which it need not know.
fn info(hic: usize, address: usize, room: usize) -> Result<isize, Error> {
    let opened = Opened::of(hic)?;
    let Aligned(bytes) = &mut Aligned([0; IcInfo::SIZE]);
    let place = bytes.as_mut_ptr().expose_provenance().cast_signed();
    let answer = opened.send(Message::ICM_GETINFO, place, IcInfo::SIZE as isize)?;
    let told = IcInfo::read(bytes).filter(|_| answer > 0);
    let Some(mut info) = told else {
        return Ok(0);
    };
    if info.driver.to_string().is_empty() {
        info.driver = wide(opened.file());
        info.write(bytes);
    }
    let len = room.min(IcInfo::SIZE);
    claim::write(address, &bytes[..len])?;
    Ok(len as isize)
}

doors! {
    broken 0;

    /// `ICOpen`: opens an installed codec. Answers its handle, or null.
    fn ICOpen(kind: u32, handler: u32, mode: u32) -> usize {
        open(kind, handler, mode).map_err(Error::nothing)
    }

    /// `ICOpenFunction`: opens a function of the application as a codec.
    fn ICOpenFunction(kind: u32, handler: u32, mode: u32, function: usize) -> usize {
        open_function(kind, handler, mode, function).map_err(Error::nothing)
    }

    /// `ICLocate`: opens the first codec that takes a format, and gives another where that is named.
    fn ICLocate(kind: u32, handler: u32, input: usize, output: usize, mode: u16) -> usize {
        locate(kind, handler, [input, output], mode.into()).map_err(Error::nothing)
    }

    /// `ICGetInfo`: what a codec says of itself. Answers how many bytes it wrote, at most `room`; 0 where it failed.
    fn ICGetInfo(hic: usize, info_address: usize, room: u32) -> isize {
        info(hic, info_address, room as usize).map_err(|error| match error {
            // Whose handle is none hears of that.
            Error::Handle(_) => error.into(),
            error => error.nothing(),
        })
    }
}

mod closing {
    //! Closing answers otherwise than opening.

    use super::*;

    doors! {
        broken BROKEN;

        /// `ICClose`: closes a codec. Its handle is none from now on, whatever the codec says.
        fn ICClose(hic: usize) -> isize {
            process().handles.remove::<Opened>(hic).map_err(Error::from)?;
            Ok(ICERR_OK)
        }
    }
}
pub use closing::*;
