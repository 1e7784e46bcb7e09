//! The handle table: what a `HANDLE` of the process stands for.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use crate::shim::Handle;

/// Something that a handle stands for.
pub(crate) type Object = Arc<dyn Any + Send + Sync>;

/// The open handles of a process: multiples of 4, as on Windows.
pub(crate) struct Handles {
    table: RwLock<Table>,
}

struct Table {
    next: u64,
    objects: HashMap<u64, Object>,
}

impl Handles {
    pub(crate) fn new() -> Self {
        Self {
            table: RwLock::new(Table {
                next: 0x40,
                objects: HashMap::new(),
            }),
        }
    }

    /// Opens a handle to an object.
    pub(crate) fn insert(&self, object: Object) -> Handle {
        let mut table = self.table.write().expect("no holder panics");
        let handle = table.next;
        table.next += 4;
        table.objects.insert(handle, object);
        Handle(handle)
    }

    /// The object of a handle, if it is of this kind.
    pub(crate) fn get<T: Send + Sync + 'static>(&self, handle: Handle) -> Option<Arc<T>> {
        self.object(handle)?.downcast().ok()
    }

    /// The object of a handle; the two low bits are the caller's, as on Windows.
    pub(crate) fn object(&self, handle: Handle) -> Option<Object> {
        let table = self.table.read().expect("no holder panics");
        table.objects.get(&(handle.0 & !3)).cloned()
    }

    /// All open objects of a kind, one for each handle.
    pub(crate) fn all<T: Send + Sync + 'static>(&self) -> Vec<Arc<T>> {
        let table = self.table.read().expect("no holder panics");
        table
            .objects
            .values()
            .filter_map(|object| object.clone().downcast().ok())
            .collect()
    }

    /// Closes a handle; false when it is not open.
    pub(crate) fn close(&self, handle: Handle) -> bool {
        let removed = self
            .table
            .write()
            .expect("no holder panics")
            .objects
            .remove(&(handle.0 & !3));
        removed.is_some()
    }
}
