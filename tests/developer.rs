//! Developer-authenticated identities: a backend that vouches for people, its password prompt, and
//! everything that it may answer. The words are in `tests/cases/developer.txt`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cognito_sandbox::{Endpoint, Fault, Times};
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use support::backend::{
    AWS, EMAIL, LOGIN, LOGOUT, PASSWORD, TOKEN, machine, signed_in, type_passwords, vouched,
};
use support::cases::Cases;
use support::findings::Findings;
use support::generated::check_generated;
use support::processes::the_one;
use support::terminal::{assert_same_modes, ended, screen, with_its_modes};
use support::{Machine, PROGRAM, Ran, wait_until};

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
fn a_signal_at_the_password_gives_the_terminal_back() {
    let (machine, _backend) = machine();
    let mut run = with_its_modes(&machine, "login --profile dev");
    let mut keyboard = run.stdin.take().unwrap();
    wait_until("the question", || screen(&machine).contains("E-mail address"));
    keyboard.write_all(b"\n").unwrap();
    wait_until("the question for the password", || screen(&machine).contains("Password (it is not shown): "));
    let process = the_one(&machine, "login");
    assert!(machine.shell(&format!("kill -TERM {process}")).status().unwrap().success());
    wait_until("the end", || ended(&machine).is_some());
    assert_eq!(ended(&machine).unwrap(), "143");
    assert!(run.wait().unwrap().success());
    assert_same_modes(&machine);
}

#[test]
fn a_prompt_left_open_ends_at_its_limit() {
    let keys = "cognito_login_timeout = 10s\ncognito_wait = 1s\n";
    let [(at_address, _one), (at_password, _other)] = [machine(), machine()];
    let runs = [&at_address, &at_password].map(|machine| {
        machine.add(keys);
        let run = with_its_modes(machine, "login --profile dev");
        wait_until("the question", || screen(machine).contains("E-mail address"));
        run
    });
    let [one, mut other] = runs;
    other.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    wait_until("the question for the password", || screen(&at_password).contains("Password (it"));
    let mut cases = Cases::of("developer-left-open");
    cases.tell("a caller meanwhile", &at_password, &at_password.call());
    let status = at_password.run(&["status", "--profile", "dev"]).stdout;
    assert!(status.contains("waits for a password on a terminal"), "{status}");
    for (case, machine, mut run) in
        [("at the address", &at_address, one), ("at the password", &at_password, other)]
    {
        let _keyboard = run.stdin.take();
        assert!(run.wait().unwrap().success());
        assert_eq!(ended(machine).unwrap(), "1");
        let stderr = fs::read_to_string(machine.path("err")).unwrap();
        cases.tell(case, machine, &Ran { code: 1, stdout: String::new(), stderr });
        assert_same_modes(machine);
    }
    cases.compare();
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
    let pool = &machine.sandbox.world().identity_pool.id;
    let of_nobody = format!("{{\"iss\":\"https://x\",\"aud\":\"{pool}\",\"sub\":\"\",\"exp\":4102444800}}");
    let of_nobody = format!("eyJhbGciOiJSUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(of_nobody));
    for (case, status, body) in [
        ("forbidden", 403, "{\"error\":\"no AWS for you\"}".to_owned()),
        ("a web page in place of a refusal", 401, "<html>Sign in to the network</html>".to_owned()),
        ("a page after a byte order mark", 401, "\u{FEFF}<html>Sign in</html>".to_owned()),
        ("a sentence in place of a refusal", 401, "Authorization Required by gateway".to_owned()),
        ("a sentence in place of a prohibition", 403, "Forbidden by gateway".to_owned()),
        ("a web page in place of an answer", 200, "<html>Sign in to the network</html>".to_owned()),
        ("too many requests", 429, String::new()),
        ("down", 503, "{}".to_owned()),
        ("a redirect", 302, String::new()),
        ("nothing there", 404, "{}".to_owned()),
        ("another status", 418, "{}".to_owned()),
        ("no JSON", 200, "IdentityId=1".to_owned()),
        ("other fields", 200, "{\"identity\":\"x\",\"token\":\"y\"}".to_owned()),
        ("a token that is none", 200, vouched(&alice, "canary")),
        ("a token of nobody", 200, vouched(&alice, &of_nobody)),
        ("a token for another identity than it says", 200, vouched(&alice, &of_bob)),
        ("another identity than at the sign-in", 200, vouched(&bob, &of_bob)),
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

/// The key of the Logins map differs between partitions.
#[test]
fn a_token_that_the_identity_pool_takes_under_another_key_is_told_with_the_key() {
    let mut cases = Cases::of("developer-logins-key");
    let (machine, _backend) = signed_in();
    machine.let_credentials_end();
    let foreign = Fault::Aws {
        status: 400,
        kind: "NotAuthorizedException".into(),
        message: "Invalid login token. Issuer doesn't match providerName".into(),
    };
    machine.sandbox.fault(Endpoint::GetCredentials, foreign, Times::Forever);
    cases.tell("another provider's name", &machine, &machine.call());
    cases.compare();
}

/// Identities are merged and deleted, and a backend's list of people may be made anew.
#[test]
fn whoever_has_another_identity_signs_in_again_and_is_not_stuck() {
    let (machine, backend) = signed_in();
    let (new, token) = machine.sandbox.vouch_for("alice again", 900);
    backend.answer(AWS, 200, &vouched(&new, &token));
    let doctor = machine.run(&["doctor", "--profile", "dev"]);
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
    for line in
        ["warn  backend token", "another identity", "warn  login", "-> cognito-creds login --profile dev"]
    {
        assert!(doctor.stdout.contains(line), "{line}: {}", doctor.stdout);
    }
    machine.let_credentials_end();
    machine.let_id_token_end();
    let (what, paste) = machine.call().failure();
    assert!(
        what.contains("another identity") && paste == "cognito-creds login --profile dev",
        "{what}\n{paste}"
    );
    assert!(type_passwords(&machine, "login --profile dev", &[PASSWORD]).wait().unwrap().success());
    machine.call().document();
}

/// The backend vouches at one pool, and the profile is mended or moved later.
#[test]
fn the_backend_is_asked_anew_where_the_profile_has_another_identity_pool() {
    let (machine, backend) = signed_in();
    machine
        .sandbox
        .change(|world| world.identity_pool.id = world.identity_pool.id.replace("0f5ca1ab", "1f5ca1ab"));
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace("0f5ca1ab", "1f5ca1ab"));
    let (id, token) = machine.sandbox.vouch_for("somebody by another name", 900);
    backend.answer(AWS, 200, &vouched(&id, &token));
    let doctor = machine.run(&["doctor", "--profile", "dev"]);
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
    machine.call().document();
    assert_eq!(machine.login().unwrap()["sub"], id.as_str());
    assert_eq!(backend.heard(LOGIN).len(), 1, "nobody had to sign in");
}

#[test]
fn the_doctor_says_once_and_for_all_that_a_login_has_ended() {
    let (fresh, _backend) = machine();
    let doctor = fresh.run(&["doctor", "--profile", "dev"]).stdout;
    assert!(doctor.ends_with(" Next: cognito-creds login --profile dev\n"), "{doctor}");

    let (machine, backend) = signed_in();
    let mut told = Findings::of("backends");
    for check in ["profile", "backend", "backend token", "clock", "login", "identity pool", "role"] {
        told.about(&machine, check);
    }
    backend.answer(AWS, 401, "{}");
    let doctor = machine.run(&["doctor", "--profile", "dev"]).stdout;
    assert!(doctor.ends_with("Next: cognito-creds login --profile dev\n"), "{doctor}");
    for check in ["backend token", "login"] {
        told.about(&machine, check);
    }
    for status in [500, 404] {
        backend.answer(AWS, status, "{}");
        told.about(&machine, "backend");
        told.about(&machine, "backend token");
    }
    told.compare();
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
    let (machine, backend) = signed_in();
    backend.answer(LOGOUT, 401, "Authorization Required by gateway");
    cases.tell("a gateway refuses", &machine, &machine.run(&["logout", "--profile", "dev"]));
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
