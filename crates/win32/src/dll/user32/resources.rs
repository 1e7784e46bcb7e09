//! What user32 takes from the resources of a module: texts, dialogs, and pictures that nobody sees.

use opendriver_pe::ResourceId;

use crate::cx::Cx;
use crate::dll::kernel32::resources::with_resources;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;

/// `ERROR_RESOURCE_NAME_NOT_FOUND`
const NOT_FOUND: u32 = 1814;

shims! {
    pub(super) static SHIMS = "user32.dll", stdcall;

    /// Reads a text of a module's string table; a size of 0 asks for its place instead.
    fn LoadStringA(cx, module: Handle, id: u32, buffer: Addr, size: i32) -> i32 {
        load_string(cx, Ansi, module, id, buffer, size)
    }

    /// Reads a text of a module's string table; a size of 0 asks for its place instead.
    fn LoadStringW(cx, module: Handle, id: u32, buffer: Addr, size: i32) -> i32 {
        load_string(cx, Wide, module, id, buffer, size)
    }
}

/// A text of a module's string table.
pub(super) fn string(cx: &Cx<'_>, module: Handle, id: u16) -> Option<String> {
    with_resources(cx, module, |_, resources| {
        resources.string(id, None).ok()?
    })
}

/// Where a text of a module's string table lies, and its units.
fn place(cx: &Cx<'_>, module: Handle, id: u16) -> Option<(Addr, u16)> {
    const STRING: u16 = 6;
    const IN_BLOCK: u16 = 16;
    let (start, block) = with_resources(cx, module, |base, resources| {
        let name = ResourceId::Number(id / IN_BLOCK + 1);
        let resource = resources
            .find(ResourceId::Number(STRING), name, None)
            .ok()??;
        Some((
            base + u64::from(resource.rva),
            resources.data(&resource).ok()?.to_vec(),
        ))
    })?;
    let mut at = 0;
    for _ in 0..id % IN_BLOCK {
        at += 2 + 2 * usize::from(unit(&block, at)?);
    }
    let length = unit(&block, at)?;
    Some((Addr(start + at as u64 + 2), length))
}

fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn load_string(
    cx: &Cx<'_>,
    letters: Letters,
    module: Handle,
    id: u32,
    buffer: Addr,
    size: i32,
) -> Result<i32, Trap> {
    // Windows looks at the low word only.
    let id = id as u16;
    if size == 0 && letters == Wide {
        let Some((place, length)) = place(cx, module, id) else {
            return cx.fail(NOT_FOUND, 0);
        };
        cx.write_addr(buffer, place)?;
        return Ok(i32::from(length));
    }
    if size <= 0 || buffer.is_null() {
        return Ok(0);
    }
    let text = string(cx, module, id);
    let written = letters.put_cut(cx, buffer, text.as_deref().unwrap_or_default(), size as u64)?;
    if text.is_none() {
        cx.set_last_error(NOT_FOUND);
    }
    Ok(written as i32)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn a_text_that_is_not_there_is_empty() {
        let bench = Bench::new();
        let buffer = bench.bytes(b"xx");
        assert_eq!(
            bench.ask("user32.dll", "LoadStringA", &[0, 7, buffer, 2]),
            0
        );
        assert_eq!(bench.read(buffer, 1), [0]);
        assert_eq!(bench.ask("kernel32.dll", "GetLastError", &[]), 1814);
    }
}
