//! The manager as programs and drivers see it, with drivers made for each test.

mod driver;

mod life;

mod reentry;

mod threads;

mod settings;

mod shutdown;

mod faults;

#[cfg(all(feature = "native", target_os = "linux"))]
mod native;
