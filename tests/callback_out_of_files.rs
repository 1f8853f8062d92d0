//! No file descriptor left for the true callback. Alone in its file because the limit is the process's.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/callback.rs"]
mod support;

use rustix::process::{Resource, getrlimit, setrlimit};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::thread;
use std::time::{Duration, Instant};
use support::{SignIn, connect, status};

#[test]
fn running_out_of_files_costs_the_oldest_stranger_its_place() {
    let sign_in = SignIn::start();
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(96);
    setrlimit(Resource::Nofile, limit).unwrap();

    let reserve = File::open("/dev/null").unwrap();
    // Both ends live in this process. An answer proves that all who came before it were let in, so that
    // the listener has strangers of its own when our end takes the rest of the table.
    let mut idle: Vec<_> = (0..25).map(|_| connect(sign_in.v4()).unwrap()).collect();
    assert_eq!(status(&sign_in.get("/favicon.ico")), 404);
    while let Ok(stream) = connect(sign_in.v4()) {
        idle.push(stream);
    }
    thread::sleep(Duration::from_millis(500));
    // Too few for the listener's own limit to matter.
    assert!(idle.len() < 96);
    // One file for the client; the listener has to make its own.
    drop(reserve);
    let asked = Instant::now();
    sign_in.proves_alive();
    // Strangers who say nothing are shown out after 10 s; it must not take that.
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    match idle[0].read(&mut [0]) {
        Ok(0) => {}
        Err(cause) if cause.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("the oldest stranger was kept: {other:?}"),
    }
}
