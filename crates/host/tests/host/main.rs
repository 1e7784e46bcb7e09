//! The manager as programs and drivers see it, with drivers made for each test.

mod driver;

mod life;
