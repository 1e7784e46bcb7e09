//! The converter of plain samples as a shared object.
#![forbid(unsafe_code)]

opendriver_sdk::export_driver!(opendriver_pcm::Pcm);
