//! YUV4MPEG2 (Y4M): uncompressed pictures with their size and rate, as video programs hand them to one another through pipes.

mod header;

mod reader;

mod writer;

pub use reader::Reader;
pub use writer::{Options, Writer};

/// What errors call these files.
const Y4M: &str = "Y4M";

/// How a file begins.
const MAGIC: &str = "YUV4MPEG2";

/// How a frame begins; parameters may follow, and a line feed does.
const FRAME: &str = "FRAME";
