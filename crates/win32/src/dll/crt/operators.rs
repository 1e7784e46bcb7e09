//! `new` and `delete` of C++, under the names that its compilers give them.

use super::aliases;
use super::blocks::allocate;
use super::runtime::Shared;
use crate::shim::{Addr, Size, shims};
use crate::trap::Trap;

/// `STATUS_NO_MEMORY`: what `new` without memory is to those who do not catch `bad_alloc`.
const NO_MEMORY: u32 = 0xC000_0017;

shims! {
    static NAMED = "msvcrt.dll", cdecl;

    /// Allocates an object; asks the new handler, and raises when it gives up.
    fn new(cx, bytes: Size) -> Addr {
        let block = allocate(cx, bytes.0.max(1), false, true)?;
        if block.is_null() { Err(Trap::exception(NO_MEMORY)) } else { Ok(block) }
    }

    /// Allocates an object; null when there is no memory.
    fn new_nothrow(cx, bytes: Size, tag: Addr) -> Addr { allocate(cx, bytes.0.max(1), false, true) }

    /// Frees an object.
    fn delete(cx, block: Addr) {
        if !block.is_null() {
            cx.free(block);
        }
        Ok(())
    }

    /// Sets what `new` calls when there is no memory, and answers what it called.
    fn set_new_handler(cx, handler: Addr) -> Addr {
        Ok(std::mem::replace(&mut cx.state::<Shared>().new_handler.lock().expect("no holder panics"), handler))
    }

    /// Says whether `malloc` calls that too, and answers what was said.
    fn set_new_mode(cx, mode: i32) -> i32 {
        Ok(std::mem::replace(&mut cx.state::<Shared>().new_mode.lock().expect("no holder panics"), mode))
    }
}

aliases! {
    pub(in crate::dll) static SHIMS;
    NAMED =>
        "set_new_handler" as "?set_new_handler@@YAP6AXXZP6AXXZ@Z",
        "set_new_mode" as "?_set_new_mode@@YAHH@Z";
}

aliases! {
    pub(in crate::dll) static SHIMS_64;
    NAMED =>
        "new" as "??2@YAPEAX_K@Z",
        "new" as "??_U@YAPEAX_K@Z",
        "new" as "??2@YAPEAX_KHPEBDH@Z",
        "new" as "??_U@YAPEAX_KHPEBDH@Z",
        "new_nothrow" as "??2@YAPEAX_KAEBUnothrow_t@std@@@Z",
        "new_nothrow" as "??_U@YAPEAX_KAEBUnothrow_t@std@@@Z",
        "delete" as "??3@YAXPEAX@Z",
        "delete" as "??_V@YAXPEAX@Z",
        "delete" as "??3@YAXPEAX_K@Z",
        "delete" as "??_V@YAXPEAX_K@Z",
        "set_new_handler" as "?_set_new_handler@@YAP6AH_K@ZP6AH0@Z@Z";
}

aliases! {
    pub(in crate::dll) static SHIMS_32;
    NAMED =>
        "new" as "??2@YAPAXI@Z",
        "new" as "??_U@YAPAXI@Z",
        "new" as "??2@YAPAXIHPBDH@Z",
        "new" as "??_U@YAPAXIHPBDH@Z",
        "new_nothrow" as "??2@YAPAXIABUnothrow_t@std@@@Z",
        "new_nothrow" as "??_U@YAPAXIABUnothrow_t@std@@@Z",
        "delete" as "??3@YAXPAX@Z",
        "delete" as "??_V@YAXPAX@Z",
        "delete" as "??3@YAXPAXI@Z",
        "delete" as "??_V@YAXPAXI@Z",
        "set_new_handler" as "?_set_new_handler@@YAP6AHI@ZP6AHI@Z@Z";
}
