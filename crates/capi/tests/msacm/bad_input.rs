//! Null and wild pointers, sizes that are too small, handles of the wrong kind, calls out of order: each has a documented answer.

use opendriver::Width;
use opendriver_codec::WaveFormat;

use crate::house::*;

/// Addresses where there is nothing, and one that is not even an address.
const WILD: [usize; 4] = [1, 0x1000, 0xdead_beef_0000, usize::MAX - 7];

fn plain() -> WaveFormat {
    WaveFormat::pcm(1, 8000, 16)
}

/// A stream over the converter of plain samples.
fn doubling() -> usize {
    stream(0, &plain(), &WaveFormat::pcm(2, 8000, 16))
}

#[test]
fn null_and_wild_pointers_are_invalid_parameters() {
    let (had, has) = (open("msg711.acm", Width::W32), doubling());
    let (id, wave) = (ids()[0], plain());
    let (w, back) = (at(&wave), at as *const () as usize);
    for p in [0].into_iter().chain(WILD) {
        for (what, answer) in [
            ("acmMetrics", call!(acmMetrics(0, 1, p))),
            ("acmDriverEnum", call!(acmDriverEnum(p, 0, 0))),
            ("acmDriverID", call!(acmDriverID(had, p, 0))),
            ("acmDriverDetailsA", call!(acmDriverDetailsA(id, p, 0))),
            ("acmDriverDetailsW", call!(acmDriverDetailsW(id, p, 0))),
            ("acmDriverOpen", call!(acmDriverOpen(p, id, 0))),
            (
                "acmDriverAddA",
                call!(acmDriverAddA(p, 0, back as isize, 1, 3)),
            ),
            (
                "acmFormatTagDetailsW",
                call!(acmFormatTagDetailsW(had, p, 0)),
            ),
            (
                "acmFormatTagEnumW",
                call!(acmFormatTagEnumW(0, p, back, 0, 0)),
            ),
            ("acmFormatDetailsW", call!(acmFormatDetailsW(had, p, 0))),
            ("acmFormatEnumW", call!(acmFormatEnumW(0, p, back, 0, 0))),
            ("acmFormatSuggest", call!(acmFormatSuggest(0, p, w, 18, 0))),
            ("acmFormatSuggest", call!(acmFormatSuggest(0, w, p, 18, 0))),
            (
                "acmFilterTagDetailsW",
                call!(acmFilterTagDetailsW(had, p, 0)),
            ),
            (
                "acmFilterTagEnumW",
                call!(acmFilterTagEnumW(0, p, back, 0, 0)),
            ),
            ("acmFilterDetailsW", call!(acmFilterDetailsW(had, p, 0))),
            ("acmFilterEnumW", call!(acmFilterEnumW(0, p, back, 0, 0))),
            ("acmFormatChooseA", call!(acmFormatChooseA(p))),
            ("acmFilterChooseA", call!(acmFilterChooseA(p))),
            (
                "acmStreamOpen",
                call!(acmStreamOpen(p, 0, w, w, 0, 0, 0, 0)),
            ),
            (
                "acmStreamOpen",
                call!(acmStreamOpen(0, 0, p, w, 0, 0, 0, 1)),
            ),
            (
                "acmStreamOpen",
                call!(acmStreamOpen(0, 0, w, p, 0, 0, 0, 1)),
            ),
            ("acmStreamSize", call!(acmStreamSize(has, 100, p, 0))),
            (
                "acmStreamPrepareHeader",
                call!(acmStreamPrepareHeader(has, p, 0)),
            ),
            (
                "acmStreamUnprepareHeader",
                call!(acmStreamUnprepareHeader(has, p, 0)),
            ),
            ("acmStreamConvert", call!(acmStreamConvert(has, p, 0))),
        ] {
            assert_eq!(answer, INVALID_PARAMETER, "{what} with {p:#x}: {}", said());
        }
    }
    for p in WILD {
        let answer = call!(acmStreamOpen(0, 0, w, w, p, 0, 0, 1));
        assert_eq!(answer, INVALID_PARAMETER, "a filter at {p:#x}");
    }
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
    assert_eq!(call!(acmDriverClose(had, 0)), OK);
}

#[test]
fn handles_of_the_wrong_kind_are_invalid() {
    let (had, has, id) = (open("msg711.acm", Width::W64), doubling(), ids()[0]);
    let mut room = [0_u8; 256];
    room[..4].copy_from_slice(&120_u32.to_ne_bytes());
    let out = room.as_mut_ptr().expose_provenance();
    let wave = plain();
    let (source, mut destination) = ([0; 8], [0; 16]);
    let mut header = Header::new(&source, &mut destination);
    let pash = header.address();
    for h in [0, 1, 0x1234, usize::MAX, has] {
        assert_eq!(
            call!(acmDriverDetailsA(h, out, 0)),
            INVALID_HANDLE,
            "{h:#x}"
        );
        assert_eq!(call!(acmDriverOpen(out, h, 0)), INVALID_HANDLE, "{h:#x}");
        assert_eq!(call!(acmDriverClose(h, 0)), INVALID_HANDLE, "{h:#x}");
        assert_eq!(call!(acmDriverRemove(h, 0)), INVALID_HANDLE, "{h:#x}");
        assert_eq!(call!(acmDriverMessage(h, 0x4000, 0, 0)), 5, "{h:#x}");
        assert_eq!(call!(acmMetrics(h, 100, out)), INVALID_HANDLE, "{h:#x}");
    }
    for h in [0, 1, 0x1234, usize::MAX, had, id] {
        assert_eq!(call!(acmStreamSize(h, 8, out, 0)), INVALID_HANDLE, "{h:#x}");
        assert_eq!(call!(acmStreamPrepareHeader(h, pash, 0)), INVALID_HANDLE);
        assert_eq!(call!(acmStreamUnprepareHeader(h, pash, 0)), INVALID_HANDLE);
        assert_eq!(call!(acmStreamConvert(h, pash, 0)), INVALID_HANDLE);
        assert_eq!(call!(acmStreamReset(h, 0)), INVALID_HANDLE);
        assert_eq!(call!(acmStreamMessage(h, 0x4000, 0, 0)), INVALID_HANDLE);
        assert_eq!(call!(acmStreamClose(h, 0)), INVALID_HANDLE);
    }
    for h in [has, id] {
        let answer = call!(acmStreamOpen(0, h, at(&wave), at(&wave), 0, 0, 0, 1));
        assert_eq!(answer, INVALID_HANDLE);
    }
    for h in [had, has, id] {
        assert_eq!(call!(acmDriverID(h, out, 0)), OK);
        assert_eq!(call!(acmMetrics(h, 1, out)), INVALID_HANDLE);
    }
    assert_eq!(call!(acmDriverID(0, out, 0)), INVALID_HANDLE);
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
    assert_eq!(call!(acmDriverClose(had, 0)), OK);
}

#[test]
fn what_is_closed_stays_closed() {
    let (had, has) = (open("msg711.acm", Width::W32), doubling());
    let mut out = 0_usize;
    let to = (&raw mut out).expose_provenance();
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
    assert_eq!(call!(acmDriverClose(had, 0)), OK);
    let (again, other) = (doubling(), open("msg711.acm", Width::W32));
    assert_eq!(call!(acmStreamClose(has, 0)), INVALID_HANDLE);
    assert_eq!(call!(acmStreamSize(has, 100, to, 0)), INVALID_HANDLE);
    assert_eq!(call!(acmDriverClose(had, 0)), INVALID_HANDLE);
    assert_eq!(call!(acmDriverMessage(had, 0x4000, 0, 0)), 5);
    assert_eq!(call!(acmDriverID(has, to, 0)), INVALID_HANDLE);
    assert_eq!(call!(acmStreamClose(again, 0)), OK);
    assert_eq!(call!(acmDriverClose(other, 0)), OK);
}

#[test]
fn flags_that_are_not_known_are_refused() {
    let (had, has, id) = (open("msg711.acm", Width::W32), doubling(), ids()[0]);
    let mut room = [0_u8; 2000];
    room[..4].copy_from_slice(&1804_u32.to_ne_bytes());
    let out = room.as_mut_ptr().expose_provenance();
    let (source, mut destination) = ([0; 8], [0; 16]);
    let mut header = Header::new(&source, &mut destination);
    let (pash, wave) = (header.address(), plain());
    let back = at as *const () as usize;
    for (what, answer) in [
        ("acmDriverEnum", call!(acmDriverEnum(back, 0, 1))),
        ("acmDriverID", call!(acmDriverID(had, out, 1))),
        ("acmDriverDetailsW", call!(acmDriverDetailsW(id, out, 1))),
        ("acmDriverOpen", call!(acmDriverOpen(out, id, 1))),
        ("acmDriverClose", call!(acmDriverClose(had, 1))),
        ("acmDriverRemove", call!(acmDriverRemove(id, 1))),
        (
            "acmDriverAddW",
            call!(acmDriverAddW(out, 0, back as isize, 0, 2)),
        ),
        (
            "acmDriverAddW",
            call!(acmDriverAddW(out, 0, back as isize, 0, 0x103)),
        ),
        ("acmDriverPriority", call!(acmDriverPriority(id, 0, 3))),
        ("acmDriverPriority", call!(acmDriverPriority(id, 0, 8))),
        (
            "acmDriverPriority",
            call!(acmDriverPriority(0, 0, 0x3_0000)),
        ),
        (
            "acmFormatTagDetailsA",
            call!(acmFormatTagDetailsA(had, out, 16)),
        ),
        (
            "acmFormatTagEnumA",
            call!(acmFormatTagEnumA(had, out, back, 0, 1)),
        ),
        (
            "acmStreamOpen",
            call!(acmStreamOpen(out, 0, at(&wave), at(&wave), 0, 0, 0, 0x100)),
        ),
        ("acmStreamSize", call!(acmStreamSize(has, 100, out, 2))),
        (
            "acmStreamPrepareHeader",
            call!(acmStreamPrepareHeader(has, pash, 1)),
        ),
        (
            "acmStreamUnprepareHeader",
            call!(acmStreamUnprepareHeader(has, pash, 1)),
        ),
        ("acmStreamConvert", call!(acmStreamConvert(has, pash, 1))),
        ("acmStreamClose", call!(acmStreamClose(has, 1))),
    ] {
        assert_eq!(answer, INVALID_FLAG, "{what}: {}", said());
    }
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
    assert_eq!(call!(acmDriverClose(had, 0)), OK);
}

#[test]
fn buffers_are_prepared_before_and_unprepared_as_they_were() {
    let has = doubling();
    let (source, mut destination) = (tone(100), [0; 400]);
    let mut header = Header::new(&source, &mut destination);
    let pash = header.address();
    assert_eq!(call!(acmStreamConvert(has, pash, 0)), UNPREPARED);
    assert_eq!(call!(acmStreamUnprepareHeader(has, pash, 0)), UNPREPARED);
    // A status that lies does not prepare anything.
    header.set(4, 0x2_0000);
    assert_eq!(call!(acmStreamConvert(has, pash, 0)), UNPREPARED);
    header.set(4, 0);
    header.set(0, 123);
    assert_eq!(
        call!(acmStreamPrepareHeader(has, pash, 0)),
        INVALID_PARAMETER
    );
    header.set(0, 124);
    for _ in 0..2 {
        assert_eq!(call!(acmStreamPrepareHeader(has, pash, 0)), OK);
        assert_eq!(header.number(4), 0x2_0000);
    }
    assert_eq!(call!(acmStreamConvert(has, pash, 0)), OK);
    assert_eq!((header.number(28), header.number(52)), (200, 400));
    let from = source.as_ptr().expose_provenance();
    for (address, len, answer) in [
        (from, 100, OK),
        (from, 201, INVALID_PARAMETER),
        (from + 2, 100, INVALID_PARAMETER),
        (from, 200, OK),
    ] {
        header.set_source(address, len);
        assert_eq!(call!(acmStreamConvert(has, pash, 0)), answer, "{}", said());
    }
    // In use, says the header.
    header.set(4, 0x12_0000);
    assert_eq!(call!(acmStreamConvert(has, pash, 0)), BUSY);
    assert_eq!(call!(acmStreamUnprepareHeader(has, pash, 0)), BUSY);
    header.set(4, 0x2_0000);
    header.set_source(from, 100);
    assert_eq!(
        call!(acmStreamUnprepareHeader(has, pash, 0)),
        INVALID_PARAMETER
    );
    header.set_source(from, 200);
    // Managed languages hand over a copy, at another address.
    let mut copy = header.clone();
    assert_eq!(call!(acmStreamConvert(has, copy.address(), 0)), OK);
    assert_eq!(call!(acmStreamUnprepareHeader(has, copy.address(), 0)), OK);
    assert_eq!(
        call!(acmStreamUnprepareHeader(has, copy.address(), 0)),
        UNPREPARED
    );
    assert_eq!(call!(acmStreamConvert(has, pash, 0)), UNPREPARED);
    // A header of one stream is none of another's.
    header.set(4, 0);
    assert_eq!(call!(acmStreamPrepareHeader(has, pash, 0)), OK);
    let other = doubling();
    assert_eq!(call!(acmStreamConvert(other, pash, 0)), UNPREPARED);
    for has in [has, other] {
        assert_eq!(
            call!(acmStreamClose(has, 0)),
            OK,
            "also with a header prepared"
        );
    }
}

#[test]
fn buffers_that_are_not_there_are_told_and_touch_nothing() {
    let has = doubling();
    let (source, mut destination) = (tone(100), [0; 400]);
    for (at_field, len_field) in [(16, 24), (40, 48)] {
        for wild in [0].into_iter().chain(WILD) {
            let mut header = Header::new(&source, &mut destination);
            header.0[at_field..at_field + 8].copy_from_slice(&wild.to_ne_bytes());
            let answer = call!(acmStreamPrepareHeader(has, header.address(), 0));
            assert_eq!(answer, INVALID_PARAMETER, "{wild:#x}");
            // Its end is not there.
            let mut header = Header::new(&source, &mut destination);
            header.set(len_field, u32::MAX);
            let answer = call!(acmStreamPrepareHeader(has, header.address(), 0));
            assert!([INVALID_PARAMETER, 7].contains(&answer), "{answer}");
        }
    }
    // A destination that can be read only is found out when it is to be written.
    let text: &'static [u8] = &[7; 400];
    let mut header = Header::new(&source, &mut destination);
    header.0[40..48].copy_from_slice(&text.as_ptr().expose_provenance().to_ne_bytes());
    assert_eq!(call!(acmStreamPrepareHeader(has, header.address(), 0)), OK);
    assert_eq!(
        call!(acmStreamConvert(has, header.address(), 0)),
        INVALID_PARAMETER
    );
    assert!(said().contains("no such memory"), "{}", said());
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
}

#[test]
fn a_driver_with_an_open_stream_is_busy() {
    let had = open("msg711.acm", Width::W64);
    let mut format = target("msg711.acm", Width::W64, &plain(), 7);
    let has = stream(had, &plain(), &format);
    assert_eq!(call!(acmDriverClose(had, 0)), BUSY);
    let mut size = 0_u32;
    let to = (&raw mut size).expose_provenance();
    assert_eq!(call!(acmStreamSize(has, 200, to, 0)), OK);
    assert_eq!(size, 100);
    assert_eq!(call!(acmStreamSize(has, 100, to, 1)), OK);
    assert_eq!(size, 200);
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
    assert_eq!(call!(acmDriverClose(had, 0)), OK);
    // No driver takes what nobody knows.
    let mut bytes = format.as_bytes().to_vec();
    bytes[0] = 0x99;
    format = WaveFormat::parse(&bytes).unwrap();
    let answer = call!(acmStreamOpen(0, 0, at(&plain()), at(&format), 0, 0, 0, 1));
    assert_eq!(answer, NOT_POSSIBLE);
    // A filter is for sound that stays in its format.
    let filter = [32_u32, 1, 0, 0, 0, 0, 0, 0];
    let with = filter.as_ptr().expose_provenance();
    let format = target("msg711.acm", Width::W64, &plain(), 7);
    let answer = call!(acmStreamOpen(
        0,
        0,
        at(&plain()),
        at(&format),
        with,
        0,
        0,
        1
    ));
    assert_eq!(answer, INVALID_PARAMETER);
}

#[test]
fn messages_are_those_that_an_application_may_send() {
    for width in Width::ALL {
        let had = open("imaadp32.acm", width);
        for (message, answer) in [
            (0x6000, 11), // ACMDM_RESERVED_LOW
            (0x600a, 11), // ACMDM_DRIVER_DETAILS
            (3, 11),      // DRV_OPEN
            (0x3fff, 11),
            (8, 1), // DRV_QUERYCONFIGURE: it has something to show.
        ] {
            let said = call!(acmDriverMessage(had, message, 0, 0));
            assert_eq!(said, answer, "{message:#x}");
        }
        let id = id_of("imaadp32.acm", width);
        assert_eq!(call!(acmDriverMessage(id, 8, 0, 0)), 1);
        let sent = call!(acmDriverMessage(had, 0x4005, 0, 0));
        assert_ne!(sent, 11);
        let has = doubling();
        assert_eq!(
            call!(acmStreamMessage(has, 0x6000, 0, 0)),
            INVALID_PARAMETER
        );
        assert_eq!(call!(acmStreamClose(has, 0)), OK);
        assert_eq!(call!(acmDriverClose(had, 0)), OK);
    }
}
