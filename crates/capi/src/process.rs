//! The one manager of the process, made at first use as it was wished before.
#![expect(
    unsafe_code,
    reason = "has the C library tell of forks, so that a child begins with nothing open"
)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opendriver::{Block, Manager};
use opendriver_setup::Setup;

use crate::ending::{self, Mapping};
use crate::handles::Handles;
use crate::lent::Lent;
use crate::misuse::Misuse;
use crate::msacm::List;
use crate::msvfw::Functions;
use crate::watching::Watcher;

/// What all functions of the library share.
#[derive(Debug)]
pub struct Process {
    /// The manager that opens and sends.
    pub manager: Manager,
    /// Handles of codecs and streams. Those of drivers are the manager's own.
    pub handles: Handles,
    /// The audio codecs, in their order.
    pub audio: List,
    /// Memory that the program was given for an answer.
    pub lent: Lent,
    /// How much drivers are kept apart from the program.
    pub isolation: Isolation,
    /// Video codecs that are functions of the program.
    pub(crate) functions: Functions,
    blocks: Mutex<HashMap<usize, Block>>,
    id: u32,
}

/// How much a driver is kept apart from the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// No code from files: only the drivers that are part of the library open.
    BuiltIn,
    /// Drivers run in this process, and their faults come back as errors.
    #[default]
    InProcess,
    /// As that, and what lies behind the blocks that drivers are given is watched.
    Watched,
}

/// What a program may wish before the first use.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The registry above all others, in the place of `$OPENDRIVER_REGISTRY`.
    pub registry: Option<PathBuf>,
    /// Folders that bare file names are looked for in, before those of `$OPENDRIVER_PATH`.
    pub folders: Vec<PathBuf>,
    /// How much drivers are kept apart from the program.
    pub isolation: Isolation,
    /// Who is told of every message, and of what there is to report.
    pub watcher: Watcher,
}

static CURRENT: AtomicPtr<Process> = AtomicPtr::new(ptr::null_mut());
static WISHES: Mutex<Option<Wishes>> = Mutex::new(None);

/// What all functions share. The first of them to ask finds out where the drivers are.
#[inline]
pub fn process() -> &'static Process {
    match existing() {
        Some(process) => process,
        None => first_use(),
    }
}

/// What all functions share, if one of them has asked.
#[inline]
pub fn existing() -> Option<&'static Process> {
    // SAFETY: it is null, or what `first_use` made and nobody frees.
    unsafe { CURRENT.load(Ordering::Acquire).as_ref() }
}

/// Notes a wish.
///
/// # Errors
/// The first use was before.
pub fn wish(what: &'static str, wish: impl FnOnce(&mut Wishes)) -> Result<(), Misuse> {
    let mut wishes = wishes();
    if existing().is_some() {
        return Err(Misuse::TooLate { what });
    }
    wish(wishes.get_or_insert_default());
    Ok(())
}

/// The wishes. No fork comes between while they are held.
fn wishes() -> MutexGuard<'static, Option<Wishes>> {
    forks::heard_of();
    WISHES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something that may not be half done in a child.
pub fn undivided(act: impl FnOnce()) {
    let _held = wishes();
    act();
}

#[cold]
fn first_use() -> &'static Process {
    let wishes = wishes();
    if let Some(process) = existing() {
        return process;
    }
    let made = Box::new(Process::new(wishes.as_ref().unwrap_or(&Wishes::default())));
    let made: &'static Process = Box::leak(made);
    CURRENT.store(ptr::from_ref(made).cast_mut(), Ordering::Release);
    ending::expect();
    made
}

/// A fork waits until no thread is at its first use, or at a wish: a child would wait for ever for a thread that it does not have.
/// It has none of the parent's threads, and no right to close its drivers: it begins with nothing open.
mod forks {
    use super::*;

    type Held = MutexGuard<'static, Option<Wishes>>;

    /// What the forking thread holds meanwhile.
    static HELD: AtomicPtr<Held> = AtomicPtr::new(ptr::null_mut());

    /// Run by the dynamic loader, before any function of the library: so no fork is missed.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static EXPECT: extern "C" fn() = expect;

    /// The linker leaves out what nobody names.
    pub(super) fn heard_of() {
        std::hint::black_box(&EXPECT);
    }

    extern "C" fn expect() {
        // SAFETY: functions of the library, which stays loaded.
        unsafe { libc::pthread_atfork(Some(before), Some(release), Some(in_child)) };
    }

    extern "C" fn before() {
        let held = Box::into_raw(Box::new(wishes()));
        HELD.store(held, Ordering::Relaxed);
    }

    extern "C" fn in_child() {
        CURRENT.store(ptr::null_mut(), Ordering::Release);
        release();
    }

    extern "C" fn release() {
        let held = HELD.swap(ptr::null_mut(), Ordering::Relaxed);
        if held.is_null() {
            return;
        }
        // SAFETY: `before` made it on this thread, and nobody else takes it.
        drop(unsafe { Box::from_raw(held) });
    }
}

impl Process {
    fn new(wishes: &Wishes) -> Self {
        let setup = Setup::from_environment(wishes.registry.as_deref(), wishes.folders.clone());
        let mut builder = setup.builder(false).provider(Mapping::default());
        if wishes.isolation != Isolation::BuiltIn {
            // Who installed a driver, or names its file, says that its code may run.
            builder = builder.trust_foreign_code();
        }
        builder = builder.guarded_blocks(wishes.isolation == Isolation::Watched);
        if wishes.watcher.is_needed() {
            builder = builder.recorder(Arc::new(wishes.watcher.clone()));
        }
        Self {
            manager: builder.build(),
            handles: Handles::default(),
            audio: List::default(),
            lent: Lent::default(),
            isolation: wishes.isolation,
            functions: Functions::default(),
            blocks: Mutex::default(),
            id: std::process::id(),
        }
    }

    /// Whether this is still the process that opened all this, and no child that came about behind the C library's back.
    pub fn is_ours(&self) -> bool {
        self.id == std::process::id()
    }

    /// Blocks that the program has of drivers' worlds, by address.
    pub fn blocks(&self) -> MutexGuard<'_, HashMap<usize, Block>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
