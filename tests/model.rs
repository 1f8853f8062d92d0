//! A login over any stretch of life: random scripts of what the servers answer, what the stores refuse and
//! what the clock does, against a model of an authorization server that rotates refresh tokens.
//!
//! Two promises hold after every step. No dead credentials are handed out. And no refresh token is lost:
//! what lies in the store is one that the server takes, until the server itself has ended the session.
//!
//! The clock of this process can't be set. What a script calls a step of the clock, or time that passes, is
//! the same as seen from the outside: everything stored gets that much older, and the server's time stays
//! behind or goes along.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod model_parts;
#[path = "support/snapshot.rs"]
mod snapshot;

use cognito_creds::clock::Timestamp;
use cognito_creds::http::Proxies;
use cognito_creds::journal::Journal;
use cognito_creds::login::Login;
use cognito_creds::profile::{Profile, StoreChoice};
use cognito_creds::secret::{IdToken, RefreshToken};
use cognito_creds::session::{Session, Silent};
use cognito_creds::user_pool::claims::Claims;
use cognito_creds::vault::{Places, Vault};
use model_parts::server::{Authority, PoolAnswer, TokenAnswer};
use model_parts::shelf::{Shelf, Trouble};
use proptest::prelude::*;
use snapshot::Snapshot;
use std::process::Command;
use std::time::Duration;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    /// Somebody needs credentials.
    Call { ahead: bool, token: TokenAnswer, pool: PoolAnswer, keychain: Trouble, kernel: Trouble },
    /// Seconds go by.
    Elapse(i64),
    /// The clock is set, by so many seconds.
    ClockSet(i64),
    /// The server begins to rotate refresh tokens, or stops.
    Rotation(bool),
    /// Somebody ends the session at the server.
    Revoke,
}

fn event() -> impl Strategy<Value = Event> {
    let call =
        (any::<bool>(), TokenAnswer::any(), PoolAnswer::any(), Trouble::any(), Trouble::behind()).prop_map(
            |(ahead, token, pool, keychain, kernel)| Event::Call { ahead, token, pool, keychain, kernel },
        );
    let good = any::<bool>().prop_map(|ahead| Event::Call {
        ahead,
        token: TokenAnswer::Good,
        pool: PoolAnswer::Good,
        keychain: Trouble::None,
        kernel: Trouble::None,
    });
    prop_oneof![
        8 => call,
        4 => good,
        4 => (0..8 * 3600_i64).prop_map(Event::Elapse),
        2 => (-300..300_i64).prop_map(Event::ClockSet),
        1 => (-172_800..172_800_i64).prop_map(Event::ClockSet),
        1 => any::<bool>().prop_map(Event::Rotation),
    ]
}

/// Scripts in which the server ends the session at the end, if at all.
fn script() -> impl Strategy<Value = Vec<Event>> {
    (prop::collection::vec(event(), 1..24), any::<bool>()).prop_map(|(mut events, revoked)| {
        if revoked {
            let call = |token| Event::Call {
                ahead: true,
                token,
                pool: PoolAnswer::Good,
                keychain: Trouble::None,
                kernel: Trouble::None,
            };
            events.extend([
                Event::Elapse(7200),
                Event::Revoke,
                call(TokenAnswer::Trouble),
                call(TokenAnswer::Good),
            ]);
        }
        events
    })
}

struct World {
    profile: Profile,
    authority: Authority,
    keychain: Shelf,
    kernel: Shelf,
    cache: Shelf,
}

impl World {
    /// Somebody has just signed in.
    fn new(store: &str) -> Self {
        let authority = Authority::start();
        let address = authority.address();
        let text = format!(
            "[profile dev]\ncognito_domain = {address}\ncognito_client_id = client1\ncognito_store = {store}\n\
             cognito_identity_pool_id = eu-west-1:01234567-89ab-cdef-0123-456789abcdef\nendpoint_url = {address}\n"
        );
        let profile = Profile::of_text(&text, "dev", &|_: &str| None::<String>, "home").unwrap();
        let world = Self {
            profile,
            authority,
            keychain: Shelf::named("keychain"),
            kernel: Shelf::named("kernel keyring"),
            cache: Shelf::default(),
        };
        let tokens = world.authority.sign_in();
        let refresh = tokens.refresh_token.clone().unwrap();
        let claims = Claims::decode(&IdToken::new(tokens.id_token.expose())).unwrap();
        let mut login = Login::new(&world.profile, tokens, refresh, &claims, Timestamp::now());
        "first".clone_into(&mut login.sign_in);
        world.with_session(|session| session.vault.save(&login).unwrap());
        world
    }

    fn places(&self) -> Places {
        Places {
            keychain: Box::new(self.keychain.clone()),
            kernel_cache: Some(Box::new(self.cache.clone())),
            kernel_logins: Some(Box::new(self.kernel.clone())),
            files: Box::new(Shelf::default()),
        }
    }

    /// One process's work.
    fn with_session<T>(&self, work: impl FnOnce(&Session<'_>) -> T) -> T {
        let (places, journal) = (self.places(), Journal::new());
        let vault = Vault::new(&self.profile, &places, &journal, None);
        work(&Session::new(&self.profile, &vault, None, Proxies::default))
    }

    fn set_trouble(&self, keychain: Trouble, kernel: Trouble) {
        self.keychain.set_trouble(keychain);
        self.kernel.set_trouble(kernel);
    }

    fn happen(&self, event: &Event) -> Result<(), TestCaseError> {
        match event {
            Event::Call { ahead, token, pool, keychain, kernel } => {
                self.authority.will_answer(*token, *pool);
                self.set_trouble(*keychain, *kernel);
                let result = self.with_session(|session| session.silent(*ahead));
                self.set_trouble(Trouble::None, Trouble::None);
                self.only_live_credentials(&result)?;
                if matches!(result, Ok(Silent::SignIn)) {
                    prop_assert!(self.authority.is_revoked(), "a person has to sign in");
                }
            }
            Event::Elapse(seconds) => self.age(*seconds),
            Event::ClockSet(seconds) => {
                self.age(*seconds);
                self.authority.fall_behind(*seconds);
            }
            Event::Rotation(on) => self.authority.rotate(*on),
            Event::Revoke => self.authority.revoke(),
        }
        self.no_refresh_token_is_lost()
    }

    fn age(&self, seconds: i64) {
        for shelf in [&self.keychain, &self.kernel, &self.cache] {
            shelf.age(seconds);
        }
    }

    fn only_live_credentials(
        &self,
        result: &Result<Silent, cognito_creds::error::Error>,
    ) -> Result<(), TestCaseError> {
        let now = Timestamp::now();
        let (credentials, least) = match result {
            Ok(Silent::Fresh(credentials)) => (credentials, 0),
            // A second of this test's own.
            Ok(Silent::Kept(credentials, _)) => (credentials, 59),
            _ => return Ok(()),
        };
        let left = credentials.expiration.left(now);
        prop_assert!(left > Duration::from_secs(least), "dead: {left:?} left");
        prop_assert!(credentials.obtained <= now.plus(Duration::from_mins(5)), "from the future");
        let by_the_server = credentials.expiration.left(self.authority.now());
        prop_assert!(!self.authority.agrees_about_the_time() || by_the_server > Duration::ZERO);
        Ok(())
    }

    fn no_refresh_token_is_lost(&self) -> Result<(), TestCaseError> {
        if self.authority.is_revoked() {
            return Ok(());
        }
        prop_assert!(!self.authority.has_refused_a_token(), "an old refresh token was sent");
        let login = self.with_session(|session| session.vault.load()).unwrap();
        let is_taken = login.is_some_and(|login| self.authority.takes(&login.refresh_token));
        prop_assert!(is_taken, "what is stored is of no more use");
        Ok(())
    }
}

fn holds(store: &str, script: &[Event]) -> Result<(), TestCaseError> {
    let world = World::new(store);
    for event in script {
        world.happen(event)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    #[ignore = "in_a_home_of_its_own runs it"]
    fn with_one_store(script in script()) {
        holds("keychain", &script)?;
    }

    #[test]
    #[ignore = "in_a_home_of_its_own runs it"]
    fn with_a_second_store_behind_the_first(script in script()) {
        holds("", &script)?;
    }
}

/// The keychain is locked while the clock is wrong, and the login is renewed in the second store. When both
/// are mended, the copy in the keychain looks newer, and its refresh token is long of no use.
#[test]
#[ignore = "in_a_home_of_its_own runs it"]
fn a_copy_that_only_looks_newer_ends_no_login() {
    const NIGHT: i64 = 8 * 3600;
    let call = |pool, keychain| Event::Call {
        ahead: true,
        token: TokenAnswer::Good,
        pool,
        keychain,
        kernel: Trouble::None,
    };
    let renewed = || call(PoolAnswer::NotAuthorized, Trouble::Locked);
    let world = World::new("");
    // Known to both stores.
    world.kernel.copy_from(&world.keychain);
    for event in [
        Event::ClockSet(-NIGHT),
        Event::Elapse(7200),
        renewed(),
        renewed(),
        Event::ClockSet(NIGHT),
        call(PoolAnswer::Good, Trouble::None),
    ] {
        world.happen(&event).unwrap();
    }
}

/// The keychain is full and keeps an old copy, the newer one lies behind it, and that place can't be read for once.
/// The old refresh token is not sent and the newer one not removed, whether or not the old copy says that refresh
/// tokens rotate, and nobody has to sign in.
#[test]
#[ignore = "in_a_home_of_its_own runs it"]
fn an_old_copy_is_not_used_while_the_newer_one_behind_it_can_not_be_read() {
    let call = |pool, keychain, kernel| Event::Call {
        ahead: false,
        token: TokenAnswer::Good,
        pool,
        keychain,
        kernel,
    };
    let good = || call(PoolAnswer::Good, Trouble::None, Trouble::None);
    let is_full = |pool| call(pool, Trouble::FullAfter(0), Trouble::KeepsAll);
    for trouble in [Trouble::Locked, Trouble::Absent, Trouble::Unreadable] {
        let for_once = || call(PoolAnswer::Good, Trouble::None, trouble);
        let not_rotating = [Event::Rotation(false), Event::Elapse(7200), good(), Event::Rotation(true)];
        for script in [
            vec![Event::ClockSet(3300), is_full(PoolAnswer::NotAuthorized), for_once(), good()],
            // The old copy's ID token lives, and the exchange alone would save it.
            vec![Event::Elapse(1800), is_full(PoolAnswer::Good), Event::Elapse(3500), for_once(), good()],
            not_rotating
                .into_iter()
                .chain([
                    Event::Elapse(7200),
                    is_full(PoolAnswer::Good),
                    Event::Elapse(7200),
                    for_once(),
                    good(),
                ])
                .collect(),
        ] {
            let world = World::new("");
            for event in &script {
                world.happen(event).unwrap();
            }
            assert!(
                world.with_session(|session| session.vault.cached_anywhere()).is_some(),
                "all is well again"
            );
        }
    }
}

#[test]
#[ignore = "in_a_home_of_its_own runs it"]
fn who_can_not_reach_the_newer_copy_is_told_what_helps() {
    let world = World::new("");
    world.happen(&Event::Elapse(7200)).unwrap();
    world.authority.will_answer(TokenAnswer::Good, PoolAnswer::Good);
    world.set_trouble(Trouble::FullAfter(0), Trouble::KeepsAll);
    world.with_session(|session| session.silent(false)).unwrap();
    world.set_trouble(Trouble::None, Trouble::Unreadable);
    let error = world.with_session(|session| session.vault.load_stored()).unwrap_err();
    let mut told = Snapshot::of("cases", "newer-copy-out-of-reach");
    told.tell("the place behind can't be read", &format!("cognito-creds: {error}"));
    told.compare();

    // What is shown: a sign-in, whose login the first place keeps.
    world.with_session(|session| {
        let mut login =
            Login::from_refresh_token(&world.profile, RefreshToken::new("anew"), Timestamp::now());
        "second".clone_into(&mut login.sign_in);
        session.vault.save(&login).unwrap();
        assert_eq!(session.vault.load_stored().unwrap().unwrap().sign_in, "second");
    });
}

/// The profile looks into the keychain alone by now.
#[test]
#[ignore = "in_a_home_of_its_own runs it"]
fn an_old_copy_is_not_used_by_a_profile_that_does_not_look_where_the_newer_one_is() {
    let mut world = World::new("");
    world.happen(&Event::Elapse(7200)).unwrap();
    world.authority.will_answer(TokenAnswer::Good, PoolAnswer::Good);
    world.set_trouble(Trouble::FullAfter(0), Trouble::KeepsAll);
    world.with_session(|session| session.silent(false)).unwrap();
    world.set_trouble(Trouble::None, Trouble::None);
    world.profile.store = StoreChoice::Keychain;
    let mut told = Snapshot::of("cases", "newer-copy-elsewhere");
    let error = world.with_session(|session| session.vault.load_stored()).unwrap_err();
    world.with_session(|session| session.vault.is_ready()).unwrap();
    told.tell("cognito_store has changed meanwhile", &format!("cognito-creds: {error}"));
    told.compare();
    world.set_trouble(Trouble::None, Trouble::Locked);
    world.with_session(|session| session.vault.load_stored()).unwrap_err();
    world.set_trouble(Trouble::None, Trouble::None);
    assert!(!world.authority.has_refused_a_token());
}

/// A keychain that was full for once, and a place behind it that is broken for good.
#[test]
#[ignore = "in_a_home_of_its_own runs it"]
fn a_save_that_no_place_took_leaves_no_word() {
    let world = World::new("");
    for keychain in [Trouble::FullAfter(0), Trouble::None] {
        world.happen(&Event::Elapse(7200)).unwrap();
        world.authority.will_answer(TokenAnswer::Good, PoolAnswer::Good);
        world.set_trouble(keychain, Trouble::Absent);
        let result = world.with_session(|session| session.silent(false));
        assert_eq!(result.is_ok(), keychain == Trouble::None, "{result:?}");
        world.set_trouble(Trouble::None, Trouble::None);
    }
}

/// A place behind that is broken for good, and never had anything, is in nobody's way.
#[test]
#[ignore = "in_a_home_of_its_own runs it"]
fn a_place_that_never_had_the_login_need_not_answer() {
    let world = World::new("");
    for _ in 0..3 {
        world.happen(&Event::Elapse(7200)).unwrap();
        world.authority.will_answer(TokenAnswer::Good, PoolAnswer::Good);
        world.set_trouble(Trouble::None, Trouble::Locked);
        world.with_session(|session| session.silent(false)).unwrap();
        world.set_trouble(Trouble::None, Trouble::None);
    }
}

/// Notices go to the journal in the person's home; a test's may not.
#[test]
fn in_a_home_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--test-threads=2"])
        .env("HOME", home.path())
        .env("XDG_STATE_HOME", home.path().join("state"))
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("LOCALAPPDATA", home.path().join("data"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success() && told.contains("8 passed"),
        "{told}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}
