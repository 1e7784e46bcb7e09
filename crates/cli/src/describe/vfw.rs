//! What a video codec says of itself: `ICM_GETINFO`.

use opendriver::{Blocks, Error, Instance};
use opendriver_abi::Message;
use serde::Serialize;

use super::fields::{Fields, FourCc, flags, put_u32};

/// `ICINFO`, as vfw.h declares it: the same in both widths.
mod info {
    pub(super) const TYPE: usize = 4;
    pub(super) const HANDLER: usize = 8;
    pub(super) const FLAGS: usize = 12;
    pub(super) const VERSION: usize = 16;
    pub(super) const ICM_VERSION: usize = 20;
    pub(super) const NAME: usize = 24;
    pub(super) const DESCRIPTION: usize = NAME + 2 * 16;
    pub(super) const DRIVER: usize = DESCRIPTION + 2 * 128;
    pub(super) const SIZE: usize = DRIVER + 2 * 128;
}

/// `fccType` of a video codec.
pub(super) const VIDC: FourCc = FourCc::new(*b"vidc");

/// `ICMODE_QUERY`: opened to be asked, not to work.
const QUERY: u32 = 4;

/// `VIDCF_*`.
const FLAGS: [(u32, &str); 8] = [
    (0x1, "quality"),
    (0x2, "crunch"),
    (0x4, "temporal"),
    (0x8, "compress frames"),
    (0x10, "draw"),
    (0x20, "fast temporal compression"),
    (0x40, "quality over time"),
    (0x80, "fast temporal decompression"),
];

/// What a video codec says of itself.
#[derive(Debug, Serialize)]
pub(crate) struct Vfw {
    pub(crate) name: String,
    pub(crate) description: String,
    /// The file that it believes to be in; most leave it to the system to fill in.
    pub(crate) driver: String,
    /// Its code (`mrle`), or a number where that is no text.
    pub(crate) handler: String,
    pub(crate) flags: Vec<String>,
    pub(crate) version: String,
    pub(crate) icm_version: String,
}

/// What `DRV_OPEN` of a video codec carries: an `ICOPEN` with `vidc` and the code of the codec that is wanted, 0 for any.
pub(super) fn open_block(handler: FourCc) -> [u8; 56] {
    let mut block = [0; 56];
    let size = block.len() as u32;
    put_u32(&mut block, 0, size);
    put_u32(&mut block, 4, VIDC.0);
    put_u32(&mut block, 8, handler.0);
    // ICVERSION, the version of the interface.
    put_u32(&mut block, 12, 0x0104);
    put_u32(&mut block, 16, QUERY);
    block
}

/// Asks an instance that was opened with [`open_block`]; `None` where the answer is not that of a video codec.
pub(super) fn ask(instance: &Instance, memory: &Blocks) -> Result<Option<Vfw>, Error> {
    let mut block = memory.allocate(info::SIZE)?;
    put_u32(&mut block, 0, info::SIZE as u32);
    let answer = instance.send(Message::ICM_GETINFO, block.address(), info::SIZE as isize)?;
    let fields = Fields(&block);
    if answer <= 0 || fields.u32(info::TYPE) != VIDC.0 {
        return Ok(None);
    }
    Ok(Some(Vfw {
        name: fields.text(info::NAME, 16),
        description: fields.text(info::DESCRIPTION, 128),
        driver: fields.text(info::DRIVER, 128),
        handler: FourCc(fields.u32(info::HANDLER)).to_string(),
        flags: flags(fields.u32(info::FLAGS), &FLAGS),
        version: version(fields.u32(info::VERSION)),
        icm_version: version(fields.u32(info::ICM_VERSION)),
    }))
}

/// A version as Video for Windows packs it: major and minor in a half each.
fn version(packed: u32) -> String {
    format!("{}.{}", packed >> 16, packed & 0xffff)
}
