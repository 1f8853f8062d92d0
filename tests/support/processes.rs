//! The processes of a test's machine, as Linux shows them (proc(5)).

use super::{Machine, PROGRAM};
use std::fs;
use std::path::{Path, PathBuf};

/// The program's processes on this machine that run `command`.
pub fn running(machine: &Machine, command: &str) -> Vec<u32> {
    let home = format!("HOME={}", machine.path("").display());
    let has = |file: PathBuf, word: &str| {
        let text = fs::read(file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        text.split('\0').any(|found| found.trim_end_matches('/') == word.trim_end_matches('/'))
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| {
            let folder = of(*process);
            fs::read_link(folder.join("exe")).is_ok_and(|exe| exe == Path::new(PROGRAM))
                && has(folder.join("cmdline"), command)
                && has(folder.join("environ"), &home)
        })
        .collect()
}

/// The one process that runs `command`.
pub fn the_one(machine: &Machine, command: &str) -> u32 {
    let found = running(machine, command);
    assert_eq!(found.len(), 1, "{command}: {found:?}");
    found[0]
}

/// Its folder under `/proc`.
pub fn of(process: u32) -> PathBuf {
    Path::new("/proc").join(process.to_string())
}

/// What its open descriptors lead to, the first three first.
pub fn descriptors(process: u32) -> Vec<PathBuf> {
    let folder = of(process).join("fd");
    let mut numbers: Vec<u32> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.iter().filter_map(|number| fs::read_link(folder.join(number.to_string())).ok()).collect()
}

/// Process group, session and controlling terminal (0 where there is none).
pub fn group_session_terminal(process: u32) -> (u32, u32, i32) {
    let stat = fs::read_to_string(of(process).join("stat")).unwrap();
    // The name before it may hold anything.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[2].parse().unwrap(), fields[3].parse().unwrap(), fields[4].parse().unwrap())
}
