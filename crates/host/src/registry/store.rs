//! Where the text of a layer is kept: read again when it changed, written whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::Error;
use super::document::{self, Edit, Node};
use super::layer::{Layer, LayerName, Place};

/// A larger file is no registry that anybody wrote.
const LARGEST: u64 = 256 << 20;

/// A file that changed less than this before it was read may change again without a trace in its times.
const CLOCK_STEP: Duration = Duration::from_millis(100);

/// One layer in use.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) name: LayerName,
    pub(super) read_only: bool,
    patience: Duration,
    file: Option<PathBuf>,
    seen: Mutex<Seen>,
}

/// What the layer held when it was last looked at.
#[derive(Debug, Default)]
struct Seen {
    text: String,
    tree: Option<Arc<Node>>,
    stamp: Option<Stamp>,
}

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    length: u64,
    modified: SystemTime,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        let file = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let file = (0, 0);
        let modified = metadata.modified().ok()?;
        let settled = SystemTime::now()
            .duration_since(modified)
            .is_ok_and(|age| age > CLOCK_STEP);
        settled.then_some(Self {
            file,
            length: metadata.len(),
            modified,
        })
    }
}

impl Store {
    pub(super) fn new(layer: Layer) -> Self {
        let Layer {
            name,
            place,
            read_only,
            patience,
        } = layer;
        let (file, text) = match place {
            Place::File(file) => (Some(file), String::new()),
            Place::Memory(text) => (None, text),
        };
        Self {
            name,
            read_only,
            patience,
            file,
            seen: Mutex::new(Seen {
                text,
                ..Seen::default()
            }),
        }
    }

    /// What the layer holds now.
    pub(super) fn tree(&self) -> Result<Arc<Node>, Error> {
        let mut seen = self.seen();
        let Some(file) = &self.file else {
            return seen.parsed(&self.called());
        };
        let metadata = match fs::metadata(file) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                seen.stamp = None;
                return seen.holding(String::new(), file);
            }
            Err(source) => {
                return Err(Error::Unreadable {
                    file: file.clone(),
                    source,
                });
            }
        };
        let stamp = Stamp::of(&metadata);
        if let (Some(tree), true) = (&seen.tree, stamp.is_some() && stamp == seen.stamp) {
            return Ok(tree.clone());
        }
        let (text, stamp) = read(file)?;
        seen.stamp = stamp;
        seen.holding(text, file)
    }

    /// Applies `edits` to what the layer holds at that moment, all of them or none.
    pub(super) fn commit(&self, edits: &[Edit]) -> Result<(), Error> {
        let Some(file) = &self.file else {
            let mut seen = self.seen();
            let text = document::edit(&seen.text, &self.called(), edits)?;
            return seen.holding(text, &self.called()).map(drop);
        };
        let target = resolve(file).map_err(|source| unwritable(file, "find", source))?;
        let _lock = Lock::take(&target, self.patience)?;
        let old = match read(&target) {
            Ok((text, _)) => Some(text),
            Err(Error::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                None
            }
            Err(error) => return Err(error),
        };
        let text = document::edit(old.as_deref().unwrap_or_default(), file, edits)?;
        // A text that did not change is not written, and one that would not read back never replaces one that does.
        if old.as_ref() == Some(&text) {
            return Ok(());
        }
        document::read(&text, file)?;
        replace(&target, &text)
    }

    /// What errors call the layer.
    pub(super) fn called(&self) -> PathBuf {
        self.file
            .clone()
            .unwrap_or_else(|| format!("<{}>", self.name).into())
    }

    /// The state that was last seen. A panic elsewhere leaves it whole: each change of it is one assignment.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn holding(&mut self, text: String, file: &Path) -> Result<Arc<Node>, Error> {
        if self.text != text {
            self.tree = None;
            self.text = text;
        }
        self.parsed(file)
    }

    fn parsed(&mut self, file: &Path) -> Result<Arc<Node>, Error> {
        if let Some(tree) = &self.tree {
            return Ok(tree.clone());
        }
        let tree = Arc::new(document::read(&self.text, file)?);
        Ok(self.tree.insert(tree).clone())
    }
}

fn unwritable(file: &Path, step: &'static str, source: io::Error) -> Error {
    Error::Unwritable {
        file: file.to_owned(),
        step,
        source,
    }
}

fn read(file: &Path) -> Result<(String, Option<Stamp>), Error> {
    let unreadable = |source| Error::Unreadable {
        file: file.to_owned(),
        source,
    };
    // Asked before it is opened: opening a pipe that nobody writes to would wait for ever.
    let metadata = fs::metadata(file).map_err(unreadable)?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() {
            "a folder"
        } else {
            "a device or pipe"
        };
        return Err(Error::NotAFile {
            file: file.to_owned(),
            found,
        });
    }
    let mut open = File::open(file).map_err(unreadable)?;
    let metadata = open.metadata().map_err(unreadable)?;
    if metadata.len() > LARGEST {
        return Err(unreadable(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is larger than 256 MiB",
        )));
    }
    let stamp = Stamp::of(&metadata);
    let mut bytes = Vec::new();
    open.read_to_end(&mut bytes).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
        let (line, column) = document::Lines::of(&before).position(Some(good..good));
        Error::Broken {
            file: file.to_owned(),
            line,
            column,
            problem: "expected text in UTF-8".to_owned(),
        }
    })?;
    Ok((text, stamp))
}

/// Follows symbolic links by hand, because the file that the last one names may not exist yet.
fn resolve(file: &Path) -> io::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut target = file.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&target) {
            Ok(link) => {
                target = target
                    .parent()
                    .map(|folder| folder.join(&link))
                    .unwrap_or(link)
            }
            Err(_) => return Ok(target),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "too many symbolic links",
    ))
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{suffix}"))
}

fn folder_of(file: &Path) -> &Path {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Keeps other writers out until it is dropped or the process dies.
struct Lock {
    _file: File,
}

impl Lock {
    fn take(target: &Path, patience: Duration) -> Result<Self, Error> {
        if target.exists() {
            OpenOptions::new()
                .append(true)
                .open(target)
                .map_err(|source| unwritable(target, "write", source))?;
        }
        fs::create_dir_all(folder_of(target))
            .map_err(|source| unwritable(target, "make the folder of", source))?;
        // The lock is a file of its own: the registry file is another one after each change.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(beside(target, "lock"))
            .map_err(|source| unwritable(target, "lock", source))?;
        let mut waiting = Waiting::new(patience);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let holder = Holder::read(&mut file);
                    if waiting.is_over(holder) {
                        return Err(Error::InUse {
                            file: target.to_owned(),
                            holder: holder.map(|holder| holder.process),
                        });
                    }
                }
                Err(TryLockError::Error(source)) => return Err(unwritable(target, "lock", source)),
            }
        }
        // Who holds the lock is only for those who wait for it; on a full disk it stays unsaid.
        drop(Holder::write(&mut file));
        Ok(Self { _file: file })
    }
}

/// Who holds a lock, as the lock file says it: `4242 17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holder {
    process: u32,
    /// How often the lock had been taken, so that one process taking it again and again is not one that keeps it.
    turn: u64,
}

impl Holder {
    fn read(file: &mut File) -> Option<Self> {
        let mut text = String::new();
        file.rewind().ok()?;
        file.take(64).read_to_string(&mut text).ok()?;
        let (process, turn) = text.trim_end().split_once(' ')?;
        Some(Self {
            process: process.parse().ok()?,
            turn: turn.parse().ok()?,
        })
    }

    fn write(file: &mut File) -> io::Result<()> {
        let turn = Self::read(file).map_or(0, |last| last.turn.wrapping_add(1));
        file.rewind()?;
        file.set_len(0)?;
        writeln!(file, "{} {turn}", std::process::id())
    }
}

/// Waits for one holder of a lock at a time: many writers in a row are no reason to give up.
struct Waiting {
    patience: Duration,
    since: Instant,
    holder: Option<Holder>,
    pause: Duration,
}

impl Waiting {
    fn new(patience: Duration) -> Self {
        Self {
            patience,
            since: Instant::now(),
            holder: None,
            pause: Duration::from_micros(200),
        }
    }

    fn is_over(&mut self, holder: Option<Holder>) -> bool {
        if holder.is_some() && holder != self.holder {
            self.holder = holder;
            self.since = Instant::now();
        }
        if self.since.elapsed() >= self.patience {
            return true;
        }
        std::thread::sleep(self.pause);
        self.pause = (self.pause * 2).min(Duration::from_millis(10));
        false
    }
}

/// Puts `text` in the place of the file: at every moment there is the old one or the new one.
fn replace(target: &Path, text: &str) -> Result<(), Error> {
    let fresh = beside(target, "new");
    // The lock is ours, so what stands there is left over from a writer that died.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(unwritable(target, "write", error));
        }
        _ => {}
    }
    let written = write_beside(target, &fresh, text).and_then(|()| {
        fs::rename(&fresh, target).map_err(|source| unwritable(target, "replace", source))
    });
    if written.is_err() {
        drop(fs::remove_file(&fresh));
        return written;
    }
    // The change is seen by now; what can fail is only that it survives a loss of power.
    #[cfg(unix)]
    File::open(folder_of(target))
        .and_then(|folder| folder.sync_all())
        .map_err(|source| unwritable(target, "make safe", source))?;
    Ok(())
}

fn write_beside(target: &Path, fresh: &Path, text: &str) -> Result<(), Error> {
    let mut file = File::create_new(fresh).map_err(|source| unwritable(target, "write", source))?;
    file.write_all(text.as_bytes())
        .map_err(|source| unwritable(target, "write", source))?;
    if let Ok(old) = fs::metadata(target) {
        keep_owner(&file, &old)
            .map_err(|source| unwritable(target, "keep the owner of", source))?;
        file.set_permissions(old.permissions())
            .map_err(|source| unwritable(target, "keep the mode of", source))?;
    }
    file.sync_all()
        .map_err(|source| unwritable(target, "write", source))
}

#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _old: &Metadata) -> io::Result<()> {
    Ok(())
}
