//! Pointers, handles and structures that are none.

use crate::{Program, obliging};

#[test]
fn what_windows_would_refuse_is_refused_and_said() {
    let drivers = obliging();
    let drivers = drivers.each_ref().map(String::as_str);
    assert_eq!(Program::build("pointers").run(&drivers), "done\n");
}

#[test]
fn nothing_opens_that_a_program_cannot_be_told_of_and_all_closes_that_fails_to() {
    assert_eq!(Program::build("streams").run(&[]), "done\n");
}

#[test]
fn a_program_keeps_its_own_signal_handlers() {
    let drivers = obliging();
    let [native, wide, narrow] = drivers.each_ref().map(String::as_str);
    let program = Program::build("handlers");
    for flags in [
        0,
        libc::SA_ONSTACK,
        libc::SA_NODEFER,
        libc::SA_ONSTACK | libc::SA_NODEFER,
    ] {
        let said = program.run(&[&flags.to_string(), native, wide, narrow]);
        assert_eq!(said, "8\n", "{flags:#x}");
    }
}

#[test]
fn a_program_may_let_go_of_the_library_and_load_it_again() {
    let program = Program::build("loading");
    for name in ["libopendriver.so.0", "libwinmm.so", "libwinmm.dll.so"] {
        let library = opendriver_tests::library::lib().join(name);
        for driver in obliging() {
            let said = program.run(&[library.to_str().unwrap(), &driver]);
            assert_eq!(said, "loaded\nown fault\n", "{name} {driver}");
        }
    }
}
