//! Conversions that do not come to their end, and what is kept of them.

use opendriver::Blame;
use opendriver_abi::structures::BitmapInfoHeader;
use opendriver_codec::BitmapFormat;
use opendriver_codec::convert::{End, Error, Kind, Warning, Wishes};

use crate::player::{Part, compressed, key, manager};
use crate::{Heard, convert, film, frames, wishes};

#[test]
fn a_codec_that_says_no_is_named_with_the_frame_and_the_rest_is_kept() {
    let (manager, _) = manager(Part::default());
    let (first, second) = (key(1), key(2));
    let source = film(
        &compressed(),
        &[
            (Some(true), &first),
            (Some(true), &second),
            (Some(true), b"what is this?"),
            (Some(true), &first),
        ],
    );
    let mut heard = Heard::default();
    let (done, file) = convert(&manager, &source, Kind::Avi, &wishes(), &mut heard).unwrap();
    let End::Failed(error) = done.end else {
        panic!("the third frame is none");
    };
    let Error::Frame { stream, number, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!((stream, number, error.blame()), (0, 2, Blame::Refused));
    assert_eq!(frames(file), [vec![1; 24], vec![2; 24]]);
}

#[test]
fn a_codec_that_writes_behind_its_picture_is_warned_of_by_frame() {
    let part = Part {
        overrun: Some((1, 3)),
        ..Part::default()
    };
    let frame = key(7);
    let source = film(&compressed(), &[(Some(true), &frame[..]); 3]);
    let mut heard = Heard::default();
    let (done, _) = convert(
        &manager(part.clone()).0,
        &source,
        Kind::Avi,
        &wishes(),
        &mut heard,
    )
    .unwrap();
    assert!(done.is_whole());
    assert_eq!(
        heard.warnings,
        [
            "stream 0, at 1: \"player\" wrote behind the picture, 24 bytes, at offset 26 in ICM_DECOMPRESS of frame 1"
        ]
    );
    let strict = Wishes {
        strict: true,
        ..wishes()
    };
    let mut heard = Heard::default();
    let (done, file) = convert(&manager(part).0, &source, Kind::Avi, &strict, &mut heard).unwrap();
    let End::Failed(error @ Error::Strict(Warning::Overrun { .. })) = done.end else {
        panic!("a warning is an error");
    };
    assert_eq!(error.blame(), Blame::Broke);
    assert!(heard.warnings.is_empty());
    assert_eq!(frames(file).len(), 2);
}

#[test]
fn a_flag_stops_between_two_frames() {
    let (manager, _) = manager(Part::default());
    let frame = key(7);
    let source = film(&compressed(), &[(Some(true), &frame[..]); 9]);
    let mut heard = Heard {
        stop_after: Some(4),
        ..Heard::default()
    };
    let (done, file) = convert(&manager, &source, Kind::Avi, &wishes(), &mut heard).unwrap();
    assert!(matches!(done.end, End::Stopped));
    assert_eq!((done.written[0].pieces, frames(file).len()), (4, 4));
}

#[test]
fn pictures_of_absurd_sizes_are_refused_before_there_is_room_for_them() {
    let (manager, _) = manager(Part::default());
    for (width, height, compression) in [
        (i32::MAX, i32::MAX, compressed().compression()),
        (60_000, i32::MIN, compressed().compression()),
        (i32::MAX, i32::MAX, opendriver_abi::structures::FourCc(0)),
    ] {
        let header = BitmapInfoHeader {
            width,
            height,
            compression,
            ..compressed().header()
        };
        let source = film(&BitmapFormat::new(header, &[]), &[(Some(true), &key(1))]);
        let mut heard = Heard::default();
        let refused = convert(&manager, &source, Kind::Avi, &wishes(), &mut heard);
        let Err(Error::Pictures { source, .. }) = refused else {
            panic!("{width}x{height} is no picture");
        };
        assert!(source.to_string().contains("too large"), "{source}");
    }
}

#[test]
fn a_driver_that_has_nothing_to_do_is_warned_of() {
    let (manager, _) = manager(Part::default());
    let plain = crate::player::pictures();
    let source = film(&plain, &[(Some(true), &[5; 24])]);
    let copied = Wishes {
        pictures: opendriver_codec::convert::PictureWishes {
            way: opendriver_codec::convert::Way::Copy,
            ..Default::default()
        },
        ..wishes()
    };
    let mut heard = Heard::default();
    let (_, file) = convert(&manager, &source, Kind::Avi, &copied, &mut heard).unwrap();
    assert_eq!(frames(file), [[5; 24]]);
    assert!(
        heard.warnings[0].starts_with("\"player\" has nothing to do"),
        "{:?}",
        heard.warnings
    );
}
