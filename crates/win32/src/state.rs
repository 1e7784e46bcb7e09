//! What each room of the process keeps, found by its type.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, RwLock};

/// Values of one thread, one a type, made on first use.
#[derive(Default)]
pub(crate) struct States {
    values: RefCell<HashMap<TypeId, Rc<dyn Any>>>,
}

impl States {
    pub(crate) fn thread_state<T: Default + 'static>(&self) -> Rc<T> {
        let known = self.values.borrow().get(&TypeId::of::<T>()).cloned();
        let value = known.unwrap_or_else(|| {
            let made: Rc<dyn Any> = Rc::new(T::default());
            self.values
                .borrow_mut()
                .entry(TypeId::of::<T>())
                .or_insert(made)
                .clone()
        });
        value.downcast().expect("filed under its own type")
    }
}

/// Values of the process, one a type, made on first use.
#[derive(Default)]
pub(crate) struct SharedStates {
    values: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl SharedStates {
    pub(crate) fn state<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let known = self
            .values
            .read()
            .expect("no holder panics")
            .get(&TypeId::of::<T>())
            .cloned();
        let value = known.unwrap_or_else(|| {
            let made: Arc<dyn Any + Send + Sync> = Arc::new(T::default());
            let mut values = self.values.write().expect("no holder panics");
            values.entry(TypeId::of::<T>()).or_insert(made).clone()
        });
        value.downcast().expect("filed under its own type")
    }
}
