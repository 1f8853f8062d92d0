//! Whether a tab had a reason to open.

use crate::Soak;
use crate::people::People;
use std::collections::BTreeSet;

/// A round, for the tabs that opened in it.
pub struct Round {
    /// When it began, in simulated seconds since the epoch.
    pub from: i64,
    /// The accounts whose login the server honoured then, and that nothing but the program could end.
    pub safe: Vec<bool>,
    /// Accounts where a person ran `login` or `logout`.
    pub asked: BTreeSet<usize>,
}

/// A time in which nobody may open a tab for an account without being asked to.
pub struct Quiet {
    /// Whose login.
    pub account: usize,
    /// When it was noticed, in simulated seconds since the epoch.
    pub from: i64,
    /// When it is over.
    pub until: i64,
}

impl Soak<'_> {
    /// Tabs open where a login is needed, one at a time, and not again so soon.
    pub fn check_tabs(&mut self, people: &People) {
        let tabs = people.tabs();
        let round = |at: i64| self.rounds.iter().rfind(|round| round.from <= at);
        let mut wrong = Vec::new();
        for tab in &tabs {
            let Some(round) = round(tab.at) else { continue };
            if round.asked.contains(&tab.account) {
                continue;
            }
            if round.safe[tab.account] || !self.accounts[tab.account].interactive {
                wrong.push(format!("a tab although login {} serves, at {}", tab.account, tab.at));
            }
            let is_too_soon = |quiet: &&Quiet| {
                let asked = |round: &Round| {
                    round.asked.contains(&tab.account) && (quiet.from..=tab.at).contains(&round.from)
                };
                quiet.account == tab.account
                    && (quiet.from + 1..quiet.until).contains(&tab.at)
                    && !self.rounds.iter().any(asked)
            };
            if let Some(quiet) = self.quiet.iter().find(is_too_soon) {
                wrong.push(format!("a tab {} s too soon: {tab:?}", quiet.until - tab.at));
            }
        }
        for why in wrong {
            self.violate(&why);
        }
    }
}
