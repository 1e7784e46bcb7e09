//! Files that must not stay when the program is stopped at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The files that are being written under another name than the one that they are for.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    paths: Arc<Mutex<Vec<PathBuf>>>,
}

impl Scratch {
    /// Notes a file, or a folder of files.
    pub(super) fn note(&self, path: &Path) {
        self.lock().push(path.to_owned());
    }

    /// Forgets one that has got its name.
    pub(super) fn forget(&self, path: &Path) {
        self.lock().retain(|noted| noted != path);
    }

    /// Removes what is noted. No more can be noted until the answer is dropped.
    pub(super) fn remove(&self) -> impl Drop {
        let mut paths = self.lock();
        for path in paths.drain(..) {
            // What is gone already need not be removed.
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        }
        paths
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
