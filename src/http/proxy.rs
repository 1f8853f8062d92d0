//! Which proxy, if any, a request goes through, as curl and botocore understand the environment.
//!
//! | variable | rule |
//! | --- | --- |
//! | `https_proxy`, `HTTPS_PROXY`, `all_proxy`, `ALL_PROXY` | the first that isn't empty; lower case wins |
//! | `no_proxy`, `NO_PROXY` | hosts that are reached directly, whatever the others say |
//!
//! `http_proxy` is not read: plain `http` is for this machine alone, and this machine is never
//! reached through a proxy. There curl and botocore differ, but what they save by asking a proxy for
//! its own `localhost` is nothing, and what we would risk is a token in clear text on the wire.

use super::{host_and_port, ip_literal};
use crate::error::{Error, Next};
use crate::platform::Os;
use crate::remedy;
use http::Uri;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::net::IpAddr;
use url::Url;

/// The proxies that an environment names; plain data, not yet judged. `Debug` shows no password.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    setting: Option<Setting>,
    exceptions: Vec<Exception>,
}

#[derive(Debug, Clone)]
struct Setting {
    variable: &'static str,
    value: SecretString,
}

/// A proxy that can be used.
#[derive(Clone)]
pub struct Proxy {
    variable: &'static str,
    address: ureq::Proxy,
}

/// One entry of `no_proxy`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Exception {
    Everything,
    /// A domain and everything below it; a port narrows it.
    Domain(String, Option<u16>),
    /// The addresses that share the first bits; a port narrows it.
    Block(IpAddr, u32, Option<u16>),
}

impl Proxies {
    /// Reads the variables of the table above through `get`.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| {
                let value = get(name)?.trim().to_owned();
                (!value.is_empty()).then_some((*name, value))
            })
        };
        let setting = first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
            .map(|(variable, value)| Setting { variable, value: SecretString::from(value) });
        let exceptions = first(&["no_proxy", "NO_PROXY"]).map_or_else(Vec::new, |(_, list)| {
            list.split(|c: char| c == ',' || c.is_whitespace()).filter_map(Exception::parse).collect()
        });
        Self { setting, exceptions }
    }

    /// The proxy for every `https` address that isn't excepted.
    ///
    /// # Errors
    /// [`Next::Configure`]: the variable holds no usable address. Going on without the proxy would
    /// end in a time-out that explains nothing.
    pub fn proxy(&self) -> Result<Option<Proxy>, Error> {
        self.setting.as_ref().map(Setting::parse).transpose()
    }

    /// Whether `no_proxy` names the host of an `https` address.
    pub fn excepts(&self, uri: &Uri) -> bool {
        let host = uri.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(443);
        self.exceptions.iter().any(|exception| exception.covers(&host, port))
    }
}

impl Setting {
    fn parse(&self) -> Result<Proxy, Error> {
        let text = self.value.expose_secret();
        // `HOST:PORT` alone is common, and means http.
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        // `Url` judges the port and escapes a password as typed, both of which ureq leaves undone.
        let url = Url::parse(&text).map_err(|_| self.unusable())?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(self.unusable());
        }
        let address = ureq::Proxy::new(url.as_str()).map_err(|_| self.unusable())?;
        Ok(Proxy { variable: self.variable, address })
    }

    fn unusable(&self) -> Error {
        let variable = self.variable;
        let what = format!(
            "{variable} holds no proxy address that can be used; special characters in a password are \
             written as %XX."
        );
        Error::new(Next::Configure, what, remedy::set_variable(Os::HERE, variable, "http://HOST:PORT"))
    }
}

impl Proxy {
    /// What ureq connects to.
    pub(super) fn address(&self) -> &ureq::Proxy {
        &self.address
    }

    /// The variable that named it.
    pub(super) fn variable(&self) -> &'static str {
        self.variable
    }
}

impl fmt::Display for Proxy {
    /// `HOST:PORT`, without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&host_and_port(self.address.uri()))
    }
}

impl Exception {
    /// Reads `*`, `example.com`, `.example.com`, `*.example.com`, an address, or a block such as
    /// `10.0.0.0/8`, all but `*` and the block also with `:PORT`. Anything else matches nothing, as
    /// everywhere.
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim().to_ascii_lowercase();
        if entry == "*" {
            return Some(Self::Everything);
        }
        if let Some((address, bits)) = entry.split_once('/') {
            let (address, bits) = (ip_literal(address)?, bits.parse().ok()?);
            return (bits <= width(address)).then_some(Self::Block(address, bits, None));
        }
        if let Some(address) = ip_literal(&entry) {
            return Some(Self::Block(address, width(address), None));
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry.as_str(), None),
        };
        if let Some(address) = ip_literal(host) {
            return Some(Self::Block(address, width(address), port));
        }
        let domain = host.trim_start_matches('*').trim_matches('.');
        (!domain.is_empty()).then(|| Self::Domain(domain.to_owned(), port))
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        match self {
            Self::Everything => true,
            Self::Domain(domain, only) => {
                let below = host.strip_suffix(domain.as_str());
                only.is_none_or(|only| only == port)
                    && below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                    // The end of an address is no domain.
                    && ip_literal(host).is_none()
            }
            Self::Block(address, bits, only) => {
                only.is_none_or(|only| only == port)
                    && ip_literal(host).is_some_and(|ip| shares_bits(ip, *address, *bits))
            }
        }
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn shares_bits(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    match (one, other) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Environment<'a> = &'a [(&'a str, &'a str)];

    fn from(pairs: Environment) -> Proxies {
        Proxies::from_env(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn chosen(pairs: Environment) -> Option<String> {
        from(pairs).proxy().unwrap().map(|proxy| format!("{proxy} by {}", proxy.variable()))
    }

    #[test]
    fn the_most_specific_variable_wins_and_lower_case_before_upper() {
        let lower = ("https_proxy", "http://a:1");
        let upper = ("HTTPS_PROXY", "http://b:2");
        let all = ("all_proxy", "http://c:3");
        let table: &[(Environment, Option<&str>)] = &[
            (&[], None),
            (&[upper, lower, all], Some("a:1 by https_proxy")),
            (&[all, upper], Some("b:2 by HTTPS_PROXY")),
            (&[all], Some("c:3 by all_proxy")),
            (&[("ALL_PROXY", "d:4")], Some("d:4 by ALL_PROXY")),
            (&[("https_proxy", "  "), upper], Some("b:2 by HTTPS_PROXY")),
            (&[("http_proxy", "http://x:1"), ("HTTP_PROXY", "http://y:2")], None),
            (&[("HTTPS_PROXY", " proxy.corp ")], Some("proxy.corp by HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "https://p.corp:8443/")], Some("p.corp:8443 by HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "[::1]:8080")], Some("[::1]:8080 by HTTPS_PROXY")),
            (&[("ALL_PROXY", "socks5h://127.0.0.1:1080")], Some("127.0.0.1:1080 by ALL_PROXY")),
        ];
        for (environment, expected) in table {
            assert_eq!(chosen(environment).as_deref(), *expected, "{environment:?}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_that_names_the_variable_and_no_password() {
        for value in [
            "http://",
            "http://me:canary@",
            "http://me:canary@host:port",
            "host:99999",
            "gopher://canary:1",
            "http://ca nary",
        ] {
            let error = from(&[("HTTPS_PROXY", value)]).proxy().err().unwrap();
            assert_eq!(error.next(), Next::Configure, "{value}");
            assert!(error.what().starts_with("HTTPS_PROXY "), "{error}");
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }

    #[test]
    fn a_password_reaches_the_proxy_as_it_was_typed_and_no_text() {
        let proxies = from(&[("HTTPS_PROXY", "me:p@ss%21canary@proxy.corp:3128")]);
        let proxy = proxies.proxy().unwrap().unwrap();
        assert_eq!(proxy.address().username(), Some("me"));
        assert_eq!(proxy.address().password(), Some("p@ss!canary"));
        assert_eq!(proxy.to_string(), "proxy.corp:3128");
        assert!(!format!("{proxies:?}").contains("canary"));
    }

    fn excepted(list: &str, uri: &str) -> bool {
        from(&[("NO_PROXY", list)]).excepts(&uri.parse().unwrap())
    }

    #[test]
    fn an_exception_covers_a_domain_and_all_below_it() {
        for list in [
            "example.com",
            ".example.com",
            "*.example.com",
            "EXAMPLE.com.",
            "other.org , example.com",
            "a b\texample.com",
        ] {
            assert!(excepted(list, "https://example.com/x"), "{list}");
            assert!(excepted(list, "https://auth.Example.com."), "{list}");
            assert!(!excepted(list, "https://badexample.com"), "{list}");
            assert!(!excepted(list, "https://example.com.evil.org"), "{list}");
        }
        assert!(excepted("*", "https://anything.org"));
        for list in ["", ",", " , ", ".", "*.", "example.com:x", "com.example"] {
            assert!(!excepted(list, "https://example.com"), "{list:?}");
        }
    }

    #[test]
    fn an_exception_may_name_a_port() {
        assert!(excepted("example.com:443", "https://example.com"));
        assert!(excepted("example.com:8443", "https://a.example.com:8443"));
        assert!(!excepted("example.com:8443", "https://example.com"));
        assert!(excepted("10.0.0.1:8443", "https://10.0.0.1:8443"));
        assert!(!excepted("[2001:db8::1]:8443", "https://[2001:db8::1]"));
        assert!(excepted("[2001:db8::1]:443", "https://[2001:db8::1]"));
    }

    #[test]
    fn an_exception_may_be_an_address_or_a_block() {
        assert!(excepted("10.1.2.3", "https://10.1.2.3"));
        assert!(excepted("2001:db8::1", "https://[2001:DB8:0::1]"));
        assert!(excepted("10.0.0.0/8", "https://10.200.0.1"));
        assert!(excepted("10.64.0.0/10", "https://10.127.255.255"));
        assert!(excepted("2001:db8::/32", "https://[2001:db8:ffff::1]"));
        assert!(excepted("0.0.0.0/0", "https://192.0.2.1"));
        for (list, uri) in [
            ("10.0.0.0/8", "https://11.0.0.1"),
            ("10.64.0.0/10", "https://10.128.0.0"),
            ("10.0.0.0/33", "https://10.0.0.0"),
            ("10.0.0.0/x", "https://10.0.0.0"),
            ("2001:db8::/129", "https://[2001:db8::]"),
            ("10.0.0.0/8", "https://10.example.com"),
            ("0.0.1", "https://10.0.0.1"),
            ("::/0", "https://10.0.0.1"),
        ] {
            assert!(!excepted(list, uri), "{list} {uri}");
        }
    }

    #[test]
    fn the_lower_case_exceptions_win() {
        let both = from(&[("no_proxy", "a.org"), ("NO_PROXY", "b.org")]);
        assert!(both.excepts(&"https://a.org".parse().unwrap()));
        assert!(!both.excepts(&"https://b.org".parse().unwrap()));
    }
}
