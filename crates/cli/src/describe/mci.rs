//! What a device of the media control interface says of itself when it is opened.

use serde::Serialize;

use super::fields::{Fields, put_u32};

/// `MCI_OPEN_DRIVER_PARMS`, packed, as mmddk.h declares it for 64 bits.
mod params {
    pub(super) const DEVICE: usize = 0;
    pub(super) const COMMAND_TABLE: usize = 12;
    pub(super) const TYPE: usize = 16;
    pub(super) const SIZE: usize = 20;
}

/// `MCI_DEVTYPE_*` from 513 on.
const TYPES: [&str; 11] = [
    "vcr",
    "videodisc",
    "overlay",
    "cdaudio",
    "dat",
    "scanner",
    "animation",
    "digitalvideo",
    "other",
    "waveaudio",
    "sequencer",
];

/// What an MCI driver says of itself.
#[derive(Debug, Serialize)]
pub(crate) struct Mci {
    /// The type of device, by the name that `open ... type` takes.
    pub(crate) device: &'static str,
    /// The resource with commands of its own, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command_table: Option<u32>,
}

/// What `DRV_OPEN` of an MCI driver carries.
pub(super) fn open_block() -> [u8; params::SIZE] {
    let mut block = [0; params::SIZE];
    put_u32(&mut block, params::DEVICE, 1);
    block
}

/// Reads what the driver wrote while it was opened; `None` where that is no type of device.
pub(super) fn read(block: &[u8]) -> Option<Mci> {
    let fields = Fields(block);
    let device = fields.u32(params::TYPE) & 0xffff;
    let index = usize::try_from(device).ok()?.checked_sub(513)?;
    let table = fields.u32(params::COMMAND_TABLE);
    Some(Mci {
        device: TYPES.get(index)?,
        command_table: (!matches!(table, 0 | 0xffff | u32::MAX)).then_some(table),
    })
}
