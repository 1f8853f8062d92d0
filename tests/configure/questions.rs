//! The dialogue on a terminal: what it asks, what it never shows, and how it ends.

use crate::support::cases::Cases;
use crate::support::terminal::{on_a_terminal, screen};
use crate::support::{self, Machine, PROGRAM, Ran, alice, wait_until};
use crate::{FLAGS, HOST, POOL, config};
use std::fs;
use std::io::Write;

/// What a run that ended with 1 left in the file `err`.
fn refused_on_a_terminal(machine: &Machine) -> Ran {
    let stderr = fs::read_to_string(machine.path("err")).unwrap();
    Ran { code: 1, stdout: String::new(), stderr }
}

#[test]
fn a_build_machine_with_a_terminal_is_asked_nothing() {
    let mut cases = Cases::of("configure-on-a-build-machine");
    let machine = Machine::bare();
    let err = machine.path("err");
    for (case, flags) in
        [("no flags", ""), ("a client secret to be typed", "--client-id abc --client-secret-stdin")]
    {
        let line = format!("CI=true {PROGRAM} configure --profile dev {flags} 2>{}", err.display());
        let mut run = on_a_terminal(&machine, &line);
        // The keyboard stays open: whoever asks, waits.
        wait_until("the refusal", || fs::read_to_string(&err).unwrap_or_default().contains("--client-id"));
        assert_eq!(run.wait().unwrap().code(), Some(1), "{}", screen(&machine));
        cases.tell(case, &machine, &refused_on_a_terminal(&machine));
        fs::remove_file(&err).unwrap();
    }
    cases.compare();
    let mut run = on_a_terminal(&machine, &format!("CI= {PROGRAM} configure --profile dev"));
    wait_until("an empty variable is none", || screen(&machine).contains("cognito_domain: "));
    run.stdin.take().unwrap().write_all(b"\x04").unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
}

#[test]
fn a_client_secret_that_is_typed_is_not_shown() {
    let machine = Machine::bare();
    let flags = FLAGS.join(" ");
    let line = format!("{PROGRAM} configure --profile dev {flags} --client-secret-stdin");
    let mut run = on_a_terminal(&machine, &line);
    wait_until("the question", || screen(&machine).contains("Client secret (it is not shown): "));
    run.stdin.as_mut().unwrap().write_all(b"canary\n").unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
    let shown = screen(&machine);
    assert!(shown.contains("belongs into the keychain") && !shown.contains("canary"), "{shown}");
}

#[test]
fn the_questions_end_in_a_sign_in_unless_it_is_declined() {
    let mut machine = Machine::new();
    machine.seat(alice());
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} configure --profile dev"));
    let mut keyboard = run.stdin.take().unwrap();
    for question in
        ["cognito_domain [", "cognito_client_id [", "cognito_identity_pool_id [", "Sign in now? [Y/n] "]
    {
        wait_until(question, || screen(&machine).contains(question));
        writeln!(keyboard).unwrap();
    }
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    let shown = screen(&machine);
    assert!(shown.contains("Signed in as "), "{shown}");
    // The domain was asked before the file was written, and all was well.
    let asked = shown.find("127.0.0.1 answered as a user pool");
    assert!(
        asked.is_some() && asked < shown.find("Profile dev is written") && !shown.contains("Warning"),
        "{shown}"
    );
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn a_domain_that_does_not_answer_is_warned_of_and_written_all_the_same() {
    let machine = Machine::bare();
    let nowhere = format!("http://127.0.0.1:{}", support::free_port());
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} configure --profile dev"));
    let mut keyboard = run.stdin.take().unwrap();
    for (question, answer) in [
        ("cognito_domain: ", nowhere.as_str()),
        ("cognito_client_id: ", "abc"),
        ("cognito_identity_pool_id: ", POOL),
        ("Sign in now? [Y/n] ", "n"),
    ] {
        wait_until(question, || screen(&machine).contains(question));
        writeln!(keyboard, "{answer}").unwrap();
    }
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    let shown = screen(&machine);
    assert!(shown.contains("Warning: 127.0.0.1:") && shown.contains("refused the connection"), "{shown}");
    assert!(config(&machine).contains(&format!("cognito_domain = {nowhere}\n")), "{shown}");
}

#[test]
fn on_a_terminal_it_asks_for_what_it_needs_and_offers_what_there_is() {
    let machine = Machine::bare();
    machine.configure("[profile dev]\ncognito_client_id = abc\n");
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} configure --profile dev </dev/null"));
    let mut keyboard = run.stdin.take().unwrap();
    for (question, answer) in [
        ("cognito_domain: ", "auth.example.com"),
        ("neither a URL nor a prefix", HOST),
        ("cognito_client_id [abc]: ", ""),
        ("cognito_identity_pool_id: ", ""),
        ("It is needed", POOL),
        ("Sign in now? [Y/n] ", "perhaps"),
        ("perhaps\r\n\r\nSign in now? [Y/n] ", "n"),
    ] {
        wait_until(question, || screen(&machine).contains(question));
        writeln!(keyboard, "{answer}").unwrap();
    }
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    let written = config(&machine);
    for line in ["region = eu-west-1", &format!("cognito_domain = {HOST}"), "cognito_client_id = abc"] {
        assert!(written.lines().any(|found| found == line), "{line}: {written}");
    }
    assert!(screen(&machine).contains("cognito-creds login --profile dev"), "{}", screen(&machine));
}

#[test]
fn questions_left_unanswered_write_nothing() {
    let machine = Machine::bare();
    let line = format!("{PROGRAM} configure --profile dev 2>{}", machine.path("err").display());
    let mut run = on_a_terminal(&machine, &line);
    wait_until("the question", || screen(&machine).contains("cognito_domain: "));
    run.stdin.take().unwrap().write_all(b"\x04").unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
    let mut cases = Cases::of("configure-unanswered");
    cases.tell("Ctrl-D at a question", &machine, &refused_on_a_terminal(&machine));
    assert!(!machine.path(".aws/config").exists());
    cases.compare();
}
