//! Sound that drivers encode, that the converter of plain samples changes, and that goes through chains of both.
//!
//! What is encoded is judged by ffmpeg's decoders, plain samples beside the converter that Wine has built in.

mod encoders;

mod plain;

mod chains;

mod flac;

mod signal;

use std::fs::File;
use std::path::Path;

use opendriver::{Manager, Width};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::Chain;
use opendriver_codec::file::{Input, Output, wav};
use opendriver_tests::{media, real};

/// A manager that finds Wine's codecs of a width by name and has the converter linked in. A driver that writes behind a buffer is found
/// out.
fn manager(width: Width) -> Manager {
    Manager::builder()
        .builtin(::flac::driver())
        .builtin(pcm::driver())
        .search_path(real::folder(width))
        .guarded_blocks(true)
        .trust_foreign_code()
        .build()
}

/// The format of a WAV, and all its sound.
fn read(file: &Path) -> (WaveFormat, Vec<u8>) {
    let file = File::open(file).expect("the file is there");
    let input = Input::file(file).expect("a file can be measured");
    let mut reader = wav::Reader::open(input).expect("it is a WAV");
    let mut sound = Vec::new();
    while reader
        .read_blocks(1 << 16, &mut sound)
        .expect("it can be read")
        > 0
    {}
    (reader.format().clone(), sound)
}

/// Does the same with the codecs of each width, which are to come to the same end.
fn with_both_widths<T: PartialEq>(run: impl Fn(&Manager) -> T) -> T {
    let [wide, narrow] = Width::ALL.map(|width| run(&manager(width)));
    assert!(wide == narrow, "both widths compute the same");
    wide
}

/// Writes a WAV.
fn write(file: &Path, format: &WaveFormat, sound: &[u8]) {
    let file = File::create(file).expect("the folder is ours");
    let mut writer = wav::Writer::new(Output::file(file), format, wav::Options::default());
    writer.write(sound).expect("there is room for it");
    writer.finish(None).expect("there is room for it");
}

/// What ffmpeg makes of sound in a format: samples of 16 bits.
fn decoded_by_ffmpeg(format: &WaveFormat, sound: &[u8]) -> Vec<i16> {
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    let path = folder.path().join("sound.wav");
    write(&path, format, sound);
    signal::samples(&media::ffmpeg_samples(&path))
}

/// Converts sound in pieces of a length that no block has.
fn through(chain: &mut Chain, sound: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in sound.chunks(9973) {
        let used = chain
            .convert(piece, false, &mut out)
            .expect("it is converted");
        assert_eq!(used, piece.len());
    }
    chain.convert(&[], true, &mut out).expect("it ends");
    assert_eq!(chain.take_overruns(), []);
    out
}
