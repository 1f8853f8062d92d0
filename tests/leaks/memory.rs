//! What a debugger with root's rights finds in a process of ours that waits: a scan of all its memory.
//!
//! What is found and why, and what was done about it: `docs/decisions/0012-secrets-in-memory.md`.

use super::hunt::Hunt;
use super::support::processes::{of, the_one};
use super::support::{Machine, Ran, alice, wait_until};
use cognito_creds::credentials::Credentials;
use cognito_creds::store::{Kernel, Store};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;

/// How often each secret is in the memory of a process, by its name.
fn scan(process: u32, secrets: &[(&'static str, String)]) -> BTreeMap<&'static str, usize> {
    let memory = File::open(of(process).join("mem")).unwrap();
    let maps = fs::read_to_string(of(process).join("maps")).unwrap();
    let mut found: BTreeMap<_, _> = secrets.iter().map(|(name, _)| (*name, 0)).collect();
    let mut read = 0;
    for line in maps.lines().filter(|line| line.contains(" rw") && !line.contains("[vvar")) {
        let range = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [range.0, range.1].map(|hex| u64::from_str_radix(hex, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        if memory.read_exact_at(&mut bytes, from).is_err() {
            continue;
        }
        read += bytes.len();
        for (name, secret) in secrets {
            // The middle: an allocator writes over the beginning of what was freed.
            let middle = secret.len() / 2;
            let part = &secret.as_bytes()[middle - 10..middle + 10];
            *found.get_mut(name).unwrap() +=
                bytes.windows(part.len()).filter(|window| window == &part).count();
        }
    }
    assert!(read > 64 * 1024, "the memory of process {process} was read");
    found
}

/// The secrets of a machine where somebody is signed in.
fn known(machine: &Machine, document: &Value) -> Vec<(&'static str, String)> {
    let login = machine.login().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    vec![
        ("refresh token", text(&login["refresh_token"])),
        ("ID token", text(&login["id_token"])),
        ("access token", text(&login["access_token"])),
        ("secret access key", text(&document["SecretAccessKey"])),
        ("session token", text(&document["SessionToken"])),
    ]
}

/// Somebody whose refresh token has died at the server, so that the next call tries it and then asks for a
/// person: everything passes through memory before the wait.
fn waiting() -> (Machine, Vec<(&'static str, String)>, std::process::Child) {
    let mut machine = Machine::new();
    machine.seat(alice());
    let document = machine.call().document();
    machine.leave();
    let secrets = known(&machine, &document);
    end_soon(&machine);
    machine.let_id_token_end();
    let dead =
        cognito_sandbox::Fault::OAuth { status: 400, error: "invalid_grant".into(), description: None };
    machine.sandbox.fault(cognito_sandbox::Endpoint::TokenRefresh, dead, cognito_sandbox::Times::Forever);
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 2);
    (machine, secrets, caller)
}

/// The cached credentials stay, and have ended: they are read once more.
fn end_soon(machine: &Machine) {
    let (cache, entry) = (Kernel::cache(), machine.profile().credentials_entry());
    let mut credentials = Credentials::from_bytes(&cache.load(&entry).unwrap().unwrap()).unwrap();
    credentials.expiration = cognito_creds::clock::Timestamp::from_unix(1);
    cache.save(&entry, &credentials.to_bytes().unwrap(), None).unwrap();
}

#[test]
fn the_detached_sign_in_that_waits_for_the_browser_has_no_secret_of_the_login_before() {
    let (machine, secrets, mut caller) = waiting();
    let found = scan(the_one(&machine, "sign-in"), &secrets);
    caller.kill().unwrap();
    caller.wait().unwrap();
    assert_eq!(found.values().sum::<usize>(), 0, "{found:?}");
}

#[test]
fn the_caller_that_waits_for_a_sign_in_has_forgotten_what_it_tried() {
    let (_machine, secrets, mut caller) = waiting();
    let found = scan(caller.id(), &secrets);
    caller.kill().unwrap();
    caller.wait().unwrap();
    assert_eq!(found.values().sum::<usize>(), 0, "{found:?}");
}

#[test]
fn an_idle_endpoint_has_only_its_own_token() {
    let mut hunt = Hunt::begin("file", "");
    assert_eq!(hunt.play("credential-process").code, 0);
    let document = serde_json::from_str(&hunt.run_for_stdout("credential-process").stdout).unwrap();
    let mut secrets = known(&hunt.machine, &document);
    let mut served = hunt.machine.command(&["serve", "--profile", "dev"]).spawn().unwrap();
    let mut lines = BufReader::new(served.stdout.take().unwrap()).lines();
    let mut value = || lines.next().unwrap().unwrap().split_once('=').unwrap().1.to_owned();
    let (uri, token) = (value(), value());
    let host = uri.trim_start_matches("http://").trim_end_matches("/credentials").to_owned();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(&host).unwrap();
        write!(stream, "GET /credentials HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(document["SecretAccessKey"].as_str().unwrap()));
    }
    secrets.push(("its own token", token));
    let found = scan(served.id(), &secrets);
    served.kill().unwrap();
    Ran::of(served);
    // So the scan sees what is there.
    assert!(found["its own token"] > 0, "{found:?}");
    assert_eq!(
        found.iter().filter(|(name, _)| **name != "its own token").map(|(_, n)| n).sum::<usize>(),
        0,
        "{found:?}"
    );
}
