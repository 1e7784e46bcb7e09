//! Shims take their arguments as 32-bit import libraries say that the functions do.
//!
//! A 32-bit function of Windows removes its own arguments, and its decorated name says how many
//! bytes they are. A shim that is declared with one parameter too few would leave the driver's stack
//! crooked, so each declaration is compared with the names in mingw's import libraries.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use opendriver_win32::{Convention, Dll, Kind, Shim, Width, dlls};

/// Where mingw keeps its import libraries for 32-bit Windows.
const LIBRARIES: &str = "/usr/i686-w64-mingw32/lib";

/// The C runtimes, of which each new one adds functions that older names of ours have, too.
const RUNTIMES: &[&str] = &[
    "msvcrt-os",
    "msvcrt",
    "ucrtbase",
    "msvcr70",
    "msvcr71",
    "msvcr80",
    "msvcr90",
    "msvcr100",
    "msvcr110",
    "msvcr120",
    "vcruntime140_app",
];

/// How a function is called: the convention, and how many bytes it takes from the stack.
type Call = (Convention, u32);

const fn stdcall(bytes: u32) -> Call {
    (Convention::stdcall, bytes)
}

const fn cdecl(bytes: u32) -> Call {
    (Convention::cdecl, bytes)
}

const fn thiscall(bytes: u32) -> Call {
    (Convention::thiscall, bytes)
}

/// Functions that mingw's libraries lack, and how Microsoft's headers declare them.
const ELSEWHERE: &[(Call, &[&str])] = &[
    (
        cdecl(0),
        &["_clear87", "_status87", "fcloseall", "flushall", "fpreset"],
    ),
    (
        cdecl(4),
        &[
            "??3@YAXPAXI@Z",
            "??_V@YAXPAXI@Z",
            "__crt_debugger_hook",
            "_finitef",
            "_get_osplatform",
            "_get_osver",
            "_get_winmajor",
            "_get_winminor",
            "_isnanf",
            "_logbf",
            "_msize_base",
            "_set_FMA3_enable",
            "acosf",
            "asinf",
            "atanf",
            "ceilf",
            "cosf",
            "coshf",
            "expf",
            "fabsf",
            "floorf",
            "log10f",
            "logf",
            "sinf",
            "sinhf",
            "sqrtf",
            "tanf",
            "tanhf",
        ],
    ),
    (
        cdecl(8),
        &[
            "??2@YAPAXIABUnothrow_t@std@@@Z",
            "??_U@YAPAXIABUnothrow_t@std@@@Z",
            "_chgsignl",
            "_nextafterf",
            "_scalbf",
            "acosl",
            "asinl",
            "atan2f",
            "atanl",
            "ceill",
            "coshl",
            "cosl",
            "expl",
            "fabsl",
            "floorl",
            "fmodf",
            "frexpf",
            "hypotf",
            "ldexpf",
            "log10l",
            "logl",
            "modff",
            "powf",
            "sinhl",
            "sinl",
            "sqrtl",
            "tanhl",
            "tanl",
            "wcswcs",
        ],
    ),
    (cdecl(12), &["frexpl", "ldexpl", "modfl"]),
    (
        cdecl(16),
        &[
            "_copysignl",
            "_vsscanf_l",
            "_vsscanf_s_l",
            "_vswscanf_l",
            "_vswscanf_s_l",
            "atan2l",
            "fmodl",
            "hypotl",
            "powl",
        ],
    ),
    (
        stdcall(4),
        &[
            "GetDriverFlags",
            "QueryInterruptTime",
            "RtlFirstEntrySList",
            "RtlRaiseException",
            "RtlRaiseStatus",
            "RtlRemoveVectoredExceptionHandler",
            "WakeByAddressAll",
            "WakeByAddressSingle",
        ],
    ),
    (
        stdcall(8),
        &[
            "GetClassLongPtrA",
            "GetClassLongPtrW",
            "GetTempPath2W",
            "GetWindowLongPtrA",
            "GetWindowLongPtrW",
            "NtContinue",
            "ProcessPrng",
            "RtlAddVectoredExceptionHandler",
        ],
    ),
    (
        stdcall(12),
        &[
            "DrvClose",
            "DrvOpen",
            "DrvOpenA",
            "GetFileVersionInfoSizeExA",
            "GetFileVersionInfoSizeExW",
            "OpenDriverA",
            "RtlCopyMemory",
            "SetWindowLongPtrA",
            "SetWindowLongPtrW",
        ],
    ),
    (stdcall(16), &["DrvSendMessage", "WaitOnAddress"]),
    (
        stdcall(20),
        &[
            "DrvDefDriverProc",
            "EventSetInformation",
            "GetFileVersionInfoExA",
            "GetFileVersionInfoExW",
        ],
    ),
    (thiscall(8), &["??0exception@@QAE@ABQBDH@Z"]),
];

/// What the libraries say of one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decoration {
    /// It removes so many bytes of arguments.
    Stdcall(u32),
    /// It removes so many bytes of arguments, of which eight at most are in registers.
    Fastcall(u32),
    /// A function of C: its caller removes them.
    Plain,
    /// A member of a C++ class.
    Member,
}

impl Decoration {
    fn allows(self, shim: &Shim) -> bool {
        match self {
            Self::Stdcall(bytes) => call_of(shim) == stdcall(bytes),
            Self::Plain => shim.convention == Convention::cdecl,
            Self::Member => shim.convention == Convention::thiscall,
            Self::Fastcall(_) => false,
        }
    }
}

fn call_of(shim: &Shim) -> Call {
    (shim.convention, shim.stack_bytes())
}

/// The functions that a library imports, by their plain names.
fn functions(library: &str) -> HashMap<String, Decoration> {
    let path = Path::new(LIBRARIES).join(format!("lib{library}.a"));
    let symbols = symbols(&path);
    let imports = symbols
        .iter()
        .filter_map(|name| name.strip_prefix("__imp_"));
    imports.map(undecorated).collect()
}

/// `_Sleep@4` is `Sleep`, which removes four bytes.
fn undecorated(symbol: &str) -> (String, Decoration) {
    if symbol.starts_with('?') {
        let how = if is_member(symbol) {
            Decoration::Member
        } else {
            Decoration::Plain
        };
        return (symbol.to_owned(), how);
    }
    let (is_fast, name) = match symbol.strip_prefix('@') {
        Some(name) => (true, name),
        None => (false, symbol.strip_prefix('_').unwrap_or(symbol)),
    };
    let suffix = name.rsplit_once('@');
    match suffix.and_then(|(name, bytes)| Some((name, bytes.parse().ok()?))) {
        Some((name, bytes)) if is_fast => (name.to_owned(), Decoration::Fastcall(bytes)),
        Some((name, bytes)) => (name.to_owned(), Decoration::Stdcall(bytes)),
        None => (name.to_owned(), Decoration::Plain),
    }
}

/// Tells whether a C++ function is a member of a class: behind the qualified name, `Y` says it is not.
fn is_member(symbol: &str) -> bool {
    let name = match symbol.strip_prefix("??") {
        // The code of an operator, of one letter or of an underscore and a letter.
        Some(operator) => &operator.trim_start_matches('_')[1..],
        None => &symbol[1..],
    };
    let kind = match name.strip_prefix('@') {
        Some(kind) => Some(kind),
        None => name.split_once("@@").map(|(_, kind)| kind),
    };
    !kind.is_some_and(|kind| kind.starts_with('Y'))
}

/// The symbols of an archive, from the table that is its first member.
fn symbols(path: &Path) -> Vec<String> {
    let data = fs::read(path).unwrap_or_else(|error| {
        let path = path.display();
        panic!("{path}: {error}; install it with: apt-get install mingw-w64-i686-dev")
    });
    assert!(data.starts_with(b"!<arch>\n/ "), "{}", path.display());
    let table = &data[8 + 60..];
    let count = u32::from_be_bytes(table[..4].try_into().unwrap()) as usize;
    let names = table[4 + 4 * count..].split(|byte| *byte == 0).take(count);
    names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// The libraries in which the functions of a DLL may be.
fn libraries(dll: &Dll) -> Vec<&'static str> {
    match dll.name.trim_end_matches(".dll") {
        "msvcrt" | "ucrtbase" | "vcruntime140" => RUNTIMES.to_vec(),
        // The compiler has no library for it.
        "bcryptprimitives" => Vec::new(),
        // What kernel32 passes on, and what older systems had elsewhere.
        "ntdll" | "psapi" => vec![dll.name.trim_end_matches(".dll"), "kernel32"],
        name => vec![name],
    }
}

#[test]
fn shims_take_what_32_bit_callers_give() {
    let mut elsewhere = BTreeMap::new();
    for (call, names) in ELSEWHERE {
        elsewhere.extend(names.iter().map(|name| (*name, (*call, false))));
    }
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for dll in dlls() {
        let libraries: Vec<_> = libraries(dll).into_iter().map(functions).collect();
        for shim in dll.shims(Width::Bits32) {
            let (dll, name) = (dll.name, shim.name);
            let ours = call_of(shim);
            // Some libraries leave out the bytes that others know, or say 0 of a function of C.
            let known = || libraries.iter().filter_map(|library| library.get(name));
            let removes = |how: &&Decoration| matches!(how, Decoration::Stdcall(1..));
            let theirs = known().find(removes).or(known().next());
            match (theirs, elsewhere.get_mut(name)) {
                (Some(theirs), _) if theirs.allows(shim) => seen += 1,
                (Some(theirs), _) => {
                    wrong.push(format!("{dll}!{name} is {theirs:?}, not {ours:?}"))
                }
                (None, Some((call, used))) => {
                    *used = true;
                    if *call != ours {
                        wrong.push(format!("{dll}!{name} is {call:?}, not {ours:?}"));
                    }
                }
                (None, None) => wrong.push(format!("{dll}!{name} is in no library: {ours:?}?")),
            }
        }
    }
    let unused = elsewhere.iter().filter(|(_, (_, used))| !used);
    wrong.extend(unused.map(|(name, _)| format!("{name} need not be in the list")));
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(seen > 3000, "only {seen} functions were compared");
}

/// The headers of the C library, without what they define inline.
const HEADERS: &str = r"
#include <conio.h>
#include <ctype.h>
#include <direct.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <float.h>
#include <inttypes.h>
#include <io.h>
#include <locale.h>
#include <malloc.h>
#include <math.h>
#include <mbctype.h>
#include <mbstring.h>
#include <memory.h>
#include <process.h>
#include <search.h>
#include <share.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/locking.h>
#include <sys/stat.h>
#include <sys/timeb.h>
#include <sys/utime.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>
#include <sec_api/stdio_s.h>
#include <sec_api/stdlib_s.h>
#include <sec_api/string_s.h>
#include <sec_api/wchar_s.h>
";

/// Runs a tool of mingw's; what it says, whether it is content or not.
fn run(tool: &str, package: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(tool)
        .args(arguments)
        .env("LC_ALL", "C")
        .output();
    let output = output.unwrap_or_else(|error| {
        panic!("{tool}: {error}; install it with: apt-get install {package}")
    });
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// How the headers of one C runtime declare functions; those that they lack are left out.
///
/// The compiler is told that functions of C remove their own arguments, too, and then decorates their names.
fn declared(runtime: &str, names: &[&str]) -> HashMap<String, Decoration> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (source, object) = (file("names.c"), file("names.o"));
    let compile = |names: &[&str]| {
        let text = format!("{HEADERS}\nvoid *names[] = {{ {} }};\n", names.join(", "));
        fs::write(&source, text).unwrap();
        let flags = [
            "-w",
            "-fno-builtin",
            "-fmax-errors=0",
            "-mlong-double-64",
            "-D__CRT__NO_INLINE",
            "-D__cdecl=__attribute__((stdcall))",
            runtime,
            "-c",
            &source,
            "-o",
            &object,
        ];
        run("i686-w64-mingw32-gcc", "gcc-mingw-w64-i686", &flags)
    };
    let (_, complaints) = compile(names);
    let lacking: HashSet<&str> = complaints
        .lines()
        .filter(|line| line.contains(" undeclared here "))
        .filter_map(|line| line.split('\'').nth(1))
        .collect();
    let known: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !lacking.contains(name))
        .collect();
    let (compiled, complaints) = compile(&known);
    assert!(compiled, "{complaints}");
    let (_, symbols) = run("i686-w64-mingw32-nm", "binutils-mingw-w64-i686", &[&object]);
    let symbols = symbols
        .lines()
        .filter_map(|line| line.split_whitespace().last());
    symbols
        .map(|symbol| undecorated(symbol.strip_prefix("__imp_").unwrap_or(symbol)))
        .collect()
}

/// Tells whether a function of C may be given other arguments than its shim takes: its caller removes them.
fn is_other(shim: &Shim, theirs: u32) -> bool {
    let ours = shim.stack_bytes();
    match shim.name {
        // There is one locale, and so it goes unread where it comes last.
        name if name.ends_with("_l") => theirs == ours + 4,
        // Nothing is read of what other programs would be given, nor of a heap that must not change.
        name if name.contains("spawn") || name.contains("exec") => true,
        "_heapadd" | "_heapset" => true,
        // The address of the result comes first, and compilers do not count it.
        "lldiv" | "imaxdiv" => theirs + 4 == ours,
        // The headers have another function under this name.
        "vswprintf" => theirs == 16,
        "wcstok" => theirs == 8,
        _ => false,
    }
}

#[test]
fn functions_of_c_take_what_their_headers_say() {
    let mut wrong = Vec::new();
    for (dll, runtime, least) in [
        ("msvcrt.dll", "-D__MSVCRT_VERSION__=0x600", 900),
        ("ucrtbase.dll", "-D_UCRT", 900),
    ] {
        let dll = dlls().iter().find(|known| known.name == dll).unwrap();
        let shims = || {
            dll.shims(Width::Bits32)
                .filter(|shim| shim.convention == Convention::cdecl)
        };
        let names: Vec<&str> = shims()
            .map(|shim| shim.name)
            .filter(|name| !name.contains('?'))
            .collect();
        let headers = declared(runtime, &names);
        let mut seen = 0;
        for shim in shims() {
            let Some(theirs) = headers.get(shim.name) else {
                continue;
            };
            let takes_rest = matches!(shim.params.last(), Some((_, Kind::Rest)));
            let bytes = shim.stack_bytes();
            let fits = match *theirs {
                Decoration::Stdcall(theirs) => {
                    (!takes_rest && theirs == bytes) || is_other(shim, theirs)
                }
                // Variable arguments, or a declaration that does not name a convention.
                theirs => theirs == Decoration::Plain,
            };
            if fits {
                seen += 1;
            } else {
                wrong.push(format!(
                    "{}!{} is {theirs:?}, not {bytes}",
                    dll.name, shim.name
                ));
            }
        }
        assert!(
            seen > least,
            "only {seen} functions of {} were compared",
            dll.name
        );
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_decorated_name_says_how_a_function_is_called() {
    for (symbol, name, how) in [
        ("_Sleep@4", "Sleep", Decoration::Stdcall(4)),
        ("__onexit", "_onexit", Decoration::Plain),
        (
            "@RtlUlongByteSwap@4",
            "RtlUlongByteSwap",
            Decoration::Fastcall(4),
        ),
        ("??2@YAPAXI@Z", "??2@YAPAXI@Z", Decoration::Plain),
        (
            "??1exception@@UAE@XZ",
            "??1exception@@UAE@XZ",
            Decoration::Member,
        ),
    ] {
        assert_eq!(undecorated(symbol), (name.to_owned(), how));
    }
}
