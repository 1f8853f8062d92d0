//! Revocation: what is here goes, whatever the server says.

use crate::support::cases::Cases;
use crate::{oauth, signed_in, troubles};
use cognito_sandbox::{Endpoint, Times};

#[test]
fn a_login_goes_here_whatever_the_server_says() {
    let mut cases = Cases::of("revoke-refused");
    let refusals = [
        ("revocation is switched off", oauth(400, "invalid_request")),
        ("not a refresh token", oauth(400, "unsupported_token_type")),
        ("invalid_client", oauth(401, "invalid_client")),
    ];
    // Success is an empty 200, so half of it is success, too.
    let success =
        ["JSON that ends in the middle", "JSON of something else", "an answer that ends in the middle"];
    let troubles = troubles().into_iter().filter(|(case, _)| !success.contains(case));
    for (case, fault) in refusals.into_iter().chain(troubles) {
        let machine = signed_in();
        machine.sandbox.clear_log();
        machine.sandbox.fault(Endpoint::Revoke, fault, Times::Forever);
        let ran = machine.run(&["logout", "--profile", "dev"]);
        cases.tell(case, &machine, &ran);
        assert!(machine.login().is_none(), "{case}");
        let counts = machine.sandbox.counts();
        assert_eq!((counts.revoke, counts.total), (1, 1), "{case}");
        machine.call_with(&[("CI", "true")]).failure();
    }
    cases.compare();
}

#[test]
fn a_token_that_was_invalid_already_counts_as_revoked() {
    let machine = signed_in();
    machine.sandbox.revoke_all("alice");
    assert_eq!(machine.run(&["logout", "--profile", "dev"]).code, 0);
    assert!(machine.login().is_none());
}
