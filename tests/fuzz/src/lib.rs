//! What the targets share: profiles to read with, inputs of several fields, and what every text that a
//! person may see keeps to.

use cognito_creds::error::Error;
use cognito_creds::profile::Profile;
use cognito_creds::profile::auth::{AppClient, Auth, Backend};
use http::Request;
use http::request::Parts;
use std::path::Path;

/// The app client of [`user_pool`] and [`oidc`].
pub const CLIENT: &str = "client1";
/// The user pool of [`user_pool`].
pub const USER_POOL: &str = "eu-west-1_AbCdEf";
/// The identity pool of every profile here.
pub const IDENTITY_POOL: &str = "eu-west-1:01234567-89ab-cdef-0123-456789abcdef";
/// The issuer of [`oidc`].
pub const ISSUER: &str = "https://id.example.com/tenant";

/// Where the fields of one input are divided: a byte that no text here has any use for.
const BETWEEN_FIELDS: u8 = 0x1F;

/// The input as that many fields; missing ones are empty, and the last one is all the rest.
pub fn fields<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut parts = data.splitn(N, |byte| *byte == BETWEEN_FIELDS);
    [(); N].map(|()| parts.next().unwrap_or_default())
}

/// As [`fields`], of text.
pub fn texts<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let mut texts = [""; N];
    for (text, field) in texts.iter_mut().zip(fields::<N>(data)) {
        *text = std::str::from_utf8(field).ok()?;
    }
    Some(texts)
}

/// One of several by the first byte of a field.
pub fn pick<'a, T>(from: &'a [T], field: &[u8]) -> &'a T {
    let at = field.first().map_or(0, |byte| usize::from(*byte));
    &from[at % from.len()]
}

/// A profile with these keys beside the identity pool.
pub fn profile(keys: &str) -> Profile {
    let text =
        format!("[profile dev]\nregion = eu-west-1\ncognito_identity_pool_id = {IDENTITY_POOL}\n{keys}");
    Profile::of_text(&text, "dev", &|_: &str| None::<String>, "home").expect("the profile can be read")
}

/// A profile of a user pool.
pub fn user_pool(more: &str) -> Profile {
    profile(&format!(
        "cognito_domain = https://auth.example.com\ncognito_client_id = {CLIENT}\ncognito_user_pool_id = {USER_POOL}\n{more}"
    ))
}

/// A profile of an OpenID provider.
pub fn oidc() -> Profile {
    profile(&format!("cognito_auth = oidc\ncognito_issuer = {ISSUER}\ncognito_client_id = {CLIENT}\n"))
}

/// A profile of a developer's backend.
pub fn developer() -> Profile {
    profile("cognito_auth = developer\ncognito_developer_url = https://backend.example.com/api/v1\n")
}

/// Its app client.
pub fn app(profile: &Profile) -> &AppClient {
    match &profile.auth {
        Auth::Browser(app) => app,
        Auth::Developer(_) => panic!("not a profile with an app client"),
    }
}

/// Its backend.
pub fn backend(profile: &Profile) -> &Backend {
    match &profile.auth {
        Auth::Developer(backend) => backend,
        Auth::Browser(_) => panic!("not a profile of a backend"),
    }
}

/// A request's head as hyper reads it, and whether a body is announced.
pub fn head(bytes: &[u8]) -> Option<(Parts, bool)> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    if !parsed.parse(bytes).ok()?.is_complete() {
        return None;
    }
    let mut request = Request::builder().method(parsed.method?).uri(parsed.path?);
    for header in parsed.headers.iter() {
        request = request.header(header.name, header.value);
    }
    let head = request.body(()).ok()?.into_parts().0;
    let has_body =
        ["content-length", "transfer-encoding"].iter().any(|name| head.headers.contains_key(*name));
    Some((head, has_body))
}

/// Text of one line that moves no cursor and hides nothing.
pub fn assert_printable(text: &str) {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    assert!(!text.contains(hides), "{text:?}");
}

/// An error is two printable lines and repeats no token.
pub fn assert_proper(error: &Error) {
    for text in [error.what(), error.detail().unwrap_or_default()] {
        assert_printable(text);
        assert!(!text.contains("eyJ"), "{text:?}");
    }
    assert_printable(error.paste());
    assert_eq!(error.to_string().lines().count(), 2, "{error}");
}

/// Where an error says that a config file is.
pub fn nowhere() -> &'static Path {
    Path::new("/home/me/.aws/config")
}
