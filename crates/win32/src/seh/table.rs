//! Finds the function table entry of an instruction: in images, and in tables that the driver registered.

use std::sync::RwLock;

use super::unwind::Function;
use crate::process::Process;

/// Where the exception directory stands in the optional header of a 64-bit image, and where that begins.
const EXCEPTION_DIRECTORY: u64 = 24 + 112 + 3 * 8;

/// Bytes of an entry.
pub(super) const ENTRY: u64 = 12;

/// An entry, where it stands, and the image that its numbers count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) image: u64,
    pub(super) address: u64,
    pub(super) function: Function,
}

/// Tables that the driver registered (`RtlAddFunctionTable`).
#[derive(Default)]
pub(super) struct Registered {
    tables: RwLock<Vec<Table>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) image: u64,
    pub(super) address: u64,
    pub(super) count: u32,
}

impl Registered {
    pub(super) fn add(&self, table: Table) {
        self.tables.write().expect("no holder panics").push(table);
    }

    /// Forgets the table at an address; false if there is none.
    pub(super) fn remove(&self, address: u64) -> bool {
        let mut tables = self.tables.write().expect("no holder panics");
        let before = tables.len();
        tables.retain(|table| table.address != address);
        tables.len() != before
    }
}

impl Table {
    /// The table of an image that is mapped at `image`.
    fn of_image(image: u64) -> Option<Self> {
        let header = image + u64::from(double(image + 0x3c)?);
        Some(Self {
            image,
            address: image + u64::from(double(header + EXCEPTION_DIRECTORY)?),
            count: double(header + EXCEPTION_DIRECTORY + 4)? / ENTRY as u32,
        })
    }

    fn entry(&self, index: u32) -> Option<Found> {
        let address = self.address + u64::from(index) * ENTRY;
        let function = Function::read(address).ok()?;
        Some(Found {
            image: self.image,
            address,
            function,
        })
    }

    /// Searches the table, which is sorted.
    fn find(&self, at: u64) -> Option<Found> {
        let offset = u32::try_from(at.checked_sub(self.image)?).ok()?;
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let found = self.entry(middle)?;
            if offset < found.function.begin {
                high = middle;
            } else if offset >= found.function.end {
                low = middle + 1;
            } else {
                return Some(found);
            }
        }
        None
    }
}

fn double(address: u64) -> Option<u32> {
    // SAFETY: tolerant; a process has installed the handlers.
    unsafe { opendriver_guard::read_u32(address as usize) }
}

/// The entry of the function that an instruction lies in.
pub(super) fn find(process: &Process, at: u64) -> Option<Found> {
    if let Some(image) = process.images().by_address(at) {
        return Table::of_image(image.base())?.find(at);
    }
    let registered = process.state::<Registered>();
    let tables = registered.tables.read().expect("no holder panics");
    tables.iter().find_map(|table| table.find(at))
}
