//! Reads and maps Windows PE images.
