//! What becomes of a codec's mistakes: errors that name them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use opendriver::{Answered, Asked, Blame, Manager, Recorder};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Drivers, Error, Flags, Stream, WaveFilter, Wish};

use crate::halves::{self, Mischief};

fn driver(mischief: Mischief) -> Driver {
    Driver::open(&halves::manager(mischief), "halves").unwrap()
}

fn stream(mischief: Mischief) -> Result<Stream, Error> {
    let (plain, half) = (WaveFormat::pcm(1, 8000, 16), halves::format(8000));
    Stream::open(&driver(mischief), &plain, &half, None)
}

#[track_caller]
fn complaint(mischief: Mischief) -> String {
    let mut out = Vec::new();
    let mut stream = stream(mischief).unwrap();
    let mut convert = || stream.convert(&[0; 64], Flags::default(), &mut out);
    let error = convert().and_then(|_| convert()).unwrap_err();
    assert!(out.len() < 4096);
    error.to_string()
}

#[test]
fn counts_that_cannot_be_are_errors() {
    let nonsense = "\"halves\" makes no sense in its answer to ACMDM_STREAM_CONVERT: it";
    assert_eq!(
        complaint(Mischief::UsesTooMuch),
        format!("{nonsense} used 65 of 64 bytes")
    );
    assert_eq!(
        complaint(Mischief::WritesTooMuch),
        format!("{nonsense} wrote 32773 of 32772 bytes")
    );
    assert_eq!(
        complaint(Mischief::NeverTakes),
        format!("{nonsense} writes on and on, and takes nothing")
    );
}

#[test]
fn a_driver_that_wants_too_much_room_gets_none() {
    let error = stream(Mischief::WantsAll).unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"halves\" makes no sense in its answer to ACMDM_STREAM_SIZE: \
         4294967295 bytes for 65536 of source are too many"
    );
    assert_eq!(error.blame(), Blame::Broke);
}

#[test]
fn a_refusal_in_the_middle_says_what_was_answered() {
    assert_eq!(
        complaint(Mischief::Tires),
        "\"halves\" answers ACMDM_STREAM_CONVERT with MMSYSERR_ERROR"
    );
}

#[test]
fn a_write_behind_the_buffer_is_told_once_and_the_sound_is_kept() {
    let mut stream = stream(Mischief::Overruns).unwrap();
    let mut out = Vec::new();
    for _ in 0..3 {
        stream
            .convert(&[7; 64], Flags::default(), &mut out)
            .unwrap();
    }
    assert_eq!(out.len(), 3 * 32 - 4);
    let overruns = stream.take_overruns();
    assert_eq!(overruns.len(), 1);
    let overrun = &overruns[0];
    assert_eq!(
        overrun.to_string(),
        "\"halves\" wrote behind the destination while handling ACMDM_STREAM_CONVERT number 0"
    );
    assert_eq!(overrun.source.offset, 32_772 + 3);
    assert_eq!(stream.take_overruns(), []);
}

#[test]
fn a_driver_that_boasts_is_not_asked_for_ever() {
    let driver = driver(Mischief::Boasts);
    assert_eq!(driver.details().short_name, "\u{fffd}".repeat(32));
    assert_eq!(driver.format_tags().unwrap().len(), 2);
    assert_eq!(driver.formats(halves::TAG, None).unwrap().len(), 2);
    assert_eq!(driver.filter_tags().unwrap().len(), 1);
}

#[test]
fn a_suggestion_that_was_not_wished_for_is_none() {
    let driver = driver(Mischief::Nothing);
    let plain = WaveFormat::pcm(1, 8000, 16);
    assert_eq!(
        driver.suggest(&plain, &Wish::tag(halves::TAG)).unwrap(),
        halves::format(8000)
    );
    let wish = Wish {
        rate: Some(44_100),
        ..Wish::tag(halves::TAG)
    };
    assert_eq!(
        driver.suggest(&plain, &wish).unwrap_err().to_string(),
        "\"halves\" makes no sense in its answer to ACMDM_FORMAT_SUGGEST: \
         wished was format 0x7777, 44100 Hz, suggested is format 0x7777, 8000 Hz, mono, 8 bits"
    );
}

#[test]
fn filters_are_listed_with_their_settings() {
    let driver = driver(Mischief::Nothing);
    let tags = driver.filter_tags().unwrap();
    assert_eq!(
        (tags[0].tag, tags[0].name.as_str()),
        (WaveFilter::VOLUME, "Volume")
    );
    let filters = driver.filters(WaveFilter::VOLUME).unwrap();
    let found: Vec<_> = filters
        .iter()
        .map(|filter| (filter.name.as_str(), filter.filter.clone()))
        .collect();
    let expected = [
        ("50 %", WaveFilter::volume(0x8000)),
        ("100 %", WaveFilter::volume(0x1_0000)),
    ];
    assert_eq!(found, expected);
    assert_eq!(driver.filters(WaveFilter::ECHO).unwrap(), []);
    assert_eq!(driver.sizes().unwrap().filter, 36);
}

/// Listens to messages, and asks the list of codecs while they go on.
#[derive(Default)]
struct Curious {
    list: OnceLock<Drivers>,
    refused: AtomicUsize,
    asked: AtomicUsize,
}

impl Recorder for Curious {
    fn begin(&self, _: &Asked<'_>) {
        let Some(list) = self.list.get() else { return };
        self.asked.fetch_add(1, Ordering::Relaxed);
        if list.driver("pcm").is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn end(&self, _: &Answered<'_>) {}
}

#[test]
fn who_listens_may_ask_for_the_codec_that_is_just_being_opened() {
    let curious = Arc::new(Curious::default());
    let manager = Manager::builder()
        .builtin(pcm::driver())
        .recorder(curious.clone())
        .build();
    let list = Drivers::installed(&manager, &["pcm"]).unwrap();
    curious.list.set(list.clone()).unwrap();
    assert_eq!(list.driver("pcm").unwrap().name(), "pcm");
    // DRV_LOAD, DRV_ENABLE, DRV_OPEN and the question what it is came before there was a driver to be had.
    assert_eq!(curious.refused.load(Ordering::Relaxed), 4);
    list.driver("pcm").unwrap().sizes().unwrap();
    assert!(curious.asked.load(Ordering::Relaxed) > 4);
    assert_eq!(curious.refused.load(Ordering::Relaxed), 4);
}

#[test]
fn a_list_outlives_the_end_of_the_session() {
    let manager = Manager::builder().builtin(pcm::driver()).build();
    let mut list = Drivers::installed(&manager, &["pcm"]).unwrap();
    let (call, disc) = (WaveFormat::pcm(1, 8000, 16), WaveFormat::pcm(2, 44_100, 16));
    drop(list.stream(&call, &disc, None).unwrap());
    manager.end_session();
    assert!(list.stream(&call, &disc, None).is_err());
    list.forget_open();
    drop(list.stream(&call, &disc, None).unwrap());
}
