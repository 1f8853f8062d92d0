//! A working day, with the real binary and its clock moved: a person signs in once and never waits
//! for the network again, and an outage passes unnoticed.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name, where Debian's
//! `faketime` is: `cargo test --test day`. Without it, it fails.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod support;

use cognito_creds::clock::Timestamp;
use cognito_sandbox::{Endpoint, Fault, Times};
use std::fs;
use support::faketime::moved_by;
use support::processes::running;
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, Ran, alice, wait_until};

/// 2026-11-20T00:00:00Z.
const MIDNIGHT: i64 = 1_795_132_800;
/// A story's moments are whole seconds since midnight.
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// Between two calls.
const STEP: i64 = 10;
/// Above this AWS SDKs are content with what they get.
const CONTENT: i64 = 15 * MINUTE;

/// One person's day: the machine's clock and the world's stand at the same moment of the story.
struct Day {
    machine: Machine,
    offset: i64,
    second: i64,
}

impl Day {
    /// alice signs in at this moment.
    fn that_begins_at(second: i64) -> Self {
        let mut day = Self { machine: Machine::new(), offset: 0, second };
        day.machine.seat(alice());
        day.set_clocks();
        let first = day.call(&[]);
        assert!((HOUR - STEP..HOUR + STEP).contains(&day.life_left(&first.stdout)), "{first:?}");
        day.machine.leave();
        day.machine.sandbox.clear_log();
        day
    }

    fn set_clocks(&mut self) {
        self.offset = MIDNIGHT + self.second - Timestamp::now().as_unix();
        self.machine.sandbox.set_clock_offset(self.offset);
    }

    /// The next call's moment.
    fn go_on(&mut self) {
        self.second += STEP;
        self.set_clocks();
    }

    /// What moves the clock: libfaketime reads these.
    fn clock(&self) -> [(&'static str, String); 3] {
        moved_by(self.offset)
    }

    fn call(&self, flags: &[&str]) -> Ran {
        self.run(&[&["credential-process", "--profile", "dev"], flags].concat())
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.machine.command(args).envs(self.clock()).output().unwrap().into()
    }

    /// A call on a terminal, without a word on stderr; what it prints, and what the person sees.
    fn call_on_a_terminal(&self) -> (String, String) {
        let [out, err] = ["out", "err"].map(|name| self.machine.path(name));
        let clock = self.clock().map(|(name, value)| format!("'{name}={value}'")).join(" ");
        let streams = format!(">{} 2>{}", out.display(), err.display());
        let line = format!("exec env {clock} {PROGRAM} credential-process --profile dev {streams}");
        let status = on_a_terminal(&self.machine, &line).wait().unwrap();
        assert!(status.success(), "{}: {line}: {}", self.time(), screen(&self.machine));
        assert_eq!(fs::read_to_string(err).unwrap(), "", "{}", self.time());
        (fs::read_to_string(out).unwrap(), screen(&self.machine))
    }

    /// The life that is left in a document's credentials, in seconds.
    fn life_left(&self, stdout: &str) -> i64 {
        let document: serde_json::Value = serde_json::from_str(stdout).unwrap();
        let expiration = document["Expiration"].as_str().unwrap();
        let lives = |second: &i64| moment(self.second + second).as_str() <= expiration;
        (0..=HOUR + MINUTE)
            .rfind(lives)
            .unwrap_or_else(|| panic!("{} handed out at {}", expiration, self.time()))
    }

    /// The next call, with everything that it starts.
    fn call_silently(&mut self) -> Ran {
        self.go_on();
        let ran = self.call(&[]);
        ran.document();
        self.let_renewals_end();
        ran
    }

    /// A renewal in the background has ten seconds of the story; here it ends before the clock moves.
    fn let_renewals_end(&self) {
        wait_until("the renewal's end", || running(&self.machine, "renew").is_empty());
    }

    /// When this endpoint was asked, in seconds of the story.
    fn asked(&self, endpoint: Endpoint) -> Vec<i64> {
        let log = self.machine.sandbox.log();
        log.iter().filter(|entry| endpoint.covers(entry.endpoint)).map(|entry| entry.at - MIDNIGHT).collect()
    }

    fn last_error(&self) -> String {
        let status = self.run(&["status", "--json", "--profile", "dev"]);
        let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
        status[0]["last_error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    fn time(&self) -> String {
        moment(self.second)
    }
}

/// A moment of the story as AWS writes it.
fn moment(second: i64) -> String {
    Timestamp::from_unix(MIDNIGHT + second).rfc3339().unwrap()
}

fn gaps(seconds: &[i64]) -> Vec<i64> {
    seconds.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn whoever_works_all_day_waits_for_the_network_once() {
    let mut day = Day::that_begins_at(8 * HOUR);
    let mut calls = 0;
    while day.second < 32 * HOUR {
        day.go_on();
        let ran = day.call(&["-v"]);
        assert!(ran.code == 0 && ran.stderr.contains("the cached credentials do"), "{}: {ran:?}", day.time());
        assert!(day.life_left(&ran.stdout) > CONTENT, "{}: {}", day.time(), ran.stdout);
        if ran.stderr.contains("renewed in the background") {
            day.let_renewals_end();
        }
        calls += 1;
    }
    assert_eq!((calls, day.machine.tabs().len()), (8_640, 1));

    // A renewal comes 20 to 30 minutes before the end of an hour, and none while another is under way.
    let exchanges = day.asked(Endpoint::GetCredentials);
    let rhythm = gaps(&exchanges);
    assert!(rhythm.iter().all(|gap| (30 * MINUTE..=40 * MINUTE + STEP).contains(gap)), "{rhythm:?}");
    assert!((35..=48).contains(&exchanges.len()), "{}", exchanges.len());
    // An ID token of an hour serves for two of them.
    let refreshes = gaps(&day.asked(Endpoint::TokenRefresh));
    assert!(refreshes.iter().all(|gap| (60 * MINUTE..=80 * MINUTE + STEP).contains(gap)), "{refreshes:?}");
    assert_eq!(day.machine.sandbox.counts().total, exchanges.len() + refreshes.len() + 1);
    assert_eq!(day.last_error(), "");
}

/// From 10:00 to 10:40 neither endpoint works. Whatever lead is drawn, what was renewed before ten
/// outlives that, and its own renewal comes due in the middle.
#[test]
fn an_outage_of_forty_minutes_passes_unnoticed() {
    let (outage, end) = (10 * HOUR, 10 * HOUR + 40 * MINUTE);
    let mut day = Day::that_begins_at(9 * HOUR + 19 * MINUTE);
    while day.second < outage - STEP {
        day.call_silently();
    }
    day.machine.sandbox.clear_log();
    for endpoint in [Endpoint::Token, Endpoint::IdentityPool] {
        day.machine.sandbox.fault(endpoint, Fault::Status(503), Times::Forever);
    }
    let mut told = 0;
    while day.second < end {
        day.go_on();
        let (stdout, seen) = day.call_on_a_terminal();
        let left = day.life_left(&stdout);
        assert!(left > 5 * MINUTE, "{}: {left}", day.time());
        // Renewing ahead of time fails without a word; later the person may know, but not with each call.
        assert!(seen.is_empty() || left <= CONTENT, "{}: {seen}", day.time());
        told += usize::from(!seen.is_empty());
        day.let_renewals_end();
    }
    let attempts = attempts(&day.asked(Endpoint::Token));
    assert!((2..=8).contains(&attempts.len()), "{attempts:?}");
    assert!(gaps(&attempts).iter().all(|gap| *gap >= MINUTE / 2), "{attempts:?}");
    assert!(told <= attempts.len(), "{told} of {attempts:?}");
    assert!(day.last_error().contains("(503)"), "{}", day.last_error());

    // It works again, and the longest pause is eight minutes.
    day.machine.sandbox.clear_faults();
    while day.second < end + 8 * MINUTE {
        day.call_silently();
    }
    let last = day.call_silently();
    assert!(day.life_left(&last.stdout) > 20 * MINUTE, "{last:?}");
    assert_eq!(day.machine.tabs().len(), 1);
}

/// When an attempt began: it repeats a request within some seconds.
fn attempts(requests: &[i64]) -> Vec<i64> {
    let mut begun: Vec<i64> = Vec::new();
    for request in requests {
        if begun.last().is_none_or(|last| request - last > STEP) {
            begun.push(*request);
        }
    }
    begun
}
