//! A whole life of a login, with failures at every stage, at every verbosity and in two stores.

use super::hunt::Hunt;
use super::support::{PROGRAM, Ran, alice, wait_until};
use cognito_creds::store::{Kernel, Store};
use cognito_sandbox::{Endpoint, Fault, Times, cast};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use url::Url;

#[test]
fn a_login_in_a_file_leaks_nothing_at_any_verbosity() {
    for verbosity in ["", "-v", "-vv", "-vvv"] {
        Hunt::begin("file", verbosity).through_a_whole_life();
    }
}

#[test]
fn a_login_in_the_kernel_leaks_nothing_at_any_verbosity() {
    for verbosity in ["", "-v", "-vv", "-vvv"] {
        Hunt::begin("kernel", verbosity).through_a_whole_life();
    }
}

impl Hunt {
    fn through_a_whole_life(mut self) {
        self.sign_in_that_fails();
        self.sign_in();
        self.renew();
        self.renewals_that_fail();
        self.hand_on();
        self.log_out_in_vain();
        self.sign_in_at_a_terminal();
        self.log_in();
        self.log_out();
        self.assert_nothing_leaked();
        self.assert_all_was_seen();
    }

    fn sign_in_that_fails(&mut self) {
        for fault in [
            Fault::TruncatedJson,
            Fault::DropMidBody,
            Fault::CaptivePortal,
            Fault::OAuth { status: 400, error: "invalid_grant".into(), description: None },
        ] {
            self.machine.sandbox.fault(Endpoint::TokenCode, fault, Times::Once);
            assert_eq!(self.play("credential-process").code, 1);
            self.machine.forget_sign_ins();
        }
        self.machine.sandbox.fault(Endpoint::GetCredentials, Fault::TruncatedJson, Times::Forever);
        assert_eq!(self.play("credential-process").code, 1);
        self.machine.sandbox.clear_faults();
        self.machine.forget_sign_ins();
        assert_eq!(self.run("logout").code, 0);
    }

    fn sign_in(&mut self) {
        assert_eq!(self.play("credential-process").code, 0);
        assert_eq!(self.run("credential-process").code, 0);
    }

    fn renew(&mut self) {
        self.machine.let_credentials_end();
        assert_eq!(self.run("credential-process").code, 0);
        assert!(self.machine.sandbox.counts().token_refresh > 0);
    }

    /// Servers that repeat what they were sent, answers that break off, and plain refusals.
    fn renewals_that_fail(&mut self) {
        let login = self.login().unwrap();
        let token = |name: &str| login[name].as_str().unwrap().to_owned();
        let (refresh, id) = (token("refresh_token"), token("id_token"));
        let repeated = Fault::OAuth {
            status: 400,
            error: "invalid_request".into(),
            description: Some(format!("refresh_token={refresh} is malformed")),
        };
        let as_error =
            Fault::OAuth { status: 400, error: refresh.clone(), description: Some("unknown".to_owned()) };
        let page = Fault::Answer {
            status: 502,
            content_type: "text/html".into(),
            headers: vec![("x-amz-cognito-request-id".into(), refresh.clone())],
            body: format!("<pre>grant_type=refresh_token&refresh_token={refresh}</pre>").into(),
        };
        let aws = |kind: &str, message: String| Fault::Aws { status: 400, kind: kind.into(), message };
        let constraint = format!(
            "1 validation error detected: Value '{{cognito-idp.us-east-1.amazonaws.com/x={id}}}' at 'logins' failed to satisfy constraint"
        );
        for (endpoint, fault) in [
            (Endpoint::TokenRefresh, repeated),
            (Endpoint::TokenRefresh, as_error),
            (Endpoint::TokenRefresh, page),
            (Endpoint::TokenRefresh, Fault::TruncatedJson),
            (Endpoint::TokenRefresh, Fault::DropAfterApplying),
            (Endpoint::GetCredentials, aws("InvalidParameterException", constraint.clone())),
            (Endpoint::GetCredentials, aws("NotAuthorizedException", constraint)),
            (Endpoint::GetCredentials, aws(&id, String::new())),
            (Endpoint::GetCredentials, Fault::TruncatedJson),
            (Endpoint::GetCredentials, Fault::DropMidBody),
            (Endpoint::GetCredentials, Fault::HugeBody(2 << 20)),
        ] {
            self.machine.sandbox.fault(endpoint, fault, Times::Forever);
            self.let_credentials_end_if_any();
            assert_eq!(self.run("credential-process").code, 1);
            self.machine.sandbox.clear_faults();
        }
        assert_eq!(self.run("credential-process").code, 0);
    }

    fn let_credentials_end_if_any(&self) {
        Kernel::cache().delete(&self.machine.profile().credentials_entry()).unwrap();
    }

    /// Each secret goes to the one place that it is for: an environment, stdout, a request.
    fn hand_on(&mut self) {
        let ran = self.command("exec").args(["--", "cat", "/proc/self/cmdline"]).output().unwrap().into();
        self.see("exec", &ran);
        assert_eq!(ran.code, 0);
        let ran: Ran = self.command("exec").args(["--", "env"]).output().unwrap().into();
        assert!(!ran.stdout.contains("COGNITO_CREDS_"), "our own secrets stay here");
        self.see_but_stdout("exec", ran);
        let ran = self.command("env").output().unwrap().into();
        self.see_but_stdout("env", ran);
        self.open_console();
        self.serve();
    }

    fn see_but_stdout(&mut self, command: &str, mut ran: Ran) {
        assert_eq!(ran.code, 0);
        ran.stdout.clear();
        self.see(command, &ran);
    }

    fn open_console(&mut self) {
        let ran: Ran = self.command("console").arg("--print").output().unwrap().into();
        let address = Url::parse(ran.stdout.trim_end()).unwrap();
        let token = address.query_pairs().find(|(name, _)| name == "SigninToken").unwrap().1.into_owned();
        self.secrets.add("a sign-in token", &token);
        self.see_but_stdout("console", ran);

        let tabs = self.machine.tabs().len();
        let caller = self.command("console").spawn().unwrap();
        wait_until("the tab", || self.machine.tabs().len() > tabs);
        let tab = self.machine.tabs()[tabs].clone();
        let page = alice().sign_in(&tab).unwrap();
        let token = page.trail.iter().find_map(|address| address.split("SigninToken=").nth(1)).unwrap();
        self.secrets.add("a sign-in token", token.split('&').next().unwrap());
        self.seen.push(("the browser's command line".to_owned(), tab.into()));
        let ran = Ran::of(caller);
        assert_eq!(ran.code, 0);
        self.see("console", &ran);
    }

    fn serve(&mut self) {
        let mut served = self.command("serve").spawn().unwrap();
        let mut lines = BufReader::new(served.stdout.take().unwrap()).lines();
        let mut value = || lines.next().unwrap().unwrap().split_once('=').unwrap().1.to_owned();
        let (uri, token) = (Url::parse(&value()).unwrap(), value());
        self.secrets.add("the endpoint's token", &token);
        let host = format!("127.0.0.1:{}", uri.port().unwrap());
        for (path, token, status) in
            [("/credentials", &*token, "200"), ("/x", &token, "404"), ("/", "x", "401")]
        {
            let mut stream = TcpStream::connect(&host).unwrap();
            write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert_eq!(answer.split(' ').nth(1), Some(status));
            if status != "200" {
                self.seen.push(("a refusal".to_owned(), answer.into()));
            }
        }
        let arguments = fs::read(format!("/proc/{}/cmdline", served.id())).unwrap();
        self.seen.push(("arguments of serve".to_owned(), arguments));
        served.kill().unwrap();
        let ran = Ran::of(served);
        self.see("serve", &ran);
    }

    fn log_out_in_vain(&mut self) {
        self.machine.sandbox.fault(Endpoint::Revoke, Fault::Status(503), Times::Once);
        assert_eq!(self.run("logout").code, 1);
    }

    /// A terminal gets what stderr does not.
    fn sign_in_at_a_terminal(&mut self) {
        let (tabs, out) = (self.machine.tabs().len(), tempfile::NamedTempFile::new().unwrap());
        let program = format!(
            "'{PROGRAM}' credential-process --profile dev {} > '{}'",
            self.verbosity,
            out.path().display()
        );
        let mut script = Command::new("script");
        let mut terminal = self.machine.command(&[]);
        terminal.env("COGNITO_CREDS_CLIENT_SECRET", cast::CLIENT_SECRET).env("SHELL", "/bin/sh");
        let variables = terminal.get_envs().filter_map(|(name, value)| Some((name, value?)));
        script.args(["-qec", &program, "/dev/null"]).env_clear().envs(variables);
        script.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
        let session = script.spawn().unwrap();
        wait_until("the tab", || self.machine.tabs().len() > tabs);
        let address = self.machine.tabs()[tabs].clone();
        let page = alice().sign_in(&address).unwrap();
        self.know_sign_in(&address, &page);
        let shown = session.wait_with_output().unwrap();
        assert!(shown.status.success());
        let shown_text = String::from_utf8_lossy(&shown.stdout);
        assert!(shown_text.contains("needs a sign-in"), "the person is told: {shown_text}");
        self.seen.push(("the terminal".to_owned(), shown.stdout));
        let document = serde_json::from_slice(&fs::read(out.path()).unwrap()).unwrap();
        self.know_credentials(&document);
        self.know_login();
    }

    fn log_in(&mut self) {
        assert_eq!(self.play("login").code, 0);
        assert_eq!(self.run("credential-process").code, 0);
    }

    fn log_out(&mut self) {
        assert_eq!(self.run("logout").code, 0);
    }
}
