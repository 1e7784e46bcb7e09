//! Handles of what the library itself has open: they know what they are of, and a closed one never means a later thing.

use std::any::Any;
use std::sync::{Arc, PoisonError, RwLock};

use slotmap::{DefaultKey, Key as _, KeyData, SlotMap};

/// What is open, of any kind.
type Thing = Arc<dyn Any + Send + Sync>;

/// What is open, by handle.
#[derive(Debug, Default)]
pub struct Handles {
    things: RwLock<SlotMap<DefaultKey, Thing>>,
}

/// A handle that means nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHandle {
    /// It was never given out, or what it stood for is closed.
    #[error("{handle:#x} is no handle, or a closed one")]
    Unknown {
        /// The handle.
        handle: usize,
    },
    /// It stands for something else.
    #[error("{handle:#x} is a handle of another kind")]
    OtherKind {
        /// The handle.
        handle: usize,
    },
}

impl Handles {
    /// Gives a handle, which is never 0.
    pub fn insert<T: Any + Send + Sync>(&self, thing: Arc<T>) -> usize {
        let mut things = self.things.write().unwrap_or_else(PoisonError::into_inner);
        things.insert(thing).data().as_ffi() as usize
    }

    /// What a handle stands for.
    ///
    /// # Errors
    /// It stands for nothing, or for something of another kind.
    pub fn get<T: Any + Send + Sync>(&self, handle: usize) -> Result<Arc<T>, BadHandle> {
        let things = self.things.read().unwrap_or_else(PoisonError::into_inner);
        let thing = things.get(key(handle)).map(Arc::clone);
        drop(things);
        of_kind(handle, thing)
    }

    /// Takes a handle back.
    ///
    /// # Errors
    /// As [`get`](Self::get). A handle of another kind stays good.
    pub fn remove<T: Any + Send + Sync>(&self, handle: usize) -> Result<Arc<T>, BadHandle> {
        let mut things = self.things.write().unwrap_or_else(PoisonError::into_inner);
        let thing = of_kind(handle, things.get(key(handle)).map(Arc::clone))?;
        things.remove(key(handle));
        Ok(thing)
    }

    /// All handles of one kind, in no order.
    pub fn all<T: Any + Send + Sync>(&self) -> Vec<(usize, Arc<T>)> {
        let things = self.things.read().unwrap_or_else(PoisonError::into_inner);
        let of_kind = things.iter().filter_map(|(key, thing)| {
            let thing = Arc::clone(thing).downcast().ok()?;
            Some((key.data().as_ffi() as usize, thing))
        });
        of_kind.collect()
    }
}

/// The key of a handle. Numbers that are none would be taken for one with another generation: they lead nowhere instead.
fn key(handle: usize) -> DefaultKey {
    let data = KeyData::from_ffi(handle as u64);
    match data.as_ffi() == handle as u64 {
        true => data.into(),
        false => DefaultKey::null(),
    }
}

fn of_kind<T: Any + Send + Sync>(handle: usize, thing: Option<Thing>) -> Result<Arc<T>, BadHandle> {
    let thing = thing.ok_or(BadHandle::Unknown { handle })?;
    thing
        .downcast()
        .map_err(|_| BadHandle::OtherKind { handle })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_knows_its_kind_and_its_end() {
        let handles = Handles::default();
        let number = handles.insert(Arc::new(7_u8));
        let text = handles.insert(Arc::new("seven"));
        assert_eq!(handles.get::<u8>(number).as_deref(), Ok(&7));
        let other = handles.remove::<u8>(text).unwrap_err();
        assert_eq!(other, BadHandle::OtherKind { handle: text });
        assert!(handles.remove::<&str>(text).is_ok());
        let later = handles.insert(Arc::new("later"));
        assert_ne!(later, text);
        for closed in [text, 0, 1, number & 0xffff_ffff, usize::MAX] {
            let unknown = handles.get::<&str>(closed).unwrap_err();
            assert_eq!(unknown, BadHandle::Unknown { handle: closed });
        }
        assert_eq!(handles.all::<&str>().len(), 1);
    }
}
