//! No secret leaves its place: a whole life of a login, with failures at every stage, at every
//! verbosity and in two stores, and afterwards a hunt through everything that anybody could read.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cognito_creds::store::{Kernel, Store};
use cognito_sandbox::{Endpoint, Fault, PageSeen, Times, cast};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;
use support::{Machine, PROGRAM, Ran, alice, wait_until};
use url::Url;

/// A slice of a secret that long is a leak, too.
const SLICE: usize = 20;
/// Characters of a code verifier of ours (RFC 7636 §4.1).
const VERIFIER: usize = 43;

#[test]
fn a_login_in_a_file_leaks_nothing_at_any_verbosity() {
    for verbosity in ["", "-v", "-vv", "-vvv"] {
        Hunt::begin("file", verbosity).through_a_whole_life();
    }
}

#[test]
fn a_login_in_the_kernel_leaks_nothing_at_any_verbosity() {
    for verbosity in ["", "-v", "-vv", "-vvv"] {
        Hunt::begin("kernel", verbosity).through_a_whole_life();
    }
}

/// The hunt itself must be able to find something.
#[test]
fn a_slice_of_a_secret_and_a_verifier_are_found_where_they_are() {
    let mut secrets = Secrets::default();
    secrets.add("a token", "0123456789abcdefghijklmnopqrstuvwxyz");
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    secrets.challenges.insert("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
    assert_eq!(secrets.found_in(b"x=456789abcdefghijklmn&"), Some("a token"));
    assert_eq!(secrets.found_in(format!("code_verifier={verifier}&x").as_bytes()), Some("a code verifier"));
    assert_eq!(secrets.found_in(b"0123456789abcdefghi and jklmnopqrstuvwxyz"), None);
}

/// What must be nowhere.
#[derive(Default)]
struct Secrets {
    slices: HashMap<Vec<u8>, &'static str>,
    challenges: HashSet<String>,
    /// `state` and `nonce`: in the address that a person sees, and never on a disk.
    unwritten: Vec<String>,
}

impl Secrets {
    fn add(&mut self, name: &'static str, secret: &str) {
        assert!(secret.len() >= SLICE, "{name} is too short to be hunted");
        for slice in secret.as_bytes().windows(SLICE) {
            self.slices.insert(slice.to_vec(), name);
        }
    }

    fn found_in(&self, place: &[u8]) -> Option<&'static str> {
        let slice = place.windows(SLICE).find_map(|slice| self.slices.get(slice).copied());
        slice.or_else(|| self.holds_a_verifier(place).then_some("a code verifier"))
    }

    /// Nobody but the program ever sees a verifier; its digest is in the address of the sign-in.
    fn holds_a_verifier(&self, place: &[u8]) -> bool {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        let challenge = |text: &[u8]| URL_SAFE_NO_PAD.encode(Sha256::digest(text));
        place
            .split(|byte| !allowed(byte))
            .flat_map(|run| run.windows(VERIFIER))
            .any(|run| self.challenges.contains(&challenge(run)))
    }
}

/// One life, and all that was seen of it.
struct Hunt {
    machine: Machine,
    in_the_kernel: bool,
    verbosity: &'static str,
    secrets: Secrets,
    /// Name and content of what anybody could read.
    seen: Vec<(String, Vec<u8>)>,
}

impl Hunt {
    /// A confidential client, so that its secret is hunted as well, whose ID tokens are so short that
    /// every renewal refreshes.
    fn begin(store: &str, verbosity: &'static str) -> Self {
        let machine = Machine::with(&format!("cognito_store = {store}\n"));
        let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
        machine.configure(&config.replace(cast::PUBLIC_CLIENT, cast::CONFIDENTIAL_CLIENT));
        machine.sandbox.change(|world| {
            let client = world.client_mut(cast::CONFIDENTIAL_CLIENT);
            (client.rotation, client.id_token_seconds) = (Some(60), 300);
        });
        // What a browser gets to see of our environment.
        let browser = machine.path("browser");
        let script = fs::read_to_string(&browser).unwrap();
        fs::write(&browser, format!("{script}env >> \"$HOME/environment-of-the-browser\"\n")).unwrap();
        let mut secrets = Secrets::default();
        secrets.add("the client secret", cast::CLIENT_SECRET);
        let encoded: String = url::form_urlencoded::byte_serialize(cast::CLIENT_SECRET.as_bytes()).collect();
        secrets.add("the client secret", &encoded);
        let basic = STANDARD.encode(format!("{}:{encoded}", cast::CONFIDENTIAL_CLIENT));
        secrets.add("the client secret", &basic);
        Self { machine, in_the_kernel: store == "kernel", verbosity, secrets, seen: Vec::new() }
    }

    fn through_a_whole_life(mut self) {
        self.sign_in_that_fails();
        self.sign_in();
        self.renew();
        self.renewals_that_fail();
        self.hand_on();
        self.log_out_in_vain();
        self.sign_in_at_a_terminal();
        self.log_in();
        self.log_out();
        self.assert_nothing_leaked();
    }

    /// The program with one of its commands, as loud as it goes.
    fn command(&self, command: &str) -> Command {
        let mut arguments = vec![command, "--profile", "dev"];
        arguments.extend(Some(self.verbosity).filter(|v| !v.is_empty()));
        let mut command = self.machine.command(&arguments);
        command.env("COGNITO_CREDS_CLIENT_SECRET", cast::CLIENT_SECRET);
        command
    }

    fn run(&mut self, command: &str) -> Ran {
        let ran = self.command(command).output().unwrap().into();
        self.see(command, &ran);
        ran
    }

    /// Looks at what a run left: its streams, every file, and the secrets of the login.
    fn see(&mut self, command: &str, ran: &Ran) {
        match serde_json::from_str::<Value>(&ran.stdout) {
            // The document is where these two belong.
            Ok(document) if command == "credential-process" => self.know_credentials(&document),
            _ => self.seen.push((format!("stdout of {command}"), ran.stdout.clone().into())),
        }
        self.seen.push((format!("stderr of {command}"), ran.stderr.clone().into()));
        self.know_login();
        let tabs = self.machine.path("tabs");
        for file in self.machine.files() {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let is_the_login =
                !self.in_the_kernel && name.starts_with("login.") && name.matches('.').count() == 1;
            // A file may go between the listing and the reading.
            if let (false, Ok(content)) = (is_the_login || file == tabs, fs::read(&file)) {
                self.seen.push((format!("file {name}"), content));
            }
        }
    }

    fn know_credentials(&mut self, document: &Value) {
        self.secrets.add("the secret access key", document["SecretAccessKey"].as_str().unwrap());
        self.secrets.add("the session token", document["SessionToken"].as_str().unwrap());
    }

    fn login(&self) -> Option<Value> {
        if !self.in_the_kernel {
            return self.machine.login();
        }
        let entry = self.machine.profile().login_entry();
        Some(serde_json::from_slice(&Kernel::login().load(&entry).unwrap()?).unwrap())
    }

    fn know_login(&mut self) {
        let Some(login) = self.login() else { return };
        for name in ["refresh_token", "id_token", "access_token"] {
            let token = login[name].as_str().unwrap();
            if !token.is_empty() {
                self.secrets.add(name, token);
            }
        }
    }

    /// The address holds what binds the answer to the request, the way back holds the code.
    fn know_sign_in(&mut self, address: &str, page: &PageSeen) {
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
    fn see_processes(&mut self) {
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
    fn play(&mut self, command: &str) -> Ran {
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

    fn sign_in_that_fails(&mut self) {
        for fault in [
            Fault::TruncatedJson,
            Fault::DropMidBody,
            Fault::CaptivePortal,
            Fault::OAuth { status: 400, error: "invalid_grant".into(), description: None },
        ] {
            self.machine.sandbox.fault(Endpoint::TokenCode, fault, Times::Once);
            assert_eq!(self.play("credential-process").code, 1);
            self.machine.forget_sign_ins();
        }
        self.machine.sandbox.fault(Endpoint::GetCredentials, Fault::TruncatedJson, Times::Forever);
        assert_eq!(self.play("credential-process").code, 1);
        self.machine.sandbox.clear_faults();
        self.machine.forget_sign_ins();
        assert_eq!(self.run("logout").code, 0);
    }

    fn sign_in(&mut self) {
        assert_eq!(self.play("credential-process").code, 0);
        assert_eq!(self.run("credential-process").code, 0);
    }

    fn renew(&mut self) {
        self.machine.let_credentials_end();
        assert_eq!(self.run("credential-process").code, 0);
        assert!(self.machine.sandbox.counts().token_refresh > 0);
    }

    /// Servers that repeat what they were sent, answers that break off, and plain refusals.
    fn renewals_that_fail(&mut self) {
        let login = self.login().unwrap();
        let token = |name: &str| login[name].as_str().unwrap().to_owned();
        let (refresh, id) = (token("refresh_token"), token("id_token"));
        let repeated = Fault::OAuth {
            status: 400,
            error: "invalid_request".into(),
            description: Some(format!("refresh_token={refresh} is malformed")),
        };
        let as_error =
            Fault::OAuth { status: 400, error: refresh.clone(), description: Some("unknown".to_owned()) };
        let page = Fault::Answer {
            status: 502,
            content_type: "text/html".into(),
            headers: vec![("x-amz-cognito-request-id".into(), refresh.clone())],
            body: format!("<pre>grant_type=refresh_token&refresh_token={refresh}</pre>").into(),
        };
        let aws = |kind: &str, message: String| Fault::Aws { status: 400, kind: kind.into(), message };
        let constraint = format!(
            "1 validation error detected: Value '{{cognito-idp.us-east-1.amazonaws.com/x={id}}}' at 'logins' failed to satisfy constraint"
        );
        for (endpoint, fault) in [
            (Endpoint::TokenRefresh, repeated),
            (Endpoint::TokenRefresh, as_error),
            (Endpoint::TokenRefresh, page),
            (Endpoint::TokenRefresh, Fault::TruncatedJson),
            (Endpoint::TokenRefresh, Fault::DropAfterApplying),
            (Endpoint::GetCredentials, aws("InvalidParameterException", constraint.clone())),
            (Endpoint::GetCredentials, aws("NotAuthorizedException", constraint)),
            (Endpoint::GetCredentials, aws(&id, String::new())),
            (Endpoint::GetCredentials, Fault::TruncatedJson),
            (Endpoint::GetCredentials, Fault::DropMidBody),
            (Endpoint::GetCredentials, Fault::HugeBody(2 << 20)),
        ] {
            self.machine.sandbox.fault(endpoint, fault, Times::Forever);
            self.let_credentials_end_if_any();
            assert_eq!(self.run("credential-process").code, 1);
            self.machine.sandbox.clear_faults();
        }
        assert_eq!(self.run("credential-process").code, 0);
    }

    fn let_credentials_end_if_any(&self) {
        Kernel::cache().delete(&self.machine.profile().credentials_entry()).unwrap();
    }

    /// Each secret goes to the one place that it is for: an environment, stdout, a request.
    fn hand_on(&mut self) {
        let ran = self.command("exec").args(["--", "cat", "/proc/self/cmdline"]).output().unwrap().into();
        self.see("exec", &ran);
        assert_eq!(ran.code, 0);
        let ran: Ran = self.command("exec").args(["--", "env"]).output().unwrap().into();
        assert!(!ran.stdout.contains("COGNITO_CREDS_"), "our own secrets stay here");
        self.see_but_stdout("exec", ran);
        let ran = self.command("env").output().unwrap().into();
        self.see_but_stdout("env", ran);
        self.open_console();
        self.serve();
    }

    fn see_but_stdout(&mut self, command: &str, mut ran: Ran) {
        assert_eq!(ran.code, 0);
        ran.stdout.clear();
        self.see(command, &ran);
    }

    fn open_console(&mut self) {
        let ran: Ran = self.command("console").arg("--print").output().unwrap().into();
        let address = Url::parse(ran.stdout.trim_end()).unwrap();
        let token = address.query_pairs().find(|(name, _)| name == "SigninToken").unwrap().1.into_owned();
        self.secrets.add("a sign-in token", &token);
        self.see_but_stdout("console", ran);

        let tabs = self.machine.tabs().len();
        let caller = self.command("console").spawn().unwrap();
        wait_until("the tab", || self.machine.tabs().len() > tabs);
        let tab = self.machine.tabs()[tabs].clone();
        let page = alice().sign_in(&tab).unwrap();
        let token = page.trail.iter().find_map(|address| address.split("SigninToken=").nth(1)).unwrap();
        self.secrets.add("a sign-in token", token.split('&').next().unwrap());
        self.seen.push(("the browser's command line".to_owned(), tab.into()));
        let ran = Ran::of(caller);
        assert_eq!(ran.code, 0);
        self.see("console", &ran);
    }

    fn serve(&mut self) {
        let mut served = self.command("serve").spawn().unwrap();
        let mut lines = BufReader::new(served.stdout.take().unwrap()).lines();
        let mut value = || lines.next().unwrap().unwrap().split_once('=').unwrap().1.to_owned();
        let (uri, token) = (Url::parse(&value()).unwrap(), value());
        self.secrets.add("the endpoint's token", &token);
        let host = format!("127.0.0.1:{}", uri.port().unwrap());
        for (path, token, status) in
            [("/credentials", &*token, "200"), ("/x", &token, "404"), ("/", "x", "401")]
        {
            let mut stream = TcpStream::connect(&host).unwrap();
            write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert_eq!(answer.split(' ').nth(1), Some(status));
            if status != "200" {
                self.seen.push(("a refusal".to_owned(), answer.into()));
            }
        }
        let arguments = fs::read(format!("/proc/{}/cmdline", served.id())).unwrap();
        self.seen.push(("arguments of serve".to_owned(), arguments));
        served.kill().unwrap();
        let ran = Ran::of(served);
        self.see("serve", &ran);
    }

    fn log_out_in_vain(&mut self) {
        self.machine.sandbox.fault(Endpoint::Revoke, Fault::Status(503), Times::Once);
        assert_eq!(self.run("logout").code, 1);
    }

    /// A terminal gets what stderr does not.
    fn sign_in_at_a_terminal(&mut self) {
        let (tabs, out) = (self.machine.tabs().len(), tempfile::NamedTempFile::new().unwrap());
        let program = format!(
            "'{PROGRAM}' credential-process --profile dev {} > '{}'",
            self.verbosity,
            out.path().display()
        );
        let mut script = Command::new("script");
        let mut terminal = self.machine.command(&[]);
        terminal.env("COGNITO_CREDS_CLIENT_SECRET", cast::CLIENT_SECRET).env("SHELL", "/bin/sh");
        let variables = terminal.get_envs().filter_map(|(name, value)| Some((name, value?)));
        script.args(["-qec", &program, "/dev/null"]).env_clear().envs(variables);
        script.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
        let session = script.spawn().unwrap();
        wait_until("the tab", || self.machine.tabs().len() > tabs);
        let address = self.machine.tabs()[tabs].clone();
        let page = alice().sign_in(&address).unwrap();
        self.know_sign_in(&address, &page);
        let shown = session.wait_with_output().unwrap();
        assert!(shown.status.success());
        let shown_text = String::from_utf8_lossy(&shown.stdout);
        assert!(shown_text.contains("needs a sign-in"), "the person is told: {shown_text}");
        self.seen.push(("the terminal".to_owned(), shown.stdout));
        let document = serde_json::from_slice(&fs::read(out.path()).unwrap()).unwrap();
        self.know_credentials(&document);
        self.know_login();
    }

    fn log_in(&mut self) {
        assert_eq!(self.play("login").code, 0);
        assert_eq!(self.run("credential-process").code, 0);
    }

    fn log_out(&mut self) {
        assert_eq!(self.run("logout").code, 0);
    }

    fn assert_nothing_leaked(&self) {
        let loud = self.verbosity;
        for (place, content) in &self.seen {
            // Not the content: that would leak it into the log of this test.
            assert_eq!(self.secrets.found_in(content), None, "in {place}, with '{loud}'");
            if place.starts_with("file ") {
                let text = String::from_utf8_lossy(content);
                assert!(!self.secrets.unwritten.iter().any(|value| text.contains(value)), "state in {place}");
            }
        }
        let places: HashSet<_> = self.seen.iter().map(|(place, _)| place.as_str()).collect();
        for place in ["stderr of credential-process", "file environment-of-the-browser", "the terminal"] {
            assert!(places.contains(place), "{place} was looked at");
        }
        let said =
            self.seen.iter().any(|(place, text)| place.starts_with("stderr") && text.starts_with(b"debug"));
        assert_eq!(said, loud.len() > 2, "it was as loud as it should be");
    }
}
