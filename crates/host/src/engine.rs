//! What all clones of a manager share, and how a message gets through it.
#![expect(unsafe_code, reason = "reads what a handle stands for without a lock")]

use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Instant;

use opendriver_abi::{Hdrvr, LParam, LResult, Message};

use crate::backend::{Call, Provider};
use crate::book::Book;
use crate::calls::{Entered, Inside, Threads};
use crate::fence::Fences;
use crate::handles::{Found, Handles, State, Unknown};
use crate::lifecycle::Switches;
use crate::memory::Guards;
use crate::module::{Identity, Loaded, Module};
use crate::resolve::Names;
use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering, lock};
use crate::transcript::{Answered, Asked};
use crate::waiting::{Reason, WaitingRoom};
use crate::{Blocks, Error, Fault, Recorder, Report, System};

/// What all clones of a manager share.
pub(crate) struct Engine {
    pub(crate) names: Names,
    pub(crate) providers: Vec<Arc<dyn Provider>>,
    pub(crate) switches: Switches,
    pub(crate) trust_foreign_code: bool,
    /// Of blocks that are guarded, if they are to be.
    pub(crate) guards: Option<Arc<Guards>>,
    pub(crate) recorder: Option<Arc<dyn Recorder>>,
    pub(crate) seq: AtomicU64,
    pub(crate) handles: Handles<Arc<Loaded>>,
    pub(crate) threads: Arc<Threads>,
    pub(crate) fences: Fences,
    pub(crate) room: WaitingRoom<Hold>,
    pub(crate) modules: Mutex<Modules>,
    pub(crate) book: Mutex<Book>,
    pub(crate) shut: AtomicBool,
    pub(crate) this: Weak<Engine>,
}

/// The modules that are in memory, on their way in or out, or poisoned.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    pub(crate) known: HashMap<Identity, Arc<Module>>,
    pub(crate) counted: usize,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// What a thread can wait for in the manager.
#[derive(Clone, Debug)]
pub(crate) enum Hold {
    /// Messages of this instance that are in flight.
    Messages(Hdrvr, Arc<Threads>),
    /// A driver that is being started or stopped.
    Move(Arc<Module>),
}

impl Reason for Hold {
    fn held_by(&self) -> Vec<u64> {
        match self {
            Self::Messages(handle, threads) => threads.inside(*handle),
            Self::Move(module) => lock(&module.standing).mover.into_iter().collect(),
        }
    }
}

/// A thread inside an instance. While it lives, what the handle stands for stays.
struct Visit<'a> {
    engine: &'a Engine,
    found: Found<'a, Arc<Loaded>>,
    handle: u32,
    entered: ManuallyDrop<Entered<'a>>,
}

impl Drop for Visit<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: this is the only place that drops it, and it is not used again.
        unsafe { ManuallyDrop::drop(&mut self.entered) };
        self.engine.fences.light();
        if !self.found.is_open() {
            self.engine.left(&self.found, self.handle);
        }
    }
}

/// Whether only the manager sends this message.
const fn is_life_cycle(message: Message) -> bool {
    matches!(message.0, 0x1..=0x6 | 0xB | 0xC)
}

impl Engine {
    /// Sends an application's message.
    #[inline]
    pub(crate) fn send(
        &self,
        raw: u32,
        message: Message,
        param1: LParam,
        param2: LParam,
    ) -> Result<LResult, Error> {
        if is_life_cycle(message) {
            return Err(Error::LifeCycleMessage { message });
        }
        self.tell(raw, message, param1, param2)
    }

    /// Sends a message that is known to be the sender's to send.
    #[inline]
    pub(crate) fn tell(
        &self,
        raw: u32,
        message: Message,
        param1: LParam,
        param2: LParam,
    ) -> Result<LResult, Error> {
        self.visit(raw, |loaded, found, handle, depth| {
            loaded.check(message, param1, param2)?;
            let call = Call {
                id: found.id(),
                handle,
                message,
                param1,
                param2,
                text: "",
            };
            if loaded.is_plain.load(Ordering::Relaxed) {
                match loaded.backend.call(&call) {
                    Ok(answer) => Ok(answer),
                    Err(fault) => Err(self.broke(loaded, fault, message)),
                }
            } else {
                self.deliver(loaded, &call, depth)
            }
        })
    }

    /// Memory that the driver of an instance reaches.
    pub(crate) fn memory(&self, raw: u32) -> Result<Blocks, Error> {
        self.visit(raw, |loaded, _, _, _| Ok(self.blocks_for(loaded)))
    }

    /// Memory that a driver reaches.
    pub(crate) fn blocks_for(&self, loaded: &Loaded) -> Blocks {
        Blocks::new(loaded.backend.memory(), self.guards.as_ref())
    }

    /// Does something inside an open instance: it is not closed, nor its driver unloaded, before that has ended.
    #[inline(always)]
    pub(crate) fn visit<R>(
        &self,
        raw: u32,
        f: impl FnOnce(&Loaded, &Found<'_, Arc<Loaded>>, Hdrvr, usize) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let (Ok(found), Some(handle)) = (self.handles.find(raw), Hdrvr::new(raw)) else {
            return Err(self.unknown(raw));
        };
        let inside = self.threads.here();
        let depth = inside.depth();
        let entered = ManuallyDrop::new(inside.enter(raw));
        let _visit = Visit {
            engine: self,
            found,
            handle: raw,
            entered,
        };
        self.fences.light();
        if !found.is_open() {
            self.may_enter(inside, &found, handle, depth)?;
        }
        // SAFETY: the thread has published that it is inside, and has then seen the instance open, or was inside already.
        unsafe {
            found.content(|loaded| match loaded {
                Some(loaded) => f(loaded, &found, handle, depth),
                None => Err(Error::Closed { handle }),
            })
        }
    }

    /// Whether a message may go to an instance that is not simply open.
    #[cold]
    fn may_enter(
        &self,
        inside: &Inside,
        found: &Found<'_, Arc<Loaded>>,
        handle: Hdrvr,
        depth: usize,
    ) -> Result<(), Error> {
        match found.state() {
            State::Open => Ok(()),
            State::Opening => Err(Error::Opening { handle }),
            // Whoever is inside a message of the instance may send it more: the close waits for all of that.
            State::Doomed | State::Closing | State::ClosingForced
                if inside.was_inside(handle, depth) =>
            {
                Ok(())
            }
            State::Doomed | State::Closing | State::ClosingForced => Err(Error::Closing { handle }),
            State::Closed => Err(Error::Closed { handle }),
            State::Free => Err(self.unknown(handle.raw())),
        }
    }

    /// A thread has left an instance that is not simply open: somebody may be waiting for that.
    #[cold]
    fn left(&self, found: &Found<'_, Arc<Loaded>>, raw: u32) {
        self.room.changed();
        if found.state() != State::Doomed {
            return;
        }
        let Some(handle) = Hdrvr::new(raw) else {
            return;
        };
        self.close_if_left(handle);
    }

    /// Calls a driver that has broken, or needs to be watched.
    #[cold]
    fn deliver(&self, loaded: &Loaded, call: &Call<'_>, depth: usize) -> Result<LResult, Error> {
        if loaded.broken.load(Ordering::Relaxed) {
            return Err(self.poisoned(&loaded.module));
        }
        self.carry(loaded, call, depth)
            .map_err(|fault| self.broke(loaded, fault, call.message))
    }

    /// Takes note that a driver broke in a message that an application sent.
    #[cold]
    fn broke(&self, loaded: &Loaded, fault: Fault, message: Message) -> Error {
        let fault = self.poison(loaded, fault, message);
        lock(&loaded.module.standing).life.poison();
        self.room.changed();
        Error::Broke(fault)
    }

    /// Calls the driver, in sight of the recorder if there is one.
    pub(crate) fn carry(
        &self,
        loaded: &Loaded,
        call: &Call<'_>,
        depth: usize,
    ) -> Result<LResult, Fault> {
        match &self.recorder {
            None => loaded
                .call(call)
                .unwrap_or_else(|panic| Ok(self.panicked(loaded, call, &*panic))),
            Some(recorder) => self.carry_recorded(&**recorder, loaded, call, depth),
        }
    }

    #[cold]
    fn carry_recorded(
        &self,
        recorder: &dyn Recorder,
        loaded: &Loaded,
        call: &Call<'_>,
        depth: usize,
    ) -> Result<LResult, Fault> {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let asked = Asked {
            seq,
            depth,
            module: &loaded.module.name,
            handle: call.handle,
            id: call.id,
            message: call.message,
            param1: call.param1,
            param2: call.param2,
            text: (call.message == Message::DRV_OPEN).then_some(call.text),
        };
        // A recorder that panics loses what it should have kept, and stops nothing.
        let _ = catch_unwind(AssertUnwindSafe(|| recorder.begin(&asked)));
        let begun = Instant::now();
        let answer = loaded.call(call);
        let nanoseconds = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let answer = answer.unwrap_or_else(|panic| Ok(self.panicked(loaded, call, &*panic)));
        let answer = answer.map_err(|fault| self.blame(loaded, fault, call.message));
        let answered = Answered {
            seq,
            answer: answer.as_ref().copied(),
            nanoseconds,
        };
        let _ = catch_unwind(AssertUnwindSafe(|| recorder.end(&answered)));
        answer
    }

    /// A driver written in Rust panicked: its message answers 0, and somebody hears of it.
    #[cold]
    fn panicked(
        &self,
        loaded: &Loaded,
        call: &Call<'_>,
        panic: &(dyn std::any::Any + Send),
    ) -> LResult {
        let what = panic.downcast_ref::<&str>().copied();
        let what = what
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a value that is no text");
        let text = format!("panicked while handling {}: {what}", call.message);
        self.report(&Report::new(&*loaded.module.name, "panic", text));
        0
    }

    pub(crate) fn report(&self, report: &Report) {
        if let Some(recorder) = &self.recorder {
            let _ = catch_unwind(AssertUnwindSafe(|| recorder.report(report)));
        }
    }

    /// Takes note of how a driver broke, and gives the whole fault back. The life of the module is the caller's to poison.
    #[cold]
    pub(crate) fn poison(&self, loaded: &Loaded, fault: Fault, message: Message) -> Fault {
        let fault = self.blame(loaded, fault, message);
        loaded.broken.store(true, Ordering::SeqCst);
        loaded.is_plain.store(false, Ordering::SeqCst);
        lock(&loaded.module.standing)
            .fault
            .get_or_insert_with(|| Arc::new(fault.clone()));
        fault
    }

    /// Adds to a fault what only the manager knows: the driver, the message, and the block that was overrun.
    fn blame(&self, loaded: &Loaded, fault: Fault, message: Message) -> Fault {
        let guards = self.guards.as_ref();
        let behind = guards
            .zip(fault.address)
            .and_then(|(guards, address)| guards.find(address));
        fault.blamed_on(&loaded.module.name, message, behind)
    }

    #[cold]
    pub(crate) fn poisoned(&self, module: &Module) -> Error {
        let fault = lock(&module.standing).fault.clone();
        let fault = fault.unwrap_or_else(|| Arc::new(Fault::new("the driver broke", "")));
        Error::Poisoned {
            module: module.name.to_string(),
            fault,
        }
    }

    /// Why a handle leads to no instance.
    #[cold]
    pub(crate) fn unknown(&self, raw: u32) -> Error {
        match self.handles.unknown(raw) {
            Unknown::Never => Error::NotAHandle { raw },
            Unknown::Closed(handle) => Error::Closed { handle },
        }
    }

    /// Sees to it that nobody but the calling thread is inside a message of the instance, which takes no new ones any more.
    pub(crate) fn drain(
        &self,
        inside: &Inside,
        handle: Hdrvr,
    ) -> Result<(), crate::waiting::Circle> {
        if !self.threads.is_alone(inside) {
            self.fences.heavy();
        }
        if self.threads.is_busy(handle) {
            self.room.wait(
                inside.thread(),
                &Hold::Messages(handle, Arc::clone(&self.threads)),
            )?;
        }
        Ok(())
    }

    /// The way up that drivers of this manager are given.
    pub(crate) fn system(&self) -> System {
        System::new(self.this.clone())
    }
}
