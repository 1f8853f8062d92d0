//! The console of Windows where it is one of our own streams, which std and the system know more about than
//! about the device.

use std::io::{self, IsTerminal, Write};
use winsafe::{HSTD, co};

/// Whether it takes escape sequences, which it is told to first: Windows 10 has learned them, and does
/// nothing about them unasked (Console Virtual Terminal Sequences).
pub fn takes_sequences() -> bool {
    [co::STD_HANDLE::ERROR, co::STD_HANDLE::OUTPUT].into_iter().any(|stream| {
        // Kept from being closed: the stream is in use.
        let stream = HSTD::GetStdHandle(stream).map(|mut stream| stream.leak());
        stream.is_ok_and(|stream| {
            let mode = stream.GetConsoleMode();
            mode.is_ok_and(|mode| {
                stream.SetConsoleMode(mode | co::CONSOLE::ENABLE_VIRTUAL_TERMINAL_PROCESSING).is_ok()
            })
        })
    })
}

/// Shows a text through stderr, if that is the console: std writes it there in any script, the device only
/// in those of the console's code page.
pub fn show(text: &str) -> bool {
    let mut stderr = io::stderr();
    stderr.is_terminal() && stderr.write_all(text.as_bytes()).is_ok()
}
