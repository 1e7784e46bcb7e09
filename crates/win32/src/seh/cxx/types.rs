//! Which `catch` clause takes which object, and how the object comes to it (`ThrowInfo`).

use crate::cx::Cx;
use crate::seh::context::Record;
use crate::seh::x86;
use crate::shim::Addr;
use crate::trap::Trap;

/// A thrown object, what the compiler says of it, and the image that that lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::seh) struct Thrown {
    pub(in crate::seh) object: u64,
    pub(in crate::seh) info: u64,
    pub(in crate::seh) image: u64,
}

/// Adjectives of a clause, and attributes of a thrown object.
const CONST: u32 = 1;
const VOLATILE: u32 = 2;
const REFERENCE: u32 = 8;

/// Properties of a type that an object can be caught as.
const SIMPLE: u32 = 1;
const BY_REFERENCE: u32 = 2;
const VIRTUAL_BASE: u32 = 4;

/// A `catch` clause.
pub(in crate::seh) struct Clause {
    pub(in crate::seh) adjectives: u32,
    /// The type descriptor, 0 for everything.
    pub(in crate::seh) type_descriptor: u64,
    /// Where the variable lies in the frame, 0 for none.
    pub(in crate::seh) variable: u64,
    /// The function that the block is.
    pub(in crate::seh) handler: u64,
}

/// The name in a type descriptor, which begins with two pointers.
fn name(cx: &Cx<'_>, descriptor: u64) -> Addr {
    Addr(descriptor.wrapping_add(2 * cx.pointer_size()))
}

/// How an object comes to a clause.
pub(in crate::seh) enum Conversion {
    /// The clause takes anything and sees nothing.
    Anything,
    /// The clause takes a type that the object can be caught as.
    Type {
        object: u64,
        image: u64,
        properties: u32,
        base: [i32; 3],
        size: u32,
        copy: u64,
    },
}

/// How the object comes to the clause; none if it does not. What is no C++ exception comes to `catch (...)` if `is_foreign`.
pub(in crate::seh) fn convert(
    cx: &Cx<'_>,
    clause: &Clause,
    thrown: Option<&Thrown>,
    is_foreign: bool,
) -> Result<Option<Conversion>, Trap> {
    let is_everything =
        clause.type_descriptor == 0 || cx.read::<u8>(name(cx, clause.type_descriptor))? == 0;
    if is_everything {
        // `catch (...)` takes exceptions of other kinds only where the compiler was asked for that.
        let takes = thrown.is_some() || is_foreign;
        return Ok(takes.then_some(Conversion::Anything));
    }
    let Some(thrown) = thrown else {
        return Ok(None);
    };
    let attributes: u32 = cx.read(Addr(thrown.info))?;
    let lacking = attributes & (CONST | VOLATILE) & !clause.adjectives;
    if lacking != 0 {
        return Ok(None);
    }
    let place = |offset: u32| thrown.image.wrapping_add(offset.into());
    let list = place(cx.read(Addr(thrown.info + 12))?);
    let count: u32 = cx.read(Addr(list))?;
    let wanted = cx.ansi(name(cx, clause.type_descriptor))?;
    for index in 0..u64::from(count) {
        let entry = place(cx.read(Addr(list + 4 + 4 * index))?);
        let properties: u32 = cx.read(Addr(entry))?;
        let descriptor = place(cx.read(Addr(entry + 4))?);
        let is_same =
            descriptor == clause.type_descriptor || cx.ansi(name(cx, descriptor))? == wanted;
        if !is_same || properties & BY_REFERENCE != 0 && clause.adjectives & REFERENCE == 0 {
            continue;
        }
        let copy: u32 = cx.read(Addr(entry + 24))?;
        return Ok(Some(Conversion::Type {
            object: thrown.object,
            image: thrown.image,
            properties,
            base: [
                cx.read(Addr(entry + 8))?,
                cx.read(Addr(entry + 12))?,
                cx.read(Addr(entry + 16))?,
            ],
            size: cx.read(Addr(entry + 20))?,
            copy: copy.into(),
        }));
    }
    Ok(None)
}

impl Conversion {
    /// Puts the object, or a reference to it, where the clause's variable lies.
    pub(in crate::seh) fn place(
        &self,
        cx: &mut Cx<'_>,
        clause: &Clause,
        frame: u64,
    ) -> Result<(), Trap> {
        let Self::Type {
            object,
            image,
            properties,
            base,
            size,
            copy,
        } = *self
        else {
            return Ok(());
        };
        if clause.variable == 0 {
            return Ok(());
        }
        let variable = Addr(frame.wrapping_add(clause.variable));
        if clause.adjectives & REFERENCE != 0 {
            return cx.write_addr(variable, Addr(adjust(cx, object, base)?));
        }
        if properties & SIMPLE != 0 {
            cx.copy(variable, Addr(object), size.into())?;
            if u64::from(size) == cx.pointer_size() {
                let pointer = cx.read_addr(variable)?;
                if !pointer.is_null() {
                    cx.write_addr(variable, Addr(adjust(cx, pointer.0, base)?))?;
                }
            }
            return Ok(());
        }
        let source = adjust(cx, object, base)?;
        if copy == 0 {
            return cx.copy(variable, Addr(source), size.into());
        }
        let is_virtual = u64::from(properties & VIRTUAL_BASE != 0);
        call_member(
            cx,
            image.wrapping_add(copy),
            variable.0,
            &[source, is_virtual],
        )
    }
}

/// The address of a base within an object (`PMD`).
fn adjust(cx: &Cx<'_>, object: u64, [member, table, slot]: [i32; 3]) -> Result<u64, Trap> {
    let offset = |number: i32| i64::from(number) as u64;
    let mut address = object.wrapping_add(offset(member));
    if table >= 0 {
        let displacements = cx.read_addr(Addr(object.wrapping_add(offset(table))))?;
        let displacement: i32 = cx.read(displacements.offset(offset(slot)))?;
        address = address
            .wrapping_add(offset(table))
            .wrapping_add(offset(displacement));
    }
    Ok(address)
}

/// Calls a member function of an object; in 32 bits the object goes into a register.
fn call_member(cx: &mut Cx<'_>, function: u64, object: u64, arguments: &[u64]) -> Result<(), Trap> {
    if cx.pointer_size() == 4 {
        return x86::call_member(cx, function as u32, object as u32, arguments);
    }
    let mut all = vec![object];
    all.extend_from_slice(arguments);
    cx.call(Addr(function), &all).map(drop)
}

impl Thrown {
    /// The object that a record carries.
    pub(in crate::seh) fn of(record: &Record) -> Self {
        let [_, object, info, image, ..] = record.information;
        Self {
            object,
            info,
            image,
        }
    }

    /// Calls the object's destructor, if it has one.
    pub(in crate::seh) fn destroy(&self, cx: &mut Cx<'_>) -> Result<(), Trap> {
        let destructor: u32 = cx.read(Addr(self.info + 4))?;
        if destructor != 0 {
            let destructor = self.image.wrapping_add(destructor.into());
            call_member(cx, destructor, self.object, &[])?;
        }
        Ok(())
    }
}
