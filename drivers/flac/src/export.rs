//! The FLAC driver as a shared object.
#![forbid(unsafe_code)]

opendriver_sdk::export_driver!(opendriver_flac::Flac);
