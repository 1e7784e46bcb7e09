//! A codec for tests: of each sample of 16 bits it keeps the upper byte, four samples a block, and always one block back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use opendriver::Manager;
use opendriver_abi::Message;
use opendriver_abi::answer::*;
use opendriver_abi::structures::{
    AcmDriverDetails, AcmDrvFormatSuggest, AcmDrvStreamHeader, AcmDrvStreamInstance,
    AcmDrvStreamSize, AcmFilterDetails, AcmFilterTagDetails, AcmFormatDetails, AcmFormatTagDetails,
    Address as _, FourCc, Plain as _, Structure, WaveFormatEx, Wide,
};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::WaveFilter;
use opendriver_sdk::{BadClaim, BuiltIn, Call, Procedure};

/// The codec's own format tag.
pub(crate) const TAG: u16 = 0x7777;

/// Bytes in a block of plain samples; the codec's own are half as long.
pub(crate) const BLOCK: usize = 8;

/// What the codec does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mischief {
    Nothing,
    /// It writes behind the end of the destination.
    Overruns,
    /// It says that it used more than there was.
    UsesTooMuch,
    /// It says that it wrote more than there is room for.
    WritesTooMuch,
    /// It writes and takes nothing.
    NeverTakes,
    /// It refuses every conversion but the first.
    Tires,
    /// It says that a buffer must be as large as can be said.
    WantsAll,
    /// Its names and counts are garbage.
    Boasts,
}

/// A manager with the codec, under the name `halves`.
pub(crate) fn manager(mischief: Mischief) -> Manager {
    Manager::builder()
        .builtin(driver(mischief))
        .guarded_blocks(true)
        .build()
}

/// The codec.
pub(crate) fn driver(mischief: Mischief) -> BuiltIn {
    BuiltIn::procedure("halves", move |_| {
        Box::new(Halves {
            mischief,
            kept: Mutex::default(),
        })
    })
}

/// The codec's format for sound of this rate.
pub(crate) fn format(rate: u32) -> WaveFormat {
    let header = WaveFormatEx {
        tag: TAG,
        channels: 1,
        samples_per_second: rate,
        bytes_per_second: rate,
        block_align: (BLOCK / 2) as u16,
        bits_per_sample: 8,
        extra: 0,
    };
    WaveFormat::new(header, &[4, 0])
}

/// What the codec makes of plain samples.
pub(crate) fn halved(plain: &[u8]) -> Vec<u8> {
    plain.chunks_exact(2).map(|sample| sample[1]).collect()
}

type Answer = Result<isize, BadClaim>;

struct Halves {
    mischief: Mischief,
    /// What each stream has kept back, and how often it converted; by the address of its instance.
    kept: Mutex<HashMap<isize, (Vec<u8>, usize)>>,
}

impl Procedure for Halves {
    fn call(&self, call: &Call<'_>) -> isize {
        let answer = match call.message {
            Message::ACMDM_DRIVER_DETAILS => self.details(call),
            Message::ACMDM_FORMATTAG_DETAILS => self.format_tag(call),
            Message::ACMDM_FORMAT_DETAILS => list_format(call),
            Message::ACMDM_FORMAT_SUGGEST => suggest(call),
            Message::ACMDM_FILTERTAG_DETAILS => filter_tag(call),
            Message::ACMDM_FILTER_DETAILS => list_filter(call),
            Message::ACMDM_STREAM_OPEN => self.open(call),
            Message::ACMDM_STREAM_CLOSE => self.close(call),
            Message::ACMDM_STREAM_SIZE => self.size(call),
            Message::ACMDM_STREAM_CONVERT => self.convert(call),
            Message::ACMDM_STREAM_RESET => self.reset(call),
            Message::ACMDM_STREAM_PREPARE | Message::ACMDM_STREAM_UNPREPARE => {
                Ok(MMSYSERR_NOTSUPPORTED)
            }
            _ => Ok(1),
        };
        answer.unwrap_or(MMSYSERR_INVALPARAM)
    }
}

impl Halves {
    fn details(&self, call: &Call<'_>) -> Answer {
        let boasts = self.mischief == Mischief::Boasts;
        call.claim(call.param1)
            .set_structure(&AcmDriverDetails::<u64> {
                size: AcmDriverDetails::<u64>::SIZE as u32,
                kind: FourCc::AUDC,
                support: 5,
                format_tags: if boasts { u32::MAX } else { 2 },
                filter_tags: if boasts { u32::MAX } else { 1 },
                short_name: if boasts {
                    Wide([0xdead; 32])
                } else {
                    Wide::new("Halves")
                },
                ..AcmDriverDetails::zeroed()
            })?;
        Ok(0)
    }

    fn format_tag(&self, call: &Call<'_>) -> Answer {
        let claim = call.claim(call.param1);
        let asked: AcmFormatTagDetails = claim.structure()?;
        let tag = match (call.param2, asked.index, asked.tag) {
            (0, 0, _) | (1, _, 1) => 1,
            (0, 1, _) | (1, _, 0x7777) | (2, _, _) => TAG,
            _ => return Ok(ACMERR_NOTPOSSIBLE),
        };
        let boasts = self.mischief == Mischief::Boasts;
        claim.set_structure(&AcmFormatTagDetails {
            tag: tag.into(),
            format_size: if boasts { u32::MAX } else { 20 },
            support: 1,
            standard_formats: if boasts { u32::MAX } else { 2 },
            name: if tag == TAG {
                Wide::new("Halves")
            } else {
                Wide::zero()
            },
            ..asked
        })?;
        Ok(0)
    }

    fn open(&self, call: &Call<'_>) -> Answer {
        let stream: AcmDrvStreamInstance<u64> = call.claim(call.param1).structure()?;
        let [from, to] =
            [stream.source, stream.destination].map(|format| read_format(call, format));
        let (from, to) = (from?, to?);
        let rates = [from, to].map(|format| ({ format.samples_per_second }, { format.channels }));
        if (from.tag, to.tag) != (1, TAG) || from.bits_per_sample != 16 || rates[0] != rates[1] {
            return Ok(ACMERR_NOTPOSSIBLE);
        }
        if stream.open_flags & 1 == 0 {
            self.kept().insert(call.param1, Default::default());
        }
        Ok(0)
    }

    fn close(&self, call: &Call<'_>) -> Answer {
        let kept = self.kept().remove(&call.param1);
        Ok(kept.map_or(MMSYSERR_INVALHANDLE, |_| 0))
    }

    fn reset(&self, call: &Call<'_>) -> Answer {
        self.kept().insert(call.param1, Default::default());
        Ok(0)
    }

    fn size(&self, call: &Call<'_>) -> Answer {
        let claim = call.claim(call.param2);
        let mut size: AcmDrvStreamSize = claim.structure()?;
        if self.mischief == Mischief::WantsAll {
            size.destination_length = u32::MAX;
        } else if size.flags == 0 {
            // What was kept back comes, too.
            size.destination_length = size.source_length / 2 + BLOCK as u32 / 2;
        } else {
            size.source_length = size.destination_length * 2;
        }
        claim.set_structure(&size)?;
        Ok(0)
    }

    fn convert(&self, call: &Call<'_>) -> Answer {
        let claim = call.claim(call.param2);
        let mut header: AcmDrvStreamHeader<u64> = claim.structure()?;
        let prepared = ({ header.prepared_source }, { header.prepared_destination });
        if header.status & 0x2_0000 == 0 || prepared != ({ header.source }, { header.destination })
        {
            return Ok(ACMERR_UNPREPARED);
        }
        let (block_align, start, end) = (
            header.convert_flags & 0x4 != 0,
            header.convert_flags & 0x10 != 0,
            header.convert_flags & 0x20 != 0,
        );
        let mut all = self.kept();
        let Some((kept, calls)) = all.get_mut(&call.param1) else {
            return Ok(MMSYSERR_INVALHANDLE);
        };
        *calls += 1;
        if start {
            kept.clear();
        }
        if self.mischief == Mischief::Tires && *calls > 1 {
            return Ok(MMSYSERR_ERROR);
        }
        let mut source = vec![0; header.source_length as usize];
        call.claim(header.source.to_param()).read(&mut source)?;
        if block_align {
            source.truncate(source.len() / BLOCK * BLOCK);
        }
        kept.extend(halved(&source));
        let count = match end {
            true => kept.len(),
            false => kept.len().saturating_sub(BLOCK / 2),
        };
        let out: Vec<u8> = kept.drain(..count).collect();
        let destination = call.claim(header.destination.to_param());
        destination.write(&out)?;
        header.source_used = source.len() as u32;
        header.destination_used = out.len() as u32;
        match self.mischief {
            Mischief::Overruns => {
                let behind = destination.at(header.destination_length as usize + 3);
                behind.write(&[1])?;
            }
            Mischief::UsesTooMuch => header.source_used = header.source_length + 1,
            Mischief::WritesTooMuch => header.destination_used = header.destination_length + 1,
            Mischief::NeverTakes => (header.source_used, header.destination_used) = (0, 4),
            _ => {}
        }
        claim.set_structure(&header)?;
        Ok(0)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<isize, (Vec<u8>, usize)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_format(call: &Call<'_>, address: u64) -> Result<WaveFormatEx, BadClaim> {
    call.claim(address.to_param()).structure()
}

/// The formats that are listed: of two rates.
fn listed(tag: u32, index: u32) -> Option<WaveFormat> {
    let rate = [8000, 11_025].get(index as usize)?;
    match tag {
        1 => Some(WaveFormat::pcm(1, *rate, 16)),
        0x7777 => Some(format(*rate)),
        _ => None,
    }
}

fn list_format(call: &Call<'_>) -> Answer {
    let claim = call.claim(call.param1);
    let asked: AcmFormatDetails<u64> = claim.structure()?;
    let Some(format) = listed(asked.tag, asked.index) else {
        return Ok(ACMERR_NOTPOSSIBLE);
    };
    call.claim(asked.format.to_param())
        .write(format.as_bytes())?;
    claim.set_structure(&AcmFormatDetails {
        support: 1,
        ..asked
    })?;
    Ok(0)
}

fn suggest(call: &Call<'_>) -> Answer {
    let asked: AcmDrvFormatSuggest<u64> = call.claim(call.param1).structure()?;
    let source = read_format(call, asked.source)?;
    if source.tag != 1 {
        return Ok(ACMERR_NOTPOSSIBLE);
    }
    // Whatever is wished: a manager has to see that for itself.
    let format = format(source.samples_per_second);
    call.claim(asked.destination.to_param())
        .write(format.as_bytes())?;
    Ok(0)
}

fn filter_tag(call: &Call<'_>) -> Answer {
    let claim = call.claim(call.param1);
    let asked: AcmFilterTagDetails = claim.structure()?;
    if !matches!(
        (call.param2, asked.index, asked.tag),
        (0, 0, _) | (1, _, 1) | (2, _, _)
    ) {
        return Ok(ACMERR_NOTPOSSIBLE);
    }
    claim.set_structure(&AcmFilterTagDetails {
        tag: WaveFilter::VOLUME,
        filter_size: 36,
        support: 4,
        standard_filters: 2,
        name: Wide::new("Volume"),
        ..asked
    })?;
    Ok(0)
}

fn list_filter(call: &Call<'_>) -> Answer {
    let claim = call.claim(call.param1);
    let asked: AcmFilterDetails<u64> = claim.structure()?;
    let filter = WaveFilter::volume(0x8000 << asked.index);
    call.claim(asked.filter.to_param())
        .write(filter.as_bytes())?;
    let name = Wide::new(&format!("{} %", 50 << asked.index));
    claim.set_structure(&AcmFilterDetails {
        support: 4,
        name,
        ..asked
    })?;
    Ok(0)
}
