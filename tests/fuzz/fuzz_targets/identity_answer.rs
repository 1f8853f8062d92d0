//! Any answer of an identity pool (JSON) and of AWS STS (XML): credentials are whole or none, what is
//! printed of them is one JSON document, and refusals are told properly.
#![no_main]

use cognito_creds::credentials::Credentials;
use cognito_creds::identity_pool::enhanced::Given;
use cognito_creds::identity_pool::pool::Identity;
use cognito_creds::identity_pool::refusal::Asked;
use cognito_creds::identity_pool::{api, refusal, role_refused, sts};
use cognito_creds::profile::Profile;
use cognito_creds::profile::flow::Flow;
use cognito_creds::secret::IdToken;
use cognito_creds::user_pool::claims::Claims;
use cognito_creds_fuzz::{assert_proper, fields, user_pool};
use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;

const ARN: &str = "arn:aws:iam::123456789012:role/Dev";

static PROFILE: LazyLock<Profile> = LazyLock::new(|| user_pool("cognito_flow = basic\n"));
static CLAIMS: LazyLock<Claims> = LazyLock::new(|| {
    // {"iss":"https://a.example","aud":"client1","sub":"s","exp":1}
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsImF1ZCI6ImNsaWVudDEiLCJzdWIiOiJzIiwiZXhwIjoxfQ.c2ln";
    Claims::decode(&IdToken::new(token)).unwrap()
});

fuzz_target!(|data: &[u8]| {
    let [header, body] = fields(data);
    if let Ok(identity) = serde_json::from_slice::<Identity>(body) {
        assert!(identity.id().is_none_or(|id| !id.is_empty()));
    }
    if let Ok(given) = serde_json::from_slice::<Given>(body) {
        let (identity, credentials) = given.credentials("eu-west-1:known", Some(ARN));
        // What is not looked at may be broken.
        if let Ok(json) = serde_json::from_slice::<Value>(body) {
            assert!(json["IdentityId"] == identity || identity == "eu-west-1:known");
        }
        one_document(&credentials);
    }
    refused(header, body);
    if let Ok(xml) = std::str::from_utf8(body) {
        of_sts(xml);
    }
});

/// What a caller gets: one line of JSON with just the keys of the contract, or nothing.
fn one_document(credentials: &Credentials) {
    let Some(bytes) = credentials.document() else { return };
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1);
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(json["SecretAccessKey"], credentials.secret_access_key.expose());
    assert_eq!(json["SessionToken"], credentials.session_token.expose());
    let expiration = json["Expiration"].as_str().unwrap();
    assert!(expiration.len() == 20 && expiration.ends_with('Z'), "{expiration}");
    let kept = Credentials::from_bytes(&credentials.to_bytes().unwrap()).unwrap();
    assert_eq!(kept.document().as_deref(), Some(&*bytes));
}

fn refused(header: &[u8], body: &[u8]) {
    let mut headers = HeaderMap::new();
    if let Ok(value) = header.try_into()
        && !header.is_empty()
    {
        headers.insert("x-amzn-errortype", value);
    }
    let answer = api::read_error(400, &headers, body);
    assert!(answer.kind.as_deref().is_none_or(|kind| !kind.is_empty() && !kind.contains([':', '#'])));
    let asked = Asked { profile: &PROFILE, claims: &CLAIMS, role: Some(ARN), wait: None };
    assert_proper(&refusal::read(&asked, answer.kind.as_deref().unwrap_or_default(), &answer.text).error);
}

fn of_sts(xml: &str) {
    if let Some((code, message)) = sts::error(xml) {
        let Flow::Basic(basic) = &PROFILE.flow else { panic!("not the basic flow") };
        assert_proper(&role_refused::read(&PROFILE, basic, ARN, (&code, &message), None).error);
    }
    let Some(whole) = sts::credentials(xml, ARN) else { return };
    one_document(&whole);
    // Cut short anywhere it gives nothing, or all of it.
    let cuts = xml.char_indices().map(|(at, _)| at);
    for cut in cuts.filter(|at| xml[..*at].trim_end().ends_with("Response>")) {
        if let Some(part) = sts::credentials(&xml[..cut], ARN) {
            assert_eq!(part.session_token.expose(), whole.session_token.expose());
        }
    }
}
