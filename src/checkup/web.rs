//! One request of a checkup, and what of its answer the checks look at.

use crate::clock::Timestamp;
use crate::http::{Client, SendError, date_header};
use crate::session;
use http::{Request, header};
use std::time::{Duration, Instant};
use url::Url;

/// The way to the servers: a client, and how long each request may take.
#[derive(Clone, Copy)]
pub(super) struct Web<'a> {
    pub client: &'a Client,
    pub limit: Duration,
    pub until: Option<Instant>,
}

/// What a server said.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
    /// The server's clock, and ours at the same moment.
    pub clocks: Option<(Timestamp, Timestamp)>,
    pub took: Duration,
}

impl Web<'_> {
    fn left(self) -> Duration {
        self.until.map_or(Duration::MAX, session::left)
    }

    /// Asks once, following no redirect.
    pub fn get(self, url: &Url) -> Result<Answer, SendError> {
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = url.as_str().parse().unwrap_or_default();
        let began = Instant::now();
        let answer = self.client.send(request, self.limit.min(self.left()))?;
        let now = Timestamp::now();
        let location = answer.headers().get(header::LOCATION).and_then(|l| l.to_str().ok());
        Ok(Answer {
            status: answer.status().as_u16(),
            location: location.map(str::to_owned),
            clocks: date_header(answer.headers()).map(|theirs| (Timestamp::from_unix(theirs), now)),
            body: String::from_utf8_lossy(answer.body()).into_owned(),
            took: began.elapsed(),
        })
    }
}
