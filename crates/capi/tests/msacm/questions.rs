//! What drivers say of themselves, their formats and filters is what opendriver-codec says.

use opendriver::Width;
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Format};

use crate::house::*;

/// Reads text of UTF-16, or of bytes, up to a zero.
fn text(bytes: &[u8], wide: bool) -> String {
    match wide {
        false => bytes
            .iter()
            .take_while(|byte| **byte != 0)
            .map(|byte| char::from(*byte))
            .collect(),
        true => {
            let units = bytes
                .chunks_exact(2)
                .map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
            String::from_utf16(&units).unwrap()
        }
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(*bytes[at..].first_chunk().unwrap())
}

/// An application's structure of a size that stands in front.
fn sized(len: usize, said: u32) -> Vec<u8> {
    let mut bytes = vec![0; len];
    bytes[..4].copy_from_slice(&said.to_ne_bytes());
    bytes
}

fn address(bytes: &mut [u8]) -> usize {
    bytes.as_mut_ptr().expose_provenance()
}

#[test]
fn drivers_are_enumerated_in_the_order_of_the_list() {
    let list = listed();
    let names: Vec<&str> = list.iter().map(|it| it.name()).collect();
    let ids = ids();
    assert_eq!((ids.len(), names.len()), (COUNT, COUNT));
    for (place, (id, name)) in ids.iter().zip(names).enumerate() {
        let driver = list.driver(name).unwrap();
        let mut bytes = sized(1804, 1804);
        assert_eq!(call!(acmDriverDetailsW(*id, address(&mut bytes), 0)), OK);
        let said = driver.details();
        assert_eq!(bytes[4..8], *b"audc");
        assert_eq!(number(&bytes, 16), said.manager_version.0);
        assert_eq!(number(&bytes, 24), said.support.bits());
        assert_eq!(
            (number(&bytes, 28), number(&bytes, 32)),
            (said.format_tags, said.filter_tags)
        );
        assert_eq!(text(&bytes[44..], true), said.short_name);
        assert_eq!(text(&bytes[108..], true), said.long_name);
        assert_eq!(text(&bytes[780..], true), said.features);
        let mut metric = 0_u32;
        let to = (&raw mut metric).expose_provenance();
        assert_eq!(call!(acmMetrics(*id, 101, to)), OK);
        assert_eq!(metric as usize, place + 1);
        assert_eq!(call!(acmMetrics(*id, 100, to)), OK);
        assert_eq!(metric, said.support.bits());
        assert_eq!(call!(acmMetrics(*id, 50, to)), OK);
        assert_eq!(metric, driver.sizes().unwrap().format);
    }
}

#[test]
fn details_fit_into_what_the_program_has() {
    let id = ids()[0];
    let mut whole = sized(924, 924);
    assert_eq!(call!(acmDriverDetailsA(id, address(&mut whole), 0)), OK);
    for said in [4, 43, 60, 923, 924, 925, 5000] {
        let mut bytes = sized(5000, said);
        bytes[4..].fill(0xaa);
        assert_eq!(call!(acmDriverDetailsA(id, address(&mut bytes), 0)), OK);
        let told = said.min(924);
        assert_eq!(number(&bytes, 0), told);
        assert_eq!(bytes[4..told as usize], whole[4..told as usize]);
        assert!(bytes[told as usize..].iter().all(|byte| *byte == 0xaa));
    }
    // Declared without the packing of msacm.h, names stand four bytes further on.
    let mut aligned = sized(928, 928);
    assert_eq!(call!(acmDriverDetailsA(id, address(&mut aligned), 0)), OK);
    assert_eq!(aligned[48..928], whole[44..924]);
    for few in [0, 3] {
        let mut bytes = sized(924, few);
        let answer = call!(acmDriverDetailsA(id, address(&mut bytes), 0));
        assert_eq!(answer, INVALID_PARAMETER);
    }
}

#[test]
fn counts_are_those_of_the_codec_crate() {
    let metrics = listed().metrics();
    let mut count = 0_u32;
    let to = (&raw mut count).expose_provenance();
    for (metric, expected) in [
        (1, metrics.drivers),
        (2, metrics.codecs),
        (3, metrics.converters),
        (4, metrics.filters),
        (5, 0),
        (6, 0),
        (20, 0),
        (24, 0),
        (50, metrics.format_size as usize),
        (51, metrics.filter_size as usize),
    ] {
        assert_eq!(call!(acmMetrics(0, metric, to)), OK);
        assert_eq!(count as usize, expected, "metric {metric}");
    }
    assert_eq!(metrics.drivers, COUNT);
    for unknown in [0, 7, 19, 25, 52, 99, u32::MAX] {
        assert_eq!(call!(acmMetrics(0, unknown, to)), 8, "{unknown}");
    }
    assert_eq!(call!(acmMetrics(ids()[0], 30, to)), 8);
}

/// What an enumeration showed: the driver, and the structure with the format behind it.
#[derive(Default)]
struct Shown {
    all: Vec<(usize, Vec<u8>, Vec<u8>)>,
    most: usize,
}

extern "C" fn show(id: usize, details: usize, shown: usize, _support: u32) -> i32 {
    let shown = std::ptr::with_exposed_provenance_mut::<Shown>(shown);
    // SAFETY: it is the value of `enumerate` below, which nobody else touches.
    let shown = unsafe { &mut *shown };
    let details = opendriver_capi::claim::bytes(details, 28).unwrap();
    let (at, len) = (
        details[16..24].try_into().unwrap(),
        number(&details, 24) as usize,
    );
    let format = opendriver_capi::claim::bytes(usize::from_ne_bytes(at), len).unwrap();
    shown.all.push((id, details, format));
    i32::from(shown.all.len() != shown.most)
}

/// Enumerates formats as wished, at most so many.
fn enumerate(had: usize, template: &WaveFormat, flags: u32, most: usize) -> (u32, Shown) {
    let mut format = [0_u8; 128];
    format[..template.as_bytes().len()].copy_from_slice(template.as_bytes());
    let mut bytes = sized(284, 284);
    bytes[8..12].copy_from_slice(&u32::from(template.tag()).to_ne_bytes());
    bytes[16..24].copy_from_slice(&address(&mut format).to_ne_bytes());
    bytes[24..28].copy_from_slice(&128_u32.to_ne_bytes());
    let mut shown = Shown {
        most,
        ..Shown::default()
    };
    let back: extern "C" fn(usize, usize, usize, u32) -> i32 = show;
    let to = (&raw mut shown).expose_provenance();
    let answer = call!(acmFormatEnumW(
        had,
        address(&mut bytes),
        back as usize,
        to,
        flags
    ));
    (answer, shown)
}

fn all_of(driver: &Driver, template: Option<&WaveFormat>) -> Vec<Format> {
    let tags = driver.format_tags().unwrap().into_iter();
    tags.flat_map(|tag| driver.formats(tag.tag, template).unwrap())
        .collect()
}

/// Whether what was shown is these formats, each by its bytes and its place.
fn assert_shown(shown: &Shown, expected: &[Format]) {
    assert_eq!(shown.all.len(), expected.len());
    for ((_, details, bytes), format) in shown.all.iter().zip(expected) {
        let whole = format.format.as_bytes();
        assert_eq!(bytes[..whole.len()], *whole);
        assert_eq!(number(details, 4), format.index);
        assert_eq!(number(details, 8), u32::from(format.format.tag()));
        assert_eq!(number(details, 12), format.support.bits());
    }
}

#[test]
fn formats_are_enumerated_as_they_are_listed() {
    const CONVERT: u32 = 0x10_0000;
    let (list, plain) = (listed(), WaveFormat::pcm(1, 8000, 16));
    for width in Width::ALL {
        for file in ["imaadp32.acm", "msadp32.acm", "msg711.acm", "msgsm32.acm"] {
            let driver = list.driver(&alias(file, width)).unwrap();
            let had = open(file, width);
            let (answer, shown) = enumerate(had, &plain, 0, 0);
            assert_eq!(answer, OK, "{}", said());
            let all = all_of(driver, None);
            assert_shown(&shown, &all);
            assert!(!all.is_empty());
            let (_, shown) = enumerate(had, &plain, CONVERT, 0);
            assert_shown(&shown, &all_of(driver, Some(&plain)));
            let (_, shown) = enumerate(had, &plain, 0, 3);
            assert_shown(&shown, &all[..3]);
            for (flag, same) in [
                (
                    0x1_0000,
                    (|a, b| a.tag() == b.tag()) as fn(&WaveFormat, &WaveFormat) -> bool,
                ),
                (0x2_0000, |a, b| a.channels() == b.channels()),
                (0x4_0000, |a, b| a.rate() == b.rate()),
                (0x8_0000, |a, b| a.bits() == b.bits()),
            ] {
                let (_, shown) = enumerate(had, &plain, flag, 0);
                let mut some = all.clone();
                some.retain(|format| same(&format.format, &plain));
                assert_shown(&shown, &some);
            }
            assert_eq!(call!(acmDriverClose(had, 0)), OK);
        }
    }
    let (answer, shown) = enumerate(0, &plain, 0, 0);
    let everything = list
        .iter()
        .map(|it| all_of(list.driver(it.name()).unwrap(), None).len());
    assert_eq!((answer, shown.all.len()), (OK, everything.sum()));
    let (answer, shown) = enumerate(0, &plain, 0x140_0000, 0);
    assert_eq!((answer, shown.all.len()), (OK, 0), "no hardware plays");
    assert_eq!(enumerate(0, &plain, 0x40_0000, 0).0, INVALID_PARAMETER);
    assert_eq!(enumerate(0, &plain, 1, 0).0, INVALID_FLAG);
    let (answer, shown) = enumerate(0, &plain, 0x20_0000, 0);
    assert_eq!(answer, OK);
    assert!(
        shown
            .all
            .iter()
            .any(|(_, details, _)| number(details, 8) == 0x11)
    );
}

#[test]
fn tags_are_told_one_by_one_and_the_largest() {
    let (list, ids) = (listed(), ids());
    for (id, candidate) in ids.iter().zip(list.iter()) {
        let driver = list.driver(candidate.name()).unwrap();
        for (index, tag) in driver.format_tags().unwrap().iter().enumerate() {
            let mut bytes = sized(120, 120);
            bytes[4..8].copy_from_slice(&(index as u32).to_ne_bytes());
            assert_eq!(call!(acmFormatTagDetailsW(*id, address(&mut bytes), 0)), OK);
            assert_eq!(number(&bytes, 8), u32::from(tag.tag));
            assert_eq!(number(&bytes, 12), tag.format_size);
            assert_eq!(number(&bytes, 20), tag.standard_formats);
            assert_eq!(text(&bytes[24..], true), tag.name);
            let mut narrow = sized(72, 72);
            narrow[8..12].copy_from_slice(&bytes[8..12]);
            assert_eq!(call!(acmFormatTagDetailsA(0, address(&mut narrow), 1)), OK);
            assert_eq!(number(&narrow, 8), u32::from(tag.tag));
            assert!(!text(&narrow[24..], false).is_empty());
        }
    }
    let mut largest = sized(72, 72);
    assert_eq!(call!(acmFormatTagDetailsA(0, address(&mut largest), 2)), OK);
    assert_eq!(number(&largest, 12), list.metrics().format_size);
    largest[8..12].copy_from_slice(&2_u32.to_ne_bytes());
    assert_eq!(call!(acmFormatTagDetailsA(0, address(&mut largest), 2)), OK);
    assert_eq!((number(&largest, 8), number(&largest, 12)), (2, 50));
    let mut unknown = sized(72, 72);
    unknown[8..10].copy_from_slice(&[0x21, 0x43]);
    let answer = call!(acmFormatTagDetailsA(0, address(&mut unknown), 1));
    assert_eq!(answer, NOT_POSSIBLE);
    let mut first = sized(72, 72);
    assert_eq!(
        call!(acmFormatTagDetailsA(0, address(&mut first), 0)),
        INVALID_HANDLE
    );
    assert_eq!(
        call!(acmFormatTagDetailsA(0, address(&mut first), 3)),
        INVALID_FLAG
    );
}

#[test]
fn details_of_a_format_are_asked_by_place_and_by_the_format() {
    for width in Width::ALL {
        let had = open("msgsm32.acm", width);
        let list = listed();
        let driver = list.driver(&alias("msgsm32.acm", width)).unwrap();
        let expected = driver.format_at(0x31, 2).unwrap();
        let mut format = [0_u8; 64];
        let mut bytes = sized(156, 156);
        bytes[4..8].copy_from_slice(&2_u32.to_ne_bytes());
        bytes[8..12].copy_from_slice(&0x31_u32.to_ne_bytes());
        bytes[16..24].copy_from_slice(&address(&mut format).to_ne_bytes());
        bytes[24..28].copy_from_slice(&20_u32.to_ne_bytes());
        assert_eq!(call!(acmFormatDetailsA(had, address(&mut bytes), 0)), OK);
        assert_eq!(format[..20], *expected.format.as_bytes());
        assert_eq!(text(&bytes[28..], false), expected.name);
        // What was filled last says so, and is not to be given again as it is.
        let answer = call!(acmFormatDetailsA(had, address(&mut bytes), 0));
        assert_eq!(answer, INVALID_PARAMETER);
        bytes[12..16].fill(0);
        bytes[28..].fill(0xaa);
        assert_eq!(call!(acmFormatDetailsA(0, address(&mut bytes), 1)), OK);
        assert_eq!(text(&bytes[28..], false), expected.name);
        for (at, value) in [(4, 99_u32), (8, 0x55), (24, 19)] {
            let mut wrong = bytes.clone();
            wrong[12..16].fill(0);
            wrong[at..at + 4].copy_from_slice(&value.to_ne_bytes());
            let answer = call!(acmFormatDetailsA(had, address(&mut wrong), 0));
            assert!(
                [INVALID_PARAMETER, NOT_POSSIBLE].contains(&answer),
                "{at}: {answer}"
            );
        }
        assert_eq!(call!(acmDriverClose(had, 0)), OK);
    }
}

#[test]
fn suggestions_are_those_of_the_codec_crate() {
    let plain = WaveFormat::pcm(1, 8000, 16);
    let list = listed();
    for tag in [2, 6, 7, 0x11, 0x31] {
        let wish = opendriver_codec::acm::Wish::tag(tag);
        let expected = list.suggest(&plain, &wish).unwrap();
        let mut room = [0_u8; 64];
        room[..2].copy_from_slice(&tag.to_le_bytes());
        let to = address(&mut room);
        let answer = call!(acmFormatSuggest(0, at(&plain), to, 64, 0x1_0000));
        assert_eq!(answer, OK, "{}", said());
        assert_eq!(room[..expected.as_bytes().len()], *expected.as_bytes());
    }
    let mut room = [0x21_u8, 0x43].to_vec();
    room.resize(64, 0);
    let to = address(&mut room);
    let ask = |room: u32, flags| call!(acmFormatSuggest(0, at(&plain), to, room, flags));
    assert_eq!(ask(64, 0x1_0000), 6, "{}", said());
    assert_eq!(ask(64, 1), INVALID_FLAG);
    assert_eq!(call!(acmFormatSuggest(0, 0, to, 64, 0)), INVALID_PARAMETER);
    assert_eq!(
        call!(acmFormatSuggest(0, at(&plain), 0, 64, 0)),
        INVALID_PARAMETER
    );
    assert_eq!(
        call!(acmFormatSuggest(7, at(&plain), to, 64, 0)),
        INVALID_HANDLE
    );
    room[..2].copy_from_slice(&[0x11, 0]);
    let to = address(&mut room);
    let answer = call!(acmFormatSuggest(0, at(&plain), to, 19, 0x1_0000));
    assert_eq!(answer, INVALID_PARAMETER, "{}", said());
}

#[test]
fn no_driver_has_filters_and_that_is_no_failure() {
    let mut bytes = sized(72, 72);
    let to = address(&mut bytes);
    let back: extern "C" fn(usize, usize, usize, u32) -> i32 = show;
    assert_eq!(call!(acmFilterTagEnumA(0, to, back as usize, 0, 0)), OK);
    bytes[8] = 1;
    let to = address(&mut bytes);
    assert_eq!(call!(acmFilterTagDetailsA(0, to, 1)), NOT_POSSIBLE);
    assert_eq!(call!(acmFilterTagDetailsA(0, to, 0)), INVALID_HANDLE);
}

#[test]
fn a_dialog_is_cancelled_because_there_is_no_screen() {
    let mut format = [0_u8; 64];
    for (wide, len) in [(false, 268_usize), (true, 444)] {
        let mut bytes = sized(len, len as u32);
        let ask = |bytes: &mut [u8]| {
            let at = address(bytes);
            match wide {
                true => call!(acmFormatChooseW(at)),
                false => call!(acmFormatChooseA(at)),
            }
        };
        assert_eq!(
            ask(&mut bytes),
            INVALID_PARAMETER,
            "there is no room for a format"
        );
        bytes[16..24].copy_from_slice(&address(&mut format).to_ne_bytes());
        bytes[24] = 64;
        // ACMFORMATCHOOSE_STYLEF_INITTOWFXSTRUCT
        bytes[4] = 0x40;
        assert_eq!(ask(&mut bytes), 515);
        assert!(said().contains("no screen"), "{}", said());
        bytes[4] = 1;
        assert_eq!(ask(&mut bytes), INVALID_FLAG);
        bytes[0] -= 1;
        assert_eq!(ask(&mut bytes), INVALID_PARAMETER);
    }
    assert_eq!(call!(acmFilterChooseW(0)), INVALID_PARAMETER);
}
