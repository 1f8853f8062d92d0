//! No secret leaves its place: everything that anybody could read on a machine (streams, terminal, files,
//! arguments and environments, pages, the browser's own view) is kept while the program works and fails, and
//! searched for every secret there was.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod debug;
mod dumps;
mod hunt;
mod life;
mod memory;
mod repeats;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod ways;
