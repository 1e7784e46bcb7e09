//! Headers that make no sense, and a codec whose answers make none.

use std::sync::{Arc, Mutex};

use opendriver::{Manager, Message};
use opendriver_abi::structures::{FourCc, IcInfo, Structure as _};
use opendriver_codec::BitmapFormat;
use opendriver_codec::vfw::{Codec, FrameFlags, Mode, PaletteChange, Settings};
use opendriver_sdk::{BadClaim, BuiltIn, Call};
use proptest::prelude::*;

use crate::player::builder;

/// A codec that answers one number after the other, and writes nonsense over what it is given.
fn wild(answers: Vec<isize>, nonsense: Vec<u8>) -> Manager {
    let next = Arc::new(Mutex::new(answers.into_iter().cycle()));
    let driver = BuiltIn::procedure("wild", move |_| {
        let (next, nonsense) = (Arc::clone(&next), nonsense.clone());
        Box::new(move |call: &Call<'_>| {
            let _ = scribble(call, &nonsense);
            match call.message {
                Message::ICM_GETINFO => 568,
                message if message < Message::DRV_USER => 1,
                _ => next.lock().unwrap().next().unwrap_or(0),
            }
        })
    });
    builder().builtin(driver).build()
}

fn scribble(call: &Call<'_>, nonsense: &[u8]) -> Result<(), BadClaim> {
    let claim = call.claim(call.param1);
    match call.message {
        Message::ICM_GETINFO => {
            let mut info = IcInfo::zeroed();
            (info.kind, info.flags) = (FourCc::VIDC, nonsense[0].into());
            claim.set_structure(&info)
        }
        Message::ICM_COMPRESS => {
            // What is said of the frame's length, kind and code.
            for field in [8, 40, 48] {
                let mut address = [0; 8];
                claim.at(field).read(&mut address)?;
                let claim = call.claim(isize::from_ne_bytes(address));
                claim
                    .at(if field == 8 { 20 } else { 0 })
                    .write(&nonsense[..4])?;
            }
            Ok(())
        }
        Message::ICM_COMPRESS_GET_FORMAT
        | Message::ICM_DECOMPRESS_GET_FORMAT
        | Message::ICM_DECOMPRESS_GET_PALETTE
            if call.param2 != 0 =>
        {
            call.claim(call.param2).write(nonsense)
        }
        _ => Ok(()),
    }
}

/// Numbers as they are in headers, and as they should not be.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![
        0..70_u32,
        any::<u32>(),
        Just(u32::MAX),
        Just(i32::MAX as u32),
        Just(1 << 31)
    ]
}

fn format() -> impl Strategy<Value = BitmapFormat> {
    let compression = prop_oneof![0..4_u32, Just(u32::from_le_bytes(*b"YV12")), any::<u32>()];
    let depth = prop_oneof![Just(1), Just(4), Just(8), Just(16), Just(24), any::<u16>()];
    let numbers = prop::collection::vec(number(), 8);
    let behind = prop::collection::vec(any::<u8>(), 0..1100);
    (numbers, compression, depth, behind).prop_map(|(numbers, compression, depth, behind)| {
        let mut bytes = Vec::new();
        bytes.extend(numbers[..3].iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend([1, 0]);
        bytes.extend(depth.to_le_bytes());
        bytes.extend(compression.to_le_bytes());
        bytes.extend(numbers[3..].iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(behind);
        BitmapFormat::parse(&bytes).unwrap()
    })
}

fn answer() -> impl Strategy<Value = isize> {
    prop_oneof![
        6 => Just(0),
        2 => 1..2000_isize,
        1 => -10..5_isize,
        1 => any::<i32>().prop_map(|answer| answer as isize),
        1 => any::<isize>(),
    ]
}

proptest! {
    #[test]
    fn nonsense_is_refused_or_survived(
        answers in prop::collection::vec(answer(), 1..12),
        nonsense in prop::collection::vec(any::<u8>(), 60..1500),
        (input, output) in (format(), format()),
        data in prop::collection::vec(any::<u8>(), 0..300),
        settings in (any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u32>>(), any::<(u32, u32)>()),
    ) {
        let manager = wild(answers, nonsense);
        let open = |mode| Codec::open(&manager, "wild", FourCc(0), mode).unwrap();
        let codec = open(Mode::Query);
        let _ = codec.decompress_format(&input);
        let _ = codec.compress_format(&input);
        let _ = codec.compress_size(&input, &output);
        let _ = codec.decompress_palette(&input, &output);
        let _ = codec.state();
        let _ = codec.set_state(&data);
        let _ = codec.quality();

        if let Ok(mut decompressor) = open(Mode::Decompress).into_decompressor(&input, &output) {
            let expected = decompressor.output().image_size();
            for end in [data.len(), data.len() / 2, 0] {
                if let Ok(picture) = decompressor.frame(&data[..end], FrameFlags::default()) {
                    prop_assert_eq!(picture.bytes.len(), expected);
                }
            }
            if let Some(change) = PaletteChange::parse(&data) {
                let _ = decompressor.change_palette(&change);
            }
            let _ = decompressor.flush();
        }

        let (quality, key_every, data_rate, frames_per_second) = settings;
        let settings = Settings { quality, key_every, data_rate, frames_per_second };
        if let Ok(mut compressor) = open(Mode::Compress).into_compressor(&input, &output, settings) {
            let size = compressor.input().image_size();
            if size < 1 << 20 {
                let pixels = vec![3; size];
                for key in [false, true, false] {
                    let _ = compressor.frame(&pixels, key);
                }
            }
        }
    }

    #[test]
    fn a_change_of_palette_keeps_all_but_the_colours_it_names(
        format in format(),
        chunk in prop::collection::vec(any::<u8>(), 0..1100),
    ) {
        if let Some(change) = PaletteChange::parse(&chunk) {
            let changed = change.apply(&format);
            prop_assert_eq!(changed.as_bytes().len(), format.as_bytes().len());
            prop_assert_eq!(&changed.as_bytes()[..40], &format.as_bytes()[..40]);
            let first = usize::from(change.first);
            let named = first..first + change.colours.len();
            for (at, (new, old)) in changed.palette().iter().zip(format.palette()).enumerate() {
                let expected = if named.contains(&at) { &change.colours[at - first] } else { old };
                prop_assert_eq!(new, expected);
            }
        }
    }
}
