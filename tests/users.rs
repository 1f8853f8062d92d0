//! Several users on one machine: nobody reads, writes or trusts what is another user's.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name:
//! `cargo test --test users`. It needs `setpriv` (util-linux), and root or a `sudo` that does not ask,
//! because only root can be several users.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod support;

use cognito_sandbox::Person;
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use support::{Machine, PROGRAM, Ran, alice, wait_until};
use url::Url;

/// How many users the tests of this process have made up.
static USERS: AtomicU32 = AtomicU32::new(0);

/// A user id that nobody has, with a home of its own on a machine that everybody may use.
struct User<'a> {
    machine: &'a Machine,
    id: u32,
    home: PathBuf,
}

/// A machine whose folder is like `/tmp`: everybody may write, and remove only their own.
fn shared(keys: &str) -> Machine {
    let machine = Machine::with(keys);
    fs::set_permissions(machine.path(""), fs::Permissions::from_mode(0o1777)).unwrap();
    fs::write(machine.path("tabs"), "").unwrap();
    fs::set_permissions(machine.path("tabs"), fs::Permissions::from_mode(0o666)).unwrap();
    for readable in [".aws", ".aws/config", "browser"] {
        fs::set_permissions(machine.path(readable), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::copy(PROGRAM, machine.path("program")).unwrap();
    machine
}

impl<'a> User<'a> {
    fn new(machine: &'a Machine) -> Self {
        let id = 2_000_000 + 10 * std::process::id() + USERS.fetch_add(1, Ordering::Relaxed) % 10;
        let home = machine.path(&format!("home-{id}"));
        let user = Self { machine, id, home };
        user.does(&["mkdir", "-m", "700", user.home.to_str().unwrap()]);
        user
    }

    /// A command as this user, with these variables beside the machine's own; an empty one is unset.
    fn command(&self, command: &[&str], variables: &[(&str, &Path)]) -> Command {
        let is_root = fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t");
        let id = self.id.to_string();
        let mut words = if is_root { vec![] } else { vec!["sudo", "-n"] };
        words.extend(["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups", "--", "env", "-i"]);

        let machine = self.machine.command(&[]);
        let mut all: BTreeMap<&str, &Path> = machine
            .get_envs()
            .map(|(name, value)| (name.to_str().unwrap(), Path::new(value.unwrap())))
            .collect();
        let config = self.machine.path(".aws/config");
        all.extend([("HOME", &*self.home), ("AWS_CONFIG_FILE", &*config)]);
        all.extend(variables.iter().copied());
        all.retain(|_, value| !value.as_os_str().is_empty());

        let assignments = all.iter().map(|(name, value)| format!("{name}={}", value.display()));
        let mut built = Command::new(words[0]);
        built.args(&words[1..]).args(assignments).args(command).current_dir("/").stdin(Stdio::null());
        built
    }

    fn does(&self, command: &[&str]) {
        let output = self.command(command, &[]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn run(&self, args: &[&str], variables: &[(&str, &Path)]) -> Ran {
        let program = self.machine.path("program");
        let command: Vec<_> = [program.to_str().unwrap()].iter().chain(args).copied().collect();
        self.command(&command, variables).output().unwrap().into()
    }

    fn call(&self, variables: &[(&str, &Path)]) -> Ran {
        self.run(&["credential-process", "--profile", "dev"], variables)
    }
}

impl Drop for User<'_> {
    /// The keys of a user that nobody has would stay until reboot.
    fn drop(&mut self) {
        let _ = self.run(&["logout", "--profile", "dev"], &[]);
    }
}

/// A command as the superuser.
fn root(words: &[&str]) {
    let is_root = fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t");
    let words = if is_root { words.to_vec() } else { [&["sudo", "-n"], words].concat() };
    assert!(Command::new(words[0]).args(&words[1..]).status().unwrap().success(), "{words:?}");
}

/// Everything under a folder: where, whose, and a digest of what.
fn everything(folder: &Path) -> Vec<(PathBuf, u32, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let what = entry.metadata().unwrap();
        let mut digest = DefaultHasher::new();
        if what.is_file() {
            fs::read(entry.path()).unwrap().hash(&mut digest);
        } else {
            found.extend(everything(&entry.path()));
        }
        found.push((entry.path(), what.uid(), digest.finish()));
    }
    found.sort();
    found
}

/// A call that signs in, and the end of the sign-in behind it.
fn sign_in(user: &User<'_>, variables: &[(&str, &Path)]) -> serde_json::Value {
    let document = user.call(variables).document();
    wait_until("the end of the sign-in", || {
        user.run(&["status", "--profile", "dev", "--json"], variables).stdout.contains(r#""sign_in":"none""#)
    });
    document
}

#[test]
fn two_users_of_one_machine_sign_in_each_for_themselves() {
    let mut machine = shared("cognito_store = file\n");
    machine.seat(alice());
    let (one, other) = (User::new(&machine), User::new(&machine));
    let first = sign_in(&one, &[]);
    let second = sign_in(&other, &[]);
    assert_ne!(first, second);
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (2, 2));
    assert_eq!((one.call(&[]).document(), other.call(&[]).document()), (first, second));
    for user in [&one, &other] {
        assert!(everything(&user.home).iter().all(|(_, owner, _)| *owner == user.id));
    }
}

/// `su` and `sudo -E` keep HOME.
#[test]
fn with_somebody_elses_home_nothing_of_theirs_is_read_or_written() {
    let mut machine = shared("cognito_store = file\n");
    machine.seat(alice());
    let (owner, guest) = (User::new(&machine), User::new(&machine));
    sign_in(&owner, &[]);
    // Open to everybody, which is the owner's mistake and no invitation.
    for (path, _, _) in everything(&owner.home) {
        let open = if path.is_dir() { 0o777 } else { 0o666 };
        fs::set_permissions(path, fs::Permissions::from_mode(open)).unwrap();
    }
    fs::set_permissions(&owner.home, fs::Permissions::from_mode(0o777)).unwrap();
    let before = everything(&owner.home);
    let asked = machine.sandbox.counts().total;

    let (what, paste) = guest.call(&[("HOME", &owner.home)]).failure();
    assert!(what.contains(&format!("belongs to another user (uid {})", owner.id)), "{what}");
    assert!(!paste.contains("chown"), "{paste}");
    assert_eq!((everything(&owner.home), machine.sandbox.counts().total), (before.clone(), asked));

    // Nor by the superuser, who could.
    let (home, config) =
        (owner.home.display().to_string(), machine.path(".aws/config").display().to_string());
    let (what, _) = machine.call_with(&[("HOME", &home), ("AWS_CONFIG_FILE", &config)]).failure();
    assert!(what.contains("belongs to another user"), "{what}");
    assert_eq!((everything(&owner.home), machine.sandbox.counts().total), (before, asked));
}

#[test]
fn in_a_shared_folder_the_second_user_is_told_and_takes_nothing() {
    let mut machine = shared("cognito_store = file\n");
    machine.seat(alice());
    let (first, second) = (User::new(&machine), User::new(&machine));
    let everywhere = machine.path("");
    let in_shared = [("XDG_STATE_HOME", &*everywhere), ("XDG_DATA_HOME", &*everywhere)];
    sign_in(&first, &in_shared);
    let before = everything(&machine.path("cognito-creds"));
    let (what, paste) = second.call(&in_shared).failure();
    assert!(what.contains(&format!("belongs to another user (uid {})", first.id)), "{what}");
    assert!(paste.contains("XDG_STATE_HOME"), "{paste}");
    assert_eq!(everything(&machine.path("cognito-creds")), before);
    assert_eq!(machine.tabs().len(), 1);

    // A state folder of their own does not make the shared data folder theirs.
    let (what, _) = second.call(&[("XDG_DATA_HOME", &everywhere)]).failure();
    assert!(what.contains("another user"), "{what}");
    assert_eq!(everything(&machine.path("cognito-creds")), before);
    second.call(&[]).document();
}

#[test]
fn a_home_that_belongs_to_the_system_needs_a_runtime_folder_of_ones_own() {
    let mut machine = shared("cognito_store = kernel\n");
    machine.seat(alice());
    let (user, other) = (User::new(&machine), User::new(&machine));
    let (home, run, theirs) = (machine.path("system"), machine.path("run"), machine.path("theirs"));
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
    user.does(&["mkdir", "-m", "700", run.to_str().unwrap()]);
    other.does(&["mkdir", "-m", "700", theirs.to_str().unwrap()]);
    other.does(&["mkdir", "-m", "777", machine.path("open").to_str().unwrap()]);
    other.does(&["mkdir", "-m", "777", machine.path("open/cognito-creds").to_str().unwrap()]);
    other.does(&["chmod", "-R", "777", machine.path("open").to_str().unwrap()]);

    let (what, paste) = user.call(&[("HOME", &home)]).failure();
    assert!(what.contains("can't be written (permission denied)"), "{what}");
    assert!(paste.contains("XDG_STATE_HOME"), "{paste}");
    // `su` keeps the variable of the session it was called in.
    for not_ours in [&theirs, &machine.path("open")] {
        user.call(&[("HOME", &home), ("XDG_RUNTIME_DIR", not_ours)]).failure();
        assert!(everything(not_ours).iter().all(|(_, owner, _)| *owner == other.id));
    }
    assert!(machine.tabs().is_empty());

    let with_run = [("HOME", &*home), ("XDG_RUNTIME_DIR", &*run)];
    let first = user.call(&with_run).document();
    assert_eq!(user.call(&with_run).document(), first);
    assert!(everything(&home).is_empty());
    assert_eq!(user.run(&["logout", "--profile", "dev"], &with_run).code, 0);
}

/// A browser that stays, so that its command line can be read, until its file `seen` is there.
fn let_the_browser_stay(machine: &Machine) {
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\nuntil [ -e '{}' ]; do sleep 0.05; done\n",
        machine.path("tabs").display(),
        machine.path("seen").display()
    );
    fs::write(machine.path("browser"), script).unwrap();
}

/// What another user finds in the command lines of all processes: the sign-in page's address at this sandbox.
fn address_in_a_command_line(machine: &Machine, spy: &User<'_>) -> Url {
    let wanted = format!("{}/oauth2/authorize?", machine.sandbox.url());
    let look = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'";
    let lines = spy.command(&["sh", "-c", look], &[]).output().unwrap().stdout;
    let lines = String::from_utf8_lossy(&lines).into_owned();
    let found =
        lines.lines().find(|line| line.starts_with(&wanted)).unwrap_or_else(|| panic!("not in {lines}"));
    found.parse().unwrap()
}

/// How many logins lie in a user's home.
fn logins(user: &User<'_>) -> usize {
    let is_login = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("login.") && name.matches('.').count() == 1
    };
    everything(&user.home).iter().filter(|(path, ..)| is_login(path)).count()
}

/// A request of another user to the listener; what comes back.
fn visit(machine: &Machine, spy: &User<'_>, query: &str) -> String {
    let port = machine.port;
    let talk = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET /callback?%s HTTP/1.1\\r\\nHost: localhost:{port}\\r\\n\\r\\n' '{query}' >&3; cat <&3"
    );
    let output = spy.command(&["bash", "-c", &talk], &[]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn another_user_without_the_state_neither_ends_nor_delays_a_sign_in() {
    let machine = shared("cognito_store = file\n");
    let (person, stranger) = (User::new(&machine), User::new(&machine));
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| person.call(&[]));
        wait_until("the tab", || machine.tabs().len() == 1);
        for query in
            ["", "code=c", "code=c&state=guessed", "error=access_denied", "error=access_denied&state=x"]
        {
            let answer = visit(&machine, &stranger, query);
            assert!(answer.starts_with("HTTP/1.1 400 "), "{query}: {answer}");
        }
        alice().sign_in(&machine.tabs()[0]).unwrap();
        caller.join().unwrap().document();
    });
    assert_eq!((machine.tabs().len(), machine.sandbox.counts().token_code), (1, 1));
}

/// The browser's command line shows the address of the sign-in page, and its `state`, to everybody. With it another
/// user can end the sign-in; nothing is kept of theirs, and nothing that was there is lost.
#[test]
fn with_the_state_of_the_command_line_another_user_can_end_a_sign_in_and_no_more() {
    for query in ["code=theirs", "error=access_denied&error_description=Gotcha"] {
        let machine = shared("cognito_store = file\n");
        let_the_browser_stay(&machine);
        let (person, spy) = (User::new(&machine), User::new(&machine));
        let ran = std::thread::scope(|scope| {
            let caller = scope.spawn(|| person.call(&[]));
            wait_until("the tab", || machine.tabs().len() == 1);
            let seen = address_in_a_command_line(&machine, &spy);
            assert_eq!(seen.as_str(), machine.tabs()[0]);
            let asked: BTreeMap<_, _> = seen.query_pairs().into_owned().collect();
            assert!(!asked.contains_key("code_verifier"));
            let landing = visit(&machine, &spy, &format!("{query}&state={}", asked["state"]));
            assert!(landing.starts_with("HTTP/1.1 303 "), "{landing}");
            caller.join().unwrap()
        });
        fs::write(machine.path("seen"), "").unwrap();
        let (what, paste) = ran.failure();
        assert!(what.contains("did not accept the authorization code") || what.contains("Gotcha"), "{what}");
        assert!(paste.contains("login"), "{paste}");
        let counts = machine.sandbox.counts();
        assert_eq!((counts.get_id, counts.get_credentials), (0, 0), "{query}");
        assert_eq!(logins(&person), 0);
    }
}

/// Whoever signs in as themselves at the very address that the command line shows, and is first, is signed in here:
/// it is the same request. Every place that tells who is signed in tells them.
#[test]
fn somebody_elses_own_sign_in_at_the_same_address_is_told_by_name() {
    let machine = shared("cognito_store = file\n");
    let_the_browser_stay(&machine);
    let (person, spy) = (User::new(&machine), User::new(&machine));
    let (ran, page) = std::thread::scope(|scope| {
        let login = scope.spawn(|| person.run(&["login", "--profile", "dev"], &[]));
        wait_until("the tab", || machine.tabs().len() == 1);
        let seen = address_in_a_command_line(&machine, &spy);
        let page = Person::new("dora", "password").sign_in(seen.as_str()).unwrap();
        (login.join().unwrap(), page)
    });
    fs::write(machine.path("seen"), "").unwrap();
    assert!(page.body.contains("dora@example.com"), "{}", page.body);
    assert!(ran.code == 0 && format!("{}{}", ran.stdout, ran.stderr).contains("dora@example.com"), "{ran:?}");
    let status = person.run(&["status", "--profile", "dev"], &[]);
    assert!(status.stdout.contains("dora@example.com"), "{status:?}");
    // The person's own browser comes too late, and nothing of theirs is exchanged.
    alice().sign_in(&machine.tabs()[0]).unwrap_err();
    assert_eq!((machine.sandbox.counts().token_code, logins(&person)), (1, 1));
}

/// Root left files behind with `sudo`, or somebody took the rights away.
#[test]
fn a_file_that_is_closed_or_somebody_elses_is_told_and_left_as_it_is() {
    let mut machine = shared("cognito_store = file\n");
    machine.seat(alice());
    let (user, other) = (User::new(&machine), User::new(&machine));
    let warm = sign_in(&user, &[]);
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let cold = config.replace("profile dev]", "profile cold]") + "cognito_cache = none\n";
    fs::write(machine.path(".aws/config"), config + &cold).unwrap();
    let in_ours = |path: &Path| path.display().to_string().contains("/cognito-creds");
    let ours = everything(&user.home).into_iter().map(|(path, _, _)| path).filter(|path| in_ours(path));
    let mut told = 0;
    for path in ours {
        let found = fs::metadata(&path).unwrap();
        let shown = path.display().to_string();
        for (what, words) in [
            ("closed", vec!["chmod", "000", &shown]),
            ("of another user", vec!["chown", &other.id.to_string(), &shown]),
        ] {
            root(&words);
            let run = |args: &[&str]| {
                let ran = user.run(args, &[("CI", Path::new("1"))]);
                assert!(matches!(ran.code, 0 | 1), "{shown} {what}: {ran:?}");
                assert!(ran.code == 0 || ran.stdout.is_empty() || args[0] == "status", "{ran:?}");
                ran
            };
            let case = format!("{shown} {what}");
            assert_eq!(run(&["credential-process", "--profile", "dev"]).document(), warm, "{case}");
            let call = run(&["credential-process", "--profile", "cold"]);
            told += usize::from(call.code == 1);
            assert!(call.code == 0 || call.stderr.lines().count() == 2, "{case}: {call:?}");
            run(&["status"]);
            let after = fs::symlink_metadata(&path).unwrap();
            if what == "closed" {
                // Our own folder may be opened again, a file is not.
                assert!(matches!(after.mode() & 0o777, 0 | 0o600 | 0o700), "{case}: {:o}", after.mode());
            } else if after.ino() == found.ino() {
                assert_eq!(after.uid(), other.id, "{case}");
            }
            root(&["chown", &user.id.to_string(), &shown]);
            root(&["chmod", &format!("{:o}", found.mode() & 0o777), &shown]);
        }
    }
    assert!(told >= 6, "login, its lock and both folders matter: {told}");
    assert_eq!(user.run(&["credential-process", "--profile", "cold"], &[("CI", Path::new("1"))]).code, 0);
    assert_eq!(machine.tabs().len(), 1, "nothing was lost");
}

/// In a folder where everybody may rename everything, another user puts folders in the place of ours.
#[test]
fn in_a_folder_that_everybody_may_write_a_folder_that_was_exchanged_is_refused() {
    for mode in [0o777, 0o1777] {
        let mut machine = shared("cognito_store = file\ncognito_cache = none\n");
        machine.seat(alice());
        let (user, mallory) = (User::new(&machine), User::new(&machine));
        let open = machine.path("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(mode)).unwrap();
        let there = [("XDG_STATE_HOME", &*open), ("XDG_DATA_HOME", &*open), ("CI", Path::new(""))];
        sign_in(&user, &there);
        assert_eq!(fs::metadata(open.join("cognito-creds")).unwrap().mode() & 0o777, 0o700);

        let (ours, away) = (open.join("cognito-creds"), open.join("away"));
        let (ours, away) = (ours.to_str().unwrap(), away.to_str().unwrap());
        let moved = mallory.command(&["mv", ours, away], &[]).output().unwrap().status.success();
        assert_eq!(moved, mode == 0o777, "the sticky bit keeps it where it is");
        if !moved {
            user.call(&there).document();
            continue;
        }
        let theirs = mallory.home.to_str().unwrap();
        mallory.does(&["chmod", "777", theirs]);
        let exchanges: [&[&str]; 3] =
            [&["mkdir", "-m", "777", ours], &["ln", "-s", theirs, ours], &["ln", "-s", away, ours]];
        for exchange in exchanges {
            mallory.does(exchange);
            let asked = machine.sandbox.counts().total;
            let (what, _) = user.call(&there).failure();
            assert!(what.contains("another user") || what.contains("link"), "{exchange:?}: {what}");
            assert!(everything(&mallory.home).is_empty() && machine.sandbox.counts().total == asked);
            mallory.does(&["rm", "-rf", ours]);
        }
        root(&["mv", away, ours]);
        user.call(&there).document();
    }
}

#[test]
fn without_any_home_the_missing_folder_is_told() {
    let machine = shared("cognito_store = kernel\n");
    let user = User::new(&machine);
    let nowhere = Path::new("");
    let (what, paste) = user.call(&[("HOME", nowhere)]).failure();
    assert!(what.contains("There is no home folder"), "{what}");
    assert!(paste.contains("XDG_STATE_HOME"), "{paste}");
    assert!(
        user.call(&[("HOME", nowhere), ("AWS_CONFIG_FILE", nowhere)]).failure().0.contains("config file")
    );
    assert!(machine.tabs().is_empty());
}
