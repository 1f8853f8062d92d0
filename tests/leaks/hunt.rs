//! A machine, and all that anybody could read on it.

use super::secrets::Secrets;
use super::support::{Machine, Ran, alice, wait_until};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cognito_creds::store::{Kernel, Store};
use cognito_sandbox::{PageSeen, cast};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;
use url::Url;

/// Commands that serve no profile.
const WITHOUT_PROFILE: [&str; 2] = ["completions", "man"];

/// One life, and all that was seen of it.
pub struct Hunt {
    pub machine: Machine,
    pub in_the_kernel: bool,
    pub verbosity: &'static str,
    pub secrets: Secrets,
    /// Name and content of what anybody could read.
    pub seen: Vec<(String, Vec<u8>)>,
}

impl Hunt {
    /// A confidential client, so that its secret is hunted as well, whose ID tokens are so short that
    /// every renewal refreshes.
    pub fn begin(store: &str, verbosity: &'static str) -> Self {
        let machine = Machine::with(&format!("cognito_store = {store}\n"));
        let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
        machine.configure(&config.replace(cast::PUBLIC_CLIENT, cast::CONFIDENTIAL_CLIENT));
        machine.sandbox.change(|world| {
            let client = world.client_mut(cast::CONFIDENTIAL_CLIENT);
            (client.rotation, client.id_token_seconds) = (Some(60), 300);
        });
        Self { in_the_kernel: store == "kernel", ..Self::on(machine, cast::CONFIDENTIAL_CLIENT, verbosity) }
    }

    /// A machine whose profile is of this app client, with the login in a file.
    pub fn on(machine: Machine, client: &str, verbosity: &'static str) -> Self {
        // What a browser gets to see of our environment.
        let browser = machine.path("browser");
        let script = fs::read_to_string(&browser).unwrap();
        fs::write(&browser, format!("{script}env >> \"$HOME/environment-of-the-browser\"\n")).unwrap();
        let mut secrets = Secrets::default();
        secrets.add("the client secret", cast::CLIENT_SECRET);
        let encoded: String = url::form_urlencoded::byte_serialize(cast::CLIENT_SECRET.as_bytes()).collect();
        secrets.add("the client secret", &encoded);
        secrets.add("the client secret", &STANDARD.encode(format!("{client}:{encoded}")));
        Self { machine, in_the_kernel: false, verbosity, secrets, seen: Vec::new() }
    }

    /// The program with a command line for the profile, as loud as it should be.
    pub fn command(&self, line: &str) -> Command {
        let mut words = line.split(' ');
        let first = words.next().unwrap();
        let profile: &[&str] = if WITHOUT_PROFILE.contains(&first) { &[] } else { &["--profile", "dev"] };
        let mut command = self.machine.command(&[first]);
        command.args(profile).args(Some(self.verbosity).filter(|v| !v.is_empty())).args(words);
        command.env("COGNITO_CREDS_CLIENT_SECRET", cast::CLIENT_SECRET);
        command
    }

    /// Runs a command line to its end.
    pub fn run(&mut self, command: &str) -> Ran {
        let ran = self.command(command).output().unwrap().into();
        self.see(command, &ran);
        ran
    }

    /// The same where stdout is what a secret was asked for to stand on.
    pub fn run_for_stdout(&mut self, command: &str) -> Ran {
        let mut ran: Ran = self.command(command).output().unwrap().into();
        let stdout = std::mem::take(&mut ran.stdout);
        self.see(command, &ran);
        Ran { stdout, ..ran }
    }

    /// How many of the things seen hold a text.
    pub fn count(&self, text: &str) -> usize {
        self.seen.iter().filter(|(_, content)| String::from_utf8_lossy(content).contains(text)).count()
    }

    /// Looks at what a run left: its streams, every file, and the secrets of the login.
    pub fn see(&mut self, command: &str, ran: &Ran) {
        match serde_json::from_str::<Value>(&ran.stdout) {
            // The document is where these two belong.
            Ok(document) if command == "credential-process" => self.know_credentials(&document),
            _ => self.seen.push((format!("stdout of {command}"), ran.stdout.clone().into())),
        }
        self.seen.push((format!("stderr of {command}"), ran.stderr.clone().into()));
        self.see_machine();
    }

    /// Every file, and the secrets of the login.
    pub fn see_machine(&mut self) {
        self.know_login();
        let tabs = self.machine.path("tabs");
        for file in self.machine.files() {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let is_the_login =
                !self.in_the_kernel && name.starts_with("login.") && name.matches('.').count() == 1;
            // A file may go between the listing and the reading.
            if let (false, Ok(content)) = (is_the_login || file == tabs, fs::read(&file)) {
                // What a pseudo-terminal has shown is kept in a file.
                let place = if name == "screen" { "the terminal".to_owned() } else { format!("file {name}") };
                self.seen.push((place, content));
            }
        }
    }

    pub fn know_credentials(&mut self, document: &Value) {
        self.secrets.add("the secret access key", document["SecretAccessKey"].as_str().unwrap());
        self.secrets.add("the session token", document["SessionToken"].as_str().unwrap());
    }

    pub fn login(&self) -> Option<Value> {
        if !self.in_the_kernel {
            return serde_json::from_slice(&fs::read(self.machine.login_file()?).unwrap()).ok();
        }
        let entry = self.machine.profile().login_entry();
        Some(serde_json::from_slice(&Kernel::login().load(&entry).unwrap()?).unwrap())
    }

    pub fn know_login(&mut self) {
        let Some(login) = self.login() else { return };
        for name in ["refresh_token", "id_token", "access_token"] {
            let token = login[name].as_str().unwrap();
            if !token.is_empty() {
                self.secrets.add(name, token);
            }
        }
    }

    /// The address holds what binds the answer to the request, the way back holds the code.
    pub fn know_sign_in(&mut self, address: &str, page: &PageSeen) {
        for (name, value) in Url::parse(address).unwrap().query_pairs() {
            match &*name {
                "state" | "nonce" => self.secrets.unwritten.push(value.into_owned()),
                "code_challenge" => drop(self.secrets.challenges.insert(value.into_owned())),
                _ => {}
            }
        }
        let codes = page.trail.iter().filter_map(|address| Url::parse(address).ok());
        for code in codes.flat_map(|url| url.query_pairs().into_owned().collect::<Vec<_>>()) {
            if code.0 == "code" {
                self.secrets.add("an authorization code", &code.1);
            }
        }
        self.seen.push(("the page".to_owned(), page.body.clone().into()));
        self.seen.push(("the address bar".to_owned(), page.final_url.clone().into()));
    }

    /// Our processes on this machine: arguments and environment.
    pub fn see_processes(&mut self) {
        let home = [b"HOME=", self.machine.path("").as_os_str().as_bytes()].concat();
        let home = home.strip_suffix(b"/").unwrap_or(&home).to_vec();
        let mut found = 0;
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let read = |name: &str| fs::read(process.path().join(name)).unwrap_or_default();
            let (environment, arguments) = (read("environ"), read("cmdline"));
            if !environment.split(|byte| *byte == 0).any(|variable| variable == home) {
                continue;
            }
            found += usize::from(arguments.split(|byte| *byte == 0).any(|word| word == b"sign-in"));
            // What the person put there is handed on to ourselves and to nobody else.
            let variables = environment.split(|byte| *byte == 0);
            let others = variables.filter(|v| !v.starts_with(b"COGNITO_CREDS_CLIENT_SECRET="));
            self.seen.push(("environment of a process".to_owned(), others.collect::<Vec<_>>().join(&b'\n')));
            self.seen.push(("arguments of a process".to_owned(), arguments));
        }
        assert_eq!(found, 1, "the detached sign-in was looked at");
    }

    /// Plays a sign-in that `command` starts.
    pub fn play(&mut self, command: &str) -> Ran {
        let tabs = self.machine.tabs().len();
        let caller = self.command(command).spawn().unwrap();
        wait_until("the tab", || self.machine.tabs().len() > tabs);
        if command == "credential-process" {
            self.see_processes();
        }
        let address = self.machine.tabs()[tabs].clone();
        let page = alice().sign_in(&address).unwrap();
        self.know_sign_in(&address, &page);
        let ran = Ran::of(caller);
        self.see(command, &ran);
        ran
    }

    pub fn assert_nothing_leaked(&self) {
        let loud = self.verbosity;
        assert!(!self.machine.path(".aws/credentials").exists(), "the AWS CLI's own file is not ours");
        for (place, content) in &self.seen {
            // Not the content: that would leak it into the log of this test.
            assert_eq!(self.secrets.found_in(content), None, "in {place}, with '{loud}'");
            if place.starts_with("file ") {
                let text = String::from_utf8_lossy(content);
                assert!(!self.secrets.unwritten.iter().any(|value| text.contains(value)), "state in {place}");
            }
        }
    }

    /// The hunt of a whole life was in all the places, and the program as loud as it should be.
    pub fn assert_all_was_seen(&self) {
        let places: HashSet<_> = self.seen.iter().map(|(place, _)| place.as_str()).collect();
        for place in ["stderr of credential-process", "file environment-of-the-browser", "the terminal"] {
            assert!(places.contains(place), "{place} was looked at");
        }
        let said =
            self.seen.iter().any(|(place, text)| place.starts_with("stderr") && text.starts_with(b"debug"));
        assert_eq!(said, self.verbosity.len() > 2, "it was as loud as it should be");
    }
}
