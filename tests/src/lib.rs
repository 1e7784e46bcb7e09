//! The conformance suite and the tests that need several crates.
