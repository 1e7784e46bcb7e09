//! Which formats a codec has, and which it suggests.

use opendriver_abi::Message;
use opendriver_abi::answer::ACMERR_NOTPOSSIBLE;
use opendriver_abi::structures::{AcmFormatTagDetails, Structure as _, WaveFormatEx};

use super::asked::{FORMAT, INDEX, LONGEST, MOST_LISTED, MOST_TAGS, TagOf, told};
use super::layout::{Listed, Place};
use super::{Driver, Error, Format, FormatTag, Stream, Support, Wish, details};
use crate::WaveFormat;

impl Driver {
    /// The kinds of formats that it handles, in its order.
    ///
    /// # Errors
    /// [`Error::Unsent`] where the driver breaks. A tag that it refuses to tell is left out.
    pub fn format_tags(&self) -> Result<Vec<FormatTag>, Error> {
        let count = self.details().format_tags.min(MOST_TAGS);
        let tags = (0..count).map(|index| self.format_tag_of(index, 0, TagOf::Index));
        tags.filter_map(Result::transpose).collect()
    }

    /// What it does with the tag of this place in its list.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is none.
    pub fn format_tag_at(&self, index: u32) -> Result<FormatTag, Error> {
        self.ask_format_tag(index, 0, TagOf::Index)
    }

    /// What it does with the tag whose formats are the largest; of one tag, where one is given.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not tell.
    pub fn largest_format_tag(&self, tag: Option<u16>) -> Result<FormatTag, Error> {
        self.ask_format_tag(0, tag.unwrap_or(0), TagOf::Largest)
    }

    /// What it does with one tag.
    ///
    /// # Errors
    /// [`Error::UnknownTag`] where it is not among the driver's, and as [`format_tags`](Self::format_tags).
    pub fn format_tag(&self, tag: u16) -> Result<FormatTag, Error> {
        let found = self.format_tag_of(0, tag, TagOf::Tag)?;
        found
            .filter(|found| found.tag == tag)
            .ok_or_else(|| Error::UnknownTag {
                driver: self.connection().driver.clone(),
                tag,
            })
    }

    /// The formats of one tag that the driver lists; with a template, those of them that it converts the template to.
    ///
    /// # Errors
    /// [`Error::UnknownTag`] where the tag is not among the driver's, [`Error::Unsent`] where it breaks. Formats that it refuses to tell
    /// are left out.
    pub fn formats(&self, tag: u16, template: Option<&WaveFormat>) -> Result<Vec<Format>, Error> {
        let found = self.format_tag(tag)?;
        let mut formats = Vec::new();
        for index in 0..found.standard_formats.min(MOST_LISTED) {
            let Some(format) = told(self.listed_format(&found, index))? else {
                continue;
            };
            let wanted =
                match template.map(|source| Stream::query(self, source, &format.format, None)) {
                    None | Some(Ok(())) => true,
                    Some(Err(Error::Refused { .. })) => false,
                    Some(Err(error)) => return Err(error),
                };
            if wanted {
                formats.push(format);
            }
        }
        Ok(formats)
    }

    /// The format of this place in the list of one tag.
    ///
    /// # Errors
    /// [`Error::UnknownTag`] where the tag is not among the driver's, [`Error::Refused`] where there is no such format.
    pub fn format_at(&self, tag: u16, index: u32) -> Result<Format, Error> {
        self.listed_format(&self.format_tag(tag)?, index)
    }

    /// What the driver says of a format.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not handle it.
    pub fn format_details(&self, format: &WaveFormat) -> Result<Format, Error> {
        self.ask_format(format.as_bytes(), (format.tag(), 0), FORMAT)
    }

    /// What the driver would convert `source` to, as wished but for the bytes in a second, which nobody can ask for.
    ///
    /// # Errors
    /// [`Error::Refused`] where it has no such format, [`Error::Nonsense`] where it suggests another.
    pub fn suggest(&self, source: &WaveFormat, wish: &Wish) -> Result<WaveFormat, Error> {
        const SUGGEST: Message = Message::ACMDM_FORMAT_SUGGEST;
        let connection = self.connection();
        let size = match wish.tag {
            Some(tag) => self.format_tag(tag)?.format_size,
            None => self.sizes()?.format,
        };
        let mut destination = connection.room(SUGGEST, room_for_format(size))?;
        wish.header().write(&mut destination);
        let given = connection.block(SUGGEST, source.as_bytes())?;
        let places = (Place::of(&given), Place::of(&destination));
        let question = self.layout().suggestion(wish.flags(), places.0, places.1);
        connection.ask(SUGGEST, &question, 0)?;
        connection.watch(&destination, "suggested format", SUGGEST);
        let format = self.parse(&destination)?;
        if !wish.fields_match(&format) {
            return Err(self.has_only(wish, &format));
        }
        Ok(format)
    }

    /// That the driver has no format as wished, but only one that is not.
    pub(super) fn has_only(&self, wish: &Wish, format: &WaveFormat) -> Error {
        let what = format!("wished was {wish}, suggested is {format}");
        self.connection()
            .nonsense(Message::ACMDM_FORMAT_SUGGEST, what)
    }

    pub(super) fn format_tag_of(
        &self,
        index: u32,
        tag: u16,
        of: TagOf,
    ) -> Result<Option<FormatTag>, Error> {
        told(self.ask_format_tag(index, tag, of))
    }

    fn ask_format_tag(&self, index: u32, tag: u16, of: TagOf) -> Result<FormatTag, Error> {
        const DETAILS: Message = Message::ACMDM_FORMATTAG_DETAILS;
        let mut question = [0; AcmFormatTagDetails::SIZE];
        let fields = AcmFormatTagDetails {
            size: AcmFormatTagDetails::SIZE as u32,
            index,
            tag: tag.into(),
            ..AcmFormatTagDetails::zeroed()
        };
        fields.write(&mut question);
        let connection = self.connection();
        let answer = connection.ask(DETAILS, &question, of as u32)?;
        let refused = || connection.refused(DETAILS, ACMERR_NOTPOSSIBLE);
        let details = AcmFormatTagDetails::read(&answer).ok_or_else(refused)?;
        // Where there are only 16 bits for it in a format, a wider one is no tag.
        let tag = u16::try_from(details.tag).map_err(|_| refused())?;
        let name = match { details.name }.to_string() {
            // Codecs leave that of plain samples to the system, which fills it in.
            name if tag == WaveFormat::PCM && name.is_empty() => "PCM".to_owned(),
            name => name,
        };
        Ok(FormatTag {
            tag,
            index: details.index,
            name,
            format_size: details.format_size,
            support: Support::from_bits_retain(details.support),
            standard_formats: details.standard_formats,
        })
    }

    fn listed_format(&self, tag: &FormatTag, index: u32) -> Result<Format, Error> {
        let mut room = vec![0; room_for_format(tag.format_size)];
        let header = WaveFormatEx {
            tag: tag.tag,
            ..WaveFormatEx::zeroed()
        };
        header.write(&mut room);
        self.ask_format(&room, (tag.tag, index), INDEX)
    }

    fn ask_format(&self, format: &[u8], listed: (u16, u32), of: u32) -> Result<Format, Error> {
        const DETAILS: Message = Message::ACMDM_FORMAT_DETAILS;
        let (tag, index) = listed;
        let connection = self.connection();
        let room = connection.block(DETAILS, format)?;
        let question = self.layout().format(Listed {
            tag: tag.into(),
            index,
            place: Place::of(&room),
        });
        let answer = connection.ask(DETAILS, &question, of)?;
        connection.watch(&room, "format", DETAILS);
        let format = self.parse(&room)?;
        let filled = self.layout().format_filled(&answer);
        let (support, name) =
            filled.ok_or_else(|| connection.refused(DETAILS, ACMERR_NOTPOSSIBLE))?;
        Ok(Format {
            name: match name.is_empty() {
                true => details::name(&format),
                false => name,
            },
            index,
            support,
            format,
        })
    }

    fn parse(&self, bytes: &[u8]) -> Result<WaveFormat, Error> {
        WaveFormat::parse(bytes).map_err(|source| self.broken(source))
    }
}

/// How many bytes to offer for a format of a tag whose largest one has `size`.
fn room_for_format(size: u32) -> usize {
    size.clamp(WaveFormatEx::SIZE as u32, LONGEST) as usize
}
