//! The structures that hold addresses, as the driver's world lays them out: chosen once, when a driver is opened.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::marker::PhantomData;
use std::path::Path;

use opendriver::{ModuleInfo, Width};
use opendriver_abi::structures::{
    AcmDriverDetails, AcmDrvFormatSuggest, AcmDrvOpenDesc, AcmDrvStreamHeader,
    AcmDrvStreamInstance, AcmFilterDetails, AcmFormatDetails, Address, FourCc, Structure, aligned,
};

use super::{Details, Support, Version};

/// The version of the audio compression manager that codecs are told: 4.0, which all of them know that have 32 bits or more.
pub const MANAGER_VERSION: Version = Version(0x0400_0000);

/// `ACMSTREAMHEADER_STATUSF_DONE`
const DONE: u32 = 0x1_0000;
/// `ACMSTREAMHEADER_STATUSF_PREPARED`
const PREPARED: u32 = 0x2_0000;

/// The layout of a world whose addresses are this wide.
pub(super) fn layout(width: Width) -> &'static dyn Layout {
    match width {
        Width::W32 => &World::<u32>::PACKED,
        Width::W64 => &World::<u64>::PACKED,
    }
}

/// The layout that a driver wants which is open: that of its world, but where it was built against other headers.
pub(super) fn layout_of(module: &ModuleInfo) -> &'static dyn Layout {
    match (module.width, &module.path) {
        (Width::W64, Some(path)) if is_of_wine(path) => &World::<u64>::ALIGNED,
        (width, _) => layout(width),
    }
}

/// Whether a Windows image is one of Wine's own. Their 64-bit codecs do not pack the structures of streams, as Windows does.
fn is_of_wine(path: &Path) -> bool {
    // What its linker writes in the place of the program for DOS.
    const MARK: &[u8] = b"Wine builtin DLL";
    const MARK_AT: usize = 0x40;
    let mut head = [0; MARK_AT + MARK.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[..2] == *b"MZ" && head[MARK_AT..] == *MARK
}

/// Bytes at an address of the driver's world.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) address: isize,
    pub(super) len: u32,
}

impl Place {
    /// Where a block is.
    pub(super) fn of(block: &opendriver::Block) -> Self {
        Self {
            address: block.address(),
            len: block.len().try_into().unwrap_or(u32::MAX),
        }
    }
}

/// What a driver lists: a format or a filter, by tag and index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    pub(super) tag: u32,
    pub(super) index: u32,
    pub(super) place: Place,
}

/// The formats of a stream, its filter, and how it is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) source: Place,
    pub(super) destination: Place,
    pub(super) filter: Place,
    pub(super) flags: u32,
    pub(super) handle: isize,
}

/// Turns values into structures and back. Nothing here speaks to a driver.
pub(super) trait Layout: fmt::Debug + Send + Sync {
    /// An `ACMDRVOPENDESC`; the addresses are those of the section's and the alias' names, or 0.
    fn open(&self, section: isize, alias: isize) -> Vec<u8>;
    /// Why the driver refused to be opened, or 0.
    fn open_error(&self, bytes: &[u8]) -> u32;

    /// An empty `ACMDRIVERDETAILS`.
    fn details(&self) -> Vec<u8>;
    /// What the driver made of it; none where it did not sign it as an audio codec does.
    fn details_filled(&self, bytes: &[u8]) -> Option<Details>;

    /// An `ACMFORMATDETAILS`.
    fn format(&self, listed: Listed) -> Vec<u8>;
    /// What the driver says of the format, and its name.
    fn format_filled(&self, bytes: &[u8]) -> Option<(Support, String)>;

    /// An `ACMFILTERDETAILS`.
    fn filter(&self, listed: Listed) -> Vec<u8>;
    /// What the driver says of the filter, and its name.
    fn filter_filled(&self, bytes: &[u8]) -> Option<(Support, String)>;

    /// An `ACMDRVFORMATSUGGEST`.
    fn suggestion(&self, flags: u32, source: Place, destination: Place) -> Vec<u8>;

    /// An `ACMDRVSTREAMINSTANCE`.
    fn stream(&self, opening: Opening) -> Vec<u8>;

    /// An `ACMDRVSTREAMHEADER` that is to be prepared.
    fn header(&self, source: Place, destination: Place) -> Vec<u8>;
    /// Notes that the header is prepared, as the manager does when the driver has been told.
    fn set_prepared(&self, header: &mut [u8]);
    /// Makes the header ready for a conversion of so many bytes of source, and so many of destination; what the driver keeps in it stays.
    fn begin(&self, header: &mut [u8], lengths: (u32, u32), flags: u32);
    /// Notes that the conversion has ended, and answers how many bytes were used and written.
    fn end(&self, header: &mut [u8]) -> (u32, u32);
}

/// A world whose addresses are of type `P`.
#[derive(Debug)]
struct World<P> {
    /// Whether fields of the driver's interface stand at multiples of their size.
    aligned: bool,
    addresses: PhantomData<P>,
}

impl<P> World<P> {
    const PACKED: Self = Self {
        aligned: false,
        addresses: PhantomData,
    };
    const ALIGNED: Self = Self {
        aligned: true,
        addresses: PhantomData,
    };

    /// The bytes of a structure, as this world lays it out.
    fn arrange<Packed: Structure, Aligned: Structure>(&self, fields: &Packed) -> Vec<u8> {
        let packed = bytes(fields);
        if !self.aligned {
            return packed;
        }
        let mut aligned = vec![0; Aligned::SIZE];
        for (from, to) in Packed::FIELDS.iter().zip(Aligned::FIELDS) {
            aligned[to.offset..][..to.size].copy_from_slice(&packed[from.offset..][..from.size]);
        }
        // Each starts with its size.
        aligned[..4].copy_from_slice(&(Aligned::SIZE as u32).to_le_bytes());
        aligned
    }
}

impl<P: Address> Layout for World<P> {
    fn open(&self, section: isize, alias: isize) -> Vec<u8> {
        bytes(&AcmDrvOpenDesc::<P> {
            size: AcmDrvOpenDesc::<P>::SIZE as u32,
            kind: FourCc::AUDC,
            version: MANAGER_VERSION.0,
            section: P::from_param(section),
            alias: P::from_param(alias),
            ..AcmDrvOpenDesc::zeroed()
        })
    }

    fn open_error(&self, bytes: &[u8]) -> u32 {
        AcmDrvOpenDesc::<P>::read(bytes).map_or(0, |description| description.error)
    }

    fn details(&self) -> Vec<u8> {
        bytes(&AcmDriverDetails::<P> {
            size: AcmDriverDetails::<P>::SIZE as u32,
            ..AcmDriverDetails::zeroed()
        })
    }

    fn details_filled(&self, bytes: &[u8]) -> Option<Details> {
        let details = AcmDriverDetails::<P>::read(bytes)?;
        ({ details.kind } == FourCc::AUDC).then(|| Details {
            maker: details.maker,
            product: details.product,
            manager_version: Version(details.manager_version),
            version: Version(details.version),
            support: Support::from_bits_retain(details.support),
            format_tags: details.format_tags,
            filter_tags: details.filter_tags,
            short_name: { details.short_name }.to_string(),
            long_name: { details.long_name }.to_string(),
            copyright: { details.copyright }.to_string(),
            licensing: { details.licensing }.to_string(),
            features: { details.features }.to_string(),
        })
    }

    fn format(&self, listed: Listed) -> Vec<u8> {
        bytes(&AcmFormatDetails::<P> {
            size: AcmFormatDetails::<P>::SIZE as u32,
            index: listed.index,
            tag: listed.tag,
            format: P::from_param(listed.place.address),
            format_size: listed.place.len,
            ..AcmFormatDetails::zeroed()
        })
    }

    fn format_filled(&self, bytes: &[u8]) -> Option<(Support, String)> {
        let details = AcmFormatDetails::<P>::read(bytes)?;
        let support = Support::from_bits_retain(details.support);
        Some((support, { details.name }.to_string()))
    }

    fn filter(&self, listed: Listed) -> Vec<u8> {
        bytes(&AcmFilterDetails::<P> {
            size: AcmFilterDetails::<P>::SIZE as u32,
            index: listed.index,
            tag: listed.tag,
            filter: P::from_param(listed.place.address),
            filter_size: listed.place.len,
            ..AcmFilterDetails::zeroed()
        })
    }

    fn filter_filled(&self, bytes: &[u8]) -> Option<(Support, String)> {
        let details = AcmFilterDetails::<P>::read(bytes)?;
        let support = Support::from_bits_retain(details.support);
        Some((support, { details.name }.to_string()))
    }

    fn suggestion(&self, flags: u32, source: Place, destination: Place) -> Vec<u8> {
        self.arrange::<_, aligned::AcmDrvFormatSuggest<P>>(&AcmDrvFormatSuggest::<P> {
            size: AcmDrvFormatSuggest::<P>::SIZE as u32,
            flags,
            source: P::from_param(source.address),
            source_size: source.len,
            destination: P::from_param(destination.address),
            destination_size: destination.len,
        })
    }

    fn stream(&self, opening: Opening) -> Vec<u8> {
        self.arrange::<_, aligned::AcmDrvStreamInstance<P>>(&AcmDrvStreamInstance::<P> {
            size: AcmDrvStreamInstance::<P>::SIZE as u32,
            source: P::from_param(opening.source.address),
            destination: P::from_param(opening.destination.address),
            filter: P::from_param(opening.filter.address),
            open_flags: opening.flags,
            stream: P::from_param(opening.handle),
            ..AcmDrvStreamInstance::zeroed()
        })
    }

    fn header(&self, source: Place, destination: Place) -> Vec<u8> {
        self.arrange::<_, aligned::AcmDrvStreamHeader<P>>(&AcmDrvStreamHeader::<P> {
            size: AcmDrvStreamHeader::<P>::SIZE as u32,
            source: P::from_param(source.address),
            source_length: source.len,
            destination: P::from_param(destination.address),
            destination_length: destination.len,
            ..AcmDrvStreamHeader::zeroed()
        })
    }

    fn set_prepared(&self, header: &mut [u8]) {
        match self.aligned {
            false => set_prepared!(AcmDrvStreamHeader::<P>, header),
            true => set_prepared!(aligned::AcmDrvStreamHeader::<P>, header),
        }
    }

    // What changes with each conversion stands in front of what is aligned otherwise: at the same offsets in both.

    fn begin(&self, header: &mut [u8], lengths: (u32, u32), flags: u32) {
        let Some(mut fields) = AcmDrvStreamHeader::<P>::read(header) else {
            return;
        };
        fields.status &= !DONE;
        (fields.source_length, fields.destination_length) = lengths;
        fields.source_used = 0;
        fields.destination_used = 0;
        fields.convert_flags = flags;
        fields.write(header);
    }

    fn end(&self, header: &mut [u8]) -> (u32, u32) {
        let Some(mut fields) = AcmDrvStreamHeader::<P>::read(header) else {
            return (0, 0);
        };
        fields.status |= DONE;
        fields.write(header);
        (fields.source_used, fields.destination_used)
    }
}

/// Two structures with the same fields have no more in common.
macro_rules! set_prepared {
    ($structure:ty, $header:ident) => {
        if let Some(mut fields) = <$structure>::read($header) {
            fields.status |= PREPARED;
            fields.prepared_source = fields.source;
            fields.prepared_source_length = fields.source_length;
            fields.prepared_destination = fields.destination;
            fields.prepared_destination_length = fields.destination_length;
            fields.write($header);
        }
    };
}
use set_prepared;

fn bytes(structure: &impl Structure) -> Vec<u8> {
    let mut bytes = vec![0; size(structure)];
    structure.write(&mut bytes);
    bytes
}

fn size<S: Structure>(_: &S) -> usize {
    S::SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of 32 bits at an offset.
    fn at(bytes: &[u8], offset: usize) -> u32 {
        u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
    }

    #[test]
    fn streams_are_told_as_wide_as_the_world_is() {
        let place = |address, len| Place { address, len };
        let opening = Opening {
            source: place(0x1000, 18),
            destination: place(0x2000, 20),
            filter: Place::default(),
            flags: 4,
            handle: 0x3000,
        };
        // Where the source, the destination and the flags stand, and how long all is.
        let worlds: [(&dyn Layout, [usize; 4]); 3] = [
            (layout(Width::W32), [4, 8, 24, 40]),
            (layout(Width::W64), [4, 12, 44, 68]),
            (&World::<u64>::ALIGNED, [8, 16, 48, 72]),
        ];
        for (world, [source, destination, flags, len]) in worlds {
            let bytes = world.stream(opening);
            assert_eq!((bytes.len(), at(&bytes, 0) as usize), (len, len));
            assert_eq!(at(&bytes, source), 0x1000);
            assert_eq!(at(&bytes, destination), 0x2000);
            assert_eq!(at(&bytes, flags), 4);
        }
    }

    #[test]
    fn a_header_keeps_what_the_driver_writes_into_it() {
        let worlds: [(&dyn Layout, usize); 3] = [
            (layout(Width::W32), own::<AcmDrvStreamHeader<u32>>()),
            (layout(Width::W64), own::<AcmDrvStreamHeader<u64>>()),
            (
                &World::<u64>::ALIGNED,
                own::<aligned::AcmDrvStreamHeader<u64>>(),
            ),
        ];
        for (world, own) in worlds {
            let place = |address| Place { address, len: 100 };
            let mut header = world.header(place(0x1000), place(0x2000));
            header[own] = 0x55;
            world.set_prepared(&mut header);
            assert_eq!(at(&header, 4), PREPARED);
            // The last fields are the destination that was prepared and its length, and padding where all is aligned.
            assert_eq!(header.iter().rfind(|&&byte| byte != 0), Some(&100));
            world.begin(&mut header, (50, 70), 0x14);
            assert_eq!(world.end(&mut header), (0, 0));
            assert_eq!((header[own], at(&header, 4)), (0x55, PREPARED | DONE));
        }
    }

    /// Where the driver's own value stands.
    fn own<S: Structure>() -> usize {
        let own = S::FIELDS.iter().find(|field| field.name == "dwDriver");
        own.expect("a header has such a field").offset
    }

    #[test]
    fn images_of_wine_are_known_by_their_mark() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, start: &[u8], mark: &[u8]| {
            let mut bytes = vec![0; 256];
            bytes[..start.len()].copy_from_slice(start);
            bytes[0x40..0x40 + mark.len()].copy_from_slice(mark);
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        assert!(is_of_wine(&file("wine", b"MZ", b"Wine builtin DLL")));
        assert!(!is_of_wine(&file(
            "windows",
            b"MZ",
            b"This program cannot be run"
        )));
        assert!(!is_of_wine(&file("other", b"\x7fELF", b"Wine builtin DLL")));
        assert!(!is_of_wine(&folder.path().join("none")));
    }
}
