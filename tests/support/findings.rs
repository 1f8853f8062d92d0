//! The corpus of what the doctor finds, word for word, in `tests/findings/*.txt`.

use super::cases::anonymous;
use super::snapshot::Snapshot;
use super::{Machine, PROGRAM, Ran};
use serde_json::Value;

/// What one test's machines show the doctor, compared when all of it is told.
#[derive(Debug)]
pub struct Findings(Snapshot);

impl Findings {
    /// The findings in `tests/findings/NAME.txt`.
    pub fn of(name: &str) -> Self {
        Self(Snapshot::of("findings", name))
    }

    /// Tells every finding of a whole run.
    pub fn all(&mut self, machine: &Machine, findings: &[Value]) {
        for finding in findings {
            self.one(machine, finding);
        }
    }

    /// Tells the findings of one check, of which there are some.
    pub fn about(&mut self, machine: &Machine, check: &str) {
        let findings: Vec<_> =
            examined(machine).into_iter().filter(|finding| finding["check"] == check).collect();
        assert!(!findings.is_empty(), "nothing about {check}");
        self.all(machine, &findings);
    }

    fn one(&mut self, machine: &Machine, finding: &Value) {
        let [check, status, saw, remedy] = ["check", "status", "saw", "do"].map(|name| &finding[name]);
        let [check, status, saw, remedy] = [check, status, saw, remedy].map(|text| text.as_str().unwrap());
        let remedy = if remedy.is_empty() { String::new() } else { format!("\n-> {remedy}") };
        let told = format!("{status}: {saw}{remedy}");
        let told = told.replace(PROGRAM, "/usr/local/bin/cognito-creds");
        let own = [format!("localhost:{}", machine.port), format!("ok: {} is free", machine.port)];
        let told = told.replace(&own[0], "localhost:8080").replace(&own[1], "ok: 8080 is free");
        let told = ["localhost:", "127.0.0.1:"]
            .iter()
            .fold(anonymous(&told, machine), |told, host| with_no_other_port(&told, host));
        self.0.tell(check, &in_no_time(&told));
    }

    /// Compares with the file, or rewrites it where `UPDATE_CASES` is set.
    pub fn compare(self) {
        self.0.compare();
    }
}

/// Every finding of `doctor --json`, without a keychain wherever the test runs.
pub fn examined(machine: &Machine) -> Vec<Value> {
    let ran = machine
        .command(&["doctor", "--profile", "dev", "--json"])
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
        .output();
    let ran = Ran::from(ran.unwrap());
    assert_eq!(ran.stderr, "");
    let Value::Array(findings) = serde_json::from_str(&ran.stdout).unwrap() else { panic!("{}", ran.stdout) };
    let failed = findings.iter().any(|finding| finding["status"] == "fail");
    assert_eq!(ran.code, i32::from(failed), "{}", ran.stdout);
    findings
}

/// How long something took is another time each time.
fn in_no_time(text: &str) -> String {
    let mut words: Vec<_> = text.split(' ').collect();
    for at in 1..words.len() {
        if words[at].trim_end_matches(['\n', ',', ';']) == "ms" {
            words[at - 1] = "9";
        }
    }
    words.join(" ")
}

/// Other free ports than the machine's own.
fn with_no_other_port(text: &str, host: &str) -> String {
    let mut told = String::new();
    for (index, part) in text.split(host).enumerate() {
        if index > 0 {
            told.push_str(host);
        }
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let known = index == 0 || digits == 0 || ["8080", "4566"].contains(&&part[..digits]);
        told.push_str(if known { part } else { "9999" });
        told.push_str(if known { "" } else { &part[digits..] });
    }
    told
}
