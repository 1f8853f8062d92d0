//! A moved clock for the program under test: the library of Debian's `faketime`, loaded without its wrapper.
//!
//! The wrapper names its shared memory by its process id, takes no existing one, and whoever is killed or becomes
//! another program leaves one behind: on a machine that runs many tests it fails sooner or later.

use std::fs;

/// The library to preload.
pub fn library() -> String {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let mut found =
        folders.map(|folder| folder.join("faketime/libfaketime.so.1")).filter(|path| path.exists());
    let Some(found) = found.next() else {
        panic!("faketime is missing; on Debian: apt-get install faketime")
    };
    found.to_str().unwrap().to_owned()
}

/// The variables that move a program's clock by these seconds; how time passes stays as it is.
pub fn moved_by(seconds: i64) -> [(&'static str, String); 3] {
    [
        ("LD_PRELOAD", library()),
        ("FAKETIME", format!("{seconds:+}")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}
