//! The binary `drv`: all of it is in the library beside it, where `xtask` finds the texts of the manual.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    opendriver_cli::main()
}
