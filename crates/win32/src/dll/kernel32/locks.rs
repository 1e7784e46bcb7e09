//! Critical sections, slim locks, condition variables, one-time starts, waiting on an address.
//!
//! A critical section's first field points at words that debuggers and drivers use; we lead our lock through its
//! semaphore field (0 free, 1 held, 2 held and waited for), and keep the count, the depth and the owner
//! as a driver that looks into them expects.

use std::time::{Duration, Instant};

use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::structures::{CriticalSection, CriticalSectionDebug};
use crate::trap::Trap;
use crate::waits::{Waits, timeout};

const ERROR_TIMEOUT: u32 = 1460;
const ERROR_GEN_FAILURE: u32 = 31;
const ERROR_INVALID_PARAMETER: u32 = 87;

/// Where the fields of a critical section lie.
struct Section {
    at: Addr,
    debug: Addr,
    count: Addr,
    depth: Addr,
    owner: Addr,
    word: Addr,
    spin: Addr,
}

impl Section {
    fn at(cx: &Cx<'_>, at: Addr) -> Self {
        Self {
            at,
            debug: CriticalSection::debug(cx, at),
            count: CriticalSection::count(cx, at),
            depth: CriticalSection::depth(cx, at),
            owner: CriticalSection::owner(cx, at),
            word: CriticalSection::word(cx, at),
            spin: CriticalSection::spin(cx, at),
        }
    }

    /// Makes it new, with the block of debug information that older versions of Windows give it: drivers write their own
    /// words there.
    fn begin(&self, cx: &Cx<'_>, spin: u32) -> Result<(), Trap> {
        let debug = cx.allocate_zeroed(Size(CriticalSectionDebug::size(cx)));
        cx.write_addr(self.debug, debug)?;
        if debug != Addr::NULL {
            cx.write_addr(CriticalSectionDebug::section(cx, debug), self.at)?;
        }
        self.start(cx, spin)
    }

    fn end(&self, cx: &Cx<'_>) -> Result<(), Trap> {
        // One that the driver made itself is no block of the heap, and stays.
        cx.free(cx.read_addr(self.debug)?);
        cx.write_addr(self.debug, Addr::NULL)?;
        self.start(cx, 0)
    }

    fn start(&self, cx: &Cx<'_>, spin: u32) -> Result<(), Trap> {
        cx.write(self.count, -1_i32)?;
        cx.write(self.depth, 0_i32)?;
        cx.write_addr(self.owner, Addr::NULL)?;
        cx.write_addr(self.word, Addr::NULL)?;
        cx.write_addr(self.spin, Addr(u64::from(spin & 0x00FF_FFFF)))
    }

    /// Takes it once more if this thread has it, or if nobody has.
    fn try_enter(&self, cx: &Cx<'_>) -> Result<bool, Trap> {
        if cx.read_addr(self.owner)?.0 == u64::from(cx.thread().id()) {
            let depth: i32 = cx.read(self.depth)?;
            cx.write(self.depth, depth + 1)?;
            cx.write(self.count, depth)?;
            return Ok(true);
        }
        Ok(cx.exchange_32(self.word, 0, 1)? == 0 && self.own(cx)?)
    }

    fn own(&self, cx: &Cx<'_>) -> Result<bool, Trap> {
        cx.write_addr(self.owner, Addr(cx.thread().id().into()))?;
        cx.write(self.depth, 1_i32)?;
        cx.write(self.count, 0_i32)?;
        Ok(true)
    }

    fn enter(&self, cx: &Cx<'_>) -> Result<(), Trap> {
        if self.try_enter(cx)? {
            return Ok(());
        }
        while cx.update_32(self.word, |_| 2)? != 0 {
            cx.sleep_on(self.word, 2, None);
        }
        self.own(cx).map(drop)
    }

    fn leave(&self, cx: &Cx<'_>) -> Result<(), Trap> {
        let depth: i32 = cx.read(self.depth)?;
        if depth > 1 {
            cx.write(self.depth, depth - 1)?;
            return cx.write(self.count, depth - 2);
        }
        self.start_free(cx)?;
        if cx.update_32(self.word, |_| 0)? == 2 {
            cx.wake_on(self.word, 1);
        }
        Ok(())
    }

    fn start_free(&self, cx: &Cx<'_>) -> Result<(), Trap> {
        cx.write(self.count, -1_i32)?;
        cx.write(self.depth, 0_i32)?;
        cx.write_addr(self.owner, Addr::NULL)
    }
}

shims! {
    pub(in crate::dll) static SHIMS = "kernel32.dll", stdcall;

    /// Starts a critical section.
    fn InitializeCriticalSection(cx, section: Addr) { Section::at(cx, section).begin(cx, 0) }

    /// Starts a critical section; how long it spins is the host's matter.
    fn InitializeCriticalSectionAndSpinCount(cx, section: Addr, spin: u32) -> bool {
        Section::at(cx, section).begin(cx, spin)?;
        Ok(true)
    }

    /// Starts a critical section; how long it spins is the host's matter.
    fn InitializeCriticalSectionEx(cx, section: Addr, spin: u32, flags: u32) -> bool {
        Section::at(cx, section).begin(cx, spin)?;
        Ok(true)
    }

    /// Sets how long a critical section spins; answers what was set before.
    fn SetCriticalSectionSpinCount(cx, section: Addr, spin: u32) -> u32 {
        let section = Section::at(cx, section);
        let before = cx.read_addr(section.spin)?;
        cx.write_addr(section.spin, Addr(spin.into()))?;
        Ok(before.0 as u32)
    }

    /// Ends a critical section.
    fn DeleteCriticalSection(cx, section: Addr) { Section::at(cx, section).end(cx) }

    /// Takes a critical section, waiting for it if another thread has it.
    fn EnterCriticalSection(cx, section: Addr) { Section::at(cx, section).enter(cx) }

    /// Takes a critical section unless another thread has it.
    fn TryEnterCriticalSection(cx, section: Addr) -> bool { Section::at(cx, section).try_enter(cx) }

    /// Gives up a critical section once.
    fn LeaveCriticalSection(cx, section: Addr) { Section::at(cx, section).leave(cx) }

    /// Starts a slim lock.
    fn InitializeSRWLock(cx, lock: Addr) { cx.write_addr(lock, Addr::NULL) }

    /// Takes a slim lock for itself alone.
    fn AcquireSRWLockExclusive(cx, lock: Addr) { take_exclusive(cx, lock) }

    /// Takes a slim lock for itself alone unless somebody has it.
    fn TryAcquireSRWLockExclusive(cx, lock: Addr) -> bool { Ok(cx.exchange_32(lock, 0, 1)? == 0) }

    /// Gives up a slim lock that was held alone.
    fn ReleaseSRWLockExclusive(cx, lock: Addr) { release_exclusive(cx, lock) }

    /// Takes a slim lock together with others.
    fn AcquireSRWLockShared(cx, lock: Addr) { take_shared(cx, lock) }

    /// Takes a slim lock together with others unless somebody has it alone.
    fn TryAcquireSRWLockShared(cx, lock: Addr) -> bool {
        Ok(cx.update_32(lock, |word| if word & 1 == 0 { word + 2 } else { word })? & 1 == 0)
    }

    /// Gives up a slim lock that was held together with others.
    fn ReleaseSRWLockShared(cx, lock: Addr) { release_shared(cx, lock) }

    /// Starts a condition variable.
    fn InitializeConditionVariable(cx, variable: Addr) { cx.write_addr(variable, Addr::NULL) }

    /// Gives up a critical section, waits for a condition variable, and takes the section again.
    fn SleepConditionVariableCS(cx, variable: Addr, section: Addr, milliseconds: u32) -> bool {
        let seen: u32 = cx.read(variable)?;
        let section = Section::at(cx, section);
        section.leave(cx)?;
        let woken = sleep(cx, variable, seen, milliseconds)?;
        section.enter(cx)?;
        if woken { Ok(true) } else { cx.fail(ERROR_TIMEOUT, false) }
    }

    /// Gives up a slim lock, waits for a condition variable, and takes the lock again.
    fn SleepConditionVariableSRW(cx, variable: Addr, lock: Addr, milliseconds: u32, flags: u32) -> bool {
        let is_shared = flags & 1 != 0;
        let seen: u32 = cx.read(variable)?;
        if is_shared { release_shared(cx, lock)? } else { release_exclusive(cx, lock)? };
        let woken = sleep(cx, variable, seen, milliseconds)?;
        if is_shared { take_shared(cx, lock)? } else { take_exclusive(cx, lock)? };
        if woken { Ok(true) } else { cx.fail(ERROR_TIMEOUT, false) }
    }

    /// Wakes one who waits for a condition variable.
    fn WakeConditionVariable(cx, variable: Addr) {
        cx.update_32(variable, |word| word.wrapping_add(1))?;
        cx.wake_on(variable, 1);
        Ok(())
    }

    /// Wakes all who wait for a condition variable.
    fn WakeAllConditionVariable(cx, variable: Addr) {
        cx.update_32(variable, |word| word.wrapping_add(1))?;
        cx.wake_on(variable, i32::MAX);
        Ok(())
    }

    /// Readies a one-time start.
    fn InitOnceInitialize(cx, once: Addr) { cx.write_addr(once, Addr::NULL) }

    /// Runs a function once, however many threads ask.
    fn InitOnceExecuteOnce(cx, once: Addr, function: Addr, parameter: Addr, context: Addr) -> bool {
        let is_first = match begin_once(cx, once)? {
            Once::Done(value) => {
                if !context.is_null() {
                    cx.write_addr(context, Addr(value))?;
                }
                return Ok(true);
            }
            Once::Mine => cx.call(function, &[once.0, parameter.0, context.0]),
        };
        let succeeded = matches!(is_first, Ok(answer) if answer as u32 != 0);
        let value = if succeeded && !context.is_null() { cx.read_addr(context)?.0 } else { 0 };
        end_once(cx, once, succeeded, value)?;
        is_first.map(|answer| answer as u32 != 0)
    }

    /// Begins a one-time start, or says that it is done.
    fn InitOnceBeginInitialize(cx, once: Addr, flags: u32, pending: Addr, context: Addr) -> bool {
        const CHECK_ONLY: u32 = 1;
        if flags & CHECK_ONLY != 0 {
            let word = cx.read_addr(once)?.0;
            cx.write(pending, i32::from(word & 3 != DONE))?;
            if word & 3 != DONE {
                return cx.fail(ERROR_GEN_FAILURE, false);
            }
            if !context.is_null() {
                cx.write_addr(context, Addr(word & !3))?;
            }
            return Ok(true);
        }
        let begun = begin_once(cx, once)?;
        cx.write(pending, i32::from(matches!(begun, Once::Mine)))?;
        if let Once::Done(value) = begun && !context.is_null() {
            cx.write_addr(context, Addr(value))?;
        }
        Ok(true)
    }

    /// Ends a one-time start, or gives it up so that another may try.
    fn InitOnceComplete(cx, once: Addr, flags: u32, context: Addr) -> bool {
        const FAILED: u32 = 4;
        if cx.read_addr(once)?.0 & 3 != RUNNING {
            return cx.fail(ERROR_INVALID_PARAMETER, false);
        }
        end_once(cx, once, flags & FAILED == 0, context.0)?;
        Ok(true)
    }

    /// Waits until a value is no longer what it was.
    fn WaitOnAddress(cx, at: Addr, compare: Addr, size: Size, milliseconds: u32) -> bool {
        if !matches!(size.0, 1 | 2 | 4 | 8) {
            return cx.fail(ERROR_INVALID_PARAMETER, false);
        }
        let unwanted = cx.bytes(compare, size.0)?;
        cx.bytes(at, size.0)?;
        let same = || cx.bytes(at, size.0).is_ok_and(|value| value == unwanted);
        let waited = cx.state::<Waits>().wait_while(timeout(milliseconds), same);
        if waited { Ok(true) } else { cx.fail(ERROR_TIMEOUT, false) }
    }

    /// Lets one who waits on an address look again.
    fn WakeByAddressSingle(cx, at: Addr) {
        cx.state::<Waits>().wake();
        Ok(())
    }

    /// Lets all who wait on an address look again.
    fn WakeByAddressAll(cx, at: Addr) {
        cx.state::<Waits>().wake();
        Ok(())
    }
}

/// A slim lock's word: 1 for a holder alone, 2 for each holder among others.
fn take_exclusive(cx: &Cx<'_>, lock: Addr) -> Result<(), Trap> {
    loop {
        match cx.exchange_32(lock, 0, 1)? {
            0 => return Ok(()),
            held => cx.sleep_on(lock, held, None),
        };
    }
}

fn release_exclusive(cx: &Cx<'_>, lock: Addr) -> Result<(), Trap> {
    cx.update_32(lock, |_| 0)?;
    cx.wake_on(lock, i32::MAX);
    Ok(())
}

fn take_shared(cx: &Cx<'_>, lock: Addr) -> Result<(), Trap> {
    loop {
        let found = cx.update_32(lock, |word| if word & 1 == 0 { word + 2 } else { word })?;
        if found & 1 == 0 {
            return Ok(());
        }
        cx.sleep_on(lock, found, None);
    }
}

fn release_shared(cx: &Cx<'_>, lock: Addr) -> Result<(), Trap> {
    if cx.update_32(lock, |word| word.saturating_sub(2))? == 2 {
        cx.wake_on(lock, i32::MAX);
    }
    Ok(())
}

fn sleep(cx: &Cx<'_>, variable: Addr, seen: u32, milliseconds: u32) -> Result<bool, Trap> {
    let deadline = timeout(milliseconds).map(|timeout| Instant::now() + timeout);
    while cx.read::<u32>(variable)? == seen {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) || !cx.sleep_on(variable, seen, left) {
            return Ok(cx.read::<u32>(variable)? != seen);
        }
    }
    Ok(true)
}

/// The two low bits of a one-time start; the rest is the value that it left.
const RUNNING: u64 = 1;
const DONE: u64 = 2;

enum Once {
    /// This thread runs it.
    Mine,
    /// It was run and left this value.
    Done(u64),
}

fn begin_once(cx: &Cx<'_>, once: Addr) -> Result<Once, Trap> {
    loop {
        match cx.exchange_32(once, 0, RUNNING as u32)? {
            0 => return Ok(Once::Mine),
            word if u64::from(word) & 3 == DONE => {
                return cx.read_addr(once).map(|word| Once::Done(word.0 & !3));
            }
            running => cx.sleep_on(once, running, None),
        };
    }
}

fn end_once(cx: &Cx<'_>, once: Addr, succeeded: bool, value: u64) -> Result<(), Trap> {
    cx.write_addr(once, Addr(if succeeded { value & !3 | DONE } else { 0 }))?;
    cx.wake_on(once, i32::MAX);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn a_critical_section_has_words_for_its_driver_to_write_to() {
        let bench = Bench::new();
        let section = bench.bytes(&[0; 40]);
        let debug = || u64::from_le_bytes(bench.read(section, 8).try_into().unwrap());
        bench.ask(DLL, "InitializeCriticalSection", &[section]);
        assert_ne!(debug(), 0);
        let spare = crate::shim::Addr(debug() + 40);
        bench.with_cx(|cx| cx.write(spare, section).unwrap());
        assert_eq!(bench.read(debug() + 8, 8), section.to_le_bytes());
        bench.ask(DLL, "DeleteCriticalSection", &[section]);
        assert_eq!(debug(), 0);
    }

    #[test]
    fn a_critical_section_is_entered_again_by_its_owner_only() {
        let bench = Bench::new();
        let section = bench.bytes(&[0xFF; 40]);
        bench.ask(DLL, "InitializeCriticalSection", &[section]);
        bench.ask(DLL, "EnterCriticalSection", &[section]);
        bench.ask(DLL, "EnterCriticalSection", &[section]);
        let owner = bench.ask(DLL, "GetCurrentThreadId", &[]);
        let fields = bench.read(section, 40);
        assert_eq!(fields[8..12], 1_i32.to_le_bytes());
        assert_eq!(fields[12..16], 2_i32.to_le_bytes());
        assert_eq!(fields[16..24], owner.to_le_bytes());
        let other = || {
            std::thread::scope(|scope| {
                scope
                    .spawn(|| bench.ask(DLL, "TryEnterCriticalSection", &[section]))
                    .join()
                    .unwrap()
            })
        };
        assert_eq!(other(), 0);
        bench.ask(DLL, "LeaveCriticalSection", &[section]);
        assert_eq!(other(), 0);
        bench.ask(DLL, "LeaveCriticalSection", &[section]);
        assert_eq!(other(), 1);
    }

    #[test]
    fn threads_count_together_under_a_critical_section() {
        let bench = Bench::new();
        let section = bench.bytes(&[0; 40]);
        bench.ask(
            DLL,
            "InitializeCriticalSectionAndSpinCount",
            &[section, 400],
        );
        let mut counter = 0_u64;
        let counter_at = (&raw mut counter) as u64;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        bench.ask(DLL, "EnterCriticalSection", &[section]);
                        let count =
                            u64::from_le_bytes(bench.read(counter_at, 8).try_into().unwrap());
                        bench.with_cx(|cx| {
                            cx.write(crate::shim::Addr(counter_at), count + 1).unwrap()
                        });
                        bench.ask(DLL, "LeaveCriticalSection", &[section]);
                    }
                });
            }
        });
        assert_eq!(bench.read(counter_at, 8), 8_000_u64.to_le_bytes());
    }

    #[test]
    fn a_slim_lock_is_held_by_one_alone_or_by_many() {
        let bench = Bench::new();
        let lock = bench.bytes(&[0; 8]);
        bench.ask(DLL, "AcquireSRWLockShared", &[lock]);
        assert_eq!(bench.ask(DLL, "TryAcquireSRWLockShared", &[lock]), 1);
        assert_eq!(bench.ask(DLL, "TryAcquireSRWLockExclusive", &[lock]), 0);
        bench.ask(DLL, "ReleaseSRWLockShared", &[lock]);
        bench.ask(DLL, "ReleaseSRWLockShared", &[lock]);
        assert_eq!(bench.ask(DLL, "TryAcquireSRWLockExclusive", &[lock]), 1);
        assert_eq!(bench.ask(DLL, "TryAcquireSRWLockShared", &[lock]), 0);
        bench.ask(DLL, "ReleaseSRWLockExclusive", &[lock]);
        assert_eq!(bench.read(lock, 8), [0; 8]);
    }

    #[test]
    fn a_wait_for_a_condition_ends_when_its_time_is_up() {
        let bench = Bench::new();
        let (section, variable) = (bench.bytes(&[0; 40]), bench.bytes(&[0; 8]));
        bench.ask(DLL, "InitializeCriticalSection", &[section]);
        bench.ask(DLL, "EnterCriticalSection", &[section]);
        assert_eq!(
            bench.ask(DLL, "SleepConditionVariableCS", &[variable, section, 1]),
            0
        );
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 1460);
        bench.ask(DLL, "LeaveCriticalSection", &[section]);
    }

    #[test]
    fn a_one_time_start_runs_once_and_remembers() {
        let bench = Bench::new();
        let once = bench.bytes(&[0; 8]);
        let (pending, context) = (bench.bytes(&[0; 4]), bench.bytes(&[0; 8]));
        let begin = || bench.ask(DLL, "InitOnceBeginInitialize", &[once, 0, pending, context]);
        assert_eq!(begin(), 1);
        assert_eq!(bench.read(pending, 4), [1, 0, 0, 0]);
        assert_eq!(bench.ask(DLL, "InitOnceComplete", &[once, 0, 0x40]), 1);
        assert_eq!(begin(), 1);
        assert_eq!(bench.read(pending, 4), [0; 4]);
        assert_eq!(bench.read(context, 8), 0x40_u64.to_le_bytes());
    }
}
