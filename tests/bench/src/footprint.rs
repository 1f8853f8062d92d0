//! What a run costs beside time: memory, threads, system calls, and the size of the program.

use crate::support::Machine;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

/// Counted in one run.
#[derive(Debug)]
pub struct Calls {
    /// All system calls.
    pub total: usize,
    /// Calls that start a thread or a process.
    pub clones: usize,
    /// Names of calls that a warm call must not need.
    pub costly: Vec<String>,
}

/// What only a lock, a connection, a runtime, or a folder that is read or changed asks the kernel for.
const COSTLY: [&str; 14] = [
    "bind",
    "connect",
    "epoll_create1",
    "eventfd2",
    "fcntl",
    "fdatasync",
    "flock",
    "fsync",
    "getdents64",
    "mkdir",
    "rename",
    "socket",
    "socketpair",
    "unlink",
];

/// Counts the system calls of one run of PROGRAM with ARGUMENTS, which must succeed.
pub fn system_calls(machine: &Machine, line: &str) -> Calls {
    let report = machine.path("strace");
    let line = format!("exec strace -f -c -o '{}' {line}", report.display());
    let status = machine.shell(&line).status().expect("/bin/sh starts");
    assert!(status.success(), "{line}: {status}");
    counted(&fs::read_to_string(report).expect("strace writes its report"))
}

/// Reads the table of `strace -c`: share, seconds, µs a call, calls, errors where there are any, name.
fn counted(report: &str) -> Calls {
    let mut calls = Calls { total: 0, clones: 0, costly: Vec::new() };
    for line in report.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let (Some(name), Some(Ok(count))) = (words.last(), words.get(3).map(|word| word.parse::<usize>()))
        else {
            continue;
        };
        match *name {
            "total" => calls.total = count,
            "clone" | "clone3" | "fork" | "vfork" => calls.clones += count,
            name if COSTLY.contains(&name) => calls.costly.push(name.to_owned()),
            _ => {}
        }
    }
    assert!(calls.total > 0, "a report of strace without a total:\n{report}");
    calls
}

/// Resident memory in MB.
#[derive(Debug)]
pub struct Memory {
    /// At its peak, with every page of the program and its libraries that is mapped.
    pub peak: f64,
    /// What no other process shares.
    pub own: f64,
}

/// The memory of a program when it hands its answer over, which is the last thing it does.
///
/// Not from `wait4`: Linux counts the memory of whoever started the program into that figure, because
/// a child shares it until `execve` (`exec_mmap` in fs/exec.c).
pub fn memory(mut command: Command) -> io::Result<Memory> {
    let (mut reader, mut writer) = io::pipe()?;
    // A full pipe holds the program in its `write`.
    let room = rustix::pipe::fcntl_getpipe_size(&writer)?;
    writer.write_all(&vec![b' '; room])?;
    let mut child = command.stdout(writer).spawn()?;
    // The parent's end of the pipe is in it.
    drop(command);
    let status = when_asleep(&child)?;
    let mut answer = String::new();
    reader.read_to_string(&mut answer)?;
    assert!(child.wait()?.success() && answer.ends_with("}\n"), "no answer: {}", answer.trim());
    let megabytes = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB"));
        let kb: Option<f64> = line.and_then(|text| text.parse().ok());
        // The kernel counts in units of 1,024 bytes and calls them kB.
        kb.map(|kb| kb * 1.024e-3).ok_or_else(|| io::Error::other("a status without that line"))
    };
    Ok(Memory { peak: megabytes("VmHWM:")?, own: megabytes("RssAnon:")? })
}

/// The process' status once it sleeps for good. A warm call waits for nothing but its reader.
fn when_asleep(child: &Child) -> io::Result<String> {
    let mut before = String::new();
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        let asleep = status.lines().any(|line| line.starts_with("State:\tS"));
        if asleep && status == before {
            return Ok(status);
        }
        before = if asleep { status } else { String::new() };
        thread::sleep(Duration::from_millis(50));
    }
}

/// The program's size in bytes, and whether its symbols are stripped.
pub fn size(program: &Path) -> io::Result<(usize, bool)> {
    let bytes = fs::read(program)?;
    let table = b"\0.symtab\0";
    Ok((bytes.len(), !bytes.windows(table.len()).any(|window| window == table)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_and_calls_are_read_from_the_report() {
        let report = "% time     seconds  usecs/call     calls    errors syscall\n\
                      ------ ----------- ----------- --------- --------- ------------------\n \
                      22.17    0.000182          60         3           keyctl\n \
                      15.23    0.000125          13         2         1 clone3\n\
                      15.23    0.000125          13         1           flock\n\
                      ------ ----------- ----------- --------- --------- ------------------\n\
                      100.00    0.000821          10         6         1 total\n";
        let calls = counted(report);
        assert_eq!((calls.total, calls.clones, calls.costly), (6, 2, vec!["flock".to_owned()]));
    }
}
