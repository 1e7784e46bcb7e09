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
#[expect(unreachable_pub, reason = "the fuzzer calls it from another crate")]
mod pe_file;
