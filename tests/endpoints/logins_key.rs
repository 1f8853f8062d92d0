//! The Logins key.

use cognito_creds::profile::auth::Server;
use cognito_creds::profile::values::{Domain, Issuer};
use cognito_creds::user_pool::claims::Claims;

fn claims(key: &str) -> Claims {
    serde_json::from_value(serde_json::json!({
        "iss": format!("https://{key}"), "aud": "client", "sub": "s", "exp": 1, "token_use": "id",
    }))
    .unwrap()
}

#[test]
fn the_logins_key_is_the_issuer_of_the_token_whatever_its_form() {
    let server = |pool: &str| Server::UserPool {
        domain: Domain::parse("https://auth.example.com", None, false).unwrap(),
        id: Some(pool.to_owned()),
    };
    for key in [
        "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
        "issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
        "cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_AbCdEfGhI",
        "cognito-idp.us-gov-east-1.amazonaws.com/us-gov-east-1_AbCdEfGhI",
        "issuer-cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_AbCdEfGhI",
        "cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_AbCdEfGhI",
        "issuer-cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_AbCdEfGhI",
    ] {
        let (_, pool) = key.split_once('/').unwrap();
        let claims = claims(key);
        assert_eq!(claims.logins_key(), Some(key));
        claims.check(&server(pool), "client", None).unwrap_or_else(|why| panic!("{key}: {why}"));
        let another = claims.check(&server("eu-west-1_Another"), "client", None);
        assert!(another.is_err(), "{key}");
    }
    for key in [
        "login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
        "acme.okta.com/oauth2/default",
        "acme.eu.auth0.com/",
        "id.example.com:8443/realms/acme",
    ] {
        let claims = claims(key);
        assert_eq!(claims.logins_key(), Some(key));
        let server = Server::Oidc(Issuer::parse(&format!("https://{key}")).unwrap());
        claims.check(&server, "client", None).unwrap_or_else(|why| panic!("{key}: {why}"));
    }
}
