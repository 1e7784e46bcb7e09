//! Write installable drivers in safe Rust.
