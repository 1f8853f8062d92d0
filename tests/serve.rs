//! `serve`: the container-credentials endpoint, for whoever shows its token and for nobody else.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_creds::store::{Kernel, Store};
use cognito_sandbox::{Endpoint, Fault, Times};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;
use support::cases::Cases;
use support::generated::check_generated;
use support::{IN_A_FILE, Machine, Ran, alice, free_port, with_credentials};

fn signed_in() -> Machine {
    with_credentials(IN_A_FILE)
}

/// A running endpoint; ended when dropped.
struct Served {
    child: Child,
    host: String,
    token: String,
}

impl Served {
    fn by(machine: &Machine, more: &[&str]) -> Self {
        let arguments = [&["serve", "--profile", "dev"], more].concat();
        let mut child = machine.command(&arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut value = |name: &str| {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix(name).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let uri = value("AWS_CONTAINER_CREDENTIALS_FULL_URI=");
        let host = uri.strip_prefix("http://").unwrap().strip_suffix("/credentials").unwrap().to_owned();
        Self { child, host, token: value("AWS_CONTAINER_AUTHORIZATION_TOKEN=") }
    }

    fn send(&self, head: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("cache-control: no-store"), "{head}");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    fn head(&self) -> String {
        format!("GET /credentials HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\n\r\n", self.host, self.token)
    }

    fn get(&self) -> (u16, Value) {
        self.send(&self.head())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_contract() {
    let machine = signed_in();
    let served = Served::by(&machine, &[]);
    assert!(served.host.starts_with("127.0.0.1:") && served.token.len() == 43, "{}", served.host);
    let document = machine.call().document();
    let wanted = serde_json::json!({
        "AccessKeyId": document["AccessKeyId"],
        "SecretAccessKey": document["SecretAccessKey"],
        "Token": document["SessionToken"],
        "Expiration": document["Expiration"],
    });
    assert_eq!(served.get(), (200, wanted));
}

#[test]
fn without_the_token_or_by_another_name_there_is_nothing() {
    let machine = signed_in();
    let served = Served::by(&machine, &[]);
    let right = served.head();
    let wrong = |from: &str, to: &str| {
        let (status, body) = served.send(&right.replace(from, to));
        assert!(
            body["code"].is_string() && body["message"].is_string() && body.get("Token").is_none(),
            "{body}"
        );
        status
    };
    assert_eq!(wrong(&format!("Authorization: {}\r\n", served.token), ""), 401);
    assert_eq!(wrong(&served.token, "guessed"), 401);
    assert_eq!(wrong(&served.token, &served.token.to_lowercase()), 401);
    assert_eq!(wrong(&format!("Host: {}", served.host), "Host: evil.example"), 421);
    assert_eq!(wrong("/credentials", "/"), 404);
    assert_eq!(wrong("GET", "POST"), 405);
    assert_eq!(wrong("Host:", "X:"), 400);
    assert_eq!(served.get().0, 200);
}

#[test]
fn each_start_has_a_token_of_its_own_and_the_port_that_was_asked_for() {
    let machine = signed_in();
    let port = free_port().to_string();
    let first = Served::by(&machine, &["--port", &port]);
    assert!(first.host.ends_with(&format!(":{port}")));
    let token = first.token.clone();
    assert_eq!(first.get().0, 200);
    drop(first);
    let second = Served::by(&machine, &["--port", &port]);
    assert_ne!(second.token, token);
    assert_eq!(second.get().0, 200);
}

#[test]
fn nobody_but_this_machine_reaches_it() {
    let machine = signed_in();
    let served = Served::by(&machine, &[]);
    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = format!("{:04X}", served.host.rsplit(':').next().unwrap().parse::<u16>().unwrap());
    let bound = sockets.lines().filter_map(|line| line.split_whitespace().nth(1));
    let bound: Vec<_> = bound.filter_map(|address| address.strip_suffix(&format!(":{port}"))).collect();
    assert!(bound.contains(&"0100007F") && !bound.contains(&"00000000"), "{bound:?}");
}

/// It goes on with what the login gives, however often that ends.
#[test]
fn it_renews_on_its_own() {
    let machine = signed_in();
    let served = Served::by(&machine, &[]);
    let mut keys = Vec::new();
    for _ in 0..3 {
        let (status, document) = served.get();
        assert_eq!(status, 200);
        keys.push(document["AccessKeyId"].as_str().unwrap().to_owned());
        machine.let_credentials_end();
    }
    keys.dedup();
    assert_eq!((keys.len(), machine.tabs().len()), (3, 1));
}

#[test]
fn many_at_once_make_one_renewal() {
    let machine = signed_in();
    let served = Served::by(&machine, &[]);
    machine.let_credentials_end();
    machine.sandbox.clear_log();
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Delay(Duration::from_millis(300)), Times::Once);
    thread::scope(|scope| {
        let guests: Vec<_> = (0..40).map(|_| scope.spawn(|| served.get())).collect();
        let answers: Vec<_> = guests.into_iter().map(|guest| guest.join().unwrap()).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 200));
    });
    assert_eq!(machine.sandbox.counts().get_credentials, 1);
}

#[test]
fn a_failure_has_a_code_and_a_message_with_what_to_do() {
    let machine = signed_in();
    let served = Served::by(&machine, &[]);
    machine.let_credentials_end();
    machine.sandbox.fault(Endpoint::IdentityPool, Fault::Status(503), Times::Forever);
    let (status, body) = served.get();
    assert_eq!((status, &body["code"]), (503, &Value::from("Unavailable")), "{body}");
    machine.sandbox.clear_faults();

    machine.add("cognito_interactive = never\n");
    Kernel::cache().delete(&machine.profile().credentials_entry()).unwrap();
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    let (status, body) = served.get();
    assert_eq!((status, &body["code"]), (403, &Value::from("SignInRequired")));
    let message = body["message"].as_str().unwrap();
    assert!(message.ends_with("Run: cognito-creds login --profile dev"), "{message}");
}

#[test]
fn idle_and_slow_guests_delay_nobody() {
    let machine = signed_in();
    let served = Served::by(&machine, &[]);
    let idle: Vec<_> = (0..200).map(|_| TcpStream::connect(&served.host).unwrap()).collect();
    let slow: Vec<_> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(&served.host).unwrap();
            stream.write_all(b"GET /cred").unwrap();
            stream
        })
        .collect();
    assert_eq!(served.get().0, 200);
    // The first had to make room.
    assert_eq!((&idle[0]).read(&mut [0]).unwrap(), 0);
    drop((idle, slow));
    assert_eq!(served.get().0, 200);
}

#[test]
fn what_is_no_request_or_too_long_ends_itself_alone() {
    let machine = signed_in();
    let served = Served::by(&machine, &[]);
    for head in [
        "\u{16}\u{3}\u{1}\0\u{1}",
        "GET / HTTP/9\r\n\r\n",
        &format!("GET /{} HTTP/1.1\r\n", "x".repeat(40_000)),
    ] {
        let mut stream = TcpStream::connect(&served.host).unwrap();
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
    }
    assert_eq!(served.get().0, 200);
}

/// Also in the middle of an answer; whoever starts it next gets the same port at once.
#[test]
fn ctrl_c_and_sigterm_end_it_at_once() {
    let machine = signed_in();
    let port = free_port().to_string();
    for signal in [Signal::INT, Signal::TERM] {
        let mut served = Served::by(&machine, &["--port", &port]);
        machine.let_credentials_end();
        machine.sandbox.fault(Endpoint::GetCredentials, Fault::Delay(Duration::from_secs(30)), Times::Once);
        machine.sandbox.clear_log();
        let mut stream = TcpStream::connect(&served.host).unwrap();
        stream.write_all(served.head().as_bytes()).unwrap();
        assert!(machine.sandbox.wait_for(Endpoint::GetCredentials, 1, Duration::from_secs(10)));
        kill_process(Pid::from_child(&served.child), signal).unwrap();
        let status = served.child.wait().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()));
        let mut said = String::new();
        served.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "Serving credentials of profile dev on this machine. Ctrl-C ends it.\n");
        machine.sandbox.clear_faults();
        machine.call().document();
    }
}

#[test]
fn a_sign_in_comes_before_the_variables() {
    let mut machine = Machine::new();
    machine.seat(alice());
    let served = Served::by(&machine, &[]);
    assert_eq!((served.get().0, machine.tabs().len()), (200, 1));
}

#[test]
fn neither_token_nor_credentials_are_said_at_any_verbosity() {
    let machine = signed_in();
    let mut served = Served::by(&machine, &["-vvv"]);
    let secret = served.get().1["SecretAccessKey"].as_str().unwrap().to_owned();
    served.send(&served.head().replace("/credentials", "/x"));
    served.child.kill().unwrap();
    let mut said = String::new();
    served.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("refused a request"), "{said}");
    assert!(!said.contains(&secret) && !said.contains(&served.token), "{said}");
    let arguments = machine.files().into_iter().filter_map(|file| std::fs::read_to_string(file).ok());
    assert!(arguments.into_iter().all(|text| !text.contains(&served.token)));
}

#[test]
fn what_goes_wrong_before_it_serves_is_told() {
    let mut cases = Cases::of("serve");
    let machine = signed_in();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut ran = machine.run(&["serve", "--profile", "dev", "--port", &port.to_string()]);
    ran.stderr = ran.stderr.replace(&format!("Port {port}"), "Port 8080");
    cases.tell("the port is taken", &machine, &ran);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut serve = machine.command(&["serve", "--profile", "dev"]);
    let mut ran: Ran = serve.stdout(Stdio::from(full)).output().unwrap().into();
    // It has said before that it serves.
    ran.stderr = ran.stderr.split_once('\n').unwrap().1.to_owned();
    cases.tell("stdout on a full disk", &machine, &ran);
    let machine = Machine::new();
    cases.tell(
        "nobody is signed in",
        &machine,
        &machine.run_with(&["serve", "--profile", "dev"], &[("CI", "1")]),
    );
    cases.compare();
}

/// The token is an example there.
#[test]
fn the_page_shows_what_is_printed() {
    let machine = signed_in();
    let mut served = Served::by(&machine, &["--port", &machine.port.to_string()]);
    served.child.kill().unwrap();
    let mut said = String::new();
    served.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let uri = format!("http://{}/credentials", served.host).replace(&machine.port.to_string(), "40123");
    let wanted = format!(
        "```console\n$ cognito-creds serve --profile dev\n{said}AWS_CONTAINER_CREDENTIALS_FULL_URI={uri}\n\
         AWS_CONTAINER_AUTHORIZATION_TOKEN=pXk3Qd1v…\n```\n"
    );
    check_generated("docs/other-tools.md", "serve", &wanted);
}

/// A reader that has gone will never know the token.
#[test]
fn nobody_is_served_where_nobody_reads_the_token() {
    let machine = signed_in();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran: Ran =
        machine.command(&["serve", "--profile", "dev"]).stdout(Stdio::from(writer)).output().unwrap().into();
    assert_eq!(ran.code, 1, "{ran:?}");
}
