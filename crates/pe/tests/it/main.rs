//! What the reader and the mapper promise, on built, compiled, broken and real images.

mod broken;
mod builder;
mod compiled;
mod corpus;
mod described;
mod drivers;
mod headers;
mod mapped;
#[path = "../../../../fuzz/src/pe_file.rs"]
mod pe_file;
