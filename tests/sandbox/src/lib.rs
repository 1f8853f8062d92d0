//! A stand-in for Amazon Cognito on one loopback port: user-pool domain, identity pool, STS and an S3
//! that accepts only the credentials which were given out here. For tests and for the demo.
//!
//! It is strict where Cognito is strict (byte-exact redirect URIs, single-use codes, PKCE, `Logins` keys,
//! audiences, role mappings, rotation with grace), writes errors as Cognito writes them, and fails on
//! demand: see [`Fault`]. Everything it knows is in a [`World`]; whom it knows is in [`cast`].
//!
//! ```
//! use cognito_sandbox::{Endpoint, Fault, Sandbox, Times, World};
//!
//! let sandbox = Sandbox::start(World::default())?;
//! let config = sandbox.profile("dev", "http://localhost:8080"); // text for ~/.aws/config
//! sandbox.fault(Endpoint::TokenRefresh, Fault::Status(503), Times::N(2));
//! // … run a client …
//! assert_eq!(sandbox.counts().token_refresh, 0);
//! # assert!(config.starts_with("[profile dev]"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Where to look: `user_pool/` is the OAuth side, `oidc.rs` other OpenID providers, `identity_pool.rs` and `roles.rs` the other half,
//! `sts.rs`, `s3/` and `federation.rs` take the credentials, `server.rs` is HTTP and faults around them, [`person`] is
//! the one who sits at the browser.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod body;
pub mod cast;
mod clock;
mod control;
mod exchange;
mod fault;
mod federation;
mod identity_pool;
mod keys;
mod log;
mod oidc;
pub mod person;
mod random;
mod repeat;
mod roles;
mod route;
mod s3;
mod server;
mod sigv4;
mod state;
mod sts;
mod tls;
mod user_pool;
pub mod world;

pub use fault::{Fault, Times};
pub use log::{Counts, Endpoint, Entry};
pub use person::{PageSeen, Person};
pub use sts::Holder;
pub use tls::Tls;
pub use world::{RolesClaim, World};

use futures::future::{Either, select};
use server::Shared;
use state::State;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// The life of a refresh token, unless somebody changes it, in seconds.
const THIRTY_DAYS: i64 = 2_592_000;

/// A running sandbox with a thread of its own; dropping it stops it and closes every connection.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    url: String,
    port: u16,
    ca_pem: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Settings of a sandbox before it starts.
#[derive(Debug)]
pub struct Builder {
    world: World,
    port: u16,
    tls: Option<Tls>,
}

impl Builder {
    /// A fixed port; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// HTTPS instead of HTTP. Clients need [`Sandbox::ca_pem`] as their CA bundle.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Starts it. Fails when 127.0.0.1 cannot be bound; `[::1]` is bound to the same port where there is
    /// IPv6 and the port is free there.
    pub fn start(self) -> io::Result<Sandbox> {
        let ipv4 = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        let port = ipv4.local_addr()?.port();
        let listeners: Vec<TcpListener> =
            [Some(ipv4), TcpListener::bind((Ipv6Addr::LOCALHOST, port)).ok()].into_iter().flatten().collect();
        for listener in &listeners {
            listener.set_nonblocking(true)?;
        }
        let (acceptor, ca_pem) = self.tls.map(tls::acceptor).transpose()?.unzip();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://127.0.0.1:{port}");
        let shared = Arc::new(Shared::new(State::new(self.world, url.clone())));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("cognito-sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                let serving = std::pin::pin!(server::serve(served, listeners, acceptor));
                if let Either::Left((Err(error), _)) = select(serving, stopped).await {
                    panic!("the sandbox's listeners failed: {error}");
                }
            });
        })?;
        Ok(Sandbox { shared, url, port, ca_pem, stop: Some(stop), thread: Some(thread) })
    }
}

impl Sandbox {
    /// Starts a sandbox on a free port over HTTP.
    pub fn start(world: World) -> io::Result<Self> {
        Self::builder(world).start()
    }

    /// A sandbox with a fixed port or TLS.
    pub fn builder(world: World) -> Builder {
        Builder { world, port: 0, tls: None }
    }

    /// `http://127.0.0.1:PORT`: user-pool domain and endpoint of every AWS service.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate authority of [`Builder::tls`] in PEM.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// A copy of the world as it is now.
    pub fn world(&self) -> World {
        self.shared.state().world.clone()
    }

    /// Changes the world, as an administrator would: lifetimes, rotation, groups, mappings, passwords.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.shared.state().world);
    }

    /// The text of a profile for `~/.aws/config`, for the public client. Registers each of the
    /// comma-separated redirect URIs as it stands, for sign-in and sign-out. There is no
    /// `credential_process` line in it: the caller knows where its binary is, and appends further keys.
    pub fn profile(&self, name: &str, redirect_uri: &str) -> String {
        for uri in redirect_uri.split(',') {
            self.register_redirect_uri(uri.trim());
        }
        let state = self.shared.state();
        let section = if name == "default" { "[default]".to_owned() } else { format!("[profile {name}]") };
        format!(
            "{section}\nregion = {}\nendpoint_url = {url}\ncognito_domain = {url}\ncognito_client_id = {}\n\
             cognito_identity_pool_id = {}\ncognito_user_pool_id = {}\ncognito_redirect_uri = {redirect_uri}\n",
            state.world.region,
            cast::PUBLIC_CLIENT,
            state.world.identity_pool.id,
            state.world.user_pool_id,
            url = self.url,
        )
    }

    /// The text of a profile that signs in at `/oidc/TENANT`, for the public client there. Redirect URIs
    /// are registered as by [`Self::profile`].
    pub fn oidc_profile(&self, name: &str, tenant: &str, redirect_uri: &str) -> String {
        for uri in redirect_uri.split(',') {
            self.register_redirect_uri(uri.trim());
        }
        let state = self.shared.state();
        format!(
            "[profile {name}]\nregion = {}\nendpoint_url = {}\ncognito_auth = oidc\ncognito_issuer = {}\n\
             cognito_client_id = {}\ncognito_identity_pool_id = {}\ncognito_redirect_uri = {redirect_uri}\n",
            state.world.region,
            self.url,
            oidc::issuer(&state, tenant),
            cast::OIDC_CLIENT,
            state.world.identity_pool.id,
        )
    }

    /// Adds a callback and sign-out URL to every client.
    pub fn register_redirect_uri(&self, uri: &str) {
        let world = &mut self.shared.state().world;
        for client in world.clients.iter_mut().chain(&mut world.oidc.clients) {
            for list in [&mut client.redirect_uris, &mut client.sign_out_uris] {
                if !list.iter().any(|known| known == uri) {
                    list.push(uri.to_owned());
                }
            }
        }
    }

    /// Lets an endpoint fail. Faults queue up; the oldest that fits strikes first.
    pub fn fault(&self, endpoint: Endpoint, fault: Fault, times: Times) {
        self.shared.state().faults.add(endpoint, fault, times);
    }

    /// Ends all faults. Requests that already hang or wait keep doing so.
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }

    /// How often a fault has struck since the start.
    pub fn faults_struck(&self) -> usize {
        self.shared.state().faults.struck
    }

    /// Moves the sandbox's clock: everything it issues and judges, and its `Date` headers.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.shared.state().clock.offset = seconds;
    }

    /// Moves the `Date` headers alone; `None` lets them follow the clock again.
    pub fn set_date_offset(&self, seconds: Option<i64>) {
        self.shared.state().clock.date_offset = seconds;
    }

    /// The sandbox's time, seconds since the epoch.
    pub fn now(&self) -> i64 {
        self.shared.state().now()
    }

    /// `AdminDisableUser`: no sign-in, no refresh, and with `ServerSideTokenCheck` no new credentials.
    pub fn disable_user(&self, name: &str) {
        self.change(|world| world.user_mut(name).disabled = true);
    }

    /// `AdminEnableUser`.
    pub fn enable_user(&self, name: &str) {
        self.change(|world| world.user_mut(name).disabled = false);
    }

    /// Revokes every refresh token of a person; the browser's session and ID tokens live on.
    pub fn revoke_all(&self, name: &str) {
        self.shared.state().sessions.revoke_all(name);
    }

    /// `AdminUserGlobalSignOut`: as above, and with `ServerSideTokenCheck` ID tokens end too.
    pub fn global_sign_out(&self, name: &str) {
        self.shared.state().sessions.sign_out(name);
    }

    /// Whether the token endpoint would take this refresh token from `client` now.
    pub fn honours(&self, client: &str, refresh_token: &str) -> bool {
        let state = self.shared.state();
        let known = state.world.clients.iter().chain(&state.world.oidc.clients).find(|c| c.id == client);
        known.is_some_and(|known| state.sessions.honours(refresh_token, known.rotation, state.now()))
    }

    /// Whom credentials that were given out speak for, and until when (seconds since the epoch).
    pub fn holder(&self, access_key_id: &str) -> Option<(Holder, i64)> {
        let state = self.shared.state();
        state.vault.get(access_key_id).map(|issued| (issued.holder.clone(), issued.ends))
    }

    /// Lets every refresh token run out.
    pub fn expire_sessions(&self) {
        self.shared.state().sessions.expire_all();
    }

    /// Forgets the `cognito` cookies of all browsers: the next sign-in shows the form.
    pub fn forget_browsers(&self) {
        self.shared.state().sign_ins.forget_browsers();
    }

    /// Deletes all identities: a remembered IdentityId is answered with ResourceNotFound.
    pub fn forget_identities(&self) {
        self.shared.state().identities.forget();
    }

    /// Merges every identity into a new one: the old id works, the answer names the new one.
    pub fn merge_identities(&self) {
        let mut state = self.shared.state();
        let region = state.world.region.clone();
        state.identities.merge(&region);
    }

    /// IdentityId and token of `GetOpenIdTokenForDeveloperIdentity`, without the signed request.
    pub fn vouch_for(&self, subject: &str, seconds: i64) -> (String, String) {
        identity_pool::vouched(&mut self.shared.state(), subject.to_owned(), seconds)
    }

    /// A session of a person at a public client, as a sign-in begins one, by its refresh token; at an
    /// OpenID provider where `tenant` names one.
    pub fn begin_session(&self, user: &str, tenant: Option<&str>) -> String {
        let mut state = self.shared.state();
        let client = match tenant {
            None => cast::PUBLIC_CLIENT.to_owned(),
            Some(tenant) => oidc::client_at(tenant, cast::OIDC_CLIENT),
        };
        let scopes = ["openid", "email", "profile", "offline_access"].map(str::to_owned).to_vec();
        let now = state.now();
        let ends = now + THIRTY_DAYS;
        let family = user_pool::sessions::Family::new(&client, user, scopes, now, ends);
        state.sessions.begin(family).0
    }

    /// Lets the sandbox be known under another address, that of a relay in front of it: it is in what
    /// OpenID providers say about themselves and in their tokens.
    pub fn appear_at(&self, url: &str) {
        url.clone_into(&mut self.shared.state().url);
    }

    /// How many requests came, by endpoint.
    pub fn counts(&self) -> Counts {
        self.shared.log.counts()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// All requests since the start or [`Self::clear_log`], in order of arrival.
    pub fn log(&self) -> Vec<Entry> {
        self.shared.log.entries()
    }

    /// Empties the log and sets the counts to zero.
    pub fn clear_log(&self) {
        self.shared.log.clear();
    }

    /// Waits until an endpoint saw that many requests; false when the time is over first.
    pub fn wait_for(&self, endpoint: Endpoint, count: usize, timeout: Duration) -> bool {
        self.wait_until(timeout, |log| {
            log.iter().filter(|entry| endpoint.covers(entry.endpoint)).count() >= count
        })
    }

    /// Waits until the log has what is asked for; false when the time is over first.
    pub fn wait_until(&self, timeout: Duration, ready: impl Fn(&[Entry]) -> bool) -> bool {
        self.shared.log.wait(timeout, ready)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there was already printed by its thread.
            let _ = thread.join();
        }
    }
}
