//! Homes that are not as they should be: a file system without locks, a folder in the wrong hands.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod support;

use cognito_creds::lock::Lock;
use cognito_creds::sign_in::{OVERTAKE, login_lock, sign_in_lock};
use cognito_sandbox::{Endpoint, Fault, Times, cast};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use support::{Machine, Ran, alice, wait_until};

const CALLERS: usize = 20;

/// A machine whose home has no locks.
fn without_locks(keys: &str, refusal: Errno) -> Machine {
    let mut machine = Machine::with(&format!("cognito_store = file\n{keys}"));
    machine.lose_locks(refusal);
    machine
}

fn state(machine: &Machine) -> PathBuf {
    machine.path(".local/state/cognito-creds")
}

/// The file that stands for a lock there.
fn marker(lock: &Path) -> PathBuf {
    PathBuf::from(format!("{}.held", lock.display()))
}

fn login_marker(machine: &Machine) -> PathBuf {
    marker(&login_lock(&state(machine), &machine.profile()))
}

fn sign_in_marker(machine: &Machine) -> PathBuf {
    marker(&sign_in_lock(&state(machine), &machine.profile()))
}

fn all_at_once(machine: &Machine) -> Vec<Value> {
    let callers: Vec<_> = (0..CALLERS).map(|_| machine.start()).collect();
    callers.into_iter().map(|caller| Ran::of(caller).document()).collect()
}

#[test]
fn the_life_of_a_login_without_locks() {
    for refusal in [Errno::NOLCK, Errno::OPNOTSUPP] {
        let mut machine = without_locks("", refusal);
        machine.seat(alice());
        let answers = all_at_once(&machine);
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        let counts = machine.sandbox.counts();
        assert_eq!(
            (machine.tabs().len(), counts.token_code, counts.get_id, counts.get_credentials),
            (1, 1, 1, 1)
        );

        machine.sandbox.clear_log();
        assert_eq!(machine.call().document(), answers[0]);
        assert_eq!(machine.sandbox.counts().total, 0);

        // One refresh for all, or a login without grace period would be lost.
        for grace in [Some(0), Some(60), None, Some(0)] {
            machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = grace);
            machine.let_credentials_end();
            machine.let_id_token_end();
            machine.sandbox.clear_log();
            let answers = all_at_once(&machine);
            assert!(answers.iter().all(|answer| *answer == answers[0]));
            let counts = machine.sandbox.counts();
            assert_eq!((counts.token_refresh, counts.get_credentials), (1, 1), "{grace:?}");
        }
        assert_eq!(machine.tabs().len(), 1);
        assert!(!login_marker(&machine).exists(), "whoever has finished leaves nothing");
        assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    }
}

/// That the machines above have no locks is not just believed: here the kernel would refuse one.
#[test]
fn a_kernel_lock_means_nothing_where_there_are_none() {
    let mut machine = without_locks("", Errno::NOLCK);
    cognito_creds::platform::make_private_dir(&state(&machine)).unwrap();
    let lock = login_lock(&state(&machine), &machine.profile());
    let _locked = Lock::try_acquire(&lock, Duration::MAX).unwrap().unwrap();
    machine.seat(alice());
    let began = Instant::now();
    machine.call().document();
    assert!(began.elapsed() < OVERTAKE);
}

#[test]
fn a_killed_process_holds_nobody_up_without_locks() {
    let mut machine = without_locks("cognito_wait = 2s\n", Errno::NOLCK);
    // In a sign-in.
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    let worker: Value = serde_json::from_slice(&fs::read(sign_in_marker(&machine)).unwrap()).unwrap();
    let worker = i32::try_from(worker["process"]["id"].as_i64().unwrap()).unwrap();
    kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL).unwrap();
    assert!(Ran::of(caller).failure().0.contains("was not completed"));
    assert!(machine.call().failure().0.contains("no new tab opens"), "it does not nag either");
    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    machine.leave();

    // In a renewal.
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.sandbox.fault(Endpoint::TokenRefresh, Fault::Hang, Times::Once);
    let mut killed = machine.start();
    assert!(machine.sandbox.wait_for(Endpoint::TokenRefresh, 1, Duration::from_secs(10)));
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(login_marker(&machine).exists(), "it was left behind");
    let began = Instant::now();
    machine.call().document();
    assert!(began.elapsed() < OVERTAKE, "{:?}", began.elapsed());
    assert_eq!(machine.tabs().len(), 2);
}

#[test]
fn a_sign_in_is_joined_and_replaced_without_locks() {
    let mut machine = without_locks("cognito_wait = 20s\n", Errno::NOLCK);
    let callers = [machine.start(), machine.start()];
    wait_until("the tab", || machine.tabs().len() == 1);
    // Longer than a sign-in may be out of sight before it counts as dead.
    std::thread::sleep(Duration::from_secs(2));
    let status = machine.run(&["status", "--profile", "dev", "--json"]).stdout;
    assert!(status.contains(r#""sign_in":"running""#), "{status}");
    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    for caller in callers {
        Ran::of(caller).document();
    }
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (2, 1));
}

/// The text of a marker that another machine left in this home.
fn of_another_machine() -> &'static str {
    r#"{"process":{"id":1,"started":7,"place":"another boot pid:[4026531836]"},"turn":1}"#
}

#[test]
fn a_holder_on_another_machine_is_waited_for_and_then_overtaken() {
    let mut machine = without_locks("", Errno::NOLCK);
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    machine.let_id_token_end();
    fs::write(login_marker(&machine), of_another_machine()).unwrap();
    let began = Instant::now();
    machine.call().document();
    assert!(began.elapsed() >= OVERTAKE, "{:?}", began.elapsed());
    let told = machine.run(&["status", "--profile", "dev", "--json"]).stdout;
    assert!(told.contains("a process on another machine"), "{told}");
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn a_sign_in_on_another_machine_is_believed_for_as_long_as_it_may_take() {
    let mut machine = without_locks("cognito_wait = 1s\ncognito_login_timeout = 1m\n", Errno::NOLCK);
    machine.call_with(&[("CI", "true")]).failure();
    let marker = sign_in_marker(&machine);
    fs::write(&marker, of_another_machine()).unwrap();
    assert!(machine.call().failure().0.contains("still open"));
    assert!(machine.tabs().is_empty());

    let old = SystemTime::now() - Duration::from_mins(10);
    fs::File::options().write(true).open(&marker).unwrap().set_modified(old).unwrap();
    machine.seat(alice());
    machine.configure(
        &fs::read_to_string(machine.path(".aws/config")).unwrap().replace("wait = 1s", "wait = 50s"),
    );
    machine.call().document();
}

/// Whoever was about to start a renewal lost power, or is on a machine that is gone.
#[test]
fn a_start_of_a_renewal_that_was_left_behind_elsewhere_keeps_nobody_from_renewing() {
    let mut machine = without_locks("", Errno::NOLCK);
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 17 * 60);
    machine.seat(alice());
    let first = machine.call().document();
    machine.leave();
    let entry = machine.profile().login_entry();
    let marker = marker(&state(&machine).join(format!("{}.renewal.lock", entry.as_str())));
    fs::write(&marker, of_another_machine()).unwrap();
    assert_eq!(machine.call().document(), first);
    assert_eq!(machine.sandbox.counts().get_credentials, 1, "it may be at it just now");

    let old = SystemTime::now() - Duration::from_mins(10);
    fs::File::options().write(true).open(&marker).unwrap().set_modified(old).unwrap();
    assert_eq!(machine.call().document(), first);
    assert!(machine.sandbox.wait_for(Endpoint::GetCredentials, 2, Duration::from_secs(10)));
}

/// Neither the kernel's keyrings nor a keychain: nothing is cached, and every call asks once.
#[test]
fn with_nowhere_to_cache_every_call_asks_the_identity_pool() {
    for refusal in [Errno::PERM, Errno::NOSYS, Errno::DQUOT] {
        let mut machine = Machine::new();
        machine.lose_keyrings(refusal);
        machine.seat(alice());
        machine.call().document();
        machine.leave();
        machine.sandbox.clear_log();
        for answer in [machine.call().document(), machine.call().document()] {
            assert!(answer["Expiration"].is_string());
            let secret = answer["SecretAccessKey"].as_str().unwrap();
            let holds = |file: &PathBuf| String::from_utf8_lossy(&fs::read(file).unwrap()).contains(secret);
            assert!(!machine.files().iter().any(holds), "no file takes the place of the cache");
        }
        let counts = machine.sandbox.counts();
        assert_eq!((counts.get_credentials, counts.total, machine.tabs().len()), (2, 2, 1), "{refusal}");
        all_at_once(&machine);
        assert_eq!((machine.sandbox.counts().token_refresh, machine.tabs().len()), (0, 1), "{refusal}");
    }
}
