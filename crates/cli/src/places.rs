//! Whether two paths lead to one place.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, absolute};

/// Whether two paths lead to the same ordinary file, or would if there were one.
pub(crate) fn is_same_place(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => {
            let special =
                |file: &Metadata| file.file_type().is_char_device() || file.file_type().is_fifo();
            !special(&one) && (one.dev(), one.ino()) == (other.dev(), other.ino())
        }
        (Err(_), Err(_)) => match (whole(one), whole(other)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        },
        _ => false,
    }
}

/// The path with its folder as it really is; a file that is not there yet has no other name.
fn whole(path: &Path) -> Option<std::path::PathBuf> {
    let path = absolute(path).ok()?;
    let name = path.file_name()?;
    let folder = path.parent()?;
    Some(folder.canonicalize().ok()?.join(name))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_place_is_one_by_whatever_path_and_before_there_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("real")).unwrap();
        symlink(at("real"), at("link")).unwrap();
        assert!(is_same_place(&at("real/new"), &at("link/new")));
        assert!(!is_same_place(&at("real/new"), &at("real/old")));
        fs::write(at("real/old"), "").unwrap();
        fs::hard_link(at("real/old"), at("hard")).unwrap();
        assert!(is_same_place(&at("link/old"), &at("hard")));
        assert!(!is_same_place(&at("real/new"), &at("real/old")));
        assert!(!is_same_place(
            Path::new("/dev/null"),
            Path::new("/dev/null")
        ));
    }
}
