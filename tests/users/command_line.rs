//! Everybody reads everybody's command lines: what another user can do with what the browser's shows, or without it.

use crate::support::{Machine, alice, wait_until};
use crate::{User, everything, shared};
use cognito_sandbox::Person;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use url::Url;

/// A browser that stays, so that its command line can be read, until its file `seen` is there.
fn let_the_browser_stay(machine: &Machine) {
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\nuntil [ -e '{}' ]; do sleep 0.05; done\n",
        machine.path("tabs").display(),
        machine.path("seen").display()
    );
    fs::write(machine.path("browser"), script).unwrap();
}

/// What another user finds in the command lines of all processes: the sign-in page's address at this sandbox.
fn address_in_a_command_line(machine: &Machine, spy: &User<'_>) -> Url {
    let wanted = format!("{}/oauth2/authorize?", machine.sandbox.url());
    let look = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'";
    let lines = spy.command(&["sh", "-c", look], &[]).output().unwrap().stdout;
    let lines = String::from_utf8_lossy(&lines).into_owned();
    let found =
        lines.lines().find(|line| line.starts_with(&wanted)).unwrap_or_else(|| panic!("not in {lines}"));
    found.parse().unwrap()
}

/// How many logins lie in a user's home.
fn logins(user: &User<'_>) -> usize {
    let is_login = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("login.") && name.matches('.').count() == 1
    };
    everything(&user.home).iter().filter(|(path, ..)| is_login(path)).count()
}

/// A request of another user to the listener; what comes back.
fn visit(machine: &Machine, spy: &User<'_>, query: &str) -> String {
    let port = machine.port;
    let talk = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET /callback?%s HTTP/1.1\\r\\nHost: localhost:{port}\\r\\n\\r\\n' '{query}' >&3; cat <&3"
    );
    let output = spy.command(&["bash", "-c", &talk], &[]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn another_user_without_the_state_neither_ends_nor_delays_a_sign_in() {
    let machine = shared("cognito_store = file\n");
    let (person, stranger) = (User::new(&machine), User::new(&machine));
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| person.call(&[]));
        wait_until("the tab", || machine.tabs().len() == 1);
        for query in
            ["", "code=c", "code=c&state=guessed", "error=access_denied", "error=access_denied&state=x"]
        {
            let answer = visit(&machine, &stranger, query);
            assert!(answer.starts_with("HTTP/1.1 400 "), "{query}: {answer}");
        }
        alice().sign_in(&machine.tabs()[0]).unwrap();
        caller.join().unwrap().document();
    });
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (1, 1));
}

/// The browser's command line shows the address of the sign-in page, and its `state`, to everybody. With it another
/// user can end the sign-in with an error or a made-up code; nothing is kept of theirs. A code of their own for that
/// very address is below.
#[test]
fn another_user_who_answers_with_the_state_of_the_command_line_ends_the_sign_in_and_brings_nothing_in() {
    for query in ["code=theirs", "error=access_denied&error_description=Gotcha"] {
        let machine = shared("cognito_store = file\n");
        let_the_browser_stay(&machine);
        let (person, spy) = (User::new(&machine), User::new(&machine));
        let ran = std::thread::scope(|scope| {
            let caller = scope.spawn(|| person.call(&[]));
            wait_until("the tab", || machine.tabs().len() == 1);
            let seen = address_in_a_command_line(&machine, &spy);
            assert_eq!(seen.as_str(), machine.tabs()[0]);
            let asked: BTreeMap<_, _> = seen.query_pairs().into_owned().collect();
            assert!(!asked.contains_key("code_verifier"));
            let landing = visit(&machine, &spy, &format!("{query}&state={}", asked["state"]));
            assert!(landing.starts_with("HTTP/1.1 303 "), "{landing}");
            caller.join().unwrap()
        });
        fs::write(machine.path("seen"), "").unwrap();
        let (what, paste) = ran.failure();
        assert!(what.contains("did not accept the authorization code") || what.contains("Gotcha"), "{what}");
        assert!(paste.contains("login"), "{paste}");
        let counts = machine.sandbox.counts();
        assert_eq!((counts.get_id, counts.get_credentials), (0, 0), "{query}");
        assert_eq!(logins(&person), 0);
    }
}

/// Whoever signs in as themselves at the very address that the command line shows, and is first, is signed in here:
/// it is the same request. Every place that tells who is signed in tells them.
#[test]
fn somebody_elses_own_sign_in_at_the_same_address_is_told_by_name() {
    let machine = shared("cognito_store = file\n");
    let_the_browser_stay(&machine);
    let (person, spy) = (User::new(&machine), User::new(&machine));
    let (ran, page) = std::thread::scope(|scope| {
        let login = scope.spawn(|| person.run(&["login", "--profile", "dev"], &[]));
        wait_until("the tab", || machine.tabs().len() == 1);
        let seen = address_in_a_command_line(&machine, &spy);
        let page = Person::new("dora", "password").sign_in(seen.as_str()).unwrap();
        (login.join().unwrap(), page)
    });
    fs::write(machine.path("seen"), "").unwrap();
    assert!(page.body.contains("dora@example.com"), "{}", page.body);
    assert!(ran.code == 0 && format!("{}{}", ran.stdout, ran.stderr).contains("dora@example.com"), "{ran:?}");
    let status = person.run(&["status", "--profile", "dev"], &[]);
    assert!(status.stdout.contains("dora@example.com"), "{status:?}");
    // The person's own browser comes too late, and nothing of theirs is exchanged.
    alice().sign_in(&machine.tabs()[0]).unwrap_err();
    assert_eq!((machine.sandbox.counts().token_code, logins(&person)), (1, 1));
}
