//! Thread-local storage by index (`TlsAlloc`) and with callbacks (`FlsAlloc`).

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;

use crate::cx::Cx;
use crate::shim::{Addr, shims};
use crate::teb::offset;
use crate::thread::Thread;
use crate::trap::Trap;

/// Indices that lie in the TEB itself; drivers read them there without asking.
const NEAR: u32 = 64;
/// Indices in all.
const INDICES: u32 = 1088;
const NONE: u32 = u32::MAX;
const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_NO_MORE_ITEMS: u32 = 259;

/// Which indices are taken.
#[derive(Default)]
struct Indices {
    tls: Mutex<Vec<bool>>,
    /// The callback of each index that is taken.
    fls: Mutex<Vec<Option<Addr>>>,
}

/// Values of one thread beyond those in the TEB.
#[derive(Default)]
struct Values {
    far: RefCell<HashMap<u32, u64>>,
    fls: RefCell<HashMap<u32, u64>>,
}

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Takes an index of thread-local storage.
    fn TlsAlloc(cx) -> u32 {
        let indices = cx.state::<Indices>();
        let mut taken = indices.tls.lock().expect("no holder panics");
        let free = taken.iter().position(|taken| !taken).unwrap_or(taken.len());
        if free >= INDICES as usize {
            return cx.fail(ERROR_NO_MORE_ITEMS, NONE);
        }
        if free == taken.len() {
            taken.push(false);
        }
        taken[free] = true;
        cx.process().for_each_thread(|thread| set(thread, free as u32, 0));
        Ok(free as u32)
    }

    /// Gives back an index of thread-local storage.
    fn TlsFree(cx, index: u32) -> bool {
        let indices = cx.state::<Indices>();
        let mut taken = indices.tls.lock().expect("no holder panics");
        match taken.get_mut(index as usize) {
            Some(taken) if *taken => {
                *taken = false;
                Ok(true)
            }
            _ => cx.fail(ERROR_INVALID_PARAMETER, false),
        }
    }

    /// Answers this thread's value at an index.
    fn TlsGetValue(cx, index: u32) -> Addr {
        if index >= INDICES {
            return cx.fail(ERROR_INVALID_PARAMETER, Addr::NULL);
        }
        cx.set_last_error(0);
        let thread = cx.thread();
        Ok(Addr(if index < NEAR {
            thread.teb_word(offset::TLS_SLOTS.word(index as usize))
        } else {
            thread.state::<Values>().far.borrow().get(&index).copied().unwrap_or(0)
        }))
    }

    /// Sets this thread's value at an index.
    fn TlsSetValue(cx, index: u32, value: Addr) -> bool {
        if index >= INDICES {
            return cx.fail(ERROR_INVALID_PARAMETER, false);
        }
        set(cx.thread(), index, value.0);
        Ok(true)
    }

    /// Takes an index of storage whose values are told when they go.
    fn FlsAlloc(cx, callback: Addr) -> u32 {
        let indices = cx.state::<Indices>();
        let mut taken = indices.fls.lock().expect("no holder panics");
        let free = taken.iter().position(Option::is_none).unwrap_or(taken.len());
        if free >= INDICES as usize {
            return cx.fail(ERROR_NO_MORE_ITEMS, NONE);
        }
        if free == taken.len() {
            taken.push(None);
        }
        taken[free] = Some(callback);
        cx.thread().state::<Values>().fls.borrow_mut().remove(&(free as u32));
        Ok(free as u32)
    }

    /// Gives back an index; its callback is told of this thread's value.
    fn FlsFree(cx, index: u32) -> bool {
        let indices = cx.state::<Indices>();
        let callback = {
            let mut taken = indices.fls.lock().expect("no holder panics");
            taken.get_mut(index as usize).and_then(Option::take)
        };
        let Some(callback) = callback else { return cx.fail(ERROR_INVALID_PARAMETER, false) };
        let value = cx.thread().state::<Values>().fls.borrow_mut().remove(&index);
        tell(cx, callback, value)?;
        Ok(true)
    }

    /// Answers this thread's value at an index.
    fn FlsGetValue(cx, index: u32) -> Addr {
        if index >= INDICES {
            return cx.fail(ERROR_INVALID_PARAMETER, Addr::NULL);
        }
        cx.set_last_error(0);
        Ok(Addr(cx.thread().state::<Values>().fls.borrow().get(&index).copied().unwrap_or(0)))
    }

    /// Sets this thread's value at an index.
    fn FlsSetValue(cx, index: u32, value: Addr) -> bool {
        let indices = cx.state::<Indices>();
        let taken = matches!(indices.fls.lock().expect("no holder panics").get(index as usize), Some(Some(_)));
        if !taken {
            return cx.fail(ERROR_INVALID_PARAMETER, false);
        }
        cx.thread().state::<Values>().fls.borrow_mut().insert(index, value.0);
        Ok(true)
    }

    /// Tells that no fiber runs here.
    fn IsThreadAFiber(cx) -> bool { Ok(false) }
}

fn set(thread: &Thread, index: u32, value: u64) {
    if index < NEAR {
        thread.set_teb_word(offset::TLS_SLOTS.word(index as usize), value);
    } else {
        thread
            .state::<Values>()
            .far
            .borrow_mut()
            .insert(index, value);
    }
}

fn tell(cx: &mut Cx<'_>, callback: Addr, value: Option<u64>) -> Result<(), Trap> {
    match value {
        Some(value) if value != 0 && !callback.is_null() => cx.call(callback, &[value]).map(drop),
        _ => Ok(()),
    }
}

/// Tells the callbacks of a thread's values that it ends.
pub(crate) fn end_thread(cx: &mut Cx<'_>) -> Result<(), Trap> {
    let indices = cx.state::<Indices>();
    let values = std::mem::take(&mut *cx.thread().state::<Values>().fls.borrow_mut());
    for (index, value) in values {
        let callback = {
            let taken = indices.fls.lock().expect("no holder panics");
            taken.get(index as usize).copied().flatten()
        };
        tell(cx, callback.unwrap_or_default(), Some(value))?;
    }
    Ok(())
}
