//! The suite on machines that lack the instructions for the FS base: 32-bit drivers by descriptors, of both kinds.

use opendriver_tests::fixtures::Target;
use opendriver_tests::kind::{Described, Kind};
use opendriver_tests::{behaviours, faults, suite};

use opendriver::backend::windows::Mechanism;

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

const GLOBAL: &dyn Kind = &Described(Target::Windows32Crt, Mechanism::SetThreadArea);
const LOCAL: &dyn Kind = &Described(Target::Windows32Crt, Mechanism::ModifyLdt);

behaviours!(mount global GLOBAL);
faults!(mount global_faults GLOBAL);
behaviours!(mount local LOCAL);
faults!(mount local_faults LOCAL);
