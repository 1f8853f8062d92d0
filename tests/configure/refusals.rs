//! What `configure` refuses to write, and in which words.

use crate::support::cases::Cases;
use crate::support::{Machine, PROGRAM, Ran};
use crate::{FLAGS, HOST, POOL, config, configure, configure_with_stdin, strange_files};
use cognito_creds::lock::Lock;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

#[test]
fn what_cannot_be_written_is_told_and_nothing_is_written() {
    let mut cases = Cases::of("configure");
    let machine = Machine::bare();
    let original = "[profile dev]\nregion = us-east-1\n[profile taken]\ncredential_process = /opt/other creds\n[profile two-words]\n";
    machine.configure(original);
    let unattended = machine.shell(&format!("exec setsid -w {PROGRAM} configure --profile dev")).output();
    cases.tell("no flags and no terminal", &machine, &unattended.unwrap().into());
    for (case, profile, flags) in [
        ("a key is missing", "dev", &["--client-id", "abc"][..]),
        ("another key is missing", "dev", &["--auth", "oidc", "--client-id", "abc"]),
        (
            "a bad value",
            "dev",
            &["--domain", "auth.example.com", "--client-id", "abc", "--identity-pool-id", POOL],
        ),
        ("a value out of range", "dev", &[&FLAGS[..], &["--wait", "2h"]].concat()),
        ("a comment in a value", "dev", &[&FLAGS[..], &["--role", "a # b"]].concat()),
        ("quotes around a value", "dev", &[&FLAGS[..], &["--role", "\"Reader\""]].concat()),
        (
            "a second line in a value",
            "dev",
            &[&FLAGS[..], &["--role", "a\naws_access_key_id = AKIA"]].concat(),
        ),
        ("blanks around a value", "dev", &[&FLAGS[..], &["--role", " Reader"]].concat()),
        ("a setting of the other flow", "dev", &[&FLAGS[..], &["--duration-seconds", "7200"]].concat()),
        ("a region with a comment", "dev", &[&FLAGS[..], &["--region", "a;b"]].concat()),
        ("a name with a blank", "two words", &FLAGS),
        ("a name with a bracket", "a]b", &FLAGS),
        ("a name of nothing but what can't be", "\u{e9}", &FLAGS),
        ("no name at all", "", &FLAGS),
        ("a profile with another process", "taken", &FLAGS),
        ("outputs that are not there", "dev", &["--from-outputs", "/nonexistent"]),
        ("stdin twice", "dev", &["--from-outputs", "-", "--client-secret-stdin"]),
    ] {
        cases.tell(case, &machine, &configure(&machine, profile, flags));
        assert_eq!(config(&machine), original, "{case}");
    }
    let flag = machine.run(&[&["configure", "--profile=-x"][..], &FLAGS].concat());
    cases.tell("a name like a flag", &machine, &flag);
    for (case, json) in [
        ("outputs that are no JSON", "oops"),
        ("outputs of no stack", r#"{"Stacks": []}"#),
        ("outputs of several stacks", r#"{"Stacks": [{"StackName": "a"}, {"StackName": "b"}]}"#),
        ("a stack without outputs", r#"{"Stacks": [{"StackName": "a"}]}"#),
        (
            "a stack with other outputs",
            r#"{"Stacks": [{"StackName": "a", "Outputs": [{"OutputKey": "B", "OutputValue": "c"}]}]}"#,
        ),
    ] {
        cases.tell(case, &machine, &configure_with_stdin(&machine, &["--from-outputs", "-"], json));
        assert_eq!(config(&machine), original, "{case}");
    }
    let secret = |flags: &[&str], stdin| configure_with_stdin(&machine, &[&FLAGS[..], flags].concat(), stdin);
    cases.tell("no client secret", &machine, &secret(&["--client-secret-stdin"], "\n"));
    let ran = secret(&["--client-secret-stdin"], "canary\n");
    cases.tell("a client secret without a keychain", &machine, &ran);
    let ran = secret(&["--client-secret-stdin", "--store", "file"], "canary\n");
    cases.tell("a client secret of a profile without a keychain", &machine, &ran);
    assert!(!ran.stderr.contains("canary"));
    assert_eq!(config(&machine), original, "a secret");
    for (case, machine) in strange_files() {
        cases.tell(case, &machine, &configure(&machine, "dev", &FLAGS));
    }
    machine.configure("[profile dev]\nno sign\n");
    cases.tell("a broken file", &machine, &configure(&machine, "dev", &FLAGS));
    symlink("config", machine.path(".aws/circle")).unwrap();
    fs::remove_file(machine.path(".aws/config")).unwrap();
    symlink("circle", machine.path(".aws/config")).unwrap();
    cases.tell("links in a circle", &machine, &configure(&machine, "dev", &FLAGS));
    cases.compare();
}

#[test]
fn a_profile_with_a_name_that_cannot_be_written_anew_keeps_its_line_and_takes_keys() {
    let machine = Machine::bare();
    let line = "credential_process = cognito-creds credential-process --profile \"two words\"";
    let of = |role: &str| {
        format!(
            "[profile two words]\n{line}\ncognito_domain = {HOST}\ncognito_client_id = abc\ncognito_identity_pool_id = {POOL}\n{role}"
        )
    };
    machine.configure(&of(""));
    let ran = configure(&machine, "two words", &["--role", "Reader"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(config(&machine), of("cognito_role = Reader\n"));
    assert_eq!(configure(&machine, "two words", &["--unset"]).code, 0);
    assert_eq!(config(&machine), "");
    let (_, paste) = configure(&machine, "two words", &FLAGS).failure();
    assert!(paste.starts_with("cognito-creds configure --profile two-words --domain "), "{paste}");
}

#[test]
fn another_configure_that_does_not_end_is_told() {
    let machine = Machine::bare();
    let mut cases = Cases::of("configure-busy");
    let state = machine.path(".local/state/cognito-creds");
    cognito_creds::platform::make_private_dir(&state).unwrap();
    let held = Lock::try_acquire(&state.join("configure.lock"), Duration::MAX).unwrap();
    cases.tell("one that was stopped", &machine, &configure(&machine, "dev", &FLAGS));
    drop(held);
    assert_eq!(configure(&machine, "dev", &FLAGS).code, 0);
    cases.compare();
}

#[test]
fn a_program_whose_path_some_tool_misreads_is_refused_unless_a_link_helps() {
    let mut machine = Machine::bare();
    let folder = machine.path("sp ace");
    fs::create_dir(&folder).unwrap();
    fs::copy(PROGRAM, folder.join("cognito-creds")).unwrap();
    let run = |machine: &Machine| -> Ran {
        let mut command = machine.program(&folder.join("cognito-creds").display().to_string());
        command.args(["configure", "--profile", "dev"]).args(FLAGS).output().unwrap().into()
    };
    let mut cases = Cases::of("configure-program");
    cases.tell("a blank in the program's path", &machine, &run(&machine));
    cases.compare();
    assert!(!machine.path(".aws/config").exists());

    fs::create_dir(machine.path("bin")).unwrap();
    let link = machine.path("bin/cognito-creds");
    symlink(folder.join("cognito-creds"), &link).unwrap();
    machine.set("PATH", &format!("/usr/bin:{}", machine.path("bin").display()));
    assert_eq!(run(&machine).code, 0);
    let written = format!("credential_process = {} credential-process --profile dev\n", link.display());
    assert!(config(&machine).contains(&written), "{}", config(&machine));
}
