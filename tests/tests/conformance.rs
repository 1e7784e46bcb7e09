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

behaviours!(mount builtin BUILTIN);
behaviours!(mount native NATIVE);
faults!(mount native_faults NATIVE);
behaviours!(mount windows WINDOWS);
faults!(mount windows_faults WINDOWS);
behaviours!(mount windows_crt WINDOWS_CRT);
faults!(mount windows_crt_faults WINDOWS_CRT);
