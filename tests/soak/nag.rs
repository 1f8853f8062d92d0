//! Calls that come too soon after a tab that led nowhere. Rounds are minutes apart, so by themselves they
//! would hardly ever ask in that time.

use crate::Soak;
use crate::calls::Deed;
use crate::tabs::Round;
use crate::watch::Why;
use std::collections::BTreeSet;

/// When somebody asks again, in seconds after a round.
const AGAIN: [i64; 2] = [30, 120];

impl Soak<'_> {
    /// Asks again for every account whose sign-in has ended without a login; `check_tabs` tells whether
    /// another tab has opened. How many seconds have passed then.
    pub fn follow(&mut self, honoured: &[bool]) -> i64 {
        let mut passed = 0;
        for again in AGAIN {
            let silenced = self.silenced(honoured, self.clock.now() + again - passed);
            if silenced.is_empty() {
                continue;
            }
            self.clock.go_on(self.machine, again - passed);
            passed = again;
            self.rounds.push(Round {
                from: self.clock.now(),
                safe: honoured.to_vec(),
                asked: BTreeSet::new(),
            });
            for (account, why, until) in silenced {
                let done = self.undisturbed(self.without_credentials(account), Deed::Credentials);
                if done.ran.code == 1 && done.until < until {
                    *self.figures.quiet.entry(why).or_default() += 1;
                }
            }
        }
        passed
    }

    /// The accounts that need a sign-in at that time and must not open a tab for it.
    fn silenced(&self, honoured: &[bool], at: i64) -> Vec<(usize, Why, i64)> {
        let needs = |account: &usize| {
            self.accounts[*account].interactive && !honoured[*account] && !self.watch.is_signing_in(*account)
        };
        (0..self.accounts.len())
            .filter(needs)
            .filter_map(|account| self.watch.quiet_until(account).map(|(why, until)| (account, why, until)))
            .filter(|(_, _, until)| at < *until)
            .collect()
    }

    /// A profile of an account that has to ask: with credentials in the cache it would print those.
    fn without_credentials(&self, account: usize) -> usize {
        let cached = self.watch.cached();
        let of = |role: &usize| self.roles[*role].account == account;
        let asks = |role: &usize| !cached.contains(&self.roles[*role].profile);
        let all = || (0..self.roles.len()).filter(of);
        all().find(asks).or_else(|| all().next()).unwrap()
    }

    /// A day in which nobody asked too soon has shown nothing.
    pub fn check_quiet_times(&mut self) {
        for why in Why::ALL {
            if !self.figures.quiet.contains_key(&why) {
                self.violate(&format!("nobody asked too soon after a sign-in that was {why:?}"));
            }
        }
    }
}
