//! Signature Version 4 in the `Authorization` header, checked from the specification. S3 has its own
//! verifier in the s3s crate; this one serves STS and the developer call.

use crate::clock::parse_amz_date;
use crate::exchange::Request;
use ring::{digest, hmac};

/// Requests may be this old or this early.
pub(crate) const SKEW_SECONDS: i64 = 900;

/// The parts of `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
#[derive(Debug)]
pub(crate) struct Authorization<'a> {
    pub access_key: &'a str,
    pub date: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    pub fn parse(header: &'a str) -> Option<Self> {
        let parts = header.strip_prefix("AWS4-HMAC-SHA256")?;
        let part =
            |name: &str| parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let mut scope = part("Credential")?.split('/');
        let parsed = Self {
            access_key: scope.next()?,
            date: scope.next()?,
            region: scope.next()?,
            service: scope.next()?,
            signed_headers: part("SignedHeaders")?.split(';').collect(),
            signature: part("Signature")?,
        };
        (scope.next() == Some("aws4_request")).then_some(parsed)
    }

    /// When the request says it was signed.
    pub fn signed_at(request: &Request) -> Option<i64> {
        parse_amz_date(request.header("x-amz-date")?)
    }

    /// Whether the secret makes this signature over this request.
    pub fn matches(&self, request: &Request, secret: &str) -> bool {
        let Some(stamp) = request.header("x-amz-date").filter(|stamp| stamp.starts_with(self.date)) else {
            return false;
        };
        if !self.signed_headers.contains(&"host") {
            return false;
        }
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let canonical = self.canonical_request(request);
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(sha256(canonical.as_bytes()).as_ref()));
        let key = [self.date, self.region, self.service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| sign(&key, part.as_bytes()));
        hex(&sign(&key, to_sign.as_bytes())) == self.signature
    }

    fn canonical_request(&self, request: &Request) -> String {
        let mut query: Vec<(String, String)> =
            request.query.0.iter().map(|(name, value)| (encode(name), encode(value))).collect();
        query.sort();
        let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers: String = self
            .signed_headers
            .iter()
            .map(|name| {
                let values: Vec<String> =
                    request.headers.get_all(*name).iter().map(|value| trimmed(value.as_bytes())).collect();
                format!("{name}:{}\n", values.join(","))
            })
            .collect();
        format!(
            "{}\n{}\n{}\n{headers}\n{}\n{}",
            request.method,
            request.path,
            query.join("&"),
            self.signed_headers.join(";"),
            hex(sha256(&request.body).as_ref()),
        )
    }
}

fn trimmed(value: &[u8]) -> String {
    String::from_utf8_lossy(value).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

fn sign(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Percent-encoding of RFC 3986 with AWS's unreserved set.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
