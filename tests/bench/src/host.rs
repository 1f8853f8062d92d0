//! The machine that the figures are from.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

/// One line: processor, cores, system, compiler, and how busy it was before the first run.
pub fn describe() -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let system = field("/etc/os-release", "PRETTY_NAME=").replace('"', "");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let virtual_machine = if read("/proc/cpuinfo").contains(" hypervisor ") { ", virtual" } else { "" };
    format!(
        "{}, {cores} cores{virtual_machine}; {system}, Linux {kernel}; {}; load {load} before the first run",
        field("/proc/cpuinfo", "model name\t: "),
        rustc(),
    )
}

fn rustc() -> String {
    let version = Command::new("rustc").arg("--version").output();
    let text = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| "rustc unknown".to_owned())
}

fn field(file: &str, name: &str) -> String {
    read(file).lines().find_map(|line| Some(line.strip_prefix(name)?.to_owned())).unwrap_or_default()
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default().trim_end().to_owned()
}
