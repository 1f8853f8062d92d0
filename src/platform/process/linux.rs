//! Processes as `/proc` tells of them (proc(5)).

use super::Process;

/// What the system knows of a process.
struct State {
    started: u64,
    ended: bool,
}

/// From `/proc/PID/stat` (proc_pid_stat(5)): the name in brackets may hold anything, so counting begins
/// behind the last bracket, at field 3. A zombie has ended; nobody has asked for its exit code yet.
fn state_of(id: u32) -> Option<State> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let started = fields.get(22 - 3)?.parse().ok()?;
    Some(State { started, ended: matches!(fields.first(), Some(&("Z" | "X"))) })
}

/// When it started, in ticks since boot; 0 where that can't be known.
pub fn started(id: u32) -> u64 {
    state_of(id).map_or(0, |state| state.started)
}

/// Whether this very process runs.
pub fn runs(process: &Process) -> bool {
    state_of(process.id).is_some_and(|found| found.started == process.started && !found.ended)
}

/// Numbers of processes belong to one boot and one process namespace (pid_namespaces(7)).
pub fn place() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    if boot.is_empty() { boot } else { format!("{} {}", boot.trim_end(), namespace.display()) }
}
