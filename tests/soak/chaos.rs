//! What goes wrong, and who is killed.

use crate::random::Random;
use crate::support::Machine;
use crate::support::processes::{of, running};
use cognito_sandbox::{Endpoint, Fault, Times};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of an answer that is too big.
const HUGE: usize = 3 << 20;
/// How long a victim is looked out for.
const ROUND: Duration = Duration::from_millis(400);

/// One endpoint in trouble for some rounds.
#[derive(Debug)]
pub struct Weather {
    /// How many more rounds.
    pub rounds: usize,
    /// Whether the server says falsely that a login has ended.
    pub says_ended: bool,
}

impl Weather {
    /// Draws an endpoint, a fault and how long it lasts, and lets it begin.
    pub fn begin(machine: &Machine, random: &mut Random) -> Self {
        use Endpoint::{
            AssumeRole, Authorize, Discovery, GetCredentials, GetId, GetOpenIdToken, IdentityPool, Login,
            Revoke, Sts, Token, TokenCode, TokenRefresh,
        };
        let endpoints = [
            Token,
            Token,
            TokenRefresh,
            TokenRefresh,
            TokenRefresh,
            TokenCode,
            IdentityPool,
            IdentityPool,
            GetCredentials,
            GetCredentials,
            GetId,
            GetOpenIdToken,
            Sts,
            AssumeRole,
            Authorize,
            Login,
            Discovery,
            Revoke,
        ];
        let endpoint = endpoints[random.below(endpoints.len())];
        let fault = fault(machine, random);
        let says_ended = matches!(&fault, Fault::OAuth { error, .. } if error == "invalid_grant");
        // A hanging request costs eight true seconds, and one is enough to end a login.
        let times = match fault {
            Fault::Hang | Fault::OAuth { .. } => Times::Once,
            _ => [Times::Forever, Times::Forever, Times::N(2), Times::AfterSkipping { skip: 1, count: 3 }]
                [random.below(4)],
        };
        machine.sandbox.fault(endpoint, fault, times);
        Self { rounds: 1 + random.below(4), says_ended }
    }
}

fn fault(machine: &Machine, random: &mut Random) -> Fault {
    let aws =
        |status, kind: &str| Fault::Aws { status, kind: kind.to_owned(), message: "Soaked.".to_owned() };
    let oauth = |status, error: &str| Fault::OAuth { status, error: error.to_owned(), description: None };
    let waf = "<html><body>403 Forbidden</body></html>";
    match random.below(26) {
        0 => Fault::Status(500),
        1 => Fault::Status(503),
        2 => Fault::Status(429),
        3 => Fault::Status(404),
        4 => Fault::RetryAfter { status: 429, seconds: 1 },
        5 => Fault::RetryAfter { status: 503, seconds: 600 },
        6 => Fault::Answer {
            status: 403,
            content_type: "text/html".to_owned(),
            headers: vec![("x-blocked-by".to_owned(), "waf".to_owned())],
            body: waf.into(),
        },
        7 => Fault::Answer {
            status: 200,
            content_type: "application/json".to_owned(),
            headers: Vec::new(),
            body: b"{\"id_token\":7,\"Credentials\":[]}".to_vec(),
        },
        8 => oauth(400, "invalid_request"),
        9 => oauth(401, "invalid_client"),
        10 => oauth(400, "invalid_grant"),
        11 => aws(400, "NotAuthorizedException"),
        12 => aws(400, "ResourceNotFoundException"),
        13 => aws(400, "TooManyRequestsException"),
        14 => aws(500, "InternalErrorException"),
        15 => Fault::DropBefore,
        16 => Fault::DropAfterApplying,
        17 => Fault::DropMidBody,
        18 => Fault::TruncatedJson,
        19 => Fault::CaptivePortal,
        20 => Fault::Redirect { status: 302, location: format!("{}/elsewhere", machine.sandbox.url()) },
        21 => Fault::HugeBody(HUGE),
        22 => Fault::SlowDrip { step: 400, pause: Duration::from_millis(20) },
        23 => Fault::Delay(Duration::from_millis(300)),
        24 => Fault::Hang,
        _ => Fault::DelayThen(Duration::from_millis(150), Box::new(Fault::DropAfterApplying)),
    }
}

/// Kills what runs `command` in the background, `after` it is first seen; who that was. Most rounds start
/// nothing there.
pub fn kill_detached(machine: &Machine, command: &str, after: Duration) -> Vec<u32> {
    let until = Instant::now() + ROUND;
    while running(machine, command).is_empty() && Instant::now() < until {
        thread::sleep(Duration::from_millis(3));
    }
    thread::sleep(after);
    running(machine, command).into_iter().filter(|process| kill(*process)).collect()
}

/// Ends by a signal, as a person does, the sign-ins that these profiles have started.
pub fn stop_sign_ins(machine: &Machine, profiles: &[&str]) {
    for process in running(machine, "sign-in") {
        let words = fs::read_to_string(of(process).join("cmdline")).unwrap_or_default();
        if words
            .split('\0')
            .filter_map(|word| word.strip_prefix("--profile="))
            .any(|name| profiles.contains(&name))
        {
            signal(process, Signal::INT);
        }
    }
}

/// Kills one process of ours; whether it was still there.
pub fn kill(process: u32) -> bool {
    signal(process, Signal::KILL)
}

fn signal(process: u32, signal: Signal) -> bool {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, signal).is_ok()
}
