//! Any bytes at all, as a PE file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| opendriver_fuzz::pe_file::exercise(data));
