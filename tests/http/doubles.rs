//! Servers that do one thing each, right or wrong.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A listener on loopback. Every connection gets a thread and is counted when it is accepted.
pub struct Double {
    pub address: SocketAddr,
    heard: Mutex<Receiver<String>>,
    connections: Arc<AtomicUsize>,
}

/// Where a conversation notes what it heard.
pub type Notes = Sender<String>;

impl Double {
    pub fn start(talk: impl Fn(TcpStream, &Notes) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (notes, heard) = mpsc::channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, talk) = (Arc::clone(&connections), Arc::new(talk));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                let (talk, notes) = (Arc::clone(&talk), notes.clone());
                std::thread::spawn(move || talk(stream.unwrap(), &notes));
            }
        });
        Self { address, heard: Mutex::new(heard), connections }
    }

    /// Answers every request of every connection with the same bytes.
    pub fn answering(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |mut stream, notes| answer_all(&mut stream, notes, &response))
    }

    /// The same over TLS.
    pub fn answering_tls(config: Arc<ServerConfig>, response: &'static str) -> Self {
        Self::start(move |stream, notes| {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            answer_all(&mut rustls::StreamOwned::new(connection, stream), notes, response.as_bytes());
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The next note: for `answering`, the next whole request.
    pub fn next_heard(&self) -> String {
        self.heard.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Answers every request of a connection with the same bytes.
pub fn answer_all(stream: &mut (impl Read + Write), notes: &Notes, response: &[u8]) {
    while let Some(request) = read_request(stream) {
        let _ = notes.send(request);
        if stream.write_all(response).and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}

/// One request, head and body; `None` when the client has gone.
pub fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut one = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut one).ok()?;
        bytes.push(one[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8(body).unwrap())
}

/// A response with its length.
pub fn response(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A port of this machine that nobody listens at.
pub fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A CONNECT proxy that leads every host to `target` and notes what it was asked.
pub fn connect_proxy(target: SocketAddr) -> Double {
    Double::start(move |mut client, notes| {
        let Some(request) = read_request(&mut client) else { return };
        let _ = notes.send(request);
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        relay(client, TcpStream::connect(target).unwrap());
    })
}

/// Copies both ways until either side ends.
pub fn relay(client: TcpStream, server: TcpStream) {
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let _ = std::io::copy(&mut from_server, &mut to_client);
    // Closing isn't enough: the thread above still holds the socket.
    let _ = to_client.shutdown(std::net::Shutdown::Both);
}

/// TLS on a connection, handshake finished and session tickets sent.
pub fn shake_hands(config: &Arc<ServerConfig>, mut stream: TcpStream) -> Secured {
    let mut connection = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
    while connection.is_handshaking() || connection.wants_write() {
        connection.complete_io(&mut stream).unwrap();
    }
    rustls::StreamOwned::new(connection, stream)
}

/// A connection over TLS, as a server has it.
pub type Secured = rustls::StreamOwned<rustls::ServerConnection, TcpStream>;

/// A certificate authority that nobody knows.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// TLS settings of a server with a certificate for `names`, valid today.
    pub fn server(&self, names: &[&str]) -> Arc<ServerConfig> {
        self.issue(
            &CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap(),
        )
    }

    /// The same with a certificate that ended years ago.
    pub fn expired_server(&self, name: &str) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        self.issue(&params)
    }

    fn issue(&self, params: &CertificateParams) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }

    /// A bundle file with this authority's certificate. `name` keeps tests apart.
    pub fn bundle(&self, name: &str) -> PathBuf {
        scratch_file(name, self.0.pem().as_bytes())
    }
}

/// A file of this test process; two runs at once don't meet.
pub fn scratch_file(name: &str, content: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("http-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.pem"));
    std::fs::write(&path, content).unwrap();
    path
}
