//! One person's machine for a test: a home, a profile, a browser that is an HTTP client, and the
//! sandbox as the world outside. The program under test is the real binary.

#![allow(dead_code, reason = "every test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

pub mod backend;
pub mod cases;
pub mod faketime;
pub mod findings;
pub mod generated;
mod ports;
pub mod processes;
pub mod shim;
pub mod snapshot;
pub mod terminal;

pub use ports::free_port;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cognito_creds::lock::Lock;
use cognito_creds::profile::Profile;
use cognito_creds::store::{Kernel, Store};
use cognito_sandbox::{Person, Sandbox, World};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The binary under test. Cargo names it to the tests of its own package; tests/bench is another one.
pub const PROGRAM: &str = match option_env!("CARGO_BIN_EXE_cognito-creds") {
    Some(path) => path,
    None => "",
};

/// [`PROGRAM`], or what tests/bench/run.sh built.
fn program() -> String {
    if PROGRAM.is_empty() { std::env::var("COGNITO_CREDS_PROGRAM").unwrap() } else { PROGRAM.to_owned() }
}

/// The login lies where a test can look at it.
pub const IN_A_FILE: &str = "cognito_store = file\n";

/// A machine with one profile, `dev`, and the world it talks to.
pub struct Machine {
    /// The world outside.
    pub sandbox: Sandbox,
    /// The port of the loopback redirect.
    pub port: u16,
    home: tempfile::TempDir,
    starts: Vec<String>,
    variables: Vec<(String, String)>,
    people: Vec<(Arc<AtomicBool>, JoinHandle<()>)>,
}

/// What a run of the program gave.
#[derive(Debug)]
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
}

impl Ran {
    /// What a started program gives in the end.
    pub fn of(child: Child) -> Self {
        child.wait_with_output().unwrap().into()
    }

    /// The credentials document, from a run that must have succeeded without a word on stderr.
    pub fn document(&self) -> serde_json::Value {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:?}");
        assert!(self.stdout.ends_with("}\n") && self.stdout.matches('\n').count() == 1, "{}", self.stdout);
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The same without what stderr got before the two lines of its failure: the address to open.
    #[must_use]
    pub fn in_the_end(mut self) -> Self {
        let lines: Vec<_> = self.stderr.lines().collect();
        self.stderr = lines[lines.len().saturating_sub(2)..].join("\n");
        self
    }

    /// The two lines of a run that must have failed with an empty stdout.
    pub fn failure(&self) -> (String, String) {
        assert_eq!((self.code, self.stdout.as_str()), (1, ""), "{self:?}");
        let lines: Vec<_> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{}", self.stderr);
        (lines[0].to_owned(), lines[1].to_owned())
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Machine {
    /// A machine whose login lies in a file, so that a test can look at it, and whose credentials
    /// are cached as they are by default.
    pub fn new() -> Self {
        Self::with(IN_A_FILE)
    }

    /// The same with these lines in the profile instead of the store's.
    pub fn with(keys: &str) -> Self {
        let machine = Self::bare();
        let redirect = format!("http://localhost:{}/callback", machine.port);
        let profile = machine.sandbox.profile("dev", &redirect);
        machine.configure(&format!("{profile}{keys}"));
        machine
    }

    /// A machine without a config file.
    pub fn bare() -> Self {
        let sandbox = Sandbox::start(World::default()).unwrap();
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join(".aws")).unwrap();
        let (starts, variables, people) = (vec![program()], Vec::new(), Vec::new());
        let machine = Self { sandbox, port: free_port(), home, starts, variables, people };
        let script = format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", machine.path("tabs").display());
        fs::write(machine.path("browser"), script).unwrap();
        fs::set_permissions(machine.path("browser"), fs::Permissions::from_mode(0o755)).unwrap();
        machine
    }

    /// A path in the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// From now on, these words start the program: another build of it behind what runs that here.
    pub fn start_by(&mut self, words: &[&str]) {
        self.starts = words.iter().map(|word| (*word).to_owned()).collect();
    }

    /// Sets a variable for every program on this machine.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Takes back what was set.
    pub fn unset(&mut self, name: &str) {
        self.variables.retain(|(set, _)| set != name);
    }

    /// Replaces the config file.
    pub fn configure(&self, text: &str) {
        fs::write(self.path(".aws/config"), text).unwrap();
    }

    /// Adds lines to the config file.
    pub fn add(&self, text: &str) {
        let config = fs::read_to_string(self.path(".aws/config")).unwrap();
        self.configure(&format!("{config}{text}"));
    }

    /// Somebody sits at the browser: every tab that opens is played to its end.
    pub fn seat(&mut self, person: Person) {
        let (stop, tabs) = (Arc::new(AtomicBool::new(false)), self.path("tabs"));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut seen = lines(&tabs).len();
            while !stopped.load(Ordering::Relaxed) {
                for url in lines(&tabs).into_iter().skip(seen) {
                    seen += 1;
                    // A page that can't be reached is the test's to notice.
                    let _ = person.sign_in(&url);
                }
                thread::sleep(Duration::from_millis(10));
            }
        });
        self.people.push((stop, thread));
    }

    /// Nobody sits at the browser any more.
    pub fn leave(&mut self) {
        for (stop, thread) in self.people.drain(..) {
            stop.store(true, Ordering::Relaxed);
            thread.join().unwrap();
        }
    }

    /// The addresses of all tabs that were opened.
    pub fn tabs(&self) -> Vec<String> {
        lines(&self.path("tabs"))
    }

    /// The program with arguments, in an environment that has nothing but this machine.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(&self.starts[0]);
        command.args(&self.starts[1..]).args(args);
        command
    }

    /// A shell in the same environment, with one line to run.
    pub fn shell(&self, line: &str) -> Command {
        let mut command = self.program("/bin/sh");
        command.args(["-c", line]);
        command
    }

    /// Another program in the same environment.
    pub fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("BROWSER", self.path("browser"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.command(args).output().unwrap().into()
    }

    /// Runs the program to its end with further variables.
    pub fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        self.command(args).envs(variables.iter().copied()).output().unwrap().into()
    }

    /// Calls it as an SDK does.
    pub fn call(&self) -> Ran {
        self.run(&["credential-process", "--profile", "dev"])
    }

    /// The same with further variables.
    pub fn call_with(&self, variables: &[(&str, &str)]) -> Ran {
        self.run_with(&["credential-process", "--profile", "dev"], variables)
    }

    /// Starts it as an SDK does.
    pub fn start(&self) -> Child {
        self.command(&["credential-process", "--profile", "dev"]).spawn().unwrap()
    }

    /// The stored login of a machine with `cognito_store = file`, as JSON.
    pub fn login(&self) -> Option<serde_json::Value> {
        Some(serde_json::from_slice(&fs::read(self.login_file()?).unwrap()).unwrap())
    }

    /// The cached credentials come to their end.
    pub fn let_credentials_end(&self) {
        let (profile, cache) = (self.profile(), Kernel::cache());
        assert!(cache.load(&profile.credentials_entry()).unwrap().is_some(), "nothing was cached");
        cache.delete(&profile.credentials_entry()).unwrap();
    }

    /// The stored ID token comes to its end.
    pub fn let_id_token_end(&self) {
        let_id_token_end(&self.login_file().unwrap());
    }

    /// Where it lies.
    pub fn login_file(&self) -> Option<PathBuf> {
        login_file(self.home.path())
    }

    /// Sign-ins of the past keep nobody from the next one. One that has just told its end may still be
    /// leaving, and a call that finds it would join it.
    pub fn forget_sign_ins(&self) {
        self.wait_for_the_end_of_sign_ins();
        for record in self.files_like(".sign-in.json") {
            fs::remove_file(record).unwrap();
        }
    }

    /// A sign-in that still runs is told that another took over, and leaves.
    fn end_sign_ins(&self) {
        for record in self.files_like(".sign-in.json") {
            let text = fs::read_to_string(&record).unwrap_or_default();
            let _ = fs::write(record, text.replacen("\"attempt\":\"", "\"attempt\":\"another ", 1));
        }
        self.wait_for_the_end_of_sign_ins();
    }

    /// For three seconds at most.
    fn wait_for_the_end_of_sign_ins(&self) {
        let until = Instant::now() + Duration::from_secs(3);
        let runs = |lock: &PathBuf| Lock::is_held(lock, Duration::ZERO).unwrap_or(false);
        while self.files_like(".sign-in.lock").iter().any(runs) && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// A file stands where the folder for locks and notes was.
    pub fn lose_state_folder(&self) {
        let folder = self.path(".local/state/cognito-creds");
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, "").unwrap();
    }

    /// The profile as the program reads it.
    pub fn profile(&self) -> Profile {
        self.profile_with_state(&self.path(".local/state/cognito-creds").to_string_lossy())
    }

    /// The same where the folder for locks and notes is another.
    pub fn profile_with_state(&self, state: &str) -> Profile {
        let home = self.home.path().to_owned();
        let set = |name: &str| {
            self.variables.iter().rev().find(|(set, _)| set == name).map(|(_, value)| value.clone())
        };
        let env =
            |name: &str| if name == "HOME" { Some(home.to_string_lossy().into_owned()) } else { set(name) };
        Profile::load("dev", &env, state).unwrap()
    }

    /// Every file under the home.
    pub fn files(&self) -> Vec<PathBuf> {
        files(self.home.path())
    }

    fn files_like(&self, end: &str) -> Vec<PathBuf> {
        self.files().into_iter().filter(|path| path.to_string_lossy().ends_with(end)).collect()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for (stop, _) in &self.people {
            stop.store(true, Ordering::Relaxed);
        }
        self.end_sign_ins();
    }
}

/// A machine whose profile has these keys, where alice has signed in and nobody sits at the browser any
/// more; her credentials live.
pub fn with_credentials(keys: &str) -> Machine {
    let mut machine = Machine::with(keys);
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine
}

/// A machine that is signed in and needs its login at the next call.
pub fn signed_in() -> Machine {
    let machine = with_credentials(IN_A_FILE);
    machine.let_credentials_end();
    machine
}

/// The one login below a home.
pub fn login_file(home: &Path) -> Option<PathBuf> {
    let mut logins = files(home).into_iter().filter(|p| {
        let name = p.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("login.") && name.matches('.').count() == 1
    });
    let found = logins.next()?;
    assert!(logins.next().is_none(), "one login, one item");
    Some(found)
}

/// The ID token of a login in this file comes to its end.
pub fn let_id_token_end(file: &Path) {
    let mut login: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let token = login["id_token"].as_str().unwrap().to_owned();
    let parts: Vec<_> = token.split('.').collect();
    let mut claims: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["exp"] = 1.into();
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    login["id_token"] = format!("{}.{claims}.{}", parts[0], parts[2]).into();
    fs::write(file, login.to_string()).unwrap();
}

/// Whatever was wrong is mended: the login is as it was, and serves without a person.
pub fn assert_nothing_was_lost(machine: &Machine, login: &serde_json::Value) {
    assert_eq!(machine.login().as_ref(), Some(login));
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
}

/// alice, who has two groups with roles and a preference.
pub fn alice() -> Person {
    Person::new("alice", "password")
}

/// Waits until `done`; panics with `what` after half a minute.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < until, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}
