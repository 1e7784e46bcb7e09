//! Video codecs: Video for Windows.
