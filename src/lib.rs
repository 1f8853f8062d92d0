//! The credential process that makes Amazon Cognito logins work with every AWS tool.
//!
//! The AWS config file names this program in a profile's `credential_process`; an SDK runs it and
//! reads one JSON document from its stdout. What happens in between, from the top down:
//!
//! - [`cli`] and [`commands`]: arguments in, words out. Nothing below them knows clap or stdout.
//! - [`checkup`]: what `doctor` looks at, one small function for each thing that can be wrong.
//! - [`session`]: the use-case. A pure decision about the next step, and the loop that carries it out.
//! - [`sign_in`]: one browser tab for however many processes need one.
//! - [`user_pool`]: authorize, callback, page, tokens, claims. [`identity_pool`]: credentials and roles.
//! - [`developer`]: a backend of the team's own that vouches for people instead of a user pool.
//! - [`variables`], [`console`], [`container`]: credentials for whoever can't run a process: a shell, the
//!   browser, a container. [`loopback`]: inbound HTTP for them and for the callback.
//! - [`vault`] over [`store`]: where logins and credentials are kept. [`login`] and [`credentials`]:
//!   what is kept. [`journal`]: what is remembered and no secret.
//! - [`profile`]: the settings. [`http`]: the one outbound client. [`lock`], [`platform`],
//!   [`terminal`], [`browser`]: the machine. [`secret`], [`error`], [`bug`], [`clock`], [`retry`], [`remedy`], [`shell`], [`log`],
//!   [`output`]: what all of them share.
//!
//! The library is the program's inside, split off for its tests; its API follows the program and
//! promises no stability.

pub mod browser;
pub mod bug;
pub mod checkup;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod completions;
pub mod console;
pub mod container;
pub mod credentials;
pub mod developer;
pub mod error;
pub mod http;
pub mod identity_pool;
pub mod journal;
pub mod lock;
pub mod log;
pub mod login;
pub mod loopback;
pub mod output;
pub mod platform;
pub mod profile;
pub mod remedy;
pub mod retry;
pub mod secret;
pub mod session;
pub mod shell;
pub mod sign_in;
#[cfg(test)]
#[path = "../tests/support/snapshot.rs"]
mod snapshot;
pub mod store;
pub mod terminal;
pub mod user_pool;
pub mod variables;
pub mod vault;
