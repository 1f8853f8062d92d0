//! `doctor`: what it sees on a machine where all is well, that it finds each thing that is not, and
//! that looking changes and tells nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use cognito_sandbox::{Endpoint, Fault, Times, cast};
use rustix::io::Errno;
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use support::findings::{Findings, examined};
use support::{Machine, PROGRAM, alice, wait_until};

/// A machine whose profile is complete, with `keys` added.
fn machine(keys: &str) -> Machine {
    let line = format!("credential_process = {PROGRAM} credential-process --profile dev\n");
    Machine::with(&format!("cognito_store = file\n{line}{keys}"))
}

/// The same with alice signed in and nobody at the browser any more.
fn signed_in(keys: &str) -> Machine {
    let mut machine = machine(keys);
    machine.seat(alice());
    machine.call().document();
    machine.leave();
    machine.sandbox.clear_log();
    machine
}

/// The findings of one check, as `STATUS: SAW -> DO`.
fn about(machine: &Machine, check: &str) -> Vec<String> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = examined(machine);
    let of_check = findings.iter().filter(|finding| finding["check"] == check);
    of_check.map(|f| format!("{}: {} -> {}", text(f, "status"), text(f, "saw"), text(f, "do"))).collect()
}

#[test]
fn on_a_healthy_machine_nothing_has_to_change() {
    let machine = signed_in("cognito_role = Developer\n");
    let findings = examined(&machine);
    let mut told = Findings::of("healthy");
    // Whether there is a terminal depends on where the tests run.
    let told_here: Vec<_> =
        findings.iter().filter(|finding| finding["check"] != "terminal").cloned().collect();
    told.all(&machine, &told_here);
    told.compare();
    let checks: Vec<_> = findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
    assert_eq!(
        checks,
        [
            "credential_process",
            "profile",
            "domain",
            "user pool",
            "signing keys",
            "redirect URI",
            "port",
            "browser",
            "terminal",
            "state folder",
            "keychain",
            "kernel keyring",
            "file store",
            "kernel cache",
            "clock",
            "proxy",
            "certificates",
            "login",
            "identity pool",
            "role",
            "other credentials"
        ]
    );
    for finding in &findings {
        let keys: Vec<_> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["check", "do", "saw", "status"]);
        let nothing_to_do = finding["do"] == "";
        assert_eq!(nothing_to_do, finding["status"] == "ok", "{finding}");
    }
}

#[test]
fn looking_signs_nobody_in_changes_nothing_and_leaves_nothing() {
    let machine = signed_in("");
    let (login, files) = (machine.login(), machine.files());
    machine.let_credentials_end();
    examined(&machine);
    let counts = machine.sandbox.counts();
    assert_eq!((counts.token_code, counts.token_refresh, counts.revoke), (0, 0, 0));
    assert_eq!((machine.login(), machine.files(), machine.tabs().len()), (login, files, 1));
    // Other tests' entries come and go at the same time.
    wait_until("no test entry in the kernel", || {
        !fs::read_to_string("/proc/keys").unwrap().contains("cognito-creds:doctor.")
    });
}

#[test]
fn the_report_can_be_pasted_into_an_issue() {
    let machine = signed_in("");
    let login = machine.login().unwrap();
    let secrets: Vec<_> = ["refresh_token", "id_token", "access_token"]
        .iter()
        .map(|name| login[name].as_str().unwrap())
        .collect();
    for arguments in [&["doctor", "--json"][..], &["doctor"], &["doctor", "-vv"]] {
        let ran = machine
            .command(arguments)
            .env("AWS_PROFILE", "dev")
            .env("HTTPS_PROXY", "http://me:canary@proxy.invalid:3128")
            .env("COGNITO_CREDS_CLIENT_SECRET", "canary")
            .output();
        let ran = support::Ran::from(ran.unwrap());
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains("a…@example.com") && !told.contains("alice@"), "{told}");
        assert!(!told.contains("canary") && !secrets.iter().any(|secret| told.contains(secret)), "{told}");
    }
}

#[test]
fn people_get_lines_that_say_what_and_what_to_do() {
    let machine = machine("");
    machine
        .configure(&fs::read_to_string(machine.path(".aws/config")).unwrap().replace("/callback", "/other"));
    let ran = machine.run(&["doctor", "--profile", "dev"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    assert!(ran.stdout.contains("\nFAIL  redirect URI        http://localhost:"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n      -> Add http://localhost:"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("\nOne thing has to change.\n"), "{}", ran.stdout);
}

#[test]
fn a_broken_or_missing_profile_is_found_and_the_rest_is_looked_at() {
    let mut told = Findings::of("profiles");
    let mut machine = machine("");
    machine.add("no equals sign\n");
    told.about(&machine, "profile");
    machine.configure("[profile dev]\nregion = us-east-1\n");
    told.about(&machine, "profile");
    told.about(&machine, "credential_process");
    machine.configure("[profile other]\n");
    told.about(&machine, "profile");
    assert!(about(&machine, "credential_process").is_empty());
    machine.leave();
    told.compare();
}

#[test]
fn a_misspelt_key_is_told() {
    let mut told = Findings::of("misspelt-keys");
    let machine = machine("cognito_rolle = Developer\n");
    told.about(&machine, "profile keys");
    told.compare();
}

#[test]
fn a_line_for_another_profile_is_found() {
    let mut told = Findings::of("process-lines");
    let machine = Machine::with("credential_process = cognito-creds credential-process --profile prod\n");
    told.about(&machine, "credential_process");
    fs::create_dir(machine.path("bin")).unwrap();
    std::os::unix::fs::symlink(PROGRAM, machine.path("bin/cognito-creds")).unwrap();
    let ran =
        machine.command(&["doctor", "--profile", "dev"]).env("PATH", machine.path("bin")).output().unwrap();
    assert!(String::from_utf8(ran.stdout).unwrap().contains("serves profile prod, not dev"));
    told.compare();
}

#[test]
fn entries_that_some_tools_prefer_are_found_in_both_files() {
    let mut told = Findings::of("other-credentials");
    let machine = machine("sso_start_url = https://x\n");
    fs::write(
        machine.path(".aws/credentials"),
        "[other]\nrole_arn = r\n[dev]\naws_access_key_id = AKIACANARY\n",
    )
    .unwrap();
    told.about(&machine, "other credentials");
    let found = about(&machine, "other credentials");
    assert!(!found[0].contains("CANARY") && !found[0].contains("role_arn"), "{found:?}");
    told.compare();
}

#[test]
fn every_redirect_uri_is_looked_up_at_the_app_client() {
    let machine = machine("");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let port = support::free_port();
    machine.configure(&config.replace("/callback\n", &format!("/callback, http://localhost:{port}\n")));
    let found = about(&machine, "redirect URI");
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("ok: ") && found[1].starts_with("fail: "), "{found:?}");
    assert!(found[1].contains(&format!("Add http://localhost:{port} to the app client's")), "{found:?}");
}

#[test]
fn what_the_app_client_refuses_is_told() {
    let mut told = Findings::of("app-clients");
    let scopes = machine("cognito_scopes = openid phone\n");
    told.about(&scopes, "redirect URI");
    let client = machine("");
    let config = fs::read_to_string(client.path(".aws/config")).unwrap();
    client.configure(&config.replace(cast::PUBLIC_CLIENT, "nobody"));
    told.about(&client, "redirect URI");
    let provider = machine("cognito_identity_provider = Nobody\n");
    told.about(&provider, "redirect URI");
    told.compare();
}

#[test]
fn a_domain_that_is_no_user_pool_or_not_there_is_found() {
    let mut told = Findings::of("domains");
    let machine = machine("");
    machine.sandbox.fault(Endpoint::Authorize, Fault::CaptivePortal, Times::Once);
    told.about(&machine, "domain");
    machine.sandbox.fault(Endpoint::Authorize, Fault::Status(503), Times::Once);
    told.about(&machine, "domain");
    machine.sandbox.fault(Endpoint::Authorize, Fault::DropBefore, Times::Once);
    told.about(&machine, "domain");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let url = machine.sandbox.url().to_owned();
    let nowhere = format!("http://127.0.0.1:{}", support::free_port());
    machine.configure(
        &config.replace(&format!("cognito_domain = {url}"), &format!("cognito_domain = {nowhere}")),
    );
    told.about(&machine, "domain");
    told.about(&machine, "user pool");
    told.compare();
}

#[test]
fn a_user_pool_that_does_not_exist_is_found() {
    let mut told = Findings::of("user-pools");
    let machine = machine("");
    let id = machine.sandbox.world().user_pool_id;
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace(&id, "us-east-1_Nowhere"));
    told.about(&machine, "user pool");
    told.compare();
}

/// Without `cognito_user_pool_id` nothing but the login tells the issuer.
#[test]
fn the_signing_keys_are_looked_at_where_the_issuer_is_known() {
    let mut told = Findings::of("signing-keys");
    let machine = signed_in("");
    let id = machine.sandbox.world().user_pool_id;
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace(&format!("cognito_user_pool_id = {id}\n"), ""));
    told.about(&machine, "user pool");
    told.about(&machine, "signing keys");
    machine.sandbox.fault(Endpoint::Jwks, Fault::CaptivePortal, Times::Once);
    told.about(&machine, "signing keys");
    machine.sandbox.fault(Endpoint::Jwks, Fault::DropBefore, Times::Once);
    told.about(&machine, "signing keys");
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    assert!(about(&machine, "signing keys").is_empty() && about(&machine, "user pool").is_empty());
    told.compare();
}

#[test]
fn a_port_that_is_taken_matters_only_if_no_other_is_free() {
    let mut told = Findings::of("ports");
    let machine = machine("");
    let taken = TcpListener::bind(("127.0.0.1", machine.port)).unwrap();
    told.about(&machine, "port");
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let other = support::free_port();
    machine.configure(&config.replace("/callback\n", &format!("/callback, http://localhost:{other}\n")));
    let found = about(&machine, "port");
    assert!(found[0].starts_with("warn: ") && found[1] == format!("ok: {other} is free -> "), "{found:?}");
    drop(taken);
    told.compare();
}

#[test]
fn the_port_of_a_sign_in_that_runs_is_left_alone() {
    let mut told = Findings::of("port-of-a-sign-in");
    let machine = machine("");
    let mut caller = machine.start();
    wait_until("the tab", || machine.tabs().len() == 1);
    told.about(&machine, "port");
    // It has not been disturbed.
    alice().sign_in(&machine.tabs()[0]).unwrap();
    assert!(caller.wait().unwrap().success());
    told.compare();
}

#[test]
fn a_wrong_clock_is_found_by_the_servers() {
    let mut told = Findings::of("clocks");
    // What is told is rounded, so a second that passes meanwhile changes nothing.
    let machine = machine("");
    machine.sandbox.set_date_offset(Some(-(3 * 3600 - 60)));
    told.about(&machine, "clock");
    machine.sandbox.set_date_offset(Some(130));
    told.about(&machine, "clock");
    told.compare();
}

#[test]
fn the_proxy_and_the_certificates_in_use_are_told() {
    let mut told = Findings::of("networks");
    let machine = machine("ca_bundle = /nowhere/ca.pem\n");
    told.about(&machine, "network");
    assert!(about(&machine, "domain").is_empty());
    let machine = support::Machine::with("cognito_store = file\n");
    told.about(&machine, "proxy");
    told.about(&machine, "certificates");

    // One host of the profile goes through the proxy and the other is excepted.
    let mut machine = support::Machine::bare();
    machine.configure(
        "[profile dev]\ncognito_domain = https://auth.example.com\ncognito_client_id = c\n\
         cognito_identity_pool_id = eu-west-1:01234567-89ab-cdef-0123-456789abcdef\ncognito_store = file\n",
    );
    machine.set("HTTPS_PROXY", &format!("http://127.0.0.1:{}", support::free_port()));
    machine.set("NO_PROXY", "amazonaws.com");
    machine.set("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
    told.about(&machine, "proxy");
    told.about(&machine, "certificates");
    told.compare();
}

#[test]
fn an_identity_pool_is_asked_with_the_login_and_without_one_makes_nobody() {
    let mut told = Findings::of("identity-pools");
    let machine = machine("");
    told.about(&machine, "identity pool");
    let log = machine.sandbox.log();
    let asked = log.iter().find(|entry| entry.endpoint == Endpoint::GetId).unwrap();
    assert_eq!(asked.status, Some(400), "a login that is none is refused");
    assert_eq!(machine.sandbox.counts().get_credentials, 0);

    let with_login = signed_in("");
    told.about(&with_login, "identity pool");
    assert_eq!(with_login.sandbox.counts().get_id, 0);
    with_login.let_id_token_end();
    told.about(&with_login, "identity pool");

    let id = machine.sandbox.world().identity_pool.id;
    let config = fs::read_to_string(machine.path(".aws/config")).unwrap();
    machine.configure(&config.replace(&id, "us-east-1:00000000-0000-0000-0000-000000000000"));
    told.about(&machine, "identity pool");
    told.compare();
}

#[test]
fn the_login_and_its_role_are_told() {
    let mut told = Findings::of("logins");
    let nobody = machine("");
    told.about(&nobody, "login");
    let machine = signed_in("");
    told.about(&machine, "login");
    told.about(&machine, "role");
    machine.add("cognito_role = Admin\n");
    told.about(&machine, "role");
    told.compare();
}

#[test]
fn a_role_that_cannot_be_assumed_is_told_apart_from_a_pool_that_is_not_there() {
    let mut told = Findings::of("roles");
    told.about(&machine(""), "role");
    let machine = signed_in("");
    machine.sandbox.change(|world| world.roles.iter_mut().for_each(|role| role.trusts_pool = false));
    told.about(&machine, "role");
    told.about(&machine, "identity pool");
    machine.let_id_token_end();
    told.about(&machine, "role");

    let basic = signed_in("cognito_flow = basic\ncognito_role = Developer\n");
    told.about(&basic, "role");
    basic.sandbox.change(|world| world.roles.iter_mut().for_each(|role| role.trusts_pool = false));
    told.about(&basic, "role");
    told.about(&basic, "identity pool");
    told.compare();
}

#[test]
fn a_state_folder_that_cannot_be_used_is_found_also_without_a_profile() {
    let mut told = Findings::of("state-folders");
    let mut machine = signed_in("");
    let folder = machine.path(".local/state/cognito-creds");
    told.about(&machine, "state folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    told.about(&machine, "state folder");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "and it is");
    // Where a file stands for the lock.
    machine.lose_locks(Errno::NOLCK);
    told.about(&machine, "state folder");
    machine.lose_state_folder();
    told.about(&machine, "state folder");
    machine.configure("[profile other]\n");
    told.about(&machine, "state folder");
    told.about(&machine, "browser");
    let ran = machine.command(&["doctor", "--profile", "dev"]).env("CI", "true").output().unwrap();
    let shown = String::from_utf8(ran.stdout).unwrap();
    assert!(shown.contains("-> cognito-creds login --no-browser --profile dev\n"), "{shown}");
    told.compare();
}

#[test]
fn a_store_that_cannot_be_used_is_found() {
    let mut told = Findings::of("file-stores");
    let machine = machine("");
    fs::create_dir_all(machine.path(".local/share")).unwrap();
    fs::write(machine.path(".local/share/cognito-creds"), "").unwrap();
    told.about(&machine, "file store");
    told.compare();
}

#[test]
fn without_a_keychain_the_kernel_keyring_is_enough_unless_the_profile_says_otherwise() {
    let mut told = Findings::of("keychains");
    let machine = Machine::with("");
    told.about(&machine, "keychain");
    told.about(&machine, "kernel keyring");
    machine.add("cognito_store = keychain\n");
    told.about(&machine, "keychain");
    told.compare();
}

#[test]
fn a_section_or_key_that_stands_twice_is_found() {
    let mut told = Findings::of("twice");
    let machine = Machine::new();
    machine.add("[profile api]\nregion = us-east-1\n\n[profile api]\n");
    told.about(&machine, "config file");
    let machine = Machine::new();
    machine.add("[profile api]\nregion = us-east-1\nRegion = us-east-1\n");
    told.about(&machine, "config file");
    told.compare();
}
