//! Many threads at once, each with streams of its own, and all with one.

use std::thread;

use opendriver::Width;
use opendriver_codec::WaveFormat;

use crate::house::*;

#[test]
fn many_threads_convert_with_codecs_of_both_widths() {
    let plain = WaveFormat::pcm(1, 8000, 16);
    let sound = tone(4000);
    let expected: Vec<Vec<u8>> = Width::ALL.map(|width| once(width, &plain, &sound)).into();
    thread::scope(|scope| {
        for number in 0..8 {
            let (plain, sound, expected) = (&plain, &sound, &expected);
            scope.spawn(move || {
                for round in 0..20 {
                    let which = (number + round) % 2;
                    assert_eq!(once(Width::ALL[which], plain, sound), expected[which]);
                    assert_eq!(ids().len(), COUNT);
                }
            });
        }
    });
}

fn once(width: Width, plain: &WaveFormat, sound: &[u8]) -> Vec<u8> {
    let had = open("msgsm32.acm", width);
    let has = stream(had, plain, &target("msgsm32.acm", width, plain, 0x31));
    let mut made = vec![0; 4000];
    let mut header = Header::new(sound, &mut made);
    assert_eq!(call!(acmStreamPrepareHeader(has, header.address(), 0)), OK);
    assert_eq!(call!(acmStreamConvert(has, header.address(), 0x30)), OK);
    made.truncate(header.number(52) as usize);
    assert_eq!(call!(acmStreamClose(has, 0)), OK);
    assert_eq!(call!(acmDriverClose(had, 0)), OK);
    made
}

#[test]
fn many_threads_use_one_stream_and_one_of_them_closes_it() {
    let has = stream(
        0,
        &WaveFormat::pcm(1, 8000, 16),
        &WaveFormat::pcm(2, 8000, 16),
    );
    let sound = tone(500);
    thread::scope(|scope| {
        for number in 0..6 {
            let sound = &sound;
            scope.spawn(move || {
                let mut made = vec![0; 2000];
                let mut header = Header::new(sound, &mut made);
                let pash = header.address();
                for round in 0..50 {
                    if (number, round) == (5, 40) {
                        assert_eq!(call!(acmStreamClose(has, 0)), OK);
                    }
                    let prepared = call!(acmStreamPrepareHeader(has, pash, 0));
                    let converted = call!(acmStreamConvert(has, pash, 0x30));
                    let given = call!(acmStreamUnprepareHeader(has, pash, 0));
                    // It is closed at some moment, and stays so.
                    let answers = [prepared, converted, given];
                    let first = answers.iter().position(|answer| *answer != OK).unwrap_or(3);
                    assert!(
                        answers[first..].iter().all(|it| *it == INVALID_HANDLE),
                        "{answers:?}"
                    );
                    if first < 3 {
                        header.set(4, 0);
                    }
                }
            });
        }
    });
    assert_eq!(call!(acmStreamClose(has, 0)), INVALID_HANDLE);
}
