//! Silent renewal over a wire on which a round trip takes 50 ms.
//!
//! # The protocol's least
//!
//! A round trip is one message there and its answer back. To a host that was not talked to before:
//!
//! 1. TCP: SYN, SYN-ACK (RFC 9293 §3.5);
//! 2. TLS 1.3: ClientHello, ServerHello … Finished (RFC 8446 §2, 1-RTT; a new process has no session
//!    to resume, and a refresh token is not for 0-RTT data, which can be replayed);
//! 3. the client's Finished with the request behind it, and the response.
//!
//! Renewal asks two hosts, the token endpoint for an ID token and the identity pool with that ID token,
//! so the second request can't leave before the first response is here. The second connection can: its
//! steps 1 and 2 fit beside the first one's. That makes 3 + 1 = 4 round trips, and 3 where the ID token
//! still lives and only the identity pool is asked. The lookup of the two names is left out: loopback
//! has none, and in life a resolver near by answers from its memory.

use crate::delay::{Wire, in_a_row};
use crate::duel::milliseconds;
use crate::statistics::Spread;
use crate::support::{Machine, Ran, alice};
use crate::table::Row;
use crate::{BUS, bus, note};
use cognito_sandbox::{Sandbox, Tls, World, cast};
use std::fs;
use std::time::{Duration, Instant};

/// One message there and its answer back.
const ROUND_TRIP: Duration = Duration::from_millis(50);
/// Renewals that are timed, and those that are only counted.
const RENEWALS: usize = 20;
const FEW: usize = 3;
/// What an ID token has left when it counts as ended (design: 5 minutes), in seconds.
const ENDED: i64 = 300;

/// One way to renew.
struct Renewal {
    what: &'static str,
    /// Life of ID tokens in seconds.
    id_token_seconds: i64,
    /// Round trips by the protocol's least.
    least: usize,
}

/// Round trips and time of a renewal, with and without an ID token that still lives.
pub fn rows(timed: bool) -> Vec<Row> {
    note("silent renewal over a wire of 50 ms");
    let renewals = [
        Renewal { what: "silent renewal", id_token_seconds: ENDED, least: 4 },
        Renewal { what: "silent renewal, ID token alive", id_token_seconds: 3_600, least: 3 },
    ];
    renewals.iter().flat_map(|renewal| measured(renewal, timed)).collect()
}

fn measured(renewal: &Renewal, timed: bool) -> Vec<Row> {
    let far = Far::signed_in(renewal.id_token_seconds);
    let renewals: Vec<_> = (0..if timed { RENEWALS } else { FEW }).map(|_| far.renewal(ROUND_TRIP)).collect();
    // A busy machine can part what goes side by side, and can't put together what waits for the other.
    let fewest = renewals.iter().map(|(_, round_trips)| *round_trips).min().expect("renewals");
    let counted = Row {
        against: format!("the protocol's least {}", renewal.least),
        ..Row::exactly(
            &format!("{}: round trips, one after another", renewal.what),
            &fewest.to_string(),
            &renewal.least.to_string(),
        )
    };
    if !timed {
        return vec![counted];
    }
    let (near, _) = far.renewal(Duration::ZERO);
    let least = renewal.least as f64 * milliseconds(ROUND_TRIP);
    let times = Spread::of(renewals.iter().map(|(took, _)| *took).collect());
    let ratio = times.times(1.0 / least);
    let row = Row {
        what: format!("{} at 50 ms a round trip ({RENEWALS} runs)", renewal.what),
        ours: format!("{} ms; {near:.0} ms without the wire", times.text(0)),
        against: format!("the protocol's least {least:.0} ms"),
        ratio: ratio.text(2),
        budget: "≤ 1.15".to_owned(),
        met: ratio.median <= 1.15,
    };
    vec![row, counted]
}

/// A machine whose user pool and identity pool are two hosts behind two wires.
struct Far {
    machine: Machine,
    user_pool: Wire,
    identity_pool: Wire,
    /// Requests to the token endpoint that one renewal needs.
    refreshes: usize,
}

impl Far {
    fn signed_in(id_token_seconds: i64) -> Self {
        let mut machine = Machine::bare();
        machine.set(BUS, &bus());
        machine.sandbox =
            Sandbox::builder(World::default()).tls(Tls::Valid).start().expect("a sandbox with TLS");
        machine.sandbox.change(|world| {
            let client = world.clients.iter_mut().find(|client| client.id == cast::PUBLIC_CLIENT);
            client.expect("the public client").id_token_seconds = id_token_seconds;
        });
        let port = machine.sandbox.port();
        let (user_pool, identity_pool) = (Wire::to(port), Wire::to(port));
        let redirect = format!("http://localhost:{}/callback", machine.port);
        let direct = machine.sandbox.url().to_owned();
        let bundle = machine.path("ca.pem");
        let authority = machine.sandbox.ca_pem().expect("TLS has an authority").to_owned();
        fs::write(&bundle, &authority).expect("a file in the home");
        // Two names, so that no connection serves both.
        let profile = machine
            .sandbox
            .profile("dev", &redirect)
            .replace(
                &format!("cognito_domain = {direct}"),
                &format!("cognito_domain = https://localhost:{}", user_pool.port()),
            )
            .replace(
                &format!("endpoint_url = {direct}"),
                &format!("endpoint_url = https://127.0.0.1:{}", identity_pool.port()),
            );
        machine.configure(&format!("{profile}ca_bundle = {}\n", bundle.display()));
        machine.seat(alice().trusting(&authority).expect("the authority is readable"));
        machine.call().document();
        machine.leave();
        Self { machine, user_pool, identity_pool, refreshes: usize::from(id_token_seconds == ENDED) }
    }

    /// Renews once: milliseconds, and round trips that followed one another.
    fn renewal(&self, round_trip: Duration) -> (f64, usize) {
        self.machine.let_credentials_end();
        let before = self.machine.sandbox.counts();
        self.user_pool.lengthen(round_trip);
        self.identity_pool.lengthen(round_trip);
        let mut call = self.machine.command(&["credential-process", "--profile", "dev"]);
        let began = Instant::now();
        let output = call.output().expect("the program starts");
        let took = began.elapsed();
        Ran::from(output).document();
        let after = self.machine.sandbox.counts();
        let asked =
            (after.token_refresh - before.token_refresh, after.get_credentials - before.get_credentials);
        assert_eq!(
            (asked, after.get_id),
            ((self.refreshes, 1), before.get_id),
            "no request but the needed ones"
        );
        let flights = self.user_pool.flights().into_iter().chain(self.identity_pool.flights());
        // What goes on after the end, such as closing TLS, keeps nobody waiting.
        let flights: Vec<_> = flights.filter(|flight| flight.ended <= began + took).collect();
        (milliseconds(took), in_a_row(&flights))
    }
}
