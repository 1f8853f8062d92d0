//! Two programs run in turn, many times: what slows the machine down for a while slows both.

use crate::statistics::Spread;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs of each before the first one counts.
const WARM_UP: usize = 20;

/// What came of it. Times in milliseconds.
#[derive(Debug)]
pub struct Duel {
    /// The program under test.
    pub ours: Spread,
    /// What it is measured against.
    pub theirs: Spread,
    /// Ours to theirs, pair by pair.
    pub ratio: Spread,
    /// How many pairs.
    pub pairs: usize,
}

/// Runs both in turn, `pairs` times. From before the start to after the end was noticed; both must
/// exit with 0.
pub fn duel(pairs: usize, ours: &mut Command, theirs: &mut Command) -> Duel {
    for _ in 0..WARM_UP {
        timed(ours);
        timed(theirs);
    }
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        // Each goes first in half of the pairs: the one that follows may find warmer caches.
        if pair % 2 == 0 {
            first.push(timed(ours));
            second.push(timed(theirs));
        } else {
            second.push(timed(theirs));
            first.push(timed(ours));
        }
    }
    let ratios = first.iter().zip(&second).map(|(ours, theirs)| ours / theirs).collect();
    Duel { ours: Spread::of(first), theirs: Spread::of(second), ratio: Spread::of(ratios), pairs }
}

/// One run in milliseconds.
fn timed(command: &mut Command) -> f64 {
    // Nothing is said on stderr unless it fails, and then it should be seen.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let began = Instant::now();
    let status = command.status().expect("the program starts");
    let took = began.elapsed();
    assert!(status.success(), "{:?} {status}", command.get_program());
    milliseconds(took)
}

/// A duration in milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
