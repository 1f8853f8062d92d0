//! A config file that came with somebody's repository: it can't make the program run another one, send a
//! login to a host that it was not issued for, open anything but a sign-in, or show what is in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod named_files;
#[path = "../support/mod.rs"]
mod support;

use cognito_creds::profile::keys;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::cases::Cases;
use support::{IN_A_FILE, Machine, Ran, signed_in, wait_until, with_credentials};
use url::Url;

/// Every command that reads a profile and does something with it.
const COMMANDS: &[&[&str]] = &[
    &["credential-process", "--profile", "dev"],
    &["-vv", "login", "--profile", "dev", "--no-browser"],
    &["-vv", "token", "--profile", "dev"],
    &["-vv", "env", "--profile", "dev"],
    &["-vv", "exec", "--profile", "dev", "--", "true"],
    &["-vv", "console", "--profile", "dev", "--print"],
    &["-vv", "status", "--profile", "dev"],
    &["-vv", "doctor", "--profile", "dev"],
    &["-vv", "logout", "--profile", "dev"],
];

/// A host that has no business with any login, and what it heard. It is the proxy, too: whatever would go
/// to a host outside comes by here.
struct Stranger {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Stranger {
    fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut bytes = [0; 22];
                let count = stream.read_exact(&mut bytes).map_or(0, |()| bytes.len());
                notes.lock().unwrap().push(String::from_utf8_lossy(&bytes[..count]).into_owned());
            }
        });
        Self { port, heard }
    }

    /// The beginnings of all requests.
    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The config file with other lines for these keys; `""` takes one out.
fn with(machine: &Machine, lines: &[(&str, &str)]) -> String {
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let kept = config.lines().filter(|line| !lines.iter().any(|(name, _)| key(line) == *name));
    let new = lines.iter().filter(|(_, value)| !value.is_empty()).map(|(k, v)| format!("{k} = {v}"));
    kept.map(str::to_owned).chain(new).map(|line| line + "\n").collect()
}

/// Runs a command, which must come to its end by itself.
fn in_time(machine: &Machine, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut child = machine.command(args).envs(variables.iter().copied()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("{args:?} hangs: {}", fs::read_to_string(machine.path(".aws/config")).unwrap());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ran::of(child)
}

/// Nothing that moves a cursor, hides text or adds a line.
fn assert_harmless(text: &str, case: &str) {
    let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{200B}');
    assert!(!text.contains(bad), "{case}: {text:?}");
}

/// The ID token is worth every role of its owner; `console` sends whole credentials.
#[test]
fn no_endpoint_of_a_config_file_gets_a_login() {
    let mut machine = with_credentials(IN_A_FILE);
    let stranger = Stranger::new();
    machine.set("HTTPS_PROXY", &stranger.url());
    let login = machine.login().unwrap();
    let honest = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let hosts = [
        "https://evil.example",
        "https://bucket.s3.amazonaws.com",
        "https://x.execute-api.eu-west-1.amazonaws.com",
        "https://cognito-identity.eu-west-1.amazonaws.com.evil.example",
        "https://vpce-0evil.vpce-svc-0evil.eu-west-1.vpce.amazonaws.com",
        "http://evil.example",
        "https://127.0.0.1@evil.example",
        "file:///etc/passwd",
    ];
    for host in hosts {
        for service in ["", "cognito_identity", "cognito-identity", "sts", "signin"] {
            let lines = match service {
                "" => with(&machine, &[("endpoint_url", host)]),
                service => format!(
                    "{honest}services = s\ncognito_flow = basic\n[services s]\n{service} =\n  endpoint_url = {host}\n"
                ),
            };
            machine.configure(&lines);
            for args in COMMANDS {
                let ran = in_time(&machine, args, &[("CI", "true")]);
                assert_eq!(stranger.heard(), [""; 0], "{host} {service} {args:?}");
                assert!(!ran.stdout.contains("SecretAccessKey"), "{host} {service} {args:?}: {ran:?}");
            }
            let (what, paste) = machine.call().failure();
            assert!(what.contains("endpoint_url") && !paste.contains("evil"), "{what}\n{paste}");
            machine.configure(&honest);
        }
    }
    assert_eq!(machine.login(), Some(login));
    // That the stranger would have heard it: the environment is the person's own.
    machine.let_credentials_end();
    machine.call_with(&[("AWS_ENDPOINT_URL_COGNITO_IDENTITY", "https://evil.example")]).failure();
    assert!(stranger.heard()[0].starts_with("CONNECT evil.example:4"), "{:?}", stranger.heard());
}

/// On a shared machine somebody else may listen there.
#[test]
fn a_login_of_the_world_outside_is_not_sent_to_whoever_listens_on_this_machine() {
    let stranger = Stranger::new();
    let mut machine = Machine::new();
    let url = stranger.url();
    machine.configure(&with(
        &machine,
        &[("cognito_domain", "https://auth.example.com"), ("endpoint_url", &url)],
    ));
    machine.set("HTTPS_PROXY", &url);
    machine.set("COGNITO_CREDS_REFRESH_TOKEN", "a refresh token");
    assert!(machine.call().failure().0.contains("endpoint_url"));
    assert_eq!(stranger.heard(), [""; 0]);
}

/// Public values, with the domain of somebody else: neither the stored login nor what is cached for it.
#[test]
fn another_domain_client_or_name_gets_neither_the_login_nor_the_cached_credentials() {
    let stranger = Stranger::new();
    let (machine, url) = (with_credentials(IN_A_FILE), stranger.url());
    let cached = machine.call().document()["AccessKeyId"].as_str().unwrap().to_owned();
    let honest = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let same_host = machine.sandbox.url().replace("127.0.0.1", "localhost");
    let oidc = [("cognito_auth", "oidc"), ("cognito_issuer", &*url), ("cognito_domain", "")];
    let backend = [("cognito_auth", "developer"), ("cognito_developer_url", &*url), ("cognito_role", "")];
    let cases: &[&[(&str, &str)]] = &[
        &[("cognito_domain", &url)],
        &[("cognito_domain", &same_host)],
        &[("cognito_domain", "https://127.0.0.1")],
        &[("cognito_client_id", "another")],
        &[("cognito_login", "another")],
        &[("cognito_login", "../default")],
        &[("cognito_identity_provider", "another")],
        &oidc,
        &backend,
    ];
    for lines in cases {
        machine.configure(&with(&machine, lines));
        for args in COMMANDS.iter().filter(|args| !args.contains(&"doctor") && !args.contains(&"login")) {
            let ran = in_time(&machine, args, &[("CI", "true")]);
            assert!(!ran.stdout.contains(&cached), "{lines:?} {args:?}");
        }
        assert!(machine.call_with(&[("CI", "true")]).failure().1.contains("login"), "{lines:?}");
        assert_eq!(stranger.heard(), [""; 0], "{lines:?}");
        machine.configure(&honest);
    }
    assert_eq!(machine.call().document()["AccessKeyId"], *cached, "and it is there still");
    // Another role or pool is another entry, even at the same login.
    for lines in [
        ("cognito_role", "ReadOnly"),
        ("cognito_identity_pool_id", "eu-west-1:00000000-0000-0000-0000-000000000000"),
    ] {
        machine.configure(&with(&machine, &[lines]));
        assert!(!machine.call_with(&[("CI", "true")]).stdout.contains(&cached), "{lines:?}");
        machine.configure(&honest);
    }
}

#[test]
fn no_address_of_a_config_file_is_anything_but_https_or_this_machine() {
    let (machine, stranger) = (signed_in(), Stranger::new());
    let honest = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let keys =
        ["cognito_domain", "cognito_issuer", "cognito_developer_url", "cognito_redirect_uri", "endpoint_url"];
    let addresses = [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "ftp://auth.example.com",
        "http://auth.example.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://2130706433.evil.example",
        "https://alice:secret@auth.example.com",
        "https://",
        "//evil.example",
        "-oProxyCommand=touch",
        "https://auth.example.com/\u{1b}]0;x\u{7}#\u{202e}",
    ];
    for key in keys {
        for address in addresses {
            let mut lines = vec![(key, address)];
            match key {
                "cognito_issuer" => lines.push(("cognito_auth", "oidc")),
                "cognito_developer_url" => lines.push(("cognito_auth", "developer")),
                _ => {}
            }
            machine.configure(&with(&machine, &lines));
            machine.sandbox.clear_log();
            for args in COMMANDS {
                let ran = in_time(&machine, args, &[("HTTPS_PROXY", &stranger.url())]);
                let case = format!("{key} = {address:?} {args:?}");
                assert_ne!(ran.code, 0, "{case}: {ran:?}");
                assert_harmless(&(ran.stdout + &ran.stderr), &case);
            }
            let (what, _) = machine.call().failure();
            assert!(what.contains(key), "{what}");
            assert_eq!((machine.sandbox.counts().total, machine.tabs().len()), (0, 1), "{key} {address}");
            assert_eq!(stranger.heard(), [""; 0], "{key} {address}");
            machine.configure(&honest);
        }
    }
}

/// What the text of every key could be taken for: shell text, options, paths, escape sequences.
fn hostile_values(canary: &Path) -> Vec<String> {
    let touch = format!("touch {}", canary.display());
    vec![
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("'; {touch}; '"),
        format!("| {touch}"),
        format!("-oProxyCommand={touch}"),
        format!("--version\u{a0}{touch}"),
        "../../../../tmp/cognito-creds-escape".into(),
        "/etc/shadow".into(),
        "\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}txt.exe".into(),
        "%0d%0aSet-Cookie: a=b".into(),
        "x&redirect_uri=https://evil.example&response_type=token".into(),
        "A".repeat(10_000),
    ]
}

/// GNU sed runs what is in the pattern space at the flag `e`.
const SED: &str = "x|touch pwned;#|e#";

/// Keys of the AWS tools that name programs, files or other profiles.
const OTHERS: [&str; 11] = [
    "credential_process",
    "source_profile",
    "include",
    "ca_bundle",
    "region",
    "sso_start_url",
    "web_identity_token_file",
    "credential_source",
    "cli_pager",
    "services",
    "login_session",
];

#[test]
fn no_value_runs_a_program_leaves_our_folders_or_writes_on_the_terminal() {
    let machine = Machine::with("cognito_store = file\ncognito_wait = 0s\n");
    let canary = machine.path("canary");
    let names: Vec<_> = keys::ALL.iter().map(|key| key.name).chain(OTHERS).collect();
    for (turn, value) in hostile_values(&canary).iter().enumerate() {
        let profile =
            |key: &&str| with(&machine, &[(key, value)]).replace("profile dev]", &format!("profile {key}]"));
        let config = machine.path("hostile");
        fs::write(&config, names.iter().map(profile).collect::<String>()).unwrap();
        let variables = [("CI", "true"), ("AWS_CONFIG_FILE", config.to_str().unwrap())];
        let look = |args: &[&str]| {
            let ran = in_time(&machine, args, &variables);
            assert_harmless(&(ran.stdout + &ran.stderr), &format!("{value:.80?} {args:?}"));
            assert!(!canary.exists(), "{value:.80} {args:?}");
        };
        look(&["-vv", "status"]);
        look(&["status", "--json"]);
        for (number, key) in names.iter().enumerate() {
            look(&["-vv", "credential-process", "--profile", key]);
            // It asks around, which takes its time: each key meets some of the values.
            if number % 5 == turn % 5 {
                look(&["-vv", "doctor", "--profile", key]);
            }
        }
    }
    assert!(machine.tabs().is_empty());
    for file in machine.files().iter().filter(|file| file.to_string_lossy().contains("cognito-creds")) {
        let folder = file.parent().unwrap();
        let ours = [".local/state/cognito-creds", ".local/share/cognito-creds"];
        assert!(ours.iter().any(|ours| folder == machine.path(ours)), "{}", file.display());
    }
}

/// The name of a profile is the file's word, too: in messages, and in the commands that people paste.
#[test]
fn no_name_of_a_profile_writes_on_the_terminal_or_runs_in_what_is_pasted() {
    let machine = Machine::with("cognito_store = file\ncognito_wait = 0s\n");
    let canary = machine.path("canary");
    let honest = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let wrong = [
        "",
        "cognito_duration_seconds = 7200",
        "cognito_auth = developer\ncognito_developer_url = https://b.example.com\ncognito_role = x",
        "cognito_client_id =",
        "cognito_identity_pool_id =",
        "cognito_prompt = \u{1b}[2J",
    ];
    let names = hostile_values(&canary).into_iter().chain([SED.into(), "a\u{1b}[2J\u{202e}b".into()]);
    let mut complaints = 0;
    for name in names {
        let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric());
        let flag = format!("--profile={name}");
        for section in [format!("profile {name}"), format!("profile '{name}'"), name.clone()] {
            for wrong in wrong {
                let lines = honest.replace("profile dev]", &format!("{section}]\n{wrong}"));
                machine.configure(&lines);
                let ran = in_time(&machine, &["credential-process", &flag], &[("CI", "true")]);
                assert_harmless(&ran.stderr, &format!("{section:.80?} {wrong}"));
                let paste = ran.stderr.lines().last().unwrap_or_default();
                assert!(is_plain || !paste.starts_with("sed "), "{section:.80?} {wrong}: {paste}");
                complaints += usize::from(ran.stderr.contains("no effect") && name.contains('\u{1b}'));
            }
            for args in [&["doctor", &*flag][..], &["login", &flag, "--no-browser"], &["status"]] {
                let ran = in_time(&machine, args, &[("CI", "true")]);
                assert_harmless(&(ran.stdout + &ran.stderr), &format!("{section:.80?} {args:.80?}"));
            }
            assert!(!canary.exists(), "{section:.80}");
        }
    }
    assert!(complaints > 0, "a complaint about such a profile was seen");
}

/// The domain of an attacker with the app client of the true one, which may answer without a question: the
/// code and its verifier would go to the attacker. Nothing shows it, so a person has to begin.
#[test]
fn a_file_of_somebody_else_opens_no_tab_at_a_host_where_nobody_has_signed_in() {
    let (mut machine, stranger) =
        (Machine::with("cognito_store = file\ncognito_wait = 0s\n"), Stranger::new());
    machine.set("HTTPS_PROXY", &stranger.url());
    let config = with(&machine, &[("cognito_domain", "https://auth.evil.example"), ("endpoint_url", "")]);
    let file = machine.path("repository-config");
    fs::write(&file, &config).unwrap();
    let elsewhere = [("AWS_CONFIG_FILE", file.to_str().unwrap())];
    let mut cases = Cases::of("strange-file");
    cases.tell("nobody has signed in there", &machine, &machine.call_with(&elsewhere));
    for args in
        COMMANDS.iter().filter(|args| ["token", "env", "exec", "console"].iter().any(|c| args.contains(c)))
    {
        let ran = in_time(&machine, args, &elsewhere);
        assert!(ran.stderr.contains("auth.evil.example; nobody has signed in there yet"), "{args:?} {ran:?}");
    }
    assert!(machine.tabs().is_empty() && stranger.heard().is_empty());

    let mut login = machine.command(&["login", "--profile", "dev"]).envs(elsewhere).spawn().unwrap();
    wait_until("a person began", || machine.tabs().len() == 1);
    login.kill().unwrap();
    let told = Ran::of(login).stderr;
    let named = format!("Profile dev is from {} and signs in at auth.evil.example.\n", file.display());
    assert!(told.starts_with(&named), "{told}");

    let state = machine.path(".local/state/cognito-creds");
    let record = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
    let record = record.into_iter().find(|path| path.to_str().unwrap().ends_with(".sign-in.json")).unwrap();
    let mut sign_in: serde_json::Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    let mut ended = |outcome: &str| {
        sign_in["outcome"] = outcome.into();
        sign_in["started"] = 1.into();
        sign_in["ended"] = 1.into();
        fs::write(&record, sign_in.to_string()).unwrap();
        machine.call_with(&elsewhere)
    };
    cases.tell("the last one was not completed", &machine, &ended("stopped"));
    assert!(machine.tabs().len() == 1 && stranger.heard().is_empty());
    ended("completed").failure();
    wait_until("a tab of its own", || machine.tabs().len() == 2);
    cases.compare();
}

/// The same words in the person's own file are the person's own.
#[test]
fn the_persons_own_file_opens_a_tab_wherever_it_leads() {
    let machine = Machine::with("cognito_store = file\ncognito_wait = 0s\n");
    machine
        .configure(&with(&machine, &[("cognito_domain", "https://auth.example.com"), ("endpoint_url", "")]));
    let config = machine.path(".aws/config");
    machine.call_with(&[("AWS_CONFIG_FILE", config.to_str().unwrap())]).failure();
    wait_until("a tab", || machine.tabs().len() == 1);
    assert!(machine.tabs()[0].starts_with("https://auth.example.com/oauth2/authorize?"));
}

/// The address that the browser is given: ours, whatever the profile wants to add to it.
#[test]
fn the_tab_goes_to_the_domain_and_comes_back_to_this_machine() {
    let machine = Machine::with("cognito_store = file\ncognito_wait = 0s\n");
    let evil = "x&redirect_uri=https://evil.example&state=1#/\u{1b}\"'<script>";
    machine.add(
        &["cognito_login_hint", "cognito_lang", "cognito_identity_provider"]
            .map(|key| format!("{key} = {evil}\n"))
            .concat(),
    );
    machine.call().failure();
    let tab = Url::parse(&machine.tabs()[0]).unwrap();
    let domain = Url::parse(machine.sandbox.url()).unwrap();
    assert_eq!((tab.origin(), tab.fragment()), (domain.origin(), None));
    for (name, wanted) in
        [("redirect_uri", format!("http://localhost:{}/callback", machine.port)), ("lang", evil.into())]
    {
        let found: Vec<_> =
            tab.query_pairs().filter(|(key, _)| key == name).map(|(_, v)| v.into_owned()).collect();
        assert_eq!(found, [wanted]);
    }
}
