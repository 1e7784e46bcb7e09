//! `<time.h>`: the clock, the calendar, local time.

pub(in crate::dll) mod written;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::runtime::{Slot, block, errno, invalid_parameter, refuse, slot};
use super::text::{Text, put_string};
use super::{aliases, runtime};
use crate::crt::time::{LAST, LAST_32, MONTHS, Offset, Tm, WEEKDAYS};
use crate::cx::Cx;
use crate::shim::{Addr, Data, Size, shims};
use crate::trap::Trap;

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// What the host's clock on the wall is ahead of UTC at a moment, and what its zone is called then.
fn local(moment: i64) -> (Offset, String) {
    let mut found = libc::tm {
        tm_sec: 0,
        tm_min: 0,
        tm_hour: 0,
        tm_mday: 0,
        tm_mon: 0,
        tm_year: 0,
        tm_wday: 0,
        tm_yday: 0,
        tm_isdst: 0,
        tm_gmtoff: 0,
        tm_zone: std::ptr::null(),
    };
    // SAFETY: both pointers are to variables of ours of the types that the function takes.
    if unsafe { libc::localtime_r(&raw const moment, &raw mut found) }.is_null() {
        return (Offset::default(), "UTC".to_owned());
    }
    let name = if found.tm_zone.is_null() {
        String::new()
    } else {
        // SAFETY: the name of a zone is a string that lives as long as the program.
        unsafe { std::ffi::CStr::from_ptr(found.tm_zone) }
            .to_string_lossy()
            .into_owned()
    };
    (
        Offset {
            seconds: found.tm_gmtoff,
            summer: found.tm_isdst > 0,
        },
        name,
    )
}

fn offset(moment: i64) -> Offset {
    local(moment).0
}

/// The zone in winter: seconds behind UTC, its name, and the name in summer.
fn zone() -> (i64, String, String) {
    // January and July of 2026: one of them is winter wherever somebody lives.
    let (january, july) = (local(1_767_225_600), local(1_782_864_000));
    let (winter, summer) = if january.0.summer {
        (july, january)
    } else {
        (january, july)
    };
    (-winter.0.seconds, winter.1, summer.1)
}

fn read_tm(cx: &Cx<'_>, at: Addr) -> Result<Tm, Trap> {
    let mut fields = [0; 9];
    for (index, field) in (0..).zip(&mut fields) {
        *field = cx.read(at.offset(4 * index))?;
    }
    Ok(Tm::from_array(fields))
}

fn write_tm(cx: &Cx<'_>, at: Addr, tm: Tm) -> Result<(), Trap> {
    for (index, field) in (0..).zip(tm.to_array()) {
        cx.write(at.offset(4 * index), field)?;
    }
    Ok(())
}

/// Whether the functions of this width take the moment; one before 1970 they do not.
fn in_range(moment: i64, last: i64) -> bool {
    (0..=last).contains(&moment)
}

/// `gmtime` and `localtime`: the calendar in the thread's own place.
fn calendar(
    cx: &mut Cx<'_>,
    moment: Option<i64>,
    last: i64,
    zone: fn(i64) -> Offset,
) -> Result<Addr, Trap> {
    let Some(moment) = moment.filter(|moment| in_range(*moment, last)) else {
        return invalid_parameter(cx, "gmtime", errno::EINVAL, Addr::NULL);
    };
    let at = slot(cx, Slot::Tm)?;
    write_tm(cx, at, Tm::at(moment, zone(moment)))?;
    Ok(at)
}

/// `gmtime_s` and `localtime_s`: the calendar where the caller wants it.
fn calendar_into(
    cx: &mut Cx<'_>,
    at: Addr,
    moment: Option<i64>,
    last: i64,
    zone: fn(i64) -> Offset,
) -> Result<i32, Trap> {
    match moment.filter(|moment| in_range(*moment, last)) {
        Some(moment) if !at.is_null() => {
            write_tm(cx, at, Tm::at(moment, zone(moment)))?;
            Ok(0)
        }
        _ => {
            if !at.is_null() {
                write_tm(cx, at, Tm::from_array([-1; 9]))?;
            }
            refuse(cx, "gmtime_s", errno::EINVAL)
        }
    }
}

/// `mktime` and `_mkgmtime`: the moment, and the calendar put in order.
fn make(cx: &mut Cx<'_>, at: Addr, last: i64, zone: fn(i64) -> Offset) -> Result<i64, Trap> {
    if at.is_null() {
        return invalid_parameter(cx, "mktime", errno::EINVAL, -1);
    }
    let (moment, tm) = read_tm(cx, at)?.resolve(zone);
    if !in_range(moment, last) {
        return runtime::fail(cx, errno::EINVAL, -1);
    }
    write_tm(cx, at, tm)?;
    Ok(moment)
}

fn utc(_: i64) -> Offset {
    Offset::default()
}

fn moment_64(cx: &Cx<'_>, at: Addr) -> Result<Option<i64>, Trap> {
    if at.is_null() {
        Ok(None)
    } else {
        cx.read(at).map(Some)
    }
}

fn moment_32(cx: &Cx<'_>, at: Addr) -> Result<Option<i64>, Trap> {
    if at.is_null() {
        Ok(None)
    } else {
        Ok(Some(cx.read::<i32>(at)?.into()))
    }
}

fn units<C: Text>(text: &str) -> Vec<C> {
    text.bytes().map(C::from).collect()
}

/// `_ftime`: seconds, milliseconds, minutes behind UTC, whether it is summer.
fn put_now(cx: &Cx<'_>, at: Addr, wide: bool) -> Result<(), Trap> {
    let now = now();
    let seconds = now.as_secs() as i64;
    let behind = if wide {
        cx.write(at, seconds)?;
        at.offset(8)
    } else {
        cx.write(at, seconds as i32)?;
        at.offset(4)
    };
    cx.write(behind, now.subsec_millis() as u16)?;
    cx.write(behind.offset(2), (zone().0 / 60) as i16)?;
    cx.write(behind.offset(4), i16::from(offset(seconds).summer))
}

/// `_strdate` and `_strtime`: nine characters.
fn put_clock<C: Text>(cx: &mut Cx<'_>, (at, room): (Addr, u64), date: bool) -> Result<i32, Trap> {
    if at.is_null() || room < 9 {
        return refuse(
            cx,
            "_strdate_s",
            if at.is_null() || room == 0 {
                errno::EINVAL
            } else {
                errno::ERANGE
            },
        );
    }
    let seconds = now().as_secs() as i64;
    let tm = Tm::at(seconds, offset(seconds));
    let text = if date {
        format!("{:02}/{:02}/{:02}", tm.month + 1, tm.day, tm.year % 100)
    } else {
        format!("{:02}:{:02}:{:02}", tm.hour, tm.minute, tm.second)
    };
    put_string(cx, at, &units::<C>(&text))?;
    Ok(0)
}

/// Names behind colons, short and long in turn, as `_Getdays` answers them.
fn names<C: Text>(cx: &Cx<'_>, names: &[&str]) -> Result<Addr, Trap> {
    let text: String = names
        .iter()
        .map(|name| format!(":{}:{name}", &name[..3]))
        .collect();
    super::text::allocate(cx, &units::<C>(&text))
}

fn fill_names(cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
    let (_, winter, summer) = zone();
    for (index, name) in (0..).zip([winter, summer]) {
        let place = super::text::allocate(cx, name.as_bytes())?;
        cx.write_addr(at.offset(index * cx.pointer_size()), place)?;
    }
    Ok(())
}

fn fill_timezone(cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
    cx.write(at, zone().0 as i32)
}

fn fill_daylight(cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
    let (_, winter, summer) = zone();
    cx.write(at, i32::from(winter != summer))
}

fn fill_dstbias(cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
    cx.write(at, -3600)
}

/// Variables about the time zone.
pub(in crate::dll) static DATA: &[Data] = &[
    Data {
        name: "_timezone",
        size: 4,
        fill: |cx, at| fill_timezone(cx, at),
    },
    Data {
        name: "_daylight",
        size: 4,
        fill: |cx, at| fill_daylight(cx, at),
    },
    Data {
        name: "_dstbias",
        size: 4,
        fill: |cx, at| fill_dstbias(cx, at),
    },
    Data {
        name: "_tzname",
        size: 16,
        fill: |cx, at| fill_names(cx, at),
    },
];

fn variable(
    cx: &mut Cx<'_>,
    name: &'static str,
    fill: fn(&Cx<'_>, Addr) -> Result<(), Trap>,
) -> Result<Addr, Trap> {
    block(cx, name, |cx| {
        let at = cx.allocate_zeroed(Size(16));
        fill(cx, at)?;
        Ok(at)
    })
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Answers the seconds since 1970, 64 bits.
    fn _time64(cx, at: Addr) -> i64 {
        let seconds = now().as_secs() as i64;
        cx.write_unless_null(at, seconds)?;
        Ok(seconds)
    }

    /// Answers the calendar of a moment in UTC, 64 bits.
    fn _gmtime64(cx, at: Addr) -> Addr {
        let moment = moment_64(cx, at)?;
        calendar(cx, moment, LAST, utc)
    }

    /// Answers the calendar of a moment in local time, 64 bits.
    fn _localtime64(cx, at: Addr) -> Addr {
        let moment = moment_64(cx, at)?;
        calendar(cx, moment, LAST, offset)
    }

    /// Stores the calendar of a moment in UTC, 64 bits.
    fn _gmtime64_s(cx, tm: Addr, at: Addr) -> i32 {
        let moment = moment_64(cx, at)?;
        calendar_into(cx, tm, moment, LAST, utc)
    }

    /// Stores the calendar of a moment in local time, 64 bits.
    fn _localtime64_s(cx, tm: Addr, at: Addr) -> i32 {
        let moment = moment_64(cx, at)?;
        calendar_into(cx, tm, moment, LAST, offset)
    }

    /// Answers the moment of a calendar in local time, 64 bits.
    fn _mktime64(cx, tm: Addr) -> i64 { make(cx, tm, LAST, offset) }

    /// Answers the moment of a calendar in UTC, 64 bits.
    fn _mkgmtime64(cx, tm: Addr) -> i64 { make(cx, tm, LAST, utc) }

    /// Answers the seconds between two moments, 64 bits.
    fn _difftime64(cx, end: i64, start: i64) -> f64 { Ok(end.wrapping_sub(start) as f64) }

    /// Stores the moment with milliseconds and zone, 64 bits.
    fn _ftime64(cx, at: Addr) { put_now(cx, at, true) }

    /// Stores the moment with milliseconds and zone, 64 bits.
    fn _ftime64_s(cx, at: Addr) -> i32 {
        if at.is_null() {
            return refuse(cx, "_ftime64_s", errno::EINVAL);
        }
        put_now(cx, at, true)?;
        Ok(0)
    }

    /// Stores the moment to the nanosecond, 64 bits.
    fn _timespec64_get(cx, at: Addr, base: i32) -> i32 {
        if base != 1 {
            return Ok(0);
        }
        let now = now();
        cx.write(at, now.as_secs() as i64)?;
        cx.write(at.offset(8), now.subsec_nanos())?;
        Ok(base)
    }

    /// Answers the seconds since 1970, 32 bits.
    fn _time32(cx, at: Addr) -> i32 {
        let seconds = now().as_secs() as i32;
        cx.write_unless_null(at, seconds)?;
        Ok(seconds)
    }

    /// Answers the calendar of a moment in UTC, 32 bits.
    fn _gmtime32(cx, at: Addr) -> Addr {
        let moment = moment_32(cx, at)?;
        calendar(cx, moment, LAST_32, utc)
    }

    /// Answers the calendar of a moment in local time, 32 bits.
    fn _localtime32(cx, at: Addr) -> Addr {
        let moment = moment_32(cx, at)?;
        calendar(cx, moment, LAST_32, offset)
    }

    /// Stores the calendar of a moment in UTC, 32 bits.
    fn _gmtime32_s(cx, tm: Addr, at: Addr) -> i32 {
        let moment = moment_32(cx, at)?;
        calendar_into(cx, tm, moment, LAST_32, utc)
    }

    /// Stores the calendar of a moment in local time, 32 bits.
    fn _localtime32_s(cx, tm: Addr, at: Addr) -> i32 {
        let moment = moment_32(cx, at)?;
        calendar_into(cx, tm, moment, LAST_32, offset)
    }

    /// Answers the moment of a calendar in local time, 32 bits.
    fn _mktime32(cx, tm: Addr) -> i32 { make(cx, tm, LAST_32, offset).map(|moment| moment as i32) }

    /// Answers the moment of a calendar in UTC, 32 bits.
    fn _mkgmtime32(cx, tm: Addr) -> i32 { make(cx, tm, LAST_32, utc).map(|moment| moment as i32) }

    /// Answers the seconds between two moments, 32 bits.
    fn _difftime32(cx, end: i32, start: i32) -> f64 { Ok(f64::from(end) - f64::from(start)) }

    /// Stores the moment with milliseconds and zone, 32 bits.
    fn _ftime32(cx, at: Addr) { put_now(cx, at, false) }

    /// Stores the moment with milliseconds and zone, 32 bits.
    fn _ftime32_s(cx, at: Addr) -> i32 {
        if at.is_null() {
            return refuse(cx, "_ftime32_s", errno::EINVAL);
        }
        put_now(cx, at, false)?;
        Ok(0)
    }

    /// Stores the moment to the nanosecond, 32 bits.
    fn _timespec32_get(cx, at: Addr, base: i32) -> i32 {
        if base != 1 {
            return Ok(0);
        }
        let now = now();
        cx.write(at, now.as_secs() as i32)?;
        cx.write(at.offset(4), now.subsec_nanos())?;
        Ok(base)
    }

    /// Answers the milliseconds of processor time since the process started.
    fn clock(cx) -> i32 {
        let mut spent = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a variable of ours of the type that the function takes.
        unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut spent) };
        Ok((spent.tv_sec * 1000 + spent.tv_nsec / 1_000_000) as i32)
    }

    /// Prints the date, as 01/31/26.
    fn _strdate(cx, at: Addr) -> Addr {
        put_clock::<u8>(cx, (at, 9), true)?;
        Ok(at)
    }

    /// Prints the date into a buffer of known size.
    fn _strdate_s(cx, at: Addr, room: Size) -> i32 { put_clock::<u8>(cx, (at, room.0), true) }

    /// Prints the time of day, as 23:59:59.
    fn _strtime(cx, at: Addr) -> Addr {
        put_clock::<u8>(cx, (at, 9), false)?;
        Ok(at)
    }

    /// Prints the time of day into a buffer of known size.
    fn _strtime_s(cx, at: Addr, room: Size) -> i32 { put_clock::<u8>(cx, (at, room.0), false) }

    /// Prints the date as wide text, as 01/31/26.
    fn _wstrdate(cx, at: Addr) -> Addr {
        put_clock::<u16>(cx, (at, 9), true)?;
        Ok(at)
    }

    /// Prints the date as wide text into a buffer of known size.
    fn _wstrdate_s(cx, at: Addr, room: Size) -> i32 { put_clock::<u16>(cx, (at, room.0), true) }

    /// Prints the time of day as wide text, as 23:59:59.
    fn _wstrtime(cx, at: Addr) -> Addr {
        put_clock::<u16>(cx, (at, 9), false)?;
        Ok(at)
    }

    /// Prints the time of day as wide text into a buffer of known size.
    fn _wstrtime_s(cx, at: Addr, room: Size) -> i32 { put_clock::<u16>(cx, (at, room.0), false) }

    /// Takes note of the time zone, which is asked for each time anyway.
    fn _tzset(cx) { Ok(()) }

    /// Answers where the seconds that winter time is behind UTC lie.
    fn __timezone(cx) -> Addr { variable(cx, "__timezone", fill_timezone) }

    /// Answers where it is said whether there is summer time.
    fn __daylight(cx) -> Addr { variable(cx, "__daylight", fill_daylight) }

    /// Answers where the seconds of summer time lie.
    fn __dstbias(cx) -> Addr { variable(cx, "__dstbias", fill_dstbias) }

    /// Answers where the names of the zone lie.
    fn __tzname(cx) -> Addr { variable(cx, "__tzname", fill_names) }

    /// Stores the seconds that winter time is behind UTC.
    fn _get_timezone(cx, at: Addr) -> i32 {
        fill_timezone(cx, at)?;
        Ok(0)
    }

    /// Stores the hours of summer time.
    fn _get_daylight(cx, at: Addr) -> i32 {
        fill_daylight(cx, at)?;
        Ok(0)
    }

    /// Stores the seconds of summer time.
    fn _get_dstbias(cx, at: Addr) -> i32 {
        fill_dstbias(cx, at)?;
        Ok(0)
    }

    /// Stores the name of the zone, in winter (0) or in summer (1).
    fn _get_tzname(cx, needed: Addr, at: Addr, room: Size, index: i32) -> i32 {
        let (_, winter, summer) = zone();
        if needed.is_null() || !(0..=1).contains(&index) {
            return refuse(cx, "_get_tzname", errno::EINVAL);
        }
        let name = if index == 0 { winter } else { summer };
        cx.write_addr(needed, Addr(name.len() as u64 + 1))?;
        if room.0 == 0 {
            return Ok(0);
        }
        if name.len() as u64 >= room.0 {
            return Ok(errno::ERANGE);
        }
        put_string(cx, at, name.as_bytes())?;
        Ok(0)
    }

    /// Answers the names of the days.
    fn _Getdays(cx) -> Addr { names::<u8>(cx, &WEEKDAYS) }

    /// Answers the wide names of the days.
    fn _W_Getdays(cx) -> Addr { names::<u16>(cx, &WEEKDAYS) }

    /// Answers the names of the months.
    fn _Getmonths(cx) -> Addr { names::<u8>(cx, &MONTHS) }

    /// Answers the wide names of the months.
    fn _W_Getmonths(cx) -> Addr { names::<u16>(cx, &MONTHS) }
}

aliases! {
    pub(in crate::dll) static PLAIN_64;
    SHIMS =>
        "_time64" as "time",
        "_gmtime64" as "gmtime",
        "_localtime64" as "localtime",
        "_mktime64" as "mktime",
        "_mkgmtime64" as "_mkgmtime",
        "_difftime64" as "difftime",
        "_ftime64" as "_ftime",
        "_ftime64_s" as "_ftime_s";
    written::OLD =>
        "_ctime64" as "ctime",
        "_wctime64" as "_wctime";
}

aliases! {
    pub(in crate::dll) static PLAIN_32;
    SHIMS =>
        "_time32" as "time",
        "_gmtime32" as "gmtime",
        "_localtime32" as "localtime",
        "_mktime32" as "mktime",
        "_mkgmtime32" as "_mkgmtime",
        "_difftime32" as "difftime",
        "_ftime32" as "_ftime",
        "_ftime32_s" as "_ftime_s";
    written::OLD =>
        "_ctime32" as "ctime",
        "_wctime32" as "_wctime";
}
