//! Undoes one function of x64 Windows code: the state of its caller, from the tables that its compiler left.
//!
//! Formats as Microsoft documents them ("x64 exception handling", version 1), with the epilogue codes of version 2.

use opendriver_guard as guard;

use super::context::{Context, RSP};

/// `RUNTIME_FUNCTION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) begin: u32,
    pub(crate) end: u32,
    pub(crate) info: u32,
}

/// The handler kinds of an unwind information, and the flag of one that goes on elsewhere.
pub(crate) const EXCEPTION_HANDLER: u8 = 1;
pub(crate) const UNWIND_HANDLER: u8 = 2;
const CHAINED: u8 = 4;

/// How often an unwind information may refer to another; more is a loop.
const CHAIN_LIMIT: usize = 32;

/// What undoing a frame found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwound {
    /// The frame by which handlers and unwinds name it.
    pub(crate) establisher: u64,
    /// The language handler's address and its data's, if the frame has one for what is going on.
    pub(crate) handler: Option<(u64, u64)>,
}

/// The stack or a table is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// Reads a word of memory that may not be there.
pub(crate) fn word(address: u64) -> Result<u64, Broken> {
    // SAFETY: tolerant; the process that is being unwound has installed the handlers.
    unsafe { guard::read_u64(address as usize) }.ok_or(Broken)
}

fn double(address: u64) -> Result<u32, Broken> {
    // SAFETY: as in `word`.
    unsafe { guard::read_u32(address as usize) }.ok_or(Broken)
}

fn half(address: u64) -> Result<u16, Broken> {
    // SAFETY: as in `word`.
    unsafe { guard::read_u16(address as usize) }.ok_or(Broken)
}

fn byte(address: u64) -> Result<u8, Broken> {
    // SAFETY: as in `word`.
    unsafe { guard::read_u8(address as usize) }.ok_or(Broken)
}

impl Function {
    /// Reads an entry of a function table.
    pub(crate) fn read(address: u64) -> Result<Self, Broken> {
        Ok(Self {
            begin: double(address)?,
            end: double(address.wrapping_add(4))?,
            info: double(address.wrapping_add(8))?,
        })
    }

    /// Follows an entry that stands for another one.
    fn direct(self, image: u64) -> Result<Self, Broken> {
        if self.info & 1 == 0 {
            return Ok(self);
        }
        Self::read(image.wrapping_add(u64::from(self.info & !1)))
    }
}

/// `UNWIND_INFO`.
struct Info {
    at: u64,
    version: u8,
    flags: u8,
    prolog: u8,
    count: u8,
    frame: usize,
    frame_offset: u64,
}

impl Info {
    fn read(at: u64) -> Result<Self, Broken> {
        let head = double(at)?.to_le_bytes();
        let info = Self {
            at,
            version: head[0] & 7,
            flags: head[0] >> 3,
            prolog: head[1],
            count: head[2],
            frame: usize::from(head[3] & 15),
            frame_offset: u64::from(head[3] >> 4) * 16,
        };
        if matches!(info.version, 1 | 2) {
            Ok(info)
        } else {
            Err(Broken)
        }
    }

    fn slot(&self, index: u8) -> Result<u16, Broken> {
        half(self.at + 4 + 2 * u64::from(index))
    }

    /// What follows the codes: a chained entry, or a handler and its data.
    fn tail(&self) -> u64 {
        self.at + 4 + 2 * u64::from(self.count.next_multiple_of(2))
    }

    fn code(&self, index: u8) -> Result<Code, Broken> {
        let [offset, operation] = self.slot(index)?.to_le_bytes();
        let (kind, info) = (operation & 15, operation >> 4);
        let near = |index: u8| self.slot(index + 1).map(u64::from);
        let far = |index: u8| -> Result<u64, Broken> {
            Ok(u64::from(self.slot(index + 1)?) | u64::from(self.slot(index + 2)?) << 16)
        };
        let register = usize::from(info);
        let (slots, action) = match (kind, info) {
            (0, _) => (1, Action::Push(register)),
            (1, 0) => (2, Action::Allocate(near(index)? * 8)),
            (1, _) => (3, Action::Allocate(far(index)?)),
            (2, _) => (1, Action::Allocate(u64::from(info) * 8 + 8)),
            (3, _) => (1, Action::SetFrame),
            (4, _) => (2, Action::Save(register, near(index)? * 8)),
            (5, _) => (3, Action::Save(register, far(index)?)),
            (6, _) if self.version == 2 => (1, Action::Nothing),
            (6, _) => (2, Action::Nothing),
            (7, _) => (3, Action::Nothing),
            (8, _) => (2, Action::SaveVector(register, near(index)? * 16)),
            (9, _) => (3, Action::SaveVector(register, far(index)?)),
            (10, _) => (1, Action::MachineFrame(info != 0)),
            _ => return Err(Broken),
        };
        Ok(Code {
            offset,
            slots,
            action,
        })
    }

    fn codes(&self) -> impl Iterator<Item = Result<Code, Broken>> + '_ {
        let mut index = 0;
        std::iter::from_fn(move || {
            if index >= self.count {
                return None;
            }
            let code = self.code(index);
            index = code
                .as_ref()
                .map_or(self.count, |code| index.saturating_add(code.slots));
            Some(code)
        })
    }
}

struct Code {
    /// The end of the instruction in the prologue.
    offset: u8,
    slots: u8,
    action: Action,
}

enum Action {
    Push(usize),
    Allocate(u64),
    SetFrame,
    Save(usize, u64),
    SaveVector(usize, u64),
    MachineFrame(bool),
    Nothing,
}

/// Undoes a function without tables: a leaf, which has nothing but its return address on the stack.
pub(crate) fn leaf(context: &mut Context) -> Result<(), Broken> {
    context.rip = word(context.rsp())?;
    context.registers[RSP] = context.rsp().wrapping_add(8);
    Ok(())
}

/// Undoes the function that `context` runs in, whose table entry is `function` in the image at `image`.
///
/// Looks for a language handler of the kinds in `wanted`; there is none while the function is in its prologue or epilogue.
pub(crate) fn undo(
    context: &mut Context,
    image: u64,
    function: Function,
    wanted: u8,
) -> Result<Unwound, Broken> {
    let mut function = function.direct(image)?;
    let mut info = Info::read(image.wrapping_add(u64::from(function.info)))?;
    let at = context.rip;
    let mut within = at.wrapping_sub(image.wrapping_add(u64::from(function.begin)));
    let establisher = establisher(&info, within, context)?;
    if within >= u64::from(info.prolog) {
        // Whatever a failed attempt has changed is put back.
        let before = context.clone();
        if undo_epilogue(&info, image, function, context).is_ok() {
            return Ok(Unwound {
                establisher,
                handler: None,
            });
        }
        *context = before;
    }
    let mut returned = false;
    for _ in 0..CHAIN_LIMIT {
        for code in info.codes() {
            let code = code?;
            if u64::from(code.offset) <= within
                || info.flags & CHAINED != 0 && within >= u64::from(info.prolog)
            {
                returned |= undo_code(&code.action, &info, establisher, context)?;
            }
        }
        if info.flags & CHAINED == 0 {
            break;
        }
        function = Function::read(info.tail())?.direct(image)?;
        info = Info::read(image.wrapping_add(u64::from(function.info)))?;
        // All of the function that this one continues has been run.
        within = u64::from(u32::MAX);
    }
    if !returned {
        leaf(context)?;
    }
    let in_body =
        at.wrapping_sub(image.wrapping_add(u64::from(function.begin))) >= u64::from(info.prolog);
    let handler = if info.flags & wanted != 0 && info.flags & CHAINED == 0 && in_body {
        let handler = image.wrapping_add(u64::from(double(info.tail())?));
        Some((handler, info.tail() + 4))
    } else {
        None
    };
    Ok(Unwound {
        establisher,
        handler,
    })
}

/// The frame's name: the stack pointer, or what the frame register says where it is set already.
fn establisher(info: &Info, within: u64, context: &Context) -> Result<u64, Broken> {
    if info.frame == 0 {
        return Ok(context.rsp());
    }
    let mut is_set = within >= u64::from(info.prolog) || info.flags & CHAINED != 0;
    for code in info.codes() {
        let code = code?;
        is_set |= matches!(code.action, Action::SetFrame) && u64::from(code.offset) <= within;
    }
    if is_set {
        Ok(context.registers[info.frame].wrapping_sub(info.frame_offset))
    } else {
        Ok(context.rsp())
    }
}

/// Undoes one step of a prologue; true if that gave the instruction pointer too.
fn undo_code(
    action: &Action,
    info: &Info,
    frame: u64,
    context: &mut Context,
) -> Result<bool, Broken> {
    let stack = context.rsp();
    match *action {
        Action::Push(register) => {
            context.registers[RSP] = stack.wrapping_add(8);
            context.registers[register] = word(stack)?;
        }
        Action::Allocate(bytes) => context.registers[RSP] = stack.wrapping_add(bytes),
        Action::SetFrame => {
            context.registers[RSP] = context.registers[info.frame].wrapping_sub(info.frame_offset);
        }
        Action::Save(register, at) => context.registers[register] = word(frame.wrapping_add(at))?,
        Action::SaveVector(register, at) => {
            let low = word(frame.wrapping_add(at))?;
            let high = word(frame.wrapping_add(at + 8))?;
            context.set_xmm(register, u128::from(high) << 64 | u128::from(low));
        }
        Action::MachineFrame(has_error) => {
            let stack = if has_error {
                stack.wrapping_add(8)
            } else {
                stack
            };
            context.rip = word(stack)?;
            context.registers[RSP] = word(stack.wrapping_add(24))?;
            return Ok(true);
        }
        Action::Nothing => {}
    }
    Ok(false)
}

/// The longest epilogue: a stack adjustment, a pop of each register that is kept, and the way out.
const EPILOGUE_STEPS: usize = 20;

/// Runs the rest of an epilogue, if the function is in one: an optional `add rsp` or `lea rsp`, pops, and `ret` or a jump
/// out of the function. Nothing else may stand in an epilogue, so this tells it from the body.
fn undo_epilogue(
    info: &Info,
    image: u64,
    function: Function,
    context: &mut Context,
) -> Result<(), Broken> {
    let mut at = context.rip;
    let mut may_adjust = true;
    for _ in 0..EPILOGUE_STEPS {
        let first = byte(at)?;
        let (rex, opcode_at) = if first & 0xf0 == 0x40 {
            (first, at + 1)
        } else {
            (0, at)
        };
        let opcode = byte(opcode_at)?;
        match opcode {
            0x58..=0x5f => {
                let register = usize::from(opcode & 7 | (rex & 1) << 3);
                if register == RSP {
                    return Err(Broken);
                }
                context.registers[register] = word(context.rsp())?;
                context.registers[RSP] = context.rsp().wrapping_add(8);
                at = opcode_at + 1;
            }
            // add rsp, imm8 / imm32
            0x83 | 0x81 if may_adjust && rex == 0x48 && byte(opcode_at + 1)? == 0xc4 => {
                let (bytes, length) = if opcode == 0x83 {
                    (byte(opcode_at + 2)? as i8 as u64, 3)
                } else {
                    (double(opcode_at + 2)? as i32 as u64, 6)
                };
                context.registers[RSP] = context.rsp().wrapping_add(bytes);
                at = opcode_at + length;
            }
            // lea rsp, [frame + disp8 / disp32]
            0x8d if may_adjust && info.frame != 0 && rex & 0xfe == 0x48 => {
                let form = byte(opcode_at + 1)?;
                let register = usize::from(form & 7 | (rex & 1) << 3);
                if form >> 3 & 7 != 4 || register != info.frame || form & 7 == 4 {
                    return Err(Broken);
                }
                let (distance, length) = match form >> 6 {
                    1 => (byte(opcode_at + 2)? as i8 as u64, 3),
                    2 => (double(opcode_at + 2)? as i32 as u64, 6),
                    _ => return Err(Broken),
                };
                context.registers[RSP] = context.registers[register].wrapping_add(distance);
                at = opcode_at + length;
            }
            0xc3 | 0xc2 => return leaf(context),
            0xf3 if rex == 0 && byte(at + 1)? == 0xc3 => return leaf(context),
            // jmp rel8 / rel32 out of the function
            0xeb | 0xe9 if rex == 0 => {
                let target = if opcode == 0xeb {
                    at.wrapping_add(2).wrapping_add(byte(at + 1)? as i8 as u64)
                } else {
                    at.wrapping_add(5)
                        .wrapping_add(double(at + 1)? as i32 as u64)
                };
                return if leads_out(target, image, function, info)? {
                    leaf(context)
                } else {
                    Err(Broken)
                };
            }
            // jmp [rip + disp32], and jmp through a register with a REX.W prefix, which compilers keep for this
            0xff => {
                let form = byte(opcode_at + 1)?;
                let out = rex == 0 && form == 0x25 || rex & 8 != 0 && form >> 3 & 7 == 4;
                return if out { leaf(context) } else { Err(Broken) };
            }
            _ => return Err(Broken),
        }
        may_adjust = false;
    }
    Err(Broken)
}

/// Whether a jump to `target` leaves the function, so that it ends an epilogue. A jump to the start is a tail call of itself.
fn leads_out(target: u64, image: u64, function: Function, info: &Info) -> Result<bool, Broken> {
    let offset = target.wrapping_sub(image);
    let inside = offset >= u64::from(function.begin) && offset < u64::from(function.end);
    if inside {
        return Ok(offset == u64::from(function.begin) && info.flags & CHAINED == 0);
    }
    if info.flags & CHAINED == 0 {
        return Ok(true);
    }
    // A part of a function that was split may jump to another part.
    let parent = Function::read(info.tail())?;
    Ok(offset <= u64::from(parent.begin) || offset >= u64::from(parent.end))
}

#[cfg(test)]
mod tests;
