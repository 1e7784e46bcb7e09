//! Clocks and dates.

use crate::calendar::{self, Date, SECOND};
use crate::cx::Cx;
use crate::letters::Letters::Wide;
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;

const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_PRIVILEGE_NOT_HELD: u32 = 1314;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Answers the milliseconds since the system started; they start again after 49 days.
    fn GetTickCount(cx) -> u32 { Ok((monotonic() / 1_000_000) as u32) }

    /// Answers the milliseconds since the system started.
    fn GetTickCount64(cx) -> u64 { Ok(monotonic() / 1_000_000) }

    /// Writes the performance counter.
    fn QueryPerformanceCounter(cx, count: Addr) -> bool {
        cx.write(count, monotonic() / 100)?;
        Ok(true)
    }

    /// Writes how often the performance counter counts in a second: ten million times.
    fn QueryPerformanceFrequency(cx, frequency: Addr) -> bool {
        cx.write(frequency, SECOND)?;
        Ok(true)
    }

    /// Writes the time since the system started, without sleep.
    fn QueryUnbiasedInterruptTime(cx, time: Addr) -> bool {
        cx.write(time, monotonic() / 100)?;
        Ok(true)
    }

    /// Writes the time since the system started.
    fn QueryInterruptTime(cx, time: Addr) { cx.write(time, monotonic() / 100) }

    /// Writes the universal time.
    fn GetSystemTimeAsFileTime(cx, time: Addr) { cx.write(time, calendar::now()) }

    /// Writes the universal time.
    fn GetSystemTimePreciseAsFileTime(cx, time: Addr) { cx.write(time, calendar::now()) }

    /// Writes the universal date and time.
    fn GetSystemTime(cx, date: Addr) { put_now(cx, date, calendar::now()) }

    /// Writes the local date and time.
    fn GetLocalTime(cx, date: Addr) { put_now(cx, date, calendar::to_local(calendar::now())) }

    /// Sets the clock, which a driver may not.
    fn SetSystemTime(cx, date: Addr) -> bool { cx.fail(ERROR_PRIVILEGE_NOT_HELD, false) }

    /// Sets the clock, which a driver may not.
    fn SetLocalTime(cx, date: Addr) -> bool { cx.fail(ERROR_PRIVILEGE_NOT_HELD, false) }

    /// Turns a time into a date.
    fn FileTimeToSystemTime(cx, time: Addr, date: Addr) -> bool {
        let time: u64 = cx.read(time)?;
        match Date::from_file_time(time) {
            Some(found) => put_date(cx, date, found).map(|()| true),
            None => cx.fail(ERROR_INVALID_PARAMETER, false),
        }
    }

    /// Turns a date into a time.
    fn SystemTimeToFileTime(cx, date: Addr, time: Addr) -> bool {
        match get_date(cx, date)?.to_file_time() {
            Some(found) => cx.write(time, found).map(|()| true),
            None => cx.fail(ERROR_INVALID_PARAMETER, false),
        }
    }

    /// Turns universal time into local time.
    fn FileTimeToLocalFileTime(cx, universal: Addr, local: Addr) -> bool {
        cx.write(local, calendar::to_local(cx.read(universal)?))?;
        Ok(true)
    }

    /// Turns local time into universal time.
    fn LocalFileTimeToFileTime(cx, local: Addr, universal: Addr) -> bool {
        cx.write(universal, calendar::from_local(cx.read(local)?))?;
        Ok(true)
    }

    /// Turns a universal date into a local one, of the named zone or of this place.
    fn SystemTimeToTzSpecificLocalTime(cx, zone: Addr, universal: Addr, local: Addr) -> bool {
        convert(cx, universal, local, zone, |time, bias| match bias {
            Some(bias) => time.saturating_add_signed(-bias),
            None => calendar::to_local(time),
        })
    }

    /// Turns a local date into a universal one, of the named zone or of this place.
    fn TzSpecificLocalTimeToSystemTime(cx, zone: Addr, local: Addr, universal: Addr) -> bool {
        convert(cx, local, universal, zone, |time, bias| match bias {
            Some(bias) => time.saturating_add_signed(bias),
            None => calendar::from_local(time),
        })
    }

    /// Compares times: -1, 0 or 1.
    fn CompareFileTime(cx, one: Addr, other: Addr) -> i32 {
        let (one, other): (u64, u64) = (cx.read(one)?, cx.read(other)?);
        Ok(one.cmp(&other) as i32)
    }

    /// Turns a date of DOS into a time.
    fn DosDateTimeToFileTime(cx, day: u16, clock: u16, time: Addr) -> bool {
        let date = Date {
            year: 1980 + (day >> 9),
            month: day >> 5 & 15,
            day: day & 31,
            hour: clock >> 11,
            minute: clock >> 5 & 63,
            second: 2 * (clock & 31),
            millisecond: 0,
        };
        match date.to_file_time() {
            Some(found) => cx.write(time, found).map(|()| true),
            None => cx.fail(ERROR_INVALID_PARAMETER, false),
        }
    }

    /// Turns a time into a date of DOS.
    fn FileTimeToDosDateTime(cx, time: Addr, day: Addr, clock: Addr) -> bool {
        let date = Date::from_file_time(cx.read(time)?);
        let Some(date) = date.filter(|date| (1980..=2107).contains(&date.year)) else {
            return cx.fail(ERROR_INVALID_PARAMETER, false);
        };
        cx.write(day, (date.year - 1980) << 9 | date.month << 5 | date.day)?;
        cx.write(clock, date.hour << 11 | date.minute << 5 | date.second >> 1)?;
        Ok(true)
    }

    /// Describes the zone of this place by what its clocks show now; answers 0, as no change of clocks is told.
    fn GetTimeZoneInformation(cx, zone: Addr) -> u32 { put_zone(cx, zone) }

    /// As `GetTimeZoneInformation`, with the zone's key.
    fn GetDynamicTimeZoneInformation(cx, zone: Addr) -> u32 {
        cx.fill(zone.offset(172), 0, 260)?;
        put_zone(cx, zone)
    }

    /// Writes when the process started and the processor time that it took.
    fn GetProcessTimes(cx, process: Handle, made: Addr, ended: Addr, kernel: Addr, user: Addr) -> bool {
        put_times(cx, libc::RUSAGE_SELF, made, ended, kernel, user)
    }

    /// Writes when a thread started and the processor time that it took.
    fn GetThreadTimes(cx, thread: Handle, made: Addr, ended: Addr, kernel: Addr, user: Addr) -> bool {
        put_times(cx, libc::RUSAGE_THREAD, made, ended, kernel, user)
    }

    /// Writes the steps of the clock: 15.6 milliseconds, not adjusted.
    fn GetSystemTimeAdjustment(cx, adjustment: Addr, step: Addr, disabled: Addr) -> bool {
        cx.write(adjustment, 156_250_u32)?;
        cx.write(step, 156_250_u32)?;
        cx.write(disabled, 1_u32)?;
        Ok(true)
    }
}

/// Nanoseconds of a clock that never goes back.
pub(crate) fn monotonic() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the structure is ours, and this clock exists everywhere.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Reads a `SYSTEMTIME`; its weekday does not count.
pub(in crate::dll) fn get_date(cx: &Cx<'_>, at: Addr) -> Result<Date, Trap> {
    let mut fields = cx.fields(at);
    let (year, month) = (fields.get()?, fields.get()?);
    fields.skip::<u16>();
    Ok(Date {
        year,
        month,
        day: fields.get()?,
        hour: fields.get()?,
        minute: fields.get()?,
        second: fields.get()?,
        millisecond: fields.get()?,
    })
}

pub(in crate::dll) fn put_date(cx: &Cx<'_>, at: Addr, date: Date) -> Result<(), Trap> {
    let mut fields = cx.fields(at);
    for value in [
        date.year,
        date.month,
        date.weekday(),
        date.day,
        date.hour,
        date.minute,
        date.second,
        date.millisecond,
    ] {
        fields.put(value)?;
    }
    Ok(())
}

fn put_now(cx: &Cx<'_>, at: Addr, time: u64) -> Result<(), Trap> {
    match Date::from_file_time(time) {
        Some(date) => put_date(cx, at, date),
        None => cx.fill(at, 0, 16),
    }
}

/// Converts a date; a zone's bias is what universal time is ahead of it.
fn convert(
    cx: &Cx<'_>,
    from: Addr,
    to: Addr,
    zone: Addr,
    change: impl FnOnce(u64, Option<i64>) -> u64,
) -> Result<bool, Trap> {
    let bias = match zone.is_null() {
        true => None,
        false => Some(i64::from(cx.read::<i32>(zone)?) * 60 * SECOND as i64),
    };
    let time = get_date(cx, from)?.to_file_time();
    match time.and_then(|time| Date::from_file_time(change(time, bias))) {
        Some(date) => put_date(cx, to, date).map(|()| true),
        None => cx.fail(ERROR_INVALID_PARAMETER, false),
    }
}

fn put_zone(cx: &Cx<'_>, zone: Addr) -> Result<u32, Trap> {
    let minutes = calendar::ahead(calendar::now()) / 60;
    cx.fill(zone, 0, 172)?;
    cx.write(zone, -minutes as i32)?;
    let sign = if minutes < 0 { '-' } else { '+' };
    let name = format!(
        "UTC{sign}{:02}:{:02}",
        minutes.abs() / 60,
        minutes.abs() % 60
    );
    for offset in [4, 88] {
        Wide.put(cx, zone.offset(offset), &name)?;
    }
    Ok(0)
}

fn put_times(
    cx: &Cx<'_>,
    who: libc::c_int,
    made: Addr,
    ended: Addr,
    kernel: Addr,
    user: Addr,
) -> Result<bool, Trap> {
    // SAFETY: all zeros is a valid value of this structure of numbers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is ours and lives through the call.
    unsafe { libc::getrusage(who, &raw mut usage) };
    let steps = |time: libc::timeval| time.tv_sec as u64 * SECOND + time.tv_usec as u64 * 10;
    // When it was made is not kept: so long ago as it has worked is early enough.
    let (kernel_time, user_time) = (steps(usage.ru_stime), steps(usage.ru_utime));
    cx.write(made, calendar::now() - kernel_time - user_time)?;
    cx.write(ended, 0_u64)?;
    cx.write(kernel, kernel_time)?;
    cx.write(user, user_time)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    fn number(bench: &Bench, at: u64) -> u64 {
        u64::from_le_bytes(bench.read(at, 8).try_into().unwrap())
    }

    #[test]
    fn clocks_go_forward_at_their_rates() {
        let bench = Bench::new();
        let (count, frequency) = (bench.bytes(&[0; 8]), bench.bytes(&[0; 8]));
        assert_eq!(bench.ask(DLL, "QueryPerformanceFrequency", &[frequency]), 1);
        bench.ask(DLL, "QueryPerformanceCounter", &[count]);
        let before = number(&bench, count);
        bench.ask(DLL, "QueryPerformanceCounter", &[count]);
        assert!(number(&bench, count) >= before);
        let milliseconds = before / (number(&bench, frequency) / 1000);
        assert!(bench.ask(DLL, "GetTickCount64", &[]) >= milliseconds);
    }

    #[test]
    fn a_time_becomes_a_date_and_comes_back() {
        let bench = Bench::new();
        let (time, date, again) = (
            bench.bytes(&[0; 8]),
            bench.bytes(&[0; 16]),
            bench.bytes(&[0; 8]),
        );
        bench.ask(DLL, "GetSystemTimeAsFileTime", &[time]);
        assert_eq!(bench.ask(DLL, "FileTimeToSystemTime", &[time, date]), 1);
        assert_eq!(bench.ask(DLL, "SystemTimeToFileTime", &[date, again]), 1);
        assert!(number(&bench, time) - number(&bench, again) < 10_000);
        let none = bench.bytes(&[0xff; 16]);
        assert_eq!(bench.ask(DLL, "SystemTimeToFileTime", &[none, again]), 0);
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 87);
    }

    #[test]
    fn a_date_of_dos_keeps_two_seconds() {
        let bench = Bench::new();
        let (time, day, clock) = (
            bench.bytes(&[0; 8]),
            bench.bytes(&[0; 2]),
            bench.bytes(&[0; 2]),
        );
        let (wanted_day, wanted_clock) = (0x5999, 0x6c3d);
        assert_eq!(
            bench.ask(
                DLL,
                "DosDateTimeToFileTime",
                &[wanted_day, wanted_clock, time]
            ),
            1
        );
        assert_eq!(
            bench.ask(DLL, "FileTimeToDosDateTime", &[time, day, clock]),
            1
        );
        assert_eq!(bench.read(day, 2), (wanted_day as u16).to_le_bytes());
        assert_eq!(bench.read(clock, 2), (wanted_clock as u16).to_le_bytes());
    }

    #[test]
    fn a_named_zone_moves_a_date_by_its_bias() {
        let bench = Bench::new();
        let zone = bench.bytes(&[(-60_i32).to_le_bytes().as_slice(), &[0; 168]].concat());
        let words = |words: [u16; 8]| {
            words
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect::<Vec<_>>()
        };
        let from = bench.bytes(&words([2023, 12, 0, 31, 23, 30, 1, 2]));
        let to = bench.bytes(&[0; 16]);
        assert_eq!(
            bench.ask(DLL, "SystemTimeToTzSpecificLocalTime", &[zone, from, to]),
            1
        );
        assert_eq!(bench.read(to, 16), words([2024, 1, 1, 1, 0, 30, 1, 2]));
        assert_eq!(
            bench.ask(DLL, "TzSpecificLocalTimeToSystemTime", &[zone, to, from]),
            1
        );
        assert_eq!(bench.read(from, 16), words([2023, 12, 0, 31, 23, 30, 1, 2]));
    }
}
