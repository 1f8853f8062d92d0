//! The session is named after the person, in characters that STS takes.

use crate::support::alice;
use crate::{machine, sent};
use cognito_creds::identity_pool::basic::session_name;
use cognito_creds::user_pool::claims::Claims;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn the_session_is_named_after_the_person() {
    for (keys, email, expected) in [
        ("", "alice@example.com", "alice@example.com"),
        ("", "zoë o'hara@example.com", "zo--o-hara@example.com"),
        ("cognito_role_session_name = Alice in CI: build/42\n", "x", "Alice-in-CI--build-42"),
        ("cognito_role_session_name = a\n", "x", "a-"),
    ] {
        let machine = machine(keys, alice());
        machine.sandbox.change(|world| world.user_mut("alice").email = email.to_owned());
        machine.call().document();
        assert_eq!(sent(&machine, "RoleSessionName"), expected, "{keys}{email}");
    }
}

#[test]
fn without_an_email_the_session_is_named_after_the_sub() {
    let machine = machine("cognito_scopes = openid\n", alice());
    machine.call().document();
    let sub = machine.sandbox.world().user("alice").unwrap().sub.clone();
    assert_eq!(sent(&machine, "RoleSessionName"), sub);
}

fn claims(email: Option<&str>, sub: &str) -> Claims {
    let claims =
        json!({ "iss": "https://x", "aud": "c", "sub": sub, "exp": 1, "token_use": "id", "email": email });
    serde_json::from_value(claims).unwrap()
}

proptest! {
    #[test]
    fn whatever_the_name_sts_takes_it(wished in any::<Option<String>>(), email in any::<Option<String>>(), sub in any::<String>()) {
        let name = session_name(wished.as_deref(), &claims(email.as_deref(), &sub));
        prop_assert!((2..=64).contains(&name.len()), "{name}");
        prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)), "{name}");
    }

    #[test]
    fn a_name_that_sts_takes_stays_as_it_is(name in "[A-Za-z0-9_+=,.@-]{2,64}") {
        prop_assert_eq!(session_name(Some(&name), &claims(None, "s")), name);
    }
}
