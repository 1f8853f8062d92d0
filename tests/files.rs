//! Something else in the place of each file and folder that the program uses: it is not followed, not
//! written, not waited for, and who has credentials keeps being served.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod support;

use cognito_sandbox::{Endpoint, Fault, Times};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use support::{IN_A_FILE, Machine, PROGRAM, Ran, alice, wait_until};

const STATE: &str = ".local/state/cognito-creds";
const DATA: &str = ".local/share/cognito-creds";
/// What the last line of a file outside says.
const PRECIOUS: &str = "precious\n";

/// What may stand in a place.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Other {
    Link,
    LinkToNull,
    LinkToNothing,
    LinkToFolder,
    LinkToItself,
    SecondName,
    Pipe,
    Socket,
    Folder,
    FullFolder,
    Empty,
    Garbage,
    Null,
    OpenToAll,
}

const OTHERS: [Other; 14] = [
    Other::Link,
    Other::LinkToNull,
    Other::LinkToNothing,
    Other::LinkToFolder,
    Other::LinkToItself,
    Other::SecondName,
    Other::Pipe,
    Other::Socket,
    Other::Folder,
    Other::FullFolder,
    Other::Empty,
    Other::Garbage,
    Other::Null,
    Other::OpenToAll,
];

/// What is outside of our folders: a file, a folder with a file, and a name that nothing has.
fn outside(machine: &Machine) -> PathBuf {
    let outside = machine.path("outside");
    let _ = fs::remove_dir_all(&outside);
    fs::create_dir_all(outside.join("folder")).unwrap();
    for file in ["file", "folder/file"] {
        fs::write(outside.join(file), PRECIOUS).unwrap();
        fs::set_permissions(outside.join(file), fs::Permissions::from_mode(0o644)).unwrap();
    }
    fs::set_permissions(outside.join("folder"), fs::Permissions::from_mode(0o755)).unwrap();
    outside
}

/// Everything under a folder, with modes and contents.
fn everything(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let what = entry.metadata().unwrap();
        let text = if what.is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
        found.insert(entry.path(), (what.mode(), text));
        if what.is_dir() {
            found.extend(everything(&entry.path()));
        }
    }
    found
}

fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

/// Puts it there; `false` where this user can't.
fn put(other: Other, path: &Path, outside: &Path) -> bool {
    if other != Other::OpenToAll {
        remove(path);
    }
    match other {
        Other::Link => symlink(outside.join("file"), path).unwrap(),
        Other::LinkToNull => symlink("/dev/null", path).unwrap(),
        Other::LinkToNothing => symlink(outside.join("nothing"), path).unwrap(),
        Other::LinkToFolder => symlink(outside.join("folder"), path).unwrap(),
        Other::LinkToItself => symlink(path, path).unwrap(),
        Other::SecondName => fs::hard_link(outside.join("file"), path).unwrap(),
        Other::Pipe => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        Other::Socket => {
            // The name of a socket is short (unix(7)).
            let short = tempfile::tempdir().unwrap();
            drop(UnixListener::bind(short.path().join("s")).unwrap());
            return fs::rename(short.path().join("s"), path).is_ok();
        }
        Other::Folder => fs::create_dir(path).unwrap(),
        Other::FullFolder => fs::create_dir_all(path.join("a/b")).unwrap(),
        Other::Empty => fs::write(path, "").unwrap(),
        Other::Garbage => fs::write(path, [0xff, 0, b'{'].repeat(1000)).unwrap(),
        Other::Null => {
            let made = Command::new("mknod").arg(path).args(["c", "1", "3"]).stderr(Stdio::null()).status();
            return made.unwrap().success();
        }
        Other::OpenToAll => {
            let mode = if path.is_dir() { 0o777 } else { 0o666 };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
    true
}

/// Runs the program with this umask; it must come to its end by itself.
fn run(machine: &Machine, umask: &str, args: &str) -> Ran {
    let mut child = machine.shell(&format!("umask {umask}; exec '{PROGRAM}' {args}")).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(40);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("{args} hangs");
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ran::of(child)
}

/// Two lines and nothing on stdout, or the document and nothing on stderr.
fn assert_told_well(ran: &Ran, case: &str) {
    match ran.code {
        0 => assert!(ran.stderr.is_empty(), "{case}: {ran:?}"),
        1 => assert!(ran.stdout.is_empty() && ran.stderr.lines().count() == 2, "{case}: {ran:?}"),
        _ => panic!("{case}: {ran:?}"),
    }
}

/// Whatever is ours is 0600 in 0700: what was made, not what was `put` there.
fn assert_private(machine: &Machine, put: &Path, case: &str) {
    for folder in [STATE, DATA] {
        let folder = machine.path(folder);
        let Ok(found) = fs::symlink_metadata(&folder) else { continue };
        if !found.is_dir() {
            continue;
        }
        assert_eq!(found.mode() & 0o777, 0o700, "{case}: {}", folder.display());
        // What runs in the background may be about to finish one.
        wait_until(&format!("{case}: no unfinished file"), || !has_unfinished(&folder));
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let Ok(found) = entry.metadata() else { continue };
            if found.is_file() && entry.path() != put && found.nlink() == 1 {
                assert_eq!(found.mode() & 0o777, 0o600, "{case}: {}", entry.path().display());
            }
        }
    }
}

fn has_unfinished(folder: &Path) -> bool {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.into_iter().any(|name| name.to_string_lossy().ends_with(".tmp"))
}

/// A machine that has used every file there is, and a copy of its `.local`.
fn used(umask: &str) -> (Machine, Vec<PathBuf>) {
    let mut machine = Machine::with(&format!("{IN_A_FILE}cognito_wait = 20s\n"));
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.add(&config.replace("profile dev]", "profile cold]"));
    machine.add("cognito_cache = none\n");
    assert_eq!(run(&machine, umask, "configure --profile dev --lang de").code, 0);
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 17 * 60);
    machine.seat(alice());
    let began = run(&machine, umask, "credential-process --profile dev").document();
    // Renewed ahead, in a process of its own.
    wait_until("a renewal ahead", || {
        run(&machine, umask, "credential-process --profile dev").document() != began
    });
    machine.sandbox.change(|world| world.identity_pool.credential_seconds = 3600);
    machine.let_credentials_end();
    run(&machine, umask, "credential-process --profile dev").document();
    wait_until("the end of what runs in the background", || {
        support::processes::running(&machine, "dev").is_empty()
    });
    // Last, because a success clears what failed before.
    machine.sandbox.fault(Endpoint::GetCredentials, Fault::Status(403), Times::Forever);
    run(&machine, umask, "credential-process --profile cold").failure();
    machine.sandbox.clear_faults();
    let mut paths = vec![machine.path(".aws/config"), machine.path(STATE), machine.path(DATA)];
    for folder in [STATE, DATA] {
        paths.extend(fs::read_dir(machine.path(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    assert!(
        Command::new("cp")
            .arg("-a")
            .arg(machine.path(".local"))
            .arg(machine.path("kept"))
            .status()
            .unwrap()
            .success()
    );
    fs::copy(machine.path(".aws/config"), machine.path("config")).unwrap();
    (machine, paths)
}

fn restore(machine: &Machine) {
    remove(&machine.path(".local"));
    remove(&machine.path(".aws/config"));
    assert!(
        Command::new("cp")
            .arg("-a")
            .arg(machine.path("kept"))
            .arg(machine.path(".local"))
            .status()
            .unwrap()
            .success()
    );
    fs::copy(machine.path("config"), machine.path(".aws/config")).unwrap();
}

/// Each kind of file there is, so that a new one is not left out.
#[test]
fn the_files_are_these() {
    let (machine, paths) = used("000");
    let kind = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.split('.').filter(|part| part.len() != 32).collect::<Vec<_>>().join(".")
    };
    let mut kinds: Vec<_> = paths[3..].iter().map(kind).collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "configure.lock",
            "credentials.renewal.json",
            "event.json",
            "login",
            "login.lock",
            "login.renewal.json",
            "login.renewal.lock",
            "login.sign-in.json",
            "login.sign-in.lock"
        ]
    );
    assert_private(&machine, Path::new(""), "umask 000");
    for made in [".local", ".local/state", ".local/share"] {
        assert_eq!(fs::metadata(machine.path(made)).unwrap().mode() & 0o777, 0o700, "{made}");
    }
}

#[test]
fn something_else_in_the_place_of_a_file_is_not_followed_written_or_waited_for() {
    let (mut machine, paths) = used("000");
    machine.leave();
    // No sign-in is wanted here, and nobody to see one.
    machine.set("CI", "true");
    let config = machine.path(".aws/config");
    for (turn, path) in paths.iter().enumerate() {
        for (number, other) in OTHERS.into_iter().enumerate() {
            restore(&machine);
            let outside = outside(&machine);
            let before = everything(&outside);
            if !put(other, path, &outside) {
                continue;
            }
            let umask = if (turn + number).is_multiple_of(2) { "000" } else { "077" };
            let case = format!("{other:?} for {}, umask {umask}", path.display());
            let warm = run(&machine, umask, "credential-process --profile dev");
            assert_told_well(&warm, &case);
            // Live credentials need none of our files.
            assert_eq!(warm.code == 0, *path != config || other == Other::OpenToAll, "{case}: {warm:?}");
            for args in ["credential-process --profile cold", "token --profile dev"] {
                assert_told_well(&run(&machine, umask, args), &format!("{case}: {args}"));
            }
            for args in ["status", "doctor --profile dev", "configure --profile dev --lang fr"] {
                // It asks around, which takes its time.
                if args.starts_with("doctor") && (turn + number) % 3 != 0 {
                    continue;
                }
                let ran = run(&machine, umask, args);
                assert!(matches!(ran.code, 0 | 1), "{case}: {args}: {ran:?}");
            }
            assert_eq!(everything(&outside), before, "{case}: what is outside");
            assert_private(&machine, path, &case);
        }
    }
    restore(&machine);
    run(&machine, "022", "credential-process --profile cold").document();
    assert_eq!(machine.tabs().len(), 1, "nothing was lost");
}

/// The two that a person runs: signing in makes what is missing, and signing out tells what it can't remove.
#[test]
fn a_sign_in_and_a_sign_out_follow_nothing_either() {
    let (machine, paths) = used("000");
    for path in &paths[1..] {
        for other in OTHERS {
            restore(&machine);
            let outside = outside(&machine);
            let before = everything(&outside);
            if !put(other, path, &outside) {
                continue;
            }
            let case = format!("{other:?} for {}", path.display());
            for args in ["login --profile dev", "logout --profile dev"] {
                let ran = run(&machine, "000", args);
                assert!(matches!(ran.code, 0 | 1), "{case}: {args}: {ran:?}");
                let told = ran.stderr.lines().rev().nth(1).unwrap_or_default();
                assert!(ran.code == 0 || told.starts_with("cognito-creds: "), "{case}: {args}: {ran:?}");
                assert_eq!(everything(&outside), before, "{case}: {args}: what is outside");
                assert_private(&machine, path, &case);
            }
        }
    }
    restore(&machine);
    assert_eq!(run(&machine, "000", "login --profile dev").code, 0);
    run(&machine, "000", "credential-process --profile dev").document();
}

/// The folder for the login is a link: nobody signs in for nothing.
#[test]
fn a_login_that_could_not_be_kept_is_told_before_anybody_signs_in() {
    let mut machine = Machine::new();
    machine.seat(alice());
    fs::create_dir_all(machine.path(".local/share")).unwrap();
    symlink(outside(&machine).join("folder"), machine.path(DATA)).unwrap();
    for args in ["credential-process --profile dev", "login --profile dev"] {
        let (what, _) = run(&machine, "022", args).failure();
        assert!(what.contains(DATA), "{what}");
    }
    assert!(machine.tabs().is_empty());
}

/// Ten at a time, each with a key of its own: none is lost, and the file is whole all the while.
#[test]
fn configures_at_once_lose_nothing_of_each_other() {
    let machine = Machine::new();
    let before = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let flags = [
        "lang",
        "login-hint",
        "role",
        "login",
        "wait",
        "login-timeout",
        "refresh-margin",
        "prompt",
        "identity-provider",
        "user-pool-id",
    ];
    let values =
        ["de", "me", "Developer", "two", "40s", "4m", "19m", "login", "EntraID", "us-east-1_AbCdEfGhI"];
    let running: Vec<_> = flags
        .iter()
        .zip(values)
        .map(|(flag, value)| {
            machine.command(&["configure", "--profile", "dev", &format!("--{flag}"), value]).spawn().unwrap()
        })
        .collect();
    for child in running {
        let text = fs::read_to_string(machine.path(".aws/config")).unwrap();
        assert!(text.starts_with(before.split("cognito_").next().unwrap()) && text.ends_with('\n'), "{text}");
        let ran = Ran::of(child);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let after = fs::read_to_string(machine.path(".aws/config")).unwrap();
    for (flag, value) in flags.iter().zip(values) {
        let line = format!("cognito_{} = {value}\n", flag.replace('-', "_"));
        assert!(after.contains(&line), "{line}{after}");
    }
}
