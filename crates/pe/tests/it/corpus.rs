//! Replays what the fuzzer found worth keeping, on the stable compiler.

use std::fs;
use std::path::Path;

use crate::pe_file::exercise;

#[test]
fn every_file_of_the_corpus_is_read_or_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pe_file");
    let mut count = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        exercise(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 20, "the corpus has only {count} files");
}
