//! In which order codecs are asked, and which of them not at all, as the registry keeps it.

use opendriver::Registry;
use opendriver::registry::{self, Change, KeyPath, Value};

/// Where the audio compression manager keeps what a person chose.
const KEY: &str = r"HKCU\Software\Microsoft\Multimedia\Audio Compression Manager\Priority v4.00";

/// What the names of the values start with; a number follows.
const NAME: &str = "Priority";

/// What a person chose for one driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) enabled: bool,
}

/// Reads the choices, the first to be asked first. Values that are none are passed over.
pub(super) fn read(registry: &Registry) -> Result<Vec<Choice>, registry::Error> {
    let values = registry.values(KEY)?;
    let mut choices: Vec<(u32, Choice)> = values
        .iter()
        .filter_map(|(name, value)| Some((place(name)?, choice(value.as_text()?)?)))
        .collect();
    choices.sort_by_key(|(place, _)| *place);
    Ok(choices.into_iter().map(|(_, choice)| choice).collect())
}

/// Writes the choices in the place of those that were there.
pub(super) fn write(
    registry: &Registry,
    choices: impl Iterator<Item = Choice>,
) -> Result<(), registry::Error> {
    let key: KeyPath = KEY.parse()?;
    let mut count = 0;
    let mut changes = Vec::new();
    for Choice { name, enabled } in choices {
        count += 1;
        let text = format!("{}, {name}", u8::from(enabled));
        changes.push(Change::SetValue(
            key.clone(),
            format!("{NAME}{count}"),
            Value::from(text),
        ));
    }
    for (name, _) in registry.values(KEY)? {
        if place(&name).is_some_and(|place| !(1..=count).contains(&place)) {
            changes.push(Change::DeleteValue(key.clone(), name));
        }
    }
    registry.apply(&changes)
}

/// The number in `Priority3`.
fn place(name: &str) -> Option<u32> {
    let (start, number) = name.split_at_checked(NAME.len())?;
    start
        .eq_ignore_ascii_case(NAME)
        .then(|| number.parse().ok())?
}

/// What `1, msacm.msadpcm` says.
fn choice(text: &str) -> Option<Choice> {
    let (enabled, name) = text.split_once(',')?;
    let name = name.trim();
    (!name.is_empty()).then(|| Choice {
        name: name.to_owned(),
        enabled: enabled.trim() != "0",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, enabled: bool) -> Choice {
        Choice {
            name: name.to_owned(),
            enabled,
        }
    }

    #[test]
    fn choices_are_read_in_the_order_of_their_numbers() {
        let registry = Registry::in_memory();
        for (name, text) in [
            ("Priority10", "1, msacm.last"),
            ("priority2", "0, msacm.off"),
            ("Priority1", "1,msacm.first"),
            ("PriorityX", "1, msacm.none"),
            ("Priority3", "nothing"),
        ] {
            registry.set_value(KEY, name, text).unwrap();
        }
        let read = read(&registry).unwrap();
        let expected = [
            ("msacm.first", true),
            ("msacm.off", false),
            ("msacm.last", true),
        ];
        assert_eq!(read, expected.map(|(name, enabled)| named(name, enabled)));
    }

    #[test]
    fn what_is_written_takes_the_place_of_what_was() {
        let registry = Registry::in_memory();
        let all = [named("a", true), named("b", false), named("c", true)];
        write(&registry, all.iter().cloned()).unwrap();
        assert_eq!(read(&registry).unwrap(), all);
        let text = registry.value(KEY, "Priority2").unwrap().unwrap();
        assert_eq!(text.as_text(), Some("0, b"));
        write(&registry, all[1..].iter().cloned()).unwrap();
        assert_eq!(read(&registry).unwrap(), all[1..]);
    }
}
