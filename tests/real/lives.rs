//! Real drivers come and go a thousand times, and leave nothing behind.
//!
//! Alone in its process, since it watches what the process takes.

use opendriver::{Manager, Width};

use opendriver_tests::real::DRIVERS;

/// How often each driver is loaded, opened three times, closed and unloaded.
const ROUNDS: usize = 1000;

/// What may be left of a warm-up: the allocator's own slack. A leak of one page a round would be sixteen times that.
const SLACK: usize = 256 * 1024;

#[test]
fn a_thousand_lives_leave_no_memory_behind() {
    let manager = Manager::builder().trust_foreign_code().build();
    let widths = [Width::W64, Width::W32];
    let drivers = widths
        .iter()
        .flat_map(|width| DRIVERS.map(|driver| driver.path(*width)));
    for file in drivers {
        let name = file.to_str().expect("target/ has a UTF-8 name");
        for _ in 0..ROUNDS / 10 {
            live(&manager, name);
        }
        let before = Footprint::now();
        for _ in 0..ROUNDS {
            live(&manager, name);
        }
        let after = Footprint::now();
        assert!(
            after.mappings <= before.mappings && after.resident <= before.resident + SLACK,
            "{}: {ROUNDS} lives grew from {before:?} to {after:?}",
            file.display()
        );
    }
}

/// One life of a module: three instances open together and are closed in opening order.
fn live(manager: &Manager, name: &str) {
    let instances = [(); 3].map(|()| {
        manager
            .open(name)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    });
    assert_eq!(manager.modules().len(), 1);
    for instance in instances {
        instance
            .close(0, 0)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(manager.modules().is_empty(), "{name} is still loaded");
}

/// What the process takes.
#[derive(Debug)]
struct Footprint {
    /// Bytes in memory.
    resident: usize,
    mappings: usize,
}

impl Footprint {
    fn now() -> Self {
        let status =
            std::fs::read_to_string("/proc/self/status").expect("Linux says how a process is");
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("it says VmRSS");
        let kilobytes: usize = resident
            .trim_end_matches("kB")
            .trim()
            .parse()
            .expect("VmRSS is a number");
        let mappings = std::fs::read_to_string("/proc/self/maps")
            .expect("Linux says what is mapped")
            .lines()
            .count();
        Self {
            resident: kilobytes * 1024,
            mappings,
        }
    }
}
