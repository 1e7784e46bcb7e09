//! What the fuzz targets do with their input, shared with the tests that replay the corpus.

pub mod avi_reader;
pub mod pe_file;
pub mod wav_reader;

mod place;
