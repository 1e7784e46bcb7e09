//! Functions of Windows that 32-bit code calls in ways of their own: with values in registers or on the x87 stack, or to
//! have the stack pointer moved.
//!
//! No shim can stand for them. They are a few instructions of ours each, copied below 4 GiB once for a process, and where
//! one needs what a shim does (`_CIpow` is `pow` with its numbers on the x87 stack), it calls that shim's gate.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::low;
use crate::process::Process;

/// A function that 32-bit drivers find and that is 32-bit code itself.
pub struct Code {
    /// The exported name.
    pub name: &'static str,
    /// One line that says what it does.
    pub doc: &'static str,
    /// The shim of the C runtime that it calls.
    pub(crate) shim: Option<&'static str>,
}

/// Such functions of one file.
pub(crate) struct Block {
    pub(crate) functions: &'static [Code],
    /// Where each begins and where it names its shim's gate, then how long all is; the code follows.
    pub(crate) table: fn() -> *const u32,
}

impl Block {
    fn table(&self) -> &'static [u32] {
        // SAFETY: `code!` makes two numbers for each function and one more, which are never written to.
        unsafe { std::slice::from_raw_parts((self.table)(), 2 * self.functions.len() + 1) }
    }

    /// The table and the code.
    fn bytes(&self) -> &'static [u8] {
        let length = self.table()[2 * self.functions.len()];
        // SAFETY: the last number of the table says how long table and code are.
        unsafe { std::slice::from_raw_parts((self.table)().cast(), length as usize) }
    }

    /// Each function with its offset in the bytes, and that of its gate's address.
    fn offsets(&self) -> impl Iterator<Item = (&'static Code, usize, usize)> {
        let offsets = self.table().chunks_exact(2);
        let functions = self.functions.iter().zip(offsets);
        functions.map(|(code, at)| (code, at[0] as usize, at[1] as usize))
    }
}

/// The code of one process, made when the first function is asked for.
#[derive(Default)]
struct Copied(OnceLock<Option<Area>>);

struct Area {
    pages: *mut u8,
    bytes: usize,
    addresses: HashMap<&'static str, u64>,
}

// SAFETY: the pages are not written to once the area is made.
unsafe impl Send for Area {}
// SAFETY: as above.
unsafe impl Sync for Area {}

impl Drop for Area {
    fn drop(&mut self) {
        // SAFETY: the pages are the area's own, and no thread runs in a process that goes.
        unsafe { libc::munmap(self.pages.cast(), self.bytes) };
    }
}

impl Process {
    /// Where a function of this name was put; none where there is no room below 4 GiB.
    pub(crate) fn code_address(&self, name: &str) -> Option<u64> {
        let copied = self.state::<Copied>();
        let area = copied.0.get_or_init(|| self.copy_code()).as_ref()?;
        area.addresses.get(name).copied()
    }

    fn copy_code(&self) -> Option<Area> {
        let mut bytes = Vec::new();
        let mut offsets = HashMap::new();
        let mut links = Vec::new();
        let mut blocks: Vec<*const Block> = Vec::new();
        for &block in crate::dll::ALL.iter().flat_map(|dll| dll.code) {
            if blocks.contains(&&raw const *block) {
                continue;
            }
            blocks.push(block);
            let start = bytes.len();
            bytes.extend(block.bytes());
            bytes.resize(bytes.len().next_multiple_of(16), 0xCC);
            for (code, at, link) in block.offsets() {
                offsets.insert(code.name, start + at);
                links.extend(code.shim.map(|shim| (shim, start + link)));
            }
        }
        for (shim, at) in links {
            let gate = self.symbol_of("msvcrt.dll", shim)?;
            bytes[at..at + 4].copy_from_slice(&(gate as u32).to_le_bytes());
        }
        let pages = low::map(bytes.len(), libc::PROT_READ | libc::PROT_WRITE)?;
        let area = Area {
            pages,
            bytes: bytes.len(),
            addresses: offsets
                .into_iter()
                .map(|(name, at)| (name, pages as u64 + at as u64))
                .collect(),
        };
        // SAFETY: the pages were just mapped writable with this size.
        unsafe { pages.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        // SAFETY: the pages are ours; nobody writes to them any more.
        let sealed =
            unsafe { libc::mprotect(pages.cast(), bytes.len(), libc::PROT_READ | libc::PROT_EXEC) };
        (sealed == 0).then_some(area)
    }
}

/// Declares functions that are 32-bit code.
///
/// ```text
/// code! {
///     pub(crate) static BLOCK = "opendriver_win32_code_example";
///
///     /// Reverses the bytes of a number.
///     fn RtlUlongByteSwap { "mov eax, ecx", "bswap eax", "ret" }
///     /// Raises to a power; both numbers are on the x87 stack.
///     fn _CIpow = two "pow";
/// }
/// ```
///
/// The second form calls a shim, with its arguments taken as [`from_registers`] says.
macro_rules! code {
    (
        $vis:vis static $block:ident = $symbol:literal;
        $(
            #[doc = $doc:literal]
            fn $name:ident $(= $form:ident $shim:literal;)? $({ $($line:literal),* $(,)? })?
        )*
    ) => {
        std::arch::global_asm!(
            ".pushsection .rodata",
            ".p2align 4",
            concat!(".globl ", $symbol),
            concat!(".hidden ", $symbol),
            concat!($symbol, ":"),
            $(
                concat!(".long ", $symbol, "_", stringify!($name), " - ", $symbol),
                concat!(".long ", $symbol, "_", stringify!($name), "_gate - ", $symbol),
            )*
            concat!(".long ", $symbol, "_end - ", $symbol),
            ".code32",
            $(
                ".p2align 4, 0xCC",
                concat!($symbol, "_", stringify!($name), ":"),
                $($($line,)*)?
                $($crate::x86::code::from_registers!($form before),)?
                $($crate::x86::code::from_registers!(gate $shim),)?
                concat!($symbol, "_", stringify!($name), "_gate = . - 4"),
                $($crate::x86::code::from_registers!(call $shim),)?
                $($crate::x86::code::from_registers!($form after),)?
            )*
            concat!($symbol, "_end:"),
            ".code64",
            ".popsection",
        );
        $vis static $block: $crate::x86::code::Block = $crate::x86::code::Block {
            functions: &[$($crate::x86::code::Code {
                name: stringify!($name),
                doc: $doc.trim_ascii(),
                shim: $crate::x86::code::from_registers!(shim $($shim)?),
            },)*],
            table: || {
                unsafe extern "C" {
                    #[link_name = $symbol]
                    static TABLE: u32;
                }
                &raw const TABLE
            },
        };
    };
}
pub(crate) use code;

/// How the arguments of a shim come from registers to the stack, and its result back.
macro_rules! from_registers {
    (shim) => {
        None
    };
    (shim $shim:literal) => {
        Some($shim)
    };
    (gate $shim:literal) => {
        "mov eax, 0x7FFFFFFF"
    };
    (call $shim:literal) => {
        "call eax"
    };
    // One number on the x87 stack; the result takes its place.
    (one before) => {
        "sub esp, 8\nfstp qword ptr [esp]"
    };
    (one after) => {
        "add esp, 8\nret"
    };
    // Two numbers on the x87 stack, the second on top.
    (two before) => {
        "sub esp, 16\nfstp qword ptr [esp + 8]\nfstp qword ptr [esp]"
    };
    (two after) => {
        "add esp, 16\nret"
    };
    // One number in xmm0, and the result there; other registers stay.
    (sse_one before) => {
        "push ecx\npush edx\nsub esp, 8\nmovsd [esp], xmm0"
    };
    (sse_one after) => {
        "fstp qword ptr [esp]\nmovsd xmm0, [esp]\nadd esp, 8\npop edx\npop ecx\nret"
    };
    // Two numbers in xmm0 and xmm1.
    (sse_two before) => {
        "push ecx\npush edx\nsub esp, 16\nmovsd [esp], xmm0\nmovsd [esp + 8], xmm1"
    };
    (sse_two after) => {
        "fstp qword ptr [esp]\nmovsd xmm0, [esp]\nadd esp, 16\npop edx\npop ecx\nret"
    };
    // One `float` in xmm0.
    (sse_single before) => {
        "push ecx\npush edx\nsub esp, 8\nmovss [esp], xmm0"
    };
    (sse_single after) => {
        "fstp dword ptr [esp]\nmovss xmm0, [esp]\nadd esp, 8\npop edx\npop ecx\nret"
    };
    // Two of them in xmm0 and xmm1.
    (sse_singles before) => {
        "push ecx\npush edx\nsub esp, 8\nmovss [esp], xmm0\nmovss [esp + 4], xmm1"
    };
    (sse_singles after) => {
        "fstp dword ptr [esp]\nmovss xmm0, [esp]\nadd esp, 8\npop edx\npop ecx\nret"
    };
}
pub(crate) use from_registers;

#[cfg(test)]
mod tests;
