//! Bits by their names.

/// The names of those bits of `value` that `names` knows; the rest as one hex number.
pub(super) fn flags(value: u32, names: &[(u32, &str)]) -> Vec<String> {
    let mut rest = value;
    let mut set = Vec::new();
    for (bit, name) in names {
        if value & bit != 0 {
            set.push((*name).to_owned());
            rest &= !bit;
        }
    }
    if rest != 0 {
        set.push(format!("{rest:#x}"));
    }
    set
}

#[cfg(test)]
mod tests {
    use super::flags;

    #[test]
    fn unknown_flags_are_not_lost() {
        assert_eq!(
            flags(0b111, &[(1, "one"), (2, "two")]),
            ["one", "two", "0x4"]
        );
    }
}
