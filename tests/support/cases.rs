//! The corpus of messages: what a person reads when something goes wrong, word for word, in
//! `tests/cases/*.txt`. A change of words is a change of a file that somebody reads in review.

use super::snapshot::Snapshot;
use super::{Machine, Ran};
use std::fs;

/// The cases of one test, compared when all of them are told.
#[derive(Debug)]
pub struct Cases(Snapshot);

impl Cases {
    /// The cases in `tests/cases/NAME.txt`.
    pub fn of(name: &str) -> Self {
        Self(Snapshot::of("cases", name))
    }

    /// Tells a failure and gives back its first line, as it was.
    pub fn tell(&mut self, case: &str, machine: &Machine, ran: &Ran) -> String {
        let (what, paste) = ran.failure();
        assert!(what.starts_with("cognito-creds: "), "{what}");
        assert!(what.ends_with('.'), "a sentence: {what}");
        assert!(!paste.is_empty() && !paste.ends_with('.'), "a command: {paste}");
        self.0.tell(case, &anonymous(&format!("{what}\n{paste}"), machine));
        what
    }

    /// Compares with the file, or rewrites it where `UPDATE_CASES` is set.
    pub fn compare(self) {
        self.0.compare();
    }
}

/// The text on everybody's machine: no paths, ports and processes of this one.
pub fn anonymous(text: &str, machine: &Machine) -> String {
    let home = machine.path("").display().to_string();
    let text = text
        .replace(home.trim_end_matches('/'), "/home/you")
        .replace(&format!(":{}", machine.sandbox.port()), ":4566")
        .replace(&format!(":{}", machine.port), ":8080")
        .replace(&format!("port {}", machine.port), "port 8080")
        // Some kernels have no persistent keyrings.
        .replace(" (until reboot or 3 days unused)", " (until reboot)");
    let ourselves = fs::read_to_string("/proc/self/comm").unwrap_or_default();
    in_place_of_numbers(&text.replace(ourselves.trim(), "node"))
}

/// Process ids and points in time.
fn in_place_of_numbers(text: &str) -> String {
    let mut words = text.to_owned();
    for (before, instead) in [("(process ", "4711"), ("kill ", "4711"), ("ps -fp ", "4711")] {
        if let Some(at) = words.find(before).map(|at| at + before.len()) {
            let digits = words[at..].bytes().take_while(u8::is_ascii_digit).count();
            words.replace_range(at..at + digits, instead);
        }
    }
    let time = |bytes: &[u8]| bytes.len() == 20 && bytes[10] == b'T' && bytes[19] == b'Z' && bytes[4] == b'-';
    while let Some(at) = words.as_bytes().windows(20).position(time) {
        words.replace_range(at..at + 20, "(a time)");
    }
    words
}
