//! Where a login may be sent.

use crate::support::{IN_A_FILE, Machine, signed_in, with_credentials};
use crate::{COMMANDS, Stranger, assert_harmless, in_time, with};
use std::fs;

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
