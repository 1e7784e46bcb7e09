//! What the manager costs, as ratios within one run: `cargo bench -p opendriver`.
#![expect(
    unsafe_code,
    reason = "counts allocations, and calls a driver directly to compare with"
)]

use std::alloc::{GlobalAlloc, Layout, System as Allocator};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

use opendriver::{DriverId, Instance, LResult, Manager, Message};
use opendriver_abi::DriverProc;
use opendriver_sdk::{BuiltIn, Call};

/// Counts what is allocated and not freed.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all work is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { Allocator.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { Allocator.dealloc(at, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The smallest driver that does something.
const SOURCE: &str = "
    long DriverProc(unsigned long id, unsigned long handle, unsigned message, long p1, long p2) {
        return message == 0x4000 ? p1 + p2 : 1;
    }
";

/// The same, linked in. It keeps nothing for an instance, so that all memory is the manager's.
fn adder() -> BuiltIn {
    BuiltIn::procedure("adder", |_| {
        Box::new(|call: &Call<'_>| -> LResult {
            if call.message == Message::DRV_USER {
                call.param1 + call.param2
            } else {
                1
            }
        })
    })
}

fn compile(folder: &Path) -> PathBuf {
    let (from, to) = (folder.join("adder.c"), folder.join("adder.so"));
    fs::write(&from, SOURCE).expect("the folder can be written");
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let done = Command::new(compiler)
        .args(["-shared", "-fPIC", "-O2", "-o"])
        .args([&to, &from])
        .status();
    assert!(done.expect("a C compiler is installed").success());
    to
}

/// How many rounds there are.
const ROUNDS: u32 = 100;

/// The best of many short rounds, in nanoseconds for one: a round that nothing else on the machine got into.
fn best(count: u32, mut round: impl FnMut(u32)) -> f64 {
    let one = |round: &mut dyn FnMut(u32)| {
        let begun = Instant::now();
        round(count);
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(count)
    };
    one(&mut round);
    (0..ROUNDS)
        .map(|_| one(&mut round))
        .fold(f64::INFINITY, f64::min)
}

fn row(what: &str, nanoseconds: f64, base: f64, goal: &str) {
    println!(
        "| {what} | {nanoseconds:.1} ns | {:.2}x | {goal} |",
        nanoseconds / base
    );
}

fn heading(title: &str) {
    println!("\n| {title} | time | ratio | goal |\n| --- | --- | --- | --- |");
}

fn send_many(instance: &Instance, count: u32) {
    for n in 0..count {
        black_box(
            instance
                .send(Message::DRV_USER, black_box(n as isize), 7)
                .expect("the driver answers"),
        );
    }
}

fn messages(manager: &Manager, file: &Path) {
    // SAFETY: this program wrote the file.
    let library = unsafe { libloading::Library::new(file) }.expect("it was just compiled");
    // SAFETY: the symbol is of this type.
    let proc = *unsafe { library.get::<DriverProc>(b"DriverProc\0") }.expect("it is there");
    let proc = black_box(proc);
    let direct = best(50_000, |count| {
        for n in 0..count {
            // SAFETY: the driver takes any numbers.
            black_box(unsafe { proc(1, 1, 0x4000, black_box(n as isize), 7) });
        }
    });
    let native = manager
        .open(file.to_str().expect("the path is text"))
        .expect("it opens");
    let builtin = manager.open("adder").expect("it opens");
    let handle = builtin.handle().raw();

    heading("one message");
    let guest = black_box(adder().load(std::sync::Arc::new(opendriver_sdk::NoHost)));
    let own = builtin.handle();
    let guest_direct = best(50_000, |count| {
        for n in 0..count {
            let call = Call::new(
                DriverId(1),
                own,
                Message::DRV_USER,
                black_box(n as isize),
                7,
            );
            black_box(guest.call(&call));
        }
    });
    row(
        "C driver, called through a function pointer",
        direct,
        direct,
        "",
    );
    row(
        "C driver, sent to",
        best(50_000, |count| send_many(&native, count)),
        direct,
        "3x",
    );
    row(
        "SDK driver, called directly",
        guest_direct,
        guest_direct,
        "",
    );
    row(
        "SDK driver, sent to",
        best(50_000, |count| send_many(&builtin, count)),
        guest_direct,
        "3x",
    );
    let by_handle = best(50_000, |count| {
        for n in 0..count {
            let sent = manager.send(handle, Message::DRV_USER, black_box(n as isize), 7);
            black_box(sent.expect("the driver answers"));
        }
    });
    row(
        "SDK driver, sent to by its handle",
        by_handle,
        guest_direct,
        "3x",
    );

    heading("two threads, messages in the time of one on one thread");
    let one = best(50_000, |count| send_many(&builtin, count));
    let other = manager.open("adder").expect("it opens");
    let two = |pair: [&Instance; 2]| {
        best(400_000, |count| {
            let barrier = Barrier::new(2);
            thread::scope(|scope| {
                for instance in pair {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        send_many(instance, count);
                    });
                }
            });
        })
    };
    let scale = |what: &str, time: f64, goal: &str| {
        println!(
            "| {what} | {time:.1} ns | {:.2}x | {goal} |",
            2.0 * one / time
        )
    };
    scale("two instances", two([&builtin, &other]), "1.8x");
    scale("one instance", two([&builtin, &builtin]), "");
}

fn crowds(manager: &Manager) {
    heading("one message among many instances");
    let mut base = None;
    for live in [1_usize, 1_000, 1_000_000] {
        let before = HELD.load(Ordering::Relaxed);
        let instances: Vec<Instance> = (0..live)
            .map(|_| manager.open("adder").expect("it opens"))
            .collect();
        let each = (HELD.load(Ordering::Relaxed) - before) as f64 / live as f64;
        let middle = &instances[live / 2];
        let time = best(50_000, |count| send_many(middle, count));
        let base = *base.get_or_insert(time);
        row(&format!("{live} live, one of them"), time, base, "1.5x");
        let all = best(50_000, |count| {
            for n in 0..count {
                let instance = &instances[n as usize % live];
                black_box(
                    instance
                        .send(Message::DRV_USER, black_box(n as isize), 7)
                        .expect("the driver answers"),
                );
            }
        });
        row(
            &format!("{live} live, one after the other"),
            all,
            base,
            "1.5x",
        );
        if live == 1_000_000 {
            println!("\n{each:.0} bytes an instance, the owner's included (goal: 160)");
        }
    }
}

fn opens(manager: &Manager, file: &Path) {
    heading("further open and close");
    let file = file.to_str().expect("the path is text");
    manager
        .registry()
        .set_value("Drivers32", "alias", "adder")
        .expect("it is in memory");
    manager
        .registry()
        .set_value("Drivers32", "native", file)
        .expect("it is in memory");
    let _kept = [
        manager.open("adder").expect("it opens"),
        manager.open(file).expect("it opens"),
    ];
    for (what, name) in [
        ("builtin", "adder"),
        ("builtin, by alias", "alias"),
        ("native, by path", file),
        ("native, by alias", "native"),
    ] {
        let time = best(1_000, |count| {
            for _ in 0..count {
                manager
                    .open(name)
                    .expect("it opens")
                    .close(0, 0)
                    .expect("it closes");
            }
        });
        row(what, time, 1000.0, "1000 ns");
    }
    drop(_kept);
    let time = best(10, |count| {
        for _ in 0..count {
            manager
                .open(file)
                .expect("it opens")
                .close(0, 0)
                .expect("it closes");
        }
    });
    row("native, first open and last close", time, 1000.0, "");
}

fn main() {
    // Tests run benches too, in code that is not optimised; there is nothing to measure then.
    if !env::args().any(|word| word == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let file = compile(folder.path());
    let manager = Manager::builder()
        .builtin(adder())
        .trust_foreign_code()
        .build();
    // A word after `--` picks one group.
    let wanted = env::args().skip(1).find(|word| !word.starts_with('-'));
    let wants = |group: &str| wanted.as_deref().is_none_or(|wanted| wanted == group);
    if wants("messages") {
        messages(&manager, &file);
    }
    if wants("crowds") {
        crowds(&manager);
    }
    if wants("opens") {
        opens(&manager, &file);
    }
}
