//! Windows' times: 100-nanosecond steps since 1601, and dates of the calendar.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Steps in a second.
pub(crate) const SECOND: u64 = 10_000_000;
/// From 1601 to 1970.
const TO_UNIX: u64 = 11_644_473_600 * SECOND;
const DAY: u64 = 86_400 * SECOND;

/// A date and a time of day: a `SYSTEMTIME` without its weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: u16,
    pub(crate) month: u16,
    pub(crate) day: u16,
    pub(crate) hour: u16,
    pub(crate) minute: u16,
    pub(crate) second: u16,
    pub(crate) millisecond: u16,
}

/// The time now, as a `FILETIME`.
pub(crate) fn now() -> u64 {
    from_system(SystemTime::now())
}

/// A time of the host as a `FILETIME`.
pub(crate) fn from_system(time: SystemTime) -> u64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => TO_UNIX + steps(since),
        Err(before) => TO_UNIX.saturating_sub(steps(before.duration())),
    }
}

/// A `FILETIME` as a time of the host.
pub(crate) fn to_system(time: u64) -> Option<SystemTime> {
    let length = |steps: u64| Duration::new(steps / SECOND, (steps % SECOND * 100) as u32);
    match time.checked_sub(TO_UNIX) {
        Some(since) => UNIX_EPOCH.checked_add(length(since)),
        None => UNIX_EPOCH.checked_sub(length(TO_UNIX - time)),
    }
}

/// A `FILETIME` as seconds since 1970.
pub(crate) fn to_unix(time: u64) -> i64 {
    (time / SECOND) as i64 - (TO_UNIX / SECOND) as i64
}

/// A duration in steps.
pub(crate) fn steps(duration: Duration) -> u64 {
    duration.as_secs() * SECOND + u64::from(duration.subsec_nanos()) / 100
}

/// What local clocks are ahead of universal time at a `FILETIME`, in seconds.
pub(crate) fn ahead(time: u64) -> i64 {
    let seconds: libc::time_t = to_unix(time);
    // SAFETY: all zeros is a valid value of this structure of numbers and a pointer.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both structures are ours and live through the call.
    let filled = unsafe { libc::localtime_r(&raw const seconds, &raw mut local) };
    if filled.is_null() { 0 } else { local.tm_gmtoff }
}

/// Universal time as local time.
pub(crate) fn to_local(time: u64) -> u64 {
    time.saturating_add_signed(ahead(time) * SECOND as i64)
}

/// Local time as universal time.
pub(crate) fn from_local(time: u64) -> u64 {
    let guess = time.saturating_add_signed(-ahead(time) * SECOND as i64);
    time.saturating_add_signed(-ahead(guess) * SECOND as i64)
}

impl Date {
    /// The date of a `FILETIME`; none beyond the year 30827, where Windows ends too.
    pub(crate) fn from_file_time(time: u64) -> Option<Self> {
        let (days, rest) = (time / DAY, time % DAY);
        // Counted in eras of 400 years that begin on the first of March.
        let days = days + 584_694;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let (day, month) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
        let year = year + era * 400 + u64::from(month <= 2);
        let of = |unit: u64, count: u64| (rest / unit % count) as u16;
        Some(Self {
            year: u16::try_from(year).ok().filter(|year| *year <= 30_827)?,
            month: month as u16,
            day: day as u16,
            hour: of(3600 * SECOND, 24),
            minute: of(60 * SECOND, 60),
            second: of(SECOND, 60),
            millisecond: of(SECOND / 1000, 1000),
        })
    }

    /// The `FILETIME` of a date; none where there is no such day or time.
    pub(crate) fn to_file_time(self) -> Option<u64> {
        let is_leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let length = match self.month {
            2 => 28 + u16::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let is_sound = (1601..=30_827).contains(&self.year)
            && (1..=length).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
            && self.millisecond < 1000;
        if !is_sound {
            return None;
        }
        let (month, day) = (u64::from(self.month), u64::from(self.day));
        let year = u64::from(self.year) - u64::from(month <= 2);
        let (era, of_era) = (year / 400, year % 400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 584_694;
        let seconds = u64::from(self.hour) * 3600 + u64::from(self.minute) * 60;
        let milliseconds = (seconds + u64::from(self.second)) * 1000 + u64::from(self.millisecond);
        Some(days * DAY + milliseconds * (SECOND / 1000))
    }

    /// The day of the week, 0 for Sunday.
    pub(crate) fn weekday(self) -> u16 {
        let midnight = Self {
            hour: 0,
            minute: 0,
            second: 0,
            millisecond: 0,
            ..self
        };
        // The first of January 1601 was a Monday.
        midnight
            .to_file_time()
            .map_or(0, |time| ((time / DAY + 1) % 7) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, Date, SECOND};

    const fn date(year: u16, month: u16, day: u16) -> Date {
        Date {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            millisecond: 0,
        }
    }

    #[test]
    fn known_days_have_their_numbers_and_weekdays() {
        assert_eq!(date(1601, 1, 1).to_file_time(), Some(0));
        assert_eq!(date(1970, 1, 1).to_file_time(), Some(0x019d_b1de_d53e_8000));
        assert_eq!(date(1601, 1, 1).weekday(), 1);
        assert_eq!(date(2000, 2, 29).weekday(), 2);
        assert_eq!(date(2024, 12, 25).weekday(), 3);
        assert_eq!(date(1900, 2, 29).to_file_time(), None);
        assert_eq!(date(2001, 13, 1).to_file_time(), None);
    }

    #[test]
    fn each_day_of_four_centuries_comes_back() {
        for day in 0..147_000 {
            let time = day * DAY + 3 * 3600 * SECOND + 4 * 60 * SECOND + 5 * SECOND + 60_000;
            let found = Date::from_file_time(time).unwrap();
            assert_eq!(
                (found.hour, found.minute, found.second, found.millisecond),
                (3, 4, 5, 6)
            );
            assert_eq!(found.to_file_time(), Some(time));
        }
    }

    #[test]
    fn the_last_moments_are_refused() {
        assert!(Date::from_file_time(u64::MAX).is_none());
        assert_eq!(
            Date::from_file_time(i64::MAX as u64).map(|date| date.year),
            None
        );
    }
}
