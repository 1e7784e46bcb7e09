//! A codec whose answers make no sense.

use std::sync::{Arc, Mutex};

use opendriver::{Manager, Message};
use opendriver_abi::structures::{
    AcmDriverDetails, AcmDrvFormatSuggest, AcmDrvStreamHeader, AcmFilterDetails,
    AcmFilterTagDetails, AcmFormatDetails, AcmFormatTagDetails, Address as _, FourCc, Structure,
};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Driver, Drivers, Flags, Stream, WaveFilter, Wish};
use opendriver_sdk::{BadClaim, BuiltIn, Call};
use proptest::prelude::*;

/// A codec that answers one number after the other, and writes nonsense over what it is given.
fn wild(answers: Vec<isize>, nonsense: Vec<u8>) -> Manager {
    let next = Arc::new(Mutex::new(answers.into_iter().cycle()));
    let driver = BuiltIn::procedure("wild", move |_| {
        let (next, nonsense) = (Arc::clone(&next), nonsense.clone());
        Box::new(move |call: &Call<'_>| {
            let _ = scribble(call, &nonsense);
            match call.message {
                Message::ACMDM_DRIVER_DETAILS => 0,
                message if message < Message::DRV_USER => 1,
                _ => next.lock().unwrap().next().unwrap_or(0),
            }
        })
    });
    Manager::builder()
        .builtin(driver)
        .guarded_blocks(true)
        .build()
}

/// Writes over the whole of each structure, and over the formats and filters at which it points.
fn scribble(call: &Call<'_>, nonsense: &[u8]) -> Result<(), BadClaim> {
    let claim = call.claim(call.param1);
    let over = |size: usize| claim.write(&nonsense[..size]);
    match call.message {
        Message::ACMDM_DRIVER_DETAILS => {
            over(AcmDriverDetails::<u64>::SIZE)?;
            claim.at(4).write_u32(FourCc::AUDC.0)?;
            // Counts that are asked through in a test's time.
            claim.at(28).write_u32(u32::from(nonsense[1]) % 4)?;
            claim.at(32).write_u32(u32::from(nonsense[2]) % 4)
        }
        Message::ACMDM_FORMATTAG_DETAILS => {
            over(AcmFormatTagDetails::SIZE)?;
            // Half of the tags can be, so that there is more to be asked.
            claim.at(10).write(&[0, nonsense[0] & 1])?;
            claim.at(20).write_u32(u32::from(nonsense[3]) % 8)
        }
        Message::ACMDM_FILTERTAG_DETAILS => {
            over(AcmFilterTagDetails::SIZE)?;
            claim.at(20).write_u32(u32::from(nonsense[3]) % 8)
        }
        Message::ACMDM_FORMAT_DETAILS => {
            let details: AcmFormatDetails<u64> = claim.structure()?;
            let size = details.format_size as usize;
            call.claim(details.format.to_param())
                .write(&nonsense[..size.min(nonsense.len())])?;
            over(AcmFormatDetails::<u64>::SIZE)
        }
        Message::ACMDM_FILTER_DETAILS => {
            let details: AcmFilterDetails<u64> = claim.structure()?;
            let size = details.filter_size as usize;
            call.claim(details.filter.to_param())
                .write(&nonsense[..size.min(nonsense.len())])?;
            over(AcmFilterDetails::<u64>::SIZE)
        }
        Message::ACMDM_FORMAT_SUGGEST => {
            let details: AcmDrvFormatSuggest<u64> = claim.structure()?;
            let size = details.destination_size as usize;
            let destination = call.claim(details.destination.to_param());
            destination.write(&nonsense[..size.min(nonsense.len())])
        }
        Message::ACMDM_STREAM_SIZE => call.claim(call.param2).write(&nonsense[..16]),
        Message::ACMDM_STREAM_CONVERT => call
            .claim(call.param2)
            .write(&nonsense[..AcmDrvStreamHeader::<u64>::SIZE]),
        _ => Ok(()),
    }
}

fn answer() -> impl Strategy<Value = isize> {
    prop_oneof![
        12 => Just(0),
        2 => prop::sample::select(vec![8_isize, 11, 512]),
        1 => any::<isize>(),
    ]
}

/// Bytes, many of them 0, so that some of the sizes in them are small ones.
fn nonsense() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => Just(0), 1 => 0..40_u8, 1 => any::<u8>()];
    prop::collection::vec(byte, 2000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn nonsense_is_refused_or_survived(
        answers in prop::collection::vec(answer(), 1..12),
        nonsense in nonsense(),
        format in prop::collection::vec(any::<u8>(), 14..80),
        source in prop::collection::vec(any::<u8>(), 0..300),
        end in any::<bool>(),
    ) {
        let manager = wild(answers, nonsense);
        let driver = Driver::open(&manager, "wild").unwrap();
        let format = WaveFormat::parse(&format).unwrap();
        let plain = WaveFormat::pcm(1, 8000, 16);
        for tag in driver.format_tags().unwrap() {
            let _ = driver.formats(tag.tag, Some(&plain));
        }
        for tag in driver.filter_tags().unwrap() {
            let _ = driver.filters(tag.tag);
        }
        let _ = driver.sizes();
        let _ = driver.suggest(&format, &Wish::default());
        let _ = driver.suggest(&format, &Wish::pcm());
        let filter = WaveFilter::echo(1, 2);
        let _ = Stream::query(&driver, &plain, &format, Some(&filter));
        if let Ok(mut stream) = Stream::open(&driver, &plain, &format, None) {
            let mut out = Vec::new();
            for block_align in [true, false] {
                let flags = Flags { block_align, start: true, end };
                let used = stream.convert(&source, flags, &mut out);
                prop_assert!(used.is_err() || used.is_ok_and(|used| used <= source.len()));
            }
            let _ = stream.reset();
            let _ = stream.close();
        }
        let drivers = Drivers::named(&manager, &["wild", "wild"]);
        if let Ok(mut chain) = drivers.chain(&format, &plain) {
            let mut out = Vec::new();
            let _ = chain.convert(&source, end, &mut out);
            prop_assert!(chain.unused() <= source.len());
        }
        let _ = drivers.target(&plain, &Wish::tag(0x31));
        let _ = drivers.metrics();
    }
}
