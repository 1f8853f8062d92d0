//! What is counted, and the table of docs/performance.md.

use crate::calls::{Deed, Done};
use crate::watch::Why;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Kinds of failures that have a row of their own.
const KINDS: usize = 12;
/// Of the first words of what happened.
const WORDS: usize = 11;

/// What happened.
#[derive(Debug, Default)]
pub struct Figures {
    /// Simulated hours.
    pub hours: i64,
    /// Real time.
    pub took: Duration,
    calls: BTreeMap<Deed, [usize; 3]>,
    failures: BTreeMap<String, usize>,
    slowest: Duration,
    /// Killed in the background.
    pub detached_kills: usize,
    /// Tabs: answered, denied, ignored, stopped.
    pub tabs: [usize; 4],
    /// Calls that needed a sign-in while no tab might open, and were told so.
    pub quiet: BTreeMap<Why, usize>,
    /// Requests to the token endpoint with a refresh token.
    pub refreshes: usize,
    /// Requests for credentials, at the identity pool or STS.
    pub exchanges: usize,
    /// All requests, hour by hour.
    pub requests: Vec<usize>,
    /// Faults that struck.
    pub faults: usize,
    /// Logins that ended because an answer with a new refresh token was lost and nobody asked again in time.
    pub lost_answers: usize,
    /// Logins that the server ended, or that a person did.
    pub ended: usize,
    /// Files of the program's, hour by hour.
    pub files: Vec<usize>,
    /// Unfinished files, at most at a time.
    pub unfinished: usize,
}

impl Figures {
    /// Counts a call.
    pub fn count(&mut self, done: &Done, profile: &str) {
        let deed = match done.call.deed {
            Deed::Edit(..) => Deed::Edit("", ""),
            deed => deed,
        };
        let failed = done.ran.code == 1;
        let column = if done.killed { 2 } else { usize::from(failed) };
        self.calls.entry(deed).or_default()[column] += 1;
        if failed {
            *self.failures.entry(kind(&done.ran.stderr, profile)).or_default() += 1;
        }
        if deed != Deed::Login {
            self.slowest = self.slowest.max(done.took);
        }
    }
}

/// The first words of what happened, without names and numbers.
fn kind(stderr: &str, profile: &str) -> String {
    let lines: Vec<_> = stderr.lines().collect();
    let what = lines.iter().rev().nth(1).copied().unwrap_or_default();
    let what = what.trim_start_matches("cognito-creds: ").replace(profile, "…");
    let mut words: Vec<&str> = Vec::new();
    for word in what.split_whitespace().take(WORDS) {
        let shown = if word.contains(|c: char| c.is_ascii_digit()) { "…" } else { word };
        words.push(shown.trim_end_matches([':', ';', ',', '.']));
        // Details follow.
        if shown.ends_with([':', ';', ',', '.']) {
            break;
        }
    }
    words.join(" ")
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |column: usize| self.calls.values().map(|row| row[column]).sum::<usize>();
        let most = |numbers: &[usize]| numbers.iter().copied().max().unwrap_or_default();
        let took = self.took.as_secs();
        writeln!(f, "| {} hours in {took} s, 20 profiles of 6 logins, 8 callers | |", self.hours)?;
        writeln!(f, "| --- | --- |")?;
        let rows = [
            ("calls: succeeded, failed, killed", format!("{}, {}, {}", sum(0), sum(1), sum(2))),
            ("… killed in the background", self.detached_kills.to_string()),
            ("slowest call", format!("{:.1} s", self.slowest.as_secs_f64())),
            (
                "tabs: answered, denied, ignored, stopped",
                format!("{}, {}, {}, {}", self.tabs[0], self.tabs[1], self.tabs[2], self.tabs[3]),
            ),
            (
                "calls too soon for another tab: after one unanswered, stopped, refused",
                Why::ALL.map(|why| self.quiet.get(&why).unwrap_or(&0).to_string()).join(", "),
            ),
            (
                "requests: all, most in an hour",
                format!("{}, {}", self.requests.iter().sum::<usize>(), most(&self.requests)),
            ),
            ("… refreshes, exchanges", format!("{}, {}", self.refreshes, self.exchanges)),
            ("faults that struck", self.faults.to_string()),
            ("logins ended by a logout or the server", self.ended.to_string()),
            ("… by a lost answer that nobody asked for again in time", self.lost_answers.to_string()),
            ("files: most, unfinished at most", format!("{}, {}", most(&self.files), self.unfinished)),
        ];
        rows.iter().try_for_each(|(what, number)| writeln!(f, "| {what} | {number} |"))?;
        let mut kinds: Vec<_> = self.failures.iter().collect();
        kinds.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
        kinds
            .iter()
            .take(KINDS)
            .try_for_each(|(kind, number)| writeln!(f, "| failed: {kind} | {number} |"))?;
        let rest: usize = kinds.iter().skip(KINDS).map(|(_, number)| **number).sum();
        writeln!(f, "| failed otherwise | {rest} |")
    }
}
