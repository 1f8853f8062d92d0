//! The ways to sign in beside the browser: an address that is pasted, a password that is typed, a refresh
//! token from the environment.

use super::hunt::Hunt;
use super::support::backend::{self, AWS, LOGIN, LOGOUT, PASSWORD, TOKEN, type_passwords};
use super::support::terminal::{address, on_a_terminal, screen};
use super::support::{IN_A_FILE, Machine, PROGRAM, Ran, alice, wait_until};
use cognito_sandbox::cast;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};

const VERBOSITIES: [&str; 3] = ["", "-v", "-vv"];

#[test]
fn an_address_that_is_pasted_shows_nothing_of_its_code() {
    for verbosity in VERBOSITIES {
        let mut hunt = Hunt::on(Machine::with(IN_A_FILE), cast::PUBLIC_CLIENT, verbosity);
        let line = format!("timeout --foreground 30 {PROGRAM} login --paste --profile dev {verbosity}");
        let mut run = on_a_terminal(&hunt.machine, &line);
        let asked = |hunt: &Hunt, times| {
            wait_until("the question", || screen(&hunt.machine).matches("Paste it here").count() == times);
        };
        asked(&hunt, 1);
        let url = address(&hunt.machine).unwrap();
        let page = {
            // The page can't be reached from there; here, any server stands for that.
            let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, hunt.machine.port)).unwrap();
            std::thread::spawn(move || {
                let (mut guest, _) = elsewhere.accept().unwrap();
                guest.write_all(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            });
            alice().sign_in(&url).unwrap()
        };
        hunt.know_sign_in(&url, &page);
        // The address bar of a browser elsewhere is the one place where the code has to be.
        hunt.seen.retain(|(place, _)| place != "the address bar");
        let wrong = page.final_url.replace("state=", "state=x");
        let keyboard = run.stdin.as_mut().unwrap();
        keyboard.write_all(format!("{wrong}\n").as_bytes()).unwrap();
        asked(&hunt, 2);
        run.stdin.as_mut().unwrap().write_all(format!("{}\n", page.final_url).as_bytes()).unwrap();
        assert!(run.wait().unwrap().success(), "{}", screen(&hunt.machine));
        hunt.see_machine();
        hunt.assert_nothing_leaked();
    }
}

#[test]
fn a_password_and_a_backend_that_repeats_it_leave_no_trace() {
    let repeated = format!("{{\"error\":\"{PASSWORD} {TOKEN}\",\"message\":\"{PASSWORD} {TOKEN}\"}}");
    let page = format!("<pre>{PASSWORD} {TOKEN}</pre>");
    for verbosity in VERBOSITIES {
        let (machine, backend) = backend::machine();
        let mut hunt = Hunt::on(machine, cast::PUBLIC_CLIENT, verbosity);
        hunt.secrets.add("the password", PASSWORD);
        hunt.secrets.add("the backend's token", TOKEN);
        let login = format!("login --profile dev {verbosity}");
        for (status, body) in [
            (400, &repeated),
            (403, &repeated),
            (422, &repeated),
            (500, &repeated),
            (500, &page),
            (200, &page),
            (200, &repeated),
        ] {
            backend.answer(LOGIN, status, body);
            assert!(!type_passwords(&hunt.machine, login.trim(), &[PASSWORD]).wait().unwrap().success());
            hunt.see_machine();
            hunt.machine.forget_sign_ins();
        }
        backend.answer(LOGIN, 200, &format!("{{\"token\":\"{TOKEN}\",\"username\":\"alice\"}}"));
        let mut run = type_passwords(&hunt.machine, login.trim(), &[PASSWORD]);
        assert!(run.wait().unwrap().success(), "{}", screen(&hunt.machine));
        hunt.know_login();
        hunt.machine.let_credentials_end();
        for (status, body) in
            [(400, &repeated), (403, &repeated), (500, &repeated), (500, &page), (200, &repeated)]
        {
            backend.answer(AWS, status, body);
            backend.answer(LOGOUT, status, body);
            hunt.machine.let_id_token_end();
            for line in ["credential-process", "token", "status", "doctor", "doctor --json"] {
                let ran = hunt.run(line);
                assert!(ran.code == 1 || line != "credential-process", "{status}");
            }
        }
        backend.answer(LOGOUT, 500, &repeated);
        assert_eq!(hunt.run("logout").code, 1);
        hunt.see_machine();
        hunt.assert_nothing_leaked();
    }
}

#[test]
fn a_refresh_token_of_the_environment_stays_there() {
    for verbosity in VERBOSITIES {
        let mut hunt = Hunt::begin("file", verbosity);
        assert_eq!(hunt.play("credential-process").code, 0);
        let token = hunt.machine.login().unwrap()["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(hunt.run("logout").code, 0);
        for token in [token.as_str(), "an-opaque-token-that-nobody-knows-any-more"] {
            hunt.secrets.add("a refresh token of the environment", token);
            for line in ["credential-process", "token", "status", "doctor", "exec -- true", "logout"] {
                let mut command = hunt.command(line);
                command.env("COGNITO_CREDS_REFRESH_TOKEN", token).env("CI", "true");
                let ran: Ran = command.output().unwrap().into();
                hunt.see(line, &ran);
            }
        }
        hunt.assert_nothing_leaked();
    }
}
