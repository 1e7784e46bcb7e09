//! Which formats a codec has, and which it suggests.

use opendriver_abi::Message;
use opendriver_abi::structures::{AcmFormatTagDetails, Structure as _, WaveFormatEx};

use super::asked::{LONGEST, MOST_LISTED, MOST_TAGS, TagOf, told};
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
            let Some(format) = self.format(&found, index)? else {
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
        const DETAILS: Message = Message::ACMDM_FORMATTAG_DETAILS;
        let mut question = [0; AcmFormatTagDetails::SIZE];
        let fields = AcmFormatTagDetails {
            size: AcmFormatTagDetails::SIZE as u32,
            index,
            tag: tag.into(),
            ..AcmFormatTagDetails::zeroed()
        };
        fields.write(&mut question);
        let Some(answer) = told(self.connection().ask(DETAILS, &question, of as u32))? else {
            return Ok(None);
        };
        let Some(details) = AcmFormatTagDetails::read(&answer) else {
            return Ok(None);
        };
        // Where there are only 16 bits for it in a format, a wider one is no tag.
        let Ok(tag) = u16::try_from(details.tag) else {
            return Ok(None);
        };
        let name = match { details.name }.to_string() {
            // Codecs leave that of plain samples to the system, which fills it in.
            name if tag == WaveFormat::PCM && name.is_empty() => "PCM".to_owned(),
            name => name,
        };
        Ok(Some(FormatTag {
            tag,
            name,
            format_size: details.format_size,
            support: Support::from_bits_retain(details.support),
            standard_formats: details.standard_formats,
        }))
    }

    fn format(&self, tag: &FormatTag, index: u32) -> Result<Option<Format>, Error> {
        const DETAILS: Message = Message::ACMDM_FORMAT_DETAILS;
        let connection = self.connection();
        let mut room = connection.room(DETAILS, room_for_format(tag.format_size))?;
        let header = WaveFormatEx {
            tag: tag.tag,
            ..WaveFormatEx::zeroed()
        };
        header.write(&mut room);
        let question = self.layout().format(Listed {
            tag: tag.tag.into(),
            index,
            place: Place::of(&room),
        });
        let Some(answer) = told(connection.ask(DETAILS, &question, 0))? else {
            return Ok(None);
        };
        connection.watch(&room, "format", DETAILS);
        let format = self.parse(&room)?;
        Ok(self
            .layout()
            .format_filled(&answer)
            .map(|(support, name)| Format {
                name: match name.is_empty() {
                    true => details::name(&format),
                    false => name,
                },
                support,
                format,
            }))
    }

    fn parse(&self, bytes: &[u8]) -> Result<WaveFormat, Error> {
        WaveFormat::parse(bytes).map_err(|source| self.broken(source))
    }
}

/// How many bytes to offer for a format of a tag whose largest one has `size`.
fn room_for_format(size: u32) -> usize {
    size.clamp(WaveFormatEx::SIZE as u32, LONGEST) as usize
}
