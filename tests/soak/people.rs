//! The person at the browser, who answers a tab after a while, denies it, never looks at it, or stops what
//! opened it.

use crate::cast::{Account, Role};
use crate::chaos;
use crate::random::Random;
use crate::support::Machine;
use cognito_sandbox::Person;
use std::collections::HashMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How the person takes a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Signs in, sooner or later.
    Answers,
    /// Presses Cancel.
    Denies,
    /// Never looks at it.
    Ignores,
    /// Ends the sign-in by a signal.
    Stops,
}

/// How the first tabs are taken, so that no day passes without each.
pub const MEANT: [Mood; 6] =
    [Mood::Denies, Mood::Ignores, Mood::Stops, Mood::Denies, Mood::Stops, Mood::Ignores];

/// One tab.
#[derive(Debug, Clone)]
pub struct Tab {
    /// Whose login it is for, as an index.
    pub account: usize,
    /// When it opened, in simulated seconds since the epoch.
    pub at: i64,
    /// What the person did.
    pub mood: Mood,
}

/// All tabs so far.
#[derive(Debug)]
pub struct People {
    tabs: Mutex<Vec<Tab>>,
    always_answer: AtomicBool,
    gone: AtomicBool,
}

/// Puts a browser on the machine that notes when it is opened, and where.
pub fn install_browser(machine: &Machine) {
    let tabs = machine.path("tabs");
    let script = format!("#!/bin/sh\nprintf '%s %s\\n' \"$(date +%s)\" \"$1\" >>'{}'\n", tabs.display());
    fs::write(machine.path("browser"), script).unwrap();
}

impl People {
    /// Nobody has opened anything.
    pub fn new() -> Self {
        Self { tabs: Mutex::default(), always_answer: AtomicBool::new(false), gone: AtomicBool::new(false) }
    }

    /// Every tab from now on is answered.
    pub fn become_diligent(&self) {
        self.always_answer.store(true, Ordering::Relaxed);
    }

    /// Ends [`Self::sit`].
    pub fn leave(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// The tabs that have opened.
    pub fn tabs(&self) -> Vec<Tab> {
        self.tabs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sits at the browser until [`Self::leave`].
    pub fn sit(&self, machine: &Machine, (accounts, roles): (&[Account], &[Role]), mut random: Random) {
        let mut seen = 0;
        while !self.gone.load(Ordering::Relaxed) {
            let opened = fs::read_to_string(machine.path("tabs")).unwrap_or_default();
            for line in opened.lines().skip(seen) {
                seen += 1;
                let (at, address) = line.split_once(' ').unwrap();
                let account = whose(address, accounts);
                let mood = self.mood(seen, &mut random);
                let tab = Tab { account, at: at.parse().unwrap(), mood };
                self.tabs.lock().unwrap_or_else(PoisonError::into_inner).push(tab);
                let (address, after) = (address.to_owned(), random.up_to(Duration::from_millis(600)));
                let person = match mood {
                    Mood::Answers => accounts[account].somebody(),
                    Mood::Denies => Person::deny(),
                    Mood::Ignores => continue,
                    Mood::Stops => {
                        chaos::stop_sign_ins(machine, &of(account, roles));
                        continue;
                    }
                };
                // Nobody waits for a browser whose page hangs.
                thread::spawn(move || {
                    thread::sleep(after);
                    // What goes wrong here is the day's weather.
                    let _ = person.sign_in(&address);
                });
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// How the tab of this number is taken, counted from 1.
    fn mood(&self, number: usize, random: &mut Random) -> Mood {
        let drawn = random.below(20);
        match drawn {
            _ if self.always_answer.load(Ordering::Relaxed) => Mood::Answers,
            _ if number <= MEANT.len() => MEANT[number - 1],
            0..14 => Mood::Answers,
            14 | 15 => Mood::Denies,
            16 => Mood::Stops,
            _ => Mood::Ignores,
        }
    }
}

/// The profiles of an account.
fn of(account: usize, roles: &[Role]) -> Vec<&'static str> {
    roles.iter().filter(|role| role.account == account).map(|role| role.profile).collect()
}

fn whose(address: &str, accounts: &[Account]) -> usize {
    let url = url::Url::parse(address).unwrap();
    let query: HashMap<_, _> = url.query_pairs().collect();
    let redirect = url::Url::parse(&query["redirect_uri"]).unwrap();
    accounts.iter().position(|account| Some(account.port) == redirect.port()).unwrap()
}
