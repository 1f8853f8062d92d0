//! What the kernel keyring promises, against a real kernel, several sessions and other users.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name:
//! `cargo test --test kernel`. It needs `keyctl` (keyutils), `setpriv` (util-linux), and root or a
//! `sudo` that does not ask, because only root can be several users.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

use cognito_creds::store::{EntryName, Kernel, Store, StoreError};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const HOUR: Option<Duration> = Some(Duration::from_hours(1));

/// A name that no other run of these tests uses.
fn name(what: &str) -> EntryName {
    let run = format!("{}.{}", std::process::id(), getrandom::u64().unwrap());
    EntryName::new("credentials", [what, &run])
}

fn loaded(store: &Kernel, name: &EntryName) -> Option<Vec<u8>> {
    store.load(name).unwrap().map(|value| value.to_vec())
}

/// The words of this name's line in `/proc/keys`: id, flags, uses, time-out, permissions, …
fn in_proc_keys(name: &EntryName) -> Option<Vec<String>> {
    let keys = fs::read_to_string("/proc/keys").unwrap();
    let line = keys.lines().find(|line| line.contains(&format!(":{}:", name.as_str())))?;
    Some(line.split_whitespace().map(str::to_owned).collect())
}

#[test]
fn a_value_of_any_size_comes_back_is_replaced_and_deleted() {
    for store in [Kernel::cache(), Kernel::login()] {
        let name = name("sizes");
        assert_eq!(loaded(&store, &name), None);
        for bytes in [1, 3_000, 8_191, 8_192, 8_193, 32_767, 10] {
            store.save(&name, &vec![b'x'; bytes], HOUR).unwrap();
            assert_eq!(loaded(&store, &name), Some(vec![b'x'; bytes]));
        }
        store.delete(&name).unwrap();
        store.delete(&name).unwrap();
        assert_eq!(loaded(&store, &name), None);
    }
}

#[test]
fn a_value_beyond_a_keys_size_is_full() {
    let refused = Kernel::cache().save(&name("large"), &vec![b'x'; 32_768], HOUR);
    assert!(matches!(refused, Err(StoreError::Full(_))));
}

#[test]
fn the_kernel_forgets_a_value_at_its_end_and_a_new_one_lives_on() {
    let (store, name) = (Kernel::cache(), name("end"));
    store.save(&name, b"short", Some(Duration::from_secs(1))).unwrap();
    std::thread::sleep(Duration::from_millis(2_100));
    assert_eq!(loaded(&store, &name), None);
    store.delete(&name).unwrap();
    store.save(&name, b"short", Some(Duration::from_secs(1))).unwrap();
    std::thread::sleep(Duration::from_millis(2_100));
    store.save(&name, b"long", HOUR).unwrap();
    assert_eq!(loaded(&store, &name), Some(b"long".to_vec()));
    store.delete(&name).unwrap();
}

#[test]
fn a_key_is_closed_to_others_and_has_its_end() {
    let (cached, kept) = (name("cached"), name("kept"));
    Kernel::cache().save(&cached, b"{}", HOUR).unwrap();
    Kernel::login().save(&kept, b"{}", None).unwrap();
    let [cached_key, kept_key] = [&cached, &kept].map(|name| in_proc_keys(name).unwrap());
    assert_eq!(cached_key[4], "3f090000", "possessor all, user view and search");
    assert_eq!(kept_key[4], "3f090000");
    assert!(["59m", "60m", "1h"].contains(&cached_key[3].as_str()), "{}", cached_key[3]);
    assert_eq!(kept_key[3], "perm");
    Kernel::cache().delete(&cached).unwrap();
    Kernel::login().delete(&kept).unwrap();
}

/// As in cron, a unit or `su`: a session of its own does not possess the user keyring.
#[test]
fn another_session_of_the_same_user_reads_changes_and_deletes() {
    let other = OtherUser::new();
    let name = name("sessions");
    for store in ["cache", "login"] {
        other.does(&["save", store, name.as_str(), "first"]);
        other.does(&["find", store, name.as_str(), "first"]);
        other.does(&["save", store, name.as_str(), "second"]);
        other.does(&["find", store, name.as_str(), "second"]);
        other.does(&["delete", store, name.as_str(), ""]);
        other.does(&["miss", store, name.as_str(), ""]);
    }
}

#[test]
fn another_user_finds_nothing() {
    let (owner, other) = (OtherUser::new(), OtherUser::new());
    let name = name("users");
    for store in ["cache", "login"] {
        owner.does(&["save", store, name.as_str(), "secret"]);
        other.does(&["miss", store, name.as_str(), ""]);
        owner.does(&["find", store, name.as_str(), "secret"]);
    }
}

/// An ordinary user has 20,000 bytes for all keys together (`/proc/sys/kernel/keys/maxbytes`).
#[test]
fn a_full_quota_drops_the_credentials_that_end_soonest_and_never_a_login() {
    OtherUser::new().does(&["fill", "", "", ""]);
}

/// The kernel lists an expired key, and charges the quota for it, for 300 seconds more (`gc_delay`).
#[test]
fn expired_credentials_make_room_first_and_hold_no_save_up() {
    OtherUser::new().does(&["fill-with-expired", "", "", ""]);
}

/// What the tests above run as other users and in sessions of their own.
#[test]
#[ignore = "run by the other tests, with PART set"]
fn part_of_another_test() {
    let text = std::env::var("PART").unwrap();
    let [what, store, name, value] = text.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let name = EntryName::new("part", [name]);
    let store = if store == "login" { Kernel::login() } else { Kernel::cache() };
    match what {
        "save" => store.save(&name, value.as_bytes(), HOUR).unwrap(),
        "find" => assert_eq!(loaded(&store, &name), Some(value.as_bytes().to_vec())),
        "miss" => assert_eq!(loaded(&store, &name), None),
        "delete" => store.delete(&name).unwrap(),
        "fill" => fill_the_quota(),
        "fill-with-expired" => fill_the_quota_with_expired(),
        other => panic!("no such part: {other}"),
    }
}

fn fill_the_quota() {
    let (login, cache) = (Kernel::login(), Kernel::cache());
    let refresh_token = name("refresh token");
    login.save(&refresh_token, &[b'r'; 6_000], None).unwrap();
    let names: Vec<EntryName> = (0..12).map(|i| name(&i.to_string())).collect();
    for (hours, name) in (1..).zip(&names) {
        cache.save(name, &[b'c'; 3_000], Some(Duration::from_hours(hours))).unwrap();
        assert_eq!(loaded(&cache, name), Some(vec![b'c'; 3_000]), "the newest is there");
    }
    let kept: Vec<bool> = names.iter().map(|name| loaded(&cache, name).is_some()).collect();
    let first = kept.iter().position(|kept| *kept).unwrap();
    assert!(first > 0, "20,000 bytes do not hold all of it");
    assert!(kept[first..].iter().all(|kept| *kept), "what ends soonest went first: {kept:?}");
    login.save(&refresh_token, &[b'r'; 9_000], None).unwrap();
    assert_eq!(loaded(&login, &refresh_token), Some(vec![b'r'; 9_000]), "credentials make room for a login");
    let another = login.save(&name("another login"), &vec![b'r'; 20_000], None);
    assert!(matches!(another, Err(StoreError::Full(_))), "{another:?}");
    assert_eq!(loaded(&login, &refresh_token), Some(vec![b'r'; 9_000]), "a login never goes");
}

fn fill_the_quota_with_expired() {
    let (login, cache) = (Kernel::login(), Kernel::cache());
    let [expired, lasting, newest, refresh_token] = ["expired", "lasting", "newest", "login"].map(name);
    login.save(&refresh_token, &[b'r'; 6_000], None).unwrap();
    cache.save(&lasting, &[b'c'; 4_000], HOUR).unwrap();
    cache.save(&expired, &[b'c'; 7_000], Some(Duration::from_secs(1))).unwrap();
    std::thread::sleep(Duration::from_millis(2_100));
    assert_eq!(in_proc_keys(&expired).unwrap()[3], "expd", "it still takes its part of the quota");

    let saved = promptly({
        let newest = newest.clone();
        move || Kernel::cache().save(&newest, &[b'c'; 8_000], HOUR)
    });
    assert!(saved.is_ok(), "{saved:?}");
    assert_eq!(loaded(&cache, &newest), Some(vec![b'c'; 8_000]));
    assert_eq!(loaded(&cache, &lasting), Some(vec![b'c'; 4_000]), "what is good for an hour stays");
    assert_eq!(loaded(&cache, &expired), None);
    let full = promptly(|| Kernel::login().save(&name("another login"), &vec![b'r'; 20_000], None));
    assert!(matches!(full, Err(StoreError::Full(_))), "{full:?}");
    assert_eq!(loaded(&login, &refresh_token), Some(vec![b'r'; 6_000]), "a login never goes");
}

/// What the work gives, which must not take until the kernel collects a key.
fn promptly<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (give, take) = std::sync::mpsc::channel();
    std::thread::spawn(move || give.send(work()));
    take.recv_timeout(Duration::from_secs(30)).expect("the save goes round and round")
}

/// How many users the tests of this process have made up.
static USERS: AtomicU32 = AtomicU32::new(0);

/// A user id that nobody has, and a copy of this program that it may run.
struct OtherUser {
    id: String,
    program: tempfile::TempDir,
}

impl OtherUser {
    fn new() -> Self {
        let program = tempfile::tempdir().unwrap();
        fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(std::env::current_exe().unwrap(), program.path().join("kernel")).unwrap();
        let id = 1_000_000 + 10 * std::process::id() + USERS.fetch_add(1, Ordering::Relaxed) % 10;
        Self { id: id.to_string(), program }
    }

    fn as_user(&self, command: &[&str]) -> Command {
        let is_root = fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t");
        let mut words = if is_root { vec![] } else { vec!["sudo", "-n"] };
        words.extend(["setpriv", "--reuid", &self.id, "--regid", &self.id, "--clear-groups", "--"]);
        words.extend(command);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir("/");
        command
    }

    /// Runs a part as this user, in a new session.
    fn does(&self, part: &[&str; 4]) {
        let program = self.program.path().join("kernel");
        let part = format!("PART={}", part.join(" "));
        let output = self
            .as_user(&["keyctl", "session", "-", "env", &part, program.to_str().unwrap()])
            .args(["--exact", "part_of_another_test", "--ignored", "--nocapture"])
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        // A part that was renamed would run nothing and pass.
        assert!(text(&output.stdout).contains("1 passed"), "{}", text(&output.stdout));
    }
}

impl Drop for OtherUser {
    /// The keys of a user that nobody has would stay until reboot.
    fn drop(&mut self) {
        let _ = self.as_user(&["keyctl", "clear", "@u"]).output();
        let persistent = "keyctl clear \"$(keyctl get_persistent @s)\"";
        let _ = self.as_user(&["keyctl", "session", "-", "sh", "-c", persistent]).output();
    }
}
