//! A driver that broke instead of answering.

/// What broke, where, and in which message.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the driver broke while handling {message:?}: {what} at {place}")]
#[non_exhaustive]
pub struct Fault {
    /// The message that the driver was handling.
    pub message: opendriver_abi::Message,
    /// What happened (`read of address 0x10`).
    pub what: String,
    /// Where (`iccvid.dll+0x1234`).
    pub place: String,
}
