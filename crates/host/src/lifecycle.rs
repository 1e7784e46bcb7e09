//! The order of messages: which go out when, and what each answer leads to.
//!
//! Nothing here calls a driver, takes a lock or waits. A [`Life`] is where one driver stands between `DRV_LOAD` and `DRV_FREE`; an
//! [`Errand`] is one open or one close that is under way. Several errands share a life, each on its own thread: whoever holds
//! the life's lock tells the errand what happened and hears what to do next, and does that without the lock.

use opendriver_abi::{DriverId, LResult, Message};

/// Where one driver stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    /// Not in memory.
    #[default]
    Absent,
    /// On its way in: from mapping to the end of `DRV_ENABLE`. One errand owns this stage.
    Starting,
    /// Ready for instances.
    Enabled,
    /// On its way out: from the close of the last instance to unmapping. One errand owns this stage.
    Stopping,
    /// Broken: never called again.
    Poisoned,
}

/// The life of one driver, from `DRV_LOAD` to `DRV_FREE`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Life {
    stage: Stage,
    /// Instances that are open, or on their way in or out.
    instances: usize,
    /// Whether one of them is the hidden one of `session_instance`.
    session: bool,
}

/// Whose handle and identifier go with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Those of the instance that the errand is about.
    Own,
    /// Those of the hidden instance.
    Session,
}

/// What an errand has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Wait until the stage has changed, and begin again.
    Wait,
    /// Bring the module into memory.
    Map,
    /// Send a message.
    Send(Message, Whose),
    /// Take the module out of memory.
    Unmap,
    /// Nothing: the errand has ended.
    Done(Outcome),
}

/// How an errand ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The instance is open and has this identifier.
    Opened(DriverId),
    /// The driver answered this message with 0; there is no instance.
    Refused(Message),
    /// The module could not be brought into memory.
    NotMapped,
    /// The instance is closed, and this was the answer.
    Closed(LResult),
    /// The driver refused the close: the instance is open as before.
    Kept,
    /// There is no hidden instance without others any more, as far as that can be.
    Swept,
    /// The driver broke during this errand. There is no instance any more.
    Broke,
    /// The driver broke before. There is no instance any more.
    Poisoned,
}

/// What happened since the errand was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The errand begins, or has waited.
    Begin,
    /// The module is in memory.
    Mapped,
    /// The module could not be brought into memory.
    NotMapped,
    /// The driver answered the message.
    Answer(LResult),
    /// The driver broke instead of answering.
    Broke,
    /// The module is out of memory.
    Unmapped,
    /// The hidden instance cannot be closed now: it is inside a message that waits for this errand.
    Busy,
}

/// The compatibility switches that change the order of messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Switches {
    /// A first hidden `DRV_OPEN` with 0 as `lParam2`.
    pub(crate) session: bool,
    /// Message 0 before `DRV_LOAD`.
    pub(crate) probe: bool,
}

/// One open or one close that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errand {
    at: At,
    switches: Switches,
    force: bool,
}

/// What the errand is waiting to hear the end of.
#[derive(Clone, Copy, Debug)]
enum At {
    BeginOpen,
    BeginClose,
    BeginSweep,
    Map,
    Probe,
    Load,
    Enable,
    OpenSession,
    Open,
    Close,
    /// The stages on the way out carry what the errand will end with.
    CloseSession(Outcome),
    Disable(Outcome, Whose),
    Free(Outcome),
    Unmap(Outcome),
    End,
}

impl Errand {
    /// An open. The session switch matters only if the open turns out to be the first.
    pub(crate) const fn open(switches: Switches) -> Self {
        Self {
            at: At::BeginOpen,
            switches,
            force: false,
        }
    }

    /// A close; one by force goes on whatever the driver answers.
    pub(crate) const fn close(force: bool) -> Self {
        Self {
            at: At::BeginClose,
            switches: Switches {
                session: false,
                probe: false,
            },
            force,
        }
    }

    /// The end of a driver of which only the hidden instance is left, where that could not end with the last other one.
    pub(crate) const fn sweep() -> Self {
        Self {
            at: At::BeginSweep,
            switches: Switches {
                session: false,
                probe: false,
            },
            force: true,
        }
    }

    /// Turns an orderly close into one by force, up to the moment at which its answer is told.
    pub(crate) const fn force(&mut self) {
        self.force = true;
    }

    /// Who is the first instance, if this open turns out to be the first.
    const fn first(&self) -> Whose {
        if self.switches.session {
            Whose::Session
        } else {
            Whose::Own
        }
    }

    /// Takes in what happened and says what to do next.
    pub(crate) fn next(&mut self, life: &mut Life, event: Event) -> Next {
        use Message as M;
        let (at, next) = match (self.at, event) {
            (at, Event::Broke) => {
                life.poison();
                if let At::OpenSession = at {
                    life.leave();
                }
                life.leave();
                done(Outcome::Broke)
            }
            (At::BeginOpen, _) => match life.stage {
                Stage::Absent => {
                    life.stage = Stage::Starting;
                    life.instances = 1;
                    (At::Map, Next::Map)
                }
                Stage::Enabled => {
                    life.instances += 1;
                    (At::Open, Next::Send(M::DRV_OPEN, Whose::Own))
                }
                Stage::Starting | Stage::Stopping => (At::BeginOpen, Next::Wait),
                Stage::Poisoned => done(Outcome::Poisoned),
            },
            (At::Map, Event::Mapped) if self.switches.probe => {
                (At::Probe, Next::Send(Message(0), self.first()))
            }
            (At::Map, Event::Mapped) | (At::Probe, _) => {
                (At::Load, Next::Send(M::DRV_LOAD, self.first()))
            }
            (At::Map, _) => {
                *life = Life::default();
                done(Outcome::NotMapped)
            }
            (At::Load, Event::Answer(0)) => {
                let refused = Outcome::Refused(M::DRV_LOAD);
                (At::Unmap(refused), Next::Unmap)
            }
            (At::Load, _) => (At::Enable, Next::Send(M::DRV_ENABLE, self.first())),
            (At::Enable, _) => {
                life.stage = Stage::Enabled;
                if self.switches.session {
                    life.instances += 1;
                    (At::OpenSession, Next::Send(M::DRV_OPEN, Whose::Session))
                } else {
                    (At::Open, Next::Send(M::DRV_OPEN, Whose::Own))
                }
            }
            (At::OpenSession, Event::Answer(0)) => {
                life.leave();
                life.without_instance(Outcome::Refused(M::DRV_OPEN), Whose::Session)
            }
            (At::OpenSession, _) => {
                life.session = true;
                (At::Open, Next::Send(M::DRV_OPEN, Whose::Own))
            }
            (At::Open, Event::Answer(0)) => {
                life.without_instance(Outcome::Refused(M::DRV_OPEN), Whose::Own)
            }
            // Another thread's message may have broken the driver meanwhile.
            (At::Open, Event::Answer(_)) if life.stage == Stage::Poisoned => {
                life.without_instance(Outcome::Poisoned, Whose::Own)
            }
            (At::Open, Event::Answer(id)) => done(Outcome::Opened(DriverId(id.cast_unsigned()))),
            (At::BeginSweep, _)
                if life.stage == Stage::Enabled && life.session && life.instances == 1 =>
            {
                life.stage = Stage::Stopping;
                (
                    At::CloseSession(Outcome::Swept),
                    Next::Send(M::DRV_CLOSE, Whose::Session),
                )
            }
            (At::BeginSweep, _) => done(Outcome::Swept),
            (At::BeginClose, _) if life.stage == Stage::Poisoned => {
                life.without_instance(Outcome::Poisoned, Whose::Own)
            }
            (At::BeginClose, _) => (At::Close, Next::Send(M::DRV_CLOSE, Whose::Own)),
            (At::Close, Event::Answer(0)) if !self.force => done(Outcome::Kept),
            (At::Close, Event::Answer(answer)) => {
                life.without_instance(Outcome::Closed(answer), Whose::Own)
            }
            (At::CloseSession(outcome), Event::Busy) => {
                life.stage = Stage::Enabled;
                done(outcome)
            }
            (At::CloseSession(outcome), _) => {
                life.session = false;
                life.leave();
                (
                    At::Disable(outcome, Whose::Session),
                    Next::Send(M::DRV_DISABLE, Whose::Session),
                )
            }
            (At::Disable(outcome, whose), _) => (At::Free(outcome), Next::Send(M::DRV_FREE, whose)),
            (At::Free(outcome), _) => (At::Unmap(outcome), Next::Unmap),
            (At::Unmap(outcome), _) => {
                *life = Life::default();
                done(outcome)
            }
            (At::Open | At::Close | At::End, event) => {
                unreachable!("{event:?} tells nothing that this errand asked for")
            }
        };
        self.at = at;
        next
    }
}

const fn done(outcome: Outcome) -> (At, Next) {
    (At::End, Next::Done(outcome))
}

impl Life {
    /// Where the driver stands.
    pub(crate) const fn stage(&self) -> Stage {
        self.stage
    }

    /// How many instances are open, or on their way in or out.
    pub(crate) const fn instances(&self) -> usize {
        self.instances
    }

    /// Takes note that the driver broke.
    pub(crate) const fn poison(&mut self) {
        self.stage = Stage::Poisoned;
    }

    const fn leave(&mut self) {
        self.instances = self.instances.saturating_sub(1);
    }

    /// Goes on without the errand's instance: the last one out has the driver stopped.
    fn without_instance(&mut self, outcome: Outcome, last: Whose) -> (At, Next) {
        self.leave();
        if self.stage == Stage::Poisoned {
            return done(outcome);
        }
        match (self.instances, self.session) {
            (0, _) => {
                self.stage = Stage::Stopping;
                (
                    At::Disable(outcome, last),
                    Next::Send(Message::DRV_DISABLE, last),
                )
            }
            (1, true) => {
                self.stage = Stage::Stopping;
                (
                    At::CloseSession(outcome),
                    Next::Send(Message::DRV_CLOSE, Whose::Session),
                )
            }
            _ => done(outcome),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod model;
