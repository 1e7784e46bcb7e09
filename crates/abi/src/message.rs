//! Message numbers of the driver interface, with their documented names.

use core::fmt;
use core::ops::Add;
use core::str::FromStr;

use crate::Class;

/// Declares the numbers of one class as constants of [`Message`], and the table of their names.
macro_rules! numbers {
    ($(#[$meta:meta])* $table:ident: $($name:ident = $value:expr, $doc:literal;)*) => {
        impl crate::Message {
            $(#[doc = $doc] pub const $name: Self = Self($value);)*
        }
        $(#[$meta])*
        pub(crate) const $table: &[(u32, &str)] = &[$(($value, stringify!($name)),)*];
    };
}

pub(crate) mod standard;

pub(crate) mod acm;
pub(crate) mod vfw;

pub(crate) mod mci;

pub(crate) mod audio;

/// A message number. It means something only together with the driver's class.
///
/// [`Display`](fmt::Display) writes the names that every class shares; [`Message::named`] writes
/// those of one class. A number without a name is written as a distance from the start of its
/// range, and all of these forms can be parsed again:
///
/// ```
/// use opendriver_abi::{Class, Message};
///
/// assert_eq!(Message(3).to_string(), "DRV_OPEN");
/// assert_eq!(Message(0x4001).to_string(), "DRV_USER+1");
/// assert_eq!(Message(0x600a).named(Class::Acm).to_string(), "ACMDM_DRIVER_DETAILS");
/// assert_eq!("ICM_GETINFO".parse(), Ok(Message(0x5002)));
/// assert_eq!("DRV_USER+0x10".parse(), Ok(Message(0x4010)));
/// assert_eq!("16400".parse(), Ok(Message(0x4010)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message(pub u32);

impl Message {
    /// The documented name of this number in drivers of `class`, if it has one there.
    pub fn name(self, class: Class) -> Option<&'static str> {
        class
            .tables()
            .iter()
            .flat_map(|table| table.iter())
            .find_map(|&(number, name)| (number == self.0).then_some(name))
    }

    /// Writes this number the way that drivers of `class` name it.
    pub const fn named(self, class: Class) -> Named {
        Named {
            message: self,
            class,
        }
    }

    /// Whether only the manager may send this message: `DRV_LOAD` to `DRV_FREE`,
    /// `DRV_EXITSESSION` and `DRV_EXITAPPLICATION`.
    pub const fn is_lifecycle(self) -> bool {
        matches!(self.0, 0x1..=0x6 | 0xB | 0xC)
    }
}

impl Add<u32> for Message {
    type Output = Self;

    fn add(self, distance: u32) -> Self {
        Self(self.0.wrapping_add(distance))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.named(Class::Plain).fmt(f)
    }
}

/// A message together with the class that gives it its name; made by [`Message::named`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    message: Message,
    class: Class,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.message.name(self.class) {
            return f.pad(name);
        }
        let number = self.message.0;
        match self.class.ranges().iter().find(|range| range.0 <= number) {
            Some(&(start, name)) => write!(f, "{name}+{}", number - start),
            None => write!(f, "{number:#x}"),
        }
    }
}

impl FromStr for Message {
    type Err = UnknownMessage;

    /// Reads a documented name of any class in any letter case, `NAME+distance`, or a number
    /// (decimal, or hexadecimal after `0x`).
    fn from_str(text: &str) -> Result<Self, UnknownMessage> {
        let text = text.trim();
        if let Some(number) = number(text) {
            return Ok(Self(number));
        }
        let (name, distance) = match text.split_once('+') {
            Some((name, distance)) => (
                name.trim_end(),
                number(distance.trim_start()).ok_or(UnknownMessage)?,
            ),
            None => (text, 0),
        };
        let start = Class::ALL
            .iter()
            .flat_map(|class| class.tables().iter().copied().flatten())
            .find_map(|&(number, known)| known.eq_ignore_ascii_case(name).then_some(number))
            .ok_or(UnknownMessage)?;
        start.checked_add(distance).map(Self).ok_or(UnknownMessage)
    }
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // `from_str_radix` would take a sign here.
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None if text.starts_with(|c: char| c.is_ascii_digit()) => text.parse().ok(),
        None => None,
    }
}

/// The text is neither a number nor the documented name of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMessage;

impl fmt::Display for UnknownMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a message: expected a name such as DRV_CONFIGURE or DRV_USER+1, or a number",
        )
    }
}

impl core::error::Error for UnknownMessage {}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    #[test]
    fn every_name_of_every_class_reads_back_as_its_number() {
        for class in Class::ALL {
            for &(number, name) in class.tables().iter().copied().flatten() {
                assert_eq!(name.parse(), Ok(Message(number)), "{name}");
            }
        }
    }

    #[test]
    fn every_number_reads_back_from_what_is_written_of_it() {
        // Miri takes a second where the machine takes a microsecond.
        let step = if cfg!(miri) { 1021 } else { 1 };
        for class in Class::ALL {
            for number in (0..0x7000).step_by(step).chain([0x8000, u32::MAX]) {
                let written = Message(number).named(*class).to_string();
                assert_eq!(
                    written.parse(),
                    Ok(Message(number)),
                    "{written} of {class:?}"
                );
            }
        }
    }

    #[test]
    fn a_number_is_named_by_the_class_that_it_is_read_in() {
        let number = Message(0x4008);
        assert_eq!(number.named(Class::Plain).to_string(), "DRV_USER+8");
        assert_eq!(number.named(Class::Vfw).to_string(), "ICM_COMPRESS");
        assert_eq!(number.named(Class::Acm).to_string(), "ACMDM_USER+8");
        assert_eq!(Message(0x806).named(Class::Mci).to_string(), "MCI_PLAY");
        assert_eq!(
            Message(0x80b).named(Class::Wave).to_string(),
            "DRV_PNPINSTALL"
        );
        assert_eq!(Message(0x0d).to_string(), "0xd");
        assert_eq!(Message(0).to_string(), "0x0");
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for text in [
            "",
            "DRV_",
            "DRV_USER+",
            "DRV_USER+x",
            "+1",
            "0x",
            "0x+1",
            "-1",
            "4294967296",
            "DRV_USER+4294967295",
        ] {
            assert_eq!(text.parse::<Message>(), Err(UnknownMessage), "{text:?}");
        }
        assert_eq!(" drv_user + 1 ".parse(), Ok(Message(0x4001)));
    }
}
