//! Any ID token: none is accepted that is not ours by every claim, and no role is asked for that the token
//! or the profile does not name.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cognito_creds::identity_pool::role;
use cognito_creds::profile::Profile;
use cognito_creds::secret::{AccessToken, IdToken};
use cognito_creds::user_pool::claims::{Claims, end_of};
use cognito_creds_fuzz::{
    CLIENT, IDENTITY_POOL, ISSUER, USER_POOL, app, assert_printable, assert_proper, fields, oidc, user_pool,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;

const NONCE: &str = "n0nce";
const ARN: &str = "arn:aws:iam::123456789012:role/Dev";

static USER_POOLS: LazyLock<Profile> = LazyLock::new(|| user_pool(""));
static PROVIDERS: LazyLock<Profile> = LazyLock::new(oidc);
static CHOOSERS: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    ["", "cognito_role = Dev\n", "cognito_role = arn:aws:iam::123456789012:role/Dev\n"]
        .iter()
        .flat_map(|role| ["", "cognito_flow = basic\n"].map(|flow| user_pool(&format!("{role}{flow}"))))
        .collect()
});

fuzz_target!(|data: &[u8]| {
    // The first field is the claims, to be wrapped; without a second one the input is the token itself.
    let [claims, rest] = fields(data);
    let token = if rest.is_empty() && !claims.starts_with(b"{") {
        String::from_utf8_lossy(claims).into_owned()
    } else {
        format!("eyJhbGciOiJSUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    };
    let _ = end_of(&AccessToken::new(token.clone()));
    let claims = match Claims::decode(&IdToken::new(token.clone())) {
        Ok(claims) => claims,
        Err(why) => {
            assert_printable(&why);
            assert!(why.len() < 200);
            return;
        }
    };
    let json =
        token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    // What is not looked at may be broken.
    let Ok(json) = serde_json::from_slice::<Value>(&json.unwrap()) else { return };
    of_a_user_pool(&claims, &json);
    of_a_provider(&claims, &json);
    of_an_identity_pool(&claims, &json);
    assert_printable(&claims.provider().unwrap_or_default());
    assert_printable(&claims.audience());
    for profile in CHOOSERS.iter() {
        chooses(profile, &claims);
    }
});

fn is_for_us(json: &Value) -> bool {
    match &json["aud"] {
        Value::String(aud) => aud == CLIENT,
        Value::Array(all) => {
            all.iter().any(|aud| aud == CLIENT)
                && (all.len() < 2 || json["azp"].is_null() || json["azp"] == CLIENT)
        }
        _ => false,
    }
}

fn of_a_user_pool(claims: &Claims, json: &Value) {
    match claims.check(&app(&USER_POOLS).server, CLIENT, Some(NONCE)) {
        Ok(()) => {
            let iss = json["iss"].as_str().unwrap();
            assert!(
                iss.starts_with("https://cognito-idp.eu-west-1.amazonaws.com") && iss.ends_with(USER_POOL),
                "{iss}"
            );
            assert!(is_for_us(json) && json["nonce"] == NONCE && json["token_use"] == "id");
        }
        Err(why) => assert_printable(&why),
    }
}

fn of_a_provider(claims: &Claims, json: &Value) {
    match claims.check(&app(&PROVIDERS).server, CLIENT, Some(NONCE)) {
        Ok(()) => assert!(json["iss"] == ISSUER && is_for_us(json) && json["nonce"] == NONCE),
        Err(why) => assert_printable(&why),
    }
}

fn of_an_identity_pool(claims: &Claims, json: &Value) {
    match claims.check_of_identity_pool(IDENTITY_POOL) {
        Ok(()) => {
            assert!(json["aud"] == IDENTITY_POOL || json["aud"] == serde_json::json!([IDENTITY_POOL]));
            assert_ne!(json["sub"], "");
        }
        Err(why) => assert_printable(&why),
    }
}

fn chooses(profile: &Profile, claims: &Claims) {
    let of_the_token =
        || claims.roles.iter().flatten().map(String::as_str).chain(claims.preferred_role.as_deref());
    match role::choose(profile, claims) {
        Ok(Some(arn)) => assert!(
            of_the_token().any(|role| role == arn) || (arn == ARN && profile.role.as_deref() == Some(ARN)),
            "{arn:?}"
        ),
        Ok(None) => assert!(profile.role.is_none()),
        Err(error) => assert_proper(&error),
    }
    let choices = role::choices(claims);
    for arn in &choices {
        if let Some(key) = role::key_for(arn, &choices) {
            assert!(key.bytes().all(|b| b.is_ascii_graphic()) && arn.ends_with(&key));
        }
    }
}
