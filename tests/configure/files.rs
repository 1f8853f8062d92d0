//! The person's config file: its other bytes, links, mode and group stay, and what is no plain file of theirs is
//! left alone.

use crate::support::Machine;
use crate::{FLAGS, config, configure, mode, section, strange_files};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::Command;

#[test]
fn a_link_stays_a_link_and_a_mode_a_mode() {
    let machine = Machine::bare();
    let (dotfiles, link) = (machine.path("dotfiles"), machine.path(".aws/config"));
    fs::create_dir(&dotfiles).unwrap();
    fs::write(dotfiles.join("aws"), "[default]\nregion = us-east-1\n").unwrap();
    fs::set_permissions(dotfiles.join("aws"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("../dotfiles/middle", &link).unwrap();
    symlink("aws", dotfiles.join("middle")).unwrap();
    assert_eq!(configure(&machine, "dev", &FLAGS).code, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::symlink_metadata(dotfiles.join("middle")).unwrap().is_symlink());
    assert_eq!(
        fs::read_to_string(dotfiles.join("aws")).unwrap(),
        format!("[default]\nregion = us-east-1\n\n{}", section("dev"))
    );
    assert_eq!(mode(&dotfiles.join("aws")), 0o640);
    let names: Vec<_> = fs::read_dir(&dotfiles).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no temporary file is left: {names:?}");
}

#[test]
fn a_link_to_nowhere_gets_its_file() {
    let machine = Machine::bare();
    symlink(machine.path("elsewhere"), machine.path(".aws/config")).unwrap();
    assert_eq!(configure(&machine, "dev", &FLAGS).code, 0);
    assert_eq!(fs::read_to_string(machine.path("elsewhere")).unwrap(), section("dev"));
}

#[test]
fn every_other_byte_stays_and_unset_takes_exactly_our_lines_out() {
    for original in [
        "# top\r\n[default]\r\nregion = us-east-1\r\n\r\n[profile dev]\r\noutput=json\r\ns3 =\r\n  a = 1\r\n# end",
        "[profile dev]\ncli_pager = x ; note\n\n[profile dev]\n# twice\noutput = json\n[services s]\nsts =\n  a = b",
        "[default]\nregion = us-east-1",
        "",
    ] {
        let machine = Machine::bare();
        machine.configure(original);
        assert_eq!(configure(&machine, "dev", &[&FLAGS[..], &["--region", ""]].concat()).code, 0);
        assert_eq!(configure(&machine, "dev", &["--role", "Reader"]).code, 0);
        let written = config(&machine);
        let ours = |line: &&str| line.starts_with("cognito_") || line.starts_with("credential_process");
        let others: Vec<_> = written.lines().filter(|line| !ours(line)).collect();
        let kept: Vec<_> = original.lines().collect();
        assert!(others.starts_with(&kept), "{written}");
        assert_eq!(written.contains("\r\n"), original.contains("\r\n"));
        assert_eq!(
            written.matches("\r\n").count() == written.matches('\n').count(),
            original.contains("\r\n")
        );

        let ran = configure(&machine, "dev", &["--unset"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert_eq!(config(&machine), original);
        let again = configure(&machine, "dev", &["--unset"]);
        assert!(again.stdout.contains("has no lines"), "{}", again.stdout);
    }
}

#[test]
fn only_a_plain_file_that_its_owner_may_write_is_replaced() {
    for (what, machine) in strange_files() {
        let before = fs::symlink_metadata(machine.path(".aws/config")).unwrap();
        for flags in [&FLAGS[..], &["--unset"], &["--client-secret-stdin"], &[]] {
            assert_eq!(configure(&machine, "dev", flags).code, 1, "{what}");
        }
        let after = fs::symlink_metadata(machine.path(".aws/config")).unwrap();
        assert_eq!((before.ino(), before.file_type()), (after.ino(), after.file_type()), "{what}");
    }
}

#[test]
fn the_group_of_the_file_is_kept() {
    let machine = Machine::bare();
    machine.configure("# mine\n");
    let file = machine.path(".aws/config");
    // A user who isn't root may give a file to groups of their own only.
    let groups = Command::new("id").arg("-G").output().unwrap().stdout;
    let groups = String::from_utf8(groups).unwrap();
    let own: u32 = groups.split_whitespace().next_back().unwrap().parse().unwrap();
    let group = if fs::metadata("/proc/self").unwrap().uid() == 0 { 1234 } else { own };
    chown(&file, None, Some(group)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(configure(&machine, "dev", &FLAGS).code, 0);
    let found = fs::metadata(&file).unwrap();
    assert_eq!((found.gid(), found.mode() & 0o777), (group, 0o640));
}

#[test]
fn a_file_of_another_user_is_not_followed() {
    let me = fs::metadata("/proc/self").unwrap().uid();
    let machine = Machine::bare();
    let foreign = if me == 0 {
        let file = machine.path("foreign");
        fs::write(&file, "[default]\nregion = x\n").unwrap();
        std::os::unix::fs::chown(&file, Some(65_534), None).unwrap();
        file
    } else {
        "/etc/passwd".into()
    };
    let before = fs::read(&foreign).unwrap();
    symlink(&foreign, machine.path(".aws/config")).unwrap();
    let (what, _) = configure(&machine, "dev", &FLAGS).failure();
    assert!(what.contains("belongs to another user"), "{what}");
    assert_eq!(fs::read(&foreign).unwrap(), before);
}
