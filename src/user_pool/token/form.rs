//! What is sent to the token endpoint: a form, and who the client is.

use super::TokenEndpoint;
use crate::profile::auth::Server;
use crate::secret::ClientSecret;
use crate::user_pool::endpoints::SecretBy;
use ::http::{HeaderValue, Method, Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

/// Fields whose values everybody may see.
const OPEN: [&str; 2] = ["grant_type", "redirect_uri"];

impl TokenEndpoint<'_> {
    /// A form POST with the client's identification: `client_id` in the body (RFC 6749 §3.2.1), and for a
    /// confidential client its secret, by Basic or beside it (§2.3.1). Beside Basic, Cognito's documentation
    /// has the `client_id` too; Okta calls that two identifications and refuses.
    pub(super) fn request(&self, url: &Url, form: &[(&str, &str)]) -> Request<Vec<u8>> {
        // A byte is encoded as three at most. A buffer that grows leaves copies behind.
        let values: usize = form.iter().map(|(_, value)| 3 * value.len() + 32).sum();
        let mut body = form_urlencoded::Serializer::new(String::with_capacity(values + 1024));
        body.extend_pairs(form);
        let by_basic = self.secret.filter(|_| self.endpoints.secret_by == SecretBy::Basic);
        if by_basic.is_none() || matches!(self.app.server, Server::UserPool { .. }) {
            body.append_pair("client_id", &self.app.client_id);
        }
        if let (SecretBy::Post, Some(secret)) = (self.endpoints.secret_by, self.secret) {
            body.append_pair("client_secret", secret.expose());
        }
        let mut request = Request::new(body.finish().into_bytes());
        *request.method_mut() = Method::POST;
        if let Ok(uri) = url.as_str().parse() {
            *request.uri_mut() = uri;
        }
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert("accept", HeaderValue::from_static("application/json"));
        // An idle connection would keep the form in its buffer while a person is waited for. There is hardly a
        // second request to this host.
        headers.insert("connection", HeaderValue::from_static("close"));
        if let Some(secret) = by_basic {
            let basic = Zeroizing::new(format!("Basic {}", *basic(&self.app.client_id, secret)));
            if let Ok(mut value) = HeaderValue::from_str(&basic) {
                value.set_sensitive(true);
                headers.insert("authorization", value);
            }
        }
        request
    }

    /// The secrets in such a request, each as it stands there: what no error may repeat.
    pub(super) fn secrets(&self, form: &[(&str, &str)]) -> Vec<Zeroizing<String>> {
        let fields = form.iter().filter(|(name, _)| !OPEN.contains(name));
        let values = fields.map(|(_, value)| Zeroizing::new((*value).to_owned()));
        let of_client = self
            .secret
            .map(|secret| [Zeroizing::new(secret.expose().to_owned()), basic(&self.app.client_id, secret)]);
        values.chain(of_client.into_iter().flatten()).collect()
    }
}

/// `base64(form-encoded id ":" form-encoded secret)`, RFC 6749 §2.3.1.
fn basic(id: &str, secret: &ClientSecret) -> Zeroizing<String> {
    let encode =
        |text: &str| Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>());
    let pair = Zeroizing::new(format!("{}:{}", *encode(id), *encode(secret.expose())));
    Zeroizing::new(STANDARD.encode(pair.as_bytes()))
}
