//! STS and S3: what the credentials are worth, and for how long.

mod support;

use cognito_sandbox::{Person, Sandbox, cast};
use serde_json::json;
use support::signed::{Call, Keys, caller_identity, s3, signed};
use support::*;

fn keys_of(sandbox: &Sandbox, person: &Person) -> Keys {
    let tokens = tokens_of(sandbox, person);
    Keys::of(&credentials(sandbox, &tokens, &json!({})).json())
}

fn code(answer: &Answer) -> &str {
    let (_, rest) = answer.body.split_once("<Code>").unwrap_or_else(|| panic!("no error: {}", answer.body));
    rest.split('<').next().expect("a code")
}

#[test]
fn the_caller_is_the_assumed_role() {
    let sandbox = start();
    let keys = keys_of(&sandbox, &alice());
    let answer = caller_identity(&sandbox, &keys, 0);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(
        answer.body.contains(
            "<Arn>arn:aws:sts::123456789012:assumed-role/Developer/CognitoIdentityCredentials</Arn>"
        )
    );
    assert_eq!(sandbox.counts().caller_identity, 1);
}

#[test]
fn sts_refuses_wrong_signatures_tokens_clocks_and_expired_credentials() {
    let sandbox = start();
    let keys = keys_of(&sandbox, &alice());
    let with = |change: fn(&mut Keys)| {
        let mut changed = keys.clone();
        change(&mut changed);
        caller_identity(&sandbox, &changed, 0)
    };
    assert_eq!(code(&with(|keys| keys.secret.push('x'))), "SignatureDoesNotMatch");
    assert_eq!(code(&with(|keys| keys.access = "ASIAUNKNOWNUNKNOWN00".to_owned())), "InvalidClientTokenId");
    assert_eq!(code(&with(|keys| keys.token = None)), "InvalidClientTokenId");
    assert_eq!(code(&with(|keys| keys.token = Some("another".to_owned()))), "InvalidClientTokenId");
    assert_eq!(code(&caller_identity(&sandbox, &keys, -901)), "SignatureDoesNotMatch");
    assert_eq!(caller_identity(&sandbox, &keys, -890).status, 200);
    let unsigned = post_form(sandbox.url(), &[], &[("Action", "GetCallerIdentity")]).unwrap();
    assert_eq!((unsigned.status, code(&unsigned)), (403, "MissingAuthenticationToken"));
    sandbox.set_clock_offset(3601);
    let late = caller_identity(&sandbox, &keys, 0);
    assert_eq!((late.status, code(&late)), (403, "ExpiredToken"));
}

#[test]
fn the_basic_flow_gives_longer_sessions_with_a_name() {
    let sandbox = start();
    let world = sandbox.world();
    let tokens = tokens_of(&sandbox, &alice());
    let input = json!({ "IdentityId": identity_id(&sandbox, &tokens), "Logins": logins(&sandbox, &tokens) });
    let open_id = identity(&sandbox, "GetOpenIdToken", &input).json();
    let open_id = text(&open_id, "Token").to_owned();
    let assume = |role: &str, name: &str, seconds: &str, token: &str| {
        let fields = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", &world.role_arn(role)),
            ("RoleSessionName", name),
            ("DurationSeconds", seconds),
            ("WebIdentityToken", token),
        ];
        post_form(sandbox.url(), &[], &fields).unwrap()
    };
    let good = assume("Developer", "alice@example.com", "43200", &open_id);
    assert_eq!(good.status, 200, "{}", good.body);
    let member = |name: &str| {
        let (_, rest) = good.body.split_once(&format!("<{name}>")).expect(name);
        rest.split('<').next().expect("a value").to_owned()
    };
    let keys = Keys {
        access: member("AccessKeyId"),
        secret: member("SecretAccessKey"),
        token: Some(member("SessionToken")),
    };
    sandbox.set_clock_offset(43_000);
    let answer = caller_identity(&sandbox, &keys, 0);
    assert!(answer.body.contains("assumed-role/Developer/alice@example.com"), "{}", answer.body);
    sandbox.set_clock_offset(0);

    let refusals = [
        (assume("Developer", "alice", "899", &open_id), 400, "ValidationError"),
        (assume("ShortSession", "alice", "3601", &open_id), 400, "ValidationError"),
        (assume("Developer", "a", "900", &open_id), 400, "ValidationError"),
        (assume("Developer", "alice smith", "900", &open_id), 400, "ValidationError"),
        (assume("Untrusting", "alice", "900", &open_id), 403, "AccessDenied"),
        (assume("Nothing", "alice", "900", &open_id), 403, "AccessDenied"),
        (assume("Developer", "alice", "900", text(&tokens, "id_token")), 400, "InvalidIdentityToken"),
        (assume("Developer", "alice", "900", "garbage"), 400, "InvalidIdentityToken"),
    ];
    for (answer, status, expected) in refusals {
        assert_eq!((answer.status, code(&answer)), (status, expected));
    }
    sandbox.set_clock_offset(601);
    let late = assume("Developer", "alice", "900", &open_id);
    assert_eq!((late.status, code(&late)), (400, "ExpiredTokenException"));
}

#[test]
fn s3_keeps_what_a_writing_role_puts() {
    let sandbox = start();
    let keys = keys_of(&sandbox, &alice());
    assert_eq!(
        s3(&sandbox, &keys, "GET", "/demo-bucket/readme.txt", "", 0).body,
        "Hello from the sandbox.\n"
    );
    assert_eq!(s3(&sandbox, &keys, "PUT", "/demo-bucket/new.txt", "text", 0).status, 200);
    assert_eq!(s3(&sandbox, &keys, "GET", "/demo-bucket/new.txt", "", 0).body, "text");
    let list = s3(&sandbox, &keys, "GET", "/demo-bucket?list-type=2", "", 0);
    assert!(list.body.contains("<Key>reports/2026/january.csv</Key>"), "{}", list.body);
    assert_eq!(code(&s3(&sandbox, &keys, "GET", "/demo-bucket/none", "", 0)), "NoSuchKey");
    assert_eq!(code(&s3(&sandbox, &keys, "GET", "/nobucket/none", "", 0)), "NoSuchBucket");
}

#[test]
fn a_read_only_role_may_read_and_no_more() {
    let sandbox = start();
    let keys = keys_of(&sandbox, &Person::federated("erin", cast::PASSWORD));
    assert_eq!(s3(&sandbox, &keys, "GET", "/demo-bucket/readme.txt", "", 0).status, 200);
    let refused = s3(&sandbox, &keys, "PUT", "/demo-bucket/new.txt", "text", 0);
    assert_eq!((refused.status, code(&refused)), (403, "AccessDenied"));
    assert!(
        refused.body.contains("assumed-role/ReadOnly/CognitoIdentityCredentials is not authorized"),
        "{}",
        refused.body
    );
    let keys = keys_of(&sandbox, &alice());
    assert_eq!(code(&s3(&sandbox, &keys, "GET", "/demo-bucket/new.txt", "", 0)), "NoSuchKey");
}

#[test]
fn an_upload_whose_checksum_is_wrong_is_not_kept() {
    let sandbox = start();
    let keys = keys_of(&sandbox, &alice());
    let put = |sum: &str| {
        let headers = [("x-amz-checksum-crc32", sum)];
        let call = Call {
            service: "s3",
            method: "PUT",
            path: "/demo-bucket/new.txt",
            body: "text",
            headers: &headers,
        };
        signed(&sandbox, &keys, &call, 0)
    };
    assert_eq!(code(&put("AAAAAA==")), "BadDigest");
    assert_eq!(code(&s3(&sandbox, &keys, "GET", "/demo-bucket/new.txt", "", 0)), "NoSuchKey");
    // crc32 of "text".
    assert_eq!(put("O4unxw==").status, 200);
}

#[test]
fn s3_refuses_what_it_did_not_give_out() {
    let sandbox = start();
    let keys = keys_of(&sandbox, &alice());
    let get_with = |keys: &Keys, late: i64| s3(&sandbox, keys, "GET", "/demo-bucket/readme.txt", "", late);
    let secret = Keys { secret: "x".repeat(40), ..keys.clone() };
    let unknown = Keys { access: "ASIAUNKNOWNUNKNOWN00".to_owned(), ..keys.clone() };
    let no_token = Keys { token: None, ..keys.clone() };
    let other_token = Keys { token: Some("another".to_owned()), ..keys.clone() };
    assert_eq!(code(&get_with(&secret, 0)), "SignatureDoesNotMatch");
    assert_eq!(code(&get_with(&unknown, 0)), "InvalidAccessKeyId");
    assert_eq!(code(&get_with(&no_token, 0)), "InvalidToken");
    assert_eq!(code(&get_with(&other_token, 0)), "InvalidToken");
    assert_eq!(code(&get_with(&keys, -901)), "RequestTimeTooSkewed");
    assert_eq!(get(&format!("{}/demo-bucket/readme.txt", sandbox.url())).status, 403, "unsigned");
    sandbox.set_clock_offset(3601);
    let late = get_with(&keys, 0);
    assert_eq!((late.status, code(&late)), (400, "ExpiredToken"));
}

#[test]
fn the_clock_of_the_sandbox_decides_about_signatures() {
    let sandbox = start();
    sandbox.set_clock_offset(-10_000_000);
    let keys = keys_of(&sandbox, &alice());
    assert_eq!(s3(&sandbox, &keys, "GET", "/demo-bucket/readme.txt", "", 0).status, 200);
    assert_eq!(
        code(&s3(&sandbox, &keys, "GET", "/demo-bucket/readme.txt", "", 10_000_000)),
        "RequestTimeTooSkewed"
    );
}
