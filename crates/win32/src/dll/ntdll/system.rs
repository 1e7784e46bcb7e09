//! Queries of the system, clocks, images and bits.

use std::sync::Arc;

use opendriver_pe::Directory;

use crate::calendar::{self, Date, SECOND};
use crate::cx::Cx;
use crate::dll::kernel32::{pages, time};
use crate::load::Image;
use crate::peb::VERSION;
use crate::shim::{Addr, Handle, Size, shims};
use crate::structures::Bits;
use crate::trap::Trap;

use super::status::{
    INFO_LENGTH_MISMATCH, INVALID_HANDLE, INVALID_INFO_CLASS, INVALID_PARAMETER, SUCCESS,
};

/// From 1601 to 1970 and to 1980, in seconds.
const TO_1970: u64 = 11_644_473_600;
const TO_1980: u64 = 11_960_006_400;

shims! {
    pub(super) static SHIMS = "ntdll.dll", stdcall;

    /// Describes the version of Windows.
    fn RtlGetVersion(cx, info: Addr) -> u32 {
        let (major, minor, build) = VERSION;
        let size: u32 = cx.read(info)?;
        if size < 276 {
            return Ok(INVALID_PARAMETER);
        }
        cx.fill(info.offset(4), 0, u64::from(size) - 4)?;
        cx.fields(info.offset(4)).put(major)?.put(minor)?.put(u32::from(build))?.put(2_u32)?;
        if size >= 284 {
            cx.write(info.offset(282), 1_u8)?;
        }
        Ok(SUCCESS)
    }

    /// Writes the version of Windows; the build is marked as a final one.
    fn RtlGetNtVersionNumbers(cx, major: Addr, minor: Addr, build: Addr) {
        let version = [VERSION.0, VERSION.1, u32::from(VERSION.2) | 0xF000_0000];
        for (to, value) in [major, minor, build].into_iter().zip(version) {
            cx.write_unless_null(to, value)?;
        }
        Ok(())
    }

    /// Closes a handle.
    fn NtClose(cx, handle: Handle) -> u32 {
        Ok(if cx.process().handles().close(handle) { SUCCESS } else { INVALID_HANDLE })
    }

    /// Describes the pages at an address.
    fn NtQueryVirtualMemory(cx, process: Handle, at: Addr, class: u32, info: Addr, length: Size, written: Addr) -> u32 {
        if class != 0 {
            return Ok(INVALID_INFO_CLASS);
        }
        let found = pages::query(cx, at, info, length)?;
        if found.0 == 0 {
            return Ok(INFO_LENGTH_MISMATCH);
        }
        if !written.is_null() {
            cx.write_addr(written, Addr(found.0))?;
        }
        Ok(SUCCESS)
    }

    /// Describes the system: how many processors and pages there are (0).
    fn NtQuerySystemInformation(cx, class: u32, info: Addr, length: u32, written: Addr) -> u32 {
        let needed = 44 + cx.pointer_size() as u32 * 2 + 4;
        match class {
            0 if length >= 44 => {
                let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
                let mask = 1_u64.checked_shl(processors as u32).map_or(u64::MAX, |bit| bit - 1);
                let highest = if cx.pointer_size() == 8 { 0x7fff_fffe_ffff } else { 0x7ffe_ffff };
                cx.fields(info).put(0_u32)?.put(156_250_u32)?.put(0x1000_u32)?
                    .put(0x10_0000_u32)?.put(1_u32)?.put(0x10_0000_u32)?.put(0x1_0000_u32)?
                    .put(Addr(0x1_0000))?.put(Addr(highest))?.put(Size(mask))?.put(processors as u8)?;
                cx.write_unless_null(written, needed)?;
                Ok(SUCCESS)
            }
            0 => Ok(INFO_LENGTH_MISMATCH),
            _ => Ok(INVALID_INFO_CLASS),
        }
    }

    /// Writes the universal time.
    fn NtQuerySystemTime(cx, time: Addr) -> u32 {
        cx.write(time, calendar::now())?;
        Ok(SUCCESS)
    }

    /// Writes the performance counter, and how often it counts in a second.
    fn NtQueryPerformanceCounter(cx, count: Addr, frequency: Addr) -> u32 {
        cx.write(count, time::monotonic() / 100)?;
        cx.write_unless_null(frequency, SECOND)?;
        Ok(SUCCESS)
    }

    /// Writes the performance counter.
    fn RtlQueryPerformanceCounter(cx, count: Addr) -> bool {
        cx.write(count, time::monotonic() / 100)?;
        Ok(true)
    }

    /// Writes how often the performance counter counts in a second.
    fn RtlQueryPerformanceFrequency(cx, frequency: Addr) -> bool {
        cx.write(frequency, SECOND)?;
        Ok(true)
    }

    /// Answers the milliseconds since the system started.
    fn NtGetTickCount(cx) -> u32 { Ok((time::monotonic() / 1_000_000) as u32) }

    /// Answers the universal time.
    fn RtlGetSystemTimePrecise(cx) -> u64 { Ok(calendar::now()) }

    /// Turns universal time into local time.
    fn RtlSystemTimeToLocalTime(cx, universal: Addr, local: Addr) -> u32 {
        cx.write(local, calendar::to_local(cx.read(universal)?))?;
        Ok(SUCCESS)
    }

    /// Turns local time into universal time.
    fn RtlLocalTimeToSystemTime(cx, local: Addr, universal: Addr) -> u32 {
        cx.write(universal, calendar::from_local(cx.read(local)?))?;
        Ok(SUCCESS)
    }

    /// Turns a time into seconds since 1970.
    fn RtlTimeToSecondsSince1970(cx, time: Addr, seconds: Addr) -> bool { to_seconds(cx, time, seconds, TO_1970) }

    /// Turns a time into seconds since 1980.
    fn RtlTimeToSecondsSince1980(cx, time: Addr, seconds: Addr) -> bool { to_seconds(cx, time, seconds, TO_1980) }

    /// Turns seconds since 1970 into a time.
    fn RtlSecondsSince1970ToTime(cx, seconds: u32, time: Addr) { cx.write(time, (u64::from(seconds) + TO_1970) * SECOND) }

    /// Turns seconds since 1980 into a time.
    fn RtlSecondsSince1980ToTime(cx, seconds: u32, time: Addr) { cx.write(time, (u64::from(seconds) + TO_1980) * SECOND) }

    /// Turns a time into a date.
    fn RtlTimeToTimeFields(cx, time: Addr, fields: Addr) {
        let Some(date) = Date::from_file_time(cx.read(time)?) else { return Ok(()) };
        let mut fields = cx.fields(fields);
        for value in [date.year, date.month, date.day, date.hour, date.minute, date.second, date.millisecond, date.weekday()] {
            fields.put(value)?;
        }
        Ok(())
    }

    /// Turns a date into a time.
    fn RtlTimeFieldsToTime(cx, fields: Addr, time: Addr) -> bool {
        let mut fields = cx.fields(fields);
        let date = Date {
            year: fields.get()?,
            month: fields.get()?,
            day: fields.get()?,
            hour: fields.get()?,
            minute: fields.get()?,
            second: fields.get()?,
            millisecond: fields.get()?,
        };
        match date.to_file_time() {
            Some(found) => cx.write(time, found).map(|()| true),
            None => Ok(false),
        }
    }

    /// Answers where the PE header of a module lies.
    fn RtlImageNtHeader(cx, module: Handle) -> Addr {
        let headers: u32 = cx.read(Addr(module.0 + 0x3c))?;
        let at = Addr(module.0 + u64::from(headers));
        Ok(if cx.read::<u32>(at)? == 0x4550 { at } else { Addr::NULL })
    }

    /// Answers where a table of a module lies, and writes its size.
    fn RtlImageDirectoryEntryToData(cx, module: Handle, mapped: u8, entry: u16, size: Addr) -> Addr {
        let Some(image) = cx.process().images().by_address(module.0) else { return Ok(Addr::NULL) };
        match table(&image, entry) {
            Some((rva, length)) => {
                cx.write(size, length)?;
                Ok(Addr(image.base() + u64::from(rva)))
            }
            None => Ok(Addr::NULL),
        }
    }

    /// Answers how many bytes from the start on are the same.
    fn RtlCompareMemory(cx, one: Addr, other: Addr, count: Size) -> Size {
        let (one, other) = (cx.bytes(one, count.0)?, cx.bytes(other, count.0)?);
        let differs = one.iter().zip(&other).position(|(one, other)| one != other);
        Ok(Size(differs.map_or(count.0, |at| at as u64)))
    }

    /// Answers the check sum that ZIP archives use, from an earlier one on.
    fn RtlComputeCrc32(cx, sum: u32, data: Addr, count: u32) -> u32 {
        let bytes = cx.bytes(data, count.into())?;
        Ok(!bytes.iter().fold(!sum, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ (sum & 1).wrapping_neg() & 0xEDB8_8320)
        }))
    }

    /// Describes memory as so many bits.
    fn RtlInitializeBitMap(cx, map: Addr, buffer: Addr, count: u32) {
        Bits { count, buffer }.write(cx, map)
    }

    /// Sets all bits.
    fn RtlSetAllBits(cx, map: Addr) { all_bits(cx, map, 0xff) }

    /// Clears all bits.
    fn RtlClearAllBits(cx, map: Addr) { all_bits(cx, map, 0) }

    /// Sets some bits.
    fn RtlSetBits(cx, map: Addr, start: u32, count: u32) { change_bits(cx, map, start, count, true) }

    /// Clears some bits.
    fn RtlClearBits(cx, map: Addr, start: u32, count: u32) { change_bits(cx, map, start, count, false) }

    /// Tells whether some bits are all set.
    fn RtlAreBitsSet(cx, map: Addr, start: u32, count: u32) -> bool { are_bits(cx, map, start, count, true) }

    /// Tells whether some bits are all clear.
    fn RtlAreBitsClear(cx, map: Addr, start: u32, count: u32) -> bool { are_bits(cx, map, start, count, false) }

    /// Tells whether a bit is set.
    fn RtlTestBit(cx, map: Addr, bit: u32) -> bool { are_bits(cx, map, bit, 1, true) }
}

fn to_seconds(cx: &Cx<'_>, time: Addr, seconds: Addr, epoch: u64) -> Result<bool, Trap> {
    let found = cx.read::<u64>(time)? / SECOND;
    let since = found
        .checked_sub(epoch)
        .and_then(|since| u32::try_from(since).ok());
    match since {
        Some(since) => cx.write(seconds, since).map(|()| true),
        None => Ok(false),
    }
}

fn table(image: &Arc<Image>, entry: u16) -> Option<(u32, u32)> {
    let directory = match entry {
        0 => Directory::Export,
        1 => Directory::Import,
        2 => Directory::Resource,
        3 => Directory::Exception,
        5 => Directory::BaseRelocation,
        6 => Directory::Debug,
        9 => Directory::Tls,
        10 => Directory::LoadConfig,
        11 => Directory::BoundImport,
        12 => Directory::ImportAddressTable,
        13 => Directory::DelayImport,
        14 => Directory::ComDescriptor,
        _ => return None,
    };
    image.with_image(|mapped| mapped.directory(directory))
}

/// How many bits there are, and where.
fn bits(cx: &Cx<'_>, map: Addr) -> Result<(u32, Addr), Trap> {
    let Bits { count, buffer } = Bits::read(cx, map)?;
    Ok((count, buffer))
}

fn all_bits(cx: &Cx<'_>, map: Addr, byte: u8) -> Result<(), Trap> {
    let (count, buffer) = bits(cx, map)?;
    cx.fill(buffer, byte, u64::from(count.div_ceil(32)) * 4)
}

fn change_bits(cx: &Cx<'_>, map: Addr, start: u32, count: u32, is_set: bool) -> Result<(), Trap> {
    let (_, buffer) = bits(cx, map)?;
    for bit in u64::from(start)..u64::from(start) + u64::from(count) {
        let at = buffer.offset(bit / 8);
        let byte: u8 = cx.read(at)?;
        let mask = 1 << (bit % 8);
        cx.write(at, if is_set { byte | mask } else { byte & !mask })?;
    }
    Ok(())
}

fn are_bits(cx: &Cx<'_>, map: Addr, start: u32, count: u32, is_set: bool) -> Result<bool, Trap> {
    let (size, buffer) = bits(cx, map)?;
    let end = u64::from(start) + u64::from(count);
    if count == 0 || end > size.into() {
        return Ok(false);
    }
    for bit in u64::from(start)..end {
        let byte: u8 = cx.read(buffer.offset(bit / 8))?;
        if (byte >> (bit % 8) & 1 != 0) != is_set {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "ntdll.dll";

    #[test]
    fn pages_are_described_as_virtual_query_does() {
        let bench = Bench::new();
        let (info, written) = (bench.bytes(&[0; 48]), bench.bytes(&[0; 8]));
        let arguments = [u64::MAX, info, 0, info, 48, written];
        assert_eq!(bench.ask(DLL, "NtQueryVirtualMemory", &arguments), 0);
        assert_eq!(bench.read(written, 1), [48]);
        assert_eq!(bench.read(info + 32, 4), 0x1000_u32.to_le_bytes());
        assert_eq!(
            bench.ask(
                DLL,
                "NtQueryVirtualMemory",
                &[u64::MAX, info, 7, info, 48, 0]
            ),
            0xC000_0003
        );
        assert_eq!(
            bench.ask(
                DLL,
                "NtQueryVirtualMemory",
                &[u64::MAX, info, 0, info, 8, 0]
            ),
            0xC000_0004
        );
    }

    #[test]
    fn times_go_there_and_back() {
        let bench = Bench::new();
        let (time, seconds) = (bench.bytes(&[0; 8]), bench.bytes(&[0; 4]));
        bench.ask(DLL, "RtlSecondsSince1970ToTime", &[1_700_000_000, time]);
        assert_eq!(
            bench.ask(DLL, "RtlTimeToSecondsSince1970", &[time, seconds]),
            1
        );
        assert_eq!(bench.read(seconds, 4), 1_700_000_000_u32.to_le_bytes());
        let (fields, again) = (bench.bytes(&[0; 16]), bench.bytes(&[0; 8]));
        bench.ask(DLL, "RtlTimeToTimeFields", &[time, fields]);
        // 14 November 2023, a Tuesday.
        assert_eq!(bench.read(fields, 6), [0xe7, 7, 11, 0, 14, 0]);
        assert_eq!(bench.read(fields + 14, 1), [2]);
        assert_eq!(bench.ask(DLL, "RtlTimeFieldsToTime", &[fields, again]), 1);
        assert_eq!(bench.read(time, 8), bench.read(again, 8));
    }

    #[test]
    fn bits_are_set_cleared_and_asked_for() {
        let bench = Bench::new();
        let (map, buffer) = (bench.bytes(&[0; 16]), bench.bytes(&[0xaa; 8]));
        bench.ask(DLL, "RtlInitializeBitMap", &[map, buffer, 40]);
        bench.ask(DLL, "RtlClearAllBits", &[map]);
        bench.ask(DLL, "RtlSetBits", &[map, 6, 4]);
        assert_eq!(bench.read(buffer, 8), [0xc0, 3, 0, 0, 0, 0, 0, 0]);
        let ask = |name, start, count| bench.ask(DLL, name, &[map, start, count]);
        assert_eq!(
            (ask("RtlAreBitsSet", 6, 4), ask("RtlAreBitsSet", 5, 2)),
            (1, 0)
        );
        assert_eq!(
            (
                ask("RtlAreBitsClear", 10, 30),
                ask("RtlAreBitsClear", 10, 31)
            ),
            (1, 0)
        );
    }

    #[test]
    fn the_check_sum_is_that_of_zip_archives() {
        let bench = Bench::new();
        let data = bench.text("123456789");
        assert_eq!(
            bench.ask(DLL, "RtlComputeCrc32", &[0, data, 9]),
            0xCBF4_3926
        );
        let other = bench.text("1234x");
        assert_eq!(bench.ask(DLL, "RtlCompareMemory", &[data, other, 5]), 4);
    }
}
