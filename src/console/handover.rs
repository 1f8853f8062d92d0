//! The way of a secret address into the browser.
//!
//! What a browser is started with stands in its command line, which every user of the machine can read
//! for as long as it runs. So it is started with an address of ours that says nothing and is answered
//! once, by sending the browser on.

use crate::error::{Error, Next};
use crate::loopback::reply::{Reply, TEXT, inert, see};
use crate::loopback::{self, Guest, Named, Server};
use crate::secret::{random_text, same};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::{Bytes, Incoming};
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::timeout;
use url::Url;

/// Opens a browser with `open` and sends it on to `address`. Whether it came within `limit`. `again` is
/// the command that does without a browser.
///
/// # Errors
/// No port, or what `open` says.
pub fn hand_over(
    address: &str,
    limit: Duration,
    again: &str,
    open: impl FnOnce(&Url) -> io::Result<()>,
) -> Result<bool, Error> {
    let failed = |cause: io::Error| {
        let what = "The browser could not be given the address of the console.";
        Error::new(Next::TryAgain, what, again).because(cause)
    };
    let path = format!("/{}", random_text::<16>()?);
    let mut location = HeaderValue::try_from(address).map_err(|e| failed(io::Error::other(e)))?;
    location.set_sensitive(true);
    let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(failed)?;
    runtime.block_on(async {
        let socket = loopback::bind((Ipv4Addr::LOCALHOST, 0).into()).map_err(failed)?;
        let port = socket.local_addr().map_err(failed)?.port();
        let url =
            Url::parse(&format!("http://127.0.0.1:{port}{path}")).map_err(|e| failed(io::Error::other(e)))?;
        let desk = Arc::new(Desk {
            port,
            path,
            location: Mutex::new(Some(location)),
            delivered: watch::Sender::new(false),
        });
        let mut delivered = desk.delivered.subscribe();
        tokio::spawn(loopback::accept(vec![socket], desk));
        open(&url).map_err(failed)?;
        Ok(timeout(limit, delivered.wait_for(|delivered| *delivered)).await.is_ok())
    })
}

struct Desk {
    port: u16,
    /// 128 random bits: only the browser that was started knows them.
    path: String,
    location: Mutex<Option<HeaderValue>>,
    delivered: watch::Sender<bool>,
}

impl Desk {
    fn is_for_us(&self, head: &Parts) -> bool {
        loopback::named(head, |name| loopback::is_here(name, self.port)) == Named::Us
            && same(&self.path, head.uri.path())
            && head.method == Method::GET
            && loopback::is_navigation(&head.headers)
    }
}

impl Server for Desk {
    async fn answer(&self, request: Request<Incoming>, guest: &Guest) -> Reply {
        let (head, _) = request.into_parts();
        let nothing = || inert(StatusCode::NOT_FOUND, TEXT, Bytes::from_static(b"Nothing here.\n"));
        if !self.is_for_us(&head) {
            return nothing();
        }
        let Some(location) = self.location.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return nothing();
        };
        guest.known.store(true, Ordering::Relaxed);
        guest.shown.store(true, Ordering::Relaxed);
        see(location)
    }

    fn delivered(&self, guest: &Guest) {
        if guest.shown.load(Ordering::Relaxed) {
            self.delivered.send_replace(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn get(url: &Url, extra: &str) -> String {
        let host = format!("127.0.0.1:{}", url.port().unwrap());
        let mut stream = TcpStream::connect(&host).unwrap();
        write!(stream, "GET {} HTTP/1.1\r\nHost: {host}\r\n{extra}\r\n", url.path()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn the_address_is_given_once_to_whoever_knows_the_path() {
        let (sender, answers) = std::sync::mpsc::channel();
        let came = hand_over("https://signin.example/?t=1", Duration::from_secs(30), "x", |url| {
            let url = url.clone();
            std::thread::spawn(move || {
                let mut wrong = url.clone();
                wrong.set_path("/favicon.ico");
                let image = get(&url, "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n");
                sender.send([get(&wrong, ""), image, get(&url, "")]).unwrap();
            });
            Ok(())
        });
        assert!(came.unwrap());
        let [wrong, image, right] = answers.recv().unwrap();
        assert!(wrong.starts_with("HTTP/1.1 404 ") && image.starts_with("HTTP/1.1 404 "), "{wrong}{image}");
        assert!(right.starts_with("HTTP/1.1 303 "), "{right}");
        assert!(right.contains("\r\nlocation: https://signin.example/?t=1\r\n"), "{right}");
    }

    #[test]
    fn a_browser_that_never_comes_is_not_waited_for_for_ever() {
        let limit = Duration::from_millis(50);
        assert!(!hand_over("https://signin.example/", limit, "x", |_| Ok(())).unwrap());
    }
}
