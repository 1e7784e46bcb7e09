//! The sound and video files below a folder.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// What a file can hold that is converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// Video, mostly with sound: AVI.
    Video,
    /// Sound alone: WAV.
    Sound,
}

impl Media {
    /// What the first bytes of a file say, or else the ending of its name.
    ///
    /// A file that is called a video and does not begin as one is a broken video: whoever sorts an archive wants to hear of it.
    pub(super) fn of(path: &Path) -> Option<Self> {
        Self::of_bytes(path).or_else(|| Self::of_name(path))
    }

    fn of_bytes(path: &Path) -> Option<Self> {
        // What is no plain file (a pipe, a device) may never answer.
        if !fs::metadata(path).ok()?.is_file() {
            return None;
        }
        let mut first = [0; 12];
        File::open(path).ok()?.read_exact(&mut first).ok()?;
        match (&first[..4], &first[8..]) {
            (b"RIFF", b"AVI " | b"AVIX") => Some(Self::Video),
            (b"RIFF" | b"RF64", b"WAVE") => Some(Self::Sound),
            _ => None,
        }
    }

    fn of_name(path: &Path) -> Option<Self> {
        let ending = path.extension()?;
        [Self::Video, Self::Sound]
            .into_iter()
            .find(|media| ending.eq_ignore_ascii_case(media.ending()))
    }

    /// How names of such files end.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Video => "avi",
            Self::Sound => "wav",
        }
    }
}

/// What is below a folder.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The files that are sound or video, seen from the folder, in order of their names.
    pub(super) files: Vec<PathBuf>,
    /// What could not be looked into.
    pub(super) unread: Vec<(PathBuf, io::Error)>,
}

/// Looks through a folder. Links are followed, but not in circles; `targets` is left out, wherever it is.
pub(super) fn walk(folder: &Path, targets: &Path) -> Walked {
    let mut walked = Walked::default();
    let targets = targets.canonicalize().ok();
    let leads_in = |path: &Path| targets.is_some() && path.canonicalize().ok() == targets;
    let mut entries = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {
                // The folder itself may be where the targets go, too: what was made there is found out by its report.
                if entry.depth() > 0 && leads_in(entry.path()) {
                    entries.skip_current_dir();
                }
            }
            Ok(entry) if entry.file_type().is_file() && Media::of(entry.path()).is_some() => {
                let below = entry.path().strip_prefix(folder);
                walked.files.push(below.unwrap_or(entry.path()).to_owned());
            }
            Ok(_) => {}
            // A link into a folder that it is in: all of it is seen without it.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                walked.unread.push((path, error.into()));
            }
        }
    }
    walked
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Media, walk};

    fn put(folder: &Path, name: &str, bytes: &[u8]) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("ours");
        fs::write(path, bytes).expect("ours");
    }

    fn names(folder: &Path, targets: &Path) -> Vec<String> {
        let walked = walk(folder, targets);
        walked
            .files
            .iter()
            .map(|path| path.to_str().expect("UTF-8").to_owned())
            .collect()
    }

    #[test]
    fn files_are_found_by_their_first_bytes_or_by_their_names() {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), "b/no ending", b"RIFF\0\0\0\0AVI LIST");
        put(folder.path(), "b/dump.bin", b"RF64\xff\xff\xff\xffWAVEds64");
        put(folder.path(), "broken.AVI", b"<html>");
        put(folder.path(), "empty.wav", b"");
        put(folder.path(), "letter.doc", b"\xd0\xcf\x11\xe0 and more");
        put(folder.path(), "picture.webp", b"RIFF\0\0\0\0WEBPVP8 ");
        assert_eq!(
            names(folder.path(), Path::new("nowhere")),
            ["b/dump.bin", "b/no ending", "broken.AVI", "empty.wav"]
        );
        assert_eq!(
            Media::of(&folder.path().join("broken.AVI")),
            Some(Media::Video)
        );
        assert_eq!(
            Media::of(&folder.path().join("b/dump.bin")),
            Some(Media::Sound)
        );
    }

    #[test]
    fn the_folder_of_targets_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), "old/a.avi", b"");
        put(folder.path(), "new/a.avi", b"");
        assert_eq!(
            names(folder.path(), &folder.path().join("old/../new")),
            ["old/a.avi"]
        );
    }

    #[test]
    fn links_are_followed_but_not_in_circles() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().expect("a folder");
        let other = tempfile::tempdir().expect("a folder");
        put(other.path(), "far.wav", b"");
        put(folder.path(), "near/a.avi", b"");
        symlink(other.path(), folder.path().join("elsewhere")).expect("ours");
        symlink("a.avi", folder.path().join("near/again.avi")).expect("ours");
        symlink("..", folder.path().join("near/up")).expect("ours");
        symlink("nothing", folder.path().join("dangling.avi")).expect("ours");
        let walked = walk(folder.path(), Path::new("nowhere"));
        assert_eq!(
            walked.files,
            ["elsewhere/far.wav", "near/a.avi", "near/again.avi"].map(Path::new)
        );
        let unread: Vec<_> = walked.unread.iter().map(|(path, _)| path.clone()).collect();
        assert_eq!(unread, [folder.path().join("dangling.avi")]);
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            folder.path().join("pipe.wav"),
            0o600.into(),
        )
        .expect("a pipe");
        assert_eq!(names(folder.path(), Path::new("nowhere")), [""; 0]);
    }
}
