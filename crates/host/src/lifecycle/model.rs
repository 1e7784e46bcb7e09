//! The life cycle against two models that know nothing of how it is written.
//!
//! The first model predicts every message of opens and closes that come one after the other. The second is an imaginary driver
//! that many errands call at once, in any interleaving, and that objects to whatever breaks a rule.

use std::collections::BTreeSet;

use opendriver_abi::{DriverId, LResult, Message};
use proptest::prelude::*;

use super::*;

/// What an application does, one thing after the other.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// Opens an instance; the driver answers these to the messages that it may refuse.
    Open {
        load: LResult,
        session: LResult,
        open: LResult,
        value: bool,
    },
    /// Closes an instance; the driver answers this.
    Close { force: bool, answer: LResult },
}

fn answers() -> impl Strategy<Value = LResult> {
    prop_oneof![2 => Just(0), 3 => Just(1), 1 => Just(LResult::MIN), 1 => Just(7)]
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let open = (answers(), answers(), answers(), any::<bool>()).prop_map(
        |(load, session, open, value)| Deed::Open {
            load,
            session,
            open,
            value,
        },
    );
    let close =
        (any::<bool>(), answers()).prop_map(|(force, answer)| Deed::Close { force, answer });
    prop::collection::vec(prop_oneof![open, close], 0..40)
}

/// What the rules say is sent: the names of messages, with `s` before those of the hidden instance.
fn predicted(deeds: &[Deed], switches: Switches) -> Vec<String> {
    let mut sent = Vec::new();
    let mut open: Vec<()> = Vec::new();
    let mut hidden = false;
    let end = |sent: &mut Vec<String>, hidden: &mut bool| {
        if *hidden {
            sent.extend(["sDRV_CLOSE", "sDRV_DISABLE", "sDRV_FREE"].map(str::to_owned));
            *hidden = false;
        } else {
            sent.extend(["DRV_DISABLE", "DRV_FREE"].map(str::to_owned));
        }
    };
    for deed in deeds {
        match *deed {
            Deed::Open {
                load,
                session,
                open: opened,
                value,
            } => {
                let wants_hidden = switches.session && value;
                let first = open.is_empty();
                if first {
                    let s = if wants_hidden { "s" } else { "" };
                    if switches.probe {
                        sent.push(format!("{s}{}", Message(0)));
                    }
                    sent.push(format!("{s}DRV_LOAD"));
                    if load == 0 {
                        continue;
                    }
                    sent.push(format!("{s}DRV_ENABLE"));
                    if wants_hidden {
                        sent.push("sDRV_OPEN".to_owned());
                        if session == 0 {
                            sent.extend(["sDRV_DISABLE", "sDRV_FREE"].map(str::to_owned));
                            continue;
                        }
                        hidden = true;
                    }
                }
                sent.push("DRV_OPEN".to_owned());
                if opened != 0 {
                    open.push(());
                } else if open.is_empty() {
                    end(&mut sent, &mut hidden);
                }
            }
            Deed::Close { force, answer, .. } => {
                if open.is_empty() {
                    continue;
                }
                sent.push("DRV_CLOSE".to_owned());
                if answer != 0 || force {
                    open.pop();
                    if open.is_empty() {
                        end(&mut sent, &mut hidden);
                    }
                }
            }
        }
    }
    sent
}

/// What the state machine sends.
fn sent(deeds: &[Deed], switches: Switches) -> Vec<String> {
    let mut life = Life::default();
    let mut sent = Vec::new();
    let mut open = 0;
    for deed in deeds {
        let mut errand = match *deed {
            Deed::Open { value, .. } => Errand::open(Switches {
                session: switches.session && value,
                ..switches
            }),
            Deed::Close { .. } if open == 0 => continue,
            Deed::Close { force, .. } => Errand::close(force),
        };
        let mut event = Event::Begin;
        let outcome = loop {
            event = match errand.next(&mut life, event) {
                Next::Wait => panic!("nobody else is there to wait for"),
                Next::Map => Event::Mapped,
                Next::Unmap => Event::Unmapped,
                Next::Send(message, whose) => {
                    let s = if whose == Whose::Session { "s" } else { "" };
                    sent.push(format!("{s}{message}"));
                    Event::Answer(match (*deed, message, whose) {
                        (Deed::Open { load, .. }, Message::DRV_LOAD, _) => load,
                        (Deed::Open { session, .. }, Message::DRV_OPEN, Whose::Session) => session,
                        (Deed::Open { open, .. }, Message::DRV_OPEN, Whose::Own) => open,
                        (Deed::Close { answer, .. }, Message::DRV_CLOSE, Whose::Own) => answer,
                        // Whatever the driver says here does not matter.
                        (_, message, _) => (message.0 % 2) as LResult,
                    })
                }
                Next::Done(outcome) => break outcome,
            };
        };
        match (deed, outcome) {
            (Deed::Open { open: id, .. }, Outcome::Opened(DriverId(opened))) => {
                assert_eq!(opened, id.cast_unsigned());
                open += 1;
            }
            (Deed::Open { .. }, Outcome::Refused(Message::DRV_LOAD | Message::DRV_OPEN)) => {}
            (Deed::Close { answer, .. }, Outcome::Closed(told)) => {
                assert_eq!(told, *answer);
                open -= 1;
            }
            (
                Deed::Close {
                    force: false,
                    answer: 0,
                    ..
                },
                Outcome::Kept,
            ) => {}
            other => panic!("{other:?}"),
        }
    }
    sent
}

/// An imaginary driver that objects to whatever breaks a rule. Errands are known by their number.
#[derive(Debug, Default)]
struct Witness {
    mapped: bool,
    loaded: bool,
    enabled: bool,
    disabled: bool,
    broken: bool,
    open: BTreeSet<usize>,
    hidden: bool,
    opening: usize,
    closing: usize,
    lives: usize,
}

impl Witness {
    fn begins(&mut self, message: Message) {
        assert!(self.mapped, "{message} to a driver that is not in memory");
        assert!(!self.broken, "{message} to a driver that broke");
        match message {
            Message::DRV_LOAD => assert!(!self.loaded),
            Message::DRV_ENABLE => assert!(self.loaded && !self.enabled),
            Message::DRV_OPEN => {
                assert!(self.enabled && !self.disabled);
                self.opening += 1;
            }
            Message::DRV_CLOSE => {
                assert!(self.enabled && !self.disabled);
                self.closing += 1;
            }
            Message::DRV_DISABLE => {
                assert!(self.enabled && !self.disabled);
                assert!(self.open.is_empty() && !self.hidden, "instances are left");
                assert_eq!(
                    (self.opening, self.closing),
                    (0, 0),
                    "somebody is on the way in or out"
                );
                self.disabled = true;
            }
            Message::DRV_FREE => assert!(self.disabled),
            probe => assert!(probe.0 == 0 && !self.loaded),
        }
    }

    fn answers(
        &mut self,
        errand: usize,
        closes: usize,
        message: Message,
        whose: Whose,
        answer: LResult,
        force: bool,
    ) {
        match (message, whose) {
            (Message::DRV_LOAD, _) => self.loaded = answer != 0,
            (Message::DRV_ENABLE, _) => self.enabled = true,
            (Message::DRV_OPEN, Whose::Own) => {
                self.opening -= 1;
                if answer != 0 {
                    assert!(self.open.insert(errand));
                }
            }
            (Message::DRV_OPEN, Whose::Session) => {
                self.opening -= 1;
                self.hidden = answer != 0;
            }
            (Message::DRV_CLOSE, Whose::Own) => {
                self.closing -= 1;
                if answer != 0 || force {
                    assert!(self.open.remove(&closes), "closed what was not open");
                }
            }
            (Message::DRV_CLOSE, Whose::Session) => {
                assert!(std::mem::take(&mut self.hidden));
                self.closing -= 1;
            }
            (Message::DRV_FREE, _) => (self.loaded, self.enabled) = (false, false),
            _ => {}
        }
    }
}

/// One errand of several that are under way.
struct Task {
    number: usize,
    errand: Errand,
    /// The instance that a close is about.
    closes: Option<usize>,
    force: bool,
    doing: Next,
}

/// What happens next in a simulation.
#[derive(Clone, Copy, Debug)]
enum Step {
    Open {
        session: bool,
        probe: bool,
    },
    Close {
        which: prop::sample::Index,
        force: bool,
    },
    /// One of the errands under way hears of what it did: an answer, or that it went wrong.
    Go {
        which: prop::sample::Index,
        answer: LResult,
        wrong: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<prop::sample::Index>;
    let open = any::<(bool, bool)>().prop_map(|(session, probe)| Step::Open { session, probe });
    let close = (index(), any::<bool>()).prop_map(|(which, force)| Step::Close { which, force });
    let go = (index(), answers(), prop::bool::weighted(0.02)).prop_map(|(which, answer, wrong)| {
        Step::Go {
            which,
            answer,
            wrong,
        }
    });
    prop::collection::vec(prop_oneof![2 => open, 2 => close, 9 => go], 0..200)
}

#[derive(Default)]
struct Simulation {
    life: Life,
    witness: Witness,
    tasks: Vec<Task>,
    /// Instances that the application holds.
    held: Vec<usize>,
    counted: usize,
}

impl Simulation {
    fn start(&mut self, errand: Errand, closes: Option<usize>, force: bool) {
        self.counted += 1;
        let task = Task {
            number: self.counted,
            errand,
            closes,
            force,
            doing: Next::Wait,
        };
        self.tasks.push(task);
        self.tell(self.tasks.len() - 1, Event::Begin);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Open { session, probe } => {
                self.start(Errand::open(Switches { session, probe }), None, false)
            }
            Step::Close { which, force } if !self.held.is_empty() => {
                let instance = self.held.remove(which.index(self.held.len()));
                self.start(Errand::close(force), Some(instance), force);
            }
            Step::Go {
                which,
                answer,
                wrong,
            } if !self.tasks.is_empty() => {
                self.go(which.index(self.tasks.len()), answer, wrong);
            }
            _ => {}
        }
    }

    /// Ends what the errand is doing, and tells it.
    fn go(&mut self, at: usize, answer: LResult, wrong: bool) {
        let Task {
            number,
            closes,
            force,
            doing,
            ..
        } = self.tasks[at];
        let event = match doing {
            Next::Wait if matches!(self.life.stage(), Stage::Starting | Stage::Stopping) => return,
            Next::Wait => Event::Begin,
            Next::Map if wrong => Event::NotMapped,
            Next::Map => {
                assert!(!self.witness.mapped, "two in memory at once");
                self.witness = Witness {
                    mapped: true,
                    lives: self.witness.lives + 1,
                    ..Witness::default()
                };
                Event::Mapped
            }
            Next::Unmap => {
                assert!(!self.witness.loaded && self.witness.open.is_empty());
                self.witness.mapped = false;
                Event::Unmapped
            }
            Next::Send(..) if wrong || self.witness.broken => {
                self.witness.broken = true;
                Event::Broke
            }
            Next::Send(message, whose) => {
                self.witness
                    .answers(number, closes.unwrap_or(0), message, whose, answer, force);
                Event::Answer(answer)
            }
            Next::Done(_) => unreachable!("it has ended"),
        };
        self.tell(at, event);
    }

    fn tell(&mut self, at: usize, event: Event) {
        let task = &mut self.tasks[at];
        task.doing = task.errand.next(&mut self.life, event);
        match task.doing {
            Next::Send(message, _) => self.witness.begins(message),
            Next::Done(outcome) => {
                let task = self.tasks.remove(at);
                match outcome {
                    Outcome::Opened(_) => {
                        assert!(self.witness.open.contains(&task.number));
                        self.held.push(task.number);
                    }
                    Outcome::Kept => {
                        assert!(!task.force);
                        self.held.extend(task.closes);
                    }
                    Outcome::Broke | Outcome::Poisoned => assert!(self.witness.broken),
                    Outcome::Refused(_) | Outcome::NotMapped | Outcome::Swept => {
                        assert!(task.closes.is_none())
                    }
                    Outcome::Closed(_) => assert!(task.closes.is_some()),
                }
            }
            _ => {}
        }
    }

    /// Lets everything under way end well, and closes what is open.
    fn finish(&mut self) {
        while !(self.tasks.is_empty() && self.held.is_empty()) {
            let before = self.tasks.len();
            for at in (0..before).rev() {
                if at < self.tasks.len() {
                    self.go(at, 1, false);
                }
            }
            if self.tasks.is_empty()
                && let Some(instance) = self.held.pop()
            {
                self.start(Errand::close(true), Some(instance), true);
            }
        }
    }
}

proptest! {
    #[test]
    fn one_after_the_other_sends_what_the_rules_say(deeds in deeds(), session: bool, probe: bool) {
        let switches = Switches { session, probe };
        prop_assert_eq!(sent(&deeds, switches), predicted(&deeds, switches));
    }

    #[test]
    fn many_at_once_break_no_rule_and_leave_nothing_behind(steps in steps()) {
        let mut simulation = Simulation::default();
        for step in steps {
            simulation.step(step);
        }
        simulation.finish();
        if simulation.witness.broken {
            prop_assert_eq!(simulation.life.stage(), Stage::Poisoned);
        } else {
            prop_assert_eq!(simulation.life.stage(), Stage::Absent);
            prop_assert_eq!(simulation.life.instances(), 0);
            prop_assert!(!simulation.witness.mapped);
        }
    }
}
