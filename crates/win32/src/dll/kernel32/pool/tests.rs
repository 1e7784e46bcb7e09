//! The pool, with functions of ours as callbacks.

use crate::bench::Bench;

const DLL: &str = "kernel32.dll";
const FOREVER: u64 = u32::MAX as u64;

#[test]
fn work_is_done_on_another_thread() {
    let bench = Bench::new();
    let event = bench.ask(DLL, "CreateEventA", &[0, 0, 0, 0]);
    let set = bench.gate(DLL, "SetEvent");
    assert_eq!(bench.ask(DLL, "QueueUserWorkItem", &[set, event, 0]), 1);
    assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[event, FOREVER]), 0);
    // The callback's first argument is the instance, its second the context: an exchange of nothing with nothing.
    let yields = bench.gate(DLL, "SwitchToThread");
    assert_eq!(
        bench.ask(DLL, "TrySubmitThreadpoolCallback", &[yields, event, 0]),
        1
    );
}

#[test]
fn a_work_item_is_done_as_often_as_it_was_submitted() {
    let bench = Bench::new();
    // The callback gets the item, the context and the item: it pushes the item to a list, 50 times the same one.
    let list = bench.bytes(&[0; 16]);
    let push = bench.gate(DLL, "InterlockedPushListSListEx");
    let work = bench.ask(DLL, "CreateThreadpoolWork", &[push, 0, 0]);
    bench.ask(DLL, "CloseThreadpoolWork", &[work]);
    let yields = bench.gate(DLL, "SwitchToThread");
    let work = bench.ask(DLL, "CreateThreadpoolWork", &[yields, list, 0]);
    for _ in 0..50 {
        bench.ask(DLL, "SubmitThreadpoolWork", &[work]);
    }
    bench.ask(DLL, "WaitForThreadpoolWorkCallbacks", &[work, 0]);
    bench.ask(DLL, "CloseThreadpoolWork", &[work]);
}

#[test]
fn a_timer_calls_again_and_again_until_it_is_deleted() {
    let bench = Bench::new();
    let semaphore = bench.ask(DLL, "CreateSemaphoreA", &[0, 0, 1000, 0]);
    let timer = bench.bytes(&[0; 8]);
    // The callback gets the semaphore and 1, and what stands in the third place is not looked at when null.
    let release = bench.gate(DLL, "ReleaseSemaphore");
    let made = bench.ask(
        DLL,
        "CreateTimerQueueTimer",
        &[timer, 0, release, semaphore, 0, 1, 0],
    );
    assert_eq!(made, 1);
    for _ in 0..5 {
        assert_eq!(
            bench.ask(DLL, "WaitForSingleObject", &[semaphore, FOREVER]),
            0
        );
    }
    let timer = u64::from_le_bytes(bench.read(timer, 8).try_into().unwrap());
    assert_eq!(
        bench.ask(DLL, "DeleteTimerQueueTimer", &[0, timer, u64::MAX]),
        1
    );
    assert_eq!(
        bench.ask(DLL, "DeleteTimerQueueTimer", &[0, timer, u64::MAX]),
        0
    );
}

#[test]
fn a_registered_wait_calls_when_its_object_is_ready() {
    let bench = Bench::new();
    let object = bench.ask(DLL, "CreateEventA", &[0, 0, 0, 0]);
    let done = bench.ask(DLL, "CreateEventA", &[0, 1, 0, 0]);
    let wait = bench.bytes(&[0; 8]);
    let set = bench.gate(DLL, "SetEvent");
    let registered = bench.ask(
        DLL,
        "RegisterWaitForSingleObject",
        &[wait, object, set, done, FOREVER, 8],
    );
    assert_eq!(registered, 1);
    assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[done, 0]), 258);
    bench.ask(DLL, "SetEvent", &[object]);
    assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[done, FOREVER]), 0);
    let wait = u64::from_le_bytes(bench.read(wait, 8).try_into().unwrap());
    assert_eq!(bench.ask(DLL, "UnregisterWaitEx", &[wait, u64::MAX]), 1);
}

#[test]
fn a_wait_that_is_given_up_ends() {
    let bench = Bench::new();
    let object = bench.ask(DLL, "CreateEventA", &[0, 0, 0, 0]);
    let wait = bench.bytes(&[0; 8]);
    let set = bench.gate(DLL, "SetEvent");
    bench.ask(
        DLL,
        "RegisterWaitForSingleObject",
        &[wait, object, set, 0, FOREVER, 0],
    );
    let wait = u64::from_le_bytes(bench.read(wait, 8).try_into().unwrap());
    assert_eq!(bench.ask(DLL, "UnregisterWaitEx", &[wait, u64::MAX]), 1);
}

#[test]
fn work_that_breaks_is_reported_and_the_pool_goes_on() {
    let bench = Bench::new();
    bench.ask(DLL, "QueueUserWorkItem", &[0x10, 0, 0]);
    let event = bench.ask(DLL, "CreateEventA", &[0, 0, 0, 0]);
    let work = bench.ask(DLL, "CreateThreadpoolWork", &[0x10, 0, 0]);
    bench.ask(DLL, "SubmitThreadpoolWork", &[work]);
    bench.ask(DLL, "WaitForThreadpoolWorkCallbacks", &[work, 0]);
    bench.ask(
        DLL,
        "QueueUserWorkItem",
        &[bench.gate(DLL, "SetEvent"), event, 0],
    );
    assert_eq!(bench.ask(DLL, "WaitForSingleObject", &[event, FOREVER]), 0);
    assert!(!bench.reports().is_empty());
}
