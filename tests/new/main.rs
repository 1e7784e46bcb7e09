//! `drv new`: each project that it writes builds, passes its own test, opens, and does what its README says.

mod project;

mod plain;

mod sound;

mod pictures;

mod spied;
