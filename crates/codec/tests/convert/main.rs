//! Whole conversions, with a codec that plays a part.

#[allow(dead_code, reason = "other tests look at more of what the codec saw")]
#[path = "../vfw/player.rs"]
mod player;

mod failing;
mod pictures;

use std::fs::File;
use std::sync::atomic::AtomicBool;

use opendriver::Manager;
use opendriver_abi::structures::FourCc;
use opendriver_codec::BitmapFormat;
use opendriver_codec::convert::{
    Conversion, Done, Error, Kind, Listener, Piece, Source, Warning, Wishes,
};
use opendriver_codec::file::{Input, Output, avi};

/// What was heard of a conversion, and when to stop it.
#[derive(Default)]
struct Heard {
    pieces: Vec<(usize, u64, Vec<u8>)>,
    warnings: Vec<String>,
    stop: AtomicBool,
    stop_after: Option<usize>,
}

impl Listener for Heard {
    fn piece(&mut self, piece: &Piece<'_>) {
        let (stream, number) = (piece.stream, piece.number);
        self.pieces.push((stream, number, piece.bytes.to_vec()));
        if self.stop_after == Some(self.pieces.len()) {
            *self.stop.get_mut() = true;
        }
    }

    fn warning(&mut self, warning: &Warning) {
        self.warnings.push(warning.to_string());
    }
}

/// An AVI file of one stream of pictures; a chunk of none is a change of the palette.
fn film(format: &BitmapFormat, chunks: &[(Option<bool>, &[u8])]) -> File {
    let file = tempfile::tempfile().unwrap();
    let stream = avi::Stream::video(format.clone(), player::CODE, 1, 25);
    let output = Output::file(file.try_clone().unwrap());
    let mut writer = avi::Writer::new(output, &[stream], avi::Options::default()).unwrap();
    for (key, data) in chunks {
        match key {
            Some(key) => writer.write(0, data, *key).unwrap(),
            None => writer.write_palette(0, data).unwrap(),
        }
    }
    writer.finish().unwrap();
    file
}

/// What the player is asked to do.
fn wishes() -> Wishes {
    Wishes {
        drivers: vec!["player".to_owned()],
        ..Wishes::default()
    }
}

/// Converts into a file of a kind.
fn convert(
    manager: &Manager,
    source: &File,
    kind: Kind,
    wishes: &Wishes,
    heard: &mut Heard,
) -> Result<(Done, File), Error> {
    let input = Input::file(source.try_clone().unwrap()).unwrap();
    let source = Source::open(input).unwrap();
    let conversion = Conversion::open(manager, source, kind, wishes, heard)?;
    let file = tempfile::tempfile().unwrap();
    let output = Output::file(file.try_clone().unwrap());
    let done = run(conversion, output, heard)?;
    Ok((done, file))
}

fn run(conversion: Conversion, output: Output, heard: &mut Heard) -> Result<Done, Error> {
    /// Hears for another, and raises a flag that is not inside of it.
    struct Through<'a>(&'a mut Heard, &'a AtomicBool);

    impl Listener for Through<'_> {
        fn piece(&mut self, piece: &Piece<'_>) {
            self.0.piece(piece);
            let stop = *self.0.stop.get_mut();
            self.1.store(stop, std::sync::atomic::Ordering::Relaxed);
        }

        fn warning(&mut self, warning: &Warning) {
            self.0.warning(warning);
        }
    }

    let stop = AtomicBool::new(false);
    conversion.run(output, &mut Through(heard, &stop), &stop)
}

/// The chunks of an AVI file, which has to be whole.
fn chunks(file: File) -> Vec<(FourCc, Vec<u8>)> {
    let mut reader = avi::Reader::open(Input::file(file).unwrap()).unwrap();
    let (mut chunks, mut data) = (Vec::new(), Vec::new());
    while let Some(chunk) = reader.next(&mut data).unwrap() {
        chunks.push((chunk.id, data.clone()));
    }
    assert_eq!(reader.warnings().count(), 0, "{:?}", reader.warnings());
    chunks
}

/// Only what the chunks hold.
fn frames(file: File) -> Vec<Vec<u8>> {
    chunks(file).into_iter().map(|(_, data)| data).collect()
}
