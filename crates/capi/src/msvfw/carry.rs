//! Brings what the parameters of a message point at to the codec, and what the codec wrote back.

use opendriver::Block;
use opendriver_abi::Message;
use opendriver_abi::answer::ICERR_OK;
use opendriver_abi::structures::{BitmapInfoHeader, Structure as _};
use opendriver_codec::{BitmapFormat, Pixel};

use super::error::Error;
use super::opened::{Kit, Opened};
use super::table::{LONGEST, MOST_FIELDS, Request, Role};
use crate::claim;
use crate::process::{Isolation, process};

/// No picture, no frame and no state is larger.
const LARGEST: u64 = 1 << 30;

/// No format with all of its tables is longer.
const LONGEST_FORMAT: usize = 1 << 20;

/// How much room is behind a format, for codecs that write more of a header than they say: a palette.
const SLACK: usize = 1024 + 64;

/// How many zeros are behind a frame: decoders read ahead of what they use.
const READ_AHEAD: usize = 64;

/// The bytes of 256 colours.
const COLOURS: usize = 4 * 256;

/// `ICDECOMPRESS_NULLFRAME`: there is no frame, and there need be no bytes.
const NULL_FRAME: u32 = 0x1000_0000;

/// Brings the parameters of one message to the codec.
pub(super) struct Carrier<'a> {
    opened: &'a Opened,
    kit: &'a mut Kit,
    back: [Option<Back>; 2 + MOST_FIELDS],
    /// The format that was met last.
    format: Option<BitmapInfoHeader>,
}

/// What is to be copied back.
#[derive(Clone, Copy)]
enum Back {
    /// So many bytes of the block.
    Whole { address: usize, len: usize },
    /// As many as the format in another block says, of which there may be as many as were promised.
    Frame {
        address: usize,
        format: usize,
        room: usize,
    },
}

impl<'a> Carrier<'a> {
    pub(super) fn new(opened: &'a Opened, kit: &'a mut Kit) -> Self {
        kit.resize_with(2 + MOST_FIELDS, || None);
        Self {
            opened,
            kit,
            back: [None; 2 + MOST_FIELDS],
            format: None,
        }
    }

    /// Sends the message, and gives the codec's answer.
    pub(super) fn send(
        mut self,
        message: Message,
        roles: [Role; 2],
        params: [usize; 2],
    ) -> Result<isize, Error> {
        let [role1, role2] = roles;
        let [value1, value2] = params;
        let param1 = match role1 {
            Role::Request(request) => self.request(request, value1)?,
            role => self.place(0, role, value1, value2)?,
        };
        let param2 = match (role1, role2) {
            (Role::Request(request), Role::Size) if self.opened.is_narrow() => {
                request.narrow.size as isize
            }
            (_, Role::FormatAnswer) if value2 != 0 => {
                let len = self.opened.tell(message, param1, 0)?;
                match usize::try_from(len) {
                    Ok(len) if len > 0 => self.format_answer(1, value2, len)?,
                    // A codec that does not take the input says so now as well as later.
                    _ => return Ok(len),
                }
            }
            (_, role) => self.place(1, role, value2, value1)?,
        };
        let answer = self.opened.tell(message, param1, param2)?;
        self.bring_back(answer)?;
        Ok(answer)
    }

    /// Brings what one parameter or field points at; `other` is the other parameter, or the next field.
    fn place(
        &mut self,
        slot: usize,
        role: Role,
        value: usize,
        other: usize,
    ) -> Result<isize, Error> {
        match role {
            Role::Number | Role::Size | Role::Request(_) => Ok(value.cast_signed()),
            Role::Unused if self.opened.is_narrow() => Ok(0),
            Role::Unused => Ok(value.cast_signed()),
            Role::MaybeFormat
            | Role::FormatAnswer
            | Role::MaybeSource
            | Role::MaybeAnswer
            | Role::Bytes
            | Role::BytesAnswer
            | Role::Function
                if value == 0 =>
            {
                Ok(0)
            }
            Role::Format | Role::MaybeFormat => self.format(slot, value),
            Role::FormatAnswer => self.format_answer(slot, value, BitmapInfoHeader::SIZE),
            Role::Palette => self.palette(slot, value),
            Role::Input => self.input(slot, value),
            Role::Source | Role::MaybeSource => {
                let len = self.picture_size()?;
                self.given(slot, value, len, READ_AHEAD)
            }
            Role::Picture => {
                let len = self.picture_size()?;
                self.written(slot, value, len, 0)
            }
            Role::Answer | Role::MaybeAnswer => self.written(slot, value, 4, 0),
            Role::Given => match claim::readable(value, 4) {
                Err(error) if value > 10_000 => Err(error.into()),
                Err(_) => Ok(value.cast_signed()),
                Ok(()) => self.given(slot, value, 4, 0),
            },
            Role::Bytes => self.given(slot, value, sane(other as u64)?, 0),
            Role::BytesAnswer => self.written(slot, value, sane(other as u64)?, 0),
            Role::Counted => match other & 0xffff_ffff {
                0 => Ok(0),
                len => self.given(slot, value, sane(len as u64)?, READ_AHEAD),
            },
            Role::Rectangle => self.given(slot, value, 16, 0),
            Role::Function if self.opened.calls_back() => Ok(value.cast_signed()),
            Role::Function => Err(Error::Callback),
            Role::Frame => unreachable!("frames are brought when all else is"),
        }
    }

    /// Brings a structure and all that it points at.
    fn request(&mut self, request: &'static Request, address: usize) -> Result<isize, Error> {
        if address == 0 {
            return Err(Error::Null { what: request.name });
        }
        let mut wide = [0; LONGEST];
        claim::read(address, &mut wide[..request.wide.size])?;
        let value = |index: usize| {
            let field = request.wide.fields.get(index);
            field.map_or(0, |field| {
                number(&wide[field.offset..field.offset + field.size])
            })
        };
        let flags = value(0) as u32;
        let mut placed = [0; MOST_FIELDS];
        let mut formats = [None; MOST_FIELDS];
        let mut frame = None;
        for (index, &role) in request.roles.iter().enumerate() {
            let role = match role {
                Role::Frame => {
                    frame = Some(index);
                    continue;
                }
                Role::Input if flags & NULL_FRAME != 0 && value(index) == 0 => Role::Number,
                role => role,
            };
            placed[index] = self.place(2 + index, role, value(index), value(index + 1))?;
            if let Role::Format = role {
                formats[index] = self.format;
            }
        }
        if let Some(index) = frame {
            // The output's format, the frame, and then the input's format.
            let formats = [formats[index + 1], formats[index - 1]];
            let addresses = [placed[index + 1], placed[index - 1]];
            placed[index] = self.frame(2 + index, value(index), formats, addresses)?;
            // There the codec tells how long the frame is.
            self.back[1 + index] = Some(Back::Whole {
                address: value(index - 1),
                len: BitmapInfoHeader::SIZE,
            });
        }
        if !self.opened.is_narrow() {
            return Ok(address.cast_signed());
        }
        let mut narrow = [0; LONGEST];
        for (index, field) in request.narrow.fields.iter().enumerate() {
            let value = placed[index];
            if i32::try_from(value).is_err() && u32::try_from(value).is_err() {
                return Err(Error::Wide {
                    value: value.cast_unsigned(),
                    driver: self.opened.file().to_owned(),
                });
            }
            let bytes = &mut narrow[field.offset..field.offset + field.size];
            bytes.copy_from_slice(&value.to_le_bytes()[..field.size]);
        }
        let block = self.block(0, request.narrow.size)?;
        block[..request.narrow.size].copy_from_slice(&narrow[..request.narrow.size]);
        Ok(self.address(0))
    }

    /// A format, with as much behind its header as belongs to it and is there.
    fn format(&mut self, slot: usize, address: usize) -> Result<isize, Error> {
        let header = header_at(address)?;
        self.format = Some(header);
        if !self.opened.is_narrow() {
            return Ok(address.cast_signed());
        }
        let len = format_len(&header);
        let block = self.block(slot, len + SLACK)?;
        let there = claim::read_some(address, &mut block[..len]);
        block[there..len + SLACK].fill(0);
        Ok(self.address(slot))
    }

    /// A format behind which a palette is written.
    fn palette(&mut self, slot: usize, address: usize) -> Result<isize, Error> {
        let header = header_at(address)?;
        claim::writable(address, BitmapInfoHeader::SIZE)?;
        if !self.opened.is_narrow() {
            return Ok(address.cast_signed());
        }
        let len = header_len(&header) + COLOURS;
        let block = self.block(slot, len + SLACK)?;
        let there = claim::read_some(address, &mut block[..len]);
        block[there..len + SLACK].fill(0);
        let len = there;
        self.back[slot] = Some(Back::Whole { address, len });
        Ok(self.address(slot))
    }

    /// Where a format is written that takes `len` bytes.
    fn format_answer(&mut self, slot: usize, address: usize, len: usize) -> Result<isize, Error> {
        match len {
            0..=LONGEST_FORMAT => self.written(slot, address, len, SLACK),
            _ => Err(self.answered(len, LONGEST_FORMAT)),
        }
    }

    /// What is to be decompressed: as long as its format says. Where that says nothing, as much of what its pixels would take as is there.
    fn input(&mut self, slot: usize, address: usize) -> Result<isize, Error> {
        let header = self.last_format();
        let len = sane(header.image_size.into())?;
        if address == 0 && len == 0 {
            return Ok(0);
        }
        if len > 0 || !self.opened.is_narrow() {
            return self.given(slot, address, len.max(1), READ_AHEAD);
        }
        let most = sane(BitmapFormat::pixels_size(&header))?;
        claim::readable(address, 1)?;
        let block = self.block(slot, most + READ_AHEAD)?;
        let there = claim::read_some(address, &mut block[..most]);
        block[there..most + READ_AHEAD].fill(0);
        Ok(self.address(slot))
    }

    /// Where a compressed frame comes to.
    fn frame(
        &mut self,
        slot: usize,
        address: usize,
        formats: [Option<BitmapInfoHeader>; 2],
        addresses: [isize; 2],
    ) -> Result<isize, Error> {
        let [Some(input), Some(output)] = formats else {
            return Err(Error::Null { what: "a format" });
        };
        let said = self.opened.room([input, output], addresses)?;
        let said = said.map(|said| sane(said as u64)).transpose()?;
        // Of a codec that does not say, only the application knows.
        claim::writable(address, said.unwrap_or(1))?;
        if !self.opened.is_narrow() {
            return Ok(address.cast_signed());
        }
        // A codec that does not say is given room for what cannot be compressed.
        let pixels = BitmapFormat::pixels_size(&input);
        let room = match said {
            Some(said) => said,
            None => sane(pixels + pixels / 8 + 4096)?,
        };
        self.block(slot, room)?;
        let format = slot - 1;
        self.back[slot] = Some(Back::Frame {
            address,
            format,
            room,
        });
        Ok(self.address(slot))
    }

    /// Bytes that the codec reads, and zeros behind them.
    fn given(
        &mut self,
        slot: usize,
        address: usize,
        len: usize,
        behind: usize,
    ) -> Result<isize, Error> {
        if !self.opened.is_narrow() {
            claim::readable(address, len)?;
            return Ok(address.cast_signed());
        }
        let block = self.block(slot, len + behind)?;
        claim::read(address, &mut block[..len])?;
        block[len..len + behind].fill(0);
        Ok(self.address(slot))
    }

    /// Bytes that the codec writes. It finds there what was there.
    fn written(
        &mut self,
        slot: usize,
        address: usize,
        len: usize,
        behind: usize,
    ) -> Result<isize, Error> {
        claim::writable(address, len)?;
        let placed = self.given(slot, address, len, behind)?;
        if self.opened.is_narrow() {
            self.back[slot] = Some(Back::Whole { address, len });
        }
        Ok(placed)
    }

    /// Copies back what the codec wrote.
    fn bring_back(&mut self, answer: isize) -> Result<(), Error> {
        if !self.opened.is_narrow() {
            return Ok(());
        }
        let mut blocks = self.kit.iter_mut().flatten();
        if let Some(overrun) = blocks.find_map(Block::take_overrun) {
            return Err(overrun.into());
        }
        // A frame comes before its format: of one that is too long, the application does not hear the length either.
        for (slot, back) in self.back.iter().enumerate().rev() {
            let (address, len) = match *back {
                None => continue,
                Some(Back::Whole { address, len }) => (address, len),
                Some(Back::Frame { .. }) if answer < ICERR_OK => continue,
                Some(Back::Frame {
                    address,
                    format,
                    room,
                }) => {
                    let header = BitmapInfoHeader::read(self.bytes(format));
                    let len = header.map_or(0, |header| header.image_size as usize);
                    // The application has no more room than it was told to have, however long the block is.
                    if len > room {
                        return Err(self.answered(len, room));
                    }
                    (address, len)
                }
            };
            let bytes = self.bytes(slot);
            let bytes = bytes
                .get(..len)
                .ok_or_else(|| self.answered(len, bytes.len()))?;
            claim::write(address, bytes)?;
        }
        Ok(())
    }

    /// How long a picture of the last format is. Of one that is not compressed, its pixels tell, and the header may say what it likes.
    fn picture_size(&self) -> Result<usize, Error> {
        let header = self.last_format();
        let pixels = BitmapFormat::pixels_size(&header);
        let is_plain =
            matches!(header.compression.0, 0 | 3) || Pixel::of_code(header.compression).is_some();
        sane(match is_plain {
            true => pixels,
            false => pixels.max(header.image_size.into()),
        })
    }

    fn last_format(&self) -> BitmapInfoHeader {
        self.format.unwrap_or_else(BitmapInfoHeader::zeroed)
    }

    /// The block of a slot, which is `len` bytes long at least. It grows, and is not given back. Where it is watched what lies behind
    /// blocks, it is as long as that and no longer.
    fn block(&mut self, slot: usize, len: usize) -> Result<&mut Block, Error> {
        let is_watched = process().isolation == Isolation::Watched;
        let kept = &mut self.kit[slot];
        let block = match kept.take() {
            Some(block) if block.len() == len || block.len() > len && !is_watched => block,
            _ if is_watched => self.opened.memory().allocate(len)?,
            _ => {
                let room = len.max(4096).next_multiple_of(1 << 16);
                self.opened.memory().allocate(room)?
            }
        };
        Ok(kept.insert(block))
    }

    fn address(&self, slot: usize) -> isize {
        self.kit[slot].as_ref().map_or(0, Block::address)
    }

    fn bytes(&self, slot: usize) -> &[u8] {
        self.kit[slot].as_deref().unwrap_or_default()
    }

    fn answered(&self, found: usize, most: usize) -> Error {
        self.opened.answered(found, most)
    }
}

/// Reads the header of a format.
pub(super) fn header_at(address: usize) -> Result<BitmapInfoHeader, Error> {
    let mut bytes = [0; BitmapInfoHeader::SIZE];
    claim::read(address, &mut bytes)?;
    Ok(BitmapInfoHeader::read(&bytes).expect("there are as many bytes as it takes"))
}

/// How many bytes a format takes: the header, what it says is behind it, masks and a palette.
pub(super) fn format_len(header: &BitmapInfoHeader) -> usize {
    let masks = match (header.compression.0, header_len(header)) {
        (3, BitmapInfoHeader::SIZE) => 12,
        _ => 0,
    };
    let colours = match (header.bit_count, header.colours_used as usize) {
        (0 | 9.., _) => 0,
        (bits, 0) => 1 << bits,
        (bits, used) => used.min(1 << bits),
    };
    header_len(header) + masks + 4 * colours
}

/// How many bytes the header takes, by its own word where that can be.
pub(super) fn header_len(header: &BitmapInfoHeader) -> usize {
    match header.size as usize {
        size @ BitmapInfoHeader::SIZE..=LONGEST_FORMAT => size,
        _ => BitmapInfoHeader::SIZE,
    }
}

/// A size that memory can be had of.
pub(super) fn sane(size: u64) -> Result<usize, Error> {
    match size {
        0..=LARGEST => Ok(size as usize),
        _ => Err(Error::TooLarge {
            size,
            most: LARGEST,
        }),
    }
}

fn number(bytes: &[u8]) -> usize {
    let mut number = [0; size_of::<usize>()];
    number[..bytes.len()].copy_from_slice(bytes);
    usize::from_le_bytes(number)
}

#[cfg(test)]
mod tests {
    use opendriver_abi::structures::FourCc;

    use super::*;

    #[test]
    fn a_format_takes_its_masks_and_its_palette() {
        let header = |size, bit_count, compression, colours_used| BitmapInfoHeader {
            size,
            bit_count,
            compression: FourCc(compression),
            colours_used,
            ..BitmapInfoHeader::zeroed()
        };
        assert_eq!(format_len(&header(40, 24, 0, 7)), 40);
        assert_eq!(format_len(&header(40, 16, 3, 0)), 52);
        assert_eq!(format_len(&header(108, 16, 3, 0)), 108);
        assert_eq!(format_len(&header(40, 8, 0, 0)), 40 + 1024);
        assert_eq!(format_len(&header(40, 4, 0, 3)), 40 + 12);
        assert_eq!(format_len(&header(40, 8, 0, u32::MAX)), 40 + 1024);
        for lie in [0, 39, u32::MAX] {
            assert_eq!(format_len(&header(lie, 24, 0, 0)), 40, "{lie}");
        }
    }
}
