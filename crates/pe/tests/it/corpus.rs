//! The fuzzer's corpus: what it starts from is built here, and all of it is replayed on the stable compiler.

use std::path::{Path, PathBuf};
use std::{env, fs};

use opendriver_pe::Width;

use crate::builder::{Description, Offered, Wanted};
use crate::pe_file::exercise;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pe_file")
}

/// Images that together say everything that the builder can make an image say.
fn seeds() -> Vec<(String, Description)> {
    let imports = vec![
        (
            "kernel32.dll".to_owned(),
            vec![Wanted::Name("Sleep".to_owned()), Wanted::Ordinal(7)],
        ),
        (
            "winmm.dll".to_owned(),
            vec![Wanted::Name("DefDriverProc".to_owned())],
        ),
    ];
    let exports = vec![
        Offered::Named("DriverProc".to_owned(), 0x1000),
        Offered::Nothing,
        Offered::Numbered(0x1004),
        Offered::Forwarded("Sleepy".to_owned(), "kernel32.Sleep".to_owned()),
        Offered::Forwarded("Third".to_owned(), "winmm.#3".to_owned()),
    ];
    // A string table block, a message table, and version information with one string.
    let strings = [&[0; 2][..], &[2, 0, b'o', 0, b'k', 0], &[0; 28]].concat();
    let messages = [
        &[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0][..],
        b"\x08\0\0\0ok\0\0",
    ]
    .concat();
    let resources = vec![
        (6, 1, 0x409, strings),
        (11, 1, 0, messages),
        (16, 1, 0x407, version()),
        (10, 200, 0, b"data".to_vec()),
    ];
    let mut seeds = Vec::new();
    for (width, name) in [(Width::Bits32, "32"), (Width::Bits64, "64")] {
        let base = if width == Width::Bits32 {
            0x1000_0000
        } else {
            0x1_8000_0000
        };
        let empty = Description {
            width,
            base,
            ..Description::default()
        };
        let mut seed = |part: &str, description: Description| {
            seeds.push((format!("seed-{name}-{part}"), description));
        };
        seed("empty", empty.clone());
        seed(
            "imports",
            Description {
                imports: imports.clone(),
                ..empty.clone()
            },
        );
        seed(
            "delayed",
            Description {
                delayed: imports.clone(),
                ..empty.clone()
            },
        );
        seed(
            "old-delayed",
            Description {
                delayed: imports.clone(),
                old_delayed: true,
                ..empty.clone()
            },
        );
        seed(
            "exports",
            Description {
                exports: exports.clone(),
                ..empty.clone()
            },
        );
        seed(
            "tls",
            Description {
                tls: Some((vec![1, 2, 3], 9, 2)),
                ..empty.clone()
            },
        );
        seed(
            "resources",
            Description {
                resources: resources.clone(),
                ..empty.clone()
            },
        );
        seed(
            "strings",
            Description {
                resources: resources[..1].to_vec(),
                ..empty.clone()
            },
        );
        seed(
            "messages",
            Description {
                resources: resources[1..2].to_vec(),
                ..empty.clone()
            },
        );
        seed(
            "version",
            Description {
                resources: resources[2..3].to_vec(),
                ..empty.clone()
            },
        );
        seed(
            "relocations",
            Description {
                pointers: 20,
                zeros: 0x2000,
                ..empty.clone()
            },
        );
        seed(
            "all",
            Description {
                imports: imports.clone(),
                delayed: imports.clone(),
                exports: exports.clone(),
                tls: Some((vec![0; 8], 0, 1)),
                resources: resources.clone(),
                pointers: 5,
                ..empty
            },
        );
    }
    seeds
}

/// A version resource: the root with its numbers, one table, one string, one translation.
fn version() -> Vec<u8> {
    fn block(name: &str, value: &[u8], is_text: u16, children: &[u8]) -> Vec<u8> {
        let length = if is_text == 1 {
            value.len() / 2
        } else {
            value.len()
        };
        let mut block = [
            &[0, 0][..],
            &(length as u16).to_le_bytes(),
            &is_text.to_le_bytes(),
        ]
        .concat();
        block.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        for part in [value, children] {
            block.resize(block.len().next_multiple_of(4), 0);
            block.extend(part);
        }
        let length = block.len() as u16;
        block[..2].copy_from_slice(&length.to_le_bytes());
        block.resize(block.len().next_multiple_of(4), 0);
        block
    }
    let text: Vec<u8> = "built\0"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let table = block("040904b0", &[], 1, &block("FileDescription", &text, 1, &[]));
    let strings = block("StringFileInfo", &[], 1, &table);
    let translation = block("Translation", &[0x09, 0x04, 0xb0, 0x04], 0, &[]);
    let children = [strings, block("VarFileInfo", &[], 1, &translation)].concat();
    let words = [
        0xfeef_04bd_u32,
        0x1_0000,
        0x1_0002,
        0x3_0004,
        5,
        6,
        0x3f,
        1,
        0x4_0004,
        3,
        8,
        0,
        0,
    ];
    let fixed: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    block("VS_VERSION_INFO", &fixed, 0, &children)
}

#[test]
fn the_seeds_are_those_that_the_builder_makes() {
    for (name, description) in seeds() {
        let (path, bytes) = (corpus().join(&name), description.build().bytes);
        if env::var_os("UPDATE_CORPUS").is_some() {
            fs::write(&path, &bytes).unwrap();
        }
        let committed = fs::read(&path).unwrap_or_default();
        assert!(
            committed == bytes,
            "{name} is stale: run this test with UPDATE_CORPUS=1"
        );
    }
}

#[test]
fn a_built_version_is_read() {
    let resources = vec![(16, 1, 0, version())];
    let bytes = Description {
        resources,
        ..Description::default()
    }
    .build()
    .bytes;
    let file = opendriver_pe::File::parse(&bytes).unwrap();
    let version = file.resources().unwrap().version().unwrap().unwrap();
    assert_eq!(version.string("FileDescription"), Some("built"));
    assert_eq!(version.fixed.unwrap().file, [1, 2, 3, 4]);
    assert_eq!(version.translations, [(0x409, 1200)]);
}

#[test]
fn every_file_of_the_corpus_is_read_or_refused() {
    for entry in fs::read_dir(corpus()).unwrap() {
        exercise(&fs::read(entry.unwrap().path()).unwrap());
    }
}
