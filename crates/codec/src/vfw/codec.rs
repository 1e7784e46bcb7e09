//! One instance of a video codec.

use opendriver::{Block, Blocks, Instance, Manager, OpenOptions};
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, IcInfo, Structure as _};
use opendriver_abi::{LParam, Message};

use super::layout::{Layout, Open};
use super::overrun::Overruns;
use super::{Code, Compressor, Decompressor, Error, Info, Overrun, Rectangles, Settings};
use crate::BitmapFormat;

/// What a codec is opened for: `ICMODE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `ICMODE_COMPRESS`
    Compress,
    /// `ICMODE_DECOMPRESS`
    Decompress,
    /// `ICMODE_FASTDECOMPRESS`: by the messages with rectangles.
    FastDecompress,
    /// `ICMODE_QUERY`: to be asked, not to work.
    Query,
    /// `ICMODE_FASTCOMPRESS`
    FastCompress,
    /// `ICMODE_DRAW`
    Draw,
    /// A number that is not documented; the codec makes of it what it will.
    Other(u32),
}

impl Mode {
    /// All that are documented.
    pub const ALL: [Self; 6] = [
        Self::Compress,
        Self::Decompress,
        Self::FastDecompress,
        Self::Query,
        Self::FastCompress,
        Self::Draw,
    ];

    /// Its number.
    pub fn flag(self) -> u32 {
        match self {
            Self::Compress => 1,
            Self::Decompress => 2,
            Self::FastDecompress => 3,
            Self::Query => 4,
            Self::FastCompress => 5,
            Self::Draw => 8,
            Self::Other(flag) => flag,
        }
    }

    /// The one of a number.
    pub fn of(flag: u32) -> Self {
        let known = Self::ALL.into_iter().find(|mode| mode.flag() == flag);
        known.unwrap_or(Self::Other(flag))
    }
}

/// Codes that a codec may insist on being opened with, when neither the caller nor its alias tells.
const HANDLERS: [[u8; 4]; 12] = [
    *b"mrle", *b"msvc", *b"cvid", *b"cram", *b"iv32", *b"iv41", *b"iv50", *b"mp42", *b"mjpg",
    *b"i420", *b"yuy2", *b"xvid",
];

/// How long the block of an `ICOPEN` is: a driver of another class may take it for a longer structure of its own.
const OPEN: usize = 4096;

/// How much room is behind a format that a codec is given, for codecs that write more of a header than they say: a palette.
pub(super) const SLACK: usize = 1024 + 64;

/// One instance of a video codec, to be asked and to be put to work.
#[derive(Debug)]
pub struct Codec {
    instance: Instance,
    manager: Manager,
    name: String,
    section: Option<String>,
    memory: Blocks,
    layout: &'static Layout,
    driver: String,
    handler: FourCc,
    info: Info,
    overruns: Overruns,
}

impl Codec {
    /// Opens the driver of a name, an alias or a file, as a codec.
    ///
    /// `handler` is the code that the codec is to answer to; a codec that insists on a letter case is given that. With 0, the codec is
    /// opened by what its alias says (`vidc.cvid`), then by no code, and then by well-known ones, until it takes one.
    ///
    /// # Errors
    /// [`Error::Open`] where the driver cannot be opened or refuses, [`Error::NotACodec`] where it is something else.
    pub fn open<'a>(
        manager: &Manager,
        name: impl Into<OpenOptions<'a>>,
        handler: FourCc,
        mode: Mode,
    ) -> Result<Self, Error> {
        let options = name.into();
        let alias = handler_of(options.name);
        let usual = HANDLERS.map(FourCc::new);
        let handlers = match handler.0 {
            0 => {
                let alias = alias.into_iter().flat_map(letter_cases);
                alias.chain([FourCc(0)]).chain(usual).collect()
            }
            _ => letter_cases(handler),
        };
        let mut first = None;
        for handler in handlers {
            match Self::open_by(manager, options, handler, mode) {
                Err(error) if is_refusal(&error) => first = first.or(Some(error)),
                opened => return opened,
            }
        }
        Err(first.expect("there is one code at least, and it was refused"))
    }

    fn open_by(
        manager: &Manager,
        options: OpenOptions<'_>,
        handler: FourCc,
        mode: Mode,
    ) -> Result<Self, Error> {
        let mut kept = None;
        let opened = manager.open_preparing(options, &mut |world| {
            let layout = Layout::of(world.width());
            let mut block = world.memory().allocate(OPEN)?;
            let flags = mode.flag();
            (layout.open.write)(&Open { handler, flags }, &mut block);
            let (block, ..) = kept.insert((block, layout, world.memory().clone()));
            Ok(block.address())
        });
        let failed = |source, code| Error::Open {
            name: options.name.to_owned(),
            handler,
            code,
            source,
        };
        let instance = opened.map_err(|source| {
            let written = kept
                .as_ref()
                .and_then(|(block, layout, _)| (layout.open_error)(block));
            let code = written.map(Code::of).filter(|code| code.is_error());
            failed(source, code)
        })?;
        let (block, layout, memory) = kept.expect("nothing opens without being prepared");
        drop(block);
        let module = instance.module().map_err(|source| failed(source, None))?;
        let mut codec = Self {
            instance,
            manager: manager.clone(),
            name: options.name.to_owned(),
            section: options.section.map(str::to_owned),
            memory,
            layout,
            driver: module.name,
            handler,
            info: Info::from(&IcInfo::zeroed()),
            overruns: Overruns::default(),
        };
        codec.info = codec.ask_info()?;
        Ok(codec)
    }

    /// Opens another instance of the same codec.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn again(&self, mode: Mode) -> Result<Self, Error> {
        let options = OpenOptions {
            section: self.section.as_deref(),
            ..OpenOptions::new(&self.name)
        };
        Self::open_by(&self.manager, options, self.handler, mode)
    }

    fn ask_info(&self) -> Result<Info, Error> {
        let mut block = self.allocate(IcInfo::SIZE + SLACK)?;
        let question = IcInfo {
            size: IcInfo::SIZE as u32,
            ..IcInfo::zeroed()
        };
        question.write(&mut block);
        let length = IcInfo::SIZE as isize;
        let answer = self.send(Message::ICM_GETINFO, block.address(), length, None)?;
        let info = IcInfo::read(&block).filter(|info| answer.0 > 0 && info.kind == FourCc::VIDC);
        match info {
            Some(info) => Ok(Info::from(&info)),
            None => Err(Error::NotACodec {
                driver: self.driver.clone(),
            }),
        }
    }

    /// Makes the codec decompress pictures of `input` to pictures of `output`.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not take the formats.
    pub fn into_decompressor(
        self,
        input: &BitmapFormat,
        output: &BitmapFormat,
    ) -> Result<Decompressor, Error> {
        Decompressor::new(self, input, output, None)
    }

    /// Makes the codec decompress a part of each picture of `input` to a part of the picture of `output`, which it may scale.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not take the formats, or does not know how to do that.
    pub fn into_decompressor_within(
        self,
        input: &BitmapFormat,
        output: &BitmapFormat,
        places: Rectangles,
    ) -> Result<Decompressor, Error> {
        Decompressor::new(self, input, output, Some(places))
    }

    /// Makes the codec compress pictures of `input` to frames of `output`, which [`compress_format`](Self::compress_format) tells.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not take the formats.
    pub fn into_compressor(
        self,
        input: &BitmapFormat,
        output: &BitmapFormat,
        settings: Settings,
    ) -> Result<Compressor, Error> {
        Compressor::new(self, input, output, settings)
    }

    /// What the codec says of itself.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The driver: its file's name, or its built-in name.
    pub fn driver(&self) -> &str {
        &self.driver
    }

    /// The code that it was opened by; 0 for none.
    pub fn handler(&self) -> FourCc {
        self.handler
    }

    /// The instance itself, for messages that have no function here.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// What the codec wrote behind blocks that it was given, since the last time that this was asked. Only blocks of a manager with
    /// [`guarded_blocks`](opendriver::Builder::guarded_blocks) tell.
    pub fn take_overruns(&self) -> Vec<Overrun> {
        self.overruns.take()
    }

    /// A size that a codec answered, where it can be.
    pub(super) fn sane(&self, message: Message, size: Code, most: u64) -> Result<usize, Error> {
        let found = u64::from(size.0.unsigned_abs());
        if found > most {
            return Err(self.answered(message, None, found, most));
        }
        Ok(found as usize)
    }

    pub(super) fn layout(&self) -> &'static Layout {
        self.layout
    }

    /// Gives a block with a format and room behind it. The height of what is compressed, or no red, green and blue, is documented to
    /// have no sign; codecs refuse one that has.
    pub(super) fn header(&self, format: &BitmapFormat) -> Result<Block, Error> {
        let bytes = format.as_bytes();
        let mut block = self.allocate(bytes.len() + SLACK)?;
        block[..bytes.len()].copy_from_slice(bytes);
        let header = format.header();
        if !matches!(header.compression.0, 0 | 3) {
            let height = header.height.checked_abs().unwrap_or(i32::MAX);
            BitmapInfoHeader { height, ..header }.write(&mut block);
        }
        Ok(block)
    }

    pub(super) fn allocate(&self, len: usize) -> Result<Block, Error> {
        self.memory
            .allocate(len)
            .map_err(|source| self.failed(source, None))
    }

    pub(super) fn copy_of(&self, bytes: &[u8]) -> Result<Block, Error> {
        self.memory
            .copy_of(bytes)
            .map_err(|source| self.failed(source, None))
    }

    /// Sends a message; a refusal is an answer.
    pub(super) fn send(
        &self,
        message: Message,
        param1: LParam,
        param2: LParam,
        frame: Option<u64>,
    ) -> Result<Code, Error> {
        match self.instance.send(message, param1, param2) {
            Ok(answer) => Ok(Code::of(answer)),
            Err(source) => Err(self.failed(source, frame)),
        }
    }

    /// Sends a message; a refusal is an error.
    pub(super) fn tell(
        &self,
        message: Message,
        param1: LParam,
        param2: LParam,
    ) -> Result<Code, Error> {
        match self.send(message, param1, param2, None)? {
            code if code.is_error() => Err(self.refusal(message, code, None)),
            code => Ok(code),
        }
    }

    pub(super) fn watch(
        &self,
        block: &mut Block,
        what: &'static str,
        message: Message,
        frame: Option<u64>,
    ) {
        self.overruns
            .watch(block, what, &self.driver, message, frame);
    }

    #[cold]
    pub(super) fn failed(&self, source: opendriver::Error, frame: Option<u64>) -> Error {
        Error::Failed {
            driver: self.driver.clone(),
            frame,
            source,
        }
    }

    #[cold]
    pub(super) fn refusal(&self, message: Message, code: Code, frame: Option<u64>) -> Error {
        Error::Refused {
            driver: self.driver.clone(),
            message,
            frame,
            code,
        }
    }

    #[cold]
    pub(super) fn answered(
        &self,
        message: Message,
        frame: Option<u64>,
        found: u64,
        most: u64,
    ) -> Error {
        Error::Answer {
            driver: self.driver.clone(),
            message,
            frame,
            found,
            most,
        }
    }
}

/// The code in an alias: `vidc.cvid`.
pub(super) fn handler_of(alias: &str) -> Option<FourCc> {
    let (start, code) = alias.split_at_checked(5)?;
    if !start.eq_ignore_ascii_case("vidc.") {
        return None;
    }
    Some(FourCc::new(code.as_bytes().try_into().ok()?))
}

/// A code as it is, in small letters and in large ones.
fn letter_cases(handler: FourCc) -> Vec<FourCc> {
    let characters = handler.0.to_le_bytes();
    let small = FourCc::new(characters.map(|c| c.to_ascii_lowercase()));
    let large = FourCc::new(characters.map(|c| c.to_ascii_uppercase()));
    let mut cases = vec![handler];
    for case in [small, large] {
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    cases
}

/// Whether the driver said no to being opened: by another code it may say yes.
pub(super) fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::Open {
            source: opendriver::Error::Refused { .. },
            ..
        }
    )
}
