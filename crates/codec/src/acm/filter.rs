//! Filters, which change sound and keep its format.

use std::fmt;

use opendriver_abi::Message;
use opendriver_abi::answer::ACMERR_NOTPOSSIBLE;
use opendriver_abi::structures::{self, AcmFilterTagDetails, Structure as _};

use super::asked::{FORMAT, INDEX, LONGEST, MOST_LISTED, MOST_TAGS, TagOf, told};
use super::layout::{Listed, Place};
use super::{Driver, Error, Support};
use crate::BrokenFormat;

/// A filter and its settings: a `WAVEFILTER`, and behind it what its kind needs.
///
/// ```
/// use opendriver_codec::acm::WaveFilter;
///
/// let half = WaveFilter::volume(0x8000);
/// assert_eq!((half.tag(), half.as_bytes().len()), (1, 36));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WaveFilter {
    bytes: Vec<u8>,
}

impl WaveFilter {
    /// `WAVE_FILTER_VOLUME`
    pub const VOLUME: u32 = 1;
    /// `WAVE_FILTER_ECHO`
    pub const ECHO: u32 = 2;

    /// Makes sound louder or softer; 0x10000 leaves it as it is (`VOLUMEWAVEFILTER`).
    pub fn volume(volume: u32) -> Self {
        Self::new(Self::VOLUME, 0, &volume.to_le_bytes())
    }

    /// Adds an echo of this strength (0x10000 is the sound's own), `delay` milliseconds late (`ECHOWAVEFILTER`).
    pub fn echo(volume: u32, delay: u32) -> Self {
        let settings = [volume.to_le_bytes(), delay.to_le_bytes()].concat();
        Self::new(Self::ECHO, 0, &settings)
    }

    /// Puts a filter and its settings together.
    pub fn new(tag: u32, flags: u32, settings: &[u8]) -> Self {
        let size = structures::WaveFilter::SIZE.saturating_add(settings.len());
        let header = structures::WaveFilter {
            size: size.try_into().unwrap_or(u32::MAX),
            tag,
            flags,
            ..structures::WaveFilter::zeroed()
        };
        let mut bytes = vec![0; structures::WaveFilter::SIZE];
        header.write(&mut bytes);
        bytes.extend_from_slice(settings);
        Self { bytes }
    }

    /// Takes the bytes of a filter. What lies beyond the size that it says is dropped, and where it says more than there is, it is
    /// made to say that.
    ///
    /// # Errors
    /// Fewer than 32 bytes are no filter.
    pub fn parse(bytes: &[u8]) -> Result<Self, BrokenFormat> {
        let Some(header) = structures::WaveFilter::read(bytes) else {
            return Err(BrokenFormat {
                what: structures::WaveFilter::NAME,
                needed: structures::WaveFilter::SIZE,
                found: bytes.len(),
            });
        };
        let end = (header.size as usize).clamp(structures::WaveFilter::SIZE, bytes.len());
        let settings = &bytes[structures::WaveFilter::SIZE..end];
        Ok(Self::new(header.tag, header.flags, settings))
    }

    /// The filter as codecs take it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What kind of filter it is.
    pub fn tag(&self) -> u32 {
        self.header().tag
    }

    /// The kind's own flags.
    pub fn flags(&self) -> u32 {
        self.header().flags
    }

    /// What follows the first 32 bytes.
    pub fn settings(&self) -> &[u8] {
        &self.bytes[structures::WaveFilter::SIZE..]
    }

    fn header(&self) -> structures::WaveFilter {
        structures::WaveFilter::read(&self.bytes).expect("a filter starts with its header")
    }
}

impl fmt::Debug for WaveFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaveFilter")
            .field("tag", &self.tag())
            .field("flags", &self.flags())
            .field("settings", &self.settings())
            .finish()
    }
}

/// A kind of filter that a driver has (`ACMFILTERTAGDETAILS`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterTag {
    /// The tag.
    pub tag: u32,
    /// Its place in the driver's list.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Bytes in the largest filter of this tag.
    pub filter_size: u32,
    /// What the driver can do with it.
    pub support: Support,
    /// How many filters of this tag it lists.
    pub standard_filters: u32,
}

/// A filter that a driver lists (`ACMFILTERDETAILS`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// The filter.
    pub filter: WaveFilter,
    /// Its place in the list of its tag; 0 where it is not of a list.
    pub index: u32,
    /// What the driver can do with it.
    pub support: Support,
    /// Its name.
    pub name: String,
}

impl Driver {
    /// The kinds of filters that it has, in its order.
    ///
    /// # Errors
    /// [`Error::Unsent`] where the driver breaks. A tag that it refuses to tell is left out.
    pub fn filter_tags(&self) -> Result<Vec<FilterTag>, Error> {
        let count = self.details().filter_tags.min(MOST_TAGS);
        let tags = (0..count).map(|index| self.filter_tag_of(index, 0, TagOf::Index));
        tags.filter_map(Result::transpose).collect()
    }

    /// The filters of one tag that the driver lists.
    ///
    /// # Errors
    /// [`Error::Unsent`] where the driver breaks. Filters that it refuses to tell are left out.
    pub fn filters(&self, tag: u32) -> Result<Vec<Filter>, Error> {
        let Some(found) = self.filter_tag_of(0, tag, TagOf::Tag)? else {
            return Ok(Vec::new());
        };
        let count = found.standard_filters.min(MOST_LISTED);
        let filters = (0..count).map(|index| told(self.listed_filter(&found, index)));
        filters.filter_map(Result::transpose).collect()
    }

    /// What it does with the filters of the tag of this place in its list.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is none.
    pub fn filter_tag_at(&self, index: u32) -> Result<FilterTag, Error> {
        self.ask_filter_tag(index, 0, TagOf::Index)
    }

    /// What it does with the filters of one tag.
    ///
    /// # Errors
    /// [`Error::Refused`] where it has none.
    pub fn filter_tag(&self, tag: u32) -> Result<FilterTag, Error> {
        self.ask_filter_tag(0, tag, TagOf::Tag)
    }

    /// What it does with the tag whose filters are the largest; of one tag, where one is given.
    ///
    /// # Errors
    /// [`Error::Refused`] where it has no filters.
    pub fn largest_filter_tag(&self, tag: Option<u32>) -> Result<FilterTag, Error> {
        self.ask_filter_tag(0, tag.unwrap_or(0), TagOf::Largest)
    }

    /// The filter of this place in the list of one tag.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is none.
    pub fn filter_at(&self, tag: u32, index: u32) -> Result<Filter, Error> {
        self.listed_filter(&self.filter_tag(tag)?, index)
    }

    /// What the driver says of a filter.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not have it.
    pub fn filter_details(&self, filter: &WaveFilter) -> Result<Filter, Error> {
        self.ask_filter(filter.as_bytes(), (filter.tag(), 0), FORMAT)
    }

    pub(super) fn filter_tag_of(
        &self,
        index: u32,
        tag: u32,
        of: TagOf,
    ) -> Result<Option<FilterTag>, Error> {
        told(self.ask_filter_tag(index, tag, of))
    }

    fn ask_filter_tag(&self, index: u32, tag: u32, of: TagOf) -> Result<FilterTag, Error> {
        const DETAILS: Message = Message::ACMDM_FILTERTAG_DETAILS;
        let mut question = [0; AcmFilterTagDetails::SIZE];
        let fields = AcmFilterTagDetails {
            size: AcmFilterTagDetails::SIZE as u32,
            index,
            tag,
            ..AcmFilterTagDetails::zeroed()
        };
        fields.write(&mut question);
        let answer = self.connection().ask(DETAILS, &question, of as u32)?;
        let details = AcmFilterTagDetails::read(&answer)
            .ok_or_else(|| self.connection().refused(DETAILS, ACMERR_NOTPOSSIBLE))?;
        Ok(FilterTag {
            tag: details.tag,
            index: details.index,
            name: { details.name }.to_string(),
            filter_size: details.filter_size,
            support: Support::from_bits_retain(details.support),
            standard_filters: details.standard_filters,
        })
    }

    fn listed_filter(&self, tag: &FilterTag, index: u32) -> Result<Filter, Error> {
        let mut room = WaveFilter::new(tag.tag, 0, &[]).as_bytes().to_vec();
        let size = tag.filter_size.min(LONGEST) as usize;
        room.resize(size.max(room.len()), 0);
        self.ask_filter(&room, (tag.tag, index), INDEX)
    }

    fn ask_filter(&self, filter: &[u8], listed: (u32, u32), of: u32) -> Result<Filter, Error> {
        const DETAILS: Message = Message::ACMDM_FILTER_DETAILS;
        let (tag, index) = listed;
        let connection = self.connection();
        let room = connection.block(DETAILS, filter)?;
        let question = self.layout().filter(Listed {
            tag,
            index,
            place: Place::of(&room),
        });
        let answer = connection.ask(DETAILS, &question, of)?;
        connection.watch(&room, "filter", DETAILS);
        let filter = WaveFilter::parse(&room).map_err(|source| self.broken(source))?;
        let filled = self.layout().filter_filled(&answer);
        let (support, name) =
            filled.ok_or_else(|| connection.refused(DETAILS, ACMERR_NOTPOSSIBLE))?;
        Ok(Filter {
            filter,
            index,
            support,
            name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_the_settings_that_are_there() {
        let echo = WaveFilter::echo(0x8000, 250);
        let mut bytes = echo.as_bytes().to_vec();
        assert_eq!(WaveFilter::parse(&bytes), Ok(echo.clone()));
        bytes[0] = 200;
        assert_eq!(WaveFilter::parse(&bytes), Ok(echo));
        bytes[0] = 3;
        assert_eq!(WaveFilter::parse(&bytes).unwrap().settings(), []);
        assert!(WaveFilter::parse(&bytes[..31]).is_err());
    }
}
