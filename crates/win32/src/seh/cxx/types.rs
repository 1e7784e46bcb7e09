//! Which `catch` clause takes which object, and how the object comes to it (`ThrowInfo`).

use super::tables::Clause;
use crate::cx::Cx;
use crate::seh::context::Record;
use crate::shim::Addr;
use crate::trap::Trap;

/// A thrown object, what the compiler says of it, and the image that that lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thrown {
    pub(super) object: u64,
    pub(super) info: u64,
    pub(super) image: u64,
}

/// Adjectives of a clause, and attributes of a thrown object.
const CONST: u32 = 1;
const VOLATILE: u32 = 2;
const REFERENCE: u32 = 8;

/// Properties of a type that an object can be caught as.
const SIMPLE: u32 = 1;
const BY_REFERENCE: u32 = 2;
const VIRTUAL_BASE: u32 = 4;

/// Where the name lies in a type descriptor.
const NAME: u64 = 16;

/// How an object comes to a clause.
pub(super) enum Conversion {
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

/// How the object comes to the clause; none if it does not.
pub(super) fn convert(
    cx: &Cx<'_>,
    clause: &Clause,
    thrown: Option<&Thrown>,
) -> Result<Option<Conversion>, Trap> {
    let is_everything = clause.type_descriptor == 0
        || cx.read::<u8>(Addr(clause.type_descriptor.wrapping_add(NAME)))? == 0;
    if is_everything {
        // `catch (...)` takes exceptions of other kinds only where the compiler was asked for that.
        return Ok(thrown.is_some().then_some(Conversion::Anything));
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
    let wanted = cx.ansi(Addr(clause.type_descriptor + NAME))?;
    for index in 0..u64::from(count) {
        let entry = place(cx.read(Addr(list + 4 + 4 * index))?);
        let properties: u32 = cx.read(Addr(entry))?;
        let descriptor = place(cx.read(Addr(entry + 4))?);
        let is_same =
            descriptor == clause.type_descriptor || cx.ansi(Addr(descriptor + NAME))? == wanted;
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
    pub(super) fn place(&self, cx: &mut Cx<'_>, clause: &Clause, frame: u64) -> Result<(), Trap> {
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
            return cx.write(variable, adjust(cx, object, base)?);
        }
        if properties & SIMPLE != 0 {
            cx.copy(variable, Addr(object), size.into())?;
            if size == 8 {
                let pointer: u64 = cx.read(variable)?;
                if pointer != 0 {
                    cx.write(variable, adjust(cx, pointer, base)?)?;
                }
            }
            return Ok(());
        }
        let source = adjust(cx, object, base)?;
        if copy == 0 {
            return cx.copy(variable, Addr(source), size.into());
        }
        let is_virtual = u64::from(properties & VIRTUAL_BASE != 0);
        cx.call(
            Addr(image.wrapping_add(copy)),
            &[variable.0, source, is_virtual],
        )
        .map(drop)
    }
}

/// The address of a base within an object (`PMD`).
fn adjust(cx: &Cx<'_>, object: u64, [member, table, slot]: [i32; 3]) -> Result<u64, Trap> {
    let offset = |number: i32| i64::from(number) as u64;
    let mut address = object.wrapping_add(offset(member));
    if table >= 0 {
        let displacements: u64 = cx.read(Addr(object.wrapping_add(offset(table))))?;
        let displacement: i32 = cx.read(Addr(displacements.wrapping_add(offset(slot))))?;
        address = address
            .wrapping_add(offset(table))
            .wrapping_add(offset(displacement));
    }
    Ok(address)
}

impl Thrown {
    /// The object that a record carries.
    pub(super) fn of(record: &Record) -> Self {
        let [_, object, info, image, ..] = record.information;
        Self {
            object,
            info,
            image,
        }
    }

    /// Calls the object's destructor, if it has one.
    pub(super) fn destroy(&self, cx: &mut Cx<'_>) -> Result<(), Trap> {
        let destructor: u32 = cx.read(Addr(self.info + 4))?;
        if destructor != 0 {
            cx.call(
                Addr(self.image.wrapping_add(destructor.into())),
                &[self.object],
            )?;
        }
        Ok(())
    }
}
