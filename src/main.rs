//! The `cognito-creds` program: parse, run, exit code.

use cognito_creds::{bug, commands, platform};
use std::alloc::System;
use std::process::ExitCode;
use zeroizing_alloc::ZeroAlloc;

/// Overwrites memory when it is freed: also what libraries had of a secret, and what a buffer leaves behind
/// when it grows (docs/decisions/0012).
#[global_allocator]
static HEAP: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    bug::tell_without_contents();
    platform::keep_out_of_dumps();
    commands::run()
}
