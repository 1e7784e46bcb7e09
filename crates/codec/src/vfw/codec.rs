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
    /// `ICMODE_QUERY`: to be asked, not to work.
    Query,
}

impl Mode {
    fn flag(self) -> u32 {
        match self {
            Self::Compress => 1,
            Self::Decompress => 2,
            Self::Query => 4,
        }
    }
}

/// Codes that a codec may insist on being opened with, when neither the caller nor its alias tells.
const HANDLERS: [[u8; 4]; 12] = [
    *b"mrle", *b"msvc", *b"cvid", *b"cram", *b"iv32", *b"iv41", *b"iv50", *b"mp42", *b"mjpg",
    *b"i420", *b"yuy2", *b"xvid",
];

/// How much room is behind a format that a codec is given, for codecs that write more of a header than they say: a palette.
const SLACK: usize = 1024 + 64;

/// A codec's format with all of its tables is not longer than this.
const LONGEST_FORMAT: u64 = 1 << 20;

/// What a codec has to keep between two runs is not longer than this.
const LONGEST_STATE: u64 = 64 << 20;

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
            let mut block = world.memory().allocate(layout.open.size + SLACK)?;
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

    /// Tells the format that the codec prefers to decompress to, its palette included.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not take the input.
    pub fn decompress_format(&self, input: &BitmapFormat) -> Result<BitmapFormat, Error> {
        let format = self.format(Message::ICM_DECOMPRESS_GET_FORMAT, input)?;
        let bits = format.bits();
        if !(1..=8).contains(&bits) || format.compression().0 != 0 {
            return Ok(format);
        }
        let whole = 1 << bits;
        let colours = match self.decompress_palette(input, &format)? {
            Some(colours) => colours,
            None if format.palette().len() == whole => return Ok(format),
            None => input.palette().to_vec(),
        };
        let mut behind: Vec<u8> = colours.into_iter().flatten().collect();
        behind.resize(4 * whole, 0);
        let header = BitmapInfoHeader {
            size: BitmapInfoHeader::SIZE as u32,
            // Some codecs do not know that 0 means as many as the depth allows.
            colours_used: whole as u32,
            ..format.header()
        };
        Ok(BitmapFormat::new(header, &behind))
    }

    /// Tells the colours of the palette that the codec decompresses to; none where it does not know.
    ///
    /// # Errors
    /// [`Error::Failed`] where the codec breaks.
    pub fn decompress_palette(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
    ) -> Result<Option<Vec<[u8; 4]>>, Error> {
        let message = Message::ICM_DECOMPRESS_GET_PALETTE;
        let mut source = self.header(input)?;
        let mut target = self.header(output)?;
        let answer = self.send(message, source.address(), target.address(), None)?;
        self.watch(&mut source, "the input's format", message, None);
        self.watch(&mut target, "the output's format", message, None);
        // Of a codec that knows nothing of palettes, the bytes behind the header are as they were.
        let header = target.get(..BitmapInfoHeader::SIZE);
        let header = header.and_then(BitmapInfoHeader::read);
        let colours = match header {
            Some(header) if !answer.is_error() => match header.colours_used {
                0 => 1 << output.bits().min(8),
                used => used.min(256) as usize,
            },
            _ => return Ok(None),
        };
        let behind = &target[BitmapInfoHeader::SIZE..];
        let (palette, _) = behind.as_chunks();
        let palette = palette[..palette.len().min(colours)].to_vec();
        Ok(palette
            .iter()
            .any(|colour| *colour != [0; 4])
            .then_some(palette))
    }

    /// Gives the codec the palette that its output is to have: that of `format`. None leaves it to the codec again.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec does not know how to do that.
    pub fn set_decompress_palette(&self, format: Option<&BitmapFormat>) -> Result<(), Error> {
        let message = Message::ICM_DECOMPRESS_SET_PALETTE;
        let block = format.map(|format| self.header(format)).transpose()?;
        let address = block.as_ref().map_or(0, Block::address);
        self.tell(message, address, 0).map(drop)
    }

    /// Asks whether the codec decompresses `input`, to `output` where that is given.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not.
    pub fn decompress_query(
        &self,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), Error> {
        self.query(Message::ICM_DECOMPRESS_QUERY, input, output)
    }

    /// Tells the format that the codec compresses `input` to.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not take the input.
    pub fn compress_format(&self, input: &BitmapFormat) -> Result<BitmapFormat, Error> {
        self.format(Message::ICM_COMPRESS_GET_FORMAT, input)
    }

    /// Asks whether the codec compresses `input`, to `output` where that is given.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not.
    pub fn compress_query(
        &self,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), Error> {
        self.query(Message::ICM_COMPRESS_QUERY, input, output)
    }

    /// Tells how many bytes a compressed frame takes at most.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec does not take the formats.
    pub fn compress_size(
        &self,
        input: &BitmapFormat,
        output: &BitmapFormat,
    ) -> Result<usize, Error> {
        let message = Message::ICM_COMPRESS_GET_SIZE;
        let source = self.header(input)?;
        let target = self.header(output)?;
        let size = self.tell(message, source.address(), target.address())?;
        Ok(size.0.unsigned_abs() as usize)
    }

    /// The quality that is set, from 0 to 10000.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec has none.
    pub fn quality(&self) -> Result<u32, Error> {
        self.number(Message::ICM_GETQUALITY)
    }

    /// Sets the quality, from 0 to 10000.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec has none.
    pub fn set_quality(&self, quality: u32) -> Result<(), Error> {
        let block = self.copy_of(&quality.to_le_bytes())?;
        self.tell(Message::ICM_SETQUALITY, block.address(), 0)
            .map(drop)
    }

    /// The quality that the codec works with where nobody says another.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec has none.
    pub fn default_quality(&self) -> Result<u32, Error> {
        self.number(Message::ICM_GETDEFAULTQUALITY)
    }

    /// How many frames apart the codec makes key frames where nobody says otherwise.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec does not say.
    pub fn key_frame_rate(&self) -> Result<u32, Error> {
        self.number(Message::ICM_GETDEFAULTKEYFRAMERATE)
    }

    /// The codec's settings, in a form of its own; empty where it has none.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec says how many bytes there are and then does not give them.
    pub fn state(&self) -> Result<Vec<u8>, Error> {
        let message = Message::ICM_GETSTATE;
        let size = self.send(message, 0, 0, None)?;
        if size.0 <= 0 {
            return Ok(Vec::new());
        }
        let size = self.sane(message, size, LONGEST_STATE)?;
        let mut block = self.allocate(size)?;
        self.tell(message, block.address(), size as isize)?;
        self.watch(&mut block, "the state", message, None);
        Ok(block.to_vec())
    }

    /// Gives the codec settings that [`state`](Self::state) told; none set it back to what it starts with.
    ///
    /// # Errors
    /// [`Error::Refused`] where the codec does not take them.
    pub fn set_state(&self, state: &[u8]) -> Result<(), Error> {
        let message = Message::ICM_SETSTATE;
        if state.is_empty() {
            return self.tell(message, 0, 0).map(drop);
        }
        let block = self.copy_of(state)?;
        let answer = self.tell(message, block.address(), state.len() as isize)?;
        match answer.0 {
            // The answer is how many bytes the codec took.
            0 => Err(self.refusal(message, Code::UNSUPPORTED, None)),
            _ => Ok(()),
        }
    }

    /// What the codec wrote behind blocks that it was given, since the last time that this was asked. Only blocks of a manager with
    /// [`guarded_blocks`](opendriver::Builder::guarded_blocks) tell.
    pub fn take_overruns(&self) -> Vec<Overrun> {
        self.overruns.take()
    }

    fn format(&self, message: Message, input: &BitmapFormat) -> Result<BitmapFormat, Error> {
        let mut source = self.header(input)?;
        let size = self.tell(message, source.address(), 0)?;
        let size = self.sane(message, size, LONGEST_FORMAT)?;
        let size = size.max(BitmapInfoHeader::SIZE);
        let mut target = self.allocate(size + SLACK)?;
        self.tell(message, source.address(), target.address())?;
        self.watch(&mut source, "the input's format", message, None);
        self.watch(&mut target, "the output's format", message, None);
        Ok(BitmapFormat::parse(&target[..size]).expect("a header's bytes at least"))
    }

    fn query(
        &self,
        message: Message,
        input: &BitmapFormat,
        output: Option<&BitmapFormat>,
    ) -> Result<(), Error> {
        let source = self.header(input)?;
        let target = output.map(|output| self.header(output)).transpose()?;
        let target = target.as_ref().map_or(0, Block::address);
        self.tell(message, source.address(), target).map(drop)
    }

    fn number(&self, message: Message) -> Result<u32, Error> {
        let block = self.allocate(8)?;
        self.tell(message, block.address(), 4)?;
        let number = block.first_chunk().copied();
        Ok(u32::from_le_bytes(number.unwrap_or_default()))
    }

    /// A size that a codec answered, where it can be.
    fn sane(&self, message: Message, size: Code, most: u64) -> Result<usize, Error> {
        let found = u64::from(size.0.unsigned_abs());
        if found > most {
            return Err(self.answered(message, None, found, most));
        }
        Ok(found as usize)
    }

    // What the workers of this module share.

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

    fn copy_of(&self, bytes: &[u8]) -> Result<Block, Error> {
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
