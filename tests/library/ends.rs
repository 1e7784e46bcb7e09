//! Programs, threads and processes that end with drivers open.

use crate::{Program, obliging};

/// What the program prints, with plain names for the drivers.
fn said(case: &str) -> Vec<String> {
    let drivers = obliging();
    let [native, wide, narrow] = drivers.each_ref().map(String::as_str);
    let said = Program::build("ends").run(&[case, native, wide, narrow]);
    let names = [(native, "native"), (wide, "wide"), (narrow, "narrow")];
    let said = names.into_iter().fold(said, |said, (file, name)| {
        said.replace(file.rsplit('/').next().unwrap_or(file), name)
    });
    said.lines().map(|line| line.replace("DRV_", "")).collect()
}

/// What was said behind a line.
fn behind<'a>(said: &'a [String], line: &str) -> &'a [String] {
    let at = said.iter().position(|it| it == line);
    &said[at.unwrap_or_else(|| panic!("no {line:?} in {said:?}")) + 1..]
}

#[test]
fn drivers_that_are_left_open_hear_of_the_end_of_the_program() {
    let expected = [
        "native EXITSESSION",
        "wide EXITSESSION",
        "narrow EXITSESSION",
        "native EXITSESSION",
        "native CLOSE",
        "narrow CLOSE",
        "narrow DISABLE",
        "narrow FREE",
        "wide CLOSE",
        "wide DISABLE",
        "wide FREE",
        "native CLOSE",
        "native DISABLE",
        "native FREE",
    ];
    assert_eq!(behind(&said("left"), "end"), expected);
}

#[test]
fn a_codec_hears_of_the_end_before_its_own_objects_are_destroyed() {
    let expected = [
        "native LOAD",
        "native ENABLE",
        "native OPEN",
        "native EXITSESSION",
        "native CLOSE",
        "native DISABLE",
        "native FREE",
    ];
    assert_eq!(behind(&said("codec left"), "installed"), expected);
}

#[test]
fn a_program_may_fork_while_a_thread_is_at_its_first_use() {
    assert!(said("thread forks").is_empty());
}

#[test]
fn a_thread_that_never_leaves_a_driver_does_not_keep_a_program_from_ending() {
    let expected = [
        "echo EXITSESSION",
        "echo CLOSE",
        "echo DISABLE",
        "echo FREE",
    ];
    assert_eq!(behind(&said("blocked"), "end"), expected);
}

#[test]
fn a_program_may_end_inside_a_message() {
    let expected = [
        "echo EXITSESSION",
        "echo CLOSE",
        "echo DISABLE",
        "echo FREE",
    ];
    assert_eq!(behind(&said("inside"), "end"), expected);
}

#[test]
fn handlers_of_the_end_may_call_drivers_and_open_more() {
    let said = said("atexit");
    let expected = [
        "echo EXITSESSION",
        "echo CLOSE",
        "echo DISABLE",
        "echo FREE",
        "registered first",
        "pcm LOAD",
        "pcm ENABLE",
        "pcm OPEN",
        "pcm EXITSESSION",
        "pcm CLOSE",
        "pcm DISABLE",
        "pcm FREE",
    ];
    assert_eq!(behind(&said, "registered last"), expected);
}

#[test]
fn a_destructor_of_a_library_may_call_drivers() {
    let said = said("destructor");
    let expected = [
        "echo EXITSESSION",
        "echo CLOSE",
        "echo DISABLE",
        "echo FREE",
        "echo LOAD",
        "echo ENABLE",
        "echo OPEN",
        "echo CLOSE",
        "echo DISABLE",
        "echo FREE",
        "destructor",
    ];
    assert_eq!(behind(&said, "echo OPEN"), expected);
}

#[test]
fn a_program_that_is_cut_off_tells_nobody() {
    assert_eq!(said("killed"), ["echo LOAD", "echo ENABLE", "echo OPEN"]);
}

#[test]
fn the_last_destructors_of_a_thread_may_call_drivers() {
    assert!(said("thread ends").is_empty());
}

#[test]
fn threads_open_and_close_at_once() {
    assert!(said("threads at once").is_empty());
}

#[test]
fn a_program_may_end_while_its_threads_open_and_close() {
    for _ in 0..10 {
        assert!(said("threads go on").is_empty());
    }
}

#[test]
fn a_forked_child_begins_with_nothing_open() {
    let said = said("fork");
    let child = behind(&said, "child");
    let expected = [
        "echo LOAD",
        "echo ENABLE",
        "echo OPEN",
        "native LOAD",
        "native ENABLE",
        "native OPEN",
        "native CLOSE",
        "native DISABLE",
        "native FREE",
        "echo EXITSESSION",
        "echo CLOSE",
        "echo DISABLE",
        "echo FREE",
        "parent",
    ];
    assert_eq!(child[..expected.len()], expected);
    assert_eq!(child[expected.len()], "echo CLOSE");
}
