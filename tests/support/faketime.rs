//! A moved clock for the program under test: Debian's `faketime`, by its library.

use std::process::Command;

/// The library that `faketime` preloads: loading it without that wrapper saves a process a call.
pub fn library() -> String {
    let output = Command::new("faketime").args(["-f", "+0", "printenv", "LD_PRELOAD"]).output();
    let output =
        output.unwrap_or_else(|_| panic!("faketime is missing; on Debian: apt-get install faketime"));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
