//! Values that are addresses: where a login is sent, and nothing may send it elsewhere.

use super::is_region;
use url::Url;

/// The origin of a user pool's domain: scheme, host and port, no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(Url);

impl Domain {
    /// Takes an https URL (http for loopback hosts) or a bare prefix, which needs a region. FIPS and
    /// GovCloud prefixes live under `auth-fips` (cognito-idp endpoints, AWS General Reference).
    pub fn parse(text: &str, region: Option<&str>, fips: bool) -> Result<Self, String> {
        if text.contains("://") {
            let url = origin(text)?;
            return Ok(Self(url));
        }
        if text.contains(['.', ':', '/']) {
            return Err(format!(
                "'{text}' is neither a URL nor a prefix; write https://{text} for a host name"
            ));
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty()
            || !text.bytes().all(plain)
            || text.starts_with('-')
            || text.ends_with('-')
            || text.len() > 63
        {
            return Err(format!(
                "'{text}' is not a domain prefix (lower-case letters, digits and inner hyphens, 63 at most)"
            ));
        }
        let region = region.ok_or_else(|| {
            format!(
                "the prefix '{text}' needs a region: set region or cognito_user_pool_id, or write the whole URL"
            )
        })?;
        if !is_region(region) {
            return Err(format!(
                "the prefix '{text}' can't be completed: '{region}' is not a region like eu-west-1"
            ));
        }
        if region.starts_with("cn-") {
            return Err(format!(
                "the prefix '{text}' can't be completed: there are no user pools in {region}; write the URL of a user pool elsewhere, or use another cognito_auth"
            ));
        }
        if region.starts_with("eusc-") {
            return Err(format!(
                "the prefix '{text}' can't be completed: how domains in {region} end is not known here; write the whole URL"
            ));
        }
        let auth = if fips || region.starts_with("us-gov-") { "auth-fips" } else { "auth" };
        origin(&format!("https://{text}.{auth}.{region}.amazoncognito.com")).map(Self)
    }

    /// `https://host[:port]/`.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host name, for messages.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The URL of an endpoint, e.g. `/oauth2/token`.
    pub fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }
}

/// An OpenID provider's issuer (OpenID Connect Discovery 1.0 §3): compared byte for byte, so it is kept
/// as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    host: String,
}

impl Issuer {
    /// Takes an https URL (http for loopback hosts) without query and fragment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = endpoint(text)?;
        // It is compared and asked as it was written, so everybody has to read the same host in it.
        let is_plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') && text.contains("://");
        if !is_plain {
            return Err(format!("'{text}' is not a URL like https://auth.example.com"));
        }
        if url.query().is_some() {
            return Err(format!("'{text}' must have no query"));
        }
        if names_no_tenant(&url) {
            return Err(format!(
                "'{text}' names no tenant, so no ID token is of that issuer; write the id of yours, https://{}/TENANT-ID/v2.0",
                url.host_str().unwrap_or_default()
            ));
        }
        Ok(Self { text: text.to_owned(), host: url.host_str().unwrap_or_default().to_owned() })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host name, for messages.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where its metadata lies (OpenID Connect Discovery 1.0 §4).
    pub fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.text.trim_end_matches('/'))
    }
}

/// Where Entra ID signs in people of several tenants, whose tokens are each of their own tenant's issuer
/// (Microsoft identity platform, "OpenID Connect on the Microsoft identity platform"; "National clouds").
fn names_no_tenant(url: &Url) -> bool {
    const HOSTS: [&str; 4] = [
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "sts.windows.net",
    ];
    const SHARED: [&str; 3] = ["common", "organizations", "consumers"];
    let first = url.path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
    HOSTS.contains(&url.host_str().unwrap_or_default())
        && SHARED.iter().any(|shared| first.eq_ignore_ascii_case(shared))
}

/// A URL that names an origin and nothing more, https or loopback http.
fn origin(text: &str) -> Result<Url, String> {
    let url = endpoint(text)?;
    if url.path() != "/" || url.query().is_some() {
        return Err(format!("'{text}' must end after the host name"));
    }
    Ok(url)
}

/// Refuses what a URL parser leaves out without a word (URL Standard, "URL parsing"), so that a text and the
/// URL made of it are the same.
pub(in crate::profile) fn plain(text: &str) -> Result<(), String> {
    if text.trim() != text || text.contains(char::is_control) {
        return Err(format!("'{text}' has blanks around it or control characters in it"));
    }
    Ok(())
}

/// An https URL, or an http one to a loopback host; without user name and fragment.
pub fn endpoint(text: &str) -> Result<Url, String> {
    plain(text)?;
    let url = Url::parse(text).map_err(|_| format!("'{text}' is not a URL like https://auth.example.com"))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("'{text}' has no host name"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("it must have no user name, password or fragment".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => {
            Err(format!("'{text}' would send the login unencrypted; use https (http is for loopback hosts)"))
        }
        other => Err(format!("'{text}' starts with {other}:, not https:")),
    }
}

/// A URL that others are relative to: its path ends in `/`.
pub fn folder(text: &str) -> Result<Url, String> {
    let mut url = endpoint(text)?;
    if url.query().is_some() {
        return Err(format!("'{text}' must have no query"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// A path below `folder`, or elsewhere on its host: what is sent there is sent to no other origin.
pub fn below(folder: &Url, path: &str) -> Result<Url, String> {
    let url = folder.join(path).map_err(|_| format!("'{path}' is not a path"))?;
    let no_user = url.username().is_empty() && url.password().is_none();
    if url.origin() != folder.origin() || !no_user || url.fragment().is_some() {
        return Err(format!("'{path}' is not a path on the backend's host; tokens are sent to no other"));
    }
    Ok(url)
}

/// Whether the URL's host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_becomes_the_domain_of_its_region() {
        let host = |t, r, f| Domain::parse(t, r, f).map(|d| d.as_str().to_owned());
        assert_eq!(
            host("acme", Some("eu-west-1"), false).unwrap(),
            "https://acme.auth.eu-west-1.amazoncognito.com/"
        );
        assert_eq!(
            host("acme", Some("us-east-1"), true).unwrap(),
            "https://acme.auth-fips.us-east-1.amazoncognito.com/"
        );
        assert!(host("acme", Some("us-gov-west-1"), false).unwrap().contains(".auth-fips."));
        assert!(host("acme", None, false).unwrap_err().contains("region"));
        for no_region in ["s3", "evil.example", "evil.example/", "eu-west-1.evil.example:1"] {
            assert!(host("acme", Some(no_region), false).unwrap_err().contains("region"), "{no_region}");
        }
    }

    #[test]
    fn a_domain_is_an_https_origin_or_loopback() {
        for good in [
            "https://auth.example.com",
            "https://auth.example.com/",
            "http://127.0.0.1:14567",
            "http://[::1]:1",
            "http://localhost:1",
        ] {
            assert!(Domain::parse(good, None, false).is_ok(), "{good}");
        }
        for bad in [
            "http://auth.example.com",
            "http://localhost.example.com",
            "ftp://x",
            "https://",
            "https://x/login",
            "https://x?y",
            "https://u:p@x",
            "https://x#f",
            "auth.example.com",
            "Acme",
            "-a",
            "",
        ] {
            assert!(Domain::parse(bad, Some("eu-west-1"), false).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_url_parser_drops_is_in_no_address() {
        for bad in [
            "https://x.example/a\tb",
            "https://x.example\u{15}\0",
            "\u{1}https://x.example",
            "https://x.example ",
        ] {
            assert!(endpoint(bad).is_err() && Issuer::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_domain_is_one_whatever_way_it_was_written() {
        let a = Domain::parse("https://AUTH.example.com:443", None, false).unwrap();
        assert_eq!(a, Domain::parse("https://auth.example.com/", None, false).unwrap());
        assert_eq!(a.at("/oauth2/token").as_str(), "https://auth.example.com/oauth2/token");
    }

    #[test]
    fn an_issuer_has_one_host_whoever_reads_it() {
        assert!(Issuer::parse("https://auth.example.com:8443/a/b").is_ok());
        for odd in [
            "https://a.example\\@evil.example",
            "https:a.example",
            "https://a.exa\tmple",
            "https://\u{e9}.example",
        ] {
            assert!(Issuer::parse(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn a_path_never_leaves_the_backends_origin() {
        let url = folder("https://login.example.com/api/v1").unwrap();
        let at = |path| below(&url, path).map(|url| url.to_string());
        assert_eq!(at("auth/login").unwrap(), "https://login.example.com/api/v1/auth/login");
        assert_eq!(at("/aws?x=1").unwrap(), "https://login.example.com/aws?x=1");
        for elsewhere in [
            "https://evil.example/x",
            "//evil.example/x",
            "/\\evil.example/x",
            "\\\\evil.example",
            "http://login.example.com/x",
            "https://login.example.com:8443/x",
            "https://me@login.example.com/x",
            "x#y",
            "mailto:a@b",
        ] {
            assert!(at(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
