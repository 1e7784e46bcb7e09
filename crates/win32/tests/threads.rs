//! Threads that a driver starts: told of, kept apart, and harmless when they are left behind.
#![expect(unsafe_code, reason = "looks at variables of a driver")]

#[path = "fixtures/build.rs"]
mod fixture;

use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};

use fixture::{Quiet, WIDTHS, build, config};
use opendriver_win32::{
    Drivers, Fault, Module, Process, Registry, Report, Station, TracedCall, Width,
};

fn load(width: Width, station: Arc<dyn Station>) -> Module {
    let process = Process::new(config(width), station);
    process
        .load(&build("threads", width, &["-static"]))
        .unwrap()
}

fn call(module: &Module, name: &str, arguments: &[u64]) -> Result<u64, Fault> {
    let address = module
        .export(name)
        .unwrap_or_else(|| panic!("no export {name}"));
    module.process().call(address, arguments)
}

/// A variable of the driver.
fn variable(module: &Module, name: &str) -> &'static AtomicI32 {
    let answer = call(module, name, &[]).unwrap();
    let address = match module.process().width() {
        Width::Bits64 => answer,
        Width::Bits32 => u64::from(answer as u32),
    };
    // SAFETY: the variable lies in an image that stays mapped while a thread of it runs, which each caller sees to.
    unsafe { &*(address as *const AtomicI32) }
}

#[test]
fn threads_share_without_losing_and_own_what_is_theirs() {
    for width in WIDTHS {
        let module = load(width, Arc::new(Quiet));
        assert_eq!(
            call(&module, "count_together", &[6, 3000]).map(|all| all as u32),
            Ok(1)
        );
        assert_eq!(
            call(&module, "produce", &[2000]).map(|all| all as u32),
            Ok(2000)
        );
        assert_eq!(
            call(&module, "slices", &[100, 8]).map(|all| all as u32),
            Ok(800)
        );
        assert_eq!(
            call(&module, "suspended_start", &[]).map(|all| all as u32),
            Ok(1)
        );
    }
}

#[test]
fn an_image_is_told_of_threads_that_come_and_go() {
    for width in WIDTHS {
        let module = load(width, Arc::new(Quiet));
        assert_eq!(call(&module, "told", &[]).map(|all| all as u32), Ok(100));
        assert_eq!(
            call(&module, "count_together", &[3, 1]).map(|all| all as u32),
            Ok(1)
        );
        assert_eq!(call(&module, "told", &[]).map(|all| all as u32), Ok(133));
    }
}

#[test]
fn threads_that_a_driver_leaves_behind_outlive_it_without_harm() {
    for width in WIDTHS {
        let module = load(width, Arc::new(Quiet));
        call(&module, "leave_threads_behind", &[]).unwrap();
        let (running, stop) = (
            variable(&module, "running_at"),
            variable(&module, "stop_at"),
        );
        let process = module.process().clone();
        module.unload().unwrap();
        drop(process);
        // The thread still counts in code of a DLL that nobody has loaded any more.
        let before = running.load(Ordering::SeqCst);
        while running.load(Ordering::SeqCst) == before {
            std::thread::yield_now();
        }
        stop.store(1, Ordering::SeqCst);
    }
}

/// A station that keeps what it hears of threads.
#[derive(Default)]
struct Ward {
    broken: Mutex<Vec<String>>,
}

impl Station for Ward {
    fn registry(&self) -> &dyn Registry {
        &Quiet
    }
    fn drivers(&self) -> &dyn Drivers {
        &Quiet
    }
    fn report(&self, _: Report) {}
    fn trace(&self, _: TracedCall) {}
    fn thread_broke(&self, image: Option<&Path>, fault: &Fault) {
        let image = image
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned());
        self.broken
            .lock()
            .unwrap()
            .push(format!("{image:?}: {fault}"));
    }
}

#[test]
fn a_thread_that_breaks_ends_alone() {
    for width in WIDTHS {
        let ward = Arc::new(Ward::default());
        let module = load(width, ward.clone());
        assert_eq!(
            call(&module, "break_a_thread", &[]).map(|code| code as u32),
            Ok(u32::MAX)
        );
        let broken = ward.broken.lock().unwrap().clone();
        let [one] = &broken[..] else {
            panic!("{broken:?}")
        };
        assert!(
            one.starts_with("Some(\"threads.dll\"): read of address 0x48 at threads.dll+0x"),
            "{one}"
        );
        assert_eq!(
            call(&module, "count_together", &[2, 10]).map(|all| all as u32),
            Ok(1)
        );
    }
}
