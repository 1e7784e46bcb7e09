//! Reads and maps Windows PE images.
//!
//! [`File::parse`] takes the bytes of any file and says what the image asks for: sections, imports, exports, thread-local
//! storage, resources. [`map`] lays it out in memory, relocated and ready to be bound; [`Mapping::image`] then answers the
//! same questions from memory, when the file is long gone.
//!
//! Nothing here knows a DLL by name, and nothing here runs a byte of what it maps. The bytes may be hostile: whatever they
//! say, an answer comes back in time and memory that their length bounds.
//!
//! ```no_run
//! let bytes = std::fs::read("msadp32.acm")?;
//! let file = opendriver_pe::File::parse(&bytes)?;
//! for dll in file.imports()? {
//!     println!("{} {} functions", dll.name, dll.entries.len());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod exports;
mod file;
mod image;
mod imports;
mod layout;
mod load_config;
#[cfg(target_os = "linux")]
pub mod low;
mod managed;
#[cfg(target_os = "linux")]
mod mapping;
mod relocations;
mod resources;
mod tls;
mod version;

pub use error::Error;
pub use exports::{Export, Exports, Target};
pub use file::File;
pub use image::Image;
pub use imports::{ImportEntry, ImportKind, ImportedDll, Symbol};
pub use layout::{Access, Directory, Layout, Machine, Region, Section, Width};
pub use load_config::SecurityCookie;
#[cfg(target_os = "linux")]
pub use mapping::{Mapping, Placement, map};
pub use resources::{Resource, ResourceId, Resources, kind};
pub use tls::Tls;
pub use version::{Fixed, StringTable, Version};
