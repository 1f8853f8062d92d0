//! What the program says to a person who gave it something it can't work with: two lines, nothing on
//! stdout, and nothing lost that was stored. The words are in `tests/cases/`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_creds::profile::keys;
use std::fs;
use support::cases::Cases;
use support::{Machine, Ran, alice, assert_nothing_was_lost, signed_in};

const HOST: &str = "https://auth.example.com";
const POOL: &str = "us-east-1:01234567-89ab-cdef-0123-456789abcdef";

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
    machine.configure("[default]\n[x|id;#|e#]\nregion = us-east-1\n");
    let odd = machine.run(&["credential-process", "--profile", "x|id;#|e#"]);
    cases.tell("such a section with a name that sed would run", &machine, &odd);
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
    fs::write(machine.path(".aws/config"), format!("\u{feff}{dev}")).unwrap();
    cases.tell("a byte order mark", &machine, &machine.call());
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
            "file:///login",
            "ftp://auth.example.com",
            "My_Prefix",
            "https://auth.example.com\u{7f}",
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
    ("cognito_auth", &["saml", "cognito", "OIDC"]),
    ("cognito_flow", &["classic"]),
    ("cognito_duration_seconds", &["899", "43201", "1h", "7200"]),
    ("cognito_role_session_name", &["alice"]),
    ("cognito_interactive", &["no"]),
    ("cognito_wait", &["50", "2h"]),
    ("cognito_login_timeout", &["5 minutes", "1s"]),
    ("cognito_refresh_margin", &["1h"]),
    ("cognito_store", &["disk"]),
    ("cognito_cache", &["file"]),
    (
        "cognito_issuer",
        &[
            "http://example.com",
            "https://example.com/?x",
            "https://example.com/#x",
            "example.com",
            "https://login.microsoftonline.com/common/v2.0",
        ],
    ),
    ("cognito_developer_url", &["http://example.com/api", "https://example.com/api?x", "/api/v1"]),
    (
        "endpoint_url",
        &["cognito-identity.us-east-1.amazonaws.com", "http://example.com", "https://identity.example.com"],
    ),
];

/// Values that the keys of `cognito_auth = developer` refuse.
const BAD_VALUES_OF_A_BACKEND: &[(&str, &[&str])] = &[
    (
        "cognito_developer_url",
        &[
            "login.example.com",
            "http://login.example.com",
            "https://me:secret@login.example.com",
            "https://x/?y",
        ],
    ),
    ("cognito_developer_login_path", &["https://evil.example/login", "//evil.example/login", "login#top"]),
    ("cognito_developer_aws_path", &["https://evil.example/aws"]),
    ("cognito_developer_logout_path", &["http://login.example.com/logout"]),
    ("cognito_developer_request_fields", &["email", "email email"]),
    ("cognito_developer_login_fields", &["token username more"]),
    ("cognito_developer_aws_fields", &["Token"]),
    ("cognito_developer_scheme", &["two words", "Bearer:"]),
    ("cognito_developer_logins_key", &["https://cognito-identity.amazonaws.com"]),
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
            let way = match *key {
                "cognito_issuer" => "cognito_auth = oidc\n",
                "cognito_developer_url" => "cognito_auth = developer\n",
                _ => "",
            };
            machine.configure(&format!("{others}{way}{key} = {value}\n"));
            let what = cases.tell(&format!("{key} = {value}"), &machine, &machine.call());
            assert!(what.contains(key), "{what}");
            assert!(!what.contains("secret"), "{what}");
        }
    }
    machine.configure(&config);
    machine.add("cognito_identity_provider = EntraID\ncognito_idp_identifier = example.com\n");
    cases.tell("two ways to one provider", &machine, &machine.call());
    machine.configure(&config);
    machine.add(
        "cognito_auth = developer\ncognito_developer_url = https://login.example.com\ncognito_flow = basic\n",
    );
    cases.tell("the basic flow with a backend", &machine, &machine.call());
    machine.configure(&config);
    machine.add(
        "cognito_auth = developer\ncognito_developer_url = https://login.example.com\ncognito_role = Admin\n",
    );
    cases.tell("a role with a backend", &machine, &machine.call());
    machine.configure(&config);
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_COGNITO_IDENTITY"] {
        let ran = machine.call_with(&[(variable, "http://example.com")]);
        let what = cases.tell(&format!("{variable}=http://example.com"), &machine, &ran);
        assert!(what.contains(variable), "{what}");
    }
    machine.add("cognito_flow = basic\n");
    let of_a_service =
        "services = elsewhere\n[services elsewhere]\nsts =\n  endpoint_url = http://example.com\n";
    machine.configure(&format!("{config}cognito_flow = basic\n{of_a_service}"));
    cases.tell("endpoint_url of a service", &machine, &machine.call());
    machine.configure(&format!("{config}cognito_flow = basic\n"));
    let ran = machine.call_with(&[("AWS_ENDPOINT_URL_STS", "http://example.com")]);
    cases.tell("AWS_ENDPOINT_URL_STS=http://example.com", &machine, &ran);
    machine.configure(&config);
    assert_nothing_was_lost(&machine, &login);
    cases.compare();
}

/// A prefix stands for a host name of its region, where that is known.
#[test]
fn a_prefix_that_can_not_be_completed_is_told_with_what_lacks() {
    let mut cases = Cases::of("domain-prefixes");
    let machine = Machine::bare();
    for (case, region) in [
        ("no region", ""),
        ("what is no region", "region = s3\n"),
        ("a region without user pools", "region = cn-north-1\n"),
        ("a region whose names are not known", "region = eusc-de-east-1\n"),
    ] {
        machine.configure(&format!(
            "[profile dev]\n{region}cognito_domain = my-team\ncognito_client_id = abc\n"
        ));
        cases.tell(case, &machine, &machine.run(&["token", "--profile", "dev"]));
    }
    machine.configure(&format!(
        "[profile dev]\ncognito_auth = oidc\ncognito_issuer = https://id.example.com\ncognito_client_id = two words\ncognito_identity_pool_id = {POOL}\n"
    ));
    cases.tell("a client id of no OpenID provider", &machine, &machine.call());
    cases.compare();
}

/// It is what the reader is told to paste.
#[test]
fn an_empty_endpoint_url_is_none() {
    let machine = signed_in();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let others = config.lines().filter(|line| !line.starts_with("endpoint_url"));
    machine.configure(
        &others.map(|line| format!("{line}\n")).chain(["endpoint_url =\n".into()]).collect::<String>(),
    );
    assert!(machine.profile().identity_endpoint.is_none());
}

#[test]
fn a_bad_value_of_a_backend_is_told_with_its_key() {
    let mut cases = Cases::of("bad-values-of-a-backend");
    let machine = Machine::bare();
    let common = format!("[profile dev]\ncognito_auth = developer\ncognito_identity_pool_id = {POOL}\n");
    let url = "cognito_developer_url";
    for (key, values) in BAD_VALUES_OF_A_BACKEND {
        for value in *values {
            let others =
                if *key == url { "" } else { "cognito_developer_url = https://login.example.com/api\n" };
            machine.configure(&format!("{common}{others}{key} = {value}\n"));
            let what = cases.tell(&format!("{key} = {value}"), &machine, &machine.call());
            assert!(what.contains(key), "{what}");
            assert!(!what.contains("secret"), "{what}");
        }
    }
    machine.configure("[profile dev]\ncognito_auth = developer\n");
    let what = cases.tell("no address and no pool", &machine, &machine.call());
    assert!(what.contains(url) && !what.contains(keys::DOMAIN.name), "{what}");
    cases.compare();
}

#[test]
fn no_key_goes_without_a_case() {
    for key in keys::ALL {
        let mut bad = BAD_VALUES.iter().chain(BAD_VALUES_OF_A_BACKEND);
        let refuses = bad.any(|(name, _)| *name == key.name);
        assert!(refuses != FREE_TEXT.contains(&key.name), "{}", key.name);
    }
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
fn without_a_home_the_config_file_of_the_current_folder_is_not_read() {
    let machine = Machine::new();
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace("[profile dev]", "[profile planted-in-this-folder]"));
    let mut command = machine.command(&["credential-process", "--profile", "planted-in-this-folder"]);
    command.env_remove("HOME").env("XDG_STATE_HOME", machine.path("state")).current_dir(machine.path(""));
    let (what, _) = Ran::from(command.output().unwrap()).failure();
    assert!(what.contains("there is no profile") || what.contains("There is no profile"), "{what}");
    assert!(machine.tabs().is_empty());
}
