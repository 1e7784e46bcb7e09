//! What holds for the repository as a whole, and what no compiler checks.

mod dependencies;
mod documents;
mod packages;
mod rooms;
mod sources;
mod style;
