//! Video codecs, opened and put to work: ones that play a part, and those of Wine.

mod player;

mod asking;
mod compressing;
mod decompressing;
mod foreign;
mod random;
mod searching;
mod telling;
mod wine;
