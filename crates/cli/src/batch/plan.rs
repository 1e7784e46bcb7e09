//! Which file goes where, settled before anything is written.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use super::Error;
use super::walk::Media;

/// One file to convert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// Its name in the list or below the folder: what is said of it, and what its shard depends on.
    pub(super) name: PathBuf,
    /// Where it is.
    pub(super) source: PathBuf,
    /// Where it goes.
    pub(super) target: PathBuf,
    /// The report beside the target.
    pub(super) report: PathBuf,
}

/// A file of the list, before it is known where it goes.
#[derive(Debug)]
pub(super) struct Wanted {
    /// As in [`Job`].
    pub(super) name: PathBuf,
    /// Where it is.
    pub(super) source: PathBuf,
    /// Where the list says that it goes, below the folder of targets.
    pub(super) target: Option<PathBuf>,
}

/// Says where every file goes: below `out`, under its own folders and its own name, ending as what it becomes (`kind`).
///
/// # Errors
/// A target outside of `out`, two files with one target, a target that is one of the files.
pub(super) fn plan(wanted: Vec<Wanted>, out: &Path, kind: Option<&str>) -> Result<Vec<Job>, Error> {
    let mut jobs = Vec::with_capacity(wanted.len());
    for Wanted {
        name,
        source,
        target,
    } in wanted
    {
        let below = match target {
            Some(target) => inside(&target, false),
            None => inside(&name, true).map(|name| renamed(&name, &source, kind)),
        };
        let Some(below) = below else {
            return Err(Error::Outside { name });
        };
        let target = out.join(below);
        let mut report = target.clone().into_os_string();
        report.push(".report.json");
        jobs.push(Job {
            // One file has one name, however it was written: its shard must not depend on that.
            name: tidy(&name),
            source,
            target,
            report: report.into(),
        });
    }
    apart(&jobs)?;
    Ok(jobs)
}

/// A path that cannot lead out of the folder that it is joined to; of an absolute one what follows the root, where that may be.
fn inside(path: &Path, may_be_absolute: bool) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) if may_be_absolute => {}
            Component::RootDir | Component::Prefix(_) | Component::ParentDir => return None,
        }
    }
    inside.file_name()?;
    Some(inside)
}

/// A path without steps that lead nowhere.
fn tidy(path: &Path) -> PathBuf {
    path.components()
        .filter(|component| *component != Component::CurDir)
        .collect()
}

/// The name of what a file becomes: an ending that says what it was gives way, any other stays before the new one.
fn renamed(name: &Path, source: &Path, kind: Option<&str>) -> PathBuf {
    let ending = kind.unwrap_or_else(|| Media::of(source).unwrap_or(Media::Video).ending());
    let is = |other: &str| {
        name.extension()
            .is_some_and(|had| had.eq_ignore_ascii_case(other))
    };
    if is(ending) {
        return name.to_owned();
    }
    if is(Media::Video.ending()) || is(Media::Sound.ending()) {
        return name.with_extension(ending);
    }
    let mut longer = OsString::from(name);
    longer.push(".");
    longer.push(ending);
    longer.into()
}

/// Sees to it that no file is written twice, and none of those that are read.
fn apart(jobs: &[Job]) -> Result<(), Error> {
    let mut taken = HashMap::new();
    for job in jobs {
        for written in [&job.target, &job.report] {
            if let Some(other) = taken.insert(written, &job.name) {
                return Err(Error::SameTarget {
                    target: written.clone(),
                    one: other.clone(),
                    other: job.name.clone(),
                });
            }
        }
    }
    let sources: HashMap<_, _> = jobs
        .iter()
        .filter_map(|job| Some((identity(&job.source)?, job)))
        .collect();
    for job in jobs {
        for written in [&job.target, &job.report] {
            if let Some(source) = identity(written).and_then(|same| sources.get(&same)) {
                return Err(Error::OverSource {
                    target: written.clone(),
                    source_file: source.source.clone(),
                });
            }
        }
    }
    Ok(())
}

/// What two names of one file have in common.
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Error, Job, Wanted, plan};

    fn wanted(name: &str, target: Option<&str>) -> Wanted {
        Wanted {
            name: name.into(),
            source: name.into(),
            target: target.map(PathBuf::from),
        }
    }

    fn planned(names: &[(&str, Option<&str>)], kind: Option<&str>) -> Result<Vec<Job>, Error> {
        let wanted = names
            .iter()
            .map(|(name, target)| wanted(name, *target))
            .collect();
        plan(wanted, Path::new("new"), kind)
    }

    #[track_caller]
    fn target(name: &str, target: Option<&str>, kind: Option<&str>) -> String {
        let jobs = planned(&[(name, target)], kind).expect("a plan");
        jobs[0].target.to_str().expect("UTF-8").to_owned()
    }

    #[test]
    fn targets_mirror_the_folders_of_their_files() {
        assert_eq!(target("tapes/a.avi", None, None), "new/tapes/a.avi");
        assert_eq!(
            target("/mnt/disk/./a.WAV", None, None),
            "new/mnt/disk/a.WAV"
        );
        assert_eq!(target("a.avi", Some("./b/c.y4m"), None), "new/b/c.y4m");
        let job = &planned(&[("./a//b.avi", None)], None).expect("a plan")[0];
        assert_eq!(job.name, Path::new("a/b.avi"));
        assert_eq!(job.report, Path::new("new/a/b.avi.report.json"));
    }

    #[test]
    fn names_end_as_what_the_files_become() {
        assert_eq!(target("a.avi", None, Some("y4m")), "new/a.y4m");
        assert_eq!(target("a.Y4M", None, Some("y4m")), "new/a.Y4M");
        assert_eq!(target("tape 1.5", None, None), "new/tape 1.5.avi");
        assert_eq!(target("tape 1.5", None, Some("wav")), "new/tape 1.5.wav");
        assert_eq!(target(".avi", None, None), "new/.avi.avi");
    }

    #[test]
    fn the_bytes_of_a_file_outweigh_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("call.avi");
        std::fs::write(&file, b"RIFF\0\0\0\0WAVEfmt ").expect("ours");
        let wanted = Wanted {
            name: "call.avi".into(),
            source: file,
            target: None,
        };
        let jobs = plan(vec![wanted], Path::new("new"), None).expect("a plan");
        assert_eq!(jobs[0].target, Path::new("new/call.wav"));
    }

    #[test]
    fn nothing_is_written_outside_of_the_folder_of_targets() {
        for (name, target) in [
            ("../a.avi", None),
            ("a/../../b.avi", None),
            ("a.avi", Some("../b.avi")),
            ("a.avi", Some("/b.avi")),
            ("a.avi", Some(".")),
            ("/", None),
        ] {
            let error = planned(&[(name, target)], None).expect_err(name);
            assert!(matches!(error, Error::Outside { .. }), "{error}");
        }
    }

    #[test]
    fn two_files_with_one_target_are_refused_by_name() {
        for names in [
            [("a.avi", None), ("./a.avi", None)],
            [("a.avi", None), ("b.avi", Some("a.avi"))],
            [("a.avi", None), ("b.avi", Some("a.avi.report.json"))],
        ] {
            let error = planned(&names, None).expect_err("one target");
            assert!(matches!(error, Error::SameTarget { .. }), "{error}");
        }
        let error = planned(&[("t/a.avi", None), ("t/a.wav", None)], Some("wav")).expect_err("one");
        assert_eq!(
            error.to_string(),
            "\"t/a.avi\" and \"t/a.wav\" would both become \"new/t/a.wav\""
        );
    }

    #[test]
    fn a_file_is_not_written_over_itself_or_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("a.avi");
        std::fs::write(&source, b"").expect("ours");
        let out = folder
            .path()
            .join("../")
            .join(folder.path().file_name().expect("a name"));
        let wanted = Wanted {
            name: "a.avi".into(),
            source,
            target: None,
        };
        let error = plan(vec![wanted], &out, None).expect_err("over itself");
        assert!(matches!(error, Error::OverSource { .. }), "{error}");
    }
}
