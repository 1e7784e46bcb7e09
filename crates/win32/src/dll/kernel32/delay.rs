//! Delayed imports: what an image's own helper asks for at the first call of a function.

use opendriver_pe::{ImportKind, Symbol};

use crate::cx::Cx;
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;

const ERROR_INVALID_PARAMETER: u32 = 87;
/// How many forwards of forwards are followed.
const FORWARDS: u32 = 16;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Finds the function behind a delayed import, and writes its address where the image looks for it.
    fn ResolveDelayLoadedAPI(cx, module: Handle, descriptor: Addr, dll_hook: Addr, system_hook: Addr, slot: Addr, flags: u32) -> Addr {
        resolve(cx, module, slot)
    }

    /// Answers what stands for a function that a DLL does not have: one that faults with its name.
    fn DelayLoadFailureHook(cx, dll: Addr, function: Addr) -> Addr {
        let name = cx.text_a(dll)?;
        let missing = if function.0 < 0x1_0000 {
            cx.process().missing(&name, Symbol::Ordinal(function.0 as u16))
        } else {
            cx.process().missing(&name, Symbol::Name(&cx.text_a(function)?))
        };
        Ok(missing.map_or(Addr::NULL, Addr))
    }
}

fn resolve(cx: &Cx<'_>, module: Handle, slot: Addr) -> Result<Addr, Trap> {
    let process = cx.process();
    let Some(image) = process.images().by_address(module.0) else {
        return cx.fail(ERROR_INVALID_PARAMETER, Addr::NULL);
    };
    let rva = slot.0.wrapping_sub(image.base());
    let wanted = image.with_image(|mapped| {
        let imports = mapped.imports().ok()?;
        let delayed = imports
            .iter()
            .filter(|dll| matches!(dll.kind, ImportKind::Delay { .. }));
        delayed
            .flat_map(|dll| dll.entries.iter().map(|entry| (dll.name, entry)))
            .find(|(_, entry)| u64::from(entry.slot_rva) == rva)
            .map(|(dll, entry)| match entry.symbol {
                Symbol::Name(name) => (dll.to_owned(), Some(name.to_owned()), 0),
                Symbol::Ordinal(ordinal) => (dll.to_owned(), None, ordinal),
            })
    });
    let Some((dll, name, ordinal)) = wanted else {
        return cx.fail(ERROR_INVALID_PARAMETER, Addr::NULL);
    };
    let symbol = name
        .as_deref()
        .map_or(Symbol::Ordinal(ordinal), Symbol::Name);
    let found = process.resolve(cx.thread(), &image, &dll).ok();
    let found =
        found.and_then(|found| process.symbol_address(cx.thread(), &found, symbol, FORWARDS));
    let Some(address) = found.or_else(|| process.missing(&dll, symbol)) else {
        return Ok(Addr::NULL);
    };
    // Where the slot cannot be written to, the next call asks again.
    let _ = cx.write_addr(slot, Addr(address));
    Ok(Addr(address))
}

#[cfg(test)]
mod tests {
    use crate::FaultKind;
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn a_function_that_is_not_there_faults_with_its_name_once_called() {
        let bench = Bench::new();
        let (dll, name) = (bench.text("gone.dll"), bench.text("Gone"));
        let stand_in = bench.ask(DLL, "DelayLoadFailureHook", &[dll, name]);
        let fault = bench.process.call(stand_in, &[]).unwrap_err();
        let expected = FaultKind::Missing {
            dll: "gone.dll".to_owned(),
            name: "Gone".to_owned(),
        };
        assert_eq!(fault.kind, expected);
        assert_eq!(
            bench.ask(DLL, "ResolveDelayLoadedAPI", &[0x1000, 0, 0, 0, 0x1008, 0]),
            0
        );
    }
}
