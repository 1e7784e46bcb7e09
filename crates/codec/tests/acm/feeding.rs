//! Conversions that are fed buffer by buffer, and lists of drivers that a program changes.

use opendriver::Manager;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{
    Converted, Driver, Drivers, Error, Feed, Flags, Pace, WaveFilter, Wish,
};

use crate::halves::{self, BLOCK, Mischief, halved};
use crate::real;
use crate::streams::tone;

fn halves(mischief: Mischief) -> Driver {
    Driver::open(&halves::manager(mischief), "halves").unwrap()
}

fn feed(driver: &Driver) -> Feed {
    let (from, to) = (WaveFormat::pcm(1, 8000, 16), halves::format(8000));
    Feed::query(driver, &from, &to, None, Pace::Hurried).unwrap();
    Feed::open(driver, &from, &to, None, Pace::Hurried).unwrap()
}

#[test]
fn each_buffer_is_one_message_with_the_lengths_that_are_given() {
    let feed = feed(&halves(Mischief::Nothing));
    let sound = tone(64, 8000.0);
    let mut buffer = feed.prepare(128, 128).unwrap();
    buffer.source_mut().copy_from_slice(&sound);
    // One block is always kept back, until the end.
    let mut convert = |len, flags| feed.convert(&mut buffer, len, 100, flags).unwrap();
    let first = convert(4 * BLOCK, Flags::default());
    let expected = Converted {
        used: 4 * BLOCK,
        written: 3 * BLOCK / 2,
    };
    assert_eq!(first, expected);
    let end = Flags {
        end: true,
        ..Flags::default()
    };
    assert_eq!(convert(4 * BLOCK, end).written, 5 * BLOCK / 2);
    let expected = [
        &halved(&sound[3 * BLOCK..4 * BLOCK])[..],
        &halved(&sound[..4 * BLOCK]),
    ]
    .concat();
    let made = &buffer.destination()[..5 * BLOCK / 2];
    assert_eq!(
        made[made.len() - BLOCK / 2..],
        expected[expected.len() - BLOCK / 2..]
    );
    assert_eq!(made.len(), expected.len());
    feed.reset().unwrap();
    feed.unprepare(buffer).unwrap();
    feed.close().unwrap();
}

#[test]
fn what_a_driver_cannot_have_used_or_written_is_an_error() {
    for (mischief, said) in [
        (Mischief::UsesTooMuch, "used"),
        (Mischief::WritesTooMuch, "wrote"),
    ] {
        let feed = feed(&halves(mischief));
        let mut buffer = feed.prepare(64, 64).unwrap();
        let error = feed
            .convert(&mut buffer, 32, 32, Flags::default())
            .unwrap_err();
        assert!(
            matches!(&error, Error::Nonsense { what, .. } if what.contains(said)),
            "{error}"
        );
    }
}

#[test]
fn a_driver_of_the_program_s_own_is_asked_first_and_can_go() {
    let manager = Manager::builder()
        .builtin(halves::driver(Mischief::Nothing))
        .builtin(pcm::driver())
        .build();
    let registry = manager.registry();
    registry
        .set_value("Drivers32", "msacm.later", "halves")
        .unwrap();
    let mut drivers = Drivers::named(&manager, &["pcm"]);
    drivers.add_local("halves");
    drivers.add_local("HALVES");
    drivers.add_installed("msacm.later");
    let names = |drivers: &Drivers| -> Vec<String> {
        drivers.iter().map(|it| it.name().to_owned()).collect()
    };
    assert_eq!(names(&drivers), ["halves", "pcm", "msacm.later"]);
    let (own, all) = (drivers.local_metrics(), drivers.metrics());
    assert_eq!(
        (own.drivers, own.codecs, all.drivers, all.codecs),
        (1, 1, 2, 1)
    );
    let tag = drivers.first(|driver| driver.format_tag(halves::TAG));
    assert_eq!(tag.unwrap().tag, halves::TAG);
    let (from, to) = (WaveFormat::pcm(1, 8000, 16), halves::format(8000));
    drivers.query(&from, &to, None, Pace::Unhurried).unwrap();
    let fed = drivers.feed(&from, &to, None, Pace::Unhurried).unwrap();
    assert_eq!(fed.driver().name(), "halves");

    // What a list has open, its clone has, and does not lose when the list does.
    let kept = drivers.clone();
    drivers.remove("halves").unwrap();
    assert!(matches!(
        drivers.remove("halves"),
        Err(Error::NotInstalled { .. })
    ));
    assert_eq!(names(&drivers), ["pcm", "msacm.later"]);
    let (one, other) = (kept.driver("pcm").unwrap(), drivers.driver("pcm").unwrap());
    assert_eq!(one.instance().handle(), other.instance().handle());
    kept.save().unwrap();
    let saved = Drivers::installed(&manager, &["pcm"]).unwrap();
    assert_eq!(names(&saved), ["pcm", "msacm.later"]);
}

#[test]
fn what_is_listed_is_told_one_by_one_too() {
    for manager in real::managers() {
        let ima = Driver::open(&manager, "imaadp32.acm").unwrap();
        let tags = ima.format_tags().unwrap();
        assert_eq!(ima.format_tag_at(1).unwrap(), tags[1]);
        assert!(matches!(ima.format_tag_at(9), Err(Error::Refused { .. })));
        assert_eq!(ima.largest_format_tag(None).unwrap().format_size, 20);
        let formats = ima.formats(0x11, None).unwrap();
        let third = ima.format_at(0x11, 2).unwrap();
        assert_eq!((&third, third.index), (&formats[2], 2));
        let details = ima.format_details(&third.format).unwrap();
        assert_eq!((details.name, details.index), (third.name, 0));
        let foreign = ima.format_details(&ima_suggested(&ima, 0x11, 0x55));
        assert!(matches!(foreign, Err(Error::Refused { .. })));
        assert!(ima.filter_tag_at(0).is_err() && ima.largest_filter_tag(None).is_err());
    }
    let halves = halves(Mischief::Nothing);
    let tag = halves.filter_tag(WaveFilter::VOLUME).unwrap();
    assert_eq!(halves.filter_tag_at(0).unwrap(), tag);
    let filter = halves.filter_at(tag.tag, 0).unwrap();
    assert_eq!(filter, halves.filters(tag.tag).unwrap()[0]);
}

/// A format that is a codec's but for its tag.
fn ima_suggested(ima: &Driver, tag: u16, other: u16) -> WaveFormat {
    let plain = WaveFormat::pcm(1, 8000, 16);
    let mut bytes = ima
        .suggest(&plain, &Wish::tag(tag))
        .unwrap()
        .as_bytes()
        .to_vec();
    bytes[..2].copy_from_slice(&other.to_le_bytes());
    WaveFormat::parse(&bytes).unwrap()
}
