//! The container-credentials endpoint: credentials over HTTP at a loopback address, for tools that
//! can't run a process (AWS SDKs and Tools Reference Guide, "Container credential provider").
//!
//! Whoever reaches the port gets nothing without the token, which is new with every start. A web page
//! can't send it: the header needs a preflight, which is refused like everything else without it.

use crate::credentials::Credentials;
use crate::error::{Error, Next};
use crate::loopback::holder::{self, Holder, who_listens};
use crate::loopback::reply::{Reply, inert};
use crate::loopback::{self, Guest, Named, Server};
use crate::platform::{self, Os};
use crate::remedy;
use crate::secret::{ContainerToken, random_text, same};
use http::header::{ALLOW, AUTHORIZATION};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::{Bytes, Incoming};
use serde::Serialize;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

/// The one path that is answered.
const PATH: &str = "/credentials";
/// Requests that are looked up at a time; more wait. Each may wait for a sign-in.
const AT_A_TIME: usize = 16;
const JSON: &str = "application/json";

/// A bound endpoint. Connections queue up in the kernel until it [`serve`](Self::serve)s.
pub struct Endpoint {
    runtime: Runtime,
    socket: TcpListener,
    port: u16,
    token: ContainerToken,
}

impl Endpoint {
    /// Binds 127.0.0.1 at `port`; 0 takes a free one.
    ///
    /// # Errors
    /// The port is taken (by whom, where that can be known) or not ours to take.
    pub fn bind(port: u16) -> Result<Self, Error> {
        let token = ContainerToken::new(random_text::<32>()?);
        let bound = || -> io::Result<_> {
            let runtime = Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .max_blocking_threads(AT_A_TIME)
                .build()?;
            let socket = {
                let _inside = runtime.enter();
                loopback::bind((Ipv4Addr::LOCALHOST, port).into())?
            };
            let port = socket.local_addr()?.port();
            Ok((runtime, socket, port))
        };
        let (runtime, socket, port) = bound().map_err(|cause| not_bound(port, &cause))?;
        Ok(Self { runtime, socket, port, token })
    }

    /// The two variables that lead a tool here, each on a line of its own.
    pub fn variables(&self) -> Zeroizing<String> {
        Zeroizing::new(format!(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:{}{PATH}\nAWS_CONTAINER_AUTHORIZATION_TOKEN={}\n",
            self.port,
            self.token.expose()
        ))
    }

    /// Answers for as long as the process lives. `give` is called for each request that shows the token,
    /// on a thread of its own, where it may take its time.
    pub fn serve(self, give: impl Fn() -> Result<Credentials, Error> + Send + Sync + 'static) -> ! {
        let Self { runtime, socket, port, token } = self;
        let desk = Arc::new(Desk { port, token, give: Arc::new(give) });
        match runtime.block_on(loopback::accept(vec![socket], desk)) {}
    }
}

/// Why a port is refused to us that nobody has, and what shows it better than who listens there.
fn reserved(os: Os) -> (&'static str, Option<String>) {
    match os {
        Os::Windows => (
            "Windows keeps a range that it is in, as for Hyper-V, WSL or Docker",
            Some(remedy::reserved_ports()),
        ),
        Os::Linux | Os::MacOs | Os::OtherUnix => ("the system reserves it; take one above 1023", None),
    }
}

fn not_bound(port: u16, cause: &io::Error) -> Error {
    let (why, paste) = match (cause.kind(), holder::of(port)) {
        (ErrorKind::AddrInUse, Holder::Process { name, id }) => {
            (format!("it is taken by {name} (process {id})"), remedy::process(Os::HERE, id))
        }
        (ErrorKind::AddrInUse, holder) => (format!("it is taken by {holder}"), who_listens(port)),
        (ErrorKind::PermissionDenied, _) => {
            (reserved(Os::HERE).0.to_owned(), reserved(Os::HERE).1.unwrap_or_else(|| who_listens(port)))
        }
        _ => (platform::reason(cause), who_listens(port)),
    };
    Error::new(Next::TryAgain, format!("Port {port} of this machine can't be served: {why}."), paste)
        .because(cause)
}

/// Where the credentials come from.
type Give = dyn Fn() -> Result<Credentials, Error> + Send + Sync;

struct Desk {
    port: u16,
    token: ContainerToken,
    give: Arc<Give>,
}

impl Server for Desk {
    async fn answer(&self, request: Request<Incoming>, guest: &Guest) -> Reply {
        // A body is never read.
        let (head, _) = request.into_parts();
        if let Some(refusal) = judge(&head, self.port, &self.token) {
            log::debug!("the credentials endpoint refused a request: {refusal:?}");
            return refusal.reply();
        }
        guest.known.store(true, Ordering::Relaxed);
        let give = Arc::clone(&self.give);
        match spawn_blocking(move || give()).await {
            Ok(Ok(credentials)) => document(&credentials),
            Ok(Err(error)) => {
                log::info!("no credentials: {}", error.what());
                failure(&error)
            }
            // It panicked, and has said so.
            Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "No credentials."),
        }
    }
}

/// Why a request gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not exactly one `Host`.
    NoHost,
    /// A name that isn't ours: DNS rebinding.
    ForeignHost,
    /// Not exactly one `Authorization`, or another token.
    NoToken,
    /// Another path.
    Path,
    /// Anything but GET.
    Method,
}

/// Decides from the head alone. Without the token nobody learns more than that there is one.
pub fn judge(head: &Parts, port: u16, token: &ContainerToken) -> Option<Refusal> {
    match loopback::named(head, |name| loopback::is_here(name, port)) {
        Named::Us => {}
        Named::Nobody => return Some(Refusal::NoHost),
        Named::Another => return Some(Refusal::ForeignHost),
    }
    let mut shown =
        head.headers.get_all(AUTHORIZATION).iter().map(|value| value.to_str().unwrap_or_default());
    let (Some(first), None) = (shown.next(), shown.next()) else { return Some(Refusal::NoToken) };
    if !same(token.expose(), first) {
        return Some(Refusal::NoToken);
    }
    if head.uri.path() != PATH {
        return Some(Refusal::Path);
    }
    (head.method != Method::GET).then_some(Refusal::Method)
}

impl Refusal {
    fn reply(self) -> Reply {
        match self {
            Self::NoHost => error(StatusCode::BAD_REQUEST, "BadRequest", "One Host header, please."),
            Self::ForeignHost => error(
                StatusCode::MISDIRECTED_REQUEST,
                "ForeignHost",
                "This endpoint is called 127.0.0.1 or localhost, with its port.",
            ),
            Self::NoToken => error(
                StatusCode::UNAUTHORIZED,
                "AccessDenied",
                "The Authorization header is not the token that cognito-creds serve printed.",
            ),
            Self::Path => error(StatusCode::NOT_FOUND, "NotFound", "The path is /credentials."),
            Self::Method => {
                let mut reply = error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "GET only.");
                reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
                reply
            }
        }
    }
}

/// The credentials, with the field names of the contract: `Token`, not `SessionToken`.
fn document(credentials: &Credentials) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Document<'a> {
        access_key_id: &'a str,
        secret_access_key: &'a str,
        token: &'a str,
        expiration: String,
    }
    let Some(expiration) = credentials.expiration.rfc3339() else {
        return error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "The credentials have no usable end.",
        );
    };
    let document = Document {
        access_key_id: &credentials.access_key_id,
        secret_access_key: credentials.secret_access_key.expose(),
        token: credentials.session_token.expose(),
        expiration,
    };
    let bytes = Zeroizing::new(serde_json::to_vec(&document).unwrap_or_default());
    inert(StatusCode::OK, JSON, Bytes::from_owner(bytes))
}

/// A failure as SDKs tell it on. They repeat a request that failed with 5xx, and not one with 4xx.
fn failure(cause: &Error) -> Reply {
    let (status, code) = match cause.next() {
        Next::SignIn => (StatusCode::FORBIDDEN, "SignInRequired"),
        Next::Configure | Next::ChooseRole => (StatusCode::FORBIDDEN, "Misconfigured"),
        Next::Stop => (StatusCode::FORBIDDEN, "Refused"),
        Next::TryAgain => (StatusCode::SERVICE_UNAVAILABLE, "Unavailable"),
    };
    error(status, code, &format!("{} Run: {}", cause.what(), cause.paste()))
}

fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let body = serde_json::json!({ "code": code, "message": message });
    inert(status, JSON, Bytes::from(body.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(request: http::request::Builder) -> Option<Refusal> {
        judge(&request.body(()).unwrap().into_parts().0, 4000, &ContainerToken::new("right"))
    }

    fn get() -> http::request::Builder {
        Request::get(PATH).header("host", "127.0.0.1:4000")
    }

    #[test]
    fn the_token_opens_it_by_both_names() {
        for host in ["127.0.0.1:4000", "localhost:4000", "LOCALHOST:4000"] {
            let request = Request::get(PATH).header("host", host).header("authorization", "right");
            assert_eq!(judged(request), None, "{host}");
        }
    }

    #[test]
    fn nobody_learns_anything_without_the_token() {
        assert_eq!(judged(get()), Some(Refusal::NoToken));
        for token in ["", "wrong", "righ", "rightt", "Bearer right", "RIGHT"] {
            assert_eq!(judged(get().header("authorization", token)), Some(Refusal::NoToken), "{token}");
        }
        let twice = get().header("authorization", "right").header("authorization", "right");
        assert_eq!(judged(twice), Some(Refusal::NoToken));
        let preflight = Request::options("/x").header("host", "127.0.0.1:4000");
        assert_eq!(judged(preflight), Some(Refusal::NoToken));
    }

    #[test]
    fn a_name_that_is_not_ours_is_refused_even_with_the_token() {
        for host in ["evil.example:4000", "127.0.0.1", "127.0.0.1:4001", "[::1]:4000", ""] {
            let request = Request::get(PATH).header("host", host).header("authorization", "right");
            assert_eq!(judged(request), Some(Refusal::ForeignHost), "{host}");
        }
        assert_eq!(judged(Request::get(PATH).header("authorization", "right")), Some(Refusal::NoHost));
    }

    #[test]
    fn one_path_and_one_method() {
        let request = get().uri("/").header("authorization", "right");
        assert_eq!(judged(request), Some(Refusal::Path));
        for method in ["POST", "HEAD", "PUT"] {
            let request = get().method(method).header("authorization", "right");
            assert_eq!(judged(request), Some(Refusal::Method));
        }
    }

    #[test]
    fn what_can_pass_is_worth_another_try_and_the_rest_is_not() {
        let status = |next| failure(&Error::new(next, "It failed.", "x")).status().as_u16();
        assert_eq!(
            [Next::SignIn, Next::Configure, Next::Stop, Next::TryAgain].map(status),
            [403, 403, 403, 503]
        );
    }
}
