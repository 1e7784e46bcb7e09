//! A stable part of a list, for one of many machines: `--shard I/N`.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// Part `index` of `count`, counted from 0 as Slurm and Kubernetes do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// Whether a file of this name is in this part.
    ///
    /// The name alone decides, not its place in the list, so that a file that comes or goes moves no other: the first eight
    /// bytes of its SHA-256 as a big-endian number, modulo the number of parts.
    pub(crate) fn holds(self, name: &Path) -> bool {
        let hash = Sha256::digest(name.as_os_str().as_encoded_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        u64::from_be_bytes(first) % u64::from(self.count) == u64::from(self.index)
    }
}

impl FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Self, NotAShard> {
        let (index, count) = text.split_once('/').ok_or(NotAShard::Form)?;
        let number = |digits: &str| digits.parse().map_err(|_| NotAShard::Form);
        let (index, count) = (number(index)?, number(count)?);
        if index < count {
            Ok(Self { index, count })
        } else {
            Err(NotAShard::Beyond { count })
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// Why a text names no part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAShard {
    /// It is not two numbers.
    Form,
    /// There is no such part.
    Beyond { count: u32 },
}

impl fmt::Display for NotAShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("expected I/N, as in 0/4"),
            Self::Beyond { count: 0 } => f.write_str("there is no part of nothing"),
            Self::Beyond { count } => write!(
                f,
                "parts are counted from 0, the last one is {}/{count}",
                count - 1
            ),
        }
    }
}

impl Error for NotAShard {}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::{NotAShard, Shard};

    fn shard_of(name: &str, count: u32) -> u32 {
        let held: Vec<u32> = (0..count)
            .filter(|&index| Shard { index, count }.holds(Path::new(name)))
            .collect();
        assert_eq!(
            held.len(),
            1,
            "{name:?} is in the parts {held:?} of {count}"
        );
        held[0]
    }

    proptest! {
        #[test]
        fn every_name_is_in_one_part(names in prop::collection::vec(".*", 0..20), count in 1_u32..40) {
            for name in &names {
                prop_assert!(shard_of(name, count) < count);
            }
        }

        #[test]
        fn a_file_that_comes_or_goes_moves_no_other(
            names in prop::collection::btree_set("[a-z/ ]{1,12}", 1..30),
            gone in any::<prop::sample::Index>(),
            count in 1_u32..10,
        ) {
            let gone = gone.index(names.len());
            for index in 0..count {
                let shard = Shard { index, count };
                let part = |left_out: Option<usize>| -> Vec<&String> {
                    names
                        .iter()
                        .enumerate()
                        .filter(|(at, _)| Some(*at) != left_out)
                        .map(|(_, name)| name)
                        .filter(|name| shard.holds(Path::new(name)))
                        .collect()
                };
                let mut before = part(None);
                before.retain(|name| names.iter().nth(gone) != Some(name));
                prop_assert_eq!(before, part(Some(gone)));
            }
        }
    }

    #[test]
    fn parts_are_about_equal_and_the_same_in_every_release() {
        let names: Vec<String> = (0..4000).map(|n| format!("tape {n}/take.avi")).collect();
        let mut sizes = [0; 4];
        for name in &names {
            sizes[shard_of(name, 4) as usize] += 1;
        }
        assert!(
            sizes.iter().all(|size| (900..1100).contains(size)),
            "{sizes:?}"
        );
        // printf 'a.avi' | sha256sum: what begins an archive in one release must end it in the next.
        assert_eq!(shard_of("a.avi", 1000), 236);
    }

    #[test]
    fn what_is_no_part_is_told_why() {
        assert_eq!("3/4".parse(), Ok(Shard { index: 3, count: 4 }));
        for text in ["", "3", "/", "a/4", "-1/4", "1/4/2", "1/99999999999"] {
            assert_eq!(text.parse::<Shard>(), Err(NotAShard::Form), "{text}");
        }
        assert_eq!(
            "4/4".parse::<Shard>().map_err(|error| error.to_string()),
            Err("parts are counted from 0, the last one is 3/4".to_owned())
        );
        assert_eq!("0/0".parse::<Shard>(), Err(NotAShard::Beyond { count: 0 }));
    }
}
