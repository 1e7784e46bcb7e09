//! A codec in C that writes where it should not.

use std::fs;
use std::process::Command;

use opendriver::{Blame, Manager};
use opendriver_abi::structures::FourCc;
use opendriver_codec::vfw::{Codec, Decompressor, Error, FrameFlags, Mode};

use crate::player::{compressed, pictures};

/// Each frame is the offset, 4 bytes, of the one byte of the picture that becomes 1.
const SOURCE: &str = r#"
    struct icinfo { unsigned size, type, handler, flags, version, icm; };
    struct icdecompress { unsigned flags; void *format; int *input; void *output_format; volatile char *output; };
    long DriverProc(unsigned long id, unsigned long handle, unsigned message, long p1, long p2) {
        switch (message) {
        case 0x5002: ((struct icinfo *)p1)->type = 0x63646976; return 568;
        case 0x400d: ((struct icdecompress *)p1)->output[*((struct icdecompress *)p1)->input] = 1; return 0;
        default: return message < 0x4000;
        }
    }
"#;

fn decompressor() -> Decompressor {
    let folder = tempfile::tempdir().unwrap();
    let (source, file) = (folder.path().join("wild.c"), folder.path().join("wild.so"));
    fs::write(&source, SOURCE).unwrap();
    let compiler = Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-o"])
        .args([&file, &source])
        .status();
    let compiler = compiler.expect("no C compiler; get one with: apt-get install gcc");
    assert!(compiler.success());
    let manager = Manager::builder()
        .trust_foreign_code()
        .guarded_blocks(true)
        .build();
    let codec = Codec::open(
        &manager,
        file.to_str().unwrap(),
        FourCc(0),
        Mode::Decompress,
    );
    codec
        .unwrap()
        .into_decompressor(&compressed(), &pictures())
        .unwrap()
}

fn frame(decompressor: &mut Decompressor, offset: u32) -> Result<Vec<u8>, Error> {
    let picture = decompressor.frame(&offset.to_le_bytes(), FrameFlags::default());
    picture.map(|picture| picture.bytes.to_vec())
}

#[test]
fn a_byte_behind_the_picture_is_contained_and_a_page_is_a_fault_that_names_the_block() {
    let mut decompressor = decompressor();
    let picture = frame(&mut decompressor, 23).unwrap();
    assert_eq!(picture[23], 1);
    assert!(decompressor.take_overruns().is_empty());

    assert_eq!(frame(&mut decompressor, 24).unwrap(), picture);
    assert_eq!(frame(&mut decompressor, 30).unwrap(), picture);
    let overruns = decompressor.take_overruns();
    let offsets: Vec<_> = overruns
        .iter()
        .map(|overrun| (overrun.frame, overrun.place.offset))
        .collect();
    assert_eq!(offsets, [(Some(1), 24), (Some(2), 30)]);

    let error = frame(&mut decompressor, 24 + 4096).unwrap_err();
    assert_eq!(error.to_string(), "\"wild.so\" failed at frame 3");
    assert_eq!(error.blame(), Blame::Broke);
    let Error::Failed { source, .. } = error else {
        panic!("{error:?}")
    };
    let told = source.to_string();
    assert!(
        told.ends_with("(offset 4120 of a block of 24 bytes)"),
        "{told}"
    );

    // It is not called any more, and says so.
    let error = frame(&mut decompressor, 0).unwrap_err();
    assert_eq!(error.to_string(), "\"wild.so\" failed at frame 4");
}
