//! What the C and C++ runtimes of 32-bit drivers have for exceptions, and 64-bit ones do not; and the 32-bit side of what both have.

use std::convert::Infallible;

use super::chain::Below;
use super::context::{Context, Record};
use super::jump::{self, Buffer};
use super::scopes::{self, Form};
use super::tables::Function;
use super::unwind::{self, Target};
use super::{Landing, caller, cxx, owner};
use crate::cx::Cx;
use crate::seh::cxx::types::Thrown;
use crate::shim::{Addr, Size, VarArgs, shims};
use crate::trap::{Exception, Trap};

/// The longest run of frames that a stack trace walks.
const DEEPEST: usize = 1024;

shims! {
    pub(crate) static C_RUNTIME = "msvcrt.dll", cdecl;

    /// Handles the frames of `__try`, `__except` and `__finally`.
    fn _except_handler2(cx, record: Addr, frame: Addr, context: Addr, dispatcher: Addr) -> u32 {
        let (edge, _) = caller(cx)?;
        scopes::handle(cx, Below::new(edge), record.0 as u32, frame.0 as u32, context.0 as u32, Form::Plain)
    }

    /// Handles the frames of `__try`, `__except` and `__finally`.
    fn _except_handler3(cx, record: Addr, frame: Addr, context: Addr, dispatcher: Addr) -> u32 {
        let (edge, _) = caller(cx)?;
        scopes::handle(cx, Below::new(edge), record.0 as u32, frame.0 as u32, context.0 as u32, Form::Plain)
    }

    /// Handles the frames of `__try`, `__except` and `__finally` whose tables are hidden by a cookie.
    fn _except_handler4_common(
        cx,
        cookie: Addr,
        check: Addr,
        record: Addr,
        frame: Addr,
        context: Addr,
        dispatcher: Addr,
    ) -> u32 {
        let (edge, _) = caller(cx)?;
        let form = Form::Hidden(cookie.0 as u32);
        scopes::check_cookies(cx, frame.0 as u32, form, check.0 as u32)?;
        scopes::handle(cx, Below::new(edge), record.0 as u32, frame.0 as u32, context.0 as u32, form)
    }

    /// Runs the termination handlers of a frame, down to a level that stays.
    fn _local_unwind2(cx, frame: Addr, level: u32) {
        let (edge, _) = caller(cx)?;
        scopes::terminate(cx, Below::new(edge), frame.0 as u32, level, Form::Plain)
    }

    /// Runs the termination handlers of a frame whose table is hidden by a cookie, down to a level that stays.
    fn _local_unwind4(cx, cookie: Addr, frame: Addr, level: u32) {
        let (edge, _) = caller(cx)?;
        scopes::terminate(cx, Below::new(edge), frame.0 as u32, level, Form::Hidden(cookie.0 as u32))
    }

    /// Unwinds to a frame.
    fn _global_unwind2(cx, frame: Addr) {
        unwind_and_return(cx, frame.0 as u32, 0, 0, 0).map(drop)
    }

    /// Tells whether a termination handler runs because its block was left in another way than over its end.
    fn _abnormal_termination(cx) -> i32 {
        let (_, caller) = caller(cx)?;
        Ok(i32::from(scopes::is_abnormal(cx, caller.ebp)))
    }

    /// Keeps the place to which `longjmp` goes back.
    fn _setjmp(cx, buffer: Addr) -> i32 {
        jump::set(cx, buffer).map(|()| 0)
    }

    /// Keeps the place to which `longjmp` goes back, and how its function is unwound.
    fn _setjmp3(cx, buffer: Addr, count: u32, arguments: VarArgs) -> i32 {
        jump::set_with_function(cx, buffer, count, arguments).map(|()| 0)
    }

    /// Goes back to where `setjmp` was called.
    fn longjmp(cx, buffer: Addr, value: i32) {
        match jump::jump(cx, buffer, value)? {}
    }

    /// Unwinds the function of `setjmp` for a `longjmp` into it.
    #[stdcall]
    fn _seh_longjmp_unwind(cx, buffer: Addr) {
        let (edge, _) = caller(cx)?;
        let Buffer { entry, level, .. } = Buffer::read(cx, buffer)?;
        scopes::terminate(cx, Below::new(edge), entry, level, Form::Plain)
    }

    /// Unwinds the function of `setjmp`, whose table is hidden by a cookie, for a `longjmp` into it.
    #[stdcall]
    fn _seh_longjmp_unwind4(cx, buffer: Addr) {
        let (edge, _) = caller(cx)?;
        let Buffer { entry, level, .. } = Buffer::read(cx, buffer)?;
        let cookie = Buffer::data(cx, buffer)?;
        scopes::terminate(cx, Below::new(edge), entry, level, Form::of_cookie(cookie))
    }

    /// Unwinds the C++ function of `setjmp` for a `longjmp` into it.
    #[stdcall]
    fn __CxxLongjmpUnwind(cx, buffer: Addr) {
        let Buffer { entry, level, .. } = Buffer::read(cx, buffer)?;
        let function = Function::read(cx, Buffer::data(cx, buffer)?)?;
        cxx::leave(cx, &function, entry, level as i32)
    }

    /// Destroys the object that a C++ exception carries.
    fn __DestructExceptionObject(cx, record: Addr, throws: u8) {
        let record = Record::read(cx, record)?;
        let [_, object, info, ..] = record.information;
        if info == 0 {
            return Ok(());
        }
        Thrown { object: object.into(), info: info.into(), image: 0 }.destroy(cx)
    }
}

/// Handles a frame of a C++ function (`__CxxFrameHandler`), whose tables are in `eax`.
pub(in crate::seh) fn handle_cxx(cx: &mut Cx<'_>, record: Addr, frame: Addr) -> Result<u32, Trap> {
    let (edge, caller) = caller(cx)?;
    let (record, frame) = (record.0 as u32, frame.0 as u32);
    cxx::handle(cx, Below::new(edge), caller.eax, record, frame)
}

/// Raises the exception that a record describes.
pub(in crate::seh) fn raise(cx: &Cx<'_>, record: Addr) -> Result<Infallible, Trap> {
    let record = Record::read(cx, record)?;
    let parameters = record
        .information
        .iter()
        .take(record.count as usize)
        .map(|word| u64::from(*word))
        .collect();
    Err(Trap::Exception(Exception {
        code: record.code,
        flags: record.flags,
        address: 0,
        parameters,
    }))
}

/// Keeps the registers of the caller's caller: the caller is expected to have a frame that `ebp` points at.
pub(in crate::seh) fn capture(cx: &Cx<'_>, context: Addr) -> Result<(), Trap> {
    let (_, caller) = caller(cx)?;
    let frame = Addr(caller.ebp.into());
    let captured = Context {
        ebp: cx.read(frame)?,
        eip: cx.read(frame.offset(4))?,
        esp: caller.ebp.wrapping_add(8),
        eax: caller.eax,
        ..Context::at_gate(caller)
    };
    captured.write(cx, context)
}

/// Goes on with the given registers.
pub(in crate::seh) fn go_on(cx: &Cx<'_>, context: Addr) -> Result<Infallible, Trap> {
    let context = Context::read(cx, context)?;
    let frame = owner(cx.thread(), context.esp);
    Err(Landing::to(context, frame))
}

/// Takes entries from the list of handlers up to one, and returns to the caller with a value (`RtlUnwind`).
pub(in crate::seh) fn unwind_to(
    cx: &mut Cx<'_>,
    frame: Addr,
    record: Addr,
    value: Size,
) -> Result<Size, Trap> {
    const ARGUMENTS: u32 = 16;
    let (frame, record) = (frame.0 as u32, record.0 as u32);
    unwind_and_return(cx, frame, record, value.0 as u32, ARGUMENTS)
}

/// Unwinds, and returns to a caller who has passed so many bytes of arguments that are to go.
///
/// If the entry lies in the frames of a call further out, the caller goes on as a part of that one: it is a handler that is
/// about to go there.
fn unwind_and_return(
    cx: &mut Cx<'_>,
    entry: u32,
    record: u32,
    value: u32,
    taken: u32,
) -> Result<Size, Trap> {
    let (edge, caller) = caller(cx)?;
    let context = Context {
        eax: value,
        ..Context::of_caller(cx, caller, taken)?
    };
    let target = Target { entry, record };
    unwind::unwind(cx, Below::new(edge), &target, &context)?;
    let thread = cx.thread();
    let frame = owner(thread, entry);
    if frame == thread.frame().cast_const() {
        return Ok(Size(value.into()));
    }
    Err(Landing::to(context, frame))
}

/// Keeps the return addresses of the caller and its callers, as far as each has a frame that `ebp` points at.
pub(in crate::seh) fn trace(cx: &Cx<'_>, skip: u32, count: u32, to: Addr) -> Result<u16, Trap> {
    let (_, caller) = caller(cx)?;
    let thread = cx.thread();
    let mut frame = u64::from(caller.ebp);
    let mut address: u32 = cx.read(Addr(caller.entry_stack.into()))?;
    let (mut seen, mut kept) = (0, 0);
    for _ in 0..DEEPEST {
        if kept == count {
            break;
        }
        // The caller itself is the frame that 0 skips.
        if seen >= skip {
            cx.write(to.offset(4 * u64::from(kept)), address)?;
            kept += 1;
        }
        seen += 1;
        if !frame.is_multiple_of(4) || !thread.is_stack(frame) {
            break;
        }
        let words = (cx.read::<u32>(Addr(frame)), cx.read::<u32>(Addr(frame + 4)));
        let (Ok(next), Ok(back)) = words else {
            break;
        };
        let next = u64::from(next);
        if next <= frame || back == 0 || back == crate::x86::stub::return_address() {
            break;
        }
        (frame, address) = (next, back);
    }
    Ok(kept as u16)
}
