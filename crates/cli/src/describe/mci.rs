//! What a device of the media control interface says of itself when it is opened.

use opendriver_abi::structures::{Address, MciOpenDriverParms, Structure as _};
use serde::Serialize;

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
pub(super) fn open<P: Address>() -> MciOpenDriverParms<P> {
    MciOpenDriverParms {
        device: 1,
        ..MciOpenDriverParms::zeroed()
    }
}

/// Reads what the driver wrote while it was opened; `None` where that is no type of device.
pub(super) fn read<P: Address>(block: &[u8]) -> Option<Mci> {
    let params = MciOpenDriverParms::<P>::read(block)?;
    let index = usize::try_from(params.kind & 0xffff)
        .ok()?
        .checked_sub(513)?;
    let table = params.command_table;
    Some(Mci {
        device: TYPES.get(index)?,
        command_table: (!matches!(table, 0 | 0xffff | u32::MAX)).then_some(table),
    })
}
