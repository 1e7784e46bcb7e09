//! Whether an image is of managed code alone: an assembly for .NET that has nothing for a processor.

use object::LittleEndian;

use crate::{Directory, Error, Image};

/// Where the flags lie in the CLI header (ECMA-335, II.25.3.3).
const FLAGS_AT: u32 = 16;
/// The flag of images without machine code.
const IL_ONLY: u32 = 1;

pub(crate) fn is_managed(image: &Image<'_>) -> Result<bool, Error> {
    let Some((rva, _)) = image.directory(Directory::ComDescriptor) else {
        return Ok(false);
    };
    let flags: object::U32<LittleEndian> =
        image.read("CLI header", rva.saturating_add(FLAGS_AT))?;
    Ok(flags.get(LittleEndian) & IL_ONLY != 0)
}
