//! Which thread is inside which message, published so that a close can wait for it.
//!
//! Each thread that sends has a record for each manager that it sends through: the handles whose messages it is inside, innermost
//! last. Only the thread writes there; a close reads the records of all threads. The thread-local list of a thread's records is the
//! one thing here that does not hang off a manager. Each entry says whose it is, so that two managers do not meet.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, OnceLock, Weak};

use opendriver_abi::Hdrvr;

use crate::sync::{AtomicU32, AtomicU64, Mutex, Ordering, lock};

/// How many messages deep a thread gets before its record takes another piece of memory.
const PIECE: usize = 14;

#[cfg(not(loom))]
thread_local! {
    static RECORDS: RefCell<Vec<Rc<Inside>>> = const { RefCell::new(Vec::new()) };
}
#[cfg(loom)]
loom::thread_local! {
    static RECORDS: RefCell<Vec<Rc<Inside>>> = RefCell::new(Vec::new());
}

/// What one thread publishes to one manager.
#[derive(Debug)]
#[repr(align(128))]
struct Record {
    thread: u64,
    first: Piece,
}

#[derive(Debug)]
struct Piece {
    inside: [AtomicU32; PIECE],
    next: OnceLock<Box<Piece>>,
}

impl Piece {
    fn new() -> Self {
        Self {
            inside: std::array::from_fn(|_| AtomicU32::new(0)),
            next: OnceLock::new(),
        }
    }

    fn slot(&self, depth: usize) -> &AtomicU32 {
        let mut piece = self;
        let mut depth = depth;
        while depth >= PIECE {
            piece = piece.next.get_or_init(|| Box::new(Piece::new()));
            depth -= PIECE;
        }
        &piece.inside[depth]
    }

    fn handles(&self) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(self), |piece| piece.next.get().map(|next| &**next))
            .flat_map(|piece| &piece.inside)
            .map(|slot| slot.load(Ordering::Acquire))
            .filter(|&handle| handle != 0)
    }
}

/// The calling thread's side of its record.
#[derive(Debug)]
pub(crate) struct Inside {
    /// Keeps the list's memory, so that no other list can take this one's address while it is compared with.
    list: Weak<Threads>,
    record: Arc<Record>,
    depth: Cell<usize>,
}

/// The records of all threads that send through one manager.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    records: Mutex<Vec<Arc<Record>>>,
    counted: AtomicU64,
}

/// The thread is inside a message while this lives.
#[derive(Debug)]
pub(crate) struct Entered {
    inside: Rc<Inside>,
}

impl Threads {
    /// The calling thread's record.
    #[inline]
    pub(crate) fn here(self: &Arc<Self>) -> Rc<Inside> {
        RECORDS.with(|records| {
            if let Some(inside) = records
                .borrow()
                .iter()
                .find(|inside| std::ptr::eq(inside.list.as_ptr(), Arc::as_ptr(self)))
            {
                return Rc::clone(inside);
            }
            self.register(&mut records.borrow_mut())
        })
    }

    #[cold]
    fn register(self: &Arc<Self>, known: &mut Vec<Rc<Inside>>) -> Rc<Inside> {
        known.retain(|inside| inside.list.strong_count() > 0);
        let thread = self.counted.fetch_add(1, Ordering::Relaxed) + 1;
        let record = Arc::new(Record {
            thread,
            first: Piece::new(),
        });
        let mut records = lock(&self.records);
        // A record that only we know is that of a thread that has ended.
        records.retain(|record| Arc::strong_count(record) > 1);
        records.push(Arc::clone(&record));
        let inside = Rc::new(Inside {
            list: Arc::downgrade(self),
            record,
            depth: Cell::new(0),
        });
        known.push(Rc::clone(&inside));
        inside
    }

    /// Whether no thread but the calling one has ever been registered. One that registers later sees all that was done before.
    pub(crate) fn is_alone(&self, me: &Inside) -> bool {
        lock(&self.records)
            .iter()
            .all(|record| Arc::ptr_eq(record, &me.record))
    }

    /// The threads that are inside a message of this handle.
    pub(crate) fn inside(&self, handle: Hdrvr) -> Vec<u64> {
        lock(&self.records)
            .iter()
            .filter(|record| record.first.handles().any(|inside| inside == handle.raw()))
            .map(|record| record.thread)
            .collect()
    }

    /// Whether some thread is inside a message of this handle.
    pub(crate) fn is_busy(&self, handle: Hdrvr) -> bool {
        lock(&self.records)
            .iter()
            .any(|record| record.first.handles().any(|inside| inside == handle.raw()))
    }
}

impl Inside {
    /// The thread, by a number that no other thread of this manager has.
    pub(crate) fn thread(&self) -> u64 {
        self.record.thread
    }

    /// How many messages of this manager the thread is inside.
    pub(crate) fn depth(&self) -> usize {
        self.depth.get()
    }

    /// Whether the thread is inside a message of this handle.
    pub(crate) fn is_inside(&self, handle: Hdrvr) -> bool {
        self.was_inside(handle, self.depth())
    }

    /// Whether the thread was inside a message of this handle when it was inside `depth` messages.
    pub(crate) fn was_inside(&self, handle: Hdrvr, depth: usize) -> bool {
        (0..depth)
            .any(|depth| self.record.first.slot(depth).load(Ordering::Relaxed) == handle.raw())
    }

    /// Publishes that the thread is inside a message of this handle.
    #[inline]
    pub(crate) fn enter(self: Rc<Self>, handle: u32) -> Entered {
        let depth = self.depth.get();
        self.record
            .first
            .slot(depth)
            .store(handle, Ordering::Release);
        self.depth.set(depth + 1);
        Entered { inside: self }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        let depth = self.inside.depth.get() - 1;
        self.inside.depth.set(depth);
        self.inside
            .record
            .first
            .slot(depth)
            .store(0, Ordering::Release);
    }
}
