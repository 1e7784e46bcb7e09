//! Memory that a driver may touch.

/// Gives blocks whose address is good in the driver's world.
pub trait Memory: Send + Sync {}
