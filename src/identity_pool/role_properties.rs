//! The choice of a role among any roles of any token.

use super::*;
use crate::secret::IdToken;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

/// ARNs of few accounts, paths and names, so that they meet.
fn arn() -> impl Strategy<Value = String> {
    let parts = ("(aws|aws-cn)", "(1|2){12}", "(role/|role/a/|role/Dev/)", "(Team|)(Dev|Reader|-Dev|r)");
    parts.prop_map(|(partition, account, path, name)| format!("arn:{partition}:iam::{account}:{path}{name}"))
}

fn roles() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(arn(), 0..6)
}

/// What a person writes into `cognito_role`.
fn wanted() -> impl Strategy<Value = String> {
    prop_oneof![arn(), "(Team|)(Dev|Reader|-Dev|r|er)", "[a-zA-Z/:-]{1,6}"]
}

fn profile(role: Option<&str>, basic: bool) -> Profile {
    let role = role.map_or_else(String::new, |role| format!("cognito_role = {role}\n"));
    let flow = if basic { "cognito_flow = basic\n" } else { "" };
    let text = format!(
        "[profile dev]\ncognito_domain = https://auth.example.com\ncognito_client_id = client1\n\
         cognito_identity_pool_id = eu-west-1:01234567-89ab-cdef-0123-456789abcdef\n{role}{flow}"
    );
    Profile::of_text(&text, "dev", &|_: &str| None::<String>, "home").unwrap()
}

fn claims(roles: &[String], preferred: Option<&str>) -> Claims {
    let mut claims = serde_json::json!({"iss": "https://a", "aud": "client1", "sub": "s", "exp": 1});
    if !roles.is_empty() {
        claims["cognito:roles"] = roles.into();
    }
    if let Some(preferred) = preferred {
        claims["cognito:preferred_role"] = preferred.into();
    }
    Claims::decode(&IdToken::new(format!(
        "eyJhbGciOiJSUzI1NiJ9.{}.c2ln",
        URL_SAFE_NO_PAD.encode(claims.to_string())
    )))
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nothing_is_asked_for_that_neither_token_nor_profile_names(
        roles in roles(), preferred in prop::option::of(arn()), wanted in prop::option::of(wanted()), basic: bool,
    ) {
        let profile = profile(wanted.as_deref(), basic);
        let claims = claims(&roles, preferred.as_deref());
        if let Ok(Some(role)) = choose(&profile, &claims) {
            let whole = role.starts_with("arn:") && wanted.as_deref() == Some(&role) && (basic || roles.is_empty());
            let by_itself = basic && wanted.is_none() && preferred.as_deref() == Some(&role);
            prop_assert!(roles.contains(&role) || whole || by_itself, "{role}");
        }
    }

    #[test]
    fn what_is_wanted_is_what_is_asked_for_or_an_error(roles in roles(), wanted in wanted(), basic: bool) {
        match choose(&profile(Some(&wanted), basic), &claims(&roles, None)) {
            Ok(Some(role)) => prop_assert!(role == wanted || name(&role).ends_with(&wanted)),
            Ok(None) => prop_assert!(false, "the wish was left out"),
            Err(error) => prop_assert!(matches!(error.next(), Next::Configure | Next::ChooseRole)),
        }
    }

    #[test]
    fn neither_order_nor_repetition_matters(
        roles in roles(), shuffled in any::<prop::sample::Index>(), wanted in wanted(),
    ) {
        let profile = profile(Some(&wanted), false);
        let mut other = roles.clone();
        if !roles.is_empty() {
            other.rotate_left(shuffled.index(roles.len()));
            other.push(roles[shuffled.index(roles.len())].clone());
        }
        let chosen = |roles: &[String]| choose(&profile, &claims(roles, None)).ok();
        prop_assert_eq!(chosen(&roles), chosen(&other));
    }

    #[test]
    fn every_role_of_the_token_can_be_chosen_by_its_arn_and_by_its_key(roles in roles()) {
        let claims = claims(&roles, None);
        let choices = choices(&claims);
        for arn in &choices {
            let key = key_for(arn, &choices).unwrap();
            for wanted in [*arn, &key] {
                let profile = profile(Some(wanted), false);
                let chosen = choose(&profile, &claims).unwrap();
                prop_assert_eq!(chosen.as_deref(), Some(*arn));
                prop_assert_eq!(current(&profile, &claims), Some(*arn));
            }
        }
    }

    #[test]
    fn a_role_more_never_turns_the_choice_to_another(roles in roles(), more in arn(), wanted in wanted()) {
        let profile = profile(Some(&wanted), false);
        prop_assume!(!roles.is_empty());
        let with = [&roles[..], std::slice::from_ref(&more)].concat();
        let before = choose(&profile, &claims(&roles, None)).ok();
        let after = choose(&profile, &claims(&with, None)).ok();
        // The new one may fit better, or make it ambiguous; a third one it never is.
        if let (Some(before), Some(after)) = (before, after) {
            prop_assert!(after == before || after.as_deref() == Some(&*more));
        }
    }
}
