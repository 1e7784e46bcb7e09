//! A DLL made by a real compiler, in both widths: mapped, bound, called, broken in every way, unloaded.
#![expect(unsafe_code, reason = "shares memory with a driver")]

#[path = "fixtures/build.rs"]
mod fixture;

use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock};

use fixture::{Quiet, WIDTHS, build, config};
use opendriver_guard::Kind;
use opendriver_win32::{FaultKind, Module, Process, Width, low};

/// Held alone by who looks whether an image is gone: the next one would be mapped at the same place.
static LOADING: RwLock<()> = RwLock::new(());

fn probe(width: Width) -> (Arc<Process>, Module) {
    let process = Process::new(config(width), Arc::new(Quiet));
    let entry = match width {
        Width::Bits64 => "-Wl,-e,DllMainCRTStartup",
        Width::Bits32 => "-Wl,-e,_DllMainCRTStartup@12",
    };
    let libraries = ["-lkernel32", "-luser32", "-lgdi32"];
    let arguments = [&["-nostdlib", entry][..], &libraries].concat();
    let path = build("probe", width, &arguments);
    let _loading = LOADING.read().unwrap_or_else(PoisonError::into_inner);
    let module = process.load(&path).unwrap();
    (process, module)
}

fn call(module: &Module, name: &str, arguments: &[u64]) -> Result<u64, opendriver_win32::Fault> {
    let address = module
        .export(name)
        .unwrap_or_else(|| panic!("no export {name}"));
    let answer = module.process().call(address, arguments)?;
    Ok(match module.process().width() {
        Width::Bits64 => answer,
        // The upper half is not the function's.
        Width::Bits32 => u64::from(answer as u32),
    })
}

/// A page that code of either width reaches, and its address. It is left to the process.
fn page() -> (NonNull<u8>, u64) {
    let page = low::map(4096).expect("there is room below 4 GiB");
    (page, page.addr().get() as u64)
}

/// The address of text that code of either width reaches.
fn text(text: &CStr) -> u64 {
    let (page, address) = page();
    let bytes = text.to_bytes_with_nul();
    // SAFETY: the page is fresh and longer than the few bytes of text.
    unsafe { page.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
    address
}

/// What a driver wrote to a page.
fn written<T: Copy>(page: NonNull<u8>) -> T {
    // SAFETY: the page is larger than the arrays of numbers that are read from it, and nobody writes to it now.
    unsafe { page.cast::<T>().read() }
}

#[test]
fn arguments_arrive_in_order_and_the_answer_comes_back() {
    for width in WIDTHS {
        let (_, module) = probe(width);
        assert_eq!(call(&module, "sum", &[1, 2, 3, 4, 5, 6]), Ok(654_321));
        assert_eq!(
            call(&module, "attach_count", &[]).map(|count| count as u32),
            Ok(1)
        );
    }
}

#[test]
fn a_file_loaded_twice_is_one_module_that_goes_with_the_last() {
    for width in WIDTHS {
        let (process, first) = probe(width);
        let second = process.load(first.path()).unwrap();
        assert_eq!(first.base(), second.base());
        drop(first);
        assert_eq!(
            call(&second, "attach_count", &[]).map(|count| count as u32),
            Ok(1)
        );
        let base = second.base();
        let _alone = LOADING.write().unwrap_or_else(PoisonError::into_inner);
        second.unload().unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        assert!(
            !maps.contains(&format!("{base:x}-")),
            "still mapped at {base:x}"
        );
    }
}

#[test]
fn faults_name_what_happened_and_where() {
    for width in WIDTHS {
        let (_, module) = probe(width);
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
}

#[test]
fn endless_recursion_is_a_stack_overflow_and_the_thread_goes_on() {
    for width in WIDTHS {
        let (_, module) = probe(width);
        for _ in 0..3 {
            let fault = call(&module, "recurse", &[0]).unwrap_err();
            assert!(
                matches!(fault.kind, FaultKind::Machine(Kind::StackOverflow, _)),
                "{fault:?}"
            );
        }
        assert_eq!(call(&module, "twice", &[21]), Ok(42));
    }
}

#[test]
fn a_missing_function_fails_when_it_is_called_and_by_name() {
    for width in WIDTHS {
        let (_, module) = probe(width);
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
}

#[test]
fn the_thread_block_is_where_drivers_read_it() {
    for width in WIDTHS {
        let (_, module) = probe(width);
        assert_eq!(call(&module, "last_error", &[0x1234]), Ok(0x1234));
    }
}

#[test]
fn modules_are_found_by_name_in_any_case() {
    for width in WIDTHS {
        let (_, module) = probe(width);
        assert_eq!(call(&module, "self_by_name", &[]), Ok(module.base()));
        let name = text(c"GetTickCount_that_nobody_has");
        assert_eq!(call(&module, "find", &[name]), Ok(0));
        let name = text(c"SetLastError");
        assert_ne!(call(&module, "find", &[name]), Ok(0));
    }
}

#[test]
fn memory_is_reserved_committed_and_told_truly() {
    for width in WIDTHS {
        let (_, module) = probe(width);
        let (page, address) = page();
        let size = call(&module, "query_own_code", &[address]);
        let (base, state, protection) = match width {
            Width::Bits64 => {
                assert_eq!(size, Ok(48));
                let info: [u64; 6] = written(page);
                (info[1], info[4] as u32, (info[4] >> 32) as u32)
            }
            Width::Bits32 => {
                assert_eq!(size, Ok(28));
                let info: [u32; 7] = written(page);
                (info[1].into(), info[4], info[5])
            }
        };
        assert_eq!(base, module.base());
        assert_eq!(
            (state, protection),
            (0x1000, 0x20),
            "committed, execute and read"
        );
        assert_ne!(call(&module, "alloc_pages", &[]), Ok(0));
    }
}

#[test]
fn the_floating_point_state_is_that_of_a_fresh_windows_process() {
    for width in WIDTHS {
        let (_, module) = probe(width);
        let (page, address) = page();
        call(&module, "mxcsr_and_control", &[address, address + 4]).unwrap();
        let [mxcsr, control]: [u32; 2] = written(page);
        assert_eq!((mxcsr & !0x3F, control), (0x1F80, 0x027F));
    }
}

#[test]
fn two_processes_in_one_thread_do_not_meet() {
    for (one, other) in WIDTHS
        .iter()
        .flat_map(|one| WIDTHS.map(|other| (*one, other)))
    {
        let (_, first) = probe(one);
        let (_, second) = probe(other);
        assert_ne!(first.base(), second.base());
        assert_eq!(call(&first, "last_error", &[7]), Ok(7));
        assert_eq!(call(&second, "last_error", &[8]), Ok(8));
        assert_eq!(call(&first, "twice", &[4]), Ok(8));
    }
}
