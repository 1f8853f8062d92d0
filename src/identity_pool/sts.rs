//! AWS STS: one action, AssumeRoleWithWebIdentity, as a form and its answer in XML (STS API Reference,
//! version 2011-06-15). It is unsigned: the token is what entitles to it.
//!
//! Why not the SDK of STS: `docs/decisions/0010-sts-without-its-sdk.md`.

use super::pool::{CallError, IdentityPool, STS};
use super::{api, role_refused};
use crate::clock::Timestamp;
use crate::credentials::Credentials;
use crate::http;
use crate::profile::Profile;
use crate::profile::flow::{Basic, Flow};
use crate::secret::{self, OpenIdToken, SecretAccessKey, SessionToken};
use ::http::{HeaderValue, Method, Request, Uri};
use aws_smithy_xml::decode::{Document, ScopedDecoder, StartEl, try_data};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::form_urlencoded;

/// What STS is asked for.
pub(super) struct Asked<'a> {
    pub basic: &'a Basic,
    /// Its ARN.
    pub role: &'a str,
    pub session_name: &'a str,
    pub token: &'a OpenIdToken,
}

/// Where STS is called for a profile: in the identity pool's region, as the SDKs do by default
/// (`sts_regional_endpoints`). `None` in the enhanced flow, without an identity pool, in a region that
/// belongs to no partition, and for what the SDKs refuse to combine: FIPS and an endpoint of one's own.
///
/// The partition's domain is the one that the SDK knows for the identity pool. FIPS endpoints have a name
/// of their own but in GovCloud, where the plain one is one (STS's endpoint rules in the AWS SDKs).
pub fn endpoint(profile: &Profile) -> Option<Uri> {
    let Flow::Basic(basic) = &profile.flow else { return None };
    let region = profile.identity_pool.as_ref()?.region();
    if let Some(instead) = &basic.sts_endpoint {
        return api::resolve(region, profile.fips, Some(instead.to_string()));
    }
    let pool = api::resolve(region, false, None)?;
    let place = pool.host()?.strip_prefix("cognito-identity.")?;
    let service = if profile.fips && !region.starts_with("us-gov-") { "sts-fips" } else { "sts" };
    format!("https://{service}.{place}").parse().ok()
}

impl IdentityPool<'_> {
    /// AssumeRoleWithWebIdentity.
    pub(super) fn credentials_of_role(&self, asked: &Asked<'_>) -> Result<Credentials, CallError> {
        let limit = self.left();
        let answer =
            self.client.send(self.request(asked), limit).map_err(|e| self.unanswered(e.what().to_owned()))?;
        let (status, xml) =
            (answer.status().as_u16(), std::str::from_utf8(answer.body()).unwrap_or_default());
        if status == 200
            && let Some(credentials) = credentials(xml, asked.role)
        {
            return Ok(credentials);
        }
        let wait = http::retry_after(answer.headers());
        let refused = |said| role_refused::read(self.profile, asked.basic, asked.role, said, wait);
        let hidden = |text: &str| secret::hide(text, &[asked.token.expose()]);
        let refusal = match error(xml) {
            Some((kind, text)) if status < 500 && status != 429 => refused((&hidden(&kind), &hidden(&text))),
            _ if status == 429 => refused(("Throttling", "")),
            _ => self.troubled(STS, status),
        };
        Err(CallError {
            refusal: refusal.asking_to_wait(wait),
            server_time: http::date_header(answer.headers()).map(Timestamp::from_unix),
        })
    }

    fn request(&self, asked: &Asked<'_>) -> Request<Vec<u8>> {
        let seconds = asked.basic.duration.as_secs().to_string();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", asked.role),
            ("RoleSessionName", asked.session_name),
            ("DurationSeconds", &seconds),
            ("WebIdentityToken", asked.token.expose()),
        ]);
        let mut request = Request::new(form.finish().into_bytes());
        *request.method_mut() = Method::POST;
        // Without an address the client refuses, and says so.
        *request.uri_mut() = endpoint(self.profile).unwrap_or_default();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert("content-type", kind);
        request
    }
}

/// The credentials of `role` in an answer; `None` unless all four parts are there.
pub fn credentials(xml: &str, role: &str) -> Option<Credentials> {
    let (mut key, mut secret, mut session, mut end) = (None, None, None, None);
    let mut document = Document::new(xml);
    let mut root = document.root_element().ok().filter(|root| is_whole(xml, root.start_el()))?;
    each(&mut root, "AssumeRoleWithWebIdentityResult", |result| {
        each(result, "Credentials", |credentials| {
            leaves(credentials, |name, text| match name {
                "AccessKeyId" => key = Some(text.to_owned()),
                "SecretAccessKey" => secret = Some(SecretAccessKey::new(text)),
                "SessionToken" => session = Some(SessionToken::new(text)),
                "Expiration" => end = OffsetDateTime::parse(text, &Rfc3339).ok(),
                _ => {}
            });
        });
    });
    Some(Credentials {
        access_key_id: key?,
        secret_access_key: secret?,
        session_token: session?,
        obtained: Timestamp::now(),
        expiration: Timestamp::from_unix(end?.unix_timestamp()),
        role: Some(role.to_owned()),
        lead: 0,
    })
}

/// Code and message of an error answer.
pub fn error(xml: &str) -> Option<(String, String)> {
    let (mut code, mut message) = (None, String::new());
    let mut document = Document::new(xml);
    let is_error = |root: &StartEl<'_>| root.matches("ErrorResponse") && is_whole(xml, root);
    let mut root = document.root_element().ok().filter(|root| is_error(root.start_el()))?;
    each(&mut root, "Error", |error| {
        leaves(error, |name, text| match name {
            "Code" => code = Some(text.to_owned()),
            "Message" => text.clone_into(&mut message),
            _ => {}
        });
    });
    Some((code?, message))
}

/// The parser takes a text that ends in the middle, and tags that close others than were opened; half a session token
/// is none. What ends with a tag does not end within a text, where `<` can't stand (XML 1.0 §2.4), and the root's end
/// stands in a document once.
fn is_whole(xml: &str, root: &StartEl<'_>) -> bool {
    let end = format!("</{}>", root.local());
    xml.find(&end).is_some_and(|at| xml[at + end.len()..].trim_end().is_empty())
}

/// Every child of that name.
fn each(parent: &mut ScopedDecoder<'_, '_>, name: &str, mut then: impl FnMut(&mut ScopedDecoder<'_, '_>)) {
    while let Some(mut child) = parent.next_tag() {
        if child.start_el().matches(name) {
            then(&mut child);
        }
    }
}

/// Every child with its text.
fn leaves(parent: &mut ScopedDecoder<'_, '_>, mut then: impl FnMut(&str, &str)) {
    while let Some(mut child) = parent.next_tag() {
        let name = child.start_el().local().to_owned();
        if let Ok(text) = try_data(&mut child) {
            then(&name, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERROR: &str = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n <Error>\n  <Type>Sender</Type>\n  \
        <Code>AccessDenied</Code>\n  <Message>a &lt;b&gt; &amp; c</Message>\n </Error>\n <RequestId>1</RequestId>\n</ErrorResponse>\n";

    #[test]
    fn an_error_is_read_and_nothing_else_is_one() {
        assert_eq!(error(ERROR), Some(("AccessDenied".to_owned(), "a <b> & c".to_owned())));
        for other in [
            "",
            "{}",
            "<html><body>Sign in</body></html>",
            "<ErrorResponse>",
            "<ErrorResponse/>",
            &ERROR[..150],
        ] {
            assert_eq!(error(other), None, "{other}");
        }
    }

    /// Found by fuzzing: `T>Response>` was taken for the end of a document.
    #[test]
    fn an_answer_that_ends_within_a_text_gives_nothing() {
        let start = "<XResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>A</AccessKeyId>\
            <SecretAccessKey>S</SecretAccessKey><Expiration>2026-11-20T13:35:44Z</Expiration><SessionToken>T";
        for end in ["", "Response>", "/Response>", "</SessionToken", "</a>Response>"] {
            assert!(credentials(&format!("{start}{end}"), "role").is_none(), "{end}");
        }
    }

    #[test]
    fn an_answer_without_all_four_parts_gives_nothing() {
        let parts = [
            "<AccessKeyId>A</AccessKeyId>",
            "<SecretAccessKey>S</SecretAccessKey>",
            "<SessionToken>T</SessionToken>",
            "<Expiration>2026-11-20T13:35:44Z</Expiration>",
        ];
        let answer = |parts: &[&str]| {
            let parts = parts.concat();
            let xml = format!(
                "<XResponse><Other/><AssumeRoleWithWebIdentityResult><Credentials>{parts}</Credentials></AssumeRoleWithWebIdentityResult></XResponse>"
            );
            credentials(&xml, "role")
        };
        assert_eq!(answer(&parts).unwrap().expiration, Timestamp::from_unix(1_795_181_744));
        for missing in 0..parts.len() {
            let mut rest = parts.to_vec();
            rest.remove(missing);
            assert!(answer(&rest).is_none(), "{}", parts[missing]);
        }
    }
    /// Found by fuzzing: the parser goes on behind an end that is not the root's, and takes the later of two values.
    #[test]
    fn an_answer_whose_end_is_not_its_own_gives_nothing() {
        let parts = "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey>\
             <SessionToken>T</SessionToken><Expiration>2026-11-20T13:35:44Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>";
        assert!(credentials(&format!("<XResponse>{parts}</XResponse>\n"), "role").is_some());
        for xml in [
            format!("<XResponse>{parts}</Response>"),
            format!("<XResponse>{parts}</XResponse>{parts}</XResponse>"),
            format!("<XResponse>{parts}"),
            format!("<XResponse>{parts}</XResponse><more/>"),
        ] {
            assert!(credentials(&xml, "role").is_none(), "{xml}");
        }
    }
}
