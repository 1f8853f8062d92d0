//! Every way in which Cognito, or whatever stands in its place, says no: what a person reads, how
//! many requests were made, whether a tab opened, and that nothing which was stored is lost. Only
//! `invalid_grant` ends a login. The words are in `tests/cases/`.
//!
//! AWS says that its texts are not fixed, so each error also comes with a text nobody has seen.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod identity_pool;
mod logout;
mod refresh;
mod sign_in;
#[path = "../support/mod.rs"]
mod support;

use cognito_sandbox::Fault;
use serde_json::Value;
use support::{IN_A_FILE, Machine, with_credentials};

/// A machine where alice has signed in and nobody sits at the browser any more.
fn signed_in() -> Machine {
    with_credentials(IN_A_FILE)
}

fn oauth(status: u16, error: &str) -> Fault {
    Fault::OAuth { status, error: error.into(), description: None }
}

fn aws(kind: &str, message: &str) -> Fault {
    Fault::Aws { status: 400, kind: kind.into(), message: message.into() }
}

fn answer(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
    Fault::Answer { status, content_type: content_type.into(), headers: Vec::new(), body: body.into() }
}

fn elsewhere(status: u16) -> Fault {
    Fault::Redirect { status, location: "http://portal.example/".into() }
}

/// What stands between us and Cognito, and says nothing about the login.
fn troubles() -> Vec<(&'static str, Fault)> {
    let blocked = "<html><body>Request blocked.</body></html>";
    vec![
        ("429", Fault::Status(429)),
        ("500", Fault::Status(500)),
        ("503", answer(503, "text/html", "<h1>Service Unavailable</h1>")),
        ("403 by a firewall", answer(403, "text/html", blocked)),
        ("the page of a captive portal", Fault::CaptivePortal),
        ("302", elsewhere(302)),
        ("307", elsewhere(307)),
        ("JSON that ends in the middle", Fault::TruncatedJson),
        ("JSON of something else", answer(200, "application/json", "{\"hello\":\"world\"}")),
        ("an answer that ends in the middle", Fault::DropMidBody),
        ("more than anybody sends", Fault::HugeBody(3 << 20)),
        ("a connection that closes before the work", Fault::DropBefore),
        ("a connection that closes after the work", Fault::DropAfterApplying),
        ("404", Fault::Status(404)),
    ]
}

/// Nothing of the login has changed but what a refresh renews, and it serves without a person.
fn assert_the_login_lives(machine: &Machine, before: &Value, case: &str) {
    let now = machine.login().unwrap();
    for field in ["sub", "identities", "user", "since"] {
        assert_eq!(now[field], before[field], "{case}: {field}");
    }
    assert_ne!(now["refresh_token"], "", "{case}");
    machine.sandbox.clear_faults();
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1, "{case}");
}
