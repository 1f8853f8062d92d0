//! Words for people, kept in files that somebody reads in review: a change of words is a change of a file.
//!
//! For tests of the program and for tests inside it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// One file of `tests/`, compared when all that it holds is told.
#[derive(Debug)]
pub struct Snapshot {
    file: PathBuf,
    told: String,
}

impl Snapshot {
    /// The file `tests/FOLDER/NAME.txt`.
    pub fn of(folder: &str, name: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{folder}/{name}.txt"));
        Self { file, told: String::new() }
    }

    /// Adds what is said in one case.
    pub fn tell(&mut self, case: &str, said: &str) {
        write!(self.told, "# {case}\n{said}\n\n").unwrap();
    }

    /// Compares with the file, or rewrites it where `UPDATE_CASES` is set.
    pub fn compare(self) {
        let told = format!("{}\n", self.told.trim_end());
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::create_dir_all(self.file.parent().unwrap()).unwrap();
            fs::write(&self.file, told).unwrap();
            return;
        }
        let kept = fs::read_to_string(&self.file).unwrap_or_default();
        let name = self.file.display();
        assert!(kept == told, "{name} differs; UPDATE_CASES=1 rewrites it. Told:\n{told}\nKept:\n{kept}");
    }
}
