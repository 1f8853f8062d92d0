//! Files that a config file names.

use crate::support::{signed_in, with_credentials};
use crate::{COMMANDS, in_time, with};
use std::fs;
use std::path::Path;
use std::process::Command;

/// `ca_bundle` and the config file itself: what is in them is shown to nobody, at no verbosity.
#[test]
fn no_file_that_is_named_is_shown() {
    let machine = signed_in();
    let honest = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let secret = machine.path("secret");
    for text in [
        "root:CANARY-TEXT:19000:0:99999:7:::\n",
        "-----BEGIN CERTIFICATE-----\nCANARY-TEXT\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nQ0FOQVJZ CANARY-TEXT\n-----END PRIVATE KEY-----\n",
        "key = CANARY-TEXT\n[profile x]\nCANARY-TEXT\n",
        "[profile dev]\ncognito_domain\n  CANARY-TEXT\n",
        "\u{0}\u{1}CANARY-TEXT\n",
    ] {
        fs::write(&secret, text).unwrap();
        machine.configure(&with(&machine, &[("ca_bundle", secret.to_str().unwrap())]));
        for args in COMMANDS.iter().filter(|args| !args.contains(&"logout")) {
            for variables in [&[("CI", "true")][..], &[("AWS_CONFIG_FILE", secret.to_str().unwrap())]] {
                let ran = in_time(&machine, args, variables);
                assert!(!(ran.stdout + &ran.stderr).contains("CANARY"), "{text} {args:?} {variables:?}");
            }
        }
        machine.configure(&honest);
    }
    for file in machine.files().into_iter().filter(|file| *file != secret) {
        assert!(
            !String::from_utf8_lossy(&fs::read(&file).unwrap()).contains("CANARY-TEXT"),
            "{}",
            file.display()
        );
    }
}

/// Pipes that nobody writes to, devices without an end, and more than anybody has memory for.
#[test]
fn no_file_that_is_named_holds_anybody_up() {
    let machine = with_credentials("cognito_store = file\ncognito_cache = none\n");
    let (pipe, huge, binary) = (machine.path("pipe"), machine.path("huge"), machine.path("binary"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::File::create(&huge).unwrap().set_len(100 << 30).unwrap();
    fs::write(&binary, [0xff, 0xfe, 0, b'\n'].repeat(100_000)).unwrap();
    let honest = fs::read_to_string(machine.path(".aws/config")).unwrap();
    let refresh_token = machine.login().unwrap()["refresh_token"].clone();
    for file in [
        &*pipe,
        &*huge,
        &*binary,
        Path::new("/dev/zero"),
        Path::new("/dev/null"),
        Path::new("/dev/tty"),
        Path::new("/proc/self/mem"),
        machine.path("").as_path(),
    ] {
        let name = file.to_str().unwrap();
        for args in COMMANDS.iter().filter(|args| !args.contains(&"logout")) {
            for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE"] {
                if args.contains(&"login") && variable == "AWS_SHARED_CREDENTIALS_FILE" {
                    // Nothing is wrong for it, so it waits for a person.
                    continue;
                }
                in_time(&machine, args, &[(variable, name), ("CI", "true")]);
            }
        }
        let ran = in_time(&machine, COMMANDS[0], &[("AWS_CONFIG_FILE", name)]);
        assert!(ran.failure().0.contains(name), "{name}");
        in_time(&machine, &["configure", "--profile", "dev", "--role", "x"], &[("AWS_CONFIG_FILE", name)]);
        machine.configure(&with(&machine, &[("ca_bundle", name)]));
        assert!(in_time(&machine, COMMANDS[0], &[]).failure().0.contains(name), "{name}");
        machine.configure(&honest);
    }
    assert_eq!(machine.login().unwrap()["refresh_token"], refresh_token);
    machine.call().document();
}
