//! AVI files.

mod broken;
mod corpus;
mod foreign;
mod indexes;
mod large;
mod packets;
mod round;
mod written;
