//! What the runtime keeps for the process and for each thread.

use std::cell::{Cell, OnceCell};
use std::sync::{Arc, Mutex};

use crate::cx::Cx;
use crate::shim::{Addr, Size};
use crate::station::Report;
use crate::trap::Trap;

/// Numbers of `<errno.h>`.
pub(super) mod errno {
    pub(in super::super) const ENOENT: i32 = 2;
    pub(in super::super) const EBADF: i32 = 9;
    pub(in super::super) const ENOMEM: i32 = 12;
    pub(in super::super) const EACCES: i32 = 13;
    pub(in super::super) const EEXIST: i32 = 17;
    pub(in super::super) const ENOTDIR: i32 = 20;
    pub(in super::super) const EISDIR: i32 = 21;
    pub(in super::super) const EINVAL: i32 = 22;
    pub(in super::super) const EMFILE: i32 = 24;
    pub(in super::super) const ENOSPC: i32 = 28;
    pub(in super::super) const EDOM: i32 = 33;
    pub(in super::super) const ERANGE: i32 = 34;
    pub(in super::super) const ENOTEMPTY: i32 = 41;
    pub(in super::super) const EILSEQ: i32 = 42;
    pub(in super::super) const STRUNCATE: i32 = 80;
}

/// What the runtime keeps for the process.
#[derive(Default)]
pub(super) struct Shared {
    /// Where `_set_invalid_parameter_handler` points.
    pub(super) invalid_parameter: Mutex<Addr>,
    /// Where `_set_purecall_handler` points.
    pub(super) purecall: Mutex<Addr>,
    /// Where `_set_new_handler` points.
    pub(super) new_handler: Mutex<Addr>,
    /// Whether `malloc` calls the new handler.
    pub(super) new_mode: Mutex<i32>,
    /// Where `signal` points, by signal.
    pub(super) signals: Mutex<[u64; 32]>,
    /// Functions that `atexit` and `_onexit` were given, by the process.
    pub(super) exits: Mutex<Vec<Addr>>,
    /// Blocks that are made once and answered by address from then on, by name.
    pub(super) blocks: Mutex<Vec<(&'static str, Addr)>>,
    /// Blocks of threads that are gone.
    spare: Mutex<Vec<Addr>>,
    /// Where `set_terminate` points.
    pub(super) terminate: Mutex<Addr>,
    /// Where `set_unexpected` points.
    pub(super) unexpected: Mutex<Addr>,
    /// Whether `%n` stores.
    pub(super) count_output: Mutex<bool>,
    /// Whether exponents have two digits where three are usual.
    pub(super) two_digits: Mutex<bool>,
}

/// What the runtime keeps for a thread.
#[derive(Default)]
pub(super) struct Own {
    block: Cell<Addr>,
    /// Where the block goes when the thread does.
    home: OnceCell<Arc<Shared>>,
    /// State of `rand`.
    pub(super) random: Cell<Option<u32>>,
    /// Where `strtok`, `wcstok` and `_mbstok` go on.
    pub(super) token: Cell<Addr>,
    /// `_set_thread_local_invalid_parameter_handler`.
    pub(super) invalid_parameter: Cell<Addr>,
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(home) = self.home.get() {
            home.spare
                .lock()
                .expect("no holder panics")
                .push(self.block.get());
        }
    }
}

/// Places in the block that a thread has for what is answered by address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    Errno = 0,
    DosErrno = 4,
    Tm = 16,
    Asctime = 64,
    WideAsctime = 96,
    Strerror = 160,
    WideStrerror = 288,
    Digits = 544,
    Signal = 1056,
}

const OWN_BYTES: u64 = 1088;

/// The address of something that a thread has for itself.
pub(super) fn slot(cx: &Cx<'_>, slot: Slot) -> Result<Addr, Trap> {
    let own = cx.thread().state::<Own>();
    if own.block.get().is_null() {
        let shared = own.home.get_or_init(|| cx.state::<Shared>());
        let spare = shared.spare.lock().expect("no holder panics").pop();
        own.block.set(match spare {
            Some(block) => {
                cx.fill(block, 0, OWN_BYTES)?;
                block
            }
            None => cx.allocate_zeroed(Size(OWN_BYTES)),
        });
    }
    Ok(own.block.get().offset(slot as u64))
}

/// A block that is made when it is first asked for.
pub(super) fn block(
    cx: &mut Cx<'_>,
    name: &'static str,
    make: impl FnOnce(&mut Cx<'_>) -> Result<Addr, Trap>,
) -> Result<Addr, Trap> {
    let shared = cx.state::<Shared>();
    let known = |blocks: &Vec<(&'static str, Addr)>| {
        blocks
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, at)| *at)
    };
    if let Some(at) = known(&shared.blocks.lock().expect("no holder panics")) {
        return Ok(at);
    }
    let made = make(cx)?;
    let mut blocks = shared.blocks.lock().expect("no holder panics");
    if let Some(at) = known(&blocks) {
        cx.free(made);
        return Ok(at);
    }
    blocks.push((name, made));
    Ok(made)
}

/// Sets `errno`.
pub(super) fn set_errno(cx: &Cx<'_>, error: i32) -> Result<(), Trap> {
    cx.write(slot(cx, Slot::Errno)?, error)
}

/// Sets `errno` and answers `result`: how most functions fail.
pub(super) fn fail<T>(cx: &Cx<'_>, error: i32, result: T) -> Result<T, Trap> {
    set_errno(cx, error)?;
    Ok(result)
}

/// Sets `errno` and answers it: how the `_s` functions fail.
pub(super) fn refuse(cx: &mut Cx<'_>, function: &str, error: i32) -> Result<i32, Trap> {
    invalid_parameter(cx, function, error, error)
}

/// Calls the handler for invalid parameters and goes on with `result`.
///
/// A program without a handler would end here on Windows; that helps nobody who hosts a driver,
/// so the call fails as documented for programs that go on, and a person is told.
pub(super) fn invalid_parameter<T>(
    cx: &mut Cx<'_>,
    function: &str,
    error: i32,
    result: T,
) -> Result<T, Trap> {
    let own = cx.thread().state::<Own>().invalid_parameter.get();
    let shared = *cx
        .state::<Shared>()
        .invalid_parameter
        .lock()
        .expect("no holder panics");
    let handler = if own.is_null() { shared } else { own };
    if handler.is_null() {
        cx.report(Report::Warning(format!(
            "the driver called {function} with an invalid parameter"
        )));
    } else {
        cx.call(handler, &[0, 0, 0, 0, 0])?;
    }
    fail(cx, error, result)
}

/// Calls another function of Windows; none when nobody implements it.
pub(super) fn windows(
    cx: &mut Cx<'_>,
    dll: &str,
    function: &str,
    arguments: &[u64],
) -> Result<Option<u64>, Trap> {
    let gate = cx.process().symbol_of(dll, function);
    match gate {
        Some(gate) => cx.call(Addr(gate), arguments).map(Some),
        None => Ok(None),
    }
}
