//! Many processes at once, and callers that come while a sign-in runs.

use crate::credential_manager;
use crate::machine::{issue_short_tokens, signed_in, windows};
use crate::starts;
use crate::support::{Machine, Ran, alice, wait_until};
use std::fs::{self, File};
use std::sync::Mutex;

const CALLERS: usize = 50;
/// Fifty processes of Wine take a small machine longer than fifty of its own.
const PATIENT: &str = "cognito_wait = 5m\n";

/// One crowd at a time.
static CROWD: Mutex<()> = Mutex::new(());

fn all_at_once(machine: &Machine) -> Vec<Ran> {
    let _alone = CROWD.lock();
    let mut callers: Vec<_> = (0..CALLERS).map(|_| machine.start()).collect();
    starts::all_begin(machine, &mut callers);
    callers.into_iter().map(Ran::of).collect()
}

#[test]
fn fifty_callers_open_one_tab_and_share_one_answer() {
    let mut machine = windows(PATIENT);
    machine.seat(alice());
    let answers: Vec<_> = all_at_once(&machine).iter().map(Ran::document).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let counts = machine.sandbox.counts();
    assert_eq!(
        (machine.tabs().len(), counts.token_code, counts.get_id, counts.get_credentials),
        (1, 1, 1, 1)
    );
}

#[test]
fn fifty_callers_need_one_refresh() {
    let mut machine = windows(PATIENT);
    issue_short_tokens(&machine);
    machine.seat(alice());
    machine.call().document();
    credential_manager::let_credentials_end(&machine);
    machine.sandbox.clear_log();
    let answers: Vec<_> = all_at_once(&machine).iter().map(Ran::document).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_refresh, counts.get_id, counts.get_credentials), (1, 0, 1));
}

#[test]
fn a_caller_that_comes_while_a_sign_in_runs_joins_it() {
    let machine = windows("");
    let first = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    let second = machine.start();
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert_eq!(Ran::of(first).document(), Ran::of(second).document());
    assert_eq!(machine.tabs().len(), 1);
}

/// Whoever reads its stdout to the end, as botocore does, waits no longer either: on Windows a process gives
/// what it has inherited to those that it starts, unless told not to. Its stderr is a file because Wine leaves
/// the host's second descriptor open in each of them.
#[test]
fn a_caller_gives_up_after_its_wait_and_the_sign_in_goes_on() {
    let machine = windows("cognito_wait = 1s\ncognito_login_timeout = 60s\n");
    let stderr = File::create(machine.path("stderr")).unwrap();
    let mut caller = machine.command(&["credential-process", "--profile", "dev"]);
    let ran = caller.stderr(stderr).output().unwrap();
    assert_eq!((ran.status.code(), ran.stdout.len()), (Some(1), 0));
    let said = fs::read_to_string(machine.path("stderr")).unwrap();
    assert!(said.contains("still open in the browser after 1 second"), "{said}");
    // It was not its end that ended the caller.
    alice().sign_in(&machine.tabs()[0]).unwrap();
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn a_login_at_a_prompt_takes_the_place_of_a_sign_in_that_runs() {
    let mut machine = windows("");
    let caller = machine.start();
    wait_until("the first tab", || machine.tabs().len() == 1);
    machine.seat(alice());
    assert_eq!(machine.run(&["login", "--profile", "dev"]).code, 0);
    Ran::of(caller).document();
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (2, 1));
}

#[test]
fn two_profiles_of_one_login_need_one_sign_in() {
    let mut machine = signed_in("");
    let redirect = format!("http://localhost:{}/callback", machine.port);
    machine.add(&machine.sandbox.profile("other", &redirect));
    machine.add("cognito_role = ReadOnly\n");
    machine.leave();
    machine.run(&["credential-process", "--profile", "other"]).document();
    assert_eq!(machine.tabs().len(), 1);
}
