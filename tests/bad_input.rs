//! What the program says to a person who gave it something it can't work with: two lines, nothing on
//! stdout, and nothing lost that was stored. The words are in `tests/cases/`.

mod support;

use cognito_creds::profile::keys;
use cognito_sandbox::{Endpoint, Fault, Times};
use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use support::cases::Cases;
use support::{Machine, PROGRAM, Ran, alice};

const HOST: &str = "https://auth.example.com";
const POOL: &str = "us-east-1:01234567-89ab-cdef-0123-456789abcdef";

/// A machine that is signed in and needs its login at the next call.
fn signed_in() -> Machine {
    let mut machine = Machine::new();
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine.let_credentials_end();
    machine
}

/// Whatever was wrong is mended: the login is as it was, and serves without a person.
fn assert_nothing_was_lost(machine: &Machine, login: &serde_json::Value) {
    assert_eq!(machine.login().as_ref(), Some(login));
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn a_profile_that_is_not_there_is_told_with_those_that_are() {
    let mut cases = Cases::of("unknown-profile");
    let machine = Machine::bare();
    cases.tell("no config file", &machine, &machine.call());
    machine.configure("# nothing yet\n");
    cases.tell("a config file without profiles", &machine, &machine.call());
    machine.configure("[default]\nregion = us-east-1\n[profile prod]\n[sso-session x]\n");
    cases.tell("another name", &machine, &machine.call());
    machine.configure("[default]\n[dev]\nregion = us-east-1\n");
    cases.tell("a section without the word profile", &machine, &machine.call());
    let many: String = (0..40).map(|n| format!("[profile p{n}]\n")).collect();
    machine.configure(&many);
    cases.tell("forty other names", &machine, &machine.call());
    let odd = machine.run(&["credential-process", "--profile", "it's mine"]);
    cases.tell("a name that a shell would take apart", &machine, &odd);
    cases.compare();
}

#[test]
fn missing_keys_are_named_all_at_once() {
    let mut cases = Cases::of("missing-keys");
    let machine = Machine::bare();
    machine.configure("[profile dev]\nregion = us-east-1\ncognito_client_id =\n");
    let what = cases.tell("all of them", &machine, &machine.call());
    for key in [&keys::DOMAIN, &keys::CLIENT_ID, &keys::IDENTITY_POOL_ID] {
        assert!(what.contains(key.name), "{what}");
    }
    machine
        .configure(&format!("[profile dev]\ncognito_domain = {HOST}\ncognito_identity_pool_id = {POOL}\n"));
    cases.tell("one of them", &machine, &machine.call());
    machine.configure(&format!("[profile dev]\ncognito_domain = {HOST}\ncognito_client_id = abc\n"));
    cases.tell("the identity pool", &machine, &machine.call());
    cases.compare();
}

#[test]
fn a_broken_config_file_is_told_by_file_and_line() {
    let mut cases = Cases::of("broken-config");
    let machine = signed_in();
    let (login, config) = (machine.login().unwrap(), fs::read(machine.path(".aws/config")).unwrap());
    let dev = String::from_utf8(config.clone()).unwrap();
    for (case, broken, line) in [
        ("a line without =", format!("[profile other]\nregion us-east-1\n{dev}").into_bytes(), 2),
        ("a section without ]", format!("{dev}[profile other\nregion = x\n").into_bytes(), 10),
        ("a property before the first section", format!("\nregion = x\n{dev}").into_bytes(), 2),
        ("a nested line without =", format!("{dev}s3 =\n  no equals sign\n").into_bytes(), 11),
        ("bytes that are no text", [dev.as_bytes(), b"# caf\xe9\n"].concat(), 10),
        (
            "text as PowerShell writes it",
            format!("\u{feff}{dev}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
            1,
        ),
    ] {
        fs::write(machine.path(".aws/config"), broken).unwrap();
        let what = cases.tell(case, &machine, &machine.call());
        assert!(what.contains(&format!("line {line}:")), "{case}: {what}");
        assert!(what.contains(".aws/config"), "{what}");
    }
    fs::remove_file(machine.path(".aws/config")).unwrap();
    fs::create_dir(machine.path(".aws/config")).unwrap();
    cases.tell("a folder in its place", &machine, &machine.call());
    fs::remove_dir(machine.path(".aws/config")).unwrap();
    fs::write(machine.path(".aws/config"), config).unwrap();
    assert_nothing_was_lost(&machine, &login);
    cases.compare();
}

/// Values that each key refuses.
const BAD_VALUES: &[(&str, &[&str])] = &[
    (
        "cognito_domain",
        &[
            "auth.example.com",
            "http://auth.example.com",
            "https://auth.example.com/login",
            "https://me:secret@auth.example.com",
            "https://",
            "ftp://auth.example.com",
            "My_Prefix",
        ],
    ),
    ("cognito_client_id", &["a client"]),
    ("cognito_identity_pool_id", &["us-east-1_AbCdEfGhI", "01234567-89ab-cdef-0123-456789abcdef"]),
    ("cognito_user_pool_id", &["AbCdEfGhI"]),
    (
        "cognito_redirect_uri",
        &[
            "https://localhost:8080",
            "http://example.com:8080",
            "http://localhost:8080#top",
            "http://localhost:0",
            "localhost:8080",
            "8080",
            "http://localhost:8080, http://example.com",
            ",",
        ],
    ),
    ("cognito_scopes", &["email profile", "openid \"email\""]),
    ("cognito_prompt", &["never"]),
    ("cognito_auth", &["saml"]),
    ("cognito_flow", &["basic"]),
    ("cognito_interactive", &["no"]),
    ("cognito_wait", &["50", "2h"]),
    ("cognito_login_timeout", &["5 minutes", "1s"]),
    ("cognito_refresh_margin", &["1h"]),
    ("cognito_store", &["disk"]),
    ("cognito_cache", &["file"]),
    ("endpoint_url", &["cognito-identity.us-east-1.amazonaws.com", "http://example.com"]),
];

/// Any text will do for these.
const FREE_TEXT: [&str; 6] = [
    "cognito_identity_provider",
    "cognito_idp_identifier",
    "cognito_login_hint",
    "cognito_lang",
    "cognito_role",
    "cognito_login",
];

#[test]
fn a_bad_value_is_told_with_its_key() {
    let mut cases = Cases::of("bad-values");
    let machine = signed_in();
    let (login, config) =
        (machine.login().unwrap(), fs::read_to_string(machine.path(".aws/config")).unwrap());
    for (key, values) in BAD_VALUES {
        for value in *values {
            let others: String = config
                .lines()
                .filter(|l| !l.starts_with(&format!("{key} ")))
                .map(|l| format!("{l}\n"))
                .collect();
            machine.configure(&format!("{others}{key} = {value}\n"));
            let what = cases.tell(&format!("{key} = {value}"), &machine, &machine.call());
            assert!(what.contains(key), "{what}");
            assert!(!what.contains("secret"), "{what}");
        }
    }
    machine.configure(&config);
    machine.add("cognito_identity_provider = EntraID\ncognito_idp_identifier = example.com\n");
    cases.tell("two ways to one provider", &machine, &machine.call());
    machine.configure(&config);
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_COGNITO_IDENTITY"] {
        let ran = machine.call_with(&[(variable, "http://example.com")]);
        let what = cases.tell(&format!("{variable}=http://example.com"), &machine, &ran);
        assert!(what.contains(variable), "{what}");
    }
    assert_nothing_was_lost(&machine, &login);
    cases.compare();
}

#[test]
fn no_key_goes_without_a_case() {
    for key in keys::ALL {
        let refuses = BAD_VALUES.iter().any(|(name, _)| *name == key.name);
        assert!(refuses != FREE_TEXT.contains(&key.name), "{}", key.name);
    }
}

#[test]
fn trust_and_proxy_that_cannot_be_used_are_told_before_anybody_signs_in() {
    let mut cases = Cases::of("network-settings");
    let mut machine = Machine::new();
    let missing = machine.path("missing.pem").display().to_string();
    let empty = machine.path("it's empty.pem").display().to_string();
    fs::write(&empty, "not a certificate\n").unwrap();
    let torn = machine.path("torn.pem").display().to_string();
    fs::write(&torn, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
    let broken: &[(&str, &str, &str)] = &[
        ("a CA bundle that is missing", "AWS_CA_BUNDLE", &missing),
        ("a CA bundle without a certificate", "AWS_CA_BUNDLE", &empty),
        ("a CA bundle that is no PEM", "AWS_CA_BUNDLE", &torn),
        ("a proxy without a host", "HTTPS_PROXY", "http://me:secret@"),
        ("a proxy with an odd port", "https_proxy", "proxy:http"),
    ];
    let complain = |machine: &Machine, cases: &mut Cases, when: &str| {
        for (case, variable, value) in broken {
            let ran = machine.call_with(&[(variable, value)]);
            let what = cases.tell(&format!("{case}, {when}"), machine, &ran);
            assert!(what.contains(variable) && !what.contains("secret"), "{what}");
        }
    };
    complain(&machine, &mut cases, "signed out");
    machine.add(&format!("ca_bundle = {missing}\n"));
    cases.tell("the same in the profile", &machine, &machine.call());
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace("ca_bundle", "# ca_bundle"));
    assert!(machine.tabs().is_empty(), "nobody signed in for nothing");

    // Nothing keeps the mended settings from being used at once.
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    let login = machine.login().unwrap();
    complain(&machine, &mut cases, "signed in");
    assert_nothing_was_lost(&machine, &login);
    cases.compare();
}

#[test]
fn taken_ports_are_told_with_their_holder_and_free_ones_used_at_once() {
    let mut cases = Cases::of("taken-ports");
    let mut machine = Machine::new();
    let held = TcpListener::bind(("127.0.0.1", machine.port)).unwrap();
    let what = cases.tell("one port", &machine, &machine.call());
    assert!(what.contains(&format!("(process {})", std::process::id())), "{what}");
    assert!(machine.tabs().is_empty());
    drop(held);
    machine.seat(alice());
    machine.call().document();
    machine.leave();

    // The port is held by a sign-in of another profile.
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let another = machine.sandbox.profile("another", &redirect);
    machine.add(&format!("{another}cognito_login = another\ncognito_store = file\ncognito_wait = 0s\n"));
    machine.run(&["credential-process", "--profile", "another"]).failure();
    let third = machine.sandbox.profile("third", &redirect);
    machine.add(&format!("{third}cognito_login = third\ncognito_store = file\n"));
    let ran = machine.run(&["credential-process", "--profile", "third"]);
    cases.tell("another profile's sign-in", &machine, &ran);
    cases.compare();
}

/// Cognito shows a page of its own and never comes back: the person has to know what to register.
#[test]
fn a_sign_in_that_nobody_completes_shows_the_redirect_uri() {
    let mut cases = Cases::of("unanswered");
    let mut machine =
        Machine::with("cognito_store = file\ncognito_login_timeout = 10s\ncognito_wait = 30s\n");
    machine.sandbox.change(|world| {
        for client in &mut world.clients {
            client.redirect_uris.clear();
        }
    });
    machine.seat(alice());
    let what = cases.tell("a callback URL that is not registered", &machine, &machine.call());
    assert!(what.contains(&format!("http://localhost:{}/callback", machine.port)), "{what}");
    cases.tell("the next call", &machine, &machine.call());
    cases.compare();
}

#[test]
fn a_caller_that_can_wait_no_longer_is_told_where_the_sign_in_is() {
    let mut cases = Cases::of("still-open");
    let machine = Machine::with("cognito_store = file\ncognito_wait = 1s\n");
    cases.tell("nobody came in time", &machine, &machine.call());
    let ran = machine.call_with(&[("CI", "true")]);
    cases.tell("the same while it is open, without a browser of its own", &machine, &ran);
    cases.compare();
}

#[test]
fn where_nobody_can_sign_in_the_command_is_told() {
    let mut cases = Cases::of("needs-sign-in");
    let machine = Machine::new();
    cases.tell("in CI", &machine, &machine.call_with(&[("CI", "true")]));
    machine.add("cognito_interactive = never\n");
    cases.tell("where the profile says never", &machine, &machine.call());
    assert!(machine.tabs().is_empty());
    cases.compare();
}

#[test]
fn without_a_keychain_the_kernel_keeps_the_login_and_stderr_is_silent() {
    let mut machine = Machine::with("");
    machine.seat(alice());
    machine.call().document();
    machine.let_credentials_end();
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1, "the login was found again");
    assert!(machine.login().is_none(), "and not in a file");
    let notes: Vec<_> = machine.files().iter().filter_map(|f| fs::read_to_string(f).ok()).collect();
    assert!(notes.iter().any(|n| n.contains("kernel keyring")), "status knows where it is: {notes:?}");
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
}

#[test]
fn a_store_that_is_not_there_is_told_and_never_replaced_by_another() {
    let mut cases = Cases::of("no-keychain");
    let mut machine = Machine::with("cognito_store = keychain\n");
    machine.seat(alice());
    cases.tell("no keychain, and nothing else allowed", &machine, &machine.call());
    cases.compare();
}

/// Under `/proc` nobody creates a folder, root neither.
const READ_ONLY: &str = "/proc/cognito-creds";

#[test]
fn a_home_that_cannot_be_written_is_told_and_another_folder_serves() {
    let mut cases = Cases::of("read-only-home");
    let mut machine = Machine::with("cognito_store = kernel\n");
    let config = machine.path(".aws/config").display().to_string();
    let read_only = [("HOME", READ_ONLY), ("AWS_CONFIG_FILE", &config)];
    cases.tell("nowhere to keep a lock", &machine, &machine.call_with(&read_only));
    assert!(machine.tabs().is_empty());

    let run = machine.path("run").display().to_string();
    fs::create_dir(&run).unwrap();
    let with_run = [&read_only[..], &[("XDG_RUNTIME_DIR", &run)]].concat();
    machine.seat(alice());
    machine.call_with(&with_run).document();
    machine.sandbox.clear_log();
    machine.call_with(&read_only).document();
    assert_eq!(machine.sandbox.counts().total, 0, "a warm call needs no folder");
    assert_eq!(machine.run_with(&["logout", "--profile", "dev"], &with_run).code, 0);

    machine.configure(&fs::read_to_string(&config).unwrap().replace("= kernel", "= file"));
    cases.tell("nowhere to keep the login's file", &machine, &machine.call_with(&with_run));
    cases.compare();
}

#[test]
fn a_clock_that_is_wrong_is_told_with_both_times() {
    let mut cases = Cases::of("wrong-clock");
    let machine = signed_in();
    let login = machine.login().unwrap();
    // What is issued two hours ago has ended here.
    machine.sandbox.set_clock_offset(-7200);
    let what = cases.tell("ahead: credentials have ended before they came", &machine, &machine.call());
    assert!(what.contains("clock"), "{what}");
    machine.sandbox.set_clock_offset(0);
    machine.call().document();
    assert_eq!((machine.tabs().len(), &machine.login().unwrap()["sub"]), (1, &login["sub"]));

    // What the identity pool finds too old although it is new.
    let expired = Fault::Aws {
        status: 400,
        kind: "NotAuthorizedException".into(),
        message: "Invalid login token. Token expired: 1795181744 >= 1795178144".into(),
    };
    for (case, seconds) in [("behind: the ID token has ended there", 7200), ("ahead, the same", -7200)] {
        machine.let_credentials_end();
        machine.sandbox.fault(Endpoint::GetCredentials, expired.clone(), Times::Forever);
        machine.sandbox.set_date_offset(Some(seconds));
        let what = cases.tell(case, &machine, &machine.call());
        assert!(what.contains("clock is 2 hours"), "{what}");
        machine.sandbox.clear_faults();
        machine.sandbox.set_date_offset(None);
        machine.call().document();
    }
    cases.compare();
}

#[test]
fn a_wrong_command_line_is_exit_2_and_help_is_exit_0() {
    let machine = Machine::bare();
    for wrong in [
        &[][..],
        &["credential-process"],
        &["credential-process", "--profile"],
        &["credential-process", "--profile", "dev", "extra"],
        &["credential-process", "--profile", "dev", "--profile", "dev"],
        &["login", "--paste", "--no-browser"],
        &["logout", "--all", "--profile", "dev"],
        &["no-such-command"],
        &["--no-such-flag"],
        &["login", "--profil", "dev"],
    ] {
        let ran = machine.run(wrong);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{wrong:?}");
        assert!(ran.stderr.contains("--help") || ran.stderr.contains("Usage:"), "{wrong:?}: {}", ran.stderr);
    }
    // Which profile is served is never guessed from the environment.
    assert_eq!(machine.run_with(&["credential-process"], &[("AWS_PROFILE", "dev")]).code, 2);
    for right in
        [&["--help"][..], &["-h"], &["--version"], &["login", "--help"], &["credential-process", "-h"]]
    {
        let ran = machine.run(right);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{right:?}");
        assert!(!ran.stdout.is_empty());
    }
    let version = machine.run(&["--version"]).stdout;
    assert_eq!(version, format!("cognito-creds {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn verbosity_stands_before_or_after_the_command() {
    let machine = signed_in();
    machine.let_id_token_end();
    for arguments in [
        ["-v", "-v", "credential-process", "--profile", "dev"],
        ["credential-process", "-v", "--profile", "dev", "--verbose"],
    ] {
        machine.let_id_token_end();
        let ran = machine.run(&arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stderr.lines().any(|line| line.starts_with("debug: ")), "{ran:?}");
        machine.let_credentials_end();
    }
}

#[test]
fn the_environment_names_the_profile_for_people_only() {
    let mut machine = Machine::new();
    machine.seat(alice());
    let dev = [("AWS_PROFILE", "dev")];
    let login = machine.run_with(&["login"], &dev);
    assert_eq!((login.code, login.stdout.as_str()), (0, "Signed in as alice@example.com for profile dev.\n"));
    let (what, _) = machine.run(&["logout"]).failure();
    assert!(what.contains("no profile default"), "{what}");
    assert!(machine.login().is_some());
    assert_eq!(machine.run_with(&["logout"], &dev).code, 0);
    assert!(machine.login().is_none());
}

#[test]
fn a_reader_that_has_gone_is_no_reason_for_words() {
    let machine = signed_in();
    machine.call().document();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut call = machine.command(&["credential-process", "--profile", "dev"]);
    let ran: Ran = call.stdout(Stdio::from(writer)).output().unwrap().into();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    // Closed altogether, as by `>&-`.
    let closed = format!("'{PROGRAM}' credential-process --profile dev >&-");
    let ran: Ran = machine.shell(&closed).output().unwrap().into();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_document_that_cannot_be_written_is_a_failure() {
    let mut cases = Cases::of("full-disk");
    let machine = signed_in();
    machine.call().document();
    let mut call = machine.command(&["credential-process", "--profile", "dev"]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran: Ran = call.stdout(Stdio::from(full)).output().unwrap().into();
    cases.tell("stdout on a full disk", &machine, &ran);
    cases.compare();
}
