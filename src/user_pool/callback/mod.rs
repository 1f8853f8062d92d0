//! The loopback callback: where the browser returns with the authorization code (RFC 8252 §7.3).
//!
//! Everybody on this machine and every web page in its browser can reach the port, so a request is
//! worth nothing until it shows the `state` of this sign-in. What doesn't is answered with an inert
//! page and forgotten; nothing but the true callback, the time limit or the caller ends the wait.
//!
//! `query` reads what came back, `judge` decides what a request is, `reply` words the answers,
//! `bind` gets the port, `serve` waits for the one true callback.

mod bind;
mod judge;
mod query;
mod reply;
mod serve;

pub use bind::Listener;
pub use judge::{Expected, Stray, Verdict, judge};
pub use query::{Callback, NotOurs, Reading, State, read_query};
pub use serve::Served;
