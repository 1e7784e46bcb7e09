//! Any bytes at all, as an AVI file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| opendriver_fuzz::avi_reader::exercise(data));
