//! Getting the port: the first registered redirect URI whose every address is free.

use crate::error::{Error, Next};
use crate::loopback;
use crate::loopback::holder::{self, Holder, who_listens};
use crate::platform::Os;
use crate::profile::redirect_uri::RedirectUri;
use crate::remedy;
use crate::secret::random_text;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// A bound redirect URI. From here on connections queue up in the kernel; nothing is answered
/// before [`serve`](Listener::serve). Dropping it gives the port back.
pub struct Listener {
    pub(super) runtime: Runtime,
    pub(super) sockets: Vec<TcpListener>,
    pub(super) uri: RedirectUri,
    /// Opens the page with the outcome; made here because it may fail.
    pub(super) done: String,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("uri", &self.uri).finish_non_exhaustive()
    }
}

impl Listener {
    /// Binds the first of `uris` whose port is free on every address its host means: both loopback
    /// families for `localhost`, as a browser may try either first (one suffices where the machine
    /// lacks the other). Call it before the browser opens.
    ///
    /// A port that somebody else has on one family alone counts as taken: the browser might go there.
    /// On Unix std sets SO_REUSEADDR, and it stays: without it the port would be lost for a minute
    /// after each sign-in (TIME_WAIT). It lets nobody in beside us, for two sockets never listen at one
    /// address, and ours are the most specific there are. Windows, where the flag would let others in,
    /// is left at its default. A squatter who came first can only be in the way: a code is worth
    /// nothing without its PKCE verifier (RFC 7636).
    ///
    /// # Errors
    /// When no port is free: names each and, where it can be known, who holds it.
    pub fn bind(uris: &[RedirectUri]) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(|cause| {
            Error::new(
                Next::TryAgain,
                "The system is out of files or memory, so nothing can listen for the browser.",
                "cognito-creds doctor",
            )
            .because(cause)
        })?;
        let done = random_text::<16>()?;
        let mut failures = Vec::new();
        for uri in uris {
            let bound = {
                let _inside = runtime.enter();
                bind_all(uri)
            };
            match bound {
                Ok(sockets) => return Ok(Self { runtime, sockets, uri: uri.clone(), done }),
                Err(cause) => failures.push((uri.port(), cause)),
            }
        }
        Err(none_free(&failures, holder::of))
    }

    /// The redirect URI that was bound, to be sent as `redirect_uri=`.
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.uri
    }
}

/// The name of this program's processes.
const OURS: &str = "cognito-creds";

/// Binds every address of the URI, or none.
fn bind_all(uri: &RedirectUri) -> io::Result<Vec<TcpListener>> {
    let mut sockets = Vec::new();
    let mut lacking = None;
    for address in uri.addresses() {
        match loopback::bind(address) {
            Ok(socket) => sockets.push(socket),
            Err(cause) if is_lacking(address, &cause) => lacking = Some(cause),
            Err(cause) => return Err(cause),
        }
    }
    match lacking {
        Some(cause) if sockets.is_empty() => Err(cause),
        _ => Ok(sockets),
    }
}

/// Whether the machine has no such address at all, as where IPv6 is switched off: then no port of it
/// can be bound, not even one of the system's own choice.
fn is_lacking(address: SocketAddr, cause: &io::Error) -> bool {
    !matches!(cause.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied)
        && std::net::TcpListener::bind((address.ip(), 0)).is_err()
}

/// Why a port is refused to us though nobody listens there: Unix keeps those below 1024 (ip(7)), Windows
/// whole ranges, others after each start of the machine (WSAEACCES).
fn reserved(os: Os) -> &'static str {
    match os {
        Os::Windows => "in a range that Windows keeps, as for Hyper-V, WSL or Docker",
        Os::Linux | Os::MacOs | Os::OtherUnix => "reserved by the system",
    }
}

/// The error for ports that all failed.
fn none_free(failures: &[(u16, io::Error)], holder: impl Fn(u16) -> Holder) -> Error {
    let mut words = Vec::new();
    let mut paste = None;
    for (port, cause) in failures {
        if cause.kind() == ErrorKind::AddrInUse {
            let holder = holder(*port);
            words.push(format!("port {port} is taken by {holder}"));
            match holder {
                // Not to be ended: what it is and whether it may go is the person's to know.
                Holder::Process { name, id } => {
                    if name == OURS {
                        words.push("where another sign-in is waiting; finish that one first".to_owned());
                    }
                    paste.get_or_insert_with(|| remedy::process(Os::HERE, id));
                }
                Holder::User(_) | Holder::Unknown => {}
            }
        } else if cause.kind() == ErrorKind::PermissionDenied {
            words.push(format!("port {port} is {}", reserved(Os::HERE)));
            if Os::HERE == Os::Windows {
                paste.get_or_insert_with(remedy::reserved_ports);
            }
        } else {
            words.push(format!("port {port} can't be opened"));
        }
    }
    let port = failures.first().map_or(0, |(port, _)| *port);
    let next = if failures.iter().all(|(_, cause)| cause.kind() == ErrorKind::PermissionDenied) {
        Next::Configure
    } else {
        Next::TryAgain
    };
    let mut error = Error::new(
        next,
        format!("The browser can't come back from the sign-in: {}.", words.join(", ")),
        paste.unwrap_or_else(|| who_listens(port)),
    );
    if let Some((_, cause)) = failures.last() {
        error = error.because(cause);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn ports_that_cannot_be_had_in_words() {
        let mut told = Snapshot::of("cases", "ports-of-others");
        for (case, kind, holder) in [
            ("a program of another user", ErrorKind::AddrInUse, Holder::User(1000)),
            ("a program that can't be seen", ErrorKind::AddrInUse, Holder::Unknown),
            ("a port that is odd", ErrorKind::InvalidInput, Holder::Unknown),
        ] {
            let error = none_free(&[failed(80, kind)], |_| holder.clone());
            told.tell(case, &format!("cognito-creds: {error}"));
        }
        told.compare();
    }

    fn failed(port: u16, kind: ErrorKind) -> (u16, io::Error) {
        (port, kind.into())
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn the_error_names_every_port_and_its_holder() {
        let holders = |port| match port {
            1 => Holder::User(0),
            _ => Holder::Process { name: "node".into(), id: 42 },
        };
        let error = none_free(
            &[
                failed(1, ErrorKind::AddrInUse),
                failed(2, ErrorKind::AddrInUse),
                failed(80, ErrorKind::PermissionDenied),
            ],
            holders,
        );
        assert_eq!(
            error.what(),
            "The browser can't come back from the sign-in: port 1 is taken by a program of user 0, \
             port 2 is taken by node (process 42), port 80 is reserved by the system."
        );
        assert_eq!((error.paste(), error.next()), ("ps -fp 42", Next::TryAgain));
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn the_sign_in_of_another_profile_is_to_be_finished_first() {
        let holder = |_| Holder::Process { name: OURS.into(), id: 42 };
        let error = none_free(&[failed(8080, ErrorKind::AddrInUse)], holder);
        assert!(error.what().ends_with("finish that one first."), "{}", error.what());
        assert_eq!(error.paste(), "ps -fp 42");
    }

    #[test]
    fn an_unknown_holder_leaves_a_command_that_finds_it() {
        let error = none_free(&[failed(8080, ErrorKind::AddrInUse)], |_| Holder::Unknown);
        assert!(error.paste().contains(":8080"), "{}", error.paste());
    }

    #[test]
    fn ports_that_are_never_ours_are_a_matter_of_settings() {
        let error = none_free(&[failed(80, ErrorKind::PermissionDenied)], |_| Holder::Unknown);
        assert_eq!(error.next(), Next::Configure);
    }

    #[test]
    fn an_address_the_machine_does_not_have_is_told_from_one_that_is_taken() {
        // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
        let absent: SocketAddr = "192.0.2.1:8080".parse().unwrap();
        let cause = std::net::TcpListener::bind(absent).unwrap_err();
        assert!(is_lacking(absent, &cause));
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = held.local_addr().unwrap();
        let cause = std::net::TcpListener::bind(taken).unwrap_err();
        assert!(!is_lacking(taken, &cause));
    }
}
