//! The program: `serve` with its control addresses, `browse`.

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use support::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cognito-sandbox");

struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut child =
            Command::new(PROGRAM).arg("serve").args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("ready ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, url }
    }

    fn post(&self, control: &str) -> Answer {
        send("POST", &format!("{}/_sandbox/{control}", self.url), &[], "").unwrap()
    }

    fn counts(&self) -> serde_json::Value {
        get(&format!("{}/_sandbox/counts", self.url)).json()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn browse(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).arg("browse").args(arguments).output().unwrap()
}

fn authorize(served: &Served, redirect_uri: &str) -> String {
    let fields = [
        ("response_type", "code"),
        ("client_id", "sandbox-client"),
        ("redirect_uri", redirect_uri),
        ("state", "s"),
    ];
    format!("{}/oauth2/authorize?{}", served.url, form(&fields))
}

#[test]
fn serve_and_browse_play_a_sign_in_without_a_word() {
    let served = Served::start(&[]);
    for (arguments, parameter) in
        [(&[][..], "code"), (&["--federated"], "code"), (&["--user", "dora"], "code"), (&["--deny"], "error")]
    {
        let callback = Callback::new();
        assert_eq!(
            served.post(&format!("register-redirect?{}", form(&[("uri", &callback.uri)]))).status,
            200
        );
        let url = authorize(&served, &callback.uri);
        let output = browse(&[arguments, &[&url]].concat());
        assert!(
            output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(),
            "{output:?}"
        );
        assert!(value(&callback.arrived(), parameter).is_some(), "{arguments:?}");
    }
    assert_eq!(served.counts()["authorize"], 5, "four tabs, and one way through the chooser");
}

#[test]
fn browse_fails_on_an_error_page_and_prints_on_request() {
    let served = Served::start(&[]);
    let output = browse(&[&authorize(&served, "http://localhost:1"), "--print"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("redirect_mismatch"));
    assert_eq!(browse(&["http://127.0.0.1:1/"]).status.code(), Some(1));
    assert_eq!(browse(&[]).status.code(), Some(1));
}

#[test]
fn serve_appends_a_profile_and_registers_its_addresses() {
    let folder = std::env::temp_dir().join(format!("cognito-sandbox-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config");
    std::fs::write(&file, "[profile mine]\nregion = eu-central-1\n").unwrap();
    let name = file.to_str().unwrap();
    let served = Served::start(&[
        "--write-config",
        name,
        "--profile",
        "box",
        "--redirect-uri",
        "http://localhost:1",
        "--redirect-uri",
        "http://localhost:2",
    ]);
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(config.starts_with("[profile mine]\n"));
    assert!(
        config.contains("[profile box]\n")
            && config.contains("cognito_redirect_uri = http://localhost:1,http://localhost:2\n")
    );
    assert!(config.contains(&format!("endpoint_url = {}\n", served.url)));
    // Built or not, and beside the sandbox then.
    let beside = std::path::Path::new(PROGRAM).with_file_name("cognito-creds");
    let program = if beside.is_file() { beside.display().to_string() } else { "cognito-creds".to_owned() };
    let line = format!("\ncredential_process = {program} credential-process --profile box\n");
    assert!(config.ends_with(&line), "{config}");
    assert_eq!(get(&authorize(&served, "http://localhost:2")).status, 302);
}

#[test]
fn the_switches_work_over_http() {
    let served = Served::start(&[]);
    let jwks = format!("{}/.well-known/jwks.json", served.url);
    for (query, status) in [
        ("kind=status&status=503&times=2", 503),
        ("kind=status&status=429&retry_after=3", 429),
        ("kind=captive-portal&delay=0.01", 200),
        ("kind=oauth&error=invalid_client&status=401", 401),
        ("kind=answer&status=403&body=no", 403),
    ] {
        assert_eq!(served.post(&format!("fault?endpoint=jwks&{query}")).status, 200, "{query}");
        assert_eq!(get(&jwks).status, status, "{query}");
        served.post("clear-faults");
    }
    served.post("fault?endpoint=jwks&kind=drop-before&skip=1");
    assert_eq!(get(&jwks).status, 200);
    assert!(send("GET", &jwks, &[], "").is_err());
    assert_eq!(served.counts()["jwks"], 7);

    assert_eq!(served.post("clock?offset=631152000").status, 200);
    let date = get(&jwks);
    assert!(date.header("date").unwrap().contains(" 20") && !date.header("date").unwrap().contains(" 2026 "));
    for good in [
        "person?name=alice&act=disable",
        "person?name=alice&act=sign-out",
        "client?id=sandbox-client&rotation=off&id_token_seconds=300",
        "forget?what=identities",
    ] {
        assert_eq!(served.post(good).status, 200, "{good}");
    }
    for bad in [
        "fault?endpoint=nowhere&kind=hang",
        "fault?endpoint=jwks&kind=strange",
        "fault?endpoint=jwks",
        "person?name=nobody&act=disable",
        "clock",
        "nothing",
    ] {
        assert_eq!(served.post(bad).status, 400, "{bad}");
    }
    assert_eq!(text(&get(&format!("{}/_sandbox/world", served.url)).json(), "region"), "us-east-1");
    assert!(get(&format!("{}/_sandbox/log", served.url)).json().as_array().unwrap().len() >= 7);
    served.post("reset");
    assert_eq!(served.counts()["total"], 0);
}
