//! How a program or a DLL starts and ends: tables of functions, locks, threads.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex};

use super::aliases;
use super::runtime::{Shared, errno, fail, refuse, windows};
use super::streams::flush_all;
use crate::cx::Cx;
use crate::shim::{Addr, Handle, Size, shims};
use crate::trap::Trap;

/// `_onexit_table_t`: where the functions start, where they end, where the room ends.
struct ExitTable {
    at: Addr,
}

/// Functions for which room is made at a time.
const MORE: u64 = 32;

impl ExitTable {
    fn field(&self, cx: &Cx<'_>, index: u64) -> Result<Addr, Trap> {
        cx.read_addr(self.at.offset(index * cx.pointer_size()))
    }

    fn set(&self, cx: &Cx<'_>, fields: [Addr; 3]) -> Result<(), Trap> {
        for (index, value) in (0..).zip(fields) {
            cx.write_addr(self.at.offset(index * cx.pointer_size()), value)?;
        }
        Ok(())
    }

    fn add(&self, cx: &Cx<'_>, function: Addr) -> Result<bool, Trap> {
        let width = cx.pointer_size();
        let (first, last, end) = (self.field(cx, 0)?, self.field(cx, 1)?, self.field(cx, 2)?);
        let (first, last, end) = if last == end {
            let room = (end.0 - first.0) + MORE * width;
            let moved = if first.is_null() {
                cx.allocate(Size(room))
            } else {
                cx.heap().reallocate(first, room, false)
            };
            if moved.is_null() {
                return Ok(false);
            }
            (moved, moved.offset(last.0 - first.0), moved.offset(room))
        } else {
            (first, last, end)
        };
        cx.write_addr(last, function)?;
        self.set(cx, [first, last.offset(width), end])?;
        Ok(true)
    }

    /// Calls the functions, the last one first, also those that are added meanwhile.
    fn run(&self, cx: &mut Cx<'_>) -> Result<(), Trap> {
        let width = cx.pointer_size();
        loop {
            let (first, last, end) = (self.field(cx, 0)?, self.field(cx, 1)?, self.field(cx, 2)?);
            if first.is_null() || last == first {
                cx.free(first);
                return self.set(cx, [Addr::NULL; 3]);
            }
            let last = Addr(last.0 - width);
            let function = cx.read_addr(last)?;
            self.set(cx, [first, last, end])?;
            if !function.is_null() {
                cx.call(function, &[])?;
            }
        }
    }
}

/// Calls what `atexit` was given, the last one first.
pub(in crate::dll) fn run_exits(cx: &mut Cx<'_>) -> Result<(), Trap> {
    loop {
        let next = cx
            .state::<Shared>()
            .exits
            .lock()
            .expect("no holder panics")
            .pop();
        match next {
            Some(function) => cx.call(function, &[])?,
            None => return Ok(()),
        };
    }
}

fn register(cx: &Cx<'_>, function: Addr) {
    cx.state::<Shared>()
        .exits
        .lock()
        .expect("no holder panics")
        .push(function);
}

/// The numbered locks of the runtime, which a thread may take again and again.
#[derive(Default)]
struct Locks {
    /// The owner of each lock that is taken, and how often it took it.
    taken: Mutex<HashMap<u64, (u32, u32)>>,
    freed: Condvar,
}

/// Takes a lock by its name: a number, or the address of a stream.
pub(super) fn lock(cx: &Cx<'_>, name: u64) {
    let locks = cx.state::<Locks>();
    let me = cx.thread().id();
    let mut taken = locks.taken.lock().expect("no holder panics");
    loop {
        let (owner, depth) = taken.entry(name).or_insert((me, 0));
        if *owner == me || *depth == 0 {
            (*owner, *depth) = (me, *depth + 1);
            return;
        }
        taken = locks.freed.wait(taken).expect("no holder panics");
    }
}

/// Gives a lock back.
pub(super) fn unlock(cx: &Cx<'_>, name: u64) {
    let locks = cx.state::<Locks>();
    let mut taken = locks.taken.lock().expect("no holder panics");
    if let Some((_, depth)) = taken.get_mut(&name) {
        *depth = depth.saturating_sub(1);
        if *depth == 0 {
            taken.remove(&name);
            locks.freed.notify_all();
        }
    }
}

fn begin_thread(
    cx: &mut Cx<'_>,
    (security, stack): (Addr, u64),
    (function, argument): (Addr, Addr),
    flags: u32,
    id: Addr,
) -> Result<u64, Trap> {
    let arguments = [
        security.0,
        stack,
        function.0,
        argument.0,
        u64::from(flags),
        id.0,
    ];
    Ok(windows(cx, "kernel32.dll", "CreateThread", &arguments)?.unwrap_or(0))
}

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Calls the functions of a table.
    fn _initterm(cx, first: Addr, end: Addr) {
        let mut at = first;
        while at.0 < end.0 {
            let function = cx.read_addr(at)?;
            if !function.is_null() {
                cx.call(function, &[])?;
            }
            at = at.offset(cx.pointer_size());
        }
        Ok(())
    }

    /// Calls the functions of a table until one of them answers an error.
    fn _initterm_e(cx, first: Addr, end: Addr) -> i32 {
        let mut at = first;
        while at.0 < end.0 {
            let function = cx.read_addr(at)?;
            if !function.is_null() {
                let answer = cx.call(function, &[])? as i32;
                if answer != 0 {
                    return Ok(answer);
                }
            }
            at = at.offset(cx.pointer_size());
        }
        Ok(0)
    }

    /// Registers a function to be called at the end.
    fn atexit(cx, function: Addr) -> i32 {
        register(cx, function);
        Ok(0)
    }

    /// Registers a function to be called at the end and answers it.
    fn _onexit(cx, function: Addr) -> Addr {
        if !function.is_null() {
            register(cx, function);
        }
        Ok(function)
    }

    /// Registers a function to be called at the end of a DLL, in a table of the DLL's own.
    fn __dllonexit(cx, function: Addr, first: Addr, last: Addr) -> Addr {
        let (start, end) = (cx.read_addr(first)?, cx.read_addr(last)?);
        let width = cx.pointer_size();
        let used = end.0.wrapping_sub(start.0);
        let moved = if start.is_null() {
            cx.allocate(Size(width))
        } else {
            cx.heap().reallocate(start, used + width, false)
        };
        if moved.is_null() {
            return Ok(Addr::NULL);
        }
        cx.write_addr(moved.offset(used), function)?;
        cx.write_addr(first, moved)?;
        cx.write_addr(last, moved.offset(used + width))?;
        Ok(function)
    }

    /// Makes a table of exit functions empty.
    fn _initialize_onexit_table(cx, table: Addr) -> i32 {
        if table.is_null() {
            return Ok(-1);
        }
        let table = ExitTable { at: table };
        if table.field(cx, 0)? == table.field(cx, 2)? {
            table.set(cx, [Addr::NULL; 3])?;
        }
        Ok(0)
    }

    /// Adds a function to a table of exit functions.
    fn _register_onexit_function(cx, table: Addr, function: Addr) -> i32 {
        if table.is_null() {
            return Ok(-1);
        }
        let added = ExitTable { at: table }.add(cx, function)?;
        Ok(if added { 0 } else { -1 })
    }

    /// Calls the functions of a table of exit functions and makes it empty.
    fn _execute_onexit_table(cx, table: Addr) -> i32 {
        if table.is_null() {
            return Ok(-1);
        }
        ExitTable { at: table }.run(cx)?;
        Ok(0)
    }

    /// Calls what `atexit` was given, without ending the process.
    fn _cexit(cx) {
        run_exits(cx)?;
        flush_all(cx).map(|_| ())
    }

    /// Writes what waits in streams, without calling what `atexit` was given or ending the process.
    fn _c_exit(cx) { flush_all(cx).map(|_| ()) }

    /// Ends the process, which is a fault of the driver's.
    fn exit(cx, code: i32) {
        run_exits(cx)?;
        flush_all(cx)?;
        Err(Trap::exit("exit", code as u32))
    }

    /// Ends the process at once, which is a fault of the driver's.
    fn _exit(cx, code: i32) { Err(Trap::exit("_exit", code as u32)) }

    /// Ends the process at once, which is a fault of the driver's.
    fn _Exit(cx, code: i32) { Err(Trap::exit("_Exit", code as u32)) }

    /// Ends the process, which is a fault of the driver's.
    fn quick_exit(cx, code: i32) { Err(Trap::exit("quick_exit", code as u32)) }

    /// Ends the process with a message of the runtime's, which is a fault of the driver's.
    fn _amsg_exit(cx, message: i32) { Err(Trap::exit("_amsg_exit", 255)) }

    /// Takes one of the runtime's numbered locks.
    fn _lock(cx, number: i32) {
        lock(cx, number as u32 as u64);
        Ok(())
    }

    /// Gives one of the runtime's numbered locks back.
    fn _unlock(cx, number: i32) {
        unlock(cx, number as u32 as u64);
        Ok(())
    }

    /// Starts a thread.
    fn _beginthread(cx, function: Addr, stack: u32, argument: Addr) -> Handle {
        if function.is_null() {
            refuse(cx, "_beginthread", errno::EINVAL)?;
            return Ok(Handle::INVALID);
        }
        let thread = begin_thread(cx, (Addr::NULL, stack.into()), (function, argument), 0, Addr::NULL)?;
        if thread == 0 { fail(cx, errno::EACCES, Handle::INVALID) } else { Ok(Handle(thread)) }
    }

    /// Starts a thread whose handle the caller closes.
    fn _beginthreadex(cx, security: Addr, stack: u32, function: Addr, argument: Addr, flags: u32, id: Addr) -> Handle {
        if function.is_null() {
            refuse(cx, "_beginthreadex", errno::EINVAL)?;
            return Ok(Handle::NULL);
        }
        let thread = begin_thread(cx, (security, stack.into()), (function, argument), flags, id)?;
        if thread == 0 { fail(cx, errno::EACCES, Handle::NULL) } else { Ok(Handle(thread)) }
    }

    /// Ends the thread.
    fn _endthread(cx) { Err(Trap::ExitThread(0)) }

    /// Ends the thread with a code.
    fn _endthreadex(cx, code: u32) { Err(Trap::ExitThread(code)) }

    /// Answers the number of the thread.
    fn __threadid(cx) -> u32 { Ok(cx.thread().id()) }

    /// Answers the handle that stands for whatever thread uses it.
    fn __threadhandle(cx) -> Handle { Ok(Handle(-2_i64 as u64)) }

    /// Sleeps for so many milliseconds.
    fn _sleep(cx, milliseconds: u32) {
        windows(cx, "kernel32.dll", "Sleep", &[milliseconds.into()])?;
        Ok(())
    }

    /// Answers the number of the process.
    fn _getpid(cx) -> i32 { Ok(std::process::id() as i32) }

    /// Takes note of a function for the end of a thread; a process that hosts drivers has no such end.
    fn _register_thread_local_exe_atexit_callback(cx, callback: Addr) { Ok(()) }

    /// Runs a command of the shell; there is none here.
    fn system(cx, command: Addr) -> i32 {
        if command.is_null() { Ok(0) } else { fail(cx, errno::ENOENT, -1) }
    }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "atexit" as "_crt_atexit",
        "atexit" as "_crt_at_quick_exit",
        "_getpid" as "getpid";
}
