//! The two answer headers that are about time.

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The server's clock, `Date`, in seconds since 1970 (RFC 9110 §6.6.1).
pub fn date_header(headers: &HeaderMap) -> Option<i64> {
    let since = date(headers)?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// How long the server asks to wait, `Retry-After` (RFC 9110 §10.2.3): seconds, or a date, counted
/// from the answer's own `Date` where it has one, so that a wrong clock here doesn't matter. A date
/// in the past is zero.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = date(headers).unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "Sun, 06 Nov 1994 12:00:00 GMT";

    fn headers(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_servers_clock_is_read() {
        assert_eq!(date_header(&headers(&[(DATE, NOON)])), Some(784_123_200));
        assert_eq!(date_header(&headers(&[(DATE, "yesterday")])), None);
        assert_eq!(date_header(&HeaderMap::new()), None);
    }

    #[test]
    fn a_wait_is_seconds_or_a_date_by_the_servers_clock() {
        let wait = |value| retry_after(&headers(&[(DATE, NOON), (RETRY_AFTER, value)]));
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sun, 06 Nov 1994 12:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Sun, 06 Nov 1994 11:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("-1"), None);
        assert_eq!(wait("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
