//! A codec in C that writes where it should not.

use opendriver::{Blame, Manager};
use opendriver_abi::structures::FourCc;
use opendriver_codec::vfw::{Codec, Decompressor, Error, FrameFlags, Mode};
use opendriver_tests::fixtures::{Target, compiled_text};

use crate::player::{compressed, pictures};

/// Each frame is the offset, 4 bytes, of the one byte of the picture that becomes 1.
const SOURCE: &str = r#"
    #include <stdint.h>
    #ifdef _WIN32
    __declspec(dllexport) intptr_t __stdcall
    #else
    intptr_t
    #endif
    DriverProc(uintptr_t id, void *handle, unsigned message, intptr_t p1, intptr_t p2) {
        struct { unsigned size, type; } *info = (void *)p1;
        struct { unsigned flags; void *format; int *input; void *output_format; volatile char *output; } *frame = (void *)p1;
        (void)id, (void)handle, (void)p2;
        switch (message) {
        case 0x5002: info->type = 0x63646976; return 568;
        case 0x400d: frame->output[*frame->input] = 1; return 0;
        default: return message < 0x4000;
        }
    }
"#;

fn decompressor(target: Target) -> Decompressor {
    let file = compiled_text("wild", SOURCE, target);
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

fn overruns_and_breaks(target: Target) {
    let mut decompressor = decompressor(target);
    let driver = decompressor.codec().driver().to_owned();
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
    assert_eq!(error.to_string(), format!("\"{driver}\" failed at frame 3"));
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
    assert_eq!(error.to_string(), format!("\"{driver}\" failed at frame 4"));
}

#[test]
fn a_shared_object_that_writes_behind_the_picture_is_contained_or_stopped() {
    overruns_and_breaks(Target::Native);
}

#[test]
fn a_windows_driver_that_writes_behind_the_picture_is_contained_or_stopped() {
    overruns_and_breaks(Target::Windows64Crt);
    overruns_and_breaks(Target::Windows32Crt);
}
