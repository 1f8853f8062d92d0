//! The shapes of single values: each parser says in plain words what is wrong.

mod address;

pub(in crate::profile) use address::plain;
pub use address::{Domain, Issuer, below, endpoint, folder, is_loopback};

use std::time::Duration;

/// Two different words with a blank between them.
pub fn two_words(text: &str) -> Result<[String; 2], String> {
    match text.split_ascii_whitespace().collect::<Vec<_>>()[..] {
        [first, second] if first != second => Ok([first.to_owned(), second.to_owned()]),
        _ => Err(format!("'{text}' is not two different words with a blank between them")),
    }
}

/// An authentication scheme, a `token` of RFC 9110 §5.6.2.
pub fn auth_scheme(text: &str) -> Result<String, String> {
    let ok = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if text.bytes().all(ok) {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' is not one word like token or Bearer"))
    }
}

/// A key of a Logins map: a host name, perhaps with a path, without a scheme.
pub fn logins_key(text: &str) -> Result<String, String> {
    let ok = |b: u8| b.is_ascii_alphanumeric() || b".-_/".contains(&b);
    if text.len() <= 128 && text.bytes().all(ok) {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' is not a host name like cognito-identity.amazonaws.com"))
    }
}

/// An identity pool id, `REGION:UUID`. The region in front is the region of the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityPoolId {
    text: String,
    region_len: usize,
}

impl IdentityPoolId {
    /// Checks the form of the API reference, `[\w-]+:[0-9a-f-]+` and 55 characters at most.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("'{text}' is not an identity pool id like us-east-1:01234567-89ab-cdef-0123-456789abcdef")
        };
        let (region, id) = text.split_once(':').ok_or_else(wrong)?;
        let id_ok = id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        if text.len() > 55 || !is_region(region) || !id_ok {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), region_len: region.len() })
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The region the pool lives in.
    pub fn region(&self) -> &str {
        &self.text[..self.region_len]
    }
}

/// `eu-west-1`, `us-isob-east-1`: letters, and a number at the end. It becomes part of the name of a host
/// that is sent a login, and `s3` or `s3-eu-west-1`, where everybody's buckets have their names, are none.
pub fn is_region(text: &str) -> bool {
    let mut words: Vec<_> = text.split('-').collect();
    let number = words.pop().unwrap_or_default();
    let is = |word: &str, of: fn(&u8) -> bool| !word.is_empty() && word.bytes().all(|b| of(&b));
    words.len() >= 2 && is(number, u8::is_ascii_digit) && words.iter().all(|w| is(w, u8::is_ascii_lowercase))
}

/// A user pool id, `REGION_ID`.
pub fn user_pool_id(text: &str) -> Result<&str, String> {
    match text.split_once('_') {
        Some((region, id))
            if is_region(region) && !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            Ok(text)
        }
        _ => Err(format!("'{text}' is not a user pool id like us-east-1_AbCdEfGhI")),
    }
}

/// An app client id: word characters and `+`, as the API reference has it, and hyphens, which
/// stand-ins use.
pub fn client_id(text: &str) -> Result<&str, String> {
    let ok = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'+' || b == b'-';
    let placeholder = text == example(super::keys::CLIENT_ID.name);
    if !text.is_empty() && text.len() <= 128 && text.bytes().all(ok) && !placeholder {
        Ok(text)
    } else {
        Err(format!("'{text}' is not an app client id (letters and digits)"))
    }
}

/// A client id of an OpenID provider: visible ASCII (RFC 6749 appendix A.1, without blanks).
pub fn oauth_client_id(text: &str) -> Result<&str, String> {
    let placeholder = text == example(super::keys::CLIENT_ID.name);
    if !text.is_empty() && text.len() <= 255 && text.bytes().all(|b| b.is_ascii_graphic()) && !placeholder {
        Ok(text)
    } else {
        Err(format!("'{text}' is not a client id"))
    }
}

/// Scopes: words of RFC 6749 §3.3, `openid` among them, joined by single blanks.
pub fn scopes(text: &str) -> Result<String, String> {
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    if !words.contains(&"openid") {
        return Err("openid must be among the scopes, or no ID token is issued".to_owned());
    }
    match words.iter().find(|w| !w.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))) {
        Some(word) => Err(format!("'{word}' is not a scope")),
        None => Ok(words.join(" ")),
    }
}

/// `prompt` as managed login takes it.
pub fn prompt(text: &str) -> Result<&str, String> {
    match text
        .split_ascii_whitespace()
        .find(|w| !matches!(*w, "none" | "login" | "select_account" | "consent"))
    {
        Some(word) => Err(format!("'{word}' is not one of none, login, select_account, consent")),
        None => Ok(text),
    }
}

/// `50s`, `20m`, `1h`, between `least` and `most` seconds.
pub fn duration(text: &str, least: u64, most: u64) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is not a duration like 50s, 20m or 1h");
    let unit = match text.bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3600,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(unit).ok_or_else(wrong)?;
    if (least..=most).contains(&seconds) {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(format!("'{text}' is not between {} and {}", span(least), span(most)))
    }
}

/// A whole number of seconds between `least` and `most`.
pub fn seconds(text: &str, least: u64, most: u64) -> Result<Duration, String> {
    let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    number
        .filter(|seconds| (least..=most).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| format!("'{text}' is not a number of seconds from {least} to {most}"))
}

/// Seconds in the largest unit that divides them: the way durations are written in the file.
pub fn span(seconds: u64) -> String {
    match seconds {
        s if s > 0 && s % 3600 == 0 => format!("{}h", s / 3600),
        s if s > 0 && s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// Whether a key that a person is asked for could have this value; other keys are checked where the
/// whole profile is. `auth` is the `cognito_auth` of the profile: the ids of app clients differ in shape.
pub fn check(key: &str, value: &str, auth: Option<&str>) -> Result<(), String> {
    // A prefix in any region looks the same.
    let region = Some("us-east-1");
    match key {
        "cognito_domain" => Domain::parse(value, region, false).map(drop),
        "cognito_client_id" if auth == Some("oidc") => oauth_client_id(value).map(drop),
        "cognito_client_id" => client_id(value).map(drop),
        "cognito_identity_pool_id" => IdentityPoolId::parse(value).map(drop),
        "cognito_issuer" => Issuer::parse(value).map(drop),
        "cognito_developer_url" => folder(value).map(drop),
        _ => Ok(()),
    }
}

/// A value as it looks, for whoever is asked for one.
pub fn sample(key: &str) -> &'static str {
    match key {
        "cognito_domain" => "https://my-team.auth.eu-west-1.amazoncognito.com",
        "cognito_client_id" => "1example23456789",
        "cognito_identity_pool_id" => "eu-west-1:01234567-89ab-cdef-0123-456789abcdef",
        "cognito_issuer" => "https://login.example.com",
        "cognito_developer_url" => "https://login.example.com/api/v1",
        _ => example(key),
    }
}

/// Whether the values of this key are URLs.
pub fn is_address(key: &str) -> bool {
    matches!(key, "cognito_domain" | "cognito_issuer" | "cognito_developer_url")
}

/// Whether this is a value of [`example`] or of the documentation, pasted with nothing put in its place.
pub fn is_placeholder(text: &str) -> bool {
    let is_one = |word: &str| matches!(word, "REGION" | "PREFIX" | "UUID" | "POOLID");
    text.contains("YOUR-") || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_one)
}

/// A value to stand in a command that sets a key.
pub fn example(key: &str) -> &'static str {
    match key {
        "region" => "eu-west-1",
        "cognito_domain" => "https://YOUR-PREFIX.auth.REGION.amazoncognito.com",
        "cognito_client_id" => "YOUR-APP-CLIENT-ID",
        "cognito_identity_pool_id" => "REGION:IDENTITY-POOL-UUID",
        "cognito_user_pool_id" => "REGION_POOLID",
        "cognito_redirect_uri" => "http://localhost:8080",
        "cognito_scopes" => "openid email profile",
        "cognito_prompt" => "login",
        "cognito_auth" => "user-pool",
        "cognito_issuer" => "https://YOUR-PROVIDER",
        "cognito_developer_url" => "https://YOUR-BACKEND/api/v1",
        "cognito_developer_login_path" => "auth/login",
        "cognito_developer_aws_path" => "auth/aws",
        "cognito_developer_logout_path" => "auth/logout",
        "cognito_developer_request_fields" => "email password",
        "cognito_developer_login_fields" => "token username",
        "cognito_developer_aws_fields" => "IdentityId Token",
        "cognito_developer_scheme" => "token",
        "cognito_developer_logins_key" => "cognito-identity.amazonaws.com",
        "cognito_flow" => "enhanced",
        "cognito_duration_seconds" => "3600",
        "cognito_interactive" | "cognito_cache" => "auto",
        "cognito_wait" => "50s",
        "cognito_login_timeout" => "5m",
        "cognito_refresh_margin" => "20m",
        "cognito_store" => "keychain",
        // The one excludes another key, the other stands in for every service; an empty value counts as none.
        "cognito_idp_identifier" | "endpoint_url" => "",
        _ => "VALUE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_pool_names_its_region() {
        let id = IdentityPoolId::parse("eu-central-1:01234567-89ab-cdef-0123-456789abcdef").unwrap();
        assert_eq!(id.region(), "eu-central-1");
        for bad in [
            "",
            "eu-central-1",
            "eu.evil.com/:01234567-89ab-cdef-0123-456789abcdef",
            ":01234567-89ab-cdef-0123-456789abcdef",
            "eu-central-1:x",
            // Hosts below it are other people's buckets.
            "s3:01234567-89ab-cdef-0123-456789abcdef",
            "s3-eu-west-1:01234567-89ab-cdef-0123-456789abcdef",
            "s3-accelerate:01234567-89ab-cdef-0123-456789abcdef",
        ] {
            assert!(IdentityPoolId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_region_is_none_of_the_places_where_buckets_have_their_names() {
        for good in ["eu-west-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1", "ap-southeast-7"] {
            assert!(is_region(good), "{good}");
        }
        for bad in [
            "s3",
            "s3-eu-west-1",
            "s3-accelerate",
            "s3-website-1",
            "eu",
            "eu-west",
            "-1",
            "eu--1",
            "EU-west-1",
            "",
        ] {
            assert!(!is_region(bad), "{bad}");
        }
        assert!(user_pool_id("s3-eu-west-1_AbCdEfGhI").is_err());
    }

    #[test]
    fn durations_read_as_documented_and_stay_in_range() {
        assert_eq!(duration("50s", 0, 3600).unwrap().as_secs(), 50);
        assert_eq!(duration("1h", 0, 3600).unwrap().as_secs(), 3600);
        for bad in ["", "5", "m", "-1m", "+1m", "1.5h", "1d", "2h", "99999999999999999999h", "5 m", "1é"] {
            assert!(duration(bad, 1, 3600).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_has_to_be_replaced_is_known() {
        for key in ["cognito_domain", "cognito_client_id", "cognito_identity_pool_id", "cognito_user_pool_id"]
            .into_iter()
            .chain(["cognito_issuer", "cognito_developer_url"])
        {
            assert!(is_placeholder(example(key)), "{key}");
        }
        assert!(is_placeholder("https://PREFIX.auth.eu-west-1.amazoncognito.com"));
        for good in
            ["https://your-team.auth.eu-west-1.amazoncognito.com", "eu-west-1", "REGIONAL", "5REGIONabc"]
        {
            assert!(!is_placeholder(good), "{good}");
        }
    }

    #[test]
    fn openid_is_among_the_scopes() {
        assert_eq!(scopes(" openid   email ").unwrap(), "openid email");
        assert!(scopes("email profile").unwrap_err().contains("openid"));
        assert!(scopes("openid a\"b").is_err());
    }
}
