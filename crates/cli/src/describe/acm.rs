//! What an audio codec says of itself: `ACMDM_DRIVER_DETAILS` and `ACMDM_FORMATTAG_DETAILS`.

use opendriver::{Error, Manager, OpenOptions};
use opendriver_codec::acm::{self, Driver, Support};
use serde::Serialize;

use super::flags::flags;

/// `ACMDRIVERDETAILS_SUPPORTF_*`.
const SUPPORT: [(u32, &str); 7] = [
    (0x1, "codec"),
    (0x2, "converter"),
    (0x4, "filter"),
    (0x8, "hardware"),
    (0x10, "asynchronous"),
    (0x4000_0000, "local"),
    (0x8000_0000, "disabled"),
];

/// What an audio codec says of itself.
#[derive(Debug, Serialize)]
pub(crate) struct Acm {
    pub(crate) short_name: String,
    pub(crate) long_name: String,
    pub(crate) copyright: String,
    pub(crate) licensing: String,
    pub(crate) features: String,
    pub(crate) manufacturer: u16,
    pub(crate) product: u16,
    pub(crate) acm_version: String,
    pub(crate) driver_version: String,
    pub(crate) support: Vec<String>,
    pub(crate) filter_tags: u32,
    pub(crate) format_tags: Vec<FormatTag>,
}

/// A format that an audio codec handles.
#[derive(Debug, Serialize)]
pub(crate) struct FormatTag {
    pub(crate) tag: u16,
    pub(crate) name: String,
    pub(crate) standard_formats: u32,
    pub(crate) support: Vec<String>,
}

/// Asks a driver as an audio codec; `None` where it is none.
///
/// # Errors
/// Where it breaks, or cannot be opened for a reason that is not its own.
pub(super) fn ask(manager: &Manager, options: OpenOptions<'_>) -> Result<Option<Acm>, Error> {
    match Driver::open_with(manager, options).and_then(|driver| describe(&driver)) {
        Ok(acm) => Ok(Some(acm)),
        Err(error) => not_refused(error),
    }
}

/// Nothing where a driver said that it is no audio codec, an error where it could not say anything.
pub(super) fn not_refused<T>(error: acm::Error) -> Result<Option<T>, Error> {
    match error {
        acm::Error::Unopened {
            source: Error::Refused { .. },
            ..
        } => Ok(None),
        acm::Error::Unopened { source, .. } | acm::Error::Unsent { source, .. } => Err(source),
        _ => Ok(None),
    }
}

fn describe(driver: &Driver) -> Result<Acm, acm::Error> {
    let details = driver.details().clone();
    let format_tags = driver.format_tags()?.into_iter().map(|tag| FormatTag {
        tag: tag.tag,
        name: tag.name,
        standard_formats: tag.standard_formats,
        support: support(tag.support),
    });
    Ok(Acm {
        short_name: details.short_name,
        long_name: details.long_name,
        copyright: details.copyright,
        licensing: details.licensing,
        features: details.features,
        manufacturer: details.maker,
        product: details.product,
        acm_version: details.manager_version.to_string(),
        driver_version: details.version.to_string(),
        support: support(details.support),
        filter_tags: details.filter_tags,
        format_tags: format_tags.collect(),
    })
}

/// What a driver can do, in words.
fn support(support: Support) -> Vec<String> {
    flags(support.bits(), &SUPPORT)
}
