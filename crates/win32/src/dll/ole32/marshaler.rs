//! The free-threaded marshaler: an object that components take in to say that any thread may call them.

use crate::cx::Cx;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

const S_OK: u32 = 0;
const NO_INTERFACE: u32 = 0x8000_4002;
const NO_POINTER: u32 = 0x8000_4003;
const NO_MEMORY: u32 = 0x8007_000E;

/// `IID_IUnknown`
const UNKNOWN: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46];

shims! {
    pub(super) static SHIMS = "ole32.dll", stdcall;

    /// Makes the object that says that any thread may call a component.
    fn CoCreateFreeThreadedMarshaler(cx, outer: Addr, result: Addr) -> u32 {
        if result.is_null() {
            return Ok(NO_POINTER);
        }
        let object = create(cx)?;
        cx.write_addr(result, object)?;
        Ok(if object.is_null() { NO_MEMORY } else { S_OK })
    }
}

shims! {
    static METHODS = "ole32.dll", stdcall;

    /// Answers the object for `IUnknown`. All threads share their memory here, so nobody has to marshal.
    fn QueryInterface(cx, this: Addr, interface: Addr, result: Addr) -> u32 {
        let is_known = cx.bytes(interface, 16)? == UNKNOWN;
        cx.write_addr(result, if is_known { this } else { Addr::NULL })?;
        if is_known {
            count(cx, this, 1)?;
        }
        Ok(if is_known { S_OK } else { NO_INTERFACE })
    }

    /// Counts one more holder.
    fn AddRef(cx, this: Addr) -> u32 {
        count(cx, this, 1)
    }

    /// Counts one holder less; the object ends with the last one.
    fn Release(cx, this: Addr) -> u32 {
        let left = count(cx, this, -1)?;
        if left == 0 {
            cx.free(this);
        }
        Ok(left)
    }
}

/// The object: where its table of methods is, the number of holders, and the table itself.
fn create(cx: &Cx<'_>) -> Result<Addr, Trap> {
    let pointer = cx.pointer_size();
    let object = cx.allocate_zeroed(Size(pointer * 5));
    if object.is_null() {
        return Ok(object);
    }
    let table = object.offset(2 * pointer);
    cx.write_addr(object, table)?;
    cx.write(object.offset(pointer), 1_u32)?;
    for (at, method) in (0..).zip(METHODS) {
        let gate = cx.process().gates().shim(method).unwrap_or_default();
        cx.write_addr(table.offset(at * pointer), Addr(gate))?;
    }
    Ok(object)
}

fn count(cx: &Cx<'_>, this: Addr, change: i32) -> Result<u32, Trap> {
    /// Holders of several threads count one after the other.
    #[derive(Default)]
    struct Turn(std::sync::Mutex<()>);
    let turn = cx.state::<Turn>();
    let _turn = turn.0.lock().expect("no holder panics");
    let at = this.offset(cx.pointer_size());
    let holders = cx.read::<u32>(at)?.wrapping_add_signed(change);
    cx.write(at, holders)?;
    Ok(holders)
}

#[cfg(test)]
mod tests {
    use super::UNKNOWN;
    use crate::bench::Bench;

    #[test]
    fn the_marshaler_lives_as_long_as_it_is_held() {
        let bench = Bench::new();
        let word = |at: u64| u64::from_le_bytes(bench.read(at, 8).try_into().unwrap());
        let result = bench.bytes(&[0; 8]);
        assert_eq!(
            bench.ask("ole32.dll", "CoCreateFreeThreadedMarshaler", &[0, result]),
            0
        );
        let object = word(result);
        let method = |at: u64| word(word(object) + 8 * at);
        let call = |at: u64, arguments: &[u64]| bench.process.call(method(at), arguments).unwrap();
        let (known, unknown) = (bench.bytes(&UNKNOWN), bench.bytes(&[7; 16]));
        assert_eq!(call(0, &[object, known, result]), 0);
        assert_eq!(word(result), object);
        assert_eq!(
            call(0, &[object, unknown, result]),
            u64::from(super::NO_INTERFACE)
        );
        assert_eq!(word(result), 0);
        assert_eq!(call(1, &[object]), 3);
        assert_eq!(
            (call(2, &[object]), call(2, &[object]), call(2, &[object])),
            (2, 1, 0)
        );
    }
}
