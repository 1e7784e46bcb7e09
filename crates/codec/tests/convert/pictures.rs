//! Pictures on their way: what changes, what repeats, what is passed over.

use opendriver_abi::Message;
use opendriver_codec::convert::{FrameRange, Kind, PictureWishes, Wishes};
use opendriver_codec::{BitmapFormat, Pixel};

use crate::player::{CODE, Part, compressed, key, manager, pictures};
use crate::{Heard, chunks, convert, film, frames, wishes};

#[test]
fn changes_are_decoded_and_empty_frames_repeat_the_last() {
    let (manager, _) = manager(Part::default());
    let first = key(1);
    let source = film(
        &compressed(),
        &[
            (Some(true), &first),
            (Some(false), b"D\x05\xff"),
            (Some(false), b""),
        ],
    );
    let mut heard = Heard::default();
    let (done, file) = convert(&manager, &source, Kind::Avi, &wishes(), &mut heard).unwrap();
    let mut changed = vec![1; 24];
    changed[5] = 0xff;
    assert!(done.is_whole());
    assert_eq!(frames(file), [vec![1; 24], changed.clone(), changed]);
    let numbers: Vec<u64> = heard.pieces.iter().map(|(_, number, _)| *number).collect();
    assert_eq!(numbers, [0, 1, 2]);
}

#[test]
fn a_range_is_decoded_from_the_key_before_it() {
    let (manager, log) = manager(Part::default());
    let keys = [key(1), key(2)];
    let change: &[u8] = b"D\x05\xff";
    let source = film(
        &compressed(),
        &[
            (Some(true), &keys[0]),
            (Some(false), change),
            (Some(true), &keys[1]),
            (Some(false), change),
            (Some(false), b"D\x06\xee"),
            (Some(false), b"D\x07\xdd"),
        ],
    );
    let some = Wishes {
        frames: FrameRange { start: 4, end: 5 },
        ..wishes()
    };
    let mut heard = Heard::default();
    let (_, file) = convert(&manager, &source, Kind::Avi, &some, &mut heard).unwrap();
    let mut expected = vec![2; 24];
    (expected[5], expected[6]) = (0xff, 0xee);
    assert_eq!(frames(file), [expected]);
    let asked = log.lock().unwrap().messages.clone();
    let decoded = asked
        .iter()
        .filter(|&&message| message == Message::ICM_DECOMPRESS);
    assert_eq!(decoded.count(), 3, "frames 2, 3 and 4");
}

#[test]
fn a_picture_that_comes_late_leaves_as_many_as_there_are_frames() {
    let (manager, _) = manager(Part {
        late: true,
        ..Part::default()
    });
    let keys = [key(1), key(2), key(3)];
    let source = film(
        &compressed(),
        &keys.each_ref().map(|key| (Some(true), &key[..])),
    );
    let mut heard = Heard::default();
    let (_, file) = convert(&manager, &source, Kind::Avi, &wishes(), &mut heard).unwrap();
    assert_eq!(frames(file), [[0; 24], [1; 24], [2; 24]]);
}

#[test]
fn changes_of_the_palette_go_on_to_the_target_or_into_the_pixels() {
    let (manager, _) = manager(Part::default());
    let indices = BitmapFormat::uncompressed(Pixel::Rgb8, 4, 2);
    let picture = [9; 8];
    // The ninth colour becomes red.
    let change: &[u8] = &[9, 1, 0, 0, 255, 0, 0, 0];
    let source = film(
        &indices,
        &[
            (Some(true), &picture),
            (None, change),
            (Some(true), &picture),
        ],
    );
    let mut heard = Heard::default();
    let (_, file) = convert(&manager, &source, Kind::Avi, &Wishes::default(), &mut heard).unwrap();
    let found = chunks(file);
    assert_eq!(found.len(), 3);
    assert_eq!(
        (found[1].0.to_string().as_str(), &found[1].1[..]),
        ("00pc", change)
    );
    let plain = Wishes {
        pictures: PictureWishes {
            pixel: Some(Pixel::Rgb24),
            ..PictureWishes::default()
        },
        ..Wishes::default()
    };
    let (_, file) = convert(&manager, &source, Kind::Avi, &plain, &mut heard).unwrap();
    let red = [0, 0, 255].repeat(8);
    assert_eq!(frames(file), [vec![9; 24], red]);
}

#[test]
fn pictures_are_compressed_and_say_which_are_keys() {
    let (manager, _) = manager(Part {
        // VIDCF_TEMPORAL
        flags: 0x4,
        ..Part::default()
    });
    let (one, other) = ([0x10; 24], [0x20; 24]);
    let source = film(
        &pictures(),
        &[(Some(true), &one), (Some(true), &one), (Some(true), &other)],
    );
    let play = Wishes {
        pictures: PictureWishes {
            codec: Some(CODE),
            key_every: Some(100),
            ..PictureWishes::default()
        },
        ..wishes()
    };
    let mut heard = Heard::default();
    let (_, file) = convert(&manager, &source, Kind::Avi, &play, &mut heard).unwrap();
    let packets = frames(file.try_clone().unwrap());
    assert_eq!(
        (packets[0][0], packets[1].as_slice(), packets[2][0]),
        (b'K', &b"D"[..], b'D')
    );
    // And back, from the file that was made.
    let (_, back) = convert(&manager, &file, Kind::Avi, &wishes(), &mut heard).unwrap();
    assert_eq!(frames(back), [one, one, other]);
}

#[test]
fn frames_that_are_too_short_or_too_long_are_warned_of() {
    let (manager, _) = manager(Part::default());
    let source = film(
        &pictures(),
        &[
            (Some(true), &[1; 24]),
            (Some(true), &[2; 10]),
            (Some(true), &[3; 99]),
        ],
    );
    let mut heard = Heard::default();
    let (done, file) =
        convert(&manager, &source, Kind::Avi, &Wishes::default(), &mut heard).unwrap();
    assert!(done.is_whole());
    let half: Vec<u8> = [[2; 10].as_slice(), &[1; 14]].concat();
    assert_eq!(frames(file), [vec![1; 24], half, vec![3; 24]]);
    assert_eq!(heard.warnings.len(), 2, "{:?}", heard.warnings);
    assert!(
        heard.warnings[0].contains("at 1 (offset "),
        "{:?}",
        heard.warnings
    );
    assert!(heard.warnings[0].ends_with("a picture of 24 bytes was expected, found 10"));
}
