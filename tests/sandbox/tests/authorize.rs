//! `/oauth2/authorize` and the login pages.

mod support;

use cognito_sandbox::{Endpoint, Fault, Person, Times, cast};
use support::*;

const URI: &str = "http://localhost:8080";

/// Parameters of the redirect that an authorize request is answered with at once.
fn redirected(sandbox: &cognito_sandbox::Sandbox, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let answer = get(&authorize_url(sandbox, URI, changes));
    assert_eq!(answer.status, 302, "{}", answer.body);
    let location = answer.header("location").expect("a redirect").to_owned();
    assert!(location.starts_with(&format!("{URI}?")), "{location}");
    url::Url::parse(&location).expect("a URL").query_pairs().into_owned().collect()
}

#[test]
fn a_person_signs_in_and_state_comes_back_byte_for_byte() {
    let sandbox = start();
    let (page, arrived, _) = sign_in(&sandbox, &alice(), &[]);
    assert_eq!(page.status, 200);
    assert_eq!(value(&arrived, "state"), Some("St4te-._~+/= &é"));
    assert!(value(&arrived, "code").is_some());
    assert_eq!(sandbox.counts().authorize, 1);
}

#[test]
fn a_redirect_uri_is_compared_byte_for_byte_and_never_redirected_to() {
    let sandbox = start();
    for wrong in [
        "http://localhost:8080/",
        "http://LOCALHOST:8080",
        "http://127.0.0.1:8080",
        "http://localhost:8081",
        "",
    ] {
        let answer = get(&authorize_url(&sandbox, wrong, &[]));
        assert_eq!((answer.status, answer.header("location")), (400, None), "{wrong}");
        assert!(answer.body.contains("redirect_mismatch"), "{wrong}");
    }
}

#[test]
fn an_unknown_client_gets_a_page_and_no_redirect() {
    let sandbox = start();
    for client in ["nobody", ""] {
        let answer = get(&authorize_url(&sandbox, URI, &[("client_id", client)]));
        assert_eq!((answer.status, answer.header("location")), (400, None));
    }
}

#[test]
fn wrong_parameters_are_told_to_the_redirect_uri() {
    let sandbox = start();
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "id_token")], "invalid_request"),
        (&[("response_type", "token")], "unauthorized_client"),
        (&[("scope", "openid phone")], "invalid_scope"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "too-short")], "invalid_request"),
        (&[("prompt", "none")], "login_required"),
    ];
    for (changes, error) in cases {
        let arrived = redirected(&sandbox, changes);
        assert_eq!(value(&arrived, "error"), Some(error), "{changes:?}");
        assert_eq!(value(&arrived, "state"), Some("St4te-._~+/= &é"), "{changes:?}");
        assert_eq!(value(&arrived, "code"), None);
    }
}

#[test]
fn error_redirects_can_omit_state_as_cognito_may() {
    let sandbox = start();
    sandbox.change(|world| world.state_on_errors = false);
    assert_eq!(value(&redirected(&sandbox, &[("scope", "openid phone")]), "state"), None);
    assert!(value(&redirected(&sandbox, &[("prompt", "none")]), "state").is_some());
}

#[test]
fn a_second_sign_in_in_the_same_browser_is_silent_for_one_hour() {
    let sandbox = start();
    let person = alice();
    sign_in(&sandbox, &person, &[]);
    let login = sandbox.counts().login;
    sign_in(&sandbox, &person, &[("prompt", "none")]);
    sandbox.set_clock_offset(3500);
    sign_in(&sandbox, &person, &[]);
    assert_eq!(sandbox.counts().login, login, "no form was shown again");
    sandbox.set_clock_offset(3700);
    sign_in(&sandbox, &person, &[]);
    assert!(sandbox.counts().login > login, "use does not extend the hour");
}

#[test]
fn prompt_login_asks_again_and_keeps_no_silent_way() {
    let sandbox = start();
    let person = alice();
    sign_in(&sandbox, &person, &[]);
    let login = sandbox.counts().login;
    sign_in(&sandbox, &person, &[("prompt", "login")]);
    assert_eq!(sandbox.counts().login, login + 2);
}

#[test]
fn identity_provider_and_identifier_lead_straight_to_the_company() {
    let sandbox = start();
    for choice in [("identity_provider", "ExampleCorp"), ("idp_identifier", "example.com")] {
        let (page, arrived, _) = sign_in(&sandbox, &Person::federated("erin", cast::PASSWORD), &[choice]);
        assert!(page.trail[1].contains("/company/login?"), "{:?}", page.trail);
        assert!(value(&arrived, "code").is_some());
    }
    for wrong in [("identity_provider", "Nobody"), ("idp_identifier", "nobody.example")] {
        let answer = get(&authorize_url(&sandbox, URI, &[wrong]));
        assert_eq!((answer.status, answer.header("location")), (400, None));
    }
}

#[test]
fn the_chooser_offers_the_company() {
    let sandbox = start();
    let (page, arrived, _) = sign_in(&sandbox, &Person::federated("erin", cast::PASSWORD), &[]);
    assert!(page.trail.iter().any(|url| url.ends_with("/saml2/idpresponse")), "{:?}", page.trail);
    assert_eq!(value(&arrived, "state"), Some("St4te-._~+/= &é"));
}

#[test]
fn a_local_session_does_not_answer_for_the_company() {
    let sandbox = start();
    let person = alice();
    let (_, _, uri) = sign_in(&sandbox, &person, &[]);
    let page = person
        .sign_in(&authorize_url(&sandbox, &uri, &[("identity_provider", "ExampleCorp")]))
        .expect("a page");
    assert!(page.body.contains("We do not know this user name"), "{}", page.body);
}

#[test]
fn login_hint_fills_the_form_and_lang_is_accepted() {
    let sandbox = start();
    let url = authorize_url(&sandbox, URI, &[("login_hint", "dora\"><script>"), ("lang", "de")]);
    let location = get(&url).header("location").expect("a redirect").to_owned();
    let page = get(&location);
    assert!(page.body.contains("value=\"dora&quot;&gt;&lt;script&gt;\""), "{}", page.body);
    assert!(page.body.contains("<html lang=\"de\">"));
    for id in ["username", "password", "submit"] {
        assert!(page.body.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

#[test]
fn wrong_passwords_and_unknown_people_read_the_same() {
    let sandbox = start();
    for person in
        [Person::new("alice", "wrong"), Person::new("nobody", "password"), Person::new("erin", "password")]
    {
        let page = person.sign_in(&authorize_url(&sandbox, URI, &[])).expect("a page");
        assert!(page.body.contains("Incorrect username or password."), "{}", page.body);
    }
    sandbox.disable_user("alice");
    let page = alice().sign_in(&authorize_url(&sandbox, URI, &[])).expect("a page");
    assert!(page.body.contains("User is disabled."));
}

#[test]
fn who_cancels_is_sent_back_with_access_denied() {
    let sandbox = start();
    for changes in [&[][..], &[("identity_provider", "ExampleCorp")][..]] {
        let (_, arrived, _) = sign_in(&sandbox, &Person::deny(), changes);
        assert_eq!(value(&arrived, "error"), Some("access_denied"));
        assert_eq!(value(&arrived, "state"), Some("St4te-._~+/= &é"));
    }
}

#[test]
fn a_form_that_stood_open_for_five_minutes_is_void() {
    let sandbox = start();
    let query = authorize_url(&sandbox, URI, &[]).split_once('?').expect("a query").1.to_owned();
    let login = format!("{}/login?{query}", sandbox.url());
    let shown = get(&login);
    let cookie = shown.header("set-cookie").expect("a cookie").split(';').next().expect("a pair").to_owned();
    let csrf = cookie.trim_start_matches("XSRF-TOKEN=").to_owned();
    let fields = [("_csrf", csrf.as_str()), ("username", "alice"), ("password", "password")];
    let without_cookie = post_form(&login, &[], &fields).expect("an answer");
    assert_eq!(without_cookie.status, 400, "the form belongs to a browser");
    sandbox.set_clock_offset(301);
    let late = post_form(&login, &[("cookie", &cookie)], &fields).expect("an answer");
    assert_eq!(late.status, 400);
    assert!(late.body.contains("Something went wrong"));
    sandbox.set_clock_offset(299);
    let in_time = post_form(&login, &[("cookie", &cookie)], &fields).expect("an answer");
    assert_eq!(in_time.status, 302);
}

#[test]
fn an_error_of_the_provider_can_be_ordered() {
    let sandbox = start();
    let fault = Fault::OAuth {
        status: 302,
        error: "server_error".to_owned(),
        description: Some("Read timed out".to_owned()),
    };
    sandbox.fault(Endpoint::Authorize, fault, Times::Once);
    let arrived = redirected(&sandbox, &[]);
    assert_eq!(value(&arrived, "error"), Some("server_error"));
    assert_eq!(value(&arrived, "error_description"), Some("Read timed out"));
}

#[test]
fn logout_needs_a_registered_url_and_ends_the_browser_session() {
    let sandbox = start();
    let person = alice();
    let (_, _, uri) = sign_in(&sandbox, &person, &[]);
    let logout = |target: &str| {
        format!(
            "{}/logout?{}",
            sandbox.url(),
            form(&[("client_id", cast::PUBLIC_CLIENT), ("logout_uri", target)])
        )
    };
    assert_eq!(get(&logout("http://localhost:1")).status, 400);
    assert_eq!(get(&logout(&uri)).header("location"), Some(uri.as_str()));
    let cookie_before = sandbox.counts().login;
    // The listener behind the URL is gone; what matters happened before.
    let _ = person.sign_in(&logout(&uri));
    sign_in(&sandbox, &person, &[]);
    assert!(sandbox.counts().login > cookie_before, "the form is shown again");
}
