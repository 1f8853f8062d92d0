//! `configure` writes a profile and touches nothing else: the person's file stays the person's.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_creds::lock::Lock;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::cases::Cases;
use support::terminal::{on_a_terminal, screen};
use support::{Machine, PROGRAM, Ran, alice, signed_in, wait_until};

const HOST: &str = "https://auth.example.com";
const POOL: &str = "eu-west-1:01234567-89ab-cdef-0123-456789abcdef";
const FLAGS: [&str; 6] = ["--domain", HOST, "--client-id", "abc", "--identity-pool-id", POOL];

/// `configure --profile PROFILE` with flags.
fn configure(machine: &Machine, profile: &str, flags: &[&str]) -> Ran {
    machine.run(&[&["configure", "--profile", profile], flags].concat())
}

/// The same with something on stdin.
fn configure_with_stdin(machine: &Machine, flags: &[&str], stdin: &str) -> Ran {
    let mut command = machine.command(&["configure", "--profile", "dev"]);
    let mut child = command.args(flags).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    Ran::of(child)
}

fn config(machine: &Machine) -> String {
    fs::read_to_string(machine.path(".aws/config")).unwrap()
}

/// What a new profile of [`FLAGS`] looks like.
fn section(profile: &str) -> String {
    format!(
        "[profile {profile}]\nregion = eu-west-1\ncredential_process = {PROGRAM} credential-process --profile {profile}\n\
         cognito_domain = {HOST}\ncognito_client_id = abc\ncognito_identity_pool_id = {POOL}\n"
    )
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_file_is_ours_alone_and_what_was_written_is_told() {
    let machine = Machine::bare();
    fs::remove_dir(machine.path(".aws")).unwrap();
    let ran = configure(&machine, "dev", &FLAGS);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(config(&machine), section("dev"));
    assert_eq!((mode(&machine.path(".aws")), mode(&machine.path(".aws/config"))), (0o700, 0o600));
    let told: Vec<_> = ran.stdout.lines().collect();
    assert!(told[0].ends_with(".aws/config:") && told[1] == "  region = eu-west-1", "{}", ran.stdout);
    assert_eq!(told.last(), Some(&"  cognito-creds login --profile dev"));
    let again = configure(&machine, "dev", &FLAGS);
    assert!(again.stdout.contains("says so already"), "{}", again.stdout);
    assert_eq!(config(&machine), section("dev"));
}

#[test]
fn what_configure_wrote_signs_in() {
    let mut machine = Machine::new();
    let by_hand = config(&machine);
    machine.configure("# mine\n");
    let value = |key: &str| {
        let line = by_hand.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
        line.split_once(" = ").unwrap().1.to_owned()
    };
    let keys = ["domain", "client_id", "identity_pool_id", "redirect_uri", "store"];
    let flags: Vec<_> = keys
        .iter()
        .flat_map(|key| [format!("--{}", key.replace('_', "-")), value(&format!("cognito_{key}"))])
        .collect();
    let ran = configure(&machine, "dev", &flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    machine.seat(alice());
    let url = machine.sandbox.url().to_owned();
    machine.call_with(&[("AWS_ENDPOINT_URL_COGNITO_IDENTITY", &url)]).document();
}

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
fn an_empty_value_takes_a_key_out() {
    let machine = Machine::bare();
    configure(&machine, "dev", &[&FLAGS[..], &["--role", "Reader"]].concat());
    assert!(config(&machine).contains("cognito_role = Reader\n"));
    let ran = configure(&machine, "dev", &["--role", ""]);
    assert!(ran.stdout.contains("cognito_role is taken out"), "{}", ran.stdout);
    assert_eq!(config(&machine), section("dev"));
}

#[test]
fn twenty_at_once_lose_nothing() {
    let machine = Machine::bare();
    machine.configure("[default]\nregion = us-east-1\n");
    let names: Vec<_> = (0..20).map(|n| format!("p{n}")).collect();
    let start = |name: &String| {
        machine.command(&[&["configure", "--profile", name][..], &FLAGS].concat()).spawn().unwrap()
    };
    let runs: Vec<_> = names.iter().map(start).collect();
    for run in runs {
        let ran = Ran::of(run);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    }
    let written = config(&machine);
    for name in &names {
        assert_eq!(written.matches(&section(name)).count(), 1, "{name}: {written}");
    }
}

#[test]
fn the_outputs_of_a_stack_become_a_profile() {
    let machine = Machine::bare();
    let output = |key: &str, value: &str| format!(r#"{{"OutputKey": "{key}", "OutputValue": "{value}"}}"#);
    let outputs = [
        output("CognitoDomain", HOST),
        output("CognitoClientId", "fromoutputs"),
        output("CognitoIdentityPoolId", POOL),
        output("Region", "eu-west-2"),
        output("Bucket", "demo"),
    ];
    let json = format!(r#"{{"Stacks": [{{"StackName": "s", "Outputs": [{}]}}]}}"#, outputs.join(", "));
    let ran = configure_with_stdin(&machine, &["--from-outputs", "-", "--client-id", "abc"], &json);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let written = config(&machine);
    for line in ["region = eu-west-2", &format!("cognito_domain = {HOST}"), "cognito_client_id = abc"] {
        assert!(written.lines().any(|found| found == line), "{line}: {written}");
    }
    assert!(
        !written.contains("demo") && !written.contains("fromoutputs"),
        "a flag beats an output: {written}"
    );
    fs::write(machine.path("outputs.json"), json).unwrap();
    let file = machine.path("outputs.json").display().to_string();
    assert_eq!(configure(&machine, "prod", &["--from-outputs", &file]).code, 0);
}

#[test]
fn other_credentials_of_the_profile_are_warned_of() {
    let mut machine = Machine::bare();
    let credentials = machine.path("credentials");
    fs::write(&credentials, "[dev]\naws_access_key_id = AKIAEXAMPLE\n").unwrap();
    machine.set("AWS_SHARED_CREDENTIALS_FILE", &credentials.display().to_string());
    machine.configure("[profile dev]\nsso_session = x\nrole_arn = y\n");
    let ran = configure(&machine, "dev", &FLAGS);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.starts_with("cognito-creds: warning: "), "{}", ran.stderr);
    for key in ["aws_access_key_id", "sso_session", "role_arn"] {
        assert!(ran.stderr.contains(key), "{key}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("AKIAEXAMPLE"), "{}", ran.stderr);
}

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

/// What a run that ended with 1 left in the file `err`.
fn refused_on_a_terminal(machine: &Machine) -> Ran {
    let stderr = fs::read_to_string(machine.path("err")).unwrap();
    Ran { code: 1, stdout: String::new(), stderr }
}

/// Machines on which something stands in the config file's place that a rename would replace.
fn strange_files() -> [(&'static str, Machine); 4] {
    let (folder, pipe, socket, protected) =
        (Machine::bare(), Machine::bare(), Machine::bare(), Machine::bare());
    let config = ".aws/config";
    fs::create_dir(folder.path(config)).unwrap();
    assert!(pipe.shell("exec mkfifo .aws/config").current_dir(pipe.path("")).status().unwrap().success());
    drop(UnixListener::bind(socket.path(config)).unwrap());
    protected.configure("# mine\n");
    fs::set_permissions(protected.path(config), fs::Permissions::from_mode(0o400)).unwrap();
    [("a folder", folder), ("a pipe", pipe), ("a socket", socket), ("a write-protected file", protected)]
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
fn a_login_is_not_left_behind_where_no_other_profile_leads_to_it() {
    let machine = signed_in();
    let before = config(&machine);
    let mut cases = Cases::of("configure-unset");
    cases.tell("the only profile of a login", &machine, &configure(&machine, "dev", &["--unset"]));
    assert_eq!(config(&machine), before);
    cases.compare();

    let again = before.replace("profile dev", "profile again");
    machine.add(&format!("\n{again}"));
    assert_eq!(configure(&machine, "dev", &["--unset"]).code, 0);
    assert_eq!(machine.run(&["logout", "--profile", "again"]).code, 0);
    assert_eq!(configure(&machine, "again", &["--unset"]).code, 0);
    assert!(!config(&machine).contains("cognito_"), "{}", config(&machine));
}

#[test]
fn a_build_machine_with_a_terminal_is_asked_nothing() {
    let mut cases = Cases::of("configure-on-a-build-machine");
    let machine = Machine::bare();
    let err = machine.path("err");
    for (case, flags) in
        [("no flags", ""), ("a client secret to be typed", "--client-id abc --client-secret-stdin")]
    {
        let line = format!("CI=true {PROGRAM} configure --profile dev {flags} 2>{}", err.display());
        let mut run = on_a_terminal(&machine, &line);
        // The keyboard stays open: whoever asks, waits.
        wait_until("the refusal", || fs::read_to_string(&err).unwrap_or_default().contains("--client-id"));
        assert_eq!(run.wait().unwrap().code(), Some(1), "{}", screen(&machine));
        cases.tell(case, &machine, &refused_on_a_terminal(&machine));
        fs::remove_file(&err).unwrap();
    }
    cases.compare();
    let mut run = on_a_terminal(&machine, &format!("CI= {PROGRAM} configure --profile dev"));
    wait_until("an empty variable is none", || screen(&machine).contains("cognito_domain: "));
    run.stdin.take().unwrap().write_all(b"\x04").unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
}

#[test]
fn a_client_secret_that_is_typed_is_not_shown() {
    let machine = Machine::bare();
    let flags = FLAGS.join(" ");
    let line = format!("{PROGRAM} configure --profile dev {flags} --client-secret-stdin");
    let mut run = on_a_terminal(&machine, &line);
    wait_until("the question", || screen(&machine).contains("Client secret (it is not shown): "));
    run.stdin.as_mut().unwrap().write_all(b"canary\n").unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
    let shown = screen(&machine);
    assert!(shown.contains("belongs into the keychain") && !shown.contains("canary"), "{shown}");
}

#[test]
fn the_questions_end_in_a_sign_in_unless_it_is_declined() {
    let mut machine = Machine::new();
    machine.seat(alice());
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} configure --profile dev"));
    let mut keyboard = run.stdin.take().unwrap();
    for question in
        ["cognito_domain [", "cognito_client_id [", "cognito_identity_pool_id [", "Sign in now? [Y/n] "]
    {
        wait_until(question, || screen(&machine).contains(question));
        writeln!(keyboard).unwrap();
    }
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    let shown = screen(&machine);
    assert!(shown.contains("Signed in as "), "{shown}");
    // The domain was asked before the file was written, and all was well.
    let asked = shown.find("127.0.0.1 answered as a user pool");
    assert!(
        asked.is_some() && asked < shown.find("Profile dev is written") && !shown.contains("Warning"),
        "{shown}"
    );
    machine.call().document();
    assert_eq!(machine.tabs().len(), 1);
}

#[test]
fn a_domain_that_does_not_answer_is_warned_of_and_written_all_the_same() {
    let machine = Machine::bare();
    let nowhere = format!("http://127.0.0.1:{}", support::free_port());
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} configure --profile dev"));
    let mut keyboard = run.stdin.take().unwrap();
    for (question, answer) in [
        ("cognito_domain: ", nowhere.as_str()),
        ("cognito_client_id: ", "abc"),
        ("cognito_identity_pool_id: ", POOL),
        ("Sign in now? [Y/n] ", "n"),
    ] {
        wait_until(question, || screen(&machine).contains(question));
        writeln!(keyboard, "{answer}").unwrap();
    }
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    let shown = screen(&machine);
    assert!(shown.contains("Warning: 127.0.0.1:") && shown.contains("refused the connection"), "{shown}");
    assert!(config(&machine).contains(&format!("cognito_domain = {nowhere}\n")), "{shown}");
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

#[test]
fn on_a_terminal_it_asks_for_what_it_needs_and_offers_what_there_is() {
    let machine = Machine::bare();
    machine.configure("[profile dev]\ncognito_client_id = abc\n");
    let mut run = on_a_terminal(&machine, &format!("{PROGRAM} configure --profile dev </dev/null"));
    let mut keyboard = run.stdin.take().unwrap();
    for (question, answer) in [
        ("cognito_domain: ", "auth.example.com"),
        ("neither a URL nor a prefix", HOST),
        ("cognito_client_id [abc]: ", ""),
        ("cognito_identity_pool_id: ", ""),
        ("It is needed", POOL),
        ("Sign in now? [Y/n] ", "perhaps"),
        ("perhaps\r\n\r\nSign in now? [Y/n] ", "n"),
    ] {
        wait_until(question, || screen(&machine).contains(question));
        writeln!(keyboard, "{answer}").unwrap();
    }
    assert!(run.wait().unwrap().success(), "{}", screen(&machine));
    let written = config(&machine);
    for line in ["region = eu-west-1", &format!("cognito_domain = {HOST}"), "cognito_client_id = abc"] {
        assert!(written.lines().any(|found| found == line), "{line}: {written}");
    }
    assert!(screen(&machine).contains("cognito-creds login --profile dev"), "{}", screen(&machine));
}

#[test]
fn questions_left_unanswered_write_nothing() {
    let machine = Machine::bare();
    let line = format!("{PROGRAM} configure --profile dev 2>{}", machine.path("err").display());
    let mut run = on_a_terminal(&machine, &line);
    wait_until("the question", || screen(&machine).contains("cognito_domain: "));
    run.stdin.take().unwrap().write_all(b"\x04").unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
    let mut cases = Cases::of("configure-unanswered");
    cases.tell("Ctrl-D at a question", &machine, &refused_on_a_terminal(&machine));
    assert!(!machine.path(".aws/config").exists());
    cases.compare();
}
