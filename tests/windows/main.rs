//! The program built for Windows, under Wine with Wine's own Credential Manager, and the sandbox as the world
//! outside.
//!
//! Not part of a plain `cargo test`: tests/windows.sh builds the program, makes the Windows and runs these.
//! The machines of all tests share that Windows; each has its own user profile folder and `%LOCALAPPDATA%`,
//! and so its own entries in the Credential Manager.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod browsers;
mod config;
mod credential_manager;
mod kills;
mod life;
mod machine;
#[allow(dead_code, reason = "every test binary uses a part of it")]
#[path = "../support/random.rs"]
mod random;
mod shells;
mod starts;
mod storage;
#[path = "../support/mod.rs"]
mod support;
mod together;
