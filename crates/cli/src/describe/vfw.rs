//! What a video codec says of itself: `ICM_GETINFO`.

use opendriver::{Blocks, Error, Instance};
use opendriver_abi::Message;
use opendriver_abi::structures::{Address, FourCc, IcInfo, IcOpen, Structure as _};
use serde::Serialize;

use super::flags::flags;

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
    /// As the codec counts.
    pub(crate) version: u32,
    /// The version of the interface that it is for; 0x104 is the one of Windows 95 and later.
    pub(crate) icm_version: u32,
}

/// What `DRV_OPEN` of a video codec carries; `handler` is the code of the codec that is wanted, 0 for any.
pub(super) fn open<P: Address>(handler: FourCc) -> IcOpen<P> {
    IcOpen {
        size: IcOpen::<P>::SIZE as u32,
        kind: FourCc::VIDC,
        handler,
        // ICVERSION, the version of the interface.
        version: 0x0104,
        flags: QUERY,
        ..IcOpen::zeroed()
    }
}

/// Asks an instance that was opened with [`open`]; `None` where the answer is not that of a video codec.
pub(super) fn ask(instance: &Instance, memory: &Blocks) -> Result<Option<Vfw>, Error> {
    let mut block = memory.allocate(IcInfo::SIZE)?;
    let question = IcInfo {
        size: IcInfo::SIZE as u32,
        ..IcInfo::zeroed()
    };
    question.write(&mut block);
    let answer = instance.send(Message::ICM_GETINFO, block.address(), IcInfo::SIZE as isize)?;
    let info = IcInfo::read(&block).filter(|info| answer > 0 && info.kind == FourCc::VIDC);
    Ok(info.map(|info| Vfw {
        name: info.name.to_string(),
        description: info.description.to_string(),
        driver: info.driver.to_string(),
        handler: info.handler.to_string(),
        flags: flags(info.flags, &FLAGS),
        version: info.version,
        icm_version: info.manager_version,
    }))
}
