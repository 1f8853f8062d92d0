//! What lies on the machine between two rounds: logins, files, keys.

use crate::cast::{Account, Role};
use crate::support::Machine;
use cognito_creds::journal::{Outcome, SignIn};
use cognito_creds::login::Login;
use cognito_creds::profile::Profile;
use cognito_creds::store::{Files, Kernel, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The lines of the config file that the editor may change.
const EDITED: [&str; 3] = ["cognito_role =", "cognito_refresh_margin =", "cognito_lang ="];

/// No tab opens so soon, in seconds, after one that nobody completed.
const NO_NAG: i64 = 5 * 60;
/// Nor so soon after one that was refused.
const FAILED_FOR: i64 = 60;

/// Why nobody is asked again so soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nobody completed the sign-in.
    Unanswered,
    /// Somebody stopped it.
    Stopped,
    /// It came back with a refusal.
    Refused,
}

impl Why {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unanswered, Self::Stopped, Self::Refused];
}

/// Looks at one machine.
pub struct Watch<'a> {
    machine: &'a Machine,
    accounts: &'a [Account],
    roles: &'a [Role],
    kept_lines: Vec<String>,
    /// When each unfinished file was first seen, in simulated seconds since the epoch.
    unfinished: BTreeMap<PathBuf, i64>,
}

impl<'a> Watch<'a> {
    /// Remembers how the config file began.
    pub fn new(machine: &'a Machine, accounts: &'a [Account], roles: &'a [Role]) -> Self {
        let kept_lines = foreign_lines(machine);
        Self { machine, accounts, roles, kept_lines, unfinished: BTreeMap::new() }
    }

    /// A profile as the program reads it.
    pub fn profile(&self, role: usize) -> Profile {
        let home = self.machine.path("").to_string_lossy().trim_end_matches('/').to_owned();
        let state = format!("{home}/.local/state/cognito-creds");
        let env = |name: &str| (name == "HOME").then(|| home.clone());
        Profile::load(self.roles[role].profile, &env, &state).unwrap()
    }

    /// The name of the role that a profile's credentials must have.
    pub fn role(&self, role: usize) -> String {
        self.profile(role).role.unwrap_or_else(|| self.roles[role].expected.to_owned())
    }

    /// The live login of an account.
    pub fn login(&self, account: usize) -> Result<Option<Login>, String> {
        let role = self.roles.iter().position(|role| role.account == account).unwrap();
        let store: Box<dyn Store> = if self.accounts[account].in_a_file {
            Box::new(Files::new(self.machine.path(".local/share/cognito-creds")))
        } else {
            Box::new(Kernel::login())
        };
        let stored = store.load(&self.profile(role).login_entry()).map_err(|e| e.to_string())?;
        let Some(bytes) = stored else { return Ok(None) };
        let login = Login::from_bytes(&bytes).ok_or("a torn login")?;
        Ok(Some(login).filter(|login| !login.has_ended()))
    }

    /// Whether the server would still take the stored refresh token of each account.
    pub fn honoured(&self) -> Result<Vec<bool>, String> {
        (0..self.accounts.len())
            .map(|account| {
                let client = self.accounts[account].client;
                let honours =
                    |login: Login| self.machine.sandbox.honours(client, login.refresh_token.expose());
                Ok(self.login(account)?.is_some_and(honours))
            })
            .collect()
    }

    /// Why and until when no tab may open for an account unless a person asks for one, in seconds since the
    /// epoch.
    pub fn quiet_until(&self, account: usize) -> Option<(Why, i64)> {
        let role = self.roles.iter().position(|role| role.account == account).unwrap();
        let file = format!("{}.sign-in.json", self.profile(role).login_entry().as_str());
        let text = fs::read(self.state().join(file)).ok()?;
        let last: SignIn = serde_json::from_slice(&text).ok()?;
        let ended = last.ended.unwrap_or(last.started).as_unix();
        match last.outcome {
            None => Some((Why::Unanswered, ended + NO_NAG)),
            Some(Outcome::Stopped) => Some((Why::Stopped, ended + NO_NAG)),
            Some(Outcome::Failed(_)) => Some((Why::Refused, ended + FAILED_FOR)),
            Some(Outcome::Completed | Outcome::NotBegun(_)) => None,
        }
    }

    /// Whether a sign-in runs for an account.
    pub fn is_signing_in(&self, account: usize) -> bool {
        let role = self.roles.iter().position(|role| role.account == account).unwrap();
        cognito_creds::sign_in::is_running(&self.state(), &self.profile(role)).unwrap()
    }

    fn state(&self) -> PathBuf {
        self.machine.path(".local/state/cognito-creds")
    }

    /// What is wrong with the files.
    pub fn files(&self) -> Result<(), String> {
        let lines = foreign_lines(self.machine);
        if lines != self.kept_lines {
            let changed = lines.iter().zip(&self.kept_lines).find(|(now, before)| now != before);
            return Err(format!("lines of the config file that are none of ours have changed: {changed:?}"));
        }
        for path in self.ours() {
            // A temporary file may be gone by now.
            let Ok(found) = fs::symlink_metadata(&path) else { continue };
            if !found.is_file() || found.mode() & 0o7777 != 0o600 {
                return Err(format!("{} has mode {:o}", path.display(), found.mode()));
            }
            let folder = fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o7777;
            if folder != 0o700 {
                return Err(format!("the folder of {} has mode {folder:o}", path.display()));
            }
        }
        Ok(())
    }

    /// All files of the program's.
    pub fn ours(&self) -> Vec<PathBuf> {
        let folders = [".local/share/cognito-creds", ".local/state/cognito-creds"];
        let entries =
            folders.iter().filter_map(|folder| fs::read_dir(self.machine.path(folder)).ok()).flatten();
        entries.flatten().map(|entry| entry.path()).collect()
    }

    /// The unfinished ones; also those beside the config file.
    pub fn unfinished(&self) -> Vec<PathBuf> {
        let beside = fs::read_dir(self.machine.path(".aws")).unwrap().flatten().map(|entry| entry.path());
        self.ours().into_iter().chain(beside).filter(|path| is_unfinished(path)).collect()
    }

    /// Gives unfinished files the age that they have by the simulated clock.
    pub fn age_unfinished(&mut self, now: i64) {
        let found: BTreeSet<_> = self.unfinished().into_iter().collect();
        self.unfinished.retain(|path, _| found.contains(path));
        for path in found {
            let seen = *self.unfinished.entry(path.clone()).or_insert(now);
            let born = SystemTime::UNIX_EPOCH + Duration::from_secs(seen.unsigned_abs());
            if let Ok(file) = fs::File::options().write(true).open(path) {
                file.set_modified(born).unwrap();
            }
        }
    }

    /// The cache entries of all profiles that have credentials in the kernel's keyring.
    pub fn cached(&self) -> Vec<&'static str> {
        let held =
            |role: &usize| Kernel::cache().load(&self.profile(*role).credentials_entry()).unwrap().is_some();
        (0..self.roles.len()).filter(held).map(|role| self.roles[role].profile).collect()
    }
}

fn is_unfinished(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tmp")
}

fn foreign_lines(machine: &Machine) -> Vec<String> {
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let is_foreign = |line: &&str| !EDITED.iter().any(|key| line.starts_with(key));
    config.split_inclusive('\n').filter(is_foreign).map(str::to_owned).collect()
}
