//! Whole files through codecs.
