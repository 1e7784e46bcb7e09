//! A codec in the emulator, told the messages that it gets from opendriver.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, IcDecompress, IcOpen, Structure};
use ud_emulator::pe::Image;
use ud_emulator::{DLL_PROCESS_ATTACH, Sandbox};

use crate::Frames;

/// Room for a format with its palette.
const FORMAT: u32 = 2048;

/// Where the emulator has its thread environment block.
const TEB: u32 = 0x7FFD_E000;

/// `ICDECOMPRESS_NOTKEYFRAME`
const NOT_KEY: u32 = 0x0800_0000;

/// A codec that is open.
pub(crate) struct Emulated {
    sandbox: Sandbox,
    image: Image,
    id: u32,
    from: u32,
    to: u32,
}

impl Emulated {
    /// Loads a codec and opens it for a film, to be decoded as it prefers.
    pub(crate) fn open(driver: &str, film: &Frames) -> Result<Self> {
        let mut sandbox = Sandbox::new();
        let bytes = with_older_runtime(std::fs::read(driver)?);
        // What the emulator does not have fails when it is called.
        let (image, _missing) = sandbox.load_fail_soft("codec.dll", &bytes)?;
        let mut emulated = Self {
            sandbox,
            image,
            id: 0,
            from: 0,
            to: 0,
        };
        // Codecs look for their process heap in the process environment block, which the emulator leaves out.
        let mut environment = [0; 0x40];
        environment[0x18..0x1c].copy_from_slice(&1_u32.to_le_bytes());
        let environment = emulated.block(&environment, 0x40)?;
        emulated.write(TEB + 0x30, &environment.to_le_bytes())?;
        emulated
            .sandbox
            .call_dll_main(&emulated.image, DLL_PROCESS_ATTACH)?;
        emulated.send(Message::DRV_LOAD, 0, 0)?;
        emulated.send(Message::DRV_ENABLE, 0, 0)?;
        let open = IcOpen::<u32> {
            size: IcOpen::<u32>::SIZE as u32,
            kind: FourCc::VIDC,
            handler: film.handler,
            version: 0x0104,
            // ICMODE_DECOMPRESS
            flags: 2,
            ..IcOpen::zeroed()
        };
        let open = emulated.structure(&open)?;
        emulated.id = emulated.send(Message::DRV_OPEN, 0, open)?;
        ensure!(emulated.id != 0, "the codec refused DRV_OPEN");
        emulated.from = emulated.block(film.input.as_bytes(), FORMAT)?;
        emulated.to = emulated.block(&[], FORMAT)?;
        let (from, to) = (emulated.from, emulated.to);
        emulated.succeed(Message::ICM_DECOMPRESS_GET_FORMAT, from, to)?;
        emulated.succeed(Message::ICM_DECOMPRESS_BEGIN, from, to)?;
        Ok(emulated)
    }

    /// Decodes the film; answers how long the codec took, and the pictures.
    pub(crate) fn decode(mut self, film: &Frames) -> Result<(Duration, Vec<Vec<u8>>)> {
        let output = self.bytes(self.to, BitmapInfoHeader::SIZE)?;
        let output = BitmapInfoHeader::read(&output).context("a format")?;
        let line = (u32::from(output.bit_count) * output.width as u32).div_ceil(32) * 4;
        let size = line * output.height.unsigned_abs();
        let picture = self.block(&[], size)?;
        let longest = film.frames.iter().map(|(frame, _)| frame.len()).max();
        let input = self.block(&[], longest.unwrap_or_default() as u32)?;
        let request = self.block(&[], IcDecompress::<u32>::SIZE as u32)?;
        let mut taken = Duration::ZERO;
        let mut pictures = Vec::new();
        for (frame, key) in &film.frames {
            self.write(input, frame)?;
            let header = BitmapInfoHeader {
                image_size: frame.len() as u32,
                ..film.input.header()
            };
            self.write_structure(self.from, &header)?;
            let parts = IcDecompress::<u32> {
                flags: if *key == Some(false) { NOT_KEY } else { 0 },
                input_format: self.from,
                input,
                output_format: self.to,
                output: picture,
                chunk: 0,
            };
            self.write_structure(request, &parts)?;
            let start = Instant::now();
            self.succeed(
                Message::ICM_DECOMPRESS,
                request,
                IcDecompress::<u32>::SIZE as u32,
            )?;
            taken += start.elapsed();
            pictures.push(self.bytes(picture, size as usize)?);
        }
        Ok((taken, pictures))
    }

    fn send(&mut self, message: Message, param1: u32, param2: u32) -> Result<u32> {
        let arguments = [self.id, 1, message.0, param1, param2];
        let answer = self
            .sandbox
            .call_export(&self.image, "DriverProc", &arguments);
        answer.with_context(|| format!("{message:?} in the emulator"))
    }

    fn succeed(&mut self, message: Message, param1: u32, param2: u32) -> Result<()> {
        let answer = self.send(message, param1, param2)?;
        ensure!(
            answer == 0,
            "{message:?} in the emulator: {}",
            answer as i32
        );
        Ok(())
    }

    /// A block of the emulated memory that begins with these bytes.
    fn block(&mut self, bytes: &[u8], room: u32) -> Result<u32> {
        let address = self.sandbox.host.arena_alloc(room);
        let address = address.map_err(ud_emulator::Error::from)?;
        self.write(address, &vec![0; room as usize])?;
        self.write(address, bytes)?;
        Ok(address)
    }

    fn structure(&mut self, structure: &impl Structure) -> Result<u32> {
        let address = self.block(&[], 256)?;
        self.write_structure(address, structure)?;
        Ok(address)
    }

    fn write_structure<S: Structure>(&mut self, address: u32, structure: &S) -> Result<()> {
        let mut bytes = vec![0; S::SIZE];
        structure.write(&mut bytes).context("there is room")?;
        self.write(address, &bytes)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        let written = self.sandbox.mmu.write_initializer(address, bytes);
        written.map_err(|trap| anyhow::anyhow!("{trap}"))
    }

    fn bytes(&self, address: u32, len: usize) -> Result<Vec<u8>> {
        let byte = |at: usize| self.sandbox.mmu.load8(address + at as u32);
        let bytes = (0..len).map(byte).collect::<Result<_, _>>();
        bytes.map_err(|trap| anyhow::anyhow!("{trap}"))
    }
}

/// The image with its C library named as the older one, which has the same functions and which the emulator knows.
fn with_older_runtime(mut image: Vec<u8>) -> Vec<u8> {
    const NEW: &[u8; 13] = b"ucrtbase.dll\0";
    const OLD: &[u8; 13] = b"msvcrt.dll\0\0\0";
    let at = image.windows(NEW.len()).position(|bytes| bytes == NEW);
    if let Some(at) = at {
        image[at..at + OLD.len()].copy_from_slice(OLD);
    }
    image
}
