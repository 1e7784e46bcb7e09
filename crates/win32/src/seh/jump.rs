//! `setjmp` and `longjmp` of the Windows C runtimes.

use std::convert::Infallible;

use super::context::{CONTEXT_FLOATING_POINT, Context, R12, RAX, RBP, RBX, RDI, RSI, RSP, Record};
use super::leaving::{self, LONG_JUMP, Target, Unwind};
use super::walk::{self, Walk};
use crate::cx::Cx;
use crate::shim::Addr;
use crate::trap::Trap;

/// `_JUMP_BUFFER`: where each register of [`REGISTERS`] stands after the frame, and what follows.
const REGISTERS: [usize; 9] = [RBX, RSP, RBP, RSI, RDI, R12, R12 + 1, R12 + 2, R12 + 3];
const RIP: u64 = 0x50;
const MXCSR: u64 = 0x58;
const CONTROL: u64 = 0x5c;
const XMM: u64 = 0x60;

/// Keeps the caller's registers in the buffer.
pub(super) fn set(cx: &mut Cx<'_>, buffer: Addr, frame: u64) -> Result<i32, Trap> {
    let context = Walk::start(cx.thread())?.context;
    cx.write(buffer, frame)?;
    for (index, register) in REGISTERS.into_iter().enumerate() {
        cx.write(
            buffer.offset(8 + 8 * index as u64),
            context.registers[register],
        )?;
    }
    cx.write(buffer.offset(RIP), context.rip)?;
    cx.write(buffer.offset(MXCSR), context.mxcsr)?;
    cx.write(
        buffer.offset(CONTROL),
        u32::from(u16::from_le_bytes([
            context.floating[0],
            context.floating[1],
        ])),
    )?;
    for index in 0..10 {
        let value = context.xmm(6 + index);
        cx.put(buffer.offset(XMM + 16 * index as u64), &value.to_le_bytes())?;
    }
    Ok(0)
}

/// Goes back to where [`set`] was called, which then answers `value`.
///
/// Frames on the way are told if the buffer names its frame and that is there; otherwise they are left as they are.
pub(super) fn jump(cx: &mut Cx<'_>, buffer: Addr, value: i32) -> Result<Infallible, Trap> {
    let value = if value == 0 {
        1
    } else {
        u64::from(value as u32)
    };
    let frame = cx.read::<u64>(buffer)?;
    if frame == 0 || !leaving::is_reachable(cx.process(), cx.thread(), frame) {
        let mut context = Context::new();
        context.registers[RAX] = value;
        load(cx, buffer, &mut context)?;
        return Err(Unwind::to(Walk {
            frame: walk::owner(cx.thread(), context.rsp()),
            context,
        }));
    }
    let mut record = Record {
        code: LONG_JUMP,
        count: 1,
        ..Record::default()
    };
    record.information[0] = buffer.0;
    let record = Box::new(record);
    let target = Target {
        frame,
        address: cx.read(buffer.offset(RIP))?,
        value,
        record: &raw const *record as u64,
    };
    leaving::unwind(cx, &target)
}

/// Loads the registers that a buffer keeps.
pub(super) fn load(cx: &Cx<'_>, buffer: Addr, context: &mut Context) -> Result<(), Trap> {
    for (index, register) in REGISTERS.into_iter().enumerate() {
        context.registers[register] = cx.read(buffer.offset(8 + 8 * index as u64))?;
    }
    context.rip = cx.read(buffer.offset(RIP))?;
    context.set_mxcsr(cx.read(buffer.offset(MXCSR))?);
    let control = cx.read::<u16>(buffer.offset(CONTROL))?;
    context.floating[..2].copy_from_slice(&control.to_le_bytes());
    for index in 0..10 {
        let mut bytes = [0; 16];
        cx.get(buffer.offset(XMM + 16 * index as u64), &mut bytes)?;
        context.set_xmm(6 + index, u128::from_le_bytes(bytes));
    }
    context.flags |= CONTEXT_FLOATING_POINT;
    Ok(())
}
