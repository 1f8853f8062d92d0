//! A loopback redirect URI: what is registered at the app client, byte for byte, and what it means
//! for the listener.

use super::values::plain;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A registered loopback redirect (RFC 8252 §7.3). Cognito compares it as an exact string, so the
/// text is kept as it was written and never re-serialized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    host: String,
    port: u16,
    path: String,
}

impl RedirectUri {
    /// Parses `http://localhost|127.0.0.1|[::1][:PORT][/PATH]`. The error says in words what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        plain(text)?;
        let url =
            url::Url::parse(text).map_err(|_| format!("'{text}' is not a URL like http://localhost:8080"))?;
        if url.scheme() != "http" {
            return Err(format!(
                "'{text}' must start with http:// because the browser returns to this machine without TLS"
            ));
        }
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(format!("'{text}' must have no fragment and no user name"));
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        if !matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") {
            return Err(format!(
                "'{text}' does not lead back to this machine; use localhost, 127.0.0.1 or [::1]"
            ));
        }
        let port = url.port_or_known_default().unwrap_or(80);
        if port == 0 {
            return Err(format!("'{text}' needs a port that is registered at the app client, not 0"));
        }
        Ok(Self { text: text.to_owned(), host, port, path: url.path().to_owned() })
    }

    /// The text as registered, for `redirect_uri=`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The port the listener binds.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same at another port.
    pub fn at_port(&self, port: u16) -> String {
        let path = if self.text.ends_with('/') || self.path != "/" { self.path.as_str() } else { "" };
        format!("http://{}:{port}{path}", self.host)
    }

    /// The host as written, an IPv6 address in its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The only path that is answered, `/` where none is written.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Every address the host name means: a browser may try either family of `localhost` first.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let v4 = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port);
        let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), self.port);
        match self.host.as_str() {
            "127.0.0.1" => vec![v4],
            "[::1]" => vec![v6],
            _ => vec![v4, v6],
        }
    }

    /// The query of an address that leads here, for an address that a person pasted; `None` for any
    /// other address. Browsers show, and some copy, an address without its `http://`.
    pub fn query_of<'a>(&self, address: &'a str) -> Option<&'a str> {
        let whole =
            if address.contains("://") { Cow::from(address) } else { format!("http://{address}").into() };
        let url = url::Url::parse(&whole).ok()?;
        let here = url.scheme() == "http"
            && url.username().is_empty()
            && url.password().is_none()
            && url.host_str() == Some(&self.host)
            && url.port_or_known_default() == Some(self.port)
            && url.path() == self.path;
        let (_, query) = address.split_once('?')?;
        here.then(|| query.split('#').next().unwrap_or(query))
    }

    /// Whether a `Host` header belongs to this redirect: any other name is a rebinding attempt.
    /// The port may be left out when it is 80; the comparison ignores case (RFC 9110 §4.2.3).
    pub fn accepts_host(&self, header: &[u8]) -> bool {
        let full = format!("{}:{}", self.host, self.port);
        header.eq_ignore_ascii_case(full.as_bytes())
            || (self.port == 80 && header.eq_ignore_ascii_case(self.host.as_bytes()))
    }
}

/// Parses a comma-separated list of at least one.
pub fn parse_list(text: &str) -> Result<Vec<RedirectUri>, String> {
    let uris = text.split(',').map(str::trim).filter(|uri| !uri.is_empty());
    match uris.map(RedirectUri::parse).collect::<Result<Vec<_>, _>>()? {
        none if none.is_empty() => Err(format!("'{text}' holds no URL")),
        uris => Ok(uris),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_its_order_and_holds_at_least_one() {
        let uris = parse_list(" http://localhost:2 ,, http://localhost:1,").unwrap();
        assert_eq!(uris.iter().map(RedirectUri::port).collect::<Vec<_>>(), [2, 1]);
        for bad in ["", ",", "http://localhost:1,x"] {
            assert!(parse_list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn text_is_kept_byte_for_byte() {
        for text in ["http://localhost:8080", "http://localhost:8080/", "http://127.0.0.1:9/a/b?x=1"] {
            assert_eq!(RedirectUri::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn localhost_means_both_families() {
        assert_eq!(RedirectUri::parse("http://localhost:8080").unwrap().addresses().len(), 2);
        assert_eq!(RedirectUri::parse("http://[::1]:8080").unwrap().addresses().len(), 1);
    }

    #[test]
    fn other_hosts_are_refused() {
        for text in [
            "https://localhost:1",
            "http://example.com",
            "http://localhost.evil.com:1",
            "http://127.0.0.1.evil.com",
            "http://u@localhost:1",
            "http://localhost:1#f",
            "http://localhost:0",
            "http://localhost:1/a\tb",
            "http://localhost:1/\u{15}\0",
            "x",
        ] {
            assert!(RedirectUri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_its_own_address_has_a_query_for_it() {
        let uri = RedirectUri::parse("http://localhost:8080/cb").unwrap();
        assert_eq!(uri.query_of("http://localhost:8080/cb?code=1&state=2#x"), Some("code=1&state=2"));
        assert_eq!(uri.query_of("localhost:8080/cb?code=1://"), None, "a scheme of its own");
        assert_eq!(uri.query_of("localhost:8080/cb?code=1"), Some("code=1"));
        for other in [
            "http://localhost:8080/?code=1",
            "http://localhost:8081/cb?code=1",
            "http://127.0.0.1:8080/cb?code=1",
            "http://me@localhost:8080/cb?code=1",
            "localhost/cb?code=1",
            "?code=1",
            "http://evil.com/cb?code=1",
            "https://localhost:8080/cb?code=1",
            "http://localhost:8080/cb",
            "code=1",
        ] {
            assert_eq!(uri.query_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_foreign_host_header_is_not_ours() {
        let uri = RedirectUri::parse("http://localhost:8080/cb").unwrap();
        assert!(uri.accepts_host(b"LOCALHOST:8080"));
        for host in
            [&b"evil.com:8080"[..], b"localhost", b"localhost:80", b"localhost:8080.", b"127.0.0.1:8080", b""]
        {
            assert!(!uri.accepts_host(host));
        }
    }
}
