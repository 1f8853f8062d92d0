//! The static program in a root that holds nothing but itself and a config file: no C library, no device, no
//! `/proc`, no D-Bus, no certificates, no name servers, no user database, no shell. It works, or says what is
//! missing.
//!
//! Not part of a plain `cargo test`: `tests/musl.sh` builds the program and runs this in a mount namespace of
//! its own, where it may call chroot(2).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod support;

use cognito_sandbox::{Sandbox, Tls, World};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::cases::Cases;
use support::terminal::ended_on;
use support::{IN_A_FILE, Machine, Ran, alice, wait_until};

/// A root folder with the program in it, and the machine around.
struct EmptyRoot {
    machine: Machine,
    folder: tempfile::TempDir,
    mounted: Vec<PathBuf>,
}

impl EmptyRoot {
    /// With a profile `dev` that has these keys.
    fn with(keys: &str) -> Self {
        Self::of(Machine::with(keys))
    }

    /// With the profiles of this machine.
    fn of(machine: Machine) -> Self {
        let program = std::env::var_os("COGNITO_CREDS_STATIC")
            .unwrap_or_else(|| panic!("tests/musl.sh names the program"));
        let root = Self { machine, folder: tempfile::tempdir().unwrap(), mounted: Vec::new() };
        fs::copy(program, root.path("cognito-creds")).unwrap();
        let config = root.path(&root.config());
        fs::create_dir_all(config.parent().unwrap()).unwrap();
        fs::copy(root.machine.path(".aws/config"), config).unwrap();
        root
    }

    /// A path in it, as everybody else reaches it.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name.trim_start_matches('/'))
    }

    /// The home inside has the name of the machine's, so that no two roots share keys of the kernel.
    fn home(&self) -> String {
        self.machine.path("").display().to_string().trim_end_matches('/').to_owned()
    }

    fn config(&self) -> String {
        format!("{}/.aws/config", self.home())
    }

    /// Shows a file or folder of the machine in it.
    fn mount(&mut self, options: &str, what: &Path, at: &str) {
        let at = self.path(at);
        let is_new = !options.starts_with("remount");
        let done = Command::new("mount").args(["-o", options]).args([what, &at]).status().unwrap();
        assert!(done.success(), "mount -o {options} {} {}", what.display(), at.display());
        self.mounted.extend(is_new.then_some(at));
    }

    /// Gives it the caller's terminal, as an engine does with `-it`.
    fn give_terminal(&mut self) {
        fs::create_dir(self.path("dev")).unwrap();
        File::create(self.path("dev/tty")).unwrap();
        self.mount("bind", Path::new("/dev/tty"), "dev/tty");
    }

    /// The program in it, with nothing in the environment but these variables.
    fn homeless(&self, args: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new("chroot");
        command.arg(self.folder.path()).arg("/cognito-creds").args(args);
        // For chroot itself; there is no such folder inside.
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The same with a home.
    fn command(&self, args: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = self.homeless(args, variables);
        command.env("HOME", self.home());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.command(args, &[]).output().unwrap().into()
    }

    fn call_with(&self, variables: &[(&str, &str)]) -> Ran {
        self.command(&CALL, variables).output().unwrap().into()
    }

    fn call(&self) -> Ran {
        self.call_with(&[])
    }

    /// Signs alice in with an address that she opens elsewhere.
    fn sign_in_with(&self, variables: &[(&str, &str)]) -> Ran {
        let args = ["login", "--no-browser", "--profile", "dev"];
        let mut command = self.command(&args, variables);
        let told = self.machine.path("told");
        let run = command.stderr(File::create(&told).unwrap()).spawn().unwrap();
        let person = match self.machine.sandbox.ca_pem() {
            Some(authority) => alice().trusting(authority).unwrap(),
            None => alice(),
        };
        wait_until(&format!("the address in {}", told.display()), || {
            shown(&told).contains("Ctrl-C ends the sign-in.")
        });
        person.sign_in(&address(&shown(&told))).unwrap();
        Ran::of(run)
    }

    fn sign_in(&self) {
        let ran = self.sign_in_with(&[]);
        let words = ("Signed in as alice@example.com for profile dev.\n", 0);
        assert_eq!((ran.stdout.as_str(), ran.code), words, "{}", shown(&self.machine.path("told")));
    }

    /// The stored ID token comes to its end.
    fn let_id_token_end(&self) {
        let home = self.path(&self.home());
        support::let_id_token_end(&support::login_file(&home).unwrap());
    }

    /// The cached credentials come to their end, where there is a cache.
    fn let_credentials_end(&self) {
        if caches() {
            self.machine.let_credentials_end();
        }
    }
}

impl Drop for EmptyRoot {
    fn drop(&mut self) {
        for at in self.mounted.iter().rev() {
            let _ = Command::new("umount").arg(at).status();
        }
    }
}

const CALL: [&str; 3] = ["credential-process", "--profile", "dev"];

/// QEMU's emulation of a user's programs has no keyrings, as Docker's default profile has none.
fn caches() -> bool {
    std::env::var_os("COGNITO_CREDS_EMULATED").is_none()
}

fn shown(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
}

/// The first address in a text.
fn address(text: &str) -> String {
    let start = text.find("http").unwrap_or_else(|| panic!("no address in {text}"));
    text[start..].split_ascii_whitespace().next().unwrap().to_owned()
}

#[test]
fn it_starts_and_tells_its_version() {
    let root = EmptyRoot::with(IN_A_FILE);
    let ran = root.run(&["--version"]);
    assert_eq!(ran.stdout, format!("cognito-creds {}\n", env!("CARGO_PKG_VERSION")), "{ran:?}");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(root.run(&["man"]).stdout.starts_with(".ie"));
}

#[test]
fn a_life_from_the_sign_in_to_the_logout() {
    let root = EmptyRoot::with(IN_A_FILE);
    root.sign_in();
    root.machine.sandbox.clear_log();
    root.call().document();
    if caches() {
        assert_eq!(root.machine.sandbox.counts().total, 0, "a warm call needs no network");
    }
    root.let_credentials_end();
    root.call().document();
    root.let_id_token_end();
    root.let_credentials_end();
    root.machine.sandbox.clear_log();
    root.call().document();
    assert_eq!(root.machine.sandbox.counts().token_refresh, 1, "the refresh token serves");
    let status = root.run(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status[0]["login"]["user"], "alice@example.com");
    assert_eq!(root.run(&["logout", "--profile", "dev"]).code, 0);
}

/// The renewal that nobody waits for is a process of its own, which has to find its own program and to be given
/// streams that lead nowhere.
#[test]
fn it_renews_behind_the_back_of_a_call() {
    let root = EmptyRoot::with(IN_A_FILE);
    root.machine.sandbox.change(|world| world.identity_pool.credential_seconds = 17 * 60);
    root.sign_in();
    root.machine.sandbox.clear_log();
    root.call().document();
    wait_until("the renewal", || root.machine.sandbox.counts().get_credentials == 1);
}

#[test]
fn certificates_that_are_missing_are_told_and_a_file_serves() {
    let mut cases = Cases::of("empty-root-certificates");
    let mut machine = Machine::bare();
    machine.sandbox = Sandbox::builder(World::default()).tls(Tls::Valid).start().unwrap();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    machine.configure(&format!("{}{IN_A_FILE}", machine.sandbox.profile("dev", &redirect)));
    let root = EmptyRoot::of(machine);
    fs::write(root.path("ca.pem"), root.machine.sandbox.ca_pem().unwrap()).unwrap();
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let ran = root.sign_in_with(&[(variable, "/ca.pem")]);
        assert_eq!(ran.code, 0, "{}", shown(&root.machine.path("told")));
        root.let_credentials_end();
        cases.tell(
            &format!("no CA certificates, after a sign-in with {variable}"),
            &root.machine,
            &root.call(),
        );
        root.call_with(&[(variable, "/ca.pem")]).document();
    }
    let doctor = root.run(&["doctor", "--profile", "dev"]);
    assert!(doctor.stdout.contains("AWS_CA_BUNDLE"), "{}", doctor.stdout);
    cases.compare();
}

#[test]
fn name_servers_that_are_missing_are_told() {
    let mut cases = Cases::of("empty-root-names");
    let root = EmptyRoot::with(IN_A_FILE);
    root.sign_in();
    root.let_credentials_end();
    let config = root.path(&root.config());
    let elsewhere = fs::read_to_string(&config).unwrap().replace("endpoint_url", "# endpoint_url");
    fs::write(config, elsewhere).unwrap();
    let began = Instant::now();
    cases.tell("no /etc/resolv.conf", &root.machine, &root.call());
    assert!(began.elapsed() < Duration::from_secs(30), "within the time of a renewal");
    cases.compare();
}

#[test]
fn a_home_that_nobody_names_is_told() {
    let mut cases = Cases::of("empty-root-home");
    let root = EmptyRoot::with(IN_A_FILE);
    let config = root.config();
    let config = ("AWS_CONFIG_FILE", config.as_str());
    let mut told = |case: &str, variables: &[(&str, &str)]| {
        let ran = root.homeless(&CALL, variables).output().unwrap().into();
        cases.tell(case, &root.machine, &ran);
    };
    told("neither HOME nor a config file", &[]);
    told("a config file and no HOME", &[config]);
    let state = [config, ("XDG_STATE_HOME", "/state")];
    told("a folder for locks, none for the login", &state);
    cases.compare();
}

#[test]
fn a_root_that_is_read_only_is_told_and_a_writable_folder_serves() {
    let mut cases = Cases::of("empty-root-read-only");
    let mut root = EmptyRoot::with(IN_A_FILE);
    fs::create_dir(root.path("run")).unwrap();
    let (folder, run) = (root.folder.path().to_owned(), root.path("run"));
    root.mount("bind", &folder, "");
    root.mount("remount,bind,ro", &folder, "");
    cases.tell("nowhere to write", &root.machine, &root.call());
    let writable = root.machine.path("run");
    fs::create_dir(&writable).unwrap();
    root.mount("bind", &writable, "run");
    assert!(run.exists());
    let elsewhere = [("XDG_STATE_HOME", "/run"), ("XDG_DATA_HOME", "/run")];
    assert_eq!(root.sign_in_with(&elsewhere).code, 0, "{}", shown(&root.machine.path("told")));
    root.call_with(&elsewhere).document();
    cases.compare();
}

#[test]
fn without_a_secret_service_the_kernel_keeps_the_login_or_another_place_is_told() {
    let mut cases = if caches() {
        Cases::of("empty-root-stores")
    } else {
        Cases::of("empty-root-stores-without-keyrings")
    };
    let root = EmptyRoot::with("cognito_store = keychain\n");
    cases.tell("the keychain and nothing else", &root.machine, &root.run(&["login", "--profile", "dev"]));
    let root = EmptyRoot::with("");
    if caches() {
        root.sign_in();
        root.let_credentials_end();
        root.call().document();
        assert_eq!(root.run(&["logout", "--profile", "dev"]).code, 0);
    } else {
        cases.tell("neither keychain nor keyring", &root.machine, &root.run(&["login", "--profile", "dev"]));
    }
    cases.compare();
}

#[test]
fn a_person_who_is_elsewhere_is_told_how_to_sign_in() {
    let mut cases = Cases::of("empty-root-person");
    let root = EmptyRoot::with(IN_A_FILE);
    cases.tell("an AWS command, nobody signed in", &root.machine, &root.call());
    cases.tell(
        "pasting without a terminal",
        &root.machine,
        &root.run(&["login", "--paste", "--profile", "dev"]),
    );
    cases.compare();
}

#[test]
fn the_address_can_be_pasted_where_there_is_a_terminal() {
    let mut root = EmptyRoot::with(IN_A_FILE);
    root.give_terminal();
    let screen = root.machine.path("screen");
    let mut run = on_a_terminal(&root, &screen, "login --paste --profile dev");
    wait_until("the question", || shown(&screen).contains("Paste it here"));
    let ends_on = ended_on(&root.machine, &alice(), &address(&shown(&screen)));
    writeln!(run.stdin.as_mut().unwrap(), "{ends_on}").unwrap();
    assert!(run.wait().unwrap().success(), "{}", shown(&screen));
    assert!(shown(&screen).contains("Signed in as alice@example.com"), "{}", shown(&screen));
    root.call().document();
}

/// The program in the root, on a pseudo-terminal of its own.
fn on_a_terminal(root: &EmptyRoot, screen: &Path, arguments: &str) -> Child {
    let line = format!("exec chroot {} /cognito-creds {arguments}", root.folder.path().display());
    Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .envs([
            ("HOME", root.home().as_str()),
            ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            ("SHELL", "/bin/sh"),
        ])
        .stdin(Stdio::piped())
        .stdout(File::create(screen).unwrap())
        .spawn()
        .unwrap()
}
