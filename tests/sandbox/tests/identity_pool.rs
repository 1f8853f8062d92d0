//! GetId, GetCredentialsForIdentity, GetOpenIdToken: checks, texts, roles.

mod support;

use cognito_sandbox::world::{MappingKind, RoleMapping, Rule};
use cognito_sandbox::{Person, Sandbox, cast};
use serde_json::{Value, json};
use support::*;

fn get_id(sandbox: &Sandbox, logins: &Value) -> Answer {
    identity(
        sandbox,
        "GetId",
        &json!({ "IdentityPoolId": sandbox.world().identity_pool.id, "Logins": logins }),
    )
}

/// Name of the role that credentials were given for, or the refusal.
fn role_of(sandbox: &Sandbox, tokens: &Value, wish: Option<&str>) -> String {
    let more = wish.map_or(json!({}), |role| json!({ "CustomRoleArn": role }));
    let answer = credentials(sandbox, tokens, &more);
    if answer.status != 200 {
        return answer.aws_error();
    }
    let body = signed::caller_identity(sandbox, &signed::Keys::of(&answer.json()), 0).body;
    let (_, rest) = body.split_once(":assumed-role/").expect("an assumed role");
    rest.split('/').next().expect("a name").to_owned()
}

#[test]
fn an_identity_is_the_same_for_good() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let id = identity_id(&sandbox, &tokens);
    assert!(id.starts_with("us-east-1:") && id.len() == 46);
    assert_eq!(identity_id(&sandbox, &tokens), id);
    assert_eq!(identity_id(&sandbox, &tokens_of(&sandbox, &alice())), id);
    assert_ne!(identity_id(&sandbox, &tokens_of(&sandbox, &Person::new("bob", cast::PASSWORD))), id);
}

#[test]
fn credentials_have_cognitos_names_and_a_scientific_expiration() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let answer = credentials(&sandbox, &tokens, &json!({}));
    let parsed = answer.json();
    let found = &parsed["Credentials"];
    assert!(text(found, "AccessKeyId").starts_with("ASIA") && text(found, "AccessKeyId").len() == 20);
    assert_eq!(text(found, "SecretKey").len(), 40);
    assert!(text(found, "SessionToken").len() > 1000);
    let (_, raw) = answer.body.split_once("\"Expiration\":").expect("an expiration");
    let raw = raw.split(',').next().unwrap();
    assert!(raw.starts_with("1.") && raw.ends_with("E9"), "{raw}");
    let left = found["Expiration"].as_f64().unwrap() - sandbox.now() as f64;
    assert!((3595.0..=3600.0).contains(&left), "{left}");
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.1"));
}

#[test]
fn logins_are_checked_with_the_texts_of_aws() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let key = sandbox.world().logins_key().to_owned();
    let id_token = text(&tokens, "id_token");
    let (head, signature) = id_token.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    let mut other_key = key.clone();
    other_key.push('X');
    let cases = [
        (json!({ &key: "garbage" }), "Invalid login token. Not a valid OpenId Connect identity token."),
        (json!({ &key: tokens["access_token"] }), "Invalid login token. Missing a required claim: aud"),
        (json!({ &other_key: id_token }), "Invalid login token. Issuer doesn't match providerName"),
        (json!({ &key: format!("{head}.{turned}") }), "Invalid login token. Couldn't verify signed token."),
        (json!(null), "Unauthenticated access is not supported for this identity pool."),
        (json!({}), "Unauthenticated access is not supported for this identity pool."),
    ];
    for (logins, message) in cases {
        assert_eq!(get_id(&sandbox, &logins).aws_error(), format!("NotAuthorizedException: {message}"));
    }
    let exp = claims(&tokens["id_token"])["exp"].as_i64().unwrap();
    sandbox.set_clock_offset(3601);
    let expired = get_id(&sandbox, &logins(&sandbox, &tokens)).aws_error();
    assert!(expired.starts_with("NotAuthorizedException: Invalid login token. Token expired: "), "{expired}");
    assert!(expired.ends_with(&format!(" >= {exp}")), "{expired}");
}

#[test]
fn a_client_that_the_pool_does_not_know_is_refused() {
    let sandbox = start();
    let (_, arrived, uri) = sign_in(&sandbox, &alice(), &[("client_id", cast::FOREIGN_CLIENT)]);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", cast::FOREIGN_CLIENT),
        ("code", value(&arrived, "code").unwrap()),
        ("redirect_uri", &uri),
        ("code_verifier", VERIFIER),
    ];
    let tokens = token(&sandbox, &fields).json();
    assert_eq!(
        get_id(&sandbox, &logins(&sandbox, &tokens)).aws_error(),
        "NotAuthorizedException: Token is not from a supported provider of this identity pool."
    );
}

#[test]
fn identities_are_found_owned_or_refused() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let bob = tokens_of(&sandbox, &Person::new("bob", cast::PASSWORD));
    let (own, other) = (identity_id(&sandbox, &tokens), identity_id(&sandbox, &bob));
    let ask = |id: &str, logins: Value| {
        identity(&sandbox, "GetCredentialsForIdentity", &json!({ "IdentityId": id, "Logins": logins }))
    };
    let unknown = "us-east-1:00000000-0000-4000-8000-000000000000";
    assert_eq!(
        ask(unknown, logins(&sandbox, &tokens)).aws_error(),
        format!("ResourceNotFoundException: Identity '{unknown}' not found.")
    );
    assert_eq!(
        ask(&other, logins(&sandbox, &tokens)).aws_error(),
        "NotAuthorizedException: Logins don't match. Please include at least one valid login for this identity or identity pool."
    );
    assert_eq!(
        ask(&own, json!({})).aws_error(),
        format!("NotAuthorizedException: Access to Identity '{own}' is forbidden.")
    );
    assert!(
        ask("no id", logins(&sandbox, &tokens))
            .aws_error()
            .starts_with("InvalidParameterException: 1 validation error")
    );
    sandbox.forget_identities();
    assert!(ask(&own, logins(&sandbox, &tokens)).aws_error().starts_with("ResourceNotFoundException"));
    let renewed = identity_id(&sandbox, &tokens);
    assert_ne!(renewed, own);
    sandbox.merge_identities();
    let merged = ask(&renewed, logins(&sandbox, &tokens)).json();
    assert_ne!(text(&merged, "IdentityId"), renewed, "the answer names the identity it was merged into");
}

#[test]
fn a_wrong_pool_or_operation_is_told_apart() {
    let sandbox = start();
    let tokens = tokens_of(&sandbox, &alice());
    let ask = |pool: &str| {
        identity(&sandbox, "GetId", &json!({ "IdentityPoolId": pool, "Logins": logins(&sandbox, &tokens) }))
    };
    let other = "us-east-1:00000000-0000-4000-8000-000000000000";
    assert_eq!(
        ask(other).aws_error(),
        format!("ResourceNotFoundException: IdentityPool '{other}' not found.")
    );
    assert!(ask("nonsense").aws_error().starts_with("InvalidParameterException"));
    assert!(identity(&sandbox, "GetId", &json!({})).aws_error().contains("'identityPoolId'"));
    assert!(
        identity(&sandbox, "GetNothing", &json!({})).aws_error().starts_with("UnknownOperationException")
    );
    assert!(identity(&sandbox, "GetId", &json!("text")).aws_error().starts_with("SerializationException"));
}

#[test]
fn roles_are_chosen_in_the_order_of_aws() {
    let sandbox = start();
    let world = sandbox.world();
    let denied = "NotAuthorizedException: The ambiguous role mapping rules denied this request";
    let tokens = tokens_of(&sandbox, &alice());
    let bob = tokens_of(&sandbox, &Person::new("bob", cast::PASSWORD));
    let carol = tokens_of(&sandbox, &Person::new("carol", cast::PASSWORD));
    let erin = tokens_of(&sandbox, &Person::federated("erin", cast::PASSWORD));
    assert_eq!(role_of(&sandbox, &tokens, None), "Developer");
    assert_eq!(role_of(&sandbox, &tokens, Some(&world.role_arn("ReadOnly"))), "ReadOnly");
    for other in ["Authenticated", "Nothing"] {
        let refusal = role_of(&sandbox, &tokens, Some(&world.role_arn(other)));
        assert!(refusal.starts_with("NotAuthorizedException"), "{refusal}");
    }
    assert_eq!(role_of(&sandbox, &erin, None), "ReadOnly");
    assert_eq!(role_of(&sandbox, &carol, None), denied);
    assert_eq!(role_of(&sandbox, &carol, Some(&world.role_arn("Developer"))), "Developer");
    assert_eq!(role_of(&sandbox, &bob, None), denied);

    sandbox.change(|world| {
        world.identity_pool.mapping = Some(RoleMapping { kind: MappingKind::Token, deny_ambiguous: false })
    });
    assert_eq!(role_of(&sandbox, &carol, None), "Authenticated");
    assert_eq!(role_of(&sandbox, &bob, None), "Authenticated");

    sandbox.change(|world| world.identity_pool.mapping = None);
    assert_eq!(role_of(&sandbox, &tokens, None), "Authenticated");
    assert!(
        role_of(&sandbox, &tokens, Some(&world.role_arn("Developer"))).starts_with("NotAuthorizedException")
    );

    let rule = Rule {
        claim: "cognito:groups".to_owned(),
        value: "readers".to_owned(),
        role_arn: world.role_arn("ReadOnly"),
    };
    let rules = RoleMapping { kind: MappingKind::Rules(vec![rule]), deny_ambiguous: true };
    sandbox.change(|world| world.identity_pool.mapping = Some(rules));
    assert_eq!(role_of(&sandbox, &tokens, None), "ReadOnly");
    assert_eq!(role_of(&sandbox, &bob, None), denied);

    sandbox.change(|world| {
        world.identity_pool.mapping = None;
        world.identity_pool.authenticated_role = None;
    });
    let text = "Invalid identity pool configuration. Check assigned IAM roles for this pool.";
    assert_eq!(
        role_of(&sandbox, &tokens, None),
        format!("InvalidIdentityPoolConfigurationException: {text}")
    );
}

#[test]
fn roles_as_a_comma_separated_string_count_as_well() {
    let sandbox = start();
    sandbox.change(|world| world.roles_claim = cognito_sandbox::RolesClaim::CommaSeparated);
    let tokens = tokens_of(&sandbox, &Person::new("carol", cast::PASSWORD));
    assert_eq!(role_of(&sandbox, &tokens, Some(&sandbox.world().role_arn("Developer"))), "Developer");
}

#[test]
fn server_side_token_check_refuses_who_signed_out_or_was_disabled() {
    let ends: [fn(&Sandbox); 2] =
        [|sandbox| sandbox.global_sign_out("alice"), |sandbox| sandbox.disable_user("alice")];
    for end in ends {
        let sandbox = start();
        let tokens = tokens_of(&sandbox, &alice());
        identity_id(&sandbox, &tokens);
        end(&sandbox);
        assert_eq!(
            credentials(&sandbox, &tokens, &json!({})).status,
            200,
            "without the check an ID token lives on"
        );
        sandbox.change(|world| world.identity_pool.server_side_token_check = true);
        assert!(
            get_id(&sandbox, &logins(&sandbox, &tokens)).aws_error().starts_with("NotAuthorizedException")
        );
        sandbox.enable_user("alice");
        assert_eq!(get_id(&sandbox, &logins(&sandbox, &tokens_of(&sandbox, &alice()))).status, 200);
    }
}

#[test]
fn the_basic_flow_can_be_off() {
    let sandbox = start();
    sandbox.change(|world| world.identity_pool.classic_flow = false);
    let tokens = tokens_of(&sandbox, &alice());
    let input = json!({ "IdentityId": identity_id(&sandbox, &tokens), "Logins": logins(&sandbox, &tokens) });
    assert_eq!(
        identity(&sandbox, "GetOpenIdToken", &input).aws_error(),
        "InvalidParameterException: Basic (classic) flow is not enabled, please use enhanced flow."
    );
}

#[test]
fn a_developer_identity_gets_the_default_role() {
    let sandbox = start();
    let world = sandbox.world();
    let (access, secret) = world.admin_keys.clone();
    let admin = signed::Keys { access, secret, token: None };
    let body = json!({ "IdentityPoolId": world.identity_pool.id, "Logins": { "login.example": "user-42" }, "TokenDuration": 900 }).to_string();
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "AWSCognitoIdentityService.GetOpenIdTokenForDeveloperIdentity"),
    ];
    let call = signed::Call {
        service: "cognito-identity",
        method: "POST",
        path: "/",
        body: &body,
        headers: &headers,
    };
    let given = signed::signed(&sandbox, &admin, &call, 0).json();
    let input = json!({ "IdentityId": given["IdentityId"], "Logins": { "cognito-identity.amazonaws.com": given["Token"] } });
    let answer = identity(&sandbox, "GetCredentialsForIdentity", &input);
    let body = signed::caller_identity(&sandbox, &signed::Keys::of(&answer.json()), 0).body;
    assert!(body.contains(":assumed-role/Authenticated/CognitoIdentityCredentials"), "{body}");

    let stranger = signed::Keys { secret: "wrong".to_owned(), ..admin };
    assert!(signed::signed(&sandbox, &stranger, &call, 0).aws_error().starts_with("SignatureDoesNotMatch"));
}
