//! The loop that keeps the sockets: accepts, answers, hands over the one true callback, and stays
//! until the page with the outcome is delivered.

use super::bind::Listener;
use super::judge::{Expected, Stray, Verdict, judge};
use super::query::{Callback, NotOurs, State};
use super::reply;
use crate::loopback::reply::{Reply, see};
use crate::loopback::{self, Guest, Server};
use crate::user_pool::page::Page;
use http::{HeaderValue, Request};
use hyper::body::{Body, Bytes, Incoming};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often `cancelled` is asked.
const TICK: Duration = Duration::from_millis(100);
/// How often it is asked whether the page has been delivered.
const DELIVERY_TICK: Duration = Duration::from_millis(10);
/// How long the browser has to fetch the page once it is ready.
const DELIVERY_TIME: Duration = Duration::from_secs(2);

/// How a [`Listener`] ended.
#[derive(Debug)]
pub enum Served<T> {
    /// The true callback came; this is what `finish` made of it.
    Finished(T),
    /// Nobody completed the sign-in in time.
    TimedOut {
        /// The last error that came without our `state`, cleaned for a terminal. Perhaps the reason,
        /// perhaps forged: word it so.
        last_stray_error: Option<String>,
    },
    /// `cancelled` said so before the callback came.
    Cancelled,
}

impl Listener {
    /// Answers until the true callback came, `until` passed or `cancelled` says so (asked every
    /// 100 ms). Nothing that others send ends or delays it.
    ///
    /// `finish` runs once, on the calling thread, while the sockets go on being served by another; it
    /// gives the page that the browser ends on. Once it runs, neither `until` nor `cancelled`
    /// interrupts it: a code serves once, so its exchange must not be thrown away; `finish` sets its
    /// own limits. After it the listener leaves as soon as the page is delivered, at most 2 s later
    /// (at once if `cancelled`), and the port is free.
    ///
    /// Must not be called from within an async runtime.
    pub fn serve<T>(
        self,
        state: &State,
        until: Instant,
        cancelled: impl Fn() -> bool,
        finish: impl FnOnce(Callback) -> (T, Page),
    ) -> Served<T> {
        let Self { runtime, sockets, uri, done } = self;
        let (callback_in, callback_out) = mpsc::sync_channel(1);
        let desk = Arc::new(Desk::new(Expected { uri, state: state.clone(), done }, callback_in));
        thread::scope(|scope| {
            let at_the_sockets = Arc::clone(&desk);
            scope.spawn(move || {
                runtime.block_on(async {
                    tokio::spawn(loopback::accept(sockets, Arc::clone(&at_the_sockets)));
                    // Can't fail: the sender is ours.
                    let _ = at_the_sockets.over.subscribe().wait_for(|over| *over).await;
                });
            });
            let _closing = Closing(&desk);
            loop {
                let tick = TICK.min(until.saturating_duration_since(Instant::now()));
                match callback_out.recv_timeout(tick) {
                    Ok(callback) => {
                        let (result, page) = finish(callback);
                        desk.deliver(Bytes::from(page.render()), cancelled);
                        return Served::Finished(result);
                    }
                    Err(_) if cancelled() => return Served::Cancelled,
                    Err(_) if Instant::now() >= until => {
                        return Served::TimedOut { last_stray_error: desk.stray_error.borrow().clone() };
                    }
                    Err(_) => {}
                }
            }
        })
    }
}

/// Ends the sockets' thread however the wait for it ends.
struct Closing<'a>(&'a Desk);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.over.send_replace(true);
    }
}

/// What all connections share.
struct Desk {
    expected: Expected,
    /// Where the browser is sent for the page: our own redirect URI with nothing but `done=`.
    landing: HeaderValue,
    /// Takes one callback; full, then closed, for every later one.
    callback: mpsc::SyncSender<Callback>,
    page: watch::Sender<Option<Bytes>>,
    delivered: watch::Sender<bool>,
    stray_error: watch::Sender<Option<String>>,
    /// The sockets' thread leaves.
    over: watch::Sender<bool>,
}

impl Desk {
    fn new(expected: Expected, callback: mpsc::SyncSender<Callback>) -> Self {
        Self {
            landing: landing(&expected),
            expected,
            callback,
            page: watch::Sender::new(None),
            delivered: watch::Sender::new(false),
            stray_error: watch::Sender::new(None),
            over: watch::Sender::new(false),
        }
    }

    /// Waits until the browser has the page, or for as long as it may take.
    fn deliver(&self, page: Bytes, cancelled: impl Fn() -> bool) {
        let until = Instant::now() + DELIVERY_TIME;
        self.page.send_replace(Some(page));
        while !*self.delivered.borrow() && Instant::now() < until && !cancelled() {
            thread::sleep(DELIVERY_TICK);
        }
    }
}

impl Server for Desk {
    async fn answer(&self, request: Request<Incoming>, guest: &Guest) -> Reply {
        let (head, body) = request.into_parts();
        match judge(&head, !body.is_end_stream(), &self.expected) {
            Verdict::Callback(callback) => {
                guest.known.store(true, Ordering::Relaxed);
                // A second copy (a reload while the exchange runs) finds the channel full or closed and
                // waits for the same outcome.
                let _ = self.callback.try_send(callback);
                // Can't fail: the sender is ours.
                let _ = self.page.subscribe().wait_for(Option::is_some).await;
                see(self.landing.clone())
            }
            Verdict::Result => match self.page.borrow().clone() {
                Some(page) => {
                    guest.known.store(true, Ordering::Relaxed);
                    guest.shown.store(true, Ordering::Relaxed);
                    reply::result(page)
                }
                None => reply::stray(&Stray::Query(NotOurs::Empty)),
            },
            Verdict::Stray(stray) => {
                log::debug!("the callback listener ignored a request: {stray:?}");
                if let Stray::Query(NotOurs::StrayError(text)) = &stray {
                    self.stray_error.send_replace(Some(text.clone()));
                }
                reply::stray(&stray)
            }
        }
    }

    fn delivered(&self, guest: &Guest) {
        if guest.shown.load(Ordering::Relaxed) {
            self.delivered.send_replace(true);
        }
    }
}

/// Absolute, and rebuilt from the parsed URI: a registered path such as `//evil.example` would lead
/// away if it were sent as a relative reference.
fn landing(expected: &Expected) -> HeaderValue {
    url::Url::parse(expected.uri.as_str())
        .ok()
        .and_then(|mut url| {
            url.set_query(Some(&format!("done={}", expected.done)));
            HeaderValue::try_from(String::from(url)).ok()
        })
        .unwrap_or_else(|| HeaderValue::from_static("/"))
}
