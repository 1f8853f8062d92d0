//! A process that is stopped while others wait for it (Ctrl-Z, SIGSTOP): they go on without it, and
//! nothing is lost when it is woken.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(unix)]

mod support;

use cognito_creds::lock::Lock;
use cognito_creds::sign_in::{OVERTAKE, login_lock, sign_in_lock};
use cognito_sandbox::{Endpoint, Fault, Person, Times, cast};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};
use support::{Machine, Ran, alice, signed_in, wait_until};

fn stop(id: u32) {
    signal(id, Signal::STOP);
    wait_until("the stop", || is_stopped(id));
}

fn is_stopped(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.trim_start().starts_with('T')
}

fn wake(id: u32) {
    signal(id, Signal::CONT);
}

fn signal(id: u32, signal: Signal) {
    kill_process(Pid::from_raw(id.cast_signed()).unwrap(), signal).unwrap();
}

/// A machine whose next call refreshes a token that rotates with this grace period.
fn due_with_grace(seconds: i64) -> Machine {
    let machine = signed_in();
    machine.sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = Some(seconds));
    machine.let_id_token_end();
    machine.sandbox.clear_log();
    machine
}

/// A call that is stopped once its refresh has reached the server.
fn stopped_in_its_refresh(machine: &Machine) -> Child {
    let holder = machine.start();
    assert!(machine.sandbox.wait_for(Endpoint::TokenRefresh, 1, Duration::from_secs(10)));
    stop(holder.id());
    holder
}

/// The server turns the refresh away and asks to wait, and in that pause the call is stopped.
fn stopped_before_it_sends(machine: &Machine) -> Child {
    let busy = Fault::RetryAfter { status: 429, seconds: 6 };
    machine.sandbox.fault(Endpoint::TokenRefresh, busy, Times::Once);
    stopped_in_its_refresh(machine)
}

/// The server carries the refresh out, and the call is stopped before it has the whole answer.
fn stopped_after_the_server_rotated(machine: &Machine) -> Child {
    let slow = Fault::SlowDrip { step: 500, pause: Duration::from_millis(200) };
    machine.sandbox.fault(Endpoint::TokenRefresh, slow, Times::Once);
    stopped_in_its_refresh(machine)
}

fn token(machine: &Machine) -> Value {
    machine.login().unwrap()["refresh_token"].clone()
}

fn assert_the_login_serves(machine: &Machine) {
    machine.let_credentials_end();
    machine.let_id_token_end();
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn one_that_had_not_sent_yet_sends_nothing_when_it_wakes() {
    let machine = due_with_grace(0);
    let holder = stopped_before_it_sends(&machine);
    let renewed = machine.call().document();
    let kept = token(&machine);
    wake(holder.id());
    assert_eq!(Ran::of(holder).document(), renewed, "it finds what the other one brought");
    assert_eq!((machine.sandbox.counts().token_refresh, token(&machine)), (2, kept));
    assert_the_login_serves(&machine);
}

#[test]
fn the_person_is_told_who_was_overtaken() {
    let machine = due_with_grace(60);
    let mut holder = stopped_before_it_sends(&machine);
    machine.call().document();
    let told = machine.run(&["status", "--profile", "dev", "--json"]).stdout;
    let overtaken =
        format!("Another cognito-creds (process {}) has held the login of profile dev", holder.id());
    assert!(told.contains(&overtaken), "{told}");

    // Nobody waits for it again.
    assert_the_login_serves(&machine);
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn many_who_wait_for_a_stopped_one_need_one_refresh() {
    let machine = due_with_grace(0);
    let mut holder = stopped_before_it_sends(&machine);
    let callers: Vec<_> = (0..20).map(|_| machine.start()).collect();
    let answers: Vec<_> = callers.into_iter().map(|caller| Ran::of(caller).document()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(machine.sandbox.counts().token_refresh, 2, "the stopped one's, and one");
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn of_two_answers_within_the_grace_period_the_stored_one_stays() {
    let machine = due_with_grace(60);
    let holder = stopped_after_the_server_rotated(&machine);
    let renewed = machine.call().document();
    let kept = token(&machine);
    wake(holder.id());
    assert_eq!(Ran::of(holder).document(), renewed);
    assert_eq!((machine.sandbox.counts().token_refresh, token(&machine)), (2, kept));
    assert_the_login_serves(&machine);
}

/// Without a grace period, the token that the stopped one has spent is refused to everybody else. The
/// only good one lies in its socket.
#[test]
fn a_login_that_was_taken_for_ended_is_revived_by_the_answer_of_the_stopped_one() {
    let machine = due_with_grace(0);
    let before = token(&machine);
    let holder = stopped_after_the_server_rotated(&machine);
    // As of a server that refuses a spent token and does not end the session for it.
    let spent = Fault::OAuth { status: 400, error: "invalid_grant".into(), description: None };
    machine.sandbox.fault(Endpoint::TokenRefresh, spent, Times::Once);
    let (what, _) = machine.call_with(&[("CI", "true")]).failure();
    assert!(what.contains("needs a sign-in"), "{what}");
    assert_eq!(token(&machine), "");

    wake(holder.id());
    let woken = Ran::of(holder);
    assert!(token(&machine) != "" && token(&machine) != before, "{woken:?}");
    machine.call().document();
    assert_the_login_serves(&machine);
}

#[test]
fn what_it_had_stored_already_is_used_without_another_refresh() {
    let machine = due_with_grace(0);
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Delay(Duration::from_secs(2)), Times::Once);
    let holder = machine.start();
    assert!(machine.sandbox.wait_for(Endpoint::GetCredentials, 1, Duration::from_secs(10)));
    stop(holder.id());
    machine.call().document();
    assert_eq!(machine.sandbox.counts().token_refresh, 1);
    wake(holder.id());
    Ran::of(holder).document();
    assert_the_login_serves(&machine);
}

/// Nobody else is there: Ctrl-Z at a bad moment, and `fg` when the request's time has long been over.
#[test]
fn an_answer_that_came_while_it_was_stopped_is_not_lost() {
    let machine = due_with_grace(0);
    let holder = stopped_after_the_server_rotated(&machine);
    std::thread::sleep(Duration::from_secs(9));
    wake(holder.id());
    Ran::of(holder).document();
    assert_eq!(machine.sandbox.counts().token_refresh, 1);
    assert_the_login_serves(&machine);
}

#[test]
fn whoever_has_live_credentials_does_not_wait_for_a_stopped_one() {
    let mut machine = Machine::new();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 600);
    machine.seat(alice());
    let live = machine.call().document();
    machine.leave();
    machine.let_id_token_end();
    // Credentials of this very second could have come after the call began.
    std::thread::sleep(Duration::from_millis(1_100));
    let mut holder = stopped_before_it_sends(&machine);
    let began = Instant::now();
    assert_eq!(machine.call().document(), live);
    assert!(began.elapsed() < OVERTAKE, "{:?}", began.elapsed());
    let told = machine.run(&["status", "--profile", "dev", "--json"]).stdout;
    assert!(told.contains("is still renewing; the credentials at hand are used"), "{told}");
    holder.kill().unwrap();
    holder.wait().unwrap();
}

/// Who works all day goes on without waiting, too: the renewal behind them overtakes.
#[test]
fn a_renewal_behind_the_caller_goes_on_without_a_stopped_process() {
    let mut machine = Machine::new();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 17 * 60);
    machine.seat(alice());
    let first = machine.call().document();
    machine.leave();
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 3600);
    let state = machine.path(".local/state/cognito-creds");
    let _stuck = Lock::try_acquire(&login_lock(&state, &machine.profile()), Duration::MAX).unwrap().unwrap();
    assert_eq!(machine.call().document(), first);
    assert!(machine.sandbox.wait_for(Endpoint::GetCredentials, 2, OVERTAKE + Duration::from_secs(20)));
    wait_until("the renewal", || machine.call().document() != first);
    let told = machine.run(&["status", "--profile", "dev", "--json"]).stdout;
    assert!(told.contains("is no longer waited for"), "{told}");
}

/// The process that holds the sign-in lock.
fn sign_in_worker(machine: &Machine) -> u32 {
    let lock = sign_in_lock(&machine.path(".local/state/cognito-creds"), &machine.profile());
    let holder: Value = serde_json::from_slice(&fs::read(lock).unwrap()).unwrap();
    u32::try_from(holder["process"]["id"].as_u64().unwrap()).unwrap()
}

#[test]
fn a_stopped_sign_in_is_still_open_and_login_replaces_it() {
    let mut machine = Machine::with("cognito_store = file\ncognito_wait = 2s\n");
    let caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    let worker = sign_in_worker(&machine);
    stop(worker);
    let (what, _) = Ran::of(caller).failure();
    assert!(what.contains("still open in the browser"), "{what}");
    assert!(machine.call().failure().0.contains("still open in the browser"));

    // Woken, it finds that it was replaced, and gives its port back.
    machine.seat(alice());
    let login = machine.run(&["login", "--profile", "dev"]);
    assert_eq!((login.code, login.stdout.as_str()), (0, "Signed in as alice@example.com for profile dev.\n"));
    machine.call().document();
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (2, 1));
}

/// Stopped between the browser's return and the store, and woken when somebody else has signed in.
#[test]
fn a_replaced_sign_in_that_completes_late_does_not_bring_its_person_back() {
    let mut machine = Machine::with("cognito_store = file\ncognito_wait = 1s\n");
    let another = format!("http://localhost:{}/callback", support::free_port());
    machine.sandbox.register_redirect_uri(&another);
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace("/callback", &format!("/callback, {another}")));
    machine.call().failure();
    let worker = sign_in_worker(&machine);
    machine.sandbox.fault(Endpoint::TokenCode, Fault::Delay(Duration::from_secs(6)), Times::Once);
    let tab = machine.tabs()[0].clone();
    let browser = std::thread::spawn(move || alice().sign_in(&tab));
    assert!(machine.sandbox.wait_for(Endpoint::TokenCode, 1, Duration::from_secs(10)));
    stop(worker);

    machine.seat(Person::federated("erin", "password"));
    let login = machine.command(&["login", "--profile", "dev"]).spawn().unwrap();
    wait_until("login wakes it", || !is_stopped(worker));
    stop(worker);
    let login = Ran::of(login);
    assert!(login.stdout.starts_with("Signed in as erin"), "{login:?}");

    wake(worker);
    // With or without a page: the tab is the older sign-in's.
    let _ = browser.join().unwrap();
    wait_until("its end", || !Path::new(&format!("/proc/{worker}")).exists());
    assert!(machine.login().unwrap()["user"].as_str().unwrap().contains("erin"));
    assert_eq!(machine.sandbox.counts().token_code, 2);
    machine.call().document();
}

#[test]
fn login_goes_on_without_a_sign_in_that_does_not_end() {
    let mut machine = Machine::new();
    let state = machine.path(".local/state/cognito-creds");
    cognito_creds::platform::make_private_dir(&state).unwrap();
    let _stuck =
        Lock::try_acquire(&sign_in_lock(&state, &machine.profile()), Duration::MAX).unwrap().unwrap();
    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    machine.call().document();
}
