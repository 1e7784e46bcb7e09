//! What a HIC stands for: one open codec, and the blocks that it is given, kept from message to message.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opendriver::{Block, Blocks, Width};
use opendriver_abi::Message;
use opendriver_abi::structures::BitmapInfoHeader;
use opendriver_codec::vfw::{self, Codec, Mode};

use super::carry::Carrier;
use super::error::Error;
use super::pictures::Formats;
use super::table::{Role, roles};
use crate::process::process;

/// How many sets of blocks are kept of one codec: so many threads can be at work with it without new ones each time.
const KEPT: usize = 4;

/// A parameter's block and those of a structure's fields.
pub(super) type Kit = Vec<Option<Block>>;

/// One open codec.
#[derive(Debug)]
pub(super) struct Opened {
    codec: Codec,
    file: String,
    kind: &'static str,
    width: Width,
    memory: Blocks,
    kits: Mutex<Vec<Kit>>,
    room: Mutex<Option<Room>>,
    /// Another instance, which decompresses the frames of a sequence that this one compresses.
    decoder: Mutex<Option<Box<Self>>>,
}

/// How long a compressed frame can be, by the codec's own word, and between which formats.
#[derive(Clone, Copy, Debug)]
struct Room {
    formats: [BitmapInfoHeader; 2],
    size: usize,
}

impl Opened {
    pub(super) fn new(codec: Codec) -> Result<Self, Error> {
        let module = codec.instance().module()?;
        Ok(Self {
            file: module.name,
            kind: module.kind,
            width: module.width,
            memory: codec.instance().memory()?,
            kits: Mutex::default(),
            room: Mutex::default(),
            decoder: Mutex::default(),
            codec,
        })
    }

    /// What a handle stands for.
    pub(super) fn of(hic: usize) -> Result<Arc<Self>, Error> {
        Ok(process().handles.get(hic)?)
    }

    /// The handle of a codec that was opened just now.
    pub(super) fn into_handle(self) -> usize {
        process().handles.insert(Arc::new(self))
    }

    /// Sends a message whose parameters are the application's own.
    ///
    /// A codec of 64 bits is handed them as they are, once what they point at is proved to be there. One of 32 bits is handed copies in
    /// its own world, and what it wrote is copied back.
    pub(super) fn send(
        &self,
        message: Message,
        param1: isize,
        param2: isize,
    ) -> Result<isize, Error> {
        let roles = roles(message);
        if let [Role::Number, Role::Number] = roles {
            return self.tell(message, param1, param2);
        }
        let mut kit = lock(&self.kits).pop().unwrap_or_default();
        let params = [param1.cast_unsigned(), param2.cast_unsigned()];
        let answer = Carrier::new(self, &mut kit).send(message, roles, params);
        let mut kits = lock(&self.kits);
        if kits.len() < KEPT {
            kits.push(kit);
        }
        answer
    }

    /// Sends a message as it is.
    pub(super) fn tell(
        &self,
        message: Message,
        param1: isize,
        param2: isize,
    ) -> Result<isize, Error> {
        let answer = self.codec.instance().send(message, param1, param2)?;
        Ok(match self.width {
            // The upper half of what 32 bits answer is not theirs.
            Width::W32 => answer as i32 as isize,
            Width::W64 => answer,
        })
    }

    /// How many bytes a compressed frame takes at most, where the codec says it; it is asked once for each pair of formats.
    pub(super) fn room(
        &self,
        formats: [BitmapInfoHeader; 2],
        addresses: [isize; 2],
    ) -> Result<Option<usize>, Error> {
        let formats = formats.map(|header| BitmapInfoHeader {
            image_size: 0,
            ..header
        });
        let known = lock(&self.room).filter(|room| room.formats == formats);
        let size = match known {
            Some(room) => room.size,
            None => {
                let [input, output] = addresses;
                let size = self.tell(Message::ICM_COMPRESS_GET_SIZE, input, output)?;
                let size = usize::try_from(size).unwrap_or(0);
                *lock(&self.room) = Some(Room { formats, size });
                size
            }
        };
        Ok((size > 0).then_some(size))
    }

    /// What the codec answered cannot be.
    #[cold]
    pub(super) fn answered(&self, found: usize, most: usize) -> Error {
        Error::Answer {
            driver: self.file.clone(),
            found,
            most,
        }
    }

    /// Another instance of the codec, begun to decompress; none where the codec does not do that.
    pub(super) fn decoder(&self, formats: Formats) -> Result<Option<Box<Self>>, Error> {
        let Ok(again) = self.codec.again(Mode::Decompress) else {
            return Ok(None);
        };
        let again = Self::new(again)?;
        match again.ask(Message::ICM_DECOMPRESS_BEGIN, formats) {
            Ok(_) => Ok(Some(Box::new(again))),
            Err(Error::Codec(vfw::Error::Refused { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps such an instance, and gives the one that was kept.
    pub(super) fn set_decoder(&self, decoder: Option<Box<Self>>) -> Option<Box<Self>> {
        std::mem::replace(&mut *lock(&self.decoder), decoder)
    }

    pub(super) fn codec(&self) -> &Codec {
        &self.codec
    }

    /// The name of the file that the codec is in.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn memory(&self) -> &Blocks {
        &self.memory
    }

    /// Whether the codec has to be given copies.
    pub(super) fn is_narrow(&self) -> bool {
        self.width == Width::W32
    }

    /// Whether the codec can call a function of this program by its address.
    pub(super) fn calls_back(&self) -> bool {
        self.kind != "windows"
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
