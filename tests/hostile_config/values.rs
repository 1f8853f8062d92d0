//! What values and names do besides being values and names.

use crate::support::Machine;
use crate::{assert_harmless, in_time, with};
use cognito_creds::profile::keys;
use std::fs;
use std::path::Path;

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
