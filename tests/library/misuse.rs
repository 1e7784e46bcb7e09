//! Pointers, handles and structures that are none.

use crate::{Program, obliging};

#[test]
fn what_windows_would_refuse_is_refused_and_said() {
    let drivers = obliging();
    let drivers = drivers.each_ref().map(String::as_str);
    assert_eq!(Program::build("pointers").run(&drivers), "done\n");
}
