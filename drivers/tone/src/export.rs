//! The tone driver as a shared object.
#![forbid(unsafe_code)]

opendriver_sdk::export_driver!(opendriver_tone::Tones);
