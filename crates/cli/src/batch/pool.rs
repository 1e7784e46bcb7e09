//! Work on many things at once, until all is done or somebody says stop.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::{num::NonZeroUsize, thread};

use super::stop::Stop;

/// Does `work` on each of `things`, `width` at a time, in order; `done` hears of each, in the order in which they end.
///
/// After [`Stop::ask`] nothing new begins. Answers how many were begun.
pub(super) fn run<T: Sync, R: Send>(
    things: &[T],
    width: NonZeroUsize,
    stop: &Stop,
    work: impl Fn(&T) -> R + Sync,
    mut done: impl FnMut(R),
) -> usize {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..width.get().min(things.len()) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                while !stop.is_asked() {
                    let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        break;
                    };
                    // The receiver goes only when all workers have.
                    let _ = sender.send(work(thing));
                }
            });
        }
        drop(sender);
        receiver.into_iter().map(&mut done).count()
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Stop, run};

    fn width(n: usize) -> NonZeroUsize {
        NonZeroUsize::new(n).expect("not 0")
    }

    #[test]
    fn everything_is_done_once_and_no_more_at_a_time_than_asked_for() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let things: Vec<usize> = (0..200).collect();
        let mut seen = Vec::new();
        let begun = run(
            &things,
            width(3),
            &Stop::default(),
            |&thing| {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                running.fetch_sub(1, Ordering::SeqCst);
                thing
            },
            |thing| seen.push(thing),
        );
        seen.sort_unstable();
        assert_eq!((begun, seen), (200, things));
        assert!(most.into_inner() <= 3);
    }

    #[test]
    fn as_many_run_at_once_as_asked_for() {
        // Each waits for all others, so one at a time would never end.
        let meet = Barrier::new(4);
        let begun = run(
            &[(); 8],
            width(4),
            &Stop::default(),
            |()| meet.wait().is_leader(),
            |_| (),
        );
        assert_eq!(begun, 8);
    }

    #[test]
    fn nothing_begins_after_a_stop_and_what_runs_is_heard_of() {
        let stop = Stop::default();
        let mut ended = Vec::new();
        let begun = run(
            &[0, 1, 2, 3, 4],
            width(1),
            &stop,
            |&thing| {
                if thing == 2 {
                    stop.ask();
                }
                thing
            },
            |thing| ended.push(thing),
        );
        assert_eq!((begun, ended), (3, vec![0, 1, 2]));
    }

    #[test]
    fn nothing_to_do_is_done_at_once() {
        assert_eq!(run(&[0; 0], width(8), &Stop::default(), |_| (), |()| ()), 0);
    }
}
