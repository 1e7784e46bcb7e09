//! How often something is in use, so that nobody takes it away meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

use super::error::Error;

/// How often something is in use; none once it is taken away.
#[derive(Debug)]
pub(super) struct Uses(Mutex<Option<usize>>);

/// One use, until it is dropped.
#[derive(Debug)]
pub(super) struct Use(Arc<Uses>);

impl Uses {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(0))))
    }

    /// Begins a use; none where the thing is taken away.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Use> {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = count.as_mut()?;
        *count += 1;
        Some(Use(Arc::clone(self)))
    }

    /// Takes the thing away, where nobody uses it.
    pub(super) fn end(&self, what: &'static str) -> Result<(), Error> {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if count.is_some_and(|count| count > 0) {
            return Err(Error::Busy { what });
        }
        *count = None;
        Ok(())
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut count = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = count.as_mut() {
            *count -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_stays_and_what_is_gone_is_not_used() {
        let uses = Uses::new();
        let first = uses.begin().unwrap();
        drop(uses.begin().unwrap());
        assert!(matches!(uses.end("it"), Err(Error::Busy { what: "it" })));
        drop(first);
        uses.end("it").unwrap();
        assert!(uses.begin().is_none());
    }
}
