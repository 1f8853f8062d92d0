//! A backend for `cognito_auth = developer` that answers what it is told to, and a person at a terminal.

use super::terminal::{on_a_terminal, screen};
use super::{Machine, PROGRAM, wait_until};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub const EMAIL: &str = "alice@example.com";
pub const PASSWORD: &str = "correct horse battery canary";
pub const TOKEN: &str = "backend-token-canary-0123456789abcdef";
pub const LOGIN: &str = "/api/v1/auth/login";
pub const AWS: &str = "/api/v1/auth/aws";
pub const LOGOUT: &str = "/api/v1/auth/logout";

/// A backend that answers what it is told to, on the port that the corpus knows by name.
#[derive(Clone, Default)]
pub struct Backend {
    heard: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<HashMap<&'static str, String>>>,
    hangs: Arc<AtomicBool>,
}

impl Backend {
    pub fn start(port: u16) -> Self {
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

    /// What a path answers from now on.
    pub fn answer(&self, path: &'static str, status: u16, body: &str) {
        self.answers.lock().unwrap().insert(path, whole(status, body));
    }

    /// Whether answers wait.
    pub fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::Relaxed);
    }

    /// The requests to a path.
    pub fn heard(&self, path: &str) -> Vec<String> {
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
pub fn machine() -> (Machine, Backend) {
    let machine = Machine::bare();
    let world = machine.sandbox.world();
    machine.configure(&format!(
        "[profile dev]\ncredential_process = {PROGRAM} credential-process --profile dev\nregion = {}\nendpoint_url = {}\ncognito_auth = developer\n\
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
pub fn vouch(machine: &Machine, backend: &Backend) {
    let (id, token) = machine.sandbox.vouch_for("alice", 900);
    backend.answer(AWS, 200, &vouched(&id, &token));
}

/// An answer with an OpenID token.
pub fn vouched(id: &str, token: &str) -> String {
    format!("{{\"IdentityId\":\"{id}\",\"Token\":\"{token}\"}}")
}

/// Takes the address that is offered and types `passwords`, each when it is asked for.
pub fn type_passwords(machine: &Machine, arguments: &str, passwords: &[&str]) -> Child {
    let mut run = on_a_terminal(machine, &format!("{PROGRAM} {arguments}"));
    let mut keyboard = run.stdin.take().unwrap();
    wait_until("the question", || screen(machine).contains(&format!("E-mail address [{EMAIL}]: ")));
    keyboard.write_all(b"\n").unwrap();
    for (number, password) in passwords.iter().enumerate() {
        let asked = || screen(machine).matches("Password (it is not shown): ").count() == number + 1;
        wait_until("the question for the password", asked);
        keyboard.write_all(format!("{password}\n").as_bytes()).unwrap();
    }
    run
}

/// A machine where alice has signed in.
pub fn signed_in() -> (Machine, Backend) {
    let (machine, backend) = machine();
    let mut run = type_passwords(&machine, "login --profile dev", &[PASSWORD]);
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    (machine, backend)
}
