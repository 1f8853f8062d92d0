//! Kills renewals with SIGKILL at random moments, and looks whether a login was lost.
//!
//! The token endpoint rotates, so a refresh token that was sent is spent: it works for the grace
//! period more, and then only its successor does. What must hold after every kill: the store reads
//! whole, the next call succeeds without a tab and without a person, and unfinished files don't pile
//! up.

#[path = "../../support/random.rs"]
mod random;

use cognito_creds::login::Login;
use cognito_creds::profile::Profile;
use cognito_creds::store::{Bytes, Files, Kernel, Keychain, Store, StoreError};
use cognito_sandbox::{Endpoint, Person, Sandbox, World, cast};
use random::Random;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Longest time for whatever a round waits for; a round has some 50 ms.
const LIMIT: Duration = Duration::from_secs(60);
/// Unkilled renewals whose median says when to kill.
const UNKILLED: usize = 9;
/// How much later than what they wait for the aimed kills come, as a part of a renewal, at most.
const AFTER_AIM: f64 = 0.2;
/// The program removes unfinished files that are older than a minute.
const ABANDONED: Duration = Duration::from_mins(2);

/// What to do, and to what.
#[derive(Debug)]
pub struct Plan {
    /// The program.
    pub program: PathBuf,
    /// Kills, shared evenly among the stores.
    pub times: usize,
    /// The same seed draws the same kills.
    pub seed: u64,
    /// Seconds for which a rotated refresh token still works (`RetryGracePeriodSeconds`).
    pub grace: i64,
    /// The stores, by the names of `cognito_store`.
    pub stores: Vec<String>,
}

/// What became of the kills at one store.
#[derive(Debug, Default)]
pub struct Figures {
    store: String,
    median: Duration,
    /// How often the program was killed.
    pub kills: usize,
    before_request: usize,
    before_save: usize,
    after_save: usize,
    too_late: usize,
    groups: usize,
    detached: usize,
    /// Logins that were gone.
    pub lost: usize,
    /// Values that could not be read whole.
    pub torn: usize,
    /// Tabs that the next call opened.
    pub tabs: usize,
    unfinished: usize,
    unfinished_in_the_end: usize,
    keyring_crashed: bool,
}

impl Figures {
    /// Whether nothing was lost, and the kills came at the moments that matter.
    pub fn are_good(&self) -> bool {
        let hit =
            self.kills < 100 || (self.before_request > 0 && self.before_save > 0 && self.after_save > 0);
        hit && self.lost + self.torn + self.tabs + self.unfinished_in_the_end == 0
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("kills", self.kills),
            ("  of the whole process group", self.groups),
            ("  of the detached renewal", self.detached),
            ("  before the request", self.before_request),
            ("  between the request and the save", self.before_save),
            ("  after the save", self.after_save),
            ("  too late, it had ended", self.too_late),
            ("logins lost", self.lost),
            ("torn values", self.torn),
            ("tabs opened", self.tabs),
            ("most unfinished files at a time", self.unfinished),
            ("unfinished files in the end", self.unfinished_in_the_end),
        ];
        writeln!(f, "{}: an unkilled renewal takes {:.1} ms", self.store, 1e3 * self.median.as_secs_f64())?;
        rows.iter().try_for_each(|(what, number)| writeln!(f, "  {what:<36}{number:>6}"))?;
        if self.keyring_crashed {
            writeln!(f, "  the rest was not tried: the keyring itself crashed")
        } else {
            Ok(())
        }
    }
}

/// Kills as often as planned; the figures store by store.
pub fn run(plan: &Plan) -> Vec<Figures> {
    let mut random = Random(plan.seed);
    let stores = plan.stores.len();
    let share = |n: usize| plan.times / stores + usize::from(n < plan.times % stores);
    plan.stores
        .iter()
        .enumerate()
        .map(|(n, store)| Victim::new(plan, store).killed(share(n), &mut random))
        .collect()
}

/// gnome-keyring 42 aborts when a client disappears in the middle of a call ("g_variant_new: expected
/// GVariant of type 'v'"): once in some 700 kills. The bus starts a locked one in its place, which says
/// nothing about a login; the kills at the keychain end there.
struct KeyringCrashed;

/// When a kill comes.
#[derive(Debug, Clone, Copy)]
enum Aim {
    /// At a moment of the renewal, or somewhat after it.
    Anywhen,
    /// When the server has the request, and rotates.
    Requested,
    /// When the server has sent the new tokens off.
    Answered,
}

/// Who renews, and who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Process,
    Group,
    Detached,
}

/// A person's machine whose renewals are killed.
struct Victim {
    program: PathBuf,
    home: tempfile::TempDir,
    sandbox: Sandbox,
    profile: Profile,
    store: Box<dyn Store>,
    figures: Figures,
}

impl Victim {
    fn new(plan: &Plan, store: &str) -> Self {
        let mut world = World::default();
        let client = world.client_mut(cast::PUBLIC_CLIENT);
        client.rotation = Some(plan.grace);
        // The least that Cognito allows. It is refreshed before each use, so each renewal rotates.
        client.id_token_seconds = 300;
        let sandbox = Sandbox::start(world).expect("the sandbox starts");
        let home = tempfile::tempdir().expect("a home");
        let port = free_port();
        let config = sandbox.profile("dev", &format!("http://localhost:{port}"));
        fs::create_dir(home.path().join(".aws")).expect("a folder");
        // A login that was lost shows by its tab; nobody comes, so the call ends soon.
        let keys = format!("cognito_store = {store}\ncognito_wait = 3s\n");
        fs::write(home.path().join(".aws/config"), format!("{config}{keys}")).expect("a config file");
        install_browser(home.path());
        let place = home.path().to_string_lossy().into_owned();
        let state = format!("{place}/.local/state/cognito-creds");
        let env = move |name: &str| (name == "HOME").then(|| place.clone());
        let victim = Self {
            program: plan.program.clone(),
            profile: Profile::load("dev", &env, &state).expect("the profile"),
            store: match store {
                "file" => Box::new(Files::new(home.path().join(".local/share/cognito-creds"))),
                "kernel" => Box::new(Kernel::login()),
                "keychain" => Box::new(Keychain::new()),
                other => panic!("no such store: {other}"),
            },
            home,
            sandbox,
            figures: Figures { store: store.to_owned(), ..Figures::default() },
        };
        victim.sign_in();
        victim
    }

    fn killed(mut self, times: usize, random: &mut Random) -> Figures {
        self.figures.median = self.median_renewal();
        for _ in 0..times {
            if let Err(KeyringCrashed) = self.round(random) {
                self.figures.keyring_crashed = true;
                return self.figures;
            }
        }
        self.age_unfinished_files();
        // Each file's next writer removes what was left of it: one renewal behind the caller, one before.
        let renewed = self.command(&["renew", "--profile", "dev"]).output().expect("it runs");
        assert!(renewed.status.success(), "a renewal behind the caller");
        self.let_credentials_end();
        self.call().expect("a last renewal");
        self.figures.unfinished_in_the_end = self.unfinished_files().len();
        let logout = self.command(&["logout", "--profile", "dev"]).output().expect("it runs");
        assert!(logout.status.success(), "the last login can be revoked");
        self.figures
    }

    fn round(&mut self, random: &mut Random) -> Result<(), KeyringCrashed> {
        let target = [Target::Process, Target::Process, Target::Group, Target::Detached][random.below(4)];
        let aim = [Aim::Anywhen, Aim::Anywhen, Aim::Anywhen, Aim::Requested, Aim::Answered][random.below(5)];
        let before = self.refresh_token()?;
        let tabs = self.tabs();
        self.let_credentials_end();
        self.sandbox.clear_log();
        let mut child = self.renewal(target);
        self.wait_for(aim, random);
        kill(&child, target);
        let status = child.wait().expect("a child");
        assert!(status.signal() == Some(9) || status.success(), "{target:?}, {aim:?}: {status}");
        self.count(target, status.success(), before)?;
        self.let_credentials_end();
        let next = self.call();
        self.refresh_token()?;
        let opened = self.tabs() - tabs;
        self.figures.tabs += opened;
        if let (Err(said), _) | (Ok(said), 1..) = (next, opened) {
            eprintln!("{target:?}, {aim:?}: the login is lost, {opened} tabs: {said}");
            self.figures.lost += 1;
            self.sign_in();
        }
        Ok(())
    }

    /// Waits until the moment of the kill.
    fn wait_for(&self, aim: Aim, random: &mut Random) {
        let answered = matches!(aim, Aim::Answered);
        let pause = match aim {
            Aim::Anywhen => random.up_to(self.figures.median.mul_f64(1.3)),
            Aim::Requested | Aim::Answered => {
                let there = self.sandbox.wait_until(LIMIT, |log| {
                    log.iter().any(|entry| {
                        entry.endpoint == Endpoint::TokenRefresh && (entry.status.is_some() || !answered)
                    })
                });
                assert!(there, "no renewal came");
                random.up_to(self.figures.median.mul_f64(AFTER_AIM))
            }
        };
        thread::sleep(pause);
    }

    /// Where the kill hit, and what it left.
    fn count(&mut self, target: Target, ended: bool, before: Option<String>) -> Result<(), KeyringCrashed> {
        let requested = self.sandbox.counts().token_refresh > 0;
        let after = self.refresh_token()?;
        let figures = &mut self.figures;
        figures.kills += 1;
        figures.groups += usize::from(target == Target::Group);
        figures.detached += usize::from(target == Target::Detached);
        figures.torn += usize::from(after.is_none());
        *match (ended, requested, after != before) {
            (true, ..) => &mut figures.too_late,
            (_, false, _) => &mut figures.before_request,
            (_, _, false) => &mut figures.before_save,
            (_, _, true) => &mut figures.after_save,
        } += 1;
        let unfinished = self.unfinished_files().len();
        self.figures.unfinished = self.figures.unfinished.max(unfinished);
        Ok(())
    }

    fn median_renewal(&self) -> Duration {
        let mut times: Vec<Duration> = (0..UNKILLED)
            .map(|_| {
                self.let_credentials_end();
                let began = Instant::now();
                self.call().expect("an unkilled renewal");
                began.elapsed()
            })
            .collect();
        times.sort();
        times[UNKILLED / 2]
    }

    /// Starts a renewal. The detached one is what `credential-process` starts while it hands out
    /// credentials with some life left.
    fn renewal(&self, target: Target) -> Child {
        let args: &[&str] = match target {
            Target::Process | Target::Group => &["credential-process", "--profile", "dev"],
            Target::Detached => &["renew", "--profile=dev"],
        };
        let mut command = self.command(args);
        if target == Target::Group {
            command.process_group(0);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs")
    }

    /// A call that has to renew; what it says where that fails.
    fn call(&self) -> Result<String, String> {
        let output = self.command(&["credential-process", "--profile", "dev"]).output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stderr)) } else { Err(text(&output.stderr)) }
    }

    /// A person signs in.
    fn sign_in(&self) {
        let tabs = self.tabs();
        let mut login = self.command(&["login", "--profile", "dev"]);
        let login = login.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut login = login.expect("the program runs");
        let until = Instant::now() + LIMIT;
        while self.tabs() == tabs {
            assert!(Instant::now() < until, "no tab opened");
            thread::sleep(Duration::from_millis(5));
        }
        let address = fs::read_to_string(self.home.path().join("tabs")).expect("the tabs");
        let address = address.lines().last().expect("an address");
        Person::new("alice", cast::PASSWORD).sign_in(address).expect("she signs in");
        assert!(login.wait().expect("a child").success(), "the sign-in");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).env_clear().stdin(Stdio::null());
        command.env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin");
        command.env("BROWSER", self.home.path().join("browser"));
        for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command
    }

    fn let_credentials_end(&self) {
        Kernel::cache().delete(&self.profile.credentials_entry()).expect("the cache");
    }

    /// The stored refresh token; `None` where the stored value is missing or not whole.
    fn refresh_token(&self) -> Result<Option<String>, KeyringCrashed> {
        let stored: Option<Bytes> = match self.store.load(&self.profile.login_entry()) {
            Ok(stored) => stored,
            Err(StoreError::Locked(_) | StoreError::Absent(_)) if self.figures.store == "keychain" => {
                return Err(KeyringCrashed);
            }
            Err(error) => panic!("the store does not answer: {error}"),
        };
        let login = stored.and_then(|bytes| Login::from_bytes(&bytes)).filter(|login| !login.has_ended());
        Ok(login.map(|login| login.refresh_token.expose().to_owned()))
    }

    fn tabs(&self) -> usize {
        fs::read_to_string(self.home.path().join("tabs")).map_or(0, |tabs| tabs.lines().count())
    }

    fn unfinished_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in [".local/share/cognito-creds", ".local/state/cognito-creds"] {
            let entries = fs::read_dir(self.home.path().join(folder)).into_iter().flatten();
            found.extend(entries.flatten().map(|entry| entry.path()));
        }
        found.retain(|path| path.extension().is_some_and(|extension| extension == "tmp"));
        found
    }

    fn age_unfinished_files(&self) {
        for path in self.unfinished_files() {
            let file = fs::File::options().write(true).open(path).expect("a file of ours");
            file.set_modified(SystemTime::now() - ABANDONED).expect("its time");
        }
    }
}

fn kill(child: &Child, target: Target) {
    let pid = Pid::from_child(child);
    // Nobody has waited for it, so the number is still its own.
    let killed = match target {
        Target::Process | Target::Detached => kill_process(pid, Signal::KILL),
        Target::Group => kill_process_group(pid, Signal::KILL),
    };
    killed.expect("a child of ours");
}

fn install_browser(home: &Path) {
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >>'{}'\n", home.join("tabs").display());
    let browser = home.join("browser");
    fs::write(&browser, script).expect("a browser");
    fs::set_permissions(browser, fs::Permissions::from_mode(0o755)).expect("a browser");
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
