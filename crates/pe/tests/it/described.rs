//! Whatever a built image was told to say is what the reader hears, from the file and from memory.
#![expect(unsafe_code, reason = "looks at a mapped image")]

use std::collections::BTreeSet;

use opendriver_pe::{File, Image, ImportKind, Placement, Symbol, Target, Width, map};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use crate::builder::{Built, Description, Offered, Wanted};
use crate::pe_file::exercise;

fn width() -> impl Strategy<Value = Width> {
    prop_oneof![Just(Width::Bits32), Just(Width::Bits64)]
}

fn wanted() -> impl Strategy<Value = Vec<(String, Vec<Wanted>)>> {
    let symbol = prop_oneof![
        "[A-Za-z_?@]{1,20}".prop_map(Wanted::Name),
        any::<u16>().prop_map(Wanted::Ordinal),
    ];
    vec(("[a-z0-9-]{1,12}\\.dll", vec(symbol, 1..6)), 0..4)
}

fn offered() -> impl Strategy<Value = Vec<Offered>> {
    // In the headers, so that none is taken for a forwarder in the table.
    let place = 0x40..0x400_u32;
    let one = prop_oneof![
        Just(Offered::Nothing),
        place.clone().prop_map(Offered::Numbered),
        place.prop_map(|rva| Offered::Named(String::new(), rva)),
        prop_oneof!["[a-z]{1,8}\\.[A-Z]{1,8}", "[a-z]{1,8}\\.#[1-9][0-9]{0,3}"]
            .prop_map(|target| Offered::Forwarded(String::new(), target)),
    ];
    (btree_set("[A-Za-z_]{1,12}", 8), vec(one, 0..8)).prop_map(|(names, mut exports)| {
        for (export, name) in exports.iter_mut().zip(names) {
            if let Offered::Named(slot, _) | Offered::Forwarded(slot, _) = export {
                *slot = name;
            }
        }
        exports
    })
}

fn description() -> impl Strategy<Value = Description> {
    let bytes = || vec(any::<u8>(), 1..40);
    let resources = btree_map(1..100u16, (any::<u16>(), any::<u16>(), bytes()), 0..5);
    let tls = proptest::option::of((bytes(), 0..5000u32, 0..4usize));
    let numbers = (1..1000u32, 0..700u32, 0..3u32);
    (
        width(),
        wanted(),
        wanted(),
        any::<bool>(),
        offered(),
        tls,
        resources,
        numbers,
    )
        .prop_map(
            |(width, imports, delayed, old, exports, tls, resources, numbers)| Description {
                width,
                base: if width == Width::Bits32 {
                    0x1000_0000
                } else {
                    0x3_4000_0000
                },
                imports,
                delayed,
                old_delayed: old && width == Width::Bits32,
                first_ordinal: numbers.0,
                exports,
                tls,
                resources: resources
                    .into_iter()
                    .map(|(kind, (name, language, bytes))| (kind, name, language, bytes))
                    .collect(),
                pointers: numbers.1,
                zeros: numbers.2 * 0x1800,
            },
        )
}

fn check(description: &Description, built: &Built, image: &Image<'_>) {
    let imports = image.imports().unwrap();
    let expected = description.imports.iter().chain(&description.delayed);
    assert_eq!(imports.len(), expected.clone().count());
    let mut slots = BTreeSet::new();
    for (index, (found, (name, wanted))) in imports.iter().zip(expected).enumerate() {
        assert_eq!(found.name, name);
        let is_delayed = matches!(
            found.kind,
            ImportKind::Delay {
                handle_rva: Some(_)
            }
        );
        assert_eq!(is_delayed, index >= description.imports.len());
        assert_eq!(found.entries.len(), wanted.len());
        for (entry, wanted) in found.entries.iter().zip(wanted) {
            assert!(
                wanted.is(entry.symbol),
                "{wanted:?} became {:?}",
                entry.symbol
            );
            assert!(slots.insert(entry.slot_rva), "two imports share a slot");
        }
    }

    let exports = image.exports().unwrap();
    let there = description
        .exports
        .iter()
        .filter(|offered| **offered != Offered::Nothing);
    assert_eq!(exports.iter().count(), there.count());
    for (index, offered) in description.exports.iter().enumerate() {
        let ordinal = description.first_ordinal + index as u32;
        let by_ordinal = exports.by_ordinal(ordinal).map(|export| export.target);
        let (name, target) = match offered {
            Offered::Nothing => (None, None),
            Offered::Numbered(rva) => (None, Some(Target::Rva(*rva))),
            Offered::Named(name, rva) => (Some(name), Some(Target::Rva(*rva))),
            Offered::Forwarded(name, target) => {
                let (dll, symbol) = target.split_once('.').unwrap();
                let symbol = match symbol.strip_prefix('#') {
                    Some(number) => Symbol::Ordinal(number.parse().unwrap()),
                    None => Symbol::Name(symbol),
                };
                (Some(name), Some(Target::Forward { dll, symbol }))
            }
        };
        assert_eq!(by_ordinal, target);
        assert_eq!(exports.name_of(ordinal), name.map(String::as_str));
        if let Some(name) = name {
            let found = exports.by_name(name).unwrap();
            assert_eq!((Some(found.target), found.ordinal), (target, ordinal));
        }
    }
    assert_eq!(exports.by_name("not there"), None);

    match (&description.tls, image.tls().unwrap()) {
        (None, None) => {}
        (Some((data, zero_fill, callbacks)), Some(tls)) => {
            assert_eq!(
                image
                    .bytes("data", tls.data.start, tls.data.len() as u32)
                    .unwrap(),
                data
            );
            assert_eq!(tls.zero_fill, *zero_fill);
            assert_eq!(tls.index_rva, Some(built.tls_index));
            let expected: Vec<u32> = (0x1000..0x1000 + *callbacks as u32).collect();
            assert_eq!(tls.callbacks, expected);
        }
        (wanted, found) => panic!("{wanted:?} became {found:?}"),
    }

    let resources = image.resources().unwrap();
    assert_eq!(resources.all().unwrap().len(), description.resources.len());
    for (kind, name, language, bytes) in &description.resources {
        let found = resources.find(*kind, *name, None).unwrap().unwrap();
        assert_eq!(found.language, *language);
        assert_eq!(resources.data(&found).unwrap(), bytes);
        assert_eq!(
            resources.find(*kind, *name, Some(*language)).unwrap(),
            Some(found)
        );
        assert_eq!(resources.find(*kind, *name, Some(!language)).unwrap(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_built_is_what_is_read(description in description()) {
        let built = description.build();
        let file = File::parse(&built.bytes).unwrap();
        prop_assert_eq!(file.width(), description.width);
        prop_assert_eq!(file.image_base(), description.base);
        check(&description, &built, &file);
    }

    #[test]
    fn an_image_in_memory_says_what_its_file_said(mut description in description()) {
        // Only the file of an image of fixed absolute addresses can be read for them: nothing relocates these.
        description.tls = None;
        description.old_delayed = false;
        let built = description.build();
        let file = File::parse(&built.bytes).unwrap();
        let own = map(&file, Placement::Anywhere).unwrap();
        let moved = map(&file, Placement::Below4G).unwrap();
        prop_assert!(moved.base() + moved.size() <= 1 << 32);
        prop_assert_ne!(own.base(), moved.base());
        for mut mapping in [own, moved] {
            let width = description.width.bytes() as usize;
            for (number, rva) in built.pointers.iter().enumerate() {
                let mut value = [0; 8];
                value[..width].copy_from_slice(mapping.slice(*rva, width).unwrap());
                prop_assert_eq!(u64::from_le_bytes(value), (mapping.base() + number) as u64);
            }
            mapping.protect().unwrap();
            // SAFETY: nobody runs or changes the image.
            check(&description, &built, &unsafe { mapping.image() });
        }
    }

    #[test]
    fn a_changed_image_is_read_or_refused(
        description in description(),
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let mut bytes = description.build().bytes;
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        exercise(&bytes);
    }
}
