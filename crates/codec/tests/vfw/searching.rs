//! The codec that takes a format is found among those that are installed.

use opendriver::{Manager, Message};
use opendriver_abi::structures::{BitmapInfoHeader, FourCc};
use opendriver_codec::BitmapFormat;
use opendriver_codec::vfw::{Codecs, Error};

use crate::player::{CODE, Log, Part, builder, compressed, driver, pictures};

const OTHER: FourCc = FourCc::new(*b"othr");

/// Two codecs: `player`, and `other`, which insists on another code and takes the same frames.
fn two(aliases: &[(&str, &str)]) -> (Manager, Log, Log) {
    let (player, played) = driver("player", Part::default());
    let part = Part {
        handler: OTHER,
        ..Part::default()
    };
    let (other, othered) = driver("other", part);
    let manager = builder().builtin(player).builtin(other).build();
    for (alias, file) in aliases {
        let registry = manager.registry();
        registry.set_value("Drivers32", alias, *file).unwrap();
    }
    (manager, played, othered)
}

fn frames(compression: FourCc) -> BitmapFormat {
    compressed().with_header(BitmapInfoHeader {
        compression,
        ..compressed().header()
    })
}

#[test]
fn the_alias_of_the_handler_comes_first_in_any_letter_case() {
    let aliases = [("vidc.othr", "other"), ("VIDC.play", "player")];
    let (manager, played, othered) = two(&aliases);
    let codecs = Codecs::installed(&manager).unwrap();
    let codec = codecs
        .for_decompressing(&compressed(), FourCc::new(*b"pLAy"))
        .unwrap();
    assert_eq!(codec.driver(), "player");
    assert!(othered.lock().unwrap().messages.is_empty());
    drop(codec);

    // The stream's handler goes before the format's own code.
    let codec = codecs.for_decompressing(&compressed(), OTHER).unwrap();
    assert_eq!(codec.driver(), "other");
    drop(codec);
    let codec = codecs.for_decompressing(&compressed(), FourCc(0)).unwrap();
    assert_eq!(codec.driver(), "player");
    assert!(!played.lock().unwrap().messages.is_empty());
}

#[test]
fn all_codecs_are_asked_where_no_alias_says_so() {
    let (manager, ..) = two(&[("vidc.abcd", "missing.dll"), ("vidc.zzzz", "player")]);
    let codecs = Codecs::installed(&manager).unwrap();
    assert_eq!(codecs.iter().count(), 2);
    let codec = codecs.for_decompressing(&compressed(), FourCc(0)).unwrap();
    assert_eq!((codec.driver(), codec.handler()), ("player", CODE));
}

#[test]
fn a_search_in_vain_says_who_refused_and_why() {
    let (manager, ..) = two(&[
        ("vidc.play", "player"),
        ("vidc.gone", "/nowhere/gone.dll"),
        ("msacm.none", "player"),
    ]);
    let codecs = Codecs::installed(&manager).unwrap();
    let error = codecs
        .for_decompressing(&frames(FourCc::new(*b"IV50")), FourCc(0))
        .unwrap_err();
    let Error::NoCodec { refusals, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(refusals.len(), 2);
    let told = error.to_string();
    let start = "no installed codec decompresses IV50, 4x2 (";
    assert!(told.starts_with(start), "{told}");
    for reason in [
        "vidc.play: \"player\" refused ICM_DECOMPRESS_QUERY: ICERR_BADFORMAT; ",
        "vidc.gone: cannot open \"vidc.gone\" as a video codec for \"gone\": cannot read \"/nowhere/gone.dll\"",
    ] {
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn a_codec_is_found_to_compress() {
    let (manager, played, _) = two(&[("vidc.play", "player")]);
    let codecs = Codecs::installed(&manager).unwrap();
    let codec = codecs.for_compressing(CODE, &pictures()).unwrap();
    assert_eq!(codec.driver(), "player");
    drop(codec);
    let messages = played.lock().unwrap().messages.clone();
    assert!(messages.contains(&Message::ICM_COMPRESS_QUERY));
    let error = codecs.for_compressing(CODE, &compressed()).unwrap_err();
    let told = error.to_string();
    assert!(
        told.starts_with("no installed codec compresses PLAY, 4x2 to \"PLAY\" (vidc.play: "),
        "{told}"
    );
}

#[test]
fn entries_that_name_nothing_are_told_and_hide_nothing() {
    let (manager, ..) = two(&[("vidc.play", "player"), ("vidc.void", "")]);
    let codecs = Codecs::installed(&manager).unwrap();
    let broken: Vec<&str> = codecs
        .broken()
        .iter()
        .map(|refusal| refusal.name.as_str())
        .collect();
    assert_eq!(broken, ["vidc.void"]);
    assert!(codecs.for_decompressing(&compressed(), CODE).is_ok());
}
