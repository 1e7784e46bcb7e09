//! The ways in which the logging driver gets into a manager: one for each backend.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use opendriver::backend::windows::{Mechanism, Windows};
use opendriver::{Builder, Registry, Width};

use crate::board::Board;
use crate::fixtures::{self, Target};
use crate::logging;

/// A backend, as the suite needs to know it.
pub trait Kind: Sync {
    /// How wide parameters and identifiers are in the driver's world.
    fn width(&self) -> Width {
        Width::HOST
    }

    /// Makes a logging driver that shares `board` with the test. Answers the builder of a manager
    /// that may open it, and the file that an entry in the registry names it by.
    fn place(
        &self,
        builder: Builder,
        folder: &Path,
        name: &str,
        board: &Arc<Board>,
    ) -> (Builder, String);
}

/// A driver that is linked into the program.
pub struct BuiltIn;

impl Kind for BuiltIn {
    fn place(
        &self,
        builder: Builder,
        _folder: &Path,
        name: &str,
        board: &Arc<Board>,
    ) -> (Builder, String) {
        let file = format!("{name}-linked-in");
        (builder.builtin(logging::driver(&file, board)), file)
    }
}

/// A driver in a file of its own.
pub struct Compiled(pub Target);

/// What stands before the address of the board in the file.
const MARK: &[u8; 16] = b"LOGGING-BOARD-->";

impl Kind for Compiled {
    fn width(&self) -> Width {
        self.0.width()
    }

    fn place(
        &self,
        builder: Builder,
        folder: &Path,
        name: &str,
        board: &Arc<Board>,
    ) -> (Builder, String) {
        let compiled = fixtures::compiled("logging", self.0);
        let mut image = fs::read(&compiled).expect("the compiled driver");
        let mark = image
            .windows(16)
            .position(|bytes| bytes == MARK)
            .expect("the mark");
        image[mark + 16..mark + 24].copy_from_slice(&board.address().to_le_bytes());
        let file = folder
            .join(name)
            .with_extension(compiled.extension().expect("an extension"));
        fs::write(&file, image).expect("a copy of the driver");
        (
            builder.trust_foreign_code(),
            file.to_str().expect("a path in UTF-8").to_owned(),
        )
    }
}

/// A driver in a file of its own, whose 32-bit code gets its FS by a descriptor.
///
/// No driver of the process may get it by instructions: signal handlers do as on a machine without them.
pub struct Described(pub Target, pub Mechanism);

impl Kind for Described {
    fn width(&self) -> Width {
        self.0.width()
    }

    fn place(
        &self,
        builder: Builder,
        folder: &Path,
        name: &str,
        board: &Arc<Board>,
    ) -> (Builder, String) {
        opendriver_guard::restore_by_selector();
        let windows = Windows::new(Registry::in_memory()).segments(self.1);
        Compiled(self.0).place(builder.provider(windows), folder, name, board)
    }
}
