//! How a Windows function of ours is declared: once, for every width.
//!
//! `shims!` turns a list of functions into a [`Dll`]: the calling convention of each width, the
//! trace line, the entry in the import report and the documentation follow from the declaration.

mod index;

use opendriver_pe::{Symbol, Width};

use crate::cx::Cx;
use crate::gate::Args;
use crate::trap::Trap;
use crate::x86::code::{Block, Code};

/// One function that stands for a Windows one.
pub struct Shim {
    /// The exported name.
    pub name: &'static str,
    /// One line that says what it does.
    pub doc: &'static str,
    /// Who removes the arguments from a 32-bit stack.
    pub convention: Convention,
    /// Names and kinds of the parameters.
    pub params: &'static [(&'static str, Kind)],
    /// Kind of the result.
    pub result: Kind,
    pub(crate) hash: u32,
    pub(crate) dll: &'static str,
    pub(crate) call: fn(&mut Cx<'_>, &mut Args<'_>) -> Result<u64, Trap>,
}

/// A variable that a DLL exports.
pub(crate) struct Data {
    /// The exported name.
    pub(crate) name: &'static str,
    /// Bytes that it takes.
    pub(crate) size: usize,
    /// Gives it its first value; the address is that of the variable.
    pub(crate) fill: fn(&mut Cx<'_>, Addr) -> Result<(), Trap>,
}

/// A DLL made of shims.
pub struct Dll {
    /// File name in lower case, with its extension.
    pub name: &'static str,
    /// Its functions in both widths, a table for each topic.
    pub(crate) tables: &'static [&'static [Shim]],
    /// Functions that only 64-bit drivers find.
    pub(crate) only_64: &'static [&'static [Shim]],
    /// Functions that only 32-bit drivers find.
    pub(crate) only_32: &'static [&'static [Shim]],
    /// Functions that are 32-bit code, for 32-bit drivers only.
    pub(crate) code: &'static [&'static Block],
    /// Its variables, a table for each topic.
    pub(crate) data: &'static [&'static [Data]],
    /// Other DLLs whose functions it exports too, searched in order.
    pub(crate) also: &'static [&'static Dll],
    /// Other file names under which it is known.
    pub(crate) names: &'static [&'static str],
    /// Names of functions by ordinal, where real programs import by ordinal.
    pub(crate) ordinals: &'static [(u16, &'static str)],
}

/// Who removes the arguments from a 32-bit stack; both are the same thing in 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(non_camel_case_types, reason = "the field's own spelling")]
pub enum Convention {
    /// The callee does.
    stdcall,
    /// The caller does.
    cdecl,
    /// The callee does, but for the first argument, which is in a register: members of C++ classes.
    thiscall,
}

/// What a parameter or a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Nothing.
    Nothing,
    /// An address, as wide as the driver.
    Address,
    /// A number as wide as an address.
    Size,
    /// A handle, as wide as an address.
    Handle,
    /// A signed number of 32 bits or fewer.
    Int,
    /// An unsigned number of 32 bits or fewer.
    Unsigned,
    /// A number of 64 bits.
    Long,
    /// A floating-point number of 64 bits.
    Float,
    /// A floating-point number of 32 bits.
    Single,
    /// The rest of the arguments.
    Rest,
}

impl Kind {
    /// How many bytes an argument of this kind takes on a 32-bit stack.
    pub const fn stack_bytes(self) -> u32 {
        match self {
            Self::Nothing | Self::Rest => 0,
            Self::Long | Self::Float => 8,
            _ => 4,
        }
    }
}

impl Shim {
    /// How many bytes its declared arguments take on a 32-bit stack.
    pub fn stack_bytes(&self) -> u32 {
        let in_register = usize::from(self.convention == Convention::thiscall);
        let on_stack = self.params.iter().skip(in_register);
        on_stack.map(|(_, kind)| kind.stack_bytes()).sum()
    }
}

/// An address in the driver's world: a claim until [`Cx`] has turned it into bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Addr(pub(crate) u64);

/// An unsigned number as wide as an address (`SIZE_T`, `ULONG_PTR`, `WPARAM`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Size(pub(crate) u64);

/// A signed number as wide as an address (`LONG_PTR`, `LPARAM`, `LRESULT`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Signed(pub(crate) i64);

/// A Windows handle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Handle(pub(crate) u64);

impl Addr {
    /// The null pointer.
    pub(crate) const NULL: Self = Self(0);

    /// Tells whether this is the null pointer.
    pub(crate) const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The address `bytes` further on; wraps as the machine does.
    pub(crate) const fn offset(self, bytes: u64) -> Self {
        Self(self.0.wrapping_add(bytes))
    }
}

impl Handle {
    /// `INVALID_HANDLE_VALUE`.
    pub(crate) const INVALID: Self = Self(u64::MAX);
    /// The null handle.
    pub(crate) const NULL: Self = Self(0);
}

/// The arguments behind a `...`, or behind a `va_list`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VarArgs {
    pub(crate) at: Addr,
}

impl VarArgs {
    /// The arguments that a `va_list` points at.
    pub(crate) const fn at(at: Addr) -> Self {
        Self { at }
    }

    fn next_slot(&mut self, cx: &Cx<'_>, bytes: u64) -> Result<u64, Trap> {
        let width = cx.pointer_size();
        let at = self.at;
        self.at = at.offset(bytes.next_multiple_of(width));
        if bytes == 8 {
            cx.read::<u64>(at)
        } else {
            cx.read::<u32>(at).map(u64::from)
        }
    }

    /// The next argument as `int`.
    pub(crate) fn next_i32(&mut self, cx: &Cx<'_>) -> Result<i32, Trap> {
        self.next_slot(cx, 4).map(|value| value as i32)
    }

    /// The next argument as `unsigned`.
    pub(crate) fn next_u32(&mut self, cx: &Cx<'_>) -> Result<u32, Trap> {
        self.next_slot(cx, 4).map(|value| value as u32)
    }

    /// The next argument as a number of 64 bits.
    pub(crate) fn next_u64(&mut self, cx: &Cx<'_>) -> Result<u64, Trap> {
        self.next_slot(cx, 8)
    }

    /// The next argument as `double`.
    pub(crate) fn next_f64(&mut self, cx: &Cx<'_>) -> Result<f64, Trap> {
        self.next_slot(cx, 8).map(f64::from_bits)
    }

    /// The next argument as a pointer or a number as wide as one.
    pub(crate) fn next_addr(&mut self, cx: &Cx<'_>) -> Result<Addr, Trap> {
        self.next_slot(cx, cx.pointer_size()).map(Addr)
    }
}

/// A type that a shim takes.
pub(crate) trait Param: Sized {
    /// What the import report and the trace call it.
    const KIND: Kind;
    /// Takes the next argument.
    fn take(args: &mut Args<'_>) -> Self;
}

/// A type that a shim answers.
pub(crate) trait Answer {
    /// What the import report and the trace call it.
    const KIND: Kind;
    /// The value as the result register holds it.
    fn into_raw(self) -> u64;
}

macro_rules! numbers {
    ($($type:ty => $kind:ident, $take:ident;)*) => {$(
        impl Param for $type {
            const KIND: Kind = Kind::$kind;
            fn take(args: &mut Args<'_>) -> Self { args.$take() as $type }
        }
        impl Answer for $type {
            const KIND: Kind = Kind::$kind;
            fn into_raw(self) -> u64 { self as u64 }
        }
    )*};
}

numbers! {
    i8 => Int, word; i16 => Int, word; i32 => Int, word;
    u8 => Unsigned, word; u16 => Unsigned, word; u32 => Unsigned, word;
    i64 => Long, long; u64 => Long, long;
}

macro_rules! wide {
    ($($type:ident => $kind:ident;)*) => {$(
        impl Param for $type {
            const KIND: Kind = Kind::$kind;
            fn take(args: &mut Args<'_>) -> Self { Self(args.pointer()) }
        }
        impl Answer for $type {
            const KIND: Kind = Kind::$kind;
            fn into_raw(self) -> u64 { self.0 }
        }
    )*};
}

wide! { Addr => Address; }

impl Param for Size {
    const KIND: Kind = Kind::Size;
    fn take(args: &mut Args<'_>) -> Self {
        Self(args.size())
    }
}

impl Answer for Size {
    const KIND: Kind = Kind::Size;
    fn into_raw(self) -> u64 {
        self.0
    }
}

impl Param for Handle {
    const KIND: Kind = Kind::Handle;
    fn take(args: &mut Args<'_>) -> Self {
        // Windows widens handles with their sign: -1 and the predefined keys stay what they are.
        Self(args.signed() as u64)
    }
}

impl Answer for Handle {
    const KIND: Kind = Kind::Handle;
    fn into_raw(self) -> u64 {
        self.0
    }
}

impl Param for Signed {
    const KIND: Kind = Kind::Size;
    fn take(args: &mut Args<'_>) -> Self {
        Self(args.signed())
    }
}

impl Answer for Signed {
    const KIND: Kind = Kind::Size;
    fn into_raw(self) -> u64 {
        self.0 as u64
    }
}

impl Param for f64 {
    const KIND: Kind = Kind::Float;
    fn take(args: &mut Args<'_>) -> Self {
        Self::from_bits(args.float(8))
    }
}

impl Param for f32 {
    const KIND: Kind = Kind::Single;
    fn take(args: &mut Args<'_>) -> Self {
        Self::from_bits(args.float(4) as u32)
    }
}

impl Answer for f64 {
    const KIND: Kind = Kind::Float;
    fn into_raw(self) -> u64 {
        self.to_bits()
    }
}

impl Answer for f32 {
    const KIND: Kind = Kind::Single;
    fn into_raw(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Answer for () {
    const KIND: Kind = Kind::Nothing;
    fn into_raw(self) -> u64 {
        0
    }
}

impl Answer for bool {
    const KIND: Kind = Kind::Int;
    fn into_raw(self) -> u64 {
        u64::from(self)
    }
}

impl Param for bool {
    const KIND: Kind = Kind::Int;
    fn take(args: &mut Args<'_>) -> Self {
        args.word() as u32 != 0
    }
}

impl Param for VarArgs {
    const KIND: Kind = Kind::Rest;
    fn take(args: &mut Args<'_>) -> Self {
        Self::at(args.rest())
    }
}

/// The hash by which a DLL finds its functions; made at compile time for each shim.
pub(crate) const fn name_hash(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut hash = 0x811c_9dc5_u32;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

impl Dll {
    /// A DLL that exports nothing: what most DLLs have no need to say.
    pub(crate) const EMPTY: Self = Self {
        name: "",
        tables: &[],
        only_64: &[],
        only_32: &[],
        code: &[],
        data: &[],
        also: &[],
        names: &[],
        ordinals: &[],
    };

    /// Its own functions in drivers of one width, topic by topic.
    pub fn shims(&self, width: Width) -> impl Iterator<Item = &'static Shim> + use<> {
        let only = match width {
            Width::Bits64 => self.only_64,
            Width::Bits32 => self.only_32,
        };
        self.tables.iter().chain(only).copied().flatten()
    }

    /// Its own functions that are 32-bit code.
    pub fn code(&self) -> impl Iterator<Item = &'static Code> + use<> {
        self.code.iter().flat_map(|block| block.functions)
    }

    /// Finds a function that is 32-bit code by its exact name, also in the DLLs that this one passes on.
    pub(crate) fn find_code(&self, name: &str) -> Option<&'static Code> {
        let own = self.code().find(|code| code.name == name);
        own.or_else(|| self.also.iter().find_map(|dll| dll.find_code(name)))
    }

    /// Finds a function by its exact name, also in the DLLs that this one passes on.
    pub fn find(&'static self, width: Width, name: &str) -> Option<&'static Shim> {
        let own = index::of(self, width).find(name);
        own.or_else(|| self.also.iter().find_map(|dll| dll.find(width, name)))
    }

    /// Finds a function by its ordinal.
    pub fn find_ordinal(&'static self, width: Width, ordinal: u16) -> Option<&'static Shim> {
        let (_, name) = self
            .ordinals
            .iter()
            .find(|(number, _)| *number == ordinal)?;
        self.find(width, name)
    }

    /// Tells whether it exports a function or a variable.
    pub(crate) fn has(&'static self, width: Width, symbol: Symbol<'_>) -> bool {
        match symbol {
            Symbol::Name(name) => {
                self.find(width, name).is_some()
                    || self.find_data(name).is_some()
                    || (width == Width::Bits32 && self.find_code(name).is_some())
            }
            Symbol::Ordinal(ordinal) => self.find_ordinal(width, ordinal).is_some(),
        }
    }

    pub(crate) fn find_data(&self, name: &str) -> Option<&'static Data> {
        self.data
            .iter()
            .copied()
            .flatten()
            .find(|data| data.name == name)
            .or_else(|| self.also.iter().find_map(|dll| dll.find_data(name)))
    }
}

/// Declares the functions of one file of a DLL.
///
/// ```text
/// shims! {
///     pub(crate) static TIME = "kernel32.dll", stdcall;
///
///     /// Answers the milliseconds since the system started.
///     fn GetTickCount(cx) -> u32 { Ok(...) }
/// }
/// ```
///
/// Every body is the body of `fn(cx: &mut Cx, params...) -> Result<Answer, Trap>`.
/// A function of another convention than the file's says so: `#[cdecl] fn wsprintfA(...)`.
/// Several names for one function: `#[names("lstrcpy")]` after the doc line.
macro_rules! shims {
    (
        $vis:vis static $table:ident = $dll:literal, $convention:ident;
        $(
            #[doc = $doc:literal]
            $(#[$attr:ident])?
            fn $name:ident ( $cx:ident $(, $param:ident : $type:ty)* $(,)? ) $(-> $result:ty)?
            $body:block
        )*
    ) => {
        $vis static $table: &[$crate::shim::Shim] = &[$(
            $crate::shim::Shim {
                name: stringify!($name),
                doc: $doc.trim_ascii(),
                convention: shims!(@convention $convention $($attr)?),
                params: &[$((stringify!($param), <$type as $crate::shim::Param>::KIND)),*],
                result: <shims!(@result $($result)?) as $crate::shim::Answer>::KIND,
                hash: $crate::shim::name_hash(stringify!($name)),
                dll: $dll,
                call: {
                    #[expect(clippy::allow_attributes, reason = "not every body uses every name")]
                    #[allow(unused_variables, unused_mut, clippy::too_many_arguments, reason = "generated signature")]
                    fn body(
                        $cx: &mut $crate::cx::Cx<'_> $(, mut $param: $type)*
                    ) -> Result<shims!(@result $($result)?), $crate::trap::Trap> $body
                    fn call(
                        cx: &mut $crate::cx::Cx<'_>,
                        args: &mut $crate::gate::Args<'_>,
                    ) -> Result<u64, $crate::trap::Trap> {
                        let _ = &args;
                        $(let $param = <$type as $crate::shim::Param>::take(args);)*
                        body(cx $(, $param)*).map($crate::shim::Answer::into_raw)
                    }
                    call
                },
            },
        )*];
    };
    (@result) => { () };
    (@result $result:ty) => { $result };
    (@convention $default:ident) => { $crate::shim::Convention::$default };
    (@convention $default:ident $own:ident) => { $crate::shim::Convention::$own };
}
pub(crate) use shims;
