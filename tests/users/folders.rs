//! Folders and files that are shared, closed, exchanged or somebody else's.

use crate::support::alice;
use crate::{User, everything, shared, sign_in};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

/// A command as the superuser.
fn root(words: &[&str]) {
    let is_root = fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t");
    let words = if is_root { words.to_vec() } else { [&["sudo", "-n"], words].concat() };
    assert!(Command::new(words[0]).args(&words[1..]).status().unwrap().success(), "{words:?}");
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
    // In this home the config file is not the user's own, so a person begins.
    assert_eq!(user.run(&["login", "--profile", "dev"], &with_run).code, 0);
    let first = user.call(&with_run).document();
    assert_eq!(user.call(&with_run).document(), first);
    assert!(everything(&home).is_empty());
    assert_eq!(user.run(&["logout", "--profile", "dev"], &with_run).code, 0);
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
