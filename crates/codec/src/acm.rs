//! Audio codecs: the audio compression manager.
