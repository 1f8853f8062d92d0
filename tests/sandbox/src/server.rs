//! Sockets, HTTP and faults around the handlers.

use crate::body::{Dropped, Shaped};
use crate::exchange::{Fields, Reply, Request};
use crate::fault::Fault;
use crate::log::{Endpoint, Entry, Log};
use crate::state::State;
use crate::user_pool::authorize;
use crate::{control, repeat, route, s3};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use s3s::service::S3Service;
use std::net::TcpListener as StdListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// No request to Cognito is near this size.
const LARGEST_REQUEST: usize = 1 << 20;

/// What the test's thread and the server's thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    pub log: Log,
    /// Connections accepted so far.
    pub connections: AtomicUsize,
}

impl Shared {
    pub fn new(state: State) -> Self {
        Self { state: Mutex::new(state), log: Log::default(), connections: AtomicUsize::new(0) }
    }

    /// Everything that changes. A test that panicked with the lock in hand must not hide its own message.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Server {
    shared: Arc<Shared>,
    s3: S3Service,
    tls: Option<TlsAcceptor>,
}

/// Serves all listeners until the runtime is dropped.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    listeners: Vec<StdListener>,
    tls: Option<TlsAcceptor>,
) -> std::io::Result<()> {
    let s3 = s3::service(&shared);
    let server = Arc::new(Server { shared, s3, tls });
    for listener in listeners {
        tokio::spawn(accept(Arc::clone(&server), TcpListener::from_std(listener)?));
    }
    std::future::pending().await
}

async fn accept(server: Arc<Server>, listener: TcpListener) {
    loop {
        // An error here is about one connection (reset before accept) or a passing lack of descriptors.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        server.shared.connections.fetch_add(1, Ordering::Relaxed);
        let _ = stream.set_nodelay(true);
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            match &server.tls {
                None => talk(&server, stream).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        talk(&server, stream).await;
                    }
                }
            }
        });
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(server: &Arc<Server>, stream: S) {
    let service = service_fn(|request| answer(Arc::clone(server), request));
    // Errors are what faults make, and clients that leave.
    let _ =
        http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), service).await;
}

/// A request that may still have its body on the wire.
enum Work {
    Small(Request),
    S3(HttpRequest<Incoming>),
}

async fn answer(server: Arc<Server>, incoming: HttpRequest<Incoming>) -> Result<Response<Shaped>, Dropped> {
    let for_s3 = route::is_s3(&server.shared.state(), incoming.uri(), incoming.headers());
    let (work, endpoint, entry) = if for_s3 {
        let head = small(incoming.method(), incoming.uri(), incoming.headers(), Bytes::new());
        let entry = Entry::new(Endpoint::S3, &head, server.shared.state().now());
        (Work::S3(incoming), Endpoint::S3, entry)
    } else {
        let (parts, body) = incoming.into_parts();
        let body = Limited::new(body, LARGEST_REQUEST).collect().await.map_err(|_| Dropped)?.to_bytes();
        let request = small(&parts.method, &parts.uri, &parts.headers, body);
        if request.path.starts_with("/_sandbox/") {
            let reply = control::answer(&server.shared, &request);
            return Ok(response(&server, reply, Shaped::whole));
        }
        let state = server.shared.state();
        let endpoint = route::endpoint(&state, &request);
        let entry = Entry::new(endpoint, &request, state.now());
        (Work::Small(request), endpoint, entry)
    };
    let number = server.shared.log.arrive(entry);
    let fault = server.shared.state().faults.take(endpoint);
    let response = with_fault(&server, endpoint, work, fault).await?;
    server.shared.log.answered(number, response.status().as_u16());
    Ok(response)
}

fn small(method: &hyper::Method, uri: &hyper::Uri, headers: &hyper::HeaderMap, body: Bytes) -> Request {
    let raw_query = uri.query().unwrap_or_default().to_owned();
    Request {
        method: method.clone(),
        path: uri.path().to_owned(),
        query: Fields::parse(raw_query.as_bytes()),
        raw_query,
        headers: headers.clone(),
        body,
    }
}

async fn with_fault(
    server: &Server,
    endpoint: Endpoint,
    work: Work,
    fault: Option<Fault>,
) -> Result<Response<Shaped>, Dropped> {
    let mut fault = fault;
    while let Some(Fault::DelayThen(pause, next)) = fault {
        tokio::time::sleep(pause).await;
        fault = Some(*next);
    }
    match fault {
        None => Ok(response(server, carry_out(server, endpoint, work).await?, Shaped::whole)),
        Some(Fault::DropBefore) => Err(Dropped),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Delay(pause)) => {
            tokio::time::sleep(pause).await;
            Ok(response(server, carry_out(server, endpoint, work).await?, Shaped::whole))
        }
        Some(Fault::DropAfterApplying) => carry_out(server, endpoint, work).await.and(Err(Dropped)),
        Some(Fault::DropMidBody) => {
            let reply = carry_out(server, endpoint, work).await?;
            let length = reply.body.len().to_string();
            Ok(response(server, reply.with("content-length", length), |body| Shaped::cut(&body)))
        }
        Some(Fault::TruncatedJson) => {
            let mut reply = carry_out(server, endpoint, work).await?;
            reply.body.truncate(reply.body.len() / 2);
            Ok(response(server, reply, Shaped::whole))
        }
        Some(Fault::SlowDrip { step, pause }) => {
            let reply = carry_out(server, endpoint, work).await?;
            Ok(response(server, reply, |body| Shaped::drip(body, step, pause)))
        }
        Some(fault) => Ok(response(server, instead(server, endpoint, &work, &fault), Shaped::whole)),
    }
}

/// The answer of a fault that does not carry the request out.
fn instead(server: &Server, endpoint: Endpoint, work: &Work, fault: &Fault) -> Reply {
    match (fault, work) {
        (Fault::OAuth { error, description, .. }, Work::Small(request))
            if endpoint == Endpoint::Authorize =>
        {
            authorize::refuse(&server.shared.state(), &request.query, error, description.as_deref())
        }
        (Fault::Repeat { status, kind }, Work::Small(request)) => {
            repeat::reply(*status, kind.as_deref(), endpoint, request)
        }
        _ => fault.instead(endpoint).unwrap_or_else(|| Reply::new(500, "text/plain", "unexpected fault")),
    }
}

async fn carry_out(server: &Server, endpoint: Endpoint, work: Work) -> Result<Reply, Dropped> {
    match work {
        Work::Small(request) => Ok(route::answer(&mut server.shared.state(), endpoint, &request)),
        Work::S3(request) => {
            let response = server.s3.call(request.map(s3s::Body::from)).await.map_err(|_| Dropped)?;
            let (parts, body) = response.into_parts();
            let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            Ok(Reply {
                status: parts.status,
                headers: parts
                    .headers
                    .iter()
                    .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                    .collect(),
                body: body.collect().await.map_err(|_| Dropped)?.to_bytes(),
            })
        }
    }
}

fn response(server: &Server, reply: Reply, shape: impl FnOnce(Bytes) -> Shaped) -> Response<Shaped> {
    let mut response = Response::new(shape(reply.body));
    *response.status_mut() = reply.status;
    let date = server.shared.state().clock.date_header();
    let headers = reply.headers.into_iter().chain([(header::DATE.as_str().to_owned(), date)]);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
