//! One row's world: a person's machine, a sandbox behind a gate, a login in some state, and the hop that
//! is about to fail.

use crate::fault::Fault;
use crate::gate::{Call, Gate};
use crate::support::backend::{AWS, Backend, TOKEN, vouched};
use crate::support::{IN_A_FILE, Machine, PROGRAM, Ran, alice, wait_until};
use crate::surroundings::Surroundings;
use cognito_creds::clock::Timestamp;
use cognito_creds::credentials::Credentials;
use cognito_creds::login::Login;
use cognito_creds::secret::RefreshToken;
use cognito_creds::store::{Files, Kernel, Store};
use cognito_sandbox::{Person, cast};
use serde_json::Value;
use std::process::Child;
use std::time::Duration;

/// Who is asked when it fails, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hop {
    Code,
    Refresh,
    IdentityPool,
    Sts,
    Discovery,
    DiscoveryAtSignIn,
    Backend,
}

/// What is known before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing; a person signs in.
    SigningIn,
    /// A login, and nothing that it has brought.
    Fresh,
    /// A login, and credentials that live and are due for renewal.
    Alive,
    /// A login whose credentials have ended.
    Dead,
}

pub const HOPS: [Hop; 7] = [
    Hop::Code,
    Hop::Refresh,
    Hop::IdentityPool,
    Hop::Sts,
    Hop::Discovery,
    Hop::DiscoveryAtSignIn,
    Hop::Backend,
];

impl Hop {
    /// The calls that fail.
    pub fn calls(self) -> &'static [Call] {
        match self {
            Self::Code => &[Call::Code],
            Self::Refresh => &[Call::Refresh],
            Self::IdentityPool => &[Call::GetId, Call::GetCredentials],
            Self::Sts => &[Call::AssumeRole],
            Self::Discovery | Self::DiscoveryAtSignIn => &[Call::Discovery],
            Self::Backend => &[Call::Backend],
        }
    }

    pub fn states(self) -> &'static [State] {
        match self {
            Self::Code | Self::DiscoveryAtSignIn => &[State::SigningIn],
            _ => &[State::Fresh, State::Alive, State::Dead],
        }
    }

    fn is_oidc(self) -> bool {
        matches!(self, Self::Discovery | Self::DiscoveryAtSignIn)
    }

    /// The key of the profile that says where the hop is; `None` for an endpoint of AWS.
    fn key(self) -> Option<&'static str> {
        match self {
            Self::Code | Self::Refresh => Some("cognito_domain"),
            Self::Discovery | Self::DiscoveryAtSignIn => Some("cognito_issuer"),
            Self::Backend => Some("cognito_developer_url"),
            Self::IdentityPool | Self::Sts => None,
        }
    }
}

pub struct World {
    pub machine: Machine,
    pub gate: Gate,
    hop: Hop,
    /// The config file without a fault.
    config: String,
    variables: Vec<(String, String)>,
}

impl World {
    pub fn new(hop: Hop, state: State) -> Self {
        let machine = Machine::bare();
        let gate = Gate::open(machine.sandbox.port(), machine.port);
        machine.sandbox.appear_at(&gate.url());
        let redirect = format!("http://localhost:{}/callback", machine.port);
        let profile = match hop {
            Hop::Backend => {
                let pool = machine.sandbox.world().identity_pool.id;
                format!("[profile dev]\nregion = us-east-1\nendpoint_url = URL\ncognito_auth = developer\ncognito_developer_url = URL/api/v1\ncognito_identity_pool_id = {pool}\n")
                    .replace("URL", &gate.url())
            }
            _ if hop.is_oidc() => machine.sandbox.oidc_profile("dev", cast::OIDC_TENANT, &redirect),
            _ => machine.sandbox.profile("dev", &redirect),
        };
        let flow = if hop == Hop::Sts { "cognito_flow = basic\n" } else { "" };
        let command = format!("credential_process = {PROGRAM} credential-process --profile dev\n");
        let config =
            format!("{}{IN_A_FILE}{flow}{command}", profile.replace(machine.sandbox.url(), &gate.url()));
        machine.configure(&config);
        let world = Self { machine, gate, hop, config, variables: Vec::new() };
        if hop == Hop::Backend {
            let backend = Backend::start(world.machine.port);
            let (id, token) = world.machine.sandbox.vouch_for("alice", 900);
            backend.answer(AWS, 200, &vouched(&id, &token));
        }
        world.come_to(state);
        world.gate.take_seen();
        world
    }

    fn come_to(&self, state: State) {
        if state == State::SigningIn {
            return;
        }
        self.sign_in_at_the_server();
        if state == State::Fresh {
            return;
        }
        self.machine.call().document();
        self.let_credentials_be_due();
        // A refresh comes first, so that what it brings has to survive what fails after it.
        let exchanges_alone = matches!(self.hop, Hop::IdentityPool | Hop::Sts) && state == State::Alive;
        if !exchanges_alone {
            self.machine.let_id_token_end();
        }
        if self.hop == Hop::Discovery {
            self.edit_login(|login| drop(login.as_object_mut().unwrap().remove("metadata")));
        }
        if state == State::Dead {
            self.machine.let_credentials_end();
        }
    }

    /// The cached credentials live for ten minutes: too short to be printed without an attempt to renew them.
    fn let_credentials_be_due(&self) {
        let (cache, entry) = (Kernel::cache(), self.machine.profile().credentials_entry());
        let bytes = cache.load(&entry).unwrap().unwrap();
        let mut credentials = Credentials::from_bytes(&bytes).unwrap();
        credentials.expiration = Timestamp::now().plus(Duration::from_mins(10));
        cache.save(&entry, &credentials.to_bytes().unwrap(), None).unwrap();
    }

    /// A login as it is right after a sign-in whose first exchange failed.
    fn sign_in_at_the_server(&self) {
        let tenant = self.hop.is_oidc().then_some(cast::OIDC_TENANT);
        let token = match self.hop {
            Hop::Backend => TOKEN.to_owned(),
            _ => self.machine.sandbox.begin_session("alice", tenant),
        };
        let profile = self.machine.profile();
        let login = Login::from_refresh_token(&profile, RefreshToken::new(token), Timestamp::now());
        let bytes = login.to_bytes().unwrap();
        self.logins().save(&profile.login_entry(), &bytes, None).unwrap();
    }

    fn logins(&self) -> Files {
        Files::new(self.machine.path(".local/share/cognito-creds"))
    }

    fn edit_login(&self, edit: impl FnOnce(&mut Value)) {
        let entry = self.machine.profile().login_entry();
        let mut login = self.machine.login().unwrap();
        edit(&mut login);
        self.logins().save(&entry, login.to_string().as_bytes(), None).unwrap();
    }

    /// The cached credentials, as the caller would get them.
    pub fn cached(&self) -> Option<String> {
        let bytes = Kernel::cache().load(&self.machine.profile().credentials_entry()).unwrap()?;
        let document = Credentials::from_bytes(&bytes)?.document()?;
        Some(String::from_utf8(document.to_vec()).unwrap())
    }

    /// From now on the hop fails.
    pub fn strike(&mut self, fault: Fault, surroundings: &Surroundings) {
        let Some((place, mut variables)) = surroundings.of(fault) else {
            self.gate.strike(self.hop.calls(), fault);
            return;
        };
        // A config file has no login of another host sent to this machine; the environment may.
        let mut config: String =
            self.config.split_inclusive('\n').filter(|line| !line.starts_with("endpoint_url")).collect();
        variables.push(("AWS_ENDPOINT_URL".to_owned(), self.gate.url()));
        if let Some(key) = self.hop.key() {
            let line = self.config.lines().find(|line| line.starts_with(key)).unwrap();
            config = config.replace(line, &line.replace(&self.gate.url(), &place));
        } else {
            let service = if self.hop == Hop::Sts { "STS" } else { "COGNITO_IDENTITY" };
            variables.push((format!("AWS_ENDPOINT_URL_{service}"), place));
        }
        self.change(&config, variables);
    }

    /// Nothing fails any more.
    pub fn mend(&mut self) {
        self.gate.mend();
        self.change(&self.config.clone(), Vec::new());
    }

    /// Another config file and environment; what is kept for the profile comes along, as if its server had moved.
    fn change(&mut self, config: &str, variables: Vec<(String, String)>) {
        let before = self.machine.profile();
        let login = self.machine.login();
        for (name, _) in std::mem::take(&mut self.variables) {
            self.machine.unset(&name);
        }
        for (name, value) in &variables {
            self.machine.set(name, value);
        }
        self.variables = variables;
        self.machine.configure(config);
        let after = self.machine.profile();
        if let Some(mut login) = login
            && before.login_entry() != after.login_entry()
        {
            login["domain"] = after.auth.authority().into();
            self.logins().delete(&before.login_entry()).unwrap();
            self.logins().save(&after.login_entry(), login.to_string().as_bytes(), None).unwrap();
        }
        let cache = Kernel::cache();
        let (from, to) = (before.credentials_entry(), after.credentials_entry());
        if from != to
            && let Some(value) = cache.load(&from).unwrap()
        {
            cache.save(&to, &value, None).unwrap();
            cache.delete(&from).unwrap();
        }
    }

    pub fn start(&self) -> Child {
        self.machine.start()
    }

    /// Calls it as an SDK does; a tab that opens is played to its end.
    pub fn call(&self, state: State) -> Ran {
        let caller = self.start();
        if state == State::SigningIn && self.hop == Hop::Code {
            self.play_the_next_tab(0);
        }
        Ran::of(caller)
    }

    /// The same when everything is well: a person signs in where nobody has.
    pub fn call_again(&self, state: State) -> Ran {
        if state != State::SigningIn {
            return self.machine.call();
        }
        if self.hop == Hop::Code {
            // Its failure is the answer to every call of the next minute.
            self.machine.forget_sign_ins();
        }
        let tabs = self.machine.tabs().len();
        let caller = self.start();
        self.play_the_next_tab(tabs);
        Ran::of(caller)
    }

    /// The browser finds its way whatever the program can't reach.
    fn play_the_next_tab(&self, tabs: usize) {
        wait_until("the tab", || self.machine.tabs().len() > tabs);
        let address = &self.machine.tabs()[tabs];
        let path = address.find("/oauth2/").or_else(|| address.find("/oidc/")).unwrap();
        let person: Person = alice();
        person.sign_in(&format!("{}{}", self.gate.url(), &address[path..])).unwrap();
    }
}
