//! Runs foreign code so that a fault in it comes back as a value.
