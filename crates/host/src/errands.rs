//! Opens and closes, as the life cycle says.
#![expect(
    unsafe_code,
    reason = "writes what a handle stands for, which is read without a lock"
)]

use std::sync::Arc;

use opendriver_abi::{DriverId, Hdrvr, LParam, LResult, Message};

use crate::backend::Call;
use crate::calls::Inside;
use crate::engine::{Engine, Hold};
use crate::handles::{Found, State};
use crate::lifecycle::{Errand, Event, Next, Outcome, Stage, Switches, Whose};
use crate::module::{Loaded, Module, is_wide};
use crate::open::Prepare;
use crate::resolve::Target;
use crate::sync::{Ordering, lock};
use crate::{Error, OpenOptions, World};

/// One errand with all that it needs to be run.
struct Run<'a, 'p> {
    engine: &'a Engine,
    module: &'a Arc<Module>,
    inside: &'a Inside,
    /// The instance that the errand is about; a sweep is about none.
    own: Option<Hdrvr>,
    /// The parameter text of `DRV_OPEN`.
    text: &'a str,
    /// The application's two values for `DRV_CLOSE`.
    params: (LParam, LParam),
    /// The application's value for `DRV_OPEN`.
    param2: Param2<'p>,
    loaded: Option<Arc<Loaded>>,
    session: Option<Hdrvr>,
    /// Why the errand failed, where the outcome alone does not say it.
    error: Option<Error>,
}

/// The application's value for `DRV_OPEN`.
pub(crate) enum Param2<'p> {
    /// It was there from the start.
    Given(LParam),
    /// It is made for the driver's world, once that is known.
    Prepared(&'p mut Prepare<'p>),
}

impl Param2<'_> {
    /// Whether an application opens the driver, and not a control panel.
    fn is_some(&self) -> bool {
        !matches!(self, Self::Given(0))
    }
}

impl Engine {
    /// Opens an instance, owned by its handle.
    pub(crate) fn open(&self, options: OpenOptions<'_>) -> Result<Hdrvr, Error> {
        self.open_by(options, Param2::Given(options.param2))
    }

    /// Opens an instance with a value that may have to be made for the driver's world.
    pub(crate) fn open_by(
        &self,
        options: OpenOptions<'_>,
        param2: Param2<'_>,
    ) -> Result<Hdrvr, Error> {
        if self.shut.load(Ordering::SeqCst) {
            return Err(Error::ShutDown);
        }
        let target = self.names.resolve(options)?;
        self.open_target(&target, options.name, param2)
    }

    /// Opens an instance of what a name led to.
    pub(crate) fn open_target(
        &self,
        target: &Target,
        name: &str,
        param2: Param2<'_>,
    ) -> Result<Hdrvr, Error> {
        let module = self.wanted(target);
        let result = self.open_module(self.threads.here(), &module, name, &target.params, param2);
        self.unwanted(&module, true);
        result
    }

    fn open_module(
        &self,
        inside: &Inside,
        module: &Arc<Module>,
        name: &str,
        text: &str,
        param2: Param2<'_>,
    ) -> Result<Hdrvr, Error> {
        let handle = self.allocate(module, name)?;
        let switches = Switches {
            session: self.switches.session && param2.is_some(),
            ..self.switches
        };
        let mut run = Run {
            engine: self,
            module,
            inside,
            own: Some(handle),
            text,
            params: (0, 0),
            param2,
            loaded: None,
            session: None,
            error: None,
        };
        let outcome = run.errand(Errand::open(switches));
        let (loaded, error) = (run.loaded.take(), run.error.take());
        let opened = match (outcome, loaded) {
            (Ok(Outcome::Opened(id)), Some(loaded)) => {
                self.publish(handle, id, loaded);
                Ok(handle)
            }
            (Ok(outcome), _) => Err(error.unwrap_or_else(|| self.failure(module, outcome))),
            (Err(error), _) => Err(error),
        };
        if opened.is_err() {
            self.discard(handle);
        } else if self.shut.load(Ordering::SeqCst) {
            self.close_by_force(handle);
            return Err(Error::ShutDown);
        }
        opened
    }

    /// Closes an instance in good order.
    pub(crate) fn close(&self, raw: u32, param1: LParam, param2: LParam) -> Result<LResult, Error> {
        let (Ok(found), Some(handle)) = (self.handles.find(raw), Hdrvr::new(raw)) else {
            return Err(self.unknown(raw));
        };
        if is_wide(param1) || is_wide(param2) {
            self.check_close(raw, param1, param2)?;
        }
        self.close_found(self.threads.here(), &found, handle, (param1, param2))
    }

    /// Refuses parameters that the driver of an open instance cannot be given.
    #[cold]
    fn check_close(&self, raw: u32, param1: LParam, param2: LParam) -> Result<(), Error> {
        let checked = self.visit(raw, |loaded, _, _, _| {
            loaded.check(Message::DRV_CLOSE, param1, param2)
        });
        match checked {
            Err(error @ Error::TooWide { .. }) => Err(error),
            // What else there is to say the close says.
            _ => Ok(()),
        }
    }

    fn close_found(
        &self,
        inside: &Inside,
        found: &Found<'_, Arc<Loaded>>,
        handle: Hdrvr,
        params: (LParam, LParam),
    ) -> Result<LResult, Error> {
        let raw = handle.raw();
        match found.state() {
            State::Free => return Err(self.unknown(raw)),
            State::Closed => return Err(Error::Closed { handle }),
            State::Opening => return Err(Error::Opening { handle }),
            _ if inside.is_inside(handle) => return Err(Error::InsideMessage { handle }),
            _ => {}
        }
        if self.switches.session && self.is_hidden(handle) {
            return Err(Error::Hidden { handle });
        }
        if !found.change(State::Open, State::Closing) {
            return Err(match found.state() {
                State::Free => self.unknown(raw),
                State::Closed => Error::Closed { handle },
                _ => Error::Closing { handle },
            });
        }
        if self.drain(inside, handle).is_err() {
            self.reopen(handle);
            return Err(Error::Deadlock {
                what: format!("the messages of {handle}"),
            });
        }
        let result = self.run_close(inside, handle, params, false);
        if let Err(Error::Refused { .. }) = result {
            self.reopen(handle);
        }
        result
    }

    /// Closes an instance whatever its driver answers, and does not wait: where a thread is inside, the last one to leave closes.
    pub(crate) fn close_or_doom(&self, handle: Hdrvr) {
        let Ok(found) = self.handles.find(handle.raw()) else {
            return;
        };
        if found.change(State::Open, State::Doomed) {
            self.close_if_left(handle);
        }
    }

    /// Closes an instance whatever its driver answers: now, or as soon as the messages have ended that wait for this one to end.
    pub(crate) fn close_by_force(&self, handle: Hdrvr) {
        if let Ok(found) = self.handles.find(handle.raw()) {
            self.force(self.threads.here(), &found, handle);
        }
    }

    fn force(&self, inside: &Inside, found: &Found<'_, Arc<Loaded>>, handle: Hdrvr) {
        loop {
            let state = found.state();
            match state {
                State::Open | State::Doomed if inside.is_inside(handle) => {
                    if state == State::Doomed || found.change(State::Open, State::Doomed) {
                        return;
                    }
                }
                State::Open | State::Doomed => {
                    if found.change(state, State::ClosingForced) {
                        break;
                    }
                }
                // Whoever is closing it goes on whatever the driver answers.
                State::Closing => {
                    if found.change(State::Closing, State::ClosingForced) {
                        return;
                    }
                }
                State::ClosingForced | State::Closed | State::Opening | State::Free => return,
            }
        }
        if self.drain(inside, handle).is_err() {
            // Somebody who is inside waits for this thread. The last one to leave closes.
            found.change(State::ClosingForced, State::Doomed);
            return;
        }
        // A driver that refuses, or breaks, is out of the game all the same.
        let _ = self.run_close(inside, handle, (0, 0), true);
    }

    /// Makes an instance whose close came to nothing what it was, unless somebody wants it closed by force.
    fn reopen(&self, handle: Hdrvr) {
        let Ok(found) = self.handles.find(handle.raw()) else {
            return;
        };
        if !found.change(State::Closing, State::Open)
            && found.change(State::ClosingForced, State::Doomed)
        {
            self.close_if_left(handle);
        }
    }

    /// Closes a doomed instance if nobody is inside a message of it. Otherwise the last to leave comes here too.
    pub(crate) fn close_if_left(&self, handle: Hdrvr) {
        // Of several threads that leave at once, at least the last must see that nobody is left.
        self.fences.heavy();
        if !self.threads.is_busy(handle) {
            self.close_by_force(handle);
        }
    }

    /// Runs the close of an instance that takes no messages any more and is inside none.
    fn run_close(
        &self,
        inside: &Inside,
        handle: Hdrvr,
        params: (LParam, LParam),
        force: bool,
    ) -> Result<LResult, Error> {
        let found = self
            .handles
            .find(handle.raw())
            .map_err(|_| self.unknown(handle.raw()))?;
        // SAFETY: this thread owns the state in which the instance is being closed.
        let loaded = unsafe { found.content(|loaded| loaded.cloned()) };
        let Some(loaded) = loaded else {
            return Err(Error::Closed { handle });
        };
        let module = Arc::clone(&loaded.module);
        let mut run = Run {
            engine: self,
            module: &module,
            inside,
            own: Some(handle),
            text: "",
            params,
            param2: Param2::Given(0),
            loaded: Some(loaded),
            session: None,
            error: None,
        };
        let outcome = run.errand(Errand::close(force));
        let error = run.error.take();
        drop(run);
        match outcome? {
            Outcome::Kept => Err(self.failure(&module, Outcome::Kept)),
            outcome => {
                self.discard(handle);
                self.unwanted(&module, false);
                match outcome {
                    Outcome::Closed(answer) => Ok(answer),
                    outcome => Err(error.unwrap_or_else(|| self.failure(&module, outcome))),
                }
            }
        }
    }

    /// Ends a driver of which only the hidden instance is left.
    pub(crate) fn sweep(&self, module: &Arc<Module>) {
        let mut run = Run {
            engine: self,
            module,
            inside: self.threads.here(),
            own: None,
            text: "",
            params: (0, 0),
            param2: Param2::Given(0),
            loaded: None,
            session: None,
            error: None,
        };
        // What cannot be swept is inside a message, and stays.
        let _ = run.errand(Errand::sweep());
        drop(run);
        self.unwanted(module, false);
    }

    /// The error that an outcome is.
    fn failure(&self, module: &Module, outcome: Outcome) -> Error {
        let refused = |message| Error::Refused {
            module: module.name.to_string(),
            message,
        };
        match outcome {
            Outcome::Refused(message) => refused(message),
            Outcome::Kept => refused(Message::DRV_CLOSE),
            _ => self.poisoned(module),
        }
    }

    /// Finds or makes the module of a target, and keeps it in the table until it is unwanted again.
    fn wanted(&self, target: &Target) -> Arc<Module> {
        let mut modules = lock(&self.modules);
        let module = match modules.known.get(&target.identity) {
            Some(module) => Arc::clone(module),
            None => {
                modules.counted += 1;
                let module = Module::new(
                    target.identity.clone(),
                    &target.name(),
                    target.origin.absolute(),
                    modules.counted,
                );
                let module = Arc::new(module);
                modules
                    .known
                    .insert(target.identity.clone(), Arc::clone(&module));
                module
            }
        };
        lock(&module.standing).openers += 1;
        module
    }

    /// Takes a module out of the table that is not in memory any more and that nobody is opening.
    fn unwanted(&self, module: &Arc<Module>, was_opener: bool) {
        let mut modules = lock(&self.modules);
        let mut standing = lock(&module.standing);
        standing.openers -= usize::from(was_opener);
        // Somebody else may have taken it out already, and a new one may stand in its place.
        let is_known = modules
            .known
            .get(&module.identity)
            .is_some_and(|known| Arc::ptr_eq(known, module));
        if is_known && standing.openers == 0 && standing.life.stage() == Stage::Absent {
            modules.known.remove(&module.identity);
        }
    }

    /// Takes a handle, and writes it into the book.
    fn allocate(&self, module: &Arc<Module>, name: &str) -> Result<Hdrvr, Error> {
        let handle = self
            .handles
            .allocate()
            .map_err(|live| Error::NoHandles { live })?;
        let name = lock(&module.standing).shared(name);
        lock(&self.book).enter(self.handles.index(handle), Arc::clone(module), name);
        Ok(handle)
    }

    /// Opens a handle for messages.
    fn publish(&self, handle: Hdrvr, id: DriverId, loaded: Arc<Loaded>) {
        let Ok(found) = self.handles.find(handle.raw()) else {
            return;
        };
        found.set_id(loaded.identifier(id));
        // SAFETY: the handle is being opened, by this thread.
        unsafe { found.set_content(loaded) };
        found.change(State::Opening, State::Open);
    }

    /// Takes a handle back that is not open.
    fn discard(&self, handle: Hdrvr) {
        lock(&self.book).strike(self.handles.index(handle));
        // SAFETY: the handle is in a state that this thread owns, and nobody is inside.
        drop(unsafe { self.handles.release(handle) });
    }
}

impl Run<'_, '_> {
    /// Does what the errand says until it has ended.
    fn errand(&mut self, mut errand: Errand) -> Result<Outcome, Error> {
        let mut event = Event::Begin;
        loop {
            let next = self.step(&mut errand, event);
            event = match next {
                Next::Wait => {
                    self.wait()?;
                    Event::Begin
                }
                Next::Map => self.map(),
                Next::Send(message, whose) => {
                    let event = self.send(message, whose);
                    if message == Message::DRV_CLOSE && whose == Whose::Own && self.is_closed() {
                        errand.force();
                    }
                    event
                }
                Next::Unmap => {
                    self.unmap();
                    Event::Unmapped
                }
                Next::Done(outcome) => {
                    if outcome == Outcome::Broke {
                        self.discard_session();
                    }
                    return Ok(outcome);
                }
            };
        }
    }

    /// Takes the errand one step on, and tells those who wait for the driver if that moved it.
    fn step(&mut self, errand: &mut Errand, event: Event) -> Next {
        let mut standing = lock(&self.module.standing);
        let before = standing.life.stage();
        let next = errand.next(&mut standing.life, event);
        let after = standing.life.stage();
        let moves = matches!(after, Stage::Starting | Stage::Stopping);
        match next {
            Next::Wait => {}
            Next::Map => standing.during = Message::DRV_LOAD,
            Next::Send(message, _) if moves => standing.during = message,
            _ => {}
        }
        if next != Next::Wait {
            standing.mover = moves.then(|| self.inside.thread());
            // Whoever waits must not hold on to a module that is on its way out.
            if self.loaded.is_none() {
                self.loaded = standing.loaded.clone();
            }
            if self.session.is_none() {
                self.session = standing.session;
            }
        }
        drop(standing);
        if before != after {
            self.engine.room.changed();
        }
        next
    }

    /// Waits until the driver is neither being started nor stopped.
    fn wait(&self) -> Result<(), Error> {
        let me = self.inside.thread();
        let hold = Hold::Move(Arc::clone(self.module));
        self.engine.room.wait(me, &hold).map_err(|_| {
            let standing = lock(&self.module.standing);
            let module = self.module.name.to_string();
            if standing.mover == Some(me) {
                Error::InsideLifeCycle {
                    module,
                    during: standing.during,
                }
            } else {
                Error::Deadlock {
                    what: format!("{} of \"{module}\"", standing.during),
                }
            }
        })
    }

    fn map(&mut self) -> Event {
        match self.engine.map(self.module) {
            Ok(loaded) => {
                let loaded = Arc::new(loaded);
                lock(&self.module.standing).loaded = Some(Arc::clone(&loaded));
                self.loaded = Some(loaded);
                Event::Mapped
            }
            Err(error) => {
                self.error = Some(error);
                Event::NotMapped
            }
        }
    }

    /// Takes the module out of memory. All others who knew it have let go of it.
    fn unmap(&mut self) {
        let mut standing = lock(&self.module.standing);
        let loaded = standing.loaded.take();
        standing.names.clear();
        drop(standing);
        drop(self.loaded.take());
        drop(loaded);
        self.discard_session();
    }

    fn send(&mut self, message: Message, whose: Whose) -> Event {
        if matches!(message, Message::DRV_LOAD | Message::DRV_OPEN)
            && let Err(error) = self.check_given()
        {
            // As if refused: what has not begun is not ended either.
            self.error = Some(error);
            return Event::Answer(0);
        }
        match (message, whose) {
            (Message::DRV_OPEN, Whose::Own) => self.send_open(),
            (Message::DRV_CLOSE, Whose::Own) => self.send_close(),
            (Message::DRV_OPEN, Whose::Session) => self.open_session(),
            (Message::DRV_CLOSE, Whose::Session) => self.close_session(),
            (_, Whose::Own) => self.call(self.own, DriverId(0), message, (0, 0), ""),
            (_, Whose::Session) => {
                let session = self.session();
                self.call(session, DriverId(0), message, (0, 0), "")
            }
        }
    }

    /// Refuses an application's value that the driver cannot be given, before the driver hears anything.
    fn check_given(&self) -> Result<(), Error> {
        match (&self.param2, &self.loaded) {
            (Param2::Given(value), Some(loaded)) => loaded.check(Message::DRV_OPEN, 0, *value),
            _ => Ok(()),
        }
    }

    fn send_open(&mut self) -> Event {
        let engine = self.engine;
        if let Some(own) = self.own {
            lock(&engine.book).queue(engine.handles.index(own));
        }
        match self.own_param2() {
            Ok(param2) => self.call_open(self.own, param2),
            Err(error) => {
                self.error = Some(error);
                Event::Answer(0)
            }
        }
    }

    /// The application's value, which it may make only now that the driver's world is known.
    fn own_param2(&mut self) -> Result<LParam, Error> {
        match (&mut self.param2, &self.loaded) {
            (Param2::Given(value), _) => Ok(*value),
            (Param2::Prepared(prepare), Some(loaded)) => prepare(&World {
                blocks: self.engine.blocks_for(loaded),
                width: loaded.backend.width(),
                module: &self.module.name,
            }),
            // Nothing is sent to a module that is not in memory.
            (Param2::Prepared(_), None) => Ok(0),
        }
    }

    /// `DRV_OPEN` with the parameter text, which lives for the message only.
    fn call_open(&mut self, handle: Option<Hdrvr>, param2: LParam) -> Event {
        let Some(loaded) = &self.loaded else {
            return Event::Answer(0);
        };
        let blocks = self.engine.blocks_for(loaded);
        let text = loaded
            .check(Message::DRV_OPEN, 0, param2)
            .and_then(|()| blocks.copy_of(&loaded.backend.text().encode(self.text)));
        match text {
            Ok(text) => self.call(
                handle,
                DriverId(0),
                Message::DRV_OPEN,
                (text.address(), param2),
                self.text,
            ),
            Err(error) => {
                self.error = Some(error);
                Event::Answer(0)
            }
        }
    }

    fn send_close(&mut self) -> Event {
        let found = self
            .own
            .and_then(|own| self.engine.handles.find(own.raw()).ok());
        let id = found.map_or(DriverId(0), |found| found.id());
        let event = self.call(self.own, id, Message::DRV_CLOSE, self.params, "");
        let Some(found) = found else { return event };
        if event != Event::Answer(0) || found.state() == State::ClosingForced {
            while !found.change(found.state(), State::Closed) {}
            // SAFETY: the instance takes no messages, and the last one has ended; the state is this thread's.
            drop(unsafe { found.take_content() });
        }
        event
    }

    /// Whether the instance is closed, whatever the driver answered.
    fn is_closed(&self) -> bool {
        let found = self
            .own
            .and_then(|own| self.engine.handles.find(own.raw()).ok());
        found.is_some_and(|found| found.state() == State::Closed)
    }

    /// The handle of the hidden instance, which is made where there is none yet.
    fn session(&mut self) -> Option<Hdrvr> {
        if self.session.is_none() {
            match self.engine.allocate(self.module, &self.module.name) {
                Ok(session) => {
                    self.session = Some(session);
                    lock(&self.module.standing).session = Some(session);
                }
                Err(error) => self.error = Some(error),
            }
        }
        self.session
    }

    fn open_session(&mut self) -> Event {
        let Some(session) = self.session() else {
            return Event::Answer(0);
        };
        let event = self.call_open(Some(session), 0);
        if let (Event::Answer(id), Some(loaded)) = (event, self.loaded.clone())
            && id != 0
        {
            self.engine
                .publish(session, DriverId(id.cast_unsigned()), loaded);
        }
        event
    }

    fn close_session(&mut self) -> Event {
        let Some(session) = self.session else {
            return Event::Answer(0);
        };
        let Ok(found) = self.engine.handles.find(session.raw()) else {
            return Event::Answer(0);
        };
        if self.inside.is_inside(session) || !found.change(State::Open, State::ClosingForced) {
            return Event::Busy;
        }
        if self.engine.drain(self.inside, session).is_err() {
            found.change(State::ClosingForced, State::Open);
            return Event::Busy;
        }
        let event = self.call(Some(session), found.id(), Message::DRV_CLOSE, (0, 0), "");
        found.change(State::ClosingForced, State::Closed);
        // SAFETY: the instance takes no messages, and the last one has ended; the state is this thread's.
        drop(unsafe { found.take_content() });
        event
    }

    /// Takes the hidden instance's handle back, if it is not open.
    fn discard_session(&mut self) {
        let is_open = |session: Hdrvr| {
            self.engine
                .handles
                .find(session.raw())
                .is_ok_and(|found| found.state() == State::Open)
        };
        if let Some(session) = self.session.take_if(|session| !is_open(*session)) {
            lock(&self.module.standing).session = None;
            self.engine.discard(session);
        }
    }

    /// Calls the driver inside the instance of a handle.
    fn call(
        &mut self,
        handle: Option<Hdrvr>,
        id: DriverId,
        message: Message,
        params: (LParam, LParam),
        text: &str,
    ) -> Event {
        let (Some(handle), Some(loaded)) = (handle, &self.loaded) else {
            return Event::Answer(0);
        };
        if loaded.broken.load(Ordering::SeqCst) {
            self.error = Some(self.engine.poisoned(self.module));
            return Event::Broke;
        }
        let call = Call {
            id,
            handle,
            message,
            param1: params.0,
            param2: params.1,
            text,
        };
        let depth = self.inside.depth();
        let entered = self.inside.enter(handle.raw());
        let answer = self.engine.carry(loaded, &call, depth);
        drop(entered);
        match answer {
            Ok(answer) => Event::Answer(answer),
            Err(fault) => {
                self.error = Some(Error::Broke(self.engine.poison(loaded, fault, message)));
                Event::Broke
            }
        }
    }
}
