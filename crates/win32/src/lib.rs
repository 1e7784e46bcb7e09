//! The Windows process that a driver believes it lives in.
