//! A system that refuses: a library that is loaded before the C library and answers some of its calls.
//! The program under test has no switch for this; it just finds itself on such a machine.

use super::Machine;
use rustix::io::Errno;
use std::path::Path;
use std::process::Command;

impl Machine {
    /// From now on, the program on this machine finds a file system without locks.
    pub fn lose_locks(&mut self, refusal: Errno) {
        self.load_shim("no_locks", refusal);
    }

    /// From now on, the program on this machine is refused the kernel's keyrings.
    pub fn lose_keyrings(&mut self, refusal: Errno) {
        self.load_shim("no_keyrings", refusal);
    }

    fn load_shim(&mut self, name: &str, refusal: Errno) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/support/shim/{name}.c"));
        let library = self.path(&format!("{name}.so"));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(&source)
            .arg("-ldl")
            .output()
            .unwrap_or_else(|e| panic!("a C compiler is needed as cc: {e}"));
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        self.set("LD_PRELOAD", library.to_str().unwrap());
        self.set("SHIM_ERRNO", &refusal.raw_os_error().to_string());
    }
}
