//! Any bytes at all, as a WAV file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| opendriver_fuzz::wav_reader::exercise(data));
