//! A DLL made by a real compiler: mapped, bound, called, broken in every way, unloaded.

#[path = "fixtures/build.rs"]
mod fixture;

use std::sync::Arc;

use fixture::{Quiet, build};
use opendriver_guard::Kind;
use opendriver_win32::{Config, FaultKind, Module, Process};

fn probe() -> (Arc<Process>, Module) {
    let process = Process::new(Config::default(), Arc::new(Quiet));
    let path = build("probe", &["-nostdlib", "-lkernel32", "-luser32", "-lgdi32"]);
    let module = process.load(&path).unwrap();
    (process, module)
}

fn call(module: &Module, name: &str, arguments: &[u64]) -> Result<u64, opendriver_win32::Fault> {
    let address = module
        .export(name)
        .unwrap_or_else(|| panic!("no export {name}"));
    module.process().call(address, arguments)
}

#[test]
fn arguments_arrive_in_order_and_the_answer_comes_back() {
    let (_, module) = probe();
    assert_eq!(call(&module, "sum", &[1, 2, 3, 4, 5, 6]), Ok(654_321));
    assert_eq!(
        call(&module, "attach_count", &[]).map(|count| count as u32),
        Ok(1)
    );
}

#[test]
fn a_file_loaded_twice_is_one_module_that_goes_with_the_last() {
    let (process, first) = probe();
    let second = process.load(first.path()).unwrap();
    assert_eq!(first.base(), second.base());
    drop(first);
    assert_eq!(
        call(&second, "attach_count", &[]).map(|count| count as u32),
        Ok(1)
    );
    let base = second.base();
    second.unload().unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    assert!(
        !maps.contains(&format!("{base:x}-")),
        "still mapped at {base:x}"
    );
}

#[test]
fn faults_name_what_happened_and_where() {
    let (_, module) = probe();
    let kinds = [
        ("read_nowhere", Kind::Read, Some(0x10)),
        ("write_nowhere", Kind::Write, Some(0x10)),
        ("illegal", Kind::IllegalInstruction, None),
    ];
    for (name, kind, address) in kinds {
        let fault = call(&module, name, &[]).unwrap_err();
        match fault.kind {
            FaultKind::Machine(found, at) => {
                assert_eq!(found, kind, "{name}");
                assert!(address.is_none() || at == address, "{name}: {at:?}");
            }
            other => panic!("{name}: {other:?}"),
        }
        let place = fault.place.expect("in the module");
        assert!(place.starts_with("probe.dll+0x"), "{place}");
    }
    let fault = call(&module, "divide", &[1, 0]).unwrap_err();
    assert!(
        matches!(fault.kind, FaultKind::Machine(Kind::Division, _)),
        "{fault:?}"
    );
    assert_eq!(call(&module, "divide", &[6, 2]), Ok(3));
}

#[test]
fn endless_recursion_is_a_stack_overflow_and_the_thread_goes_on() {
    let (_, module) = probe();
    for _ in 0..3 {
        let fault = call(&module, "recurse", &[0]).unwrap_err();
        assert!(
            matches!(fault.kind, FaultKind::Machine(Kind::StackOverflow, _)),
            "{fault:?}"
        );
    }
    assert_eq!(call(&module, "twice", &[21]), Ok(42));
}

#[test]
fn a_missing_function_fails_when_it_is_called_and_by_name() {
    let (_, module) = probe();
    let fault = call(&module, "call_missing", &[]).unwrap_err();
    let FaultKind::Missing { dll, name } = &fault.kind else {
        panic!("{fault:?}")
    };
    assert_eq!(
        (dll.to_lowercase().as_str(), name.as_str()),
        ("gdi32.dll", "CancelDC")
    );
    assert!(
        fault
            .to_string()
            .contains("CancelDC is not implemented at probe.dll+0x"),
        "{fault}"
    );
}

#[test]
fn the_thread_block_is_where_drivers_read_it() {
    let (_, module) = probe();
    assert_eq!(call(&module, "last_error", &[0x1234]), Ok(0x1234));
}

#[test]
fn modules_are_found_by_name_in_any_case() {
    let (_, module) = probe();
    assert_eq!(call(&module, "self_by_name", &[]), Ok(module.base()));
    let name = c"GetTickCount_that_nobody_has";
    assert_eq!(call(&module, "find", &[name.as_ptr() as u64]), Ok(0));
    let name = c"SetLastError";
    assert_ne!(call(&module, "find", &[name.as_ptr() as u64]), Ok(0));
}

#[test]
fn memory_is_reserved_committed_and_told_truly() {
    let (_, module) = probe();
    let mut info = [0_u64; 6];
    assert_eq!(
        call(&module, "query_own_code", &[info.as_mut_ptr() as u64]),
        Ok(48)
    );
    assert_eq!(info[1], module.base());
    let (state, protection) = (info[4] as u32, (info[4] >> 32) as u32);
    assert_eq!(
        (state, protection),
        (0x1000, 0x20),
        "committed, execute and read"
    );
    assert_ne!(call(&module, "alloc_pages", &[]), Ok(0));
}

#[test]
fn the_floating_point_state_is_that_of_a_fresh_windows_process() {
    let (_, module) = probe();
    let (mut mxcsr, mut control) = (0_u32, 0_u16);
    let arguments = [(&raw mut mxcsr) as u64, (&raw mut control) as u64];
    call(&module, "mxcsr_and_control", &arguments).unwrap();
    assert_eq!((mxcsr & !0x3F, control), (0x1F80, 0x027F));
}

#[test]
fn two_processes_in_one_thread_do_not_meet() {
    let (_, first) = probe();
    let (_, second) = probe();
    assert_ne!(first.base(), second.base());
    assert_eq!(call(&first, "last_error", &[7]), Ok(7));
    assert_eq!(call(&second, "last_error", &[8]), Ok(8));
    assert_eq!(call(&first, "twice", &[4]), Ok(8));
}
