//! Cached credentials are found under a name made of everything that makes them differ: an edited
//! profile never serves the credentials of its former self.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cognito_creds::profile::{Profile, keys};
use cognito_creds::store::EntryName;
use std::collections::BTreeSet;

const POOL: &str = "eu-west-1:0f5ca1ab-1e5a-4d00-b0a1-5a4db0c0ffee";

const SERVICES: &str = "[services elsewhere]\nsts =\n  endpoint_url = https://sts.us-east-1.amazonaws.com\n";

/// The keys of a whole profile.
type Base = &'static [(&'static str, &'static str)];

const BASE: Base = &[
    ("cognito_domain", "https://login.example.com"),
    ("cognito_client_id", "1example23456789"),
    ("cognito_identity_pool_id", POOL),
];

/// Each of these, added or changed, gives other credentials.
const DIFFERENT: &[(&str, &str)] = &[
    ("cognito_domain", "other-team"),
    ("cognito_domain", "https://auth.example.com"),
    ("cognito_client_id", "2example23456789"),
    ("cognito_identity_pool_id", "eu-west-1:1f5ca1ab-1e5a-4d00-b0a1-5a4db0c0ffee"),
    ("cognito_identity_pool_id", "us-east-1:0f5ca1ab-1e5a-4d00-b0a1-5a4db0c0ffee"),
    ("cognito_user_pool_id", "eu-west-1_AbCdEfGhI"),
    ("cognito_user_pool_id", "eu-west-1_Other"),
    ("cognito_identity_provider", "EntraID"),
    ("cognito_idp_identifier", "EntraID"),
    ("cognito_idp_identifier", "example.com"),
    ("cognito_role", "ReadOnly"),
    ("cognito_role", "Developer"),
    ("cognito_login", "second"),
    ("endpoint_url", "https://cognito-identity.us-east-2.amazonaws.com"),
    ("use_fips_endpoint", "true"),
    ("cognito_flow", "basic"),
];

/// The same where the sign-in is not at a user pool, or the credentials come in another way.
const OTHER_WAYS: &[(Base, &[(&str, &str)])] = &[
    (
        &[
            ("cognito_auth", "oidc"),
            ("cognito_issuer", "https://login.example.com"),
            ("cognito_client_id", "1example23456789"),
            ("cognito_identity_pool_id", POOL),
        ],
        &[("cognito_issuer", "https://login.example.com/tenant"), ("cognito_client_id", "2example23456789")],
    ),
    (
        &[
            ("cognito_auth", "developer"),
            ("cognito_developer_url", "https://login.example.com"),
            ("cognito_identity_pool_id", POOL),
        ],
        &[
            ("cognito_developer_url", "https://login.example.com/v2"),
            ("cognito_developer_aws_path", "auth/other"),
            ("cognito_developer_logins_key", "cognito-identity-us-gov.amazonaws.com"),
        ],
    ),
    (
        &[
            ("cognito_domain", "https://basic.example.com"),
            ("cognito_client_id", "1example23456789"),
            ("cognito_identity_pool_id", POOL),
            ("cognito_flow", "basic"),
        ],
        &[
            ("cognito_duration_seconds", "7200"),
            ("cognito_duration_seconds", "900"),
            ("cognito_role_session_name", "7200"),
            ("cognito_role_session_name", "alice"),
            ("services", "elsewhere"),
        ],
    ),
];

/// How a backend is spoken to.
const SAME_AT_A_BACKEND: &[(&str, &str)] = &[
    ("cognito_developer_login_path", "signin"),
    ("cognito_developer_logout_path", "signout"),
    ("cognito_developer_request_fields", "user secret"),
    ("cognito_developer_login_fields", "jwt name"),
    ("cognito_developer_aws_fields", "identity token"),
    ("cognito_developer_scheme", "Bearer"),
];

/// These change how a sign-in goes or where things are kept, not whose credentials come out.
const SAME: &[(&str, &str)] = &[
    ("region", "eu-central-1"),
    ("cognito_redirect_uri", "http://localhost:9999/callback"),
    ("cognito_scopes", "openid"),
    ("cognito_login_hint", "alice@example.com"),
    ("cognito_prompt", "login"),
    ("cognito_lang", "de"),
    ("cognito_login", "default"),
    ("cognito_auth", "user-pool"),
    ("cognito_flow", "enhanced"),
    ("cognito_interactive", "never"),
    ("cognito_wait", "1s"),
    ("cognito_login_timeout", "1m"),
    ("cognito_refresh_margin", "30m"),
    ("cognito_store", "file"),
    ("cognito_cache", "keychain"),
];

/// The names that a profile with this key gives its login and its credentials.
fn names(home: &str, base: Base, (key, value): (&str, &str)) -> (EntryName, EntryName) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let mut keys = base.to_vec();
    keys.retain(|(name, _)| *name != key);
    keys.push((key, value));
    let lines: Vec<_> = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    std::fs::write(&config, format!("[profile dev]\n{}{SERVICES}", lines.concat())).unwrap();
    let env = |name: &str| (name == "AWS_CONFIG_FILE").then(|| config.display().to_string());
    let profile = Profile::load("dev", &env, home).unwrap();
    (profile.login_entry(), profile.credentials_entry())
}

#[test]
fn what_changes_the_credentials_changes_their_name() {
    let mut seen = BTreeSet::from([names("/home", BASE, BASE[0]).1]);
    let mut differs = |base, change: (&str, &str)| {
        assert!(seen.insert(names("/home", base, change).1), "{change:?} finds other credentials");
    };
    for change in DIFFERENT {
        differs(BASE, *change);
    }
    for (base, changes) in OTHER_WAYS {
        differs(base, base[0]);
        for change in *changes {
            differs(base, *change);
        }
    }
    assert!(seen.insert(names("/another/home", BASE, BASE[0]).1), "two homes meet");
}

#[test]
fn what_does_not_leaves_login_and_credentials_where_they_are() {
    for (base, changes) in [(BASE, SAME), (OTHER_WAYS[1].0, SAME_AT_A_BACKEND)] {
        for change in changes {
            assert_eq!(names("/home", base, *change), names("/home", base, base[0]), "{change:?}");
        }
    }
}

#[test]
fn every_key_has_been_thought_of() {
    let elsewhere = OTHER_WAYS.iter().flat_map(|(_, changes)| *changes).chain(SAME_AT_A_BACKEND);
    let known: BTreeSet<_> = DIFFERENT.iter().chain(SAME).chain(elsewhere).map(|(key, _)| *key).collect();
    let forgotten: Vec<_> = keys::ALL.iter().map(|key| key.name).filter(|key| !known.contains(key)).collect();
    assert!(forgotten.is_empty(), "does it change the credentials? {forgotten:?}");
}
