//! Broken files: cut anywhere, turned at any bit of the headers, and made to waste time or memory.

use opendriver_pe::{Error, File, Placement, Width, map};

use crate::builder::{Description, Offered, Wanted};
use crate::compiled;
use crate::pe_file::exercise;

const WIDTHS: [Width; 2] = [Width::Bits32, Width::Bits64];

#[test]
fn a_real_dll_cut_at_any_byte_is_read_or_refused() {
    for bytes in WIDTHS.map(compiled::dll_of) {
        let file = File::parse(&bytes).unwrap();
        let whole = file
            .sections()
            .map(|section| section.file_offset + section.file_size)
            .max()
            .unwrap() as usize;
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            exercise(cut);
            // The last sector need not be whole.
            if length + 512 <= whole {
                File::parse(cut).expect_err("a section is not whole");
            }
        }
    }
}

#[test]
fn a_real_dll_with_any_bit_of_its_headers_turned_is_read_or_refused() {
    for mut bytes in WIDTHS.map(compiled::dll_of) {
        let headers = File::parse(&bytes).unwrap().headers_size() as usize;
        for at in 0..headers {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                exercise(&bytes);
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn a_real_dll_with_any_word_of_its_tables_at_an_extreme_is_read_or_refused() {
    for mut bytes in WIDTHS.map(compiled::dll_of) {
        let length = bytes.len() & !3;
        for at in (0..length).step_by(4) {
            let kept: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
            for extreme in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff_u32] {
                bytes[at..at + 4].copy_from_slice(&extreme.to_le_bytes());
                exercise(&bytes);
            }
            bytes[at..at + 4].copy_from_slice(&kept);
        }
    }
}

#[test]
fn a_resource_directory_that_leads_to_itself_ends() {
    let resources = vec![(1, 2, 3, b"data".to_vec())];
    let mut bytes = Description {
        resources,
        ..Description::default()
    }
    .build()
    .bytes;
    // The root is the section's first thing; its entry becomes many that all lead back to it.
    let root = 0x400;
    bytes[root + 14..root + 16].copy_from_slice(&60_u16.to_le_bytes());
    for index in 0..60 {
        let entry = root + 16 + 8 * index;
        bytes[entry..entry + 4].copy_from_slice(&(index as u32).to_le_bytes());
        bytes[entry + 4..entry + 8].copy_from_slice(&0x8000_0000_u32.to_le_bytes());
    }
    let file = File::parse(&bytes).unwrap();
    let error = file.resources().unwrap().all().unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    exercise(&bytes);
}

#[test]
fn a_wide_resource_tree_is_cut_off() {
    let resources = vec![(1, 2, 3, vec![0; 9000])];
    let mut bytes = Description {
        resources,
        ..Description::default()
    }
    .build()
    .bytes;
    let root = 0x400;
    // A thousand types share one directory of names, which has a thousand that share one of languages.
    let put = |bytes: &mut Vec<u8>, at: usize, count: u16, target: u32| {
        bytes[at + 12..at + 16].copy_from_slice(&(u32::from(count) << 16).to_le_bytes());
        for index in 0..usize::from(count) {
            let entry = at + 16 + 8 * index;
            bytes[entry..entry + 4].copy_from_slice(&(index as u32).to_le_bytes());
            bytes[entry + 4..entry + 8].copy_from_slice(&target.to_le_bytes());
        }
    };
    put(&mut bytes, root, 400, 0x8000_1000);
    put(&mut bytes, root + 0x1000, 400, 0x8000_1000);
    let at = root + 0x1000;
    for index in 0..400 {
        let entry = at + 16 + 8 * index;
        bytes[entry + 4..entry + 8].copy_from_slice(&0x8000_1c90_u32.to_le_bytes());
    }
    put(&mut bytes, root + 0x1c90, 200, 0x1c90);
    let file = File::parse(&bytes).unwrap();
    let error = file.resources().unwrap().all().unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooMany {
                what: "resources",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn imports_that_never_end_are_cut_off() {
    let imports = vec![("a.dll".to_owned(), vec![Wanted::Ordinal(1)])];
    let built = Description {
        imports,
        pointers: 60_000,
        ..Description::default()
    }
    .build();
    let mut bytes = built.bytes;
    // A table of ordinals fills the pointers' place, and three descriptors share it.
    let first = 0x400 + (built.pointers[0] - 0x1000) as usize;
    bytes[first + 8 * 59_999..][..8].fill(0);
    for index in 0..59_999 {
        bytes[first + 8 * index..][..8].copy_from_slice(&(1_u64 << 63 | 7).to_le_bytes());
    }
    let directory = 0x40 + 24 + 112 + 8;
    let rva = u32::from_le_bytes(bytes[directory..directory + 4].try_into().unwrap());
    let at = 0x400 + (rva - 0x1000) as usize;
    bytes[at..at + 4].copy_from_slice(&built.pointers[0].to_le_bytes());
    let copy = bytes[at..at + 20].to_vec();
    bytes[at + 20..at + 40].copy_from_slice(&copy);
    let error = File::parse(&bytes).unwrap().imports().unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooMany {
                what: "imports",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn more_exports_than_numbers_are_refused() {
    let exports = vec![Offered::Numbered(0x1000)];
    let mut bytes = Description {
        exports,
        ..Description::default()
    }
    .build()
    .bytes;
    bytes[0x400 + 20..0x400 + 24].copy_from_slice(&0x10_0000_u32.to_le_bytes());
    let error = File::parse(&bytes).unwrap().exports().unwrap_err();
    assert_eq!(
        error.to_string(),
        "not a sound PE image: it has more than 65536 exports"
    );
}

#[test]
fn a_relocation_outside_of_the_image_is_refused() {
    let built = Description {
        pointers: 1,
        ..Description::default()
    }
    .build();
    let mut bytes = built.bytes;
    let table = 0x400 + (built.pointers[0] + 8 - 0x1000) as usize;
    bytes[table..table + 4].copy_from_slice(&0x7fff_f000_u32.to_le_bytes());
    let file = File::parse(&bytes).unwrap();
    let error = map(&file, Placement::Below4G).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Outside {
                what: "relocation",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn an_import_outside_of_the_image_is_told_with_its_address() {
    let imports = vec![("a.dll".to_owned(), vec![Wanted::Name("f".to_owned())])];
    let mut bytes = Description {
        imports,
        ..Description::default()
    }
    .build()
    .bytes;
    let directory = 0x40 + 24 + 112 + 8;
    bytes[directory..directory + 4].copy_from_slice(&0x9_0000_u32.to_le_bytes());
    let error = File::parse(&bytes).unwrap().imports().unwrap_err();
    assert_eq!(
        error.to_string(),
        "not a sound PE image: its import directory at address 0x90000 (20 bytes) lies outside of what the image fills"
    );
}
