//! The suite, mounted on every backend unchanged.

use opendriver_tests::fixtures::Target;
use opendriver_tests::kind::{BuiltIn, Compiled, Kind};
use opendriver_tests::{behaviours, faults, suite};

/// Makes a module of tests: one for each name, run on one kind of driver.
macro_rules! mount {
    ($backend:ident $kind:ident : $($topic:ident :: $name:ident)*) => {
        mod $backend {
            $(#[test]
            fn $name() {
                super::suite::$topic::$name(super::$kind);
            })*
        }
    };
}

const BUILTIN: &dyn Kind = &BuiltIn;
const NATIVE: &dyn Kind = &Compiled(Target::Native);
const WINDOWS: &dyn Kind = &Compiled(Target::Windows64);
/// As most drivers are: with a C runtime that sets itself up when the driver is loaded.
const WINDOWS_CRT: &dyn Kind = &Compiled(Target::Windows64Crt);
/// In 32-bit code, which the same process runs.
const WINDOWS_X86: &dyn Kind = &Compiled(Target::Windows32);
const WINDOWS_X86_CRT: &dyn Kind = &Compiled(Target::Windows32Crt);

behaviours!(mount builtin BUILTIN);
behaviours!(mount native NATIVE);
faults!(mount native_faults NATIVE);
behaviours!(mount windows WINDOWS);
faults!(mount windows_faults WINDOWS);
behaviours!(mount windows_crt WINDOWS_CRT);
faults!(mount windows_crt_faults WINDOWS_CRT);
behaviours!(mount windows_x86 WINDOWS_X86);
faults!(mount windows_x86_faults WINDOWS_X86);
behaviours!(mount windows_x86_crt WINDOWS_X86_CRT);
faults!(mount windows_x86_crt_faults WINDOWS_X86_CRT);
