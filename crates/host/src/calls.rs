//! Which thread is inside which message, published so that a close can wait for it.
//!
//! Each thread that sends has a record for each manager that it sends through: the handles whose messages it is inside, innermost
//! last. Only the thread writes there; a close reads the records of all threads. The thread-local list of a thread's records is the
//! one thing here that does not hang off a manager. Each entry says whose it is, so that two managers do not meet.

#![expect(
    unsafe_code,
    reason = "a thread finds its record again without counting who uses it"
)]

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::{Arc, OnceLock, Weak};

use opendriver_abi::Hdrvr;

use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Mutex, Ordering, lock};

/// How many messages deep a thread gets before its record takes another piece of memory.
const PIECE: usize = if cfg!(loom) { 2 } else { 14 };

#[cfg(not(loom))]
thread_local! {
    static RECORDS: Records = const { Records(RefCell::new(Vec::new())) };
    static LATEST: Cell<Option<Latest>> = const { Cell::new(None) };
}
#[cfg(loom)]
loom::thread_local! {
    static RECORDS: Records = Records(RefCell::new(Vec::new()));
    static LATEST: Cell<Option<Latest>> = Cell::new(None);
}

/// The records of a thread, one for each manager that it sends through.
#[derive(Debug)]
struct Records(RefCell<Vec<Rc<Inside>>>);

impl Drop for Records {
    fn drop(&mut self) {
        forget_latest();
    }
}

/// The record that was used last. It is in [`RECORDS`] as long as this says so.
#[derive(Clone, Copy, Debug)]
struct Latest {
    list: *const Threads,
    inside: NonNull<Inside>,
}

/// To be called before a record leaves [`RECORDS`].
fn forget_latest() {
    // Where the thread is so far gone that this is no more, nobody looks at it either.
    let _ = LATEST.try_with(|latest| latest.set(None));
}

/// What one thread publishes to one manager.
#[derive(Debug)]
#[repr(align(128))]
struct Record {
    thread: u64,
    /// Set when the thread has ended. Whoever sees that sees all that the thread did, inside messages too.
    ended: AtomicBool,
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
pub(crate) struct Entered<'a> {
    inside: &'a Inside,
}

impl Threads {
    /// The calling thread's record.
    #[inline(always)]
    pub(crate) fn here(self: &Arc<Self>) -> &Inside {
        let inside = match LATEST.try_with(Cell::get) {
            Ok(Some(latest)) if std::ptr::eq(latest.list, Arc::as_ptr(self)) => latest.inside,
            _ => self.find_here(),
        };
        // SAFETY: the record stays in `RECORDS` of this thread as long as its list, which is borrowed here, and as the thread itself,
        // which is running; see `register` and `Records::drop`. A record is no other thread's to borrow.
        unsafe { inside.as_ref() }
    }

    /// The calling thread's record, from the list of all that it has.
    #[cold]
    fn find_here(self: &Arc<Self>) -> NonNull<Inside> {
        let found = RECORDS.try_with(|records| {
            let mut records = records.0.borrow_mut();
            let is_ours =
                |inside: &&Rc<Inside>| std::ptr::eq(inside.list.as_ptr(), Arc::as_ptr(self));
            let known = records.iter().find(is_ours).map(Rc::clone);
            let inside = known.unwrap_or_else(|| self.register(&mut records));
            let inside = NonNull::from(&*inside);
            let latest = Latest {
                list: Arc::as_ptr(self),
                inside,
            };
            let _ = LATEST.try_with(|place| place.set(Some(latest)));
            inside
        });
        // A thread that is so far at its end that it has no list any more gets a record that nobody takes back. It is found again, as
        // long as the thread sends through one manager.
        found.unwrap_or_else(|_| {
            let inside: NonNull<Inside> =
                NonNull::from(Box::leak(Box::new(self.register(&mut Vec::new()))).as_ref());
            let latest = Latest {
                list: Arc::as_ptr(self),
                inside,
            };
            let _ = LATEST.try_with(|place| place.set(Some(latest)));
            inside
        })
    }

    fn register(self: &Arc<Self>, known: &mut Vec<Rc<Inside>>) -> Rc<Inside> {
        forget_latest();
        // Managers that are gone are inside no message.
        known.retain(|inside| inside.list.strong_count() > 0);
        let thread = self.counted.fetch_add(1, Ordering::Relaxed) + 1;
        let record = Arc::new(Record {
            thread,
            ended: AtomicBool::new(false),
            first: Piece::new(),
        });
        let mut records = lock(&self.records);
        forget_ended(&mut records);
        records.push(Arc::clone(&record));
        let inside = Rc::new(Inside {
            list: Arc::downgrade(self),
            record,
            depth: Cell::new(0),
        });
        known.push(Rc::clone(&inside));
        inside
    }

    /// Whether no other thread sends through this manager. One that begins to later sees all that was done before.
    pub(crate) fn is_alone(&self, me: &Inside) -> bool {
        let mut records = lock(&self.records);
        forget_ended(&mut records);
        records
            .iter()
            .all(|record| Arc::ptr_eq(record, &me.record) || record.has_ended())
    }

    /// The threads that are inside a message of this handle.
    pub(crate) fn inside(&self, handle: Hdrvr) -> Vec<u64> {
        lock(&self.records)
            .iter()
            .filter(|record| record.is_inside(handle))
            .map(|record| record.thread)
            .collect()
    }

    /// The handles whose messages some thread is inside of, threads among them that ended there: a program may end inside a message.
    pub(crate) fn all_inside(&self) -> Vec<u32> {
        let records = lock(&self.records);
        let handles = records.iter().map(|record| record.first.handles());
        handles.flatten().collect()
    }

    /// Whether some thread is inside a message of this handle.
    pub(crate) fn is_busy(&self, handle: Hdrvr) -> bool {
        lock(&self.records)
            .iter()
            .any(|record| record.is_inside(handle))
    }
}

/// Takes out the records of threads that have ended, unless they did so inside a message.
fn forget_ended(records: &mut Vec<Arc<Record>>) {
    records.retain(|record| !record.has_ended() || record.first.handles().next().is_some());
}

impl Record {
    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Whether the thread is inside a message of this handle, and may come back.
    fn is_inside(&self, handle: Hdrvr) -> bool {
        !self.has_ended() && self.first.handles().any(|inside| inside == handle.raw())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.record.ended.store(true, Ordering::Release);
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
    #[inline(always)]
    pub(crate) fn enter(&self, handle: u32) -> Entered<'_> {
        let depth = self.depth.get();
        let slot = match self.record.first.inside.get(depth) {
            Some(slot) => slot,
            None => self.record.first.slot(depth),
        };
        slot.store(handle, Ordering::Release);
        self.depth.set(depth + 1);
        Entered { inside: self }
    }
}

impl Drop for Entered<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let depth = self.inside.depth.get() - 1;
        self.inside.depth.set(depth);
        let slot = match self.inside.record.first.inside.get(depth) {
            Some(slot) => slot,
            None => self.inside.record.first.slot(depth),
        };
        slot.store(0, Ordering::Release);
    }
}
