//! Codecs are opened and asked.

use std::error::Error as _;

use opendriver::{Blame, Manager, Message};
use opendriver_abi::structures::FourCc;
use opendriver_codec::vfw::{Code, Codec, Decompressor, Error, Flags, Mode};
use opendriver_sdk::{BuiltIn, Call};

use crate::player::{CODE, Part, codec, compressed, manager, pictures, refused_with};

#[test]
fn a_codec_says_what_it_is() {
    let part = Part {
        flags: 0x100 | 0x5,
        ..Part::default()
    };
    let (codec, _) = codec(part);
    assert_eq!(codec.info().handler, CODE);
    assert!(
        codec
            .info()
            .flags
            .contains(Flags::QUALITY | Flags::TEMPORAL)
    );
    assert_eq!(codec.info().flags.bits(), 0x105);
    assert_eq!((codec.driver(), codec.handler()), ("player", CODE));
}

#[test]
fn a_code_is_tried_in_small_and_in_large_letters() {
    let (manager, _) = manager(Part::default());
    let codec = Codec::open(&manager, "player", FourCc::new(*b"pLaY"), Mode::Query).unwrap();
    assert_eq!(codec.handler(), CODE);
}

#[test]
fn without_a_code_that_of_the_alias_is_tried() {
    let (manager, _) = manager(Part::default());
    let registry = manager.registry();
    registry
        .set_value("Drivers32", "VIDC.PLAY", "player")
        .unwrap();
    assert!(Codec::open(&manager, "vidc.PLAY", FourCc(0), Mode::Query).is_ok());
    assert!(Codec::open(&manager, "player", FourCc(0), Mode::Query).is_err());
}

#[test]
fn a_driver_that_refuses_to_be_opened_says_why() {
    let (manager, _) = manager(Part::default());
    let error = Codec::open(&manager, "player", FourCc::new(*b"cvid"), Mode::Query).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot open \"player\" as a video codec for \"cvid\" (ICERR_BADFORMAT)"
    );
    assert_eq!(
        error.source().unwrap().to_string(),
        "the driver refused DRV_OPEN"
    );
    assert_eq!(error.blame(), Blame::Refused);
    assert!(manager.instances().is_empty());
}

#[test]
fn a_driver_that_opens_and_is_no_codec_is_told_apart() {
    let driver = BuiltIn::procedure("plain", |_| Box::new(|_: &Call<'_>| 1));
    let manager = Manager::builder().builtin(driver).build();
    let error = Codec::open(&manager, "plain", CODE, Mode::Query).unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"plain\" does not say that it is a video codec"
    );
    assert!(manager.instances().is_empty());
}

#[test]
fn formats_are_as_long_as_the_codec_says_though_it_writes_more() {
    let (codec, _) = codec(Part::default());
    let output = codec.decompress_format(&compressed()).unwrap();
    assert_eq!(output.as_bytes().len(), 40);
    assert_eq!(output.to_string(), "RGB24, 4x2");
    let frames = codec.compress_format(&pictures()).unwrap();
    assert_eq!(frames.compression(), CODE);
    assert!(codec.take_overruns().is_empty());
}

#[test]
fn questions_about_formats_are_answered() {
    let (codec, _) = codec(Part::default());
    codec.decompress_query(&compressed(), None).unwrap();
    codec
        .decompress_query(&compressed(), Some(&pictures()))
        .unwrap();
    codec
        .compress_query(&pictures(), Some(&compressed()))
        .unwrap();
    assert_eq!(codec.compress_size(&pictures(), &compressed()).unwrap(), 49);
    let error = codec.decompress_query(&pictures(), None).unwrap_err();
    refused_with(
        &error,
        "\"player\" refused ICM_DECOMPRESS_QUERY: ICERR_BADFORMAT",
    );
}

#[test]
fn settings_go_out_and_in() {
    let (codec, _) = codec(Part::default());
    assert_eq!(codec.state().unwrap(), b"");
    codec.set_state(b"sharp").unwrap();
    assert_eq!(codec.state().unwrap(), b"sharp");
    codec.set_state(b"").unwrap();
    assert_eq!(codec.state().unwrap(), b"");
    codec.set_quality(1234).unwrap();
    assert_eq!(codec.quality().unwrap(), 1234);
    assert_eq!(codec.default_quality().unwrap(), 7500);
    assert_eq!(codec.key_frame_rate().unwrap(), 3);
}

#[test]
fn what_a_codec_does_not_know_is_refused() {
    let part = Part {
        unknown: vec![Message::ICM_GETQUALITY, Message::ICM_GETSTATE],
        ..Part::default()
    };
    let (codec, _) = codec(part);
    refused_with(
        &codec.quality().unwrap_err(),
        "\"player\" refused ICM_GETQUALITY: ICERR_UNSUPPORTED",
    );
    assert_eq!(codec.state().unwrap(), b"");
}

#[test]
fn answers_have_their_documented_names() {
    for (number, name) in [
        (-2, "ICERR_BADFORMAT"),
        (-401, "ICERR_CUSTOM-1"),
        (-57, "-57"),
        (1, "ICERR_DONTDRAW"),
    ] {
        assert_eq!(Code(number).to_string(), name);
    }
}

#[test]
fn codecs_go_from_thread_to_thread() {
    fn sends<T: Send>() {}
    sends::<Codec>();
    sends::<Decompressor>();
    sends::<Error>();
}
