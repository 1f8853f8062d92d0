//! What callers do, and what must come of it.

use crate::cast::Role;
use crate::chaos;
use crate::clock::Clock;
use crate::random::Random;
use crate::support::{Machine, Ran};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// How long a person at a terminal waits for `login`.
const PATIENCE: Duration = Duration::from_secs(3);

/// One of the program's commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// `credential-process`.
    Credentials,
    /// `token`.
    Token,
    /// `status --json`.
    Status,
    /// `exec`.
    Exec,
    /// `login`.
    Login,
    /// `logout`.
    Logout,
    /// `configure`: this key gets this value, or none.
    Edit(&'static str, &'static str),
}

/// A call that is going to be made.
#[derive(Debug, Clone)]
pub struct Call {
    /// Index of the profile.
    pub role: usize,
    /// What is done.
    pub deed: Deed,
    after: Duration,
    killed_after: Option<Duration>,
}

impl Call {
    /// Something that a tool does, some of them killed.
    pub fn of_a_tool(role: usize, random: &mut Random) -> Self {
        let deed = match random.below(20) {
            0..14 => Deed::Credentials,
            14 | 15 => Deed::Token,
            16 | 17 => Deed::Status,
            _ => Deed::Exec,
        };
        let killed = random.below(10) == 0;
        let after = random.up_to(Duration::from_millis(60));
        let killed_after = killed.then(|| random.up_to(Duration::from_millis(120)));
        Self { role, deed, after, killed_after }
    }

    /// Something that a person does at a terminal.
    pub fn of_a_person(role: usize, deed: Deed, random: &mut Random) -> Self {
        let killed = matches!(deed, Deed::Edit(..)) && random.below(5) == 0;
        let killed_after = match deed {
            Deed::Login => Some(PATIENCE),
            _ => killed.then(|| random.up_to(Duration::from_millis(15))),
        };
        Self { role, deed, after: random.up_to(Duration::from_millis(60)), killed_after }
    }

    /// A call at once that nobody kills.
    pub fn undisturbed(role: usize, deed: Deed) -> Self {
        Self { role, deed, after: Duration::ZERO, killed_after: None }
    }

    /// Makes it.
    pub fn make(&self, machine: &Machine, clock: &Clock, roles: &[Role]) -> Done {
        thread::sleep(self.after);
        let name = roles[self.role].profile;
        let flag;
        let args: Vec<&str> = match self.deed {
            Deed::Credentials => vec!["credential-process", "--profile", name],
            Deed::Token => vec!["token", "--profile", name],
            Deed::Status => vec!["status", "--json", "--profile", name],
            Deed::Exec => {
                vec![
                    "exec",
                    "--profile",
                    name,
                    "--",
                    "printenv",
                    "AWS_ACCESS_KEY_ID",
                    "AWS_CREDENTIAL_EXPIRATION",
                ]
            }
            Deed::Login => vec!["login", "--profile", name],
            Deed::Logout => vec!["logout", "--profile", name],
            Deed::Edit(key, value) => {
                flag = format!("--{key}");
                vec!["configure", "--profile", name, &flag, value]
            }
        };
        let mut command = machine.command(&args);
        let began = Instant::now();
        let mut child = clock.set(&mut command).spawn().unwrap();
        let process = child.id();
        if let Some(limit) = self.killed_after
            && !ends_within(&mut child, limit)
        {
            chaos::kill(process);
        }
        let output = child.wait_with_output().unwrap();
        Done {
            call: self.clone(),
            process,
            killed: output.status.signal() == Some(9),
            ran: output.into(),
            took: began.elapsed(),
            until: clock.now(),
        }
    }
}

fn ends_within(child: &mut Child, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    loop {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        thread::sleep(left.min(Duration::from_millis(2)));
    }
}

/// A call that was made.
#[derive(Debug)]
pub struct Done {
    /// Which.
    pub call: Call,
    /// Its number.
    pub process: u32,
    /// Whether it was killed before it ended.
    pub killed: bool,
    /// What it gave.
    pub ran: Ran,
    /// How long it took, by the true clock.
    pub took: Duration,
    /// When it ended, in simulated seconds since the epoch.
    pub until: i64,
}

/// What answers are judged by.
pub struct Judge<'a> {
    /// The world that gave the credentials out.
    pub machine: &'a Machine,
    /// The profiles.
    pub roles: &'a [Role],
    /// The person of each profile.
    pub people: Vec<String>,
    /// The person of each identity that was seen.
    pub identities: BTreeMap<String, String>,
}

impl Judge<'_> {
    /// What is wrong with a call's answer. `allowed` are the names of the roles that its profile has or had
    /// while it ran.
    pub fn judge(&mut self, done: &Done, allowed: &BTreeSet<String>) -> Result<(), String> {
        let Ran { code, stdout, stderr } = &done.ran;
        if done.killed && (stdout.is_empty() || done.call.deed == Deed::Login) {
            return Ok(());
        }
        if *code == 1 {
            return failed(done);
        }
        if *code != 0 && !done.killed {
            return Err(format!("exit code {code}"));
        }
        let is_quiet = matches!(done.call.deed, Deed::Credentials | Deed::Token | Deed::Status | Deed::Exec);
        if is_quiet && !stderr.is_empty() {
            return Err("a word on stderr".to_owned());
        }
        match done.call.deed {
            Deed::Credentials => {
                let one_line = stdout.ends_with("}\n") && stdout.matches('\n').count() == 1;
                let document: serde_json::Value = serde_json::from_str(stdout).map_err(|e| e.to_string())?;
                let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
                if !one_line || document["Version"] != 1 {
                    return Err("not one document on one line".to_owned());
                }
                self.credentials(done, &text("AccessKeyId"), &text("Expiration"), allowed)
            }
            // A killed one may have become the command that was killed.
            Deed::Exec if done.killed => Ok(()),
            Deed::Exec => {
                let (key, expiration) = stdout.trim_end().split_once('\n').unwrap_or_default();
                self.credentials(done, key, expiration, allowed)
            }
            Deed::Token => self.token(done, stdout.trim_end()),
            Deed::Status => {
                let status: serde_json::Value = serde_json::from_str(stdout).map_err(|e| e.to_string())?;
                let name = status[0]["profile"].as_str();
                (name == Some(self.roles[done.call.role].profile))
                    .then_some(())
                    .ok_or("another profile".to_owned())
            }
            Deed::Login | Deed::Logout | Deed::Edit(..) => Ok(()),
        }
    }

    fn credentials(
        &mut self,
        done: &Done,
        key: &str,
        expiration: &str,
        allowed: &BTreeSet<String>,
    ) -> Result<(), String> {
        let (holder, ends) = self.machine.sandbox.holder(key).ok_or("credentials that nobody gave out")?;
        let said = cognito_creds::clock::Timestamp::from_unix(ends).rfc3339();
        if said.as_deref() != Some(expiration) {
            return Err(format!("Expiration {expiration}, but the credentials end {said:?}"));
        }
        if ends <= done.until {
            return Err(format!("credentials that ended {} s ago", done.until - ends));
        }
        let role = holder.role_arn.rsplit('/').next().unwrap_or_default();
        if !allowed.contains(role) {
            return Err(format!("credentials of role {role}, not {allowed:?}"));
        }
        let person = &self.people[done.call.role];
        let known = self.identities.entry(holder.identity_id).or_insert_with(|| person.clone());
        if known == person { Ok(()) } else { Err(format!("credentials of {known}, not {person}")) }
    }

    fn token(&self, done: &Done, token: &str) -> Result<(), String> {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims: serde_json::Value =
            claims.and_then(|text| serde_json::from_slice(&text).ok()).ok_or("no JWT")?;
        if claims["exp"].as_i64().unwrap_or_default() <= done.until {
            return Err("an ID token that has ended".to_owned());
        }
        let person = self.people[done.call.role].as_str();
        // Other OpenID providers call it so.
        let email = claims["email"].as_str().or(claims["preferred_username"].as_str()).unwrap_or_default();
        let is_theirs = email.split('@').next() == Some(person);
        is_theirs.then_some(()).ok_or_else(|| format!("the token of {email}"))
    }
}

/// What is wrong with a call that failed.
fn failed(done: &Done) -> Result<(), String> {
    let Ran { stdout, stderr, .. } = &done.ran;
    let lines = stderr.lines().count();
    match done.call.deed {
        Deed::Status => Err("status failed".to_owned()),
        Deed::Edit(..) => Err("configure failed".to_owned()),
        // The address to open comes before the end.
        Deed::Login if lines >= 2 => Ok(()),
        _ if !stdout.is_empty() => Err("stdout of a failure".to_owned()),
        _ if lines != 2 => Err(format!("{lines} lines on stderr")),
        _ => Ok(()),
    }
}
