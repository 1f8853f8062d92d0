//! Permissions, owners, links and pipes.

use super::{Part, entries, loaded, name};
use cognito_creds::lock::Lock;
use cognito_creds::platform::{Unusable, make_private_dir, start_apart, user_id, write_private};
use cognito_creds::store::{Files, Store, StoreError};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Runs a shell script with this test program as `$0`.
fn sh(script: &str, environment: &[(&str, &Path)]) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(std::env::current_exe().unwrap());
    command
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_RUNTIME_DIR")
        .env("PART", "state-dir")
        .env("FILE", "");
    let output = command.envs(environment.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const STATE_DIR: &str = "\"$0\" --exact part_of_another_test --ignored --nocapture";

#[test]
fn files_are_0600_in_0700_whatever_the_umask() {
    for umask in ["000", "077"] {
        let world = tempfile::tempdir().unwrap();
        let home = world.path();
        let said = sh(&format!("umask {umask}; {STATE_DIR}"), &[("HOME", home)]);
        let folder = home.join(".local/state/cognito-creds");
        assert!(said.contains(&format!("folder {}", folder.display())), "{said}");
        for made in [&folder, &home.join(".local/state"), &home.join(".local")] {
            assert_eq!(mode(made), 0o700, "{}", made.display());
        }
        let file = folder.join("note");
        write_private(&file, b"text").unwrap();
        assert_eq!(mode(&file), 0o600);
        drop(Lock::try_acquire(&folder.join("lock"), Duration::MAX).unwrap());
        assert_eq!(mode(&folder.join("lock")), 0o600);
    }
}

#[test]
fn our_own_folder_is_closed_where_it_was_open() {
    let world = tempfile::tempdir().unwrap();
    set_mode(world.path(), 0o777);
    make_private_dir(world.path()).unwrap();
    assert_eq!(mode(world.path()), 0o700);
}

#[test]
fn a_folder_or_file_of_somebody_else_is_refused() {
    if user_id() == Some(0) {
        let world = tempfile::tempdir().unwrap();
        let store = Files::new(world.path());
        store.save(&name(), b"theirs", None).unwrap();
        std::os::unix::fs::chown(world.path().join(name().as_str()), Some(65_534), None).unwrap();
        assert!(
            matches!(store.load(&name()), Err(StoreError::Failed(text)) if text.contains("another user"))
        );
        std::os::unix::fs::chown(world.path(), Some(65_534), None).unwrap();
        assert!(matches!(make_private_dir(world.path()), Err(Unusable::Foreign(65_534))));
        assert!(store.save(&name(), b"ours", None).is_err());
    } else {
        assert!(matches!(make_private_dir(Path::new("/usr")), Err(Unusable::Foreign(0))));
        assert!(Lock::try_acquire(Path::new("/etc/passwd"), Duration::MAX).is_err());
        assert!(Files::new("/usr").load(&name()).is_err());
    }
}

#[test]
fn a_link_is_not_followed() {
    let world = tempfile::tempdir().unwrap();
    let (target, link) = (world.path().join("target"), world.path().join("link"));
    fs::create_dir(&target).unwrap();
    symlink(&target, &link).unwrap();
    assert!(matches!(make_private_dir(&link), Err(Unusable::NotAFolder)));
    assert!(Files::new(&link).save(&name(), b"value", None).is_err());
    assert!(entries(&target).is_empty());

    let (store, precious) = (Files::new(&target), world.path().join("precious"));
    write_private(&precious, b"precious").unwrap();
    symlink(&precious, target.join(name().as_str())).unwrap();
    assert!(store.load(&name()).is_err());
    assert!(Lock::try_acquire(&target.join(name().as_str()), Duration::MAX).is_err());
    store.save(&name(), b"value", None).unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"precious", "the link was replaced, not followed");
    assert_eq!(loaded(&store), Some(b"value".to_vec()));
}

/// A second name for a file of ours keeps the old value; the new one never goes there.
#[test]
fn a_hard_link_does_not_lead_out_of_the_folder() {
    let world = tempfile::tempdir().unwrap();
    let store = Files::new(world.path().join("store"));
    store.save(&name(), b"old", None).unwrap();
    let outside = world.path().join("outside");
    fs::hard_link(world.path().join("store").join(name().as_str()), &outside).unwrap();
    store.save(&name(), b"new", None).unwrap();
    assert_eq!(fs::read(&outside).unwrap(), b"old");
    assert_eq!(loaded(&store), Some(b"new".to_vec()));
}

#[test]
fn a_pipe_in_place_of_a_file_blocks_nobody() {
    let world = tempfile::tempdir().unwrap();
    let store = Files::new(world.path());
    let path = world.path().join(name().as_str());
    make_pipe(&path);
    assert!(store.load(&name()).is_err());
    assert!(Lock::try_acquire(&path, Duration::MAX).is_err());
    assert!(Lock::is_held(&path, Duration::ZERO).is_err());
    store.save(&name(), b"value", None).unwrap();
    assert_eq!(loaded(&store), Some(b"value".to_vec()));
}

#[test]
fn a_login_that_others_may_read_is_refused_and_a_new_one_is_closed() {
    let world = tempfile::tempdir().unwrap();
    let store = Files::new(world.path());
    store.save(&name(), b"value", None).unwrap();
    set_mode(&world.path().join(name().as_str()), 0o644);
    assert!(matches!(store.load(&name()), Err(StoreError::Failed(text)) if text.contains("others")));
    store.save(&name(), b"value", None).unwrap();
    assert_eq!(mode(&world.path().join(name().as_str())), 0o600);
}

/// `/proc` refuses root too, which a mode does not.
#[test]
fn a_home_that_can_not_be_written_leads_to_the_runtime_folder() {
    let world = tempfile::tempdir().unwrap();
    let home = Path::new("/proc/self");
    let said = sh(STATE_DIR, &[("HOME", home), ("XDG_RUNTIME_DIR", world.path())]);
    let folder = world.path().join("cognito-creds");
    assert!(said.contains(&format!("folder {}", folder.display())), "{said}");
    assert_eq!(mode(&folder), 0o700);
}

#[test]
fn with_no_folder_at_all_the_error_names_a_command_that_helps() {
    let world = tempfile::tempdir().unwrap();
    let home = Path::new("/proc/self");
    let said = sh(STATE_DIR, &[("HOME", home)]);
    let error: Vec<&str> = said.split("error ").nth(1).unwrap().lines().take(2).collect();
    assert!(error[0].contains("/proc/self/.local/state/cognito-creds can't be written"), "{said}");
    let pasted = sh(&format!("{}; {STATE_DIR}", error[1]), &[("HOME", home), ("TMPDIR", world.path())]);
    assert!(pasted.contains(&format!("folder {}", world.path().display())), "{pasted}");
}

/// What is inherited would keep a caller waiting that reads our stdout to its end.
#[test]
fn a_detached_process_inherits_no_stream() {
    let world = tempfile::tempdir().unwrap();
    let list = world.path().join("streams");
    let mut command = Command::new("sh");
    command.args(["-c", "readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 >\"$0\"; echo done"]).arg(&list);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let line = start_apart(command).unwrap().line(Duration::from_mins(1));
    assert_eq!(line.as_deref(), Some("done\n"));
    let streams = fs::read_to_string(&list).unwrap();
    assert_eq!(streams.lines().next(), Some("/dev/null"));
    assert_eq!(streams.lines().nth(2), Some("/dev/null"));
    drop(Part::command("", &list));
}
