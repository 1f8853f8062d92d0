//! A SigV4 signer (header form), written from the specification for these tests.

use super::{Answer, send};
use cognito_sandbox::Sandbox;
use ring::{digest, hmac};
use serde_json::Value;
use time::{OffsetDateTime, macros::format_description};

/// Access key, secret, session token.
#[derive(Clone, Debug)]
pub struct Keys {
    pub access: String,
    pub secret: String,
    pub token: Option<String>,
}

impl Keys {
    /// Of the answer of GetCredentialsForIdentity.
    pub fn of(answer: &Value) -> Self {
        let credentials = &answer["Credentials"];
        let member = |name: &str| credentials[name].as_str().expect(name).to_owned();
        Self {
            access: member("AccessKeyId"),
            secret: member("SecretKey"),
            token: Some(member("SessionToken")),
        }
    }
}

/// What to sign.
pub struct Call<'a> {
    pub service: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub body: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
}

/// Signs at the sandbox's time plus `late` and sends.
pub fn signed(sandbox: &Sandbox, keys: &Keys, call: &Call<'_>, late: i64) -> Answer {
    let moment = OffsetDateTime::from_unix_timestamp(sandbox.now() + late).expect("a time");
    let stamp =
        moment.format(format_description!("[year][month][day]T[hour][minute][second]Z")).expect("a stamp");
    let date = &stamp[..8];
    let host = sandbox.url().trim_start_matches("http://");
    let hash = hex(digest::digest(&digest::SHA256, call.body.as_bytes()).as_ref());
    let mut headers = vec![("host", host), ("x-amz-content-sha256", &hash), ("x-amz-date", &stamp)];
    headers.extend(keys.token.as_deref().map(|token| ("x-amz-security-token", token)));
    headers.extend_from_slice(call.headers);
    headers.sort_unstable();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let (path, query) = call.path.split_once('?').unwrap_or((call.path, ""));
    let canonical = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{hash}", call.method);
    let scope = format!("{date}/us-east-1/{}/aws4_request", call.service);
    let digest = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}");
    let key = [date, "us-east-1", call.service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{}", keys.secret).into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
    let signature = hex(&hmac_sha256(&key, to_sign.as_bytes()));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        keys.access
    );
    headers.retain(|(name, _)| *name != "host");
    headers.push(("authorization", &authorization));
    send(call.method, &format!("{}{}", sandbox.url(), call.path), &headers, call.body).expect("an answer")
}

/// STS GetCallerIdentity.
pub fn caller_identity(sandbox: &Sandbox, keys: &Keys, late: i64) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    signed(sandbox, keys, &Call { service: "sts", method: "POST", path: "/", body, headers: &headers }, late)
}

/// An S3 request.
pub fn s3(sandbox: &Sandbox, keys: &Keys, method: &str, path: &str, body: &str, late: i64) -> Answer {
    signed(sandbox, keys, &Call { service: "s3", method, path, body, headers: &[] }, late)
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
