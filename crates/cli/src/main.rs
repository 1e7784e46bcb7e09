//! drv: installable drivers at the command line.

fn main() {}
