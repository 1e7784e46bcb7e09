//! From a file to a loaded module.

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::Error;
use crate::backend::{Backend, Candidate, Width};
use crate::engine::Engine;
use crate::module::{Loaded, Module, Origin};
use crate::sync::AtomicBool;

/// How much of a file the providers see before they claim it.
const HEAD: u64 = 4096;

impl Engine {
    /// Brings a module into memory. Nothing is sent to it.
    pub(crate) fn map(&self, module: &Arc<Module>) -> Result<Loaded, Error> {
        let brought = catch_unwind(AssertUnwindSafe(|| match &module.origin {
            Origin::Linked(linked) => Ok(((linked.load)(&self.system()), "builtin")),
            Origin::File(path) => self.map_file(path),
        }));
        let (backend, kind) = brought.unwrap_or_else(|_| {
            let file = Path::new(&*module.name).to_owned();
            Err(Error::Load {
                file,
                source: "its loader panicked".into(),
            })
        })?;
        let is_plain = AtomicBool::new(backend.contains_panics() && self.recorder.is_none());
        let is_narrow = backend.width() == Width::W32 && Width::HOST == Width::W64;
        let module = Arc::clone(module);
        Ok(Loaded {
            backend,
            module,
            kind,
            is_narrow,
            broken: AtomicBool::new(false),
            is_plain,
        })
    }

    fn map_file(&self, path: &Path) -> Result<(Box<dyn Backend>, &'static str), Error> {
        let mut head = Vec::new();
        let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
        read.map_err(|source| Error::Unreadable {
            file: path.to_owned(),
            source,
        })?;
        let candidate = Candidate {
            path: path.to_owned(),
            head,
        };
        let Some(provider) = self
            .providers
            .iter()
            .find(|provider| provider.claims(&candidate))
        else {
            return Err(Error::NotADriver {
                file: path.to_owned(),
                reason: self.why_not(&candidate.head),
            });
        };
        if provider.is_foreign() && !self.trust_foreign_code {
            return Err(Error::Untrusted {
                file: path.to_owned(),
            });
        }
        Ok((provider.load(&candidate, &self.system())?, provider.kind()))
    }

    /// What a file is that nobody claims.
    fn why_not(&self, head: &[u8]) -> String {
        let kinds: Vec<&str> = self
            .providers
            .iter()
            .map(|provider| provider.kind())
            .collect();
        let expected = if kinds.is_empty() {
            "nothing, since no kind of file is known".to_owned()
        } else {
            format!("a {} driver", kinds.join(" or "))
        };
        let found = match head {
            [] => "an empty file".to_owned(),
            head => head
                .iter()
                .take(4)
                .map(|byte| format!("{byte:02x}"))
                .collect::<Vec<_>>()
                .join(" "),
        };
        let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
        let known = match head {
            [0x7f, b'E', b'L', b'F', ..] => " (an ELF file)",
            [b'M', b'Z', ..] => " (an MS-DOS or Windows image)",
            [b'#', b'!', ..] => " (a script)",
            head if !head.is_empty() && head.iter().all(is_text) => " (text)",
            _ => "",
        };
        format!("expected {expected}, found {found}{known}")
    }
}
