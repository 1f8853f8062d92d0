//! The end of the day: the faults are over, and everything has to be as if there had been none.

use crate::calls::{Call, Deed, Done};
use crate::people::People;
use crate::support::processes::running;
use crate::tabs::Round;
use crate::{DETACHED, MINUTE, Soak};
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// Files of one login and of one profile, at most: locks, journal, attempts, the login itself.
const FILES: (usize, usize) = (12, 4);

impl Soak<'_> {
    /// The faults end. What the server honours serves without a tab, and the rest after a sign-in.
    pub fn the_end(&mut self, people: &People) {
        self.machine.sandbox.clear_faults();
        self.let_all_end();
        self.later(10 * MINUTE);
        let honoured = self.honoured.clone();
        for (role, of) in self.roles.iter().enumerate().filter(|(_, role)| honoured[role.account]) {
            let tabs = people.tabs().len();
            let ran = self.undisturbed(role, Deed::Credentials);
            if ran.ran.code != 0 || people.tabs().len() > tabs {
                self.violate(&format!(
                    "{} does not serve although its login is honoured: {ran:?}",
                    of.profile
                ));
            }
        }
        for account in (0..self.accounts.len()).filter(|account| !honoured[*account]) {
            let role = self.roles.iter().position(|role| role.account == account).unwrap();
            self.rounds.push(Round {
                from: self.clock.now(),
                safe: vec![false; self.accounts.len()],
                asked: (0..self.accounts.len()).collect(),
            });
            let ran = self.undisturbed(role, Deed::Login);
            if ran.ran.code != 0 {
                self.violate(&format!("login {account} can't be signed in: {ran:?}"));
            }
        }
        self.calm_hour(people);
        self.nothing_is_left();
    }

    /// An hour without any trouble: few requests, and no tab.
    fn calm_hour(&mut self, people: &People) {
        let tabs = people.tabs().len();
        self.count_requests();
        for _ in 0..12 {
            self.later(5 * MINUTE);
            for role in 0..self.roles.len() {
                let done = self.undisturbed(role, Deed::Credentials);
                if done.ran.code != 0 {
                    self.violate(&format!("a call of the calm hour failed: {done:?}"));
                }
            }
            self.let_all_end();
        }
        let counts = self.machine.sandbox.counts();
        let uncached = 12;
        let (refreshes, exchanges) = (counts.token_refresh, counts.get_credentials + counts.assume_role);
        // The shortest credentials have a quarter of an hour and are renewed after ten minutes.
        if refreshes > 3 * self.accounts.len() || exchanges > 3 * self.roles.len() + uncached + 12 {
            self.violate(&format!("{refreshes} refreshes and {exchanges} exchanges in a calm hour"));
        }
        if people.tabs().len() > tabs {
            self.violate("a tab in the calm hour");
        }
        self.count_requests();
    }

    /// Everybody signs out, and nothing stays but what is documented to.
    fn nothing_is_left(&mut self) {
        let mut command = self.machine.command(&["logout", "--all"]);
        let output = self.clock.set(&mut command).output().unwrap();
        if !output.status.success() {
            self.violate(&format!("logout --all failed: {output:?}"));
        }
        for account in 0..self.accounts.len() {
            if !matches!(self.watch.login(account), Ok(None)) {
                self.violate(&format!("login {account} outlives its logout"));
            }
        }
        let cached = self.watch.cached();
        if !cached.is_empty() {
            self.violate(&format!("credentials outlive their logout: {cached:?}"));
        }
        // One of `configure` that was killed goes with the next.
        let edit = ["configure", "--profile", self.roles[0].profile, "--lang", "pt-BR"];
        drop(self.clock.set(&mut self.machine.command(&edit)).output().unwrap());
        let unfinished = self.watch.unfinished();
        if !unfinished.is_empty() {
            self.violate(&format!("unfinished files stay: {unfinished:?}"));
        }
        let files = self.watch.ours();
        if files.len() > FILES.0 * self.accounts.len() + FILES.1 * self.roles.len() {
            self.violate(&format!("{} files: {files:?}", files.len()));
        }
        self.figures.files.push(files.len());
    }

    pub fn undisturbed(&mut self, role: usize, deed: Deed) -> Done {
        let done = Call::undisturbed(role, deed).make(self.machine, self.clock, self.roles);
        let allowed = BTreeSet::from([self.watch.role(role)]);
        self.answered(&done, &allowed);
        done
    }

    /// Whatever runs in the background ends by itself: renewals, and sign-ins that nobody answers.
    pub fn let_all_end(&mut self) {
        for command in DETACHED {
            let until = Instant::now() + Duration::from_secs(45);
            while !running(self.machine, command).is_empty() && Instant::now() < until {
                thread::sleep(Duration::from_millis(10));
            }
            let left = running(self.machine, command);
            if !left.is_empty() {
                self.violate(&format!("{command} does not end: {left:?}"));
            }
        }
    }
}
