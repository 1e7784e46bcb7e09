//! A message as it is typed after `--send`: `MSG[,P1[,P2]]`.

use std::str::FromStr;

use opendriver_abi::{Class, LParam, Message};

use crate::number;

/// One message to send, with its two parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The message.
    pub(crate) message: Message,
    /// First parameter.
    pub(crate) p1: LParam,
    /// Second parameter.
    pub(crate) p2: LParam,
    /// The class whose name was typed; plain for a number and for what every class shares.
    pub(crate) class: Class,
}

/// The classes whose messages go to `DriverProc`.
const CLASSES: [Class; 5] = [
    Class::Plain,
    Class::Acm,
    Class::Vfw,
    Class::Mci,
    Class::Wave,
];

impl FromStr for Request {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default().trim();
        let mut parameter = || {
            parts
                .next()
                .map_or(Ok(0), |part| number::parse(part.trim()))
        };
        let (p1, p2) = (parameter()?, parameter()?);
        if let Some(rest) = parts.next() {
            return Err(format!(
                "a message has two parameters; \"{rest}\" would be a third"
            ));
        }
        let message = message(name)?;
        Ok(Self {
            message,
            p1,
            p2,
            class: class(name),
        })
    }
}

/// Reads the name or the number of a message.
fn message(name: &str) -> Result<Message, String> {
    name.parse()
        .map_err(|unknown| match nearest(name, names()) {
            Some(known) => format!("no message is named \"{name}\"; did you mean {known}?"),
            None => format!("\"{name}\" is {unknown}"),
        })
}

/// The class that has this very name, or the name before the plus.
fn class(name: &str) -> Class {
    let base = name.split('+').next().unwrap_or_default().trim();
    let Ok(message) = base.parse::<Message>() else {
        return Class::Plain;
    };
    let names_it = |class: &Class| {
        message
            .name(*class)
            .is_some_and(|known| known.eq_ignore_ascii_case(base))
    };
    CLASSES.into_iter().find(names_it).unwrap_or_default()
}

/// Every name that a message to `DriverProc` can have.
fn names() -> impl Iterator<Item = &'static str> {
    CLASSES
        .into_iter()
        .flat_map(|class| (0..0x7000).filter_map(move |number| Message(number).name(class)))
}

/// The one of `names` that was most likely meant, if any is near enough to say so.
pub(crate) fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_ascii_uppercase();
    names
        .map(|name| {
            (
                strsim::jaro_winkler(&typed, &name.to_ascii_uppercase()),
                name,
            )
        })
        .filter(|(nearness, _)| *nearness > 0.85)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use opendriver_abi::{Class, Message};

    use super::Request;

    fn parsed(text: &str) -> (u32, isize, isize) {
        let request: Request = text.parse().expect(text);
        (request.message.0, request.p1, request.p2)
    }

    #[test]
    fn a_message_is_a_name_or_a_number_with_up_to_two_parameters() {
        assert_eq!(parsed("DRV_CONFIGURE"), (Message::DRV_CONFIGURE.0, 0, 0));
        assert_eq!(parsed("DRV_USER,5,7"), (0x4000, 5, 7));
        assert_eq!(parsed("DRV_USER+1,-5"), (0x4001, -5, 0));
        assert_eq!(parsed("ACMDM_DRIVER_DETAILS"), (0x600A, 0, 0));
        assert_eq!(parsed("0x4001, 0x10, -1"), (0x4001, 16, -1));
        assert_eq!(parsed("16385"), (0x4001, 0, 0));
    }

    #[test]
    fn a_name_that_is_nearly_right_gets_a_suggestion() {
        let error = "DRV_CONFIGRE"
            .parse::<Request>()
            .expect_err("no such message");
        assert_eq!(
            error,
            "no message is named \"DRV_CONFIGRE\"; did you mean DRV_CONFIGURE?"
        );
        let error = "HELLO".parse::<Request>().expect_err("no such message");
        assert!(error.contains("expected a name such as"), "{error}");
    }

    #[test]
    fn a_name_tells_the_class_that_it_is_of() {
        let class = |text: &str| text.parse::<Request>().expect(text).class;
        assert_eq!(class("ICM_GETINFO"), Class::Vfw);
        assert_eq!(class("ACMDM_USER+1,5"), Class::Acm);
        assert_eq!(class("mci_play"), Class::Mci);
        assert_eq!(class("DRV_CONFIGURE"), Class::Plain);
        assert_eq!(class("0x5002"), Class::Plain);
    }

    #[test]
    fn a_third_parameter_or_a_broken_number_is_said() {
        for text in [
            "DRV_USER,1,2,3",
            "DRV_USER,x",
            "0x1ffffffff",
            "12monkeys",
            "",
        ] {
            assert!(text.parse::<Request>().is_err(), "{text}");
        }
    }
}
