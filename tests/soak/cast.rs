//! Whose logins there are, and the twenty profiles that share them.

use crate::support::{Machine, PROGRAM, free_port};
use cognito_sandbox::{Person, cast};
use std::fmt::Write;

/// An app client of the user pool without rotation.
const STEADY_CLIENT: &str = "sandbox-steady";

/// One login: a person at an app client.
#[derive(Debug)]
pub struct Account {
    /// As the person signs in.
    pub person: &'static str,
    /// Whether at the company's page.
    federated: bool,
    /// The app client.
    pub client: &'static str,
    /// The port of its loopback redirect, which tells its tabs from the others'.
    pub port: u16,
    /// Whether its login is stored in a file, else in the kernel keyring.
    pub in_a_file: bool,
    /// Whether a call may open a tab.
    pub interactive: bool,
    keys: &'static str,
}

impl Account {
    /// Its person, with a fresh browser.
    pub fn somebody(&self) -> Person {
        if self.federated {
            Person::federated(self.person, cast::PASSWORD)
        } else {
            Person::new(self.person, cast::PASSWORD)
        }
    }

    fn new(person: &'static str, client: &'static str, keys: &'static str) -> Self {
        Self {
            person,
            federated: keys.contains("cognito_identity_provider"),
            client,
            port: free_port(),
            in_a_file: keys.contains("cognito_store = file"),
            interactive: !keys.contains("cognito_interactive = never"),
            keys,
        }
    }
}

/// A profile and what is right for it.
#[derive(Debug)]
pub struct Role {
    /// Its name.
    pub profile: &'static str,
    /// Index of its account.
    pub account: usize,
    /// The name of the role in its credentials, while no role is written into the profile.
    pub expected: &'static str,
    keys: &'static str,
}

impl Role {
    /// Whether its role may be edited: the person has both, and a preference where none is written.
    pub fn is_free(&self, accounts: &[Account]) -> bool {
        let person = accounts[self.account].person;
        self.keys.is_empty() && self.expected == "Developer" && person == "alice"
    }
}

const BASIC: &str = "cognito_flow = basic\ncognito_role = Developer\n";

/// Six logins.
pub fn accounts() -> Vec<Account> {
    let public = cast::PUBLIC_CLIENT;
    vec![
        Account::new("alice", public, "cognito_store = file\n"),
        Account::new("dora", public, "cognito_store = file\ncognito_login = second\n"),
        Account::new("carol", STEADY_CLIENT, "cognito_store = kernel\n"),
        // There is no keychain here, so it falls to the kernel's keyring.
        Account::new("erin", public, "cognito_identity_provider = ExampleCorp\n"),
        Account::new(
            "alice",
            cast::OIDC_CLIENT,
            "cognito_store = file\ncognito_scopes = openid email offline_access\n",
        ),
        Account::new(
            "alice",
            public,
            "cognito_store = file\ncognito_login = unattended\ncognito_interactive = never\n",
        ),
    ]
}

/// Twenty profiles.
pub fn roles() -> Vec<Role> {
    let role = |profile, account, expected, keys| Role { profile, account, expected, keys };
    vec![
        role("dev", 0, "Developer", ""),
        role("dev-too", 0, "Developer", ""),
        role("reader", 0, "ReadOnly", "cognito_role = ReadOnly\n"),
        role(
            "two-hours",
            0,
            "Developer",
            "cognito_flow = basic\ncognito_role = Developer\ncognito_duration_seconds = 7200\n",
        ),
        role(
            "half-a-day",
            0,
            "ReadOnly",
            "cognito_flow = basic\ncognito_role = ReadOnly\ncognito_duration_seconds = 43200\n",
        ),
        role(
            "quarter",
            0,
            "Developer",
            "cognito_flow = basic\ncognito_role = Developer\ncognito_duration_seconds = 900\ncognito_refresh_margin = 5m\n",
        ),
        role("dora", 1, "Developer", ""),
        role("dora-basic", 1, "Developer", BASIC),
        role("dora-early", 1, "Developer", "cognito_refresh_margin = 40m\n"),
        role("carol-dev", 2, "Developer", "cognito_role = Developer\n"),
        role("carol-reader", 2, "ReadOnly", "cognito_role = ReadOnly\n"),
        role("carol-basic", 2, "Developer", BASIC),
        role("carol-uncached", 2, "ReadOnly", "cognito_role = ReadOnly\ncognito_cache = none\n"),
        role("erin", 3, "ReadOnly", ""),
        role("erin-reader", 3, "ReadOnly", "cognito_role = ReadOnly\n"),
        role("erin-late", 3, "ReadOnly", "cognito_refresh_margin = 1m\n"),
        role("acme", 4, "Authenticated", ""),
        role("acme-early", 4, "Authenticated", "cognito_refresh_margin = 30m\n"),
        role("unattended", 5, "Developer", ""),
        role("unattended-basic", 5, "Developer", BASIC),
    ]
}

/// Writes the config file, with lines in it that are none of ours.
pub fn configure(machine: &Machine, accounts: &[Account], roles: &[Role]) {
    machine.sandbox.change(|world| {
        let mut steady = world.clients[0].clone();
        (steady.id, steady.rotation) = (STEADY_CLIENT.to_owned(), None);
        world.identity_pool.clients.push(steady.id.clone());
        world.clients.push(steady);
    });
    let mut text = "# Kept by hand.\n[default]\nregion = us-east-1\n\n".to_owned();
    for role in roles {
        let account = &accounts[role.account];
        let redirect = format!("http://localhost:{}/callback", account.port);
        let profile = if account.client == cast::OIDC_CLIENT {
            machine.sandbox.oidc_profile(role.profile, cast::OIDC_TENANT, &redirect)
        } else {
            let profile = machine.sandbox.profile(role.profile, &redirect);
            profile.replace(cast::PUBLIC_CLIENT, account.client)
        };
        let name = role.profile;
        let _ = write!(
            text,
            "; {name} is used by nobody else\n{profile}cognito_wait = 1s\ncognito_login_timeout = 10s\n{}{}\
             credential_process = {PROGRAM} credential-process --profile {name}\n\
             output = json   # as {name} likes it\n\n",
            account.keys, role.keys
        );
    }
    machine.configure(&text);
}
