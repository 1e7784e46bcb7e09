//! How much sound there is, by what a file claims and by what there is of it.

use crate::file::Warnings;

use super::OPEN;

/// Sizes from here on are what programs put there that write into a pipe: sox 0x7ffff000 (rounded down to a block, and with
/// the header's bytes added), others 0x7fffffff, 0x80000000 or 0xffffffff less something.
const MARKS: [std::ops::RangeInclusive<u32>; 2] = [0x7fff_0000..=0x8000_ffff, 0xffff_0000..=OPEN];

/// What a file says of its sizes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claims {
    /// The size in the file's first head.
    pub(super) riff: u32,
    /// The size in the head of `data`.
    pub(super) data: u32,
    /// What `ds64` says in their place.
    pub(super) long: Option<Long>,
    /// Where the sound starts.
    pub(super) start: u64,
}

/// The sizes of a `ds64` chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Long {
    pub(super) riff: u64,
    pub(super) data: u64,
    pub(super) samples: u64,
}

impl Claims {
    /// Where the file ends by what it says; none where it says nothing that can be meant.
    pub(super) fn end(&self) -> Option<u64> {
        let size = match (self.riff, self.long) {
            (OPEN, Some(long)) => long.riff,
            (0 | OPEN, _) => return None,
            (size, _) => size.into(),
        };
        size.checked_add(8).filter(|&end| end >= self.start)
    }

    /// Bytes of sound; none where it goes on until the input ends.
    pub(super) fn length(&self, file: Option<u64>, warnings: &mut Warnings) -> Option<u64> {
        // The size is the last thing before the sound.
        let at = self.start.saturating_sub(4);
        let there = file.map(|file| file.saturating_sub(self.start));
        let claimed = match (self.data, self.long) {
            (OPEN, Some(long)) => long.data,
            (OPEN, None) => return there,
            (0, _) => return self.nothing(at, there, warnings),
            (size, _) => self.unwrapped(size, file, at, warnings),
        };
        let is_mark = self.long.is_none() && is_mark(self.data);
        match there {
            None if is_mark => None,
            None => Some(claimed),
            Some(there) if claimed <= there => Some(claimed),
            Some(there) => {
                if !is_mark {
                    let text =
                        format!("\"data\" is to have {claimed} bytes, and {there} are there");
                    warnings.push(at, text);
                }
                Some(there)
            }
        }
    }

    /// Warns where the file ends elsewhere than it says; `sound` is where that ends.
    pub(super) fn check(&self, file: Option<u64>, sound: Option<u64>, warnings: &mut Warnings) {
        let (Some(file), Some(end), Some(sound)) = (file, self.end(), sound) else {
            return;
        };
        let is_mark = self.long.is_none() && is_mark(self.riff);
        // A byte of padding is counted by some and not by others; and what cut the sound is said already.
        if !is_mark && file.abs_diff(end) > 1 && sound < file {
            warnings.push(
                4,
                format!("the file is to end at {end}, and ends at {file}"),
            );
        }
    }

    /// A size of 0 means no sound where other chunks follow, and a writer that never came back to say how much else.
    fn nothing(&self, at: u64, there: Option<u64>, warnings: &mut Warnings) -> Option<u64> {
        if there == Some(0) || self.end().is_some_and(|end| end > self.start) {
            return Some(0);
        }
        if let Some(there) = there {
            let text =
                format!("\"data\" is to be empty, and {there} bytes are there: taken as sound");
            warnings.push(at, text);
        }
        there
    }

    /// The size of a file beyond 4 GiB whose writer let 32 bits overflow: then both sizes lack the same multiple.
    fn unwrapped(&self, size: u32, file: Option<u64>, at: u64, warnings: &mut Warnings) -> u64 {
        let claimed = u64::from(size);
        let Some(file) = file.filter(|file| file >> 32 > 0 && self.long.is_none()) else {
            return claimed;
        };
        let lacking = file >> 32 << 32;
        let fits = (u64::from(self.riff) + 8) % (1 << 32) == file % (1 << 32)
            && self.start + claimed + lacking <= file;
        if !fits {
            return claimed;
        }
        let whole = claimed + lacking;
        let text = format!("\"data\" says {claimed} bytes, which is {whole} cut to 32 bits");
        warnings.push(at, text);
        whole
    }
}

fn is_mark(size: u32) -> bool {
    MARKS.iter().any(|marks| marks.contains(&size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(riff: u32, data: u32, file: Option<u64>) -> (Option<u64>, u64) {
        let claims = Claims {
            riff,
            data,
            long: None,
            start: 44,
        };
        let mut warnings = Warnings::default();
        (claims.length(file, &mut warnings), warnings.count())
    }

    #[test]
    fn a_size_that_is_true_is_taken() {
        assert_eq!(length(136, 100, Some(144)), (Some(100), 0));
        assert_eq!(length(136, 100, None), (Some(100), 0));
        assert_eq!(length(236, 100, Some(244)), (Some(100), 0));
    }

    #[test]
    fn a_size_that_is_too_long_is_cut_and_said() {
        assert_eq!(length(136, 101, Some(144)), (Some(100), 1));
    }

    #[test]
    fn what_programs_write_into_pipes_goes_on_until_the_end() {
        for mark in [0x7fff_f000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffdb, OPEN] {
            assert_eq!(length(OPEN, mark, None), (None, 0), "{mark:#x}");
            assert_eq!(length(OPEN, mark, Some(144)), (Some(100), 0), "{mark:#x}");
        }
        // A file that truly has that much.
        let size = 0x7fff_f000;
        assert_eq!(
            length(size + 36, size, Some(u64::from(size) + 100)),
            (Some(size.into()), 0)
        );
    }

    #[test]
    fn no_size_is_no_sound_only_where_the_file_says_so() {
        assert_eq!(length(36, 0, Some(44)), (Some(0), 0));
        assert_eq!(length(0, 0, Some(144)), (Some(100), 1));
        assert_eq!(length(36, 0, Some(144)), (Some(100), 1));
        assert_eq!(length(136, 0, Some(144)), (Some(0), 0));
        assert_eq!(length(0, 0, None), (None, 0));
    }

    #[test]
    fn sizes_that_overflowed_are_made_whole() {
        let file = (5 << 30) + 144_u64;
        assert_eq!(
            length((1 << 30) + 136, (1 << 30) + 100, Some(file)),
            (Some((5 << 30) + 100), 1)
        );
    }
}
