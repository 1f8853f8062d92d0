//! The authorization request: authorization code with PKCE S256, `state` and `nonce`
//! (RFC 6749 §4.1.1, RFC 7636, OpenID Connect Core §3.1.2.1).

use crate::error::Error;
use crate::profile::auth::{AppClient, ProviderHint};
use crate::profile::redirect_uri::RedirectUri;
use crate::secret::{CodeVerifier, random_text};
use crate::user_pool::callback::State;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use url::Url;

/// One sign-in's request and the three values that bind its answer to it. Used once, never cloned.
pub struct Request {
    /// Where the browser goes.
    pub url: Url,
    /// Comes back with the authorization code.
    pub state: State,
    /// Comes back inside the ID token.
    pub nonce: String,
    /// Proves to the token endpoint that whoever asked is who redeems; 43 characters, as RFC 7636 §4.1
    /// recommends.
    pub verifier: CodeVerifier,
}

impl Request {
    /// Builds the request for a redirect whose port is already bound. `again` makes the person
    /// authenticate although the browser may have a session (`prompt=login`).
    pub fn new(app: &AppClient, endpoint: &Url, redirect: &RedirectUri, again: bool) -> Result<Self, Error> {
        let (state, nonce, verifier) =
            (State::new()?, random_text::<32>()?, CodeVerifier::new(random_text::<32>()?));
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()));
        let mut url = endpoint.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &app.client_id)
            .append_pair("redirect_uri", redirect.as_str())
            .append_pair("scope", &app.scopes)
            .append_pair("state", state.as_str())
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge_method", "S256")
            .append_pair("code_challenge", &challenge);
        match &app.provider {
            Some(ProviderHint::Name(name)) => query.append_pair("identity_provider", name),
            Some(ProviderHint::Identifier(id)) => query.append_pair("idp_identifier", id),
            None => &mut query,
        };
        let prompt = if again { Some("login") } else { app.prompt.as_deref() };
        let optional =
            [("login_hint", app.login_hint.as_deref()), ("prompt", prompt), ("lang", app.lang.as_deref())];
        for (name, value) in optional {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        drop(query);
        Ok(Self { url, state, nonce, verifier })
    }
}
