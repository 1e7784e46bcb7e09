//! `strftime` in the C locale.

use super::time::{MONTHS, Tm, WEEKDAYS};
use super::unit::Unit;

/// What is printed for a time zone.
#[derive(Clone, Debug, Default)]
pub(crate) struct ZoneText {
    /// Its name, for `%Z`.
    pub(crate) name: String,
    /// Seconds ahead of UTC, for `%z`.
    pub(crate) seconds: i64,
}

/// Which conversions a runtime knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letters {
    /// Those of C89 (`msvcrt.dll`).
    C89,
    /// Those of C99 too (`ucrtbase.dll`).
    C99,
}

/// Prints a calendar; none if the format or the calendar is not valid.
pub(crate) fn strftime<C: Unit>(
    format: &[C],
    tm: &Tm,
    zone: &ZoneText,
    letters: Letters,
) -> Option<Vec<C>> {
    let mut text = Vec::new();
    let mut rest = format;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if first.ascii() != b'%' {
            text.push(*first);
            continue;
        }
        let bare = rest.first()?.ascii() == b'#';
        rest = &rest[usize::from(bare)..];
        if letters == Letters::C99 && matches!(rest.first()?.ascii(), b'E' | b'O') {
            rest = &rest[1..];
        }
        let (letter, behind) = rest.split_first()?;
        rest = behind;
        let mut one = One {
            text: String::new(),
            tm,
            zone,
            bare,
            letters,
        };
        one.put(letter.ascii())?;
        text.extend(one.text.bytes().map(C::from));
    }
    Some(text)
}

struct One<'a> {
    text: String,
    tm: &'a Tm,
    zone: &'a ZoneText,
    bare: bool,
    letters: Letters,
}

impl One<'_> {
    fn number(&mut self, value: i64, digits: usize) -> Option<()> {
        let digits = if self.bare { 1 } else { digits };
        self.text.push_str(&format!("{value:0digits$}"));
        Some(())
    }

    fn name(&mut self, names: &[&str], index: i32, short: bool) -> Option<()> {
        let name = names.get(usize::try_from(index).ok()?)?;
        self.text.push_str(if short { &name[..3] } else { name });
        Some(())
    }

    fn all(&mut self, letters: &str) -> Option<()> {
        for letter in letters.bytes() {
            match letter {
                b' ' | b'/' | b':' | b'-' | b',' => self.text.push(char::from(letter)),
                _ => self.put(letter)?,
            }
        }
        Some(())
    }

    fn put(&mut self, letter: u8) -> Option<()> {
        let tm = *self.tm;
        if !tm.is_valid() {
            return None;
        }
        let hour12 = i64::from((tm.hour + 11) % 12 + 1);
        let year = i64::from(tm.year) + 1900;
        match letter {
            b'a' => self.name(&WEEKDAYS, tm.weekday, true),
            b'A' => self.name(&WEEKDAYS, tm.weekday, false),
            b'b' => self.name(&MONTHS, tm.month, true),
            b'B' => self.name(&MONTHS, tm.month, false),
            b'c' if self.bare => self.long_form("A, B d, Y H:M:S"),
            b'c' if self.letters == Letters::C99 => self.all("a b e T Y"),
            b'c' => self.all("m/d/y H:M:S"),
            b'd' => self.number(tm.day.into(), 2),
            b'H' => self.number(tm.hour.into(), 2),
            b'I' => self.number(hour12, 2),
            b'j' => self.number(i64::from(tm.yearday) + 1, 3),
            b'm' => self.number(i64::from(tm.month) + 1, 2),
            b'M' => self.number(tm.minute.into(), 2),
            b'p' => {
                self.text.push_str(if tm.hour < 12 { "AM" } else { "PM" });
                Some(())
            }
            b'S' => self.number(tm.second.into(), 2),
            b'U' => self.number(((tm.yearday + 7 - tm.weekday) / 7).into(), 2),
            b'w' => self.number(tm.weekday.into(), 1),
            b'W' => self.number(((tm.yearday + 7 - (tm.weekday + 6) % 7) / 7).into(), 2),
            b'x' if self.bare => self.long_form("A, B d, Y"),
            b'x' => self.all("m/d/y"),
            b'X' => self.long_form("H:M:S"),
            b'y' => self.number(year.rem_euclid(100), 2),
            b'Y' => self.number(year, 4),
            b'z' if self.letters == Letters::C99 => {
                let sign = if self.zone.seconds < 0 { '-' } else { '+' };
                let minutes = self.zone.seconds.abs() / 60;
                self.text
                    .push_str(&format!("{sign}{:02}{:02}", minutes / 60, minutes % 60));
                Some(())
            }
            b'z' | b'Z' => {
                self.text.push_str(&self.zone.name);
                Some(())
            }
            b'%' => {
                self.text.push('%');
                Some(())
            }
            _ if self.letters == Letters::C99 => self.put_c99(letter, hour12),
            _ => None,
        }
    }

    /// `%#c` and `%#x`: the flag asks for the long form, in which only the day loses its zero.
    fn long_form(&mut self, letters: &str) -> Option<()> {
        let bare = std::mem::take(&mut self.bare);
        let done = self.all(letters);
        self.bare = bare;
        done
    }

    fn put_c99(&mut self, letter: u8, hour12: i64) -> Option<()> {
        let tm = *self.tm;
        let year = i64::from(tm.year) + 1900;
        match letter {
            b'C' => self.number(year.div_euclid(100), 2),
            b'D' => self.all("m/d/y"),
            b'e' if self.bare => self.number(tm.day.into(), 1),
            b'e' => {
                self.text.push_str(&format!("{:2}", tm.day));
                Some(())
            }
            b'F' => self.all("Y-m-d"),
            b'g' => self.number(iso_week(&tm).0.rem_euclid(100), 2),
            b'G' => self.number(iso_week(&tm).0, 4),
            b'h' => self.name(&MONTHS, tm.month, true),
            b'n' => {
                self.text.push('\n');
                Some(())
            }
            b'r' => {
                self.number(hour12, 2)?;
                self.all(":M:S p")
            }
            b'R' => self.all("H:M"),
            b't' => {
                self.text.push('\t');
                Some(())
            }
            b'T' => self.all("H:M:S"),
            b'u' => self.number(i64::from((tm.weekday + 6) % 7) + 1, 1),
            b'V' => self.number(iso_week(&tm).1, 2),
            _ => None,
        }
    }
}

/// The year and the week by ISO 8601: week one holds the year's first Thursday.
fn iso_week(tm: &Tm) -> (i64, i64) {
    let year = i64::from(tm.year) + 1900;
    let weekday = i64::from((tm.weekday + 6) % 7);
    let week = (i64::from(tm.yearday) - weekday + 10) / 7;
    let weeks_in = |year: i64| -> i64 {
        let last = (year + year / 4 - year / 100 + year / 400).rem_euclid(7);
        let before =
            (year - 1 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400).rem_euclid(7);
        if last == 4 || before == 3 { 53 } else { 52 }
    };
    if week < 1 {
        (year - 1, weeks_in(year - 1))
    } else if week > weeks_in(year) {
        (year + 1, 1)
    } else {
        (year, week)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crt::time::Offset;

    fn print(format: &str, moment: i64, letters: Letters) -> Option<String> {
        let tm = Tm::at(moment, Offset::default());
        let zone = ZoneText {
            name: "UTC".to_owned(),
            seconds: 0,
        };
        let text = strftime::<u8>(format.as_bytes(), &tm, &zone, letters)?;
        Some(String::from_utf8(text).expect("ASCII"))
    }

    #[test]
    fn each_runtime_prints_its_own_letters() {
        let moment = 1_402_041_600;
        let c89 = print(
            "%a %A %b %B %d %H %I %j %m %M %p %S %U %w %W %x %X %y %Y %Z %%",
            moment,
            Letters::C89,
        );
        assert_eq!(
            c89.as_deref(),
            Some(
                "Fri Friday Jun June 06 08 08 157 06 00 AM 00 22 5 22 06/06/14 08:00:00 14 2014 UTC %"
            )
        );
        assert_eq!(
            print("%c", moment, Letters::C89).as_deref(),
            Some("06/06/14 08:00:00")
        );
        assert_eq!(
            print("%c", moment, Letters::C99).as_deref(),
            Some("Fri Jun  6 08:00:00 2014")
        );
        let c99 = print(
            "%C %D %e %F %g %G %h %r %R %T %u %V %z",
            moment,
            Letters::C99,
        );
        assert_eq!(
            c99.as_deref(),
            Some("20 06/06/14  6 2014-06-06 14 2014 Jun 08:00:00 AM 08:00 08:00:00 5 23 +0000")
        );
        assert_eq!(print("%F", moment, Letters::C89), None);
    }

    #[test]
    fn the_number_sign_takes_zeros_away() {
        assert_eq!(
            print("%#d %#H %#m %#j", 1_402_041_600, Letters::C99).as_deref(),
            Some("6 8 6 157")
        );
        assert_eq!(
            print("%#x", 1_402_041_600, Letters::C89).as_deref(),
            Some("Friday, June 06, 2014")
        );
    }

    #[test]
    fn iso_weeks_at_the_turn_of_the_year() {
        // 2016-01-01 is in week 53 of 2015, 2018-12-31 in week 1 of 2019.
        assert_eq!(
            print("%G %V", 1_451_606_400, Letters::C99).as_deref(),
            Some("2015 53")
        );
        assert_eq!(
            print("%G %V", 1_546_214_400, Letters::C99).as_deref(),
            Some("2019 01")
        );
    }
}
