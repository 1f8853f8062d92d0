//! What can go wrong on the way to a host, and at the host.

use crate::gate::Call;
use std::io::{self, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// One way in which a hop fails, for as long as a row lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    NoSuchHost,
    Refused,
    OtherName,
    Expired,
    UnknownAuthority,
    ProxyWantsPassword,
    CaptivePortal,
    TooMany,
    TooManyWaitASecond,
    TooManyWaitAnHour,
    Failing,
    Overloaded,
    Firewall,
    Found,
    Moved,
    Empty,
    HalfTheJson,
    OtherTypes,
    Huge,
    Endless,
    HeaderFlood,
    Drip,
    Late,
    Hang,
    ClosedUnheard,
    ClosedHeard,
    ResetMidBody,
}

use Fault as F;

/// All of them, in the order of the tables.
pub const ALL: [Fault; 27] = [
    F::NoSuchHost,
    F::Refused,
    F::OtherName,
    F::Expired,
    F::UnknownAuthority,
    F::ProxyWantsPassword,
    F::CaptivePortal,
    F::Found,
    F::Moved,
    F::Firewall,
    F::TooMany,
    F::TooManyWaitASecond,
    F::TooManyWaitAnHour,
    F::Failing,
    F::Overloaded,
    F::Empty,
    F::HalfTheJson,
    F::OtherTypes,
    F::Huge,
    F::Endless,
    F::HeaderFlood,
    F::ClosedUnheard,
    F::ClosedHeard,
    F::ResetMidBody,
    F::Drip,
    F::Late,
    F::Hang,
];

/// The limit of one request.
pub const REQUEST: Duration = Duration::from_secs(8);
/// The limit of a whole renewal.
pub const RENEWAL: Duration = Duration::from_secs(15);
/// How much later a slow machine may notice.
pub const SLACK: Duration = Duration::from_secs(4);

/// How long a call takes at most, in a class that a slow machine does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Takes {
    /// No time limit is waited out; the repetitions and their pauses are all there is.
    Moments,
    /// As above, and the server has asked to wait.
    AsAsked,
    /// What hangs is given up at the limit of a request, and there is but one.
    Request,
    /// As above, and once more; the whole ends at the limit of a renewal.
    Renewal,
}

impl Takes {
    /// As the tables say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Moments => "3 s",
            Self::AsAsked | Self::Request => "8 s",
            Self::Renewal => "15 s",
        }
    }

    /// What a test insists on: enough for a slow machine, and what never ends by itself does not pass.
    pub fn most(self) -> Duration {
        Duration::from_secs(match self {
            Self::Moments | Self::AsAsked => 14,
            Self::Request | Self::Renewal => 30,
        })
    }
}

impl Fault {
    /// As the tables name it.
    pub fn name(self) -> &'static str {
        match self {
            F::NoSuchHost => "DNS: no such host",
            F::Refused => "connection refused",
            F::OtherName => "TLS: certificate of another host",
            F::Expired => "TLS: expired certificate",
            F::UnknownAuthority => "TLS: unknown authority",
            F::ProxyWantsPassword => "407 from the proxy",
            F::CaptivePortal => "200 with the page of a captive portal",
            F::TooMany => "429",
            F::TooManyWaitASecond => "429, `Retry-After: 1`",
            F::TooManyWaitAnHour => "429, `Retry-After: 3600`",
            F::Failing => "500",
            F::Overloaded => "503",
            F::Firewall => "403 from a web application firewall",
            F::Found => "302 to elsewhere",
            F::Moved => "308 to elsewhere",
            F::Empty => "200 without a body",
            F::HalfTheJson => "an answer cut in half, its length right",
            F::OtherTypes => "an answer with values of other types",
            F::Huge => "100 MB, announced",
            F::Endless => "100 MB, not announced",
            F::HeaderFlood => "a flood of headers",
            F::Drip => "a byte every 50 ms",
            F::Late => "the answer after the time-out",
            F::Hang => "no answer, connection open",
            F::ClosedUnheard => "closed after the request, not carried out",
            F::ClosedHeard => "closed after the request, carried out",
            F::ResetMidBody => "reset in the middle of the body, carried out",
        }
    }

    /// Whether a time limit is what ends it.
    pub fn takes_time(self) -> bool {
        matches!(self, F::Drip | F::Late | F::Hang)
    }

    /// Whether it is met somewhere else than at the gate: at an address of its own.
    pub fn is_elsewhere(self) -> bool {
        matches!(
            self,
            F::NoSuchHost
                | F::Refused
                | F::OtherName
                | F::Expired
                | F::UnknownAuthority
                | F::ProxyWantsPassword
        )
    }

    /// What stands before the work and turns a request away, as far as a client may believe it.
    pub fn turns_away(self) -> bool {
        self.is_elsewhere()
            || matches!(self, F::TooMany | F::TooManyWaitASecond | F::TooManyWaitAnHour | F::Firewall)
    }

    /// Does it to one call; `proper` carries the call out.
    pub fn strike(
        self,
        stream: &mut TcpStream,
        call: Call,
        proper: impl FnOnce() -> Vec<u8>,
    ) -> io::Result<()> {
        let page = |status: &str, body: &str| whole(status, "Content-Type: text/html\r\n", body);
        match self {
            F::CaptivePortal => stream.write_all(&page("200 OK", PORTAL)),
            F::TooMany => stream.write_all(&page("429 Too Many Requests", "")),
            F::TooManyWaitASecond => stream.write_all(&whole("429 Slow down", "Retry-After: 1\r\n", "")),
            F::TooManyWaitAnHour => stream.write_all(&whole("429 Slow down", "Retry-After: 3600\r\n", "")),
            F::Failing => stream.write_all(&page("500 Internal Server Error", "<h1>500</h1>")),
            F::Overloaded => stream.write_all(&page("503 Service Unavailable", "<h1>503</h1>")),
            F::Firewall => stream.write_all(&page("403 Forbidden", "<h1>Request blocked.</h1>")),
            F::Found => stream.write_all(&whole("302 Found", AWAY, "")),
            F::Moved => stream.write_all(&whole("308 Permanent Redirect", AWAY, "")),
            F::Empty => stream.write_all(&whole("200 OK", "", "")),
            F::HalfTheJson => {
                let answer = proper();
                let body = String::from_utf8_lossy(body_of(&answer)).into_owned();
                stream.write_all(&whole("200 OK", JSON, &body[..body.len() / 2]))
            }
            F::OtherTypes => stream.write_all(&whole("200 OK", JSON, other_types(call))),
            F::Huge => huge(stream, "Content-Length: 104857600\r\n"),
            F::Endless => huge(stream, ""),
            F::HeaderFlood => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
                for _ in 0..100_000 {
                    stream.write_all(
                        b"X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
                    )?;
                }
                Ok(())
            }
            F::Drip => proper().iter().try_for_each(|byte| {
                thread::sleep(Duration::from_millis(50));
                stream.write_all(&[*byte])
            }),
            F::Late => {
                let answer = proper();
                thread::sleep(Duration::from_secs(9));
                stream.write_all(&answer)
            }
            F::Hang => {
                thread::sleep(Duration::from_mins(1));
                Ok(())
            }
            F::ClosedHeard => {
                proper();
                Ok(())
            }
            F::ResetMidBody => {
                let answer = proper();
                let head = answer.len() - body_of(&answer).len();
                stream.write_all(&answer[..head.midpoint(answer.len())])
            }
            F::ClosedUnheard => Ok(()),
            elsewhere => unreachable!("{elsewhere:?} is not met here"),
        }
    }
}

const JSON: &str = "Content-Type: application/json\r\n";
const AWAY: &str = "Location: http://portal.example/\r\n";
const PORTAL: &str = "<!DOCTYPE html><html><head><title>Guest Wi-Fi</title></head><body><h1>Welcome to \
    the guest network</h1><p>Please accept the terms to go on.</p></body></html>";

fn whole(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

fn body_of(answer: &[u8]) -> &[u8] {
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    &answer[head..]
}

/// 100 MB, or as much of it as somebody takes.
fn huge(stream: &mut TcpStream, length: &str) -> io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\n{JSON}{length}Connection: close\r\n\r\n{{\"id_token\":\"")?;
    let kilobytes = [b'x'; 1024];
    (0..100 * 1024).try_for_each(|_| stream.write_all(&kilobytes))
}

/// The members of the proper answer with values of types that nobody expects.
fn other_types(call: Call) -> &'static str {
    match call {
        Call::Code | Call::Refresh => {
            r#"{"id_token":7,"access_token":["x"],"refresh_token":{"a":1},"expires_in":"soon"}"#
        }
        Call::Discovery => r#"{"issuer":7,"authorization_endpoint":[],"token_endpoint":null}"#,
        Call::Backend | Call::GetId | Call::GetOpenIdToken => r#"{"IdentityId":7,"Token":["x"]}"#,
        Call::GetCredentials => r#"{"IdentityId":[],"Credentials":"none","Expiration":{}}"#,
        Call::AssumeRole | Call::Other => {
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId><b/></AccessKeyId><SecretAccessKey/>\
             <SessionToken>7</SessionToken><Expiration>soon</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        }
    }
}
