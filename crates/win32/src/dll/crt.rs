//! What the C runtimes share: `msvcrt.dll`, the `msvcr` runtimes, `ucrtbase.dll`, `vcruntime140.dll`.
//!
//! Each table is one header of the C library. A DLL lists the tables that it exports; where two
//! runtimes answer otherwise under one name, each has its own function in its own file.

mod runtime;
mod text;
mod x87;

pub(super) mod addresses;
pub(super) mod bits;
pub(super) mod blocks;
pub(super) mod ctype;
pub(super) mod descriptors;
pub(super) mod environment;
pub(super) mod faults;
pub(super) mod files;
pub(super) mod locale;
pub(super) mod math;
pub(super) mod memory;
pub(super) mod multibyte;
pub(super) mod numbers;
pub(super) mod objects;
pub(super) mod older;
pub(super) mod operators;
pub(super) mod paths;
pub(super) mod printing;
pub(super) mod registers;
pub(super) mod scanning;
pub(super) mod secure;
pub(super) mod sorting;
pub(super) mod startup;
pub(super) mod streams;
pub(super) mod strings;
pub(super) mod time;
pub(super) mod wide;

#[cfg(test)]
mod tests;

use crate::shim::{Shim, name_hash};

/// A function under another name; naming one that is not there does not compile.
pub(super) const fn alias(table: &'static [Shim], original: &str, name: &'static str) -> Shim {
    let mut at = 0;
    while at < table.len() {
        let shim = &table[at];
        if same(shim.name, original) {
            return Shim {
                name,
                doc: shim.doc,
                convention: shim.convention,
                params: shim.params,
                result: shim.result,
                hash: name_hash(name),
                dll: shim.dll,
                call: shim.call,
            };
        }
        at += 1;
    }
    panic!("no function of this name in the table")
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A table of other names: `table => "name" as "other", ...;`.
macro_rules! aliases {
    ($vis:vis static $name:ident; $($table:path => $($original:literal as $other:literal),* ;)*) => {
        $vis static $name: &[$crate::shim::Shim] = &[
            $($($crate::dll::crt::alias($table, $original, $other),)*)*
        ];
    };
}
pub(super) use aliases;
