//! `/oauth2/token`, `/oauth2/revoke`, keys and claims.

mod support;

use base64::{Engine, engine::general_purpose::STANDARD};
use cognito_sandbox::{Person, RolesClaim, cast};
use serde_json::json;
use support::*;

fn code(sandbox: &cognito_sandbox::Sandbox) -> (String, String) {
    let (_, arrived, uri) = sign_in(sandbox, &alice(), &[]);
    (value(&arrived, "code").expect("a code").to_owned(), uri)
}

#[test]
fn a_code_gives_three_tokens_of_real_size() {
    let sandbox = start();
    let (code, uri) = code(&sandbox);
    let answer = redeem(&sandbox, &code, &uri);
    assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
    assert!(answer.header("x-amz-cognito-request-id").is_some());
    let tokens = answer.json();
    assert_eq!((text(&tokens, "token_type"), &tokens["expires_in"]), ("Bearer", &json!(3600)));
    assert!((1700..1900).contains(&text(&tokens, "id_token").len()));
    assert!((1000..1200).contains(&text(&tokens, "access_token").len()));
    assert!((1840..1860).contains(&text(&tokens, "refresh_token").len()));
    assert_eq!(text(&tokens, "refresh_token").split('.').count(), 5);
    let dora = tokens_of(&sandbox, &Person::new("dora", cast::PASSWORD));
    assert!((5800..6600).contains(&text(&dora, "id_token").len()));
}

#[test]
fn a_code_works_once_for_five_minutes_with_its_redirect_uri_verifier_and_client() {
    let sandbox = start();
    let (spent, uri) = code(&sandbox);
    assert_eq!(redeem(&sandbox, &spent, &uri).status, 200);
    assert_eq!(redeem(&sandbox, &spent, &uri).error(), "invalid_grant");

    let (late, uri) = code(&sandbox);
    sandbox.set_clock_offset(301);
    assert_eq!(redeem(&sandbox, &late, &uri).error(), "invalid_grant");
    sandbox.set_clock_offset(0);

    let (other, _) = code(&sandbox);
    assert_eq!(redeem(&sandbox, &other, "http://localhost:8080").error(), "invalid_grant");
    assert_eq!(redeem(&sandbox, "unknown", "http://localhost:8080").error(), "invalid_grant");

    for (client, verifier) in [
        (cast::PUBLIC_CLIENT, "x".repeat(43)),
        (cast::PUBLIC_CLIENT, String::new()),
        (cast::FOREIGN_CLIENT, VERIFIER.to_owned()),
    ] {
        let (code, uri) = code(&sandbox);
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", &code),
            ("redirect_uri", &uri),
            ("code_verifier", &verifier),
        ];
        let answer = token(&sandbox, &fields);
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_grant"), "{client} {verifier}");
    }
}

#[test]
fn the_id_token_has_cognitos_claims() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let id = claims(&tokens["id_token"]);
    let world = sandbox.world();
    assert_eq!(text(&id, "iss"), "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_SANDBOX01");
    assert_eq!(
        (text(&id, "aud"), text(&id, "token_use"), text(&id, "nonce")),
        (cast::PUBLIC_CLIENT, "id", "n0nce")
    );
    assert_eq!(text(&id, "cognito:username"), "alice");
    assert_eq!(id["cognito:groups"], json!(["developers", "readers"]));
    assert_eq!(id["cognito:roles"], json!([world.role_arn("Developer"), world.role_arn("ReadOnly")]));
    assert_eq!(id["cognito:preferred_role"], json!(world.role_arn("Developer")));
    assert_eq!(id["exp"].as_i64().unwrap() - id["iat"].as_i64().unwrap(), 3600);
    for name in ["sub", "origin_jti", "jti", "event_id", "at_hash", "email"] {
        assert!(id[name].is_string(), "{name}");
    }
    let access = claims(&tokens["access_token"]);
    assert_eq!((text(&access, "client_id"), text(&access, "token_use")), (cast::PUBLIC_CLIENT, "access"));
    assert_eq!(access["aud"], json!(null));
    assert_eq!(access["origin_jti"], id["origin_jti"]);

    let erin = claims(&tokens_of(&sandbox, &Person::federated("erin", cast::PASSWORD))["id_token"]);
    assert_eq!(text(&erin, "cognito:username"), "ExampleCorp_erin@example.com");
    assert_eq!(text(&erin["identities"][0], "providerName"), "ExampleCorp");
    let bob = claims(&tokens_of(&sandbox, &Person::new("bob", cast::PASSWORD))["id_token"]);
    assert_eq!((&bob["cognito:roles"], &bob["cognito:groups"]), (&json!(null), &json!(null)));
    let carol = claims(&tokens_of(&sandbox, &Person::new("carol", cast::PASSWORD))["id_token"]);
    assert_eq!(
        (carol["cognito:roles"].as_array().unwrap().len(), &carol["cognito:preferred_role"]),
        (2, &json!(null))
    );
}

#[test]
fn roles_can_be_one_comma_separated_string() {
    let sandbox = start();
    sandbox.change(|world| world.roles_claim = RolesClaim::CommaSeparated);
    let id = claims(&tokens_of(&sandbox, &alice())["id_token"]);
    assert_eq!(text(&id, "cognito:roles").split(',').count(), 2);
}

#[test]
fn without_openid_there_is_no_id_token() {
    let sandbox = start();
    let (_, arrived, uri) = sign_in(&sandbox, &alice(), &[("scope", "email")]);
    let tokens = redeem(&sandbox, value(&arrived, "code").unwrap(), &uri).json();
    assert_eq!(tokens["id_token"], json!(null));
    assert!(tokens["refresh_token"].is_string());
}

#[test]
fn a_refresh_keeps_auth_time_and_origin_and_forgets_the_nonce() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    sandbox.set_clock_offset(1000);
    let next = refresh(&sandbox, text(&tokens, "refresh_token")).json();
    let (before, after) = (claims(&tokens["id_token"]), claims(&next["id_token"]));
    assert_eq!((&before["auth_time"], &before["origin_jti"]), (&after["auth_time"], &after["origin_jti"]));
    assert_ne!(before["jti"], after["jti"]);
    assert_eq!(after["nonce"], json!(null));
    assert!(after["exp"].as_i64() > before["exp"].as_i64());
}

#[test]
fn rotation_gives_a_new_token_and_kills_the_family_on_late_reuse() {
    let sandbox = start();
    let first = tokens_of(&sandbox, &alice());
    let first = text(&first, "refresh_token");
    let second = refresh(&sandbox, first).json();
    let second = text(&second, "refresh_token").to_owned();
    assert_ne!(first, second);
    sandbox.set_clock_offset(59);
    assert_eq!(refresh(&sandbox, first).status, 200, "inside the grace period");
    sandbox.set_clock_offset(61);
    let late = refresh(&sandbox, first);
    assert_eq!((late.status, late.error().as_str()), (400, "invalid_grant"));
    assert_eq!(refresh(&sandbox, &second).error(), "invalid_grant", "the family died with it");
}

#[test]
fn without_grace_the_old_token_dies_at_once() {
    let sandbox = start();
    sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = Some(0));
    let tokens = tokens_of(&sandbox, &alice());
    assert_eq!(refresh(&sandbox, text(&tokens, "refresh_token")).status, 200);
    assert_eq!(refresh(&sandbox, text(&tokens, "refresh_token")).error(), "invalid_grant");
}

#[test]
fn rotation_does_not_extend_the_session() {
    let sandbox = start();
    sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).refresh_token_seconds = 7200);
    let tokens = tokens_of(&sandbox, &alice());
    sandbox.set_clock_offset(7000);
    let next = refresh(&sandbox, text(&tokens, "refresh_token")).json();
    sandbox.set_clock_offset(7300);
    assert_eq!(refresh(&sandbox, text(&next, "refresh_token")).error(), "invalid_grant");
}

#[test]
fn without_rotation_the_token_stays_and_none_is_sent() {
    let sandbox = start();
    sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).rotation = None);
    let tokens = tokens_of(&sandbox, &alice());
    for _ in 0..3 {
        let next = refresh(&sandbox, text(&tokens, "refresh_token"));
        assert_eq!((next.status, &next.json()["refresh_token"]), (200, &json!(null)));
    }
}

#[test]
fn sessions_end_by_revocation_sign_out_disabling_and_time() {
    let ends: [fn(&cognito_sandbox::Sandbox); 4] = [
        |sandbox| sandbox.revoke_all("alice"),
        |sandbox| sandbox.global_sign_out("alice"),
        |sandbox| sandbox.disable_user("alice"),
        |sandbox| sandbox.expire_sessions(),
    ];
    for end in ends {
        let sandbox = start();
        let tokens = tokens_of(&sandbox, &alice());
        end(&sandbox);
        assert_eq!(refresh(&sandbox, text(&tokens, "refresh_token")).error(), "invalid_grant");
    }
}

#[test]
fn a_refresh_token_of_another_client_is_refused() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", cast::FOREIGN_CLIENT),
        ("refresh_token", text(&tokens, "refresh_token")),
    ];
    assert_eq!(token(&sandbox, &fields).error(), "invalid_grant");
    assert_eq!(refresh(&sandbox, text(&tokens, "refresh_token")).status, 200, "and takes no harm");
}

#[test]
fn a_confidential_client_shows_its_secret_by_basic_or_by_form() {
    let sandbox = start();
    let url = format!("{}/oauth2/token", sandbox.url());
    let encoded = |text: &str| form(&[("", text)]).trim_start_matches('=').to_owned();
    let basic = |secret: &str| {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{}", encoded(cast::CONFIDENTIAL_CLIENT), encoded(secret)))
        )
    };
    let mut refresh_token = String::new();
    for by_form in [false, true] {
        let (_, arrived, uri) = sign_in(&sandbox, &alice(), &[("client_id", cast::CONFIDENTIAL_CLIENT)]);
        let code = value(&arrived, "code").unwrap().to_owned();
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", &uri),
            ("code_verifier", VERIFIER),
        ];
        let header = basic(cast::CLIENT_SECRET);
        let headers: &[(&str, &str)] = if by_form { &[] } else { &[("authorization", &header)] };
        if by_form {
            fields.extend([("client_id", cast::CONFIDENTIAL_CLIENT), ("client_secret", cast::CLIENT_SECRET)]);
        }
        let answer = post_form(&url, headers, &fields).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        refresh_token = text(&answer.json(), "refresh_token").to_owned();
    }
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
    let with_id = [&fields[..], &[("client_id", cast::CONFIDENTIAL_CLIENT)]].concat();
    let wrong = [&with_id[..], &[("client_secret", "wrong")]].concat();
    for answer in [
        post_form(&url, &[("authorization", &basic("wrong"))], &fields),
        post_form(&url, &[("authorization", "Basic !")], &with_id),
        post_form(&url, &[], &with_id),
        post_form(&url, &[], &wrong),
    ] {
        assert_eq!(answer.unwrap().error(), "invalid_client");
    }
    assert_eq!(
        post_form(&url, &[("authorization", &basic(cast::CLIENT_SECRET))], &fields).unwrap().status,
        200
    );
}

#[test]
fn wrong_requests_get_the_documented_errors() {
    let sandbox = start();
    let client = ("client_id", cast::PUBLIC_CLIENT);
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[client], "invalid_request"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (&[client, ("grant_type", "refresh_token")], "invalid_request"),
        (&[client, ("grant_type", "password")], "unsupported_grant_type"),
        (&[client, ("grant_type", "client_credentials")], "unauthorized_client"),
        (&[("client_id", "nobody"), ("grant_type", "refresh_token")], "invalid_client"),
        (
            &[client, ("client_secret", "public clients have none"), ("grant_type", "refresh_token")],
            "invalid_client",
        ),
    ];
    for (fields, error) in cases {
        let answer = token(&sandbox, fields);
        assert_eq!((answer.status, answer.error().as_str()), (400, error), "{fields:?}");
    }
    sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).refresh_grant = false);
    assert_eq!(refresh(&sandbox, "any").error(), "unauthorized_client");
    let json = send(
        "POST",
        &format!("{}/oauth2/token", sandbox.url()),
        &[("content-type", "application/json")],
        "{}",
    )
    .unwrap();
    assert_eq!(json.error(), "invalid_request");
}

#[test]
fn revocation_ends_the_session_and_answers_200_to_unknown_tokens() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let revoke = |fields: &[(&str, &str)]| {
        post_form(&format!("{}/oauth2/revoke", sandbox.url()), &[], fields).unwrap()
    };
    let client = ("client_id", cast::PUBLIC_CLIENT);
    assert_eq!(revoke(&[client]).error(), "invalid_request");
    let access = revoke(&[client, ("token", text(&tokens, "access_token"))]);
    assert_eq!((access.status, access.error().as_str()), (400, "unsupported_token_type"));
    let stranger = revoke(&[("client_id", "nobody"), ("token", "x")]);
    assert_eq!((stranger.status, stranger.error().as_str()), (401, "invalid_client"));
    assert_eq!(revoke(&[client, ("token", "unknown")]).status, 200);

    let bearer = format!("Bearer {}", text(&tokens, "access_token"));
    let user_info = || {
        send("GET", &format!("{}/oauth2/userInfo", sandbox.url()), &[("authorization", &bearer)], "").unwrap()
    };
    assert_eq!(text(&user_info().json(), "username"), "alice");
    let done = revoke(&[client, ("token", text(&tokens, "refresh_token"))]);
    assert_eq!((done.status, done.body.as_str()), (200, ""));
    assert_eq!(refresh(&sandbox, text(&tokens, "refresh_token")).error(), "invalid_grant");
    let refused = user_info();
    assert_eq!(refused.status, 401, "access tokens of the session die with it");
    assert!(refused.header("www-authenticate").unwrap().contains("invalid_token"));
    sandbox.change(|world| world.client_mut(cast::PUBLIC_CLIENT).revocation = false);
    assert_eq!(revoke(&[client, ("token", "x")]).error(), "invalid_request");
}

#[test]
fn keys_and_discovery_are_under_both_addresses() {
    let sandbox = start();
    let pool = sandbox.world().user_pool_id;
    for base in [sandbox.url().to_owned(), format!("{}/{pool}", sandbox.url())] {
        let discovery = get(&format!("{base}/.well-known/openid-configuration")).json();
        assert_eq!(text(&discovery, "issuer"), sandbox.world().issuer);
        assert_eq!(text(&discovery, "token_endpoint"), format!("{}/oauth2/token", sandbox.url()));
        let keys = get(&format!("{base}/.well-known/jwks.json")).json();
        let kids: Vec<&str> = keys["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect();
        assert_eq!(kids.len(), 2);
        assert_ne!(kids[0], kids[1]);
    }
    assert_eq!((sandbox.counts().jwks, sandbox.counts().discovery), (2, 2));
}

#[test]
fn the_published_keys_verify_the_tokens() {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let keys = get(&format!("{}/.well-known/jwks.json", sandbox.url())).json();
    for name in ["id_token", "access_token"] {
        let (signed, signature) = text(&tokens, name).rsplit_once('.').unwrap();
        let header: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').next().unwrap()).unwrap())
                .unwrap();
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
        let public = ring::rsa::PublicKeyComponents {
            n: URL_SAFE_NO_PAD.decode(text(key, "n")).unwrap(),
            e: URL_SAFE_NO_PAD.decode(text(key, "e")).unwrap(),
        };
        assert_eq!(public.n.len(), 256);
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        public
            .verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
            .expect(name);
    }
}
