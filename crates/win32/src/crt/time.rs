//! Calendar time: `struct tm` and the seconds since 1970.

/// `struct tm`: nine `int`s in the order in which the runtime keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tm {
    pub(crate) second: i32,
    pub(crate) minute: i32,
    pub(crate) hour: i32,
    /// Day of the month, from 1.
    pub(crate) day: i32,
    /// Months since January.
    pub(crate) month: i32,
    /// Years since 1900.
    pub(crate) year: i32,
    /// Days since Sunday.
    pub(crate) weekday: i32,
    /// Days since the first of January.
    pub(crate) yearday: i32,
    /// Positive in summer time, negative when unknown.
    pub(crate) summer: i32,
}

/// What a clock on the wall is ahead of UTC at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offset {
    /// Seconds to add to UTC.
    pub(crate) seconds: i64,
    /// Whether it is summer time.
    pub(crate) summer: bool,
}

/// The last second that the 64-bit functions take: 23:59:59, December 31, 3000, UTC.
pub(crate) const LAST: i64 = 32_535_215_999;

/// The last second that the 32-bit functions take.
pub(crate) const LAST_32: i64 = i32::MAX as i64;

const DAY: i64 = 86_400;

impl Tm {
    /// From the nine numbers in their order.
    pub(crate) const fn from_array(fields: [i32; 9]) -> Self {
        let [
            second,
            minute,
            hour,
            day,
            month,
            year,
            weekday,
            yearday,
            summer,
        ] = fields;
        Self {
            second,
            minute,
            hour,
            day,
            month,
            year,
            weekday,
            yearday,
            summer,
        }
    }

    /// The nine numbers in their order.
    pub(crate) const fn to_array(self) -> [i32; 9] {
        let Self {
            second,
            minute,
            hour,
            day,
            month,
            year,
            weekday,
            yearday,
            summer,
        } = self;
        [
            second, minute, hour, day, month, year, weekday, yearday, summer,
        ]
    }

    /// The calendar at a moment.
    pub(crate) fn at(seconds: i64, offset: Offset) -> Self {
        let seconds = seconds + offset.seconds;
        let days = seconds.div_euclid(DAY);
        let rest = seconds.rem_euclid(DAY);
        let (year, month, day) = civil(days);
        Self {
            second: (rest % 60) as i32,
            minute: (rest / 60 % 60) as i32,
            hour: (rest / 3600) as i32,
            day: day as i32,
            month: month as i32 - 1,
            year: (year - 1900) as i32,
            weekday: (days + 4).rem_euclid(7) as i32,
            yearday: (days - days_to(year, 1, 1)) as i32,
            summer: i32::from(offset.summer),
        }
    }

    /// The seconds since 1970 if this were UTC; fields may be out of range and carry over.
    pub(crate) fn seconds(self) -> i64 {
        let months = i64::from(self.month);
        let year = i64::from(self.year) + 1900 + months.div_euclid(12);
        let days = days_to(year, months.rem_euclid(12) + 1, 1) + i64::from(self.day) - 1;
        days * DAY
            + i64::from(self.hour) * 3600
            + i64::from(self.minute) * 60
            + i64::from(self.second)
    }

    /// The moment at which the clock on the wall shows this, and the calendar put in order.
    pub(crate) fn resolve(self, zone: impl Fn(i64) -> Offset) -> (i64, Self) {
        let wall = self.seconds();
        let mut moment = wall - zone(wall).seconds;
        moment = wall - zone(moment).seconds;
        let found = zone(moment);
        if self.summer > 0 && !found.summer {
            moment = wall - found.seconds - 3600;
        } else if self.summer == 0 && found.summer {
            moment = wall - found.seconds + 3600;
        }
        (moment, Self::at(moment, zone(moment)))
    }

    /// `asctime`: 26 characters with line feed, without the zero.
    pub(crate) fn text(self, padded_with_zero: bool) -> String {
        let name = |names: &[&'static str], index: i32| -> &'static str {
            usize::try_from(index)
                .ok()
                .and_then(|index| names.get(index))
                .map_or("???", |name| &name[..3])
        };
        let day = if padded_with_zero {
            format!("{:02}", self.day)
        } else {
            format!("{:2}", self.day)
        };
        format!(
            "{} {} {day} {:02}:{:02}:{:02} {:04}\n",
            name(&WEEKDAYS, self.weekday),
            name(&MONTHS, self.month),
            self.hour,
            self.minute,
            self.second,
            i64::from(self.year) + 1900,
        )
    }

    /// Whether every field is in its range, as `strftime` asks.
    pub(crate) fn is_valid(self) -> bool {
        (0..=60).contains(&self.second)
            && (0..=59).contains(&self.minute)
            && (0..=23).contains(&self.hour)
            && (1..=31).contains(&self.day)
            && (0..=11).contains(&self.month)
            && (-1900..=8099).contains(&self.year)
            && (0..=6).contains(&self.weekday)
            && (0..=365).contains(&self.yearday)
    }
}

/// The days of the week, from Sunday.
pub(crate) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The months of the year.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days from 1970 to a date of the Gregorian calendar.
pub(crate) const fn days_to(year: i64, month: i64, day: i64) -> i64 {
    // Years from March, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date so many days after 1970: year, month from 1, day from 1.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: fn(i64) -> Offset = |moment| {
        // Summer time of 2026: from March 29 01:00 UTC to October 25 01:00 UTC.
        let summer = (1_774_746_000..1_792_890_000).contains(&moment);
        Offset {
            seconds: if summer { 7200 } else { 3600 },
            summer,
        }
    };

    #[test]
    fn every_day_of_a_thousand_years_comes_back() {
        for days in -200_000..400_000 {
            let (year, month, day) = civil(days);
            assert_eq!(days_to(year, month, day), days);
        }
    }

    #[test]
    fn the_calendar_of_a_known_moment_is_right() {
        let tm = Tm::at(1_000_000_000, Offset::default());
        assert_eq!(tm.to_array(), [40, 46, 1, 9, 8, 101, 0, 251, 0]);
        assert_eq!(tm.seconds(), 1_000_000_000);
        assert_eq!(
            Tm::at(LAST, Offset::default()).text(false),
            "Wed Dec 31 23:59:59 3000\n"
        );
    }

    #[test]
    fn a_month_out_of_range_carries_into_the_year() {
        let tm = Tm {
            month: 14,
            year: 100,
            day: 32,
            ..Tm::default()
        };
        let (_, tm) = tm.resolve(|_| Offset::default());
        assert_eq!((tm.year, tm.month, tm.day), (101, 3, 1));
    }

    #[test]
    fn local_time_comes_back_in_summer_and_winter() {
        for moment in [1_770_000_000, 1_780_000_000] {
            let wall = Tm::at(moment, BERLIN(moment));
            assert_eq!(wall.resolve(BERLIN).0, moment);
        }
        let wall = Tm {
            summer: 0,
            ..Tm::at(1_780_000_000, BERLIN(1_780_000_000))
        };
        assert_eq!(wall.resolve(BERLIN).0, 1_780_000_000 + 3600);
    }

    #[test]
    fn the_old_runtimes_pad_the_day_with_a_zero() {
        let tm = Tm::at(1_402_041_600, Offset::default());
        assert_eq!(tm.text(true), "Fri Jun 06 08:00:00 2014\n");
        assert_eq!(tm.text(false), "Fri Jun  6 08:00:00 2014\n");
    }
}
