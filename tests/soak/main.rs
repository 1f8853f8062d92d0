//! A day and a night with everything at once: twenty profiles, eight callers, faults at every endpoint,
//! kills, edits of the config file, and a person who does not always answer.
//!
//! A day has rounds, some minutes of the simulated clock apart. In a round everybody calls at the same
//! moment while the weather holds, somebody edits, and somebody is killed; between two rounds all that
//! lies on the machine is looked at. Sign-ins and renewals in the background go on through the rounds.
//! After the last one the faults end, and whatever login the server still honours has to serve.
//!
//! `SOAK_SEED` draws the same plan again (not the same races), `SOAK_HOURS` sets the length. It needs
//! `faketime`, and runs by name: `cargo test --test soak -- --nocapture`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figures are what it is run for")]
#![cfg(target_os = "linux")]

mod calls;
mod cast;
mod chaos;
mod clock;
mod end;
mod figures;
mod nag;
mod people;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/mod.rs"]
mod support;
mod tabs;
mod watch;

use calls::{Call, Deed, Done, Judge};
use chaos::Weather;
use clock::Clock;
use figures::Figures;
use people::{Mood, People};
use random::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use support::processes::running;
use support::{Machine, wait_until};
use tabs::{Quiet, Round};
use watch::Watch;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// How many call at a time.
const CALLERS: usize = 8;
/// Everything that the program runs in the background.
const DETACHED: [&str; 2] = ["renew", "sign-in"];

/// The whole soak.
struct Soak<'a> {
    machine: &'a Machine,
    clock: &'a Clock,
    accounts: &'a [cast::Account],
    roles: &'a [cast::Role],
    watch: Watch<'a>,
    judge: Judge<'a>,
    random: Random,
    weather: Option<Weather>,
    rounds: Vec<Round>,
    quiet: Vec<Quiet>,
    honoured: Vec<bool>,
    processes: Vec<u32>,
    /// Whether anything went wrong, or anybody was killed, in the last round and in the one before.
    troubled: [bool; 2],
    figures: Figures,
    violations: Vec<String>,
}

#[test]
fn a_day_of_faults_kills_and_edits_loses_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u32>().unwrap());
    let seed = number("SOAK_SEED").unwrap_or_else(std::process::id);
    let hours = i64::from(number("SOAK_HOURS").unwrap_or(24));
    println!("SOAK_SEED={seed} SOAK_HOURS={hours}");

    let machine = &Machine::bare();
    let (accounts, roles) = (&cast::accounts()[..], &cast::roles()[..]);
    cast::configure(machine, accounts, roles);
    people::install_browser(machine);
    // Never ahead of the true clock, the hours at the end included.
    let clock = &Clock::behind(machine, (hours + 6) * HOUR);
    let people = &People::new();
    let (violations, figures) = thread::scope(|scope| {
        let browser = scope.spawn(|| people.sit(machine, (accounts, roles), Random(u64::from(seed) + 1)));
        let soak = Soak::begin(machine, clock, (accounts, roles), seed);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| soak.run(people, hours)));
        people.leave();
        browser.join().unwrap();
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    print!("{figures}");
    assert!(violations.is_empty(), "SOAK_SEED={seed}\n{}", violations.join("\n"));
}

impl<'a> Soak<'a> {
    fn begin(
        machine: &'a Machine,
        clock: &'a Clock,
        (accounts, roles): (&'a [cast::Account], &'a [cast::Role]),
        seed: u32,
    ) -> Self {
        let people = roles.iter().map(|role| accounts[role.account].person.to_owned()).collect();
        Self {
            machine,
            clock,
            accounts,
            roles,
            watch: Watch::new(machine, accounts, roles),
            judge: Judge { machine, roles, people, identities: BTreeMap::new() },
            random: Random(seed.into()),
            weather: None,
            rounds: Vec::new(),
            quiet: Vec::new(),
            honoured: vec![false; accounts.len()],
            processes: Vec::new(),
            troubled: [false; 2],
            figures: Figures::default(),
            violations: Vec::new(),
        }
    }

    fn run(mut self, people: &People, hours: i64) -> (Vec<String>, Figures) {
        let began = Instant::now();
        let first = self.clock.now();
        let mut hour = 0;
        while self.clock.now() < first + hours * HOUR {
            self.round();
            let since = (self.clock.now() - first) / HOUR;
            if since > hour {
                hour = since;
                self.figures.files.push(self.watch.ours().len());
                self.figures.requests.push(0);
            }
        }
        people.become_diligent();
        self.the_end(people);
        self.check_tabs(people);
        self.check_quiet_times();
        self.figures.hours = hours;
        self.figures.took = began.elapsed();
        self.figures.faults = self.machine.sandbox.faults_struck();
        let tabs = people.tabs();
        self.figures.tabs = [Mood::Answers, Mood::Denies, Mood::Ignores, Mood::Stops]
            .map(|mood| tabs.iter().filter(|tab| tab.mood == mood).count());
        self.remove_shared_memory();
        (self.violations, self.figures)
    }

    /// Some minutes later: everybody at once.
    fn round(&mut self) {
        let minutes = 4 + self.random.below(5);
        self.later(i64::try_from(minutes).unwrap() * MINUTE);
        self.change_weather();
        let calls = self.draw();
        let asked = calls.iter().flatten();
        let asked: BTreeSet<usize> = asked
            .filter(|call| matches!(call.deed, Deed::Login | Deed::Logout))
            .map(|call| self.roles[call.role].account)
            .collect();
        let said_ended = self.weather.as_ref().is_some_and(|weather| weather.says_ended);
        let safe: Vec<bool> = self
            .honoured
            .iter()
            .enumerate()
            .map(|(account, honoured)| *honoured && !said_ended && !asked.contains(&account))
            .collect();
        self.rounds.push(Round { from: self.clock.now(), safe: safe.clone(), asked });
        self.make(calls);
        self.look(&safe);
    }

    /// Moves the clock. A refresh token whose successor was lost has had its grace period then.
    fn later(&mut self, seconds: i64) {
        self.let_renewals_end();
        let before = self.honour();
        for account in 0..self.accounts.len() {
            if let Some((_, until)) = self.watch.quiet_until(account) {
                self.quiet.push(Quiet { account, from: self.clock.now(), until });
            }
        }
        let followed = self.follow(&before);
        self.clock.go_on(self.machine, seconds - followed);
        self.watch.age_unfinished(self.clock.now());
        self.honoured = self.honour();
        let lost = before.iter().zip(&self.honoured).filter(|(before, now)| **before && !**now).count();
        self.figures.lost_answers += lost;
        if lost > 0 && !self.troubled.contains(&true) {
            self.violate("a refresh token was lost although nothing went wrong");
        }
    }

    /// Unless they hang: what a renewal is just saving must not count as lost.
    fn let_renewals_end(&self) {
        let until = Instant::now() + Duration::from_secs(1);
        while !running(self.machine, "renew").is_empty() && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn honour(&mut self) -> Vec<bool> {
        self.watch.honoured().unwrap_or_else(|why| {
            self.violate(&why);
            vec![false; self.accounts.len()]
        })
    }

    fn change_weather(&mut self) {
        match &mut self.weather {
            Some(weather) if weather.rounds > 0 => weather.rounds -= 1,
            Some(_) => {
                self.machine.sandbox.clear_faults();
                self.weather = None;
            }
            // The first tabs come to the end that is meant for them.
            None if self.rounds.len() >= people::MEANT.len() && self.random.below(2) == 0 => {
                self.weather = Some(Weather::begin(self.machine, &mut self.random));
            }
            None => {}
        }
        if self.random.below(150) == 0 {
            let person = self.accounts[self.random.below(self.accounts.len())].person;
            self.machine.sandbox.revoke_all(person);
            self.honoured = self.honour();
        }
    }

    /// What each caller does in a round.
    fn draw(&mut self) -> Vec<Vec<Call>> {
        let roles = self.roles;
        let random = &mut self.random;
        let mut calls: Vec<Vec<Call>> = (0..CALLERS)
            .map(|_| {
                (0..=random.below(2)).map(|_| Call::of_a_tool(random.below(roles.len()), random)).collect()
            })
            .collect();
        let role = random.below(roles.len());
        let deed = match random.below(60) {
            0..6 if roles[role].is_free(self.accounts) => {
                Some(Deed::Edit("role", ["Developer", "ReadOnly", ""][random.below(3)]))
            }
            0..8 => Some(Deed::Edit("lang", ["de", ""][random.below(2)])),
            8..14 => Some(Deed::Edit("refresh-margin", ["25m", "15m", ""][random.below(3)])),
            14..17 => Some(Deed::Login),
            17 | 18 => Some(Deed::Logout),
            _ => None,
        };
        // A profile whose own margin was set is left with it.
        let margin = matches!(deed, Some(Deed::Edit("refresh-margin", _)));
        if let Some(deed) = deed.filter(|_| !margin || roles[role].is_free(self.accounts)) {
            calls.push(vec![Call::of_a_person(role, deed, random)]);
        }
        // Where no call may open a tab, a person has to come now and then.
        let attended = |account: &usize| !self.accounts[*account].interactive && !self.honoured[*account];
        for account in (0..self.accounts.len()).filter(attended) {
            let role = roles.iter().position(|role| role.account == account).unwrap();
            if random.below(4) == 0 {
                calls.push(vec![Call::of_a_person(role, Deed::Login, random)]);
            }
        }
        calls
    }

    /// Makes the calls of a round, and kills in the background meanwhile.
    fn make(&mut self, calls: Vec<Vec<Call>>) {
        let mut allowed: Vec<BTreeSet<String>> =
            (0..self.roles.len()).map(|role| BTreeSet::from([self.watch.role(role)])).collect();
        for call in calls.iter().flatten() {
            if let Deed::Edit("role", value) = call.deed {
                let value = if value.is_empty() { self.roles[call.role].expected } else { value };
                allowed[call.role].insert(value.to_owned());
            }
        }
        let victim = match self.random.below(12) {
            0..3 => Some(("renew", Duration::from_millis(30))),
            3 => Some(("sign-in", Duration::from_millis(700))),
            _ => None,
        };
        let victim = victim.map(|(command, life)| (command, self.random.up_to(life)));
        let (machine, clock, roles) = (self.machine, self.clock, self.roles);
        let done = Mutex::new(Vec::new());
        let killed = thread::scope(|scope| {
            for calls in calls {
                let done = &done;
                scope.spawn(move || {
                    for call in calls {
                        let made = call.make(machine, clock, roles);
                        done.lock().unwrap_or_else(PoisonError::into_inner).push(made);
                    }
                });
            }
            victim.map_or_else(Vec::new, |(command, after)| chaos::kill_detached(machine, command, after))
        });
        self.figures.detached_kills += killed.len();
        let done = done.into_inner().unwrap();
        let trouble =
            self.weather.is_some() || !killed.is_empty() || done.iter().any(|done: &Done| done.killed);
        self.troubled = [trouble, self.troubled[0]];
        self.processes.extend(killed);
        for done in done {
            self.answered(&done, &allowed[done.call.role]);
        }
    }

    fn answered(&mut self, done: &Done, allowed: &BTreeSet<String>) {
        self.processes.push(done.process);
        self.figures.count(done, self.roles[done.call.role].profile);
        if let Err(why) = self.judge.judge(done, allowed) {
            self.violate(&format!("{why}: {} {done:?}", self.roles[done.call.role].profile));
        }
    }

    /// Looks at the machine after a round.
    fn look(&mut self, safe: &[bool]) {
        if let Err(why) = self.watch.files() {
            self.violate(&why);
        }
        self.figures.unfinished = self.figures.unfinished.max(self.watch.unfinished().len());
        let honoured = self.honour();
        for account in 0..self.accounts.len() {
            if safe[account] && !honoured[account] {
                let login = self.watch.login(account);
                self.violate(&format!("login {account} was lost: {:?}", login.map(|login| login.is_some())));
            }
            self.figures.ended += usize::from(self.honoured[account] && !safe[account] && !honoured[account]);
        }
        self.count_requests();
    }

    fn count_requests(&mut self) {
        let counts = self.machine.sandbox.counts();
        self.machine.sandbox.clear_log();
        self.figures.refreshes += counts.token_refresh;
        self.figures.exchanges += counts.get_credentials + counts.assume_role;
        let asked = counts.total - counts.authorize - counts.login;
        match self.figures.requests.last_mut() {
            Some(hour) => *hour += asked,
            None => self.figures.requests.push(asked),
        }
    }

    fn violate(&mut self, why: &str) {
        let weather = &self.weather;
        let text = format!("at {} in round {} ({weather:?}): {why}", self.clock.now(), self.rounds.len());
        println!("VIOLATED {text}");
        self.violations.push(text);
    }

    /// faketime's library leaves its shared memory behind where a process is killed or becomes another.
    fn remove_shared_memory(&self) {
        for process in &self.processes {
            for kind in ["faketime_shm", "sem.faketime_sem"] {
                let _ = fs::remove_file(format!("/dev/shm/{kind}_{process}"));
            }
        }
        wait_until("the end of everything", || DETACHED.iter().all(|c| running(self.machine, c).is_empty()));
    }
}
