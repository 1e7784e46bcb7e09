//! A list of files to convert: one path a line, and where it should go after a tab.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::Error;

/// A line of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// The file, as written.
    pub(super) source: PathBuf,
    /// Where it should go below the folder of targets, where the list says so.
    pub(super) target: Option<PathBuf>,
}

/// Reads the bytes of a list.
///
/// A list with a NUL byte in it came from `find -print0` or its like: names end at those, may hold line breaks and tabs, and
/// no targets are in it.
///
/// # Errors
/// A tab with no name before or behind it.
pub(super) fn parse(bytes: &[u8], list: &Path) -> Result<Vec<Listed>, Error> {
    let path = |name: &[u8]| PathBuf::from(OsStr::from_bytes(name));
    let by_nul = bytes.contains(&0);
    let mut listed = Vec::new();
    for (at, line) in bytes
        .split(|&byte| byte == if by_nul { 0 } else { b'\n' })
        .enumerate()
    {
        if by_nul {
            if !line.is_empty() {
                listed.push(Listed {
                    source: path(line),
                    target: None,
                });
            }
            continue;
        }
        // Lists that were written on Windows.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let mut parts = line.splitn(2, |&byte| byte == b'\t');
        let source = path(parts.next().unwrap_or_default());
        let target = parts.next().map(path);
        if source.as_os_str().is_empty()
            || target
                .as_ref()
                .is_some_and(|name| name.as_os_str().is_empty())
        {
            return Err(Error::NoName {
                list: list.to_owned(),
                line: at + 1,
            });
        }
        listed.push(Listed { source, target });
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Listed, parse};

    fn listed(bytes: &[u8]) -> Vec<(Vec<u8>, Option<String>)> {
        let listed = parse(bytes, Path::new("list")).expect("a list");
        listed
            .into_iter()
            .map(|Listed { source, target }| {
                (
                    source.into_os_string().into_encoded_bytes(),
                    target.map(|target| target.to_str().expect("UTF-8").to_owned()),
                )
            })
            .collect()
    }

    #[test]
    fn each_line_is_a_path_and_a_tab_comes_before_a_target() {
        assert_eq!(
            listed(b"a b.avi\r\n\n./\xff.wav\nc.avi\tnew/c d.avi"),
            [
                (b"a b.avi".to_vec(), None),
                (b"./\xff.wav".to_vec(), None),
                (b"c.avi".to_vec(), Some("new/c d.avi".to_owned())),
            ]
        );
        assert_eq!(listed(b""), []);
    }

    #[test]
    fn names_that_end_with_nul_may_hold_anything_else() {
        assert_eq!(
            listed(b"a\nb\tc.avi\0d.avi\0"),
            [(b"a\nb\tc.avi".to_vec(), None), (b"d.avi".to_vec(), None)]
        );
    }

    #[test]
    fn a_tab_with_nothing_before_or_behind_it_is_told_by_its_line() {
        for list in [&b"a.avi\n\tb.avi"[..], b"a.avi\nb.avi\t"] {
            let error = parse(list, Path::new("list")).expect_err("no name");
            assert_eq!(
                error.to_string(),
                "line 2 of \"list\" names no file beside its tab"
            );
        }
    }
}
