//! The installed video codecs, and the search among them.

use opendriver::Manager;
use opendriver_abi::structures::FourCc;

use super::codec::{handler_of, is_refusal};
use super::{Codec, Error, Mode, Refusal};
use crate::BitmapFormat;

/// The sections in which drivers are installed, the newer one first.
const SECTIONS: [&str; 2] = ["Drivers32", "drivers"];

/// Up to here, a code is none, but a number.
const NUMBERS: u32 = u8::MAX as u32;

/// The installed video codecs: the aliases `vidc.xxxx`.
#[derive(Debug)]
pub struct Codecs {
    manager: Manager,
    installed: Vec<Installed>,
    broken: Vec<Refusal>,
}

/// A codec that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Installed {
    /// Its alias, as it is written.
    pub alias: String,
    /// The section that holds the alias; none of a codec that was named, which may be a file.
    pub section: Option<&'static str>,
    /// Its file, as it is written.
    pub file: String,
    /// The code in the alias; 0 where it has none.
    pub handler: FourCc,
}

impl Codecs {
    /// Reads which codecs are installed. None is opened yet.
    ///
    /// # Errors
    /// [`Error::Registry`] where that cannot be read.
    pub fn installed(manager: &Manager) -> Result<Self, Error> {
        let registry = manager.registry();
        let mut codecs = Self {
            manager: manager.clone(),
            installed: Vec::new(),
            broken: Vec::new(),
        };
        for section in SECTIONS {
            for (alias, _) in registry.values(section)? {
                let known = |installed: &Installed| installed.alias.eq_ignore_ascii_case(&alias);
                let Some(handler) = handler_of(&alias) else {
                    continue;
                };
                match registry.alias(section, &alias) {
                    Ok(Some(entry)) if !codecs.installed.iter().any(known) => {
                        codecs.installed.push(Installed {
                            alias,
                            section: Some(section),
                            file: entry.file,
                            handler,
                        });
                    }
                    Ok(_) => {}
                    Err(error) => codecs.broken.push(Refusal {
                        name: alias,
                        reason: error.into(),
                    }),
                }
            }
        }
        Ok(codecs)
    }

    /// Lists codecs by name, be it an alias or a file, the first to be asked first, whatever is installed.
    pub fn named(manager: &Manager, names: &[&str]) -> Self {
        let installed = names.iter().map(|&name| Installed {
            alias: name.to_owned(),
            section: None,
            file: name.to_owned(),
            handler: handler_of(name).unwrap_or(FourCc(0)),
        });
        Self {
            manager: manager.clone(),
            installed: installed.collect(),
            broken: Vec::new(),
        }
    }

    /// Adds the codec of a name, to be asked before all others by its code.
    pub fn add_first(&mut self, name: &str, handler: FourCc) {
        let installed = Installed {
            alias: name.to_owned(),
            section: None,
            file: name.to_owned(),
            handler,
        };
        self.installed.insert(0, installed);
    }

    /// The codecs, in the order in which they are asked.
    pub fn iter(&self) -> impl Iterator<Item = &Installed> {
        self.installed.iter()
    }

    /// Entries of the registry that name no codec.
    pub fn broken(&self) -> &[Refusal] {
        &self.broken
    }

    /// Finds a codec that decompresses `input`. First those whose alias says so are asked, by the stream's `handler` and by the format's own
    /// code, and then all others.
    ///
    /// # Errors
    /// [`Error::NoCodec`] where none does.
    pub fn for_decompressing(&self, input: &BitmapFormat, handler: FourCc) -> Result<Codec, Error> {
        let purpose = || format!("decompresses {input}");
        let handlers = handlers(handler, input.compression());
        self.find(&handlers, Mode::Decompress, purpose, |codec| {
            codec.decompress_query(input, None)
        })
    }

    /// Finds a codec that compresses `input` to frames of the code `handler`.
    ///
    /// # Errors
    /// [`Error::NoCodec`] where none does.
    pub fn for_compressing(&self, handler: FourCc, input: &BitmapFormat) -> Result<Codec, Error> {
        let purpose = || format!("compresses {input} to \"{handler}\"");
        let handlers = handlers(handler, FourCc(0));
        self.find(&handlers, Mode::Compress, purpose, |codec| {
            codec.compress_query(input, None)
        })
    }

    /// Finds a codec that does what `mode` says from pictures of `input` to those of `output`, where that is given: those that `handler`
    /// and the format of what is compressed name come first.
    ///
    /// # Errors
    /// [`Error::NoCodec`] where none does.
    pub fn locate(
        &self,
        handler: FourCc,
        mode: Mode,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<Codec, Error> {
        let to = || output.map_or_else(String::new, |output| format!(" to {output}"));
        let (does, compressed) = match mode {
            Mode::Compress | Mode::FastCompress => ("compresses", output),
            Mode::Draw => ("draws", Some(input)),
            _ => ("decompresses", Some(input)),
        };
        let handlers = handlers(handler, compressed.map_or(FourCc(0), |it| it.compression()));
        let purpose = || format!("{does} {input}{}", to());
        self.find(&handlers, mode, purpose, |codec| match mode {
            Mode::Compress | Mode::FastCompress => codec.compress_query(input, output),
            Mode::Draw => codec.draw_query(input),
            // A codec without rectangles may do without them.
            Mode::FastDecompress => match codec.decompress_query_within(input, output) {
                Err(error) if error.is_unsupported() => codec.decompress_query(input, output),
                asked => asked,
            },
            Mode::Decompress | Mode::Query | Mode::Other(_) => {
                codec.decompress_query(input, output)
            }
        })
    }

    /// The codec of a code, whatever its letter case. A number that is no code counts them, from 0.
    pub fn by_code(&self, handler: FourCc) -> Option<&Installed> {
        match handler.0 {
            number @ ..=NUMBERS => self.installed.get(number as usize),
            _ => self.iter().find(|it| same(it.handler, handler)),
        }
    }

    /// Opens the codec of a code, or of a number.
    ///
    /// # Errors
    /// [`Error::NoCodec`] where there is none, and otherwise as [`Codec::open`].
    pub fn open(&self, handler: FourCc, mode: Mode) -> Result<Codec, Error> {
        let installed = self.by_code(handler).ok_or_else(|| Error::NoCodec {
            purpose: format!("is called \"{handler}\""),
            refusals: Vec::new(),
        })?;
        let mut options = opendriver::OpenOptions::new(&installed.alias);
        options.section = installed.section;
        let own = installed.handler;
        let handler = match handler.0 {
            ..=NUMBERS => own,
            _ => handler,
        };
        match Codec::open(&self.manager, options, handler, mode) {
            // Some are installed by a code in the letter case that they insist on.
            Err(error) if is_refusal(&error) && handler != own && own.0 != 0 => {
                Codec::open(&self.manager, options, own, mode).map_err(|_| error)
            }
            opened => opened,
        }
    }

    fn find(
        &self,
        handlers: &[FourCc],
        mode: Mode,
        purpose: impl Fn() -> String,
        query: impl Fn(&Codec) -> Result<(), Error>,
    ) -> Result<Codec, Error> {
        let mut refusals = Vec::new();
        let named = |installed: &&Installed| {
            let is = |handler: &&FourCc| same(**handler, installed.handler);
            handlers.iter().position(|handler| is(&handler))
        };
        let mut order: Vec<&Installed> = self.installed.iter().collect();
        order.sort_by_key(|installed| named(installed).unwrap_or(usize::MAX));
        for installed in order {
            match self.ask(installed, handlers, mode, &query) {
                Ok(codec) => return Ok(codec),
                Err(reason) => refusals.push(Refusal {
                    name: installed.alias.clone(),
                    reason,
                }),
            }
        }
        Err(Error::NoCodec {
            purpose: purpose(),
            refusals,
        })
    }

    /// Opens a codec by the code of its alias, and then by those of the stream, until it takes one and says yes. Its first reason is
    /// the one that counts.
    fn ask(
        &self,
        installed: &Installed,
        handlers: &[FourCc],
        mode: Mode,
        query: impl Fn(&Codec) -> Result<(), Error>,
    ) -> Result<Codec, Error> {
        let mut options = opendriver::OpenOptions::new(&installed.alias);
        options.section = installed.section;
        let mut first = None;
        let own = installed.handler;
        let others = handlers.iter().copied().filter(|&handler| handler != own);
        // A codec whose name tells no code is opened by any only where it takes none of those that are wanted.
        let (before, behind) = match own.0 {
            0 => (None, Some(own)),
            _ => (Some(own), None),
        };
        for handler in before.into_iter().chain(others).chain(behind) {
            let asked = Codec::open(&self.manager, options, handler, mode)
                .and_then(|codec| query(&codec).map(|()| codec));
            match asked {
                Ok(codec) => return Ok(codec),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.expect("it was opened once at least"))
    }
}

/// The codes that a format may be known by: the stream's, the format's own, and the one that stands for a number.
fn handlers(handler: FourCc, compression: FourCc) -> Vec<FourCc> {
    let mut handlers = Vec::new();
    let number = match compression.0 {
        // BI_RLE8 and BI_RLE4
        1 | 2 => FourCc::new(*b"mrle"),
        _ => FourCc(0),
    };
    for code in [handler, compression, number] {
        if code.0 > NUMBERS && !handlers.iter().any(|&known| same(known, code)) {
            handlers.push(code);
        }
    }
    handlers
}

/// Whether two codes are the same but for the case of letters.
fn same(one: FourCc, other: FourCc) -> bool {
    let characters = |code: FourCc| code.0.to_le_bytes();
    characters(one).eq_ignore_ascii_case(&characters(other))
}
