//! One line for each shim call, made only for a process that is traced.

use std::fmt::Write as _;

use crate::gate::{Args, Call};
use crate::process::Process;
use crate::shim::{Kind, Shim};
use crate::station::TracedCall;
use crate::trap::Trap;

/// Runs a shim and tells the station about it.
pub(crate) fn traced(
    process: &Process,
    shim: &'static Shim,
    call: Call<'_>,
    work: impl FnOnce() -> Result<u64, Trap>,
) -> Result<u64, Trap> {
    let arguments = describe(shim, call);
    let result = work();
    let shown = result
        .as_ref()
        .map(|value| *value)
        .map_err(|trap| format!("{trap:?}"));
    let function = (shim.dll, shim.name);
    process.station().trace(TracedCall {
        function,
        arguments,
        result: shown,
    });
    result
}

fn describe(shim: &Shim, call: Call<'_>) -> String {
    let mut args = Args::new(call, shim.convention);
    let mut line = String::new();
    for (index, (name, kind)) in shim.params.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = match kind {
            Kind::Int => write!(line, "{separator}{name}={}", args.word() as i32),
            Kind::Unsigned => write!(line, "{separator}{name}={:#x}", args.word() as u32),
            Kind::Float => write!(line, "{separator}{name}={}", f64::from_bits(args.float(8))),
            Kind::Long => write!(line, "{separator}{name}={:#x}", args.long()),
            Kind::Single => {
                let value = f32::from_bits(args.float(4) as u32);
                write!(line, "{separator}{name}={value}")
            }
            Kind::Rest => write!(line, "{separator}..."),
            _ => write!(line, "{separator}{name}={:#x}", args.pointer()),
        };
    }
    line
}
