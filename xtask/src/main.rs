//! Development tasks of opendriver.

fn main() {}
