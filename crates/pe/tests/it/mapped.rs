//! Images in memory: where they stand, what may be done with their pages, and that they go away.

use std::fs;

use opendriver_pe::{Error, File, Mapping, Placement, Width, map};

use crate::builder::Description;

/// The permissions of the kernel's own list for an address, such as `rw-p`; nothing if it is not mapped.
fn permissions(address: usize) -> Option<String> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().find_map(|line| {
        let mut words = line.split(' ');
        let (start, end) = words.next()?.split_once('-')?;
        let start = usize::from_str_radix(start, 16).ok()?;
        let end = usize::from_str_radix(end, 16).ok()?;
        (start..end)
            .contains(&address)
            .then(|| words.next().unwrap_or_default().to_owned())
    })
}

fn mapped(description: &Description, placement: Placement) -> Result<Mapping, Error> {
    map(&File::parse(&description.build().bytes).unwrap(), placement)
}

#[test]
fn an_image_stands_at_its_own_address_if_that_is_free() {
    let description = Description {
        base: 0x5_4000_0000,
        ..Description::default()
    };
    let first = mapped(&description, Placement::Anywhere).unwrap();
    assert_eq!(first.base(), 0x5_4000_0000);
    let second = mapped(&description, Placement::Anywhere).unwrap();
    assert_ne!(second.base(), 0x5_4000_0000);
    assert_eq!(second.base() % 0x1_0000, 0);
}

#[test]
fn an_image_of_32_bits_always_stands_where_they_reach() {
    let description = Description {
        width: Width::Bits32,
        base: 0x40_0000,
        pointers: 1,
        ..Description::default()
    };
    let mappings: Vec<_> = (0..3)
        .map(|_| mapped(&description, Placement::Anywhere).unwrap())
        .collect();
    for mapping in mappings {
        assert!(mapping.base() + mapping.size() <= 1 << 32);
    }
}

#[test]
fn two_images_of_32_bits_that_want_the_same_place_stand_apart() {
    let description = Description {
        width: Width::Bits32,
        base: 0x1000_0000,
        pointers: 1,
        ..Description::default()
    };
    let pointer = description.build().pointers[0];
    let first = mapped(&description, Placement::Anywhere).unwrap();
    let second = mapped(&description, Placement::Anywhere).unwrap();
    assert_eq!(first.base(), 0x1000_0000);
    assert_ne!(second.base(), first.base());
    for mapping in [first, second] {
        assert_eq!(mapping.base() % 0x1_0000, 0);
        let word = mapping.slice(pointer, 4).unwrap().try_into().unwrap();
        assert_eq!(u32::from_le_bytes(word) as usize, mapping.base());
    }
}

#[test]
fn what_can_move_does_not_stand_where_addresses_are_negative() {
    let mut description = Description {
        width: Width::Bits32,
        base: 0x8765_0000,
        pointers: 1,
        ..Description::default()
    };
    let moved = mapped(&description, Placement::Anywhere).unwrap();
    assert!(moved.base() + moved.size() <= 1 << 31);
    let asked = mapped(&description, Placement::At(0x8766_0000)).unwrap();
    assert_eq!(asked.base(), 0x8766_0000);
    // Nor where a null pointer with an offset leads.
    description.base = 0x1000;
    let moved = mapped(&description, Placement::Anywhere).unwrap();
    assert!(moved.base() >= 0x1_0000);
}

#[test]
fn an_image_of_32_bits_that_cannot_move_stands_at_its_own_address_or_says_so() {
    let mut bytes = Description {
        width: Width::Bits32,
        base: 0x8870_0000,
        ..Description::default()
    }
    .build()
    .bytes;
    bytes[0x40 + 22] |= 1;
    let file = File::parse(&bytes).unwrap();
    let first = map(&file, Placement::Anywhere).unwrap();
    assert_eq!(first.base(), 0x8870_0000);
    let error = map(&file, Placement::Anywhere).unwrap_err();
    assert!(matches!(error, Error::NotRelocatable { base: 0x8870_0000 }));
    drop(first);
    map(&file, Placement::Anywhere).unwrap();
}

#[test]
fn an_image_that_cannot_move_says_so() {
    let mut bytes = Description {
        base: 0x5_5000_0000,
        ..Description::default()
    }
    .build()
    .bytes;
    // IMAGE_FILE_RELOCS_STRIPPED, and no relocation table.
    bytes[0x40 + 22] |= 1;
    let file = File::parse(&bytes).unwrap();
    let first = map(&file, Placement::Anywhere).unwrap();
    assert_eq!(first.base(), 0x5_5000_0000);
    let error = map(&file, Placement::Anywhere).unwrap_err();
    assert!(matches!(
        error,
        Error::NotRelocatable {
            base: 0x5_5000_0000
        }
    ));
    assert_eq!(
        error.to_string(),
        "not relocatable, and its own address 0x550000000 is not free"
    );
}

#[test]
fn a_place_that_was_asked_for_is_taken_or_refused() {
    let description = Description {
        pointers: 3,
        ..Description::default()
    };
    let taken = mapped(&description, Placement::At(0x5_6000_0000)).unwrap();
    assert_eq!(taken.base(), 0x5_6000_0000);
    let error = mapped(&description, Placement::At(0x5_6000_0000)).unwrap_err();
    assert!(matches!(error, Error::NoRoom { .. }));
}

#[test]
fn pages_allow_what_the_sections_ask_for_once_protected() {
    let description = Description {
        base: 0x5_7000_0000,
        zeros: 0x3000,
        ..Description::default()
    };
    let mut mapping = mapped(&description, Placement::Anywhere).unwrap();
    let base = mapping.base();
    mapping.write_pointer(0x1008, 0x1234).unwrap();
    assert_eq!(mapping.slice(0x1008, 2).unwrap(), [0x34, 0x12]);
    assert!(mapping.write_pointer(mapping.size() as u32 - 4, 0).is_err());
    mapping.protect().unwrap();
    assert_eq!(permissions(base).unwrap(), "r--p");
    assert_eq!(permissions(base + 0x1000).unwrap(), "rw-p");
    assert!(matches!(
        mapping.write_pointer(0x1008, 0),
        Err(Error::Sealed)
    ));
    assert_eq!(mapping.slice(0x1008, 2), None);
}

#[test]
fn a_dropped_image_is_unmapped() {
    let description = Description {
        base: 0x5_8000_0000,
        ..Description::default()
    };
    let mapping = mapped(&description, Placement::Anywhere).unwrap();
    let base = mapping.base();
    assert!(permissions(base).is_some());
    drop(mapping);
    assert_eq!(permissions(base), None);
}

#[test]
fn a_huge_section_of_zeros_costs_nothing() {
    let description = Description {
        base: 0x5_9000_0000,
        zeros: 900 << 20,
        ..Description::default()
    };
    let mapping = mapped(&description, Placement::Anywhere).unwrap();
    let status = fs::read_to_string("/proc/self/smaps").unwrap();
    let at = status.find(&format!("{:x}-", mapping.base())).unwrap();
    let resident = status[at..]
        .lines()
        .find(|line| line.starts_with("Rss:"))
        .unwrap();
    let kilobytes: u32 = resident.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes < 64, "{resident}");
}

#[test]
fn every_kind_of_relocation_moves_its_part() {
    let mut built = Description {
        width: Width::Bits32,
        base: 0x1000_0000,
        pointers: 6,
        ..Description::default()
    }
    .build();
    // The table follows the six addresses: header, then entries of the kinds ABSOLUTE, HIGH, LOW, HIGHLOW, HIGHADJ with its half.
    let pointers = built.pointers.clone();
    let table = 0x400 + (pointers[5] + 4 - 0x1000) as usize + 8;
    let kinds = [0u16, 1, 2, 3, 4];
    for (index, kind) in kinds.iter().enumerate() {
        let entry = kind << 12 | pointers[index] as u16 & 0xfff;
        built.bytes[table + 2 * index..][..2].copy_from_slice(&entry.to_le_bytes());
    }
    built.bytes[table + 10..][..2].copy_from_slice(&0x9000_u16.to_le_bytes());
    let file = File::parse(&built.bytes).unwrap();
    let mapping = map(&file, Placement::At(0x2345_6000)).unwrap();
    let value = |index: usize| {
        u32::from_le_bytes(
            mapping
                .slice(pointers[index], 4)
                .unwrap()
                .try_into()
                .unwrap(),
        )
    };
    // The addresses hold the base plus their number; the move is by 0x13456000.
    assert_eq!(value(0), 0x1000_0000);
    assert_eq!(
        value(1),
        0x1000_1346,
        "HIGH changes the first two bytes by the upper half"
    );
    assert_eq!(value(2), 0x1000_6002);
    assert_eq!(value(3), 0x2345_6003);
    // The high half 0004 with the signed low half 9000 stands for 00039000; moved: 1348f000.
    assert_eq!(value(4) & 0xffff, 0x1349);
}

#[test]
fn what_only_debuggers_read_is_not_copied() {
    let mut bytes = Description {
        zeros: 8,
        ..Description::default()
    }
    .build()
    .bytes;
    bytes.resize(0x600, 0xaa);
    let section = bytes
        .windows(4)
        .position(|window| window == b".all")
        .unwrap();
    bytes[section + 16..section + 20].copy_from_slice(&0x200_u32.to_le_bytes());
    for (characteristics, expected) in [
        (0x4000_0040_u32, 0xaa),
        (0x4200_0040, 0),
        (0xc200_0040, 0xaa),
    ] {
        bytes[section + 36..section + 40].copy_from_slice(&characteristics.to_le_bytes());
        let mapping = map(&File::parse(&bytes).unwrap(), Placement::Below4G).unwrap();
        assert_eq!(
            mapping.slice(0x1000, 1).unwrap(),
            [expected],
            "{characteristics:#x}"
        );
    }
}
