//! The AWS console for a login: credentials for a sign-in token, and the address that shows it (IAM User
//! Guide, "Enable custom identity broker access to the AWS console").

mod handover;

pub use handover::hand_over;

use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::http::Client;
use crate::platform::Os;
use crate::profile::Profile;
use crate::remedy;
use crate::secret::SigninToken;
use ::http::{HeaderValue, Method, Request};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

/// Longest time for a sign-in token.
const LIMIT: Duration = Duration::from_secs(8);

/// Where the console of a partition is, and where a browser is signed in to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The federation endpoint.
    pub federation: Url,
    console: &'static str,
}

/// By the beginnings of a region's name: sign-in and console (IAM User Guide as above; AWS GovCloud (US)
/// User Guide, "Service endpoints"; Amazon Web Services in China, "Endpoints and ARNs").
const PARTITIONS: [(&str, &str, &str); 3] = [
    ("us-gov-", "https://signin.amazonaws-us-gov.com", "https://console.amazonaws-us-gov.com"),
    ("cn-", "https://signin.amazonaws.cn", "https://console.amazonaws.cn"),
    ("", "https://signin.aws.amazon.com", "https://console.aws.amazon.com"),
];

/// Partitions whose sign-in has no documented address. Credentials are sent nowhere on a guess.
const UNKNOWN: [&str; 5] = ["eusc-", "us-iso-", "us-isob-", "us-isof-", "eu-isoe-"];

impl Place {
    /// The place for a profile, or the endpoint that the profile or the environment has instead, by the
    /// rules of every service (`AWS_ENDPOINT_URL_SIGNIN`, `signin` in `[services]`).
    ///
    /// # Errors
    /// The partition's sign-in is not known.
    pub fn of(profile: &Profile) -> Result<Self, Error> {
        let region = profile.identity_pool.as_ref().map_or("", |id| id.region());
        let instead = profile.signin_endpoint.as_ref();
        if instead.is_none() && UNKNOWN.iter().any(|start| region.starts_with(start)) {
            let what =
                format!("The address that signs a browser in to the console of {region} is not documented.");
            return Err(Error::new(
                Next::Configure,
                what,
                remedy::set_variable(Os::HERE, "AWS_ENDPOINT_URL_SIGNIN", "https://signin.example.com"),
            ));
        }
        let found = PARTITIONS.iter().find(|(start, _, _)| region.starts_with(start));
        let (_, signin, console) = found.unwrap_or(&PARTITIONS[2]);
        let base = instead.cloned().or_else(|| Url::parse(signin).ok());
        let federation = base.and_then(|mut url| {
            url.path_segments_mut().ok()?.pop_if_empty().push("federation");
            Some(url)
        });
        let unusable = || {
            Error::new(
                Next::Configure,
                "AWS_ENDPOINT_URL_SIGNIN is no usable address.",
                profile.command("doctor"),
            )
        };
        Ok(Self { federation: federation.ok_or_else(unusable)?, console })
    }

    /// The page that the person wants: a service's, or the console's home. Names are checked by
    /// [`is_name`].
    fn destination(&self, service: Option<&str>, region: Option<&str>) -> String {
        let page = service.unwrap_or("console");
        let region = region.map_or_else(String::new, |region| format!("?region={region}"));
        format!("{}/{page}/home{region}", self.console)
    }

    /// The address that signs in whoever opens it, once, within 15 minutes.
    pub fn address(
        &self,
        token: &SigninToken,
        service: Option<&str>,
        region: Option<&str>,
    ) -> Zeroizing<String> {
        let mut query = form_urlencoded::Serializer::new(String::with_capacity(8 * 1024));
        query.extend_pairs([
            ("Action", "login"),
            ("Issuer", "cognito-creds"),
            ("Destination", &self.destination(service, region)),
            ("SigninToken", token.expose()),
        ]);
        let query = Zeroizing::new(query.finish());
        Zeroizing::new(format!("{}?{}", self.federation, *query))
    }

    /// Credentials for a sign-in token. They are sent in the body: an address is kept in logs.
    ///
    /// Without `SessionDuration` the console's session lasts as long as the credentials do. With it the
    /// role's own limit counts, and what a role was assumed with by another role is refused.
    ///
    /// # Errors
    /// AWS refuses the credentials, or gives no answer.
    pub fn sign_in(
        &self,
        client: &Client,
        credentials: &Credentials,
        profile: &Profile,
    ) -> Result<SigninToken, Error> {
        let failed = |next, what: String| Error::new(next, what, profile.command("console"));
        let host = self.federation.host_str().unwrap_or_default();
        let answer = client
            .send(self.request(credentials), LIMIT)
            .map_err(|e| failed(Next::TryAgain, e.what().to_owned()).because(e.detail()))?;
        let status = answer.status().as_u16();
        match status {
            200 => serde_json::from_slice::<Answer>(answer.body()).map(|answer| answer.token).map_err(|_| {
                failed(Next::TryAgain, format!("{host} gave no sign-in token for the console."))
            }),
            429 | 500.. => {
                Err(failed(Next::TryAgain, format!("{host} has a problem and answered {status}. Try again.")))
            }
            _ => {
                let what =
                    format!("{host} did not take the credentials for the console: it answered {status}.");
                Err(failed(Next::Configure, what).instead(Next::Configure, profile.command("doctor")))
            }
        }
    }

    fn request(&self, credentials: &Credentials) -> Request<Vec<u8>> {
        #[derive(Serialize)]
        struct Session<'a> {
            #[serde(rename = "sessionId")]
            id: &'a str,
            #[serde(rename = "sessionKey")]
            key: &'a str,
            #[serde(rename = "sessionToken")]
            token: &'a str,
        }
        let session = Session {
            id: &credentials.access_key_id,
            key: credentials.secret_access_key.expose(),
            token: credentials.session_token.expose(),
        };
        let session = Zeroizing::new(serde_json::to_string(&session).unwrap_or_default());
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(8 * 1024));
        form.extend_pairs([
            ("Action", "getSigninToken"),
            ("SessionType", "json"),
            ("Session", session.as_str()),
        ]);
        let mut request = Request::new(form.finish().into_bytes());
        *request.method_mut() = Method::POST;
        // The client refuses what is no address, and says so.
        *request.uri_mut() = self.federation.as_str().parse().unwrap_or_default();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert("content-type", kind);
        request
    }
}

/// What the federation endpoint answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SigninToken")]
    token: SigninToken,
}

/// Whether a service or region may stand in the address: lower-case letters, digits and hyphens.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(region: &str, instead: &str) -> Result<Place, Error> {
        let config = format!(
            "[profile dev]\ncognito_domain = https://auth.example.com\ncognito_client_id = c\n\
             cognito_identity_pool_id = {region}:01234567-89ab-cdef-0123-456789abcdef\n{instead}"
        );
        Place::of(&Profile::of_text(&config, "dev", &|_: &str| None, "home").unwrap())
    }

    #[test]
    fn each_partition_has_its_own_console() {
        for (region, federation, destination) in [
            (
                "eu-west-1",
                "https://signin.aws.amazon.com/federation",
                "https://console.aws.amazon.com/s3/home",
            ),
            (
                "us-gov-west-1",
                "https://signin.amazonaws-us-gov.com/federation",
                "https://console.amazonaws-us-gov.com/s3/home",
            ),
            ("cn-north-1", "https://signin.amazonaws.cn/federation", "https://console.amazonaws.cn/s3/home"),
        ] {
            let place = place(region, "").unwrap();
            assert_eq!(place.federation.as_str(), federation);
            assert_eq!(place.destination(Some("s3"), None), destination);
        }
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn credentials_are_sent_nowhere_on_a_guess() {
        let error = place("eusc-de-east-1", "").unwrap_err();
        assert!(error.paste().starts_with("export AWS_ENDPOINT_URL_SIGNIN="), "{error}");
        let instead = "services = s\n[services s]\nsignin =\n  endpoint_url = https://us-east-1.signin.aws.amazon.com\n";
        assert_eq!(
            place("eusc-de-east-1", instead).unwrap().federation.as_str(),
            "https://us-east-1.signin.aws.amazon.com/federation"
        );
    }

    #[test]
    fn the_address_leads_to_the_service_in_its_region() {
        let place = place("eu-west-1", "").unwrap();
        let address = place.address(&SigninToken::new("a+b&c"), Some("lambda"), Some("eu-central-1"));
        let url = Url::parse(&address).unwrap();
        let query: Vec<_> = url.query_pairs().into_owned().collect();
        let wanted = [
            ("Action", "login"),
            ("Issuer", "cognito-creds"),
            ("Destination", "https://console.aws.amazon.com/lambda/home?region=eu-central-1"),
            ("SigninToken", "a+b&c"),
        ];
        assert_eq!(query, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
