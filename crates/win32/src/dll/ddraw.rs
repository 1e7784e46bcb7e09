//! `ddraw.dll`: there is no hardware that draws.

use crate::cx::Cx;
use crate::shim::{Addr, Dll, shims};
use crate::trap::Trap;

pub(super) static DDRAW: Dll = Dll {
    name: "ddraw.dll",
    tables: &[SHIMS],
    ..Dll::EMPTY
};

/// `DDERR_NODIRECTDRAWHW`
const NO_HARDWARE: u32 = 0x8876_0233;

shims! {
    static SHIMS = "ddraw.dll", stdcall;

    /// Opens the hardware that draws; there is none.
    fn DirectDrawCreate(cx, device: Addr, result: Addr, outer: Addr) -> u32 {
        refuse(cx, result)
    }

    /// Opens the hardware that draws; there is none.
    fn DirectDrawCreateEx(cx, device: Addr, result: Addr, interface: Addr, outer: Addr) -> u32 {
        refuse(cx, result)
    }

    /// Calls a function for each piece of hardware that draws; there is none.
    fn DirectDrawEnumerateA(cx, callback: Addr, context: Addr) -> u32 {
        Ok(0)
    }

    /// Calls a function for each piece of hardware that draws; there is none.
    fn DirectDrawEnumerateW(cx, callback: Addr, context: Addr) -> u32 {
        Ok(0)
    }
}

fn refuse(cx: &Cx<'_>, result: Addr) -> Result<u32, Trap> {
    if !result.is_null() {
        cx.write_addr(result, Addr::NULL)?;
    }
    Ok(NO_HARDWARE)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn there_is_no_hardware_that_draws() {
        let bench = Bench::new();
        let result = bench.bytes(&[0xff; 8]);
        assert_eq!(
            bench.ask("ddraw.dll", "DirectDrawCreate", &[0, result, 0]),
            u64::from(super::NO_HARDWARE)
        );
        assert_eq!(bench.read(result, 8), [0; 8]);
    }
}
