//! `drv open`: N instances in order, each message to each of them, and closed in order.

use std::sync::Arc;

use opendriver::{Instance, OpenOptions};
use opendriver_abi::{Class, Message};

use crate::args;
use crate::report::{Exit, Failure};
use crate::session::{Located, Session};
use crate::transcript::{Cells, Transcript, number};

pub(super) fn run(open: &args::Open, session: &Session) -> Result<Exit, Failure> {
    let class = class(open);
    let to_come = to_come(open, session)?;
    let transcript = Arc::new(Transcript::new(
        Arc::clone(&session.printer),
        class,
        &to_come,
    ));
    let manager = session
        .builder(Some(transcript.clone()))
        .session_instance(open.session_instance)
        .probe_message(open.probe_message)
        .build();

    let mut options = OpenOptions::new(&open.driver).param2(open.param2);
    if let Some(section) = &open.section {
        options = options.section(section);
    }
    let mut instances = Vec::new();
    let mut exit = Exit::Done;
    for _ in 0..open.times {
        match manager.open_with(options) {
            Ok(instance) => instances.push(instance),
            Err(error) => {
                exit = Failure::of(error, class).print();
                break;
            }
        }
    }
    if exit == Exit::Done {
        exit = send(open, &instances, class);
    }
    for instance in instances {
        exit = exit.max(close(open, instance, exit));
    }
    drop(manager);
    // A reader that went away is no error, but does not make a refusal undone either.
    if let Err(error) = transcript.finish() {
        exit = exit.max(Failure::from(error).print());
    }
    Ok(exit)
}

/// Sends each message to each instance; a message that cannot be sent ends it.
fn send(open: &args::Open, instances: &[Instance], class: Class) -> Exit {
    for request in &open.send {
        for instance in instances {
            if let Err(error) = instance.send(request.message, request.p1, request.p2) {
                return Failure::of(error, class).print();
            }
        }
    }
    Exit::Done
}

/// Closes one instance, by force where the driver refuses. What went wrong before was said: a driver that is broken is not asked again.
fn close(open: &args::Open, instance: Instance, before: Exit) -> Exit {
    if before == Exit::Broke {
        return before;
    }
    match instance.close(open.close.p1, open.close.p2) {
        Ok(_) => Exit::Done,
        // Dropping the instance, which the error gives back, closes it by force.
        Err(refused) => Failure::from(refused.error).print(),
    }
}

/// What is known of the lines before they come: the parameters, and for a driver in a file, that its identifiers are addresses.
fn to_come(open: &args::Open, session: &Session) -> Result<Vec<Cells>, Failure> {
    let entry = session.entry(&open.driver, open.section.as_deref())?;
    let file = entry
        .as_ref()
        .map_or(open.driver.as_str(), |entry| &entry.file);
    let address = match session.locate_file(file) {
        Located::BuiltIn(_) => "",
        _ => "0x10000000",
    };
    let opening = Cells {
        message: Message::DRV_OPEN,
        p1: format!("{:?}", entry.as_ref().map_or("", |entry| &entry.params)),
        p2: number(open.param2 as i64),
        answer: address.to_owned(),
    };
    let closing = (Message::DRV_CLOSE, open.close.p1, open.close.p2);
    let sent = open
        .send
        .iter()
        .map(|request| (request.message, request.p1, request.p2));
    let others = sent.chain([closing]).map(|(message, p1, p2)| Cells {
        message,
        p1: number(p1 as i64),
        p2: number(p2 as i64),
        answer: String::new(),
    });
    Ok([opening].into_iter().chain(others).collect())
}

/// Whose names the transcript uses: those of the alias, else those that were typed, else those of the file's kind.
fn class(open: &args::Open) -> Class {
    let section = open
        .section
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let alias = Class::of_alias(&open.driver);
    let typed = || {
        open.send
            .iter()
            .map(|request| request.class)
            .find(|class| *class != Class::Plain)
    };
    let driver = open.driver.to_ascii_lowercase();
    if alias != Class::Plain {
        alias
    } else if section.starts_with("mci") {
        Class::Mci
    } else if let Some(class) = typed() {
        class
    } else if driver.ends_with(".acm") {
        Class::Acm
    } else {
        Class::Plain
    }
}
