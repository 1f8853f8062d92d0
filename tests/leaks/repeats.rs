//! Servers that answer with what they were sent: in an `error_description`, in AWS's own texts, on a debug
//! page, in a header. At every hop, with 400, 500 and what is no answer at all.

use super::hunt::Hunt;
use super::support::{Machine, Ran};
use cognito_creds::store::{Kernel, Store};
use cognito_sandbox::{Endpoint, Fault, Times, cast};
use std::fs;

const VERBOSITIES: [&str; 3] = ["", "-v", "-vv"];

/// As errors of the token endpoint and as pages. A login survives all of them.
const OAUTH: [(u16, Option<&str>); 7] = [
    (400, Some("invalid_request")),
    (400, Some("invalid_client")),
    (401, Some("unauthorized_client")),
    (400, Some("of_no_standard")),
    (500, Some("server_error")),
    (404, None),
    (200, None),
];

/// As errors of AWS that aren't worth a repetition.
const AWS: [(u16, Option<&str>); 5] = [
    (400, Some("NotAuthorizedException")),
    (400, Some("InvalidParameterException")),
    (400, Some("InvalidIdentityPoolConfigurationException")),
    (403, Some("AccessDenied")),
    (400, Some("OfNoDocumentationException")),
];

/// What is repeated is waited for; once is enough to be told with `-v`.
const AWS_PASSING: [(u16, Option<&str>); 3] =
    [(500, Some("InternalErrorException")), (502, None), (200, None)];

#[test]
fn a_user_pool_that_repeats_what_it_was_sent_tells_nobody() {
    for verbosity in VERBOSITIES {
        let mut hunt = Hunt::begin("file", verbosity);
        hunt.sign_ins_that_fail(Endpoint::TokenCode, &OAUTH);
        hunt.sign_ins_that_fail(Endpoint::TokenCode, &[(400, Some("invalid_grant"))]);
        hunt.sign_ins_that_fail(Endpoint::GetId, &AWS);
        assert_eq!(hunt.play("credential-process").code, 0);
        hunt.renewals_that_fail_at(Endpoint::TokenRefresh, &OAUTH);
        hunt.renewals_that_fail_at(Endpoint::GetCredentials, &AWS);
        hunt.renewals_that_go_on_at(Endpoint::GetCredentials);
        hunt.last_words();
        hunt.assert_hidden(&["[secret]", "[token]"]);
    }
}

#[test]
fn an_openid_provider_that_repeats_what_it_was_sent_tells_nobody() {
    for (verbosity, method) in
        [("", "client_secret_basic"), ("-v", "client_secret_post"), ("-vv", "client_secret_basic")]
    {
        let mut hunt = at_a_provider(verbosity, method);
        hunt.sign_ins_that_fail(Endpoint::TokenCode, &OAUTH[..4]);
        assert_eq!(hunt.play("credential-process").code, 0);
        hunt.machine.let_id_token_end();
        hunt.renewals_that_fail_at(Endpoint::TokenRefresh, &OAUTH[..4]);
        hunt.last_words();
        hunt.assert_hidden(&["[secret]"]);
    }
}

#[test]
fn sts_that_repeats_what_it_was_sent_tells_nobody() {
    for verbosity in VERBOSITIES {
        let mut hunt = Hunt::begin("file", verbosity);
        hunt.machine.add("cognito_flow = basic\n");
        assert_eq!(hunt.play("credential-process").code, 0);
        for endpoint in [Endpoint::GetOpenIdToken, Endpoint::AssumeRole] {
            hunt.renewals_that_fail_at(endpoint, &AWS);
            hunt.renewals_that_go_on_at(endpoint);
        }
        hunt.assert_hidden(&["[token]"]);
    }
}

/// A confidential client of an OpenID provider that takes the secret in this way.
fn at_a_provider(verbosity: &'static str, method: &str) -> Hunt {
    let machine = Machine::bare();
    let redirect = format!("http://localhost:{}/callback", machine.port);
    let profile = machine.sandbox.oidc_profile("dev", cast::OIDC_TENANT, &redirect);
    let profile = profile.replace(cast::OIDC_CLIENT, cast::OIDC_CONFIDENTIAL_CLIENT);
    machine.configure(&format!("{profile}cognito_store = file\n"));
    machine.sandbox.change(|world| world.oidc.auth_methods = vec![method.to_owned()]);
    Hunt::on(machine, cast::OIDC_CONFIDENTIAL_CLIENT, verbosity)
}

fn repeat(&(status, kind): &(u16, Option<&str>)) -> Fault {
    Fault::Repeat { status, kind: kind.map(str::to_owned) }
}

impl Hunt {
    fn sign_ins_that_fail(&mut self, endpoint: Endpoint, answers: &[(u16, Option<&str>)]) {
        for answer in answers {
            self.machine.sandbox.fault(endpoint, repeat(answer), Times::Forever);
            assert_eq!(self.play("credential-process").code, 1, "{endpoint:?} {answer:?}");
            self.machine.sandbox.clear_faults();
            self.machine.forget_sign_ins();
            // The person was signed in, where only the identity pool refused.
            assert_eq!(self.run("logout").code, 0);
        }
    }

    fn renewals_that_fail_at(&mut self, endpoint: Endpoint, answers: &[(u16, Option<&str>)]) {
        for answer in answers {
            let ran = self.renew_with(endpoint, answer, Times::Forever);
            assert_eq!(ran.code, 1, "{endpoint:?} {answer:?}");
        }
    }

    /// One answer of trouble, and then the proper one.
    fn renewals_that_go_on_at(&mut self, endpoint: Endpoint) {
        for answer in &AWS_PASSING {
            let ran = self.renew_with(endpoint, answer, Times::Once);
            assert_eq!(ran.code, 0, "{endpoint:?} {answer:?}: {}", ran.stderr);
        }
    }

    fn renew_with(&mut self, endpoint: Endpoint, answer: &(u16, Option<&str>), times: Times) -> Ran {
        Kernel::cache().delete(&self.machine.profile().credentials_entry()).unwrap();
        self.machine.sandbox.fault(endpoint, repeat(answer), times);
        let ran = self.run("credential-process");
        self.machine.sandbox.clear_faults();
        ran
    }

    /// `console`, `token`, `status`, `doctor` and `logout` at servers that repeat everything.
    fn last_words(&mut self) {
        assert_eq!(self.run("credential-process").code, 0);
        for answer in [(400, Some("x")), (500, None), (200, None)] {
            let every =
                [Endpoint::Federation, Endpoint::TokenRefresh, Endpoint::IdentityPool, Endpoint::Jwks];
            for endpoint in every {
                self.machine.sandbox.fault(endpoint, repeat(&answer), Times::Forever);
            }
            assert_eq!(self.run("console --print").code, 1, "{answer:?}");
            self.machine.let_id_token_end();
            assert_eq!(self.run("token").code, 1, "{answer:?}");
            self.run("status");
            self.run("status --json");
            self.run("doctor");
            self.run("doctor --json");
            self.machine.sandbox.clear_faults();
        }
        self.machine.sandbox.fault(Endpoint::Revoke, repeat(&(400, Some("invalid_request"))), Times::Once);
        assert_eq!(self.run("logout").code, 1);
    }

    /// Nothing leaked, and something was there to be hidden.
    fn assert_hidden(&self, marks: &[&str]) {
        self.assert_nothing_leaked();
        for mark in marks {
            assert!(self.count(mark) > 0, "nobody repeated a {mark}");
        }
        assert!(fs::metadata(self.machine.path("tabs")).is_ok());
    }
}
