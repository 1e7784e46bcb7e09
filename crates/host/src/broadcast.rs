//! What is told to every instance: power, the end of an application, the end of the session.

use std::sync::Arc;

use opendriver_abi::{Hdrvr, LParam, LResult, Message};

use crate::engine::Engine;
use crate::module::Module;
use crate::sync::{Ordering, lock};
use crate::{Error, Exit};

impl Engine {
    /// Sends a message to every open instance, in opening order, and collects the answers.
    pub(crate) fn broadcast(
        &self,
        message: Message,
        param1: LParam,
        param2: LParam,
    ) -> Vec<(Hdrvr, Result<LResult, Error>)> {
        let tell = |handle: Hdrvr| (handle, self.tell(handle.raw(), message, param1, param2));
        let answers = self.living().into_iter().map(tell);
        answers
            .filter(|(_, answer)| {
                !matches!(answer, Err(Error::Closed { .. } | Error::Opening { .. }))
            })
            .collect()
    }

    /// Tells every instance that an application ended.
    pub(crate) fn end_application(&self, exit: Exit) {
        let how = match exit {
            Exit::Normal => 1,
            Exit::Abnormal => 2,
        };
        self.broadcast(Message::DRV_EXITAPPLICATION, how, 0);
    }

    /// Tells every instance that the session ends, and closes them by force, newest first.
    pub(crate) fn end_session(&self) {
        self.broadcast(Message::DRV_EXITSESSION, 0, 0);
        for handle in self.living().into_iter().rev() {
            // Hidden instances go with the last other one of their driver.
            if !(self.switches.session && self.is_hidden(handle)) {
                self.close_by_force(handle);
            }
        }
        if self.switches.session {
            let modules: Vec<Arc<Module>> =
                lock(&self.modules).known.values().map(Arc::clone).collect();
            modules.iter().for_each(|module| self.sweep(module));
        }
    }

    /// Ends the session for drivers that no thread is inside of, and waits for nobody.
    pub(crate) fn end_session_of_idle(&self) {
        let busy = self.busy_modules();
        let is_idle = |handle: &Hdrvr| {
            let line = lock(&self.book).line(self.handles.index(*handle)).cloned();
            line.is_some_and(|line| !busy.contains(&line.module.number))
        };
        let idle: Vec<Hdrvr> = self.living().into_iter().filter(is_idle).collect();
        for handle in &idle {
            let _ = self.tell(handle.raw(), Message::DRV_EXITSESSION, 0, 0);
        }
        for handle in idle.into_iter().rev() {
            self.close_or_doom(handle);
        }
    }

    /// The modules that threads are inside of, by number.
    fn busy_modules(&self) -> Vec<usize> {
        let handles = self.threads.all_inside();
        let book = lock(&self.book);
        let module = |raw: u32| {
            let line = book.line(self.handles.index(Hdrvr::new(raw)?))?;
            Some(line.module.number)
        };
        handles.into_iter().filter_map(module).collect()
    }

    /// Ends the session and opens nothing any more.
    pub(crate) fn shut_down(&self) {
        self.shut.store(true, Ordering::SeqCst);
        self.end_session();
    }

    /// The handles that are out, in opening order.
    fn living(&self) -> Vec<Hdrvr> {
        let lines = lock(&self.book).in_order();
        lines
            .into_iter()
            .filter_map(|(index, _)| self.handles.at(index))
            .collect()
    }
}
