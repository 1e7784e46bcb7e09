//! What can be wrong with a registry.

use std::io;
use std::path::PathBuf;

use super::LayerName;

/// Why a registry could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that cannot name a key.
    #[error("\"{}\" names no key: {reason}", key.escape_debug())]
    BadKey {
        /// The path.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A name that no value can have.
    #[error("\"{}\" names no value: {reason}", name.escape_debug())]
    BadName {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A root of the tree, which nobody can delete.
    #[error("\"{key}\" is a root of the registry and cannot be deleted")]
    Root {
        /// The root.
        key: String,
    },
    /// A registry file that cannot be read.
    #[error("cannot read the registry \"{}\"", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else stands where the registry file should be.
    #[error("\"{}\" is not a registry: expected a file, found {found}", file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
        /// What stands there.
        found: &'static str,
    },
    /// A registry file that is not in its form.
    #[error("{}:{line}:{column}: {problem}", file.display())]
    Broken {
        /// The file, or the name of a layer that has none.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A value that is well-formed TOML but no value of a registry.
    #[error("{}:{line}:{column}: \"{name}\" in [{key}] is not understood: {found}", file.display())]
    NotUnderstood {
        /// The file, or the name of a layer that has none.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
        /// The key.
        key: String,
        /// The name of the value.
        name: String,
        /// What was expected and what was found.
        found: String,
    },
    /// An entry of a driver section that is not text, or whose text is empty.
    #[error("the entry \"{name}\" in [{section}] names no file")]
    NoFile {
        /// The section.
        section: String,
        /// The alias.
        name: String,
    },
    /// Another process holds the lock and does not give it back.
    #[error("the registry \"{}\" is in use{}", file.display(), holder.map(|id| format!(" by process {id}")).unwrap_or_default())]
    InUse {
        /// The registry file.
        file: PathBuf,
        /// The process that holds the lock, where it said so.
        holder: Option<u32>,
    },
    /// A change that did not reach the disk; the file is as it was.
    #[error("cannot {step} the registry \"{}\"", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// What was being done (`write`, `lock`, `replace` ...).
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// No layer may be written.
    #[error("no layer of the registry can be written")]
    ReadOnly {
        /// Why the nearest layer that is not declared read-only cannot be written.
        source: Option<Box<Error>>,
    },
    /// A nearer layer that cannot be written holds the same value, so that a change would not be seen.
    #[error(
        "\"{name}\" in [{key}] cannot be changed: the {layer} layer, which is read-only, decides it"
    )]
    Shadowed {
        /// The key.
        key: String,
        /// The name of the value; empty for the key itself.
        name: String,
        /// The layer that decides.
        layer: LayerName,
    },
    /// A file to import that cannot be read.
    #[error("cannot read \"{}\"", file.display())]
    Import {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder that is nothing to import from.
    #[error("there is nothing to import in \"{}\": expected {expected}", file.display())]
    NoSource {
        /// The file or folder.
        file: PathBuf,
        /// What was expected.
        expected: &'static str,
    },
}
