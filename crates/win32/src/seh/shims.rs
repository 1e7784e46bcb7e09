//! The functions by which drivers and their runtimes take part in exception handling.

use std::mem::offset_of;

use super::c_handler;
use super::context::{Context, PARAMETERS, Record};
use super::cxx;
use super::jump;
use super::leaving::{self, Target, Unwind};
use super::table::{self, Registered, Table};
use super::unwind::{self, EXCEPTION_HANDLER, UNWIND_HANDLER};
use super::vectored::{self, Filter, List};
use super::walk::{self, Step, Walk};
use super::x86::shims as x86;
use crate::cx::Cx;
use crate::enter;
use crate::shim::{Addr, Size, shims};
use crate::trap::{Exception, Trap};

/// The longest run of frames that a stack trace walks.
const DEEPEST: usize = 1024;

shims! {
    pub(crate) static KERNEL = "kernel32.dll", stdcall;

    /// Raises an exception at the caller.
    fn RaiseException(cx, code: u32, flags: u32, count: u32, arguments: Addr) {
        let count = if arguments.is_null() { 0 } else { u64::from(count).min(PARAMETERS as u64) };
        let parameters = (0..count)
            .map(|index| cx.read_addr(arguments.offset(cx.pointer_size() * index)).map(|word| word.0))
            .collect::<Result<Vec<u64>, Trap>>()?;
        Err(Trap::Exception(Exception { code, flags: flags & 1, address: 0, parameters }))
    }

    /// Adds a handler that is asked about exceptions before any frame.
    fn AddVectoredExceptionHandler(cx, first: u32, handler: Addr) -> Addr {
        Ok(Addr(vectored::add(cx.process(), List::Exception, first != 0, handler.0)))
    }

    /// Removes a vectored exception handler.
    fn RemoveVectoredExceptionHandler(cx, handle: Addr) -> u32 {
        Ok(u32::from(vectored::remove(cx.process(), List::Exception, handle.0)))
    }

    /// Adds a handler that is told when an exception was settled and execution goes on.
    fn AddVectoredContinueHandler(cx, first: u32, handler: Addr) -> Addr {
        Ok(Addr(vectored::add(cx.process(), List::Continue, first != 0, handler.0)))
    }

    /// Removes a vectored continue handler.
    fn RemoveVectoredContinueHandler(cx, handle: Addr) -> u32 {
        Ok(u32::from(vectored::remove(cx.process(), List::Continue, handle.0)))
    }

    /// Sets the filter that is asked about exceptions that no frame takes.
    fn SetUnhandledExceptionFilter(cx, filter: Addr) -> Addr {
        Ok(Addr(cx.state::<Filter>().replace(filter.0)))
    }

    /// Answers what to do about an exception that no frame takes.
    fn UnhandledExceptionFilter(cx, pointers: Addr) -> i32 {
        ask_filter(cx, pointers)
    }

    /// Ends the process because of an exception.
    fn RaiseFailFastException(cx, record: Addr, context: Addr, flags: u32) {
        let code = if record.is_null() { 0xC000_0602 } else { cx.read(record)? };
        Err(Trap::exit("RaiseFailFastException", code))
    }
}

shims! {
    pub(crate) static NATIVE = "ntdll.dll", stdcall;

    /// Raises an exception that is described by a record.
    fn RtlRaiseException(cx, record: Addr) {
        if cx.pointer_size() == 4 {
            match x86::raise(cx, record)? {}
        }
        let field = |offset: usize| record.offset(offset as u64);
        let count = cx.read::<u32>(field(offset_of!(Record, count)))?.min(PARAMETERS as u32);
        let information = field(offset_of!(Record, information));
        let parameters = (0..u64::from(count))
            .map(|index| cx.read(information.offset(8 * index)))
            .collect::<Result<Vec<u64>, Trap>>()?;
        Err(Trap::Exception(Exception {
            code: cx.read(record)?,
            flags: cx.read(field(offset_of!(Record, flags)))?,
            address: 0,
            parameters,
        }))
    }

    /// Raises an exception that cannot be continued.
    fn RtlRaiseStatus(cx, status: u32) {
        Err(Trap::Exception(Exception { code: status, flags: 1, ..Exception::default() }))
    }

    /// Keeps the caller's registers.
    fn RtlCaptureContext(cx, context: Addr) {
        if cx.pointer_size() == 4 {
            return x86::capture(cx, context);
        }
        let start = Walk::start(cx.thread())?;
        write_context(cx, context, &start.context)
    }

    /// Goes on with the given registers.
    fn NtContinue(cx, context: Addr, alert: u8) -> u32 {
        if cx.pointer_size() == 4 {
            match x86::go_on(cx, context)? {}
        }
        let context = read_context(cx, context)?;
        Err(Unwind::to(Walk { frame: walk::owner(cx.thread(), context.rsp()), context }))
    }

    /// Unwinds the stack to a frame and goes on in it.
    fn RtlUnwind(cx, frame: Addr, address: Addr, record: Addr, value: Size) -> Size {
        if cx.pointer_size() == 4 {
            return x86::unwind_to(cx, frame, record, value);
        }
        let target = Target { frame: frame.0, address: address.0, value: value.0, record: record.0 };
        match leaving::unwind(cx, &target)? {}
    }

    /// Answers the image that an address lies in.
    fn RtlPcToFileHeader(cx, control: Addr, base: Addr) -> Addr {
        let image = cx.process().images().by_address(control.0).map_or(0, |image| image.base());
        cx.write_addr(base, Addr(image))?;
        Ok(Addr(image))
    }

    /// Keeps the return addresses of the caller and its callers.
    fn RtlCaptureStackBackTrace(cx, skip: u32, count: u32, trace: Addr, hash: Addr) -> u16 {
        if !hash.is_null() {
            cx.write(hash, 0_u32)?;
        }
        if cx.pointer_size() == 4 {
            return x86::trace(cx, skip, count, trace);
        }
        let mut walk = Walk::start(cx.thread())?;
        let (mut seen, mut kept) = (0, 0);
        for _ in 0..DEEPEST {
            if kept == count {
                break;
            }
            if walk.context.rip != enter::return_address() {
                // The caller itself is the frame that 0 skips.
                if seen >= skip {
                    cx.write(trace.offset(8 * u64::from(kept)), walk.context.rip)?;
                    kept += 1;
                }
                seen += 1;
            }
            walk = match walk.step(cx.process(), 0) {
                Ok(Step::Function { caller, .. } | Step::Leaf(caller) | Step::Edge(caller, _)) => caller,
                Ok(Step::End) | Err(_) => break,
            };
        }
        Ok(kept as u16)
    }

    /// Adds a handler that is asked about exceptions before any frame.
    fn RtlAddVectoredExceptionHandler(cx, first: u32, handler: Addr) -> Addr {
        Ok(Addr(vectored::add(cx.process(), List::Exception, first != 0, handler.0)))
    }

    /// Removes a vectored exception handler.
    fn RtlRemoveVectoredExceptionHandler(cx, handle: Addr) -> u32 {
        Ok(u32::from(vectored::remove(cx.process(), List::Exception, handle.0)))
    }
}

shims! {
    pub(crate) static NATIVE_64 = "ntdll.dll", stdcall;

    /// Goes on with the given registers.
    fn RtlRestoreContext(cx, context: Addr, record: Addr) {
        let context = read_context(cx, context)?;
        let walk = Walk { frame: walk::owner(cx.thread(), context.rsp()), context };
        // SAFETY: the thread's edge is that of this very shim call, or null.
        match unsafe { cx.thread().edge().as_ref() } {
            Some(edge) if !record.is_null() => match leaving::restore(cx, edge, walk, record.0)? {},
            _ => Err(Unwind::to(walk)),
        }
    }

    /// Finds the function table entry of an instruction.
    fn RtlLookupFunctionEntry(cx, control: u64, image: Addr, history: Addr) -> Addr {
        let found = table::find(cx.process(), control);
        if !image.is_null() {
            cx.write(image, found.map_or(0, |found| found.image))?;
        }
        Ok(Addr(found.map_or(0, |found| found.address)))
    }

    /// Undoes one function: the registers become those of its caller.
    fn RtlVirtualUnwind(
        cx,
        wanted: u32,
        image: u64,
        control: u64,
        function: Addr,
        context: Addr,
        data: Addr,
        establisher: Addr,
        pointers: Addr,
    ) -> Addr {
        let mut registers = read_context(cx, context)?;
        registers.rip = control;
        let wanted = wanted as u8 & (EXCEPTION_HANDLER | UNWIND_HANDLER);
        let function = unwind::Function::read(function.0)?;
        let unwound = unwind::undo(&mut registers, image, function, wanted)?;
        // Nobody calls the code that called the driver: a trace ends there.
        if registers.rip == enter::return_address() {
            registers.rip = 0;
        }
        let (handler, handler_data) = unwound.handler.unwrap_or((0, 0));
        write_context(cx, context, &registers)?;
        cx.write(data, handler_data)?;
        cx.write(establisher, unwound.establisher)?;
        Ok(Addr(handler))
    }

    /// Unwinds the stack to a frame and goes on in it.
    fn RtlUnwindEx(
        cx,
        frame: u64,
        address: u64,
        record: u64,
        value: u64,
        context: Addr,
        history: Addr,
    ) {
        match leaving::unwind(cx, &Target { frame, address, value, record })? {}
    }

    /// Registers a function table for code that was made at run time.
    fn RtlAddFunctionTable(cx, table: Addr, count: u32, image: u64) -> u8 {
        cx.state::<Registered>().add(Table { image, address: table.0, count });
        Ok(1)
    }

    /// Forgets a function table.
    fn RtlDeleteFunctionTable(cx, table: Addr) -> u8 {
        Ok(u8::from(cx.state::<Registered>().remove(table.0)))
    }
}

shims! {
    pub(crate) static C_FRAMES = "ntdll.dll", cdecl;

    /// Handles the frames of `__try`, `__except` and `__finally`.
    fn __C_specific_handler(cx, record: Addr, frame: u64, context: Addr, dispatcher: Addr) -> u32 {
        c_handler::handle(cx, record, frame, context, dispatcher)
    }
}

shims! {
    pub(crate) static C_RUNTIME = "msvcrt.dll", cdecl;

    /// Keeps the place to which `longjmp` goes back.
    fn _setjmp(cx, buffer: Addr, frame: u64) -> i32 {
        jump::set(cx, buffer, frame)
    }

    /// Keeps the place to which `longjmp` goes back.
    fn _setjmpex(cx, buffer: Addr, frame: u64) -> i32 {
        jump::set(cx, buffer, frame)
    }

    /// Keeps the place to which `longjmp` goes back.
    fn setjmp(cx, buffer: Addr, frame: u64) -> i32 {
        jump::set(cx, buffer, frame)
    }

    /// Keeps the place to which `longjmp` goes back.
    fn __intrinsic_setjmp(cx, buffer: Addr, frame: u64) -> i32 {
        jump::set(cx, buffer, frame)
    }

    /// Keeps the place to which `longjmp` goes back.
    fn __intrinsic_setjmpex(cx, buffer: Addr, frame: u64) -> i32 {
        jump::set(cx, buffer, frame)
    }

    /// Goes back to where `setjmp` was called.
    fn longjmp(cx, buffer: Addr, value: i32) {
        match jump::jump(cx, buffer, value)? {}
    }

    /// Runs the termination handlers between here and a place in the same function (`__try` left by a jump).
    fn _local_unwind(cx, frame: u64, address: u64) {
        match leaving::unwind(cx, &Target { frame, address, value: 0, record: 0 })? {}
    }
}

shims! {
    pub(crate) static CXX_RUNTIME = "vcruntime140.dll", cdecl;

    /// Throws a C++ object.
    #[stdcall]
    fn _CxxThrowException(cx, object: Addr, info: Addr) {
        match cxx::throw(cx, object.0, info.0)? {}
    }

    /// Handles the frames of C++ functions.
    fn __CxxFrameHandler3(cx, record: Addr, frame: Addr, context: Addr, dispatcher: Addr) -> u32 {
        handle_cxx(cx, record, frame, dispatcher)
    }

    /// Handles the frames of C++ functions that an older compiler made.
    fn __CxxFrameHandler2(cx, record: Addr, frame: Addr, context: Addr, dispatcher: Addr) -> u32 {
        handle_cxx(cx, record, frame, dispatcher)
    }

    /// Handles the frames of C++ functions that an older compiler made.
    fn __CxxFrameHandler(cx, record: Addr, frame: Addr, context: Addr, dispatcher: Addr) -> u32 {
        handle_cxx(cx, record, frame, dispatcher)
    }
}

/// Asks the filter of `SetUnhandledExceptionFilter`; without one, the exception is taken, which ends the process.
pub(crate) fn ask_filter(cx: &mut Cx<'_>, pointers: Addr) -> Result<i32, Trap> {
    let filter = cx.state::<Filter>().address();
    if filter == 0 {
        return Ok(1);
    }
    cx.call(Addr(filter), &[pointers.0])
        .map(|answer| answer as i32)
}

fn handle_cxx(cx: &mut Cx<'_>, record: Addr, frame: Addr, dispatcher: Addr) -> Result<u32, Trap> {
    if cx.pointer_size() == 4 {
        return x86::handle_cxx(cx, record, frame);
    }
    let dispatcher = c_handler::read_dispatcher(cx, dispatcher)?;
    cxx::handle(cx, record, frame.0, &dispatcher)
}

fn write_context(cx: &Cx<'_>, at: Addr, context: &Context) -> Result<(), Trap> {
    // SAFETY: a plain structure without padding; its bytes may be read.
    let bytes = unsafe {
        std::slice::from_raw_parts(
            std::ptr::from_ref(context).cast::<u8>(),
            size_of::<Context>(),
        )
    };
    cx.put(at, bytes)
}

fn read_context(cx: &Cx<'_>, at: Addr) -> Result<Context, Trap> {
    let mut context = Context::new();
    // SAFETY: a plain structure in which any bytes are a value.
    let bytes = unsafe {
        std::slice::from_raw_parts_mut(
            std::ptr::from_mut(&mut context).cast::<u8>(),
            size_of::<Context>(),
        )
    };
    cx.get(at, bytes)?;
    Ok(context)
}
