//! Disks that are full, have no room for another file, break, or are several: the old value stays whole,
//! nothing half-written is left lying about, no refresh token is spent that could not be kept, and all is well
//! again when the disk is.
//!
//! Not part of a plain `cargo test`, which needs nothing but Rust. Run it by name: `cargo test --test disks`.
//! It needs root for file systems of its own, which nobody else sees, and `strace`, which lets a system call
//! fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use support::cases::Cases;
use support::{Machine, PROGRAM, Ran, alice, signed_in};

/// A view of the file system of its own, as long as this lives.
struct Namespace(Child);

impl Namespace {
    fn new() -> Self {
        let holder = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", "echo ready; exec sleep 600"])
            .stdout(Stdio::piped())
            .spawn();
        let mut holder = holder.unwrap();
        let mut line = String::new();
        let stdout = holder.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
        assert_eq!(line, "ready\n", "only root has file systems of its own");
        Self(holder)
    }

    /// A path in it, as everybody else reaches it.
    fn path(&self, path: &Path) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.0.id())).join(path.strip_prefix("/").unwrap())
    }

    /// The words that run a command in it.
    fn enter(&self) -> String {
        format!("nsenter --mount=/proc/{}/ns/mnt --", self.0.id())
    }

    fn does(&self, line: &str) {
        let done = Command::new("sh").args(["-c", &format!("{} {line}", self.enter())]).output().unwrap();
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs the program by way of these words; it must come to its end by itself.
fn run(machine: &Machine, by: &str, args: &str) -> Ran {
    let mut child = machine.shell(&format!("exec {by} '{PROGRAM}' {args}")).spawn().unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "{by} {args} hangs");
        thread::sleep(Duration::from_millis(5));
    }
    Ran::of(child)
}

const CALL: &str = "credential-process --profile dev";

/// The one file of the login, and whatever else is in its folder.
fn login_folder(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// The stored ID token comes to its end, in whatever file system it lies.
fn let_id_token_end(folder: &Path) {
    let [(path, text)] = &login_folder(folder)[..] else { panic!("one login") };
    let mut login: serde_json::Value = serde_json::from_slice(text).unwrap();
    // What can't be read counts as old.
    login["id_token"] = "ended".into();
    fs::write(path, login.to_string()).unwrap();
}

/// Fills what the options leave of a file system of our own, with a login in it.
fn assert_a_full_disk_loses_nothing(options: &str, fill: &str) {
    let (mut machine, space) = (Machine::new(), Namespace::new());
    let local = machine.path(".local");
    fs::create_dir(&local).unwrap();
    space.does(&format!("mount -t tmpfs -o mode=700,{options} none {}", local.display()));
    machine.seat(alice());
    let warm = run(&machine, &space.enter(), CALL).document();
    machine.leave();
    // The process of the sign-in writes until its end.
    thread::sleep(Duration::from_secs(3));
    let folder = space.path(&local.join("share/cognito-creds"));
    let_id_token_end(&folder);
    let kept = login_folder(&folder);
    space.does(&format!("sh -c 'cd {}; {fill}'", local.display()));

    assert_eq!(run(&machine, &space.enter(), CALL).document(), warm, "what lives needs no disk");
    machine.let_credentials_end();
    machine.sandbox.clear_log();
    let (what, paste) = run(&machine, &space.enter(), CALL).failure();
    assert!(what.contains("does not fit") || what.contains("can't be"), "{what}");
    assert!(paste.contains("cognito-creds doctor"), "{paste}");
    assert_eq!(machine.sandbox.counts().token_refresh, 0, "no token was spent that could not be kept");
    for args in ["status", "doctor --profile dev"] {
        assert!(matches!(run(&machine, &space.enter(), args).code, 0 | 1), "{args}");
    }
    assert_eq!(login_folder(&folder), kept, "whole, and nothing beside it");

    space.does(&format!("sh -c 'rm -rf {}/fill*'", local.display()));
    run(&machine, &space.enter(), CALL).document();
    assert_eq!((machine.tabs().len(), login_folder(&folder).len()), (1, 1));
}

#[test]
fn a_full_disk_loses_nothing() {
    assert_a_full_disk_loses_nothing("size=256k", "dd if=/dev/zero of=fill bs=4k 2>/dev/null; test -s fill");
}

#[test]
fn a_disk_without_room_for_another_file_loses_nothing() {
    let fill = "i=0; while touch fill$i 2>/dev/null; do i=$((i+1)); done; test -e fill0";
    assert_a_full_disk_loses_nothing("size=1m,nr_inodes=40", fill);
}

/// A shell's `ulimit -f`: the system ends whoever writes more.
#[test]
fn a_limit_on_the_size_of_files_tears_nothing() {
    let machine = signed_in();
    machine.let_id_token_end();
    let folder = machine.path(".local/share/cognito-creds");
    let kept = login_folder(&folder);
    let mut limited = machine.shell(&format!("ulimit -f 1; exec '{PROGRAM}' {CALL}"));
    assert!(!limited.output().unwrap().status.success());
    assert!(login_folder(&folder).contains(&kept[0]));
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
}

/// Breaking disks, a quota that shows late, folders on several devices, networks that go.
#[test]
fn a_disk_that_fails_in_the_middle_of_a_write_tears_nothing() {
    for (calls, error) in [
        ("fsync", "EIO"),
        ("fsync", "EDQUOT"),
        ("fsync", "ESTALE"),
        ("?rename,?renameat,?renameat2", "EXDEV"),
        ("?rename,?renameat,?renameat2", "EBUSY"),
        ("?rename,?renameat,?renameat2", "EIO"),
        ("?rename,?renameat,?renameat2", "EROFS"),
    ] {
        let machine = signed_in();
        machine.let_id_token_end();
        let folder = machine.path(".local/share/cognito-creds");
        let kept = login_folder(&folder);
        let config = fs::read(machine.path(".aws/config")).unwrap();
        let by = format!("strace -f -o /dev/null -e trace={calls} -e inject={calls}:error={error}");
        machine.sandbox.clear_log();
        let (what, _) = run(&machine, &by, CALL).failure();
        assert!(what.contains("can't be") || what.contains("does not fit"), "{calls} {error}: {what}");
        assert_eq!(machine.sandbox.counts().token_refresh, 0, "{calls} {error}");
        assert_eq!(login_folder(&folder), kept, "{calls} {error}: whole, and nothing beside it");

        let (what, _) = run(&machine, &by, "configure --profile dev --lang de").failure();
        assert!(what.contains("can't be written") || what.contains("can't be used"), "{what}");
        assert_eq!(fs::read(machine.path(".aws/config")).unwrap(), config, "{calls} {error}");
        let left = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "tmp");
        assert!(!machine.files().iter().any(left), "{calls} {error}");

        machine.call().document();
        assert_eq!(machine.tabs().len(), 1, "{calls} {error}");
    }
}

/// A file that is mounted by itself, as containers do it, can't be replaced by a rename.
#[test]
fn a_file_that_is_a_mount_of_its_own_stays_as_it_was() {
    let (machine, space) = (signed_in(), Namespace::new());
    machine.let_id_token_end();
    let (config, folder) = (machine.path(".aws/config"), machine.path(".local/share/cognito-creds"));
    let [(login, text)] = &login_folder(&folder)[..] else { panic!("one login") };
    for file in [&config, login] {
        space.does(&format!("mount --bind {0} {0}", file.display()));
    }
    let before = fs::read(&config).unwrap();
    let mut cases = Cases::of("mounted-file");
    cases.tell(
        "a config file",
        &machine,
        &run(&machine, &space.enter(), "configure --profile dev --lang de"),
    );
    cases.compare();
    assert_eq!(fs::read(&config).unwrap(), before);
    run(&machine, &space.enter(), CALL).failure();
    assert_eq!(login_folder(&folder), [(login.clone(), text.clone())]);
    assert_eq!(fs::read_dir(machine.path(".aws")).unwrap().count(), 1);
    machine.call().document();
}
