//! An image as a file holds it.

use std::ops::Deref;
use std::sync::Arc;

use crate::{Error, Image, Layout};

/// The bytes of a PE file, with headers that were found sound.
///
/// Everything that can be asked of it is on [`Image`].
#[derive(Clone, Debug)]
pub struct File<'data> {
    image: Image<'data>,
    data: &'data [u8],
}

impl<'data> File<'data> {
    /// Reads the headers. The tables that they point at are read when asked for.
    ///
    /// # Errors
    ///
    /// When `data` is no PE image or its headers or sections are not whole. An image for another machine is not an
    /// error: see [`Layout::machine`].
    pub fn parse(data: &'data [u8]) -> Result<Self, Error> {
        let layout = Arc::new(Layout::parse(data)?);
        Ok(Self {
            image: Image::in_file(layout, data),
            data,
        })
    }

    /// The whole file.
    pub fn data(&self) -> &'data [u8] {
        self.data
    }
}

impl<'data> Deref for File<'data> {
    type Target = Image<'data>;

    fn deref(&self) -> &Image<'data> {
        &self.image
    }
}
