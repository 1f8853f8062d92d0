//! What the corpus does not hold, and why. An entry that is no longer needed fails the test.

/// Where there are many words and no errors.
pub const AREAS: &[(&str, &str)] = &[
    ("src/checkup/", "doctor's findings: tests/doctor.rs"),
    ("src/commands/doctor.rs", "the frame around them"),
    ("src/commands/status", "the words of a state: tests/status.rs"),
    ("src/commands/browser_session.rs", "notices of a logout"),
    ("src/commands/accounts.rs", "a notice of a login: tests/accounts.rs"),
    ("src/commands/login/tunnel.rs", "a line for another machine"),
    ("src/commands/man.rs", "the man page"),
    ("src/profile/keys.rs", "the keys' help: docs/configuration.md"),
    ("src/terminal", "the list and the waiting line"),
    ("src/user_pool/page.rs", "the browser's page: tests/callback.rs"),
    ("src/user_pool/callback/reply.rs", "answers to strangers on the loopback port"),
    ("src/loopback/reply.rs", "headers"),
    ("src/variables/", "what shells read: tests/shells.rs"),
];

/// Single texts in files that make errors, too.
pub const TEXTS: &[(&str, &[&str])] = &[];
