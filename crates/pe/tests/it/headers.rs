//! What the headers say, and what is said of files that are something else.

use opendriver_pe::{Access, File, Machine, Width};

use crate::builder::Description;

fn refusal(bytes: &[u8]) -> String {
    File::parse(bytes).expect_err("no image").to_string()
}

/// A DOS header that leads to `signature`.
fn dos(signature: &[u8]) -> Vec<u8> {
    let mut bytes = b"MZ".to_vec();
    bytes.resize(0x3c, 0);
    bytes[0x18] = 0x40;
    bytes.extend([0x40, 0, 0, 0]);
    bytes.extend(signature);
    bytes.resize(0x100, 0);
    bytes
}

#[test]
fn what_is_no_image_is_named() {
    let elf = refusal(b"\x7fELF\x02\x01\x01\0");
    let expected = "not a PE image: expected \"MZ\" at offset 0x0, found 7f 45 4c 46 (an ELF file)";
    assert_eq!(elf, expected);
    assert!(refusal(b"").ends_with("found an empty file"));
    assert!(refusal(b"#!/bin/sh\n").ends_with("23 21 2f 62 (a script)"));
    assert!(refusal(b"SZDD\x88\xf0'3").ends_with("(a file packed by COMPRESS)"));
    assert!(refusal(b"MSCF\0\0\0\0").ends_with("(a cabinet archive)"));
}

#[test]
fn images_from_before_pe_are_named() {
    assert_eq!(
        refusal(&dos(b"NE")),
        "not a PE image but a 16-bit Windows program (NE)"
    );
    assert_eq!(
        refusal(&dos(b"NE\x05\x0a\0\0\0\0\0\0\0\0\x01\x80")),
        "not a PE image but a 16-bit Windows driver (NE)"
    );
    assert_eq!(
        refusal(&dos(b"LE")),
        "not a PE image but a virtual device driver (LE)"
    );
    let mut program = dos(b"");
    program[0x18] = 0x1e;
    assert_eq!(refusal(&program), "not a PE image but a program for DOS");
    assert!(refusal(&dos(b"PX\0\0")).contains("expected \"PE\\0\\0\" at offset 0x40"));
}

#[test]
fn another_machine_is_no_error_but_told() {
    for (width, number, machine, name) in [
        (Width::Bits32, 0x14c_u16, Machine::X86, "i386"),
        (Width::Bits64, 0x8664, Machine::X86_64, "x86-64"),
        (Width::Bits64, 0xaa64, Machine::Other(0xaa64), "ARM64"),
        (Width::Bits64, 0x200, Machine::Other(0x200), "Itanium"),
        (Width::Bits32, 0x1c4, Machine::Other(0x1c4), "ARM"),
        (
            Width::Bits32,
            0x1234,
            Machine::Other(0x1234),
            "machine 0x1234",
        ),
    ] {
        let mut bytes = Description {
            width,
            base: 0x1000_0000,
            ..Description::default()
        }
        .build()
        .bytes;
        bytes[0x44..0x46].copy_from_slice(&number.to_le_bytes());
        let found = File::parse(&bytes).unwrap().machine();
        assert_eq!(found, machine);
        assert_eq!(found.to_string(), name);
    }
}

#[test]
fn a_machine_of_another_width_than_the_headers_is_refused() {
    for (width, number) in [(Width::Bits64, 0x14c_u16), (Width::Bits32, 0x8664)] {
        let mut bytes = Description {
            width,
            base: 0x1000_0000,
            ..Description::default()
        }
        .build()
        .bytes;
        bytes[0x44..0x46].copy_from_slice(&number.to_le_bytes());
        assert!(refusal(&bytes).contains("is of another width than its machine"));
    }
}

#[test]
fn an_image_of_managed_code_alone_is_told_from_others() {
    for (flags, is_managed) in [(1_u32, true), (0, false), (3, true), (2, false)] {
        // The first resource is data of the image like any other.
        let mut header = vec![0; 72];
        header[0] = 72;
        header[16..20].copy_from_slice(&flags.to_le_bytes());
        let mut bytes = Description {
            width: Width::Bits32,
            base: 0x1000_0000,
            resources: vec![(10, 1, 0, header)],
            ..Description::default()
        }
        .build()
        .bytes;
        let file = File::parse(&bytes).unwrap();
        assert!(!file.is_managed().unwrap());
        let resources = file.resources().unwrap();
        let found = resources.all().unwrap().remove(0);
        let data = resources.data(&found).unwrap();
        let at = data.as_ptr() as usize - bytes.as_ptr() as usize - 0x400 + 0x1000;
        let directory = 0x40 + 24 + 96 + 8 * 14;
        bytes[directory..directory + 4].copy_from_slice(&(at as u32).to_le_bytes());
        bytes[directory + 4..directory + 8].copy_from_slice(&72_u32.to_le_bytes());
        assert_eq!(
            File::parse(&bytes).unwrap().is_managed().unwrap(),
            is_managed
        );
    }
}

#[test]
fn a_cut_section_is_told_with_its_place() {
    let bytes = Description {
        pointers: 200,
        ..Description::default()
    }
    .build()
    .bytes;
    let told = refusal(&bytes[..0x600]);
    let expected = "not a whole PE image: its section needs 0x800 bytes at file offset 0x400, but the file ends at 0x600";
    assert_eq!(
        told,
        expected.replace("0x800", &(bytes.len() - 0x400).to_string())
    );
}

#[test]
fn sections_that_overlap_or_leave_the_image_are_refused() {
    let good = Description::default().build().bytes;
    let section = good
        .windows(4)
        .position(|window| window == b".all")
        .unwrap();
    let mut beyond = good.clone();
    beyond[section + 12..section + 16].copy_from_slice(&0x10_0000_u32.to_le_bytes());
    assert!(refusal(&beyond).contains("reaches beyond the image"));
    let mut twice = good.clone();
    twice[0x46] = 2;
    let copy: Vec<u8> = twice[section..section + 40].to_vec();
    twice[section + 40..section + 80].copy_from_slice(&copy);
    twice[section + 8] = 1;
    assert!(refusal(&twice).contains("begins before the end"));
}

#[test]
fn an_image_of_more_than_a_gibibyte_is_refused() {
    let mut bytes = Description::default().build().bytes;
    bytes[0x40 + 24 + 56..][..4].copy_from_slice(&0x4000_1000_u32.to_le_bytes());
    assert!(refusal(&bytes).contains("between 1 byte and 1 GiB"));
}

#[test]
fn a_page_that_two_sections_share_allows_what_both_ask() {
    let mut bytes = Description::default().build().bytes;
    let section = bytes
        .windows(4)
        .position(|window| window == b".all")
        .unwrap();
    bytes[0x46] = 2;
    let code = section + 40;
    let header: Vec<u8> = bytes[section..code].to_vec();
    bytes[code..code + 40].copy_from_slice(&header);
    let put = |bytes: &mut Vec<u8>, at: usize, value: u32| {
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    };
    // Sections of 0x200 bytes, 0x200 apart, and one more page of code.
    put(&mut bytes, 0x40 + 24 + 32, 0x200);
    put(&mut bytes, 0x40 + 24 + 56, 0x3000);
    put(&mut bytes, section + 8, 0x200);
    put(&mut bytes, code + 8, 0xf00);
    put(&mut bytes, code + 12, 0x1200);
    put(&mut bytes, code + 36, 0x6000_0020);
    let regions = File::parse(&bytes).unwrap().regions();
    let found: Vec<_> = regions
        .iter()
        .map(|region| (region.rva, region.size))
        .collect();
    assert_eq!(found, [(0, 0x1000), (0x1000, 0x1000), (0x2000, 0x1000)]);
    assert_eq!(
        regions[1].access,
        Access {
            read: true,
            write: true,
            execute: true
        }
    );
    assert_eq!(
        regions[2].access,
        Access {
            read: true,
            write: false,
            execute: true
        }
    );
}
