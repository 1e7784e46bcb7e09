//! What a codec can be set to: its quality, its key frames, its state.

use opendriver_abi::Message;

use super::{Code, Codec, Error};

/// What a codec has to keep between two runs is not longer than this.
const LONGEST_STATE: u64 = 64 << 20;

impl Codec {
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

    fn number(&self, message: Message) -> Result<u32, Error> {
        let block = self.allocate(8)?;
        self.tell(message, block.address(), 4)?;
        let number = block.first_chunk().copied();
        Ok(u32::from_le_bytes(number.unwrap_or_default()))
    }
}
