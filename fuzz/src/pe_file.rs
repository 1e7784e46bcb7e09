//! Asks an image everything that can be asked, from the file and from memory.
#![expect(unsafe_code, reason = "looks at a mapped image")]

use opendriver_pe::{Error, File, Image, Placement, Symbol, map};

/// Larger images are parsed but not mapped, so that a run stays quick.
const LARGEST_MAPPED: u32 = 16 << 20;

/// Reads all that `data` says. Whatever that is, this returns; the answers must agree with one another.
pub fn exercise(data: &[u8]) {
    let Ok(file) = File::parse(data) else { return };
    assert!(file.image_size() <= 1 << 30);
    assert!(file.headers_size() as usize <= data.len());
    for section in file.sections() {
        let end = section.file_offset as usize + section.file_size as usize;
        assert!(
            section.file_size == 0 || end <= data.len(),
            "a section outside of the file"
        );
    }
    let mut end = 0;
    for region in file.regions() {
        assert_eq!(region.rva, end, "regions leave no gap");
        end = region.end();
    }
    assert_eq!(end, file.image_size().next_multiple_of(0x1000));
    said(questions(&file));

    if file.image_size() > LARGEST_MAPPED {
        return;
    }
    let Ok(mut mapping) = map(&file, Placement::Anywhere) else {
        return;
    };
    for dll in file.imports().iter().flatten() {
        for entry in &dll.entries {
            mapping
                .write_pointer(entry.slot_rva, 0)
                .expect("an import's slot is in the image");
        }
    }
    if mapping.protect().is_err() {
        return;
    }
    // SAFETY: nobody runs or changes the image.
    let in_memory = unsafe { mapping.image() };
    said(questions(&in_memory));
}

/// Everything that can be asked of an image; errors are answers too, and must be printable.
fn questions(image: &Image<'_>) -> Result<(), Error> {
    said(image.imports());
    said(image.tls());
    said(image.security_cookie());
    if let Some((rva, size)) = said(image.exception_table()).flatten() {
        assert!(u64::from(rva) + u64::from(size) <= 1 << 31);
    }
    if let Some(exports) = said(image.exports()) {
        for export in exports.iter() {
            let symbol = Symbol::Ordinal(export.ordinal as u16);
            if u32::from(export.ordinal as u16) == export.ordinal {
                let found = exports.find(symbol).expect("what is listed is found");
                assert_eq!(found.target, export.target);
            }
            if let Some(name) = export.name {
                exports.by_name(name);
            }
        }
    }
    let resources = image.resources()?;
    for resource in resources.all()? {
        let found = resources.find(
            resource.kind.clone(),
            resource.name.clone(),
            Some(resource.language),
        );
        said(found);
        said(resources.data(&resource));
    }
    for id in [0, 1, 15, 16, 0xffff] {
        said(resources.string(id, None));
        said(resources.message(id.into(), None));
    }
    said(resources.version());
    Ok(())
}

fn said<T>(answer: Result<T, Error>) -> Option<T> {
    answer
        .inspect_err(|error| assert!(!error.to_string().is_empty()))
        .ok()
}
