//! C++ objects of the runtime's own: `exception`, `type_info`, and who is told at the end.

use opendriver_pe::Width;

use super::aliases;
use super::runtime::{Shared, Slot, slot};
use super::text::{allocate, compare, string};
use crate::cx::Cx;
use crate::shim::{Addr, Data, Size, shims};
use crate::trap::Trap;

/// An `exception`: its table of functions, its text, and whether the text is its own.
struct Thrown {
    at: Addr,
}

impl Thrown {
    fn make(&self, cx: &Cx<'_>, text: Addr, own: bool) -> Result<Addr, Trap> {
        let width = cx.pointer_size();
        cx.write_addr(self.at, cx.process().variable("msvcrt.dll", &DATA[0]))?;
        let text = if own && !text.is_null() {
            allocate::<u8>(cx, &string(cx, text)?)?
        } else {
            text
        };
        cx.write_addr(self.at.offset(width), text)?;
        cx.write(self.at.offset(2 * width), i32::from(own))?;
        Ok(self.at)
    }

    fn text(&self, cx: &Cx<'_>) -> Result<(Addr, bool), Trap> {
        let width = cx.pointer_size();
        Ok((
            cx.read_addr(self.at.offset(width))?,
            cx.read::<i32>(self.at.offset(2 * width))? != 0,
        ))
    }

    fn drop_text(&self, cx: &Cx<'_>) -> Result<(), Trap> {
        let (text, own) = self.text(cx)?;
        if own {
            cx.free(text);
        }
        Ok(())
    }
}

fn fill_exception_table(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    let names = match cx.process().width() {
        Width::Bits64 => ["??_Gexception@@UEAAPEAXI@Z", "?what@exception@@UEBAPEBDXZ"],
        Width::Bits32 => ["??_Gexception@@UAEPAXI@Z", "?what@exception@@UBEPBDXZ"],
    };
    for (index, name) in (0..).zip(names) {
        let function = cx.process().symbol_of("msvcrt.dll", name).unwrap_or(0);
        cx.write_addr(at.offset(index * cx.pointer_size()), Addr(function))?;
    }
    Ok(())
}

fn fill_type_table(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    let name = match cx.process().width() {
        Width::Bits64 => "??1type_info@@UEAA@XZ",
        Width::Bits32 => "??1type_info@@UAE@XZ",
    };
    let function = cx.process().symbol_of("msvcrt.dll", name).unwrap_or(0);
    cx.write_addr(at, Addr(function))
}

/// The tables of virtual functions that programs refer to.
pub(in crate::dll) static DATA: &[Data] = &[
    Data {
        name: "??_7exception@@6B@",
        size: 16,
        fill: fill_exception_table,
    },
    Data {
        name: "??_7type_info@@6B@",
        size: 8,
        fill: fill_type_table,
    },
];

/// A type as a person writes it: `.?AVname@space@@` is `class space::name`.
fn plain_name(decorated: &[u8]) -> Option<Vec<u8>> {
    let rest = decorated.strip_prefix(b".?A")?;
    let (kind, rest): (&[u8], _) = match rest {
        [b'V', rest @ ..] => (b"class ", rest),
        [b'U', rest @ ..] => (b"struct ", rest),
        [b'T', rest @ ..] => (b"union ", rest),
        [b'W', b'4', rest @ ..] => (b"enum ", rest),
        _ => return None,
    };
    let path = rest.strip_suffix(b"@@")?;
    // Templates and names that refer back keep the compiler's spelling.
    if path.iter().any(|byte| matches!(byte, b'?' | b'$'))
        || path.first().is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    let mut steps: Vec<&[u8]> = path.split(|byte| *byte == b'@').collect();
    steps.reverse();
    Some([kind, &steps.join(&b"::"[..])].concat())
}

/// Where the name of a type is kept once somebody asked; `place` holds it, `decorated` follows.
fn name_of(cx: &Cx<'_>, place: Addr, decorated: Addr) -> Result<Addr, Trap> {
    let known = cx.read_addr(place)?;
    if !known.is_null() {
        return Ok(known);
    }
    let decorated = string::<u8>(cx, decorated)?;
    let made = allocate(cx, &plain_name(&decorated).unwrap_or(decorated))?;
    cx.write_addr(place, made)?;
    Ok(made)
}

/// Compares two types by their decorated names.
fn compare_types(cx: &Cx<'_>, one: Addr, other: Addr) -> Result<i32, Trap> {
    if one == other {
        Ok(0)
    } else {
        compare::<u8>(cx, one, other, u64::MAX, |byte| byte)
    }
}

shims! {
    static NAMED = "msvcrt.dll", thiscall;

    /// Makes an exception without a text.
    fn exception_new(cx, this: Addr) -> Addr { Thrown { at: this }.make(cx, Addr::NULL, false) }

    /// Makes an exception with a copy of a text.
    fn exception_with_text(cx, this: Addr, text: Addr) -> Addr {
        let text = cx.read_addr(text)?;
        Thrown { at: this }.make(cx, text, true)
    }

    /// Makes an exception with a text that stays somebody else's.
    fn exception_with_constant(cx, this: Addr, text: Addr, tag: i32) -> Addr {
        let text = cx.read_addr(text)?;
        Thrown { at: this }.make(cx, text, false)
    }

    /// Makes an exception from another.
    fn exception_copy(cx, this: Addr, other: Addr) -> Addr {
        let (text, own) = Thrown { at: other }.text(cx)?;
        Thrown { at: this }.make(cx, text, own)
    }

    /// Makes an exception equal to another.
    fn exception_assign(cx, this: Addr, other: Addr) -> Addr {
        if this != other {
            Thrown { at: this }.drop_text(cx)?;
            let (text, own) = Thrown { at: other }.text(cx)?;
            Thrown { at: this }.make(cx, text, own)?;
        }
        Ok(this)
    }

    /// Ends an exception.
    fn exception_end(cx, this: Addr) { Thrown { at: this }.drop_text(cx) }

    /// Ends an exception and frees it where the first flag says so.
    fn exception_delete(cx, this: Addr, flags: u32) -> Addr {
        Thrown { at: this }.drop_text(cx)?;
        if flags & 1 != 0 {
            cx.free(this);
        }
        Ok(this)
    }

    /// Answers the text of an exception.
    fn exception_what(cx, this: Addr) -> Addr {
        let (text, _) = Thrown { at: this }.text(cx)?;
        if !text.is_null() {
            return Ok(text);
        }
        super::runtime::block(cx, "unknown exception", |cx| allocate::<u8>(cx, b"Unknown exception"))
    }

    /// Answers the name of a type as a person writes it.
    fn type_name(cx, this: Addr) -> Addr {
        let width = cx.pointer_size();
        name_of(cx, this.offset(width), this.offset(2 * width))
    }

    /// Answers the name of a type as the compiler writes it.
    fn type_raw_name(cx, this: Addr) -> Addr { Ok(this.offset(2 * cx.pointer_size())) }

    /// Tells whether two types are the same.
    fn type_equal(cx, this: Addr, other: Addr) -> i32 {
        let skip = 2 * cx.pointer_size();
        Ok(i32::from(compare_types(cx, this.offset(skip), other.offset(skip))? == 0))
    }

    /// Tells whether two types differ.
    fn type_unequal(cx, this: Addr, other: Addr) -> i32 {
        let skip = 2 * cx.pointer_size();
        Ok(i32::from(compare_types(cx, this.offset(skip), other.offset(skip))? != 0))
    }

    /// Tells whether a type comes before another.
    fn type_before(cx, this: Addr, other: Addr) -> i32 {
        let skip = 2 * cx.pointer_size();
        Ok(i32::from(compare_types(cx, this.offset(skip), other.offset(skip))? < 0))
    }

    /// Ends a type's description, which nobody does before the program ends.
    fn type_end(cx, this: Addr) { Ok(()) }
}

shims! {
    pub(in crate::dll) static SHIMS = "vcruntime140.dll", cdecl;

    /// Copies the text of an exception.
    fn __std_exception_copy(cx, from: Addr, to: Addr) {
        let width = cx.pointer_size();
        let text = cx.read_addr(from)?;
        let own = cx.read::<u8>(from.offset(width))? != 0 && !text.is_null();
        let text = if own { allocate::<u8>(cx, &string(cx, text)?)? } else { text };
        cx.write_addr(to, text)?;
        cx.write(to.offset(width), u8::from(own))
    }

    /// Frees the text of an exception.
    fn __std_exception_destroy(cx, data: Addr) {
        let width = cx.pointer_size();
        if cx.read::<u8>(data.offset(width))? != 0 {
            cx.free(cx.read_addr(data)?);
        }
        cx.write_addr(data, Addr::NULL)?;
        cx.write(data.offset(width), 0_u8)
    }

    /// Compares two types.
    fn __std_type_info_compare(cx, one: Addr, other: Addr) -> i32 {
        let skip = cx.pointer_size();
        compare_types(cx, one.offset(skip), other.offset(skip))
    }

    /// Answers the name of a type as a person writes it.
    fn __std_type_info_name(cx, data: Addr, list: Addr) -> Addr {
        name_of(cx, data, data.offset(cx.pointer_size()))
    }

    /// Answers a number for a type (64-bit FNV-1a of its name).
    fn __std_type_info_hash(cx, data: Addr) -> Size {
        let name = string::<u8>(cx, data.offset(cx.pointer_size() + 1))?;
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        Ok(Size(name.iter().fold(0xcbf2_9ce4_8422_2325, step)))
    }

    /// Frees the names of types, which the process' heap does as a whole.
    fn __std_type_info_destroy_list(cx, list: Addr) { Ok(()) }

    /// Frees the names of types, which the process' heap does as a whole.
    fn __clean_type_info_names_internal(cx, list: Addr) { Ok(()) }

    /// Sets what is called when an exception finds no handler, and answers what was.
    fn set_terminate(cx, handler: Addr) -> Addr {
        Ok(std::mem::replace(&mut cx.state::<Shared>().terminate.lock().expect("no holder panics"), handler))
    }

    /// Answers what is called when an exception finds no handler.
    fn _get_terminate(cx) -> Addr {
        Ok(*cx.state::<Shared>().terminate.lock().expect("no holder panics"))
    }

    /// Sets what was called for an unexpected exception before C++17, and answers what was.
    fn set_unexpected(cx, handler: Addr) -> Addr {
        Ok(std::mem::replace(&mut cx.state::<Shared>().unexpected.lock().expect("no holder panics"), handler))
    }

    /// Answers what was called for an unexpected exception before C++17.
    fn _get_unexpected(cx) -> Addr {
        Ok(*cx.state::<Shared>().unexpected.lock().expect("no holder panics"))
    }

    /// Tells whether an exception is under way; inside a driver's own code none is.
    fn __uncaught_exception(cx) -> i32 { Ok(0) }

    /// Answers how many exceptions are under way.
    fn __uncaught_exceptions(cx) -> i32 { Ok(0) }

    /// Answers where the number of exceptions under way lies.
    fn __processing_throw(cx) -> Addr { Ok(slot(cx, Slot::Signal)?.offset(16)) }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "set_terminate" as "?set_terminate@@YAP6AXXZP6AXXZ@Z",
        "set_unexpected" as "?set_unexpected@@YAP6AXXZP6AXXZ@Z";
}

aliases! {
    pub(in crate::dll) static ALIASES_64;
    NAMED =>
        "exception_new" as "??0exception@@QEAA@XZ",
        "exception_with_text" as "??0exception@@QEAA@AEBQEBD@Z",
        "exception_with_constant" as "??0exception@@QEAA@AEBQEBDH@Z",
        "exception_copy" as "??0exception@@QEAA@AEBV0@@Z",
        "exception_assign" as "??4exception@@QEAAAEAV0@AEBV0@@Z",
        "exception_end" as "??1exception@@UEAA@XZ",
        "exception_delete" as "??_Gexception@@UEAAPEAXI@Z",
        "exception_what" as "?what@exception@@UEBAPEBDXZ",
        "type_name" as "?name@type_info@@QEBAPEBDXZ",
        "type_raw_name" as "?raw_name@type_info@@QEBAPEBDXZ",
        "type_equal" as "??8type_info@@QEBAHAEBV0@@Z",
        "type_unequal" as "??9type_info@@QEBAHAEBV0@@Z",
        "type_before" as "?before@type_info@@QEBAHAEBV1@@Z",
        "type_end" as "??1type_info@@UEAA@XZ",
        "type_end" as "?_type_info_dtor_internal_method@type_info@@QEAAXXZ";
}

aliases! {
    pub(in crate::dll) static ALIASES_32;
    NAMED =>
        "exception_new" as "??0exception@@QAE@XZ",
        "exception_with_text" as "??0exception@@QAE@ABQBD@Z",
        "exception_with_constant" as "??0exception@@QAE@ABQBDH@Z",
        "exception_copy" as "??0exception@@QAE@ABV0@@Z",
        "exception_assign" as "??4exception@@QAEAAV0@ABV0@@Z",
        "exception_end" as "??1exception@@UAE@XZ",
        "exception_delete" as "??_Gexception@@UAEPAXI@Z",
        "exception_what" as "?what@exception@@UBEPBDXZ",
        "type_name" as "?name@type_info@@QBEPBDXZ",
        "type_raw_name" as "?raw_name@type_info@@QBEPBDXZ",
        "type_equal" as "??8type_info@@QBEHABV0@@Z",
        "type_unequal" as "??9type_info@@QBEHABV0@@Z",
        "type_before" as "?before@type_info@@QBEHABV1@@Z",
        "type_end" as "??1type_info@@UAE@XZ",
        "type_end" as "?_type_info_dtor_internal_method@type_info@@QAEXXZ";
}

#[cfg(test)]
mod tests {
    use super::plain_name;
    use crate::bench::Bench;

    #[test]
    fn types_are_named_as_a_person_writes_them() {
        assert_eq!(
            plain_name(b".?AVexception@std@@").as_deref(),
            Some(&b"class std::exception"[..])
        );
        assert_eq!(
            plain_name(b".?AUpoint@@").as_deref(),
            Some(&b"struct point"[..])
        );
        assert_eq!(plain_name(b".?AV?$vector@H@std@@"), None);
        assert_eq!(plain_name(b".H"), None);
    }

    #[test]
    fn an_exception_keeps_a_text_of_its_own() {
        let bench = Bench::new();
        let (this, other) = (bench.bytes(&[0; 24]), bench.bytes(&[0; 24]));
        let text = bench.text("it broke");
        let place = bench.bytes(&text.to_le_bytes());
        bench.ask("msvcrt.dll", "??0exception@@QEAA@AEBQEBD@Z", &[this, place]);
        bench.ask("msvcrt.dll", "??0exception@@QEAA@AEBV0@@Z", &[other, this]);
        bench.ask("msvcrt.dll", "??1exception@@UEAA@XZ", &[this]);
        let what = bench.ask("msvcrt.dll", "?what@exception@@UEBAPEBDXZ", &[other]);
        assert_ne!(what, text);
        assert_eq!(bench.read(what, 9), b"it broke\0");
        let table = u64::from_le_bytes(bench.read(other, 8).try_into().expect("eight bytes"));
        let delete = u64::from_le_bytes(bench.read(table, 8).try_into().expect("eight bytes"));
        assert_eq!(bench.process.call(delete, &[other, 1]), Ok(other));
    }
}
