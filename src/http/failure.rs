//! Why a request brought no answer: in a kind for the caller, in a sentence for a person.

use super::connect::{Stage, Unsent};
use super::proxy::Proxy;
use super::{BODY_LIMIT, HEADER_LIMIT};
use crate::error::foreign;
use crate::platform::Os;
use rustls::{CertificateError, Error as TlsError};
use std::io::{self, ErrorKind};
use std::path::Path;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendErrorKind {
    /// The host has no address, or the name server gave none.
    Dns,
    /// The host is there and takes no connection at this port.
    Refused,
    /// The host can't be reached: no route, no network.
    Connect,
    /// No secure connection: the certificate isn't trusted, or no common protocol.
    Tls,
    /// The proxy can't be reached, wants a password (407), or refuses the host.
    Proxy,
    /// A time limit ended it.
    TimedOut,
    /// The connection was closed or reset before the whole answer was there.
    Broken,
    /// The answer is larger than [`HEADER_LIMIT`] or [`BODY_LIMIT`].
    TooLarge,
    /// Plain `http` to another machine. Nothing was opened.
    Insecure,
    /// Anything else, for instance an answer that isn't HTTP.
    Other,
}

/// Whether the request can have reached the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Certainly not a byte of it: lookup, connection, proxy or TLS failed first. It may be sent again.
    Never,
    /// It may have arrived and been acted on: a code exchange or a rotating refresh is over.
    Perhaps,
}

/// A request that brought no answer. Holds no part of the request or the answer, no query and no
/// proxy password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SendError {
    kind: SendErrorKind,
    sent: Sent,
    host: String,
    what: String,
    detail: String,
}

impl SendError {
    /// What went wrong.
    pub fn kind(&self) -> SendErrorKind {
        self.kind
    }

    /// Whether the request can have reached the server.
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// The host that was meant, with its port where the address names one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// One sentence for a person, the host named. Also the `Display`.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The technical cause, for `-v`; may be empty.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// Where a request goes; what errors are told with.
pub(super) struct Route<'a> {
    pub(super) host: String,
    pub(super) proxy: Option<&'a Proxy>,
    pub(super) ca_bundle: Option<&'a Path>,
}

impl Route<'_> {
    pub(super) fn insecure(&self) -> SendError {
        let what = format!(
            "http://{} would carry secrets in clear text; http is for this machine alone, use https.",
            self.host
        );
        self.error(SendErrorKind::Insecure, Sent::Never, what)
    }

    pub(super) fn not_an_address(&self) -> SendError {
        let what = "The address of a request has no https:// and host.".to_owned();
        self.error(SendErrorKind::Other, Sent::Never, what)
    }

    pub(super) fn no_time(&self) -> SendError {
        let what = format!("No time was left for a request to {}.", self.host);
        self.error(SendErrorKind::TimedOut, Sent::Never, what)
    }

    pub(super) fn body_too_large(&self) -> SendError {
        let what = format!("{} answered with more than {} KB.", self.host, BODY_LIMIT / 1024);
        self.error(SendErrorKind::TooLarge, Sent::Perhaps, what)
    }

    /// Judges an error of ureq. What carries no mark of a stage counts as sent.
    pub(super) fn failure(&self, error: ureq::Error) -> SendError {
        let failed = match error {
            ureq::Error::Other(other) => match other.downcast::<Unsent>() {
                Ok(unsent) => self.before_request(&unsent),
                Err(other) => self.after_request(&ureq::Error::Other(other)),
            },
            error => self.after_request(&error),
        };
        SendError { detail: foreign(&failed.detail), ..failed }
    }

    fn before_request(&self, unsent: &Unsent) -> SendError {
        let cause = innermost(unsent);
        let host = &self.host;
        let (kind, what) = match self.proxy {
            Some(proxy) if unsent.stage == Stage::Connect => self.through(proxy, &unsent.cause),
            _ if unsent.stage == Stage::Lookup && without_name_servers() => (
                SendErrorKind::Dns,
                format!("{host} could not be found (DNS); no /etc/resolv.conf names a name server here."),
            ),
            _ if unsent.stage == Stage::Lookup && !is_timeout(cause) => {
                (SendErrorKind::Dns, format!("{host} could not be found (DNS)."))
            }
            _ => self.directly(cause),
        };
        let error = self.error(kind, Sent::Never, what);
        SendError { detail: cause.to_string(), ..error }
    }

    fn directly(&self, cause: &ureq::Error) -> (SendErrorKind, String) {
        let host = &self.host;
        if let Some(tls) = tls_error(cause) {
            return (SendErrorKind::Tls, self.tls(tls));
        }
        match io_kind(cause) {
            _ if is_timeout(cause) => {
                (SendErrorKind::TimedOut, format!("No connection to {host} came about in time."))
            }
            Some(ErrorKind::ConnectionRefused) => {
                (SendErrorKind::Refused, format!("{host} refused the connection."))
            }
            Some(kind) if is_broken(kind) => {
                (SendErrorKind::Broken, format!("{host} closed the connection before it was secure (TLS)."))
            }
            _ => (
                SendErrorKind::Connect,
                format!("{host} could not be reached; check that this machine is connected."),
            ),
        }
    }

    /// A connection by way of a proxy failed. A second mark inside `cause` means that the proxy
    /// itself wasn't reached; TLS without that mark is TLS with the host.
    fn through(&self, proxy: &Proxy, cause: &ureq::Error) -> (SendErrorKind, String) {
        let (host, variable) = (&self.host, proxy.variable());
        if let Some(tls) = tls_error(cause) {
            return (SendErrorKind::Tls, self.tls(tls));
        }
        let what = match cause {
            _ if is_timeout(cause) => {
                let what = format!("No connection to {host} through the proxy {proxy} came about in time.");
                return (SendErrorKind::TimedOut, what);
            }
            // ureq keeps the status in its text alone.
            ureq::Error::ConnectProxyFailed(reason) if reason.contains("407") => format!(
                "The proxy {proxy} asks for a user name and password, and {variable} holds none that it \
                 accepts; write http://USER:PASSWORD@{proxy}."
            ),
            ureq::Error::ConnectProxyFailed(_) => {
                format!("The proxy {proxy} ({variable}) did not connect to {host}.")
            }
            _ if io_kind(cause).is_some_and(is_broken) => {
                format!("The connection to {host} through the proxy {proxy} ({variable}) was closed.")
            }
            _ => format!("The proxy {proxy} ({variable}) could not be reached."),
        };
        (SendErrorKind::Proxy, what)
    }

    fn after_request(&self, cause: &ureq::Error) -> SendError {
        let host = &self.host;
        let (kind, what) = match cause {
            _ if is_timeout(cause) => {
                (SendErrorKind::TimedOut, format!("{host} did not answer completely in time."))
            }
            _ if tls_error(cause).is_some() => {
                (SendErrorKind::Tls, format!("{host} ended the secure connection (TLS)."))
            }
            ureq::Error::Io(_) => (
                SendErrorKind::Broken,
                format!("{host} closed the connection before its answer was complete."),
            ),
            _ if is_header_flood(cause) => {
                let most = HEADER_LIMIT / 1024;
                (SendErrorKind::TooLarge, format!("{host} answered with more than {most} KB of headers."))
            }
            ureq::Error::Protocol(_) => {
                (SendErrorKind::Other, format!("{host} answered with something that isn't HTTP."))
            }
            _ => (SendErrorKind::Other, format!("The request to {host} failed.")),
        };
        let error = self.error(kind, Sent::Perhaps, what);
        SendError { detail: detail(cause), ..error }
    }

    /// Why there is no secure connection, and what to do about it.
    fn tls(&self, error: &TlsError) -> String {
        use CertificateError as C;
        let host = &self.host;
        match error {
            TlsError::InvalidCertificate(
                C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. },
            ) => format!(
                "The certificate of {host} has expired or begins later; check this machine's clock too."
            ),
            TlsError::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
                format!("{host} shows the certificate of another host.")
            }
            TlsError::InvalidCertificate(_) => match self.ca_bundle {
                None => format!(
                    "The certificate of {host} is not trusted on this machine; where a company inspects TLS, \
                     set AWS_CA_BUNDLE to a file with its CA certificate."
                ),
                Some(bundle) => format!(
                    "The certificate of {host} is not trusted by {} (AWS_CA_BUNDLE or ca_bundle), which \
                     replaces the system's certificates.",
                    bundle.display()
                ),
            },
            // The platform verifier's words for an empty store.
            TlsError::General(said) if said.starts_with("No CA certificates") => format!(
                "This machine has no CA certificates to know {host} by; install them (ca-certificates) or set \
                 AWS_CA_BUNDLE to a file with some."
            ),
            _ => format!("{host} and this program found no way to a secure connection (TLS)."),
        }
    }

    fn error(&self, kind: SendErrorKind, sent: Sent, what: String) -> SendError {
        SendError { kind, sent, host: self.host.clone(), what, detail: String::new() }
    }
}

/// As in an empty root. C libraries ask this machine then, and musl waits five seconds for its answer.
fn without_name_servers() -> bool {
    Os::HERE == Os::Linux && !Path::new("/etc/resolv.conf").exists()
}

/// The error below all marks.
fn innermost(unsent: &Unsent) -> &ureq::Error {
    match &unsent.cause {
        ureq::Error::Other(other) => other.downcast_ref().map_or(&unsent.cause, innermost),
        cause => cause,
    }
}

/// The cause in words. ureq's own words for a wrong address repeat the address, query and all.
fn detail(cause: &ureq::Error) -> String {
    match cause {
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => String::new(),
        cause => cause.to_string(),
    }
}

fn io_kind(error: &ureq::Error) -> Option<ErrorKind> {
    match error {
        ureq::Error::Io(e) => Some(e.kind()),
        _ => None,
    }
}

fn is_timeout(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Timeout(_)) || io_kind(error) == Some(ErrorKind::TimedOut)
}

fn is_broken(kind: ErrorKind) -> bool {
    use ErrorKind as K;
    matches!(kind, K::UnexpectedEof | K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe)
}

/// Too many bytes, or more than ureq's 128 header lines, which it reports in words alone.
fn is_header_flood(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::LargeResponseHeader(..) => true,
        ureq::Error::Protocol(e) => e.to_string().contains("too many headers"),
        _ => false,
    }
}

/// rustls hands its error over as it is or, from within a read, wrapped in an `io::Error`.
fn tls_error(error: &ureq::Error) -> Option<&TlsError> {
    match error {
        ureq::Error::Rustls(e) => Some(e),
        ureq::Error::Io(e) => io::Error::get_ref(e)?.downcast_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    #[test]
    fn ends_that_no_server_here_brings_about_in_words() {
        let route = Route { host: "auth.example.com".to_owned(), proxy: None, ca_bundle: None };
        let mut told = Snapshot::of("reasons", "requests-that-failed");
        for (case, cause) in [
            ("TLS breaks in the middle", ureq::Error::Rustls(TlsError::DecryptError)),
            ("an error that the client has no words for", ureq::Error::BadUri("x".to_owned())),
        ] {
            told.tell(case, route.after_request(&cause).what());
        }
        told.compare();
    }
}
