//! `SendDriverMessage` of the shared library against `Manager::send` and `Instance::send`, in one run, of the same drivers:
//! `cargo xtask library --release && cargo bench -p opendriver-capi --bench winmm`.
#![expect(unsafe_code, reason = "calls functions of a library by their names")]

use std::ffi::{CString, c_void};
use std::hint::black_box;
use std::mem::transmute;
use std::path::Path;
use std::thread;
use std::time::Instant;

use opendriver::{Manager, Message};
use opendriver_setup::Setup;
use opendriver_tests::fixtures::{self, Target};

/// How many messages are timed at once, and how often.
const MESSAGES: isize = 200_000;
const ROUNDS: usize = 60;

/// What the library may cost more.
const GOAL: f64 = 10.0;

type Open = unsafe extern "C" fn(*const i8, *const i8, isize) -> usize;
type Send = unsafe extern "C" fn(usize, u32, isize, isize) -> isize;

/// A function of the library.
fn function(library: *mut c_void, name: &str) -> *mut c_void {
    let name = CString::new(name).unwrap();
    // SAFETY: the library is loaded, and the name ends.
    let found = unsafe { libc::dlsym(library, name.as_ptr()) };
    assert!(!found.is_null(), "the library has no {name:?}");
    found
}

/// Nanoseconds a message, in one round.
fn round(send: impl Fn(isize) -> isize) -> f64 {
    let begun = Instant::now();
    let mut sum = 0;
    for number in 0..MESSAGES {
        sum += send(black_box(number));
    }
    let elapsed = begun.elapsed().as_nanos() as f64;
    assert_eq!(sum, (0..MESSAGES).map(|number| number + 2).sum::<isize>());
    elapsed / MESSAGES as f64
}

fn main() {
    // Tests measure nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let root = opendriver_tests::root();
    let file = root.join("target/library/release/lib/libopendriver.so");
    let name = CString::new(file.to_str().unwrap()).unwrap();
    // SAFETY: the name ends; what the library does when it is loaded is ours.
    let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
    assert!(
        !library.is_null(),
        "{} cannot be loaded; make it with: cargo xtask library --release",
        file.display()
    );
    // SAFETY: the type is that of opendriver's mmsystem.h.
    let open = unsafe { transmute::<*mut c_void, Open>(function(library, "OpenDriverA")) };
    // SAFETY: as above.
    let send = unsafe { transmute::<*mut c_void, Send>(function(library, "SendDriverMessage")) };
    let setup = Setup::from_environment(Some(Path::new("/nonexistent/registry.toml")), []);
    let manager = setup.builder(false).trust_foreign_code().build();

    let files = [Target::Native, Target::Windows64Crt, Target::Windows32Crt]
        .map(|target| fixtures::compiled("obliging", target));
    let names = [
        "echo",
        "a shared object",
        "64-bit Windows",
        "32-bit Windows",
    ];
    println!(
        "\n| driver | Instance::send | Manager::send | SendDriverMessage | more than Manager::send | goal |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (index, what) in names.into_iter().enumerate() {
        let driver = match index {
            0 => "echo",
            index => files[index - 1].to_str().unwrap(),
        };
        measure(&manager, (open, send), driver, what);
    }
}

/// Does something on a thread of its own: the library and this program are two copies of opendriver, and each keeps a Windows process on
/// the threads that enter it.
fn apart<T: std::marker::Send>(act: impl FnOnce() -> T + std::marker::Send) -> T {
    thread::scope(|scope| scope.spawn(act).join().unwrap())
}

/// Rounds of the three take turns, so that what disturbs one disturbs all.
fn measure(manager: &Manager, (open, send): (Open, Send), driver: &str, what: &str) {
    let instance = apart(|| manager.open(driver).unwrap());
    let handle = apart(|| manager.open(driver).unwrap().into_handle().raw());
    let name = CString::new(driver).unwrap();
    // SAFETY: the name ends.
    let hdrvr = apart(|| unsafe { open(name.as_ptr(), std::ptr::null(), 0) });
    assert_ne!(hdrvr, 0, "the library opens {driver}");
    let mut best = [f64::MAX; 3];
    for _ in 0..ROUNDS {
        let user = Message::DRV_USER;
        let times = [
            apart(|| round(|number| instance.send(user, number, 2).unwrap())),
            apart(|| round(|number| manager.send(handle, user, number, 2).unwrap())),
            // SAFETY: the handle is one of the library, and the driver follows no pointer for this message.
            apart(|| round(|number| unsafe { send(hdrvr, user.0, number, 2) })),
        ];
        for (best, time) in best.iter_mut().zip(times) {
            *best = best.min(time);
        }
    }
    let [instance_send, manager_send, library_send] = best;
    println!(
        "| {what} | {instance_send:.1} ns | {manager_send:.1} ns | {library_send:.1} ns | {:+.1} ns | {GOAL:.0} ns |",
        library_send - manager_send
    );
    apart(move || drop(instance));
}
