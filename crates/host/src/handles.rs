//! HDRVR values that stay dead once closed, and what each stands for.
//!
//! A handle is the index of an entry and a generation of it, mixed with the manager's salt. An entry is used again only after 1,024
//! others were free longer, and then under its next generation, of which there are 1,023: a closed handle stays dead for
//! more than 1,000,000 further opens. Entries never move, so that a lookup takes no lock and costs the same among a million.
#![expect(
    unsafe_code,
    reason = "what an entry stands for is read without a lock, under the protection of `calls`"
)]

use std::collections::VecDeque;
use std::sync::OnceLock;

use opendriver_abi::{DriverId, Hdrvr};

use crate::sync::{AtomicU64, AtomicUsize, Mutex, Ordering, UnsafeCell, lock};

/// How many low bits of a handle are the index.
const INDEX_BITS: u32 = 22;

/// How many entries there can be.
const LAST_INDEX: u32 = (1 << INDEX_BITS) - 1;

/// Generations count from 1 to this, and then from 1 again.
const LAST_GENERATION: u16 = 1023;

/// How many entries must be free before the oldest of them is used again.
const RESTING: usize = if cfg!(loom) { 0 } else { 1024 };

/// The first chunk has this many entries, and each further one twice as many.
const FIRST_CHUNK: u32 = if cfg!(loom) { 2 } else { 64 };

/// Enough chunks for every index.
const CHUNKS: usize = (INDEX_BITS - FIRST_CHUNK.ilog2()) as usize + 1;

/// Where the instance of an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum State {
    /// Nobody's.
    Free = 0,
    /// The driver has not answered `DRV_OPEN` yet.
    Opening = 1,
    /// Open for messages.
    Open = 2,
    /// Open, but to be closed as soon as the messages in flight have ended.
    Doomed = 3,
    /// Somebody is closing it.
    Closing = 4,
    /// Somebody is closing it, and will do so whatever the driver answers.
    ClosingForced = 5,
    /// The driver has accepted `DRV_CLOSE`; the handle still goes with `DRV_DISABLE` and `DRV_FREE`.
    Closed = 6,
}

/// One generation of an entry in one state: the two are compared and exchanged together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    const fn new(uses: u32, generation: u16, state: State) -> Self {
        Self((uses as u64) << 32 | (generation as u64) << 16 | state as u64)
    }

    const fn uses(self) -> u32 {
        (self.0 >> 32) as u32
    }

    const fn generation(self) -> u16 {
        (self.0 >> 16) as u16
    }

    pub(crate) const fn state(self) -> State {
        match self.0 as u16 {
            1 => State::Opening,
            2 => State::Open,
            3 => State::Doomed,
            4 => State::Closing,
            5 => State::ClosingForced,
            6 => State::Closed,
            _ => State::Free,
        }
    }

    const fn with(self, state: State) -> Self {
        Self(self.0 & !0xFFFF | state as u64)
    }
}

/// What one handle at a time stands for.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    mark: AtomicU64,
    id: AtomicUsize,
    content: UnsafeCell<Option<T>>,
}

// SAFETY: `content` is written only by the owner of the states `Opening` and `Closed`, in which nobody else reads it: see
// `Found::set_content`, `Found::content` and `Handles::release`.
unsafe impl<T: Send + Sync> Sync for Entry<T> {}

/// Why a handle leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// It was never given out.
    Never,
    /// Its instance was closed.
    Closed(Hdrvr),
}

/// The handles of one manager.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    salt: u32,
    chunks: [OnceLock<Box<[Entry<T>]>>; CHUNKS],
    spare: Mutex<Spare>,
}

#[derive(Debug)]
struct Spare {
    /// The free entries, longest free first.
    resting: VecDeque<u32>,
    /// The first index that was never used; 0 never is.
    fresh: u32,
    live: usize,
}

/// An entry under the generation that a handle names.
#[derive(Debug)]
pub(crate) struct Found<'a, T> {
    entry: &'a Entry<T>,
    generation: u32,
}

impl<T> Clone for Found<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Found<'_, T> {}

fn place_of(index: u32) -> (usize, usize) {
    let shifted = index + FIRST_CHUNK;
    let chunk = shifted.ilog2() - FIRST_CHUNK.ilog2();
    (chunk as usize, (shifted - (FIRST_CHUNK << chunk)) as usize)
}

impl<T> Handles<T> {
    /// Starts with none given out. Two tables with different salts give out different handles, so that one's are foreign to the other.
    pub(crate) fn new(salt: u32) -> Self {
        Self {
            salt,
            chunks: [const { OnceLock::new() }; CHUNKS],
            spare: Mutex::new(Spare {
                resting: VecDeque::new(),
                fresh: 1,
                live: 0,
            }),
        }
    }

    /// Gives out a handle that is nobody's, for an instance that is being opened; or says how many are out, if there is none.
    pub(crate) fn allocate(&self) -> Result<Hdrvr, usize> {
        let mut spare = lock(&self.spare);
        loop {
            let index = if spare.resting.len() > RESTING || spare.fresh > LAST_INDEX {
                let index = spare.resting.pop_front();
                index.ok_or(spare.live)?
            } else {
                spare.fresh += 1;
                spare.fresh - 1
            };
            let entry = self.entry_or_new(index);
            let mark = Mark(entry.mark.load(Ordering::Relaxed));
            let generation = mark.generation() % LAST_GENERATION + 1;
            let mark = Mark::new(mark.uses().saturating_add(1), generation, State::Opening);
            entry.mark.store(mark.0, Ordering::Release);
            entry.id.store(0, Ordering::Relaxed);
            match Hdrvr::new((u32::from(generation) << INDEX_BITS | index) ^ self.salt) {
                Some(handle) => {
                    spare.live += 1;
                    return Ok(handle);
                }
                // The one generation of the one entry that the salt turns into no handle at all.
                None => {
                    entry
                        .mark
                        .store(mark.with(State::Free).0, Ordering::Release);
                    spare.resting.push_back(index);
                }
            }
        }
    }

    /// Takes a handle back: from now on it is closed. Answers what it stood for.
    ///
    /// # Safety
    /// The caller owns the state `Opening` or `Closed` of the handle, and nobody is inside its content.
    pub(crate) unsafe fn release(&self, handle: Hdrvr) -> Option<T> {
        let found = self.find(handle.raw()).ok()?;
        // SAFETY: the caller vouches that nobody reads the content, and owns the state in which nobody else writes it.
        let content = found
            .entry
            .content
            .with_mut(|content| unsafe { (*content).take() });
        let mark = Mark(found.entry.mark.load(Ordering::Relaxed)).with(State::Free);
        found.entry.mark.store(mark.0, Ordering::Release);
        let mut spare = lock(&self.spare);
        spare.live -= 1;
        spare.resting.push_back(self.index(handle) as u32);
        content
    }

    /// Finds the entry of a handle, whatever its state and generation are.
    #[inline(always)]
    pub(crate) fn find(&self, raw: u32) -> Result<Found<'_, T>, Unknown> {
        let plain = raw ^ self.salt;
        let (chunk, offset) = place_of(plain & LAST_INDEX);
        let entry = self
            .chunks
            .get(chunk)
            .and_then(OnceLock::get)
            .and_then(|chunk| chunk.get(offset));
        let generation = plain >> INDEX_BITS;
        match entry {
            Some(entry) if generation != 0 => Ok(Found { entry, generation }),
            _ => Err(Unknown::Never),
        }
    }

    /// The index of a handle's entry.
    pub(crate) const fn index(&self, handle: Hdrvr) -> usize {
        ((handle.raw() ^ self.salt) & LAST_INDEX) as usize
    }

    /// The handle that the entry of this index was last given out as.
    pub(crate) fn at(&self, index: usize) -> Option<Hdrvr> {
        let index = u32::try_from(index).ok()?;
        let (chunk, offset) = place_of(index);
        let entry = self.chunks.get(chunk)?.get()?.get(offset)?;
        let generation = Mark(entry.mark.load(Ordering::Acquire)).generation();
        Hdrvr::new((u32::from(generation) << INDEX_BITS | index) ^ self.salt)
    }

    /// Says why a handle leads to no instance, from what is known of its entry now.
    pub(crate) fn unknown(&self, raw: u32) -> Unknown {
        let (Ok(found), Some(handle)) = (self.find(raw), Hdrvr::new(raw)) else {
            return Unknown::Never;
        };
        let uses = Mark(found.entry.mark.load(Ordering::Acquire)).uses();
        if found.generation <= uses {
            Unknown::Closed(handle)
        } else {
            Unknown::Never
        }
    }

    fn entry_or_new(&self, index: u32) -> &Entry<T> {
        let (chunk, offset) = place_of(index);
        let entries = self.chunks[chunk].get_or_init(|| {
            let new = || Entry {
                mark: AtomicU64::new(0),
                id: AtomicUsize::new(0),
                content: UnsafeCell::new(None),
            };
            (0..FIRST_CHUNK << chunk).map(|_| new()).collect()
        });
        &entries[offset]
    }
}

impl<T> Found<'_, T> {
    /// Where the instance of this generation stands.
    #[inline]
    pub(crate) fn state(&self) -> State {
        let mark = Mark(self.entry.mark.load(Ordering::Acquire));
        if u32::from(mark.generation()) == self.generation {
            mark.state()
        } else {
            State::Free
        }
    }

    /// Says whether the instance is open for messages, in one comparison.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        let mark = self.entry.mark.load(Ordering::Acquire);
        mark as u32 == self.generation << 16 | State::Open as u32
    }

    /// Moves the instance from one state to another, if it is in the first: only one thread succeeds.
    pub(crate) fn change(&self, from: State, to: State) -> bool {
        let mark = Mark(self.entry.mark.load(Ordering::Relaxed));
        let same = u32::from(mark.generation()) == self.generation && mark.state() == from;
        same && self
            .entry
            .mark
            .compare_exchange(mark.0, mark.with(to).0, Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
    }

    /// The driver's identifier of the instance.
    #[inline(always)]
    pub(crate) fn id(&self) -> DriverId {
        DriverId(self.entry.id.load(Ordering::Relaxed))
    }

    pub(crate) fn set_id(&self, id: DriverId) {
        self.entry.id.store(id.0, Ordering::Relaxed);
    }

    /// Says what the handle stands for.
    ///
    /// # Safety
    /// The caller owns the state `Opening`, and no reader can have seen another one.
    pub(crate) unsafe fn set_content(&self, content: T) {
        // SAFETY: in this state only its owner touches the content.
        self.entry
            .content
            .with_mut(|place| unsafe { *place = Some(content) });
    }

    /// Takes out what the handle stands for.
    ///
    /// # Safety
    /// The caller owns the state `Closed`, and nobody is inside the content.
    pub(crate) unsafe fn take_content(&self) -> Option<T> {
        // SAFETY: nobody reads the content, and only the caller writes it.
        self.entry
            .content
            .with_mut(|content| unsafe { (*content).take() })
    }

    /// Shows what the handle stands for.
    ///
    /// # Safety
    /// The caller has published in `calls` that it is inside the handle, and has then seen a state from `Open` to `Closing`; or it
    /// owns the state `Opening`, `Closing` or `Closed`.
    #[inline(always)]
    pub(crate) unsafe fn content<R>(&self, f: impl FnOnce(Option<&T>) -> R) -> R {
        self.entry.content.with(|content| {
            // SAFETY: whoever would write waits until nobody has published that it is inside.
            f(unsafe { (*content).as_ref() })
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn open(handles: &Handles<u32>) -> Hdrvr {
        let handle = handles.allocate().unwrap();
        assert!(
            handles
                .find(handle.raw())
                .unwrap()
                .change(State::Opening, State::Open)
        );
        handle
    }

    fn close(handles: &Handles<u32>, handle: Hdrvr) {
        assert!(
            handles
                .find(handle.raw())
                .unwrap()
                .change(State::Open, State::Closed)
        );
        // SAFETY: nobody else knows this table.
        unsafe { handles.release(handle) };
    }

    #[test]
    fn every_index_has_a_place_of_its_own() {
        let mut expected = (0, 0);
        for index in 0..5000 {
            assert_eq!(place_of(index), expected);
            expected.1 += 1;
            if expected.1 == (FIRST_CHUNK as usize) << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert_eq!(place_of(LAST_INDEX).0, CHUNKS - 1);
    }

    #[test]
    fn a_closed_handle_stays_dead_for_a_million_opens() {
        let handles = Handles::new(0);
        let dead = open(&handles);
        close(&handles, dead);
        for _ in 0..1_000_000 {
            let handle = open(&handles);
            assert_ne!(handle, dead);
            close(&handles, handle);
        }
        assert_eq!(handles.unknown(dead.raw()), Unknown::Closed(dead));
    }

    #[test]
    fn a_closed_handle_stays_dead_beside_living_ones() {
        let handles = Handles::new(0x1234_5678);
        let living: Vec<_> = (0..3000).map(|_| open(&handles)).collect();
        let dead = living[1500];
        for &handle in &living {
            close(&handles, handle);
        }
        for _ in 0..200_000 {
            let handles_now: Vec<_> = (0..5).map(|_| open(&handles)).collect();
            assert!(!handles_now.contains(&dead));
            handles_now
                .into_iter()
                .for_each(|handle| close(&handles, handle));
        }
    }

    #[test]
    fn living_handles_differ_and_are_found() {
        let handles = Handles::new(7);
        let living: HashSet<_> = (0..10_000).map(|_| open(&handles)).collect();
        assert_eq!(living.len(), 10_000);
        for handle in living {
            assert_eq!(handles.find(handle.raw()).unwrap().state(), State::Open);
        }
    }

    #[test]
    fn closed_and_never_given_are_told_apart() {
        let handles = Handles::new(0);
        let handle = open(&handles);
        close(&handles, handle);
        assert_eq!(handles.unknown(handle.raw()), Unknown::Closed(handle));
        assert_eq!(handles.unknown(handle.raw() + 1), Unknown::Never);
        assert_eq!(
            handles.unknown(handle.raw() + (1 << INDEX_BITS)),
            Unknown::Never
        );
        assert_eq!(handles.unknown(0), Unknown::Never);
        assert_eq!(handles.unknown(u32::MAX), Unknown::Never);
        assert_eq!(handles.find(handle.raw()).unwrap().state(), State::Free);
    }

    #[test]
    fn the_handle_that_the_salt_makes_zero_is_skipped() {
        let handles = Handles::new(1 << INDEX_BITS | 1);
        for _ in 0..5000 {
            let handle = open(&handles);
            close(&handles, handle);
        }
    }

    #[test]
    fn an_entry_takes_at_most_32_bytes() {
        assert!(size_of::<Entry<std::sync::Arc<u8>>>() <= 32);
    }
}
