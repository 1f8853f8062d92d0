//! Developer-authenticated identities: a backend that vouches for people, its password prompt, and
//! everything that it may answer. The words are in `tests/cases/developer.txt`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use support::cases::Cases;
use support::generated::check_generated;
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, Ran, wait_until};

const EMAIL: &str = "alice@example.com";
const PASSWORD: &str = "correct horse battery canary";
const TOKEN: &str = "backend-token-canary-0123456789abcdef";
const LOGIN: &str = "/api/v1/auth/login";
const AWS: &str = "/api/v1/auth/aws";
const LOGOUT: &str = "/api/v1/auth/logout";

/// A backend that answers what it is told to, on the port that the corpus knows by name.
#[derive(Clone, Default)]
struct Backend {
    heard: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<HashMap<&'static str, String>>>,
    hangs: Arc<AtomicBool>,
}

impl Backend {
    fn start(port: u16) -> Self {
        let (backend, listener) = (Self::default(), TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
        let served = backend.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let backend = served.clone();
                thread::spawn(move || backend.talk(&mut stream.unwrap()));
            }
        });
        backend
    }

    fn talk(&self, stream: &mut TcpStream) {
        let Some(request) = read_request(stream) else { return };
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let is_admitted = request.to_lowercase().contains(&format!("authorization: token {TOKEN}\r\n"));
        self.heard.lock().unwrap().push(request);
        while self.hangs.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(10));
        }
        let answer = match self.answers.lock().unwrap().get(path.as_str()).cloned() {
            Some(_) if path == AWS && !is_admitted => Some(whole(401, "{}")),
            answer => answer,
        };
        // A client that has gone is the test's to notice.
        let _ = stream.write_all(answer.unwrap_or_else(|| whole(404, "{}")).as_bytes());
    }

    fn answer(&self, path: &'static str, status: u16, body: &str) {
        self.answers.lock().unwrap().insert(path, whole(status, body));
    }

    fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::Relaxed);
    }

    /// The requests to a path.
    fn heard(&self, path: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|request| request.split(' ').nth(1) == Some(path)).cloned().collect()
    }
}

fn whole(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    while !text.ends_with("\r\n\r\n") {
        let start = text.len();
        if reader.read_line(&mut text).ok()? == 0 {
            return None;
        }
        if let Some(value) = text[start..].to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(text + &String::from_utf8(body).unwrap())
}

/// A machine whose profile signs in at a backend that knows alice.
fn machine() -> (Machine, Backend) {
    let machine = Machine::bare();
    let world = machine.sandbox.world();
    machine.configure(&format!(
        "[profile dev]\nregion = {}\nendpoint_url = {}\ncognito_auth = developer\n\
         cognito_developer_url = http://127.0.0.1:{}/api/v1\ncognito_identity_pool_id = {}\n\
         cognito_login_hint = {EMAIL}\ncognito_store = file\n",
        world.region,
        machine.sandbox.url(),
        machine.port,
        world.identity_pool.id
    ));
    let backend = Backend::start(machine.port);
    backend.answer(LOGIN, 200, &format!("{{\"token\":\"{TOKEN}\",\"username\":\"alice\"}}"));
    backend.answer(LOGOUT, 204, "");
    vouch(&machine, &backend);
    (machine, backend)
}

/// The backend has a fresh OpenID token for alice.
fn vouch(machine: &Machine, backend: &Backend) {
    let (id, token) = machine.sandbox.vouch_for("alice", 900);
    backend.answer(AWS, 200, &vouched(&id, &token));
}

fn vouched(id: &str, token: &str) -> String {
    format!("{{\"IdentityId\":\"{id}\",\"Token\":\"{token}\"}}")
}

/// Types `passwords` for the address that is offered, each when it is asked for.
fn type_passwords(machine: &Machine, arguments: &str, passwords: &[&str]) -> Child {
    let mut run = on_a_terminal(machine, &format!("{PROGRAM} {arguments}"));
    let mut keyboard = run.stdin.take().unwrap();
    for (number, password) in passwords.iter().enumerate() {
        let asked = |what: &str| screen(machine).matches(what).count() == number + 1;
        wait_until("the question", || asked(&format!("E-mail address [{EMAIL}]: ")));
        keyboard.write_all(b"\n").unwrap();
        wait_until("the question for the password", || asked("Password (it is not shown): "));
        keyboard.write_all(format!("{password}\n").as_bytes()).unwrap();
    }
    run
}

fn signed_in() -> (Machine, Backend) {
    let (machine, backend) = machine();
    let mut run = type_passwords(&machine, "login --profile dev", &[PASSWORD]);
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    (machine, backend)
}

/// The program without any terminal.
fn without_a_terminal(machine: &Machine, command: &str) -> Ran {
    let mut program = machine.program("setsid");
    program.args(["--wait", PROGRAM, command, "--profile", "dev"]);
    program.output().unwrap().into()
}

#[test]
fn a_password_typed_once_gives_credentials_until_the_backend_says_no() {
    let (machine, backend) = signed_in();
    let shown = screen(&machine);
    assert!(shown.contains("Signed in as alice through 127.0.0.1 for profile dev."), "{shown}");
    let asked = backend.heard(LOGIN);
    let body = format!("{{\"email\":\"{EMAIL}\",\"password\":\"{PASSWORD}\"}}");
    assert!(asked.len() == 1 && asked[0].ends_with(&body), "{asked:?}");
    assert!(backend.heard(AWS)[0].to_lowercase().contains(&format!("authorization: token {TOKEN}\r\n")));
    machine.call().document();

    // Its token lives 15 minutes and serves until it has five left; then the backend gives another.
    machine.let_credentials_end();
    machine.call().document();
    assert_eq!(backend.heard(AWS).len(), 1);
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.call().document();
    assert_eq!((backend.heard(AWS).len(), backend.heard(LOGIN).len()), (2, 1));
    let counts = machine.sandbox.counts();
    assert_eq!((counts.get_id, counts.get_credentials), (0, 3), "the identity comes from the backend");
    assert_eq!(machine.login().unwrap()["refresh_token"], TOKEN);
    assert_eq!(machine.login().unwrap()["user"], "alice");

    let status = machine.run(&["status", "--profile", "dev"]);
    assert!(status.stdout.contains("dev: alice through 127.0.0.1"), "{}", status.stdout);
    let doctor = machine.run(&["doctor", "--profile", "dev"]);
    for line in ["127.0.0.1 takes it", "127.0.0.1 answered in"] {
        assert!(doctor.stdout.contains(line), "{}", doctor.stdout);
    }
    for check in ["redirect URI", "port  ", "browser  "] {
        assert!(!doctor.stdout.contains(check), "{}", doctor.stdout);
    }
}

#[test]
fn the_page_shows_what_the_program_prints() {
    let (machine, _backend) = signed_in();
    let shown = screen(&machine).replace('\r', "").replace("127.0.0.1", "login.example.com");
    let lines: String = shown.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let transcript = format!("```console\n$ cognito-creds login --profile dev\n{lines}```\n");
    check_generated("docs/developer.md", "sign-in", &transcript);
}

#[test]
fn a_wrong_password_is_asked_for_again_and_not_for_ever() {
    let (machine, backend) = machine();
    backend.answer(LOGIN, 401, "{\"error\":\"no\"}");
    let mut run = type_passwords(&machine, "login --profile dev", &["one", "two", "three"]);
    assert_eq!(run.wait().unwrap().code(), Some(1));
    assert_eq!(backend.heard(LOGIN).len(), 3);
    assert!(screen(&machine).contains("in three attempts"), "{}", screen(&machine));
    assert!(machine.login().is_none());
}

#[test]
fn an_empty_password_is_never_sent() {
    let (machine, backend) = machine();
    let mut run = type_passwords(&machine, "login --profile dev", &["", "", ""]);
    assert_eq!(run.wait().unwrap().code(), Some(1));
    assert!(backend.heard(LOGIN).is_empty());
}

#[test]
fn every_answer_of_a_backend_has_its_words_and_loses_nothing() {
    let mut cases = Cases::of("developer");
    let (machine, backend) = machine();
    cases.tell("an AWS command before any sign-in", &machine, &machine.call());
    cases.tell("login without a terminal", &machine, &without_a_terminal(&machine, "login"));
    drop((machine, backend));

    let (machine, backend) = signed_in();
    machine.let_credentials_end();
    machine.let_id_token_end();
    let login = machine.login().unwrap();
    let (alice, token) = machine.sandbox.vouch_for("alice", 900);
    let (bob, of_bob) = machine.sandbox.vouch_for("bob", 900);
    for (case, status, body) in [
        ("forbidden", 403, "{\"error\":\"no AWS for you\"}".to_owned()),
        ("a web page in place of a refusal", 401, "<html>Sign in to the network</html>".to_owned()),
        ("a web page in place of an answer", 200, "<html>Sign in to the network</html>".to_owned()),
        ("too many requests", 429, String::new()),
        ("down", 503, "{}".to_owned()),
        ("a redirect", 302, String::new()),
        ("nothing there", 404, "{}".to_owned()),
        ("another status", 418, "{}".to_owned()),
        ("no JSON", 200, "IdentityId=1".to_owned()),
        ("other fields", 200, "{\"identity\":\"x\",\"token\":\"y\"}".to_owned()),
        ("a token that is none", 200, vouched(&alice, "canary")),
        ("a token for another identity than it says", 200, vouched(&alice, &of_bob)),
        ("the identity of another person", 200, vouched(&bob, &of_bob)),
    ] {
        backend.answer(AWS, status, &body);
        cases.tell(case, &machine, &machine.call());
        assert_eq!(machine.login().unwrap(), login, "{case}");
    }
    backend.answer(AWS, 200, &vouched(&alice, &token));
    machine.sandbox.change(|world| world.identity_pool.id = format!("{}0", &world.identity_pool.id[..46]));
    let (alice, of_another_pool) = machine.sandbox.vouch_for("alice", 900);
    backend.answer(AWS, 200, &vouched(&alice, &of_another_pool));
    cases.tell("the token of another identity pool", &machine, &machine.call());
    assert_eq!(machine.login().unwrap(), login);

    backend.answer(AWS, 401, "{\"error\":\"expired\"}");
    cases.tell("the backend's token has expired", &machine, &machine.call());
    assert_eq!(machine.login().unwrap()["refresh_token"], "", "the login has ended");
    cases.compare();
}

#[test]
fn a_login_is_sent_to_no_other_backend() {
    let (machine, _backend) = signed_in();
    machine.let_credentials_end();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let port = other.local_addr().unwrap().port();
    machine.configure(&config.replace(&format!(":{}/api", machine.port), &format!(":{port}/api")));
    let (what, _) = machine.call().failure();
    assert!(what.contains("needs a sign-in"), "{what}");
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err(), "nothing was sent there");
    machine.configure(&config);
    machine.call().document();
}

/// A renewal has 15 seconds with all its repetitions.
#[test]
fn a_backend_that_hangs_is_given_up_and_nothing_is_lost() {
    let (machine, backend) = signed_in();
    machine.let_credentials_end();
    machine.let_id_token_end();
    let login = machine.login().unwrap();
    backend.hang(true);
    let (what, _) = machine.call().failure();
    assert!(what.contains("127.0.0.1"), "{what}");
    assert_eq!(machine.login().unwrap(), login);
    backend.hang(false);
    machine.call().document();
}

#[test]
fn a_logout_ends_the_login_at_the_backend_too() {
    let (machine, backend) = signed_in();
    let out = machine.run(&["logout", "--profile", "dev"]);
    assert_eq!((out.code, out.stdout.as_str()), (0, "Signed out alice of profile dev.\n"), "{out:?}");
    let heard = backend.heard(LOGOUT);
    assert!(heard.len() == 1 && heard[0].to_lowercase().contains(&format!("authorization: token {TOKEN}")));
    assert!(machine.login().is_none());

    let (machine, backend) = signed_in();
    backend.answer(LOGOUT, 503, "");
    let mut cases = Cases::of("developer-logout");
    cases.tell("down", &machine, &machine.run(&["logout", "--profile", "dev"]));
    assert!(machine.login().is_none(), "everything local goes all the same");
    assert!(machine.call().failure().0.contains("needs a sign-in"));
    cases.compare();
}

#[test]
fn password_and_token_leak_nowhere_at_any_verbosity() {
    for verbosity in ["", "-v", "-vvv"] {
        let (machine, backend) = machine();
        // A backend that repeats what it was sent.
        backend.answer(LOGIN, 418, &format!("{{\"error\":\"{PASSWORD}\",\"token\":5}}"));
        let run = type_passwords(&machine, &format!("login --profile dev {verbosity}"), &[PASSWORD]);
        assert_eq!(Ran::of(run).code, 1);
        let mut seen = screen(&machine);
        backend.answer(LOGIN, 200, &format!("{{\"token\":\"{TOKEN}\",\"username\":\"alice\"}}"));
        let mut run = type_passwords(&machine, &format!("login --profile dev {verbosity}"), &[PASSWORD]);
        assert!(run.wait().unwrap().success());
        seen += &screen(&machine);
        machine.let_credentials_end();
        machine.let_id_token_end();
        backend.answer(AWS, 418, &format!("{{\"error\":\"{TOKEN}\"}}"));
        let mut call = vec!["credential-process", "--profile", "dev"];
        call.extend(Some(verbosity).filter(|v| !v.is_empty()));
        seen += &machine.run(&call).stderr;
        assert!(seen.contains("Signed in as alice") && seen.contains("418"), "{seen}");
        assert!(!seen.contains(PASSWORD) && !seen.contains(TOKEN), "with '{verbosity}'");
        for file in machine.files() {
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
            assert!(!text.contains(PASSWORD), "{}", file.display());
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let is_the_login = name.starts_with("login.") && name.matches('.').count() == 1;
            assert_eq!(text.contains(TOKEN), is_the_login, "{name}");
        }
    }
}
