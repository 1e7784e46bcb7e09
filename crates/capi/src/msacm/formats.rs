//! Formats: which there are, and what drivers say of them.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver_abi::answer::MMSYSERR_ERROR;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Error as CodecError, Format, Wish};

use super::error::{Error, given, known};
use super::fields::{self, Callback, Fields, number_at, set_format, size};
use super::format_tags::{INDEX, asked, of_any, or_none};
use super::installed::driver_of;
use super::metrics::largest;
use crate::door::pairs;
use crate::handles::BadHandle;
use crate::text::Encoding;

/// `ACM_FORMATDETAILSF_FORMAT`
const FORMAT: u32 = 1;

/// `ACM_FORMATENUMF_*`
const OF_TAG: u32 = 0x1_0000;
const OF_CHANNELS: u32 = 0x2_0000;
const OF_RATE: u32 = 0x4_0000;
const OF_BITS: u32 = 0x8_0000;
const CONVERT: u32 = 0x10_0000;
const SUGGEST: u32 = 0x20_0000;
const HARDWARE: u32 = 0x40_0000;
const INPUT: u32 = 0x80_0000;
const OUTPUT: u32 = 0x100_0000;

/// How many units a format's name may have.
pub(super) const NAME: usize = 128;

/// What an application gives in an ACMFORMATDETAILS.
pub(super) struct Given {
    encoding: Encoding,
    address: usize,
    room: u32,
    index: u32,
    pub(super) tag: u32,
    /// Where the format, or the filter, is.
    pub(super) at: usize,
    /// How many bytes are there.
    pub(super) len: u32,
}

impl Given {
    /// Tells whether the longest format or filter fits where it is to stand.
    pub(super) fn holds(&self, what: &'static str, longest: u32) -> Result<(), Error> {
        match self.len < longest {
            true => Err(Error::parameter(
                what,
                format!("at least {longest}"),
                self.len,
            )),
            false => Ok(()),
        }
    }

    /// Reads an ACMFORMATDETAILS, or an ACMFILTERDETAILS, which has the same fields.
    pub(super) fn read(
        what: &'static str,
        encoding: Encoding,
        address: usize,
    ) -> Result<Self, Error> {
        let room = size(what, address, 28 + NAME * encoding.unit())?;
        let support = number_at(address, 12)?;
        if support != 0 {
            return Err(Error::parameter("fdwSupport", "0", format!("{support:#x}")));
        }
        Ok(Self {
            encoding,
            address,
            room,
            index: number_at(address, 4)?,
            tag: number_at(address, 8)?,
            at: given("pwfx", fields::address_at(address, 16)?)?,
            len: number_at(address, 24)?,
        })
    }

    /// Tells the application of a format or a filter.
    pub(super) fn fill(&self, index: u32, tag: u32, support: u32, name: &str) -> Result<(), Error> {
        Fields::new()
            .dword(index)
            .dword(tag)
            .dword(support)
            .address(self.at)
            .dword(self.len)
            .text(self.encoding, name, NAME)
            .fill(self.address, self.room)
    }

    /// Which of the list is meant.
    pub(super) fn index(&self) -> u32 {
        self.index
    }

    fn tell(&self, format: &Format) -> Result<(), Error> {
        set_format("cbwfx", self.at, self.len, &format.format)?;
        let tag = format.format.tag().into();
        self.fill(format.index, tag, format.support.bits(), &format.name)
    }
}

fn details(encoding: Encoding, had: usize, address: usize, flags: u32) -> Result<u32, Error> {
    let given = Given::read("pafd", encoding, address)?;
    known("fdwDetails", flags, FORMAT)?;
    let found = if flags == INDEX {
        if had == 0 {
            return Err(BadHandle::Unknown { handle: had }.into());
        }
        let tag = narrow(given.tag)?;
        let driver = driver_of(had)?.1;
        let known = driver.format_tag(tag)?;
        if given.index >= known.standard_formats {
            let expected = format!("less than {}", known.standard_formats);
            return Err(Error::parameter("dwFormatIndex", expected, given.index));
        }
        if given.len < known.format_size {
            let expected = format!("at least {}", known.format_size);
            return Err(Error::parameter("cbwfx", expected, given.len));
        }
        driver.format_at(tag, given.index)?
    } else {
        let format = fields::format("pwfx", given.at, given.len as usize)?;
        if u32::from(format.tag()) != given.tag {
            return Err(Error::parameter(
                "dwFormatTag",
                format.tag().to_string(),
                given.tag,
            ));
        }
        of_any(had, "knows this format", |driver| {
            driver.format_tag(format.tag())?;
            driver.format_details(&format)
        })?
    };
    given.tell(&found)?;
    Ok(0)
}

fn narrow(tag: u32) -> Result<u16, Error> {
    match u16::try_from(tag) {
        Ok(tag) if tag > 0 => Ok(tag),
        _ => Err(Error::parameter("dwFormatTag", "a tag", tag)),
    }
}

/// What an enumeration is to show.
struct Wanted {
    flags: u32,
    template: WaveFormat,
}

impl Wanted {
    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// The fields that formats are to have in common with the template.
    fn wish(&self) -> Wish {
        let template = &self.template;
        Wish {
            tag: self.has(OF_TAG).then(|| template.tag()),
            channels: self.has(OF_CHANNELS).then(|| template.channels()),
            rate: self.has(OF_RATE).then(|| template.rate()),
            bits: self.has(OF_BITS).then(|| template.bits()),
            ..Wish::default()
        }
    }

    /// The formats of one driver that are wanted.
    fn of(&self, driver: &Driver, tag: u16) -> Result<Vec<Format>, CodecError> {
        let wish = self.wish();
        if self.has(SUGGEST) {
            let wish = Wish {
                tag: Some(tag),
                ..wish
            };
            let suggested = driver.suggest(&self.template, &wish);
            let told = suggested.and_then(|format| driver.format_details(&format));
            return match told {
                Err(CodecError::Refused { .. } | CodecError::Nonsense { .. }) => Ok(Vec::new()),
                told => Ok(vec![told?]),
            };
        }
        let source = self.has(CONVERT).then_some(&self.template);
        let mut formats = driver.formats(tag, source)?;
        formats.retain(|listed| wish.matches(&listed.format));
        Ok(formats)
    }
}

fn enumerate(
    encoding: Encoding,
    had: usize,
    address: usize,
    callback: usize,
    instance: usize,
    flags: u32,
) -> Result<u32, Error> {
    let given = Given::read("pafd", encoding, address)?;
    let callback = Callback::new(callback, instance)?;
    let matching = OF_TAG | OF_CHANNELS | OF_RATE | OF_BITS;
    let all = matching | CONVERT | SUGGEST | HARDWARE | INPUT | OUTPUT;
    known("fdwEnum", flags, all)?;
    if flags & HARDWARE != 0 && flags & (INPUT | OUTPUT) == 0 {
        return Err(Error::parameter(
            "fdwEnum",
            "HARDWARE with INPUT or OUTPUT",
            flags,
        ));
    }
    let longest = largest(had)?.0;
    given.holds("cbwfx", longest)?;
    let template = match flags & (matching | CONVERT | SUGGEST) {
        0 => WaveFormat::pcm(1, 8000, 16),
        _ => fields::format("pwfx", given.at, given.len as usize)?,
    };
    if flags & OF_TAG != 0 && u32::from(template.tag()) != given.tag {
        return Err(Error::parameter(
            "dwFormatTag",
            template.tag().to_string(),
            given.tag,
        ));
    }
    if flags & HARDWARE != 0 {
        // No device that plays or records belongs to a codec here.
        return Ok(0);
    }
    let wanted = Wanted { flags, template };
    let mut known = false;
    for (id, driver, support) in asked(had)? {
        for tag in or_none(had, driver.format_tags())? {
            if wanted.wish().tag.is_some_and(|wish| wish != tag.tag) {
                continue;
            }
            known = true;
            for format in or_none(had, wanted.of(&driver, tag.tag))? {
                given.tell(&format)?;
                if !callback.wants_more(id, address, support) {
                    return Ok(0);
                }
            }
        }
    }
    match known || flags & OF_TAG == 0 {
        true => Ok(0),
        false => Err(Error::NoneCan("knows this tag")),
    }
}

pairs! {
    broken MMSYSERR_ERROR as i64;

    /// `acmFormatDetails`: what a driver says of a format.
    fn acmFormatDetailsA, acmFormatDetailsW(had: usize, format: usize, flags: u32) -> u32 = details;

    /// `acmFormatEnum`: calls back for each format that is wanted, until that answers 0.
    fn acmFormatEnumA, acmFormatEnumW(
        had: usize,
        format: usize,
        callback: usize,
        instance: usize,
        flags: u32,
    ) -> u32 = enumerate;
}
