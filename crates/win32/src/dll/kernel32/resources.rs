//! Resources of loaded modules: `FindResource` and what reads from there.

use opendriver_pe::{Resource, ResourceId, Resources};

use crate::cx::Cx;
use crate::dll::kernel32::modules::module_of;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::load::ModuleRef;
use crate::shim::{Addr, Handle, Signed, Size, shims};
use crate::trap::Trap;

const ERROR_RESOURCE_DATA_NOT_FOUND: u32 = 1812;
const ERROR_RESOURCE_TYPE_NOT_FOUND: u32 = 1813;
const ERROR_RESOURCE_NAME_NOT_FOUND: u32 = 1814;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Finds a resource by name and type.
    fn FindResourceA(cx, module: Handle, name: Addr, kind: Addr) -> Handle {
        find(cx, Ansi, module, kind, name, 0)
    }

    /// Finds a resource by name and type.
    fn FindResourceW(cx, module: Handle, name: Addr, kind: Addr) -> Handle {
        find(cx, Wide, module, kind, name, 0)
    }

    /// Finds a resource by type, name and language.
    fn FindResourceExA(cx, module: Handle, kind: Addr, name: Addr, language: u16) -> Handle {
        find(cx, Ansi, module, kind, name, language)
    }

    /// Finds a resource by type, name and language.
    fn FindResourceExW(cx, module: Handle, kind: Addr, name: Addr, language: u16) -> Handle {
        find(cx, Wide, module, kind, name, language)
    }

    /// Answers where the bytes of a found resource lie.
    fn LoadResource(cx, module: Handle, resource: Handle) -> Handle {
        match entry(cx, module, resource)? {
            Some((data, _)) => Ok(Handle(data.0)),
            None => cx.fail(ERROR_RESOURCE_DATA_NOT_FOUND, Handle::NULL),
        }
    }

    /// Answers where the bytes of a loaded resource lie.
    fn LockResource(cx, resource: Handle) -> Addr { Ok(cx.address(resource)) }

    /// Answers how many bytes a found resource has.
    fn SizeofResource(cx, module: Handle, resource: Handle) -> u32 {
        match entry(cx, module, resource)? {
            Some((_, size)) => Ok(size),
            None => cx.fail(ERROR_RESOURCE_DATA_NOT_FOUND, 0),
        }
    }

    /// Gives up a loaded resource, which stays with its module.
    fn FreeResource(cx, resource: Handle) -> bool { Ok(false) }

    /// Calls back for each type of resource.
    fn EnumResourceTypesA(cx, module: Handle, callback: Addr, parameter: Signed) -> bool {
        types(cx, Ansi, module, callback, parameter)
    }

    /// Calls back for each type of resource.
    fn EnumResourceTypesW(cx, module: Handle, callback: Addr, parameter: Signed) -> bool {
        types(cx, Wide, module, callback, parameter)
    }

    /// Calls back for each resource of a type.
    fn EnumResourceNamesA(cx, module: Handle, kind: Addr, callback: Addr, parameter: Signed) -> bool {
        names(cx, Ansi, module, kind, callback, parameter)
    }

    /// Calls back for each resource of a type.
    fn EnumResourceNamesW(cx, module: Handle, kind: Addr, callback: Addr, parameter: Signed) -> bool {
        names(cx, Wide, module, kind, callback, parameter)
    }

    /// Calls back for each language of a resource.
    fn EnumResourceLanguagesA(cx, module: Handle, kind: Addr, name: Addr, callback: Addr, parameter: Signed) -> bool {
        languages(cx, Ansi, module, kind, name, callback, parameter)
    }

    /// Calls back for each language of a resource.
    fn EnumResourceLanguagesW(cx, module: Handle, kind: Addr, name: Addr, callback: Addr, parameter: Signed) -> bool {
        languages(cx, Wide, module, kind, name, callback, parameter)
    }
}

/// What a number, a `#number` or a name stands for.
pub(crate) fn resource_id(cx: &Cx<'_>, letters: Letters, name: Addr) -> Result<ResourceId, Trap> {
    if name.0 < 0x1_0000 {
        return Ok(ResourceId::Number(name.0 as u16));
    }
    let name = letters.read(cx, name)?;
    let number = name
        .strip_prefix('#')
        .and_then(|number| number.parse().ok());
    Ok(number.map_or(ResourceId::Name(name), ResourceId::Number))
}

/// Looks at the resources of a module; none where it has no readable ones.
pub(crate) fn with_resources<T>(
    cx: &Cx<'_>,
    module: Handle,
    look: impl FnOnce(u64, &Resources<'_>) -> Option<T>,
) -> Option<T> {
    let Some(ModuleRef::Image(image)) = module_of(cx, module) else {
        return None;
    };
    image.with_image(|mapped| look(image.base(), &mapped.resources().ok()?))
}

fn find(
    cx: &Cx<'_>,
    letters: Letters,
    module: Handle,
    kind: Addr,
    name: Addr,
    language: u16,
) -> Result<Handle, Trap> {
    let kind = resource_id(cx, letters, kind)?;
    let name = resource_id(cx, letters, name)?;
    // A language that is not there falls back to what there is, as for one that is neutral.
    let found = with_resources(cx, module, |base, resources| {
        let exact = (language != 0).then(|| {
            resources
                .find(kind.clone(), name.clone(), Some(language))
                .ok()
                .flatten()
        });
        let found = match exact.flatten() {
            Some(found) => found,
            None => resources.find(kind.clone(), name, None).ok()??,
        };
        Some(Handle(base + u64::from(found.entry_rva)))
    });
    match found {
        Some(found) => Ok(found),
        None if all(cx, module).iter().any(|known| same(&known.kind, &kind)) => {
            cx.fail(ERROR_RESOURCE_NAME_NOT_FOUND, Handle::NULL)
        }
        None => cx.fail(ERROR_RESOURCE_TYPE_NOT_FOUND, Handle::NULL),
    }
}

/// Address and size of a resource's bytes, from its entry in the image's own tree.
fn entry(cx: &Cx<'_>, module: Handle, resource: Handle) -> Result<Option<(Addr, u32)>, Trap> {
    if resource == Handle::NULL {
        return Ok(None);
    }
    let at = cx.address(resource);
    let by_module = match module_of(cx, module) {
        Some(ModuleRef::Image(image)) if image.contains(at.0) => Some(image),
        // Some callers name no module; the entry tells which it is.
        _ => cx.process().images().by_address(at.0),
    };
    let Some(image) = by_module else {
        return Ok(None);
    };
    let (rva, size) = (cx.read::<u32>(at)?, cx.read::<u32>(at.offset(4))?);
    Ok(Some((Addr(image.base() + u64::from(rva)), size)))
}

fn all(cx: &Cx<'_>, module: Handle) -> Vec<Resource> {
    with_resources(cx, module, |_, resources| resources.all().ok()).unwrap_or_default()
}

fn same(one: &ResourceId, other: &ResourceId) -> bool {
    match (one, other) {
        (ResourceId::Name(one), ResourceId::Name(other)) => {
            one.to_uppercase() == other.to_uppercase()
        }
        (one, other) => one == other,
    }
}

fn types(
    cx: &mut Cx<'_>,
    letters: Letters,
    module: Handle,
    callback: Addr,
    parameter: Signed,
) -> Result<bool, Trap> {
    let mut types: Vec<ResourceId> = all(cx, module)
        .into_iter()
        .map(|found| found.kind)
        .collect();
    types.dedup();
    if types.is_empty() {
        return cx.fail(ERROR_RESOURCE_DATA_NOT_FOUND, false);
    }
    for kind in types {
        let goes_on = with_name(cx, letters, &kind, |cx, kind| {
            cx.call(callback, &[module.0, kind, parameter.0 as u64])
        })?;
        if goes_on as u32 == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn names(
    cx: &mut Cx<'_>,
    letters: Letters,
    module: Handle,
    kind: Addr,
    callback: Addr,
    parameter: Signed,
) -> Result<bool, Trap> {
    let wanted = resource_id(cx, letters, kind)?;
    let found = all(cx, module)
        .into_iter()
        .filter(|found| same(&found.kind, &wanted));
    let mut names: Vec<ResourceId> = found.map(|found| found.name).collect();
    names.dedup();
    if names.is_empty() {
        return cx.fail(ERROR_RESOURCE_TYPE_NOT_FOUND, false);
    }
    for name in names {
        let goes_on = with_name(cx, letters, &name, |cx, name| {
            cx.call(callback, &[module.0, kind.0, name, parameter.0 as u64])
        })?;
        if goes_on as u32 == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn languages(
    cx: &mut Cx<'_>,
    letters: Letters,
    module: Handle,
    kind: Addr,
    name: Addr,
    callback: Addr,
    parameter: Signed,
) -> Result<bool, Trap> {
    let wanted = (
        resource_id(cx, letters, kind)?,
        resource_id(cx, letters, name)?,
    );
    let found: Vec<Resource> = all(cx, module)
        .into_iter()
        .filter(|found| same(&found.kind, &wanted.0) && same(&found.name, &wanted.1))
        .collect();
    if found.is_empty() {
        return cx.fail(ERROR_RESOURCE_NAME_NOT_FOUND, false);
    }
    for resource in found {
        let language = u64::from(resource.language);
        let arguments = [module.0, kind.0, name.0, language, parameter.0 as u64];
        if cx.call(callback, &arguments)? as u32 == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Hands an identifier to driver code: a number as it is, a name as the address of a copy.
fn with_name(
    cx: &mut Cx<'_>,
    letters: Letters,
    id: &ResourceId,
    run: impl FnOnce(&mut Cx<'_>, u64) -> Result<u64, Trap>,
) -> Result<u64, Trap> {
    match id {
        ResourceId::Number(number) => run(cx, u64::from(*number)),
        ResourceId::Name(name) => {
            let room = letters.encode(cx, name).len() as u64 + letters.bytes();
            let copy = cx.allocate(Size(room));
            letters.put(cx, copy, name)?;
            let result = run(cx, copy.0);
            cx.free(copy);
            result
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn a_module_without_resources_says_so() {
        let bench = Bench::new();
        assert_eq!(bench.ask(DLL, "FindResourceA", &[0, 1, 16]), 0);
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 1813);
        assert_eq!(bench.ask(DLL, "LoadResource", &[0, 0]), 0);
        assert_eq!(bench.ask(DLL, "SizeofResource", &[0, 0x1000]), 0);
        assert_eq!(bench.ask(DLL, "GetLastError", &[]), 1812);
        assert_eq!(bench.ask(DLL, "EnumResourceNamesW", &[0, 5, 0x10, 0]), 0);
    }
}
