//! `drv convert`: a file of sound or pictures, through the codec that made it.

mod wishes;

mod source;

mod target;

mod interrupt;

mod scratch;

mod record;

mod progress;

mod summary;

mod provenance;

use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use opendriver_codec::convert::{
    self, Conversion, End, Format, Kind, Sink, Track, Way, Wishes, Written,
};
use opendriver_codec::file::Output;

use self::interrupt::Interrupt;
use self::progress::{Progress, Unit};
use self::provenance::{DriverFacts, FileFacts, Report, StreamFacts};
use self::record::Record;
use self::scratch::Scratch;
use self::source::{STANDARD, Source};
use self::target::{Target, To};
use crate::args;
use crate::batch;
use crate::digest::{Digest, Digested, Hash};
use crate::places::is_same_place;
use crate::report::{Exit, Failure};
use crate::session::Session;

pub(super) fn run(convert: &args::Convert, session: &Session) -> Result<Exit, Failure> {
    match (&convert.input, &convert.output) {
        (Some(input), Some(output)) => run_one(convert, input, output, session),
        // The command line has one or the other.
        _ => batch::run(convert, session),
    }
}

/// Converts one file.
fn run_one(
    convert: &args::Convert,
    input: &Path,
    output: &Path,
    session: &Session,
) -> Result<Exit, Failure> {
    let kind = wishes::kind(convert, output)?;
    let wishes = wishes::of(convert)?;
    check_places(convert, input, output)?;
    let scratch = Scratch::default();
    let interrupt =
        Interrupt::listen(&scratch).map_err(|error| Failure::new(Exit::Unasked, error))?;
    let mut work = Work {
        convert,
        input,
        output,
        session,
        kind,
        scratch,
        interrupt,
        record: Record::new(convert.report.is_some(), session.quiet),
        tracks: Vec::new(),
        written: Vec::new(),
        hashes: Hashes::default(),
        placed: None,
    };
    let ended = work.run(&wishes).and_then(|exit| {
        work.summary(exit)?;
        Ok(exit)
    });
    if let Some(path) = &convert.report {
        work.report(path, &ended)?;
    }
    ended
}

/// Says no where a file would be written that is read, or that is written already.
fn check_places(convert: &args::Convert, input: &Path, output: &Path) -> Result<(), Failure> {
    let is_place = |path: &&Path| path.as_os_str() != STANDARD;
    let read = convert.driver.iter().map(Path::new);
    let read = read.chain([input]).chain(convert.state.as_deref());
    let written = [
        Some(output),
        convert.report.as_deref(),
        convert.save_state.as_deref(),
    ];
    let written: Vec<&Path> = written.into_iter().flatten().filter(is_place).collect();
    let twice = |what: &str, path: &Path| {
        let error = format!("\"{}\" is {what}", path.display());
        Err(Failure::new(Exit::Unasked, error))
    };
    for read in read.filter(is_place) {
        if written.iter().any(|written| is_same_place(read, written)) {
            return twice("both what is to be read and what is to be written", read);
        }
    }
    for (at, one) in written.iter().enumerate() {
        if written[..at].iter().any(|other| is_same_place(one, other)) {
            return twice("to be written twice, with different contents", one);
        }
    }
    Ok(())
}

/// One conversion, and all that is to be said of it.
struct Work<'a> {
    convert: &'a args::Convert,
    input: &'a Path,
    output: &'a Path,
    session: &'a Session,
    kind: Kind,
    scratch: Scratch,
    interrupt: Interrupt,
    record: Record,
    tracks: Vec<Track>,
    written: Vec<Written>,
    hashes: Hashes,
    /// Where the target ended up.
    placed: Option<PathBuf>,
}

/// The hashes of what is read and written, in the making.
#[derive(Default)]
struct Hashes {
    /// Of a pipe that is read.
    read: Option<Digest>,
    /// Of a file that is read, on a thread of its own.
    file: Option<JoinHandle<io::Result<(Hash, u64)>>>,
    /// Of what is written to where it cannot be read again.
    written: Option<Digest>,
}

impl Work<'_> {
    fn run(&mut self, wishes: &Wishes) -> Result<Exit, Failure> {
        let source = self.source()?;
        let manager = self.session.builder(None).guarded_blocks(true).build();
        let conversion = Conversion::open(&manager, source, self.kind, wishes, &mut self.record)?;
        self.tracks = conversion.tracks().to_vec();
        if let Some(path) = &self.convert.save_state {
            let state = conversion.state().unwrap_or_default();
            Target::write(path, &self.scratch, |to| to.write_all(state))?;
        }
        let (target, sink) = self.target()?;
        self.watch(&conversion);
        let done = conversion.run(sink, &mut self.record, self.interrupt.flag())?;
        self.record.progress.clear();
        self.written = done.written;
        if matches!(done.end, End::Whole) && self.convert.frames.is_some() && !self.has_pieces() {
            return Err(Failure::new(
                Exit::Unasked,
                "the source ends before the frames that are wished",
            ));
        }
        self.placed = match (target, &done.end) {
            (None, _) => None,
            (Some(target), End::Whole) => Some(target.commit()?),
            (Some(target), End::Stopped) => Some(target.commit_to_free_place()?),
            // What went wrong first is what there is to say; and a file of nothing is no part.
            (Some(target), End::Failed(_)) if self.has_pieces() => target.commit_part().ok(),
            (Some(_), End::Failed(_)) => None,
        };
        match done.end {
            End::Whole => Ok(Exit::Done),
            End::Stopped => Ok(Exit::Interrupted),
            End::Failed(error) if error.is_reader_gone() => Err(Failure::ReaderGone),
            End::Failed(error) => {
                let is_decoding = matches!(error, convert::Error::Frame { .. })
                    && self.convert.pixel.is_none()
                    && self.convert.video.is_none();
                let failure = self.with_part(error.into());
                Err(match is_decoding {
                    true => failure
                        .hint("`--pixel RGB24` asks the driver for other pixels than it prefers"),
                    false => failure,
                })
            }
        }
    }

    /// Opens what is to be read.
    fn source(&mut self) -> Result<convert::Source, Failure> {
        let path = self.input;
        let hashed = self.convert.report.is_some();
        let source = Source::open(path, &self.interrupt, hashed)
            .map_err(|error| Failure::new(Exit::Unasked, error))?;
        if hashed && source.digest.is_none() {
            let path = path.to_owned();
            self.hashes.file = Some(thread::spawn(move || Hash::of_file(&path)));
        }
        self.hashes.read = source.digest;
        Ok(convert::Source::open(source.input).map_err(convert::Error::Source)?)
    }

    /// Begins what is to be written: a file beside its place, or what takes bytes as they come.
    fn target(&mut self) -> Result<(Option<Target>, Sink), Failure> {
        let path = self.output;
        if path.as_os_str() == STANDARD {
            return Ok((None, self.pipe(io::stdout()).into()));
        }
        let target = match self.kind {
            Kind::Png => Target::create_pictures(path, &self.scratch)?,
            _ => Target::create(path, &self.scratch)?,
        };
        let sink = match target.to()? {
            To::File(file) => Output::file(file).into(),
            To::Pipe(pipe) => self.pipe(pipe).into(),
            To::Pictures(path) => Sink::Pictures(path),
        };
        Ok((Some(target), sink))
    }

    /// A pipe, and the hash of what goes into it where the report wants that.
    fn pipe(&mut self, pipe: impl io::Write + Send + 'static) -> Output {
        if self.convert.report.is_none() {
            return Output::pipe(pipe);
        }
        let (pipe, digest) = Digested::new(pipe);
        self.hashes.written = Some(digest);
        Output::pipe(pipe)
    }

    /// Begins to show how far it is: by the frames of the first stream of pictures, else by the bytes of the first of sound.
    fn watch(&mut self, conversion: &Conversion) {
        let kept = || self.tracks.iter().filter(|track| track.way != Way::Drop);
        let pictures = kept().find(|track| matches!(track.from, Format::Pictures(_)));
        let sound = kept().find(|track| matches!(track.from, Format::Sound(_)));
        let (track, unit, total) = match (pictures, sound) {
            (Some(track), _) => (track, Unit::Frames, conversion.expected()),
            (None, Some(track)) => (track, Unit::Bytes, expected_bytes(track)),
            (None, None) => return,
        };
        self.record.counted = Some((track.stream, unit));
        self.record.progress = Progress::new(unit, total, self.session.quiet);
    }

    /// Whether anything was converted.
    fn has_pieces(&self) -> bool {
        self.written.iter().any(|written| written.pieces > 0)
    }

    /// A failure, and what there is in spite of it.
    fn with_part(&self, failure: Failure) -> Failure {
        match &self.placed {
            Some(part) => failure.hint(format!(
                "what was converted before is in {}",
                part.display()
            )),
            None => failure,
        }
    }

    /// Writes the report.
    fn report(&mut self, path: &Path, ended: &Result<Exit, Failure>) -> Result<(), Failure> {
        let input = self.input_facts();
        let output = self.output_facts();
        let state = self.convert.state.as_deref().map(|path| {
            let hash = Hash::of_file(path).ok();
            FileFacts::of(path, hash)
        });
        let streams = self
            .tracks
            .iter()
            .zip(&self.written)
            .map(|(track, written)| {
                let pieces = self.record.streams.as_ref();
                let pieces = pieces.and_then(|streams| streams.get(track.stream));
                StreamFacts::of(track, *written, pieces)
            });
        let report = Report {
            tool: format!("drv {}", env!("CARGO_PKG_VERSION")),
            command: std::env::args_os()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            input,
            output,
            state,
            complete: matches!(ended, Ok(Exit::Done)),
            interrupted: matches!(ended, Ok(Exit::Interrupted)),
            faults: match ended {
                Ok(_) => Vec::new(),
                Err(failure) => failure.causes(),
            },
            warnings: &self.record.warnings,
            warning_count: self.record.warned,
            overruns: &self.record.overruns,
            drivers: DriverFacts::of_all(&self.tracks),
            streams: streams.collect(),
        };
        Ok(report.write(path, &self.scratch)?)
    }

    fn input_facts(&mut self) -> FileFacts {
        let passing = self.hashes.read.as_ref().map(Digest::finish);
        let file = self
            .hashes
            .file
            .take()
            .and_then(|hash| hash.join().ok()?.ok());
        let hash = file.or(passing);
        FileFacts::of(self.input, hash)
    }

    fn output_facts(&self) -> Option<FileFacts> {
        let passing = self.hashes.written.as_ref().map(Digest::finish);
        let path = self.placed.as_ref();
        let hash = match (passing, path) {
            (Some(passing), _) => Some(passing),
            (None, Some(path)) => Hash::of_written(path).ok(),
            (None, None) => return None,
        };
        let path = path.map_or(self.output, PathBuf::as_path);
        Some(FileFacts::of(path, hash))
    }
}

/// How many bytes a stream of sound becomes, as far as its formats tell.
fn expected_bytes(track: &Track) -> Option<u64> {
    let (Format::Sound(from), Format::Sound(to)) = (&track.from, &track.to) else {
        return None;
    };
    let (length, per_second) = (track.length?, from.bytes_per_second());
    let bytes = u128::from(length) * u128::from(to.bytes_per_second());
    u64::try_from(bytes.checked_div(per_second.into())?).ok()
}
