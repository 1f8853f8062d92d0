//! Several users on one machine: nobody reads, writes or trusts what is another user's.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name:
//! `cargo test --test users`. It needs `setpriv` (util-linux), and root or a `sudo` that does not ask,
//! because only root can be several users.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod command_line;
mod folders;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use support::{Machine, PROGRAM, Ran, alice, wait_until};

/// How many users the tests of this process have made up.
static USERS: AtomicU32 = AtomicU32::new(0);

/// A user id that nobody has, with a home of its own on a machine that everybody may use. The machine's
/// config file is the user's own: their home links to it.
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
        let own = user.home.join(".aws");
        user.does(&["ln", "-s", machine.path(".aws").to_str().unwrap(), own.to_str().unwrap()]);
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

/// Everything under a folder but the link to the config file: where, whose, and a digest of what.
fn everything(folder: &Path) -> Vec<(PathBuf, u32, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != ".aws")
    {
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
