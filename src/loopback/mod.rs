//! Inbound HTTP on this machine's own addresses: who is let in, for how long, and what every answer
//! keeps to. The callback of a sign-in, the way to the console and the credentials endpoint stand on it.
//!
//! Every program on this machine and every web page in its browser can reach such a port, so a
//! connection is a stranger's until its request has shown a secret of ours.

pub(crate) mod holder;
pub(crate) mod reply;

use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use reply::Reply;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, yield_now};
use tokio::time::sleep;

/// Open connections that have not shown a secret of ours. Far above the few a browser opens ahead of
/// need, and low enough for the 256 files that macOS gives a process.
const STRANGERS_MAX: usize = 128;
/// How long a connection may take to send its head.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Longest head, in bytes; a longer one is answered 431. Development cookies on `localhost` are shared
/// by all ports and count.
const HEAD_MAX: usize = 16 * 1024;

/// Who answers.
pub(crate) trait Server: Send + Sync + 'static {
    /// The answer to one request.
    fn answer(&self, request: Request<Incoming>, guest: &Guest) -> impl Future<Output = Reply> + Send;

    /// The answer is delivered and the connection closed.
    fn delivered(&self, _guest: &Guest) {}
}

/// One connection.
#[derive(Default)]
pub(crate) struct Guest {
    /// It has shown a secret of ours: it is never dropped to make room.
    pub(crate) known: AtomicBool,
    /// What it came for is on its way through it.
    pub(crate) shown: AtomicBool,
}

/// A socket at that address, inside a runtime.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = std::net::TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

/// Accepts for as long as it is polled. Where there is no room or no file left, the oldest stranger
/// has to go, never the newcomer: browsers send their head at once.
pub(crate) async fn accept<S: Server>(mut sockets: Vec<TcpListener>, server: Arc<S>) -> Infallible {
    let mut open: VecDeque<(Arc<Guest>, AbortHandle)> = VecDeque::new();
    loop {
        let accepted = next(&mut sockets).await;
        open.retain(|(guest, task)| !task.is_finished() && !guest.known.load(Ordering::Relaxed));
        let no_file = match accepted {
            Ok(stream) => {
                let guest = Arc::new(Guest::default());
                let task = tokio::spawn(converse(stream, Arc::clone(&server), Arc::clone(&guest)));
                open.push_back((guest, task.abort_handle()));
                false
            }
            Err(cause) => {
                let gone = [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset, ErrorKind::Interrupted];
                !gone.contains(&cause.kind())
            }
        };
        if (no_file || open.len() > STRANGERS_MAX)
            && let Some((_, oldest)) = open.pop_front()
        {
            oldest.abort();
        }
        if no_file {
            sleep(Duration::from_millis(20)).await;
        }
        // Lets the newcomer speak before more are let in.
        yield_now().await;
    }
}

/// The next connection on any of the sockets, which take turns: a flood on one family doesn't starve
/// the other.
async fn next(sockets: &mut [TcpListener]) -> io::Result<TcpStream> {
    sockets.rotate_left(1);
    poll_fn(|context| {
        for socket in &*sockets {
            if let Poll::Ready(accepted) = socket.poll_accept(context) {
                return Poll::Ready(accepted.map(|(stream, _)| stream));
            }
        }
        Poll::Pending
    })
    .await
}

/// One request, one answer, close: a client must not count on sockets of a process about to leave.
async fn converse<S: Server>(stream: TcpStream, server: Arc<S>, guest: Arc<Guest>) {
    let service = service_fn(|request| async { Ok::<_, Infallible>(server.answer(request, &guest).await) });
    let outcome = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if outcome.is_ok() {
        server.delivered(&guest);
    }
}

/// Whom a request's head names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// This listener.
    Us,
    /// Not exactly one `Host`. HTTP/1.0 clients may leave it out; no browser and no SDK does.
    Nobody,
    /// A name that isn't ours: DNS rebinding, or a proxy.
    Another,
}

/// Whom it names, by the names that are ours.
pub(crate) fn named(head: &Parts, is_ours: impl Fn(&[u8]) -> bool) -> Named {
    let mut hosts = head.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Named::Nobody };
    // `GET http://name/path` is allowed to clients (RFC 9112 §3.2.2); that name counts as well.
    let target = head.uri.authority().map(|name| name.as_str().as_bytes());
    if !is_ours(host.as_bytes()) || target.is_some_and(|name| !is_ours(name)) {
        return Named::Another;
    }
    Named::Us
}

/// Whether a name is that of a listener at 127.0.0.1.
pub(crate) fn is_here(name: &[u8], port: u16) -> bool {
    let full = |host: &str| name.eq_ignore_ascii_case(format!("{host}:{port}").as_bytes());
    let bare = |host: &str| port == 80 && name.eq_ignore_ascii_case(host.as_bytes());
    ["127.0.0.1", "localhost"].into_iter().any(|host| full(host) || bare(host))
}

/// Whether the browser shows the answer to a person in a tab. Programs and older browsers don't say.
pub(crate) fn is_navigation(headers: &HeaderMap) -> bool {
    let says = |name, wanted: &[u8]| headers.get_all(name).iter().all(|value| value.as_bytes() == wanted);
    // Present at all, it says that the answer is fetched ahead of a person who may never ask for it (Fetch
    // Standard, the `Sec-Purpose` header); refused, the browser asks again when they do.
    let is_ahead = headers.contains_key("sec-purpose");
    // Chromium opens a WebSocket without Fetch Metadata.
    let is_socket = headers.contains_key("sec-websocket-key");
    says("sec-fetch-mode", b"navigate") && says("sec-fetch-dest", b"document") && !is_ahead && !is_socket
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_on_one_socket_does_not_starve_the_other() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for flooded in [0, 1] {
                let mut sockets = Vec::new();
                for _ in 0..2 {
                    sockets.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
                }
                let addresses = [sockets[0].local_addr().unwrap(), sockets[1].local_addr().unwrap()];
                let mut waiting = vec![TcpStream::connect(addresses[1 - flooded]).await.unwrap()];
                for _ in 0..20 {
                    waiting.push(TcpStream::connect(addresses[flooded]).await.unwrap());
                }
                let first_three = [
                    next(&mut sockets).await.unwrap(),
                    next(&mut sockets).await.unwrap(),
                    next(&mut sockets).await.unwrap(),
                ];
                assert!(
                    first_three.iter().any(|stream| stream.local_addr().unwrap() == addresses[1 - flooded])
                );
            }
        });
    }
}
