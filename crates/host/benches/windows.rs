//! What a Windows driver of either width costs, beside the same driver as a shared object: `cargo bench -p opendriver --bench windows`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use opendriver::{Instance, Manager, Message};

/// The smallest driver that does something, and one message that asks the system.
const SOURCE: &str = "
    #ifdef _WIN32
    #define EXPORT __declspec(dllexport)
    __declspec(dllimport) unsigned __stdcall GetLastError(void);
    int __stdcall DllMain(void *module, unsigned reason, void *reserved) { return 1; }
    #else
    #define EXPORT
    #define __stdcall
    static unsigned GetLastError(void) { return 0; }
    #endif
    typedef __INTPTR_TYPE__ word;
    EXPORT word __stdcall DriverProc(word id, word handle, unsigned message, word p1, word p2) {
        if (message == 0x4001) {
            word sum = 0;
            while (p1-- > 0)
                sum += GetLastError();
            return sum;
        }
        return message == 0x4000 ? p1 + p2 : 1;
    }
";

fn compile(folder: &Path, compiler: &str, library: &str, flags: &[&str]) -> PathBuf {
    let (from, to) = (folder.join("adder.c"), folder.join(library));
    fs::write(&from, SOURCE).expect("the folder can be written");
    let status = Command::new(compiler)
        .args(["-shared", "-O2", "-o"])
        .args([&to, &from])
        .args(flags)
        .status();
    let done = status.unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(done.success(), "{compiler} failed");
    to
}

/// The median of several rounds, in nanoseconds for one.
fn median(count: u32, mut round: impl FnMut(u32)) -> f64 {
    round(count);
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let begun = Instant::now();
            round(count);
            begun.elapsed().as_secs_f64() * 1e9 / f64::from(count)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn row(what: &str, nanoseconds: f64, base: f64) {
    println!(
        "| {what} | {nanoseconds:.1} ns | {:.2} |",
        nanoseconds / base
    );
}

fn send(instance: &Instance, message: u32, count: u32) {
    for number in 0..count {
        let sum = instance.send(Message(message), number as isize, 1);
        assert_eq!(sum.expect("the driver answers"), number as isize + 1);
    }
}

fn manager() -> Manager {
    Manager::builder().trust_foreign_code().build()
}

fn main() {
    // Tests run benches too, in code that is not optimised; there is nothing to measure then.
    if !env::args().any(|word| word == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let native = compile(folder.path(), "gcc", "adder.so", &["-fPIC"]);
    let windows = compile(
        folder.path(),
        "x86_64-w64-mingw32-gcc",
        "adder.dll",
        &["-nostdlib", "-Wl,-e,DllMain", "-lkernel32"],
    );
    let windows_32 = compile(
        folder.path(),
        "i686-w64-mingw32-gcc",
        "adder32.dll",
        &[
            "-nostdlib",
            "-Wl,--kill-at",
            "-Wl,-e,_DllMain@12",
            "-lkernel32",
        ],
    );
    let open = |manager: &Manager, file: &Path| {
        manager
            .open(file.to_str().expect("UTF-8"))
            .expect("it opens")
    };

    println!("| what | time | ratio to the shared object |\n| --- | ---: | ---: |");
    let manager_of_both = manager();
    let instances = [
        open(&manager_of_both, &native),
        open(&manager_of_both, &windows),
        open(&manager_of_both, &windows_32),
    ];
    let [base, there, there_32] = instances
        .each_ref()
        .map(|instance| median(200_000, |count| send(instance, 0x4000, count)));
    row("one message to a shared object", base, base);
    row("one message to a Windows driver", there, base);
    row("one message to a 32-bit Windows driver", there_32, base);
    let calls = |instance: &Instance| {
        median(200_000, |count| {
            instance
                .send(Message(0x4001), count as isize, 0)
                .expect("the driver answers");
        })
    };
    let [call, call_32] = [&instances[1], &instances[2]].map(calls);
    row("one call of a Windows function from the driver", call, base);
    row("the same from a 32-bit driver", call_32, base);

    let files = [&native, &windows, &windows_32];
    let further = files.map(|file| {
        median(5_000, |count| {
            for _ in 0..count {
                open(&manager_of_both, file).close(0, 0).expect("it closes");
            }
        })
    });
    row(
        "a further open and close of a shared object",
        further[0],
        further[0],
    );
    row(
        "a further open and close of a Windows driver",
        further[1],
        further[0],
    );
    row(
        "a further open and close of a 32-bit Windows driver",
        further[2],
        further[0],
    );

    let fresh = manager();
    let mut first = files.map(|file| {
        median(200, |count| {
            for _ in 0..count {
                open(&fresh, file).close(0, 0).expect("it closes");
            }
        })
    });
    row(
        "a first open and last close of a shared object",
        first[0],
        first[0],
    );
    row(
        "a first open and last close of a Windows driver",
        first[1],
        first[0],
    );
    row(
        "a first open and last close of a 32-bit Windows driver",
        first[2],
        first[0],
    );
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/drivers");
    for name in ["msadp32.acm", "msvidc32.dll", "l3codeca.acm"] {
        for (folder, bits) in [("x86_64", 64), ("i386", 32)] {
            let file = target.join(folder).join(name);
            if !file.exists() {
                println!("\n{} is not there: cargo xtask drivers", file.display());
                continue;
            }
            first[1] = median(200, |count| {
                for _ in 0..count {
                    open(&fresh, &file).close(0, 0).expect("it closes");
                }
            });
            row(
                &format!("a first open and last close of {name}, {bits} bits"),
                first[1],
                first[0],
            );
        }
    }
    println!("\n| what 32 bits cost beyond 64 | time | goal |\n| --- | ---: | --- |");
    let beyond = |what, nanoseconds: f64, goal| {
        println!("| {what} | {nanoseconds:.1} ns | {goal} |");
    };
    beyond("one message", there_32 - there, "at most 150 ns");
    beyond("one call of a Windows function", call_32 - call, "");
}
