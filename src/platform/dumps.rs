//! Keeps what lies in our memory out of other hands.

/// Memory is written to no core dump, neither to a file nor to a program that collects them, and other
/// processes of the same user can't look into it (ptrace(2), `/proc/PID/mem`). One call; what it takes
/// is in docs/decisions/0012-secrets-in-memory.md.
///
/// On Linux by `PR_SET_DUMPABLE` (prctl(2)), which a program run in our place or by us doesn't inherit
/// (execve(2)); the limit on dumps is inherited, and a collector in `core_pattern` doesn't ask for it
/// (core(5)). macOS writes no dumps unless somebody raises that limit; Windows lets its error reporting be
/// told by unsafe code alone. Both are left as they are.
pub fn keep_out_of_dumps() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // Refused by nothing but a filter of system calls; no reason to give nobody credentials.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
