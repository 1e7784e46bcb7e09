//! What an image wants to have once per thread.

use std::ops::Range;

use crate::{Directory, Error, Image, Width};

/// Linkers make two or three.
const MOST_CALLBACKS: usize = 1024;

/// No real image asks for more zeros per thread.
const LARGEST_FILL: u32 = 64 << 20;

/// An image's thread-local storage, with addresses relative to its base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The bytes that each thread's block begins with.
    pub data: Range<u32>,
    /// How many zeros follow them.
    pub zero_fill: u32,
    /// What a block is aligned to: a power of two.
    pub alignment: u32,
    /// Where the image wants to be told its index.
    pub index_rva: Option<u32>,
    /// What to call when a thread or the process begins and ends, in order.
    pub callbacks: Vec<u32>,
}

pub(crate) fn read(image: &Image<'_>) -> Result<Option<Tls>, Error> {
    let what = "thread-local storage directory";
    let Some((rva, _)) = image.directory(Directory::Tls) else {
        return Ok(None);
    };
    let width = image.width().bytes();
    let outside = || Error::Outside {
        what,
        address: rva.into(),
        size: 4 * u64::from(width) + 8,
    };
    let field = |index: u32| rva.checked_add(index).ok_or_else(outside);
    let pointer = |index: u32| image.pointer(what, field(index * width)?);
    let number = |after: u32| {
        let value: object::U32<object::LittleEndian> =
            image.read(what, field(4 * width + after)?)?;
        Ok::<u32, Error>(value.get(object::LittleEndian))
    };
    let (start, end) = (pointer(0)?, pointer(1)?);
    let data = if start == 0 || start == end {
        0..0
    } else {
        let length = end.checked_sub(start).ok_or(Error::Malformed {
            what,
            address: rva.into(),
            problem: "ends before it begins",
        })?;
        let start = image.relative("thread-local data", start)?;
        let end = u32::try_from(length)
            .ok()
            .and_then(|length| start.checked_add(length));
        let end = end
            .filter(|&end| end <= image.image_size())
            .ok_or_else(outside)?;
        start..end
    };
    let zero_fill = number(0)?;
    if zero_fill > LARGEST_FILL {
        return Err(Error::Malformed {
            what,
            address: rva.into(),
            problem: "asks for more than 64 MiB per thread",
        });
    }
    let index_rva = match pointer(2)? {
        0 => None,
        address => Some(slot(image, address)?),
    };
    Ok(Some(Tls {
        data,
        zero_fill,
        alignment: alignment(number(4)?, image.width()),
        index_rva,
        callbacks: callbacks(image, pointer(3)?)?,
    }))
}

/// The index has 32 bits whatever the width.
fn slot(image: &Image<'_>, address: u64) -> Result<u32, Error> {
    let what = "thread-local storage index";
    let rva = image.relative(what, address)?;
    if image.image_size() - rva < 4 {
        return Err(Error::Outside {
            what,
            address: rva.into(),
            size: 4,
        });
    }
    Ok(rva)
}

/// Four bits of the characteristics hold the logarithm, plus one, as for sections.
fn alignment(characteristics: u32, width: Width) -> u32 {
    match characteristics >> 20 & 0xf {
        0 | 15 => 2 * width.bytes(),
        logarithm => 1 << (logarithm - 1),
    }
}

fn callbacks(image: &Image<'_>, list: u64) -> Result<Vec<u32>, Error> {
    let what = "thread-local storage callbacks";
    let mut callbacks = Vec::new();
    if list == 0 {
        return Ok(callbacks);
    }
    let mut rva = image.relative(what, list)?;
    loop {
        match image.pointer(what, rva)? {
            0 => return Ok(callbacks),
            address => callbacks.push(image.relative("thread-local storage callback", address)?),
        }
        if callbacks.len() > MOST_CALLBACKS {
            return Err(Error::TooMany {
                what,
                limit: MOST_CALLBACKS,
            });
        }
        rva += image.width().bytes();
    }
}
