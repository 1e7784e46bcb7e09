//! The tone driver from outside: a file of its own, and linked in.

use opendriver::{Instance, Manager, OpenOptions, Registry};
use opendriver_tests::example::shared_object;
use opendriver_tests::house::DRIVERS32;

fn samples(tone: &Instance, count: usize) -> Vec<u8> {
    let block = tone.memory().unwrap().allocate(count * 2).unwrap();
    let length = block.len().cast_signed();
    assert_eq!(
        tone.send(tone::FILL, block.address(), length).unwrap(),
        length
    );
    block.to_vec()
}

#[test]
fn both_ways_in_make_the_same_samples() {
    let file = shared_object("opendriver-tone", "tone");
    let registry = Registry::in_memory();
    for (alias, file) in [("in", "tone"), ("out", file.to_str().unwrap())] {
        let entry = format!("{file} 261.63,triangle,22050");
        registry.set_value(DRIVERS32, alias, entry).unwrap();
    }
    let manager = Manager::builder().registry(registry);
    let manager = manager.builtin(tone::driver()).trust_foreign_code().build();
    let tones = ["in", "out"].map(|alias| manager.open_with(OpenOptions::new(alias)).unwrap());
    assert_eq!(manager.modules().len(), 2);
    for count in [1, 999, 5000] {
        let [inside, outside] = tones.each_ref().map(|tone| samples(tone, count));
        assert_eq!(inside, outside);
        assert!(inside.iter().any(|&byte| byte != 0));
    }
}

#[test]
fn a_buffer_beyond_the_memory_is_refused_not_written() {
    let manager = Manager::builder().builtin(tone::driver()).build();
    let tone = manager.open("tone").unwrap();
    for (address, length) in [(0x10, 4), (0, isize::MAX), (-4096, 4096)] {
        let answer = tone.send(tone::FILL, address, length).unwrap();
        assert!(answer < 0, "{answer}");
    }
    assert_eq!(tone.send(tone::FREQUENCY, 0, 0).unwrap(), 440_000);
}
