//! AWS's side: what is asked of it, how often, and what it turns away.

use crate::clock::{Ms, SECOND};
use std::ops::Range;
use std::time::Duration;

/// A request with a quota of its own, by the default quotas of one account in one Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// A provider's answer to the user pool: UserFederation.
    Federation,
    /// `/oauth2/token` with an authorization code.
    Code,
    /// `/oauth2/token` with a refresh token: UserAuthentication.
    Refresh,
    GetId,
    GetCredentials,
}

impl Api {
    pub const ALL: [Self; 5] =
        [Self::Federation, Self::Code, Self::Refresh, Self::GetId, Self::GetCredentials];

    pub fn name(self) -> &'static str {
        match self {
            Self::Federation => "SAML sign-in",
            Self::Code => "code",
            Self::Refresh => "refresh",
            Self::GetId => "GetId",
            Self::GetCredentials => "GetCredentials",
        }
    }

    /// Requests per second ("Quotas in Amazon Cognito", developer guide).
    pub fn quota(self) -> u32 {
        match self {
            Self::Federation | Self::GetId => 25,
            Self::Code | Self::Refresh => 120,
            Self::GetCredentials => 200,
        }
    }
}

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// 429, with the server's wish to wait.
    Throttled(Option<Duration>),
    /// Nobody answers.
    Down,
}

/// A token bucket that holds one second's worth. AWS tells the rate and not the depth.
struct Bucket {
    tokens: f64,
    filled: Ms,
}

impl Bucket {
    fn take(&mut self, now: Ms, rate: u32) -> bool {
        let rate = f64::from(rate);
        let gained = (now - self.filled) as f64 / SECOND as f64 * rate;
        self.tokens = (self.tokens + gained).min(rate);
        self.filled = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

/// What one API was asked, second by second.
pub struct Load {
    pub asked: Vec<u32>,
    pub throttled: u64,
}

impl Load {
    /// The most requests in one second.
    pub fn peak(&self) -> u32 {
        self.asked.iter().copied().max().unwrap_or(0)
    }

    /// Requests of the whole day.
    pub fn total(&self) -> u64 {
        self.asked.iter().map(|n| u64::from(*n)).sum()
    }
}

/// All the APIs.
pub struct Service {
    buckets: [Bucket; Api::ALL.len()],
    load: [Load; Api::ALL.len()],
    outage: Range<Ms>,
    retry_after: Option<Duration>,
}

impl Service {
    pub fn new(seconds: usize, outage: Range<Ms>, retry_after: Option<Duration>) -> Self {
        Self {
            buckets: Api::ALL.map(|api| Bucket { tokens: f64::from(api.quota()), filled: 0 }),
            load: Api::ALL.map(|_| Load { asked: vec![0; seconds], throttled: 0 }),
            outage,
            retry_after,
        }
    }

    /// One request. To be called in the order of time.
    pub fn ask(&mut self, api: Api, now: Ms) -> Answer {
        if self.outage.contains(&now) {
            return Answer::Down;
        }
        let load = &mut self.load[api as usize];
        if let Some(second) = load.asked.get_mut((now / SECOND) as usize) {
            *second += 1;
        }
        if self.buckets[api as usize].take(now, api.quota()) {
            return Answer::Done;
        }
        load.throttled += 1;
        Answer::Throttled(self.retry_after)
    }

    pub fn load(&self, api: Api) -> &Load {
        &self.load[api as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(service: &mut Service, api: Api, times: impl Iterator<Item = Ms>) -> usize {
        times.filter(|now| service.ask(api, *now) == Answer::Done).count()
    }

    #[test]
    fn the_quota_is_granted_and_no_more() {
        let mut service = Service::new(60, 0..0, None);
        let each_ms = granted(&mut service, Api::GetId, 0..10 * SECOND);
        assert!((25 * 10..=25 * 11).contains(&each_ms), "{each_ms}");
        let load = service.load(Api::GetId);
        assert_eq!((load.peak(), load.total()), (1000, 10_000));
        assert_eq!(load.throttled, 10_000 - each_ms as u64);
    }

    #[test]
    fn a_pause_saves_up_one_second_and_one_api_does_not_slow_another() {
        let mut service = Service::new(3600, 0..0, None);
        assert_eq!(granted(&mut service, Api::Refresh, (0..1000).map(|_| 0)), 120);
        assert_eq!(granted(&mut service, Api::Refresh, (0..1000).map(|_| 3000 * SECOND)), 120);
        assert_eq!(granted(&mut service, Api::GetCredentials, (0..1000).map(|_| 3000 * SECOND)), 200);
    }

    #[test]
    fn an_outage_answers_nobody_and_uses_nothing_up() {
        let mut service = Service::new(60, 5 * SECOND..6 * SECOND, Some(Duration::from_secs(2)));
        assert!((5000..6000).all(|now| service.ask(Api::Code, now) == Answer::Down));
        assert_eq!(granted(&mut service, Api::Code, (0..121).map(|_| 6000)), 120);
        assert_eq!(service.ask(Api::Code, 6000), Answer::Throttled(Some(Duration::from_secs(2))));
    }
}
