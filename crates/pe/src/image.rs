//! Reading from an image by address, be it in a file or mapped.
#![expect(unsafe_code, reason = "reads a mapped image through its address")]

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use object::pod::{Pod, from_bytes};

use crate::{
    Directory, Error, Exports, ImportedDll, Layout, Resources, SecurityCookie, Tls, Width, exports,
    imports, load_config, managed, tls,
};

/// Longer names are refused; compilers cut theirs at 4,096.
const LONGEST_TEXT: usize = 8192;

/// An image and what it says, with addresses relative to its base throughout.
#[derive(Clone, Debug)]
pub struct Image<'data> {
    layout: Arc<Layout>,
    bytes: Bytes<'data>,
    /// What its absolute addresses are relative to.
    base: u64,
}

#[derive(Clone, Copy, Debug)]
enum Bytes<'data> {
    File(&'data [u8]),
    Mapped(usize, PhantomData<&'data [u8]>),
}

impl<'data> Image<'data> {
    pub(crate) fn in_file(layout: Arc<Layout>, data: &'data [u8]) -> Self {
        let base = layout.image_base();
        Self {
            layout,
            bytes: Bytes::File(data),
            base,
        }
    }

    /// An image that is mapped at `base`.
    ///
    /// # Safety
    ///
    /// For `'data`, what `layout` describes stays mapped at `base`, its readable sections stay readable, and nobody
    /// writes to the tables that are read or to what was borrowed from them.
    pub unsafe fn in_memory(layout: Arc<Layout>, base: usize) -> Self {
        Self {
            layout,
            bytes: Bytes::Mapped(base, PhantomData),
            base: base as u64,
        }
    }

    /// What the headers say, to keep.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The DLLs it wants, the delayed ones last.
    ///
    /// # Errors
    ///
    /// When a table is broken or leads out of the image.
    pub fn imports(&self) -> Result<Vec<ImportedDll<'data>>, Error> {
        imports::read(self)
    }

    /// What it offers; empty if it has no such table.
    ///
    /// # Errors
    ///
    /// When the table leads out of the image.
    pub fn exports(&self) -> Result<Exports<'data>, Error> {
        exports::read(self)
    }

    /// Its thread-local storage.
    ///
    /// # Errors
    ///
    /// When an address in it leads out of the image.
    pub fn tls(&self) -> Result<Option<Tls>, Error> {
        tls::read(self)
    }

    /// The table of functions to unwind through: address and size, a whole number of entries that lie inside the image.
    ///
    /// # Errors
    ///
    /// When it leads out of the image.
    pub fn exception_table(&self) -> Result<Option<(u32, u32)>, Error> {
        let Some((rva, size)) = self.layout.directory(Directory::Exception) else {
            return Ok(None);
        };
        let size = size - size % 12;
        if size == 0 {
            return Ok(None);
        }
        self.bytes("exception table", rva, size)?;
        Ok(Some((rva, size)))
    }

    /// Whether it is an assembly for .NET without machine code.
    ///
    /// # Errors
    ///
    /// When its CLI header is outside of the image.
    pub fn is_managed(&self) -> Result<bool, Error> {
        managed::is_managed(self)
    }

    /// Where the linker keeps the value that guards return addresses.
    ///
    /// # Errors
    ///
    /// When it leads out of the image.
    pub fn security_cookie(&self) -> Result<Option<SecurityCookie>, Error> {
        load_config::security_cookie(self)
    }

    /// Its resources; empty if it has none.
    ///
    /// # Errors
    ///
    /// When the root of the tree leads out of the image.
    pub fn resources(&self) -> Result<Resources<'data>, Error> {
        Resources::read(self)
    }

    /// Borrows bytes that the image holds, not those that are only zero by promise.
    ///
    /// # Errors
    ///
    /// When they do not lie in one section.
    pub fn bytes(&self, what: &'static str, rva: u32, size: u32) -> Result<&'data [u8], Error> {
        self.tail(rva)
            .and_then(|tail| tail.get(..size as usize))
            .ok_or(Error::Outside {
                what,
                address: rva.into(),
                size: size.into(),
            })
    }

    /// Everything from an address to the end of what its section holds.
    pub(crate) fn tail(&self, rva: u32) -> Option<&'data [u8]> {
        let (start, length, file_offset) = match self.layout.section_at(rva) {
            Some(section) => {
                let length = match self.bytes {
                    Bytes::File(_) => section.file_size,
                    Bytes::Mapped(..) if section.access.read || section.access.execute => {
                        section.span()
                    }
                    Bytes::Mapped(..) => return None,
                };
                (section.rva, length, section.file_offset)
            }
            None => (0, self.layout.headers_size(), 0),
        };
        let skip = rva - start;
        let length = length.checked_sub(skip)? as usize;
        match self.bytes {
            Bytes::File(data) => data
                .get(file_offset as usize + skip as usize..)?
                .get(..length),
            Bytes::Mapped(base, _) => {
                let address = base.wrapping_add(rva as usize) as *const u8;
                // SAFETY: the constructor's caller vouched for the readable sections of the layout, and the range is
                // inside one of them or inside the headers.
                Some(unsafe { std::slice::from_raw_parts(address, length) })
            }
        }
    }

    /// Copies a structure out, as zeros where the section goes on but the file does not.
    pub(crate) fn read<T: Pod>(&self, what: &'static str, rva: u32) -> Result<T, Error> {
        let outside = || Error::Outside {
            what,
            address: rva.into(),
            size: size_of::<T>() as u64,
        };
        let held = self.tail(rva);
        if let Some(Ok((value, _))) = held.map(from_bytes::<T>) {
            return Ok(*value);
        }
        let section = self.layout.section_at(rva).ok_or_else(outside)?;
        // In memory what cannot be borrowed cannot be read either.
        if matches!(self.bytes, Bytes::Mapped(..)) {
            return Err(outside());
        }
        if section.span() - (rva - section.rva) < size_of::<T>() as u32 {
            return Err(outside());
        }
        let mut padded = [0; 64];
        let held = held.unwrap_or_default();
        padded[..held.len()].copy_from_slice(held);
        let (value, _) = from_bytes::<T>(&padded).map_err(|()| outside())?;
        Ok(*value)
    }

    /// Reads an address-sized value.
    pub(crate) fn pointer(&self, what: &'static str, rva: u32) -> Result<u64, Error> {
        use object::{LittleEndian as LE, U32, U64};
        Ok(match self.layout.width() {
            Width::Bits32 => self.read::<U32<LE>>(what, rva)?.get(LE).into(),
            Width::Bits64 => self.read::<U64<LE>>(what, rva)?.get(LE),
        })
    }

    /// Borrows text up to its zero.
    pub(crate) fn text(&self, what: &'static str, rva: u32) -> Result<&'data str, Error> {
        let malformed = |problem| Error::Malformed {
            what,
            address: rva.into(),
            problem,
        };
        let tail = self.tail(rva).ok_or(Error::Outside {
            what,
            address: rva.into(),
            size: 1,
        })?;
        let tail = &tail[..tail.len().min(LONGEST_TEXT)];
        let end = tail
            .iter()
            .position(|&byte| byte == 0)
            .ok_or_else(|| malformed("does not end"))?;
        str::from_utf8(&tail[..end]).map_err(|_| malformed("is not text"))
    }

    /// Turns an absolute address of the image into a relative one.
    pub(crate) fn relative(&self, what: &'static str, address: u64) -> Result<u32, Error> {
        address
            .checked_sub(self.base)
            .and_then(|rva| u32::try_from(rva).ok())
            .filter(|&rva| rva < self.layout.image_size())
            .ok_or(Error::Outside {
                what,
                address,
                size: 1,
            })
    }
}

impl Deref for Image<'_> {
    type Target = Layout;

    fn deref(&self) -> &Layout {
        &self.layout
    }
}
