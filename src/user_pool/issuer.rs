//! Who an authorization response says it is from (RFC 9207), against the server that was asked: the defence
//! against mix-up, where the code of one server would be sent to another.

use crate::error::foreign;
use crate::profile::auth::Server;

/// Whether a response may be from `server`, before anything of it is used. `promised`: the server's metadata
/// says that each of its responses has an `iss`, so that its absence is refused as well (RFC 9207 §2.4).
///
/// AWS documents no `iss` in the responses of Cognito, so none is asked for; one that comes has to be one of
/// a user pool's two, of the configured pool where its id is known. The error says what is wrong, without
/// a full stop.
pub fn check_response(server: &Server, iss: Option<&str>, promised: bool) -> Result<(), String> {
    let Some(iss) = iss else {
        return if promised {
            Err("each of its answers says who it is from, and this one doesn't".to_owned())
        } else {
            Ok(())
        };
    };
    let is_theirs = match server {
        Server::Oidc(issuer) => iss == issuer.as_str(),
        Server::UserPool { id: Some(id), .. } => user_pool_of(iss) == Some(id),
        Server::UserPool { id: None, .. } => user_pool_of(iss).is_some(),
    };
    if is_theirs { Ok(()) } else { Err(format!("it is from '{}'", foreign(iss))) }
}

/// Whether a response and the ID token that its code gave are of one issuer. Of a user pool whose id is not
/// configured only the token tells which one it is.
pub fn is_same(response: &str, token: &str) -> bool {
    response == token || user_pool_of(response).is_some_and(|response| user_pool_of(token) == Some(response))
}

/// The user pool's id in its issuer: the classic form or the per-pool one of 2026.
pub fn user_pool_of(iss: &str) -> Option<&str> {
    let (host, pool) = iss.strip_prefix("https://")?.split_once('/')?;
    // Nothing but the region between the two: other names below amazonaws.com are anybody's.
    let place =
        ["cognito-idp.", "issuer-cognito-idp."].iter().find_map(|service| host.strip_prefix(service))?;
    let aws = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"];
    let region = aws.iter().find_map(|end| place.strip_suffix(end))?;
    let (of, name) = pool.split_once('_')?;
    let is_pool = of == region && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_pool.then_some(pool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_issuers_of_a_user_pool_are_one_and_others_are_none() {
        let classic = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc";
        let newer = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc";
        assert!(is_same(classic, newer) && is_same("https://a", "https://a"));
        assert!(!is_same(classic, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abd"));
        assert!(!is_same("https://a", "https://b"));
        for other in [
            "https://cognito-idp.evil.example/eu-west-1_Abc",
            "https://cognito-idp.eu-west-1.amazonaws.com@evil.example/eu-west-1_Abc",
            "https://evil.example/cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc",
            "http://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc",
            "https://cognito-idp.eu-west-1.amazonaws.com/",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc/x",
            // Anybody may have a bucket of such a name.
            "https://cognito-idp.evil.s3.amazonaws.com/eu-west-1_Abc",
            "https://cognito-idp.us-east-1.amazonaws.com/eu-west-1_Abc",
            "",
        ] {
            assert_eq!(user_pool_of(other), None, "{other}");
        }
    }
}
